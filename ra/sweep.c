#include "ra/sweep.h"

#include "db/job.h"
#include "db/log.h"
#include "db/pickup.h"
#include "db/request.h"
#include "db/sweep.h"
#include "ra/error.h"
#include "ra/notices.h"

#define BATCH 200 /* of each kind in one round; the next round goes on */

/* Somebody was first, or it is not due any more: nothing to mend. FALSE: a real failure, now in ERROR. */
static gboolean
passed_over(RaContext *ctx, GError *why, GError **error)
{
    db_rollback(ctx->db);
    if (!why || g_error_matches(why, DB_ERROR, DB_ERROR_REFUSED) || g_error_matches(why, DB_ERROR, DB_ERROR_CONFLICT)) {
        g_clear_error(&why);
        return TRUE;
    }
    g_propagate_error(error, why);
    return ra_error_from(error);
}

static gboolean
step(RaContext *ctx, gint64 number, const char *event, const char *detail, GError **error)
{
    const struct db_step what = { .number = number, .event = event, .actor = "worker", .detail = detail };
    g_autofree char *next = db_request_step(ctx->db, &what, error);
    return next != NULL;
}

gboolean
ra_sweep_lapse(RaContext *ctx, gint64 now, GError **error)
{
    g_autoptr(GArray) due = db_pickup_lapsing(ctx->db, now, BATCH, error);
    for (guint i = 0; due && i < due->len; i++) {
        GError *why = NULL;
        if (!step(ctx, g_array_index(due, struct db_pickup_due, i).request, "lapse", NULL, &why) && !passed_over(ctx, why, error))
            return FALSE;
    }
    return due || ra_error_from(error);
}

/* The mark and the mail in one transaction: one mail. */
static gboolean
tell_ending(RaContext *ctx, const struct db_pickup_due *due, gint64 now, GError **error)
{
    gint64 days = (due->expires_at - now + 86399) / 86400;
    g_autofree char *detail = g_strdup_printf("{\"days\": %" G_GINT64_FORMAT "}", days);
    return db_begin(ctx->db, error) && db_pickup_mark_ending(ctx->db, due->id, error) &&
           step(ctx, due->request, "ending", detail, error) && db_commit(ctx->db, error);
}

gboolean
ra_sweep_ending(RaContext *ctx, gint64 now, GError **error)
{
    gint64 before = settings_number(ctx->settings, "pickup", "ending_days");
    if (before >= settings_number(ctx->settings, "pickup", "days"))
        return TRUE; /* it would be told together with the beginning */
    g_autoptr(GArray) due = db_pickup_ending(ctx->db, now, (int)before, BATCH, error);
    for (guint i = 0; due && i < due->len; i++) {
        GError *why = NULL;
        if (!tell_ending(ctx, &g_array_index(due, struct db_pickup_due, i), now, &why) && !passed_over(ctx, why, error))
            return FALSE;
    }
    return due || ra_error_from(error);
}

gboolean
ra_sweep_erase(RaContext *ctx, gint64 now, GError **error)
{
    g_autoptr(GArray) due = db_pickup_erasing(ctx->db, now, BATCH, error);
    for (guint i = 0; due && i < due->len; i++) {
        const struct db_pickup_due *one = &g_array_index(due, struct db_pickup_due, i);
        GError *why = NULL;
        if (!db_pickup_erase(ctx->db, one->request, one->cycle, now, &why) && !passed_over(ctx, why, error))
            return FALSE;
    }
    return due || ra_error_from(error);
}

gboolean
ra_sweep_superseded(RaContext *ctx, gint64 now, GError **error)
{
    g_autoptr(GPtrArray) due = db_request_superseded(ctx->db, now, BATCH, error);
    for (guint i = 0; due && i < due->len; i++) {
        GError *why = NULL;
        if (!db_certificate_supersede(ctx->db, due->pdata[i], &why) && !passed_over(ctx, why, error))
            return FALSE;
    }
    return due || ra_error_from(error);
}

gboolean
ra_sweep_published(RaContext *ctx, GError **error)
{
    g_autoptr(GArray) due = db_request_published(ctx->db, BATCH, error);
    for (guint i = 0; due && i < due->len; i++) {
        GError *why = NULL;
        if (!step(ctx, g_array_index(due, gint64, i), "published", NULL, &why) && !passed_over(ctx, why, error))
            return FALSE;
    }
    return due || ra_error_from(error);
}

gboolean
ra_sweep_crl(RaContext *ctx, gint64 now, GError **error)
{
    gint64 asked = db_job_ask_stale(ctx->db, now, settings_number(ctx->settings, "ca", "crl_refresh"), error);
    return (asked >= 0 && db_job_ask_lost(ctx->db, error) >= 0) || ra_error_from(error);
}

gboolean
ra_sweep_rows(RaContext *ctx, gint64 now, GError **error)
{
    /* A form can be sent as long as the session lives that it was given out in; a day more for clocks and drains. */
    gint64 forms = settings_number(ctx->settings, "portal", "session_longest") + 86400;
    return db_sweep_expired(ctx->db, now, forms, error) || ra_error_from(error);
}

static gboolean
notices(RaContext *ctx, gint64 now, GError **error)
{
    return ra_notices_run(ctx, now, error) >= 0;
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

static const struct round {
    const char *name;
    int every; /* seconds: what people wait for more often than what has a day */
    gboolean (*run)(RaContext *, gint64, GError **);
} rounds[] = {
    { "published", 2, published },      { "lapse", 10, ra_sweep_lapse }, { "erase", 10, ra_sweep_erase },
    { "crl", 5, ra_sweep_crl },         { "expiry", 30, expiry },        { "ending", 60, ra_sweep_ending },
    { "notices", 60, notices },         { "rows", 60, ra_sweep_rows },   { "superseded", 60, ra_sweep_superseded },
};

static gboolean
run_round(RaContext *ctx, const struct round *round, gint64 now)
{
    g_autoptr(GError) error = NULL;
    if (round->run(ctx, now, &error))
        return TRUE;
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
    g_assert(n == RA_SWEEP_ROUNDS && n == G_N_ELEMENTS(rounds));
    for (size_t i = 0; i < n; i++)
        if (now - last[i] >= rounds[i].every || now < last[i]) {
            run_round(ctx, &rounds[i], now);
            last[i] = now;
        }
}
