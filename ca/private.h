/*
 * private: private keys as they stand in PKCS#8, walked by hand. libcrypto's decoder tries every kind of key and takes four
 * times as long as signing a certificate (0.36 ms measured). For the .c files of this folder.
 */
#ifndef CA_PRIVATE_H
#define CA_PRIVATE_H

#include <glib.h>

#include "ca/der.h"
#include "ca/key.h"
#include "ca/native.h"

enum { CA_RSA_NUMBERS = 8 }; /* n e d p q dp dq qinv, in RFC 8017's order */

/* Cursors into the Secret: nothing is copied. */
struct ca_private {
    struct der algorithm;               /* AlgorithmIdentifier, whole */
    gboolean rsa;
    struct der numbers[CA_RSA_NUMBERS]; /* of RSA, magnitudes */
    struct der scalar, point;           /* of EC */
    const char *curve;
};

/* FALSE for a key that ca_key_make would not write so (no public half, another curve): then ask libcrypto's decoder. */
gboolean ca_private_split(const Secret *pkcs8, struct ca_private *key);
/* NULL if libcrypto does not take it. */
EVP_PKEY *ca_private_native(const struct ca_private *key);
/* PKCS#8 of an EC key that libcrypto made, straight into locked memory; NULL if it is on no curve of ours. */
Secret *ca_private_write_ec(const EVP_PKEY *key);
/* SubjectPublicKeyInfo, DER. */
GBytes *ca_private_spki(const struct ca_private *key);

#endif
