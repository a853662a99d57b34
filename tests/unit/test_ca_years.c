/*
 * Certificates over all the years that a CA of today sees, and with names as people have them: whatever day, number of months,
 * zone or name is drawn, either a certificate comes that says exactly that, or a refusal that says why.
 */
#include <openssl/x509.h>
#include <string.h>

#include "ca/certificate.h"
#include "tests/unit/ca_fixture.h"
#include "tests/unit/run.h"

static struct fixture f;

static X509 *native(GBytes *der)
{
    gsize n;
    const unsigned char *p = g_bytes_get_data(der, &n);
    X509 *x = d2i_X509(NULL, &p, (long)n);

    g_assert_nonnull(x);
    return x;
}

/* The root lives until 2099 here, so that the years are the certificates' own. */
static void prepare(void)
{
    struct ca_authority what = { .serial = "5c01", .common_name = "Long Root", .path_length = 1 };
    g_autoptr(GDateTime) from = g_date_time_new_utc(2024, 1, 1, 0, 0, 0), to = g_date_time_new_utc(2099, 12, 31, 23, 59, 59);

    fixture_init(&f, CA_KEY_P256, CA_KEY_P256);
    what.not_before = g_date_time_to_unix(from) - DAY;
    what.not_after = g_date_time_to_unix(to);
    ca_issuer_free(f.root);
    g_bytes_unref(f.root_certificate);
    f.root_certificate = ca_root_build(&what, f.root_key, NULL);
    f.root = ca_issuer_new(f.root_certificate, f.root_key, NULL);
    g_assert_nonnull(f.root);
}

static void clear(void)
{
    fixture_clear(&f);
}

/* --- Days ----------------------------------------------------------------------------------------------------------------- */

static const char *const zones[] = { "Asia/Tokyo", "Europe/Berlin", "America/New_York", "Pacific/Auckland", "Asia/Kathmandu", "UTC" };
static const int months[] = { 1, 13, 25, 52, 61, 120 };

/* Our own reckoning, by GDate alone: that day so many months on, or the last of its month. */
static void day_after(const GDate *day, int n, GDate *end)
{
    int month = g_date_get_year(day) * 12 + (int)g_date_get_month(day) - 1 + n;
    GDateYear y = (GDateYear)(month / 12);
    GDateMonth m = (GDateMonth)(month % 12 + 1);

    g_date_clear(end, 1);
    g_date_set_dmy(end, (GDateDay)MIN(g_date_get_day(day), g_date_get_days_in_month(m, y)), m, y);
}

static gint64 moment(const GDate *day, int hour, int minute, int second, const char *zone)
{
    g_autoptr(GTimeZone) tz = g_time_zone_new_identifier(zone);
    g_autoptr(GDateTime) at = g_date_time_new(tz, g_date_get_year(day), (int)g_date_get_month(day), g_date_get_day(day), hour, minute, second);

    return g_date_time_to_unix(at);
}

static void assert_time(const ASN1_TIME *time, gint64 want)
{
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(want);
    gboolean late = g_date_time_get_year(utc) >= 2050;
    g_autofree char *text = g_date_time_format(utc, late ? "%Y%m%d%H%M%SZ" : "%y%m%d%H%M%SZ");

    g_assert_cmpint(ASN1_STRING_type(time), ==, late ? V_ASN1_GENERALIZEDTIME : V_ASN1_UTCTIME);
    g_assert_cmpstr((const char *)ASN1_STRING_get0_data(time), ==, text);
}

/* Every day of 33 years, at a second that is drawn: the end is by calendar in the zone, and every fourteenth gets its certificate. */
static void every_day_from_2024_to_2056_ends_by_calendar(void)
{
    GDate day, last, end;
    guint n = 0;

    g_date_clear(&day, 1);
    g_date_clear(&last, 1);
    g_date_set_dmy(&day, 1, G_DATE_JANUARY, 2024);
    g_date_set_dmy(&last, 31, G_DATE_DECEMBER, 2056);
    for (; g_date_compare(&day, &last) <= 0; g_date_add_days(&day, 1), n++) {
        const char *zone = zones[n % G_N_ELEMENTS(zones)];
        int length = months[g_test_rand_int_range(0, G_N_ELEMENTS(months))];
        gint64 from = moment(&day, g_test_rand_int_range(4, 24), g_test_rand_int_range(0, 60), g_test_rand_int_range(0, 60), zone);
        gint64 to = ca_validity_end(from, length, zone);
        struct ca_order order = fixture_order(&f);
        g_autoptr(GBytes) der = NULL;
        X509 *x;

        day_after(&day, length, &end);
        g_assert_cmpint(to, ==, moment(&end, 23, 59, 59, zone));
        if (n % 14 != 0)
            continue;
        order.not_before = from;
        order.not_after = to;
        der = ca_certificate_build(&order, f.root, NULL);
        x = native(der);
        assert_time(X509_get0_notBefore(x), from);
        assert_time(X509_get0_notAfter(x), to);
        X509_free(x);
    }
    g_assert_cmpuint(n, ==, 12054);
}

/* Whatever is drawn around the end of the issuer: no certificate is good for a second longer, and none that may be is refused. */
static void no_certificate_ends_after_its_issuer(void)
{
    gint64 end = ca_issuer_not_after(f.issuer);

    for (int i = 0; i < 2000; i++) {
        gint32 reach = i % 2 ? 3 : 80 * 86400;
        struct ca_order order = fixture_order(&f);
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) der = NULL;

        order.not_after = end + g_test_rand_int_range(-reach, reach);
        der = ca_certificate_build(&order, f.issuer, &error);
        g_assert_cmpint(der != NULL, ==, order.not_after <= end);
        if (!der)
            assert_word(&error, CA_ERROR_REFUSED, "issuer-end");
    }
}

/* --- Names ---------------------------------------------------------------------------------------------------------------- */

/* Ranges of characters; the last is of those that must not stand in a name. */
static const struct range {
    gunichar from, to;
} ranges[] = {
    { ' ', '~' }, { 0x4e00, 0x9fff }, { 0x3041, 0x3096 }, { 0x1f600, 0x1f64f }, { 0x0621, 0x064a }, { 0x05d0, 0x05ea }, { 0x0300, 0x036f },
    { 0xac00, 0xd7a3 }, { 0x200b, 0x200d }, { 0xff61, 0xff9f }, { 0x20000, 0x2a6d6 }, { 0xe000, 0xf8ff },
    { 0x0000, 0x001f }, { 0x007f, 0x009f }, { 0x2028, 0x202e }, { 0x2066, 0x2069 }, { 0x200e, 0x200f },
};

static gboolean is_bad(gunichar c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x200e || c == 0x200f || c == 0x061c || (c >= 0x2028 && c <= 0x202e)
           || (c >= 0x2066 && c <= 0x2069);
}

/* *GOOD: it can stand in a certificate. One in ten has bytes that are no UTF-8. */
static char *draw_name(gboolean *good)
{
    g_autoptr(GString) text = g_string_new(NULL);
    int n = g_test_rand_int_range(0, 5) ? g_test_rand_int_range(1, 30) : g_test_rand_int_range(60, 70);
    gboolean tame = g_test_rand_int_range(0, 4) != 0;

    *good = n <= 64;
    for (int i = 0; i < n; i++) {
        const struct range *r = &ranges[g_test_rand_int_range(0, tame ? 12 : (gint32)G_N_ELEMENTS(ranges))];
        gunichar c = (gunichar)g_test_rand_int_range((gint32)r->from, (gint32)r->to + 1);
        if (c == 0)
            c = 1;
        g_string_append_unichar(text, c);
        *good = *good && !is_bad(c);
    }
    if (g_test_rand_int_range(0, 10) == 0) {
        g_string_insert_c(text, g_test_rand_int_range(0, 2) ? 0 : -1, (char)g_test_rand_int_range(0xf8, 0x100));
        *good = FALSE;
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static char *attribute(X509 *x, int nid, int which)
{
    const X509_NAME *name = X509_get_subject_name(x);
    int at = -1;

    for (int i = 0; i <= which; i++)
        at = X509_NAME_get_index_by_NID(name, nid, at);
    const ASN1_STRING *value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
    g_assert_cmpint(ASN1_STRING_type(value), ==, V_ASN1_UTF8STRING);
    return g_strndup((const char *)ASN1_STRING_get0_data(value), (gsize)ASN1_STRING_length(value));
}

static void any_name_is_written_as_it_is_or_refused(void)
{
    unsigned refused = 0, made = 0;

    for (int i = 0; i < 2000; i++) {
        gboolean good[3];
        g_autofree char *name = draw_name(&good[0]), *unit = draw_name(&good[1]), *organization = draw_name(&good[2]);
        struct ca_order order = fixture_order(&f);
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) der = NULL;

        order.common_name = name;
        order.unit = i % 2 ? unit : NULL;
        order.organization = i % 3 ? organization : order.organization;
        der = ca_certificate_build(&order, f.issuer, &error);
        g_assert_cmpint(der != NULL, ==, good[0] && (good[1] || i % 2 == 0) && (good[2] || i % 3 == 0));
        if (der) {
            X509 *x = native(der);
            g_autofree char *cn = attribute(x, NID_commonName, 0), *o = attribute(x, NID_organizationName, 0);
            g_autofree char *ou = attribute(x, NID_organizationalUnitName, 0);
            g_assert_cmpstr(cn, ==, name);
            g_assert_cmpstr(o, ==, order.organization);
            g_assert_cmpstr(ou, ==, order.unit ? unit : "No 42");
            g_assert_cmpint(X509_NAME_entry_count(X509_get_subject_name(x)), ==, order.unit ? 6 : 5);
            X509_free(x);
            made++;
        } else {
            assert_word(&error, CA_ERROR_REFUSED, "subject");
            refused++;
        }
    }
    g_assert_cmpuint(made, >, 200);
    g_assert_cmpuint(refused, >, 200);
}

/* Any bytes that are no mailbox are refused; what is one stands in the certificate. */
static void any_address_is_written_as_it_is_or_refused(void)
{
    static const char letters[] = "abcABC019.@ -_+\"<>\\,;:()[]\t\x01\x7f";
    unsigned made = 0;

    for (int i = 0; i < 8000; i++) {
        struct ca_order order = fixture_order(&f);
        g_autoptr(GString) text = g_string_new(NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) der = NULL;
        g_autoptr(CaCertificateInfo) info = NULL;
        int n = g_test_rand_int_range(0, 12), tame = g_test_rand_int_range(0, 2) ? 11 : (int)sizeof letters - 1;

        for (int k = 0; k < n; k++)
            g_string_append_c(text, letters[g_test_rand_int_range(0, tame)]);
        order.mail = text->str;
        der = ca_certificate_build(&order, f.issuer, &error);
        if (!der) {
            assert_word(&error, CA_ERROR_REFUSED, "mail");
            continue;
        }
        made++;
        info = ca_certificate_read(g_bytes_get_data(der, NULL), g_bytes_get_size(der), NULL);
        g_assert_cmpstr(info->mail, ==, text->str);
        g_assert_true(g_regex_match_simple("^[a-zA-Z0-9_+-]+([.][a-zA-Z0-9_+-]+)*@[a-zA-Z0-9_+-]+([.][a-zA-Z0-9_+-]+)*$", text->str,
                                           G_REGEX_DOLLAR_ENDONLY, 0));
    }
    g_assert_cmpuint(made, >, 15);
}

static const struct unit_test tests[] = {
    { "/years/every day from 2024 to 2056 ends by calendar", every_day_from_2024_to_2056_ends_by_calendar },
    { "/years/no certificate ends after its issuer", no_certificate_ends_after_its_issuer },
    { "/names/any name is written as it is or refused", any_name_is_written_as_it_is_or_refused },
    { "/names/any address is written as it is or refused", any_address_is_written_as_it_is_or_refused },
};

int main(int argc, char **argv)
{
    return run_tests(argc, argv, tests, G_N_ELEMENTS(tests), prepare, clear);
}
