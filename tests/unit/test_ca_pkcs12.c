/* PKCS#12 files: ca/pkcs12.h. Other programs open them in test_ca_clients.c. */
#include <openssl/pkcs12.h>
#include <string.h>

#include "ca/pkcs12.h"
#include "tests/unit/ca_fixture.h"
#include "tests/unit/run.h"

#define PIN "Ab3dEf6hIj9lMn2p"

static PKCS12 *native(GBytes *der)
{
    gsize n;
    const unsigned char *p = g_bytes_get_data(der, &n);
    PKCS12 *pkcs12 = d2i_PKCS12(NULL, &p, (long)n);

    g_assert_nonnull(pkcs12);
    return pkcs12;
}

static GBytes *build(const struct fixture *f, GBytes *certificate, const char *password, enum ca_pkcs12_encoding encoding)
{
    g_autoptr(GPtrArray) chain = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    GBytes *der;

    g_ptr_array_add(chain, f->certificate);
    g_ptr_array_add(chain, f->root_certificate);
    der = ca_pkcs12_build(f->person, certificate, chain, "鏡 花子 (laptop)", password, encoding, &error);
    g_assert_no_error(error);
    return der;
}

static void key_certificate_and_chain_come_out_again(void)
{
    static const enum ca_key_kind kinds[] = { CA_KEY_P256, CA_KEY_P384, CA_KEY_RSA2048, CA_KEY_RSA3072 };

    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        for (int encoding = CA_PKCS12_MODERN; encoding <= CA_PKCS12_OLDER; encoding++) {
            struct fixture f;
            g_autoptr(GBytes) certificate = NULL, der = NULL;
            PKCS12 *pkcs12;
            EVP_PKEY *key = NULL;
            X509 *x = NULL;
            STACK_OF(X509) *chain = NULL;
            unsigned char *spki = NULL;
            int n;

            fixture_init(&f, CA_KEY_P256, kinds[i]);
            certificate = fixture_certificate(&f);
            der = build(&f, certificate, PIN, (enum ca_pkcs12_encoding)encoding);
            pkcs12 = native(der);
            g_assert_true(PKCS12_verify_mac(pkcs12, PIN, -1));
            g_assert_false(PKCS12_verify_mac(pkcs12, "Ab3dEf6hIj9lMn2q", -1));
            g_assert_true(PKCS12_parse(pkcs12, PIN, &key, &x, &chain));
            g_assert_cmpint(X509_check_private_key(x, key), ==, 1);
            g_assert_cmpint(sk_X509_num(chain), ==, 2);
            g_assert_cmpmem(X509_alias_get0(x, &n), n, "鏡 花子 (laptop)", (int)strlen("鏡 花子 (laptop)"));
            n = i2d_PUBKEY(key, &spki);
            g_assert_cmpmem(spki, n, g_bytes_get_data(f.csr->spki, NULL), g_bytes_get_size(f.csr->spki));
            OPENSSL_free(spki);
            sk_X509_pop_free(chain, X509_free);
            X509_free(x);
            EVP_PKEY_free(key);
            PKCS12_free(pkcs12);
            fixture_clear(&f);
        }
    }
}

static int mac_digest(PKCS12 *pkcs12)
{
    const X509_ALGOR *algorithm;
    const ASN1_OBJECT *object;

    PKCS12_get0_mac(NULL, &algorithm, NULL, NULL, pkcs12);
    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    return OBJ_obj2nid(object);
}

static long mac_rounds(PKCS12 *pkcs12)
{
    const ASN1_INTEGER *iterations;

    PKCS12_get0_mac(NULL, NULL, NULL, &iterations, pkcs12);
    return ASN1_INTEGER_get(iterations);
}

/* Cipher of the first encrypted safe or key bag. */
static int first_cipher(PKCS12 *pkcs12)
{
    STACK_OF(PKCS7) *safes = PKCS12_unpack_authsafes(pkcs12);
    const X509_ALGOR *algorithm = sk_PKCS7_value(safes, 0)->d.encrypted->enc_data->algorithm;
    const ASN1_OBJECT *object;
    int nid;

    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    nid = OBJ_obj2nid(object);
    sk_PKCS7_pop_free(safes, PKCS7_free);
    return nid;
}

static void the_encodings_are_what_they_are_called(void)
{
    struct fixture f;
    g_autoptr(GBytes) certificate = NULL, modern = NULL, older = NULL, own = NULL;
    PKCS12 *a, *b, *c;
    enum ca_pkcs12_encoding encoding;

    fixture_init(&f, CA_KEY_P256, CA_KEY_P256);
    certificate = fixture_certificate(&f);
    modern = build(&f, certificate, PIN, CA_PKCS12_MODERN);
    older = build(&f, certificate, PIN, CA_PKCS12_OLDER);
    own = build(&f, certificate, "my own", CA_PKCS12_MODERN);
    a = native(modern);
    b = native(older);
    c = native(own);
    g_assert_cmpint(mac_digest(a), ==, NID_sha256);
    g_assert_cmpint(mac_rounds(a), >=, 2048);
    g_assert_cmpint(first_cipher(a), ==, NID_pbes2);
    g_assert_cmpint(mac_digest(b), ==, NID_sha1);
    g_assert_cmpint(first_cipher(b), ==, NID_pbe_WithSHA1And3_Key_TripleDES_CBC);
    g_assert_cmpint(mac_digest(c), ==, NID_sha256);
    g_assert_cmpint(mac_rounds(c), >, mac_rounds(a));
    PKCS12_free(a);
    PKCS12_free(b);
    PKCS12_free(c);
    g_assert_true(ca_pkcs12_encoding_parse("modern", &encoding) && encoding == CA_PKCS12_MODERN);
    g_assert_true(ca_pkcs12_encoding_parse("older", &encoding) && encoding == CA_PKCS12_OLDER);
    g_assert_false(ca_pkcs12_encoding_parse("legacy", &encoding));
    fixture_clear(&f);
}

static void passwords_java_cannot_read_are_refused(void)
{
    static const char *const wrong[] = { "", "p\xc3\xa4ss", "tab\there",
                                         "12345678901234567890123456789012345678901234567890123456789012345" };
    static const char *const good[] = { "x", "with space ~",
                                        "1234567890123456789012345678901234567890123456789012345678901234" };
    struct fixture f;
    g_autoptr(GBytes) certificate = NULL;

    fixture_init(&f, CA_KEY_P256, CA_KEY_P256);
    certificate = fixture_certificate(&f);
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(ca_pkcs12_build(f.person, certificate, NULL, "x", wrong[i], CA_PKCS12_MODERN, &error));
        assert_word(&error, CA_ERROR_REFUSED, "password");
    }
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(GBytes) der = build(&f, certificate, good[i], CA_PKCS12_MODERN);
        PKCS12 *pkcs12 = native(der);
        g_assert_true(PKCS12_verify_mac(pkcs12, good[i], -1));
        PKCS12_free(pkcs12);
    }
    fixture_clear(&f);
}

static void another_keys_certificate_is_never_packed(void)
{
    struct fixture f;
    g_autoptr(GPtrArray) chain = g_ptr_array_new();
    g_autoptr(GBytes) certificate = NULL, junk = g_bytes_new("0\0", 2);
    g_autoptr(GError) error = NULL;

    fixture_init(&f, CA_KEY_P256, CA_KEY_P256);
    certificate = fixture_certificate(&f);
    g_assert_null(ca_pkcs12_build(f.secret, certificate, NULL, NULL, PIN, CA_PKCS12_MODERN, &error));
    assert_word(&error, CA_ERROR_BROKEN, "pkcs12");
    g_assert_null(ca_pkcs12_build(f.person, junk, NULL, NULL, PIN, CA_PKCS12_MODERN, &error));
    assert_word(&error, CA_ERROR_BROKEN, "pkcs12");
    g_ptr_array_add(chain, junk);
    g_assert_null(ca_pkcs12_build(f.person, certificate, chain, NULL, PIN, CA_PKCS12_MODERN, &error));
    assert_word(&error, CA_ERROR_BROKEN, "pkcs12");
    fixture_clear(&f);
}

static const struct unit_test tests[] = {
    { "/pkcs12/key, certificate and chain come out again", key_certificate_and_chain_come_out_again },
    { "/pkcs12/the encodings are what they are called", the_encodings_are_what_they_are_called },
    { "/pkcs12/passwords that Java cannot read are refused", passwords_java_cannot_read_are_refused },
    { "/pkcs12/another key's certificate is never packed", another_keys_certificate_is_never_packed },
};

int main(int argc, char **argv)
{
    return run_tests(argc, argv, tests, G_N_ELEMENTS(tests), NULL, NULL);
}
