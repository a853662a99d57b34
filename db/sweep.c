#include "db/sweep.h"

enum { SESSIONS, LOGINS, ASSERTIONS, FORMS };

/* Bounded, so that no transaction is long after a pause of the worker. */
static const DbStatement statements[] = {
    [SESSIONS] = { "sweep_sessions",
            "delete from session where id_hash in (select id_hash from session where expires_at < to_timestamp($1) limit 5000)",
            "i" },
    [LOGINS] = { "sweep_logins",
            "delete from login where key_hash in (select key_hash from login where expires_at < to_timestamp($1) limit 5000)",
            "i" },
    [ASSERTIONS] = { "sweep_assertions",
            "delete from assertion_seen where (idp, id) in"
            " (select idp, id from assertion_seen where until < to_timestamp($1) limit 5000)",
            "i" },
    [FORMS] = { "sweep_forms",
            "delete from form_used where key_hash in (select key_hash from form_used where used_at < to_timestamp($1) limit"
            " 5000)",
            "i" },
};
const DbGroup db_sweep_group = { "sweep", statements, G_N_ELEMENTS(statements), "worker" };

gboolean
db_sweep_expired(Db *db, gint64 now, gint64 form_seconds, GError **error)
{
    return db_do(db, &statements[SESSIONS], error, now) && db_do(db, &statements[LOGINS], error, now) &&
           db_do(db, &statements[ASSERTIONS], error, now) && db_do(db, &statements[FORMS], error, now - form_seconds);
}
