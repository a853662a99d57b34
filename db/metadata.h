/*
 * db/metadata: rows of the federation's IdPs (tables metadata_source, idp) and which institution an IdP belongs to.
 * Expired rows are never given out. Where several sources have an entity, the valid row of the lowest priority counts.
 */
#ifndef DB_METADATA_H
#define DB_METADATA_H

#include "db/db.h"

extern const DbGroup db_metadata_group, db_metadata_refresh_group;

/* One IdP. All text is set ("" for none) but xml in lists. */
typedef struct {
    char *source;
    char *entity_id;
    char *xml;                /* its EntityDescriptor; NULL in lists */
    char *name_en, *name_ja;  /* never empty: one stands in for the other, then the host name */
    char *keywords;
    char *logo;               /* https: or data: URL, as metadata has it; two, parted by a space, where ja and en differ; "" for none */
    char **scopes, **scope_regexps;
    char *contact_name, *contact_mail; /* whom to ask about its attributes */
    char *search;             /* what a search looks at (db/reading.h); "" when read */
    gboolean hidden;          /* not to be shown in discovery */
    gboolean slo;             /* has single logout by HTTP-Redirect */
    gint64 valid_until;       /* when read: of it or of its source's copy, whichever is earlier; when stored, its own, 0: none */
    gint64 institution;       /* 0: belongs to no institution of ours */
    char *hash;               /* when stored: SHA-256 of all that was read, hexadecimal; NULL: not known */
} DbIdp;

void db_idp_free(DbIdp *idp);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbIdp, db_idp_free)

/* For the portal. NULL without error: no such IdP (or only expired rows of it). */
DbIdp *db_metadata_get(Db *db, const char *entity_id, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* For the operator: the rows of ENTITY_ID of every source, expired ones too, the first in order of priority. */
GPtrArray *db_metadata_everywhere(Db *db, const char *entity_id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* For the operator: those whose entity id, names or scopes contain QUERY (any case; "": all), by entity id, at most LIMIT. An
   array of DbIdp *, freed with it. */
GPtrArray *db_metadata_list(Db *db, const char *query, gint64 now, int limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- sources: for the worker and the operator ----------------------------------------------------------------------------- */

typedef struct {
    char *name, *kind, *location; /* kind: "aggregate", "mdq" or "manual" */
    int priority;
    int entities, skipped, changed; /* IdPs that count; not usable; written or taken away with the last good copy */
    gint64 refreshed_at;            /* the last good copy came; 0: never */
    gint64 asked_at;                /* the last time that the server answered well, also "not modified" */
    gint64 valid_until;             /* of the copy; of the earliest entity by MDQ; 0: none */
    gint64 failed_at;               /* the last time that it did not */
    char *error;                    /* of the last try; "" if it went well */
    char *pin, *etag, *modified;    /* of the last good copy: hash of what judged it, and what its server said of its age */
} DbMetadataSource;
void db_metadata_source_free(DbMetadataSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbMetadataSource, db_metadata_source_free)

/* All sources by priority; an array of DbMetadataSource *. */
GPtrArray *db_metadata_sources(Db *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Makes or changes the row of a source as the settings have it, and locks it until the transaction ends: two refreshes of one
   source go one after the other. Only name, kind, location and priority count. */
gboolean db_metadata_declare(Db *db, const DbMetadataSource *source, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Records a failed refresh (also one that could not be fetched) of such a source; the rows stay. MESSAGE is cut at 500 bytes. */
gboolean db_metadata_failed(Db *db, const DbMetadataSource *source, const char *message, gint64 now, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Records that the server has nothing newer, or that an MDQ round went well. */
gboolean db_metadata_unchanged(Db *db, const DbMetadataSource *source, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Forgets every source, with its rows, that is not in SOURCES (NULL-terminated; name "manual" there too to keep the IdPs given
   by hand). For a worker that starts with changed settings. */
gboolean db_metadata_keep_only(Db *db, const char *const *sources, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- storing a copy: all of it inside one transaction of the caller's, after db_metadata_declare --------------------------- */

/* What SOURCE has: entity id → hash (hexadecimal, "" for none); the caller's. */
GHashTable *db_metadata_hashes(Db *db, const char *source, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Adds or replaces rows (DbIdp *, each entity once) in one statement. */
gboolean db_metadata_put(Db *db, const char *source, const GPtrArray *idps, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean db_metadata_drop(Db *db, const char *source, const char *const *entity_ids, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Which entities the copy before could not use: entity id → why; and which this one cannot. */
GHashTable *db_metadata_skipped(Db *db, const char *source, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean db_metadata_set_skipped(Db *db, const char *source, GHashTable *skipped, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Why ENTITY_ID is left out, by any source: "SOURCE: WHY"; NULL without ERROR where it is not. */
char *db_metadata_why_not(Db *db, const char *entity_id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Everything of COPY but kind, location and priority is the source's from now on; refreshed_at is when. */
gboolean db_metadata_done(Db *db, const DbMetadataSource *copy, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same for a source without copies (by hand, MDQ): counts its rows. */
gboolean db_metadata_count(Db *db, const char *source, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
