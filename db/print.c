#include "db/print.h"

enum { NEW, NEW_DONE, WALKS, OLD, OLD_DONE, STORE };

static const DbStatement statements[] = {
    [NEW] = { "print_new",
            "select c.request, c.der, c.issuer, c.serial from"
            " (select issuer, serial from certificate_new limit $1 for update skip locked) n"
            " join certificate c using (issuer, serial)",
            "i" },
    [NEW_DONE] = { "print_new_done", "delete from certificate_new where issuer = $1 and serial = $2", "ss" },
    [WALKS] = { "print_walks", "select from certificate_walk where not ended for update skip locked", "" },
    [OLD] = { "print_old",
            "select c.request, c.der, c.issuer, c.serial from certificate_walk w cross join lateral"
            " (select request, der, issuer, serial from certificate where (issuer, serial) > (w.issuer, w.serial)"
            " order by issuer, serial limit $1) c order by c.issuer, c.serial",
            "i" },
    [OLD_DONE] = { "print_old_done",
            "update certificate_walk set issuer = coalesce($1, issuer), serial = coalesce($2, serial), ended = $1::text is null",
            "ss" },
    [STORE] = { "print_store", "insert into certificate_sha1 (sha1, request) values ($1, $2) on conflict do nothing", "bi" },
};
const DbGroup db_print_group = { "print", statements, G_N_ELEMENTS(statements), "worker" };

static void
print_free(gpointer data)
{
    DbPrint *print = data;
    g_bytes_unref(print->der);
    g_free(print->issuer);
    g_free(print->serial);
    g_free(print);
}

static GPtrArray *
read_prints(DbRows *rows)
{
    g_autoptr(DbRows) mine = rows;
    if (!mine)
        return NULL;
    GPtrArray *prints = g_ptr_array_new_with_free_func(print_free);
    for (int i = 0; i < db_rows_count(mine); i++) {
        DbPrint *print = g_new0(DbPrint, 1);
        print->request = db_rows_int(mine, i, 0);
        print->der = db_rows_bytes(mine, i, 1);
        print->issuer = db_rows_dup(mine, i, 2);
        print->serial = db_rows_dup(mine, i, 3);
        g_ptr_array_add(prints, print);
    }
    return prints;
}

GPtrArray *
db_print_new(Db *db, int most, GError **error)
{
    return read_prints(db_run(db, &statements[NEW], error, (gint64)most));
}

gboolean
db_print_new_done(Db *db, const DbPrint *print, GError **error)
{
    return db_do(db, &statements[NEW_DONE], error, print->issuer, print->serial);
}

gboolean
db_print_walks(Db *db, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[WALKS], error);
    return rows && db_rows_count(rows) > 0;
}

GPtrArray *
db_print_old(Db *db, int most, GError **error)
{
    return read_prints(db_run(db, &statements[OLD], error, (gint64)most));
}

gboolean
db_print_old_done(Db *db, const DbPrint *last, GError **error)
{
    return db_do(db, &statements[OLD_DONE], error, last ? last->issuer : NULL, last ? last->serial : NULL);
}

gboolean
db_print_store(Db *db, GBytes *sha1, gint64 request, GError **error)
{
    return db_do(db, &statements[STORE], error, sha1, request);
}
