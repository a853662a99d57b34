#include "ra/relying.h"

#include <string.h>

#include "ra/error.h"
#include "ra/publish.h"

static const struct ra_relying_file files[] = {
    { "nginx.conf", "nginx" },
    { "apache.conf", "apache" },
    { "freeradius-eap", "freeradius" },
    { "freeradius-site", "freeradius" },
    { "freeradius-users", "freeradius" },
    { "inkan-crl", "crl" },
    { "inkan-crl.service", "crl" },
    { "inkan-crl.timer", "crl" },
    { NULL, NULL },
};

const struct ra_relying_file *
ra_relying_files(void)
{
    return files;
}

static char *
names_of(const GPtrArray *authorities)
{
    GString *names = g_string_new(NULL);
    for (guint i = 0; i < authorities->len; i++)
        g_string_append_printf(names, "%s%s", i ? " " : "", ((const RaAuthority *)authorities->pdata[i])->name);
    return g_string_free(names, FALSE);
}

/* The names in the files are ours alone, so one pass is enough: no value has such a name in it. */
static gboolean
fill(RaContext *ctx, GString *text, GError **error)
{
    g_autoptr(GPtrArray) authorities = ra_publish_authorities(ctx, error);
    if (!authorities)
        return FALSE;
    g_autofree char *issuers = names_of(authorities);
    g_string_replace(text, "@PUBLISH_URL@", settings_text(ctx->settings, "service", "publish_url"), 0);
    g_string_replace(text, "@URL@", settings_text(ctx->settings, "service", "url"), 0);
    g_string_replace(text, "@ISSUERS@", issuers, 0);
    return TRUE;
}

char *
ra_relying_text(RaContext *ctx, const char *name, GError **error)
{
    const struct ra_relying_file *file = files;
    while (file->name && strcmp(file->name, name) != 0)
        file++;
    if (!file->name) {
        g_set_error_literal(error, RA_ERROR, RA_ERROR_NOT_FOUND, "file");
        return NULL;
    }
    g_autofree char *path = g_build_filename(settings_text(ctx->settings, "service", "share"), "relying", name, NULL);
    g_autofree char *raw = NULL;
    g_autoptr(GError) why = NULL;
    if (!g_file_get_contents(path, &raw, NULL, &why)) {
        g_set_error(error, RA_ERROR, RA_ERROR_BROKEN, "relying: %s; it comes with the installation, see [service] share", why->message);
        return NULL;
    }
    GString *text = g_string_new(raw);
    gboolean ok = fill(ctx, text, error);
    return g_string_free(text, !ok);
}
