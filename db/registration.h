/*
 * registration: officers who come in by a certificate of their own (table officer). What changes them are the functions of
 * 0034_officer.sql, which sign the act by the operator's session whose hash is shown.
 */
#ifndef DB_REGISTRATION_H
#define DB_REGISTRATION_H

#include "db/db.h"

/* Times are seconds since 1970, 0 for none. */
typedef struct db_registration {
    gint64 id, person, institution, registered_at, ended_at;
    gint64 number, not_after;            /* of the newest request for a certificate */
    char *role;                          /* revoker, officer, operator */
    char *name, *name_ja, *mail;
    char *institution_name, *institution_name_ja;
    char *state, *serial;                /* of that request; serial NULL: not issued */
    gboolean has_pin;                    /* it waits to be collected, and the PIN is there */
} DbRegistration;
void db_registration_free(DbRegistration *registration);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbRegistration, db_registration_free)

/* INSTITUTION 0: all. TEXT: a part of a name or address, "": any. ENDED: those that have ended instead of those that live. The
   newest first, those before BEFORE (0: from the start). DbRegistration *. */
struct db_registration_filter { gint64 institution, before; const char *text; gboolean ended; };
GPtrArray *db_registration_list(Db *db, const struct db_registration_filter *filter, int limit, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* NULL without ERROR: there is none. */
DbRegistration *db_registration_get(Db *db, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The one that lives and has request NUMBER; NULL without ERROR: that is no officer's, or it has ended. */
DbRegistration *db_registration_of_request(Db *db, gint64 number, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* SESSION: the hash of an operator's (of the officer's own for renew), by which the act is signed; the owner gives none and an ACTOR. */
struct db_registration_by { GBytes *session; const char *actor, *address, *log_id; };
struct db_registration_new { gint64 institution; const char *name, *name_ja, *mail, *role; };
/* 0 with ERROR: DB_ERROR_REFUSED officer-name, officer-role, mail-domain, officer-registered, institution, profile, session. */
gint64 db_registration_add(Db *db, const struct db_registration_new *who, const struct db_registration_by *by, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Another certificate, after the one before has come to its end; the request's number, 0 with ERROR (officer-has-one, state, profile). */
gint64 db_registration_apply(Db *db, gint64 id, const struct db_registration_by *by, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean db_registration_end(Db *db, gint64 id, const char *note, const struct db_registration_by *by, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* The PIN of request NUMBER is shown to the operator. */
gboolean db_registration_sheet(Db *db, gint64 id, gint64 number, const struct db_registration_by *by, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* By who presents the certificate of FINGERPRINT; the request's number, 0 with ERROR (renew-early, session, state and others). */
gint64 db_registration_renew(Db *db, GBytes *fingerprint, const struct db_registration_by *by, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Such an officer has come: nobody is taken for one who was not seen. */
gboolean db_registration_seen(Db *db, gint64 person, GError **error) G_GNUC_WARN_UNUSED_RESULT;

extern const DbGroup db_registration_group, db_registration_portal_group;

#endif
