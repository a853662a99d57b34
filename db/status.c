#include "db/status.h"

#define EPOCH(column) "extract(epoch from " column ")::bigint"

static const DbStatement owner[] = {
    { "status_of",
      "select c.issuer, c.serial, c.subject, c.reason, c.request, " EPOCH("c.not_before") ", " EPOCH("c.not_after") ", "
      EPOCH("c.revoked_at") ", c.published, c.shard, s.number, " EPOCH("s.this_update") ", " EPOCH("s.next_update") ","
      " f.number, " EPOCH("f.this_update") ", o.der from certificate c"
      " left join crl s on s.issuer = c.issuer and s.shard = c.shard left join crl f on f.issuer = c.issuer and f.shard = -1"
      " left join ocsp_response o on o.issuer = c.issuer and o.serial = c.serial and o.hash = 'sha1'"
      " where c.issuer in (select name from issuer) and c.serial = $1 order by c.issuer",
      "s" },
};
const DbGroup db_status_group = { "status", owner, G_N_ELEMENTS(owner), "owner" };

static const DbStatement worker[] = {
    { "status_ending",
      "select issuer, shard, " EPOCH("next_update") " from crl"
      " where next_update - (next_update - this_update) / 4 < to_timestamp($1) order by next_update limit 100",
      "i" },
};
const DbGroup db_status_worker_group = { "status-worker", worker, G_N_ELEMENTS(worker), "worker" };

static void
status_free(gpointer data)
{
    DbStatusOf *status = data;
    g_free(status->issuer);
    g_free(status->serial);
    g_free(status->subject);
    g_free(status->reason);
    g_clear_pointer(&status->ocsp, g_bytes_unref);
    g_free(status);
}

GPtrArray *
db_status_of(Db *db, const char *serial, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &owner[0], error, serial);
    if (!rows)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func(status_free);
    for (int row = 0; row < db_rows_count(rows); row++) {
        DbStatusOf *status = g_new0(DbStatusOf, 1);
        int column = 0;
        char **const texts[] = { &status->issuer, &status->serial, &status->subject, &status->reason };
        gint64 *const numbers[] = { &status->request, &status->not_before, &status->not_after, &status->revoked_at, &status->published,
                                    &status->shard, &status->crl_number, &status->crl_this, &status->crl_next, &status->full_number,
                                    &status->full_this };
        for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
            *texts[i] = db_rows_dup(rows, row, column++);
        for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++)
            *numbers[i] = db_rows_int(rows, row, column++);
        status->ocsp = db_rows_bytes(rows, row, column);
        g_ptr_array_add(list, status);
    }
    return list;
}

static void
ending_free(gpointer data)
{
    g_free(((DbCrlEnding *)data)->issuer);
    g_free(data);
}

GPtrArray *
db_status_ending(Db *db, gint64 now, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &worker[0], error, now);
    if (!rows)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func(ending_free);
    for (int row = 0; row < db_rows_count(rows); row++) {
        DbCrlEnding *ending = g_new0(DbCrlEnding, 1);
        ending->issuer = db_rows_dup(rows, row, 0);
        ending->shard = db_rows_int(rows, row, 1);
        ending->next_update = db_rows_int(rows, row, 2);
        g_ptr_array_add(list, ending);
    }
    return list;
}
