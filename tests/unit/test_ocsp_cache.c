/* Answers in memory: ra/ocsp_cache.h. */
#include "ra/ocsp_cache.h"
#include "tests/unit/run.h"

static void put(RaOcspCache *cache, guint n)
{
    g_autofree char *serial = g_strdup_printf("%040x", n);
    g_autoptr(GBytes) der = g_bytes_new(&n, sizeof n);
    RaOcspAnswer *answer = ra_ocsp_cache_put(cache, "client", serial, "sha1", der, 10, 20);

    g_assert_true(answer->der == der);
    g_assert_null(answer->head);
}

static gboolean has(RaOcspCache *cache, guint n)
{
    g_autofree char *serial = g_strdup_printf("%040x", n);
    RaOcspAnswer *answer = ra_ocsp_cache_find(cache, "client", serial, "sha1");

    return answer && *(const guint *)g_bytes_get_data(answer->der, NULL) == n;
}

static void it_never_holds_more_than_two_generations(void)
{
    g_autoptr(RaOcspCache) cache = ra_ocsp_cache_new(100);

    for (guint n = 0; n < 10000; n++) {
        put(cache, n);
        g_assert_cmpuint(ra_ocsp_cache_size(cache), <=, 200);
        g_assert_true(has(cache, n));
        g_assert_true(n < 40 || has(cache, n - 40));
    }
}

static void what_is_asked_for_again_stays(void)
{
    g_autoptr(RaOcspCache) cache = ra_ocsp_cache_new(10);

    for (guint n = 0; n < 1000; n++) {
        put(cache, n);
        g_assert_true(has(cache, 0));
    }
    g_assert_false(has(cache, 1));
}

static void issuer_serial_and_hash_tell_answers_apart(void)
{
    g_autoptr(RaOcspCache) cache = ra_ocsp_cache_new(10);

    put(cache, 7);
    g_assert_null(ra_ocsp_cache_find(cache, "smime", "0000000000000000000000000000000000000007", "sha1"));
    g_assert_null(ra_ocsp_cache_find(cache, "client", "0000000000000000000000000000000000000007", "sha256"));
    g_assert_null(ra_ocsp_cache_find(cache, "client", "000000000000000000000000000000000000000000000000000000000000000000000000000000007", "sha1"));
}

static void what_is_said_to_have_changed_is_forgotten_in_both_hashes(void)
{
    g_autoptr(RaOcspCache) cache = ra_ocsp_cache_new(2);
    g_autoptr(GBytes) der = g_bytes_new_static("x", 1);

    (void)ra_ocsp_cache_put(cache, "client", "0a", "sha1", der, 1, 2)->der;
    (void)ra_ocsp_cache_put(cache, "client", "0a", "sha256", der, 1, 2)->der;
    (void)ra_ocsp_cache_put(cache, "client", "0b", "sha1", der, 1, 2)->der; /* the others are in the elder generation now */
    ra_ocsp_cache_forget(cache, "client 0a");
    ra_ocsp_cache_forget(cache, "");
    ra_ocsp_cache_forget(cache, "nonsense of any kind");
    g_assert_null(ra_ocsp_cache_find(cache, "client", "0a", "sha1"));
    g_assert_null(ra_ocsp_cache_find(cache, "client", "0a", "sha256"));
    g_assert_nonnull(ra_ocsp_cache_find(cache, "client", "0b", "sha1"));
    ra_ocsp_cache_clear(cache);
    g_assert_cmpuint(ra_ocsp_cache_size(cache), ==, 0);
}

static const struct unit_test tests[] = {
    { "/ocsp-cache/it never holds more than two generations", it_never_holds_more_than_two_generations },
    { "/ocsp-cache/what is asked for again stays", what_is_asked_for_again_stays },
    { "/ocsp-cache/issuer, serial and hash tell answers apart", issuer_serial_and_hash_tell_answers_apart },
    { "/ocsp-cache/what is said to have changed is forgotten in both hashes", what_is_said_to_have_changed_is_forgotten_in_both_hashes },
};

int main(int argc, char **argv)
{
    return run_tests(argc, argv, tests, G_N_ELEMENTS(tests), NULL, NULL);
}
