/*
 * reconcile: the table of certificates as `inkan ca reconcile` holds it against the signers' logs (owner).
 */
#ifndef DB_RECONCILE_H
#define DB_RECONCILE_H

#include "db/db.h"

/* SHA256: of the bytes that the row has, hex. */
typedef struct { char *issuer, *serial, *sha256; gboolean revoked; } DbIssued;
/* The database's clock; -1 with ERROR. */
gint64 db_reconcile_now(Db *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* DbIssued *: the next ones behind ISSUER, SERIAL ("" and "" at first), in that order, stored before BEFORE; empty at the end. */
GPtrArray *db_reconcile_page(Db *db, const char *issuer, const char *serial, gint64 before, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* The bytes of one and of its issuer's certificate. FALSE with ERROR. */
gboolean db_reconcile_bytes(Db *db, const char *issuer, const char *serial, GBytes **der, GBytes **issuer_der, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* ISSUER's certificate; NULL without ERROR: there is none. */
GBytes *db_reconcile_issuer(Db *db, const char *issuer, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Is a signer at it (an open intent), or has it its row by now? */
gboolean db_reconcile_is_open(Db *db, const char *issuer, const char *serial, gboolean *open, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* How many intents are open for longer than a minute. -1 with ERROR. */
gint64 db_reconcile_stuck(Db *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

struct db_lost {
    const char *issuer, *serial, *subject, *key_kind;
    gint64 request, not_before, not_after;
    GBytes *der, *spki_sha256, *fingerprint;
};
/* Stores it as revoked, with an audit event. *DONE FALSE: there is no such request with a pickup. */
gboolean db_reconcile_store(Db *db, const struct db_lost *lost, gboolean *done, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean db_reconcile_revoke(Db *db, const char *issuer, const char *serial, GError **error) G_GNUC_WARN_UNUSED_RESULT;

extern const DbGroup db_reconcile_group;

#endif
