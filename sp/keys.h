/*
 * sp/keys: public keys to verify with. Only what metadata or a pinned file says counts; certificates are containers of keys
 * here: no chain, no dates.
 */
#ifndef SP_KEYS_H
#define SP_KEYS_H

#include "sp/error.h"
#include "sp/xml.h"

#define SP_KEYS_MOST 8      /* of one IdP, or in one file: each costs a verification */
#define SP_KEYS_RSA_BITS 2048

/* Arrays of xmlSecKeyPtr, freed with the array; never empty. Keys that are too short or of no known kind are left out. A key's
   name (xmlSecKeyGetName) is the SHA-256 of its certificate, hexadecimal, so that logs can say which one it was. */

/* The signing keys of the SAML 2.0 IDPSSODescriptor of an EntityDescriptor. SP_ERROR_INPUT: there is none. */
GPtrArray *sp_keys_of_idp(const xmlNode *entity, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Is there one? Looks no further than the first: of thousands of IdPs most are never asked for their keys. */
gboolean sp_keys_idp_has_one(const xmlNode *entity);
/* The certificates that these are in, char * of base64 without white space, in the same order. */
GPtrArray *sp_keys_certificates(const xmlNode *entity, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The certificates in PEM text. SP_ERROR_INPUT: there is none. */
GPtrArray *sp_keys_of_pem(const char *pem, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Puts bare keys (ds:KeyValue) in the places of the certificates of RSA in the IDPSSODescriptor of ENTITY: for lasso, which copies
   a key with its certificate at each verification, at four times the cost. */
void sp_keys_strip(xmlNode *entity);

/* The IDPSSODescriptor for SAML 2.0 of an EntityDescriptor; NULL for none. */
xmlNode *sp_keys_idp_role(const xmlNode *entity);

#endif
