/*
 * A copy of a source's metadata, from bytes to the tables: read by an opener's child, written in one transaction, and only what
 * changed.
 */
#ifndef RA_METADATA_STORE_H
#define RA_METADATA_STORE_H

#include "db/metadata.h"
#include "ra/context.h"
#include "sp/metadata_job.h"

/*
 * Makes the rows of COPY's source what BYTES have (used up), all or nothing. COPY: name, kind, location, priority, pin, etag,
 * modified and refreshed_at (now) are given; entities, skipped, changed and valid_until come out. IdPs that cannot be used are
 * logged when they are new and can be asked for afterwards. FALSE with SP_ERROR, DB_ERROR.
 */
gboolean ra_metadata_store(RaContext *ctx, SpOpener *opener, GByteArray *bytes, const struct sp_metadata_want *want,
                           DbMetadataSource *copy, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One entity out of BYTES (used up), as WANT says. HEAD (may be NULL). The row, hash and end of its own set; the caller's. */
DbIdp *ra_metadata_read_one(SpOpener *opener, GByteArray *bytes, const struct sp_metadata_want *want, struct sp_metadata_head *head,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The IdP of a file given by an operator, to be stored below. NULL with SP_ERROR_INPUT, in words for the operator. */
DbIdp *ra_metadata_read_by_hand(SpOpener *opener, GByteArray *bytes, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Adds it to the source by hand, or takes ENTITY_ID away there; inside a transaction of the caller's, which also says for whom
   it speaks: both or neither. */
gboolean ra_metadata_put_by_hand(RaContext *ctx, DbIdp *idp, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean ra_metadata_drop_by_hand(RaContext *ctx, const char *entity_id, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
