/*
 * statistics: how many certificates were applied for, collected, renewed, revoked in a month, and how many end in one. Rows of the
 * tables statistic (added up) and statistic_step (not yet), which every reader looks at together; migration 0029 says how they
 * come to be.
 */
#ifndef DB_STATISTICS_H
#define DB_STATISTICS_H

#include "db/db.h"

/* One number. MONTH: 12 times the year, plus 0 to 11. */
typedef struct db_count {
    gint64 institution, month, n; /* institution 0: of all together */
    char *what, *type;            /* "applied", "collected", "renewed", "revoked", "replaced", "active" (by the month of its end) */
} DbCount;
void db_count_free(DbCount *count);

/* DbCount * of the months FROM (first) to UNTIL (the one after the last); INSTITUTION 0: of all. By month, institutions added up;
   each institution by itself, by institution, month and type; each institution's months added up (month 0), with all that is active. */
GPtrArray *db_statistics_months(Db *db, gint64 institution, gint64 from, gint64 until, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GPtrArray *db_statistics_apart(Db *db, gint64 institution, gint64 from, gint64 until, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GPtrArray *db_statistics_sums(Db *db, gint64 institution, gint64 from, gint64 until, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Certificates in use, and those of them that end within DAYS of NOW. */
gboolean db_statistics_now(Db *db, gint64 institution, gint64 now, gint64 days, gint64 *active, gint64 *ending, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Adds up at most LIMIT steps; how many it was, -1 with ERROR. Somebody else at it: 0. */
gint64 db_statistics_fold(Db *db, gint64 limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Owner only. Counts all rows anew: how many numbers it makes; -1 with ERROR. */
gint64 db_statistics_rebuild(Db *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Owner only. What differs from a count of the rows: "Kagami University 2026-11 client collected: 12, counted anew 13", NULL-
   terminated; the caller's (g_strfreev). NULL with ERROR. */
char **db_statistics_differences(Db *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

extern const DbGroup db_statistics_group, db_statistics_worker_group, db_statistics_owner_group;

#endif
