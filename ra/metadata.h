/*
 * Federation metadata on schedule: every source of [saml] sources, each with its own key, time and failure. The worker's round,
 * and what `inkan metadata refresh` does at once.
 *
 * An aggregate is fetched every [saml] metadata_refresh seconds, and after a failure again in five minutes. By MDQ only the IdPs
 * that institutions have are asked for, each when its cacheDuration says so; never because somebody outside named one. The last
 * good copy counts until its validUntil, whatever happens; then its IdPs are gone by the query that reads them.
 */
#ifndef RA_METADATA_H
#define RA_METADATA_H

#include "db/metadata.h"
#include "ra/context.h"
#include "ra/metadata_source.h"
#include "sp/metadata_job.h"

struct ra_metadata_round {
    RaContext *ctx;
    SpOpener *opener;
    const GPtrArray *sources; /* RaMetadataSource * */
    gint64 now;
    gboolean force;           /* due or not */
    const char *only;         /* the name of one source; NULL: all */
};

/* Refreshes what is due. Each failure is logged (one line a try) and recorded; a source that fails keeps its rows and does not
   hold up the others. FALSE with the last ERROR, "source NAME: …" (RA_ERROR, SP_ERROR or DB_ERROR). */
gboolean ra_metadata_round(const struct ra_metadata_round *round, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* For who begins with settings that may have changed: SOURCES as rows, in their order; others, with their rows, are forgotten
   (IdPs by hand stay). */
gboolean ra_metadata_settle(RaContext *ctx, const GPtrArray *sources, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- for ra/metadata_query.c ---------------------------------------------------------------------------------------------- */

/* The row of SOURCE as the settings have it; the caller's. */
DbMetadataSource *ra_metadata_row(const RaMetadataSource *source) G_GNUC_WARN_UNUSED_RESULT;
/* What SOURCE pins, PEM text, and *PIN, the hash of everything that decides how a copy is judged and read; both the caller's.
   NULL with RA_ERROR_INPUT. */
char *ra_metadata_pinned(const RaMetadataSource *source, char **pin, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#define RA_METADATA_RETRY 300 /* seconds after a failure, where the schedule would wait longer */

#endif
