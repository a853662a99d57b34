/*
 * sp/signature: XML signatures and signatures of query strings, by xmlsec and given keys only (KeyInfo is not looked at).
 * sp_shape_signature must have passed before.
 */
#ifndef SP_SIGNATURE_H
#define SP_SIGNATURE_H

#include "sp/error.h"
#include "sp/xml.h"

/*
 * A proof: an element of which KEY, one of an IdP's, says that it is the IdP's. Only the functions below make one, so whoever
 * holds one may read from its node: it is a tree of exactly the octets that were digested, parsed anew, and no part of the
 * message as it was received.
 */
typedef struct sp_verified SpVerified;
void sp_verified_free(SpVerified *verified);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SpVerified, sp_verified_free)
xmlNode *sp_verified_node(const SpVerified *verified);
const char *sp_verified_key(const SpVerified *verified);       /* SHA-256 of the certificate, hexadecimal (sp/keys.h) */
const char *sp_verified_algorithm(const SpVerified *verified); /* SignatureMethod, a URI */

/*
 * Verifies SIGNATURE, the child of the element it signs, with one of KEYS (sp/keys.h). The proof's node is the root of the
 * octets that were digested (the signed element without this signature, canonical), parsed by sp_strict_parse.
 * SP_ERROR_REFUSED "signature: …".
 */
SpVerified *sp_signature_verify(xmlNode *signature, const GPtrArray *keys, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What follows from WHOLE: an element inside it (NODE must be of its tree, which lives on), or the root of CLEAR (taken), which
   is what an encrypted element inside it held. */
SpVerified *sp_verified_part(const SpVerified *whole, xmlNode *node) G_GNUC_WARN_UNUSED_RESULT;
SpVerified *sp_verified_clear(const SpVerified *whole, SpXml *clear) G_GNUC_WARN_UNUSED_RESULT;

/* The same for a large document whose tree is to be read in place: only says whether the one reference covers exactly ROOT. */
gboolean sp_signature_covers(xmlNode *signature, xmlNode *root, const GPtrArray *keys,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A signature over bytes by the algorithm of URI ALGORITHM (SAML bindings 3.4.4.1): the name of the key that made it (sp/keys.h,
   borrowed), or NULL. */
const char *sp_signature_verify_bytes(const char *algorithm, const char *bytes, size_t n, const guchar *signature,
                                      size_t signature_n, const GPtrArray *keys, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A whole query string of the HTTP-Redirect binding: the octets that were signed hold the message itself, so the proof is a tree
   parsed from them. */
struct sp_query;
SpVerified *sp_signature_verify_query(const struct sp_query *query, const GPtrArray *keys, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

#endif
