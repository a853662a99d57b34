/*
 * metrics: what a Prometheus server wants to know, from the database. Needs no secret.
 */
#ifndef RA_METRICS_H
#define RA_METRICS_H

#include "ra/context.h"

/* The text format 0.0.4; the caller's. NULL with ERROR where the database is away. */
char *ra_metrics_text(RaContext *ctx, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
