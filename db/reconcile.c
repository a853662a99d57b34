#include "db/reconcile.h"

enum { NOW, PAGE, BYTES, ISSUER, IS_OPEN, STUCK, STORE, REVOKE };

static const DbStatement statements[] = {
    [NOW] = { "reconcile_now", "select extract(epoch from now())::bigint", "" },
    [PAGE] = { "reconcile_page",
               "select issuer, serial, encode(sha256(der), 'hex'), revoked_at is not null from certificate"
               " where (issuer, serial) > ($1, $2) and signed_at < to_timestamp($3) order by issuer, serial limit 5000",
               "ssi" },
    [BYTES] = { "reconcile_bytes",
                "select c.der, i.certificate from certificate c join issuer i on i.name = c.issuer"
                " where c.issuer = $1 and c.serial = $2",
                "ss" },
    [ISSUER] = { "reconcile_issuer", "select certificate from issuer where name = $1", "s" },
    [IS_OPEN] = { "reconcile_is_open",
                  "select exists (select from intent where issuer = $1 and serial = $2 and state = 'intended')"
                  " or exists (select from certificate where issuer = $1 and serial = $2)",
                  "ss" },
    [STUCK] = { "reconcile_stuck",
                "select count(*) from intent where state = 'intended' and made_at < now() - interval '1 minute'", "" },
    [STORE] = { "reconcile_store",
                "with stored as (insert into certificate (issuer, serial, request, pickup, der, subject, spki_sha256, fingerprint,"
                " not_before, not_after, key_kind, revoked_at, reason, revoked_by)"
                " select $1, $2, r.number, k.id, $4, $5, $6, $7, to_timestamp($8), to_timestamp($9), $10,"
                " date_trunc('second', now()), 'cessationOfOperation', 'operator: only in the log' from request r"
                " join lateral (select p.id from pickup p where p.request = r.number order by exists (select from intent n"
                " where n.pickup = p.id and n.issuer = $1 and n.serial = $2) desc, p.cycle desc limit 1) k on true"
                " where r.number = $3 returning request),"
                " told as (insert into job (kind, issuer) select 'publish', $1 from stored),"
                " ended as (update intent set state = 'revoked', ended_at = now() where issuer = $1 and serial = $2 and state = 'void')"
                " select audit('operator', null, request, 'reconcile', '', '',"
                " jsonb_build_object('issuer', $1::text, 'serial', $2::text, 'found', 'log')) from stored",
                "ssibsbbiis" },
    [REVOKE] = { "reconcile_revoke",
                 "select certificate_revoke(issuer, serial, 'unspecified', 'operator: reconcile'),"
                 " audit('operator', null, request, 'reconcile', '', '',"
                 " jsonb_build_object('issuer', issuer, 'serial', serial, 'found', 'table'))"
                 " from certificate where issuer = $1 and serial = $2 and revoked_at is null",
                 "ss" },
};
const DbGroup db_reconcile_group = { "reconcile", statements, G_N_ELEMENTS(statements), "owner" };

static void
issued_free(gpointer data)
{
    DbIssued *issued = data;
    g_free(issued->issuer);
    g_free(issued->serial);
    g_free(issued->sha256);
    g_free(issued);
}

gint64
db_reconcile_now(Db *db, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[NOW], error);
    return rows ? db_rows_int(rows, 0, 0) : -1;
}

GPtrArray *
db_reconcile_page(Db *db, const char *issuer, const char *serial, gint64 before, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[PAGE], error, issuer, serial, before);
    if (!rows)
        return NULL;
    GPtrArray *page = g_ptr_array_new_with_free_func(issued_free);
    for (int row = 0; row < db_rows_count(rows); row++) {
        DbIssued *issued = g_new0(DbIssued, 1);
        issued->issuer = db_rows_dup(rows, row, 0);
        issued->serial = db_rows_dup(rows, row, 1);
        issued->sha256 = db_rows_dup(rows, row, 2);
        issued->revoked = db_rows_flag(rows, row, 3);
        g_ptr_array_add(page, issued);
    }
    return page;
}

gboolean
db_reconcile_bytes(Db *db, const char *issuer, const char *serial, GBytes **der, GBytes **issuer_der, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[BYTES], error, issuer, serial);
    if (!rows || !db_rows_count(rows))
        return FALSE;
    *der = db_rows_bytes(rows, 0, 0);
    *issuer_der = db_rows_bytes(rows, 0, 1);
    return TRUE;
}

GBytes *
db_reconcile_issuer(Db *db, const char *issuer, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[ISSUER], error, issuer);
    return rows && db_rows_count(rows) ? db_rows_bytes(rows, 0, 0) : NULL;
}

gboolean
db_reconcile_is_open(Db *db, const char *issuer, const char *serial, gboolean *open, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[IS_OPEN], error, issuer, serial);
    *open = rows && db_rows_flag(rows, 0, 0);
    return rows != NULL;
}

gint64
db_reconcile_stuck(Db *db, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[STUCK], error);
    return rows ? db_rows_int(rows, 0, 0) : -1;
}

gboolean
db_reconcile_store(Db *db, const struct db_lost *l, gboolean *done, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[STORE], error, l->issuer, l->serial, l->request, l->der, l->subject,
                                    l->spki_sha256, l->fingerprint, l->not_before, l->not_after, l->key_kind);
    *done = rows && db_rows_count(rows) > 0;
    return rows != NULL;
}

gboolean
db_reconcile_revoke(Db *db, const char *issuer, const char *serial, GError **error)
{
    return db_do(db, &statements[REVOKE], error, issuer, serial);
}
