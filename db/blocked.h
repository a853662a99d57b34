/*
 * blocked: keys that never get a certificate again (0008_keys.sql), as the operator adds to them. The signer asks for them with
 * db_certificate_key_use (db/issuer.h).
 */
#ifndef DB_BLOCKED_H
#define DB_BLOCKED_H

#include "db/db.h"

/* Blocks a key, with an audit event. *NEWLY FALSE: it was blocked before, nothing was written. */
gboolean db_blocked_add(Db *db, GBytes *spki_sha256, const char *note, gboolean *newly, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct { gint64 request; char *issuer, *serial; } DbKeyUse;
/* DbKeyUse *: certificates of that key that are neither revoked nor over. */
GPtrArray *db_blocked_uses(Db *db, GBytes *spki_sha256, GError **error) G_GNUC_WARN_UNUSED_RESULT;

extern const DbGroup db_blocked_group;

#endif
