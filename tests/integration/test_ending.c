/* What ends soon, and the mails by which an officer reminds: who gets one, what it lists, once however often and by how many. */
#include <string.h>

#include "ra/ending.h"
#include "ra/error.h"
#include "ra/jobs.h"
#include "ra/person.h"
#include "ra/request.h"
#include "tests/integration/cluster_ra.h"

static World *world;
static gint64 desk; /* the officer */

static gint64
now(void)
{
    return cluster_int(world->cluster, "select extract(epoch from now())::bigint");
}

static RaOfficer
officer(void)
{
    return (RaOfficer){ .person = desk, .institution = world->institution, .role = "officer", .address = "192.0.2.1" };
}

/* A new person's collected request that ends in so many days, at the same hour. */
static gint64
ending(gint64 person, int days)
{
    gint64 number = world_ready(world, person, "client", 52);
    g_autofree char *serial = world_collect(world, number);
    g_autofree char *sql = g_strdup_printf("update request set not_after = date_trunc('second', now()) + interval '%d days' where number = %%N", days);
    world_do(world, sql, number);
    return number;
}

static gint64
somebody(void)
{
    static int n;
    g_autofree char *name = g_strdup_printf("ends%d", n++);
    return cluster_person(world->cluster, world->institution, name);
}

static void
start(void)
{
    cluster_do(world->cluster, "update request set not_after = '2099-01-01'");
    cluster_do(world->cluster, "delete from ending_mail");
    cluster_do(world->cluster, "delete from outbox where event = 'renewal-due'");
}

static gboolean
remind(const RaOfficer *who, const char *const *numbers, gint64 days, GError **error)
{
    return ra_ending_remind(world->portal, who, 0, numbers, days, NULL, NULL, error);
}

static void
nobody_is_left(const char *const *numbers, gint64 days)
{
    g_autoptr(GError) error = NULL;
    const RaOfficer who = officer();
    g_assert_false(remind(&who, numbers, days, &error));
    g_assert_error(error, RA_ERROR, RA_ERROR_CONFLICT);
}

static gint64
mails(void)
{
    return cluster_int(world->cluster, "select count(*) from outbox where event = 'renewal-due'");
}

static void
each_owner_gets_one_mail(void)
{
    start();
    gint64 one = somebody(), two = somebody(), first = ending(one, 5), second = ending(one, 20), other = ending(two, 10);
    ending(two, 40);
    const RaOfficer who = officer();
    g_assert_true(remind(&who, NULL, 28, NULL));
    g_assert_cmpint(mails(), ==, 2);
    g_assert_cmpint(world_int(world, "select jsonb_array_length(detail -> 'items') from outbox where event = 'renewal-due' and request = %N",
                              first), ==, 2);
    g_assert_cmpint(world_int(world, "select (detail ->> 'days')::integer from outbox where event = 'renewal-due' and request = %N", first),
                    ==, 5);
    g_assert_cmpint(world_int(world, "select count(*) from outbox where event = 'renewal-due' and request = %N", second), ==, 0);
    g_assert_cmpint(world_int(world, "select count(*) from outbox where event = 'renewal-due' and not detail ? 'items' and request = %N",
                              other), ==, 1);
    const gint64 all[] = { first, second, other };
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++) {
        g_autofree char *actor = world_text(world, "select actor from event where what = 'remind' and request = %N", all[i]);
        g_assert_true(g_str_has_prefix(actor, "officer:"));
    }
}

static void
once_in_so_many_days(void)
{
    start();
    gint64 number = ending(somebody(), 10);
    const RaOfficer who = officer();
    g_assert_true(remind(&who, NULL, 28, NULL));
    nobody_is_left(NULL, 28);
    world_do(world, "update ending_mail set sent_at = now() - interval '6 days 23 hours' where request = %N", number);
    nobody_is_left(NULL, 28);
    world_do(world, "update ending_mail set sent_at = now() - interval '7 days 1 hour' where request = %N", number);
    g_assert_true(remind(&who, NULL, 28, NULL));
    g_assert_cmpint(mails(), ==, 2);
}

static void
who_wants_none_gets_none(void)
{
    start();
    gint64 quiet = somebody();
    const struct ra_who self = { .person = quiet };
    g_assert_true(ra_person_set_notices(world->portal, &self, FALSE, NULL));
    ending(quiet, 10);
    nobody_is_left(NULL, 28);
    struct db_ending_sums sums;
    g_assert_true(ra_ending_count(world->portal, world->institution, NULL, 28, now(), &sums, NULL));
    g_assert_cmpint(sums.off, ==, 1);
    g_assert_cmpint(sums.mails, ==, 0);
}

static void
a_selection_is_that_and_of_the_own_institution(void)
{
    start();
    gint64 minato = cluster_institution(world->cluster, "Minato Institute", "minato.example", "https://idp2.localhost");
    gint64 foreign = ending(cluster_person(world->cluster, minato, "minato"), 10), mine = ending(somebody(), 10);
    ending(somebody(), 10);
    g_autofree char *a = g_strdup_printf("%" G_GINT64_FORMAT, foreign), *b = g_strdup_printf("%" G_GINT64_FORMAT, mine);
    const char *const theirs[] = { a, NULL }, *const both[] = { a, b, NULL };
    const RaOfficer who = officer();
    nobody_is_left(theirs, 28);
    g_assert_true(remind(&who, both, 28, NULL));
    g_assert_cmpint(mails(), ==, 1);
    g_assert_cmpint(world_int(world, "select count(*) from ending_mail where request = %N", foreign), ==, 0);
}

/* Asked for and not collected: the old one still ends. Collected: nothing ends. */
static void
a_successor_ends_it(void)
{
    start();
    gint64 person = somebody(), number = ending(person, 10);
    const struct ra_who self = { .person = person };
    struct db_ending_sums sums;
    g_assert_true(ra_request_renew(world->portal, &self, number, NULL, NULL, NULL));
    g_assert_true(ra_jobs_run(world->worker, NULL));
    g_assert_true(ra_ending_count(world->portal, world->institution, NULL, 28, now(), &sums, NULL));
    g_assert_cmpint(sums.certificates, ==, 1);
    g_autofree char *serial = world_collect(world, number);
    g_assert_true(ra_ending_count(world->portal, world->institution, NULL, 28, now(), &sums, NULL));
    g_assert_cmpint(sums.certificates, ==, 0);
}

static void
the_list_is_paged_by_its_ends(void)
{
    start();
    gint64 numbers[5];
    for (int i = 0; i < 5; i++)
        numbers[i] = ending(somebody(), 20 - i);
    const RaOfficer who = officer();
    struct ra_ending_query query = { .days = 28 };
    for (int page = 0, at = 4; page < 3; page++) {
        g_autoptr(RaEnding) list = ra_ending_list(world->portal, &who, &query, now(), 2, NULL);
        g_assert_cmpuint(list->rows->len, ==, page < 2 ? 2 : 1);
        for (guint i = 0; i < list->rows->len; i++)
            g_assert_cmpint(((RaDeskRow *)list->rows->pdata[i])->number, ==, numbers[at--]);
        g_assert_cmpint(list->next_number != 0, ==, page < 2);
        query.end = list->next_end;
        query.number = list->next_number;
    }
}

static int
remind_once(int i, gpointer data)
{
    g_autoptr(RaContext) ctx = world_context(world, "portal");
    g_autoptr(GError) error = NULL;
    const RaOfficer who = officer();
    (void)i;
    (void)data;
    return ra_ending_remind(ctx, &who, 0, NULL, 28, NULL, NULL, &error) || g_error_matches(error, RA_ERROR, RA_ERROR_CONFLICT) ? 0 : 1;
}

static void
officers_at_once_send_one(void)
{
    start();
    for (int i = 0; i < 6; i++)
        ending(somebody(), 10);
    g_assert_cmpint(world_together(4, remind_once, NULL), ==, 0);
    g_assert_cmpint(mails(), ==, 6);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    world = world_new(NULL);
    desk = world->other;
    g_test_add_func("/ending/each owner gets one mail", each_owner_gets_one_mail);
    g_test_add_func("/ending/once in so many days", once_in_so_many_days);
    g_test_add_func("/ending/who wants none gets none", who_wants_none_gets_none);
    g_test_add_func("/ending/a selection is that, and of the own institution", a_selection_is_that_and_of_the_own_institution);
    g_test_add_func("/ending/a successor ends it", a_successor_ends_it);
    g_test_add_func("/ending/the list is paged by its ends", the_list_is_paged_by_its_ends);
    g_test_add_func("/ending/officers at once send one", officers_at_once_send_one);
    int status = g_test_run();
    world_free(world);
    return status;
}
