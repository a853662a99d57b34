/*
 * db/metadata_query: what is asked of sources that speak MDQ (table idp_fetch): one row for each source and each entity that an
 * institution has. The rows of the IdPs themselves are db/metadata's.
 */
#ifndef DB_METADATA_QUERY_H
#define DB_METADATA_QUERY_H

#include "db/db.h"

extern const DbGroup db_metadata_query_group;

typedef struct {
    char *source, *entity_id;
    char *pin, *etag, *modified; /* of the last good answer; "" for none */
    gint64 cache;                /* seconds of its cacheDuration; 0: it named none */
    gint64 fetched_at;           /* the last good answer; 0: never */
    gint64 valid_until;          /* of the row that we have; 0: none */
    gboolean absent;             /* the last good answer was that there is none */
    gint64 due_at;               /* when it is asked for again; 0: at once */
    gint64 failed_at;
    char *error;                 /* of the last try; "" if it went well */
} DbMetadataFetch;
void db_metadata_fetch_free(DbMetadataFetch *fetch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbMetadataFetch, db_metadata_fetch_free)

/* Is there anything to do for SOURCE at NOW: one that is due, or a list that is not what institutions have? */
gboolean db_metadata_query_needed(Db *db, const char *source, gint64 now, gboolean *needed, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Makes SOURCE's list what institutions have now: new ones are due at once, and of those that none has any more the row goes. */
gboolean db_metadata_query_sync(Db *db, const char *source, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Those of SOURCE that are due at NOW (or all), the longest waiting first; an array of DbMetadataFetch *, freed with it. */
GPtrArray *db_metadata_query_due(Db *db, const char *source, gint64 now, gboolean all, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What is known of ENTITY_ID, of each source that is asked for it. */
GPtrArray *db_metadata_query_of(Db *db, const char *entity_id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* An answer, good or not: everything of FETCH but valid_until. Where it is absent the row of the IdP goes, in the caller's
   transaction, if any. */
gboolean db_metadata_query_done(Db *db, const DbMetadataFetch *fetch, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
