#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ca/csr.h"
#include "ca/keymaker.h"
#include "ca/wire.h"
#include "db/log.h"
#include "db/prefork.h"

static char *folder, *path;
static pid_t master;

static int
keymaker(gpointer pool)
{
    return ca_keymaker_run(path, GPOINTER_TO_INT(pool));
}

static void
start(int pool)
{
    master = fork();
    if (master == 0) {
        const struct prefork_kind kind = { "keymaker", 1, keymaker, GINT_TO_POINTER(pool) };
        _exit(prefork_run(&kind, 1, NULL, 5));
    }
}

static void
stop(void)
{
    int status;
    kill(master, SIGTERM);
    g_assert_cmpint(waitpid(master, &status, 0), ==, master);
    g_assert_cmpint(status, ==, 0);
}

static Secret *
take(enum ca_key_kind kind)
{
    g_autoptr(GError) error = NULL;
    Secret *key = ca_keymaker_take(path, kind, &error);
    g_assert_no_error(error);
    return key;
}

static void
every_kind_is_made_and_each_key_once(void)
{
    start(2);
    for (int kind = 0; kind < CA_KEY_KINDS; kind++) {
        enum ca_key_kind found;
        if (kind == CA_KEY_RSA4096 && !g_test_slow())
            continue;
        g_autoptr(Secret) a = take((enum ca_key_kind)kind), b = take((enum ca_key_kind)kind);
        g_assert_true(ca_key_kind_of(a, &found, NULL));
        g_assert_cmpint(found, ==, kind);
        g_assert_false(secret_size(a) == secret_size(b) && memcmp(secret_bytes(a), secret_bytes(b), secret_size(a)) == 0);
    }
    stop();
}

static void
the_pool_fills_itself_and_a_ready_key_comes_at_once(void)
{
    start(3);
    g_autoptr(Secret) first = take(CA_KEY_RSA2048);
    gint64 best = G_MAXINT64;
    for (int i = 0; i < 200 && best > 20000; i++) {
        g_usleep(100000);
        gint64 before = g_get_monotonic_time();
        g_autoptr(Secret) key = take(CA_KEY_RSA2048);
        best = MIN(best, g_get_monotonic_time() - before);
    }
    g_assert_cmpint(best, <=, 20000);
    stop();
}

static void
a_small_key_does_not_wait_behind_a_large_one(void)
{
    start(0);
    pid_t other = fork();
    if (other == 0) {
        g_autoptr(Secret) big = ca_keymaker_take(path, CA_KEY_RSA4096, NULL);
        _exit(big ? 0 : 1);
    }
    g_autoptr(Secret) warm = take(CA_KEY_P256);
    gint64 best = G_MAXINT64;
    for (int i = 0; i < 20; i++) {
        gint64 before = g_get_monotonic_time();
        g_autoptr(Secret) key = take(i % 2 ? CA_KEY_P384 : CA_KEY_P256);
        best = MIN(best, g_get_monotonic_time() - before);
    }
    g_assert_cmpint(best, <, 100000);
    int status;
    waitpid(other, &status, 0);
    g_assert_cmpint(status, ==, 0);
    stop();
}

static void
many_take_at_once_and_none_gets_anothers(void)
{
    enum { CHILDREN = 8, EACH = 5 };
    int out[2];
    pid_t children[CHILDREN];

    start(4);
    g_assert_cmpint(pipe(out), ==, 0);
    for (int c = 0; c < CHILDREN; c++)
        if ((children[c] = fork()) == 0) {
            for (int i = 0; i < EACH; i++) {
                g_autoptr(Secret) key = ca_keymaker_take(path, i % 2 ? CA_KEY_P256 : CA_KEY_RSA2048, NULL);
                g_autoptr(GBytes) public = key ? ca_key_public(key, NULL) : NULL;
                if (!public)
                    _exit(1);
                g_autoptr(GBytes) hash = crypto_sha256(g_bytes_get_data(public, NULL), g_bytes_get_size(public));
                if (write(out[1], g_bytes_get_data(hash, NULL), 32) != 32)
                    _exit(1);
            }
            _exit(0);
        }
    close(out[1]);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    unsigned char hash[32];
    while (read(out[0], hash, sizeof hash) == sizeof hash)
        g_assert_true(g_hash_table_add(seen, g_bytes_new(hash, sizeof hash)));
    close(out[0]);
    for (int c = 0; c < CHILDREN; c++) {
        int status;
        waitpid(children[c], &status, 0);
        g_assert_cmpint(status, ==, 0);
    }
    g_assert_cmpuint(g_hash_table_size(seen), ==, CHILDREN * EACH);
    stop();
}

static pid_t
child_of(pid_t parent)
{
    g_autofree char *file = g_strdup_printf("/proc/%d/task/%d/children", parent, parent), *text = NULL;
    for (int i = 0; i < 200; i++, g_usleep(10000)) {
        g_clear_pointer(&text, g_free);
        if (g_file_get_contents(file, &text, NULL, NULL) && *text)
            return (pid_t)g_ascii_strtoll(text, NULL, 10);
    }
    g_assert_not_reached();
}

static void
killed_at_any_moment_it_comes_back(void)
{
    start(2);
    for (int i = 0; i < 5; i++) {
        g_autoptr(Secret) key = take(CA_KEY_RSA2048);
        kill(child_of(master), SIGKILL);
    }
    /* Its own child, too: the order is given again. */
    g_autoptr(Secret) key = take(CA_KEY_P256);
    kill(child_of(child_of(master)), SIGKILL);
    g_autoptr(Secret) other = take(CA_KEY_RSA2048);
    stop();
}

static void
a_silent_or_wrong_caller_holds_up_nobody(void)
{
    int silent[50];
    gint64 soon = g_get_monotonic_time() + 5 * G_USEC_PER_SEC;
    start(0);
    g_autoptr(Secret) warm = take(CA_KEY_P256);
    for (size_t i = 0; i < G_N_ELEMENTS(silent); i++)
        silent[i] = wire_connect(path, soon, NULL);
    WireMessage wrong = { .kind = WIRE_PUBLISH, .text = (char *)"client" };
    g_auto(WireMessage) none = { 0 };
    g_assert_true(wire_write(silent[0], &wrong, soon, NULL));
    g_assert_false(wire_read(silent[0], &none, soon, NULL)); /* sent away */
    g_assert_cmpint(write(silent[1], "GET / HTTP/1.1\r\n", 16), ==, 16);
    g_assert_false(wire_read(silent[1], &none, soon, NULL));
    gint64 before = g_get_monotonic_time();
    g_autoptr(Secret) key = take(CA_KEY_P256);
    g_assert_cmpint(g_get_monotonic_time() - before, <, G_USEC_PER_SEC);
    for (size_t i = 0; i < G_N_ELEMENTS(silent); i++)
        close(silent[i]);
    stop();
}

static void
without_a_keymaker_it_is_down_after_a_short_while(void)
{
    g_autoptr(GError) error = NULL;
    gint64 before = g_get_monotonic_time();
    g_assert_null(ca_keymaker_take(path, CA_KEY_P256, &error));
    g_assert_error(error, CA_ERROR, CA_ERROR_DOWN);
    g_assert_cmpint(g_get_monotonic_time() - before, <, 5 * G_USEC_PER_SEC);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    log_setup("test", LOG_LEVEL_ERROR);
    crypto_start();
    folder = g_dir_make_tmp("inkan-keymaker-XXXXXX", NULL);
    path = g_build_filename(folder, "keymaker.sock", NULL);
    g_test_add_func("/keymaker/every kind is made and each key once", every_kind_is_made_and_each_key_once);
    g_test_add_func("/keymaker/the pool fills itself and a ready key comes at once",
                    the_pool_fills_itself_and_a_ready_key_comes_at_once);
    g_test_add_func("/keymaker/a small key does not wait behind a large one", a_small_key_does_not_wait_behind_a_large_one);
    g_test_add_func("/keymaker/many take at once and none gets another's", many_take_at_once_and_none_gets_anothers);
    g_test_add_func("/keymaker/killed at any moment it comes back", killed_at_any_moment_it_comes_back);
    g_test_add_func("/keymaker/a silent or wrong caller holds up nobody", a_silent_or_wrong_caller_holds_up_nobody);
    g_test_add_func("/keymaker/without a keymaker it is down after a short while", without_a_keymaker_it_is_down_after_a_short_while);
    int result = g_test_run();
    g_unlink(path);
    g_rmdir(folder);
    g_free(path);
    g_free(folder);
    return result;
}
