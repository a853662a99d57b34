/*
 * sp/confine: takes every right from a process that is about to read what an outsider wrote. Linux only: seccomp (by
 * libseccomp), resource limits, closed descriptors. Absent means refused: where the kernel has no seccomp nothing starts.
 *
 * What remains to a confined child: memory (without execution), its one pipe to write to, the clock, random numbers, its own
 * number, and to end. No file, no socket, no other process, no thread. A call that is not on the list does not happen: the
 * child ends with SP_CONFINE_SYSCALL after it has told the number.
 *
 * Under AddressSanitizer (__SANITIZE_ADDRESS__) the list is wider by what its allocator and its reports need (stderr, mapping
 * and protecting memory freely, handlers of signals), and there is no limit of address space (the shadow is larger than any);
 * files, sockets and processes stay out of reach all the same. Such builds are for tests only.
 */
#ifndef SP_CONFINE_H
#define SP_CONFINE_H

#include "sp/error.h"

/* Exit statuses of a confined child. */
enum sp_confine_exit {
    SP_CONFINE_DONE = 0,
    SP_CONFINE_REFUSED_US = 70, /* the kernel did not give a limit or the filter */
    SP_CONFINE_MEMORY = 71,     /* an allocation failed */
    SP_CONFINE_SYSCALL = 72,    /* a call that is not on the list */
    SP_CONFINE_PIPE = 73,       /* nobody reads the answer any more */
};

struct sp_confine_limits {
    size_t memory; /* bytes of address space that may be added to what the program has at the fork */
    int cpu;       /* seconds of processor time */
};

/* Once in a process that will fork such children: builds the filter, and tries it in a child. SP_ERROR_BROKEN where the kernel
   refuses, with what to do. Calling it again is harmless. */
gboolean sp_confine_start(GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What a process that only forks them needs itself: closes every inherited descriptor but KEEP (-1: none) and stderr, empties
   the environment (wiping it), forbids core dumps, tracing and new privileges. Once, before it reads a key. */
void sp_confine_shed(int keep);

/* In the child, for good. OUT becomes its only descriptor, number SP_CONFINE_OUT. Ends the process where anything fails. */
#define SP_CONFINE_OUT 0
void sp_confine_enter(int out, const struct sp_confine_limits *limits);

/* How many bytes of address space this process has now (for limits.memory, which is added to it); measured, not guessed. */
size_t sp_confine_space(void);

#endif
