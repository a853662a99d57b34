#include "ra/print.h"

#include "db/print.h"
#include "ra/error.h"

#define STEP 200   /* of one transaction */
#define STEPS 5   /* of the old ones in one round: ten million in some hours, without the other rounds' waiting for it */

static gboolean
store(Db *db, const DbPrint *print, GError **error)
{
    g_autoptr(GChecksum) sha1 = g_checksum_new(G_CHECKSUM_SHA1);
    guint8 digest[20];
    gsize n = sizeof digest;
    g_checksum_update(sha1, g_bytes_get_data(print->der, NULL), (gssize)g_bytes_get_size(print->der));
    g_checksum_get_digest(sha1, digest, &n);
    g_autoptr(GBytes) bytes = g_bytes_new(digest, n);
    return db_print_store(db, bytes, print->request, error);
}

/* How many; -1 with ERROR. The caller's transaction. */
static int
new_ones(Db *db, GError **error)
{
    g_autoptr(GPtrArray) prints = db_print_new(db, STEP, error);
    for (guint i = 0; prints && i < prints->len; i++)
        if (!store(db, prints->pdata[i], error) || !db_print_new_done(db, prints->pdata[i], error))
            return -1;
    return prints ? (int)prints->len : -1;
}

static int
old_ones(Db *db, GError **error)
{
    g_autoptr(GError) why = NULL;
    if (!db_print_walks(db, &why)) {
        gboolean none = why == NULL;
        if (why)
            g_propagate_error(error, g_steal_pointer(&why));
        return none ? 0 : -1;
    }
    g_autoptr(GPtrArray) prints = db_print_old(db, STEP, error);
    for (guint i = 0; prints && i < prints->len; i++)
        if (!store(db, prints->pdata[i], error))
            return -1;
    if (!prints || !db_print_old_done(db, prints->len > 0 ? prints->pdata[prints->len - 1] : NULL, error))
        return -1;
    return (int)prints->len;
}

/* MOST steps, each a transaction, while there is something to do. */
static gboolean
steps(Db *db, int (*step)(Db *, GError **), int most, GError **error)
{
    for (int n = STEP; n == STEP && most > 0; most--) {
        n = db_begin(db, error) ? step(db, error) : -1;
        if (n < 0 || !db_commit(db, error)) {
            db_rollback(db);
            return FALSE;
        }
    }
    return TRUE;
}

gboolean
ra_print_run(RaContext *ctx, GError **error)
{
    return (steps(ctx->db, new_ones, G_MAXINT, error) && steps(ctx->db, old_ones, STEPS, error)) || ra_error_from(error);
}
