#include "ra/logo.h"

#include <string.h>

#include "ca/crypto.h"
#include "db/log.h"
#include "db/logo.h"
#include "db/prefork.h"
#include "ra/error.h"
#include "ra/fetch.h"
#include "sp/error.h"

#define FETCH_SECONDS 10
#define REDIRECTS_MOST 3
#define WEEK (7 * 86400) /* a logo is looked at again */
#define PAUSE_FIRST 3600 /* after a failure; doubles, up to a week */
#define AT_ONCE 20
#define SPREAD 86400     /* what was fetched together is not fetched again together */

const struct ra_logo_way ra_logo_outside = { .inside = FALSE, .ca_file = NULL };

/* --- what metadata has ---------------------------------------------------------------------------------------------------- */

/* "data:image/png;base64,…": what is before the comma is not believed, the bytes say what they are. */
static GBytes *
from_data(const char *url, GError **error)
{
    const char *comma = strchr(url, ',');
    g_autofree char *head = comma ? g_ascii_strdown(url, comma - url) : g_strdup("");
    gsize n = 0;
    if (!g_str_has_suffix(head, ";base64") || strlen(comma + 1) > SP_LOGO_LONGEST / 3 * 4) {
        g_set_error(error, RA_ERROR, RA_ERROR_INPUT, "logo: the data: URL has no base64, or too much of it");
        return NULL;
    }
    guchar *bytes = g_base64_decode(comma + 1, &n);
    return g_bytes_new_take(bytes, n);
}

static GBytes *
get(const char *url, const struct ra_logo_way *way, GError **error)
{
    if (g_ascii_strncasecmp(url, "data:", 5) == 0)
        return from_data(url, error);
    return ra_fetch(&(struct ra_fetch){ .url = url, .most = SP_LOGO_LONGEST, .seconds = FETCH_SECONDS, .redirects = REDIRECTS_MOST,
                                        .inside = way->inside, .ca_file = way->ca_file }, error);
}

/* --- one logo ------------------------------------------------------------------------------------------------------------- */

/* The same for a URL each time, another one for each: no random numbers needed. */
static gint64
next_look(const DbLogoWork *work, gint64 now)
{
    const guchar *hash = g_bytes_get_data(work->url_hash, NULL);
    return now + WEEK + (hash[0] << 8 | hash[1]) % SPREAD;
}

static gboolean
draw(RaContext *ctx, SpOpener *opener, const struct ra_logo_way *way, const DbLogoWork *work, gint64 now, GError **error)
{
    g_autoptr(GBytes) picture = get(work->url, way, error);
    g_autoptr(GBytes) png = picture ? sp_logo_draw(opener, picture, error) : NULL;
    if (!png)
        return FALSE;
    gsize n = 0;
    const void *bytes = g_bytes_get_data(png, &n);
    g_autoptr(GBytes) hash = crypto_sha256(bytes, n);
    g_autofree char *name = crypto_hex(hash);
    return db_logo_drawn(ctx->db, work, name, png, now, next_look(work, now), error);
}

/* FALSE: the database is away too. */
static gboolean
put_off(RaContext *ctx, const DbLogoWork *work, const GError *why, gint64 now, GError **error)
{
    gint64 pause = work->failures > 7 ? WEEK : MIN((gint64)PAUSE_FIRST << work->failures, WEEK);
    g_autofree char *url = g_strndup(work->url, 200);
    log_write(LOG_LEVEL_INFO, "logo-failed", "idp", work->entity_id, "url", url, "msg", why->message, NULL);
    return db_logo_failed(ctx->db, work, why->message, now + pause, error);
}

static gboolean
is_ours(const GError *why)
{
    return why->domain == DB_ERROR || g_error_matches(why, SP_ERROR, SP_ERROR_AWAY);
}

static gboolean
look_after(RaContext *ctx, SpOpener *opener, const struct ra_logo_way *way, const DbLogoWork *work, gint64 now, GError **error)
{
    g_autoptr(GError) why = NULL;
    if (draw(ctx, opener, way, work, now, &why))
        return TRUE;
    if (!is_ours(why))
        return put_off(ctx, work, why, now, error);
    g_propagate_error(error, g_steal_pointer(&why)); /* not the logo's fault: later */
    return FALSE;
}

gboolean
ra_logo_round(RaContext *ctx, SpOpener *opener, const struct ra_logo_way *way, gint64 now, gboolean *more, GError **error)
{
    *more = FALSE;
    g_autoptr(GPtrArray) due = db_logo_due(ctx->db, AT_ONCE, now, error);
    if (!due)
        return ra_error_from(error);
    for (guint i = 0; i < due->len && !prefork_stopping(); i++)
        if (!look_after(ctx, opener, way, due->pdata[i], now, error))
            return ra_error_from(error);
    *more = due->len == AT_ONCE;
    return *more || db_logo_sweep(ctx->db, now, error) || ra_error_from(error);
}
