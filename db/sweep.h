/*
 * Rows that time alone makes useless: sessions, pending logins, seen assertions, spent forms.
 */
#ifndef DB_SWEEP_H
#define DB_SWEEP_H

#include "db/db.h"

/* Deletes what has expired at NOW; spent forms after FORM_SECONDS. At most a few thousand of each, the next round goes on. */
gboolean db_sweep_expired(Db *db, gint64 now, gint64 form_seconds, GError **error) G_GNUC_WARN_UNUSED_RESULT;

extern const DbGroup db_sweep_group;

#endif
