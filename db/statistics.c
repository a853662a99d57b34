#include "db/statistics.h"

#define SCOPE "($1::bigint is null or institution = $1)"
#define MONTH "(extract(year from month) * 12 + extract(month from month) - 1)::bigint"
#define DAY(parameter) "make_date((" parameter "::bigint / 12)::integer, (" parameter "::bigint % 12 + 1)::integer, 1)"
#define WITHIN SCOPE " and month >= " DAY("$2") " and month < " DAY("$3")

enum { MONTHS, APART, SUMS, ACTIVE, ENDING };

static const DbStatement statements[] = {
    [MONTHS] = { "statistics_months",
            "select 0, " MONTH ", sum(n)::bigint, what, type from statistic_now where " WITHIN
            " group by month, what, type order by month, what, type",
            "nii" },
    [APART] = { "statistics_apart",
            "select institution, " MONTH ", sum(n)::bigint, what, type from statistic_now where " WITHIN
            " group by institution, month, what, type order by institution, month, type, what",
            "nii" },
    [SUMS] = { "statistics_sums",
            "select institution, 0, sum(n)::bigint, what, type from statistic_now where " SCOPE " and (what = 'active' or month >= "
            DAY("$2") " and month < " DAY("$3") ") group by institution, what, type order by institution, what, type",
            "nii" },
    [ACTIVE] = { "statistics_active", "select sum(n)::bigint from statistic_now where " SCOPE " and what = 'active'", "n" },
    /* Each institution by its own index, as the helpdesk's lists. */
    [ENDING] = { "statistics_ending",
            "select sum(e.n)::bigint from institution i cross join (values ('collected'), ('renewing'), ('renew_ready')) s (state)"
            " cross join lateral (select count(*) as n from request q where q.institution = i.id and q.state = s.state"
            " and q.not_after > to_timestamp($2) and q.not_after < to_timestamp($3)) e"
            " where ($1::bigint is null or i.id = $1)",
            "nii" },
};
const DbGroup db_statistics_group = { "statistics", statements, G_N_ELEMENTS(statements), "portal" };

static const DbStatement fold = { "statistics_fold", "select statistic_fold($1::integer)", "i" };
const DbGroup db_statistics_worker_group = { "statistics_worker", &fold, 1, "worker" };

enum { REBUILD, DIFFER };

static const DbStatement owner[] = {
    [REBUILD] = { "statistics_rebuild", "select statistic_rebuild()", "" },
    [DIFFER] = { "statistics_differ",
            "select array_agg(i.name || ' ' || to_char(month, 'YYYY-MM') || ' ' || type || ' ' || what || ': ' || coalesce(a.n, 0)"
            " || ', counted anew ' || coalesce(b.n, 0) order by i.name, month, type, what) from"
            " (select institution, month, what, type, sum(n) as n from statistic_now group by 1, 2, 3, 4) a"
            " full join statistic_count() b using (institution, month, what, type) join institution i on i.id = institution"
            " where coalesce(a.n, 0) <> coalesce(b.n, 0)",
            "" },
};
const DbGroup db_statistics_owner_group = { "statistics_owner", owner, G_N_ELEMENTS(owner), "owner" };

void
db_count_free(DbCount *count)
{
    if (!count)
        return;
    g_free(count->what);
    g_free(count->type);
    g_free(count);
}

static GPtrArray *
read_counts(DbRows *all)
{
    g_autoptr(DbRows) rows = all;
    if (!rows)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)db_count_free);
    for (int i = 0; i < db_rows_count(rows); i++) {
        DbCount *count = g_new0(DbCount, 1);
        count->institution = db_rows_int(rows, i, 0);
        count->month = db_rows_int(rows, i, 1);
        count->n = db_rows_int(rows, i, 2);
        count->what = db_rows_dup(rows, i, 3);
        count->type = db_rows_dup(rows, i, 4);
        g_ptr_array_add(list, count);
    }
    return list;
}

GPtrArray *
db_statistics_months(Db *db, gint64 institution, gint64 from, gint64 until, GError **error)
{
    return read_counts(db_run(db, &statements[MONTHS], error, institution, from, until));
}

GPtrArray *
db_statistics_apart(Db *db, gint64 institution, gint64 from, gint64 until, GError **error)
{
    return read_counts(db_run(db, &statements[APART], error, institution, from, until));
}

GPtrArray *
db_statistics_sums(Db *db, gint64 institution, gint64 from, gint64 until, GError **error)
{
    return read_counts(db_run(db, &statements[SUMS], error, institution, from, until));
}

gboolean
db_statistics_now(Db *db, gint64 institution, gint64 now, gint64 days, gint64 *active, gint64 *ending, GError **error)
{
    g_autoptr(DbRows) alive = db_run(db, &statements[ACTIVE], error, institution);
    g_autoptr(DbRows) soon = alive ? db_run(db, &statements[ENDING], error, institution, now, now + days * 86400) : NULL;
    if (!soon)
        return FALSE;
    *active = db_rows_int(alive, 0, 0);
    *ending = db_rows_int(soon, 0, 0);
    return TRUE;
}

gint64
db_statistics_fold(Db *db, gint64 limit, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &fold, error, limit);
    return rows ? db_rows_int(rows, 0, 0) : -1;
}

gint64
db_statistics_rebuild(Db *db, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &owner[REBUILD], error);
    return rows ? db_rows_int(rows, 0, 0) : -1;
}

char **
db_statistics_differences(Db *db, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &owner[DIFFER], error);
    return rows ? db_rows_list(rows, 0, 0) : NULL;
}
