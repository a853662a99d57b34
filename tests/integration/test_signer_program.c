/* inkan-signer as a program: killed at any moment, told to stop or reload, given settings that cannot be. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ca/certificate.h"
#include "ca/client.h"
#include "ca/key.h"
#include "db/log.h"
#include "tests/integration/cluster_authority.h"

enum { PROCESSES = 3, SIGNERS = 4, ROUNDS = 8, PATIENCE = 60 };

static World *world;
static Authority *authority;
static const char *signer_socket;
static char *program, *pid_file;
static pid_t master;

/* --- the program ---------------------------------------------------------------------------------------------------------------- */

/* Its messages go to FILE, or where ours go. */
static pid_t
run_program(const char *const *arguments, const char *file)
{
    pid_t pid = fork();
    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        int out = file ? open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;
        if (out >= 0)
            dup2(out, STDERR_FILENO);
        unsetenv("INKAN_CONFIG");
        execv(program, (char *const *)arguments);
        _exit(127);
    }
    return pid;
}

static void
ping_answers(void)
{
    for (int i = 0; i < 400 && !ca_client_ping(signer_socket, NULL); i++)
        g_usleep(50000);
    g_assert_true(ca_client_ping(signer_socket, NULL));
}

static void
start(void)
{
    const char *const arguments[] = { program, "-c", world->file, NULL };
    master = run_program(arguments, NULL);
    ping_answers();
}

static int
ended(pid_t pid)
{
    int status;
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static GArray *
children_of(pid_t parent)
{
    g_autofree char *file = g_strdup_printf("/proc/%d/task/%d/children", parent, parent), *text = NULL;
    GArray *pids = g_array_new(FALSE, FALSE, sizeof(pid_t));
    if (g_file_get_contents(file, &text, NULL, NULL)) {
        g_auto(GStrv) words = g_strsplit(text, " ", -1);
        for (char **word = words; *word && **word; word++) {
            pid_t pid = (pid_t)g_ascii_strtoll(*word, NULL, 10);
            g_array_append_val(pids, pid);
        }
    }
    return pids;
}

/* --- tests --------------------------------------------------------------------------------------------------------------------------- */

static void
it_writes_its_number_and_leaves_no_core(void)
{
    g_autofree char *text = NULL, *limits = NULL, *file = g_strdup_printf("/proc/%d/limits", master);
    g_assert_true(g_file_get_contents(pid_file, &text, NULL, NULL));
    g_assert_cmpint(g_ascii_strtoll(text, NULL, 10), ==, master);
    g_autoptr(GArray) children = children_of(master);
    g_assert_cmpuint(children->len, ==, PROCESSES);
    g_assert_true(g_file_get_contents(file, &limits, NULL, NULL));
    g_assert_true(g_regex_match_simple("Max core file size +0 +0 ", limits, 0, 0));
}

/* Shared by the processes: in each round every signer asks for one certificate while the killer strikes. */
struct work {
    gint round, done;
    gint64 numbers[SIGNERS * ROUNDS];
    char tokens[SIGNERS * ROUNDS][44];
};

static GBytes *
ask_stubbornly(const struct work *work, int n)
{
    gint64 give_up = g_get_monotonic_time() + PATIENCE * G_USEC_PER_SEC;
    g_autoptr(Secret) key = ca_key_make(CA_KEY_P256, NULL);
    g_autoptr(GBytes) csr = ca_csr_new(key, NULL);
    while (g_get_monotonic_time() < give_up) {
        g_autoptr(GError) error = NULL;
        GBytes *der = ca_client_sign(signer_socket, work->numbers[n], work->tokens[n], csr, &error);
        if (der)
            return der;
        g_assert_error(error, CA_ERROR, CA_ERROR_DOWN);
    }
    return NULL;
}

/* What was answered is kept as an empty file of its fingerprint. */
static int
sign_each_round(int i, gpointer data)
{
    struct work *work = data;
    for (int round = 0; round < ROUNDS; round++) {
        while (g_atomic_int_get(&work->round) <= round)
            g_usleep(200);
        g_autoptr(GBytes) der = ask_stubbornly(work, round * SIGNERS + i);
        if (!der)
            return 1;
        g_autoptr(GBytes) hash = crypto_sha256(g_bytes_get_data(der, NULL), g_bytes_get_size(der));
        g_autofree char *name = crypto_hex(hash), *file = g_build_filename(world->folder, name, NULL);
        if (!g_file_set_contents(file, "", 0, NULL))
            return 1;
        g_atomic_int_inc(&work->done);
    }
    return 0;
}

static void
kill_somebody(int round)
{
    g_autoptr(GArray) children = children_of(master);
    g_usleep((gulong)g_test_rand_int_range(0, 15000));
    if (round % 4 == 3) {
        kill(master, SIGKILL);
        waitpid(master, NULL, 0);
        start();
    } else {
        for (guint i = 0; i + 1 < children->len; i++) /* all but one */
            kill(g_array_index(children, pid_t, i), SIGKILL);
    }
}

static void
kill_in_each_round(struct work *work)
{
    for (int round = 0; round < ROUNDS; round++) {
        gint64 give_up = g_get_monotonic_time() + PATIENCE * G_USEC_PER_SEC;
        g_atomic_int_inc(&work->round);
        kill_somebody(round);
        while (g_atomic_int_get(&work->done) < (round + 1) * SIGNERS && g_get_monotonic_time() < give_up)
            g_usleep(1000);
        g_assert_cmpint(g_atomic_int_get(&work->done), ==, (round + 1) * SIGNERS);
    }
}

static void
one_of_each(gint64 number, const char *log)
{
    g_assert_cmpint(world_int(world, "select count(*) from certificate where request = %N", number), ==, 1);
    g_assert_cmpint(world_int(world, "select count(*) from event where request = %N and what = 'issue'", number), ==, 1);
    g_autofree char *name = world_text(world, "select encode(fingerprint, 'hex') from certificate where request = %N", number);
    g_autofree char *file = g_build_filename(world->folder, name, NULL);
    g_assert_true(g_file_test(file, G_FILE_TEST_EXISTS)); /* what was answered is what is stored */
    g_autofree char *serial = world_text(world, "select serial from certificate where request = %N", number);
    g_assert_nonnull(strstr(log, serial));
}

static void
killed_again_and_again_it_loses_and_doubles_nothing(void)
{
    struct work *work = mmap(NULL, sizeof *work, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    g_autofree char *log = NULL;
    int status;
    for (int n = 0; n < SIGNERS * ROUNDS; n++) {
        work->numbers[n] = world_ready(world, world->person, n % 2 ? "client" : "smime", 13);
        g_autoptr(Secret) token = world_token(world, work->numbers[n]);
        g_strlcpy(work->tokens[n], secret_text(token), sizeof work->tokens[n]);
    }
    pid_t signers = fork();
    if (signers == 0)
        _exit(world_together(SIGNERS, sign_each_round, work));
    kill_in_each_round(work);
    g_assert_cmpint(waitpid(signers, &status, 0), ==, signers);
    g_assert_cmpint(status, ==, 0);
    g_assert_true(g_file_get_contents(settings_text(world->settings, "signer", "log_file"), &log, NULL, NULL));
    for (int n = 0; n < SIGNERS * ROUNDS; n++)
        one_of_each(work->numbers[n], log);
    munmap(work, sizeof *work);
}

static void
told_to_reload_it_goes_on_with_new_children(void)
{
    g_autoptr(GArray) before = children_of(master);
    kill(master, SIGHUP);
    for (int i = 0; i < 200; i++, g_usleep(50000)) {
        g_autoptr(GArray) after = children_of(master);
        gboolean all_new = after->len == PROCESSES;
        for (guint k = 0; all_new && k < after->len; k++)
            for (guint j = 0; j < before->len; j++)
                all_new = all_new && g_array_index(after, pid_t, k) != g_array_index(before, pid_t, j);
        if (all_new)
            break;
        g_assert_cmpint(i, <, 199);
    }
    ping_answers();
}

static void
told_to_stop_it_ends_well(void)
{
    kill(master, SIGTERM);
    g_assert_cmpint(ended(master), ==, 0);
    g_assert_false(g_file_test(pid_file, G_FILE_TEST_EXISTS));
    g_autoptr(GError) error = NULL;
    g_assert_false(ca_client_ping(signer_socket, &error));
    g_assert_error(error, CA_ERROR, CA_ERROR_DOWN);
}

static void
without_settings_it_says_how_to_give_them(void)
{
    const char *const arguments[] = { program, NULL };
    g_autofree char *file = g_build_filename(world->folder, "said", NULL), *said = NULL;
    g_assert_cmpint(ended(run_program(arguments, file)), ==, 2);
    g_assert_true(g_file_get_contents(file, &said, NULL, NULL));
    g_assert_nonnull(strstr(said, "-c FILE"));
}

/* The settings with [signer] portal_user = USER; the file's name. */
static char *
settings_with_user(const char *user)
{
    g_autoptr(GKeyFile) keys = g_key_file_new();
    char *file = g_build_filename(world->folder, "other.conf", NULL);
    g_assert_true(g_key_file_load_from_file(keys, world->file, G_KEY_FILE_NONE, NULL));
    g_key_file_set_string(keys, "signer", "portal_user", user);
    g_assert_true(g_key_file_save_to_file(keys, file, NULL));
    return file;
}

static void
a_user_that_does_not_exist_is_named_with_its_setting(void)
{
    g_autofree char *settings = settings_with_user("nosuchuser"), *file = g_build_filename(world->folder, "said", NULL), *said = NULL;
    const char *const arguments[] = { program, "-c", settings, NULL };
    g_assert_cmpint(ended(run_program(arguments, file)), ==, 1);
    g_assert_true(g_file_get_contents(file, &said, NULL, NULL));
    g_assert_nonnull(strstr(said, "[signer] portal_user"));
    g_assert_nonnull(strstr(said, "nosuchuser"));
}

static void
another_users_process_is_sent_away(void)
{
    g_autofree char *settings = settings_with_user("daemon");
    const char *const arguments[] = { program, "-c", settings, NULL };
    gint64 number = world_ready(world, world->person, "client", 13);
    g_autoptr(Secret) token = world_token(world, number), key = ca_key_make(CA_KEY_P256, NULL);
    g_autoptr(GBytes) csr = ca_csr_new(key, NULL);
    g_autoptr(GError) error = NULL;
    master = run_program(arguments, "/dev/null");
    ping_answers(); /* as the worker, whose user is ours */
    g_assert_null(ca_client_sign(signer_socket, number, secret_text(token), csr, &error));
    g_assert_error(error, CA_ERROR, CA_ERROR_DOWN);
    g_assert_cmpint(world_int(world, "select count(*) from certificate where request = %N", number), ==, 0);
    g_assert_true(ca_client_publish(signer_socket, "client", TRUE, NULL));
    kill(master, SIGTERM);
    g_assert_cmpint(ended(master), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    log_setup("test", LOG_LEVEL_ERROR);
    g_autofree char *here = g_path_get_dirname(argv[0]), *there = g_build_filename(here, "..", "..", "inkan-signer", NULL);
    program = g_canonicalize_filename(there, NULL);
    pid_file = g_strdup_printf("/tmp/inkan-signer-test-%d.pid", (int)getpid());
    g_autofree char *extra = g_strdup_printf("signer processes=%d\nsigner pid_file=%s", PROCESSES, pid_file);
    world = world_new_bare(extra);
    authority = authority_new(world);
    authority_stop(authority, "signer");
    signer_socket = settings_text(world->settings, "signer", "socket");
    start();
    g_test_add_func("/signer program/it writes its number and leaves no core", it_writes_its_number_and_leaves_no_core);
    g_test_add_func("/signer program/killed again and again it loses and doubles nothing",
                    killed_again_and_again_it_loses_and_doubles_nothing);
    g_test_add_func("/signer program/told to reload it goes on with new children", told_to_reload_it_goes_on_with_new_children);
    g_test_add_func("/signer program/told to stop it ends well", told_to_stop_it_ends_well);
    g_test_add_func("/signer program/without settings it says how to give them", without_settings_it_says_how_to_give_them);
    g_test_add_func("/signer program/a user that does not exist is named with its setting",
                    a_user_that_does_not_exist_is_named_with_its_setting);
    g_test_add_func("/signer program/another user's process is sent away", another_users_process_is_sent_away);
    int result = g_test_run();
    authority_free(authority);
    world_free(world);
    g_unlink(pid_file);
    g_free(pid_file);
    g_free(program);
    return result;
}
