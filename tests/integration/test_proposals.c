/* Two officers for one act: nobody is the second of the own proposal, two confirmations do it once, what is emergency never waits;
   and officers who apply on behalf of a person. */
#include <string.h>

#include "ra/error.h"
#include "ra/proposal.h"
#include "tests/integration/cluster_ra.h"

static World *world;
static gint64 first, second, stranger; /* persons: two officers of the institution, one of another */
static guint8 forms;

static RaOfficer
officer(gint64 person, const char *role)
{
    gboolean all = strcmp(role, "operator") == 0;
    return (RaOfficer){ .person = person, .institution = all ? 0 : world->institution, .role = role, .address = "192.0.2.7" };
}

static GBytes *
new_key(void)
{
    guint8 bytes[32] = { ++forms, 7 };
    return g_bytes_new(bytes, sizeof bytes);
}

static void
demand(const char *acts)
{
    g_autofree char *sql = g_strdup_printf("update institution set two_officers = '{%s}' where id = %%N", acts);
    world_do(world, sql, world->institution);
}

/* The proposal that an act became; 0: it was done. */
static gint64
proposal_of(const char *location)
{
    const char *start = "/helpdesk/proposals/";
    return g_str_has_prefix(location, start) ? g_ascii_strtoll(location + strlen(start), NULL, 10) : 0;
}

static gint64
act(gint64 who, gint64 number, const char *event, const char *words)
{
    const RaOfficer by = officer(who, "officer");
    g_autoptr(GBytes) key = new_key();
    const struct ra_form form = { key, "/helpdesk/requests/%N" };
    g_autofree char *location = NULL;
    g_autoptr(GError) error = NULL;
    gboolean ok = ra_officer_act(world->portal, &by, number, event, words, &form, &location, &error);
    g_assert_no_error(error);
    g_assert_true(ok);
    return proposal_of(location);
}

/* WHO's decision; "" where it is done, otherwise the rule. */
static char *
decide_as(RaContext *ctx, const RaOfficer *by, gint64 id, const char *how, const char *words)
{
    g_autoptr(GBytes) key = new_key();
    const struct ra_form form = { key, "/helpdesk/proposals/%N" };
    g_autofree char *location = NULL;
    g_autoptr(GError) error = NULL;
    gboolean ok = ra_proposal_decide(ctx, by, id, how, words, &form, &location, &error);
    g_assert_true(ok == (error == NULL));
    return g_strdup(ra_error_rule(error));
}

static void
assert_decision(gint64 who, const char *role, gint64 id, const char *how, const char *words, const char *wanted)
{
    const RaOfficer by = officer(who, role);
    g_autofree char *rule = decide_as(world->portal, &by, id, how, words);
    g_assert_cmpstr(rule, ==, wanted);
}

static void
assert_text(const char *format, gint64 number, const char *wanted)
{
    g_autofree char *text = world_text(world, format, number);
    g_assert_cmpstr(text, ==, wanted);
}

/* A request that waits for approval. */
static gint64
asking(void)
{
    world_do(world, "update institution set approval = true where id = %N", world->institution);
    gint64 number = cluster_request(world->cluster, world->person, "client", 13);
    world_do(world, "update institution set approval = false where id = %N", world->institution);
    return number;
}

/* --- two officers --------------------------------------------------------------------------------------------------------- */

static void
what_policy_names_waits_for_a_second_officer(void)
{
    gint64 alone = asking(), two = asking();
    demand("");
    g_assert_cmpint(act(first, alone, "approve", ""), ==, 0);
    assert_text("select state from request where number = %N", alone, "applied");
    demand("approve");
    gint64 id = act(first, two, "approve", "knows him");
    g_assert_cmpint(id, >, 0);
    assert_text("select state from request where number = %N", two, "approval");
    assert_decision(second, "officer", id, "confirm", "so do I", "");
    assert_text("select state from request where number = %N", two, "applied");
    /* Both names, in the act's own row and in the proposal's. */
    g_autofree char *wanted = g_strdup_printf("officer:%" G_GINT64_FORMAT " officer:%" G_GINT64_FORMAT " knows him", second, first);
    assert_text("select actor || ' ' || (detail ->> 'proposer') || ' ' || (detail ->> 'note') from event where request = %N"
                " and what = 'approve'", two, wanted);
    assert_text("select string_agg(what || ' ' || (detail ->> 'note'), ',' order by id) from event where request = %N"
                " and what in ('propose', 'confirm')", two, "propose knows him,confirm so do I");
    demand("");
}

static void
nobody_is_the_second_officer_of_the_own_proposal(void)
{
    gint64 number = asking();
    demand("approve");
    gint64 id = act(first, number, "approve", "");
    assert_decision(first, "officer", id, "confirm", "", "same-officer");
    assert_decision(first, "operator", id, "confirm", "", "same-officer"); /* the same human in another role */
    assert_decision(first, "officer", id, "decline", "no", "same-officer");
    assert_decision(second, "officer", id, "withdraw", "", "other-officer");
    assert_text("select state from proposal where id = %N", id, "open");
    /* Nor does any program get past the table: not even as its owner. */
    for (int i = 0; i < 2; i++) {
        g_autofree char *sql = g_strdup_printf("update proposal set state = 'done', decided_at = now(), decided_by = '%s:%" G_GINT64_FORMAT
                                               "' where id = %" G_GINT64_FORMAT, i ? "operator" : "officer", first, id);
        g_autofree char *refused = cluster_try(world->cluster, "owner", sql);
        g_assert_nonnull(refused);
        g_assert_nonnull(strstr(refused, "proposal_two_officers"));
    }
    assert_decision(second, "operator", id, "confirm", "", "");
    demand("");
}

static void
what_is_decided_stays(void)
{
    gint64 number = asking();
    demand("approve");
    gint64 id = act(first, number, "approve", "");
    assert_decision(second, "officer", id, "decline", " ", "refusal-missing");
    assert_decision(second, "officer", id, "decline", "not one of ours", "");
    assert_decision(second, "officer", id, "confirm", "", "decided");
    assert_decision(first, "officer", id, "withdraw", "", "decided");
    assert_text("select state from request where number = %N", number, "approval");
    static const char *const changes[] = { "update proposal set state = 'open', decided_at = null, decided_by = null where id = ",
                                           "update proposal set decision = 'x' where id = ", "delete from proposal where id = " };
    for (size_t i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_autofree char *sql = g_strdup_printf("%s%" G_GINT64_FORMAT, changes[i], id);
        g_autofree char *refused = cluster_try(world->cluster, "owner", sql);
        g_assert_cmpstr(refused, ==, "IK000 proposal-kept");
    }
    /* It can be proposed anew, one at a time. */
    g_assert_cmpint(act(first, number, "approve", ""), >, id);
    const RaOfficer by = officer(second, "officer");
    g_autoptr(GBytes) key = new_key();
    const struct ra_form form = { key, "/" };
    g_autofree char *location = NULL;
    g_autoptr(GError) error = NULL;
    g_assert_false(ra_officer_act(world->portal, &by, number, "approve", "", &form, &location, &error));
    g_assert_cmpstr(ra_error_rule(error), ==, "proposed");
    demand("");
}

static gint64 raced;

static int
confirm_once(int i, gpointer data)
{
    g_autoptr(RaContext) ctx = world_context(world, "portal");
    const RaOfficer by = officer(i % 2 ? second : world->other, i % 3 ? "officer" : "operator");
    forms = (guint8)(100 + i);
    g_autofree char *rule = decide_as(ctx, &by, raced, "confirm", "");
    (void)data;
    return *rule == '\0' ? 1 : strcmp(rule, "decided") == 0 ? 0 : 100;
}

static void
confirmations_at_once_do_it_once(void)
{
    gint64 number = asking();
    demand("approve");
    raced = act(first, number, "approve", "");
    g_assert_cmpint(world_together(16, confirm_once, NULL), ==, 1);
    g_assert_cmpint(world_int(world, "select count(*) from event where request = %N and what in ('approve', 'confirm')", number), ==, 2);
    g_assert_cmpint(world_int(world, "select count(*) from job where request = %N", number), ==, 1);
    demand("");
}

static void
a_proposal_ends_with_its_time(void)
{
    gint64 number = asking();
    demand("approve");
    gint64 id = act(first, number, "approve", "");
    cluster_do(world->cluster, "alter table proposal disable trigger proposal_is_kept");
    world_do(world, "update proposal set ends_at = now() - interval '1 second' where id = %N", id);
    cluster_do(world->cluster, "alter table proposal enable trigger proposal_is_kept");
    assert_decision(second, "officer", id, "confirm", "", "proposal-ended"); /* whether the worker has come by or not */
    assert_text("select state from request where number = %N", number, "approval");
    g_autoptr(GError) error = NULL;
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    g_assert_true(ra_proposal_sweep(world->worker, now, &error));
    assert_text("select state || ' ' || decided_by from proposal where id = %N", id, "ended worker");
    g_assert_cmpint(world_int(world, "select count(*) from event where what = 'proposal-ended' and request = %N", number), ==, 1);
    g_assert_true(ra_proposal_sweep(world->worker, now, &error));
    g_assert_cmpint(world_int(world, "select count(*) from event where what = 'proposal-ended' and request = %N", number), ==, 1);
    demand("");
}

static void
another_institution_s_proposal_is_not_there(void)
{
    gint64 number = asking();
    demand("approve");
    gint64 id = act(first, number, "approve", "");
    const RaOfficer by = { .person = stranger, .institution = cluster_int(world->cluster, "select institution from person order by id desc limit 1"),
                           .role = "officer", .address = "" };
    g_autofree char *rule = decide_as(world->portal, &by, id, "confirm", "");
    g_assert_cmpstr(rule, ==, "request");
    g_autoptr(GPtrArray) list = ra_proposal_list(world->portal, &by, world->institution, TRUE, 0, NULL);
    g_assert_cmpint(list->len, ==, 0);
    demand("");
}

/* --- revoking ------------------------------------------------------------------------------------------------------------- */

static gint64
take_back(const RaOfficer *by, const struct ra_desk_choice *choice)
{
    g_autoptr(GBytes) key = new_key();
    const struct ra_form form = { key, "/helpdesk/people/%N" };
    g_autofree char *location = NULL;
    g_autoptr(GError) error = NULL;
    gboolean ok = ra_officer_revoke(world->portal, by, choice, "keyCompromise", "stolen", &form, &location, &error);
    g_assert_no_error(error);
    g_assert_true(ok);
    return proposal_of(location);
}

static gint64
request_on(const char *memo)
{
    gint64 number = cluster_request(world->cluster, world->other, "client", 13);
    g_autofree char *sql = g_strdup_printf("update request set memo = '%s' where number = %%N", memo);
    world_do(world, sql, number);
    return number;
}

static void
withdraw(gint64 number)
{
    const struct ra_who owner = { .person = world->other };
    g_autoptr(GError) error = NULL;
    gboolean ok = ra_request_withdraw(world->portal, &owner, number, NULL, NULL, &error);
    g_assert_no_error(error);
    g_assert_true(ok);
}

static void
an_emergency_never_waits(void)
{
    const RaOfficer by = officer(first, "revoker"), owner = officer(world->other, "person");
    demand("revoke-many,approve,new-pin,apply");
    gint64 one = request_on("laptop"), two = request_on("laptop"), three = request_on("phone");
    const struct ra_desk_choice device = { .person = world->other, .memo = "laptop" };
    g_assert_cmpint(take_back(&by, &device), ==, 0);
    assert_text("select state from request where number = %N", one, "lapsed");
    assert_text("select state from request where number = %N", two, "lapsed");
    g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, three);
    const char *const numbers[] = { number, NULL };
    const struct ra_desk_choice single = { .person = world->other, .numbers = numbers };
    g_assert_cmpint(take_back(&by, &single), ==, 0);
    assert_text("select state from request where number = %N", three, "lapsed");
    /* And the owner needs no officer at all. */
    (void)request_on("laptop");
    (void)request_on("phone");
    const struct ra_desk_choice all = { .person = world->other };
    g_assert_cmpint(take_back(&owner, &all), ==, 0);
    demand("");
}

static void
everything_of_a_person_is_what_there_is_at_confirmation(void)
{
    const RaOfficer by = officer(first, "officer");
    const struct ra_desk_choice all = { .person = world->other };
    demand("revoke-many");
    gint64 one = request_on("laptop"), two = request_on("phone");
    gint64 id = take_back(&by, &all);
    g_assert_cmpint(id, >, 0);
    gint64 later = request_on("tablet");
    withdraw(one);
    assert_decision(second, "revoker", id, "confirm", "", "");
    assert_text("select state from request where number = %N", two, "lapsed");
    assert_text("select state from request where number = %N", later, "lapsed");
    assert_text("select detail ->> 'note' from event where request = %N and what = 'withdraw'", two, "stolen");
    demand("");
}

static void
where_nothing_is_left_nothing_is_decided(void)
{
    const RaOfficer by = officer(first, "officer");
    demand("revoke-many");
    gint64 made[] = { request_on("laptop"), request_on("phone") };
    g_autofree char *a = g_strdup_printf("%" G_GINT64_FORMAT, made[0]), *b = g_strdup_printf("%" G_GINT64_FORMAT, made[1]);
    const char *const numbers[] = { a, b, NULL };
    const struct ra_desk_choice choice = { .person = world->other, .numbers = numbers };
    gint64 id = take_back(&by, &choice), untouched = request_on("tablet");
    for (size_t i = 0; i < G_N_ELEMENTS(made); i++)
        withdraw(made[i]);
    assert_decision(second, "officer", id, "confirm", "", "state");
    assert_text("select state from proposal where id = %N", id, "open"); /* the confirmation went back with the act */
    assert_text("select state from request where number = %N", untouched, "applied");
    assert_decision(first, "officer", id, "withdraw", "", "");
    withdraw(untouched);
    demand("");
}

/* --- on behalf of a person ------------------------------------------------------------------------------------------------ */

static char *
apply_for(const struct ra_application *what, gint64 *number, gint64 *proposal)
{
    const RaOfficer by = officer(first, "officer");
    g_autoptr(GBytes) key = new_key();
    const struct ra_form form = { key, "%N" };
    g_autofree char *location = NULL;
    g_autoptr(GError) error = NULL;
    if (ra_proposal_apply(world->portal, &by, world->person, what, "asked at the desk", &form, &location, &error)) {
        *proposal = proposal_of(location);
        *number = *proposal ? 0 : g_ascii_strtoll(location, NULL, 10);
    }
    return g_strdup(ra_error_rule(error));
}

static void
an_officer_applies_for_a_person_by_the_person_s_rules(void)
{
    const struct ra_application good = { .type = "client", .months = 13, .memo = "exam room" };
    const struct ra_application foreign = { .type = "client", .months = 13, .mail = "somebody@else.example" };
    const struct ra_application long_one = { .type = "client", .months = 61 };
    gint64 number = 0, proposal = 0;
    g_autofree char *rule = apply_for(&good, &number, &proposal), *mail = apply_for(&foreign, &number, &proposal),
                   *months = apply_for(&long_one, &number, &proposal);
    g_assert_cmpstr(rule, ==, "");
    g_assert_cmpstr(mail, ==, "mail");
    g_assert_cmpstr(months, ==, "months");
    g_assert_cmpint(world_int(world, "select person from request where number = %N", number), ==, world->person);
    assert_text("select memo || ' ' || state from request where number = %N", number, "exam room applied");
    g_autofree char *wanted = g_strdup_printf("officer:%" G_GINT64_FORMAT " asked at the desk", first);
    assert_text("select actor || ' ' || (detail ->> 'note') from event where request = %N and what = 'apply'", number, wanted);
    assert_text("select string_agg(event || ' ' || (detail ->> 'event'), ',') from outbox where request = %N", number, "officer-act apply");
    /* The person has not logged in for it. */
    cluster_do(world->cluster, "update profile set contexts = '{urn:strong}' where type = 'client' and months = 13");
    g_autofree char *context = apply_for(&good, &number, &proposal);
    g_assert_cmpstr(context, ==, "context");
    cluster_do(world->cluster, "update profile set contexts = '{}' where type = 'client' and months = 13");
}

static void
an_application_may_need_two(void)
{
    const struct ra_application good = { .type = "client", .months = 13, .memo = "exam room 2" };
    const struct ra_application foreign = { .type = "client", .months = 13, .mail = "somebody@else.example" };
    gint64 number = 0, proposal = 0;
    demand("apply");
    g_autofree char *refused = apply_for(&foreign, &number, &proposal);
    g_assert_cmpstr(refused, ==, "mail"); /* already now, not only in the end */
    g_autofree char *rule = apply_for(&good, &number, &proposal);
    g_assert_cmpstr(rule, ==, "");
    g_assert_cmpint(number, ==, 0);
    assert_decision(second, "officer", proposal, "confirm", "", "");
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from request where memo = 'exam room 2'"), ==, 1);
    demand("");
}

static void
a_locked_pickup_is_unlocked_and_the_mail_says_so(void)
{
    demand("");
    gint64 number = world_ready(world, world->person, "client", 13);
    world_do(world, "update pickup set tries = 5, locked_at = now() where request = %N", number);
    g_assert_cmpint(act(first, number, "new-pin", ""), ==, 0);
    assert_text("select detail ->> 'event' from outbox where request = %N and event = 'officer-act'", number, "unlock");
}

static void
renewing_for_a_person_mails_the_person(void)
{
    gint64 number = world_ready(world, world->person, "client", 13);
    g_autofree char *serial = world_collect(world, number);
    g_assert_cmpint(act(first, number, "renew", ""), ==, 0);
    assert_text("select state from request where number = %N", number, "renewing");
    assert_text("select detail ->> 'event' from outbox where request = %N and event = 'officer-act'", number, "renew");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    world = world_new(NULL);
    first = cluster_person(world->cluster, world->institution, "first");
    second = cluster_person(world->cluster, world->institution, "second");
    stranger = cluster_person(world->cluster, cluster_institution(world->cluster, "Minato", "minato.example", "https://idp2.example"), "far");
    g_test_add_func("/two/what policy names waits for a second officer", what_policy_names_waits_for_a_second_officer);
    g_test_add_func("/two/nobody is the second officer of the own proposal", nobody_is_the_second_officer_of_the_own_proposal);
    g_test_add_func("/two/what is decided stays", what_is_decided_stays);
    g_test_add_func("/two/confirmations at once do it once", confirmations_at_once_do_it_once);
    g_test_add_func("/two/a proposal ends with its time", a_proposal_ends_with_its_time);
    g_test_add_func("/two/another institution's proposal is not there", another_institution_s_proposal_is_not_there);
    g_test_add_func("/revoke/an emergency never waits", an_emergency_never_waits);
    g_test_add_func("/revoke/everything of a person is what there is at confirmation",
                    everything_of_a_person_is_what_there_is_at_confirmation);
    g_test_add_func("/revoke/where nothing is left nothing is decided", where_nothing_is_left_nothing_is_decided);
    g_test_add_func("/behalf/an officer applies for a person by the person's rules", an_officer_applies_for_a_person_by_the_person_s_rules);
    g_test_add_func("/behalf/an application may need two", an_application_may_need_two);
    g_test_add_func("/behalf/renewing for a person mails the person", renewing_for_a_person_mails_the_person);
    g_test_add_func("/unlock/a locked pickup is unlocked and the mail says so", a_locked_pickup_is_unlocked_and_the_mail_says_so);
    int status = g_test_run();
    world_free(world);
    return status;
}
