#include "ra/metadata_source.h"

#include <string.h>

#include "ra/error.h"
#include "sp/metadata.h"

static const struct { const char *prefix; enum ra_metadata_kind kind; gsize cut; } kinds[] = {
    { "mdq-sha1:https://", RA_METADATA_MDQ_SHA1, 9 },
    { "mdq:https://", RA_METADATA_MDQ, 4 },
    { "https://", RA_METADATA_AGGREGATE, 0 },
    { "file:/", RA_METADATA_AGGREGATE, 0 },
};

void
ra_metadata_source_free(RaMetadataSource *source)
{
    if (!source)
        return;
    g_free(source->name);
    g_free(source->url);
    g_free(source->certificate_file);
    g_free(source);
}

static void
free_source(gpointer source)
{
    ra_metadata_source_free(source);
}

/* Names are in metrics and on command lines. */
static gboolean
name_ok(const char *name)
{
    gsize n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
    return n > 0 && n <= 64 && !name[n] && strcmp(name, SP_METADATA_MANUAL) != 0;
}

static gboolean
take_url(RaMetadataSource *source, const char *text)
{
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (!g_str_has_prefix(text, kinds[i].prefix))
            continue;
        source->kind = kinds[i].kind;
        source->url = g_strdup(text + kinds[i].cut);
        for (char *end = source->url + strlen(source->url); source->kind != RA_METADATA_AGGREGATE && end[-1] == '/';)
            *--end = '\0';
        return strpbrk(text, " \t\"<>") == NULL;
    }
    return FALSE;
}

static RaMetadataSource *
read_item(const Settings *settings, const char *item, int priority)
{
    g_auto(GStrv) parts = g_strsplit(item, "|", 4);
    g_autoptr(RaMetadataSource) source = g_new0(RaMetadataSource, 1);
    guint n = g_strv_length(parts);
    if (n < 2 || n > 3 || !name_ok(parts[0]) || !take_url(source, parts[1]))
        return NULL;
    source->name = g_strdup(parts[0]);
    source->certificate_file = g_strdup(n == 3 && *parts[2] ? parts[2] : settings_text(settings, "saml", "metadata_certificate"));
    source->priority = priority;
    return g_steal_pointer(&source);
}

static gboolean
is_there(const GPtrArray *sources, const char *name)
{
    for (guint i = 0; i < sources->len; i++)
        if (strcmp(((const RaMetadataSource *)sources->pdata[i])->name, name) == 0)
            return TRUE;
    return FALSE;
}

GPtrArray *
ra_metadata_sources(const Settings *settings, GError **error)
{
    const char *const *items = settings_list(settings, "saml", "sources");
    GPtrArray *all = g_ptr_array_new_with_free_func(free_source);
    for (int i = 0; items[i]; i++) {
        g_autoptr(RaMetadataSource) source = read_item(settings, items[i], i + 1);
        gboolean again = source && is_there(all, source->name);
        if (source && !again)
            g_ptr_array_add(all, g_steal_pointer(&source));
        else if (error && !*error)
            g_set_error(error, RA_ERROR, RA_ERROR_INPUT, "sources: [saml] sources has '%s'; allowed: %s", items[i],
                        again ? "each name once" : "NAME|URL or NAME|URL|CERTIFICATE_FILE, the name of letters, digits and ._- but"
                        " not 'manual', the URL https://…, file:/…, mdq:https://… or mdq-sha1:https://…");
    }
    return all;
}

char *
ra_metadata_source_url(const RaMetadataSource *source, const char *entity_id)
{
    g_autofree char *id = NULL;
    if (source->kind == RA_METADATA_MDQ_SHA1) {
        g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA1, entity_id, -1);
        id = g_strconcat("{sha1}", hash, NULL);
    }
    g_autofree char *escaped = g_uri_escape_string(id ? id : entity_id, NULL, FALSE);
    return g_strconcat(source->url, "/entities/", escaped, NULL);
}
