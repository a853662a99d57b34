/*
 * ending: certificates that end soon and have no successor yet, and the mails by which officers remind their owners (migration 0036
 * says who gets one). The list itself is db_officer_ending.
 */
#ifndef DB_ENDING_H
#define DB_ENDING_H

#include "db/db.h"

/* NUMBERS (decimal text) NULL: all of INSTITUTION that end within DAYS. PAUSE: days in which a certificate is mailed about once. */
struct db_ending { gint64 institution; const char *const *numbers; gint64 days, pause; };

/* How many mails it would be, for how many certificates; and how many certificates are left out: their owners want none, were
   mailed lately, they end today. */
struct db_ending_sums { gint64 mails, certificates, off, recent, today; };
gboolean db_ending_count(Db *db, const struct db_ending *what, gint64 now, struct db_ending_sums *sums, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* When an officer last mailed about each of NUMBERS, 0: never; FALSE in NOTICES: its owner wants none. Each an array as long as
   NUMBERS. */
gboolean db_ending_told(Db *db, const char *const *numbers, gint64 *told, gboolean *notices, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Mails them. REFUSED "state" where nobody is left to mail. */
gboolean db_ending_remind(Db *db, const struct db_ending *what, const char *actor, const char *address, const char *log_id, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

extern const DbGroup db_ending_group;

#endif
