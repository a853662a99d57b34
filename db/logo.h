/*
 * db/logo: logos of the IdPs that people choose from (tables logo, picture): which are to be fetched, what came of it, the
 * pictures themselves. Pictures are named by their SHA-256, so that a browser may keep them for ever.
 */
#ifndef DB_LOGO_H
#define DB_LOGO_H

#include "db/db.h"

extern const DbGroup db_logo_group, db_logo_worker_group;

/* For the portal: the bytes of picture NAME (a PNG), the caller's. NULL without ERROR: there is none. */
GBytes *db_logo_picture(Db *db, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* For the worker: a logo that is to be fetched. */
typedef struct {
    char *entity_id;
    char **languages; /* on whose pages it stands: "ja", "en" or both */
    char *url;        /* https: or data: */
    GBytes *url_hash;
    gint64 failures;  /* of this URL, in a row */
} DbLogoWork;
void db_logo_work_free(DbLogoWork *work);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbLogoWork, db_logo_work_free)

/* Those that are due at NOW, of IdPs that speak for an institution: never fetched, their URL in metadata is another one, or it is
   time to look again. At most LIMIT; an array of DbLogoWork *. */
GPtrArray *db_logo_due(Db *db, int limit, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* WORK is done: its picture is NAME with the bytes PNG. To be looked at again at NEXT. */
gboolean db_logo_drawn(Db *db, const DbLogoWork *work, const char *name, GBytes *png, gint64 now, gint64 next, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* It failed: the picture that this URL gave before stays, one of another URL goes. MESSAGE is cut at 500 bytes. */
gboolean db_logo_failed(Db *db, const DbLogoWork *work, const char *message, gint64 next, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Drops the rows of IdPs that are gone, speak for nobody any more or have no logo now, and the pictures that nobody shows. */
gboolean db_logo_sweep(Db *db, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
