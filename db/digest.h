/*
 * digest: what an institution's helpdesk should look at, as one mail a day or a week. The database decides whether there is
 * anything to say, and keeps each period to one mail.
 */
#ifndef DB_DIGEST_H
#define DB_DIGEST_H

#include "db/db.h"

typedef struct db_digest {
    gint64 institution;
    char *period; /* YYYY-MM-DD: the day, or the Monday of the week */
} DbDigest;
void db_digest_free(DbDigest *digest);

/* Whose digest is due at NOW, from HOUR o'clock on: DbDigest *, at most LIMIT. */
GPtrArray *db_digest_due(Db *db, gint64 now, gint64 hour, int limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Makes it: a mail, or the record that there was nothing to say; nothing where somebody was first. */
gboolean db_digest_make(Db *db, const DbDigest *digest, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

extern const DbGroup db_digest_group;

#endif
