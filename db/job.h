/*
 * Jobs: rows that a worker takes with FOR UPDATE SKIP LOCKED inside the transaction that does the act and deletes the row. A
 * killed worker's transaction ends, and another worker takes the row.
 */
#ifndef DB_JOB_H
#define DB_JOB_H

#include "db/db.h"

typedef struct db_job {
    gint64 id;
    char *kind;     /* issue, new-pin, resend, publish */
    gint64 request; /* 0 for publish */
    char *issuer;   /* NULL but for publish */
    gint64 tries;
} DbJob;
void db_job_free(DbJob *job);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbJob, db_job_free)

/* Inside a transaction. NULL without ERROR: nothing is due. */
DbJob *db_job_take(Db *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean db_job_delete(Db *db, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* One publication serves all that were asked before it: takes (deletes) the other waiting publish jobs of ISSUER. */
gboolean db_job_take_along(Db *db, gint64 id, const char *issuer, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* It failed: try again in SECONDS. */
gboolean db_job_postpone(Db *db, gint64 id, gint64 seconds, const char *why, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Asks for a publication of every issuing CA whose CRL is missing or older than SECONDS, or where a revocation waits without a
   job; that has fewer than SHARDS, or a full one behind the shards; how many were asked, or -1 with ERROR. */
gint64 db_job_ask_stale(Db *db, gint64 now, gint64 seconds, gint64 shards, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Requests that wait in 'applied' or 'renewing' without a job get one (it cannot be; looked after all the same). */
gint64 db_job_ask_lost(Db *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

extern const DbGroup db_job_group;

#endif
