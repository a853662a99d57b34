/*
 * sp/decrypt: one EncryptedAssertion or EncryptedID that passed sp/shape.h, with one of our keys. RSA-OAEP, then AES; the caller
 * has decided whether CBC may be used.
 *
 * All failures look alike, SP_ERROR_REFUSED "decryption: …" with no detail, and take about the same time: where no key of ours
 * unwraps the session key, a random one takes its place and the data is decrypted all the same. OAEP's own check is in constant
 * time in OpenSSL and has one answer for all it finds, so a caller learns nothing of the padding (Manger); GCM checks before it
 * gives anything; CBC never meets bytes that an IdP has not signed, so there is no oracle for it either.
 */
#ifndef SP_DECRYPT_H
#define SP_DECRYPT_H

#include "sp/error.h"
#include "sp/xml.h"

/* KEYS: of xmlSecKey *, tried in order: there are two while ours change. The decrypted bytes, the caller's, NUL-terminated
   besides; not looked at yet. */
char *sp_decrypt(const xmlNode *holder, const GPtrArray *keys, size_t *n, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* PARENT, in a verified tree: its EncryptedID, if it has one, is replaced by the NameID that was inside. "encryption: …" where
   something else was. */
gboolean sp_decrypt_name(xmlNode *parent, const GPtrArray *keys, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
