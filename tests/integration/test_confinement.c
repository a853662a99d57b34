/* What is taken from signer, responder and keymaker, tried from the inside; and what another user sees of the signer, which is
   nothing: key file, memory, environment, descriptors, socket. */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ca/client.h"
#include "ca/confine.h"
#include "db/log.h"
#include "tests/integration/cluster_authority.h"

static World *world;
static Authority *authority;
static char *program;
static pid_t master, child;

/* --- from the inside ------------------------------------------------------------------------------------------------------ */

static void start_a_program(void) { execl("/bin/true", "true", NULL); }
static void trace_the_parent(void) { (void)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL); }
static void read_the_parents_memory(void)
{
    char byte;
    const struct iovec here = { &byte, 1 }, there = { &world, 1 };
    (void)process_vm_readv(getppid(), &here, 1, &there, 1, 0);
}
static void be_readable_again(void) { prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); }
static void become_somebody(void) { (void)!setresuid(0, 0, 0); }
static void reach_the_wire(void) { (void)!socket(AF_PACKET, SOCK_RAW, 0); }
static void reach_the_host_of_a_vm(void) { (void)!socket(AF_VSOCK, SOCK_STREAM, 0); }
static void make_a_file(void) { (void)!open("/tmp/inkan-confinement-test", O_WRONLY | O_CREAT, 0600); }
static void write_a_file(void) { (void)!open("/dev/null", O_WRONLY); }
static void change_a_file(void) { (void)!open("/dev/null", O_RDWR); }
static void remove_a_file(void) { (void)!unlink("/tmp/inkan-confinement-test"); }
static void rename_a_file(void) { (void)!rename("/tmp/inkan-confinement-test", "/tmp/inkan-confinement-test2"); }
static void make_a_process(void) { (void)!fork(); }
static void end_the_parent(void) { kill(getppid(), SIGTERM); }
static void open_a_door(void) { (void)!listen(0, 1); }
static void lift_a_limit(void) { const struct rlimit more = { 1000, 1000 }; setrlimit(RLIMIT_NOFILE, &more); }

enum step { WIDE, STRICT };
static const struct attempt {
    const char *name;
    void (*what)(void);
    int number;
    enum step from; /* refused from this step on */
} attempts[] = {
    { "start a program", start_a_program, SYS_execve, WIDE },
    { "trace the parent", trace_the_parent, SYS_ptrace, WIDE },
    { "read the parent's memory", read_the_parents_memory, SYS_process_vm_readv, WIDE },
    { "be readable again", be_readable_again, SYS_prctl, WIDE },
    { "become somebody", become_somebody, SYS_setresuid, WIDE },
    { "reach the wire", reach_the_wire, SYS_socket, WIDE },
    { "reach the host of a virtual machine", reach_the_host_of_a_vm, SYS_socket, WIDE },
    { "make a file", make_a_file, SYS_openat, STRICT },
    { "write a file", write_a_file, SYS_openat, STRICT },
    { "change a file", change_a_file, SYS_openat, STRICT },
    { "remove a file", remove_a_file, SYS_unlink, STRICT },
    { "rename a file", rename_a_file, SYS_rename, STRICT },
    { "make a process", make_a_process, SYS_clone, STRICT },
    { "end the parent", end_the_parent, SYS_kill, STRICT },
    { "open a door", open_a_door, SYS_listen, STRICT },
    { "lift a limit", lift_a_limit, SYS_prlimit64, STRICT },
};

static gboolean
of_sanitizer(const struct attempt *attempt)
{
#ifdef __SANITIZE_ADDRESS__
    return attempt->from == STRICT || attempt->number == SYS_ptrace || attempt->number == SYS_process_vm_readv;
#else
    (void)attempt;
    return FALSE;
#endif
}

static void
confine(enum step step)
{
    g_autoptr(GError) error = NULL;
    ca_confine_start();
    gboolean ok = ca_confine_wide("inkan-test", &error);
    if (ok && step == STRICT)
        ok = ca_confine_strict("inkan-test", 64, FALSE, &error);
    if (!ok)
        _exit(1);
}

/* Its exit status; what it said is *SAID. */
static int
in_a_child(enum step step, void (*what)(void), char **said)
{
    g_autofree char *file = g_build_filename(world->folder, "said", NULL);
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        int out = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (out < 0 || dup2(out, STDERR_FILENO) < 0)
            _exit(1);
        confine(step);
        what();
        _exit(0);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(g_file_get_contents(file, said, NULL, NULL));
    g_assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void
what_they_never_need_is_logged_and_their_end(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(attempts); i++) {
        const struct attempt *attempt = &attempts[i];
        if (of_sanitizer(attempt))
            continue;
        for (enum step step = attempt->from; step <= STRICT; step++) {
            g_autofree char *said = NULL, *words = g_strdup_printf(" error event=call-refused number=%d\n", attempt->number);
            int status = in_a_child(step, attempt->what, &said);
            if (status != CA_CONFINE_REFUSED || !strstr(said, words))
                g_test_message("%s, step %d: %d, %s", attempt->name, (int)step, status, said);
            g_assert_cmpint(status, ==, CA_CONFINE_REFUSED);
            g_assert_nonnull(strstr(said, words));
            g_assert_true(g_regex_match_simple("^20[2-9][0-9]-[01][0-9]-[0-3][0-9]T[0-9:]{8}Z inkan-test\\[[0-9]+\\] error ", said, 0, 0));
        }
    }
}

static void
run_what_is_in_memory(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    gboolean refused = mprotect(page, 4096, PROT_READ | PROT_EXEC) != 0 && errno == EPERM;
    refused = refused && mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EPERM;
    _exit(refused ? 42 : 0);
}

/* What it needs it has: files to read, a socket, the clock, chance, its log. */
static void
work(void)
{
    char byte;
    int file = open("/etc/passwd", O_RDONLY | O_CLOEXEC), socket_fd = socket(AF_INET6, SOCK_STREAM, 0);
    gboolean ok = file >= 0 && socket_fd >= 0 && read(file, &byte, 1) == 1 && write(STDERR_FILENO, "x", 1) == 1;
    ok = ok && socket(AF_NETLINK, SOCK_RAW, 0) < 0 && errno == EAFNOSUPPORT && getpwuid(0) != NULL;
    _exit(ok ? 42 : 0);
}

static void
memory_is_not_to_be_executed_and_work_goes_on(void)
{
    g_autofree char *first = NULL, *second = NULL;
#ifndef __SANITIZE_ADDRESS__
    g_assert_cmpint(in_a_child(STRICT, run_what_is_in_memory, &first), ==, 42);
#else
    (void)run_what_is_in_memory;
#endif
    g_assert_cmpint(in_a_child(STRICT, work, &second), ==, 42);
}

/* --- the signer as it runs ------------------------------------------------------------------------------------------------ */

static void
start_signer(void)
{
    const char *socket_name = settings_text(world->settings, "signer", "socket");
    authority_stop(authority, "signer");
    master = fork();
    if (master == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDERR_FILENO);
        execl(program, program, "-c", world->file, NULL);
        _exit(127);
    }
    for (int i = 0; i < 400 && !ca_client_ping(socket_name, NULL); i++)
        g_usleep(50000);
    g_assert_true(ca_client_ping(socket_name, NULL));
    g_autofree char *file = g_strdup_printf("/proc/%d/task/%d/children", master, master), *text = NULL;
    g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
    child = (pid_t)g_ascii_strtoll(text, NULL, 10);
    g_assert_cmpint(child, >, 0);
}

static void
proc_says(pid_t pid, const char *name, const char *pattern)
{
    g_autofree char *file = g_strdup_printf("/proc/%d/%s", pid, name), *text = NULL;
    g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
    if (!g_regex_match_simple(pattern, text, G_REGEX_MULTILINE, 0))
        g_error("'%s' is not in %s: %s", pattern, file, text);
}

static void
the_running_signer_is_confined_from_master_to_child(void)
{
    proc_says(master, "status", "^Seccomp:\t2$");
    proc_says(child, "status", "^Seccomp:\t2$");
    proc_says(master, "status", "^NoNewPrivs:\t1$");
    proc_says(child, "status", "^NoNewPrivs:\t1$");
    proc_says(master, "limits", "^Max core file size +0 +0 ");
    proc_says(child, "limits", "^Max core file size +0 +0 ");
    proc_says(child, "limits", "^Max open files +512 +512 ");
#ifndef __SANITIZE_ADDRESS__
    proc_says(master, "status", "^Seccomp_filters:\t1$");
    proc_says(child, "status", "^Seccomp_filters:\t2$");
    proc_says(child, "limits", "^Max processes +0 +0 ");
#endif
    struct stat about;
    g_autofree char *memory = g_strdup_printf("/proc/%d/mem", child);
    g_assert_cmpint(stat(memory, &about), ==, 0);
#ifndef __SANITIZE_ADDRESS__
    g_assert_cmpint(about.st_uid, ==, 0); /* not dumpable: root's, whoever the process is */
#endif
}

/* --- another user --------------------------------------------------------------------------------------------------------- */

/* How many of the doors were open to UID. Our errno decides, not the absence: each file is there. */
static int
doors_open_to(uid_t uid)
{
    g_autofree char *key = g_build_filename(settings_text(world->settings, "signer", "keys"), "client.pem", NULL);
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        static const char *const names[] = { "mem", "environ", "maps", "auxv" };
        int open_doors = 0;
        char byte;
        const struct iovec here = { &byte, 1 }, there = { &world, 1 };
        if (setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0)
            _exit(99);
        open_doors += open(key, O_RDONLY) >= 0 || errno != EACCES;
        open_doors += open(settings_text(world->settings, "signer", "passphrase_file"), O_RDONLY) >= 0 || errno != EACCES;
        open_doors += open(settings_text(world->settings, "signer", "log_file"), O_RDWR) >= 0 || errno != EACCES;
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
            g_autofree char *file = g_strdup_printf("/proc/%d/%s", child, names[i]);
            int fd = open(file, O_RDONLY);
            open_doors += fd >= 0 || errno != EACCES;
        }
        g_autofree char *fds = g_strdup_printf("/proc/%d/fd", child);
        open_doors += open(fds, O_RDONLY | O_DIRECTORY) >= 0 || errno != EACCES;
        open_doors += ptrace(PTRACE_ATTACH, child, NULL, NULL) == 0 || errno != EPERM;
        open_doors += process_vm_readv(child, &here, 1, &there, 1, 0) >= 0 || errno != EPERM;
        open_doors += kill(child, 0) == 0 || errno != EPERM;
        _exit(open_doors);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static uid_t
nobody(void)
{
    const struct passwd *user = getpwnam("nobody");
    return user ? user->pw_uid : 65534;
}

/* The folder of the test opened to all, so that what keeps others out is what an installation has too. */
static gboolean
may_be_others(void)
{
    if (geteuid() != 0)
        g_test_skip("needs root, to be another user");
    return geteuid() == 0 && chmod(world->folder, 0755) == 0;
}

static void
another_user_reaches_neither_key_nor_memory(void)
{
    if (!may_be_others())
        return;
    g_assert_cmpint(doors_open_to(nobody()), ==, 0);
    g_assert_true(ca_client_ping(settings_text(world->settings, "signer", "socket"), NULL)); /* and it never noticed */
}

/* 0: no connection; 1: nobody answered; 2: an answer */
static int
ask_as(uid_t uid)
{
    const char *socket_name = settings_text(world->settings, "signer", "socket");
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        g_autoptr(GError) error = NULL;
        if (setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0)
            _exit(99);
        if (access(socket_name, W_OK) != 0)
            _exit(0);
        _exit(ca_client_ping(socket_name, &error) ? 2 : 1);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    return WEXITSTATUS(status);
}

static void
another_user_gets_no_answer_even_at_an_open_socket(void)
{
    const char *socket_name = settings_text(world->settings, "signer", "socket");
    if (!may_be_others())
        return;
    g_assert_cmpint(ask_as(nobody()), ==, 0);
    g_assert_cmpint(chmod(socket_name, 0666), ==, 0);
    g_assert_cmpint(ask_as(nobody()), ==, 1);
    g_assert_cmpint(ask_as(0), ==, 2);
    g_assert_cmpint(chmod(socket_name, 0660), ==, 0);
}

/* A process of UID that waits, confined or not; can another one of the same user read its memory? */
static gboolean
same_user_reads(gboolean confined)
{
    int ready[2], status;
    char byte;
    uid_t uid = nobody();
    g_assert_cmpint(pipe(ready), ==, 0);
    pid_t victim = fork();
    if (victim == 0) {
        if (setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0)
            _exit(99);
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* as after an exec */
        if (confined)
            ca_confine_start();
        (void)!write(ready[1], "x", 1);
        pause();
        _exit(0);
    }
    g_assert_cmpint(read(ready[0], &byte, 1), ==, 1);
    pid_t thief = fork();
    if (thief == 0) {
        g_autofree char *memory = g_strdup_printf("/proc/%d/mem", victim);
        if (setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0)
            _exit(99);
        _exit(open(memory, O_RDONLY) >= 0 ? 1 : 0);
    }
    g_assert_cmpint(waitpid(thief, &status, 0), ==, thief);
    kill(victim, SIGKILL);
    waitpid(victim, NULL, 0);
    close(ready[0]);
    close(ready[1]);
    g_assert_cmpint(WEXITSTATUS(status), !=, 99);
    return WEXITSTATUS(status) == 1;
}

static void
not_even_the_same_user_reads_its_memory(void)
{
    if (!may_be_others())
        return;
#ifdef __SANITIZE_ADDRESS__
    g_test_skip("AddressSanitizer needs to be traced");
#else
    g_assert_false(same_user_reads(TRUE));
    if (!same_user_reads(FALSE))
        g_test_message("this machine lets no process trace another (yama): the other half of the test says nothing");
#endif
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    log_setup("test", LOG_LEVEL_ERROR);
    g_autofree char *here = g_path_get_dirname(argv[0]), *there = g_build_filename(here, "..", "..", "inkan-signer", NULL);
    program = g_canonicalize_filename(there, NULL);
    world = world_new_bare("signer processes=1");
    authority = authority_new(world);
    start_signer();
    g_test_add_func("/confinement/what they never need is logged and their end", what_they_never_need_is_logged_and_their_end);
    g_test_add_func("/confinement/memory is not to be executed and work goes on", memory_is_not_to_be_executed_and_work_goes_on);
    g_test_add_func("/confinement/the running signer is confined from master to child",
                    the_running_signer_is_confined_from_master_to_child);
    g_test_add_func("/confinement/another user reaches neither key nor memory", another_user_reaches_neither_key_nor_memory);
    g_test_add_func("/confinement/another user gets no answer even at an open socket",
                    another_user_gets_no_answer_even_at_an_open_socket);
    g_test_add_func("/confinement/not even the same user reads its memory", not_even_the_same_user_reads_its_memory);
    int result = g_test_run();
    kill(master, SIGTERM);
    waitpid(master, NULL, 0);
    authority_free(authority);
    world_free(world);
    g_free(program);
    return result;
}
