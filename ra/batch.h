/*
 * batch: a round of the worker, some rows at a time, so that no list and no transaction is long. Inside ra.
 */
#ifndef RA_BATCH_H
#define RA_BATCH_H

#include "ra/context.h"

#define BATCH 200 /* rows asked for at a time */

struct batch {
    RaContext *ctx;
    gint64 now;
    guint due, done; /* of the last batch */
    gint64 total;    /* done in all batches */
};

/* After one act: takes back what is not committed, counts it, or passes it over (WHY is freed) where somebody was first or it
   is not due any more. FALSE with ERROR: a real failure. */
gboolean ra_batch_tally(struct batch *batch, gboolean ok, GError *why, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* RUN does one batch, setting due and done; again while there may be more and something was done. How many, or -1 with
   ERROR. */
gint64 ra_batch_all(RaContext *ctx, gint64 now, gboolean (*run)(struct batch *, GError **), GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* A step of a request by the worker, in a transaction of its own unless one is open. DETAIL may be NULL. */
gboolean ra_batch_step(RaContext *ctx, gint64 number, const char *event, const char *detail, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

#endif
