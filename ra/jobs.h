/*
 * Jobs that the worker takes: issue, new-pin, resend, publish. Each is done in the transaction that deletes its row.
 */
#ifndef RA_JOBS_H
#define RA_JOBS_H

#include "ra/context.h"

/* Takes the next due job and does it. FALSE: nothing was due. A job that fails is put off and logged; ERROR only where the
   database is away. */
gboolean ra_jobs_run_next(RaContext *ctx, GError **error);
/* All that are due. */
gboolean ra_jobs_run(RaContext *ctx, GError **error);

#endif
