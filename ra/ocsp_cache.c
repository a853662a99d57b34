#include "ra/ocsp_cache.h"

#include <string.h>

#define KEY 96 /* an issuer's name of 31, a serial of 40 */

struct ra_ocsp_cache {
    GHashTable *young, *old; /* "ISSUER SERIAL HASH" → RaOcspAnswer * */
    guint most;
};

void
ra_ocsp_answer_clear(RaOcspAnswer *answer)
{
    g_clear_pointer(&answer->der, g_bytes_unref);
    g_clear_pointer(&answer->head, g_free);
    answer->this_update = answer->next_update = 0;
}

static void
answer_free(gpointer data)
{
    ra_ocsp_answer_clear(data);
    g_free(data);
}

static GHashTable *
generation(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, answer_free);
}

RaOcspCache *
ra_ocsp_cache_new(guint n)
{
    RaOcspCache *cache = g_new0(RaOcspCache, 1);
    cache->most = MAX(n, 1);
    cache->young = generation();
    cache->old = generation();
    return cache;
}

void
ra_ocsp_cache_free(RaOcspCache *cache)
{
    if (!cache)
        return;
    g_hash_table_unref(cache->young);
    g_hash_table_unref(cache->old);
    g_free(cache);
}

/* Takes NAME over. */
static void
insert(RaOcspCache *cache, char *name, RaOcspAnswer *answer)
{
    if (g_hash_table_size(cache->young) >= cache->most) {
        g_hash_table_unref(cache->old);
        cache->old = cache->young;
        cache->young = generation();
    }
    g_hash_table_replace(cache->young, name, answer);
}

static void
key(char *out, const char *issuer, const char *serial, const char *hash)
{
    char *end = g_stpcpy(out, issuer);
    *end++ = ' ';
    end = g_stpcpy(end, serial);
    *end++ = ' ';
    g_stpcpy(end, hash);
}

static gboolean
fits(const char *issuer, const char *serial, const char *hash)
{
    return strlen(issuer) + strlen(serial) + strlen(hash) + 3 <= KEY;
}

RaOcspAnswer *
ra_ocsp_cache_find(RaOcspCache *cache, const char *issuer, const char *serial, const char *hash)
{
    char name[KEY];
    gpointer owned = NULL, answer;
    if (!fits(issuer, serial, hash))
        return NULL;
    key(name, issuer, serial, hash);
    answer = g_hash_table_lookup(cache->young, name);
    if (!answer && g_hash_table_steal_extended(cache->old, name, &owned, &answer))
        insert(cache, owned, answer);
    return answer;
}

RaOcspAnswer *
ra_ocsp_cache_put(RaOcspCache *cache, const char *issuer, const char *serial, const char *hash, GBytes *der, gint64 this_update,
                  gint64 next_update)
{
    g_autofree char *name = g_strdup_printf("%s %s %s", issuer, serial, hash);
    RaOcspAnswer *answer = g_new0(RaOcspAnswer, 1);
    answer->der = g_bytes_ref(der);
    answer->this_update = this_update;
    answer->next_update = next_update;
    g_hash_table_remove(cache->old, name);
    insert(cache, g_steal_pointer(&name), answer);
    return answer;
}

void
ra_ocsp_cache_forget(RaOcspCache *cache, const char *what)
{
    static const char *const hashes[] = { "sha1", "sha256" };
    for (gsize i = 0; i < G_N_ELEMENTS(hashes); i++) {
        g_autofree char *name = g_strdup_printf("%s %s", what, hashes[i]);
        g_hash_table_remove(cache->young, name);
        g_hash_table_remove(cache->old, name);
    }
}

void
ra_ocsp_cache_clear(RaOcspCache *cache)
{
    g_hash_table_remove_all(cache->young);
    g_hash_table_remove_all(cache->old);
}

guint
ra_ocsp_cache_size(const RaOcspCache *cache)
{
    return g_hash_table_size(cache->young) + g_hash_table_size(cache->old);
}
