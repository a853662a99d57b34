/* Revocation lists, read back by libcrypto: ca/crl.h. */
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "ca/crl.h"
#include "tests/unit/ca_fixture.h"
#include "tests/unit/run.h"

#define SHARD "http://pki.test/crl/client-0.crl"

static X509_CRL *native(GBytes *der)
{
    gsize n;
    const unsigned char *p = g_bytes_get_data(der, &n), *begin = p;
    X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)n);

    g_assert_nonnull(crl);
    g_assert_true(p == begin + n);
    return crl;
}

static gint64 unix_time(const ASN1_TIME *time)
{
    struct tm tm;

    g_assert_true(ASN1_TIME_to_tm(time, &tm));
    return timegm(&tm);
}

static struct ca_revoked *entries(size_t n)
{
    static const enum ca_reason reasons[] = { CA_REASON_UNSPECIFIED, CA_REASON_KEY_COMPROMISE, CA_REASON_SUPERSEDED,
                                              CA_REASON_CESSATION_OF_OPERATION, CA_REASON_AFFILIATION_CHANGED };
    struct ca_revoked *list = g_new0(struct ca_revoked, n + 1);

    for (size_t i = 0; i < n; i++) {
        g_autofree char *serial = ca_serial_new();
        g_strlcpy(list[i].serial, serial, sizeof list[i].serial);
        list[i].at = FIXTURE_NOW - (gint64)i * 977;
        list[i].reason = (unsigned char)reasons[i % G_N_ELEMENTS(reasons)];
    }
    return list;
}

static void check_entry(X509_CRL *crl, const struct ca_revoked *want)
{
    g_autoptr(GBytes) bytes = crypto_unhex(want->serial);
    ASN1_INTEGER *serial = ASN1_INTEGER_new();
    X509_REVOKED *entry;
    ASN1_ENUMERATED *reason;

    ASN1_STRING_set(serial, g_bytes_get_data(bytes, NULL), (int)g_bytes_get_size(bytes));
    g_assert_cmpint(X509_CRL_get0_by_serial(crl, &entry, serial), ==, 1);
    g_assert_cmpint(unix_time(X509_REVOKED_get0_revocationDate(entry)), ==, want->at);
    reason = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
    g_assert_cmpint(reason ? ASN1_ENUMERATED_get(reason) : 0, ==, want->reason);
    g_assert_cmpint(X509_REVOKED_get_ext_count(entry), ==, want->reason ? 1 : 0);
    ASN1_ENUMERATED_free(reason);
    ASN1_INTEGER_free(serial);
}

static void check_list(struct fixture *f, size_t n, const char *shard)
{
    g_autofree struct ca_revoked *list = entries(n);
    struct ca_crl what = { 0x1234567890, FIXTURE_NOW, FIXTURE_NOW + DAY, shard }, seen;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) der = ca_crl_build(f->issuer, &what, list, n, &error);
    X509_CRL *crl = native(der);
    const unsigned char *p = g_bytes_get_data(f->certificate, NULL);
    X509 *issuer = d2i_X509(NULL, &p, (long)g_bytes_get_size(f->certificate));
    ISSUING_DIST_POINT *point = X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, NULL, NULL);
    AUTHORITY_KEYID *id = X509_CRL_get_ext_d2i(crl, NID_authority_key_identifier, NULL, NULL);
    unsigned char *again = NULL;
    size_t count;
    int critical;

    g_assert_no_error(error);
    g_assert_cmpint(X509_CRL_verify(crl, X509_get0_pubkey(issuer)), ==, 1);
    g_assert_cmpint(X509_CRL_get_version(crl), ==, X509_CRL_VERSION_2);
    g_assert_cmpint(X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(issuer)), ==, 0);
    g_assert_cmpint(ASN1_OCTET_STRING_cmp(id->keyid, X509_get0_subject_key_id(issuer)), ==, 0);
    g_assert_cmpint(unix_time(X509_CRL_get0_lastUpdate(crl)), ==, what.this_update);
    g_assert_cmpint(unix_time(X509_CRL_get0_nextUpdate(crl)), ==, what.next_update);
    /* Canonical DER: the encoding is made anew, not the cached one. Looking an entry up would sort them. */
    g_assert_cmpint(i2d_re_X509_CRL_tbs(crl, &again), >, 0);
    OPENSSL_free(again);
    again = NULL;
    g_assert_cmpint(i2d_X509_CRL(crl, &again), ==, (int)g_bytes_get_size(der));
    g_assert_cmpmem(again, g_bytes_get_size(der), g_bytes_get_data(der, NULL), g_bytes_get_size(der));
    g_assert_cmpint(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), ==, n ? (int)n : -1); /* an empty list is left out */
    for (size_t i = 0; i < n; i += MAX(n / 50, 1))
        check_entry(crl, &list[i]);
    g_assert_cmpint(X509_CRL_get_ext_count(crl), ==, shard ? 3 : 2);
    if (shard) {
        GENERAL_NAME *name = sk_GENERAL_NAME_value(point->distpoint->name.fullname, 0);
        g_assert_cmpstr((const char *)ASN1_STRING_get0_data(name->d.uniformResourceIdentifier), ==, shard);
        critical = X509_CRL_get_ext_by_NID(crl, NID_issuing_distribution_point, -1);
        g_assert_cmpint(X509_EXTENSION_get_critical(X509_CRL_get_ext(crl, critical)), ==, 1);
    }
    g_assert_true(ca_crl_read(der, &seen, &count, &error));
    g_assert_cmpint(seen.number, ==, what.number);
    g_assert_cmpint(seen.this_update, ==, what.this_update);
    g_assert_cmpint(seen.next_update, ==, what.next_update);
    g_assert_cmpuint(count, ==, n);
    OPENSSL_free(again);
    AUTHORITY_KEYID_free(id);
    ISSUING_DIST_POINT_free(point);
    X509_CRL_free(crl);
    X509_free(issuer);
}

static void lists_of_all_lengths_are_read_by_openssl(void)
{
    /* The lengths of DER's heads change on the way. */
    static const size_t sizes[] = { 0, 1, 2, 3, 4, 5, 6, 7, 1200, 1220, 5000 };
    struct fixture f;

    fixture_init(&f, CA_KEY_P256, CA_KEY_P256);
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        check_list(&f, sizes[i], SHARD);
        check_list(&f, sizes[i], NULL);
    }
    fixture_clear(&f);
}

/* Rows that the table's constraint refuses today: whoever put one there does not keep the other revocations out of the list. */
static void a_serial_that_is_not_ours_is_listed_too(void)
{
    static const struct { const char *serial, *listed; } rows[] = {
        { "ff112233445566778899aabbccddeeff00112233", "ff112233445566778899aabbccddeeff00112233" },
        { "1ff112233445566778899aabbccddeeff001122", "01ff112233445566778899aabbccddeeff001122" },
        { "0011", "11" }, { "00000", NULL }, { "00f", "0f" }, { "080", "80" },
    };
    struct fixture f;

    fixture_init(&f, CA_KEY_P256, CA_KEY_P256);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct ca_revoked two[2] = { { .at = FIXTURE_NOW }, { .at = FIXTURE_NOW, .serial = "0102" } };
        struct ca_crl what = { 1, FIXTURE_NOW, FIXTURE_NOW + DAY, NULL };
        g_autoptr(GBytes) der = NULL;
        X509_CRL *crl;

        g_strlcpy(two[0].serial, rows[i].serial, sizeof two[0].serial);
        der = ca_crl_build(f.issuer, &what, two, 2, NULL);
        g_assert_cmpint(der != NULL, ==, rows[i].listed != NULL);
        if (!der)
            continue;
        crl = native(der);
        g_strlcpy(two[0].serial, rows[i].listed, sizeof two[0].serial);
        check_entry(crl, &two[0]);
        check_entry(crl, &two[1]);
        X509_CRL_free(crl);
    }
    fixture_clear(&f);
}

static void every_kind_of_issuer_signs_lists(void)
{
    static const enum ca_key_kind kinds[] = { CA_KEY_P384, CA_KEY_RSA2048, CA_KEY_RSA4096 };

    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        struct fixture f;
        fixture_init(&f, kinds[i], CA_KEY_P256);
        check_list(&f, 10, SHARD);
        fixture_clear(&f);
    }
}

static void odd_serials_are_written_right(void)
{
    static const char *const serials[] = { "01", "7f", "80", "ff", "80112233445566778899aabbccddeeff001122",
                                           "7f112233445566778899aabbccddeeff00112233" };
    struct fixture f;

    fixture_init(&f, CA_KEY_P256, CA_KEY_P256);
    for (size_t i = 0; i < G_N_ELEMENTS(serials); i++) {
        struct ca_revoked one = { .reason = CA_REASON_SUPERSEDED, .at = G_GINT64_CONSTANT(2600000000) }; /* GeneralizedTime */
        struct ca_crl what = { 1, FIXTURE_NOW, FIXTURE_NOW + DAY, NULL };
        g_autoptr(GBytes) der = NULL;
        X509_CRL *crl;

        g_strlcpy(one.serial, serials[i], sizeof one.serial);
        der = ca_crl_build(f.issuer, &what, &one, 1, NULL);
        crl = native(der);
        check_entry(crl, &one);
        X509_CRL_free(crl);
    }
    fixture_clear(&f);
}

static void nonsense_is_not_signed(void)
{
    static const char *const serials[] = { "", "0", "00", "000", "zz", "AB", "z", "1z", "az1" };
    struct ca_crl good = { 1, FIXTURE_NOW, FIXTURE_NOW + DAY, NULL }, backwards = { 1, FIXTURE_NOW, FIXTURE_NOW, NULL };
    struct fixture f;
    g_autoptr(GError) error = NULL;

    fixture_init(&f, CA_KEY_P256, CA_KEY_P256);
    for (size_t i = 0; i < G_N_ELEMENTS(serials); i++) {
        struct ca_revoked one = { .at = FIXTURE_NOW };
        g_strlcpy(one.serial, serials[i], sizeof one.serial);
        g_assert_null(ca_crl_build(f.issuer, &good, &one, 1, &error));
        assert_word(&error, CA_ERROR_BROKEN, "crl-entry");
    }
    g_assert_null(ca_crl_build(f.issuer, &backwards, NULL, 0, &error));
    assert_word(&error, CA_ERROR_BROKEN, "crl");
    fixture_clear(&f);
}

static void what_is_no_list_is_refused(void)
{
    struct fixture f;
    struct ca_crl what = { 7, FIXTURE_NOW, FIXTURE_NOW + DAY, SHARD }, seen;
    g_autofree struct ca_revoked *list = entries(3);
    g_autoptr(GBytes) der = NULL;
    const unsigned char *p;
    gsize n;

    fixture_init(&f, CA_KEY_P256, CA_KEY_P256);
    der = ca_crl_build(f.issuer, &what, list, 3, NULL);
    p = g_bytes_get_data(der, &n);
    for (gsize i = 0; i < n; i++) {
        g_autoptr(GBytes) cut = g_bytes_new(p, i);
        g_autoptr(GError) error = NULL;
        g_assert_false(ca_crl_read(cut, &seen, NULL, &error));
        assert_word(&error, CA_ERROR_INPUT, "crl-form");
    }
    g_assert_false(ca_crl_read(f.certificate, &seen, NULL, NULL));
    fixture_clear(&f);
}

static void reasons_have_the_standards_names(void)
{
    static const char *const names[] = { "unspecified", "keyCompromise", "affiliationChanged", "superseded",
                                         "cessationOfOperation" };
    enum ca_reason reason;

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_assert_true(ca_reason_parse(names[i], &reason));
        g_assert_cmpstr(ca_reason_name(reason), ==, names[i]);
    }
    g_assert_false(ca_reason_parse("cACompromise", &reason));
    g_assert_false(ca_reason_parse("removeFromCRL", &reason));
    g_assert_false(ca_reason_parse("", &reason));
}

static const struct unit_test tests[] = {
    { "/crl/lists of all lengths are read by openssl", lists_of_all_lengths_are_read_by_openssl },
    { "/crl/every kind of issuer signs lists", every_kind_of_issuer_signs_lists },
    { "/crl/a serial that is not ours is listed too", a_serial_that_is_not_ours_is_listed_too },
    { "/crl/odd serials are written right", odd_serials_are_written_right },
    { "/crl/nonsense is not signed", nonsense_is_not_signed },
    { "/crl/what is no list is refused", what_is_no_list_is_refused },
    { "/crl/reasons have the standard's names", reasons_have_the_standards_names },
};

int main(int argc, char **argv)
{
    return run_tests(argc, argv, tests, G_N_ELEMENTS(tests), NULL, NULL);
}
