#include "ra/metadata_fetch.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "ra/error.h"

static gboolean
fail(GError **error, enum ra_error code, const char *what, const char *why)
{
    g_set_error(error, RA_ERROR, (gint)code, "metadata: %s: %s", what, why);
    return FALSE;
}

/* Another copy has another one: files are replaced, not written into. */
static char *
etag_of(const struct stat *about)
{
    return g_strdup_printf("%ju-%jd-%jd.%09ld", (uintmax_t)about->st_ino, (intmax_t)about->st_size, (intmax_t)about->st_mtim.tv_sec,
                           about->st_mtim.tv_nsec);
}

static gboolean
fetch_file(const struct ra_fetch *what, struct ra_fetched *out, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autofree char *file = g_filename_from_uri(what->url, NULL, &why), *text = NULL;
    struct stat about;
    gsize size = 0;
    if (!file)
        return fail(error, RA_ERROR_DOWN, "the file cannot be read", why->message);
    if (stat(file, &about) == 0) {
        out->etag = etag_of(&about);
        out->modified = g_strdup("");
        if (about.st_size > (off_t)what->most)
            return fail(error, RA_ERROR_INPUT, "the file is too large", file);
        if (g_strcmp0(what->etag, out->etag) == 0)
            return TRUE;
    }
    if (!g_file_get_contents(file, &text, &size, &why))
        return fail(error, RA_ERROR_DOWN, "the file cannot be read", why->message);
    out->bytes = g_bytes_new_take(g_steal_pointer(&text), size);
    return TRUE;
}

gboolean
ra_metadata_fetch(const struct ra_fetch *what, struct ra_fetched *out, GError **error)
{
    *out = (struct ra_fetched){ NULL, NULL, NULL };
    if (g_str_has_prefix(what->url, "file:"))
        return fetch_file(what, out, error);
    g_autoptr(GError) why = NULL;
    if (ra_fetch_newer(what, out, &why))
        return TRUE;
    g_set_error(error, why->domain, why->code, "metadata: %s", why->message);
    return FALSE;
}
