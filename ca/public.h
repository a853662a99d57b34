/*
 * public: public keys as they stand in a SubjectPublicKeyInfo, and signatures made with our kinds of key. For the .c files of
 * this folder.
 */
#ifndef CA_PUBLIC_H
#define CA_PUBLIC_H

#include <glib.h>

#include "ca/csr.h"
#include "ca/der.h"
#include "ca/error.h"
#include "ca/key.h"
#include "ca/native.h"

struct ca_public {
    enum ca_key_kind kind;
    struct der spki;     /* whole */
    struct der bits;     /* what subjectPublicKey carries; its SHA-1 is the key identifier (RFC 5280 section 4.2.1.2) */
    struct der n, e;     /* of RSA, magnitudes */
};

/* Reads and checks the next element of IN; errors as ca/csr.h says ("csr-form", "key-kind", "key-weak"). That an EC point lies
   on its curve is seen by ca_public_verifier. */
gboolean ca_public_read(struct der *in, struct ca_public *key, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same of a key that was checked already; n and e are not set. */
gboolean ca_public_of(const CaCsr *csr, struct ca_public *key) G_GNUC_WARN_UNUSED_RESULT;

/* A context ready for EVP_PKEY_verify, the caller's. */
EVP_PKEY_CTX *ca_public_verifier(const struct ca_public *key, const EVP_MD *digest, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#define CA_KEY_ID 20
void ca_public_id(const struct der *bits, unsigned char id[CA_KEY_ID]);

/* --- Signature algorithms: SHA-2 with RSA PKCS#1 1.5 or ECDSA ------------------------------------------------------------- */

struct ca_algorithm {
    const char *name;                /* of the digest, for OpenSSL */
    gboolean rsa;
    unsigned char der[16];           /* the whole AlgorithmIdentifier */
    size_t size;
};
/* The row whose AlgorithmIdentifier is WHOLE; NULL where there is none: weaker, or unknown. */
const struct ca_algorithm *ca_algorithm_find(const struct der *whole);
/* What a key of KIND signs with here. */
const struct ca_algorithm *ca_algorithm_of(enum ca_key_kind kind);
/* Looked up once a process; borrowed. */
const EVP_MD *ca_algorithm_digest(const struct ca_algorithm *algorithm);

/* Hash of DATA by ALGORITHM; returns its length. */
size_t ca_algorithm_hash(const struct ca_algorithm *algorithm, const void *data, size_t size,
                         unsigned char out[EVP_MAX_MD_SIZE]);

#endif
