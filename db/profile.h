/*
 * Profiles: rows with dates. What one says of certificates is fixed once it is in force; it ends once (0010_profiles.sql).
 */
#ifndef DB_PROFILE_H
#define DB_PROFILE_H

#include "db/db.h"

typedef struct {
    gint64 id;
    char *name, *type, *issuer, *subject;
    gint64 months, valid_from, valid_to; /* 0: it sleeps; it has no end */
    gint64 max_active; /* of one person, of all rows of this name; 0: no limit but the institution's */
    char **key_usage, **extended, **policies, **key_kinds; /* as ca/profile.h has them */
    char **contexts;  /* AuthnContextClassRefs of which the login must have one; empty: any */
    char **assurance; /* values of eduPersonAssurance, all of them; '|' between alternatives */
} DbProfile;
void db_profile_free(DbProfile *profile);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbProfile, db_profile_free)

/* The one in force for a type and a validity; NULL without ERROR: none. */
DbProfile *db_profile_now(Db *db, const char *type, gint64 months, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- Owner only ----------------------------------------------------------------------------------------------------------- */

/* DbProfile *, by type, name and date. NAME NULL: of all names; ENDED: also rows that are over. */
GPtrArray *db_profile_list(Db *db, const char *name, gboolean ended, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What one row asks of a login, and its cap, from now on. */
gboolean db_profile_ask(Db *db, const DbProfile *profile, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A new row, its id ignored. AT: when it begins; DB_PROFILE_NOW, DB_PROFILE_NEVER (it sleeps). */
gboolean db_profile_add(Db *db, const DbProfile *profile, gint64 at, gint64 *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A row that has not begun begins AT. */
gboolean db_profile_begin(Db *db, gint64 id, gint64 at, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean db_profile_end(Db *db, gint64 id, gint64 at, GError **error) G_GNUC_WARN_UNUSED_RESULT;
#define DB_PROFILE_NOW 0
#define DB_PROFILE_NEVER (-1)

extern const DbGroup db_profile_group, db_profile_owner_group;

#endif
