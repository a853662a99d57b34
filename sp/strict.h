/*
 * sp/strict: the strict look at XML from outside, before a library makes anything of it: a scanner of our own over the bytes
 * and then libxml2's tree of the same bytes (no network, no DTD, no entity), which must have the same elements and attributes.
 *
 * Refused (name of the check in front of the message): utf-8, xml (not well-formed), dtd, entity, cdata, comment,
 * processing-instruction, depth, elements, attributes, bytes; of the tree: duplicate-id, structure, signature, reference,
 * transform, algorithm, cipher-reference, key-transport, encryption.
 */
#ifndef SP_STRICT_H
#define SP_STRICT_H

#include <libxml/tree.h>
#include "sp/error.h"

/* A real response has 150 elements, 12 levels, at most 8 attributes an element. */
#define SP_STRICT_BYTES 196608      /* what SP_RESPONSE_LONGEST of base64 can hold */
#define SP_STRICT_DEPTH 32
#define SP_STRICT_ELEMENTS 4000
#define SP_STRICT_ATTRIBUTES 32     /* of one element, namespace declarations included */
#define SP_STRICT_ID 256            /* bytes of an ID */

#define SP_NS_PROTOCOL "urn:oasis:names:tc:SAML:2.0:protocol"
#define SP_NS_ASSERTION "urn:oasis:names:tc:SAML:2.0:assertion"
#define SP_NS_METADATA "urn:oasis:names:tc:SAML:2.0:metadata"
#define SP_NS_DSIG "http://www.w3.org/2000/09/xmldsig#"
#define SP_NS_XMLENC "http://www.w3.org/2001/04/xmlenc#"

typedef xmlDoc SpXml;
void sp_xml_free(SpXml *doc);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SpXml, sp_xml_free)

/* Bytes to tree. The document is the caller's. Checks also that IDs (attributes ID, Id, id, xml:id) are NCNames and unique. */
SpXml *sp_strict_parse(const char *bytes, size_t n, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Strict base64: the alphabet, padding at the end, CR and LF between; no more than MOST characters. The bytes are the caller's. */
guchar *sp_strict_base64(const char *text, size_t n, size_t most, size_t *out_n, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Exactly one Response, the root, with one Assertion or one EncryptedAssertion, its child; signatures only on these two;
   each as sp_strict_signature wants; encryption by the methods we know. */
gboolean sp_strict_response(xmlDoc *doc, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same for what was decrypted: the root is the one Assertion, nothing encrypted in it. */
gboolean sp_strict_assertion(xmlDoc *doc, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The root is {SP_NS_PROTOCOL}NAME, nothing encrypted, a signature only on the root. */
gboolean sp_strict_message(xmlDoc *doc, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The shape of one ds:Signature whose parent is the signed element: one SignedInfo, allowed algorithms, one Reference to the
   parent's ID ("" too where WHOLE), transforms enveloped-signature and exclusive c14n, nothing else. */
gboolean sp_strict_signature(const xmlNode *signature, gboolean whole, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Is CBC the data encryption of this EncryptedAssertion? */
gboolean sp_strict_is_cbc(const xmlNode *encrypted_assertion);

/* Small helpers over the tree, for this room. */
gboolean sp_xml_is(const xmlNode *node, const char *ns, const char *name);
xmlNode *sp_xml_child(const xmlNode *parent, const char *ns, const char *name);        /* the first; NULL for none */
xmlNode *sp_xml_next(const xmlNode *node, const char *ns, const char *name);           /* the next sibling of that name */
int sp_xml_count(const xmlNode *parent, const char *ns, const char *name);             /* children of that name */
char *sp_xml_text(const xmlNode *node) G_GNUC_WARN_UNUSED_RESULT;                      /* all text, trimmed; NULL for NULL */
char *sp_xml_attribute(const xmlNode *node, const char *name) G_GNUC_WARN_UNUSED_RESULT; /* without namespace; NULL for none */

#endif
