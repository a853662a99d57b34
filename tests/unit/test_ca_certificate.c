/* Building, linting and reading certificates: ca/certificate.h. */
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "ca/certificate.h"
#include "tests/unit/ca_fixture.h"
#include "tests/unit/run.h"

static X509 *native(GBytes *der)
{
    gsize n;
    const unsigned char *p = g_bytes_get_data(der, &n);
    X509 *x = d2i_X509(NULL, &p, (long)n);

    g_assert_nonnull(x);
    return x;
}

/* The text openssl prints of an extension. */
static char *extension_text(X509 *x, int nid)
{
    int at = X509_get_ext_by_NID(x, nid, -1);
    BIO *bio = BIO_new(BIO_s_mem());
    char *data, *text;
    long n;

    g_assert_cmpint(at, >=, 0);
    g_assert_true(X509V3_EXT_print(bio, X509_get_ext(x, at), 0, 0));
    n = BIO_get_mem_data(bio, &data);
    text = n > 0 ? g_strndup(data, (gsize)n) : g_strdup("");
    BIO_free(bio);
    return g_strstrip(text);
}

static void assert_extension(X509 *x, int nid, int critical, const char *expected)
{
    g_autofree char *text = extension_text(x, nid);

    g_assert_cmpstr(text, ==, expected);
    g_assert_cmpint(X509_EXTENSION_get_critical(X509_get_ext(x, X509_get_ext_by_NID(x, nid, -1))), ==, critical);
}

static int verify_chain(struct fixture *f, GBytes *leaf, int purpose, gint64 when)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    STACK_OF(X509) *chain = sk_X509_new_null();
    X509 *x = native(leaf), *root = native(f->root_certificate);
    int result;

    X509_STORE_add_cert(store, root);
    sk_X509_push(chain, native(f->certificate));
    X509_STORE_CTX_init(context, store, x, chain);
    X509_STORE_CTX_set_flags(context, X509_V_FLAG_X509_STRICT | X509_V_FLAG_POLICY_CHECK | X509_V_FLAG_CHECK_SS_SIGNATURE);
    X509_STORE_CTX_set_time(context, 0, (time_t)when);
    X509_STORE_CTX_set_purpose(context, purpose);
    X509_verify_cert(context);
    result = X509_STORE_CTX_get_error(context);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    sk_X509_pop_free(chain, X509_free);
    X509_free(x);
    X509_free(root);
    return result;
}

/* --- A person's ----------------------------------------------------------------------------------------------------------- */

static void a_client_certificate_says_what_was_ordered(void)
{
    struct fixture f;
    g_autoptr(GBytes) der = NULL;
    g_autoptr(CaCertificateInfo) info = NULL, issuer = NULL;
    X509 *x;
    unsigned char *again = NULL;

    fixture_init(&f, CA_KEY_P256, CA_KEY_RSA2048);
    der = fixture_certificate(&f);
    x = native(der);
    info = ca_certificate_read(g_bytes_get_data(der, NULL), g_bytes_get_size(der), NULL);
    issuer = ca_certificate_read(g_bytes_get_data(f.certificate, NULL), g_bytes_get_size(f.certificate), NULL);
    g_assert_cmpint(X509_get_version(x), ==, X509_VERSION_3);
    g_assert_cmpstr(info->subject, ==, "C=JP, L=Academe, O=Kagami University, OU=Graduate School, OU=No 42, CN=Hanako Kagami");
    g_assert_cmpstr(info->common_name, ==, "Hanako Kagami");
    g_assert_cmpstr(info->mail, ==, "hanako@kagami.example");
    g_assert_cmpstr(info->issuer, ==, "C=JP, O=Inkan Test, CN=Test Client CA");
    g_assert_cmpstr(info->serial, ==, "0102030405060708090a0b0c0d0e0f1011121314");
    g_assert_cmpstr(info->issuer_key_id, ==, issuer->key_id);
    g_assert_cmpint(info->not_before, ==, FIXTURE_NOW);
    g_assert_cmpint(info->not_after, ==, G_GINT64_CONSTANT(1932130799)); /* 2031-03-24 23:59:59 in Tokyo */
    g_assert_cmpstr(info->key, ==, "rsa2048");
    g_assert_false(info->is_ca);
    assert_extension(x, NID_key_usage, 1, "Digital Signature, Key Encipherment");
    assert_extension(x, NID_basic_constraints, 1, "CA:FALSE");
    assert_extension(x, NID_ext_key_usage, 0, "TLS Web Client Authentication");
    assert_extension(x, NID_subject_alt_name, 0, "email:hanako@kagami.example");
    assert_extension(x, NID_certificate_policies, 0, "Policy: 1.3.6.1.4.1.32473.1.1");
    assert_extension(x, NID_crl_distribution_points, 0, "Full Name:\n  URI:http://pki.test/crl/client-0.crl");
    assert_extension(x, NID_info_access, 0, "OCSP - URI:http://pki.test/ocsp\nCA Issuers - URI:http://pki.test/ca/client.cer");
    g_assert_cmpint(X509_get_ext_count(x), ==, 9);
    /* libcrypto writes the same bytes: the DER is canonical. */
    g_assert_cmpint(i2d_X509(x, &again), ==, (int)g_bytes_get_size(der));
    g_assert_cmpmem(again, g_bytes_get_size(der), g_bytes_get_data(der, NULL), g_bytes_get_size(der));
    g_assert_cmpint(verify_chain(&f, der, X509_PURPOSE_SSL_CLIENT, FIXTURE_NOW + DAY), ==, X509_V_OK);
    OPENSSL_free(again);
    X509_free(x);
    fixture_clear(&f);
}

static void every_pair_of_key_kinds_gives_a_valid_chain(void)
{
    static const struct {
        enum ca_key_kind ca, person;
    } rows[] = {
        { CA_KEY_P256, CA_KEY_P256 },
        { CA_KEY_P384, CA_KEY_P384 },
        { CA_KEY_RSA2048, CA_KEY_P256 },
        { CA_KEY_RSA3072, CA_KEY_RSA3072 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct fixture f;
        g_autoptr(GBytes) der = NULL;

        fixture_init(&f, rows[i].ca, rows[i].person);
        der = fixture_certificate(&f);
        g_assert_cmpint(verify_chain(&f, der, X509_PURPOSE_SSL_CLIENT, FIXTURE_NOW + DAY), ==, X509_V_OK);
        g_assert_true(ca_certificate_issued_by(der, f.certificate));
        g_assert_false(ca_certificate_issued_by(der, f.root_certificate));
        fixture_clear(&f);
    }
}

static void an_ec_key_agrees_instead_of_enciphering(void)
{
    const struct ca_profile plain = { .key_usage = (const char *const[]){ "digitalSignature", "nonRepudiation",
                                                                          "keyEncipherment", "dataEncipherment", NULL } };
    struct fixture f;
    struct ca_order order;
    g_autoptr(GBytes) der = NULL;
    X509 *x;

    fixture_init(&f, CA_KEY_P256, CA_KEY_P384);
    order = fixture_order(&f);
    order.profile = &plain;
    der = ca_certificate_build(&order, f.issuer, NULL);
    x = native(der);
    assert_extension(x, NID_key_usage, 1, "Digital Signature, Non Repudiation, Key Agreement");
    g_assert_cmpint(X509_get_ext_by_NID(x, NID_subject_alt_name, -1), ==, -1);
    g_assert_cmpint(X509_get_ext_by_NID(x, NID_ext_key_usage, -1), ==, -1);
    X509_free(x);
    fixture_clear(&f);
}

static void an_smime_subject_can_be_the_address_alone(void)
{
    const struct ca_profile smime = { .subject_is_mail = TRUE, .mail_in_san = TRUE,
                                             .key_usage = (const char *const[]){ "digitalSignature", "keyEncipherment", NULL },
                                             .extended = (const char *const[]){ CA_OID_EMAIL_PROTECTION, NULL } };
    struct fixture f;
    struct ca_order order;
    g_autoptr(GBytes) der = NULL;
    g_autoptr(CaCertificateInfo) info = NULL;

    fixture_init(&f, CA_KEY_P256, CA_KEY_P256);
    order = fixture_order(&f);
    order.profile = &smime;
    der = ca_certificate_build(&order, f.issuer, NULL);
    info = ca_certificate_read(g_bytes_get_data(der, NULL), g_bytes_get_size(der), NULL);
    g_assert_cmpstr(info->subject, ==, "CN=hanako@kagami.example");
    g_assert_cmpint(verify_chain(&f, der, X509_PURPOSE_SMIME_SIGN, FIXTURE_NOW + DAY), ==, X509_V_OK);
    fixture_clear(&f);
}

static void optional_parts_can_be_left_out(void)
{
    const struct ca_profile bare = { .key_usage = (const char *const[]){ "digitalSignature", NULL } };
    struct fixture f;
    struct ca_order order;
    g_autoptr(GBytes) der = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(CaCertificateInfo) info = NULL;
    X509 *x;

    fixture_init(&f, CA_KEY_P256, CA_KEY_P256);
    order = fixture_order(&f);
    order.profile = &bare;
    order.unit = "";
    order.mail = order.crl_url = order.ocsp_url = order.issuer_url = NULL;
    order.common_name = "Zażółć 鏡 花子";
    order.serial = "80112233445566778899aabbccddeeff001122"; /* 19 bytes, the first bit set: DER needs a zero in front */
    der = ca_certificate_build(&order, f.issuer, &error);
    g_assert_no_error(error);
    x = native(der);
    g_assert_cmpint(X509_get_ext_count(x), ==, 4);
    info = ca_certificate_read(g_bytes_get_data(der, NULL), g_bytes_get_size(der), NULL);
    g_assert_cmpstr(info->subject, ==, "C=JP, L=Academe, O=Kagami University, OU=No 42, CN=Zażółć 鏡 花子");
    g_assert_cmpstr(info->serial, ==, order.serial);
    X509_free(x);
    fixture_clear(&f);
}

/* RFC 5280 section 4.1.2.5 */
static void dates_change_form_in_2050(void)
{
    struct fixture f;
    static const gint64 turn = G_GINT64_CONSTANT(2524608000); /* 2050-01-01 00:00:00 */

    fixture_init(&f, CA_KEY_P256, CA_KEY_P256);
    ca_issuer_free(f.root);
    {
        struct ca_authority what = { .serial = "5c01", .not_before = FIXTURE_NOW, .not_after = turn + 9000 * DAY,
                                     .common_name = "Long Root", .path_length = 1 };
        g_bytes_unref(f.root_certificate);
        f.root_certificate = ca_root_build(&what, f.root_key, NULL);
        f.root = ca_issuer_new(f.root_certificate, f.root_key, NULL);
    }
    for (int i = 0; i < 2; i++) {
        struct ca_order order = fixture_order(&f);
        g_autoptr(GBytes) der = NULL;
        X509 *x;
        order.not_after = turn - 1 + i;
        der = ca_certificate_build(&order, f.root, NULL);
        x = native(der);
        g_assert_cmpint(ASN1_STRING_type(X509_get0_notAfter(x)), ==, i ? V_ASN1_GENERALIZEDTIME : V_ASN1_UTCTIME);
        g_assert_cmpstr((const char *)ASN1_STRING_get0_data(X509_get0_notAfter(x)), ==,
                        i ? "20500101000000Z" : "491231235959Z");
        X509_free(x);
    }
    fixture_clear(&f);
}

static void what_rules_forbid_is_refused_with_the_rule(void)
{
    static const char long_name[] = "123456789012345678901234567890123456789012345678901234567890abcde"; /* 65 */
    const struct ca_profile only_rsa = { .key_usage = (const char *const[]){ "digitalSignature", NULL },
                                                .key_kinds = (const char *const[]){ "rsa2048", "rsa3072", NULL } };
    const struct ca_profile bad_usage = { .key_usage = (const char *const[]){ "digitalSignature", "keyCertSign", NULL } };
    const struct ca_profile bad_oid = { .key_usage = (const char *const[]){ "digitalSignature", NULL },
                                               .extended = (const char *const[]){ "1.2.840.", NULL } };
    const struct ca_profile mail_cn = { .subject_is_mail = TRUE,
                                        .key_usage = (const char *const[]){ "digitalSignature", NULL } };
    struct fixture f;
    struct row {
        const char *word;
        enum ca_error code;
        struct ca_order order;
    } rows[29];
    size_t n = 0;

    fixture_init(&f, CA_KEY_P256, CA_KEY_P256);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        rows[i] = (struct row){ NULL, CA_ERROR_REFUSED, fixture_order(&f) };
#define ROW(w, field, value) (rows[n].word = (w), rows[n].order.field = (value), n++)
    ROW("issuer-end", not_after, ca_issuer_not_after(f.issuer) + 1);
    ROW("validity", not_after, FIXTURE_NOW);
    ROW("validity", not_after, FIXTURE_NOW - 1);
    ROW("subject", common_name, long_name);
    ROW("subject", common_name, "");
    ROW("subject", common_name, NULL);
    ROW("subject", common_name, "a\nb");
    ROW("subject", common_name, "\xff");
    ROW("subject", organization, NULL);
    ROW("subject", unit, long_name);
    ROW("subject", country, "jp");
    ROW("subject", country, "JPN");
    ROW("mail", mail, "nobody");
    ROW("mail", mail, "@kagami.example");
    ROW("mail", mail, "hanako@");
    ROW("mail", mail, "hanako..k@kagami.example");
    ROW("mail", mail, "hanako@kagami.example.");
    ROW("mail", mail, "hanako@a@kagami.example");
    ROW("mail", mail, "\"hanako k\"@kagami.example");
    ROW("mail", mail, "hanako@[192.0.2.1]");
    ROW("mail", mail, NULL);
    ROW("mail", mail, "a b@kagami.example");
    ROW("mail", mail, "花子@kagami.example");
    ROW("key-kind", profile, &only_rsa);
    ROW("subject", profile, &mail_cn);
    rows[n - 1].order.mail = "a-mailbox-with-a-name-of-more-than-sixty-four-characters-in-all@kagami.example";
    rows[n].code = CA_ERROR_BROKEN;
    ROW("profile", profile, &bad_usage);
    rows[n].code = CA_ERROR_BROKEN;
    ROW("profile", profile, &bad_oid);
    rows[n].code = CA_ERROR_BROKEN;
    ROW("serial", serial, "8102030405060708090a0b0c0d0e0f1011121314"); /* negative but for a 21st byte */
    rows[n].code = CA_ERROR_BROKEN;
    ROW("serial", serial, "xyz");
#undef ROW
    g_assert_cmpuint(n, ==, G_N_ELEMENTS(rows));
    for (size_t i = 0; i < n; i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(ca_certificate_build(&rows[i].order, f.issuer, &error));
        assert_word(&error, (gint)rows[i].code, rows[i].word);
    }
    fixture_clear(&f);
}

static void up_to_the_issuers_end_is_allowed(void)
{
    struct fixture f;
    struct ca_order order;
    g_autoptr(GBytes) der = NULL;

    fixture_init(&f, CA_KEY_P256, CA_KEY_P256);
    order = fixture_order(&f);
    order.not_after = ca_issuer_not_after(f.issuer);
    der = ca_certificate_build(&order, f.issuer, NULL);
    g_assert_nonnull(der);
    fixture_clear(&f);
}

/* --- The linter ----------------------------------------------------------------------------------------------------------- */

static void the_linter_notices_each_field(void)
{
    const struct ca_profile other_usage = { .mail_in_san = TRUE,
                                            .key_usage = (const char *const[]){ "digitalSignature", NULL },
                                            .extended = (const char *const[]){ CA_OID_CLIENT_AUTH, NULL },
                                            .policies = (const char *const[]){ "1.3.6.1.4.1.32473.1.1", NULL } };
    const struct ca_profile more_extended = { .mail_in_san = TRUE,
        .key_usage = (const char *const[]){ "digitalSignature", "keyEncipherment", NULL },
        .extended = (const char *const[]){ CA_OID_CLIENT_AUTH, CA_OID_EMAIL_PROTECTION, NULL },
        .policies = (const char *const[]){ "1.3.6.1.4.1.32473.1.1", NULL } };
    const struct ca_profile other_policy = { .mail_in_san = TRUE,
                                             .key_usage = (const char *const[]){ "digitalSignature", "keyEncipherment", NULL },
                                             .extended = (const char *const[]){ CA_OID_CLIENT_AUTH, NULL },
                                             .policies = (const char *const[]){ "1.3.6.1.4.1.32473.1.2", NULL } };
    const struct ca_profile no_policy = { .mail_in_san = TRUE,
        .key_usage = (const char *const[]){ "digitalSignature", "keyEncipherment", NULL },
        .extended = (const char *const[]){ CA_OID_CLIENT_AUTH, NULL } };
    const struct ca_profile no_mail = { .key_usage = (const char *const[]){ "digitalSignature", "keyEncipherment", NULL },
                                        .extended = (const char *const[]){ CA_OID_CLIENT_AUTH, NULL },
                                        .policies = (const char *const[]){ "1.3.6.1.4.1.32473.1.1", NULL } };
    struct fixture f, other;
    g_autoptr(GBytes) der = NULL;
    struct row {
        const char *check;
        struct ca_order order;
    } rows[24];
    size_t n = 0;

    fixture_init(&f, CA_KEY_P256, CA_KEY_P256);
    fixture_init(&other, CA_KEY_P256, CA_KEY_P256);
    der = fixture_certificate(&f);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        rows[i] = (struct row){ NULL, fixture_order(&f) };
#define ROW(c, field, value) (rows[n].check = "lint: " c ":", rows[n].order.field = (value), n++)
    ROW("serial", serial, "0102030405060708090a0b0c0d0e0f1011121315");
    ROW("validity", not_before, FIXTURE_NOW + 1);
    ROW("validity", not_after, FIXTURE_NOW + 1000);
    ROW("subject", country, "DE");
    ROW("subject", locality, "Academy");
    ROW("subject", organization, "Kagami");
    ROW("subject", unit, NULL);
    ROW("subject", unit, "Graduate  School");
    ROW("subject", number, 43);
    ROW("subject", common_name, "Hanako");
    ROW("key", csr, other.csr);
    ROW("usage", profile, &other_usage);
    ROW("purpose", profile, &more_extended);
    ROW("policies", profile, &other_policy);
    ROW("extension-unknown", profile, &no_policy);
    ROW("extension-unknown", profile, &no_mail);
    ROW("mail", mail, "hanako@kagami.exampl");
    ROW("crl-pointer", crl_url, "http://pki.test/crl/client-1.crl");
    ROW("extension-unknown", crl_url, NULL);
    ROW("access", ocsp_url, NULL);
    ROW("access", ocsp_url, "http://pki.test/ocsp2");
    ROW("access", issuer_url, "");
#undef ROW
    for (size_t i = 0; i < n; i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(ca_certificate_lint(der, &rows[i].order, f.issuer, &error));
        if (!g_str_has_prefix(error->message, rows[i].check))
            g_error("row %u: %s expected, %s", (unsigned)i, rows[i].check, error->message);
    }
    {
        struct ca_order order = fixture_order(&f);
        g_autoptr(GError) error = NULL;
        g_assert_true(ca_certificate_lint(der, &order, f.issuer, NULL));
        g_assert_false(ca_certificate_lint(der, &order, other.issuer, &error)); /* same name, another key */
        g_assert_true(g_str_has_prefix(error->message, "lint: authority-id:"));
        g_clear_error(&error);
        g_assert_false(ca_certificate_lint(der, &order, f.root, &error));
        g_assert_true(g_str_has_prefix(error->message, "lint: issuer:"));
    }
    fixture_clear(&f);
    fixture_clear(&other);
}

static void the_linter_notices_each_byte(void)
{
    static const enum ca_key_kind kinds[] = { CA_KEY_P256, CA_KEY_P384, CA_KEY_RSA2048 };

    for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++) {
        struct fixture f;
        struct ca_order order;
        g_autoptr(GBytes) der = NULL;
        gsize n;
        const unsigned char *p;

        fixture_init(&f, kinds[k], CA_KEY_P256);
        order = fixture_order(&f);
        der = fixture_certificate(&f);
        p = g_bytes_get_data(der, &n);
        for (gsize i = 0; i < n; i++) {
            g_autofree unsigned char *changed = g_memdup2(p, n);
            g_autoptr(GBytes) bytes = NULL, shorter = g_bytes_new(p, i);
            changed[i] ^= (unsigned char)(1 << i % 8);
            bytes = g_bytes_new(changed, n);
            g_assert_false(ca_certificate_lint(bytes, &order, f.issuer, NULL));
            g_assert_false(ca_certificate_lint(shorter, &order, f.issuer, NULL));
        }
        fixture_clear(&f);
    }
}

/* --- Serial, validity ----------------------------------------------------------------------------------------------------- */

static void serials_are_20_bytes_or_19_and_positive(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    unsigned shorter = 0;

    for (int i = 0; i < 20000; i++) {
        char *serial = ca_serial_new();
        size_t n = strlen(serial);
        g_assert_true(n == 40 || n == 38);
        g_assert_cmpuint(strspn(serial, "0123456789abcdef"), ==, n);
        g_assert_false(g_str_has_prefix(serial, "00"));
        g_assert_true(n == 38 || g_ascii_xdigit_value(serial[0]) < 8);
        shorter += n == 38;
        g_assert_true(g_hash_table_add(seen, serial));
    }
    g_assert_cmpuint(shorter, >, 60); /* one in 128 has a zero in front: 156 expected */
    g_assert_cmpuint(shorter, <, 300);
}

static void validity_ends_by_calendar_in_the_services_zone(void)
{
    static const struct { const char *from, *zone; int months; const char *end; } rows[] = {
        { "2026-11-24T08:00:00Z", "Asia/Tokyo", 52, "2031-03-24T23:59:59+09:00" },
        { "2026-11-24T14:59:59Z", "Asia/Tokyo", 13, "2027-12-24T23:59:59+09:00" },
        { "2026-11-24T15:00:00Z", "Asia/Tokyo", 13, "2027-12-25T23:59:59+09:00" },
        { "2026-01-31T03:00:00Z", "Asia/Tokyo", 13, "2027-02-28T23:59:59+09:00" },
        { "2027-01-31T03:00:00Z", "Asia/Tokyo", 13, "2028-02-29T23:59:59+09:00" },
        { "2024-02-29T03:00:00Z", "Asia/Tokyo", 12, "2025-02-28T23:59:59+09:00" },
        { "2026-08-31T03:00:00Z", "Asia/Tokyo", 25, "2028-09-30T23:59:59+09:00" },
        { "2026-12-31T15:30:00Z", "Asia/Tokyo", 1, "2027-02-01T23:59:59+09:00" },
        { "2026-03-01T12:00:00Z", "Europe/Berlin", 5, "2026-08-01T23:59:59+02:00" },
        { "2026-07-01T12:00:00Z", "Europe/Berlin", 5, "2026-12-01T23:59:59+01:00" },
        { "2026-07-01T12:00:00Z", "UTC", 61, "2031-08-01T23:59:59Z" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GDateTime) from = g_date_time_new_from_iso8601(rows[i].from, NULL),
                             end = g_date_time_new_from_iso8601(rows[i].end, NULL);
        g_assert_cmpint(ca_validity_end(g_date_time_to_unix(from), rows[i].months, rows[i].zone), ==, g_date_time_to_unix(end));
    }
    g_assert_cmpint(ca_validity_end(0, 12, "Asia/Nowhere"), ==, 0);
    g_assert_cmpint(ca_validity_end(0, 0, "Asia/Tokyo"), ==, 0);
    g_assert_cmpint(ca_validity_end(0, 1201, "Asia/Tokyo"), ==, 0);
}

/* --- Authorities ---------------------------------------------------------------------------------------------------------- */

static void root_and_issuing_certificates_are_cas(void)
{
    struct fixture f;
    X509 *root, *issuing;
    g_autoptr(CaCertificateInfo) info = NULL;

    fixture_init(&f, CA_KEY_P384, CA_KEY_P256);
    root = native(f.root_certificate);
    issuing = native(f.certificate);
    assert_extension(root, NID_basic_constraints, 1, "CA:TRUE, pathlen:1");
    assert_extension(root, NID_key_usage, 1, "Certificate Sign, CRL Sign");
    g_assert_cmpint(X509_get_ext_count(root), ==, 4);
    assert_extension(issuing, NID_basic_constraints, 1, "CA:TRUE, pathlen:0");
    assert_extension(issuing, NID_certificate_policies, 0, "Policy: X509v3 Any Policy");
    assert_extension(issuing, NID_crl_distribution_points, 0, "Full Name:\n  URI:http://pki.test/crl/root.crl");
    g_assert_true(ca_certificate_issued_by(f.certificate, f.root_certificate));
    info = ca_certificate_read(g_bytes_get_data(f.root_certificate, NULL), g_bytes_get_size(f.root_certificate), NULL);
    g_assert_true(info->is_ca);
    g_assert_cmpstr(info->key, ==, "p384");
    g_assert_cmpstr(info->key_id, ==, info->issuer_key_id);
    g_assert_cmpint(ca_issuer_not_after(f.root), ==, info->not_after);
    g_assert_cmpint(ca_issuer_not_before(f.root), ==, info->not_before);
    X509_free(root);
    X509_free(issuing);
    fixture_clear(&f);
}

static void a_responder_is_delegated_for_30_days_at_most(void)
{
    struct fixture f;
    struct ca_authority what = { .serial = "0f1e2d3c4b5a69788796a5b4c3d2e1f001020304",
                                 .not_before = FIXTURE_NOW,
                                 .not_after = FIXTURE_NOW + 30 * DAY,
                                 .common_name = "Test Responder",
                                 .crl_url = "http://no/" };
    g_autoptr(GBytes) der = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(CaSigningKey) key = NULL;
    g_autoptr(CaIssuer) responder = NULL;
    struct ca_order order;
    X509 *x;

    fixture_init(&f, CA_KEY_P256, CA_KEY_P256);
    der = ca_responder_build(&what, f.csr, f.issuer, &error);
    g_assert_no_error(error);
    x = native(der);
    assert_extension(x, NID_key_usage, 1, "Digital Signature");
    assert_extension(x, NID_ext_key_usage, 0, "OCSP Signing");
    assert_extension(x, NID_id_pkix_OCSP_noCheck, 0, "");
    g_assert_cmpint(X509_get_ext_by_NID(x, NID_crl_distribution_points, -1), ==, -1);
    what.not_after++;
    g_assert_null(ca_responder_build(&what, f.csr, f.issuer, &error));
    assert_word(&error, CA_ERROR_REFUSED, "validity");
    what.not_before = ca_issuer_not_after(f.issuer) - DAY;
    what.not_after = ca_issuer_not_after(f.issuer) + 1;
    g_assert_null(ca_responder_build(&what, f.csr, f.issuer, &error));
    assert_word(&error, CA_ERROR_REFUSED, "issuer-end");
    /* It signs answers and nothing else; and a CA's certificate is no responder's. */
    key = ca_signing_key_from(f.person, NULL);
    responder = ca_issuer_new_responder(der, key, &error);
    g_assert_no_error(error);
    order = fixture_order(&f);
    g_assert_null(ca_certificate_build(&order, responder, &error));
    assert_word(&error, CA_ERROR_BROKEN, "issuer");
    g_assert_null(ca_issuer_new(der, key, &error));
    assert_word(&error, CA_ERROR_BROKEN, "issuer");
    g_assert_null(ca_issuer_new_responder(f.certificate, f.key, &error));
    assert_word(&error, CA_ERROR_BROKEN, "issuer");
    X509_free(x);
    fixture_clear(&f);
}

static void an_issuer_needs_its_own_key(void)
{
    struct fixture f;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) nothing = g_bytes_new("nothing", 7);

    fixture_init(&f, CA_KEY_P256, CA_KEY_P256);
    g_assert_null(ca_issuer_new(f.certificate, f.root_key, &error));
    assert_word(&error, CA_ERROR_BROKEN, "issuer");
    g_assert_null(ca_issuer_new(nothing, f.key, &error));
    assert_word(&error, CA_ERROR_BROKEN, "issuer");
    fixture_clear(&f);
}

/* --- Reading -------------------------------------------------------------------------------------------------------------- */

static void pem_is_read_as_der_is(void)
{
    struct fixture f;
    g_autoptr(GBytes) der = NULL;
    g_autoptr(GPtrArray) chain = g_ptr_array_new();
    g_autofree char *pem = NULL, *both = NULL, *second = NULL;
    g_autoptr(CaCertificateInfo) info = NULL;

    fixture_init(&f, CA_KEY_P256, CA_KEY_P256);
    der = fixture_certificate(&f);
    pem = ca_certificate_pem(der);
    info = ca_certificate_read(pem, strlen(pem), NULL);
    g_assert_true(g_bytes_equal(info->der, der));
    g_assert_cmpuint(strlen(info->fingerprint), ==, 64);
    g_assert_cmpuint(strlen(info->fingerprint_sha1), ==, 40);
    g_assert_true(crypto_equal(info->spki_sha256, f.csr->spki_sha256));
    g_ptr_array_add(chain, der);
    g_ptr_array_add(chain, f.certificate);
    both = ca_chain_pem(chain);
    second = ca_certificate_pem(f.certificate);
    g_assert_true(g_str_has_prefix(both, pem));
    g_assert_true(g_str_has_suffix(both, second));
    fixture_clear(&f);
}

static void what_is_no_certificate_is_refused(void)
{
    static const char *const texts[] = { "", "x", "0", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n" };
    struct fixture f;
    g_autoptr(GError) error = NULL;
    g_autofree char *big = g_malloc0(70000);

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_assert_null(ca_certificate_read(texts[i], strlen(texts[i]), &error));
        assert_word(&error, CA_ERROR_INPUT, "certificate-form");
    }
    g_assert_null(ca_certificate_read(big, 70000, &error));
    assert_word(&error, CA_ERROR_INPUT, "certificate-form");
    fixture_init(&f, CA_KEY_P256, CA_KEY_P256);
    for (gsize i = 0, n = g_bytes_get_size(f.certificate); i < n; i++)
        g_assert_null(ca_certificate_read(g_bytes_get_data(f.certificate, NULL), i, NULL));
    fixture_clear(&f);
}

static const struct unit_test tests[] = {
    { "/certificate/a client certificate says what was ordered", a_client_certificate_says_what_was_ordered },
    { "/certificate/every pair of key kinds gives a valid chain", every_pair_of_key_kinds_gives_a_valid_chain },
    { "/certificate/an EC key agrees instead of enciphering", an_ec_key_agrees_instead_of_enciphering },
    { "/certificate/an S-MIME subject can be the address alone", an_smime_subject_can_be_the_address_alone },
    { "/certificate/optional parts can be left out", optional_parts_can_be_left_out },
    { "/certificate/dates change form in 2050", dates_change_form_in_2050 },
    { "/certificate/what rules forbid is refused with the rule", what_rules_forbid_is_refused_with_the_rule },
    { "/certificate/up to the issuer's end is allowed", up_to_the_issuers_end_is_allowed },
    { "/lint/the linter notices each field", the_linter_notices_each_field },
    { "/lint/the linter notices each byte", the_linter_notices_each_byte },
    { "/serial/serials are 20 bytes or 19, and positive", serials_are_20_bytes_or_19_and_positive },
    { "/validity/validity ends by calendar in the service's zone", validity_ends_by_calendar_in_the_services_zone },
    { "/authority/root and issuing certificates are CAs", root_and_issuing_certificates_are_cas },
    { "/authority/a responder is delegated for 30 days at most", a_responder_is_delegated_for_30_days_at_most },
    { "/authority/an issuer needs its own key", an_issuer_needs_its_own_key },
    { "/read/PEM is read as DER is", pem_is_read_as_der_is },
    { "/read/what is no certificate is refused", what_is_no_certificate_is_refused },
};

int main(int argc, char **argv)
{
    return run_tests(argc, argv, tests, G_N_ELEMENTS(tests), NULL, NULL);
}
