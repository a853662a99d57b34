/*
 * Persons: who logs in. A person belongs to one institution and one IdP of it; the same identifier from another IdP is
 * another person.
 */
#ifndef DB_PERSON_H
#define DB_PERSON_H

#include "db/db.h"

typedef struct db_person {
    gint64 id, institution;
    char *idp, *identifier;
    char *display_name, *display_name_ja; /* display_name_ja may be "" */
    char *common_name;                    /* NULL: the IdP sends no name in ASCII, so nothing can be issued */
    char **mails;                         /* as the IdP sent them, never NULL */
    char **mails_allowed;                 /* those of them within the institution's mail domains, never NULL */
    char **affiliation;
    char *language;                       /* ja or en */
    gboolean notices;                     /* FALSE: only the last renewal notice */
    gint64 first_seen, seen_at;
} DbPerson;
void db_person_free(DbPerson *person);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbPerson, db_person_free)

/* What a login brings; borrowed. */
struct db_person_login {
    const char *idp, *identifier, *display_name, *display_name_ja;
    const char *common_name; /* NULL where there is none */
    const char *const *mails, *const *affiliation;
    const char *language;
};

/* Inserts or brings up to date; the id, and that of the INSTITUTION, or 0 with ERROR. DB_ERROR_REFUSED "institution" where the IdP
   belongs to none. */
gint64 db_person_login(Db *db, const struct db_person_login *login, gint64 *institution, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* NULL without ERROR: there is none. */
DbPerson *db_person_get(Db *db, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whom a login means, as known before it; the row is held until the transaction ends. NULL without ERROR: nobody yet. */
DbPerson *db_person_find(Db *db, const char *idp, const char *identifier, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean db_person_set_notices(Db *db, gint64 id, gboolean on, GError **error) G_GNUC_WARN_UNUSED_RESULT;

extern const DbGroup db_person_group;

#endif
