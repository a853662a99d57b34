#include "ca/pkcs12.h"

#include <string.h>

#include "ca/native.h"

enum {
    PASSWORD_LONGEST = 64,
    PIN_LENGTH = 16,
    PIN_ROUNDS = 2048,       /* a PIN of ours has 95 bits: rounds are for form */
    PASSWORD_ROUNDS = 10000, /* what people choose themselves is shorter or weaker */
};

static const struct {
    const char *name;
    int cipher; /* of key and certificates */
    const EVP_MD *(*mac)(void);
} encodings[] = {
    [CA_PKCS12_MODERN] = { "modern", NID_aes_256_cbc, EVP_sha256 },
    [CA_PKCS12_OLDER] = { "older", NID_pbe_WithSHA1And3_Key_TripleDES_CBC, EVP_sha1 },
};

gboolean ca_pkcs12_encoding_parse(const char *name, enum ca_pkcs12_encoding *encoding)
{
    for (size_t i = 0; i < G_N_ELEMENTS(encodings); i++) {
        if (g_str_equal(encodings[i].name, name)) {
            *encoding = (enum ca_pkcs12_encoding)i;
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean password_ok(const char *password)
{
    size_t n = strlen(password);

    for (size_t i = 0; i < n; i++)
        if (!g_ascii_isprint(password[i]))
            return FALSE;
    return n >= 1 && n <= PASSWORD_LONGEST;
}

static X509 *native_certificate(GBytes *der)
{
    gsize n;
    const unsigned char *begin = g_bytes_get_data(der, &n), *p = begin;
    X509 *x = d2i_X509(NULL, &p, (long)n);

    if (x && p != begin + n)
        g_clear_pointer(&x, X509_free);
    return x;
}

/* NULL if one of them is no certificate. */
static STACK_OF(X509) *native_chain(const GPtrArray *chain)
{
    STACK_OF(X509) *stack = sk_X509_new_null();

    for (guint i = 0; chain && i < chain->len; i++) {
        X509 *x = native_certificate(chain->pdata[i]);
        if (!x) {
            sk_X509_pop_free(stack, X509_free);
            return NULL;
        }
        sk_X509_push(stack, x);
    }
    return stack;
}

GBytes *ca_pkcs12_build(const Secret *pkcs8, GBytes *certificate, const GPtrArray *chain, const char *friendly_name,
                        const char *password, enum ca_pkcs12_encoding encoding, GError **error)
{
    g_autoptr(EVP_PKEY) key = NULL;
    g_autoptr(X509) x = native_certificate(certificate);
    g_autoptr(PKCS12) pkcs12 = NULL;
    STACK_OF(X509) *stack = native_chain(chain);
    int rounds = strlen(password) >= PIN_LENGTH ? PIN_ROUNDS : PASSWORD_ROUNDS;
    gboolean ok = FALSE;

    if (!password_ok(password)) {
        ca_fail(error, CA_ERROR_REFUSED, "password", "1 to %d printable ASCII characters", PASSWORD_LONGEST);
    } else if (!x || !stack) {
        ca_fail(error, CA_ERROR_BROKEN, "pkcs12", "a certificate for it cannot be read");
    } else if ((key = ca_key_native(pkcs8, error))) {
        /* -1: no MAC yet. PKCS12_create would make it with SHA-1 or SHA-256 by its own mind; here the encoding says which. */
        pkcs12 = PKCS12_create(password, friendly_name, key, x, stack, encodings[encoding].cipher, encodings[encoding].cipher, rounds,
                               -1, 0);
        ok = pkcs12 && PKCS12_set_mac(pkcs12, password, -1, NULL, 0, rounds, encodings[encoding].mac());
        if (!ok)
            ca_fail_openssl(error, "pkcs12");
    }
    sk_X509_pop_free(stack, X509_free);
    return ok ? CA_I2D(i2d_PKCS12, pkcs12) : NULL;
}
