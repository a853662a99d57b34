#include "db/digest.h"

enum { DUE, MAKE };

static const DbStatement statements[] = {
    [DUE] = { "digest_due",
            "select institution, period::text from digest_due(to_timestamp($1), $2::integer) order by institution limit $3", "iii" },
    [MAKE] = { "digest_make", "select digest_make($1, $2::date, to_timestamp($3))", "isi" },
};
const DbGroup db_digest_group = { "digest", statements, G_N_ELEMENTS(statements), "worker" };

void
db_digest_free(DbDigest *digest)
{
    if (!digest)
        return;
    g_free(digest->period);
    g_free(digest);
}

GPtrArray *
db_digest_due(Db *db, gint64 now, gint64 hour, int limit, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[DUE], error, now, hour, (gint64)limit);
    if (!rows)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)db_digest_free);
    for (int i = 0; i < db_rows_count(rows); i++) {
        DbDigest *digest = g_new0(DbDigest, 1);
        digest->institution = db_rows_int(rows, i, 0);
        digest->period = db_rows_dup(rows, i, 1);
        g_ptr_array_add(list, digest);
    }
    return list;
}

gboolean
db_digest_make(Db *db, const DbDigest *digest, gint64 now, GError **error)
{
    return db_do(db, &statements[MAKE], error, digest->institution, digest->period, now);
}
