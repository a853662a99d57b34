/* What may stand in an institution's policy: one table for the command and the pages. */
#include <string.h>

#include "ra/error.h"
#include "ra/policy.h"
#include "tests/unit/run.h"
#include "web/web.h"

#define LONG64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void
what_is_allowed_is_put_into_one_way_of_writing(void)
{
    static const struct { const char *field, *text, *value; } rows[] = {
        { "country", "JP", "JP" }, { "locality", "  Kyoto ", "Kyoto" }, { "organization", LONG64, LONG64 }, { "unit", "", "" },
        { "name-ja", "鏡大学", "鏡大学" }, { "types", "smime, client", "smime\nclient" }, { "types", "", "" },
        { "months", "52,25 13", "52\n25\n13" }, { "months", "52\r\n52\r\n025", "52\n25" }, { "approval", "yes", "yes" },
        { "grace-days", "none", "" }, { "grace-days", "", "" }, { "grace-days", "0014", "14" }, { "max-active", "1000000", "1000000" },
        { "identifier", "pairwise-id", "pairwise-id" }, { "helpdesk-mail", "", "" }, { "helpdesk-mail", "help@kagami.example", "help@kagami.example" },
        { "mail-domain", "Kagami.EXAMPLE\r\n.kagami.example\r\n\r\n", "kagami.example\n.kagami.example" }, { "mail-domain", "", "" },
        { "idp", "https://b.example\nhttps://a.example", "https://a.example\nhttps://b.example" }, { "password-rule", "default", "" },
        { "password-rule", "mobile", "mobile" }, { "idp", "urn:mace:kagami", "urn:mace:kagami" },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *value = ra_policy_read(ra_policy_field(rows[i].field), rows[i].text, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(value, ==, rows[i].value);
        g_autofree char *again = ra_policy_read(ra_policy_field(rows[i].field), value, &error);
        g_assert_cmpstr(again, ==, value);
    }
}

static void
what_is_not_allowed_is_refused_by_its_name(void)
{
    static const struct { const char *field, *text; } rows[] = {
        { "country", "Japan" }, { "country", "jp" }, { "country", "" }, { "locality", "" }, { "locality", "京都" },
        { "organization", LONG64 "a" }, { "organization", "a\nb" }, { "unit", "\x1b[31mred" }, { "name-ja", "a\u202eb" },
        { "name-ja", "\xff\xfe" }, { "types", "server" }, { "months", "" }, { "months", "0" }, { "months", "121" }, { "months", "52;13" },
        { "months", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21" }, { "approval", "maybe" }, { "approval", "" },
        { "grace-days", "-1" }, { "grace-days", "3651" }, { "max-active", "0" }, { "max-active", "1e3" }, { "max-active", "99999999999999999999" },
        { "identifier", "mail" }, { "helpdesk-mail", "nobody" }, { "helpdesk-mail", "a@b\r\nBcc: c@d" }, { "mail-domain", "a@b" },
        { "mail-domain", "*.example" }, { "mail-domain", "a..b" }, { "mail-domain", "." }, { "mail-domain", "-a.example" },
        { "mail-domain", LONG64 ".example" }, { "mail-domain", "{a}" }, { "idp", "nothing" }, { "idp", "https://a\"b" },
        { "password-rule", "any" }, { "name-form", "latin" },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *value = ra_policy_read(ra_policy_field(rows[i].field), rows[i].text, &error);
        if (value)
            g_error("%s takes '%s'", rows[i].field, rows[i].text);
        g_assert_error(error, RA_ERROR, RA_ERROR_INPUT);
        g_assert_cmpstr(ra_error_rule(error), ==, rows[i].field);
        g_autofree char *allowed = ra_policy_allowed(ra_policy_field(rows[i].field));
        g_assert_nonnull(strstr(error->message, allowed));
    }
}

static void
every_field_is_found_by_both_its_names(void)
{
    for (gsize i = 0; i < ra_policy_count; i++) {
        g_assert_true(ra_policy_field(ra_policy_fields[i].name) == &ra_policy_fields[i]);
        g_assert_true(ra_policy_column(ra_policy_fields[i].column) == &ra_policy_fields[i]);
        for (gsize k = 0; k < i; k++) /* a group is in one piece */
            if (strcmp(ra_policy_fields[k].group, ra_policy_fields[i].group) == 0)
                g_assert_cmpstr(ra_policy_fields[i - 1].group, ==, ra_policy_fields[i].group);
    }
    g_assert_null(ra_policy_field("version"));
    g_assert_null(ra_policy_column("id"));
}

static void
a_draft_keeps_what_differs(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(RaPolicyDraft) draft = ra_policy_draft_new();
    DbPolicy now = { .fields = (char *[]){ "locality", "months", NULL }, .values = (char *[]){ "Academe", "52\n13", NULL } };
    g_assert_true(ra_policy_draft_add(draft, ra_policy_field("locality"), "Kyoto", &error));
    g_assert_true(ra_policy_draft_add(draft, ra_policy_field("months"), "52, 13", &error));
    g_assert_true(ra_policy_draft_reduce(draft, &now));
    g_assert_cmpstr(ra_policy_draft_value(draft, ra_policy_field("locality")), ==, "Kyoto");
    g_assert_null(ra_policy_draft_value(draft, ra_policy_field("months")));
    g_assert_true(ra_policy_draft_add(draft, ra_policy_field("locality"), "Academe", &error));
    g_assert_false(ra_policy_draft_reduce(draft, &now));
    g_assert_false(ra_policy_draft_add(draft, ra_policy_field("months"), "none", &error));
    g_assert_error(error, RA_ERROR, RA_ERROR_INPUT);
}

/* A page without them could not be shown at all. */
static void
every_field_has_its_words(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Web) web = web_new("web", &error);
    g_assert_no_error(error);
    for (gsize i = 0; i < ra_policy_count; i++) {
        const struct ra_policy_field *f = &ra_policy_fields[i];
        g_auto(GStrv) words = g_strsplit(f->words ? f->words : "", " ", -1);
        for (const char *const *language = web_languages; *language; language++) {
            g_autofree char *key = g_strconcat("policy.", f->name, NULL), *group = g_strconcat("policy.group.", f->group, NULL);
            if (!web_message(web, *language, key) || !web_message(web, *language, group))
                g_error("no message '%s' or '%s' (%s): put it into web/messages", key, group, *language);
            for (char **word = words; *word && f->kind == RA_POLICY_WORDS; word++) {
                g_autofree char *own = g_strconcat(key, ".", *word, NULL), *type = g_strconcat("type.", *word, NULL);
                if (!web_message(web, *language, own) && !web_message(web, *language, type))
                    g_error("no message '%s' (%s): put it into web/messages", own, *language);
            }
        }
    }
}

int
main(int argc, char **argv)
{
    static const struct unit_test tests[] = {
        { "/policy/what is allowed is put into one way of writing", what_is_allowed_is_put_into_one_way_of_writing },
        { "/policy/what is not allowed is refused by its name", what_is_not_allowed_is_refused_by_its_name },
        { "/policy/every field is found by both its names", every_field_is_found_by_both_its_names },
        { "/policy/a draft keeps what differs", a_draft_keeps_what_differs },
        { "/policy/every field has its words", every_field_has_its_words },
    };
    return run_tests(argc, argv, tests, G_N_ELEMENTS(tests), NULL, NULL);
}
