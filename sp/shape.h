/*
 * sp/shape: what a message must look like before any key is tried, so that a signature can only mean one thing.
 *
 * Refused, with the name of the check in front of the message: structure, signature, reference, transform, algorithm,
 * encryption, key-transport, cipher-reference, status (a response without an assertion that says why).
 */
#ifndef SP_SHAPE_H
#define SP_SHAPE_H

#include "sp/error.h"
#include "sp/xml.h"

/* Exactly one Response, the root, with one Assertion or one EncryptedAssertion as its child; signatures only on these two;
   each as sp_shape_signature wants; encryption by the methods we know, with one key. Or a Response without either whose status
   is NoAuthnContext: it counts only where it is signed. */
gboolean sp_shape_response(const xmlDoc *doc, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The root is the one Assertion, nothing in it is encrypted but the Subject's NameID. */
gboolean sp_shape_assertion(const xmlDoc *doc, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The root is NAME of the protocol, no assertion, nothing encrypted but a LogoutRequest's NameID, a signature only on the root. */
gboolean sp_shape_message(const xmlDoc *doc, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One ds:Signature, child of what it signs: one SignedInfo, allowed algorithms, one Reference, to the parent's ID (WHOLE: or to
   the document, ""), with the transforms enveloped-signature and exclusive c14n in this order; no Object. */
gboolean sp_shape_signature(const xmlNode *signature, gboolean whole, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Is this signature algorithm one that we take? (Also for signatures of a query string.) */
gboolean sp_shape_algorithm(const char *uri);

/*
 * Of an EncryptedAssertion or EncryptedID that passed: its EncryptedData, its one EncryptedKey (inside it or beside it), and by
 * what: is the data in CBC mode (without integrity: to be decrypted only inside a verified signature), how long is its key in
 * bytes, and the digests of RSA-OAEP, in OpenSSL's names.
 */
xmlNode *sp_shape_encrypted_data(const xmlNode *holder);
xmlNode *sp_shape_encrypted_key(const xmlNode *holder);
gboolean sp_shape_is_cbc(const xmlNode *holder);
size_t sp_shape_key_size(const xmlNode *holder);
struct sp_shape_oaep { const char *digest, *mgf; };
struct sp_shape_oaep sp_shape_oaep(const xmlNode *holder);

#endif
