/*
 * sp/decrypt: one EncryptedAssertion that passed sp_shape_response, with one of our keys. RSA-OAEP, then AES; the caller
 * has decided whether CBC may be used. All failures look alike: SP_ERROR_REFUSED "decryption: …" with no detail.
 */
#ifndef SP_DECRYPT_H
#define SP_DECRYPT_H

#include "sp/error.h"
#include "sp/xml.h"

/* KEYS: of xmlSecKey *, tried in order: there are two while ours change. The decrypted bytes, the caller's, NUL-terminated
   besides; not looked at yet. */
char *sp_decrypt(xmlNode *encrypted_assertion, const GPtrArray *keys, size_t *n, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
