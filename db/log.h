/*
 * log: one line an event on stderr (systemd and the demo collect it), as key=value pairs that grep and people can read:
 *
 *     2026-11-24T08:15:41Z inkan-portal[123] warning id=4f1c90ab event=login-refused check=audience msg="..."
 *
 * Never pass a secret: no PIN, token, key, password or cookie value. Values are escaped, so hostile text stays on its line.
 */
#ifndef DB_LOG_H
#define DB_LOG_H

#include <glib.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };

/* Names the process and routes GLib's own messages here too. LEVEL: what is below it is dropped. Call once, first. */
void log_setup(const char *process, enum log_level level);

/* The id that the lines of one web request, job or signing order share, and that the error page shows. "" for none. Copied. */
void log_set_id(const char *id);
const char *log_id(void);

/* EVENT: a fixed word (kebab case). Then pairs of NAME, VALUE (both const char *, a NULL value is left out), ended by NULL. */
void log_write(enum log_level level, const char *event, ...) G_GNUC_NULL_TERMINATED;

/* The same with the sentence of ERROR as msg= (ERROR may be NULL). */
void log_error(const char *event, const GError *error);

/*
 * What a process that stays cannot do without and that is away: one line when it begins (event=WHAT-away), one a minute with how
 * many attempts have failed since when, one when it is back (WHAT-back). Whatever else fails for the same reason meanwhile needs
 * no line of its own: ask log_is_away. Nothing is written before log_stays: a command tells its user by itself.
 */
void log_stays(void);
/* An attempt has failed, for WHY. WHAT: a literal. */
void log_away(const char *what, const char *why);
/* It works. Costs nothing where it was not away. */
void log_back(const char *what);
gboolean log_is_away(const char *what);

/* The clockwork of it. NOW: microseconds that only rise. */
struct log_spell {
    gint64 since, told; /* when it began; when that was written last; 0: it is not away */
    guint64 times;
};
/* One more failure at NOW: TRUE where a line is due. */
gboolean log_spell_due(struct log_spell *spell, gint64 now);

#endif
