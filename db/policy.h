/*
 * policy: what an institution allows, field by field as text. Which fields there are the database says (institution_field); what
 * may stand in them is ra/policy.h's. A list has a line for each of its values, nothing is "", a flag is "yes" or "no".
 */
#ifndef DB_POLICY_H
#define DB_POLICY_H

#include "db/db.h"

typedef struct db_policy {
    gint64 id, version;      /* one more with each change */
    char *name, *name_ja;
    char **fields, **values; /* as many of each; never NULL */
} DbPolicy;
void db_policy_free(DbPolicy *policy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbPolicy, db_policy_free)

/* NULL without ERROR: there is none. */
DbPolicy *db_policy_get(Db *db, gint64 institution, GError **error) G_GNUC_WARN_UNUSED_RESULT;
DbPolicy *db_policy_by_name(Db *db, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The value of FIELD, borrowed; "" where there is no such field. */
const char *db_policy_value(const DbPolicy *policy, const char *field);

/* Owner only. A new institution with the default policy; its id, or 0 with ERROR. */
gint64 db_policy_add(Db *db, const char *name, const char *organization, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Changes what differs and writes the audit row, in the caller's transaction where there is one. The new version, or 0 with ERROR:
 * REFUSED "changed" (VERSION is not 0 and no longer the newest), "session" (who is not the owner needs an operator's), "field",
 * "institution", "idp-taken" (it speaks for another institution).
 */
struct db_policy_change {
    gint64 institution, version;
    const char *const *fields, *const *values; /* as many of each */
    GBytes *session; /* the hash of its id; NULL: the owner's */
    const char *actor, *address, *log_id; /* ACTOR counts with the owner only */
};
gint64 db_policy_change(Db *db, const struct db_policy_change *change, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One field of one change. */
typedef struct db_policy_past {
    gint64 at, version;      /* the version that it made */
    char *actor, *who, *who_ja; /* who: an operator's name; "" where the actor is nobody with one */
    char *field, *was, *is;
} DbPolicyPast;
/* DbPolicyPast *: what made the versions after VERSION, newest first, at most LIMIT fields. */
GPtrArray *db_policy_past(Db *db, gint64 institution, gint64 version, int limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- lists and previews ----------------------------------------------------------------------------------------------------- */

#define DB_POLICY_COUNT_MOST 10000 /* what is counted is counted so far; one more means 'more than these' */

typedef struct db_policy_row {
    gint64 id, idps, people, active;
    char *name, *name_ja, *domains;
} DbPolicyRow;
/* Institutions whose name, Japanese name or mail domain has TEXT in it ("": all), after the name AFTER: DbPolicyRow *. */
GPtrArray *db_policy_list(Db *db, const char *text, const char *after, int limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What an institution's policy as it is now keeps from happening. Each number counts as far as DB_POLICY_COUNT_MOST goes. */
struct db_policy_effect {
    gint64 people;   /* there are */
    gint64 strangers; /* of them: their IdP does not speak for the institution */
    gint64 no_mail;  /* of them: have no address that may stand in a certificate */
    gint64 waiting;  /* requests under way */
    gint64 stopped;  /* of them: type, months or address is not allowed any more, so that the signer will refuse them */
    gint64 active;   /* certificates in use */
    gint64 last;     /* of them: cannot be renewed, likewise */
};
gboolean db_policy_effect(Db *db, gint64 institution, struct db_policy_effect *effect, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What may be applied for, in the order of the forms. */
typedef struct db_policy_offer { char *type; gint64 months; char *profile; /* NULL: none is in force */ } DbPolicyOffer;
GPtrArray *db_policy_offers(Db *db, gint64 institution, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The subject of a certificate of somebody with that name, in ASCII and in the own script. The caller's. */
char *db_policy_subject(Db *db, gint64 institution, const char *name, const char *name_ja, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Domains of people's addresses that may not stand in certificates, those of the most people first: DbPolicyRefused *. */
typedef struct db_policy_refused { char *domain; gint64 people; } DbPolicyRefused;
GPtrArray *db_policy_refused(Db *db, gint64 institution, int limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;

extern const DbGroup db_policy_group, db_policy_owner_group;

#endif
