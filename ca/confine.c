#include "ca/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ca/native.h"

/* What ca_confine_wide refuses. */
static const int refused[] = {
    SCMP_SYS(execve), SCMP_SYS(execveat),
#ifndef __SANITIZE_ADDRESS__ /* whose search for leaks traces the process */
    SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
#endif
    SCMP_SYS(pidfd_getfd), SCMP_SYS(kcmp), SCMP_SYS(perf_event_open), SCMP_SYS(bpf), SCMP_SYS(userfaultfd),
    SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter), SCMP_SYS(io_uring_register), /* its work is not seen by a filter */
    SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(move_mount), SCMP_SYS(open_tree), SCMP_SYS(fsopen), SCMP_SYS(pivot_root),
    SCMP_SYS(chroot), SCMP_SYS(unshare), SCMP_SYS(setns), SCMP_SYS(name_to_handle_at), SCMP_SYS(open_by_handle_at),
    SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(delete_module), SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load),
    SCMP_SYS(reboot), SCMP_SYS(swapon), SCMP_SYS(swapoff), SCMP_SYS(acct), SCMP_SYS(quotactl), SCMP_SYS(syslog),
    SCMP_SYS(settimeofday), SCMP_SYS(clock_settime), SCMP_SYS(adjtimex), SCMP_SYS(clock_adjtime), SCMP_SYS(sethostname),
    SCMP_SYS(iopl), SCMP_SYS(ioperm), SCMP_SYS(personality), SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(keyctl),
    SCMP_SYS(setuid), SCMP_SYS(setgid), SCMP_SYS(setreuid), SCMP_SYS(setregid), SCMP_SYS(setresuid), SCMP_SYS(setresgid),
    SCMP_SYS(setgroups), SCMP_SYS(setfsuid), SCMP_SYS(setfsgid), SCMP_SYS(capset), SCMP_SYS(mknod), SCMP_SYS(mknodat),
};

/* What ca_confine_strict leaves, whatever the arguments; those with a look at them are in add_strict. */
static const int allowed[] = {
    /* descriptors that are open */
    SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(pread64), SCMP_SYS(pwrite64), SCMP_SYS(close),
    SCMP_SYS(lseek), SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(fcntl), SCMP_SYS(flock), SCMP_SYS(dup), SCMP_SYS(dup2),
    SCMP_SYS(dup3), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(select), SCMP_SYS(pselect6), SCMP_SYS(ioctl),
    SCMP_SYS(close_range),
    /* looking at files */
    SCMP_SYS(fstat), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(access),
    SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getdents64), SCMP_SYS(getcwd),
    SCMP_SYS(statfs), SCMP_SYS(fstatfs), SCMP_SYS(fadvise64),
    /* callers, the database, names of hosts; no bind and no listen */
    SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(connect), SCMP_SYS(shutdown), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt),
    SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(sendto), SCMP_SYS(recvfrom), SCMP_SYS(sendmsg), SCMP_SYS(recvmsg),
    SCMP_SYS(sendmmsg), SCMP_SYS(recvmmsg),
    /* memory */
    SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(mlock), SCMP_SYS(mlock2), SCMP_SYS(munlock),
    SCMP_SYS(futex),
    /* time, chance, itself */
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep), SCMP_SYS(restart_syscall), SCMP_SYS(getrandom), SCMP_SYS(getpid), SCMP_SYS(gettid),
    SCMP_SYS(getppid), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(getgroups),
    SCMP_SYS(uname), SCMP_SYS(sysinfo), SCMP_SYS(getrusage), SCMP_SYS(getrlimit), SCMP_SYS(umask), SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity), SCMP_SYS(getcpu), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigpending), SCMP_SYS(sigaltstack), SCMP_SYS(exit), SCMP_SYS(exit_group),
};

/* --- a call that was refused ---------------------------------------------------------------------------------------------- */

static char process[32] = "inkan";

static char *put_text(char *to, const char *text)
{
    while (*text)
        *to++ = *text++;
    return to;
}

static char *put_number(char *to, long number, int width)
{
    char digits[24];
    int n = 0;

    for (; number > 0 || n < width; number /= 10)
        digits[n++] = (char)('0' + number % 10);
    while (n > 0)
        *to++ = digits[--n];
    return to;
}

/* A line as db/log writes them, but by hand: where the signal came, nothing may be asked of the C library. The date by Howard
   Hinnant's civil_from_days, of years that begin in March. */
static size_t line_of(char *line, int call)
{
    struct timespec now = { 0 };
    char *to = line;

    clock_gettime(CLOCK_REALTIME, &now);
    long days = now.tv_sec / 86400 + 719468, rest = now.tv_sec % 86400;
    long era = days / 146097, of_era = days % 146097;
    long year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    long of_year = of_era - (365 * year + year / 4 - year / 100), part = (5 * of_year + 2) / 153;
    long month = part < 10 ? part + 3 : part - 9;

    to = put_text(put_number(to, era * 400 + year + (month <= 2), 4), "-");
    to = put_text(put_number(to, month, 2), "-");
    to = put_text(put_number(to, of_year - (153 * part + 2) / 5 + 1, 2), "T");
    to = put_text(put_number(to, rest / 3600, 2), ":");
    to = put_text(put_number(to, rest / 60 % 60, 2), ":");
    to = put_text(put_number(to, rest % 60, 2), "Z ");
    to = put_text(put_number(put_text(put_text(to, process), "["), getpid(), 1), "] error event=call-refused number=");
    to = put_text(put_number(to, call, 1), "\n");
    return (size_t)(to - line);
}

static void trapped(int signal_number, siginfo_t *info, void *context)
{
    char line[160];

    (void)signal_number, (void)context;
    if (write(STDERR_FILENO, line, line_of(line, info->si_syscall)) < 0)
        _exit(CA_CONFINE_REFUSED); /* nowhere left to say it */
    _exit(CA_CONFINE_REFUSED);
}

/* --- filters -------------------------------------------------------------------------------------------------------------- */

#define ADD(action, call, ...) rc |= seccomp_rule_add(filter, action, SCMP_SYS(call), __VA_ARGS__)

/* Families of sockets. glibc asks netlink which addresses the machine has before it sorts those of a host; it does without. */
static int add_families(scmp_filter_ctx filter)
{
    int rc = 0;

    ADD(SCMP_ACT_ALLOW, socket, 1, SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0));
    ADD(SCMP_ACT_ALLOW, socket, 1, SCMP_A0(SCMP_CMP_EQ, AF_INET, 0));
    ADD(SCMP_ACT_ALLOW, socket, 1, SCMP_A0(SCMP_CMP_EQ, AF_INET6, 0));
    ADD(SCMP_ACT_ERRNO(EAFNOSUPPORT), socket, 1, SCMP_A0(SCMP_CMP_EQ, AF_NETLINK, 0));
    return rc;
}

static int add_strict(scmp_filter_ctx filter)
{
    const scmp_datum_t changing = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;
    const scmp_datum_t itself = (scmp_datum_t)getpid();
    int rc = add_families(filter);

    for (size_t i = 0; i < G_N_ELEMENTS(allowed); i++)
        rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    ADD(SCMP_ACT_ALLOW, open, 1, SCMP_A1(SCMP_CMP_MASKED_EQ, changing, 0));
    ADD(SCMP_ACT_ALLOW, openat, 1, SCMP_A2(SCMP_CMP_MASKED_EQ, changing, 0));
    /* A library that would load another one (libpq's Kerberos, a service of names) goes on without. */
    ADD(SCMP_ACT_ALLOW, mmap, 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    ADD(SCMP_ACT_ERRNO(EPERM), mmap, 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
    ADD(SCMP_ACT_ALLOW, mprotect, 1, SCMP_A1(SCMP_CMP_EQ, 0, 0));
    ADD(SCMP_ACT_ALLOW, mprotect, 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    ADD(SCMP_ACT_ERRNO(EPERM), mprotect, 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
    ADD(SCMP_ACT_ALLOW, prlimit64, 1, SCMP_A2(SCMP_CMP_EQ, 0, 0)); /* reading its limits, as sysconf does */
    ADD(SCMP_ACT_ALLOW, tgkill, 1, SCMP_A0(SCMP_CMP_EQ, itself, 0)); /* abort */
    return rc;
}

/* fork() as glibc does it: no thread, no namespace. A child's abort is a signal to a number that is not known yet. */
static int add_forking(scmp_filter_ctx filter)
{
    const scmp_datum_t sharing = CLONE_VM | CLONE_FILES | CLONE_THREAD | CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET
                                 | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_PTRACE;
    int rc = add_strict(filter);

    ADD(SCMP_ACT_ALLOW, clone, 1, SCMP_A0(SCMP_CMP_MASKED_EQ, sharing, 0));
    ADD(SCMP_ACT_ALLOW, set_robust_list, 0);
    ADD(SCMP_ACT_ALLOW, rseq, 0);
    ADD(SCMP_ACT_ALLOW, wait4, 0);
    ADD(SCMP_ACT_ALLOW, kill, 0);
    ADD(SCMP_ACT_ALLOW, tgkill, 0);
    ADD(SCMP_ACT_ALLOW, pipe2, 0);
    ADD(SCMP_ACT_ALLOW, socketpair, 1, SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0));
    ADD(SCMP_ACT_ALLOW, prctl, 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_PDEATHSIG, 0));
    return rc;
}

/* The numbers above a family's are refused too: a filter sees 64 bits of it, the kernel takes 32. */
static int add_wide(scmp_filter_ctx filter)
{
    int rc = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++)
        rc |= seccomp_rule_add(filter, SCMP_ACT_TRAP, refused[i], 0);
    ADD(SCMP_ACT_TRAP, socket, 1, SCMP_A0(SCMP_CMP_GT, AF_NETLINK, 0));
    for (scmp_datum_t family = AF_INET + 1; family < AF_NETLINK; family++)
        if (family != AF_INET6)
            ADD(SCMP_ACT_TRAP, socket, 1, SCMP_A0(SCMP_CMP_EQ, family, 0));
    ADD(SCMP_ACT_TRAP, socket, 1, SCMP_A0(SCMP_CMP_EQ, AF_UNSPEC, 0));
    ADD(SCMP_ACT_ERRNO(EAFNOSUPPORT), socket, 1, SCMP_A0(SCMP_CMP_EQ, AF_NETLINK, 0));
    /* What ca_confine_start has taken does not come back. */
    ADD(SCMP_ACT_TRAP, prctl, 2, SCMP_A0(SCMP_CMP_MASKED_EQ, 0xffffffff, PR_SET_DUMPABLE),
        SCMP_A1(SCMP_CMP_NE, 0, 0));
    return rc;
}

static gboolean load(uint32_t otherwise, int (*add)(scmp_filter_ctx), GError **error)
{
    scmp_filter_ctx filter = seccomp_init(otherwise);
    struct sigaction trap = { .sa_sigaction = trapped, .sa_flags = SA_SIGINFO };

    sigemptyset(&trap.sa_mask);
    /* TSKIP: a call that a tracer has taken out (the fault runs of strace) is none. */
    gboolean ok = filter && sigaction(SIGSYS, &trap, NULL) == 0
                  && seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0
                  && seccomp_attr_set(filter, SCMP_FLTATR_API_TSKIP, 1) == 0
                  && (otherwise == SCMP_ACT_ALLOW || seccomp_rule_add(filter, SCMP_ACT_ALLOW, -1, 0) == 0)
                  && add(filter) == 0 && seccomp_load(filter) == 0;
    if (filter)
        seccomp_release(filter);
    return ok || ca_fail(error, CA_ERROR_BROKEN, "confinement", "the kernel gives no seccomp filter (CONFIG_SECCOMP_FILTER, or a "
                         "container or unit that forbids seccomp); nothing is signed without");
}

/* --- the three steps ------------------------------------------------------------------------------------------------------ */

static void limit(int what, rlim_t most)
{
    struct rlimit now;

    if (getrlimit((__rlimit_resource_t)what, &now) != 0 || now.rlim_max < most)
        return;
    now = (struct rlimit){ most, most };
    setrlimit((__rlimit_resource_t)what, &now);
}

void ca_confine_start(void)
{
    struct rlimit locked;

    limit(RLIMIT_CORE, 0);
    if (getrlimit(RLIMIT_MEMLOCK, &locked) == 0 && locked.rlim_cur < locked.rlim_max) {
        locked.rlim_cur = locked.rlim_max; /* keys and PINs are in locked memory */
        setrlimit(RLIMIT_MEMLOCK, &locked);
    }
#ifndef __SANITIZE_ADDRESS__ /* whose search for leaks traces the process */
    prctl(PR_SET_DUMPABLE, 0);
#endif
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static void call_it(const char *name)
{
    g_strlcpy(process, name, sizeof process);
}

gboolean ca_confine_wide(const char *name, GError **error)
{
    call_it(name);
    return load(SCMP_ACT_ALLOW, add_wide, error);
}

gboolean ca_confine_strict(const char *name, unsigned files, gboolean forks, GError **error)
{
    call_it(name);
    limit(RLIMIT_NOFILE, files);
#ifdef __SANITIZE_ADDRESS__
    (void)forks, (void)add_forking, (void)error;
    return TRUE;
#else
    if (!forks)
        limit(RLIMIT_NPROC, 0);
    return load(SCMP_ACT_TRAP, forks ? add_forking : add_strict, error);
#endif
}
