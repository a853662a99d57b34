/* The end of a validity: the database's validity_end and the library's ca_validity_end against a reckoning of our own, which
   knows nothing but the length of months. */
#include "ca/certificate.h"
#include "tests/integration/cluster.h"

#include <string.h>

static Cluster *cluster;

static const char *const zones[] = { "Asia/Tokyo", "UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland", "Asia/Kathmandu" };

static const struct {
    const char *zone, *from; /* with the zone's or another offset */
    int months;
    const char *end;
} cases[] = {
    { "Asia/Tokyo", "2027-01-31 10:00:00+09", 13, "2028-02-29 23:59:59+09" }, /* a leap year's last of February */
    { "Asia/Tokyo", "2026-01-31 10:00:00+09", 13, "2027-02-28 23:59:59+09" },
    { "Asia/Tokyo", "2026-12-31 23:59:59+09", 25, "2029-01-31 23:59:59+09" },
    { "Asia/Tokyo", "2026-11-24 00:00:00+09", 52, "2031-03-24 23:59:59+09" },
    { "Asia/Tokyo", "2026-11-24 23:30:00Z", 52, "2031-03-25 23:59:59+09" }, /* the day is the service's, not UTC's */
    { "Asia/Tokyo", "2024-02-29 12:00:00+09", 13, "2025-03-29 23:59:59+09" },
    { "Asia/Tokyo", "2026-10-31 12:00:00+09", 13, "2027-11-30 23:59:59+09" },
    { "Asia/Tokyo", "2024-10-31 12:00:00+09", 52, "2029-02-28 23:59:59+09" },
    { "Europe/Berlin", "2026-06-15 12:00:00+02", 25, "2028-07-15 23:59:59+02" }, /* summer to summer */
    { "Europe/Berlin", "2026-06-15 12:00:00+02", 13, "2027-07-15 23:59:59+02" },
    { "Europe/Berlin", "2026-11-15 12:00:00+01", 52, "2031-03-15 23:59:59+01" },
    { "America/New_York", "2026-03-01 23:30:00-05", 13, "2027-04-01 23:59:59-04" }, /* winter to summer time */
};

static void zone_is(const char *zone) {
    g_autofree char *sql = g_strdup_printf("update service set time_zone = '%s'", zone);

    cluster_do(cluster, sql);
}

static gint64 by_database(const char *from, int months) {
    g_autofree char *sql = g_strdup_printf("select extract(epoch from validity_end('%s', %d))::bigint", from, months);

    return cluster_int(cluster, sql);
}

static gint64 epoch(const char *text) {
    g_autofree char *sql = g_strdup_printf("select extract(epoch from '%s'::timestamptz)::bigint", text);

    return cluster_int(cluster, sql);
}

static void named_days(void) {
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        gint64 wanted = epoch(cases[i].end);

        zone_is(cases[i].zone);
        g_test_message("%s + %d in %s", cases[i].from, cases[i].months, cases[i].zone);
        g_assert_cmpint(by_database(cases[i].from, cases[i].months), ==, wanted);
        g_assert_cmpint(ca_validity_end(epoch(cases[i].from), cases[i].months, cases[i].zone), ==, wanted);
    }
}

static int days_of(int year, int month) {
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    gboolean leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : days[month - 1];
}

/* The same day of the month so many months on, or that month's last, 23:59:59 there. */
static gint64 by_hand(gint64 from, int months, const char *zone) {
    g_autoptr(GTimeZone) tz = g_time_zone_new_identifier(zone);
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(from);
    g_autoptr(GDateTime) here = g_date_time_to_timezone(utc, tz);
    int n = g_date_time_get_year(here) * 12 + g_date_time_get_month(here) - 1 + months;
    int day = MIN(g_date_time_get_day_of_month(here), days_of(n / 12, n % 12 + 1));
    g_autoptr(GDateTime) end = g_date_time_new(tz, n / 12, n % 12 + 1, day, 23, 59, 59);

    return g_date_time_to_unix(end);
}

static void any_days(gconstpointer data) {
    const char *zone = data;

    zone_is(zone);
    for (int i = 0; i < 300; i++) {
        /* From 2020 to 2060; the database is asked for what the program stores, whole seconds. */
        gint64 from = G_GINT64_CONSTANT(1577836800) + g_test_rand_int_range(0, 1262304000);
        int months = g_test_rand_int_range(1, 121);
        g_autofree char *text = g_strdup_printf("epoch'::timestamptz + interval '%" G_GINT64_FORMAT " s", from);
        gint64 wanted = by_hand(from, months, zone);

        g_test_message("%" G_GINT64_FORMAT " + %d months", from, months);
        g_assert_cmpint(by_database(text, months), ==, wanted);
        g_assert_cmpint(ca_validity_end(from, months, zone), ==, wanted);
    }
}

/* What holds for every day, whatever the reckoning: later days never end earlier, and the end is the last second of a day. */
static void order_is_kept(void) {
    g_autofree char *wrong = NULL;

    zone_is("Asia/Tokyo");
    wrong = cluster_text(
        cluster,
        "select string_agg(d::text || '+' || m, ' ') from generate_series('2026-01-01'::timestamptz, '2032-12-31', '11 hours') d,"
        " unnest('{13,25,52}'::int[]) m where validity_end(d, m) > validity_end(d + interval '11 hours', m)"
        " or (validity_end(d, m) at time zone 'Asia/Tokyo')::time <> '23:59:59'"
        " or validity_end(d, m) - d > make_interval(days => 31 * m)"
        " or validity_end(d, m) < d + make_interval(days => 28 * m)");
    g_assert_cmpstr(wrong, ==, NULL);
}

static void a_request_s_days(void) {
    gint64 person = cluster_person(cluster, cluster_institution(cluster, "Kagami University", "kagami.example", "https://idp"), "hanako");
    g_autofree char *days = NULL;

    zone_is("Asia/Tokyo");
    cluster_request(cluster, person, "client", 52);
    days = cluster_text(cluster,
                        "select (not_before = date_trunc('second', applied_at)) || ' ' || (cycle_at = not_before) || ' ' ||"
                        " (not_after = validity_end(applied_at, 52)) || ' ' || (cycle_end = not_after) from request");
    g_assert_cmpstr(days, ==, "true true true true");
}

static void nonsense_is_zero(void) {
    g_assert_cmpint(ca_validity_end(1795508141, 52, "Nowhere/Town"), ==, 0);
    g_assert_cmpint(ca_validity_end(1795508141, 0, "Asia/Tokyo"), ==, 0);
    g_assert_cmpint(ca_validity_end(1795508141, -1, "Asia/Tokyo"), ==, 0);
    g_assert_cmpint(ca_validity_end(1795508141, 1201, "Asia/Tokyo"), ==, 0);
}

/* Days whose last second is there twice, since clocks go back at midnight (Cairo in October, Nuuk before 2023), and every other day of
   33 years: the signer refuses where the database and the library do not say the same. */
static void midnights(void) {
    static const char *const changing[] = { "Africa/Cairo", "America/Nuuk", "America/Santiago" };

    for (size_t i = 0; i < G_N_ELEMENTS(changing); i++) {
        g_autofree char *sql = g_strdup_printf(
            "select string_agg(extract(epoch from f)::bigint || '=' || extract(epoch from validity_end(f, 1))::bigint, ' ')"
            " from (select (d + time '12:00') at time zone '%s' f from generate_series('2024-01-01'::timestamp, '2056-12-31', '1 day') d) x",
            changing[i]);
        g_autofree char *text = NULL;
        zone_is(changing[i]);
        text = cluster_text(cluster, sql);
        g_auto(GStrv) days = g_strsplit(text, " ", -1);
        for (char **day = days; *day; day++) {
            gint64 from = g_ascii_strtoll(*day, NULL, 10), to = g_ascii_strtoll(strchr(*day, '=') + 1, NULL, 10);
            if (ca_validity_end(from, 1, changing[i]) != to)
                g_error("%s in %s: the library says %" G_GINT64_FORMAT, *day, changing[i], ca_validity_end(from, 1, changing[i]));
        }
        g_assert_cmpuint(g_strv_length(days), ==, 12054);
    }
}

int main(int argc, char **argv) {
    int status;

    g_test_init(&argc, &argv, NULL);
    cluster = cluster_new();
    cluster_base(cluster);
    g_test_add_func("/calendar/midnights that are there twice", midnights);
    g_test_add_func("/calendar/named days end where people expect", named_days);
    for (size_t i = 0; i < G_N_ELEMENTS(zones); i++) {
        g_autofree char *path = g_strdup_printf("/calendar/any day ends as reckoned by hand, in %s", zones[i]);
        g_strdelimit(path + strlen("/calendar/"), "/", ' ');
        g_test_add_data_func(path, zones[i], any_days);
    }
    g_test_add_func("/calendar/later days never end earlier, and an end is a day's last second", order_is_kept);
    g_test_add_func("/calendar/a request begins at its application and ends by its months", a_request_s_days);
    g_test_add_func("/calendar/an unknown zone or number of months has no end", nonsense_is_zero);
    status = g_test_run();
    cluster_free(cluster);
    return status;
}
