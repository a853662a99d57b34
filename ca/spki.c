#include "ca/spki.h"

#include <openssl/pem.h>

#include "ca/crypto.h"
#include "ca/native.h"

static EVP_PKEY *of_certificate(BIO *bio, gboolean pem)
{
    g_autoptr(X509) x = pem ? PEM_read_bio_X509(bio, NULL, NULL, (void *)"") : d2i_X509_bio(bio, NULL);

    return x ? X509_get_pubkey(x) : NULL;
}

static EVP_PKEY *of_request(BIO *bio, gboolean pem)
{
    g_autoptr(X509_REQ) request = pem ? PEM_read_bio_X509_REQ(bio, NULL, NULL, (void *)"") : d2i_X509_REQ_bio(bio, NULL);

    return request ? X509_REQ_get_pubkey(request) : NULL;
}

static EVP_PKEY *of_public(BIO *bio, gboolean pem)
{
    return pem ? PEM_read_bio_PUBKEY(bio, NULL, NULL, (void *)"") : d2i_PUBKEY_bio(bio, NULL);
}

/* The empty passphrase keeps OpenSSL from asking for one. */
static EVP_PKEY *of_private(BIO *bio, gboolean pem)
{
    return pem ? PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"") : d2i_PrivateKey_bio(bio, NULL);
}

static GBytes *hash_of(EVP_PKEY *key)
{
    g_autoptr(GBytes) spki = CA_I2D(i2d_PUBKEY, key);

    return crypto_sha256(g_bytes_get_data(spki, NULL), g_bytes_get_size(spki));
}

GBytes *ca_spki_hash(const void *bytes, size_t size, GError **error)
{
    static EVP_PKEY *(*const readers[])(BIO *, gboolean) = { of_certificate, of_request, of_public, of_private };
    g_autoptr(EVP_PKEY) key = NULL;

    for (size_t i = 0; size <= G_MAXINT32 && !key && i < 2 * G_N_ELEMENTS(readers); i++) {
        g_autoptr(BIO) bio = BIO_new_mem_buf(bytes, (int)size);
        key = bio ? readers[i / 2](bio, i % 2 == 0) : NULL;
    }
    ERR_clear_error();
    if (key)
        return hash_of(key);
    ca_fail(error, CA_ERROR_INPUT, "key-form", "neither a certificate, a CSR nor a key in PEM or DER");
    return NULL;
}
