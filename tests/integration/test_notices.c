/* Renewal notices and expiry, with the day as a parameter: the clock stays where it is. */
#include <string.h>

#include "db/person.h"
#include "ra/jobs.h"
#include "ra/notices.h"
#include "ra/person.h"
#include "ra/request.h"
#include "ra/sweep.h"
#include "tests/integration/cluster_ra.h"

static World *world;

#define DAY 86400

/* A collected request of a new person, ending on 2030-06-30 in Tokyo, 23:59:59. */
static gint64
ending_request(gint64 *person)
{
    static int n;
    g_autofree char *name = g_strdup_printf("p%d", n++);
    *person = cluster_person(world->cluster, world->institution, name);
    gint64 number = world_ready(world, *person, "client", 52);
    g_autofree char *serial = world_collect(world, number);
    world_do(world, "update request set not_after = '2030-06-30 23:59:59+09' where number = %N", number);
    return number;
}

/* Noon in Tokyo, DAYS before the end. */
static gint64
days_before(int days)
{
    g_autoptr(GDateTime) end = g_date_time_new_utc(2030, 6, 30, 3, 0, 0);
    return g_date_time_to_unix(end) - (gint64)days * DAY;
}

static gint64
run(gint64 now)
{
    g_autoptr(GError) error = NULL;
    gint64 n = ra_notices_run(world->worker, now, &error);
    g_assert_no_error(error);
    return n;
}

/* "28 14 7": the days of the notices that were queued. */
static char *
told(gint64 number)
{
    char *text = world_text(world, "select string_agg(detail ->> 'days', ' ' order by id) from outbox where request = %N and"
                                   " event = 'renewal-due'", number);
    return text ? text : g_strdup("");
}

static void
told_is(gint64 number, const char *wanted)
{
    g_autofree char *days = told(number);
    g_assert_cmpstr(days, ==, wanted);
}

static void
start(void)
{
    cluster_do(world->cluster, "update request set not_after = '2099-01-01'"); /* those of other tests are out of the way */
}

static void
each_threshold_has_one_mail(void)
{
    gint64 person, number = ending_request(&person);
    for (int days = 35; days >= 0; days--) {
        run(days_before(days));
        run(days_before(days) + 3600);
    }
    told_is(number, "28 14 7 3 1");
    g_assert_cmpint(world_int(world, "select count(*) from event where request = %N and what = 'remind'", number), ==, 5);
    g_autofree char *state = world_text(world, "select state from request where number = %N", number);
    g_assert_cmpstr(state, ==, "collected");
    start();
}

static void
the_day_is_the_service_s(void)
{
    gint64 person, number = ending_request(&person);
    g_autoptr(GDateTime) midnight = g_date_time_new_utc(2030, 6, 1, 15, 0, 0); /* 2 June 00:00 in Tokyo: 28 days before */
    run(g_date_time_to_unix(midnight) - 1);
    told_is(number, "");
    run(g_date_time_to_unix(midnight));
    told_is(number, "28");
    start();
}

static void
after_a_pause_one_mail_makes_up(void)
{
    gint64 person, number = ending_request(&person);
    run(days_before(5)); /* 28, 14 and 7 are due at once */
    told_is(number, "7");
    g_assert_cmpint(world_int(world, "select count(*) from notice where request = %N", number), ==, 3);
    run(days_before(4));
    told_is(number, "7");
    run(days_before(3));
    told_is(number, "7 3");
    start();
}

static void
who_wants_no_notices_gets_the_last(void)
{
    gint64 person, number = ending_request(&person);
    const struct ra_who who = { .person = person };
    g_assert_true(ra_person_set_notices(world->portal, &who, FALSE, NULL));
    for (int days = 30; days >= 0; days--)
        run(days_before(days));
    told_is(number, "1");
    start();
}

static void
none_once_a_successor_is_collected(void)
{
    gint64 person, number = ending_request(&person);
    const struct ra_who who = { .person = person };
    run(days_before(28));
    g_assert_true(ra_request_renew(world->portal, &who, number, NULL, NULL, NULL));
    g_assert_true(ra_jobs_run(world->worker, NULL));
    run(days_before(14)); /* asked for, but not collected: the old one still ends */
    told_is(number, "28 14");
    g_autofree char *serial = world_collect(world, number);
    run(days_before(7));
    run(days_before(1));
    told_is(number, "28 14");
    start();
}

static void
a_renewal_that_lapsed_repeats_nothing(void)
{
    gint64 person, number = ending_request(&person);
    const struct ra_who who = { .person = person };
    run(days_before(14));
    g_assert_true(ra_request_renew(world->portal, &who, number, NULL, NULL, NULL));
    g_assert_true(ra_jobs_run(world->worker, NULL));
    g_assert_true(ra_request_withdraw(world->portal, &who, number, NULL, NULL, NULL));
    run(days_before(13));
    told_is(number, "14");
    run(days_before(7));
    told_is(number, "14 7");
    start();
}

static void
revoked_ones_are_left_alone(void)
{
    gint64 person, number = ending_request(&person);
    const struct ra_who who = { .person = person };
    g_assert_true(ra_request_revoke(world->portal, &who, number, "superseded", NULL, NULL, NULL));
    for (int days = 30; days >= -1; days--)
        run(days_before(days));
    told_is(number, "");
    cluster_do(world->cluster, "delete from job");
    start();
}

static void
the_end_is_told_once(void)
{
    gint64 person, number = ending_request(&person);
    gint64 end = world_int(world, "select extract(epoch from not_after)::bigint from request where number = %N", number);
    g_assert_cmpint(ra_expire_run(world->worker, end - 1, NULL), ==, 0);
    g_assert_cmpint(ra_expire_run(world->worker, end, NULL), ==, 1);
    g_assert_cmpint(ra_expire_run(world->worker, end + DAY, NULL), ==, 0);
    g_autofree char *state = world_text(world, "select state from request where number = %N", number);
    g_assert_cmpstr(state, ==, "expired");
    g_assert_cmpint(world_int(world, "select count(*) from outbox where request = %N and event = 'expired'", number), ==, 1);
    g_assert_cmpint(run(end + DAY), ==, 0);
    start();
}

static int
run_once(int i, gpointer data)
{
    g_autoptr(RaContext) ctx = world_context(world, "worker");
    (void)i;
    return ra_notices_run(ctx, *(gint64 *)data, NULL) < 0 ? 1 : 0;
}

static void
two_workers_tell_once(void)
{
    gint64 numbers[12], person;
    for (int i = 0; i < 12; i++)
        numbers[i] = ending_request(&person);
    gint64 now = days_before(7);
    g_assert_cmpint(world_together(6, run_once, &now), ==, 0);
    for (int i = 0; i < 12; i++)
        told_is(numbers[i], "7");
    start();
}

static void
more_than_a_batch_is_told(void)
{
    g_autofree char *sql =
        g_strdup_printf("insert into request (person, type, months, mail) select id, 'client', 13, mails[1] from person,"
                        " generate_series(1, 450) where id = %" G_GINT64_FORMAT,
                        world->person);
    gint64 before = cluster_int(world->cluster, "select max(number) from request");
    cluster_do(world->cluster, sql);
    g_assert_true(ra_jobs_run(world->worker, NULL));
    world_do(world, "update pickup set collected_at = now(), keep_until = now() where request > %N", before);
    world_do(world, "update request set state = 'collected', not_after = '2030-06-30 23:59:59+09' where number > %N", before);
    g_assert_cmpint(run(days_before(3)), ==, 450);
    g_assert_cmpint(run(days_before(3)), ==, 0);
    gint64 end = days_before(-2);
    g_assert_cmpint(ra_expire_run(world->worker, end, NULL), ==, 450);
    start();
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    world = world_new(NULL);
    g_test_add_func("/notices/each threshold has one mail", each_threshold_has_one_mail);
    g_test_add_func("/notices/the day is the service's", the_day_is_the_service_s);
    g_test_add_func("/notices/after a pause one mail makes up for all", after_a_pause_one_mail_makes_up);
    g_test_add_func("/notices/who wants none gets the last", who_wants_no_notices_gets_the_last);
    g_test_add_func("/notices/none once a successor is collected", none_once_a_successor_is_collected);
    g_test_add_func("/notices/a renewal that came to nothing repeats nothing", a_renewal_that_lapsed_repeats_nothing);
    g_test_add_func("/notices/revoked ones are left alone", revoked_ones_are_left_alone);
    g_test_add_func("/notices/two workers tell once", two_workers_tell_once);
    g_test_add_func("/notices/more than a batch is told", more_than_a_batch_is_told);
    g_test_add_func("/expiry/the end is told once", the_end_is_told_once);
    int status = g_test_run();
    world_free(world);
    return status;
}
