/*
 * Renewal notices: 28, 14, 7, 3 and 1 days before the end, by days of the service's time zone; one mail for the tightest
 * threshold that is due, those before it are recorded along. Who has turned notices off gets the last one only. And the ends:
 * 'expired'.
 */
#ifndef RA_NOTICES_H
#define RA_NOTICES_H

#include "ra/context.h"

/* How many mails were queued, or -1 with ERROR. Twice for the same day: nothing the second time. */
gint64 ra_notices_run(RaContext *ctx, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* How many requests expired, or -1 with ERROR. */
gint64 ra_expire_run(RaContext *ctx, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
