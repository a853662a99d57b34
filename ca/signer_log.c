#include "ca/signer_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ca/crypto.h"

#define TAIL 131072 /* bytes of the end that are looked at: some 80 lines */
#define NAME 16
#define NEWEST 64

struct signer_log {
    char *file;
    int fd;
    char name[NAME + 1]; /* "": not read yet */
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

gint64
signer_log_size(const SignerLog *log, GError **error)
{
    struct stat about;
    if (fstat(log->fd, &about) == 0)
        return about.st_size;
    fail(log, CA_ERROR_DOWN, error);
    return -1;
}

/* --- locks: of the open file, so they end with the process; a byte each, far beyond the file's end too ---------------------- */

#define FIRST_LINE G_MAXINT64 - 1 /* whoever holds it may write the first line */

static gboolean
lock(const SignerLog *log, int how, short type, gint64 at)
{
    struct flock byte = { .l_type = type, .l_whence = SEEK_SET, .l_start = at, .l_len = 1 };
    int done;
    do
        done = fcntl(log->fd, how, &byte);
    while (done != 0 && errno == EINTR);
    return done == 0;
}

gboolean
signer_log_hold(SignerLog *log, gint64 id)
{
    return lock(log, F_OFD_SETLK, F_WRLCK, id);
}

void
signer_log_let_go(SignerLog *log, gint64 id)
{
    lock(log, F_OFD_SETLK, F_UNLCK, id);
}

/* --- the first line ------------------------------------------------------------------------------------------------------- */

/* A file without a line gets its first; one whose last line was torn by a power cut gets an end to it. */
static gboolean
tidy(SignerLog *log, gint64 now, GError **error)
{
    gint64 size = signer_log_size(log, error);
    char last = '\n';
    if (size < 0)
        return FALSE;
    if (size > 0 && pread(log->fd, &last, 1, size - 1) != 1)
        return fail(log, CA_ERROR_DOWN, error);
    if (last != '\n' && write(log->fd, "\n", 1) != 1)
        return fail(log, CA_ERROR_DOWN, error);
    if (size > 0)
        return TRUE;
    g_autoptr(Secret) random = crypto_token();
    return signer_log_add(log, now, "log", secret_text(random), "-", NULL, error);
}

static gboolean
read_name(SignerLog *log, GError **error)
{
    char line[512];
    ssize_t n = pread(log->fd, line, sizeof line, 0);
    const char *end = n > 0 ? memchr(line, '\n', (size_t)n) : NULL;
    if (n < 0)
        return fail(log, CA_ERROR_DOWN, error);
    g_autofree char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)line, end ? (gsize)(end - line) : (gsize)n);
    g_strlcpy(log->name, sum, sizeof log->name);
    return TRUE;
}

const char *
signer_log_name(SignerLog *log, gint64 now, GError **error)
{
    if (*log->name)
        return log->name;
    if (!lock(log, F_OFD_SETLKW, F_WRLCK, FIRST_LINE)) {
        fail(log, CA_ERROR_DOWN, error);
        return NULL;
    }
    gboolean ok = tidy(log, now, error) && read_name(log, error);
    lock(log, F_OFD_SETLK, F_UNLCK, FIRST_LINE);
    return ok ? log->name : NULL;
}

/* --- one certificate ------------------------------------------------------------------------------------------------------- */

/* What the line says after "der=". NULL: it is another one, or an old one without it. */
static GBytes *
der_of_line(const char *line, const char *words)
{
    const char *at = strstr(line, words), *der = at ? strstr(at, " der=") : NULL;
    g_autofree unsigned char *bytes = NULL;
    gsize n = 0;
    if (!der)
        return NULL;
    bytes = g_base64_decode(der + 5, &n);
    return n > 0 ? g_bytes_new_take(g_steal_pointer(&bytes), n) : NULL;
}

GBytes *
signer_log_find(SignerLog *log, gint64 from, const char *issuer, const char *serial, GError **error)
{
    g_autofree char *words = g_strdup_printf(" issue %s %s ", issuer, serial);
    g_autofree char *line = NULL;
    GBytes *der = NULL;
    size_t size = 0;
    gint64 whole = signer_log_size(log, error);
    if (whole < 0)
        return NULL;
    if (whole < from) {
        g_set_error(error, CA_ERROR, CA_ERROR_BROKEN, "signer-log: %s has become shorter: what it showed is lost", log->file);
        return NULL;
    }
    int copy = fcntl(log->fd, F_DUPFD_CLOEXEC, 0);
    FILE *file = copy >= 0 ? fdopen(copy, "r") : NULL;
    ssize_t n = -1;
    if (!file || fseeko(file, from, SEEK_SET) != 0) {
        fail(log, CA_ERROR_DOWN, error);
        if (file)
            fclose(file);
        return NULL;
    }
    while (!der && (n = getline(&line, &size, file)) > 0)
        if (line[n - 1] == '\n') /* else it was cut short */
            der = der_of_line(line, words);
    if (n < 0 && ferror(file))
        fail(log, CA_ERROR_DOWN, error);
    fclose(file);
    return der;
}

/* --- all of them ----------------------------------------------------------------------------------------------------------- */

static const char *
word_after(char **words, const char *name)
{
    for (; *words; words++)
        if (g_str_has_prefix(*words, name))
            return *words + strlen(name);
    return NULL;
}

/* Every line of the file PATH, in words. */
static gboolean
each_line(const char *path, void (*each)(const char *path, char **words, gpointer data), gpointer data, GError **error)
{
    g_autofree char *line = NULL;
    size_t size = 0;
    FILE *file = fopen(path, "re");
    for (ssize_t n; file && (n = getline(&line, &size, file)) > 0;) {
        line[n - 1] = line[n - 1] == '\n' ? '\0' : line[n - 1];
        g_auto(GStrv) words = g_strsplit(line, " ", -1);
        if (g_strv_length(words) >= 5)
            each(path, words, data);
    }
    if (!file || ferror(file))
        g_set_error(error, CA_ERROR, CA_ERROR_BROKEN, "signer-log: %s: %s", path, g_strerror(errno));
    gboolean ok = file && !ferror(file);
    if (file)
        fclose(file);
    return ok;
}

struct each_issue {
    void (*each)(const char *file, const struct signer_log_line *line, gpointer data);
    gpointer data;
};

static void
take_issue(const char *path, char **words, gpointer data)
{
    const struct each_issue *issue = data;
    const char *request = word_after(words, "request="), *sha256 = word_after(words, "certificate=");
    if (strcmp(words[1], "issue") != 0 || !request || !sha256)
        return;
    const struct signer_log_line found = { words[2], words[3], sha256, g_ascii_strtoll(request, NULL, 10) };
    issue->each(path, &found, issue->data);
}

gboolean
signer_log_each(const char *path, void (*each)(const char *file, const struct signer_log_line *line, gpointer data),
                gpointer data, GError **error)
{
    struct each_issue issue = { each, data };
    return each_line(path, take_issue, &issue, error);
}

struct each_head {
    void (*each)(const char *file, gint64 seq, const char *hash, gpointer data);
    gpointer data;
};

static void
take_head(const char *path, char **words, gpointer data)
{
    const struct each_head *head = data;
    const char *hash = word_after(words, "hash=");
    if (strcmp(words[1], "head") == 0 && hash)
        head->each(path, g_ascii_strtoll(words[3], NULL, 10), hash, head->data);
}

gboolean
signer_log_each_head(const char *path, void (*each)(const char *file, gint64 seq, const char *hash, gpointer data), gpointer data,
                     GError **error)
{
    struct each_head head = { each, data };
    return each_line(path, take_head, &head, error);
}

/* --- the end --------------------------------------------------------------------------------------------------------------- */

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

void
signer_log_head(SignerLog *log, gint64 *seq, char **hash)
{
    g_auto(GStrv) lines = tail(log, NULL);
    for (guint i = lines ? g_strv_length(lines) : 0; i-- > 0;) {
        g_auto(GStrv) words = g_strsplit(lines[i], " ", 5);
        if (g_strv_length(words) < 5 || strcmp(words[1], "head") != 0 || !g_str_has_prefix(words[4], "hash="))
            continue;
        *seq = g_ascii_strtoll(words[3], NULL, 10);
        g_free(*hash);
        *hash = g_strdup(words[4] + strlen("hash="));
        return;
    }
}
