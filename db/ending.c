#include "db/ending.h"

enum { COUNT, TOLD, REMIND };

static const DbStatement statements[] = {
    [COUNT] = { "ending_count",
            "select count(distinct person) filter (where fate = 'mail'), count(*) filter (where fate = 'mail'),"
            " count(*) filter (where fate = 'off'), count(*) filter (where fate = 'recent'), count(*) filter (where fate = 'today')"
            " from ending_fates($1, $2::text[]::bigint[], $3::integer, $4::integer, to_timestamp($5))",
            "iaiii" },
    [TOLD] = { "ending_told",
            "select n.place, coalesce(extract(epoch from m.sent_at)::bigint, 0), p.notices from unnest($1::text[]::bigint[])"
            " with ordinality n (number, place) join request r on r.number = n.number join person p on p.id = r.person"
            " left join ending_mail m on m.request = n.number",
            "a" },
    [REMIND] = { "ending_remind",
            "select mails from desk_remind($1, $2::text[]::bigint[], $3::integer, $4::integer, $5, $6, $7)", "iaiisss" },
};
const DbGroup db_ending_group = { "ending", statements, G_N_ELEMENTS(statements), "portal" };

gboolean
db_ending_count(Db *db, const struct db_ending *w, gint64 now, struct db_ending_sums *sums, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[COUNT], error, w->institution, w->numbers, w->days, w->pause, now);
    if (!rows)
        return FALSE;
    *sums = (struct db_ending_sums){ .mails = db_rows_int(rows, 0, 0), .certificates = db_rows_int(rows, 0, 1),
                                     .off = db_rows_int(rows, 0, 2), .recent = db_rows_int(rows, 0, 3), .today = db_rows_int(rows, 0, 4) };
    return TRUE;
}

gboolean
db_ending_told(Db *db, const char *const *numbers, gint64 *told, gboolean *notices, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[TOLD], error, numbers);
    for (int i = 0; rows && i < db_rows_count(rows); i++) {
        gint64 place = db_rows_int(rows, i, 0) - 1;
        told[place] = db_rows_int(rows, i, 1);
        notices[place] = db_rows_flag(rows, i, 2);
    }
    return rows != NULL;
}

gboolean
db_ending_remind(Db *db, const struct db_ending *w, const char *actor, const char *address, const char *log_id, GError **error)
{
    return db_do(db, &statements[REMIND], error, w->institution, w->numbers, w->days, w->pause, actor, address, log_id);
}
