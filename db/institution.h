/*
 * Institutions with their policy, and which IdPs speak for them, as the programs need them; changed by db/policy.h.
 */
#ifndef DB_INSTITUTION_H
#define DB_INSTITUTION_H

#include "db/db.h"

typedef struct db_institution {
    gint64 id;
    char *name, *name_ja;
    char *country, *locality, *organization;
    char *unit;           /* NULL: none */
    char **mail_domains;  /* lower case; a leading dot allows everything below; never NULL */
    char **types;         /* "client", "smime" */
    char **months;        /* "52", "25", "13": decimal text, in the order the forms show them */
    gboolean approval, pin_mail;
    gint64 grace_days;    /* -1: a renewed certificate runs out by itself */
    gint64 max_active;
    char *identifier;     /* which SAML identifier tells persons apart */
    char *helpdesk_name, *helpdesk_mail, *helpdesk_phone;
    char *password_rule;  /* for own passwords of certificate files, see ra/password.h; "": the service's */
    char *name_form;      /* of people in certificates: "ascii", or "native" where the IdP sends such a name */
    char **two_officers;  /* acts that need two: "revoke-many", "approve", "new-pin", "apply" */
    char **idps;          /* entity ids; filled by get and list only */
} DbInstitution;
void db_institution_free(DbInstitution *institution);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbInstitution, db_institution_free)

/* NULL without ERROR: there is none. */
DbInstitution *db_institution_get(Db *db, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
DbInstitution *db_institution_by_name(Db *db, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* All by name: DbInstitution *. */
GPtrArray *db_institution_list(Db *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Owner only. How many persons it has; -1 with ERROR. */
gint64 db_institution_persons(Db *db, gint64 institution, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Is the mail address within one of DOMAINS? The same rule as SQL's mail_domain_allowed, for showing choices beforehand. */
gboolean db_mail_domain_allowed(const char *mail, char *const *domains);

extern const DbGroup db_institution_group, db_institution_owner_group;

#endif
