/*
 * The items of [saml] sources: NAME|URL[|CERTIFICATE_FILE], in the order in which they count.
 */
#ifndef RA_METADATA_SOURCE_H
#define RA_METADATA_SOURCE_H

#include "db/settings.h"

enum ra_metadata_kind {
    RA_METADATA_AGGREGATE, /* https://… or file:/… */
    RA_METADATA_MDQ,       /* mdq:https://…: each entity by its own URL, the id percent-encoded */
    RA_METADATA_MDQ_SHA1,  /* mdq-sha1:https://…: the same, named by {sha1} and the hash of the id */
};

typedef struct {
    char *name;
    char *url;              /* without mdq: in front and without a slash at its end */
    char *certificate_file; /* the item's, or [saml] metadata_certificate */
    enum ra_metadata_kind kind;
    int priority;           /* from 1; 0 is what an operator gave by hand */
} RaMetadataSource;

void ra_metadata_source_free(RaMetadataSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RaMetadataSource, ra_metadata_source_free)

/* All items that are right, RaMetadataSource *, freed with the array; never NULL. ERROR is set to what is wrong with the first
   that is not (RA_ERROR_INPUT): the others work all the same. */
GPtrArray *ra_metadata_sources(const Settings *settings, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Where SOURCE, which speaks MDQ, has ENTITY_ID (draft-young-md-query, 2 and 3.1); the caller's. */
char *ra_metadata_source_url(const RaMetadataSource *source, const char *entity_id) G_GNUC_WARN_UNUSED_RESULT;

#endif
