#include "ra/sweep.h"

#include "db/audit.h"
#include "db/job.h"
#include "db/log.h"
#include "db/pickup.h"
#include "db/request.h"
#include "db/status.h"
#include "db/sweep.h"
#include "ra/batch.h"
#include "ra/digest.h"
#include "ra/error.h"
#include "ra/notices.h"
#include "ra/radar.h"
#include "ra/proposal.h"
#include "ra/print.h"
#include "ra/statistics.h"

/* --- pickups -------------------------------------------------------------------------------------------------------------- */

/* DUE (taken) one by one. */
static gboolean
each_pickup(struct batch *batch, GArray *due, gboolean (*act)(const struct batch *, const struct db_pickup_due *, GError **),
            GError **error)
{
    g_autoptr(GArray) mine = due;
    batch->due = mine ? mine->len : 0;
    for (guint i = 0; i < batch->due; i++) {
        GError *why = NULL;
        gboolean ok = act(batch, &g_array_index(mine, struct db_pickup_due, i), &why);
        if (!ra_batch_tally(batch, ok, why, error))
            return FALSE;
    }
    return mine != NULL;
}

static gboolean
lapse_one(const struct batch *batch, const struct db_pickup_due *due, GError **error)
{
    return ra_batch_step(batch->ctx, due->request, "lapse", NULL, error);
}

static gboolean
lapse(struct batch *batch, GError **error)
{
    return each_pickup(batch, db_pickup_lapsing(batch->ctx->db, batch->now, BATCH, error), lapse_one, error);
}

gboolean
ra_sweep_lapse(RaContext *ctx, gint64 now, GError **error)
{
    return ra_batch_all(ctx, now, lapse, error) >= 0;
}

/* The mark and the mail in one transaction: one mail. */
static gboolean
tell_one(const struct batch *batch, const struct db_pickup_due *due, GError **error)
{
    Db *db = batch->ctx->db;
    gint64 days = (due->expires_at - batch->now + 86399) / 86400;
    g_autofree char *detail = g_strdup_printf("{\"days\": %" G_GINT64_FORMAT "}", days);
    return db_begin(db, error) && db_pickup_mark_ending(db, due->id, error) &&
           ra_batch_step(batch->ctx, due->request, "ending", detail, error) && db_commit(db, error);
}

static gboolean
tell(struct batch *batch, GError **error)
{
    int before = (int)settings_number(batch->ctx->settings, "pickup", "ending_days");
    return each_pickup(batch, db_pickup_ending(batch->ctx->db, batch->now, before, BATCH, error), tell_one, error);
}

gboolean
ra_sweep_ending(RaContext *ctx, gint64 now, GError **error)
{
    if (settings_number(ctx->settings, "pickup", "ending_days") >= settings_number(ctx->settings, "pickup", "days"))
        return TRUE; /* it would be told together with the beginning */
    return ra_batch_all(ctx, now, tell, error) >= 0;
}

static gboolean
erase_one(const struct batch *batch, const struct db_pickup_due *due, GError **error)
{
    return db_pickup_erase(batch->ctx->db, due->request, due->cycle, batch->now, error);
}

static gboolean
erase(struct batch *batch, GError **error)
{
    return each_pickup(batch, db_pickup_erasing(batch->ctx->db, batch->now, BATCH, error), erase_one, error);
}

gboolean
ra_sweep_erase(RaContext *ctx, gint64 now, GError **error)
{
    return ra_batch_all(ctx, now, erase, error) >= 0;
}

/* --- certificates --------------------------------------------------------------------------------------------------------- */

static gboolean
supersede(struct batch *batch, GError **error)
{
    g_autoptr(GPtrArray) due = db_request_superseded(batch->ctx->db, batch->now, BATCH, error);
    batch->due = due ? due->len : 0;
    for (guint i = 0; i < batch->due; i++) {
        GError *why = NULL;
        gboolean ok = db_certificate_supersede(batch->ctx->db, due->pdata[i], &why);
        if (!ra_batch_tally(batch, ok, why, error))
            return FALSE;
    }
    return due != NULL;
}

gboolean
ra_sweep_superseded(RaContext *ctx, gint64 now, GError **error)
{
    return ra_batch_all(ctx, now, supersede, error) >= 0;
}

static gboolean
publish(struct batch *batch, GError **error)
{
    g_autoptr(GArray) due = db_request_published(batch->ctx->db, BATCH, error);
    batch->due = due ? due->len : 0;
    for (guint i = 0; i < batch->due; i++) {
        GError *why = NULL;
        gboolean ok = ra_batch_step(batch->ctx, g_array_index(due, gint64, i), "published", NULL, &why);
        if (!ra_batch_tally(batch, ok, why, error))
            return FALSE;
    }
    return due != NULL;
}

gboolean
ra_sweep_published(RaContext *ctx, GError **error)
{
    return ra_batch_all(ctx, 0, publish, error) >= 0;
}

gboolean
ra_sweep_crl(RaContext *ctx, gint64 now, GError **error)
{
    gint64 asked = db_job_ask_stale(ctx->db, now, settings_number(ctx->settings, "ca", "crl_refresh"),
                                    settings_number(ctx->settings, "ca", "crl_shards"), error);
    return (asked >= 0 && db_job_ask_lost(ctx->db, error) >= 0) || ra_error_from(error);
}

gboolean
ra_sweep_rows(RaContext *ctx, gint64 now, GError **error)
{
    /* A form can be sent as long as the session lives that it was given out in; a day more for clocks and drains. */
    gint64 forms = settings_number(ctx->settings, "portal", "session_longest") + 86400;
    return db_sweep_expired(ctx->db, now, forms, error) || ra_error_from(error);
}

gboolean
ra_sweep_audit(RaContext *ctx, GError **error)
{
    gint64 n;
    do
        n = db_audit_chain(ctx->db, BATCH, error);
    while (n == BATCH);
    return n >= 0 || ra_error_from(error);
}

static gboolean
audit(RaContext *ctx, gint64 now, GError **error)
{
    (void)now;
    return ra_sweep_audit(ctx, error);
}

static gboolean
notices(RaContext *ctx, gint64 now, GError **error)
{
    return ra_notices_run(ctx, now, error) >= 0;
}

static gboolean
digest(RaContext *ctx, gint64 now, GError **error)
{
    return ra_digest_run(ctx, now, error) >= 0;
}

static gboolean
statistics(RaContext *ctx, gint64 now, GError **error)
{
    (void)now;
    return ra_statistics_fold(ctx, error) >= 0;
}

static gboolean
expiry(RaContext *ctx, gint64 now, GError **error)
{
    return ra_expire_run(ctx, now, error) >= 0;
}

static gboolean
published(RaContext *ctx, gint64 now, GError **error)
{
    (void)now;
    return ra_sweep_published(ctx, error);
}

/* A quarter of its time is left, and it should long have been made anew: whoever can mend that must hear of it. */
static gboolean
freshness(RaContext *ctx, gint64 now, GError **error)
{
    g_autoptr(GPtrArray) ending = db_status_ending(ctx->db, now, error);
    for (guint i = 0; ending && i < ending->len; i++) {
        const DbCrlEnding *crl = ending->pdata[i];
        g_autofree char *shard = g_strdup_printf("%" G_GINT64_FORMAT, crl->shard);
        g_autofree char *left = g_strdup_printf("%" G_GINT64_FORMAT, crl->next_update - now);
        log_write(LOG_LEVEL_WARNING, "crl-ends-soon", "issuer", crl->issuer, "shard", shard, "seconds", left, "msg",
                  "relying parties refuse every certificate of this issuer once its CRL has ended; does the signer answer (inkan ca status)?"
                  " A root's CRL is made where its key is, by inkan ca", NULL);
    }
    return ending != NULL || ra_error_from(error);
}

static gboolean
print(RaContext *ctx, gint64 now, GError **error)
{
    (void)now;
    return ra_print_run(ctx, error);
}

static const struct round {
    const char *name;
    int every; /* seconds: what people wait for more often than what has a day */
    gboolean (*run)(RaContext *, gint64, GError **);
} rounds[] = {
    { "audit", 1, audit },
    { "published", 2, published },      { "lapse", 10, ra_sweep_lapse }, { "erase", 10, ra_sweep_erase },
    { "crl", 5, ra_sweep_crl },         { "expiry", 30, expiry },        { "ending", 60, ra_sweep_ending },
    { "notices", 60, notices },         { "rows", 60, ra_sweep_rows },   { "superseded", 60, ra_sweep_superseded },
    { "proposals", 60, ra_proposal_sweep },
    { "freshness", 60, freshness },     { "print", 2, print },           { "digest", 60, digest },
    { "changes", 5, ra_radar_run },     { "changes-over", 60, ra_radar_tidy },
    { "statistics", 5, statistics },
};
_Static_assert(G_N_ELEMENTS(rounds) == RA_SWEEP_ROUNDS, "RA_SWEEP_ROUNDS of ra/sweep.h counts them");

static gboolean
run_round(RaContext *ctx, const struct round *round, gint64 now)
{
    g_autoptr(GError) error = NULL;
    if (round->run(ctx, now, &error))
        return TRUE;
    if (!log_is_away("database"))
        log_write(LOG_LEVEL_WARNING, "round-failed", "round", round->name, "msg", error ? error->message : NULL, NULL);
    return FALSE;
}

gboolean
ra_sweep(RaContext *ctx, gint64 now)
{
    gboolean ok = TRUE;
    for (size_t i = 0; i < G_N_ELEMENTS(rounds); i++)
        ok = run_round(ctx, &rounds[i], now) && ok;
    return ok;
}

void
ra_sweep_due(RaContext *ctx, gint64 now, gint64 *last, size_t n)
{
    g_assert(n == RA_SWEEP_ROUNDS);
    for (size_t i = 0; i < n; i++)
        if (now - last[i] >= rounds[i].every || now < last[i]) {
            run_round(ctx, &rounds[i], now);
            last[i] = now;
        }
}
