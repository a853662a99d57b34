/*
 * settings: the one settings file (GKeyFile syntax, normally /etc/inkan/inkan.conf) as a checked, read-only object.
 *
 * The table in settings.c lists every key with its type, default, bounds and one line of explanation; the manual page and
 * deploy/inkan.conf.sample are compared with it by `make lint`. A key that is not in the table, or a value out of bounds, is
 * an error that names the file, the key and what is allowed. A group or key asked for here that is not in the table is a bug
 * and ends the process.
 */
#ifndef DB_SETTINGS_H
#define DB_SETTINGS_H

#include <glib.h>

typedef struct settings Settings;

#define SETTINGS_ERROR (settings_error_quark())
GQuark settings_error_quark(void);
enum settings_error {
    SETTINGS_ERROR_FILE,  /* cannot be read, or is not GKeyFile syntax */
    SETTINGS_ERROR_KEY,   /* an unknown group or key */
    SETTINGS_ERROR_VALUE, /* a value that is not allowed, or one that is required and missing */
};

/* Reads and checks FILE. The result is the caller's, freed by settings_free (g_autoptr). */
Settings *settings_load(const char *file, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void settings_free(Settings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Settings, settings_free)

/* Values, borrowed from SETTINGS. A text without value and default is "" (never NULL). */
const char *settings_text(const Settings *settings, const char *group, const char *key);
gint64 settings_number(const Settings *settings, const char *group, const char *key);
const char *const *settings_list(const Settings *settings, const char *group, const char *key); /* NULL-terminated */

/* Prints the table for people (`inkan config keys`): one line a key: [group] key, type, default, allowed, explanation. */
char *settings_describe(void) G_GNUC_WARN_UNUSED_RESULT;

#endif
