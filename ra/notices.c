#include "ra/notices.h"

#include "db/request.h"
#include "ra/batch.h"

/* Record and step in one transaction: one mail. FALSE without ERROR: somebody was first. */
static gboolean
remind_one(RaContext *ctx, const struct db_notice *notice, GError **error)
{
    g_autofree char *detail = g_strdup_printf("{\"days\": %" G_GINT64_FORMAT "}", notice->days);
    return db_begin(ctx->db, error) && db_notice_record(ctx->db, notice, error) &&
           ra_batch_step(ctx, notice->number, "remind", detail, error) && db_commit(ctx->db, error);
}

static gboolean
remind(struct batch *batch, GError **error)
{
    g_autoptr(GArray) due = db_request_notices(batch->ctx->db, batch->now, BATCH, error);
    batch->due = due ? due->len : 0;
    for (guint i = 0; i < batch->due; i++) {
        GError *why = NULL;
        gboolean ok = remind_one(batch->ctx, &g_array_index(due, struct db_notice, i), &why);
        if (!ra_batch_tally(batch, ok, why, error))
            return FALSE;
    }
    return due != NULL;
}

gint64
ra_notices_run(RaContext *ctx, gint64 now, GError **error)
{
    return ra_batch_all(ctx, now, remind, error);
}

static gboolean
expire(struct batch *batch, GError **error)
{
    g_autoptr(GArray) due = db_request_expired(batch->ctx->db, batch->now, BATCH, error);
    batch->due = due ? due->len : 0;
    for (guint i = 0; i < batch->due; i++) {
        GError *why = NULL;
        gboolean ok = ra_batch_step(batch->ctx, g_array_index(due, gint64, i), "expire", NULL, &why);
        if (!ra_batch_tally(batch, ok, why, error))
            return FALSE;
    }
    return due != NULL;
}

gint64
ra_expire_run(RaContext *ctx, gint64 now, GError **error)
{
    return ra_batch_all(ctx, now, expire, error);
}
