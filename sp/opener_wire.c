#include "sp/opener_wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sp/confine.h"
#include "sp/record.h"

#define SENTENCE_LONGEST 500
#define REFUSAL_MOST 2048 /* where every byte of it had to be replaced */

const char *opener_end_name(guint32 how)
{
    static const char *const names[OPENER_HOWS] = { "done", "crash", "time", "memory", "syscall", "pipe", "busy" };
    return how < OPENER_HOWS ? names[how] : "crash";
}

/* --- questions ------------------------------------------------------------------------------------------------------------ */

union control { /* aligned as the kernel wants it */
    struct cmsghdr head;
    char bytes[CMSG_SPACE(2 * sizeof(int))];
};

gboolean opener_send(int socket, const struct opener_question *question, const int fds[2])
{
    union control control = { 0 };
    struct iovec part = { (void *)question, sizeof *question };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(2 * sizeof(int));
    memcpy(CMSG_DATA(head), fds, 2 * sizeof(int));
    ssize_t n;
    do n = sendmsg(socket, &message, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof *question;
}

ssize_t opener_receive(int socket, struct opener_question *question, int fds[2])
{
    union control control = { 0 };
    struct iovec part = { question, sizeof *question };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
    ssize_t n = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0) return n;
    for (struct cmsghdr *head = CMSG_FIRSTHDR(&message); head != NULL; head = CMSG_NXTHDR(&message, head)) {
        if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
        size_t count = MIN((head->cmsg_len - CMSG_LEN(0)) / sizeof(int), 2);
        memcpy(fds, CMSG_DATA(head), count * sizeof(int));
    }
    return n;
}

/* --- frames --------------------------------------------------------------------------------------------------------------- */

static gboolean write_all(int fd, const void *bytes, size_t n)
{
    for (const char *p = bytes; n > 0;) {
        ssize_t done = write(fd, p, n);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return FALSE;
        p += done;
        n -= (size_t)done;
    }
    return TRUE;
}

static gboolean write_frame(int fd, char letter, const void *content, size_t n)
{
    guchar head[OPENER_HEAD] = { (guchar)letter };
    guint32 wire = GUINT32_TO_BE((guint32)n);
    memcpy(head + 1, &wire, sizeof wire);
    return write_all(fd, head, sizeof head) && write_all(fd, content, n);
}

gboolean sp_job_send(const struct sp_job *job, GBytes *record, GError **error)
{
    gsize n = 0;
    const void *bytes = record != NULL ? g_bytes_get_data(record, &n) : NULL;
    (void)job;
    if (record == NULL || n > OPENER_RECORD_MOST) {
        g_clear_pointer(&record, g_bytes_unref);
        g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "opener-flood: a record is too long");
        return FALSE;
    }
    if (!write_frame(SP_CONFINE_OUT, 'D', bytes, n)) _exit(SP_CONFINE_PIPE);
    g_bytes_unref(record);
    return TRUE;
}

gboolean opener_write_end(int fd, gboolean good, const GError *error)
{
    if (good) return write_frame(fd, 'G', "", 0);
    const char *why = error != NULL ? error->message : "opener-answer: no reason given";
    g_autofree char *valid = g_utf8_make_valid(why, (gssize)strnlen(why, SENTENCE_LONGEST));
    for (char *p = valid; *p != '\0'; p++)
        if ((guchar)*p < 0x20 || *p == 0x7f) *p = '?';
    SpRecordWriter *writer = sp_record_new(REFUSAL_MOST);
    sp_record_put_number(writer, error != NULL && error->domain == SP_ERROR ? error->code : SP_ERROR_BROKEN);
    sp_record_put_text(writer, valid);
    g_autoptr(GBytes) record = sp_record_take(writer);
    return write_frame(fd, 'F', g_bytes_get_data(record, NULL), g_bytes_get_size(record));
}

enum opener_frame opener_frame(const guchar *bytes, size_t n, const guchar **content, size_t *content_n)
{
    guint32 wire = 0;
    if (n < OPENER_HEAD) return OPENER_MORE;
    memcpy(&wire, bytes + 1, sizeof wire);
    *content_n = GUINT32_FROM_BE(wire);
    *content = bytes + OPENER_HEAD;
    const char letter = (char)bytes[0];
    if ((letter != 'D' && letter != 'G' && letter != 'F') || *content_n > OPENER_RECORD_MOST) return OPENER_BAD;
    if (n - OPENER_HEAD < *content_n) return OPENER_MORE;
    return letter == 'D' ? OPENER_RECORD : letter == 'G' ? OPENER_GOOD : OPENER_REFUSED;
}

void opener_refusal(const guchar *content, size_t n, GError **error)
{
    struct sp_record record = sp_record_read(content, n);
    int code = (int)sp_record_number(&record, SP_ERROR_REFUSED, SP_ERROR_BROKEN);
    g_autofree char *why = sp_record_text(&record, REFUSAL_MOST);
    if (sp_record_end(&record)) g_set_error_literal(error, SP_ERROR, code, why);
    else g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "opener-answer: a refusal that does not read");
}
