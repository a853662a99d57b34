#include "ra/metadata_fetch.h"

#include <string.h>
#include <sys/stat.h>

#include "db/log.h"
#include "db/metadata.h"
#include "ra/error.h"
#include "ra/fetch.h"
#include "sp/metadata.h"

#define FETCH_SECONDS 60
#define REDIRECTS_MOST 3
#define RETRY_SECONDS 300 /* after a failure, where the schedule would wait longer */

static gboolean
fail(GError **error, enum ra_error code, const char *format, const char *what)
{
    g_autofree char *message = g_strdup_printf("metadata: %s", format);
    g_autofree char *full = g_strconcat(message, what ? ": " : "", what ? what : "", NULL);
    g_set_error_literal(error, RA_ERROR, (gint)code, full);
    return FALSE;
}

/* --- a local file --------------------------------------------------------------------------------------------------------- */

static GBytes *
fetch_file(const char *url, size_t most, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autofree char *file = g_filename_from_uri(url, NULL, &why);
    struct stat about;
    char *text = NULL;
    gsize size = 0;
    if (file && stat(file, &about) == 0 && about.st_size > (off_t)most) {
        fail(error, RA_ERROR_INPUT, "the file is too large", file);
        return NULL;
    }
    if (!file || !g_file_get_contents(file, &text, &size, &why)) {
        fail(error, RA_ERROR_DOWN, "the file cannot be read", why->message);
        return NULL;
    }
    return g_bytes_new_take(text, size);
}

GBytes *
ra_metadata_fetch(const char *url, size_t most, GError **error)
{
    if (g_str_has_prefix(url, "file:"))
        return fetch_file(url, most, error);
    if (g_str_has_prefix(url, "https://"))
        return ra_fetch(&(struct ra_fetch){ .url = url, .most = most, .seconds = FETCH_SECONDS, .redirects = REDIRECTS_MOST,
                                            .inside = TRUE }, error);
    fail(error, RA_ERROR_INPUT, "a source is https://… or file:/…, not", url);
    return NULL;
}

/* --- the schedule --------------------------------------------------------------------------------------------------------- */

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
is_due(const DbMetadataSource *row, gint64 now, gint64 every)
{
    if (!row || now < row->refreshed_at)
        return TRUE;
    gboolean failing = row->failed_at > row->refreshed_at;
    return failing ? now - row->failed_at >= MIN(every, RETRY_SECONDS) : now - row->refreshed_at >= every;
}

static gboolean
refresh(RaContext *ctx, const char *name, const char *url, int priority, gint64 now, GError **error)
{
    const Settings *s = ctx->settings;
    g_autoptr(GError) why = NULL;
    int entities = 0;
    g_autoptr(GBytes) aggregate = ra_metadata_fetch(url, SP_METADATA_LONGEST, &why);
    if (!aggregate) {
        /* sp records what it refuses; what never came to it is recorded here. The rows stay. */
        gboolean recorded = db_metadata_failed(ctx->db, name, priority, why->message, now, error);
        if (recorded)
            g_propagate_error(error, g_steal_pointer(&why));
        return FALSE;
    }
    if (!sp_metadata_refresh(ctx->db, name, priority, aggregate, settings_text(s, "saml", "metadata_certificate"), now,
                             settings_number(s, "saml", "metadata_longest"), &entities, error))
        return FALSE;
    g_autofree char *n = g_strdup_printf("%d", entities);
    log_write(LOG_LEVEL_INFO, "metadata-refreshed", "source", name, "entities", n, NULL);
    return TRUE;
}

gboolean
ra_metadata_refresh(RaContext *ctx, gint64 now, gboolean force, GError **error)
{
    const char *const *sources = settings_list(ctx->settings, "saml", "sources");
    gint64 every = settings_number(ctx->settings, "saml", "metadata_refresh");
    g_autoptr(GPtrArray) rows = sources[0] ? db_metadata_sources(ctx->db, error) : g_ptr_array_new();
    if (!rows)
        return ra_error_from(error);
    g_autoptr(GError) last = NULL;
    for (int i = 0; sources[i]; i++) {
        g_auto(GStrv) parts = g_strsplit(sources[i], "|", 2);
        g_autoptr(GError) why = NULL;
        if (g_strv_length(parts) != 2 || !*parts[0] || strcmp(parts[0], SP_METADATA_MANUAL) == 0)
            fail(&why, RA_ERROR_BROKEN, "[saml] sources: an item is NAME|URL, its name not 'manual'", sources[i]);
        else if (force || is_due(row_of(rows, parts[0]), now, every))
            (void)refresh(ctx, parts[0], parts[1], i + 1, now, &why); /* 0 is what an operator gave by hand */
        if (why) {
            g_clear_error(&last);
            last = g_error_new(why->domain, why->code, "source %s: %s", sources[i], why->message);
        }
    }
    if (!last)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&last));
    return FALSE;
}
