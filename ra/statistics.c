#include "ra/statistics.h"

#include <string.h>

#include "db/statistics.h"
#include "ra/error.h"

#define FOLD 5000   /* steps in one transaction */
#define SOON_DAYS 28
#define APRIL 3
#define AHEAD 12    /* months for which is said what ends in them */

const char *const ra_statistic_words[RA_STATISTICS] = { "applied", "collected", "renewed", "revoked", "replaced", "active" };
static const char *const types[RA_TYPES] = { "client", "smime" };

/* --- months ------------------------------------------------------------------------------------------------------------- */

gint64
ra_month_of(gint64 at, GTimeZone *zone)
{
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(at), here = g_date_time_to_timezone(utc, zone);
    return (gint64)g_date_time_get_year(here) * 12 + g_date_time_get_month(here) - 1;
}

gint64
ra_month_begins(gint64 month, GTimeZone *zone)
{
    g_autoptr(GDateTime) first = g_date_time_new(zone, (gint)(month / 12), (gint)(month % 12) + 1, 1, 0, 0, 0);
    return g_date_time_to_unix(first);
}

gint64
ra_fiscal_year(gint64 now, GTimeZone *zone)
{
    return (ra_month_of(now, zone) - APRIL) / 12;
}

gboolean
ra_months_read(const char *word, gint64 now, GTimeZone *zone, struct ra_months *range)
{
    static const char *const lengths[] = { "12", "24", "36" };
    gint64 after = ra_month_of(now, zone) + 1;
    guint64 year;
    *range = (struct ra_months){ after - 12, after };
    for (gsize i = 0; i < G_N_ELEMENTS(lengths); i++)
        if (strcmp(word, lengths[i]) == 0) {
            range->from = after - 12 * ((gint64)i + 1);
            return TRUE;
        }
    if (!g_str_has_prefix(word, "fy") ||
        !g_ascii_string_to_unsigned(word + 2, 10, 2000, (guint64)ra_fiscal_year(now, zone), &year, NULL))
        return FALSE;
    range->from = (gint64)year * 12 + APRIL;
    range->until = MIN(range->from + 12, after);
    return TRUE;
}

/* --- numbers --------------------------------------------------------------------------------------------------------------- */

void
ra_statistics_free(RaStatistics *statistics)
{
    if (!statistics)
        return;
    g_array_unref(statistics->months);
    g_array_unref(statistics->ending);
    g_free(statistics);
}

/* A type or a number that this program does not know is left out. */
static void
enter(struct ra_month *month, const DbCount *count)
{
    for (int what = 0; what < RA_STATISTICS; what++)
        for (int type = 0; type < RA_TYPES; type++)
            if (strcmp(count->what, ra_statistic_words[what]) == 0 && strcmp(count->type, types[type]) == 0)
                month->n[what][type] += count->n;
}

static GArray *
months_of(const GPtrArray *counts, gint64 from, gint64 until)
{
    GArray *months = g_array_new(FALSE, TRUE, sizeof(struct ra_month));
    g_array_set_size(months, (guint)(until - from));
    for (guint i = 0; i < months->len; i++)
        g_array_index(months, struct ra_month, i).month = from + i;
    for (guint i = 0; i < counts->len; i++) {
        const DbCount *count = counts->pdata[i];
        if (count->month >= from && count->month < until)
            enter(&g_array_index(months, struct ra_month, count->month - from), count);
    }
    return months;
}

static gint64
scope(const RaOfficer *officer, gint64 institution)
{
    return officer->institution ? officer->institution : institution;
}

RaStatistics *
ra_statistics_read(RaContext *ctx, const RaOfficer *officer, gint64 institution, const struct ra_months *range, gint64 now,
                   GError **error)
{
    gint64 which = scope(officer, institution), month = ra_month_of(now, ctx->zone), active, soon;
    g_autoptr(GPtrArray) counts = db_statistics_months(ctx->db, which, MIN(range->from, month), month + AHEAD, error);
    if (!counts || !db_statistics_now(ctx->db, which, now, SOON_DAYS, &active, &soon, error)) {
        ra_error_from(error);
        return NULL;
    }
    RaStatistics *statistics = g_new0(RaStatistics, 1);
    statistics->months = months_of(counts, range->from, range->until);
    statistics->ending = months_of(counts, month, month + AHEAD);
    statistics->now = g_array_index(statistics->ending, struct ra_month, 0);
    statistics->active = active;
    statistics->soon = soon;
    return statistics;
}

static struct ra_institution_month *
place_of(GArray *rows, const DbCount *count)
{
    struct ra_institution_month *last =
        rows->len ? &g_array_index(rows, struct ra_institution_month, rows->len - 1) : NULL;
    if (last && last->institution == count->institution && last->counts.month == count->month)
        return last;
    struct ra_institution_month fresh = { .institution = count->institution, .counts.month = count->month };
    g_array_append_val(rows, fresh);
    return &g_array_index(rows, struct ra_institution_month, rows->len - 1);
}

/* What ends counts from this month on, all else within RANGE; NULL: everything. */
static GArray *
rows_of(GPtrArray *counts, const struct ra_months *range, gint64 month, GError **error)
{
    g_autoptr(GPtrArray) mine = counts;
    if (!mine) {
        ra_error_from(error);
        return NULL;
    }
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(struct ra_institution_month));
    for (guint i = 0; i < mine->len; i++) {
        const DbCount *count = mine->pdata[i];
        gboolean ends = strcmp(count->what, ra_statistic_words[RA_ACTIVE]) == 0;
        if (range && (ends ? count->month < month : count->month < range->from || count->month >= range->until))
            continue;
        if (count->n != 0)
            enter(&place_of(rows, count)->counts, count);
    }
    return rows;
}

GArray *
ra_statistics_sums(RaContext *ctx, const RaOfficer *officer, gint64 institution, const struct ra_months *range, GError **error)
{
    return rows_of(db_statistics_sums(ctx->db, scope(officer, institution), range->from, range->until, error), NULL, 0, error);
}

GArray *
ra_statistics_table(RaContext *ctx, const RaOfficer *officer, gint64 institution, const struct ra_months *range, gint64 now,
                    GError **error)
{
    gint64 month = ra_month_of(now, ctx->zone);
    return rows_of(db_statistics_apart(ctx->db, scope(officer, institution), MIN(range->from, month), month + AHEAD, error), range,
                   month, error);
}

gint64
ra_statistics_fold(RaContext *ctx, GError **error)
{
    gint64 n, all = 0;
    do {
        n = db_statistics_fold(ctx->db, FOLD, error);
        all += n;
    } while (n == FOLD);
    if (n >= 0)
        return all;
    ra_error_from(error);
    return -1;
}
