/*
 * The worker's rounds: what happens because time has passed. Every round may run on several nodes at once and be killed at any
 * moment; what one leaves the next does.
 */
#ifndef RA_SWEEP_H
#define RA_SWEEP_H

#include "ra/context.h"

/* Each returns FALSE with ERROR; a request that refuses a step (somebody was first) is passed over. */
gboolean ra_sweep_lapse(RaContext *ctx, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;      /* uncollected pickups */
gboolean ra_sweep_ending(RaContext *ctx, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;     /* 'ends soon' mails */
gboolean ra_sweep_erase(RaContext *ctx, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;      /* kept PKCS#12 files */
gboolean ra_sweep_superseded(RaContext *ctx, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT; /* replaced certificates */
gboolean ra_sweep_published(RaContext *ctx, GError **error) G_GNUC_WARN_UNUSED_RESULT;              /* revoking → revoked */
gboolean ra_sweep_crl(RaContext *ctx, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;        /* CRLs that get old */
gboolean ra_sweep_rows(RaContext *ctx, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT; /* sessions, logins, forms */

gboolean ra_sweep_audit(RaContext *ctx, GError **error) G_GNUC_WARN_UNUSED_RESULT;            /* events into their chain */

/* All of the above with notices, expiry and digests; goes on after a failure and returns FALSE if there was one (each is logged). */
gboolean ra_sweep(RaContext *ctx, gint64 now);

/* The same, but each round only when its time has come. LAST: when each was made, N of RA_SWEEP_ROUNDS, zeroes at first. */
#define RA_SWEEP_ROUNDS 17
void ra_sweep_due(RaContext *ctx, gint64 now, gint64 *last, size_t n);

#endif
