/*
 * status: what is published of a certificate, and which CRLs are running out. Times are Unix seconds, 0 for none.
 */
#ifndef DB_STATUS_H
#define DB_STATUS_H

#include "db/db.h"

typedef struct db_status_of {
    char *issuer, *serial, *subject, *reason; /* reason NULL: not revoked */
    gint64 request, not_before, not_after, revoked_at;
    gint64 published;                         /* number of the first CRL that carries the revocation, 0: none yet */
    gint64 shard, crl_number, crl_this, crl_next, full_number, full_this;
    GBytes *ocsp;                             /* kept ready, NULL: none; it is signed when somebody asks */
} DbStatusOf;

/* DbStatusOf *: certificates of that serial (lower-case hex), of whichever issuer. For the owner. */
GPtrArray *db_status_of(Db *db, const char *serial, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct db_crl_ending {
    char *issuer;
    gint64 shard, next_update;
} DbCrlEnding;
/* DbCrlEnding *: CRLs of which less than a quarter of their time is left at NOW, over ones too. For the worker. */
GPtrArray *db_status_ending(Db *db, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

extern const DbGroup db_status_group, db_status_worker_group;

#endif
