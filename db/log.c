#include "db/log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct {
    char *process;
    enum log_level level;
    char id[33];
} state = { NULL, LOG_LEVEL_INFO, "" };

static const char *const level_names[] = { "debug", "info", "warning", "error" };

void
log_set_id(const char *id)
{
    g_strlcpy(state.id, id ? id : "", sizeof state.id);
}

const char *
log_id(void)
{
    return state.id;
}

static gboolean
plain(const char *value)
{
    if (*value == '\0')
        return FALSE;
    for (const char *c = value; *c; c++)
        if (!g_ascii_isalnum(*c) && !strchr("-_.:/@+,#", *c))
            return FALSE;
    return TRUE;
}

/* Quoted unless plain; control characters, quotes and backslashes escaped; what is not UTF-8 as \xNN. */
static void
append_value(GString *line, const char *value)
{
    if (plain(value)) {
        g_string_append(line, value);
        return;
    }
    g_string_append_c(line, '"');
    for (const char *c = value; *c;) {
        gunichar u = g_utf8_get_char_validated(c, -1);
        if (u == (gunichar)-1 || u == (gunichar)-2) {
            g_string_append_printf(line, "\\x%02x", (guchar)*c++);
            continue;
        }
        if (u == '"' || u == '\\')
            g_string_append_printf(line, "\\%c", (char)u);
        else if (!g_unichar_isprint(u))
            g_string_append_printf(line, "\\u%04x", u);
        else
            g_string_append_unichar(line, u);
        c = g_utf8_next_char(c);
    }
    g_string_append_c(line, '"');
}

static GString *
begin(enum log_level level, const char *event)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *when = g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ");
    GString *line = g_string_sized_new(200);

    g_string_printf(line, "%s %s[%d] %s", when, state.process ? state.process : "inkan", (int)getpid(), level_names[level]);
    if (state.id[0])
        g_string_append_printf(line, " id=%s", state.id);
    g_string_append(line, " event=");
    append_value(line, event);
    return line;
}

/* One write(2) a line, so that lines of several processes never mix. */
static void
finish(GString *line)
{
    g_string_append_c(line, '\n');
    ssize_t written = write(STDERR_FILENO, line->str, line->len);
    (void)written; /* nowhere left to say it */
    g_string_free(line, TRUE);
}

void
log_write(enum log_level level, const char *event, ...)
{
    if (level < state.level)
        return;
    GString *line = begin(level, event);
    va_list arguments;

    va_start(arguments, event);
    for (const char *name; (name = va_arg(arguments, const char *));) {
        const char *value = va_arg(arguments, const char *);
        if (!value)
            continue;
        g_string_append_printf(line, " %s=", name);
        append_value(line, value);
    }
    va_end(arguments);
    finish(line);
}

void
log_error(const char *event, const GError *error)
{
    log_write(LOG_LEVEL_ERROR, event, "msg", error ? error->message : NULL, NULL);
}

/* --- what is away --------------------------------------------------------------------------------------------------------- */

#define TELL_EVERY (60 * G_USEC_PER_SEC)

static struct away {
    const char *what;
    struct log_spell spell;
    char since[32]; /* for people */
} aways[4];
static gboolean stays;

void
log_stays(void)
{
    stays = TRUE;
}

gboolean
log_spell_due(struct log_spell *spell, gint64 now)
{
    if (spell->since == 0)
        *spell = (struct log_spell){ .since = now };
    spell->times++;
    if (spell->told != 0 && now - spell->told < TELL_EVERY)
        return FALSE;
    spell->told = now;
    return TRUE;
}

/* NULL where there is none and no room to MAKE one. */
static struct away *
away_of(const char *what, gboolean make)
{
    for (gsize i = 0; i < G_N_ELEMENTS(aways); i++) {
        if (!aways[i].what && make)
            aways[i].what = what;
        if (!aways[i].what || strcmp(aways[i].what, what) == 0)
            return aways[i].what ? &aways[i] : NULL;
    }
    return NULL;
}

void
log_away(const char *what, const char *why)
{
    struct away *away = stays ? away_of(what, TRUE) : NULL;
    if (!away || !log_spell_due(&away->spell, g_get_monotonic_time()))
        return;
    g_autofree char *event = g_strconcat(what, "-away", NULL);
    gboolean first = away->spell.times == 1;
    if (first) {
        g_autoptr(GDateTime) now = g_date_time_new_now_utc();
        g_autofree char *text = g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ");
        g_strlcpy(away->since, text, sizeof away->since);
    }
    g_autofree char *times = g_strdup_printf("%" G_GUINT64_FORMAT, away->spell.times);
    log_write(LOG_LEVEL_ERROR, event, "since", first ? NULL : away->since, "times", first ? NULL : times, "msg", why, NULL);
}

void
log_back(const char *what)
{
    struct away *away = stays ? away_of(what, FALSE) : NULL;
    if (!away || away->spell.since == 0)
        return;
    g_autofree char *event = g_strconcat(what, "-back", NULL);
    g_autofree char *times = g_strdup_printf("%" G_GUINT64_FORMAT, away->spell.times);
    g_autofree char *seconds = g_strdup_printf("%.1f", (double)(g_get_monotonic_time() - away->spell.since) / G_USEC_PER_SEC);
    log_write(LOG_LEVEL_WARNING, event, "since", away->since, "seconds", seconds, "times", times, NULL);
    away->spell = (struct log_spell){ 0 };
}

gboolean
log_is_away(const char *what)
{
    const struct away *away = away_of(what, FALSE);
    return away && away->spell.since != 0;
}

/* --- GLib's messages ------------------------------------------------------------------------------------------------------ */

static GLogWriterOutput
from_glib(GLogLevelFlags flags, const GLogField *fields, gsize n, gpointer data)
{
    (void)data;
    enum log_level level = flags & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL) ? LOG_LEVEL_ERROR
                           : flags & G_LOG_LEVEL_WARNING                      ? LOG_LEVEL_WARNING
                           : flags & (G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_INFO) ? LOG_LEVEL_INFO
                                                                              : LOG_LEVEL_DEBUG;
    for (gsize i = 0; i < n; i++)
        if (strcmp(fields[i].key, "MESSAGE") == 0) {
            g_autofree char *text = fields[i].length < 0 ? g_strdup(fields[i].value)
                                                         : g_strndup(fields[i].value, (gsize)fields[i].length);
            log_write(level, "library", "msg", text, NULL);
        }
    return G_LOG_WRITER_HANDLED;
}

void
log_setup(const char *process, enum log_level level)
{
    g_free(state.process);
    state.process = g_strdup(process);
    state.level = level;
    static gboolean routed;
    if (!routed)
        g_log_set_writer_func(from_glib, NULL, NULL);
    routed = TRUE;
}
