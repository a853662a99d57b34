#include "ra/metadata_query.h"

#include <string.h>

#include "db/log.h"
#include "db/metadata_query.h"
#include "ra/error.h"
#include "ra/metadata_fetch.h"
#include "ra/metadata_store.h"

#define FETCH_SECONDS 15
#define REDIRECTS_MOST 3
#define ENTITY_MOST (2 * 1024 * 1024)
#define EXPIRY_NEAR 2 /* times the schedule: a row that ends sooner is fetched whole, "nothing newer" or not */

struct query {
    const struct ra_metadata_round *round;
    const RaMetadataSource *source;
    char *pem, *pin;
    gint64 least, most; /* seconds between two questions for one entity */
};

/* When to ask again: as the entity's cacheDuration says, within our bounds. */
static gint64
due_after(const struct query *query, gint64 cache)
{
    gint64 pause = cache ? CLAMP(cache, query->least, query->most) : query->most;
    return query->round->now + pause;
}

/* Writes the row of IDP, if there is one, and the state of FETCH. */
static gboolean
write_row(const struct query *query, DbIdp *idp, const DbMetadataFetch *fetch, GError **error)
{
    Db *db = query->round->ctx->db;
    g_autoptr(GPtrArray) one = g_ptr_array_new();
    if (idp)
        g_ptr_array_add(one, idp);
    gboolean done = db_begin(db, error) && (!idp || db_metadata_put(db, fetch->source, one, error)) &&
                    db_metadata_query_done(db, fetch, error) && db_commit(db, error);
    db_rollback(db);
    return done;
}

static void
set(char **text, char *value)
{
    g_free(*text);
    *text = value;
}

/* A good answer: TEXT of the fetch is what the next question says. */
static void
answered(const struct query *query, DbMetadataFetch *fetch, struct ra_fetched *fetched, gint64 cache)
{
    set(&fetch->pin, g_strdup(query->pin));
    set(&fetch->etag, g_steal_pointer(&fetched->etag));
    set(&fetch->modified, g_steal_pointer(&fetched->modified));
    set(&fetch->error, g_strdup(""));
    fetch->cache = MIN(cache, G_MAXINT32);
    fetch->fetched_at = query->round->now;
    fetch->due_at = due_after(query, cache);
}

static gboolean
take_entity(const struct query *query, DbMetadataFetch *fetch, struct ra_fetched *fetched, GError **error)
{
    const struct ra_metadata_round *round = query->round;
    struct sp_metadata_head head = { 0 };
    const struct sp_metadata_want want = { .kind = SP_METADATA_ENTITY, .certificates = query->pem, .entity_id = fetch->entity_id,
                                           .now = round->now,
                                           .longest = settings_number(round->ctx->settings, "saml", "metadata_longest") };
    g_autoptr(GByteArray) bytes = g_bytes_unref_to_array(g_steal_pointer(&fetched->bytes));
    g_autoptr(DbIdp) idp = ra_metadata_read_one(round->opener, bytes, &want, &head, error);
    if (!idp)
        return FALSE;
    if (strcmp(idp->entity_id, fetch->entity_id) != 0) {
        g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "entity: not the one that was asked for");
        return FALSE;
    }
    fetch->absent = FALSE;
    answered(query, fetch, fetched, head.cache);
    log_write(LOG_LEVEL_INFO, "metadata-entity", "source", fetch->source, "entity", fetch->entity_id, NULL);
    return write_row(query, idp, fetch, error);
}

static gboolean
ask(const struct query *query, DbMetadataFetch *fetch, GError **error)
{
    gint64 now = query->round->now;
    g_autofree char *url = ra_metadata_source_url(query->source, fetch->entity_id);
    gboolean conditional = strcmp(fetch->pin, query->pin) == 0 && fetch->valid_until > now + EXPIRY_NEAR * query->most;
    const struct ra_fetch what = {
        .url = url, .most = ENTITY_MOST, .seconds = FETCH_SECONDS, .redirects = REDIRECTS_MOST, .inside = TRUE,
        .ca_file = settings_text(query->round->ctx->settings, "saml", "metadata_ca_file"), .accept = "application/samlmetadata+xml",
        .etag = conditional ? fetch->etag : NULL, .modified = conditional ? fetch->modified : NULL,
    };
    struct ra_fetched fetched;
    g_autoptr(GError) why = NULL;
    gboolean done = ra_metadata_fetch(&what, &fetched, &why);
    if (done && fetched.bytes) {
        done = take_entity(query, fetch, &fetched, &why);
    } else if (done || g_error_matches(why, RA_ERROR, RA_ERROR_NOT_FOUND)) {
        fetch->absent = !done;
        if (fetch->absent)
            log_write(LOG_LEVEL_WARNING, "metadata-absent", "source", fetch->source, "entity", fetch->entity_id, NULL);
        answered(query, fetch, &fetched, fetch->absent ? 0 : fetch->cache);
        g_clear_error(&why);
        done = write_row(query, NULL, fetch, &why);
    }
    ra_fetched_clear(&fetched);
    if (why)
        g_propagate_error(error, g_steal_pointer(&why));
    return done;
}

/* One entity's answer is bad, and perhaps will be for long: the next question comes with the schedule, and the row stays. */
static gboolean
refused(const struct query *query, DbMetadataFetch *fetch, const GError *why, GError **error)
{
    log_write(LOG_LEVEL_WARNING, "metadata-entity-refused", "source", fetch->source, "entity", fetch->entity_id, "msg", why->message,
              NULL);
    set(&fetch->error, g_strdup(why->message));
    fetch->failed_at = query->round->now;
    fetch->due_at = query->round->now + query->most;
    return write_row(query, NULL, fetch, error);
}

/* Is it that one answer, or the whole server, opener or database? */
static gboolean
is_of_entity(const GError *why)
{
    return g_error_matches(why, SP_ERROR, SP_ERROR_REFUSED) || g_error_matches(why, RA_ERROR, RA_ERROR_INPUT);
}

static gboolean
ask_all(const struct query *query, const GPtrArray *due, GError **error)
{
    for (guint i = 0; i < due->len; i++) {
        g_autoptr(GError) why = NULL;
        if (ask(query, due->pdata[i], &why))
            continue;
        if (!is_of_entity(why)) {
            g_propagate_error(error, g_steal_pointer(&why));
            return FALSE;
        }
        if (!refused(query, due->pdata[i], why, error))
            return FALSE;
    }
    return TRUE;
}

/* What institutions have, as the source's list. */
static gboolean
sync_list(const struct query *query, GError **error)
{
    Db *db = query->round->ctx->db;
    g_autoptr(DbMetadataSource) row = ra_metadata_row(query->source);
    gboolean done = db_begin(db, error) && db_metadata_declare(db, row, error) &&
                    db_metadata_query_sync(db, query->source->name, error) && db_commit(db, error);
    db_rollback(db);
    return done;
}

gboolean
ra_metadata_query(const struct ra_metadata_round *round, const RaMetadataSource *source, GError **error)
{
    const Settings *settings = round->ctx->settings;
    gboolean needed = FALSE;
    if (!db_metadata_query_needed(round->ctx->db, source->name, round->now, &needed, error))
        return FALSE;
    if (!needed && !round->force)
        return TRUE;
    g_autofree char *pin = NULL;
    g_autofree char *pem = ra_metadata_pinned(source, &pin, error);
    gint64 most = settings_number(settings, "saml", "metadata_refresh");
    const struct query query = { round, source, pem, pin, MIN(settings_number(settings, "saml", "mdq_shortest"), most), most };
    if (!pem || !sync_list(&query, error))
        return FALSE;
    g_autoptr(GPtrArray) due = db_metadata_query_due(round->ctx->db, source->name, round->now, round->force, error);
    return due && ask_all(&query, due, error) && db_metadata_count(round->ctx->db, source->name, round->now, error);
}
