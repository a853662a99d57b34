/* Changes that a login brings, held against the certificates, and people whom nobody has seen: every rule with every kind. */
#include <string.h>

#include "db/officer.h"
#include "ra/error.h"
#include "ra/jobs.h"
#include "ra/person.h"
#include "ra/radar.h"
#include "ra/request.h"
#include "ra/sweep.h"
#include "tests/integration/cluster_ra.h"

static World *world;

#define DAY 86400

/* What the IdP says: a name, addresses and affiliations with spaces between. */
struct says { const char *name, *mails, *affiliation; };

static char *
at_home(const char *user)
{
    return g_strdup_printf("%s@kagami.example", user);
}

static gint64
log_in(const char *user, const struct says *says)
{
    g_auto(GStrv) mails = g_strsplit(says->mails, " ", -1), affiliation = g_strsplit(says->affiliation, " ", -1);
    if (!*says->mails)
        g_clear_pointer(&mails[0], g_free);
    if (!*says->affiliation)
        g_clear_pointer(&affiliation[0], g_free);
    const RaLogin login = { .idp = "https://idp1.example/idp", .identifier = user, .display_name = says->name,
                            .common_name = says->name, .mails = (const char *const *)mails,
                            .affiliation = (const char *const *)affiliation, .language = "en" };
    g_autoptr(GError) error = NULL;
    gint64 id = ra_person_login(world->portal, &login, "192.0.2.9", &error);
    g_assert_no_error(error);
    return id;
}

/* Somebody new with a client and an S/MIME certificate; USER and the address are made up. */
static gint64
somebody(char **user, char **mail, gint64 *client, gint64 *smime)
{
    static int n;
    *user = g_strdup_printf("radar%d", n++);
    *mail = at_home(*user);
    const struct says says = { "Hanako Sato", *mail, "member@kagami.example staff@kagami.example" };
    gint64 person = log_in(*user, &says);
    *client = world_ready(world, person, "client", 52);
    g_free(world_collect(world, *client));
    *smime = world_ready(world, person, "smime", 52);
    g_free(world_collect(world, *smime));
    /* So that what is seen from now on comes after them. */
    world_do(world, "update request set not_before = not_before - interval '1 hour' where person = %N", person);
    return person;
}

static void
rules(const char *rule, int days)
{
    g_autofree char *sql = g_strdup_printf("update institution set on_name_change = '%s', on_mail_change = '%s',"
                                           " on_affiliation_change = '%s', change_days = %d", rule, rule, rule, days);
    cluster_do(world->cluster, sql);
}

/* "name:Hanako Sato>Hanako Suzuki:warn:open …", each change of the person. */
static char *
changes(gint64 person)
{
    char *text = world_text(world, "select string_agg(kind || ':' || old_value || '>' || new_value || ':' || rule || ':' || state,"
                                   " '; ' order by kind, id) from change where person = %N", person);
    return text ? text : g_strdup("");
}

static void G_GNUC_PRINTF(2, 3)
changes_are(gint64 person, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *wanted = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *found = changes(person);
    g_assert_cmpstr(found, ==, wanted);
}

/* How many mails about changes were queued to the person's requests. */
static gint64
told(gint64 person)
{
    return world_int(world, "select count(*) from outbox o join request r on r.number = o.request where o.event = 'change' and"
                            " r.person = %N", person);
}

static gint64
audited(gint64 person, const char *what)
{
    g_autofree char *sql = g_strdup_printf("select count(*) from event where what = '%s' and (detail ->> 'person')::bigint = %%N",
                                           what);
    return world_int(world, sql, person);
}

static gint64
later(int days)
{
    return g_get_real_time() / G_USEC_PER_SEC + (gint64)days * DAY + 1; /* past what was written in this second */
}

static void
work(int days)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(ra_radar_run(world->worker, later(days), &error));
    g_assert_no_error(error);
    g_assert_true(ra_radar_tidy(world->worker, later(days), &error));
    g_assert_no_error(error);
    cluster_do(world->cluster, "delete from job where kind = 'publish'"); /* there is no signer here */
}

static char *
state_of(gint64 number)
{
    return world_text(world, "select state from request where number = %N", number);
}

static void
state_is(gint64 number, const char *wanted)
{
    g_autofree char *state = state_of(number);
    g_assert_cmpstr(state, ==, wanted);
}

static void
renew(gint64 person, gint64 number)
{
    const struct ra_who who = { .person = person, .address = "192.0.2.1" };
    g_autoptr(GError) error = NULL;
    g_autofree char *location = NULL;
    g_assert_true(ra_request_renew(world->portal, &who, number, NULL, &location, &error));
    g_assert_no_error(error);
    g_assert_true(ra_jobs_run(world->worker, &error));
    g_assert_no_error(error);
}

/* --- every rule with every kind ------------------------------------------------------------------------------------------- */

/* The same login but for one thing; which change that is, and whether both certificates are meant or the S/MIME one alone. */
static const struct kind {
    const char *kind;
    gboolean both;
} kinds[] = { { "name", TRUE }, { "mail", FALSE }, { "affiliation", TRUE } };

static void
change_by_login(const char *user, const char *mail, const char *kind)
{
    g_autofree char *other = at_home("new");
    struct says says = { "Hanako Sato", mail, "member@kagami.example staff@kagami.example" };
    if (strcmp(kind, "name") == 0)
        says.name = "Hanako Suzuki";
    else if (strcmp(kind, "mail") == 0)
        says.mails = other;
    else
        says.affiliation = "alum@kagami.example";
    log_in(user, &says);
}

static gint64
open_of_kind(gint64 person, const char *kind)
{
    g_autofree char *sql = g_strdup_printf("select count(*) from change where person = %%N and kind = '%s' and state = 'open'", kind);
    return world_int(world, sql, person);
}

static void
nothing_is_done_by_the_rule_nothing(void)
{
    rules("nothing", 14);
    for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++) {
        g_autofree char *user = NULL, *mail = NULL;
        gint64 client, smime, person = somebody(&user, &mail, &client, &smime);
        change_by_login(user, mail, kinds[k].kind);
        work(1000);
        changes_are(person, "%s", "");
        g_assert_cmpint(told(person), ==, 0);
        state_is(client, "collected");
        state_is(smime, "collected");
    }
}

static void
a_warning_is_told_once_and_revokes_nothing(void)
{
    rules("warn", 14);
    for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++) {
        g_autofree char *user = NULL, *mail = NULL;
        gint64 client, smime, person = somebody(&user, &mail, &client, &smime);
        change_by_login(user, mail, kinds[k].kind);
        g_assert_cmpint(open_of_kind(person, kinds[k].kind), ==, 1);
        g_assert_cmpint(audited(person, "change-seen"), ==, 1);
        gint64 mails = told(person);
        /* The old address and the new one hear of an address. */
        g_assert_cmpint(mails, ==, strcmp(kinds[k].kind, "mail") == 0 ? 2 : 1);
        change_by_login(user, mail, kinds[k].kind);
        work(1000);
        g_assert_cmpint(told(person), ==, mails);
        g_assert_cmpint(audited(person, "change-seen"), ==, 1);
        state_is(client, "collected");
        state_is(smime, "collected");
    }
}

static void
whom_is_asked_to_replace_is_reminded(void)
{
    rules("re-issue", 14);
    for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++) {
        g_autofree char *user = NULL, *mail = NULL;
        gint64 client, smime, person = somebody(&user, &mail, &client, &smime);
        change_by_login(user, mail, kinds[k].kind);
        gint64 once = told(person);
        work(6);
        g_assert_cmpint(told(person), ==, once);
        work(8);
        g_assert_cmpint(told(person), ==, 2 * once);
        work(8);
        g_assert_cmpint(told(person), ==, 2 * once);
        work(40);
        g_assert_cmpint(told(person), ==, 3 * once);
        state_is(client, "collected");
        g_assert_cmpint(open_of_kind(person, kinds[k].kind), ==, 1);
        world_do(world, "update change set state = 'dismissed' where person = %N", person); /* out of the others' way */
    }
}

static void
what_is_to_be_revoked_is_announced_and_then_revoked(void)
{
    rules("revoke", 14);
    for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++) {
        g_autofree char *user = NULL, *mail = NULL;
        gint64 client, smime, person = somebody(&user, &mail, &client, &smime);
        change_by_login(user, mail, kinds[k].kind);
        gint64 once = told(person);
        g_assert_cmpint(once, >, 0);
        work(10);
        g_assert_cmpint(told(person), ==, once);
        work(12); /* three days before */
        g_assert_cmpint(told(person), ==, 2 * once);
        state_is(smime, "collected");
        work(15);
        state_is(smime, "revoking");
        state_is(client, kinds[k].both ? "revoking" : "collected");
        g_assert_cmpint(open_of_kind(person, kinds[k].kind), ==, 0);
        g_assert_cmpint(audited(person, "change-revoked"), ==, 1);
        g_autofree char *reason = world_text(world, "select reason from certificate where request = %N", smime);
        g_assert_cmpstr(reason, ==, "affiliationChanged");
    }
}

static void
without_days_of_grace_it_is_revoked_at_once(void)
{
    g_autofree char *user = NULL, *mail = NULL;
    gint64 client, smime, person = somebody(&user, &mail, &client, &smime);
    rules("revoke", 0);
    change_by_login(user, mail, "name");
    g_assert_cmpint(told(person), ==, 1);
    work(0);
    state_is(client, "revoking");
    state_is(smime, "revoking");
}

/* --- what is a change, and what is none ------------------------------------------------------------------------------------- */

static void
the_same_name_written_otherwise_is_no_change(void)
{
    static const char *const names[] = { "HANAKO SATO", "Sato Hanako", "Hanako  Sato", "Hanako Satō" };
    g_autofree char *user = NULL, *mail = NULL;
    gint64 client, smime, person = somebody(&user, &mail, &client, &smime);
    rules("warn", 14);
    for (size_t i = 0; i + 1 < G_N_ELEMENTS(names); i++) {
        const struct says says = { names[i], mail, "member@kagami.example staff@kagami.example" };
        log_in(user, &says);
    }
    g_autofree char *upper = g_ascii_strup(mail, -1);
    const struct says says = { "Hanako Sato", upper, "staff@kagami.example member@kagami.example alum@kagami.example" };
    log_in(user, &says);
    changes_are(person, "%s", "");
}

static void
what_is_taken_back_is_gone(void)
{
    g_autofree char *user = NULL, *mail = NULL;
    gint64 client, smime, person = somebody(&user, &mail, &client, &smime);
    const struct says before = { "Hanako Sato", mail, "member@kagami.example staff@kagami.example" };
    rules("revoke", 14);
    for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++) {
        change_by_login(user, mail, kinds[k].kind);
        g_assert_cmpint(open_of_kind(person, kinds[k].kind), ==, 1);
        log_in(user, &before);
        g_assert_cmpint(open_of_kind(person, kinds[k].kind), ==, 0);
    }
    g_assert_cmpint(audited(person, "change-reverted"), ==, 3);
    work(1000);
    state_is(client, "collected");
    state_is(smime, "collected");
}

static void
a_name_that_goes_on_changing_is_told_again(void)
{
    g_autofree char *user = NULL, *mail = NULL;
    gint64 client, smime, person = somebody(&user, &mail, &client, &smime);
    struct says says = { "Hanako Suzuki", mail, "member@kagami.example staff@kagami.example" };
    rules("warn", 14);
    log_in(user, &says);
    says.name = "Hanako Tanaka";
    log_in(user, &says);
    changes_are(person, "name:Hanako Sato>Hanako Tanaka:warn:open");
    g_assert_cmpint(told(person), ==, 2);
}

/* One after the other: there is one change, which says all that is lost. */
static void
affiliations_are_lost_one_by_one(void)
{
    g_autofree char *user = NULL, *mail = NULL;
    gint64 client, smime, person = somebody(&user, &mail, &client, &smime);
    struct says says = { "Hanako Sato", mail, "member@kagami.example" };
    rules("warn", 14);
    log_in(user, &says);
    says.affiliation = "alum@kagami.example";
    log_in(user, &says);
    says.affiliation = "alum@kagami.example staff@kagami.example";
    log_in(user, &says);
    g_assert_cmpint(open_of_kind(person, "affiliation"), ==, 1);
    g_autofree char *lost = world_text(world, "select old_value from change where state = 'open' and person = %N", person);
    g_assert_cmpstr(lost, ==, "member@kagami.example");
}

/* Requests from before affiliations were kept with them: the login before tells what was lost. */
static void
of_old_certificates_the_login_before_tells(void)
{
    g_autofree char *user = NULL, *mail = NULL;
    gint64 client, smime, person = somebody(&user, &mail, &client, &smime);
    rules("warn", 14);
    world_do(world, "update request set affiliation = null where person = %N", person);
    change_by_login(user, mail, "affiliation");
    change_by_login(user, mail, "affiliation");
    g_assert_cmpint(open_of_kind(person, "affiliation"), ==, 1);
    const struct says before = { "Hanako Sato", mail, "member@kagami.example staff@kagami.example" };
    log_in(user, &before);
    g_assert_cmpint(open_of_kind(person, "affiliation"), ==, 0);
}

/* By the rule 'revoke' nobody keeps a certificate by renewing it; by the others that is what is asked for. */
static void
a_renewal_does_not_escape_the_revocation(void)
{
    static const struct { const char *rule, *state; } cases[] = { { "revoke", "revoking" }, { "re-issue", "collected" } };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *user = NULL, *mail = NULL;
        gint64 client, smime, person = somebody(&user, &mail, &client, &smime);
        rules(cases[i].rule, 14);
        change_by_login(user, mail, "affiliation");
        renew(person, client);
        g_free(world_collect(world, client));
        work(15);
        state_is(client, cases[i].state);
    }
}

/* An IdP that was set up anew is no reason to take everybody's certificates away. */
static void
an_idp_that_sends_nothing_any_more_revokes_nothing(void)
{
    g_autofree char *user = NULL, *mail = NULL;
    gint64 client, smime, person = somebody(&user, &mail, &client, &smime);
    const struct says says = { "Hanako Sato", "", "" };
    rules("revoke", 0);
    log_in(user, &says);
    changes_are(person, "affiliation:member@kagami.example, staff@kagami.example>:warn:open; mail:%s>:warn:open", mail);
    work(1000);
    state_is(client, "collected");
    state_is(smime, "collected");
}

/* The address of a client certificate is only where our mails go: nothing false stands in it. */
static void
the_address_of_our_mails_is_only_warned_of(void)
{
    g_autofree char *user = g_strdup("contact"), *mail = at_home("contact"), *other = at_home("contact2");
    struct says says = { "Hanako Sato", mail, "member@kagami.example" };
    gint64 person = log_in(user, &says), client = world_ready(world, person, "client", 52);
    g_free(world_collect(world, client));
    rules("revoke", 0);
    says.mails = other;
    log_in(user, &says);
    work(1000);
    changes_are(person, "contact:%s>%s:warn:open", mail, other);
    state_is(client, "collected");
    g_autofree char *to = world_text(world, "select string_agg(recipient, ' ' order by recipient) from outbox where request = %N"
                                            " and event = 'change'", client);
    g_assert_cmpstr(to, ==, "contact2@kagami.example contact@kagami.example");
}

/* A13: what opens something goes to the address that the request was made with, wherever else we write to. */
static void
no_mail_about_a_change_has_a_secret(void)
{
    g_assert_cmpint(world_int(world, "select count(*) from outbox where event in ('change', 'in-use') and sealed is not null", 0),
                    ==, 0);
}

static void
an_ended_certificate_is_no_concern(void)
{
    g_autofree char *user = NULL, *mail = NULL;
    gint64 client, smime, person = somebody(&user, &mail, &client, &smime);
    rules("warn", 14);
    change_by_login(user, mail, "name");
    world_do(world, "update request set state = 'revoked' where person = %N", person);
    work(0);
    changes_are(person, "name:Hanako Sato>Hanako Suzuki:warn:over");
    change_by_login(user, mail, "name");
    changes_are(person, "name:Hanako Sato>Hanako Suzuki:warn:over");
}

/* --- renewing under another name -------------------------------------------------------------------------------------------- */

static void
names_are(gint64 number, const char *wanted)
{
    g_autofree char *names = world_text(world, "select common_name || '>' || coalesce(cycle_name, '') from request where number = %N",
                                        number);
    g_assert_cmpstr(names, ==, wanted);
}

static void
a_renewal_takes_the_new_name(void)
{
    g_autofree char *user = NULL, *mail = NULL;
    gint64 client, smime, person = somebody(&user, &mail, &client, &smime);
    rules("re-issue", 14);
    change_by_login(user, mail, "name");
    renew(person, client);
    names_are(client, "Hanako Sato>Hanako Suzuki"); /* until it is collected the certificate in hand has the old one */
    g_free(world_collect(world, client));
    names_are(client, "Hanako Suzuki>");
    work(0);
    changes_are(person, "name:Hanako Sato>Hanako Suzuki:re-issue:open"); /* the other one still has it */
    renew(person, smime);
    g_free(world_collect(world, smime));
    work(0);
    changes_are(person, "name:Hanako Sato>Hanako Suzuki:re-issue:over");
}

static void
a_renewal_that_comes_to_nothing_leaves_the_name(void)
{
    g_autofree char *user = NULL, *mail = NULL;
    gint64 client, smime, person = somebody(&user, &mail, &client, &smime);
    const struct ra_who who = { .person = person, .address = "192.0.2.1" };
    g_autofree char *location = NULL;
    rules("warn", 14);
    change_by_login(user, mail, "name");
    renew(person, client);
    g_assert_true(ra_request_withdraw(world->portal, &who, client, NULL, &location, NULL));
    names_are(client, "Hanako Sato>");
}

static void
by_the_rule_nothing_a_renewal_keeps_the_name(void)
{
    g_autofree char *user = NULL, *mail = NULL;
    gint64 client, smime, person = somebody(&user, &mail, &client, &smime);
    rules("nothing", 14);
    change_by_login(user, mail, "name");
    renew(person, client);
    names_are(client, "Hanako Sato>");
}

/* --- officers and owners ---------------------------------------------------------------------------------------------------- */

static RaOfficer
officer_of(gint64 institution)
{
    return (RaOfficer){ .person = world->other, .institution = institution, .role = "officer", .address = "192.0.2.2" };
}

static gint64
the_change(gint64 person)
{
    return world_int(world, "select max(id) from change where person = %N and state = 'open'", person);
}

static void
officers_see_their_own_institution_only(void)
{
    static gint64 elsewhere;
    g_autofree char *user = NULL, *mail = NULL;
    gint64 client, smime, person = somebody(&user, &mail, &client, &smime);
    if (!elsewhere)
        elsewhere = cluster_institution(world->cluster, "Radar Elsewhere", "elsewhere.example", "https://idp9.example/idp");
    const RaOfficer here = officer_of(world->institution), there = officer_of(elsewhere);
    rules("warn", 14);
    change_by_login(user, mail, "name");
    gint64 change = the_change(person);

    g_autoptr(GError) error = NULL, missing = NULL, refused = NULL;
    g_autoptr(GPtrArray) mine = ra_radar_list(world->portal, &here, 0, 0, RA_RADAR_PAGE, &error);
    g_assert_no_error(error);
    g_assert_cmpint(((RaRadarChange *)mine->pdata[0])->id, ==, change);
    g_assert_cmpint(((RaRadarChange *)mine->pdata[0])->count, ==, 2);
    g_autoptr(GPtrArray) theirs = ra_radar_list(world->portal, &there, world->institution, 0, RA_RADAR_PAGE, &error);
    g_assert_cmpint(theirs->len, ==, 0);
    g_assert_cmpint(ra_radar_count(world->portal, &there, 0, &error), ==, 0);
    g_assert_cmpint(ra_radar_count(world->portal, &here, 0, &error), >, 0);
    g_assert_null(ra_radar_get(world->portal, &there, change, &missing));
    g_assert_error(missing, RA_ERROR, RA_ERROR_NOT_FOUND);
    g_assert_false(ra_radar_act(world->portal, &there, change, "dismiss", "not mine", NULL, NULL, &refused));
    g_assert_error(refused, RA_ERROR, RA_ERROR_NOT_FOUND);
    changes_are(person, "name:Hanako Sato>Hanako Suzuki:warn:open");
}

static void
what_an_officer_puts_away_is_not_reported_again(void)
{
    g_autofree char *user = NULL, *mail = NULL;
    gint64 client, smime, person = somebody(&user, &mail, &client, &smime);
    const RaOfficer officer = officer_of(world->institution);
    g_autoptr(GError) error = NULL, missing = NULL;
    rules("revoke", 14);
    change_by_login(user, mail, "name");
    gint64 change = the_change(person);
    g_assert_false(ra_radar_act(world->portal, &officer, change, "dismiss", " ", NULL, NULL, &missing));
    g_assert_error(missing, RA_ERROR, RA_ERROR_INPUT);
    g_assert_true(ra_radar_act(world->portal, &officer, change, "dismiss", "a pen name", NULL, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpint(audited(person, "change-dismissed"), ==, 1);
    change_by_login(user, mail, "name");
    work(1000);
    changes_are(person, "name:Hanako Sato>Hanako Suzuki:revoke:dismissed");
    state_is(client, "collected");
    g_assert_cmpint(told(person), ==, 1);
}

static void
an_officer_has_the_owner_told_again(void)
{
    g_autofree char *user = NULL, *mail = NULL;
    gint64 client, smime, person = somebody(&user, &mail, &client, &smime);
    const RaOfficer officer = officer_of(world->institution);
    g_autoptr(GError) error = NULL;
    rules("warn", 14);
    change_by_login(user, mail, "affiliation");
    g_assert_true(ra_radar_act(world->portal, &officer, the_change(person), "mail", NULL, NULL, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpint(told(person), ==, 2);
    g_assert_cmpint(audited(person, "change-mailed"), ==, 1);
}

static void
a_warning_that_was_read_is_out_of_the_owners_sight(void)
{
    g_autofree char *user = NULL, *mail = NULL;
    gint64 client, smime, person = somebody(&user, &mail, &client, &smime);
    const struct ra_who owner = { .person = person }, other = { .person = world->other };
    g_autoptr(GError) error = NULL, refused = NULL;
    rules("warn", 14);
    change_by_login(user, mail, "name");
    gint64 change = the_change(person);
    g_autoptr(GPtrArray) before = ra_radar_of_person(world->portal, person, &error);
    g_assert_cmpint(before->len, ==, 1);
    g_assert_false(ra_radar_known(world->portal, &other, change, NULL, NULL, &refused));
    g_assert_true(ra_radar_known(world->portal, &owner, change, NULL, NULL, &error));
    g_assert_no_error(error);
    g_autoptr(GPtrArray) after = ra_radar_of_person(world->portal, person, &error);
    g_assert_cmpint(after->len, ==, 0);
    changes_are(person, "name:Hanako Sato>Hanako Suzuki:warn:open"); /* the helpdesk still sees it */
}

/* --- whom nobody has seen ----------------------------------------------------------------------------------------------------- */

static void
the_absent_are_found_asked_and_revoked(void)
{
    g_autofree char *users[3] = { NULL }, *mails[3] = { NULL };
    gint64 client[3], smime[3], person[3];
    const RaOfficer officer = officer_of(world->institution);
    struct ra_absent_query query = { .months = 12 };
    g_autoptr(GError) error = NULL, wrong = NULL, refused = NULL;
    for (int i = 0; i < 3; i++) {
        person[i] = somebody(&users[i], &mails[i], &client[i], &smime[i]);
        world_do(world, i == 0   ? "update person set seen_at = now() - interval '13 months' where id = %N"
                        : i == 1 ? "update person set seen_at = now() - interval '25 months' where id = %N"
                                 : "update person set seen_at = now() - interval '11 months' where id = %N", person[i]);
    }
    g_autoptr(GPtrArray) year = ra_radar_absent(world->portal, &officer, &query, later(0), 50, &error);
    g_assert_no_error(error);
    g_assert_cmpint(year->len, ==, 2);
    g_assert_cmpint(((RaAbsent *)year->pdata[0])->id, ==, person[1]); /* who was seen least recently comes first */
    g_assert_cmpint(((RaAbsent *)year->pdata[0])->active, ==, 2);
    query.key = ((RaAbsent *)year->pdata[0])->key;
    query.person = person[1];
    g_autoptr(GPtrArray) rest = ra_radar_absent(world->portal, &officer, &query, later(0), 50, &error);
    g_assert_cmpint(rest->len, ==, 1);
    query = (struct ra_absent_query){ .months = 24 };
    g_autoptr(GPtrArray) two_years = ra_radar_absent(world->portal, &officer, &query, later(0), 50, &error);
    g_assert_cmpint(two_years->len, ==, 1);
    query.months = 13;
    g_assert_null(ra_radar_absent(world->portal, &officer, &query, later(0), 50, &wrong));
    g_assert_error(wrong, RA_ERROR, RA_ERROR_INPUT);

    g_autofree char *one = g_strdup_printf("%" G_GINT64_FORMAT, person[0]), *two = g_strdup_printf("%" G_GINT64_FORMAT, person[1]);
    const char *const both[] = { one, two, NULL }, *const some[] = { two, "999999999", NULL };
    g_assert_false(ra_radar_ask(world->portal, &officer, some, NULL, NULL, &refused));
    g_assert_error(refused, RA_ERROR, RA_ERROR_NOT_FOUND);
    g_assert_cmpint(world_int(world, "select count(*) from outbox where event = 'in-use'", 0), ==, 0);
    g_assert_true(ra_radar_ask(world->portal, &officer, both, NULL, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpint(world_int(world, "select count(*) from outbox where event = 'in-use'", 0), ==, 2);
    g_assert_cmpint(audited(person[1], "in-use-asked"), ==, 1);
    g_assert_true(ra_radar_revoke(world->portal, &officer, both, "cessationOfOperation", "gone", NULL, NULL, &error));
    g_assert_no_error(error);
    for (int i = 0; i < 3; i++)
        state_is(client[i], i < 2 ? "revoking" : "collected");
    query = (struct ra_absent_query){ .months = 6 };
    g_autoptr(GPtrArray) left = ra_radar_absent(world->portal, &officer, &query, later(0), 50, &error);
    g_assert_cmpint(left->len, ==, 1);
}

static void
all_rounds_of_the_worker_run(void)
{
    g_assert_true(ra_sweep(world->worker, later(0)));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    world = world_new(NULL);
    g_test_add_func("/radar/nothing is done by the rule nothing", nothing_is_done_by_the_rule_nothing);
    g_test_add_func("/radar/a warning is told once and revokes nothing", a_warning_is_told_once_and_revokes_nothing);
    g_test_add_func("/radar/whom is asked to replace is reminded", whom_is_asked_to_replace_is_reminded);
    g_test_add_func("/radar/what is to be revoked is announced", what_is_to_be_revoked_is_announced_and_then_revoked);
    g_test_add_func("/radar/without grace it is revoked at once", without_days_of_grace_it_is_revoked_at_once);
    g_test_add_func("/radar/the same name written otherwise", the_same_name_written_otherwise_is_no_change);
    g_test_add_func("/radar/what is taken back is gone", what_is_taken_back_is_gone);
    g_test_add_func("/radar/a name that goes on changing", a_name_that_goes_on_changing_is_told_again);
    g_test_add_func("/radar/an IdP that sends nothing revokes nothing", an_idp_that_sends_nothing_any_more_revokes_nothing);
    g_test_add_func("/radar/the address of our mails", the_address_of_our_mails_is_only_warned_of);
    g_test_add_func("/radar/affiliations are lost one by one", affiliations_are_lost_one_by_one);
    g_test_add_func("/radar/of old certificates the login before tells", of_old_certificates_the_login_before_tells);
    g_test_add_func("/radar/a renewal does not escape", a_renewal_does_not_escape_the_revocation);
    g_test_add_func("/radar/an ended certificate is no concern", an_ended_certificate_is_no_concern);
    g_test_add_func("/radar/a renewal takes the new name", a_renewal_takes_the_new_name);
    g_test_add_func("/radar/a renewal that comes to nothing", a_renewal_that_comes_to_nothing_leaves_the_name);
    g_test_add_func("/radar/by the rule nothing a renewal keeps the name", by_the_rule_nothing_a_renewal_keeps_the_name);
    g_test_add_func("/radar/officers see their own institution", officers_see_their_own_institution_only);
    g_test_add_func("/radar/what is put away is not reported again", what_an_officer_puts_away_is_not_reported_again);
    g_test_add_func("/radar/the owner is told again", an_officer_has_the_owner_told_again);
    g_test_add_func("/radar/a warning that was read", a_warning_that_was_read_is_out_of_the_owners_sight);
    g_test_add_func("/radar/the absent", the_absent_are_found_asked_and_revoked);
    g_test_add_func("/radar/no mail has a secret", no_mail_about_a_change_has_a_secret);
    g_test_add_func("/radar/all rounds run", all_rounds_of_the_worker_run);
    int status = g_test_run();
    world_free(world);
    return status;
}
