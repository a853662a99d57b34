#include "ca/signer_log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAIL 65536 /* bytes of the end that are looked at: some 200 lines */
#define NEWEST 64

struct signer_log {
    char *file;
    int fd;
};

static gboolean
fail(const SignerLog *log, enum ca_error code, GError **error)
{
    g_set_error(error, CA_ERROR, (gint)code, "signer-log: %s: %s", log->file, g_strerror(errno));
    return FALSE;
}

SignerLog *
signer_log_open(const char *file, GError **error)
{
    g_autoptr(SignerLog) log = g_new0(SignerLog, 1);
    log->file = g_strdup(file);
    log->fd = open(file, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (log->fd >= 0)
        return g_steal_pointer(&log);
    fail(log, CA_ERROR_BROKEN, error);
    return NULL;
}

void
signer_log_close(SignerLog *log)
{
    if (!log)
        return;
    if (log->fd >= 0)
        close(log->fd);
    g_free(log->file);
    g_free(log);
}

const char *
signer_log_file(const SignerLog *log)
{
    return log->file;
}

gboolean
signer_log_add(SignerLog *log, gint64 now, const char *what, const char *issuer, const char *subject, const char *rest,
               GError **error)
{
    g_autoptr(GDateTime) at = g_date_time_new_from_unix_utc(now);
    g_autofree char *when = g_date_time_format(at, "%Y-%m-%dT%H:%M:%SZ");
    g_autofree char *line = g_strdup_printf("%s %s %s %s%s%s\n", when, what, issuer, subject, rest ? " " : "", rest ? rest : "");
    size_t size = strlen(line);
    /* One write, so that lines of several processes never mix. What a full disk cut short is ended by the next line's begin. */
    ssize_t n = write(log->fd, line, size);
    if (n >= 0 && (size_t)n != size) {
        if (write(log->fd, "\n", 1) < 0)
            return fail(log, CA_ERROR_DOWN, error);
        errno = ENOSPC;
        n = -1;
    }
    return (n >= 0 && fdatasync(log->fd) == 0) || fail(log, CA_ERROR_DOWN, error);
}

/* The whole lines at the end of the file. */
static char **
tail(SignerLog *log, GError **error)
{
    struct stat about;
    if (fstat(log->fd, &about) != 0) {
        fail(log, CA_ERROR_DOWN, error);
        return NULL;
    }
    off_t from = MAX(about.st_size - TAIL, 0);
    g_autofree char *text = g_malloc(TAIL + 1);
    ssize_t n = pread(log->fd, text, TAIL, from);
    if (n < 0) {
        fail(log, CA_ERROR_DOWN, error);
        return NULL;
    }
    text[n] = '\0';
    char *first = text;
    if (from > 0)
        first = strchr(text, '\n') ? strchr(text, '\n') + 1 : text + n;
    char *last = strrchr(first, '\n'); /* what has no line end yet is being written, or was cut short */
    if (last)
        *last = '\0';
    else
        *first = '\0';
    return g_strsplit(first, "\n", -1);
}

GPtrArray *
signer_log_newest(SignerLog *log, GError **error)
{
    g_auto(GStrv) lines = tail(log, error);
    if (!lines)
        return NULL;
    GPtrArray *pairs = g_ptr_array_new_with_free_func(g_free);
    for (guint i = g_strv_length(lines); i-- > 0 && pairs->len < 2 * NEWEST;) {
        g_auto(GStrv) words = g_strsplit(lines[i], " ", 5);
        if (g_strv_length(words) < 5 || (strcmp(words[1], "issue") != 0 && strcmp(words[1], "again") != 0))
            continue;
        g_ptr_array_add(pairs, g_strdup(words[2]));
        g_ptr_array_add(pairs, g_strdup(words[3]));
    }
    return pairs;
}

gint64
signer_log_crl(SignerLog *log, const char *issuer)
{
    g_auto(GStrv) lines = tail(log, NULL);
    gint64 most = 0;
    for (char **line = lines; line && *line; line++) {
        g_auto(GStrv) words = g_strsplit(*line, " ", 5);
        if (g_strv_length(words) >= 4 && strcmp(words[1], "crl") == 0 && strcmp(words[2], issuer) == 0)
            most = MAX(most, g_ascii_strtoll(words[3], NULL, 10));
    }
    return most;
}
