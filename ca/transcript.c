#include "ca/transcript.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "ca/crypto.h"
#include "ca/native.h"


static const char head[] =
    "Inkan: transcript of key ceremonies\n"
    "Check it with: inkan ca transcript FILE. The hash of the last step is what the witnesses sign.\n"
    "\n";

static char *hash_of(const char *text, gsize size)
{
    g_autoptr(GBytes) hash = crypto_sha256(text, size);

    return crypto_hex(hash);
}

void ca_transcript_free(CaTranscript *transcript)
{
    if (!transcript)
        return;
    g_free(transcript->last);
    g_free(transcript->first_date);
    g_free(transcript->last_date);
    g_free(transcript);
}

/* --- writing ----------------------------------------------------------------------------------------------------------------- */

/* NAME in its column, then VALUE: UTF-8, without control characters; line ends are kept where LINES, and indented. */
static void put(GString *out, const char *name, const char *value, gboolean lines)
{
    g_autofree char *valid = g_utf8_make_valid(value, -1);

    g_strchomp(valid);
    g_string_append_printf(out, "%-9s", name);
    for (const char *c = valid; *c; c = g_utf8_next_char(c)) {
        gunichar u = g_utf8_get_char(c);
        if (u == '\n' && lines)
            g_string_append(out, "\n         ");
        else
            g_string_append_unichar(out, g_unichar_iscntrl(u) || u == 0x2028 || u == 0x2029 ? '?' : u);
    }
    g_string_append_c(out, '\n');
}

char *ca_transcript_step(const CaTranscript *transcript, const struct ca_transcript_step *step)
{
    g_autofree char *first = transcript ? NULL : hash_of(head, strlen(head));
    GString *out = g_string_new(NULL);

    g_string_printf(out, "== step %u\n", transcript ? transcript->steps + 1 : 1);
    put(out, "before", transcript ? transcript->last : first, FALSE);
    put(out, "date", step->date, FALSE);
    put(out, "who", step->who, FALSE);
    put(out, "program", step->program, FALSE);
    put(out, "command", step->command, FALSE);
    put(out, "result", step->result, TRUE);
    g_autofree char *hash = hash_of(out->str, out->len);
    put(out, "hash", hash, FALSE);
    g_string_append_c(out, '\n');
    if (!transcript)
        g_string_prepend(out, head);
    return g_string_free(out, FALSE);
}

/* --- reading ----------------------------------------------------------------------------------------------------------------- */

struct cursor {
    const char *at, *end;
};

/* The line at the cursor, without its end; FALSE where there is no whole one. */
static gboolean next_line(struct cursor *cursor, const char **line, gsize *size)
{
    const char *end = memchr(cursor->at, '\n', (gsize)(cursor->end - cursor->at));

    if (!end)
        return FALSE;
    *line = cursor->at;
    *size = (gsize)(end - cursor->at);
    cursor->at = end + 1;
    return TRUE;
}

static gboolean is_line(struct cursor *cursor, const char *wanted)
{
    const char *line;
    gsize size;

    return next_line(cursor, &line, &size) && size == strlen(wanted) && memcmp(line, wanted, size) == 0;
}

/* "NAME     value"; the value, the caller's, NULL for another line. */
static char *field(struct cursor *cursor, const char *name)
{
    g_autofree char *begin = g_strdup_printf("%-9s", name);
    const char *line;
    gsize size;

    if (!next_line(cursor, &line, &size) || size < 9 || memcmp(line, begin, 9) != 0)
        return NULL;
    return g_strndup(line + 9, size - 9);
}

static void skip_result(struct cursor *cursor)
{
    while (cursor->end - cursor->at >= 9 && memcmp(cursor->at, "         ", 9) == 0) {
        const char *line;
        gsize size;
        if (!next_line(cursor, &line, &size))
            return;
    }
}

/* NULL, or what is wrong. */
static const char *read_step(struct cursor *cursor, CaTranscript *transcript)
{
    static const char *const rest[] = { "who", "program", "command", "result" };
    const char *begin = cursor->at;
    g_autofree char *title = g_strdup_printf("== step %u", transcript->steps + 1);

    if (!is_line(cursor, title))
        return "it does not begin with its number";
    g_autofree char *before = field(cursor, "before");
    if (!before || strcmp(before, transcript->last) != 0)
        return "it does not follow the step before it: something was changed, left out or put in between";
    g_autofree char *date = field(cursor, "date");
    if (!date)
        return "it has no date";
    for (gsize i = 0; i < G_N_ELEMENTS(rest); i++) {
        g_autofree char *value = field(cursor, rest[i]);
        if (!value)
            return "a line is missing or not in its place";
    }
    skip_result(cursor);
    g_autofree char *real = hash_of(begin, (gsize)(cursor->at - begin)), *hash = field(cursor, "hash");
    if (!hash || strcmp(hash, real) != 0)
        return "its hash is not that of its lines: it was changed, or broken off";
    if (!is_line(cursor, ""))
        return "no empty line ends it";
    g_free(transcript->last);
    transcript->last = g_steal_pointer(&hash);
    if (!transcript->first_date)
        transcript->first_date = g_strdup(date);
    g_free(transcript->last_date);
    transcript->last_date = g_steal_pointer(&date);
    transcript->steps++;
    return NULL;
}

CaTranscript *ca_transcript_read(const char *text, gsize size, GError **error)
{
    g_autoptr(CaTranscript) transcript = g_new0(CaTranscript, 1);
    struct cursor cursor = { text + strlen(head), text + size };

    if (size > CA_TRANSCRIPT_LONGEST || size < strlen(head) || memcmp(text, head, strlen(head)) != 0) {
        ca_fail(error, CA_ERROR_INPUT, "transcript", "it does not begin as one");
        return NULL;
    }
    transcript->last = hash_of(head, strlen(head));
    while (cursor.at < cursor.end) {
        const char *wrong = read_step(&cursor, transcript);
        if (wrong) {
            ca_fail(error, CA_ERROR_INPUT, "transcript", "step %u: %s", transcript->steps + 1, wrong);
            return NULL;
        }
    }
    return g_steal_pointer(&transcript);
}

/* --- the file ---------------------------------------------------------------------------------------------------------------- */

static gboolean file_error(GError **error, const char *file)
{
    return ca_fail(error, CA_ERROR_BROKEN, "transcript", "%s: %s", file, g_strerror(errno));
}

static gboolean write_whole(int fd, const char *text)
{
    gsize size = strlen(text), done = 0;

    while (done < size) {
        ssize_t n = write(fd, text + done, size - done);
        if (n < 0 && errno != EINTR)
            return FALSE;
        done += n > 0 ? (gsize)n : 0;
    }
    return fsync(fd) == 0;
}

static gboolean add(int fd, const char *file, const struct ca_transcript_step *step, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) why = NULL;
    gsize size;

    if (!g_file_get_contents(file, &text, &size, &why))
        return ca_fail(error, CA_ERROR_BROKEN, "transcript", "%s", why->message);
    g_autoptr(CaTranscript) transcript = size > 0 ? ca_transcript_read(text, size, &why) : NULL;
    if (why)
        return ca_fail(error, CA_ERROR_BROKEN, "transcript", "%s does not check, nothing is added to it (%s); move it away, with the "
                       "reason on paper, and a new one is begun", file, why->message);
    g_autofree char *new = ca_transcript_step(transcript, step);
    return write_whole(fd, new) || file_error(error, file);
}

gboolean ca_transcript_add(const char *file, const struct ca_transcript_step *step, GError **error)
{
    int fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return file_error(error, file);
    gboolean ok = flock(fd, LOCK_EX) == 0 ? add(fd, file, step, error) : file_error(error, file);
    close(fd);
    return ok;
}

const char *ca_transcript_library(void)
{
    return OpenSSL_version(OPENSSL_VERSION);
}
