/*
 * The helpdesk's first pages, as db/officer.c asks for them, of random persons and certificates:
 *
 *     helpdesk RUNS PERSONS CONNINFO   ->   a line for each kind of search: NAME MEDIAN_US WORST_US ROWS
 */
#include "db/officer.h"
#include "db/statistics.h"

#include <stdio.h>
#include <stdlib.h>

#define PAGE 21 /* one more than is shown */
#define WARM 20 /* runs that do not count: plans are made, pages of the tables come in */

static gint64 person_count, now;

static gint64
anybody(void)
{
    return 1 + (gint64)(g_random_double() * (double)person_count);
}

static GPtrArray *
people(Db *db, const char *before, gint64 n, const char *after, GError **error)
{
    g_autofree char *text = g_strdup_printf("%s%" G_GINT64_FORMAT "%s", before, n, after);
    return db_officer_people(db, 1, text, "", 0, PAGE, error);
}

static GPtrArray *by_common_name(Db *db, GError **error) { return db_officer_people(db, 1, "person", "", 0, PAGE, error); }
static GPtrArray *by_name(Db *db, GError **error) { return people(db, "", anybody(), " Person", error); }
static GPtrArray *by_mail(Db *db, GError **error) { return people(db, "p", anybody(), "@kagami.example", error); }
static GPtrArray *by_nothing(Db *db, GError **error) { return people(db, "nobody", anybody(), "", error); }

static GPtrArray *
of_everywhere(Db *db, GError **error)
{
    return db_officer_people(db, 0, "person", "", 0, PAGE, error);
}

static GPtrArray *
by_hint(Db *db, gboolean serial, int fingerprint, gboolean number, const char *memo, GError **error)
{
    gint64 n = anybody() * 10;
    g_autofree char *decimal = g_strdup_printf("%" G_GINT64_FORMAT, n);
    g_autofree char *md5 = g_compute_checksum_for_string(G_CHECKSUM_MD5, decimal, -1);
    g_autofree char *hex = g_strconcat("01", md5, "000000", NULL);
    g_autofree char *sha256 = g_compute_checksum_for_string(G_CHECKSUM_SHA256, decimal, -1);
    g_autofree char *first = g_strndup(sha256, 40); /* filled so: no sha1() there, and any 20 bytes cost the same */
    const char *const serials[] = { serial ? hex : NULL, NULL };
    const struct db_desk_hint hint = { .number = number ? n : 0, .serials = serials, .fingerprint = fingerprint == 256 ? sha256 : NULL,
                                       .sha1 = fingerprint == 1 ? first : NULL, .memo = memo };
    return db_officer_hits(db, 1, &hint, PAGE, error);
}

static GPtrArray *by_number(Db *db, GError **error) { return by_hint(db, FALSE, 0, TRUE, NULL, error); }
static GPtrArray *by_serial(Db *db, GError **error) { return by_hint(db, TRUE, 0, FALSE, NULL, error); }
static GPtrArray *by_fingerprint(Db *db, GError **error) { return by_hint(db, FALSE, 256, FALSE, NULL, error); }
static GPtrArray *by_sha1(Db *db, GError **error) { return by_hint(db, FALSE, 1, FALSE, NULL, error); }
static GPtrArray *by_memo(Db *db, GError **error) { return by_hint(db, FALSE, 0, FALSE, "lap", error); }

static GPtrArray *
list(Db *db, gint64 institution, const char *state, const char *type, const char *text, gboolean ends, GError **error)
{
    const struct db_desk_filter filter = { .state = state, .type = type, .text = text, .from = ends ? now : 0,
                                           .until = ends ? now + 28 * 86400 : 0, .rising = ends };
    return db_officer_list(db, institution, &filter, PAGE, error);
}

static GPtrArray *by_state(Db *db, GError **error) { return list(db, 1, "revoked", NULL, NULL, FALSE, error); }
static GPtrArray *by_type(Db *db, GError **error) { return list(db, 1, NULL, "client", NULL, FALSE, error); }
static GPtrArray *by_end(Db *db, GError **error) { return list(db, 1, "collected", NULL, NULL, TRUE, error); }
static GPtrArray *by_all(Db *db, GError **error) { return list(db, 1, "collected", "client", "person 1", FALSE, error); }
static GPtrArray *everything(Db *db, GError **error) { return list(db, 0, NULL, NULL, NULL, FALSE, error); }
static GPtrArray *attention(Db *db, GError **error) { return db_officer_attention(db, 1, now, 6, error); }

/* Numbers of 36 months and the year to come; the figures on top of the page. */
static GPtrArray *
statistics(Db *db, gint64 institution, GError **error)
{
    g_autoptr(GDateTime) today = g_date_time_new_from_unix_utc(now);
    gint64 active, soon, month = (gint64)g_date_time_get_year(today) * 12 + g_date_time_get_month(today) - 1;
    if (!db_statistics_now(db, institution, now, 28, &active, &soon, error))
        return NULL;
    return db_statistics_months(db, institution, month - 35, month + 12, error);
}

static GPtrArray *counted(Db *db, GError **error) { return statistics(db, 1, error); }
static GPtrArray *counted_everywhere(Db *db, GError **error) { return statistics(db, 0, error); }

static const struct { const char *name; GPtrArray *(*ask)(Db *, GError **); } kinds[] = {
    { "name,-everybody-has-it", by_common_name }, { "name", by_name },           { "name,-all-institutions", of_everywhere },
    { "mail", by_mail },                          { "nobody", by_nothing },      { "request-number", by_number },
    { "serial", by_serial },                      { "fingerprint", by_fingerprint }, { "SHA-1", by_sha1 },
    { "memo,-everybody-has-it", by_memo },
    { "state", by_state },                        { "type", by_type },           { "state-and-end", by_end },
    { "name,-state,-type", by_all },              { "no-filter,-all-institutions", everything }, { "needs-attention", attention },
    { "statistics", counted }, { "statistics,-all-institutions", counted_everywhere },
};

static int
by_size(gconstpointer a, gconstpointer b)
{
    gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;
    return (x > y) - (x < y);
}

static guint
once(Db *db, gsize kind, GArray *times)
{
    g_autoptr(GError) error = NULL;
    gint64 began = g_get_monotonic_time();
    g_autoptr(GPtrArray) rows = kinds[kind].ask(db, &error);
    gint64 took = g_get_monotonic_time() - began;
    if (rows == NULL) {
        fprintf(stderr, "helpdesk: %s: %s\n", kinds[kind].name, error->message);
        exit(1);
    }
    if (times != NULL)
        g_array_append_val(times, took);
    return rows->len;
}

int
main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "%s RUNS PERSONS CONNINFO\n", argv[0]);
        return 2;
    }
    int runs = (int)g_ascii_strtoll(argv[1], NULL, 10);
    person_count = g_ascii_strtoll(argv[2], NULL, 10);
    now = g_get_real_time() / G_USEC_PER_SEC;
    g_autoptr(Db) db = db_new(argv[3]);
    for (gsize kind = 0; kind < G_N_ELEMENTS(kinds); kind++) {
        g_autoptr(GArray) times = g_array_new(FALSE, FALSE, sizeof(gint64));
        guint rows = 0;
        for (int n = 0; n < WARM; n++)
            (void)once(db, kind, NULL);
        for (int n = 0; n < runs; n++)
            rows = once(db, kind, times);
        g_array_sort(times, by_size);
        printf("%s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %u\n", kinds[kind].name, g_array_index(times, gint64, times->len / 2),
               g_array_index(times, gint64, times->len - 1), rows);
    }
    return 0;
}
