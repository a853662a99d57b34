#include "db/prefork.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/log.h"

struct child {
    const struct prefork_kind *kind;
    pid_t pid;             /* 0: not running */
    gint64 started;        /* monotonic, microseconds */
    gint64 start_after;    /* likewise: not before */
    gint64 pause;          /* microseconds to wait after another quick death */
};

static volatile sig_atomic_t stopping, reloading;
static void (*on_stop)(void);

static void
handle(int signal_number)
{
    if (signal_number == SIGHUP) {
        reloading = 1;
        return;
    }
    if (signal_number == SIGCHLD)
        return;
    stopping = 1;
    if (on_stop)
        on_stop();
}

static void
install(int signal_number)
{
    struct sigaction action = { .sa_handler = handle }; /* no SA_RESTART: a blocking call must return */
    sigemptyset(&action.sa_mask);
    sigaction(signal_number, &action, NULL);
}

void
prefork_adopt(void)
{
    install(SIGTERM);
    install(SIGINT);
}

gboolean
prefork_stopping(void)
{
    return stopping != 0;
}

void
prefork_on_stop(void (*callback)(void))
{
    on_stop = callback;
    if (stopping && callback)
        callback();
}

static void
run_child(struct child *child, pid_t master, const sigset_t *unblocked)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != master) /* it died before the line above */
        _exit(1);
    signal(SIGHUP, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_SETMASK, unblocked, NULL);
    int status = child->kind->run(child->kind->data);
    fflush(NULL);
    _exit(status);
}

static void
start(struct child *child, const sigset_t *unblocked)
{
    pid_t master = getpid();
    child->started = g_get_monotonic_time();
    child->pid = fork();
    if (child->pid == 0)
        run_child(child, master, unblocked);
    if (child->pid < 0) {
        child->pid = 0;
        child->start_after = child->started + G_USEC_PER_SEC;
        log_write(LOG_LEVEL_ERROR, "fork-failed", "kind", child->kind->name, "msg", g_strerror(errno), NULL);
    }
}

static void
buried(struct child *child, int status)
{
    gint64 now = g_get_monotonic_time();
    gboolean quick = now - child->started < G_USEC_PER_SEC;

    if (WIFSIGNALED(status) && !stopping) {
        g_autofree char *number = g_strdup_printf("%d", WTERMSIG(status));
        log_write(LOG_LEVEL_ERROR, "child-killed", "kind", child->kind->name, "signal", number, NULL);
    } else if (WIFEXITED(status) && WEXITSTATUS(status) != 0) {
        log_write(LOG_LEVEL_WARNING, "child-failed", "kind", child->kind->name, NULL);
    }
    child->pid = 0;
    child->start_after = quick ? now + child->pause : now;
    child->pause = quick ? MIN(MAX(child->pause * 2, 50000), G_USEC_PER_SEC) : 0;
}

static void
bury(GArray *children)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        for (guint i = 0; i < children->len; i++) {
            struct child *child = &g_array_index(children, struct child, i);
            if (child->pid == pid)
                buried(child, status);
        }
}

static guint
signal_all(GArray *children, int signal_number)
{
    guint alive = 0;
    for (guint i = 0; i < children->len; i++) {
        struct child *child = &g_array_index(children, struct child, i);
        if (child->pid > 0) {
            kill(child->pid, signal_number);
            alive++;
        }
    }
    return alive;
}

/* Starts who is due; returns milliseconds until someone else is, or a second. */
static gint64
start_due(GArray *children, const sigset_t *unblocked)
{
    gint64 now = g_get_monotonic_time(), soonest = now + G_USEC_PER_SEC;
    for (guint i = 0; i < children->len; i++) {
        struct child *child = &g_array_index(children, struct child, i);
        if (child->pid == 0 && child->start_after <= now)
            start(child, unblocked);
        if (child->pid == 0)
            soonest = MIN(soonest, child->start_after);
    }
    return MAX((soonest - now) / 1000, 1);
}

/* The signals we handle are blocked but here, so that none is lost between a check and the sleep. */
static void
sleep_for(gint64 milliseconds, const sigset_t *unblocked)
{
    struct timespec pause = { milliseconds / 1000, (milliseconds % 1000) * 1000000 };
    (void)pselect(0, NULL, NULL, NULL, &pause, unblocked);
}

static void
drain(GArray *children, int seconds, const sigset_t *unblocked)
{
    gint64 deadline = g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;
    signal_all(children, SIGTERM);
    for (;;) {
        bury(children);
        if (signal_all(children, 0) == 0)
            return;
        if (g_get_monotonic_time() > deadline) {
            signal_all(children, SIGKILL);
            deadline = G_MAXINT64;
        }
        sleep_for(50, unblocked);
    }
}

static gboolean
write_pid(const char *file)
{
    if (!file || !*file)
        return TRUE;
    g_autofree char *text = g_strdup_printf("%d\n", (int)getpid());
    g_autoptr(GError) error = NULL;
    if (g_file_set_contents_full(file, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0644, &error))
        return TRUE;
    log_error("pid-file", error);
    return FALSE;
}

int
prefork_run(const struct prefork_kind *kinds, size_t n, const char *pid_file, int drain_seconds)
{
    log_stays();
    g_autoptr(GArray) children = g_array_new(FALSE, TRUE, sizeof(struct child));
    sigset_t handled, before;

    for (size_t k = 0; k < n; k++)
        for (int i = 0; i < kinds[k].count; i++) {
            struct child child = { .kind = &kinds[k] };
            g_array_append_val(children, child);
        }
    sigemptyset(&handled);
    for (const int *s = (const int[]){ SIGTERM, SIGINT, SIGHUP, SIGCHLD, 0 }; *s; s++) {
        sigaddset(&handled, *s);
        install(*s);
    }
    sigprocmask(SIG_BLOCK, &handled, &before);
    if (!write_pid(pid_file))
        return 1;

    while (!stopping) {
        bury(children);
        if (reloading) {
            reloading = 0;
            log_write(LOG_LEVEL_INFO, "reload", NULL);
            signal_all(children, SIGTERM);
        }
        sleep_for(start_due(children, &before), &before);
    }
    log_write(LOG_LEVEL_INFO, "stopping", NULL);
    drain(children, drain_seconds, &before);
    if (pid_file && *pid_file)
        g_unlink(pid_file);
    return 0;
}
