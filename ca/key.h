/*
 * key: private keys of people (as PKCS#8 in a Secret, in memory only) and of the CA (opaque).
 */
#ifndef CA_KEY_H
#define CA_KEY_H

#include <glib.h>

#include "ca/crypto.h"
#include "ca/error.h"

enum ca_key_kind { CA_KEY_RSA2048, CA_KEY_RSA3072, CA_KEY_RSA4096, CA_KEY_P256, CA_KEY_P384 };
#define CA_KEY_KINDS 5

/* "rsa2048", "rsa3072", "rsa4096", "p256", "p384": as in profile.key_kinds. */
const char *ca_key_kind_name(enum ca_key_kind kind);
gboolean ca_key_kind_parse(const char *name, enum ca_key_kind *kind) G_GNUC_WARN_UNUSED_RESULT;
gboolean ca_key_kind_is_rsa(enum ca_key_kind kind);

/* --- Keys of people ------------------------------------------------------------------------------------------------------- */

/* A new key, PKCS#8 DER. RSA takes 0.1 to 2 s of CPU (more for 4096). */
Secret *ca_key_make(enum ca_key_kind kind, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean ca_key_kind_of(const Secret *pkcs8, enum ca_key_kind *kind, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* SubjectPublicKeyInfo, DER. */
GBytes *ca_key_public(const Secret *pkcs8, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* EncryptedPrivateKeyInfo (PKCS#8, DER) by PBES2: AES-256-CBC, PBKDF2-HMAC-SHA256. The PIN is one of ours: 95 bits, so few
   rounds are enough. Unlock: a wrong PIN or changed bytes are CA_ERROR_INPUT "key-locked: …". */
GBytes *ca_key_lock(const Secret *pkcs8, const char *pin, GError **error) G_GNUC_WARN_UNUSED_RESULT;
Secret *ca_key_unlock(GBytes *locked, const char *pin, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* PKCS#10 DER with an empty subject, signed by the key: proof of possession for the signer. */
GBytes *ca_csr_new(const Secret *pkcs8, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same in PEM. */
char *ca_csr_pem(GBytes *der) G_GNUC_WARN_UNUSED_RESULT;

/* --- Keys that sign certificates, CRLs and OCSP answers ------------------------------------------------------------------- */

typedef struct ca_signing_key CaSigningKey;

/*
 * Loads a PEM file made by ca_signing_key_pem (or any PKCS#8 PEM of openssl's). PASSPHRASE NULL: the file must not be locked.
 * A missing file, a wrong passphrase, a key of a kind that we don't have: CA_ERROR_BROKEN that names the file, never the
 * phrase.
 */
CaSigningKey *ca_signing_key_load(const char *file, const Secret *passphrase, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Where keys in tokens are: [signer] pkcs11_module and pkcs11_pin_file. Empty or NULL: there are none. */
struct ca_token {
    const char *module, *pin_file;
};
/*
 * The key NAME of FOLDER, wherever it is: FOLDER/NAME.pem as above, or FOLDER/NAME.pkcs11, one line that names a key in a PKCS#11
 * token (RFC 7512), e.g. "pkcs11:token=Inkan;object=client". Such a key never leaves its token; the processes that are forked
 * later can sign with it too. Both files are CA_ERROR_BROKEN: which of them is meant is the operator's to say. So are a missing
 * module, token or key; a PIN that the token refused is CA_ERROR_REFUSED "token-pin" and is not tried again by this process.
 */
CaSigningKey *ca_signing_key_find(const char *folder, const char *name, const Secret *passphrase, const struct ca_token *token,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Is there FOLDER/NAME.pkcs11? */
gboolean ca_signing_key_in_token(const char *folder, const char *name);
/* The names of FOLDER's keys that are in tokens, sorted; not the root's, which is never the signer's. The caller's. */
GPtrArray *ca_signing_keys_in_tokens(const char *folder) G_GNUC_WARN_UNUSED_RESULT;
/* From a PKCS#8 key in memory (a responder's, a ceremony's, a test's). PKCS8 stays the caller's. */
CaSigningKey *ca_signing_key_from(const Secret *pkcs8, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void ca_signing_key_free(CaSigningKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CaSigningKey, ca_signing_key_free)

enum ca_key_kind ca_signing_key_kind(const CaSigningKey *key);
/* SubjectPublicKeyInfo, DER; the caller's. */
GBytes *ca_signing_key_public(const CaSigningKey *key) G_GNUC_WARN_UNUSED_RESULT;

/* The text of a key file: PKCS#8 PEM under PASSPHRASE (people choose it, so many rounds: about 0.3 s). The caller writes it
   with mode 0600. PASSPHRASE may not be NULL or empty. */
char *ca_signing_key_pem(const Secret *pkcs8, const Secret *passphrase, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
