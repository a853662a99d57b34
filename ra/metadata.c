#include "ra/metadata.h"

#include <string.h>

#include "db/log.h"
#include "ra/error.h"
#include "ra/metadata_fetch.h"
#include "ra/metadata_query.h"
#include "ra/metadata_store.h"

#define FETCH_SECONDS 300    /* of a large aggregate over a slow line */
#define REDIRECTS_MOST 3
#define ALARM_SECONDS 86400  /* a copy that ends within so long is no warning any more */

DbMetadataSource *
ra_metadata_row(const RaMetadataSource *source)
{
    DbMetadataSource *row = g_new0(DbMetadataSource, 1);
    row->name = g_strdup(source->name);
    row->kind = g_strdup(source->kind == RA_METADATA_AGGREGATE ? "aggregate" : "mdq");
    row->location = g_strdup(source->url);
    row->priority = source->priority;
    return row;
}

char *
ra_metadata_pinned(const RaMetadataSource *source, char **pin, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autofree char *pem = NULL;
    gsize size = 0;
    if (!*source->certificate_file || !g_file_get_contents(source->certificate_file, &pem, &size, &why)) {
        g_set_error(error, RA_ERROR, RA_ERROR_INPUT, "certificate: the source's pinned certificate: %s",
                    why ? why->message : "is not named; set [saml] metadata_certificate, or NAME|URL|CERTIFICATE_FILE");
        return NULL;
    }
    g_autofree char *judge = g_strdup_printf("%d %s %s\n%s", SP_METADATA_FORM, INKAN_VERSION, source->url, pem);
    g_autoptr(GBytes) hash = crypto_sha256(judge, strlen(judge));
    *pin = crypto_hex(hash);
    return g_steal_pointer(&pem);
}

/* --- one aggregate -------------------------------------------------------------------------------------------------------- */

static void
tell_done(const DbMetadataSource *copy)
{
    g_autofree char *entities = g_strdup_printf("%d", copy->entities), *changed = g_strdup_printf("%d", copy->changed),
                    *skipped = g_strdup_printf("%d", copy->skipped);
    g_autofree char *days = g_strdup_printf("%.1f", (double)(copy->valid_until - copy->refreshed_at) / 86400);
    log_write(LOG_LEVEL_INFO, "metadata-refreshed", "source", copy->name, "entities", entities, "changed", changed, "skipped",
              skipped, "valid_days", days, NULL);
}

static gboolean
refresh(const struct ra_metadata_round *round, const RaMetadataSource *source, const DbMetadataSource *before, GError **error)
{
    const Settings *settings = round->ctx->settings;
    g_autoptr(DbMetadataSource) copy = ra_metadata_row(source);
    g_autofree char *pem = ra_metadata_pinned(source, &copy->pin, error);
    if (!pem)
        return FALSE;
    /* "Nothing newer" is an answer only about a copy that still counts and that the same key and the same reader judged. */
    gboolean conditional = before && before->valid_until > round->now && g_strcmp0(before->pin, copy->pin) == 0;
    const struct ra_fetch what = {
        .url = source->url, .most = SP_METADATA_LONGEST, .seconds = FETCH_SECONDS, .redirects = REDIRECTS_MOST, .inside = TRUE,
        .ca_file = settings_text(settings, "saml", "metadata_ca_file"), .accept = "application/samlmetadata+xml, */*;q=0.1",
        .etag = conditional ? before->etag : NULL, .modified = conditional ? before->modified : NULL,
    };
    struct ra_fetched fetched;
    gboolean ok = ra_metadata_fetch(&what, &fetched, error);
    g_autoptr(GBytes) bytes = g_steal_pointer(&fetched.bytes);
    copy->etag = g_steal_pointer(&fetched.etag);
    copy->modified = g_steal_pointer(&fetched.modified);
    if (!ok)
        return FALSE;
    if (!bytes) {
        log_write(LOG_LEVEL_INFO, "metadata-unchanged", "source", copy->name, NULL);
        return db_metadata_unchanged(round->ctx->db, copy, round->now, error);
    }
    const struct sp_metadata_want want = { .kind = SP_METADATA_AGGREGATE, .certificates = pem, .now = round->now,
                                           .longest = settings_number(settings, "saml", "metadata_longest") };
    copy->refreshed_at = round->now;
    g_autoptr(GByteArray) array = g_bytes_unref_to_array(g_steal_pointer(&bytes));
    if (!ra_metadata_store(round->ctx, round->opener, array, &want, copy, error))
        return FALSE;
    tell_done(copy);
    return TRUE;
}

/* --- all of them ---------------------------------------------------------------------------------------------------------- */

static const DbMetadataSource *
row_of(const GPtrArray *rows, const char *name)
{
    for (guint i = 0; i < rows->len; i++) {
        const DbMetadataSource *row = rows->pdata[i];
        if (strcmp(row->name, name) == 0)
            return row;
    }
    return NULL;
}

static gboolean
is_due(const DbMetadataSource *row, const RaMetadataSource *source, gint64 now, gint64 every)
{
    if (!row)
        return TRUE;
    gboolean failing = *row->error && row->failed_at > row->asked_at;
    if (failing && now >= row->failed_at)
        return now - row->failed_at >= MIN(every, RA_METADATA_RETRY);
    /* By MDQ each entity has its own time; a copy that counts no more, or a clock that was put back, is no reason to wait. */
    if (source->kind != RA_METADATA_AGGREGATE || row->valid_until <= now || now < row->asked_at)
        return TRUE;
    return now - row->asked_at >= every;
}

/* One line a try; how bad it is depends on how long the last good copy still counts. */
static void
tell_failed(const DbMetadataSource *before, const RaMetadataSource *source, const GError *why, gint64 now)
{
    gint64 left = before && before->valid_until > now ? before->valid_until - now : 0;
    gboolean copies = source->kind == RA_METADATA_AGGREGATE;
    g_autofree char *hours = g_strdup_printf("%.1f", (double)left / 3600);
    log_write(copies && left < ALARM_SECONDS ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, "metadata-failed", "source", source->name,
              "hours_left", copies ? hours : NULL, "msg", why->message, NULL);
}

/* If even this cannot be written, the database is away and the first error says so. */
static void
record_failed(RaContext *ctx, const RaMetadataSource *source, const GError *why, gint64 now)
{
    g_autoptr(GError) ignored = NULL;
    g_autoptr(DbMetadataSource) row = ra_metadata_row(source);
    (void)!db_metadata_failed(ctx->db, row, why->message, now, &ignored);
}

static void
refresh_one(const struct ra_metadata_round *round, const RaMetadataSource *source, const DbMetadataSource *before, GError **last)
{
    g_autoptr(GError) why = NULL;
    gboolean ok = source->kind == RA_METADATA_AGGREGATE ? refresh(round, source, before, &why)
                                                        : ra_metadata_query(round, source, &why);
    if (ok)
        return;
    tell_failed(before, source, why, round->now);
    record_failed(round->ctx, source, why, round->now);
    g_clear_error(last);
    g_set_error(last, why->domain, why->code, "source %s: %s", source->name, why->message);
}

gboolean
ra_metadata_round(const struct ra_metadata_round *round, GError **error)
{
    gint64 every = settings_number(round->ctx->settings, "saml", "metadata_refresh");
    g_autoptr(GPtrArray) rows = round->sources->len ? db_metadata_sources(round->ctx->db, error) : g_ptr_array_new();
    g_autoptr(GError) last = NULL;
    if (!rows)
        return FALSE;
    for (guint i = 0; i < round->sources->len; i++) {
        const RaMetadataSource *source = round->sources->pdata[i];
        const DbMetadataSource *before = row_of(rows, source->name);
        if (round->only && strcmp(round->only, source->name) != 0)
            continue;
        if (round->force || is_due(before, source, round->now, every))
            refresh_one(round, source, before, &last);
    }
    if (!last)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&last));
    return FALSE;
}

gboolean
ra_metadata_settle(RaContext *ctx, const GPtrArray *sources, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < sources->len; i++) {
        const RaMetadataSource *source = sources->pdata[i];
        g_autoptr(DbMetadataSource) row = ra_metadata_row(source);
        if (!db_metadata_declare(ctx->db, row, error))
            return FALSE;
        g_ptr_array_add(names, source->name);
    }
    g_ptr_array_add(names, (gpointer)SP_METADATA_MANUAL);
    g_ptr_array_add(names, NULL);
    return db_metadata_keep_only(ctx->db, (const char *const *)names->pdata, error);
}
