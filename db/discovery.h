/*
 * db/discovery: the IdPs that people choose from: those that speak for an institution of ours and whose metadata is valid. Others
 * are never shown, since nobody can log in by them.
 */
#ifndef DB_DISCOVERY_H
#define DB_DISCOVERY_H

#include "db/db.h"

extern const DbGroup db_discovery_group;

typedef struct {
    char *entity_id;
    char *name_en, *name_ja; /* never empty */
    char *picture;           /* name of its logo (db/logo.h) in the language asked for; "" for none */
} DbChoice;

void db_choice_free(DbChoice *choice);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbChoice, db_choice_free)

/*
 * Those whose names, keywords or domains have every word of QUERY (NULL or "": all), however they are written (db/reading.h),
 * at most LIMIT; *TOTAL (may be NULL) is how many there are. First those whose name begins with QUERY, then those that have its
 * words at the start of words, then the rest; in each, by name in LANGUAGE ("ja" or "en"). Those that ask to be hidden from
 * discovery are left out. An array of DbChoice *, freed with it.
 */
GPtrArray *db_discovery_search(Db *db, const char *query, const char *language, int limit, gint64 now, gint64 *total,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Those of ENTITY_IDS (NULL-terminated) that can be chosen, hidden ones too, in that order. */
GPtrArray *db_discovery_named(Db *db, const char *const *entity_ids, const char *language, gint64 now, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

#endif
