/*
 * sp/person: from a verified identity to a person of an institution, by the institution's rule.
 */
#ifndef SP_PERSON_H
#define SP_PERSON_H

#include "sp/response.h"

struct sp_person_rule {
    const char *identifier;            /* institution.identifier: 'subject-id' 'pairwise-id' 'eduPersonPrincipalName'
                                          'eduPersonTargetedID' or 'persistent' (the persistent NameID) */
    const char *entity_id;             /* ours: a persistent NameID for another SP is refused */
    const char *const *scopes;         /* the IdP's shibmd:Scope, literal (NULL-terminated; db/metadata.h) */
    const char *const *scope_regexps;  /* and those with regexp="true" */
};

/* Ready for the columns of table person. Lists are NULL-terminated, possibly empty. */
typedef struct {
    char *identifier;
    char *display_name;     /* never empty */
    char *display_name_ja;  /* "" for none */
    char *common_name;      /* printable ASCII, 1 to 64; NULL: the IdP sends no name in ASCII */
    char **mails;           /* well-formed, domain in lower case, at least one */
    char **affiliations;    /* eduPersonScopedAffiliation whose scope is the IdP's */
    char **entitlements;
    char **assurances;      /* eduPersonAssurance */
    char *organization, *organization_ja, *unit, *unit_ja; /* "" for none */
} SpPerson;

/* NULL with SP_ERROR_MISSING, "mail (urn:oid:…): …": ask sp_person_needs for the whole picture. */
SpPerson *sp_person_new(const SpIdentity *identity, const struct sp_person_rule *rule,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
void sp_person_free(SpPerson *person);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SpPerson, sp_person_free)

/* What is needed against what was sent, one row each, in the order of the page. */
enum sp_need_state {
    SP_NEED_GOOD,    /* sent and usable */
    SP_NEED_MISSING, /* not sent */
    SP_NEED_REFUSED, /* sent, but no value is usable, see reason */
};
struct sp_need {
    const char *name;   /* friendly name; for persistent NameID "NameID (persistent)" */
    const char *oid;    /* urn:oid:…; for NameID its format's URI */
    gboolean required;  /* without it nobody is logged in; of displayName, jaDisplayName, givenName + sn one form is enough:
                           they are required together, and only while none of them is usable */
    enum sp_need_state state;
    const char *reason; /* why refused, a fixed word for web/: "scope" (of another organisation), "shape", "long", "several" (where
                           one is needed), "empty" (no value, or none that is for us); "" otherwise */
};
GArray *sp_person_needs(const SpIdentity *identity,
                        const struct sp_person_rule *rule) G_GNUC_WARN_UNUSED_RESULT; /* of struct sp_need */

/* Why VALUE of the attribute NAME is of no use: "scope" "shape" "long"; "" if it is, or if we have no use for the attribute. */
const char *sp_person_judge(const char *name, const char *value, const struct sp_person_rule *rule);
/* VALUE as it may stand in a picture of the screen that is sent on: identifiers and mail addresses with their first letters and
   their domain only ("ha…@example.ac.jp"). NULL: it needs no mask. NAME: friendly, or as in struct sp_need. */
char *sp_person_mask(const char *name, const char *value) G_GNUC_WARN_UNUSED_RESULT;

/* A mail address that we would write to: ASCII, one @, at most 254 bytes, a domain of letters, digits, '-' and at least one
   dot. */
gboolean sp_mail_ok(const char *mail);
/* Does SCOPE belong to the IdP? */
gboolean sp_scope_ok(const char *scope, const char *const *scopes, const char *const *scope_regexps);

#endif
