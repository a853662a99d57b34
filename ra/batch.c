#include "ra/batch.h"

#include "db/request.h"
#include "ra/error.h"

gboolean
ra_batch_tally(struct batch *batch, gboolean ok, GError *why, GError **error)
{
    db_rollback(batch->ctx->db);
    batch->done += ok;
    if (ok || !why || g_error_matches(why, DB_ERROR, DB_ERROR_REFUSED) || g_error_matches(why, DB_ERROR, DB_ERROR_CONFLICT)) {
        g_clear_error(&why);
        return TRUE;
    }
    g_propagate_error(error, why);
    return FALSE;
}

gint64
ra_batch_all(RaContext *ctx, gint64 now, gboolean (*run)(struct batch *, GError **), GError **error)
{
    struct batch batch = { .ctx = ctx, .now = now };
    do {
        batch.due = batch.done = 0;
        if (!run(&batch, error)) {
            ra_error_from(error);
            return -1;
        }
        batch.total += batch.done;
    } while (batch.due == BATCH && batch.done > 0);
    return batch.total;
}

gboolean
ra_batch_step(RaContext *ctx, gint64 number, const char *event, const char *detail, GError **error)
{
    const struct db_step what = { .number = number, .event = event, .actor = "worker", .detail = detail };
    g_autofree char *next = db_request_step(ctx->db, &what, error);
    return next != NULL;
}
