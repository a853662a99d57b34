/*
 * issuer: issuers, profiles, certificates, CRLs, as the signer, the responder and the key ceremony (owner) use them. Times are
 * Unix seconds. Functions that return a pointer: NULL with ERROR, or NULL without where there is no such row.
 */
#ifndef DB_ISSUER_H
#define DB_ISSUER_H

#include "db/db.h"

/* --- issuers -------------------------------------------------------------------------------------------------------------- */

typedef struct db_issuer {
    char *name, *key_name;
    char *parent;        /* NULL for a root */
    GBytes *certificate; /* DER */
} DbIssuer;
void db_issuer_free(DbIssuer *issuer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbIssuer, db_issuer_free)

/* DbIssuer *, roots too, by name. */
GPtrArray *db_issuer_list(Db *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Owner. */
gboolean db_issuer_insert(Db *db, const DbIssuer *issuer, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- profiles (owner) ----------------------------------------------------------------------------------------------------- */

struct db_profile {
    const char *name, *type, *issuer, *subject; /* subject: "dn" or "mail" */
    gint64 months;
    const char *const *key_usage, *const *extended, *const *policies, *const *key_kinds; /* none NULL */
    gboolean dormant; /* not in force until an operator sets valid_from (it is infinity); else from now on */
};
gboolean db_profile_insert(Db *db, const struct db_profile *profile, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Owner: is there a profile of TYPE at all? */
gboolean db_profile_any(Db *db, const char *type, gboolean *any, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Owner: from FROM on (to come) ISSUER issues what TYPE's profiles say, or those of NAMES alone (NULL: all), in force or asleep. The names
   of those that were changed. In a transaction of the caller's. */
char **db_profile_reissue(Db *db, const char *issuer, const char *type, gint64 from, const char *const *names, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
struct db_issuer_use {
    char profile[64], type[16];
    gint64 months, from, to;     /* from 0: it sleeps; to 0: no end */
    gboolean begun, goes_on;     /* both: it is in force now */
};
/* Owner: the profiles that ISSUER issues, ever; struct db_issuer_use. */
GArray *db_issuer_use(Db *db, const char *issuer, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Owner: how many of its certificates are good now, and when the last of them ends; 0 for none. */
gboolean db_issuer_in_force(Db *db, const char *issuer, gint64 *count, gint64 *last, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- signing -------------------------------------------------------------------------------------------------------------- */

/* Everything that decides about one certificate, read in one statement. */
typedef struct db_signing {
    gint64 request, person, institution, cycle;
    char *state, *type, *mail;
    gint64 months;
    char *country, *locality, *organization, *unit, *common_name; /* unit may be NULL */
    /* the pickup */
    gint64 pickup, pickup_cycle, not_before, not_after;
    gboolean open; /* not ended, locked, collected or over, and of the request's current cycle */
    gint64 cycle_at, cycle_end; /* as the request has them */
    /* policy, as it is now */
    gboolean type_allowed, months_allowed, domain_allowed;
    gboolean profile_fits; /* type and months are the profile's, and it was in force when this cycle was applied for */
    gint64 active, max_active; /* requests of the person that count */
    gboolean profile_has_room; /* the profile's own cap is kept */
    char *time_zone;
    /* the profile */
    char *issuer, *subject_kind; /* "dn" or "mail" */
    char **key_usage, **extended, **policies, **key_kinds;
    char *predecessor; /* serial of the request's unrevoked certificate of an earlier cycle, NULL for none */
    gint64 shards;      /* of the issuer's CRL that are published, from 0 on */
    gboolean half_done; /* an intent of this pickup is open in the caller's log */
} DbSigning;
void db_signing_free(DbSigning *signing);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbSigning, db_signing_free)

/* LOG: the caller's, see db_intent_begin. */
DbSigning *db_signing_get(Db *db, gint64 request, GBytes *token_hash, const char *log, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One key at a time, until the transaction ends. */
gboolean db_certificate_lock_key(Db *db, GBytes *spki_sha256, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* OF_ANOTHER: another person has a certificate for this key. COMPROMISED: it is blocked, by a revocation as keyCompromise or by the
   operator. */
gboolean db_certificate_key_use(Db *db, GBytes *spki_sha256, gint64 person, gboolean *of_another, gboolean *compromised,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The unrevoked certificate of PICKUP, DER, with its key's hash. */
GBytes *db_certificate_of_pickup(Db *db, gint64 pickup, GBytes **spki_sha256, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What is about to be signed (0009_intents.sql). LOG names the log that will show the signature, after byte LOG_AT. */
struct db_intent {
    const char *issuer, *serial, *log, *key_kind;
    const char *predecessor; /* NULL for none */
    gint64 request, pickup, log_at, shard;
    GBytes *tbs, *spki_sha256;
};
/* DB_ERROR_REFUSED "pickup": it was ended meanwhile. DB_ERROR_CONFLICT: the pickup has an open one in this log. */
gboolean db_intent_begin(Db *db, const struct db_intent *intent, gint64 *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
struct db_certificate {
    const char *subject;
    GBytes *der, *fingerprint;
};
/* The row and its audit event ("issue", by the signer); ends the intent. *LIVE FALSE: it is there, but revoked: nobody may have it. */
gboolean db_intent_store(Db *db, gint64 id, const struct db_certificate *certificate, const char *log_id, gboolean *live,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Ends an intent that was never signed. */
gboolean db_intent_void(Db *db, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
    gint64 id, request, log_at;
    char *issuer, *serial;
    GBytes *issuer_certificate; /* DER */
} DbOpenIntent;
/* DbOpenIntent *: open ones of LOG, a hundred at most. */
GPtrArray *db_intents_open(Db *db, const char *log, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Is there such a certificate, or the intent of one? */
gboolean db_certificate_exists(Db *db, const char *issuer, const char *serial, gboolean *exists, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* An audit event of the signer that belongs to no request. */
gboolean db_issuer_audit(Db *db, const char *what, const char *issuer, const char *serial, const char *log_id, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* --- CRLs: inside a transaction ------------------------------------------------------------------------------------------- */

/* Locks the issuer's row: until the commit nobody else makes a CRL of it. *NUMBER: the highest number so far; *THIS_UPDATE: the
   latest, 0 for none. *FOUND FALSE: no such issuer. */
gboolean db_crl_lock(Db *db, const char *issuer, gboolean *found, gint64 *number, gint64 *this_update, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* struct db_crl_row: what is published, shard -1 is the full one. */
struct db_crl_row {
    gint64 shard, number, this_update, size;
};
GArray *db_crl_rows(Db *db, const char *issuer, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Marks the revocations that CRL number NUMBER is the first to carry, and sets the issuer's number. Their shards, gint64. */
GArray *db_crl_mark(Db *db, const char *issuer, gint64 number, GError **error) G_GNUC_WARN_UNUSED_RESULT;
struct db_revoked {
    char serial[41];
    char reason[24];
    gint64 at;
};
/* What SHARD (-1: the full one) lists: struct db_revoked in a GArray; all that are marked and end after ENDS_AFTER. What is revoked
   between the two calls is in the next CRL, so call db_crl_mark first. */
GArray *db_crl_revoked(Db *db, const char *issuer, gint64 shard, gint64 ends_after, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean db_crl_put(Db *db, const char *issuer, gint64 shard, gint64 number, gint64 this_update, gint64 next_update, GBytes *der,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Owner: SHARD -1 is the full one. NULL without ERROR: there is none. */
GBytes *db_crl_get(Db *db, const char *issuer, gint64 shard, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- the responder -------------------------------------------------------------------------------------------------------- */

struct db_status {
    gboolean known, revoked;
    gint64 revoked_at;
    char reason[24]; /* "" unless revoked */
};
gboolean db_certificate_status(Db *db, const char *issuer, const char *serial, struct db_status *status, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Answers kept ready. HASH: "sha1" or "sha256", by which the question names the issuer. */
struct db_ocsp {
    const char *issuer, *serial, *hash;
    gboolean revoked; /* what it says */
    gint64 this_update, next_update;
    GBytes *der;
};
/* *KEPT FALSE: the certificate's state is another by now. */
gboolean db_ocsp_keep(Db *db, const struct db_ocsp *answer, gboolean *kept, GError **error) G_GNUC_WARN_UNUSED_RESULT;
typedef struct db_ocsp_due {
    char *issuer, *serial, *hash;
} DbOcspDue;
/* DbOcspDue *, MOST at most: answers that end after AFTER and by BEFORE, of certificates that last beyond NOW; first things first. */
GPtrArray *db_ocsp_due(Db *db, gint64 after, gint64 before, gint64 now, gint64 most, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A thousand at most of those that ended before that. */
gboolean db_ocsp_sweep(Db *db, gint64 ended_before, GError **error) G_GNUC_WARN_UNUSED_RESULT;

extern const DbGroup db_issuer_group, db_issuer_signer_group, db_issuer_responder_group, db_issuer_owner_group;

#endif
