/*
 * The digest to officers: approvals that wait, locked pickups, mails that failed, what was revoked since the last digest, what ends
 * within 28 days. By the institution's policy daily or weekly to its helpdesk's address, from [mail] digest_hour on; nothing when
 * there is nothing. Each period once, over any number of workers and their deaths.
 */
#ifndef RA_DIGEST_H
#define RA_DIGEST_H

#include "ra/context.h"

/* How many periods were looked at, with or without a mail, or -1 with ERROR. */
gint64 ra_digest_run(RaContext *ctx, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
