/*
 * MDQ (draft-young-md-query, draft-young-md-query-saml): a source that is asked for one entity at a time.
 */
#ifndef RA_METADATA_QUERY_H
#define RA_METADATA_QUERY_H

#include "ra/metadata.h"

/* Asks SOURCE for each IdP of an institution that is due. An entity that it does not have goes at once; one that it answers badly
   for is logged, recorded and keeps its row until that one's validUntil. FALSE with ERROR where the server, or the database, is
   away: the rest is asked for later. */
gboolean ra_metadata_query(const struct ra_metadata_round *round, const RaMetadataSource *source, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

#endif
