#include "sp/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <libxml/xmlmemory.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The filter as the kernel takes it: made once, because making costs more than a login's signature. */
static struct sock_fprog program;

/* --- the list ------------------------------------------------------------------------------------------------------------- */

/* Calls without a look at their arguments. */
static const int allowed[] = {
    SCMP_SYS(exit_group), SCMP_SYS(exit),
    SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
    SCMP_SYS(futex),         /* locks of OpenSSL and GLib; with one thread they are never waited for */
    SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), /* where the kernel's page for it cannot answer */
    SCMP_SYS(getrandom), SCMP_SYS(getpid), /* OpenSSL's generator, blinding of our RSA key; it looks for a fork by the number */
#ifdef __SANITIZE_ADDRESS__
    SCMP_SYS(mmap), SCMP_SYS(mprotect), SCMP_SYS(sigaltstack), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(gettid), SCMP_SYS(tgkill), SCMP_SYS(sched_yield), SCMP_SYS(getrusage),
#endif
};

/* What abort() and its like call on their way out: not an attempt at anything, but a crash. */
static gboolean is_of_abort(int number)
{
    return number == __NR_tgkill || number == __NR_gettid || number == __NR_rt_sigprocmask || number == __NR_rt_sigaction;
}

static int add_rules(scmp_filter_ctx filter)
{
    int rc = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(allowed); i++) rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, SCMP_A0(SCMP_CMP_EQ, SP_CONFINE_OUT, 0));
#ifdef __SANITIZE_ADDRESS__
    rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, SCMP_A0(SCMP_CMP_EQ, STDERR_FILENO, 0));
    rc |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EBADF), SCMP_SYS(write), 1, SCMP_A0(SCMP_CMP_GT, STDERR_FILENO, 0));
    rc |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EBADF), SCMP_SYS(write), 1, SCMP_A0(SCMP_CMP_EQ, STDOUT_FILENO, 0));
#else
    /* A library that complains to stderr finds it closed, which is no crime. */
    rc |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EBADF), SCMP_SYS(write), 1, SCMP_A0(SCMP_CMP_NE, SP_CONFINE_OUT, 0));
    rc |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EBADF), SCMP_SYS(writev), 0);
    /* Memory of its own, never to be executed. */
    rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
                           SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
    rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
#endif
    return rc;
}

/* The filter's code by way of a file in memory, which is the one way that libseccomp has. */
static gboolean export(scmp_filter_ctx filter)
{
    int fd = memfd_create("filter", MFD_CLOEXEC);
    if (fd < 0) return FALSE;
    off_t n = seccomp_export_bpf(filter, fd) == 0 ? lseek(fd, 0, SEEK_END) : -1;
    gboolean good = n > 0 && n % (off_t)sizeof(struct sock_filter) == 0;
    if (good) {
        program.filter = g_malloc((gsize)n);
        program.len = (unsigned short)((size_t)n / sizeof(struct sock_filter));
        good = pread(fd, program.filter, (size_t)n, 0) == n;
    }
    close(fd);
    return good;
}

static gboolean build(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
    if (filter == NULL) return FALSE;
    gboolean good = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0 && add_rules(filter) == 0
                    && export(filter);
    seccomp_release(filter);
    return good;
}

/* --- the child ------------------------------------------------------------------------------------------------------------ */

/* The last four bytes of the pipe say which call it was. */
static void trapped(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    int call = info->si_syscall;
    if (is_of_abort(call)) _exit(128 + SIGABRT);
    (void)!write(SP_CONFINE_OUT, &call, sizeof call);
    _exit(SP_CONFINE_SYSCALL);
}

static void no_memory(const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
    (void)domain, (void)level, (void)data;
    _exit(message != NULL && strstr(message, "failed to allocate") != NULL ? SP_CONFINE_MEMORY : 128 + SIGABRT);
}

/* libxml2 would go on without what it did not get, and call it the document's fault. */
static void *must(void *memory, size_t n)
{
    if (memory == NULL && n > 0) _exit(SP_CONFINE_MEMORY);
    return memory;
}

static void *must_malloc(size_t n)
{
    return must(malloc(n), n);
}

static void *must_realloc(void *memory, size_t n)
{
    return must(realloc(memory, n), n);
}

static char *must_strdup(const char *text)
{
    return must(strdup(text), 1);
}

static gboolean limit_to(int what, rlim_t soft, rlim_t hard)
{
    const struct rlimit both = { soft, hard };
    return setrlimit((__rlimit_resource_t)what, &both) == 0;
}

static gboolean limit(int what, rlim_t most)
{
    return limit_to(what, most, most);
}

/* SPACE: what the program has already. No descriptor is left to be had, so this comes after they are closed. */
static gboolean limit_all(size_t space, const struct sp_confine_limits *limits)
{
#ifdef __SANITIZE_ADDRESS__ /* whose shadow is larger than any limit */
    (void)space;
#else
    if (space == 0 || !limit(RLIMIT_AS, space + limits->memory)) return FALSE;
#endif
    /* At the soft limit SIGXCPU, which says why; at the hard one only SIGKILL. */
    return limit_to(RLIMIT_CPU, (rlim_t)limits->cpu, (rlim_t)limits->cpu + 1) && limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_CORE, 0) && limit(RLIMIT_NPROC, 0)
           && limit(RLIMIT_NOFILE, 0);
}

static gboolean close_all(int out)
{
    if (out != SP_CONFINE_OUT && dup2(out, SP_CONFINE_OUT) < 0) return FALSE;
#ifdef __SANITIZE_ADDRESS__
    return close_range(SP_CONFINE_OUT + 1, STDERR_FILENO - 1, 0) == 0 && close_range(STDERR_FILENO + 1, UINT_MAX, 0) == 0;
#else
    return close_range(SP_CONFINE_OUT + 1, UINT_MAX, 0) == 0;
#endif
}

static gboolean handlers(void)
{
    struct sigaction trap = { .sa_sigaction = trapped, .sa_flags = SA_SIGINFO };
    const struct sigaction fate = { .sa_handler = SIG_DFL }, deaf = { .sa_handler = SIG_IGN };
    sigemptyset(&trap.sa_mask);
    g_log_set_handler("GLib", G_LOG_LEVEL_ERROR | G_LOG_FLAG_FATAL | G_LOG_FLAG_RECURSION, no_memory, NULL);
    xmlMemSetup(free, must_malloc, must_realloc, must_strdup);
    /* It ends when its work does, or by the opener; Ctrl-C in a terminal is for the master. */
    return sigaction(SIGSYS, &trap, NULL) == 0 && sigaction(SIGPIPE, &deaf, NULL) == 0 && sigaction(SIGTERM, &deaf, NULL) == 0
           && sigaction(SIGINT, &deaf, NULL) == 0 && sigaction(SIGXCPU, &fate, NULL) == 0;
}

void sp_confine_enter(int out, const struct sp_confine_limits *limits)
{
    size_t space = sp_confine_space();
    gboolean good = program.len > 0 && handlers() && close_all(out) && limit_all(space, limits)
                    && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
                    && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
    if (!good) _exit(SP_CONFINE_REFUSED_US);
}

/* --- the process that forks ----------------------------------------------------------------------------------------------- */

size_t sp_confine_space(void)
{
    char text[128];
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0) close(fd);
    if (n <= 0) return 0;
    text[n] = '\0';
    return (size_t)g_ascii_strtoull(text, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

/* A child that tries what it may not. TRUE: it was held. */
static gboolean holds(void)
{
    const struct sp_confine_limits limits = { 16 << 20, 1 };
    int pipes[2], status = 0;
    if (pipe2(pipes, O_CLOEXEC) != 0) return FALSE;
    pid_t pid = fork();
    if (pid == 0) {
        sp_confine_enter(pipes[1], &limits);
        (void)syscall(SYS_socket, 1, 1, 0);
        _exit(SP_CONFINE_DONE);
    }
    close(pipes[0]);
    close(pipes[1]);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == SP_CONFINE_SYSCALL;
}

gboolean sp_confine_start(GError **error)
{
    static gboolean started = FALSE;
    if (started) return TRUE;
    if ((program.len == 0 && !build()) || !holds()) {
        g_set_error(error, SP_ERROR, SP_ERROR_BROKEN,
                    "confinement: the kernel gives no seccomp filter (CONFIG_SECCOMP_FILTER, or a container or unit that forbids "
                    "seccomp and setrlimit); no message from outside is opened without");
        return FALSE;
    }
    started = TRUE;
    return TRUE;
}

/* Wiped where they stand: the memory of the environment is readable in /proc, and goes over to every child. */
static void empty_environment(void)
{
    for (char **one = environ; one != NULL && *one != NULL; one++) explicit_bzero(*one, strlen(*one));
    clearenv();
    g_setenv("TZ", "UTC0", TRUE);
    g_setenv("SSL_CERT_FILE", "/dev/null", TRUE); /* as sp_start has it */
    g_setenv("SSL_CERT_DIR", "/dev/null", TRUE);
}

void sp_confine_shed(int keep)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0) g_error("confinement: no /dev/null");
    if (keep > STDERR_FILENO + 1) close_range(STDERR_FILENO + 1, (unsigned)keep - 1, 0);
    close_range(keep > STDERR_FILENO ? (unsigned)keep + 1 : STDERR_FILENO + 1, UINT_MAX, 0);
    empty_environment();
    (void)limit(RLIMIT_CORE, 0);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#ifndef __SANITIZE_ADDRESS__ /* whose search for leaks traces the process */
    prctl(PR_SET_DUMPABLE, 0);
#endif
}
