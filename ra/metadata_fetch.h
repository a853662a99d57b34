/*
 * Federation metadata on schedule: fetched by libcurl (https or a local file), bounded, verified and stored by sp.
 */
#ifndef RA_METADATA_FETCH_H
#define RA_METADATA_FETCH_H

#include "ra/context.h"

/* URL: https://… or file:/…. At most MOST bytes, 60 s, 3 redirects to https only. NULL with ERROR (DOWN or INPUT). */
GBytes *ra_metadata_fetch(const char *url, size_t most, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Refreshes every source of [saml] sources that is due at NOW (or all with FORCE). A source that fails keeps its old rows.
   FALSE with ERROR (the last one) if one failed. */
gboolean ra_metadata_refresh(RaContext *ctx, gint64 now, gboolean force, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
