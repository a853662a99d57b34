#include "db/blocked.h"

enum { ADD, USES };

static const DbStatement statements[] = {
    [ADD] = { "blocked_add",
              "with added as (insert into blocked_key (spki_sha256, why, note) values ($1, 'operator', $2)"
              " on conflict (spki_sha256) do nothing returning spki_sha256)"
              " select audit('operator', null, null, 'block-key', '', '',"
              " jsonb_build_object('key', encode(spki_sha256, 'hex'), 'note', $2::text)) from added",
              "bs" },
    [USES] = { "blocked_uses",
               "select request, issuer, serial from certificate where spki_sha256 = $1 and revoked_at is null and not_after > now()"
               " order by request, serial",
               "b" },
};
const DbGroup db_blocked_group = { "blocked", statements, G_N_ELEMENTS(statements), "owner" };

gboolean
db_blocked_add(Db *db, GBytes *spki_sha256, const char *note, gboolean *newly, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[ADD], error, spki_sha256, note);
    *newly = rows && db_rows_count(rows) > 0;
    return rows != NULL;
}

static void
use_free(gpointer data)
{
    DbKeyUse *use = data;
    g_free(use->issuer);
    g_free(use->serial);
    g_free(use);
}

GPtrArray *
db_blocked_uses(Db *db, GBytes *spki_sha256, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[USES], error, spki_sha256);
    if (!rows)
        return NULL;
    GPtrArray *uses = g_ptr_array_new_with_free_func(use_free);
    for (int row = 0; row < db_rows_count(rows); row++) {
        DbKeyUse *use = g_new0(DbKeyUse, 1);
        use->request = db_rows_int(rows, row, 0);
        use->issuer = db_rows_dup(rows, row, 1);
        use->serial = db_rows_dup(rows, row, 2);
        g_ptr_array_add(uses, use);
    }
    return uses;
}
