/* DER written and read by hand, compared with libcrypto's (ca/der.h); the fixed-key verification likewise (ca/curve.h). */
#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

#include "ca/curve.h"
#include "ca/der.h"
#include "tests/unit/ca_fixture.h"
#include "tests/unit/run.h"

static void lengths_are_the_shortest_form(void)
{
    static const size_t sizes[] = { 0, 1, 127, 128, 255, 256, 65535, 65536, 70000 };

    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(GByteArray) direct = g_byte_array_new(), nested = g_byte_array_new();
        g_autofree unsigned char *content = g_malloc0(sizes[i] + 1);
        ASN1_OCTET_STRING *string = ASN1_OCTET_STRING_new();
        unsigned char *expected = NULL;
        guint begun = der_begin(nested, DER_OCTET_STRING);
        struct der in, seen;
        int n;

        der_element(direct, DER_OCTET_STRING, content, sizes[i]);
        der_raw(nested, content, sizes[i]);
        der_end(nested, begun);
        ASN1_OCTET_STRING_set(string, content, (int)sizes[i]);
        n = i2d_ASN1_OCTET_STRING(string, &expected);
        g_assert_cmpmem(direct->data, direct->len, expected, n);
        g_assert_cmpmem(nested->data, nested->len, expected, n);
        in = (struct der){ expected, (size_t)n };
        g_assert_true(der_take(&in, DER_OCTET_STRING, &seen));
        g_assert_cmpuint(seen.n, ==, sizes[i]);
        g_assert_cmpuint(in.n, ==, 0);
        OPENSSL_free(expected);
        ASN1_OCTET_STRING_free(string);
    }
}

static void numbers_are_as_openssl_writes_them(void)
{
    static const gint64 values[] = { 0, 1, 127, 128, 255, 256, 32767, 32768, 0x7fffffff, 0x80000000, G_MAXINT64 };

    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autoptr(GByteArray) out = g_byte_array_new(), hex = g_byte_array_new();
        g_autofree char *text = g_strdup_printf("%016" G_GINT64_MODIFIER "x", values[i]);
        ASN1_INTEGER *number = ASN1_INTEGER_new();
        unsigned char *expected = NULL;
        int n;

        ASN1_INTEGER_set_int64(number, values[i]);
        n = i2d_ASN1_INTEGER(number, &expected);
        der_integer(out, values[i]);
        g_assert_cmpmem(out->data, out->len, expected, n);
        g_assert_true(der_integer_hex(hex, text));
        g_assert_cmpmem(hex->data, hex->len, expected, n);
        OPENSSL_free(expected);
        ASN1_INTEGER_free(number);
    }
}

static void oids_are_as_openssl_writes_them_or_refused(void)
{
    static const char *const good[] = { "2.5.29.15", "1.2.840.113549.1.1.11", "1.3.6.1.5.5.7.3.2", "2.999.3",
                                        "0.39",      "2.47.4294967295" };
    static const char *const bad[] = { "",     "1",     "1.",   "1.2.", ".1.2",           "1..2",  "3.1",
                                       "1.40", "1.2.x", "1.2 ", "-1.2", "1.2.4294967296", "1.2.-3" };

    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(GByteArray) out = g_byte_array_new();
        ASN1_OBJECT *object = OBJ_txt2obj(good[i], 1);
        unsigned char *expected = NULL;
        int n = i2d_ASN1_OBJECT(object, &expected);
        g_assert_true(der_oid(out, good[i]));
        g_assert_cmpmem(out->data, out->len, expected, n);
        OPENSSL_free(expected);
        ASN1_OBJECT_free(object);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GByteArray) out = g_byte_array_new();
        g_assert_false(der_oid(out, bad[i]));
        g_assert_cmpuint(out->len, ==, 0);
    }
}

static void times_are_as_openssl_writes_them(void)
{
    for (gint64 when = 0; when < G_GINT64_CONSTANT(8000000000); when += 3333331) { /* to 2223 */
        g_autoptr(GByteArray) out = g_byte_array_new();
        ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)when);
        unsigned char *expected = NULL;
        int n = i2d_ASN1_TIME(time, &expected);
        struct der in;
        gint64 back;

        der_time(out, when);
        g_assert_cmpmem(out->data, out->len, expected, n);
        in = (struct der){ expected, (size_t)n };
        g_assert_true(der_take_time(&in, &back));
        g_assert_cmpint(back, ==, when);
        OPENSSL_free(expected);
        ASN1_TIME_free(time);
    }
}

static void named_bits_drop_zeroes_at_the_end(void)
{
    for (unsigned bits = 1; bits < 512; bits++) {
        g_autoptr(GByteArray) out = g_byte_array_new();
        ASN1_BIT_STRING *string = ASN1_BIT_STRING_new();
        unsigned char *expected = NULL;
        int n;

        for (int i = 0; i < 9; i++)
            if (bits >> i & 1)
                ASN1_BIT_STRING_set_bit(string, i, 1);
        n = i2d_ASN1_BIT_STRING(string, &expected);
        der_named_bits(out, bits);
        g_assert_cmpmem(out->data, out->len, expected, n);
        OPENSSL_free(expected);
        ASN1_BIT_STRING_free(string);
    }
}

static void what_is_not_strict_der_is_refused(void)
{
    static const struct { const char *bytes; size_t n; } bad[] = {
        { "", 0 },
        { "\x04", 1 },
        { "\x04\x01", 2 },              /* shorter than it says */
        { "\x04\x80\x00\x00", 4 },      /* indefinite length */
        { "\x04\x81\x01\x00", 4 },      /* could be shorter */
        { "\x04\x82\x00\x81", 4 },      /* zero in front */
        { "\x04\x85\x01\x00\x00\x00\x00", 7 },
        { "\x04\x84\xff\xff\xff\xff", 6 },
        { "\x1f\x04\x00", 3 },          /* long tag */
    };

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        struct der in = { (const unsigned char *)bad[i].bytes, bad[i].n }, before = in, content;
        int tag;
        g_assert_false(der_take_any(&in, &tag, &content, NULL));
        g_assert_true(in.p == before.p && in.n == before.n);
    }
}

static void only_plain_unsigned_numbers_are_taken(void)
{
    static const struct { const char *bytes; size_t n; } bad[] = {
        { "\x02\x00", 2 }, { "\x02\x01\x80", 3 }, { "\x02\x02\x00\x01", 4 }, { "\x03\x01\x01", 3 },
    };
    struct der zero = { (const unsigned char *)"\x02\x01\x00", 3 }, high = { (const unsigned char *)"\x02\x02\x00\x80", 4 },
               seen;

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        struct der in = { (const unsigned char *)bad[i].bytes, bad[i].n };
        g_assert_false(der_take_unsigned(&in, &seen));
        g_assert_cmpuint(in.n, ==, bad[i].n);
    }
    g_assert_true(der_take_unsigned(&zero, &seen) && der_is(&seen, "\0", 1));
    g_assert_true(der_take_unsigned(&high, &seen) && der_is(&seen, "\x80", 1));
}

static void wrong_times_are_refused(void)
{
    static const char *const bad[] = { "991301000000Z", "990100000000Z", "990132000000Z", "990101240000Z", "990101006000Z",
                                       "990101000060Z", "9901010000Z", "990101000000+", "99010100000 Z", "18990101000000Z" };

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GByteArray) out = g_byte_array_new();
        struct der in;
        gint64 when;
        der_text(out, strlen(bad[i]) == 15 ? DER_GENERALIZED_TIME : DER_UTC_TIME, bad[i]);
        in = (struct der){ out->data, out->len };
        g_assert_false(der_take_time(&in, &when));
    }
}

/* --- curve ---------------------------------------------------------------------------------------------------------------- */

static void the_fixed_key_verifies_as_libcrypto_does(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256");
    unsigned char *spki = NULL, hash[32], signature[100];
    int spki_size = i2d_PUBKEY(key, &spki);
    CaCurve *curve = ca_curve_new(spki + spki_size - 65, 65);
    EVP_PKEY_CTX *sign = EVP_PKEY_CTX_new(key, NULL), *sign_other = EVP_PKEY_CTX_new(other, NULL),
                 *verify = EVP_PKEY_CTX_new(key, NULL);

    g_assert_nonnull(curve);
    g_assert_true(EVP_PKEY_sign_init(sign) > 0 && EVP_PKEY_sign_init(sign_other) > 0 && EVP_PKEY_verify_init(verify) > 0);
    for (int i = 0; i < 400; i++) {
        size_t n = sizeof signature;
        crypto_random(hash, sizeof hash);
        if (i % 50 == 0)
            memset(hash, i % 100 ? 0xff : 0, sizeof hash); /* above the order, and zero */
        g_assert_cmpint(EVP_PKEY_sign(i % 4 == 3 ? sign_other : sign, signature, &n, hash, sizeof hash), >, 0);
        g_assert_cmpint(ca_curve_verify(curve, hash, signature, n), ==, i % 4 != 3);
        for (int k = 0; k < 4; k++) { /* random damage: both must say the same, which is no */
            unsigned char *at = &signature[g_test_rand_int_range(0, (gint32)n)];
            unsigned char bit = (unsigned char)(1 << g_test_rand_int_range(0, 8));
            *at ^= bit;
            g_assert_cmpint(ca_curve_verify(curve, hash, signature, n), ==,
                            EVP_PKEY_verify(verify, signature, n, hash, 32) == 1);
            *at ^= bit;
        }
        hash[i % 32] ^= 1;
        g_assert_false(ca_curve_verify(curve, hash, signature, n));
        g_assert_false(ca_curve_verify(curve, hash, signature, n - 1));
    }
    EVP_PKEY_CTX_free(sign);
    EVP_PKEY_CTX_free(sign_other);
    EVP_PKEY_CTX_free(verify);
    ca_curve_free(curve);
    OPENSSL_free(spki);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other);
}

/* SEQUENCE { r, s } of two numbers in hex. */
static gsize signature_of(const char *r, const char *s, unsigned char out[100])
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    guint begun = der_begin(bytes, DER_SEQUENCE);

    g_assert_true(der_integer_hex(bytes, r) && der_integer_hex(bytes, s));
    der_end(bytes, begun);
    memcpy(out, bytes->data, bytes->len);
    return bytes->len;
}

static void numbers_out_of_range_are_no_signature(void)
{
    static const char order[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    static const char *const wrong[][2] = { { "00", "01" }, { "01", "00" }, { order, "01" }, { "01", order },
                                            { "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "01" } };
    g_autoptr(Secret) key = ca_key_make(CA_KEY_P256, NULL);
    g_autoptr(GBytes) spki = ca_key_public(key, NULL);
    const unsigned char *p = g_bytes_get_data(spki, NULL);
    CaCurve *curve = ca_curve_new(p + g_bytes_get_size(spki) - 65, 65);
    unsigned char signature[100], hash[32] = { 1 };

    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        gsize n = signature_of(wrong[i][0], wrong[i][1], signature);
        g_assert_false(ca_curve_verify(curve, hash, signature, n));
    }
    g_assert_false(ca_curve_verify(curve, hash, (const unsigned char *)"", 0));
    g_assert_null(ca_curve_new(p, 65));
    ca_curve_free(curve);
}

static const struct unit_test tests[] = {
    { "/der/lengths are the shortest form", lengths_are_the_shortest_form },
    { "/der/numbers are as openssl writes them", numbers_are_as_openssl_writes_them },
    { "/der/OIDs are as openssl writes them, or refused", oids_are_as_openssl_writes_them_or_refused },
    { "/der/times are as openssl writes them", times_are_as_openssl_writes_them },
    { "/der/named bits drop zeroes at the end", named_bits_drop_zeroes_at_the_end },
    { "/der/what is not strict DER is refused", what_is_not_strict_der_is_refused },
    { "/der/only plain unsigned numbers are taken", only_plain_unsigned_numbers_are_taken },
    { "/der/wrong times are refused", wrong_times_are_refused },
    { "/curve/the fixed key verifies as libcrypto does", the_fixed_key_verifies_as_libcrypto_does },
    { "/curve/numbers out of range are no signature", numbers_out_of_range_are_no_signature },
};

int main(int argc, char **argv)
{
    return run_tests(argc, argv, tests, G_N_ELEMENTS(tests), NULL, NULL);
}
