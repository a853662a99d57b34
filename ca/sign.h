/*
 * sign: whoever signs (an issuer, a root that does not exist yet, a responder): name, key identifier, algorithm and ready
 * contexts. For the .c files of this folder.
 */
#ifndef CA_SIGN_H
#define CA_SIGN_H

#include <glib.h>

#include "ca/curve.h"
#include "ca/der.h"
#include "ca/issuer.h"
#include "ca/native.h"
#include "ca/public.h"

struct ca_signer {
    const struct ca_algorithm *algorithm;
    EVP_PKEY_CTX *sign;      /* set up once: OpenSSL's look-ups cost as much as a P-256 signature */
    EVP_PKEY_CTX *verify;
    GBytes *name;            /* DER of the subject */
    GBytes *spki;
    unsigned char key_hash[CA_KEY_ID]; /* SHA-1 of the key's bits */
    unsigned char key_id[64];          /* the subject key identifier; the same, unless somebody else made the certificate */
    size_t key_id_size;
    struct ca_signer_table *table; /* of a P-256 key, for verifying many; made when the first is verified */
};

/* A context of KEY for ALGORITHM; INIT: EVP_PKEY_sign_init or EVP_PKEY_verify_init. NULL if OpenSSL says no. */
EVP_PKEY_CTX *ca_sign_context(EVP_PKEY *key, const struct ca_algorithm *algorithm, int (*init)(EVP_PKEY_CTX *))
    G_GNUC_WARN_UNUSED_RESULT;
/* Signs what stands in OUT from FROM to its end and appends AlgorithmIdentifier and the BIT STRING. */
gboolean ca_sign_append(EVP_PKEY_CTX *sign, const struct ca_algorithm *algorithm, GByteArray *out, guint from, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* NAME is referenced. *SIGNER is to be cleared whatever comes back. */
gboolean ca_signer_init(struct ca_signer *signer, const CaSigningKey *key, GBytes *name, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
void ca_signer_clear(struct ca_signer *signer);

/* ca_sign_append by SIGNER. */
gboolean ca_signer_append(const struct ca_signer *signer, GByteArray *out, guint from, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
gboolean ca_signer_verify(const struct ca_signer *signer, const void *data, size_t size, const unsigned char *signature,
                          size_t n);

const struct ca_signer *ca_issuer_signer(const CaIssuer *issuer);
gboolean ca_issuer_is_responder(const CaIssuer *issuer);

#endif
