#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sp/error.h"
#include "sp/opener_wire.h"

#define AWAY_SECONDS 2   /* the opener may just be starting again */
#define PATIENCE 10      /* seconds, where nobody asks for another one */

struct sp_opener {
    const struct opener_row *rows;
    char *path;     /* NULL: a private one */
    int fd;         /* -1: not connected */
    pid_t pid;      /* of a private one */
    guint32 number; /* of the last question */
    int patience;   /* seconds that a question may wait for its turn, besides what its job may take */
};

/* One question on its way. */
struct call {
    SpOpenerTake take;
    gpointer data;
    gint64 deadline;
    size_t most, total;  /* bytes of answer */
    GByteArray *bytes;   /* not taken yet */
    gboolean taken;      /* a record was handed on: no second try */
    gboolean cut;        /* we stopped listening before it had ended */
};

/* What became of one try. */
enum outcome { GOOD, REFUSED, LOST /* the opener, not the message */ };

static enum outcome refuse(GError **error, const char *check, const char *why)
{
    g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "%s: %s", check, why);
    return REFUSED;
}

/* --- connections ---------------------------------------------------------------------------------------------------------- */

SpOpener *sp_opener_connect(const char *socket)
{
    SpOpener *opener = g_new0(SpOpener, 1);
    opener->rows = opener_rows;
    opener->path = g_strdup(socket);
    opener->fd = -1;
    opener->patience = PATIENCE;
    return opener;
}

SpOpener *opener_adopt(const struct opener_row *rows, int fd, pid_t pid)
{
    SpOpener *opener = g_new0(SpOpener, 1);
    opener->rows = rows;
    opener->fd = fd;
    opener->pid = pid;
    opener->patience = PATIENCE;
    return opener;
}

void opener_be_patient(SpOpener *opener, int seconds)
{
    opener->patience = seconds;
}

pid_t opener_pid(const SpOpener *opener)
{
    return opener->pid;
}

static void hang_up(SpOpener *opener)
{
    if (opener->fd >= 0) close(opener->fd);
    opener->fd = -1;
}

void sp_opener_free(SpOpener *opener)
{
    if (opener == NULL) return;
    hang_up(opener);
    while (opener->pid > 0 && waitpid(opener->pid, NULL, 0) < 0 && errno == EINTR) continue;
    g_free(opener->path);
    g_free(opener);
}

static gboolean connected(SpOpener *opener)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (opener->fd >= 0 || opener->path == NULL) return opener->fd >= 0;
    if (strlen(opener->path) >= sizeof address.sun_path) return FALSE;
    g_strlcpy(address.sun_path, opener->path, sizeof address.sun_path);
    opener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (opener->fd >= 0 && connect(opener->fd, (struct sockaddr *)&address, sizeof address) == 0) return TRUE;
    hang_up(opener);
    return FALSE;
}

/* --- asking --------------------------------------------------------------------------------------------------------------- */

static int sealed(const void *bytes, size_t n)
{
    int fd = memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    const char *p = bytes;
    while (fd >= 0 && n > 0) {
        ssize_t done = write(fd, p, n);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) break;
        p += done;
        n -= (size_t)done;
    }
    if (fd >= 0 && n == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0) return fd;
    if (fd >= 0) close(fd);
    return -1;
}

/* Ends of earlier questions, which nobody waited for because their answer was whole. */
static void forget_ends(SpOpener *opener)
{
    char bytes[4096];
    while (recv(opener->fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0) continue;
}

/* The reading end of our pipe, or -1. */
static int send_question(SpOpener *opener, enum sp_job_kind kind, int input)
{
    int pair[2];
    if (pipe2(pair, O_CLOEXEC) != 0) return -1;
    const struct opener_question question = { kind, ++opener->number };
    const int fds[2] = { input, pair[1] };
    gboolean sent = opener_send(opener->fd, &question, fds);
    close(pair[1]);
    if (sent) return pair[0];
    close(pair[0]);
    return -1;
}

/* Waits for FD to have something. FALSE: the time is over. */
static gboolean wait_for(int fd, gint64 deadline)
{
    for (;;) {
        gint64 left = (deadline - g_get_monotonic_time()) / 1000;
        struct pollfd one = { .fd = fd, .events = POLLIN };
        if (left <= 0) return FALSE;
        if (poll(&one, 1, (int)MIN(left, 60000)) > 0) return TRUE;
    }
}

/* --- the answer ----------------------------------------------------------------------------------------------------------- */

/* Takes all whole frames. TRUE: there must be more; otherwise *OUTCOME. */
static gboolean take_frames(struct call *call, enum outcome *outcome, GError **error)
{
    for (;;) {
        const guchar *content = NULL;
        size_t n = 0;
        switch (opener_frame(call->bytes->data, call->bytes->len, &content, &n)) {
        case OPENER_MORE:
            return TRUE;
        case OPENER_RECORD:
            call->taken = TRUE;
            *outcome = REFUSED;
            call->cut = !call->take(content, n, call->data, error);
            if (call->cut) return FALSE;
            g_byte_array_remove_range(call->bytes, 0, (guint)(OPENER_HEAD + n));
            break;
        case OPENER_GOOD:
            *outcome = GOOD;
            return FALSE;
        case OPENER_REFUSED:
            opener_refusal(content, n, error);
            *outcome = REFUSED;
            return FALSE;
        case OPENER_BAD:
        default:
            call->cut = TRUE;
            *outcome = refuse(error, "opener-answer", "not in frames");
            return FALSE;
        }
    }
}

/* TRUE: the pipe has ended without a last frame; otherwise *OUTCOME. */
static gboolean read_answer(struct call *call, int pipe, enum outcome *outcome, GError **error)
{
    guchar bytes[65536];
    for (;;) {
        if (!wait_for(pipe, call->deadline)) {
            /* A child that takes too long is ended by the opener, which says so: who is silent is the opener. */
            call->cut = TRUE;
            *outcome = LOST;
            return FALSE;
        }
        ssize_t n = read(pipe, bytes, sizeof bytes);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return TRUE;
        g_byte_array_append(call->bytes, bytes, (guint)n);
        call->total += (size_t)n;
        if (call->total > call->most) {
            call->cut = TRUE;
            *outcome = refuse(error, "opener-flood", "more than such a message can hold");
            return FALSE;
        }
        if (!take_frames(call, outcome, error)) return FALSE;
    }
}

/* How the child ended, from the opener; FALSE: it is gone itself. */
static gboolean read_end(const SpOpener *opener, const struct call *call, struct opener_end *end)
{
    do {
        if (!wait_for(opener->fd, call->deadline)) return FALSE;
        ssize_t n = recv(opener->fd, end, sizeof *end, MSG_WAITALL);
        if (n < 0 && errno == EINTR) continue;
        if (n != (ssize_t)sizeof *end) return FALSE;
    } while (end->number != opener->number);
    return TRUE;
}

/* The child ended without a last word. */
static enum outcome explain_end(const SpOpener *opener, const struct call *call, GError **error)
{
    struct opener_end end = { 0 };
    if (!read_end(opener, call, &end) || end.how == OPENER_BUSY) return LOST;
    if (end.how == OPENER_DONE || end.how == OPENER_PIPE) return refuse(error, "opener-answer", "ended without a last word");
    g_autofree char *check = g_strconcat("opener-", opener_end_name(end.how), NULL);
    g_autofree char *why = g_strdup("the child that read the message was stopped");
    if (end.how == OPENER_CRASH) {
        g_free(why);
        why = g_strdup_printf("the child that read the message died by signal %u", end.detail);
    } else if (end.how == OPENER_SYSCALL && call->bytes->len >= sizeof(int)) {
        int number = 0;
        memcpy(&number, call->bytes->data + call->bytes->len - sizeof number, sizeof number);
        g_free(why);
        why = g_strdup_printf("the child that read the message tried call %d", number);
    }
    return refuse(error, check, why);
}

static enum outcome ask_once(SpOpener *opener, enum sp_job_kind kind, int input, struct call *call, GError **error)
{
    enum outcome outcome = LOST;
    if (!connected(opener)) return LOST;
    forget_ends(opener);
    int pipe = send_question(opener, kind, input);
    if (pipe < 0) return LOST;
    g_byte_array_set_size(call->bytes, 0);
    call->total = 0;
    if (read_answer(call, pipe, &outcome, error)) outcome = explain_end(opener, call, error);
    close(pipe);
    return outcome;
}

gboolean sp_opener_ask(SpOpener *opener, enum sp_job_kind kind, const void *input, size_t n, SpOpenerTake take, gpointer data,
                       GError **error)
{
    if (kind <= 0 || kind >= SP_JOB_N || opener->rows[kind].run == NULL || n == 0)
        g_error("sp_opener_ask: no such job, or no input");
    const struct opener_bounds *bounds = &opener->rows[kind].bounds;
    if (n > bounds->input_most) return refuse(error, "bytes", "too many") == GOOD;
    int fd = sealed(input, n);
    if (fd < 0) g_error("sp_opener_ask: no memory for a message of %" G_GSIZE_FORMAT " bytes", n);
    gint64 start = g_get_monotonic_time(), give_up = start + AWAY_SECONDS * G_USEC_PER_SEC;
    struct call call = { .take = take, .data = data, .most = bounds->output_most, .bytes = g_byte_array_new() };
    enum outcome outcome;
    for (;;) {
        call.deadline = g_get_monotonic_time() + (bounds->seconds + opener->patience) * G_USEC_PER_SEC;
        outcome = ask_once(opener, kind, fd, &call, error);
        /* Whatever is still under way ends with the connection. (A private opener's one connection stays; there its limits do.) */
        if (opener->path != NULL && (outcome == LOST || call.cut)) hang_up(opener);
        if (outcome != LOST || call.taken || opener->path == NULL || g_get_monotonic_time() >= give_up) break;
        g_usleep(50000);
    }
    g_byte_array_unref(call.bytes);
    close(fd);
    if (outcome == LOST)
        g_set_error(error, SP_ERROR, SP_ERROR_AWAY, "opener: not there, stopped or overrun (%s)",
                    opener->path != NULL ? opener->path : "a private one");
    return outcome == GOOD;
}
