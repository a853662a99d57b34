/*
 * sp/opener_wire: what goes between the opener, its children and who asks; for opener.c and opener_client.c only.
 *
 * A question is one struct with two descriptors: the input (a sealed file in memory) and the writing end of the asker's own
 * pipe. The child's records go through that pipe to the asker and never through the opener's memory. When the child is buried
 * the opener says on the socket how it ended.
 *
 * In the pipe, frames: a letter (D a record, G the good end, F a refusal), four bytes of length (big endian), the content. A
 * child that was stopped for a forbidden call leaves the call's number as its last four bytes.
 */
#ifndef SP_OPENER_WIRE_H
#define SP_OPENER_WIRE_H

#include <sys/types.h>

#include "sp/confine.h"
#include "sp/opener.h"

#define OPENER_RECORD_MOST (4 * 1024 * 1024) /* one record */
#define OPENER_HEAD 5
#define OPENER_LEARN_MOST 262144             /* what a PEER child may say in all */

struct opener_question {
    guint32 kind;   /* enum sp_job_kind */
    guint32 number; /* repeated in the end */
};

enum opener_how { OPENER_DONE, OPENER_CRASH, OPENER_TIME, OPENER_MEMORY, OPENER_SYSCALL, OPENER_PIPE, OPENER_BUSY, OPENER_HOWS };
struct opener_end {
    guint32 number;
    guint32 how;
    guint32 detail; /* of a crash: the signal */
};
const char *opener_end_name(guint32 how); /* "crash" */

/* A job, a row of the table in opener.c. */
struct opener_bounds {
    size_t input_most, output_most; /* bytes */
    int seconds;                    /* wall clock, in the child */
};
struct opener_row {
    const char *name;
    SpJobRun run;                    /* NULL: no such job */
    gboolean peer;                   /* the input begins with an IdP and its EntityDescriptor: its keys are readied before the fork */
    struct opener_bounds bounds;
    struct sp_confine_limits limits; /* bytes of memory, seconds of processor */
    void (*ready)(void);             /* once, before the first fork; may be NULL */
};
extern const struct opener_row opener_rows[SP_JOB_N];

/* A private opener with another table: for tests of what becomes of children that go wrong. ROWS live on. */
SpOpener *opener_spawn_rows(const struct opener_row *rows, SpService *service, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The asker's side of a private opener, process PID at the other end of FD. */
SpOpener *opener_adopt(const struct opener_row *rows, int fd, pid_t pid) G_GNUC_WARN_UNUSED_RESULT;
pid_t opener_pid(const SpOpener *opener);
/* How many seconds a question may wait for its turn, besides what its job may take. */
void opener_be_patient(SpOpener *opener, int seconds);

/* FDS: input and pipe, borrowed. */
gboolean opener_send(int socket, const struct opener_question *question, const int fds[2]);
/* As recvmsg; FDS are the caller's afterwards, -1 where there was none. */
ssize_t opener_receive(int socket, struct opener_question *question, int fds[2]);

/* --- frames --------------------------------------------------------------------------------------------------------------- */

/* The last one, of a job that went well, or did not. FALSE: nobody reads. */
gboolean opener_write_end(int fd, gboolean good, const GError *error);

/* One frame of BYTES, which stay the caller's. */
enum opener_frame { OPENER_MORE /* not all there yet */, OPENER_RECORD, OPENER_GOOD, OPENER_REFUSED, OPENER_BAD };
enum opener_frame opener_frame(const guchar *bytes, size_t n, const guchar **content, size_t *content_n);
/* The refusal in a frame, as the child's own; always sets ERROR. */
void opener_refusal(const guchar *content, size_t n, GError **error);

#endif
