/* The words by which ra refuses: what comes from the database or the signer is given the code that says what to do next. */
#include <stdio.h>
#include <string.h>

#include "ca/error.h"
#include "db/db.h"
#include "ra/error.h"
#include "ra/password.h"

static void
other_rooms_errors_get_ra_s_codes(void)
{
    const struct { GQuark domain; int code; const char *message; enum ra_error wanted; const char *rule; } cases[] = {
        { DB_ERROR, DB_ERROR_REFUSED, "cap", RA_ERROR_REFUSED, "cap" },
        { DB_ERROR, DB_ERROR_REFUSED, "mail-domain", RA_ERROR_REFUSED, "mail-domain" },
        { DB_ERROR, DB_ERROR_REFUSED, "mail", RA_ERROR_REFUSED, "mail" },
        { DB_ERROR, DB_ERROR_REFUSED, "state", RA_ERROR_CONFLICT, "state" },
        { DB_ERROR, DB_ERROR_REFUSED, "ended", RA_ERROR_CONFLICT, "ended" },
        { DB_ERROR, DB_ERROR_REFUSED, "request", RA_ERROR_NOT_FOUND, "request" },
        { DB_ERROR, DB_ERROR_REFUSED, "role", RA_ERROR_BROKEN, "role" },
        { DB_ERROR, DB_ERROR_DOWN, "x", RA_ERROR_DOWN, "database" },
        { DB_ERROR, DB_ERROR_CONFLICT, "x", RA_ERROR_CONFLICT, "busy" },
        { DB_ERROR, DB_ERROR_BROKEN, "x", RA_ERROR_BROKEN, "database" },
        { CA_ERROR, CA_ERROR_REFUSED, "policy: months", RA_ERROR_REFUSED, "policy" },
        { CA_ERROR, CA_ERROR_REFUSED, "other-key: was signed", RA_ERROR_CONFLICT, "other-key" },
        { CA_ERROR, CA_ERROR_REFUSED, "key-used: by another", RA_ERROR_INPUT, "key-used" },
        { CA_ERROR, CA_ERROR_REFUSED, "key-compromised: no", RA_ERROR_INPUT, "key-compromised" },
        { CA_ERROR, CA_ERROR_INPUT, "csr-proof: no", RA_ERROR_INPUT, "csr-proof" },
        { CA_ERROR, CA_ERROR_DOWN, "nobody answers", RA_ERROR_DOWN, "signer" },
        { CA_ERROR, CA_ERROR_BROKEN, "lint: x", RA_ERROR_BROKEN, "authority" },
        { RA_ERROR, RA_ERROR_INPUT, "memo", RA_ERROR_INPUT, "memo" },
        { G_FILE_ERROR, 1, "no file", RA_ERROR_BROKEN, "inner" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        GError *error = g_error_new_literal(cases[i].domain, cases[i].code, cases[i].message);
        g_test_message("%s", cases[i].message);
        g_assert_false(ra_error_from(&error));
        g_assert_error(error, RA_ERROR, (gint)cases[i].wanted);
        g_assert_cmpstr(ra_error_rule(error), ==, cases[i].rule);
        g_error_free(error);
    }
    g_assert_false(ra_error_from(NULL));
    GError *none = NULL;
    g_assert_false(ra_error_from(&none));
    g_assert_cmpstr(ra_error_rule(NULL), ==, "");
}

static Settings *
settings(const char *extra)
{
    g_autofree char *folder = g_dir_make_tmp("inkan-words-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(folder, "inkan.conf", NULL);
    g_autofree char *text =
        g_strconcat("[service]\nurl=https://a.example\nclient_url=https://b.example\npublish_url=http://c.example\n"
                    "secret_file=x\n[saml]\nentity_id=x\nsigning_key=x\nsigning_certificate=x\ndecryption_key=x\n"
                    "decryption_certificate=x\n[mail]\nfrom=a@b.example\nmessage_domain=b.example\n"
                    "[signer]\npassphrase_file=x\n[pickup]\n",
                    extra, NULL);
    g_autoptr(GError) error = NULL;
    g_assert_true(g_file_set_contents(file, text, -1, NULL));
    Settings *s = settings_load(file, &error);
    g_assert_no_error(error);
    remove(file);
    g_assert_cmpint(remove(folder), ==, 0);
    return s;
}

static const char *
password_rule(const Settings *s, const char *password)
{
    g_autoptr(GError) error = NULL;
    struct ra_password_rule rule;
    gboolean is_one = ra_password_rule_parse("default", s, &rule, &error);
    g_assert_no_error(error);
    g_assert_true(is_one);
    const char *breaks = ra_password_breaks(&rule, password);
    return breaks ? breaks : "";
}

static void
passwords_are_bounded_by_the_settings(void)
{
    g_autoptr(Settings) s = settings("");
    g_autoptr(Settings) narrow = settings("password_shortest=12\npassword_longest=16\n");
    static const struct { const char *password, *rule, *narrow; } cases[] = {
        { "", "", "" },
        { "1234567", "short", "short" },
        { "12345678", "", "short" },
        { "            ", "", "" },
        { "1234567890123456", "", "" },
        { "12345678901234567", "", "long" },
        { "1234567890123456789012345678901234567890123456789012345678901234", "", "long" },
        { "12345678901234567890123456789012345678901234567890123456789012345", "long", "long" },
        { "!\"#$%&'()*+,-./", "", "" },
        { "~}|{zyxwvuts", "", "" },
        { "1234567\x7f", "characters", "characters" },
        { "1234567\n", "characters", "characters" },
        { "passwörd", "characters", "characters" },
        { "パスワード", "characters", "characters" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("case %zu", i);
        g_assert_cmpstr(password_rule(s, cases[i].password), ==, cases[i].rule);
        g_assert_cmpstr(password_rule(narrow, cases[i].password), ==, cases[i].narrow);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/error/other rooms' errors get ra's codes", other_rooms_errors_get_ra_s_codes);
    g_test_add_func("/password/it is bounded by the settings", passwords_are_bounded_by_the_settings);
    return g_test_run();
}
