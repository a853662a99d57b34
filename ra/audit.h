/*
 * audit: proves that the events are as they were written, and hands them out. What is looked at:
 *
 *     each link's hash is that of its event and the link before     (a row was changed, taken away, slipped in, put elsewhere)
 *     every event is in the chain, or waits for it                  (slipped in beside it)
 *     no event is older than a head that was signed before it       (written later, with an earlier time)
 *     each head fits its link, and a witness of ours signed it      (the whole chain was made anew)
 *     each head that a signer's log shows fits its link             (heads were taken away, the end was cut off)
 */
#ifndef RA_AUDIT_H
#define RA_AUDIT_H

#include "db/db.h"

struct ra_audit_check {
    const char *const *logs;  /* of signers; ends with NULL, may be empty */
    const GPtrArray *issuers; /* GBytes *, DER, whom to trust for witnesses; NULL: the rows of `issuer` */
    void (*say)(const char *what, gpointer data); /* each finding, one line */
    gpointer data;
    /* out: */
    gint64 links, heads, logged, broken, waiting; /* waiting: without a place for more than a minute */
    gint64 seq;               /* the chain's end, */
    char *hash;               /* hex; NULL: it is empty. The caller's. */
};
/* In the order of the chain; the first finding is the first broken row. FALSE with ERROR: could not be looked at. */
gboolean ra_audit_verify(Db *db, struct ra_audit_check *check, GError **error) G_GNUC_WARN_UNUSED_RESULT;

struct ra_audit_export {
    gint64 from, to;          /* Unix seconds; TO is not in it */
    gint64 institution;       /* 0: all */
    gboolean tsv;             /* else JSON lines */
    void (*write)(const char *line, gpointer data); /* each with its line end */
    gpointer data;
    gint64 rows;              /* out */
};
/*
 * JSON lines: {"hash": "HEX", "event": TEXT}, TEXT exactly what was hashed (db/audit.h). TSV: a header line; UTF-8; in cells TAB,
 * line ends and backslashes as \t, \n, \r and \\, and what a spreadsheet would take for a formula behind an apostrophe.
 */
gboolean ra_audit_export(Db *db, struct ra_audit_export *to, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
