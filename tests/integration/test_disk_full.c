/* PostgreSQL on a full disk: what is asked for fails with an error that is no refusal and no crash, nothing is half there, and
   when there is room again all goes on. The disk is a small tmpfs, so only root can try it. */
#include "db/db.h"
#include "tests/integration/cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const DbStatement add = { "test_add", "insert into login (key_hash, cookie_hash, idp, request_id, saml, expires_at)"
                                             " values ($1, $1, 'https://idp', '_1', $2, now() + interval '1 hour')", "bs" };
static const DbStatement ask = { "test_ask", "select count(*) from login", "" };

static Cluster *cluster;
static char *filler;

/* Text that does not compress, so that a row takes its room. */
static char *noise(size_t size) {
    g_autofree guchar *bytes = g_malloc(size);

    for (size_t i = 0; i < size; i++) bytes[i] = (guchar)g_test_rand_int();
    return g_base64_encode(bytes, size);
}

static GBytes *number(guint32 n) {
    guchar bytes[32] = { 0 };

    memcpy(bytes, &n, sizeof n);
    return g_bytes_new(bytes, sizeof bytes);
}

static gboolean one(Db *db, guint32 n, GError **error) {
    g_autofree char *text = noise(300000);
    g_autoptr(GBytes) key = number(n);

    return db_do(db, &add, error, key, text);
}

static void take_all_room(void) {
    char block[65536];
    int fd = open(filler, O_WRONLY | O_CREAT, 0600);

    memset(block, 'x', sizeof block);
    g_assert_cmpint(fd, >=, 0);
    while (write(fd, block, sizeof block) > 0) continue;
    g_assert_cmpint(errno, ==, ENOSPC);
    close(fd);
}

static gint64 count(Db *db) {
    g_autoptr(DbRows) rows = db_run(db, &ask, NULL);

    return rows == NULL ? -1 : db_rows_int(rows, 0, 0);
}

static void a_full_disk_is_an_error_and_passes(void) {
    g_autoptr(Db) db = db_new(cluster_conninfo(cluster, "portal"));
    g_autoptr(GError) error = NULL;
    guint32 n = 0, again = 0;

    g_assert_true(one(db, n++, &error));
    take_all_room();
    while (n < 1000 && one(db, n, &error)) n++;
    g_assert_nonnull(error);
    g_test_message("%u rows fitted; then: %s", n, error->message);
    g_assert_true(g_error_matches(error, DB_ERROR, DB_ERROR_BROKEN) || g_error_matches(error, DB_ERROR, DB_ERROR_DOWN));

    g_assert_cmpint(unlink(filler), ==, 0);
    /* A server that had to stop for it recovers first. */
    for (again = 0; again < 200; again++) {
        g_clear_error(&error);
        if (one(db, n, &error)) break;
        g_usleep(100000);
    }
    g_assert_no_error(error);
    g_assert_cmpint(count(db), ==, n + 1);
}

int main(int argc, char **argv) {
    g_autofree char *no_room = NULL;
    int status;

    g_test_init(&argc, &argv, NULL);
    if (geteuid() != 0) {
        g_print("1..0 # SKIP a small disk can only be made by root\n");
        return 0;
    }
    g_setenv("CLUSTER_TMPFS", "150m", TRUE);
    cluster = cluster_new();
    no_room = g_build_filename(cluster_folder(cluster), "full", NULL);
    if (g_file_test(no_room, G_FILE_TEST_EXISTS)) {
        g_print("1..0 # SKIP no file system can be mounted here\n");
        cluster_free(cluster);
        return 0;
    }
    filler = g_build_filename(cluster_folder(cluster), "data", "filler", NULL);
    g_test_add_func("/disk/a full disk is an error, loses nothing and passes", a_full_disk_is_an_error_and_passes);
    status = g_test_run();
    cluster_free(cluster);
    g_free(filler);
    return status;
}
