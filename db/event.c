#include "db/event.h"

enum { OF_REQUEST, CHANGES, AUDIT };

static const DbStatement statements[] = {
    [OF_REQUEST] = { "event_of_request",
            "select e.id, extract(epoch from e.at)::bigint, e.actor, e.what, e.address, e.detail ->> 'from',"
            " e.detail ->> 'to', e.detail ->> 'reason', e.detail ->> 'serial', e.detail ->> 'days',"
            " e.detail ->> 'key_origin', e.detail ->> 'note', e.detail ->> 'refusal'"
            " from event e join request r on r.number = e.request"
            " where e.request = $1 and ($2::bigint is null or r.person = $2) order by e.id limit $3",
            "ini" },
    [CHANGES] = { "event_changes",
            "select extract(epoch from e.at)::bigint, d.key, d.value ->> 'old', d.value ->> 'new' from event e,"
            " jsonb_each(e.detail) d where e.actor = 'person:' || $1::bigint and e.what = 'person-changed'"
            " order by e.id desc, d.key limit $2",
            "ii" },
    [AUDIT] = { "event_audit", "select audit($1, $2, $3, $4, $5, $6, $7::jsonb)", "snnssss" },
};
const DbGroup db_event_group = { "event", statements, G_N_ELEMENTS(statements), "portal worker owner" };

void
db_event_free(DbEvent *event)
{
    if (!event)
        return;
    g_free(event->actor);
    g_free(event->what);
    g_free(event->address);
    g_free(event->from);
    g_free(event->to);
    g_free(event->reason);
    g_free(event->serial);
    g_free(event->key_origin);
    g_free(event->note);
    g_free(event->refusal);
    g_free(event);
}

static DbEvent *
read_row(const DbRows *rows, int row)
{
    DbEvent *event = g_new0(DbEvent, 1);
    event->id = db_rows_int(rows, row, 0);
    event->at = db_rows_int(rows, row, 1);
    event->actor = db_rows_dup(rows, row, 2);
    event->what = db_rows_dup(rows, row, 3);
    event->address = db_rows_dup(rows, row, 4);
    event->from = db_rows_dup(rows, row, 5);
    event->to = db_rows_dup(rows, row, 6);
    event->reason = db_rows_dup(rows, row, 7);
    event->serial = db_rows_dup(rows, row, 8);
    event->days = db_rows_int(rows, row, 9);
    event->key_origin = db_rows_dup(rows, row, 10);
    event->note = db_rows_dup(rows, row, 11);
    event->refusal = db_rows_dup(rows, row, 12);
    return event;
}

GPtrArray *
db_event_of_request(Db *db, gint64 request, gint64 person, int limit, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[OF_REQUEST], error, request, person, (gint64)limit);
    if (!rows)
        return NULL;
    GPtrArray *events = g_ptr_array_new_with_free_func((GDestroyNotify)db_event_free);
    for (int row = 0; row < db_rows_count(rows); row++)
        g_ptr_array_add(events, read_row(rows, row));
    return events;
}

static void
change_free(gpointer data)
{
    DbChange *change = data;
    g_free(change->field);
    g_free(change->was);
    g_free(change->is);
    g_free(change);
}

GPtrArray *
db_event_changes(Db *db, gint64 person, int limit, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[CHANGES], error, person, (gint64)limit);
    if (!rows)
        return NULL;
    GPtrArray *changes = g_ptr_array_new_with_free_func(change_free);
    for (int row = 0; row < db_rows_count(rows); row++) {
        DbChange *change = g_new0(DbChange, 1);
        change->at = db_rows_int(rows, row, 0);
        change->field = db_rows_dup(rows, row, 1);
        change->was = g_strdup(db_rows_text(rows, row, 2));
        change->is = g_strdup(db_rows_text(rows, row, 3));
        g_ptr_array_add(changes, change);
    }
    return changes;
}

gboolean
db_event_audit(Db *db, const struct db_audit *audit, GError **error)
{
    return db_do(db, &statements[AUDIT], error, audit->actor, audit->institution, audit->request, audit->what, audit->address,
                 audit->log_id, audit->detail);
}
