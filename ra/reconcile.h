/*
 * reconcile: the signers' logs held against the table of certificates: each certificate that was signed has its row, each row
 * was signed, with the same bytes.
 */
#ifndef RA_RECONCILE_H
#define RA_RECONCILE_H

#include "db/db.h"

struct ra_reconcile {
    gboolean mend;   /* store as revoked what only the log has; revoke what was changed or forged */
    void (*say)(const char *issuer, const char *serial, const char *what, gpointer data); /* a difference, as it is found */
    gpointer data;
    /* what came of it */
    gint64 same, in_work, different, mended; /* DIFFERENT counts the mended ones too */
    gint64 stuck;    /* intents that are open for more than a minute */
};

/* LOGS: files, of all signers that ever signed for this database. FALSE with ERROR (of the database, or CA_ERROR_BROKEN with the
   file that cannot be read). */
gboolean ra_reconcile(Db *db, const char *const *logs, struct ra_reconcile *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
