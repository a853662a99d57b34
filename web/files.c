#include "web/files.h"

#include <string.h>

#include "web/error.h"

static const struct {
    const char *ending, *type;
} types[] = {
    {".css", "text/css; charset=utf-8"}, {".js", "text/javascript; charset=utf-8"}, {".svg", "image/svg+xml"},
    {".png", "image/png"},               {".ico", "image/x-icon"},
};

struct entry {
    GBytes *bytes;
    const char *type;
};

struct files {
    GHashTable *names;   /* file → hashed name */
    GHashTable *entries; /* hashed name → struct entry */
};

static void entry_free(gpointer data)
{
    struct entry *entry = data;
    g_bytes_unref(entry->bytes);
    g_free(entry);
}

void files_free(Files *files)
{
    if (files == NULL)
        return;
    g_hash_table_unref(files->names);
    g_hash_table_unref(files->entries);
    g_free(files);
}

static const char *type_of(const char *file)
{
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (g_str_has_suffix(file, types[i].ending))
            return types[i].type;
    return NULL;
}

static gboolean add(Files *files, const char *folder, const char *file, const char *type, GError **error)
{
    g_autofree char *path = g_build_filename(folder, file, NULL);
    char *content = NULL;
    gsize size = 0;
    if (!g_file_get_contents(path, &content, &size, error))
        return FALSE;
    g_autofree char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)content, size);
    const char *dot = strrchr(file, '.');
    char *name = g_strdup_printf("%.*s-%.12s%s", (int)(dot - file), file, sum, dot);
    struct entry *entry = g_new(struct entry, 1);
    entry->bytes = g_bytes_new_take(content, size);
    entry->type = type;
    g_hash_table_insert(files->names, g_strdup(file), name);
    g_hash_table_insert(files->entries, g_strdup(name), entry);
    return TRUE;
}

Files *files_load(const char *folder, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &why);
    g_autoptr(Files) files = g_new0(Files, 1);
    files->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    files->entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, entry_free);
    for (const char *file; dir != NULL && why == NULL && (file = g_dir_read_name(dir)) != NULL;) {
        const char *type = type_of(file);
        if (type != NULL && !add(files, folder, file, type, &why))
            break;
    }
    if (why != NULL) {
        g_set_error(error, WEB_ERROR, WEB_ERROR_INPUT, "%s", why->message);
        return NULL;
    }
    return g_steal_pointer(&files);
}

const char *files_name(const Files *files, const char *file)
{
    return g_hash_table_lookup(files->names, file);
}

GBytes *files_get(const Files *files, const char *name, const char **type)
{
    const struct entry *entry = g_hash_table_lookup(files->entries, name);
    if (entry == NULL)
        return NULL;
    *type = entry->type;
    return entry->bytes;
}
