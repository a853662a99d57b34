#include "db/job.h"

enum { TAKE, DELETE, ALONG, POSTPONE, STALE, LOST };

static const DbStatement statements[] = {
    [TAKE] = { "job_take",
            "select id, kind, request, issuer, tries from job where run_at <= now() order by run_at, id limit 1"
            " for update skip locked",
            "" },
    [DELETE] = { "job_delete", "delete from job where id = $1", "i" },
    /* Those locked elsewhere are being served there. */
    [ALONG] = { "job_take_along",
            "delete from job where id in (select id from job where kind = 'publish' and issuer = $2 and id <> $1"
            " for update skip locked)",
            "is" },
    [POSTPONE] = { "job_postpone",
            "update job set tries = tries + 1, run_at = now() + make_interval(secs => $2), error = $3 where id = $1", "iis" },
    [STALE] = { "job_ask_stale",
            "insert into job (kind, issuer) select 'publish', i.name from issuer i where i.parent is not null"
            " and not exists (select from job where kind = 'publish' and issuer = i.name)"
            " and (not exists (select from crl where issuer = i.name)"
            "  or exists (select from crl where issuer = i.name and this_update < to_timestamp($1) - make_interval(secs => $2))"
            "  or exists (select from certificate where issuer = i.name and revoked_at is not null and published is null"
            "  and not_after > now())"
            /* shards that a new setting asks for; a long full CRL that lags behind the shards */
            "  or (select count(*) from crl where issuer = i.name and shard >= 0) < $3"
            "  or exists (select from crl where issuer = i.name and shard = -1 and this_update < to_timestamp($1) - interval '30 seconds'"
            "  and number < (select max(number) from crl where issuer = i.name)))"
            " returning id",
            "iii" },
    [LOST] = { "job_ask_lost",
            "insert into job (kind, request) select 'issue', r.number from request r"
            " where r.state in ('applied', 'renewing') and r.cycle_at < now() - interval '1 minute'"
            " and not exists (select from job where request = r.number) returning id",
            "" },
};
const DbGroup db_job_group = { "job", statements, G_N_ELEMENTS(statements), "worker owner" };

void
db_job_free(DbJob *job)
{
    if (!job)
        return;
    g_free(job->kind);
    g_free(job->issuer);
    g_free(job);
}

DbJob *
db_job_take(Db *db, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[TAKE], error);
    if (!rows || db_rows_count(rows) == 0)
        return NULL;
    DbJob *job = g_new0(DbJob, 1);
    job->id = db_rows_int(rows, 0, 0);
    job->kind = db_rows_dup(rows, 0, 1);
    job->request = db_rows_int(rows, 0, 2);
    job->issuer = db_rows_dup(rows, 0, 3);
    job->tries = db_rows_int(rows, 0, 4);
    return job;
}

gboolean
db_job_delete(Db *db, gint64 id, GError **error)
{
    return db_do(db, &statements[DELETE], error, id);
}

gboolean
db_job_take_along(Db *db, gint64 id, const char *issuer, GError **error)
{
    return db_do(db, &statements[ALONG], error, id, issuer);
}

gboolean
db_job_postpone(Db *db, gint64 id, gint64 seconds, const char *why, GError **error)
{
    return db_do(db, &statements[POSTPONE], error, id, seconds, why);
}

gint64
db_job_ask_stale(Db *db, gint64 now, gint64 seconds, gint64 shards, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[STALE], error, now, seconds, shards);
    return rows ? db_rows_count(rows) : -1;
}

gint64
db_job_ask_lost(Db *db, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[LOST], error);
    return rows ? db_rows_count(rows) : -1;
}
