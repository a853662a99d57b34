#include "ra/metadata_store.h"

#include <string.h>

#include "db/log.h"

#define BATCH_ROWS 200
#define BATCH_BYTES (4 * 1024 * 1024)
#define SKIPPED_LOGGED 20   /* lines of a refresh */
#define SKIPPED_MOST 10000
#define MANUAL_SECONDS (G_GINT64_CONSTANT(3652) * 86400)

struct store {
    RaContext *ctx;
    DbMetadataSource *copy;
    GHashTable *known;   /* entity id → hash, of the copy before; what comes again is taken out */
    GHashTable *seen;    /* entity ids of this copy */
    GHashTable *skipped; /* entity id → why */
    GPtrArray *batch;    /* DbIdp *, changed ones, not yet written */
    gsize batch_bytes;
};

static void
free_idp(gpointer idp)
{
    db_idp_free(idp);
}

static char *
hash_of(const guchar *row, gsize n)
{
    g_autoptr(GBytes) hash = crypto_sha256(row, n);
    return crypto_hex(hash);
}

static gboolean
bad_answer(GError **error, const char *why)
{
    g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "opener-answer: %s", why);
    return FALSE;
}

/* --- what the child says, in this order ----------------------------------------------------------------------------------- */

/* Everything is verified: from here on the database is in a transaction. */
static gboolean
take_head(const struct sp_metadata_head *head, gpointer data, GError **error)
{
    struct store *store = data;
    Db *db = store->ctx->db;
    store->copy->valid_until = head->valid_until;
    if (!db_begin(db, error) || !db_metadata_declare(db, store->copy, error))
        return FALSE;
    store->known = db_metadata_hashes(db, store->copy->name, error);
    return store->known != NULL;
}

static gboolean
flush(struct store *store, GError **error)
{
    if (!store->batch->len)
        return TRUE;
    gboolean written = db_metadata_put(store->ctx->db, store->copy->name, store->batch, error);
    g_ptr_array_set_size(store->batch, 0);
    store->batch_bytes = 0;
    return written;
}

/* The hash is made here, of what is stored: nobody upstream can have a row kept that is not what it was made of. */
static gboolean
take_row(const guchar *row, gsize n, gpointer data, GError **error)
{
    struct store *store = data;
    g_autofree char *name = sp_metadata_row_name(row, n), *hash = hash_of(row, n);
    const char *before = g_hash_table_lookup(store->known, name);
    gboolean same = g_strcmp0(before, hash) == 0;
    g_hash_table_remove(store->known, name);
    if (!g_hash_table_add(store->seen, g_steal_pointer(&name)))
        return bad_answer(error, "one entity twice");
    store->copy->entities++;
    if (same)
        return TRUE;
    DbIdp *idp = sp_metadata_row(row, n, error);
    if (!idp)
        return FALSE;
    idp->hash = g_steal_pointer(&hash);
    store->copy->changed++;
    store->batch_bytes += n;
    g_ptr_array_add(store->batch, idp);
    return (store->batch->len < BATCH_ROWS && store->batch_bytes < BATCH_BYTES) || flush(store, error);
}

static gboolean
take_skipped(const char *entity_id, const char *why, gpointer data, GError **error)
{
    struct store *store = data;
    (void)error;
    store->copy->skipped++;
    if (g_hash_table_size(store->skipped) < SKIPPED_MOST)
        g_hash_table_insert(store->skipped, g_strdup(entity_id), g_strdup(why));
    return TRUE;
}

/* --- the end of it -------------------------------------------------------------------------------------------------------- */

/* Those that were not left out before, at most SKIPPED_LOGGED of them; the table has all. TRUE: something is different. */
static gboolean
tell_skipped(const struct store *store, GHashTable *before)
{
    GHashTableIter iter;
    gpointer id, why;
    guint news = 0;
    g_hash_table_iter_init(&iter, store->skipped);
    while (g_hash_table_iter_next(&iter, &id, &why))
        if (g_strcmp0(g_hash_table_lookup(before, id), why) != 0 && ++news <= SKIPPED_LOGGED)
            log_write(LOG_LEVEL_WARNING, "metadata-skipped", "source", store->copy->name, "entity", (const char *)id, "msg",
                      (const char *)why, NULL);
    g_autofree char *more = news > SKIPPED_LOGGED ? g_strdup_printf("%u more, see `inkan metadata list --skipped`",
                                                                  news - SKIPPED_LOGGED) : NULL;
    if (more)
        log_write(LOG_LEVEL_WARNING, "metadata-skipped", "source", store->copy->name, "msg", more, NULL);
    return news > 0 || g_hash_table_size(before) != g_hash_table_size(store->skipped);
}

static gboolean
write_skipped(const struct store *store, GError **error)
{
    g_autoptr(GHashTable) before = db_metadata_skipped(store->ctx->db, store->copy->name, error);
    if (!before)
        return FALSE;
    return !tell_skipped(store, before) || db_metadata_set_skipped(store->ctx->db, store->copy->name, store->skipped, error);
}

static gboolean
drop_gone(struct store *store, GError **error)
{
    g_autofree const char **gone = (const char **)g_hash_table_get_keys_as_array(store->known, NULL);
    store->copy->changed += (int)g_hash_table_size(store->known);
    return !*gone || db_metadata_drop(store->ctx->db, store->copy->name, gone, error);
}

static gboolean
finish(struct store *store, GError **error)
{
    return flush(store, error) && drop_gone(store, error) && write_skipped(store, error) &&
           db_metadata_done(store->ctx->db, store->copy, error) && db_commit(store->ctx->db, error);
}

gboolean
ra_metadata_store(RaContext *ctx, SpOpener *opener, GByteArray *bytes, const struct sp_metadata_want *want, DbMetadataSource *copy,
                  GError **error)
{
    static const struct sp_metadata_rows rows = { take_head, take_row, take_skipped };
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) skipped = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GPtrArray) batch = g_ptr_array_new_with_free_func(free_idp);
    struct store store = { .ctx = ctx, .copy = copy, .seen = seen, .skipped = skipped, .batch = batch };
    copy->entities = copy->skipped = copy->changed = 0;
    gboolean done = sp_metadata_open(opener, bytes, want, &rows, &store, error) && finish(&store, error);
    db_rollback(ctx->db);
    g_clear_pointer(&store.known, g_hash_table_unref);
    return done;
}

/* --- one entity ----------------------------------------------------------------------------------------------------------- */

struct one {
    struct sp_metadata_head head;
    DbIdp *idp;
};

static gboolean
one_head(const struct sp_metadata_head *head, gpointer data, GError **error)
{
    (void)error;
    ((struct one *)data)->head = *head;
    return TRUE;
}

static gboolean
one_row(const guchar *row, gsize n, gpointer data, GError **error)
{
    struct one *one = data;
    if (one->idp)
        return bad_answer(error, "more than one entity");
    one->idp = sp_metadata_row(row, n, error);
    if (one->idp)
        one->idp->hash = hash_of(row, n);
    return one->idp != NULL;
}

static gboolean
one_skipped(const char *entity_id, const char *why, gpointer data, GError **error)
{
    (void)entity_id, (void)why, (void)data;
    return bad_answer(error, "nothing can be left out of one");
}

DbIdp *
ra_metadata_read_one(SpOpener *opener, GByteArray *bytes, const struct sp_metadata_want *want, struct sp_metadata_head *head,
                     GError **error)
{
    static const struct sp_metadata_rows rows = { one_head, one_row, one_skipped };
    struct one one = { .idp = NULL };
    gboolean done = sp_metadata_open(opener, bytes, want, &rows, &one, error);
    if (done && !one.idp)
        done = bad_answer(error, "no entity");
    if (head)
        *head = one.head;
    if (done && one.idp->valid_until == 0)
        one.idp->valid_until = one.head.valid_until == G_MAXINT64 ? 0 : one.head.valid_until;
    if (!done)
        g_clear_pointer(&one.idp, db_idp_free);
    return one.idp;
}

DbIdp *
ra_metadata_read_by_hand(SpOpener *opener, GByteArray *bytes, gint64 now, GError **error)
{
    const struct sp_metadata_want want = { .kind = SP_METADATA_BY_HAND, .now = now };
    DbIdp *idp = ra_metadata_read_one(opener, bytes, &want, NULL, error);
    if (idp && !idp->valid_until)
        idp->valid_until = now + MANUAL_SECONDS;
    return idp;
}

static gboolean
declare_manual(RaContext *ctx, GError **error)
{
    static char name[] = SP_METADATA_MANUAL, kind[] = "manual", nowhere[] = "";
    const DbMetadataSource source = { .name = name, .kind = kind, .location = nowhere, .priority = 0 };
    return db_metadata_declare(ctx->db, &source, error);
}

gboolean
ra_metadata_put_by_hand(RaContext *ctx, DbIdp *idp, gint64 now, GError **error)
{
    g_autoptr(GPtrArray) one = g_ptr_array_new();
    g_ptr_array_add(one, idp);
    return declare_manual(ctx, error) && db_metadata_put(ctx->db, SP_METADATA_MANUAL, one, error) &&
           db_metadata_count(ctx->db, SP_METADATA_MANUAL, now, error);
}

gboolean
ra_metadata_drop_by_hand(RaContext *ctx, const char *entity_id, gint64 now, GError **error)
{
    const char *const one[] = { entity_id, NULL };
    return declare_manual(ctx, error) && db_metadata_drop(ctx->db, SP_METADATA_MANUAL, one, error) &&
           db_metadata_count(ctx->db, SP_METADATA_MANUAL, now, error);
}
