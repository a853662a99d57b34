/* Certificate signing requests, honest and not: ca/csr.h. */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "ca/csr.h"
#include "tests/unit/ca_fixture.h"
#include "tests/unit/run.h"

/* A CSR as openssl makes it, with subject and a wished extension. Takes KEY. */
static GBytes *openssl_csr(EVP_PKEY *key, const EVP_MD *digest, int version)
{
    X509_REQ *request = X509_REQ_new();
    X509_NAME *name = X509_REQ_get_subject_name(request);
    STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
    unsigned char *der = NULL;
    GBytes *bytes;
    int n;

    g_assert_true(X509_REQ_set_version(request, version));
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)"root of all", -1, -1, 0);
    X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const unsigned char *)"evil \xe8\x8a\xb1", -1, -1, 0);
    sk_X509_EXTENSION_push(extensions, X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:TRUE"));
    X509_REQ_add_extensions(request, extensions);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    X509_REQ_set_pubkey(request, key);
    g_assert_cmpint(X509_REQ_sign(request, key, digest), >, 0);
    n = i2d_X509_REQ(request, &der);
    bytes = g_bytes_new(der, (gsize)n);
    OPENSSL_free(der);
    X509_REQ_free(request);
    EVP_PKEY_free(key);
    return bytes;
}

static CaCsr *parse(GBytes *der, GError **error)
{
    gsize n;
    const void *p = g_bytes_get_data(der, &n);

    return ca_csr_parse(p, n, error);
}

static EVP_PKEY *rsa_with_exponent(unsigned bits, unsigned long exponent)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    BIGNUM *e = BN_new();
    EVP_PKEY *key = NULL;

    BN_set_word(e, exponent);
    EVP_PKEY_keygen_init(context);
    EVP_PKEY_CTX_set_rsa_keygen_bits(context, (int)bits);
    EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context, e);
    g_assert_cmpint(EVP_PKEY_keygen(context, &key), >, 0);
    BN_free(e);
    EVP_PKEY_CTX_free(context);
    return key;
}

static void requests_of_openssl_are_read(void)
{
    static const struct { const char *curve; enum ca_key_kind kind; } rows[] = {
        { NULL, CA_KEY_RSA2048 }, { "P-256", CA_KEY_P256 }, { "P-384", CA_KEY_P384 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const EVP_MD *digests[] = { EVP_sha256(), EVP_sha384(), EVP_sha512() };
        for (size_t d = 0; d < G_N_ELEMENTS(digests); d++) {
            g_autoptr(GError) error = NULL;
            EVP_PKEY *key = rows[i].curve ? EVP_EC_gen(rows[i].curve) : EVP_RSA_gen(2048);
            g_autoptr(GBytes) der = openssl_csr(key, digests[d], 0);
            g_autoptr(CaCsr) csr = parse(der, &error);

            g_assert_no_error(error);
            g_assert_cmpint((int)csr->kind, ==, (int)rows[i].kind);
        }
    }
}

static void a_larger_odd_exponent_is_fine(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) der = openssl_csr(rsa_with_exponent(2048, 0x100000005UL), EVP_sha256(), 0);
    g_autoptr(CaCsr) csr = parse(der, &error);

    g_assert_no_error(error);
    g_assert_nonnull(csr);
}

/* Text before, CRLF, NEW in the markers: as people paste it. */
static void pem_as_people_paste_it(void)
{
    g_autoptr(GBytes) der = openssl_csr(EVP_EC_gen("P-256"), EVP_sha256(), 0);
    g_autofree char *pem = ca_csr_pem(der);
    g_auto(GStrv) lines = g_strsplit(pem, "\n", -1);
    g_autofree char *crlf = g_strjoinv("\r\n", lines),
                    *before = g_strconcat("Certificate Request:\n  Data:\n", pem, "after\n", NULL);
    g_auto(GStrv) parts = g_strsplit(pem, " CERTIFICATE", -1);
    g_autofree char *new = g_strjoinv(" NEW CERTIFICATE", parts);
    const char *const texts[] = { pem, crlf, before, new };

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(CaCsr) csr = ca_csr_parse(texts[i], strlen(texts[i]), &error);
        g_assert_no_error(error);
        g_assert_nonnull(csr);
    }
}

static void refused_as(const char *text, const char *word)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(ca_csr_parse(text, strlen(text), &error));
    g_assert_true(g_str_has_prefix(error->message, word));
}

static void base64_alone_is_read_too(void)
{
    g_autoptr(GBytes) der = openssl_csr(EVP_EC_gen("P-256"), EVP_sha256(), 0);
    g_autofree char *text = g_base64_encode(g_bytes_get_data(der, NULL), g_bytes_get_size(der));
    g_autoptr(GError) error = NULL;
    g_autoptr(CaCsr) csr = ca_csr_parse(text, strlen(text), &error);

    g_assert_no_error(error);
    g_assert_true(g_bytes_equal(csr->der, der));
    text[40] = '!';
    refused_as(text, "csr-form");
}

/* As libraries on top of WebCrypto write it: sha256WithRSAEncryption without parameters (RFC 4055 section 5). */
static void rsa_without_parameters_is_read_too(void)
{
    static const char request[] =
        "-----BEGIN CERTIFICATE REQUEST-----\n"
        "MIICVTCCAT8CAQAwEjEQMA4GA1UEAwwHcmVxdWVzdDCCASIwDQYJKoZIhvcNAQEB\n"
        "BQADggEPADCCAQoCggEBAL14O9kPb3ctI4k+yv0v+x+pcx6VLuYB4ahJei49jSTZ\n"
        "AixWzwLGXFafWPB6h8TPgxPIJ/FSv+rcQfsMyY40F2YhrDjVfU8fksZoCkVJWCOV\n"
        "KyavmrMzm0S8BMNEG/qPtpYKh+dJDJrEOBEzwEB1ma9KHlej/dcN3gEs4curej2R\n"
        "JM/0eTx2kNTQUfsfrwyEem4tLtcql7Q5NrHjmoNwiprWLkTbA5A3wjEwHeaJyP09\n"
        "XSvvQ+BjnxB6LtSVflBq9qd7ocWEp1LS+8aVA8Jj45v/6hSd4bSh8zBWQqGeNV1x\n"
        "dTZQ3TfoBgjmIE5Yuasft70DrDJSqFLXZ7siZXAQ6b0CAwEAAaAAMAsGCSqGSIb3\n"
        "DQEBCwOCAQEAH0Enj1G/xXk97Z+kzRMogoD8IJBP/Qee46GAD5/FSME47EWERlOn\n"
        "BltFYUNEXi1po81D76/JUkI2AD1D+cOvzlwo03g7rI5FwwO7FBE0X+eU2nzeNqck\n"
        "9mJK2uUqd+sbylLvLinp9qS0nRUlOptPXufgYLj9Jr8ba80B2dzmVqmeOUk1CHIZ\n"
        "rArcifdDcwEd3a91fFOFT2C4xwWuXDHjRcj/0eGaOnZI9OF2C863oHaPBxiN8QRW\n"
        "ctB9AE4dzVn/mQN2rOOgu6Rdgvblch+G8+vxYIyarFAcF75RzMdKqavX2JVaPPxc\n"
        "DPxZU9ykwUlvi04DI0C5PVw3vsoW10Q5Qw==\n"
        "-----END CERTIFICATE REQUEST-----\n";
    g_autoptr(GError) error = NULL;
    g_autoptr(CaCsr) csr = ca_csr_parse(request, strlen(request), &error);

    g_assert_no_error(error);
    g_assert_cmpint((int)csr->kind, ==, CA_KEY_RSA2048);
}

static void two_requests_and_private_keys_are_told_apart(void)
{
    g_autoptr(GBytes) der = openssl_csr(EVP_EC_gen("P-256"), EVP_sha256(), 0);
    g_autofree char *pem = ca_csr_pem(der), *twice = g_strconcat(pem, pem, NULL);
    g_autofree char *key = g_strconcat("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", pem, NULL);

    refused_as(twice, "csr-two");
    refused_as(key, "csr-private");
    refused_as("-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n", "csr-form");
}

static void what_is_no_request_is_refused(void)
{
    static const char *const texts[] = {
        "", "A", "0", "0\x80", "hello", "-----BEGIN CERTIFICATE REQUEST-----", "-----BEGIN CERTIFICATE REQUEST----------END ",
        "-----BEGIN CERTIFICATE REQUEST-----\nA\n-----END CERTIFICATE REQUEST-----\n",
        "-----BEGIN CERTIFICATE REQUEST-----\n!!!!\n-----END CERTIFICATE REQUEST-----\n",
        "-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n",
        "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(ca_csr_parse(texts[i], strlen(texts[i]), &error));
        assert_word(&error, CA_ERROR_INPUT, "csr-form");
    }
    g_assert_null(ca_csr_parse(NULL, 0, NULL));
}

static void length_is_bounded(void)
{
    g_autofree char *text = g_strnfill(CA_CSR_LONGEST + 1, ' ');
    g_autoptr(GError) error = NULL;

    g_assert_null(ca_csr_parse(text, CA_CSR_LONGEST + 1, &error));
    assert_word(&error, CA_ERROR_INPUT, "csr-long");
    g_assert_null(ca_csr_parse(text, CA_CSR_LONGEST, &error));
    assert_word(&error, CA_ERROR_INPUT, "csr-form");
}

static void weak_signatures_and_keys_are_refused(void)
{
    struct { EVP_PKEY *key; const EVP_MD *digest; const char *word; } rows[] = {
        { EVP_RSA_gen(2048), EVP_sha1(), "csr-algorithm" },
        { EVP_RSA_gen(2048), EVP_md5(), "csr-algorithm" },
        { EVP_EC_gen("P-256"), EVP_sha1(), "csr-algorithm" },
        { EVP_EC_gen("P-256"), EVP_sha3_256(), "csr-algorithm" },
        { EVP_RSA_gen(1024), EVP_sha256(), "key-kind" },
        { EVP_RSA_gen(2056), EVP_sha256(), "key-kind" },
        { EVP_EC_gen("P-521"), EVP_sha256(), "key-kind" },
        { EVP_EC_gen("P-224"), EVP_sha256(), "key-kind" },
        { EVP_EC_gen("secp256k1"), EVP_sha256(), "key-kind" },
        { EVP_EC_gen("brainpoolP256r1"), EVP_sha256(), "key-kind" },
        { EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL, "key-kind" },
        { rsa_with_exponent(2048, 3), EVP_sha256(), "key-weak" },
        { rsa_with_exponent(2048, 257), EVP_sha256(), "key-weak" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) der = openssl_csr(rows[i].key, rows[i].digest, 0);
        g_assert_null(parse(der, &error));
        assert_word(&error, CA_ERROR_REFUSED, rows[i].word);
    }
}

static void explicit_and_compressed_curves_are_refused(void)
{
    g_autoptr(GError) error = NULL;
    EVP_PKEY *spelt_out = EVP_EC_gen("P-256"), *compressed = EVP_EC_gen("P-256");
    g_autoptr(GBytes) a = NULL, b = NULL;

    g_assert_true(EVP_PKEY_set_utf8_string_param(spelt_out, "encoding", "explicit"));
    a = openssl_csr(spelt_out, EVP_sha256(), 0);
    g_assert_null(parse(a, &error));
    assert_word(&error, CA_ERROR_REFUSED, "key-kind");
    g_assert_true(EVP_PKEY_set_utf8_string_param(compressed, "point-format", "compressed"));
    b = openssl_csr(compressed, EVP_sha256(), 0);
    g_assert_null(parse(b, &error));
    assert_word(&error, CA_ERROR_REFUSED, "key-kind");
}

static void rsa_pss_is_refused(void)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    X509_REQ *request = X509_REQ_new();
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *inner;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = NULL;
    unsigned char *der = NULL;
    int n;

    X509_REQ_set_pubkey(request, key);
    g_assert_true(EVP_DigestSignInit(context, &inner, EVP_sha256(), NULL, key));
    g_assert_cmpint(EVP_PKEY_CTX_set_rsa_padding(inner, RSA_PKCS1_PSS_PADDING), >, 0);
    g_assert_cmpint(X509_REQ_sign_ctx(request, context), >, 0);
    n = i2d_X509_REQ(request, &der);
    bytes = g_bytes_new(der, (gsize)n);
    g_assert_null(parse(bytes, &error));
    assert_word(&error, CA_ERROR_REFUSED, "csr-algorithm");
    OPENSSL_free(der);
    EVP_MD_CTX_free(context);
    X509_REQ_free(request);
    EVP_PKEY_free(key);
}

static void a_request_signed_by_another_key_is_refused(void)
{
    const char *const curves[] = { NULL, "P-256", "P-384" };

    for (size_t i = 0; i < G_N_ELEMENTS(curves); i++) {
        EVP_PKEY *mine = curves[i] ? EVP_EC_gen(curves[i]) : EVP_RSA_gen(2048);
        EVP_PKEY *other = curves[i] ? EVP_EC_gen(curves[i]) : EVP_RSA_gen(2048);
        X509_REQ *request = X509_REQ_new();
        unsigned char *der = NULL;
        g_autoptr(GBytes) bytes = NULL;
        g_autoptr(GError) error = NULL;
        int n;

        X509_REQ_set_pubkey(request, mine);
        g_assert_cmpint(X509_REQ_sign(request, other, EVP_sha256()), >, 0);
        n = i2d_X509_REQ(request, &der);
        bytes = g_bytes_new(der, (gsize)n);
        g_assert_null(parse(bytes, &error));
        assert_word(&error, CA_ERROR_INPUT, "csr-proof");
        OPENSSL_free(der);
        X509_REQ_free(request);
        EVP_PKEY_free(mine);
        EVP_PKEY_free(other);
    }
}

/* The verifier's key object is kept and given new points: the last key must never be mistaken for this one. */
static void a_good_request_does_not_vouch_for_the_next(void)
{
    g_autoptr(GBytes) good = openssl_csr(EVP_EC_gen("P-256"), EVP_sha256(), 0);
    gsize n;
    const unsigned char *p = g_bytes_get_data(good, &n);

    for (gsize i = 0; i < n; i++) {
        g_autofree unsigned char *changed = g_memdup2(p, n);
        g_autoptr(CaCsr) before = parse(good, NULL), after = NULL;
        g_assert_nonnull(before);
        changed[i] ^= 1;
        after = ca_csr_parse(changed, n, NULL);
        g_assert_null(after); /* every byte is signed, or signature, or structure */
        after = ca_csr_parse(p, i, NULL);
        g_assert_null(after);
    }
}

static void trailing_bytes_are_refused(void)
{
    g_autoptr(GBytes) good = openssl_csr(EVP_EC_gen("P-256"), EVP_sha256(), 0);
    g_autoptr(GByteArray) longer = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    g_byte_array_append(longer, g_bytes_get_data(good, NULL), (guint)g_bytes_get_size(good));
    g_byte_array_append(longer, (const guint8 *)"", 1);
    g_assert_null(ca_csr_parse(longer->data, longer->len, &error));
    assert_word(&error, CA_ERROR_INPUT, "csr-form");
}

static void another_version_is_refused(void)
{
    g_autoptr(GBytes) der = openssl_csr(EVP_EC_gen("P-256"), EVP_sha256(), 2);
    g_autoptr(GError) error = NULL;

    g_assert_null(parse(der, &error));
    assert_word(&error, CA_ERROR_INPUT, "csr-form");
}

/* SubjectPublicKeyInfo of a modulus, by libcrypto. */
static GBytes *spki_of(const BIGNUM *n)
{
    g_autoptr(GByteArray) body = g_byte_array_new();
    unsigned char bytes[256];
    static const unsigned char front[] = { 0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 6, 9,    0x2a, 0x86, 0x48,
                                           0x86, 0xf7, 0x0d, 1,    1,    1,    5, 0,    3,    0x82, 0x01,
                                           0x0f, 0,    0x30, 0x82, 0x01, 0x0a, 2, 0x82, 0x01, 0x01, 0 };
    static const unsigned char back[] = { 2, 3, 1, 0, 1 };

    g_assert_cmpint(BN_bn2binpad(n, bytes, sizeof bytes), ==, 256);
    g_byte_array_append(body, front, sizeof front);
    g_byte_array_append(body, bytes, sizeof bytes);
    g_byte_array_append(body, back, sizeof back);
    return g_bytes_new(body->data, body->len);
}

static void primes_product(BIGNUM *product)
{
    BN_one(product);
    for (BN_ULONG p = 3; p <= 167; p += 2) {
        gboolean prime = TRUE;
        for (BN_ULONG d = 3; d * d <= p; d += 2)
            prime = prime && p % d != 0;
        if (prime)
            BN_mul_word(product, p);
    }
}

static gboolean has_factor(const BIGNUM *n)
{
    for (BN_ULONG d = 3; d < 752; d += 2)
        if (BN_mod_word(n, d) == 0)
            return TRUE;
    return FALSE;
}

static void flawed_moduli_are_refused(void)
{
    BIGNUM *n = BN_new(), *product = BN_new(), *rest = BN_new();
    BN_CTX *context = BN_CTX_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) marked = NULL, smooth = NULL, even = NULL;

    /* 1 modulo every prime up to 167, which is 65537 to the power of 0: the mark of the flawed chips. */
    primes_product(product);
    do {
        BN_rand(n, 2048, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ANY);
        BN_mod(rest, n, product, context);
        BN_sub(n, n, rest);
        BN_add_word(n, 1);
        if (!BN_is_odd(n))
            BN_sub(n, n, product);
    } while (has_factor(n)); /* no larger ones, which would be seen first */
    marked = spki_of(n);
    g_assert_null(ca_csr_from_public(marked, &error));
    g_assert_nonnull(strstr(error->message, "CVE-2017-15361"));
    assert_word(&error, CA_ERROR_REFUSED, "key-weak");
    do {
        BN_rand(n, 2041, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD);
        BN_mul_word(n, 163);
    } while (BN_num_bits(n) != 2048);
    smooth = spki_of(n);
    g_assert_null(ca_csr_from_public(smooth, &error));
    assert_word(&error, CA_ERROR_REFUSED, "key-weak");
    BN_rand(n, 2048, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD);
    BN_sub_word(n, 1);
    even = spki_of(n);
    g_assert_null(ca_csr_from_public(even, &error));
    assert_word(&error, CA_ERROR_REFUSED, "key-weak");
    BN_free(n);
    BN_free(product);
    BN_free(rest);
    BN_CTX_free(context);
}

/* 2048 bits of a prime and the first one that is DISTANCE times 2^POWER or more above it. */
static GBytes *near_primes(BN_ULONG distance, int power)
{
    BIGNUM *p = BN_new(), *q = BN_new(), *n = BN_new();
    BN_CTX *context = BN_CTX_new();
    GBytes *spki;

    do {
        BN_generate_prime_ex(p, 1024, 0, NULL, NULL, NULL);
        BN_set_word(q, distance);
        BN_lshift(q, q, power);
        BN_add(q, q, p);
        BN_set_bit(q, 0);
        while (!BN_check_prime(q, context, NULL))
            BN_add_word(q, 2);
        BN_mul(n, p, q, context);
    } while (BN_num_bits(n) != 2048);
    spki = spki_of(n);
    BN_free(p);
    BN_free(q);
    BN_free(n);
    BN_CTX_free(context);
    return spki;
}

static void near_primes_and_factors_below_752_are_refused(void)
{
    /* Fermat's method needs distance² / 8 root(n) rounds: the first here, then the 50th or so. */
    g_autoptr(GBytes) nearest = near_primes(1, 100), near = near_primes(20, 512), far = near_primes(1, 1020);
    g_autoptr(GError) error = NULL;
    BIGNUM *n = BN_new();

    g_assert_null(ca_csr_from_public(nearest, &error));
    g_assert_nonnull(strstr(error->message, "CVE-2022-26320"));
    assert_word(&error, CA_ERROR_REFUSED, "key-weak");
    g_assert_null(ca_csr_from_public(near, &error));
    assert_word(&error, CA_ERROR_REFUSED, "key-weak");
    g_autoptr(CaCsr) good = ca_csr_from_public(far, &error);
    g_assert_no_error(error);
    g_assert_nonnull(good);
    do {
        BN_rand(n, 2038, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD);
        BN_mul_word(n, 751);
    } while (BN_num_bits(n) != 2048);
    g_autoptr(GBytes) smooth = spki_of(n);
    g_assert_null(ca_csr_from_public(smooth, &error));
    assert_word(&error, CA_ERROR_REFUSED, "key-weak");
    BN_generate_prime_ex(n, 1024, 0, NULL, NULL, NULL);
    BN_CTX *context = BN_CTX_new();
    BN_sqr(n, n, context);
    BN_CTX_free(context);
    if (BN_num_bits(n) == 2048) {
        g_autoptr(GBytes) square = spki_of(n);
        g_assert_null(ca_csr_from_public(square, &error));
        assert_word(&error, CA_ERROR_REFUSED, "key-weak");
    }
    BN_free(n);
}

static void honest_keys_pass(void)
{
    for (int i = 0; i < 20; i++) {
        g_autoptr(GBytes) der = openssl_csr(EVP_RSA_gen(2048), EVP_sha256(), 0);
        g_autoptr(GError) error = NULL;
        g_autoptr(CaCsr) csr = parse(der, &error);
        g_assert_no_error(error);
        g_assert_nonnull(csr);
    }
}

static void a_point_off_the_curve_is_refused(void)
{
    g_autoptr(Secret) key = ca_key_make(CA_KEY_P256, NULL);
    g_autoptr(GBytes) spki = ca_key_public(key, NULL), bad = NULL;
    gsize n;
    const unsigned char *p = g_bytes_get_data(spki, &n);
    g_autofree unsigned char *changed = g_memdup2(p, n);
    g_autoptr(GError) error = NULL;
    g_autoptr(CaCsr) good = ca_csr_from_public(spki, &error);

    g_assert_no_error(error);
    g_assert_nonnull(good);
    changed[n - 1] ^= 1;
    bad = g_bytes_new(changed, n);
    g_assert_null(ca_csr_from_public(bad, &error));
    assert_word(&error, CA_ERROR_REFUSED, "key-weak");
}

static const struct unit_test tests[] = {
    { "/csr/requests of openssl are read, whatever they wish for", requests_of_openssl_are_read },
    { "/csr/a larger odd exponent is fine", a_larger_odd_exponent_is_fine },
    { "/csr/PEM as people paste it", pem_as_people_paste_it },
    { "/csr/base64 alone is read too", base64_alone_is_read_too },
    { "/csr/RSA without parameters is read too", rsa_without_parameters_is_read_too },
    { "/csr/two requests and private keys are told apart", two_requests_and_private_keys_are_told_apart },
    { "/csr/what is no request is refused", what_is_no_request_is_refused },
    { "/csr/length is bounded", length_is_bounded },
    { "/csr/weak signatures and keys are refused", weak_signatures_and_keys_are_refused },
    { "/csr/explicit and compressed curves are refused", explicit_and_compressed_curves_are_refused },
    { "/csr/RSA-PSS is refused", rsa_pss_is_refused },
    { "/csr/a request signed by another key is refused", a_request_signed_by_another_key_is_refused },
    { "/csr/a good request does not vouch for the next", a_good_request_does_not_vouch_for_the_next },
    { "/csr/trailing bytes are refused", trailing_bytes_are_refused },
    { "/csr/another version is refused", another_version_is_refused },
    { "/csr/flawed moduli are refused", flawed_moduli_are_refused },
    { "/csr/near primes and factors below 752 are refused", near_primes_and_factors_below_752_are_refused },
    { "/csr/honest keys pass", honest_keys_pass },
    { "/csr/a point off the curve is refused", a_point_off_the_curve_is_refused },
};

int main(int argc, char **argv)
{
    return run_tests(argc, argv, tests, G_N_ELEMENTS(tests), NULL, NULL);
}
