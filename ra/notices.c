#include "ra/notices.h"

#include "db/log.h"
#include "db/request.h"
#include "ra/error.h"

#define BATCH 200

/* Record and step in one transaction. TRUE: a mail was queued. FALSE without ERROR: somebody was first. */
static gboolean
remind(RaContext *ctx, const struct db_notice *notice, GError **error)
{
    g_autofree char *detail = g_strdup_printf("{\"days\": %" G_GINT64_FORMAT "}", notice->days);
    const struct db_step step = { .number = notice->number, .event = "remind", .actor = "worker", .detail = detail };
    if (!db_begin(ctx->db, error) || !db_notice_record(ctx->db, notice, error))
        return FALSE;
    g_autofree char *next = db_request_step(ctx->db, &step, error);
    return next && db_commit(ctx->db, error);
}

static gboolean
expire(RaContext *ctx, gint64 number, GError **error)
{
    const struct db_step step = { .number = number, .event = "expire", .actor = "worker" };
    g_autofree char *next = db_request_step(ctx->db, &step, error);
    return next != NULL;
}

/* After one act: DONE counts it; a refusal or a lost race passes it over. FALSE: stop, with ERROR. */
static gboolean
tally(RaContext *ctx, gboolean ok, GError *why, gint64 *done, GError **error)
{
    db_rollback(ctx->db);
    *done += ok;
    if (ok || !why || g_error_matches(why, DB_ERROR, DB_ERROR_REFUSED) || g_error_matches(why, DB_ERROR, DB_ERROR_CONFLICT)) {
        g_clear_error(&why);
        return TRUE;
    }
    g_propagate_error(error, why);
    return ra_error_from(error);
}

gint64
ra_notices_run(RaContext *ctx, gint64 now, GError **error)
{
    for (gint64 total = 0;;) {
        gint64 done = 0;
        g_autoptr(GArray) due = db_request_notices(ctx->db, now, BATCH, error);
        if (!due) {
            ra_error_from(error);
            return -1;
        }
        for (guint i = 0; i < due->len; i++) {
            GError *why = NULL;
            gboolean ok = remind(ctx, &g_array_index(due, struct db_notice, i), &why);
            if (!tally(ctx, ok, why, &done, error))
                return -1;
        }
        total += done;
        if (done == 0 || due->len < BATCH)
            return total;
    }
}

gint64
ra_expire_run(RaContext *ctx, gint64 now, GError **error)
{
    for (gint64 total = 0;;) {
        gint64 done = 0;
        g_autoptr(GArray) due = db_request_expired(ctx->db, now, BATCH, error);
        if (!due) {
            ra_error_from(error);
            return -1;
        }
        for (guint i = 0; i < due->len; i++) {
            GError *why = NULL;
            gboolean ok = expire(ctx, g_array_index(due, gint64, i), &why);
            if (!tally(ctx, ok, why, &done, error))
                return -1;
        }
        total += done;
        if (done == 0 || due->len < BATCH)
            return total;
    }
}
