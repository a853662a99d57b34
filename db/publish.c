#include "db/publish.h"

enum { ISSUERS, CRL, CERTIFICATE, OCSP, ALIVE };

static const DbStatement statements[] = {
    [ISSUERS] = { "publish_issuers", "select name, parent, certificate from issuer order by parent is not null, name", "" },
    [CRL] = { "publish_crl",
            "select der, number, extract(epoch from this_update)::bigint, extract(epoch from next_update)::bigint from crl"
            " where issuer = $1 and shard = $2",
            "si" },
    [OCSP] = { "publish_ocsp",
            "select o.der, extract(epoch from o.this_update)::bigint, extract(epoch from o.next_update)::bigint from certificate c"
            " left join ocsp_response o on o.issuer = c.issuer and o.serial = c.serial and o.hash = $3"
            " and o.next_update > to_timestamp($4) where c.issuer = $1 and c.serial = $2",
            "sssi" },
    [ALIVE] = { "publish_alive", "select", "" },
    [CERTIFICATE] = { "publish_certificate",
            "select c.request, extract(epoch from c.not_before)::bigint, extract(epoch from c.not_after)::bigint,"
            " extract(epoch from c.revoked_at)::bigint, c.der, c.reason, c.subject, r.type, r.memo, r.state,"
            " (select n.serial from certificate n where n.request = c.request and n.signed_at > c.signed_at"
            " and n.revoked_at is null order by n.signed_at desc limit 1)"
            " from certificate c join request r on r.number = c.request where c.issuer = $1 and c.serial = $2",
            "ss" },
};
const DbGroup db_publish_group = { "publish", statements, G_N_ELEMENTS(statements), "portal" };

void
db_published_issuer_free(DbPublishedIssuer *issuer)
{
    if (!issuer)
        return;
    g_free(issuer->name);
    g_free(issuer->parent);
    g_bytes_unref(issuer->certificate);
    g_free(issuer);
}

void
db_published_crl_free(DbPublishedCrl *crl)
{
    if (!crl)
        return;
    g_bytes_unref(crl->der);
    g_free(crl);
}

void
db_published_certificate_free(DbPublishedCertificate *certificate)
{
    if (!certificate)
        return;
    g_bytes_unref(certificate->der);
    g_free(certificate->reason);
    g_free(certificate->subject);
    g_free(certificate->type);
    g_free(certificate->memo);
    g_free(certificate->state);
    g_free(certificate->successor);
    g_free(certificate);
}

GPtrArray *
db_publish_issuers(Db *db, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[ISSUERS], error);
    if (!rows)
        return NULL;
    GPtrArray *issuers = g_ptr_array_new_with_free_func((GDestroyNotify)db_published_issuer_free);
    for (int row = 0; row < db_rows_count(rows); row++) {
        DbPublishedIssuer *issuer = g_new0(DbPublishedIssuer, 1);
        issuer->name = db_rows_dup(rows, row, 0);
        issuer->parent = db_rows_dup(rows, row, 1);
        issuer->certificate = db_rows_bytes(rows, row, 2);
        g_ptr_array_add(issuers, issuer);
    }
    return issuers;
}

DbPublishedCrl *
db_publish_crl(Db *db, const char *issuer, int shard, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[CRL], error, issuer, (gint64)shard);
    if (!rows || db_rows_count(rows) == 0)
        return NULL;
    DbPublishedCrl *crl = g_new0(DbPublishedCrl, 1);
    crl->der = db_rows_bytes(rows, 0, 0);
    crl->number = db_rows_int(rows, 0, 1);
    crl->this_update = db_rows_int(rows, 0, 2);
    crl->next_update = db_rows_int(rows, 0, 3);
    return crl;
}

DbPublishedCertificate *
db_publish_certificate(Db *db, const char *issuer, const char *serial, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[CERTIFICATE], error, issuer, serial);
    if (!rows || db_rows_count(rows) == 0)
        return NULL;
    DbPublishedCertificate *certificate = g_new0(DbPublishedCertificate, 1);
    certificate->request = db_rows_int(rows, 0, 0);
    certificate->not_before = db_rows_int(rows, 0, 1);
    certificate->not_after = db_rows_int(rows, 0, 2);
    certificate->revoked_at = db_rows_int(rows, 0, 3);
    certificate->der = db_rows_bytes(rows, 0, 4);
    certificate->reason = db_rows_dup(rows, 0, 5);
    certificate->subject = db_rows_dup(rows, 0, 6);
    certificate->type = db_rows_dup(rows, 0, 7);
    certificate->memo = db_rows_dup(rows, 0, 8);
    certificate->state = db_rows_dup(rows, 0, 9);
    certificate->successor = db_rows_dup(rows, 0, 10);
    return certificate;
}

gboolean
db_publish_ocsp(Db *db, const char *issuer, const char *serial, const char *hash, gint64 now, struct db_published_ocsp *answer,
                GError **error)
{
    *answer = (struct db_published_ocsp){ 0 };
    g_autoptr(DbRows) rows = db_run(db, &statements[OCSP], error, issuer, serial, hash, now);
    if (!rows)
        return FALSE;
    answer->known = db_rows_count(rows) > 0;
    if (answer->known && !db_rows_null(rows, 0, 0)) {
        answer->der = db_rows_bytes(rows, 0, 0);
        answer->this_update = db_rows_int(rows, 0, 1);
        answer->next_update = db_rows_int(rows, 0, 2);
    }
    return TRUE;
}

gboolean
db_publish_alive(Db *db, GError **error)
{
    return db_do(db, &statements[ALIVE], error);
}
