#include "ca/selfsigned.h"

#include <openssl/pem.h>
#include <string.h>

#include "ca/certificate.h"
#include "ca/native.h"

/* A key with a passphrase is none of ours: nobody is there to be asked. */
static int no_passphrase(char *buffer, int size, int writing, void *data)
{
    (void)buffer, (void)size, (void)writing, (void)data;
    return -1;
}

static EVP_PKEY *read_key(const Secret *pem, GError **error)
{
    g_autoptr(BIO) in = BIO_new_mem_buf(secret_bytes(pem), (int)secret_size(pem));
    EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL) : NULL;

    if (!key)
        ca_fail(error, CA_ERROR_INPUT, "key-form", "no private key in PEM without a passphrase");
    return key;
}

Secret *ca_plain_pem(const Secret *pkcs8, GError **error)
{
    g_autoptr(EVP_PKEY) key = ca_key_native(pkcs8, error);
    g_autoptr(BIO) out = BIO_new(BIO_s_secmem()); /* wiped when it is freed */
    char *text = NULL;

    if (!key)
        return NULL;
    if (!out || PEM_write_bio_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) != 1) {
        ca_fail_openssl(error, "key-encode");
        return NULL;
    }
    long n = BIO_get_mem_data(out, &text);
    return secret_from(text, (size_t)n);
}

GBytes *ca_plain_key_id(const Secret *pem, GError **error)
{
    g_autoptr(EVP_PKEY) key = read_key(pem, error);
    g_autoptr(GBytes) spki = key ? CA_I2D(i2d_PUBKEY, key) : NULL;

    return spki ? crypto_sha256(g_bytes_get_data(spki, NULL), g_bytes_get_size(spki)) : NULL;
}

static gboolean set_serial(X509 *certificate)
{
    g_autofree char *hex = ca_serial_new();
    g_autoptr(BIGNUM) number = NULL;
    BIGNUM *parsed = NULL;

    if (BN_hex2bn(&parsed, hex) == 0)
        return FALSE;
    number = parsed;
    return BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
}

static gboolean fill(X509 *certificate, EVP_PKEY *key, const char *common_name, gint64 from, gint64 until)
{
    X509_NAME *name = X509_get_subject_name(certificate);

    return X509_set_version(certificate, X509_VERSION_3) && set_serial(certificate) &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name, -1, -1, 0) &&
           X509_set_issuer_name(certificate, name) && ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)from) &&
           ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)until) && X509_set_pubkey(certificate, key) &&
           X509_sign(certificate, key, EVP_sha256()) > 0;
}

GBytes *ca_self_signed(const Secret *pem, const char *common_name, gint64 from, gint64 until, GError **error)
{
    g_autoptr(EVP_PKEY) key = read_key(pem, error);
    g_autoptr(X509) certificate = X509_new();

    if (!key)
        return NULL;
    if (!certificate || !fill(certificate, key, common_name, from, until)) {
        ca_fail_openssl(error, "self-signed");
        return NULL;
    }
    return CA_I2D(i2d_X509, certificate);
}
