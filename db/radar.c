#include "db/radar.h"

#define EPOCH(column) "date_part('epoch', " column ")::bigint"
#define SCOPE(column) "($1::bigint is null or " column " = $1)"

enum { COMPARE, OF_PERSON, KNOWN, RENAMED, LIST, COUNT, ONE, ACT, ABSENT, ASK };

/* Of w.c, a row of the table. */
#define CHANGE                                                                                                               \
    "select (w.c).id, (w.c).person, " EPOCH("(w.c).seen_at") ", " EPOCH("(w.c).due_at") ", (w.c).mails, r.n, (w.c).kind,"     \
    " (w.c).old_value, (w.c).new_value, (w.c).rule, p.display_name, p.display_name_ja, p.identifier, i.name, i.name_ja,"     \
    " r.numbers::text[]"
#define ABOUT                                                                                                                \
    " cross join lateral (select count(*) as n, (array_agg(number order by number desc))[:50] as numbers"                    \
    " from change_requests(w.c)) r"

static const DbStatement statements[] = {
    [COMPARE] = { "radar_compare", "select person_compare($1, $2, $3, $4)", "iass" },
    [OF_PERSON] = { "radar_of_person",
            CHANGE " from (select c from change c where c.person = $1 and c.state = 'open' and not c.known) w"
            " join person p on p.id = (w.c).person join institution i on i.id = p.institution" ABOUT
            " where r.n > 0 order by (w.c).id desc limit 20",
            "i" },
    [KNOWN] = { "radar_known", "select change_known($1, $2)", "ii" },
    [RENAMED] = { "radar_renamed", "select renewed_name($1, $2)", "is" },
    [LIST] = { "radar_list",
            CHANGE " from institution i cross join lateral (select c from change c where c.institution = i.id and c.state = 'open'"
            " and c.id < coalesce($2::bigint, 9223372036854775807) order by c.id desc limit $3) w join person p on"
            " p.id = (w.c).person" ABOUT " where r.n > 0 and " SCOPE("i.id") " order by (w.c).id desc limit $3",
            "nni" },
    [COUNT] = { "radar_count",
            "select count(*) from institution i cross join lateral (select c from change c where c.institution = i.id"
            " and c.state = 'open' order by c.id desc limit $2) w where exists (select from change_requests(w.c)) and "
            SCOPE("i.id"), "ni" },
    [ONE] = { "radar_get",
            CHANGE " from (select c from change c where c.id = $2 and c.state = 'open') w join person p on p.id = (w.c).person"
            " join institution i on i.id = (w.c).institution" ABOUT " where r.n > 0 and " SCOPE("i.id"),
            "ni" },
    [ACT] = { "radar_act", "select change_act($1, $2, $3, $4, $5, $6, $7)", "nisssss" },
    /* Microseconds, so that a page goes on exactly where the last one ended. */
    [ABSENT] = { "radar_absent",
            "select p.id, " EPOCH("p.seen_at") ", (extract(epoch from p.seen_at) * 1000000)::bigint, " EPOCH("b.asked_at") ","
            " (select count(*) from request where person = p.id and state in ('collected', 'renewing', 'renew_ready')),"
            " p.identifier, p.display_name, p.display_name_ja, i.name, i.name_ja, p.mails"
            " from institution i cross join lateral (select * from person o where o.institution = i.id"
            " and o.seen_at < to_timestamp($2) and (o.seen_at, o.id) > (timestamptz 'epoch' + $3 * interval '1 microsecond', $4)"
            " and exists (select from request where person = o.id and state in ('collected', 'renewing', 'renew_ready'))"
            " order by o.seen_at, o.id limit $5) p left join absence b on b.person = p.id"
            " where " SCOPE("i.id") " order by p.seen_at, p.id limit $5",
            "niiii" },
    [ASK] = { "radar_ask", "select absent_ask($1, $2::text[]::bigint[], $3, $4, $5)", "nasss" },
};
const DbGroup db_radar_group = { "radar", statements, G_N_ELEMENTS(statements), "portal" };

enum { DUE, OVER, RUN };

static const DbStatement worker[] = {
    [DUE] = { "radar_due",
            "select id from change where state = 'open' and least(due_at, mail_at) <= to_timestamp($1)"
            " order by least(due_at, mail_at) limit $2", "ii" },
    [OVER] = { "radar_over",
            "select c.id from change c where c.state = 'open' and not exists (select from change_requests(c)) limit $1", "i" },
    [RUN] = { "radar_run", "select change_run($1, to_timestamp($2))", "ii" },
};
const DbGroup db_radar_worker_group = { "radar_worker", worker, G_N_ELEMENTS(worker), "worker" };

/* --- rows ----------------------------------------------------------------------------------------------------------------- */

void
db_radar_change_free(DbRadarChange *change)
{
    if (!change)
        return;
    char *texts[] = { change->kind, change->was, change->is, change->rule, change->name, change->name_ja, change->identifier,
                      change->institution, change->institution_ja };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_strfreev(change->numbers);
    g_free(change);
}

void
db_absent_free(DbAbsent *absent)
{
    if (!absent)
        return;
    char *texts[] = { absent->identifier, absent->name, absent->name_ja, absent->institution, absent->institution_ja };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_strfreev(absent->mails);
    g_free(absent);
}

static DbRadarChange *
read_change(const DbRows *rows, int row)
{
    DbRadarChange *change = g_new0(DbRadarChange, 1);
    gint64 *const numbers[] = { &change->id, &change->person, &change->seen_at, &change->due_at, &change->mails,
                                &change->count };
    char **const texts[] = { &change->kind, &change->was, &change->is, &change->rule, &change->name, &change->name_ja,
                             &change->identifier, &change->institution, &change->institution_ja };
    int c = 0;
    for (size_t n = 0; n < G_N_ELEMENTS(numbers); n++)
        *numbers[n] = db_rows_int(rows, row, c++);
    for (size_t n = 0; n < G_N_ELEMENTS(texts); n++)
        *texts[n] = db_rows_dup(rows, row, c++);
    change->numbers = db_rows_list(rows, row, c);
    return change;
}

static GPtrArray *
changes_of(DbRows *rows)
{
    g_autoptr(DbRows) mine = rows;
    if (!mine)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)db_radar_change_free);
    for (int row = 0; row < db_rows_count(mine); row++)
        g_ptr_array_add(list, read_change(mine, row));
    return list;
}

static DbAbsent *
read_absent(const DbRows *rows, int row)
{
    DbAbsent *absent = g_new0(DbAbsent, 1);
    gint64 *const numbers[] = { &absent->id, &absent->seen_at, &absent->key, &absent->asked_at, &absent->active };
    char **const texts[] = { &absent->identifier, &absent->name, &absent->name_ja, &absent->institution,
                             &absent->institution_ja };
    int c = 0;
    for (size_t n = 0; n < G_N_ELEMENTS(numbers); n++)
        *numbers[n] = db_rows_int(rows, row, c++);
    for (size_t n = 0; n < G_N_ELEMENTS(texts); n++)
        *texts[n] = db_rows_dup(rows, row, c++);
    absent->mails = db_rows_list(rows, row, c);
    return absent;
}

/* --- what there is ---------------------------------------------------------------------------------------------------------- */

gboolean
db_radar_compare(Db *db, gint64 person, const char *const *affiliation, const char *address, const char *log_id, GError **error)
{
    return db_do(db, &statements[COMPARE], error, person, affiliation, address, log_id);
}

GPtrArray *
db_radar_of_person(Db *db, gint64 person, GError **error)
{
    return changes_of(db_run(db, &statements[OF_PERSON], error, person));
}

gboolean
db_radar_known(Db *db, gint64 person, gint64 change, GError **error)
{
    return db_do(db, &statements[KNOWN], error, person, change);
}

char *
db_radar_renamed(Db *db, gint64 person, const char *name, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[RENAMED], error, person, name);
    return rows ? db_rows_dup(rows, 0, 0) : NULL;
}

GPtrArray *
db_radar_list(Db *db, gint64 institution, gint64 before, int limit, GError **error)
{
    return changes_of(db_run(db, &statements[LIST], error, institution, before, (gint64)limit));
}

gint64
db_radar_count(Db *db, gint64 institution, int most, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[COUNT], error, institution, (gint64)most);
    return rows ? MIN(db_rows_int(rows, 0, 0), most) : -1;
}

DbRadarChange *
db_radar_get(Db *db, gint64 institution, gint64 change, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[ONE], error, institution, change);
    return rows && db_rows_count(rows) > 0 ? read_change(rows, 0) : NULL;
}

gboolean
db_radar_act(Db *db, const struct db_radar_act *a, GError **error)
{
    return db_do(db, &statements[ACT], error, a->institution, a->change, a->what, a->note, a->actor, a->address, a->log_id);
}

GPtrArray *
db_radar_absent(Db *db, gint64 institution, gint64 before, gint64 key, gint64 person, int limit, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[ABSENT], error, institution, before, key, person, (gint64)limit);
    if (!rows)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)db_absent_free);
    for (int row = 0; row < db_rows_count(rows); row++)
        g_ptr_array_add(list, read_absent(rows, row));
    return list;
}

gboolean
db_radar_ask(Db *db, gint64 institution, const char *const *persons, const char *actor, const char *address, const char *log_id,
             GError **error)
{
    return db_do(db, &statements[ASK], error, institution, persons, actor, address, log_id);
}

/* --- what the worker does ------------------------------------------------------------------------------------------------- */

static GArray *
ids_of(DbRows *rows)
{
    g_autoptr(DbRows) mine = rows;
    GArray *list = mine ? g_array_new(FALSE, FALSE, sizeof(gint64)) : NULL;
    for (int row = 0; mine && row < db_rows_count(mine); row++) {
        gint64 id = db_rows_int(mine, row, 0);
        g_array_append_val(list, id);
    }
    return list;
}

GArray *
db_radar_due(Db *db, gint64 now, int limit, GError **error)
{
    return ids_of(db_run(db, &worker[DUE], error, now, (gint64)limit));
}

GArray *
db_radar_over(Db *db, int limit, GError **error)
{
    return ids_of(db_run(db, &worker[OVER], error, (gint64)limit));
}

gboolean
db_radar_run(Db *db, gint64 change, gint64 now, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &worker[RUN], error, change, now);
    return rows && !db_rows_null(rows, 0, 0);
}
