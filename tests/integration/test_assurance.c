/* How a person is logged in against what a profile asks, and what an IdP sends otherwise than before. */
#include <string.h>

#include "db/profile.h"
#include "ra/assurance.h"
#include "ra/error.h"
#include "ra/person.h"
#include "ra/request.h"
#include "tests/integration/cluster_ra.h"

#define MFA "https://refeds.org/profile/mfa"
#define MEDIUM "https://refeds.org/assurance/IAP/medium"
#define IAL2 "https://www.gakunin.jp/profile/IAL2"

static World *world;

static void
ask(const char *contexts, const char *assurance)
{
    g_autofree char *sql = g_strdup_printf("update profile set contexts = '{%s}', assurance = '{%s}' where type = 'client' and months = 52",
                                           contexts, assurance);
    cluster_do(world->cluster, sql);
}

static char *
rule_for(const struct ra_who *who)
{
    const struct ra_application wish = { .type = "client", .months = 52 };
    g_autoptr(GError) before = NULL, then = NULL;
    g_autofree char *location = NULL;
    g_autoptr(RaPreview) preview = ra_request_preview(world->portal, who, &wish, 1800000000, &before);
    gboolean applied = ra_request_apply(world->portal, who, NULL, &wish, &location, &then);
    g_assert_true(applied == (preview != NULL)); /* what asks beforehand and what guards the row agree */
    if (applied)
        return g_strdup("");
    g_assert_error(then, RA_ERROR, RA_ERROR_REFUSED);
    g_assert_cmpstr(ra_error_rule(before), ==, ra_error_rule(then));
    return g_strdup(ra_error_rule(then));
}

static void
a_profile_takes_those_who_are_logged_in_as_it_asks(void)
{
    static const struct { const char *contexts, *assurance, *context, *seen, *rule; } cases[] = {
        { "", "", "", "", "" },
        { "", "", MFA, MEDIUM, "" },
        { MFA, "", MFA, "", "" },
        { MFA, "", "", "", "context" },
        { MFA, "", NULL, NULL, "context" },
        { MFA, "", "urn:x:password", "", "context" },
        { MFA, "", MFA "/more", "", "context" },
        { MFA, "", "HTTPS://refeds.org/profile/mfa", "", "context" },
        { "urn:x:card," MFA, "", MFA, "", "" },
        { "urn:x:card," MFA, "", "urn:x:card," MFA, "", "context" },
        { "", MEDIUM, "", MEDIUM, "" },
        { "", MEDIUM, "", "https://refeds.org/assurance/IAP/low " MEDIUM, "" },
        { "", MEDIUM, "", "", "assurance" },
        { "", MEDIUM, "", NULL, "assurance" },
        { "", MEDIUM, "", MEDIUM "x", "assurance" },
        { "", MEDIUM "," IAL2, "", MEDIUM, "assurance" },
        { "", MEDIUM "," IAL2, "", IAL2 " " MEDIUM, "" },
        { "", MEDIUM "|" IAL2, "", IAL2, "" },
        { "", MEDIUM "|" IAL2, "", MEDIUM "|" IAL2, "assurance" },
        { MFA, MEDIUM, "", "", "assurance" }, /* what no login mends is said first */
        { MFA, MEDIUM, "", MEDIUM, "context" },
        { MFA, MEDIUM, MFA, MEDIUM, "" },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        ask(cases[i].contexts, cases[i].assurance);
        g_auto(GStrv) seen = cases[i].seen ? g_strsplit(cases[i].seen, " ", -1) : NULL;
        const struct ra_who who = { .person = world->person, .context = cases[i].context,
                                    .assurance = (const char *const *)seen };
        g_autofree char *rule = rule_for(&who);
        if (strcmp(rule, cases[i].rule) != 0)
            g_error("line %" G_GSIZE_FORMAT ": '%s' instead of '%s'", i + 1, rule, cases[i].rule);
    }
    ask("", "");
}

static void
other_profiles_ask_nothing(void)
{
    ask(MFA, MEDIUM);
    const struct ra_who who = { .person = world->person };
    const struct ra_application wishes[] = { { .type = "client", .months = 25 }, { .type = "smime", .months = 52 } };
    for (gsize i = 0; i < G_N_ELEMENTS(wishes); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *location = NULL;
        g_assert_true(ra_request_apply(world->portal, &who, NULL, &wishes[i], &location, &error));
        g_assert_no_error(error);
    }
    ask("", "");
}

static void
what_was_seen_is_kept_with_the_request_and_in_the_audit(void)
{
    static const char *const seen[] = { MEDIUM, "with \"quotes\" and \\", NULL };
    const struct ra_who who = { .person = world->person, .context = MFA, .authn_at = 1790000000, .assurance = seen };
    const struct ra_application wish = { .type = "client", .months = 52 };
    const struct ra_form *form = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *location = NULL;
    g_assert_true(ra_request_apply(world->portal, &who, form, &wish, &location, &error));
    gint64 number = world_int(world, "select max(number) from request where person = %N", world->person);
    g_autoptr(RaRequest) request = ra_request_get(world->portal, world->person, number, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(request->context, ==, MFA);
    g_assert_cmpint(request->authn_at, ==, 1790000000);
    g_assert_cmpstrv(request->assurance, seen);
    g_autofree char *event = world_text(world, "select detail ->> 'context' || ' ' || (detail ->> 'authn_at') || ' ' ||"
                                               " (detail -> 'assurance' ->> 1) from event where request = %N and what = 'apply'", number);
    g_assert_cmpstr(event, ==, MFA " 1790000000 with \"quotes\" and \\");
}

static void
a_renewal_is_held_against_the_profile_too(void)
{
    gint64 number = world_ready(world, world->person, "client", 52);
    g_autofree char *serial = world_collect(world, number);
    const struct ra_who weak = { .person = world->person, .context = "urn:x:password" };
    const struct ra_who strong = { .person = world->person, .context = MFA, .authn_at = 1790000001 };
    g_autoptr(GError) before = NULL, then = NULL, error = NULL;
    g_assert_nonnull(serial);
    ask(MFA, "");
    g_autoptr(RaPreview) none = ra_request_renew_preview(world->portal, &weak, number, 1790000001, &before);
    g_assert_null(none);
    g_assert_cmpstr(ra_error_rule(before), ==, "context");
    g_assert_false(ra_request_renew(world->portal, &weak, number, NULL, NULL, &then));
    g_assert_cmpstr(ra_error_rule(then), ==, "context");
    g_assert_cmpint(world_int(world, "select cycle from request where number = %N", number), ==, 1);
    g_assert_true(ra_request_renew(world->portal, &strong, number, NULL, NULL, &error));
    g_assert_no_error(error);
    g_autofree char *row = world_text(world, "select cycle || ' ' || context || ' ' || extract(epoch from authn_at)::bigint from request"
                                             " where number = %N", number);
    g_assert_cmpstr(row, ==, "2 " MFA " 1790000001");
    ask("", "");
}

/* --- presets ---------------------------------------------------------------------------------------------------------------- */

static void
words_and_uris_are_taken_as_lists(void)
{
    static const struct { const char *text, *joined; } good[] = {
        { "refeds-mfa", MFA },
        { " refeds-mfa , urn:x:y ", MFA " urn:x:y" },
        { "https://a.example/b?c=d#e", "https://a.example/b?c=d#e" },
    };
    static const char *const bad[] = { "mfa", "refeds-mfa,", "urn:x y", "urn:x|urn:y", ":x", "urn:\"", "urn:日" };
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autofree char *wrong = NULL;
        g_auto(GStrv) list = ra_preset_list(ra_context_presets, good[i].text, FALSE, &wrong);
        g_autofree char *joined = list ? g_strjoinv(" ", list) : NULL;
        g_assert_cmpstr(joined, ==, good[i].joined);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *wrong = NULL;
        g_assert_null(ra_preset_list(ra_context_presets, bad[i], FALSE, &wrong));
        g_assert_nonnull(wrong);
    }
    g_autofree char *wrong = NULL;
    g_auto(GStrv) either = ra_preset_list(ra_assurance_presets, "iap-medium|gakunin-ial2,refeds-unique", TRUE, &wrong);
    g_assert_cmpstr(either[0], ==, MEDIUM "|" IAL2);
    g_assert_cmpstr(either[1], ==, "https://refeds.org/assurance/ID/unique");
    g_assert_cmpstr(ra_preset_word(ra_context_presets, MFA), ==, "refeds-mfa");
    g_assert_cmpstr(ra_preset_word(ra_context_presets, "urn:x:y"), ==, "");
}

/* --- persons -------------------------------------------------------------------------------------------------------------- */

static gint64
log_in(const char *identifier, const char *name, const char *mails)
{
    g_auto(GStrv) addresses = g_strsplit(mails, " ", -1);
    static const char *const none[] = { NULL };
    const RaLogin login = { .idp = "https://idp1.example/idp", .identifier = identifier, .display_name = name, .display_name_ja = "",
                            .common_name = name, .mails = (const char *const *)addresses, .affiliation = none, .language = "en" };
    g_autoptr(GError) error = NULL;
    gint64 id = ra_person_login(world->portal, &login, "192.0.2.9", &error);
    g_assert_no_error(error);
    return id;
}

static void
what_an_idp_sends_otherwise_is_in_the_history(void)
{
    g_autoptr(GError) error = NULL;
    gint64 id = log_in("moving", "Hanako Kawa", "a@x.example b@x.example");
    g_assert_cmpint(log_in("moving", "Hanako Kawa", "b@x.example a@x.example"), ==, id);
    g_autoptr(GPtrArray) none = ra_person_changes(world->portal, id, &error);
    g_assert_cmpuint(none->len, ==, 0); /* another order is no change */
    g_assert_cmpint(log_in("moving", "Hanako \"K\" Kagami", "c@x.example"), ==, id);
    g_autoptr(GPtrArray) changes = ra_person_changes(world->portal, id, &error);
    g_assert_no_error(error);
    static const char *const wanted[][3] = {
        { "common_name", "Hanako Kawa", "Hanako \"K\" Kagami" },
        { "display_name", "Hanako Kawa", "Hanako \"K\" Kagami" },
        { "mails", "a@x.example, b@x.example", "c@x.example" },
    };
    g_assert_cmpuint(changes->len, ==, G_N_ELEMENTS(wanted));
    for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++) {
        const RaChange *change = changes->pdata[i];
        g_assert_cmpstr(change->field, ==, wanted[i][0]);
        g_assert_cmpstr(change->was, ==, wanted[i][1]);
        g_assert_cmpstr(change->is, ==, wanted[i][2]);
        g_assert_cmpint(change->at, >, 1700000000);
    }
    g_assert_cmpint(world_int(world, "select count(*) from event where what = 'person-changed' and actor = 'person:' || %N"
                                     " and institution is not null and address = '192.0.2.9'", id), ==, 1);
}

static void
nobody_is_known_by_a_mail_address(void)
{
    gint64 one = log_in("one", "Same Name", "same@x.example"), two = log_in("two", "Same Name", "same@x.example");
    g_assert_cmpint(one, !=, two);
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(ra_person_known(world->portal, "https://idp1.example/idp", "one", &error), ==, one);
    g_assert_cmpint(ra_person_known(world->portal, "https://idp2.example", "one", &error), ==, 0);
    g_assert_cmpint(ra_person_known(world->portal, "https://idp1.example/idp", "same@x.example", &error), ==, 0);
    g_assert_no_error(error);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    world = world_new(NULL);
    g_test_add_func("/assurance/a profile takes those who are logged in as it asks", a_profile_takes_those_who_are_logged_in_as_it_asks);
    g_test_add_func("/assurance/other profiles ask nothing", other_profiles_ask_nothing);
    g_test_add_func("/assurance/what was seen is kept with the request and in the audit",
                    what_was_seen_is_kept_with_the_request_and_in_the_audit);
    g_test_add_func("/assurance/a renewal is held against the profile too", a_renewal_is_held_against_the_profile_too);
    g_test_add_func("/assurance/words and URIs are taken as lists", words_and_uris_are_taken_as_lists);
    g_test_add_func("/persons/what an IdP sends otherwise is in the history", what_an_idp_sends_otherwise_is_in_the_history);
    g_test_add_func("/persons/nobody is known by a mail address", nobody_is_known_by_a_mail_address);
    int status = g_test_run();
    world_free(world);
    return status;
}
