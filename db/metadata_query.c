#include "db/metadata_query.h"

#define FIELDS                                                                                                                \
    "select f.source, f.entity_id, encode(f.pin, 'hex'), f.etag, f.modified, extract(epoch from f.fetched_at)::bigint,"       \
    " extract(epoch from i.valid_until)::bigint, f.absent, extract(epoch from greatest(f.due_at, to_timestamp(0)))::bigint,"  \
    " extract(epoch from f.failed_at)::bigint, f.error, f.cache from idp_fetch f"                                                      \
    " left join idp i on i.source = f.source and i.entity_id = f.entity_id"

enum { NEEDED, ADD, FORGET_ROWS, FORGET, DUE, OF, DONE, GONE };

static const DbStatement statements[] = {
    [NEEDED] = { "metadata_query_needed",
                 "select exists (select from idp_fetch where source = $1 and due_at <= to_timestamp($2))"
                 " or exists (select from institution_idp n full join (select * from idp_fetch where source = $1) f"
                 " on f.entity_id = n.entity_id where n.entity_id is null or f.entity_id is null)", "si" },
    [ADD] = { "metadata_query_add",
              "insert into idp_fetch (source, entity_id) select $1, n.entity_id from institution_idp n"
              " where not exists (select from idp_fetch f where f.source = $1 and f.entity_id = n.entity_id)"
              " on conflict do nothing", "s" },
    [FORGET_ROWS] = { "metadata_query_forget_rows",
                      "delete from idp i where i.source = $1"
                      " and not exists (select from institution_idp n where n.entity_id = i.entity_id)", "s" },
    [FORGET] = { "metadata_query_forget",
                 "delete from idp_fetch f where f.source = $1"
                 " and not exists (select from institution_idp n where n.entity_id = f.entity_id)", "s" },
    [DUE] = { "metadata_query_due",
              FIELDS " where f.source = $1 and ($3 or f.due_at <= to_timestamp($2)) order by f.due_at, f.entity_id", "sif" },
    [OF] = { "metadata_query_of", FIELDS " join metadata_source s on s.name = f.source where f.entity_id = $1 order by s.priority",
             "s" },
    [DONE] = { "metadata_query_done",
               "update idp_fetch set pin = decode($3, 'hex'), etag = $4, modified = $5, fetched_at = to_timestamp($6), absent = $7,"
               " due_at = to_timestamp($8), failed_at = to_timestamp($9), error = left($10, 500), cache = $11"
               " where source = $1 and entity_id = $2", "sssssnfinsi" },
    [GONE] = { "metadata_query_gone", "delete from idp where source = $1 and entity_id = $2", "ss" },
};
const DbGroup db_metadata_query_group = { "metadata_query", statements, G_N_ELEMENTS(statements), "worker owner" };

void
db_metadata_fetch_free(DbMetadataFetch *fetch)
{
    if (!fetch)
        return;
    char *texts[] = { fetch->source, fetch->entity_id, fetch->pin, fetch->etag, fetch->modified, fetch->error };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_free(fetch);
}

static void
free_fetch(gpointer fetch)
{
    db_metadata_fetch_free(fetch);
}

static GPtrArray *
read_all(const DbRows *rows)
{
    GPtrArray *all = g_ptr_array_new_with_free_func(free_fetch);
    for (int row = 0; row < db_rows_count(rows); row++) {
        DbMetadataFetch *fetch = g_new0(DbMetadataFetch, 1);
        fetch->source = db_rows_dup(rows, row, 0);
        fetch->entity_id = db_rows_dup(rows, row, 1);
        fetch->pin = db_rows_dup(rows, row, 2);
        fetch->etag = db_rows_dup(rows, row, 3);
        fetch->modified = db_rows_dup(rows, row, 4);
        fetch->fetched_at = db_rows_int(rows, row, 5);
        fetch->valid_until = db_rows_int(rows, row, 6);
        fetch->absent = db_rows_flag(rows, row, 7);
        fetch->due_at = db_rows_int(rows, row, 8);
        fetch->failed_at = db_rows_int(rows, row, 9);
        fetch->error = db_rows_dup(rows, row, 10);
        fetch->cache = db_rows_int(rows, row, 11);
        g_ptr_array_add(all, fetch);
    }
    return all;
}

gboolean
db_metadata_query_needed(Db *db, const char *source, gint64 now, gboolean *needed, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[NEEDED], error, source, now);
    *needed = rows && db_rows_flag(rows, 0, 0);
    return rows != NULL;
}

gboolean
db_metadata_query_sync(Db *db, const char *source, GError **error)
{
    for (int i = ADD; i <= FORGET; i++)
        if (!db_do(db, &statements[i], error, source))
            return FALSE;
    return TRUE;
}

GPtrArray *
db_metadata_query_due(Db *db, const char *source, gint64 now, gboolean all, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[DUE], error, source, now, all);
    return rows ? read_all(rows) : NULL;
}

GPtrArray *
db_metadata_query_of(Db *db, const char *entity_id, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[OF], error, entity_id);
    return rows ? read_all(rows) : NULL;
}

gboolean
db_metadata_query_done(Db *db, const DbMetadataFetch *fetch, GError **error)
{
    if (fetch->absent && !db_do(db, &statements[GONE], error, fetch->source, fetch->entity_id))
        return FALSE;
    return db_do(db, &statements[DONE], error, fetch->source, fetch->entity_id, fetch->pin, fetch->etag, fetch->modified,
                 fetch->fetched_at, fetch->absent, fetch->due_at, fetch->failed_at, fetch->error, fetch->cache);
}
