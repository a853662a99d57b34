/*
 * What tests and the fuzz target of metadata share: all that comes out of sp_metadata_split, as an array.
 */
#ifndef TESTS_UNIT_METADATA_FIXTURE_H
#define TESTS_UNIT_METADATA_FIXTURE_H

#include "sp/metadata.h"

typedef struct {
    struct sp_metadata_head head;
    GPtrArray *idps;    /* DbIdp * */
    GPtrArray *skipped; /* "ENTITYID: WHY" */
} MetadataFound;

G_GNUC_UNUSED static void metadata_free_idp(gpointer idp)
{
    db_idp_free(idp);
}

G_GNUC_UNUSED static void metadata_found_free(MetadataFound *found)
{
    if (found == NULL) return;
    g_ptr_array_unref(found->idps);
    g_ptr_array_unref(found->skipped);
    g_free(found);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MetadataFound, metadata_found_free)

static gboolean metadata_take_head(const struct sp_metadata_head *head, gpointer data, GError **error)
{
    (void)error;
    ((MetadataFound *)data)->head = *head;
    return TRUE;
}

static gboolean metadata_take_idp(DbIdp *idp, gpointer data, GError **error)
{
    (void)error;
    g_ptr_array_add(((MetadataFound *)data)->idps, idp);
    return TRUE;
}

static gboolean metadata_take_skipped(const char *entity_id, const char *why, gpointer data, GError **error)
{
    (void)error;
    g_ptr_array_add(((MetadataFound *)data)->skipped, g_strconcat(entity_id, ": ", why, NULL));
    return TRUE;
}

G_GNUC_UNUSED static MetadataFound *metadata_find(GBytes *bytes, const struct sp_metadata_want *want, GError **error)
{
    static const struct sp_metadata_take take = { metadata_take_head, metadata_take_idp, metadata_take_skipped };
    g_autoptr(MetadataFound) found = g_new0(MetadataFound, 1);
    gsize n = 0;
    const char *data = g_bytes_get_data(bytes, &n);
    found->idps = g_ptr_array_new_with_free_func(metadata_free_idp);
    found->skipped = g_ptr_array_new_with_free_func(g_free);
    return sp_metadata_split(data, n, want, &take, found, NULL, error) ? g_steal_pointer(&found) : NULL;
}

#endif
