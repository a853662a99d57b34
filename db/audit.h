/*
 * audit: the chain over the events. The worker gives each new event its place (within about a second), the signer signs the
 * newest hash as a head, `inkan audit` reads both. hash(n) = SHA-256 of hash(n - 1), 32 bytes (zeroes before the first), and the
 * text of event n in UTF-8, which is one JSON object.
 */
#ifndef DB_AUDIT_H
#define DB_AUDIT_H

#include "db/db.h"

#define DB_AUDIT_HASH 32

/* Gives at most MOST events their place; how many, -1 with ERROR (worker). */
gint64 db_audit_chain(Db *db, int most, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- heads (signer) ------------------------------------------------------------------------------------------------------- */

/* The newest link and the newest head's SEQ; *SEQ 0: none yet, and *HASH NULL then. FALSE with ERROR. */
gboolean db_audit_end(Db *db, gint64 *seq, GBytes **hash, gint64 *head, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The hash of link SEQ, the caller's; NULL without ERROR: there is no such link. */
GBytes *db_audit_hash(Db *db, gint64 seq, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Stores a head; harmless where another node was first. */
gboolean db_audit_head(Db *db, gint64 seq, GBytes *hash, gint64 at, GBytes *cms, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- reading all of it (owner) -------------------------------------------------------------------------------------------- */

typedef struct db_link {
    gint64 seq, event, at, request; /* at: of the event, Unix seconds; request 0: none */
    GBytes *hash;
    char *text;                     /* what is hashed; NULL: the event is gone */
    char *what;
} DbLink;
/* DbLink *: the next ones behind SEQ, at most MOST; empty at the end. */
GPtrArray *db_audit_links(Db *db, gint64 seq, int most, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct db_head {
    gint64 seq, at;
    GBytes *hash, *cms;
} DbHead;
GPtrArray *db_audit_heads(Db *db, gint64 seq, int most, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Events that are neither in the chain nor wait for it: the lowest id behind ID with its description; *ID 0: none (more). */
gboolean db_audit_unlinked(Db *db, gint64 *id, char **what, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* How many wait for longer than a minute; -1 with ERROR. */
gint64 db_audit_waiting(Db *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One event as it is exported. Texts are as stored. */
typedef struct db_audit_row {
    gint64 seq, at, request;
    GBytes *hash;
    char *text, *actor, *institution, *what, *address, *log_id, *detail;
} DbAuditRow;
/* DbAuditRow *: links behind SEQ whose event is of [FROM, TO) and of the institution with the id INSTITUTION (0: all). */
GPtrArray *db_audit_export(Db *db, gint64 seq, gint64 from, gint64 to, gint64 institution, int most, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

extern const DbGroup db_audit_worker_group, db_audit_signer_group, db_audit_group;

#endif
