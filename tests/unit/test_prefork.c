/* The master that keeps children alive, tried with real processes. */
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/log.h"
#include "db/prefork.h"

/* The child appends its process number to the file and waits to be told to end. */
static int
live(gpointer data)
{
    FILE *file = fopen(data, "a");
    fprintf(file, "%d\n", (int)getpid());
    fclose(file);
    while (!prefork_stopping())
        pause();
    return 0;
}

static pid_t
start_master(char *file, const char *pid_file)
{
    pid_t master = fork();
    if (master == 0) {
        log_setup("test", LOG_LEVEL_ERROR);
        const struct prefork_kind kind = { "test", 2, live, file };
        _exit(prefork_run(&kind, 1, pid_file, 5));
    }
    return master;
}

/* Waits, by polling, until FILE has at least N lines; returns them. The bound is generous: it fails, it does not time. */
static char **
lines_of(const char *file, guint n)
{
    for (int i = 0; i < 1000; i++, g_usleep(10000)) {
        g_autofree char *text = NULL;
        if (!g_file_get_contents(file, &text, NULL, NULL))
            continue;
        char **lines = g_strsplit(g_strchomp(text), "\n", -1);
        if (*text && g_strv_length(lines) >= n)
            return lines;
        g_strfreev(lines);
    }
    g_error("%s never had %u lines", file, n);
}

struct fixture { char *folder, *file, *pid_file; pid_t master; };

static void
set_up(struct fixture *f, gconstpointer data)
{
    (void)data;
    f->folder = g_dir_make_tmp("prefork-XXXXXX", NULL);
    f->file = g_build_filename(f->folder, "children", NULL);
    f->pid_file = g_build_filename(f->folder, "pid", NULL);
    f->master = start_master(f->file, f->pid_file);
}

static void
tear_down(struct fixture *f, gconstpointer data)
{
    (void)data;
    if (f->master > 0) {
        kill(f->master, SIGTERM);
        waitpid(f->master, NULL, 0);
    }
    g_unlink(f->file);
    g_unlink(f->pid_file);
    g_rmdir(f->folder);
    g_free(f->folder);
    g_free(f->file);
    g_free(f->pid_file);
}

static gboolean
gone(pid_t pid)
{
    for (int i = 0; i < 1000; i++, g_usleep(10000))
        if (kill(pid, 0) != 0)
            return TRUE;
    return FALSE;
}

static void
a_killed_child_is_started_again(struct fixture *f, gconstpointer data)
{
    (void)data;
    g_auto(GStrv) before = lines_of(f->file, 2);
    kill(atoi(before[0]), SIGKILL);
    g_auto(GStrv) after = lines_of(f->file, 3);
    g_assert_cmpstr(after[2], !=, before[0]);
    g_assert_cmpint(kill(atoi(after[2]), 0), ==, 0);
}

static void
hangup_renews_all_children(struct fixture *f, gconstpointer data)
{
    (void)data;
    g_auto(GStrv) before = lines_of(f->file, 2);
    kill(f->master, SIGHUP);
    g_auto(GStrv) after = lines_of(f->file, 4);
    g_assert_true(gone(atoi(before[0])));
    g_assert_true(gone(atoi(before[1])));
}

static void
the_end_of_the_master_ends_its_children(struct fixture *f, gconstpointer how)
{
    g_auto(GStrv) children = lines_of(f->file, 2);
    kill(f->master, GPOINTER_TO_INT(how));
    waitpid(f->master, NULL, 0);
    f->master = 0;
    g_assert_true(gone(atoi(children[0])));
    g_assert_true(gone(atoi(children[1])));
    if (GPOINTER_TO_INT(how) == SIGTERM)
        g_assert_false(g_file_test(f->pid_file, G_FILE_TEST_EXISTS));
}

static void
the_pid_file_names_the_master(struct fixture *f, gconstpointer data)
{
    (void)data;
    g_auto(GStrv) children = lines_of(f->file, 2);
    g_auto(GStrv) pid = lines_of(f->pid_file, 1);
    g_assert_cmpint(atoi(pid[0]), ==, f->master);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/prefork/a killed child is started again", struct fixture, NULL, set_up, a_killed_child_is_started_again, tear_down);
    g_test_add("/prefork/a hangup renews all children", struct fixture, NULL, set_up, hangup_renews_all_children, tear_down);
    g_test_add("/prefork/children end with a master that is told to end", struct fixture, GINT_TO_POINTER(SIGTERM), set_up,
               the_end_of_the_master_ends_its_children, tear_down);
    g_test_add("/prefork/children end with a master that is killed", struct fixture, GINT_TO_POINTER(SIGKILL), set_up,
               the_end_of_the_master_ends_its_children, tear_down);
    g_test_add("/prefork/the pid file names the master", struct fixture, NULL, set_up, the_pid_file_names_the_master, tear_down);
    return g_test_run();
}
