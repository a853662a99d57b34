/* What a person does with requests: one form is one act, others' requests do not exist, everything leaves a trace. */
#include <string.h>

#include "ra/error.h"
#include "ra/jobs.h"
#include "ra/person.h"
#include "ra/request.h"
#include "tests/integration/cluster_ra.h"

static World *world;
static const struct ra_application client52 = { .type = "client", .months = 52, .memo = "laptop" };

static GBytes *
form_key(guint8 n)
{
    guint8 bytes[32] = { n, 1 };
    return g_bytes_new(bytes, sizeof bytes);
}

static gint64
newest(void)
{
    return cluster_int(world->cluster, "select max(number) from request");
}

/* --- forms ---------------------------------------------------------------------------------------------------------------- */

static void
the_same_form_twice_is_one_request(void)
{
    const struct ra_who who = { .person = world->person, .address = "192.0.2.7" };
    g_autoptr(GBytes) key = form_key(1);
    const struct ra_form form = { key, "/certificates/%N/accepted" };
    g_autofree char *first = NULL, *second = NULL;
    g_autoptr(GError) error = NULL;
    g_assert_true(ra_request_apply(world->portal, &who, &form, &client52, &first, &error));
    gint64 number = newest();
    g_autofree char *wanted = g_strdup_printf("/certificates/%" G_GINT64_FORMAT "/accepted", number);
    g_assert_cmpstr(first, ==, wanted);
    /* Even with other words in it: the key decides. */
    const struct ra_application other = { .type = "smime", .months = 13 };
    g_assert_true(ra_request_apply(world->portal, &who, &form, &other, &second, &error));
    g_assert_cmpstr(second, ==, wanted);
    g_assert_cmpint(newest(), ==, number);
    g_assert_cmpint(
        world_int(world, "select count(*) from event where request = %N and what = 'apply' and address = '192.0.2.7'", number),
        ==, 1);
    g_assert_cmpint(world_int(world, "select count(*) from job where request = %N", number), ==, 1);
}

static int
post_once(int i, gpointer data)
{
    g_autoptr(RaContext) ctx = world_context(world, "portal");
    const struct ra_who who = { .person = world->other };
    g_autoptr(GBytes) key = form_key(2);
    const struct ra_form form = { key, "/certificates/%N/accepted" };
    g_autofree char *location = NULL;
    (void)i;
    (void)data;
    if (!ra_request_apply(ctx, &who, &form, &client52, &location, NULL))
        return 1;
    g_autofree char *text = g_strconcat(location, "\n", NULL);
    g_autofree char *file = g_build_filename(world->folder, "locations", NULL);
    FILE *out = fopen(file, "a");
    fputs(text, out);
    fclose(out);
    return 0;
}

static void
sixty_four_at_once_are_one_request(void)
{
    g_autofree char *file = g_build_filename(world->folder, "locations", NULL);
    g_autofree char *text = NULL;
    gint64 before = world_int(world, "select count(*) from request where person = %N", world->other);
    g_assert_cmpint(world_together(64, post_once, NULL), ==, 0);
    g_assert_cmpint(world_int(world, "select count(*) from request where person = %N", world->other), ==, before + 1);
    g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_assert_cmpint(g_strv_length(lines), ==, 65);
    for (int i = 1; i < 64; i++)
        g_assert_cmpstr(lines[i], ==, lines[0]);
}

static void
a_refused_form_is_not_spent(void)
{
    const struct ra_who who = { .person = world->person };
    g_autoptr(GBytes) key = form_key(3);
    const struct ra_form form = { key, "/certificates/%N/accepted" };
    const struct ra_application bad = { .type = "client", .months = 99 };
    g_autofree char *location = NULL;
    g_autoptr(GError) error = NULL;
    g_assert_false(ra_request_apply(world->portal, &who, &form, &bad, &location, &error));
    g_assert_cmpstr(ra_error_rule(error), ==, "months");
    g_assert_null(location);
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from form_used where encode(key_hash, 'hex') like '0301%'"),
                    ==, 0);
    g_clear_error(&error);
    g_assert_true(ra_request_apply(world->portal, &who, &form, &client52, &location, &error));
    g_assert_no_error(error);
}

static void
somebody_else_s_form_leads_nowhere(void)
{
    const struct ra_who mine = { .person = world->person }, theirs = { .person = world->other };
    g_autoptr(GBytes) key = form_key(4);
    const struct ra_form form = { key, "/certificates/%N/accepted" };
    g_autofree char *location = NULL, *stolen = NULL;
    g_autoptr(GError) error = NULL;
    g_assert_true(ra_request_apply(world->portal, &mine, &form, &client52, &location, NULL));
    g_assert_false(ra_request_apply(world->portal, &theirs, &form, &client52, &stolen, &error));
    g_assert_error(error, RA_ERROR, RA_ERROR_INPUT);
    g_assert_null(stolen);
}

/* --- what was sent -------------------------------------------------------------------------------------------------------- */

static void
strange_input_is_named(void)
{
    const struct ra_who who = { .person = world->person };
    static const struct { struct ra_application form; const char *rule; } cases[] = {
        { { .type = NULL, .months = 52 }, "type" },
        { { .type = "\xff\xfe", .months = 52 }, "type" },
        { { .type = "client", .months = 0 }, "months" },
        { { .type = "client", .months = 4294967348 }, "months" }, /* 52 in 32 bits */
        { { .type = "client", .months = 52, .memo = "two\nlines" }, "memo" },
        { { .type = "client", .months = 52, .memo = "\xc3" }, "memo" },
        { { .type = "client", .months = 52, .mail = "\xff@kagami.example" }, "mail" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *location = NULL;
        g_assert_false(ra_request_apply(world->portal, &who, NULL, &cases[i].form, &location, &error));
        g_assert_error(error, RA_ERROR, RA_ERROR_INPUT);
        g_assert_cmpstr(ra_error_rule(error), ==, cases[i].rule);
    }
}

static void
a_memo_has_two_hundred_characters(void)
{
    const struct ra_who who = { .person = world->person };
    g_autoptr(GString) memo = g_string_new(NULL);
    g_autofree char *location = NULL;
    g_autoptr(GError) error = NULL;
    gint64 number;
    for (int i = 0; i < 200; i++)
        g_string_append(memo, "印");
    const struct ra_application fits = { .type = "client", .months = 13, .memo = memo->str };
    g_assert_true(ra_request_apply(world->portal, &who, NULL, &fits, &location, &error));
    number = newest();
    g_string_append(memo, "鑑");
    g_assert_false(ra_request_memo(world->portal, &who, number, memo->str, &error));
    g_assert_cmpstr(ra_error_rule(error), ==, "memo");
    g_clear_error(&error);
    g_assert_true(ra_request_memo(world->portal, &who, number, "  tablet ", &error));
    g_autofree char *memo_now = world_text(world, "select memo from request where number = %N", number);
    g_assert_cmpstr(memo_now, ==, "tablet");
    g_assert_cmpint(world_int(world, "select count(*) from event where request = %N and what = 'memo'", number), ==, 1);
}

static void
several_addresses_want_a_choice(void)
{
    gint64 person = cluster_person(world->cluster, world->institution, "twomails");
    const struct ra_who who = { .person = person };
    world_do(world, "update person set mails = '{a@kagami.example,b@kagami.example}' where id = %N", person);
    g_autofree char *location = NULL;
    g_autoptr(GError) error = NULL;
    g_assert_false(ra_request_apply(world->portal, &who, NULL, &client52, &location, &error));
    g_assert_cmpstr(ra_error_rule(error), ==, "mail-choice");
    g_clear_error(&error);
    const struct ra_application chosen = { .type = "smime", .months = 25, .mail = "b@kagami.example" };
    g_autoptr(RaPreview) preview = ra_request_preview(world->portal, &who, &chosen, 1800000000, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(preview->mail, ==, "b@kagami.example");
    g_assert_cmpstr(preview->subject, ==, "C=JP, L=Academe, O=Kagami University, OU=No N, CN=Hanako Kagami");
    /* One of two is inside the institution's domains: that one can be meant. */
    world_do(world, "update person set mails = '{a@private.example,b@kagami.example}' where id = %N", person);
    g_assert_true(ra_request_apply(world->portal, &who, NULL, &client52, &location, &error));
    g_autofree char *mail = world_text(world, "select mail from request where person = %N", person);
    g_assert_cmpstr(mail, ==, "b@kagami.example");
}

/* --- the cap -------------------------------------------------------------------------------------------------------------- */

static int
apply_once(int i, gpointer data)
{
    g_autoptr(RaContext) ctx = world_context(world, "portal");
    const struct ra_who who = { .person = *(gint64 *)data };
    g_autofree char *location = NULL;
    g_autoptr(GError) error = NULL;
    (void)i;
    if (ra_request_apply(ctx, &who, NULL, &client52, &location, &error))
        return 0;
    return strcmp(ra_error_rule(error), "cap") == 0 ? 1 : 100;
}

static void
the_cap_holds_for_simultaneous_ones(void)
{
    gint64 institution = cluster_institution(world->cluster, "Capped", "capped.example", "https://capped.example/idp");
    gint64 person = cluster_person(world->cluster, institution, "many");
    world_do(world, "update institution set max_active = 5 where id = %N", institution);
    g_assert_cmpint(world_together(20, apply_once, &person), ==, 15);
    g_assert_cmpint(world_int(world, "select count(*) from request where person = %N", person), ==, 5);
}

/* --- others' requests ----------------------------------------------------------------------------------------------------- */

static void
another_person_s_request_is_not_there(void)
{
    const struct ra_who owner = { .person = world->person }, stranger = { .person = world->other };
    gint64 number = world_ready(world, world->person, "client", 52);
    gint64 missing = number + 100000;
    const gint64 numbers[] = { number, missing, 0, -1 };
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        gint64 n = numbers[i];
        GError *errors[9] = { NULL };
        g_assert_null(ra_request_get(world->portal, stranger.person, n, &errors[0]));
        g_assert_null(ra_request_renew_preview(world->portal, &stranger, n, 0, &errors[1]));
        g_assert_false(ra_request_renew(world->portal, &stranger, n, NULL, NULL, &errors[2]));
        g_assert_false(ra_request_revoke(world->portal, &stranger, n, "superseded", NULL, NULL, &errors[3]));
        g_assert_false(ra_request_withdraw(world->portal, &stranger, n, NULL, NULL, &errors[4]));
        g_assert_false(ra_request_new_pin(world->portal, &stranger, n, NULL, NULL, &errors[5]));
        g_assert_false(ra_request_resend(world->portal, &stranger, n, NULL, NULL, &errors[6]));
        g_assert_false(ra_request_memo(world->portal, &stranger, n, "mine", &errors[7]));
        g_assert_false(ra_request_revoke_check(world->portal, &stranger, n, NULL, &errors[8]));
        for (size_t e = 0; e < G_N_ELEMENTS(errors); e++) {
            g_assert_error(errors[e], RA_ERROR, RA_ERROR_NOT_FOUND);
            g_assert_cmpstr(errors[e]->message, ==, "request");
            g_error_free(errors[e]);
        }
        g_autoptr(GPtrArray) mails = ra_request_mails(world->portal, stranger.person, n, NULL);
        g_autoptr(GPtrArray) events = ra_request_history(world->portal, stranger.person, n, NULL);
        g_autoptr(Secret) pin = ra_request_pin(world->portal, stranger.person, n, NULL);
        g_assert_cmpint(mails->len + events->len, ==, 0);
        g_assert_null(pin);
    }
    g_autoptr(RaRequest) mine = ra_request_get(world->portal, owner.person, number, NULL);
    g_assert_cmpstr(mine->state, ==, "ready");
    g_autoptr(Secret) pin = ra_request_pin(world->portal, owner.person, number, NULL);
    g_assert_cmpint(secret_size(pin), ==, 16);
}

/* --- the list ------------------------------------------------------------------------------------------------------------- */

static void
the_list_comes_in_pages(void)
{
    gint64 person = cluster_person(world->cluster, world->institution, "collector");
    g_autofree char *sql =
        g_strdup_printf("insert into request (person, type, months, mail) select id, 'client', 13, mails[1] from person,"
                        " generate_series(1, 45) where id = %" G_GINT64_FORMAT,
                        person);
    cluster_do(world->cluster, sql);
    world_do(world, "update request set state = 'revoked' where person = %N and number % 9 = 0", person);
    gint64 seen = 0, last = G_MAXINT64, before = 0;
    for (int page = 0; page < 3; page++) {
        g_autoptr(RaDashboard) list = ra_request_dashboard(world->portal, person, FALSE, before, RA_REQUEST_PAGE, NULL);
        g_assert_cmpint(list->rows->len, ==, page < 2 ? 20 : 0);
        g_assert_cmpint(list->hidden, ==, page == 0 ? 5 : 0);
        for (guint i = 0; i < list->rows->len; i++, seen++) {
            const RaRequestRow *row = list->rows->pdata[i];
            g_assert_cmpint(row->number, <, last);
            g_assert_cmpint(row->number % 9, !=, 0);
            last = row->number;
        }
        before = list->next;
        g_assert_cmpint(before != 0, ==, page == 0);
        if (before == 0)
            break;
    }
    g_assert_cmpint(seen, ==, 40);
    g_autoptr(RaDashboard) all = ra_request_dashboard(world->portal, person, TRUE, 0, RA_REQUEST_MOST, NULL);
    g_assert_cmpint(all->rows->len, ==, 45);
    g_assert_cmpint(all->next, ==, 0);
}

/* --- renewing and revoking ------------------------------------------------------------------------------------------------ */

static void
what_the_state_forbids_is_a_conflict(void)
{
    const struct ra_who who = { .person = world->person };
    gint64 number = world_ready(world, world->person, "client", 52);
    g_autoptr(GError) error = NULL;
    g_assert_false(ra_request_renew(world->portal, &who, number, NULL, NULL, &error));
    g_assert_error(error, RA_ERROR, RA_ERROR_CONFLICT);
    g_assert_cmpstr(ra_error_rule(error), ==, "state");
    g_clear_error(&error);
    g_assert_false(ra_request_revoke(world->portal, &who, number, "keyCompromise", NULL, NULL, &error));
    g_assert_error(error, RA_ERROR, RA_ERROR_CONFLICT);
    g_clear_error(&error);
    g_assert_false(ra_request_revoke(world->portal, &who, number, "because", NULL, NULL, &error));
    g_assert_error(error, RA_ERROR, RA_ERROR_INPUT);
    g_assert_cmpstr(ra_error_rule(error), ==, "reason");
    g_clear_error(&error);
    g_assert_true(ra_request_withdraw(world->portal, &who, number, NULL, NULL, &error));
    g_assert_false(ra_request_resend(world->portal, &who, number, NULL, NULL, &error));
    g_assert_error(error, RA_ERROR, RA_ERROR_CONFLICT);
}

static void
a_renewal_asks_policy_again(void)
{
    gint64 institution = cluster_institution(world->cluster, "Changing", "changing.example", "https://changing.example/idp");
    gint64 person = cluster_person(world->cluster, institution, "p");
    const struct ra_who who = { .person = person };
    gint64 number = world_ready(world, person, "client", 52);
    g_autofree char *serial = world_collect(world, number);
    static const struct { const char *change, *back, *rule;
    } cases[] = {
        { "update institution set types = '{smime}' where id = %N",
          "update institution set types = '{client,smime}' where id = %N", "type" },
        { "update institution set months = '{13}' where id = %N", "update institution set months = '{52,25,13}' where id = %N",
          "months" },
        { "update institution set mail_domains = '{other.example}' where id = %N",
          "update institution set mail_domains = '{changing.example}' where id = %N", "mail-domain" },
        { "update person set mails = '{new@changing.example}' where institution = %N",
          "update person set mails = '{p@changing.example}' where institution = %N", "mail" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL, before = NULL;
        world_do(world, cases[i].change, institution);
        g_assert_null(ra_request_renew_preview(world->portal, &who, number, 1700000000, &before));
        g_assert_cmpstr(ra_error_rule(before), ==, cases[i].rule);
        g_assert_false(ra_request_renew(world->portal, &who, number, NULL, NULL, &error));
        g_assert_error(error, RA_ERROR, RA_ERROR_REFUSED);
        g_assert_cmpstr(ra_error_rule(error), ==, cases[i].rule);
        world_do(world, cases[i].back, institution);
    }
    /* The cap does not stand in the way of what one has. */
    world_do(world, "update institution set max_active = 1 where id = %N", institution);
    g_autoptr(GError) error = NULL;
    g_assert_true(ra_request_renew(world->portal, &who, number, NULL, NULL, &error));
    g_assert_no_error(error);
    g_autoptr(RaRequest) request = ra_request_get(world->portal, person, number, NULL);
    g_assert_cmpstr(request->state, ==, "renewing");
    g_assert_cmpstr(request->serial, ==, serial);
    g_assert_cmpint(request->cycle, ==, 2);
}

static void
refused_with(gint64 person, const char *mail, const char *rule)
{
    const struct ra_who who = { .person = person };
    const struct ra_application application = { .type = "smime", .months = 25, .mail = mail };
    g_autoptr(GError) before = NULL, then = NULL;
    g_autoptr(RaPreview) preview = ra_request_preview(world->portal, &who, &application, 1700000000, &before);
    g_autofree char *location = NULL;
    gboolean ok = ra_request_apply(world->portal, &who, NULL, &application, &location, &then);
    g_assert_cmpint(preview == NULL, ==, rule != NULL);
    g_assert_cmpint(ok, ==, rule == NULL);
    g_assert_cmpstr(ra_error_rule(before), ==, rule ? rule : "");
    g_assert_cmpstr(ra_error_rule(then), ==, rule ? rule : "");
}

/* Of the rows of one name together, whatever else the person has. */
static void
a_profile_has_a_cap_of_its_own(void)
{
    gint64 institution = cluster_institution(world->cluster, "Capped College", "capped.example", "https://idp.capped");
    gint64 person = cluster_person(world->cluster, institution, "capped");
    world_do(world, "update person set mails = '{p@capped.example}' where id = %N", person);
    world_do(world, "update profile set max_active = 2 where name = 'smime-25' and %N > 0", 1);
    refused_with(person, "p@capped.example", NULL);
    refused_with(person, "p@capped.example", NULL);
    refused_with(person, "p@capped.example", "cap-profile");
    world_do(world, "update profile set max_active = null where name = 'smime-25' and %N > 0", 1);
    refused_with(person, "p@capped.example", NULL);
}

/* X.520: a common name has 64 characters. */
static void
an_address_that_is_to_be_the_name_has_64_characters_at_most(void)
{
    gint64 institution = cluster_institution(world->cluster, "Long College", "long.example", "https://idp.long");
    gint64 person = cluster_person(world->cluster, institution, "long");
    world_do(world, "update person set mails = array[repeat('a', 51) || '@long.example', repeat('a', 52) || '@long.example'] where id = %N",
             person);
    g_autofree char *of_64 = g_strconcat("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "@long.example", NULL);
    g_autofree char *of_65 = g_strconcat("a", of_64, NULL);
    g_assert_cmpuint(strlen(of_64), ==, 64);
    refused_with(person, of_65, NULL);
    world_do(world, "insert into profile (name, type, months, issuer, subject, key_usage, extended) select 'smime-mail-25', type, months, issuer,"
                    " 'mail', key_usage, extended from profile where name = 'smime-25' and %N > 0", 1);
    refused_with(person, of_64, NULL);
    refused_with(person, of_65, "mail-long");
    world_do(world, "update profile set valid_to = now() where name = 'smime-mail-25' and %N > 0", 1);
}

static int
renew_or_revoke(int i, gpointer data)
{
    g_autoptr(RaContext) ctx = world_context(world, "portal");
    const struct ra_who who = { .person = world->person };
    g_autoptr(GError) error = NULL;
    gint64 number = *(gint64 *)data;
    gboolean ok = i % 2 ? ra_request_renew(ctx, &who, number, NULL, NULL, &error)
                        : ra_request_revoke(ctx, &who, number, "keyCompromise", NULL, NULL, &error);
    return ok || g_error_matches(error, RA_ERROR, RA_ERROR_CONFLICT) ? 0 : 1;
}

static void
renewing_and_revoking_at_once_end_in_one_order(void)
{
    for (int round = 0; round < 5; round++) {
        gint64 number = world_ready(world, world->person, "client", 52);
        g_autofree char *serial = world_collect(world, number);
        g_assert_cmpint(world_together(8, renew_or_revoke, &number), ==, 0);
        g_autofree char *state = world_text(world, "select state from request where number = %N", number);
        g_assert_cmpstr(state, ==, "revoking");
        g_assert_cmpint(world_int(world, "select count(*) from event where request = %N and what = 'revoke'", number), ==, 1);
        g_assert_cmpint(world_int(world, "select count(*) from event where request = %N and what = 'renew'", number), <=, 1);
        g_assert_cmpint(world_int(world, "select count(*) from certificate where request = %N and revoked_at is null", number),
                        ==, 0);
        /* The worker finds nothing to issue any more. */
        g_assert_true(ra_jobs_run(world->worker, NULL));
        g_assert_cmpint(world_int(world, "select count(*) from pickup where request = %N and ended is null", number), ==, 0);
    }
}

static void
what_a_person_may_do_follows_the_steps(void)
{
    static const struct { const char *state, *event; gboolean may;
    } cases[] = {
        { "applied", "withdraw", TRUE },  { "applied", "renew", FALSE },
        { "ready", "withdraw", TRUE },    { "ready", "lapse", FALSE },
        { "collected", "renew", TRUE },   { "collected", "revoke", TRUE },
        { "collected", "expire", FALSE }, { "revoked", "renew", FALSE },
        { "renewing", "revoke", TRUE },   { "", "", FALSE },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(ra_request_may(world->portal, cases[i].state, cases[i].event), ==, cases[i].may);
}

/* --- persons -------------------------------------------------------------------------------------------------------------- */

static RaLogin
login_from(const char *idp)
{
    static const char *const mails[] = { "j@kagami.example", NULL }, *const affiliation[] = { "member@kagami.example", NULL };
    return (RaLogin){ .idp = idp,
                      .identifier = "j@kagami.example",
                      .display_name = "Jiro",
                      .common_name = "Jiro Kagami",
                      .mails = mails,
                      .affiliation = affiliation,
                      .language = "en" };
}

static void
a_login_makes_a_person_once(void)
{
    RaLogin login = login_from("https://idp1.example/idp");
    g_autoptr(GError) error = NULL;
    gint64 id = ra_person_login(world->portal, &login, "192.0.2.9", &error);
    g_assert_no_error(error);
    login.display_name = "Jiro K.";
    login.common_name = NULL;
    g_assert_cmpint(ra_person_login(world->portal, &login, NULL, &error), ==, id);
    g_autoptr(RaPerson) person = ra_person_get(world->portal, id, &error);
    g_assert_cmpstr(person->display_name, ==, "Jiro K.");
    g_assert_null(person->common_name);
    g_assert_cmpint(person->institution, ==, world->institution);
    g_assert_cmpstr(person->mails_allowed[0], ==, "j@kagami.example");
    g_autofree char *sql =
        g_strdup_printf("select count(*) from event where actor = 'person:%" G_GINT64_FORMAT "' and what = 'login'", id);
    g_assert_cmpint(cluster_int(world->cluster, sql), ==, 2);
}

static void
the_same_identifier_from_another_idp_is_another_person(void)
{
    gint64 b = cluster_institution(world->cluster, "Minato Institute", "minato.example", "https://idp2.example/idp");
    RaLogin here = login_from("https://idp1.example/idp"), there = login_from("https://idp2.example/idp"),
            nowhere = login_from("https://idp3.example/idp");
    g_autoptr(GError) error = NULL;
    gint64 one = ra_person_login(world->portal, &here, NULL, NULL), two = ra_person_login(world->portal, &there, NULL, NULL);
    g_assert_cmpint(one, !=, two);
    g_autoptr(RaPerson) person = ra_person_get(world->portal, two, NULL);
    g_assert_cmpint(person->institution, ==, b);
    g_assert_cmpint(g_strv_length(person->mails_allowed), ==, 0);
    g_assert_cmpint(ra_person_login(world->portal, &nowhere, NULL, &error), ==, 0);
    g_assert_error(error, RA_ERROR, RA_ERROR_REFUSED);
    g_assert_cmpstr(ra_error_rule(error), ==, "institution");
}

static void
a_database_that_is_away_is_said(void)
{
    g_autoptr(RaContext) ctx = world_context(world, "portal");
    const struct ra_who who = { .person = world->person };
    g_autoptr(GError) error = NULL;
    g_autofree char *location = NULL;
    g_autoptr(GBytes) key = form_key(9);
    const struct ra_form form = { key, "/certificates/%N/accepted" };
    g_assert_true(ra_context_alive(ctx, NULL));
    db_free(ctx->db);
    ctx->db = db_new("host=/nowhere dbname=inkan");
    g_assert_false(ra_request_apply(ctx, &who, &form, &client52, &location, &error));
    g_assert_error(error, RA_ERROR, RA_ERROR_DOWN);
    g_assert_false(ra_context_alive(ctx, NULL));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    world = world_new(NULL);
    g_test_add_func("/form/the same form twice is one request", the_same_form_twice_is_one_request);
    g_test_add_func("/form/sixty-four posts at once are one request and lead to one place", sixty_four_at_once_are_one_request);
    g_test_add_func("/form/a refused form is not spent", a_refused_form_is_not_spent);
    g_test_add_func("/form/somebody else's form leads nowhere", somebody_else_s_form_leads_nowhere);
    g_test_add_func("/input/strange input is named", strange_input_is_named);
    g_test_add_func("/input/a memo has two hundred characters at most", a_memo_has_two_hundred_characters);
    g_test_add_func("/input/several addresses want a choice", several_addresses_want_a_choice);
    g_test_add_func("/policy/the cap holds for simultaneous applications", the_cap_holds_for_simultaneous_ones);
    g_test_add_func("/request/another person's request is not there", another_person_s_request_is_not_there);
    g_test_add_func("/request/the list comes in pages", the_list_comes_in_pages);
    g_test_add_func("/request/what the state forbids is a conflict", what_the_state_forbids_is_a_conflict);
    g_test_add_func("/request/a renewal asks policy again", a_renewal_asks_policy_again);
    g_test_add_func("/request/renewing and revoking at once end in one recorded order",
                    renewing_and_revoking_at_once_end_in_one_order);
    g_test_add_func("/request/what a person may do follows the steps", what_a_person_may_do_follows_the_steps);
    g_test_add_func("/request/a profile has a cap of its own", a_profile_has_a_cap_of_its_own);
    g_test_add_func("/request/an address that is to be the name has 64 characters at most",
                    an_address_that_is_to_be_the_name_has_64_characters_at_most);
    g_test_add_func("/person/a login makes a person once and brings the rest up to date", a_login_makes_a_person_once);
    g_test_add_func("/person/the same identifier from another IdP is another person",
                    the_same_identifier_from_another_idp_is_another_person);
    g_test_add_func("/database/a database that is away is said to be", a_database_that_is_away_is_said);
    int status = g_test_run();
    world_free(world);
    return status;
}
