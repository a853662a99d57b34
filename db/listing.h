/*
 * listing: everything that is known of certificates, for downloads: page by page in the order of an index, so that ten million
 * of them need no more memory than a few.
 */
#ifndef DB_LISTING_H
#define DB_LISTING_H

#include "db/db.h"

/* One snapshot for all pages of a download, inside the transaction that the caller has begun. */
gboolean db_listing_freeze(Db *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The columns, and where the next page begins; borrowed by EACH for the call. Times are texts in the service's time zone. */
extern const char *const db_listing_columns[];
extern const gsize db_listing_columns_count;
struct db_listing_key { gint64 end, number; };
typedef void (*DbListingRow)(const char *const *cells, gpointer data);

/* The certificates of the next LIMIT requests of INSTITUTION behind *KEY (0, 0: from the start), which is moved on. *MORE:
   whether there may be others. */
gboolean db_listing_page(Db *db, gint64 institution, struct db_listing_key *key, int limit, DbListingRow each, gpointer data,
                         gboolean *more, GError **error) G_GNUC_WARN_UNUSED_RESULT;

extern const DbGroup db_listing_group;

#endif
