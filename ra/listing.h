/*
 * listing: all certificates as a table, written while they are read: nothing is kept but a page of them.
 */
#ifndef RA_LISTING_H
#define RA_LISTING_H

#include "ra/officer.h"

/* Takes the next bytes of the table, the first call with its head; FALSE: the reader is gone, no more. */
typedef gboolean (*RaListingWrite)(const char *bytes, gsize n, gpointer data);

/* Everything in reach of OFFICER, of INSTITUTION alone where an operator chose one. One snapshot; as TSV (web/tsv.h), UTF-8
   with a byte order mark. FALSE with ERROR where it could not be read to its end: what was written is then a part. */
gboolean ra_listing(RaContext *ctx, const RaOfficer *officer, gint64 institution, RaListingWrite write, gpointer data,
                    GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

#endif
