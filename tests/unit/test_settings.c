/* The settings file: what is allowed, and that a wrong line names file, key and what is allowed. */
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "db/settings.h"

static const char complete[] = "[service]\nurl=https://localhost:8443\nclient_url=https://localhost:8444\n"
                               "publish_url=http://localhost:8445\nsecret_file=/s\n"
                               "[saml]\nentity_id=https://sp.example\nsigning_key=/k\nsigning_certificate=/c\n"
                               "decryption_key=/k\ndecryption_certificate=/c\n"
                               "[mail]\nfrom=a@b.example\nmessage_domain=b.example\n[signer]\npassphrase_file=/p\n";

static Settings *
load(const char *more, GError **error)
{
    g_autofree char *text = g_strconcat(complete, more, NULL);
    g_autofree char *file = NULL;
    int fd = g_file_open_tmp("settings-XXXXXX", &file, NULL);
    g_assert_cmpint(fd, >=, 0);
    close(fd);
    g_assert_true(g_file_set_contents(file, text, -1, NULL));
    Settings *settings = settings_load(file, error);
    g_unlink(file);
    return settings;
}

static void
assert_refused(const char *more, int code, const char *key, const char *allowed)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Settings) settings = load(more, &error);
    g_assert_null(settings);
    g_assert_error(error, SETTINGS_ERROR, code);
    g_assert_nonnull(strstr(error->message, "settings-")); /* the file */
    g_assert_nonnull(strstr(error->message, key));
    g_assert_nonnull(strstr(error->message, allowed));
}

static void
defaults_hold_where_nothing_is_given(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Settings) settings = load("", &error);
    g_assert_no_error(error);
    g_assert_cmpstr(settings_text(settings, "service", "time_zone"), ==, "Asia/Tokyo");
    g_assert_cmpint(settings_number(settings, "pickup", "days"), ==, 30);
    g_assert_cmpstr(settings_text(settings, "mail", "user"), ==, "");
    g_assert_cmpuint(g_strv_length((char **)settings_list(settings, "saml", "sources")), ==, 0);
}

static void
a_password_in_a_connection_string_is_refused_and_not_repeated(void)
{
    static const char *const cases[] = { "host=/run user=x password=hunter2", "PASSWORD = hunter2", "host=/run sslpassword='hunter2'",
                                         "postgresql://user:hunter2@host/inkan", "postgresql://host/inkan?password=hunter2" };
    static const char *const good[] = { "host=/run user=x passfile=/etc/password dbname=inkan", "postgresql://user@host:5432/inkan",
                                        "postgresql://host:5432/inkan?options=a@b" };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *more = g_strconcat("[database]\nportal=", cases[i], "\n", NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(Settings) settings = load(more, &error);
        g_assert_null(settings);
        g_assert_error(error, SETTINGS_ERROR, SETTINGS_ERROR_VALUE);
        g_assert_null(strstr(error->message, "hunter2"));
    }
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autofree char *more = g_strconcat("[database]\nportal=", good[i], "\n", NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(Settings) settings = load(more, &error);
        g_assert_no_error(error);
    }
}

static void
given_values_win(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Settings) settings = load("[portal]\nprocesses=3\n[saml]\nsources=a|file:/x ; b|https://y;\n", &error);
    g_assert_no_error(error);
    g_assert_cmpint(settings_number(settings, "portal", "processes"), ==, 3);
    const char *const *sources = settings_list(settings, "saml", "sources");
    g_assert_cmpstr(sources[0], ==, "a|file:/x");
    g_assert_cmpstr(sources[1], ==, "b|https://y");
    g_assert_null(sources[2]);
}

static void
an_unknown_key_is_named(void)
{
    assert_refused("[portal]\nproceses=3\n", SETTINGS_ERROR_KEY, "proceses", "inkan config keys");
    assert_refused("[porta]\nprocesses=3\n", SETTINGS_ERROR_KEY, "porta", "inkan config keys");
}

static void
a_wrong_value_names_what_is_allowed(void)
{
    assert_refused("[portal]\nprocesses=0\n", SETTINGS_ERROR_VALUE, "processes", "from 1 to 1000");
    assert_refused("[portal]\nprocesses=1001\n", SETTINGS_ERROR_VALUE, "processes", "from 1 to 1000");
    assert_refused("[portal]\nprocesses=many\n", SETTINGS_ERROR_VALUE, "processes", "from 1 to 1000");
    assert_refused("[service]\nlog_level=loud\n", SETTINGS_ERROR_VALUE, "log_level", "debug|info|warning|error");
}

static void
a_required_value_must_be_there(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *file = NULL;
    close(g_file_open_tmp("settings-XXXXXX", &file, NULL));
    g_autoptr(Settings) settings = settings_load(file, &error);
    g_assert_null(settings);
    g_assert_error(error, SETTINGS_ERROR, SETTINGS_ERROR_VALUE);
    g_assert_nonnull(strstr(error->message, "[service] url is missing"));
    g_unlink(file);
}

static void
a_missing_file_is_named(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Settings) settings = settings_load("/nonexistent/inkan.conf", &error);
    g_assert_null(settings);
    g_assert_error(error, SETTINGS_ERROR, SETTINGS_ERROR_FILE);
    g_assert_nonnull(strstr(error->message, "/nonexistent/inkan.conf"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/settings/defaults hold where nothing is given", defaults_hold_where_nothing_is_given);
    g_test_add_func("/settings/given values win", given_values_win);
    g_test_add_func("/settings/a password in a connection string is refused and not repeated",
                    a_password_in_a_connection_string_is_refused_and_not_repeated);
    g_test_add_func("/settings/an unknown key is named", an_unknown_key_is_named);
    g_test_add_func("/settings/a wrong value names what is allowed", a_wrong_value_names_what_is_allowed);
    g_test_add_func("/settings/a required value must be there", a_required_value_must_be_there);
    g_test_add_func("/settings/a missing file is named", a_missing_file_is_named);
    return g_test_run();
}
