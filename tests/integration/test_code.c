/* The revocation code: what is handed out is what is kept, whoever asks at the same moment and whatever breaks. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ra/code.h"
#include "ra/error.h"
#include "tests/integration/cluster_ra.h"

static World *world;

static gint64
collected(void)
{
    gint64 number = world_ready(world, world->person, "client", 13);
    g_autofree char *serial = world_collect(world, number);
    return number;
}

static Secret *
given(RaContext *ctx, gint64 number, gboolean replace)
{
    const struct ra_who holder = { .address = "192.0.2.1" };
    g_autoptr(GError) error = NULL;
    Secret *code = ra_code_give(ctx, &holder, number, replace, &error);
    g_assert_no_error(error);
    return code;
}

static gboolean
opens(gint64 number, const char *code)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, number);
    g_autoptr(GError) error = NULL;
    g_autoptr(RaCodeTarget) target = ra_code_look(world->portal, text, code, &error);
    if (target) {
        g_assert_cmpint(target->number, ==, number);
        return TRUE;
    }
    g_assert_error(error, RA_ERROR, RA_ERROR_NOT_FOUND);
    g_assert_cmpstr(ra_error_rule(error), ==, "code");
    return FALSE;
}

static enum ra_code_outcome
used(gint64 number, const char *code, gboolean all)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, number);
    enum ra_code_outcome outcome = RA_CODE_ENDED;
    g_autoptr(GError) error = NULL;
    gboolean ok = ra_code_revoke(world->portal, text, code, all, "keyCompromise", "192.0.2.1", &outcome, &error);
    g_assert_no_error(error);
    g_assert_true(ok);
    return outcome;
}

static void
a_code_opens_its_own_request_alone(void)
{
    gint64 number = collected(), other = collected();
    g_autoptr(Secret) code = given(world->portal, number, FALSE), second = given(world->portal, other, FALSE);
    g_assert_true(opens(number, secret_text(code)));
    g_assert_false(opens(other, secret_text(code)));
    g_assert_false(opens(number, secret_text(second)));
    g_assert_false(opens(0, secret_text(code)));
    g_assert_false(opens(number, ""));
    /* Moved to another row, the hash opens nothing: it is of this number. */
    world_do(world, "update revocation_code set hash = (select hash from revocation_code where request = %N) where request <> %N", number);
    g_assert_false(opens(other, secret_text(code)));
}

static void
it_is_given_once_unless_asked_to_replace(void)
{
    gint64 number = collected();
    g_autoptr(Secret) first = given(world->portal, number, FALSE);
    g_autoptr(Secret) none = given(world->portal, number, FALSE);
    g_assert_null(none);
    g_autoptr(Secret) second = given(world->portal, number, TRUE);
    g_assert_false(opens(number, secret_text(first)));
    g_assert_true(opens(number, secret_text(second)));
    g_assert_cmpint(world_int(world, "select count(*) from event where request = %N and what = 'code-made'", number), ==, 1);
    g_assert_cmpint(world_int(world, "select count(*) from event where request = %N and what = 'code-replaced'", number), ==, 1);
}

static void
nothing_is_given_before_there_is_something_to_revoke(void)
{
    gint64 number = world_ready(world, world->person, "client", 13);
    const struct ra_who holder = { .address = "" };
    g_autoptr(GError) error = NULL;
    g_autoptr(Secret) code = ra_code_give(world->portal, &holder, number, FALSE, &error);
    g_assert_null(code);
    g_assert_error(error, RA_ERROR, RA_ERROR_CONFLICT);
    g_assert_cmpint(world_int(world, "select count(*) from revocation_code where request = %N", number), ==, 0);
}

static int
one_of_many(int i, gpointer data)
{
    const gint64 *number = data;
    (void)i;
    g_autoptr(Secret) code = given(world_context(world, "portal"), *number, FALSE);
    return code ? 1 : 0;
}

static void
asked_for_at_the_same_moment_one_gets_it(void)
{
    gint64 number = collected();
    g_assert_cmpint(world_together(8, one_of_many, &number), ==, 1);
}

/* Each has its audit row. A killed process's connection may end its transaction a moment later. */
static gint64
kept_so_far(gint64 number)
{
    while (cluster_int(world->cluster, "select count(*) from pg_stat_activity where usename = 'inkan_portal' and state <> 'idle'") > 0)
        g_usleep(1000);
    return world_int(world, "select count(*) from event where request = %N and what like 'code-%%'", number);
}

/* A process is killed at moments of its own; what it had told before is the code that works. */
static void
killed_at_any_moment_what_was_shown_works(void)
{
    gint64 number = collected(), shown = 0;
    for (int round = 0; round < 25; round++) {
        int pipes[2];
        g_assert_cmpint(pipe(pipes), ==, 0);
        pid_t child = fork();
        if (child == 0) {
            RaContext *ctx = world_context(world, "portal");
            for (;;) {
                g_autoptr(Secret) code = given(ctx, number, TRUE);
                if (write(pipes[1], secret_text(code), 24) != 24)
                    _exit(1);
            }
        }
        close(pipes[1]);
        char last[25] = "", next[25] = "";
        /* Some have been shown, and one is under way. */
        for (int n = 0; n <= round % 5; n++, shown++)
            g_assert_cmpint(read(pipes[0], last, 24), ==, 24);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        for (; read(pipes[0], next, 24) == 24; shown++)
            memcpy(last, next, sizeof last);
        close(pipes[0]);
        /* One more may have been kept than was shown: then the shown one is dead, and a new one can be had. */
        gint64 kept = kept_so_far(number);
        g_assert_cmpint(kept, >=, shown);
        g_assert_cmpint(kept, <=, shown + 1);
        g_assert_cmpint(opens(number, last), ==, kept == shown);
        shown = kept;
    }
}

static void
it_revokes_once_with_an_audit_row(void)
{
    gint64 number = collected();
    g_autoptr(Secret) code = given(world->portal, number, FALSE);
    g_assert_cmpint(used(number, secret_text(code), FALSE), ==, RA_CODE_DONE);
    g_assert_cmpint(used(number, secret_text(code), FALSE), ==, RA_CODE_ALREADY);
    g_assert_cmpint(world_int(world, "select count(*) from event where request = %N and actor = 'revocation-code' and what = 'revoke'"
                                     " and address = '192.0.2.1'", number), ==, 1);
    g_assert_cmpint(world_int(world, "select count(*) from certificate where request = %N and revoked_at is null", number), ==, 0);
}

static int
uses(int i, gpointer data)
{
    const struct { gint64 number; const char *code; } *what = data;
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, what->number);
    enum ra_code_outcome outcome = RA_CODE_ENDED;
    g_autoptr(GError) error = NULL;
    (void)i;
    if (!ra_code_revoke(world_context(world, "portal"), text, what->code, TRUE, "superseded", "", &outcome, &error))
        return 100;
    return outcome == RA_CODE_DONE ? 1 : 0;
}

static void
many_uses_at_once_revoke_once(void)
{
    gint64 number = collected();
    world_do(world, "update request set memo = 'together' where number = %N", number);
    gint64 other = collected();
    world_do(world, "update request set memo = 'together' where number = %N", other);
    g_autoptr(Secret) code = given(world->portal, other, FALSE);
    struct { gint64 number; const char *code; } what = { other, secret_text(code) };
    g_assert_cmpint(world_together(6, uses, &what), ==, 1);
    g_assert_cmpint(world_int(world, "select count(*) from event where request = %N and what = 'revoke'", number), ==, 1);
    g_assert_cmpint(world_int(world, "select count(*) from event where request = %N and what = 'revoke'", other), ==, 1);
}

static void
the_database_keeps_to_it_by_itself(void)
{
    gint64 number = collected();
    g_autoptr(Secret) code = given(world->portal, number, FALSE);
    g_autofree char *sql = g_strdup_printf(
        "do $$ begin perform revocation_code_use(%" G_GINT64_FORMAT ", sha256('x'), true, 'superseded', '', ''); raise 'done';"
        " exception when others then if sqlerrm <> 'code' then raise; end if; end $$", number);
    cluster_do(world->cluster, sql);
    const struct ra_who other = { .person = world->other };
    g_autoptr(GError) error = NULL;
    g_autoptr(Secret) theirs = NULL;
    g_autofree char *location = NULL;
    g_assert_false(ra_code_renew(world->portal, &other, number, NULL, &theirs, &location, &error));
    g_assert_error(error, RA_ERROR, RA_ERROR_NOT_FOUND);
    g_assert_true(opens(number, secret_text(code)));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    world = world_new(NULL);
    g_test_add_func("/code/a code opens its own request alone", a_code_opens_its_own_request_alone);
    g_test_add_func("/code/it is given once unless asked to replace", it_is_given_once_unless_asked_to_replace);
    g_test_add_func("/code/nothing is given before there is something to revoke", nothing_is_given_before_there_is_something_to_revoke);
    g_test_add_func("/code/asked for at the same moment, one gets it", asked_for_at_the_same_moment_one_gets_it);
    g_test_add_func("/code/killed at any moment, what was shown works", killed_at_any_moment_what_was_shown_works);
    g_test_add_func("/code/it revokes once, with an audit row", it_revokes_once_with_an_audit_row);
    g_test_add_func("/code/many uses at once revoke once", many_uses_at_once_revoke_once);
    g_test_add_func("/code/the database keeps to it by itself", the_database_keeps_to_it_by_itself);
    int status = g_test_run();
    world_free(world);
    return status;
}
