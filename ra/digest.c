#include "ra/digest.h"

#include "db/digest.h"
#include "ra/batch.h"

/* A period that has nothing to say is made too, and asked for no more. */
static gboolean
digest(struct batch *batch, GError **error)
{
    Db *db = batch->ctx->db;
    gint64 hour = settings_number(batch->ctx->settings, "mail", "digest_hour");
    g_autoptr(GPtrArray) due = db_digest_due(db, batch->now, hour, BATCH, error);
    batch->due = due ? due->len : 0;
    for (guint i = 0; i < batch->due; i++) {
        GError *why = NULL;
        gboolean ok = db_digest_make(db, due->pdata[i], batch->now, &why);
        if (!ra_batch_tally(batch, ok, why, error))
            return FALSE;
    }
    return due != NULL;
}

gint64
ra_digest_run(RaContext *ctx, gint64 now, GError **error)
{
    return ra_batch_all(ctx, now, digest, error);
}
