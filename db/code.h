/*
 * code: the hash of a request's revocation code, and what its holder may know and do.
 */
#ifndef DB_CODE_H
#define DB_CODE_H

#include "db/db.h"

/* Keeps HASH, with an audit row. *KEPT FALSE: there is one, and REPLACE is not set. PERSON: the owner; 0: whoever holds the
   pickup. REFUSED "request", "state". */
struct db_code { gint64 request, person; GBytes *hash; gboolean replace; const char *actor, *address, *log_id; };
gboolean db_code_keep(Db *db, const struct db_code *code, gboolean *kept, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* When the request's code was made; *AT 0: it has none. */
gboolean db_code_made(Db *db, gint64 request, gint64 *at, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The kept hash. One row is read either way: *HASH NULL: no such request, or no code. */
gboolean db_code_hash(Db *db, gint64 request, GBytes **hash, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What may be told to who has the code. */
typedef struct db_code_target {
    gint64 number, months, not_after, revoked_at; /* revoked_at 0: not revoked */
    gint64 same_memo;                             /* other requests of the owner with this memo that can be revoked or withdrawn */
    char *type, *memo, *state;
} DbCodeTarget;
void db_code_target_free(DbCodeTarget *target);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbCodeTarget, db_code_target_free)
/* NULL without ERROR: none such. */
DbCodeTarget *db_code_target(Db *db, gint64 request, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* "done", "already", "ended", the caller's; NULL with ERROR: REFUSED "code", "reason". */
struct db_code_use { gint64 request; GBytes *hash; gboolean all; const char *reason, *address, *log_id; };
char *db_code_use(Db *db, const struct db_code_use *use, GError **error) G_GNUC_WARN_UNUSED_RESULT;

extern const DbGroup db_code_group;

#endif
