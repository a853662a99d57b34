/*
 * session: the rows behind the portal's cookies: sessions, pending logins, assertions already seen. Ids and keys are stored as
 * SHA-256 hashes only.
 */
#ifndef DB_SESSION_H
#define DB_SESSION_H

#include "db/db.h"

extern const DbGroup db_session_group;

/* A session with what every page shows of its person. Times are Unix seconds. */
typedef struct {
    gint64 person, institution;
    char *role;                            /* person, officer, operator */
    char *idp, *name_id, *context, *saml;
    gint64 created_at, seen_at, expires_at;
    char *display_name, *display_name_ja;
    char *institution_name, *institution_name_ja;
    char *helpdesk_name, *helpdesk_mail, *helpdesk_phone;
    gint64 authn_at;                       /* when the IdP checked who this is; 0: not known */
    char **assurance;                      /* eduPersonAssurance; never NULL */
    gint64 request;                        /* by certificate: of which request that is; 0: by login */
} DbSession;
void db_session_free(DbSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbSession, db_session_free)

/* What a login makes; borrowed. */
struct db_session_new {
    GBytes *id_hash;
    gint64 person;
    const char *role, *idp, *name_id, *session_index, *saml;
    const char *attributes; /* JSON object */
    const char *context;
    gint64 authn_at;        /* 0: not known */
    const char *const *assurance; /* NULL: none */
    gint64 expires_at;
    GBytes *certificate;    /* SHA-256 of the one that it hangs on, and its request; NULL and 0: by login */
    gint64 request;
};
gboolean db_session_insert(Db *db, const struct db_session_new *session, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* NULL without ERROR: none, expired, idle for more than IDLE seconds at NOW, or one that hangs on a certificate. */
DbSession *db_session_get(Db *db, GBytes *id_hash, gint64 now, gint64 idle, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* One that hangs on the certificate that was presented; its role is that of the registration as it is now. NULL without ERROR: none, of
   another certificate, or the registration has ended. Whether the certificate is good is the caller's question. */
DbSession *db_session_get_by_certificate(Db *db, GBytes *id_hash, GBytes *fingerprint, gint64 now, gint64 idle, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Moves seen_at to NOW. */
gboolean db_session_touch(Db *db, GBytes *id_hash, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean db_session_end(Db *db, GBytes *id_hash, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Only one that hangs on a certificate. */
gboolean db_session_end_by_certificate(Db *db, GBytes *id_hash, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* All sessions of that subject at that IdP, or only those of SESSION_INDEXES where it is not empty. Returns how many, -1 with
   ERROR. */
gint64 db_session_end_subject(Db *db, const char *idp, const char *name_id, const char *const *session_indexes, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* What the IdP sent at this login. */
typedef struct { char *name; char **values; } DbSessionAttribute;
/* DbSessionAttribute *; freed with the array. */
GPtrArray *db_session_attributes(Db *db, GBytes *id_hash, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- pending logins --- */

typedef struct {
    char *idp, *request_id, *saml, *return_to;
    gint64 expires_at;
    gboolean used;
    /* Of a login that steps up; otherwise empty, 0, NULL. */
    char **contexts;      /* what the IdP was asked for; never NULL */
    gint64 person;        /* who must come back */
    GBytes *session_hash; /* the session that ends when the new one begins */
} DbLogin;
void db_login_free(DbLogin *login);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbLogin, db_login_free)

struct db_login_new {
    GBytes *key_hash, *cookie_hash; /* of the RelayState; of the browser's cookie */
    const char *idp, *request_id, *saml, *return_to;
    gint64 expires_at;
    const char *const *contexts; /* these three as in DbLogin; NULL and 0 for an ordinary login */
    gint64 person;
    GBytes *session_hash;
};
gboolean db_login_insert(Db *db, const struct db_login_new *login, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* NULL without ERROR: no such login, or of another browser. */
DbLogin *db_login_get(Db *db, GBytes *key_hash, GBytes *cookie_hash, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Spends it, once over all processes. FALSE without ERROR: it was spent before. */
gboolean db_login_use(Db *db, GBytes *key_hash, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- logouts: rows of the same table, which a GET may write; never found by db_login_get, because no cookie has their hash ---- */

/* Our LogoutRequest, until its answer comes under the RelayState that KEY_HASH is of. */
gboolean db_logout_insert(Db *db, GBytes *key_hash, const char *idp, const char *request_id, gint64 expires_at, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Its request id, the caller's. NULL without ERROR: none to that IdP, or too long ago. */
char *db_logout_get(Db *db, GBytes *key_hash, const char *idp, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Spends a LogoutRequest of an IdP until it can't be used any more; KEY_HASH is of IdP and ID. FALSE without ERROR: it was spent
   before, on whatever node. */
gboolean db_logout_spend(Db *db, GBytes *key_hash, const char *idp, const char *id, gint64 until, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Remembers an assertion until it can't be used any more. FALSE without ERROR: it was seen before. */
gboolean db_assertion_spend(Db *db, const char *idp, const char *id, gint64 until, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
