/*
 * prefork: a master that keeps a fixed set of child processes alive (a crash costs one request), used by portal, worker and
 * signer. The master itself holds no database handle and opens nothing after prefork_run has begun.
 *
 * SIGTERM and SIGINT: children get SIGTERM, may finish what they do (drain seconds), then SIGKILL; prefork_run returns.
 * SIGHUP: children get SIGTERM and are started anew (they load settings again when they start).
 * A child that ends is started again, at once the first time, then after a pause that doubles up to 1 s while it keeps
 * failing within a second of its start. When the master dies, its children get SIGTERM (PR_SET_PDEATHSIG).
 */
#ifndef DB_PREFORK_H
#define DB_PREFORK_H

#include <glib.h>

struct prefork_kind {
    const char *name;                /* for the log */
    int count;                       /* how many of it, at least 1 */
    int (*run)(gpointer data);       /* the child's life; returns its exit status. Checks prefork_stopping() when idle */
    gpointer data;                   /* borrowed for the life of the master */
};

/* Runs KINDS until told to end; returns an exit status. PID_FILE may be NULL or "". */
int prefork_run(const struct prefork_kind *kinds, size_t n, const char *pid_file, int drain_seconds);

/* In a program that a child became by exec: signals mean there what they meant before. */
void prefork_adopt(void);

/* In a child: has SIGTERM arrived? (The handler is installed without SA_RESTART, so that blocking calls return EINTR.) */
gboolean prefork_stopping(void);

/* In a child, before its loop: CALLBACK runs inside the signal handler at SIGTERM (async-signal-safe code only), e.g.
   FCGX_ShutdownPending. */
void prefork_on_stop(void (*callback)(void));

#endif
