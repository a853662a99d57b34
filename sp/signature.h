/*
 * sp/signature: XML signatures and signatures of query strings, by xmlsec and given keys only (KeyInfo is not looked at).
 * sp_shape_signature must have passed before.
 */
#ifndef SP_SIGNATURE_H
#define SP_SIGNATURE_H

#include "sp/error.h"
#include "sp/xml.h"

/*
 * Verifies SIGNATURE, the child of the element it signs, with one of KEYS (sp/keys.h). Returns exactly the octets that were
 * digested (the signed element without this signature, canonical), parsed anew by sp_strict_parse: who reads from that document
 * reads what was signed and nothing else. SP_ERROR_REFUSED "signature: …".
 */
SpXml *sp_signature_verify(xmlNode *signature, const GPtrArray *keys, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same for a large document whose tree is to be read in place: only says whether the one reference covers exactly ROOT. */
gboolean sp_signature_covers(xmlNode *signature, xmlNode *root, const GPtrArray *keys,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A signature over bytes by the algorithm of URI ALGORITHM (SAML bindings 3.4.4.1). */
gboolean sp_signature_verify_bytes(const char *algorithm, const char *bytes, size_t n, const guchar *signature,
                                   size_t signature_n,
                                   const GPtrArray *keys, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
