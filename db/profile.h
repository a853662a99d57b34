/*
 * Profiles, as far as they say how a person must be logged in. What a certificate is made of is ca's business.
 */
#ifndef DB_PROFILE_H
#define DB_PROFILE_H

#include "db/db.h"

typedef struct {
    gint64 id;
    char *name, *type, *issuer, *subject;
    gint64 months, valid_from, valid_to; /* 0: it sleeps; it has no end */
    char **contexts;  /* AuthnContextClassRefs of which the login must have one; empty: any */
    char **assurance; /* values of eduPersonAssurance, all of them; '|' between alternatives */
} DbProfile;
void db_profile_free(DbProfile *profile);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbProfile, db_profile_free)

/* The one in force for a type and a validity; NULL without ERROR: none. */
DbProfile *db_profile_now(Db *db, const char *type, gint64 months, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* DbProfile *, by name and date. NAME NULL: all; otherwise those rows of it that have not ended. */
GPtrArray *db_profile_list(Db *db, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Owner only: what one row asks from now on. */
gboolean db_profile_ask(Db *db, gint64 id, const char *const *contexts, const char *const *assurance, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

extern const DbGroup db_profile_group, db_profile_owner_group;

#endif
