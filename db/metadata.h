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
    gint64 valid_until;
    gint64 institution;       /* 0: belongs to no institution of ours */
} DbIdp;

void db_idp_free(DbIdp *idp);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbIdp, db_idp_free)

/* For the portal. NULL without error: no such IdP (or only expired rows of it). */
DbIdp *db_metadata_get(Db *db, const char *entity_id, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* For the worker and the operator. */
typedef struct {
    char *name;
    int priority;
    int entities;
    gint64 refreshed_at, valid_until, failed_at; /* 0: never */
    char *error; /* of the last try; "" if it went well */
} DbMetadataSource;
void db_metadata_source_free(DbMetadataSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbMetadataSource, db_metadata_source_free)

/* All sources by priority; an array of DbMetadataSource *. */
GPtrArray *db_metadata_sources(Db *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes the rows of SOURCE exactly IDPS (array of DbIdp *) in a transaction of its own. All or nothing. */
gboolean db_metadata_replace(Db *db, const char *source, int priority, const GPtrArray *idps, gint64 valid_until, gint64 now,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Adds or replaces one row of SOURCE in a transaction of its own. */
gboolean db_metadata_put(Db *db, const char *source, int priority, const DbIdp *idp, gint64 now, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Records a failed refresh (also one that could not be fetched); the rows stay. MESSAGE is cut at 500 bytes. */
gboolean db_metadata_failed(Db *db, const char *source, int priority, const char *message, gint64 now, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Forgets every source, with its rows, that is not in SOURCES (NULL-terminated; name "manual" there too to keep the IdPs given
   by hand). For a worker that starts with changed settings. */
gboolean db_metadata_keep_only(Db *db, const char *const *sources, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
