/*
 * native: OpenSSL's types for the .c files of this folder alone; no header of ours shows them. Clean-up functions, and the two
 * ways in which a function here says what went wrong.
 */
#ifndef CA_NATIVE_H
#define CA_NATIVE_H

#include <glib.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "ca/error.h"
#include "ca/key.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIGNUM, BN_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BN_CTX, BN_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MAC_CTX, EVP_MAC_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PKCS12, PKCS12_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_SIG, X509_SIG_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_REQ, X509_REQ_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_CRL, X509_CRL_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ASN1_INTEGER, ASN1_INTEGER_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ASN1_OBJECT, ASN1_OBJECT_free)

/* Sets ERROR to WORD: the sentence; returns FALSE, for `return ca_fail(…)`. Clears OpenSSL's queue, so that an old line of it
   never explains a later failure. */
gboolean ca_fail(GError **error, enum ca_error code, const char *word, const char *format, ...) G_GNUC_PRINTF(4, 5);

/* The same, CA_ERROR_BROKEN, with the newest reason that OpenSSL gives (its text carries no key material). */
gboolean ca_fail_openssl(GError **error, const char *word);

/* Reads PKCS#8 DER; NULL with ERROR. In ca/key.c. */
EVP_PKEY *ca_key_native(const Secret *pkcs8, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* One of our five kinds? */
gboolean ca_key_native_kind(const EVP_PKEY *key, enum ca_key_kind *kind);
EVP_PKEY *ca_signing_key_native(const CaSigningKey *key); /* borrowed */

/* i2d of anything, as GBytes. The memory is malloc'd (OPENSSL_free). */
#define CA_I2D(function, object) ca_i2d_bytes((i2d_of_void *)(function), (object))
GBytes *ca_i2d_bytes(i2d_of_void *i2d, const void *object) G_GNUC_WARN_UNUSED_RESULT;

#endif
