/* The connection to PostgreSQL: parameters, errors by what the caller does next, loss and return of the server. */
#include <glib.h>
#include <string.h>

#include "db/db.h"
#include "tests/integration/cluster.h"

static Cluster *cluster;

static const DbStatement echo = { "test_echo",
    "select $1::text, $2::bigint, $3::boolean, $4::bytea, $5::text[], $6::bigint", "sifban" };
static const DbStatement backend = { "test_backend", "select pg_backend_pid()", "" };
static const DbStatement divide = { "test_divide", "select 1 / $1::int", "i" };
static const DbStatement refused = { "test_refused", "select refuse('cap')", "" };
static const DbStatement seen = { "test_seen", "insert into assertion_seen values ('idp', $1, now())", "s" };
static const DbStatement count = { "test_count", "select count(*) from assertion_seen where id = $1", "s" };
static const DbStatement tell = { "test_tell", "notify inkan_job", "" };

static Db *
open_db(void)
{
    return db_new(cluster_conninfo(cluster, "owner"));
}

static void
every_type_of_parameter_comes_back_as_it_went(void)
{
    g_autoptr(Db) db = open_db();
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = g_bytes_new("a\0b\\", 4), none = g_bytes_new("", 0);
    const char *list[] = { "plain", "with \"quotes\", {braces} and \\", "", "日本", NULL };

    g_autoptr(DbRows) rows = db_run(db, &echo, &error, "印鑑 'x'", (gint64)-5, TRUE, bytes, list, (gint64)0);
    g_assert_no_error(error);
    g_assert_cmpstr(db_rows_text(rows, 0, 0), ==, "印鑑 'x'");
    g_assert_cmpint(db_rows_int(rows, 0, 1), ==, -5);
    g_assert_true(db_rows_flag(rows, 0, 2));
    g_autoptr(GBytes) back = db_rows_bytes(rows, 0, 3);
    g_assert_true(g_bytes_equal(back, bytes));
    g_auto(GStrv) items = db_rows_list(rows, 0, 4);
    g_assert_true(g_strv_equal((const char *const *)items, list));
    g_assert_true(db_rows_null(rows, 0, 5));

    g_autoptr(DbRows) nulls = db_run(db, &echo, &error, NULL, (gint64)0, FALSE, NULL, NULL, (gint64)7);
    g_assert_no_error(error);
    g_assert_true(db_rows_null(nulls, 0, 0) && db_rows_null(nulls, 0, 3) && db_rows_null(nulls, 0, 4));
    g_assert_cmpint(db_rows_int(nulls, 0, 5), ==, 7);
    g_autoptr(DbRows) empty = db_run(db, &echo, &error, "", (gint64)0, FALSE, none, NULL, (gint64)7);
    g_assert_false(db_rows_null(empty, 0, 3));
}

static void
a_refusal_is_the_word_of_the_rule(void)
{
    g_autoptr(Db) db = open_db();
    g_autoptr(GError) error = NULL;
    g_assert_false(db_do(db, &refused, &error));
    g_assert_error(error, DB_ERROR, DB_ERROR_REFUSED);
    g_assert_cmpstr(error->message, ==, "cap");
}

static void
a_bug_is_broken_and_keeps_the_connection(void)
{
    g_autoptr(Db) db = open_db();
    g_autoptr(GError) error = NULL;
    g_assert_false(db_do(db, &divide, &error, (gint64)0));
    g_assert_error(error, DB_ERROR, DB_ERROR_BROKEN);
    g_assert_nonnull(strstr(error->message, "22012"));
    g_clear_error(&error);
    g_assert_true(db_do(db, &divide, &error, (gint64)1));
}

static void
the_second_of_two_is_a_conflict(void)
{
    g_autoptr(Db) db = open_db();
    g_autoptr(GError) error = NULL;
    g_assert_true(db_do(db, &seen, &error, "twice"));
    g_assert_false(db_do(db, &seen, &error, "twice"));
    g_assert_error(error, DB_ERROR, DB_ERROR_CONFLICT);
}

static void
a_commit_that_rolled_back_is_an_error(void)
{
    g_autoptr(Db) db = open_db();
    g_autoptr(GError) error = NULL;
    g_assert_true(db_begin(db, &error));
    g_assert_true(db_do(db, &seen, &error, "rolled back"));
    g_assert_false(db_do(db, &divide, NULL, (gint64)0));
    g_assert_false(db_commit(db, &error));
    g_assert_error(error, DB_ERROR, DB_ERROR_BROKEN);
    g_autoptr(DbRows) rows = db_run(db, &count, NULL, "rolled back");
    g_assert_cmpint(db_rows_int(rows, 0, 0), ==, 0);
}

static gint64
backend_of(Db *db)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(DbRows) rows = db_run(db, &backend, &error);
    g_assert_no_error(error);
    return db_rows_int(rows, 0, 0);
}

static void
kill_backend(gint64 pid)
{
    g_autofree char *kill = g_strdup_printf("select pg_terminate_backend(%d, 5000)", (int)pid);
    cluster_do(cluster, kill);
}

static void
a_connection_lost_while_idle_is_made_anew(void)
{
    g_autoptr(Db) db = open_db();
    gint64 first = backend_of(db);
    kill_backend(first);
    g_assert_cmpint(backend_of(db), !=, first);
}

static void
a_connection_lost_in_a_transaction_ends_it(void)
{
    g_autoptr(Db) db = open_db();
    g_autoptr(GError) error = NULL;
    g_assert_true(db_begin(db, &error));
    g_assert_true(db_do(db, &seen, &error, "lost"));
    kill_backend(backend_of(db));
    g_assert_false(db_do(db, &seen, &error, "lost too"));
    g_assert_error(error, DB_ERROR, DB_ERROR_DOWN);
    g_clear_error(&error);
    g_assert_false(db_commit(db, &error));
    g_assert_error(error, DB_ERROR, DB_ERROR_DOWN);
    db_rollback(db);
    g_autoptr(DbRows) rows = db_run(db, &count, NULL, "lost");
    g_assert_cmpint(db_rows_int(rows, 0, 0), ==, 0);
}

/* A new connection knows no statement, so a loss shows itself first where one is prepared: not there either may the rest of the
   transaction go on by itself in another connection. */
static void
what_was_begun_in_a_lost_connection_does_not_go_on_in_a_new_one(void)
{
    g_autoptr(Db) db = open_db();
    g_autoptr(GError) error = NULL;
    gint64 first = backend_of(db);
    g_assert_true(db_begin(db, &error));
    kill_backend(first);
    g_assert_false(db_do(db, &seen, &error, "half"));
    g_assert_error(error, DB_ERROR, DB_ERROR_DOWN);
    g_clear_error(&error);
    g_assert_false(db_do(db, &seen, &error, "the other half"));
    g_assert_error(error, DB_ERROR, DB_ERROR_DOWN);
    g_clear_error(&error);
    g_assert_false(db_commit(db, &error));
    g_assert_error(error, DB_ERROR, DB_ERROR_DOWN);
    db_rollback(db);
    for (const char **id = (const char *[]){ "half", "the other half", NULL }; *id; id++) {
        g_autoptr(DbRows) rows = db_run(db, &count, NULL, *id);
        g_assert_cmpint(db_rows_int(rows, 0, 0), ==, 0);
    }
}

static void
no_server_is_down_and_says_so(void)
{
    g_autoptr(Db) db = db_new("host=/nonexistent dbname=inkan");
    g_autoptr(GError) error = NULL;
    g_assert_false(db_do(db, &backend, &error));
    g_assert_error(error, DB_ERROR, DB_ERROR_DOWN);
    g_assert_nonnull(strstr(error->message, "PostgreSQL cannot be reached"));
}

static void
a_notification_wakes_also_after_a_reconnect(void)
{
    g_autoptr(Db) waiting = open_db(), other = open_db();
    g_autoptr(GError) error = NULL;
    g_assert_true(db_listen(waiting, "inkan_job", &error));
    g_assert_true(db_wait(waiting, 0)); /* the new connection counts as news */
    g_assert_false(db_wait(waiting, 50));
    g_assert_true(db_do(other, &tell, &error));
    g_assert_true(db_wait(waiting, 10000));
    kill_backend(backend_of(waiting));
    g_assert_true(db_wait(waiting, 10000));
    g_assert_true(db_do(other, &tell, &error));
    g_assert_true(db_wait(waiting, 10000));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    cluster = cluster_new();
    g_test_add_func("/db/every type of parameter comes back as it went", every_type_of_parameter_comes_back_as_it_went);
    g_test_add_func("/db/a refusal is the word of the rule", a_refusal_is_the_word_of_the_rule);
    g_test_add_func("/db/a bug is broken and keeps the connection", a_bug_is_broken_and_keeps_the_connection);
    g_test_add_func("/db/the second of two is a conflict", the_second_of_two_is_a_conflict);
    g_test_add_func("/db/a commit that rolled back is an error", a_commit_that_rolled_back_is_an_error);
    g_test_add_func("/db/a connection lost while idle is made anew", a_connection_lost_while_idle_is_made_anew);
    g_test_add_func("/db/a connection lost in a transaction ends it", a_connection_lost_in_a_transaction_ends_it);
    g_test_add_func("/db/what was begun in a lost connection does not go on in a new one",
                    what_was_begun_in_a_lost_connection_does_not_go_on_in_a_new_one);
    g_test_add_func("/db/no server is down and says so", no_server_is_down_and_says_so);
    g_test_add_func("/db/a notification wakes also after a reconnect", a_notification_wakes_also_after_a_reconnect);
    int result = g_test_run();
    cluster_free(cluster);
    return result;
}
