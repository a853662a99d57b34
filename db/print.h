/*
 * print: the SHA-1 fingerprints that certificates are found by, reckoned by the worker: of new certificates at once, of those
 * that an older version left, step by step.
 */
#ifndef DB_PRINT_H
#define DB_PRINT_H

#include "db/db.h"

typedef struct db_print {
    gint64 request;
    GBytes *der;
    char *issuer, *serial;
} DbPrint;

/* DbPrint *, at most MOST, locked until the transaction ends: new ones. What another worker holds is passed over. */
GPtrArray *db_print_new(Db *db, int most, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* They are done. */
gboolean db_print_new_done(Db *db, const DbPrint *print, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The next of the old ones; empty at the end, and where another worker is at it. */
GPtrArray *db_print_old(Db *db, int most, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* So far it is done; LAST NULL: to the end. */
gboolean db_print_old_done(Db *db, const DbPrint *last, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Is this worker the one that holds the walk, which has not ended? To be asked before db_print_old. FALSE without ERROR: no. */
gboolean db_print_walks(Db *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

gboolean db_print_store(Db *db, GBytes *sha1, gint64 request, GError **error) G_GNUC_WARN_UNUSED_RESULT;

extern const DbGroup db_print_group;

#endif
