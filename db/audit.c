#include "db/audit.h"

#define EPOCH(column) "floor(extract(epoch from " column "))::bigint"

enum { CHAIN };
static const DbStatement worker[] = {
    [CHAIN] = { "audit_chain", "select chain_events($1)", "i" },
};
const DbGroup db_audit_worker_group = { "audit-worker", worker, G_N_ELEMENTS(worker), "worker" };

enum { END, HASH, HEAD };
static const DbStatement signer[] = {
    [END] = { "audit_end",
              "select seq, hash, (select max(seq) from event_head) from event_chain order by seq desc limit 1", "" },
    [HASH] = { "audit_hash", "select hash from event_chain where seq = $1", "i" },
    [HEAD] = { "audit_head",
               "insert into event_head (seq, hash, at, cms) values ($1, $2, to_timestamp($3), $4) on conflict do nothing", "ibib" },
};
const DbGroup db_audit_signer_group = { "audit-signer", signer, G_N_ELEMENTS(signer), "signer" };

enum { LINKS, HEADS, UNLINKED, WAITING, EXPORT };
static const DbStatement owner[] = {
    [LINKS] = { "audit_links",
                "select c.seq, c.event, c.hash, case when e.id is not null then event_text(e, c.seq) end, " EPOCH("e.at")
                ", e.request, e.what from event_chain c left join event e on e.id = c.event where c.seq > $1 order by c.seq limit $2",
                "ii" },
    [HEADS] = { "audit_heads",
                "select seq, " EPOCH("at") ", hash, cms from event_head where seq > $1 order by seq limit $2", "ii" },
    [UNLINKED] = { "audit_unlinked",
                   "select e.id, e.what || coalesce(' of request ' || e.request, '') from event e where e.id > $1"
                   " and not exists (select from event_chain c where c.event = e.id)"
                   " and not exists (select from event_unchained u where u.event = e.id) order by e.id limit 1",
                   "i" },
    [WAITING] = { "audit_waiting",
                  "select count(*) from event_unchained u join event e on e.id = u.event where e.at < now() - interval '1 minute'",
                  "" },
    [EXPORT] = { "audit_export",
                 "select c.seq, c.hash, event_text(e, c.seq), " EPOCH("e.at") ", e.request, e.actor, i.name, e.what, e.address,"
                 " e.log_id, e.detail::text from event_chain c join event e on e.id = c.event"
                 " left join institution i on i.id = e.institution where c.seq > $1 and e.at >= to_timestamp($2)"
                 " and e.at < to_timestamp($3) and ($4::bigint is null or e.institution = $4) order by c.seq limit $5",
                 "iiini" },
};
const DbGroup db_audit_group = { "audit", owner, G_N_ELEMENTS(owner), "owner" };

gint64
db_audit_chain(Db *db, int most, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &worker[CHAIN], error, (gint64)most);
    return rows ? db_rows_int(rows, 0, 0) : -1;
}

gboolean
db_audit_end(Db *db, gint64 *seq, GBytes **hash, gint64 *head, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &signer[END], error);
    *seq = *head = 0;
    *hash = NULL;
    if (rows && db_rows_count(rows) > 0) {
        *seq = db_rows_int(rows, 0, 0);
        *hash = db_rows_bytes(rows, 0, 1);
        *head = db_rows_int(rows, 0, 2);
    }
    return rows != NULL;
}

GBytes *
db_audit_hash(Db *db, gint64 seq, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &signer[HASH], error, seq);
    return rows && db_rows_count(rows) > 0 ? db_rows_bytes(rows, 0, 0) : NULL;
}

gboolean
db_audit_head(Db *db, gint64 seq, GBytes *hash, gint64 at, GBytes *cms, GError **error)
{
    return db_do(db, &signer[HEAD], error, seq, hash, at, cms);
}

/* --- reading -------------------------------------------------------------------------------------------------------------- */

static void
link_free(gpointer data)
{
    DbLink *link = data;
    g_clear_pointer(&link->hash, g_bytes_unref);
    g_free(link->text);
    g_free(link->what);
    g_free(link);
}

GPtrArray *
db_audit_links(Db *db, gint64 seq, int most, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &owner[LINKS], error, seq, (gint64)most);
    if (!rows)
        return NULL;
    GPtrArray *links = g_ptr_array_new_with_free_func(link_free);
    for (int row = 0; row < db_rows_count(rows); row++) {
        DbLink *link = g_new0(DbLink, 1);
        link->seq = db_rows_int(rows, row, 0);
        link->event = db_rows_int(rows, row, 1);
        link->hash = db_rows_bytes(rows, row, 2);
        link->text = db_rows_dup(rows, row, 3);
        link->at = db_rows_int(rows, row, 4);
        link->request = db_rows_int(rows, row, 5);
        link->what = db_rows_dup(rows, row, 6);
        g_ptr_array_add(links, link);
    }
    return links;
}

static void
head_free(gpointer data)
{
    DbHead *head = data;
    g_clear_pointer(&head->hash, g_bytes_unref);
    g_clear_pointer(&head->cms, g_bytes_unref);
    g_free(head);
}

GPtrArray *
db_audit_heads(Db *db, gint64 seq, int most, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &owner[HEADS], error, seq, (gint64)most);
    if (!rows)
        return NULL;
    GPtrArray *heads = g_ptr_array_new_with_free_func(head_free);
    for (int row = 0; row < db_rows_count(rows); row++) {
        DbHead *head = g_new0(DbHead, 1);
        head->seq = db_rows_int(rows, row, 0);
        head->at = db_rows_int(rows, row, 1);
        head->hash = db_rows_bytes(rows, row, 2);
        head->cms = db_rows_bytes(rows, row, 3);
        g_ptr_array_add(heads, head);
    }
    return heads;
}

gboolean
db_audit_unlinked(Db *db, gint64 *id, char **what, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &owner[UNLINKED], error, *id);
    gboolean found = rows && db_rows_count(rows) > 0;
    *id = found ? db_rows_int(rows, 0, 0) : 0;
    *what = found ? db_rows_dup(rows, 0, 1) : NULL;
    return rows != NULL;
}

gint64
db_audit_waiting(Db *db, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &owner[WAITING], error);
    return rows ? db_rows_int(rows, 0, 0) : -1;
}

static void
row_free(gpointer data)
{
    DbAuditRow *row = data;
    char *const texts[] = { row->text, row->actor, row->institution, row->what, row->address, row->log_id, row->detail };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_clear_pointer(&row->hash, g_bytes_unref);
    g_free(row);
}

static DbAuditRow *
read_row(const DbRows *rows, int row)
{
    DbAuditRow *one = g_new0(DbAuditRow, 1);
    one->seq = db_rows_int(rows, row, 0);
    one->hash = db_rows_bytes(rows, row, 1);
    one->text = db_rows_dup(rows, row, 2);
    one->at = db_rows_int(rows, row, 3);
    one->request = db_rows_int(rows, row, 4);
    one->actor = db_rows_dup(rows, row, 5);
    one->institution = db_rows_dup(rows, row, 6);
    one->what = db_rows_dup(rows, row, 7);
    one->address = db_rows_dup(rows, row, 8);
    one->log_id = db_rows_dup(rows, row, 9);
    one->detail = db_rows_dup(rows, row, 10);
    return one;
}

GPtrArray *
db_audit_export(Db *db, gint64 seq, gint64 from, gint64 to, gint64 institution, int most, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &owner[EXPORT], error, seq, from, to, institution, (gint64)most);
    if (!rows)
        return NULL;
    GPtrArray *found = g_ptr_array_new_with_free_func(row_free);
    for (int row = 0; row < db_rows_count(rows); row++)
        g_ptr_array_add(found, read_row(rows, row));
    return found;
}
