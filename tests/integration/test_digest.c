/* The digest to helpdesks: what it says, once a period whoever works, nothing when there is nothing. The time is a parameter. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/digest.h"
#include "db/outbox.h"
#include "ra/digest.h"
#include "ra/jobs.h"
#include "ra/mail.h"
#include "ra/request.h"
#include "tests/integration/cluster_ra.h"
#include "web/web.h"

static World *world;

#define DAY 86400

/* HOUR o'clock in Tokyo of DAYS after Monday, 3 June 2030. */
static gint64
at(int days, int hour)
{
    g_autoptr(GTimeZone) tokyo = g_time_zone_new_identifier("Asia/Tokyo");
    g_autoptr(GDateTime) monday = g_date_time_new(tokyo, 2030, 6, 3, hour, 0, 0);
    return g_date_time_to_unix(monday) + (gint64)days * DAY;
}

static void
run(gint64 now)
{
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(ra_digest_run(world->worker, now, &error), >=, 0);
    g_assert_no_error(error);
}

static gint64
mails(void)
{
    return cluster_int(world->cluster, "select count(*) from outbox where event = 'digest'");
}

/* An institution that is told as HOW says, with what other tests left out of sight. */
static void
start(const char *how)
{
    cluster_do(world->cluster, "update institution set digest = 'off', helpdesk_mail = 'desk@kagami.example'");
    cluster_do(world->cluster, "delete from digest");
    cluster_do(world->cluster, "delete from outbox where event = 'digest'");
    cluster_do(world->cluster, "update request set not_after = '2099-01-01', state = 'collected' where state <> 'revoked'");
    cluster_do(world->cluster, "delete from job");
    g_autofree char *sql = g_strdup_printf("update institution set digest = '%s' where id = %%N", how);
    world_do(world, sql, world->institution);
}

static gint64
collected(const char *end)
{
    gint64 number = world_ready(world, world->person, "client", 52);
    g_autofree char *serial = world_collect(world, number);
    g_autofree char *sql = g_strdup_printf("update request set not_after = '%s' where number = %%N", end);
    world_do(world, sql, number);
    return number;
}

/* "2: 17 18": how many there are of a kind, and which are named. */
static char *
said(const char *kind)
{
    g_autofree char *sql = g_strdup_printf("select max(x ->> 'n') || ': ' || string_agg(x ->> 'number', ' ' order by place)"
                                           " from outbox, jsonb_array_elements(detail -> 'items') with ordinality e (x, place)"
                                           " where event = 'digest' and x ->> 'kind' = '%s' and outbox.id ="
                                           " (select max(id) from outbox where event = 'digest')", kind);
    char *text = cluster_text(world->cluster, sql);
    return text ? text : g_strdup("");
}

static void
said_is(const char *kind, gint64 number)
{
    g_autofree char *is = said(kind), *wanted = number ? g_strdup_printf("1: %" G_GINT64_FORMAT, number) : g_strdup("");
    g_assert_cmpstr(is, ==, wanted);
}

static void
nothing_to_say_sends_nothing(void)
{
    start("daily");
    run(at(0, 9));
    g_assert_cmpint(mails(), ==, 0);
    collected("2030-06-20"); /* what comes later in the day waits for the next one */
    run(at(0, 12));
    g_assert_cmpint(mails(), ==, 0);
    run(at(1, 6));
    g_assert_cmpint(mails(), ==, 0);
    run(at(1, 7));
    g_assert_cmpint(mails(), ==, 1);
}

static void
each_kind_is_told(void)
{
    start("daily");
    gint64 ending = collected("2030-06-20"), later = collected("2030-07-20"), waits, locked, failed, revoked;
    waits = world_ready(world, world->person, "smime", 52);
    world_do(world, "update request set state = 'approval' where number = %N", waits);
    locked = world_ready(world, world->person, "client", 13);
    world_do(world, "update pickup set locked_at = '2030-06-02' where request = %N", locked);
    failed = world_ready(world, world->person, "client", 13);
    world_do(world, "update outbox set state = 'failed', sealed = null where event = 'ready' and request = %N", failed);
    revoked = collected("2030-12-01");
    world_do(world, "select certificate_revoke(issuer, serial, 'superseded', 'test') from certificate where request = %N", revoked);
    world_do(world, "update request set state = 'revoked' where number = %N", revoked);
    run(at(0, 7));
    said_is("ending", ending);
    said_is("approval", waits);
    said_is("locked", locked);
    said_is("mail", failed);
    said_is("revoked", 0); /* today by our clock, years before: not since the last digest */
    run(at(20, 7));
    said_is("ending", later);
}

static void
what_was_revoked_since_the_last_one_is_told_once(void)
{
    start("daily");
    gint64 now = cluster_int(world->cluster, "select extract(epoch from now())::bigint");
    run(now - DAY);
    gint64 number = collected("2031-12-01");
    world_do(world, "select certificate_revoke(issuer, serial, 'superseded', 'test') from certificate where request = %N", number);
    world_do(world, "update request set state = 'revoked' where number = %N", number);
    run(now + DAY);
    g_autofree char *told = said("revoked");
    g_autofree char *last = g_strdup_printf(": %" G_GINT64_FORMAT, number);
    g_assert_nonnull(strstr(told, last + 2));
    cluster_do(world->cluster, "update digest set outbox = null");
    cluster_do(world->cluster, "delete from outbox where event = 'digest'");
    run(now + 2 * DAY);
    g_autofree char *again = said("revoked");
    g_assert_cmpstr(again, ==, "");
}

static void
a_week_has_one(void)
{
    start("weekly");
    collected("2030-06-20");
    for (int day = 2; day < 7; day++) /* nobody worked on Monday */
        run(at(day, 9));
    g_assert_cmpint(mails(), ==, 1);
    run(at(7, 6));
    g_assert_cmpint(mails(), ==, 1);
    run(at(7, 7));
    g_assert_cmpint(mails(), ==, 2);
}

static void
another_institution_is_not_told(void)
{
    gint64 other = cluster_int(world->cluster, "select id from institution where name = 'Minato Institute'");
    start("daily");
    if (!other)
        other = cluster_institution(world->cluster, "Minato Institute", "minato.example", "https://idp2.localhost");
    world_do(world, "update institution set digest = 'daily', helpdesk_mail = 'desk@minato.example' where id = %N", other);
    collected("2030-06-20");
    run(at(0, 9));
    g_assert_cmpint(mails(), ==, 1);
    g_autofree char *to = cluster_text(world->cluster, "select recipient from outbox where event = 'digest'");
    g_assert_cmpstr(to, ==, "desk@kagami.example");
}

static void
without_an_address_or_a_wish_there_is_none(void)
{
    start("off");
    collected("2030-06-20");
    run(at(0, 9));
    start("daily");
    collected("2030-06-20");
    cluster_do(world->cluster, "update institution set helpdesk_mail = ''");
    run(at(0, 9));
    g_assert_cmpint(mails(), ==, 0);
}

static int
run_once(int i, gpointer data)
{
    g_autoptr(RaContext) ctx = world_context(world, "worker");
    (void)i;
    return ra_digest_run(ctx, *(gint64 *)data, NULL) < 0 ? 1 : 0;
}

static void
six_workers_send_one(void)
{
    gint64 now = at(0, 9);
    start("daily");
    collected("2030-06-20");
    g_assert_cmpint(world_together(6, run_once, &now), ==, 0);
    g_assert_cmpint(mails(), ==, 1);
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from digest"), ==, 1);
}

/* Killed between the record and its commit: nothing of it is there, and the next worker makes it whole. */
static void
who_dies_half_way_leaves_nothing(void)
{
    start("daily");
    collected("2030-06-20");
    pid_t child = fork();
    if (child == 0) {
        g_autoptr(RaContext) ctx = world_context(world, "worker");
        g_autoptr(GPtrArray) due = db_digest_due(ctx->db, at(0, 9), 7, 10, NULL);
        if (due && due->len == 1 && db_begin(ctx->db, NULL) && db_digest_make(ctx->db, due->pdata[0], at(0, 9), NULL))
            kill(getpid(), SIGKILL);
        _exit(1);
    }
    int status;
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_true(WIFSIGNALED(status));
    g_assert_cmpint(mails(), ==, 0);
    run(at(0, 9));
    g_assert_cmpint(mails(), ==, 1);
    run(at(0, 10));
    g_assert_cmpint(mails(), ==, 1);
}

static void
the_mail_lists_it_in_both_languages(void)
{
    start("daily");
    cluster_do(world->cluster, "update outbox set state = 'failed', sealed = null where state = 'waiting'");
    gint64 number = collected("2030-06-20");
    cluster_do(world->cluster, "update outbox set state = 'failed', sealed = null where state = 'waiting'");
    for (int i = 0; i < 11; i++)
        collected("2030-06-21");
    cluster_do(world->cluster, "update outbox set state = 'failed', sealed = null where state = 'waiting'");
    run(at(0, 9));
    g_autoptr(GError) error = NULL;
    g_autoptr(DbMail) mail = db_outbox_claim(world->worker->db, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(mail->event, ==, "digest");
    g_autoptr(Web) web = web_new("web", &error);
    g_assert_no_error(error);
    g_autoptr(WebDocument) document = ra_mail_document(world->worker, mail, NULL);
    g_autoptr(WebMail) words = web_mail_render(web, document, &error);
    g_assert_no_error(error);
    g_assert_true(g_str_has_prefix(words->subject, "[Inkan] "));
    g_autofree char *line = g_strdup_printf("No. %" G_GINT64_FORMAT " ", number);
    g_assert_nonnull(strstr(words->body, line));
    g_assert_nonnull(strstr(words->body, "and 2 more"));
    g_assert_nonnull(strstr(words->body, "/helpdesk\n"));
    g_assert_true(db_outbox_sent(world->worker->db, mail->id, &error));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    world = world_new(NULL);
    g_test_add_func("/digest/nothing to say sends nothing", nothing_to_say_sends_nothing);
    g_test_add_func("/digest/each kind is told", each_kind_is_told);
    g_test_add_func("/digest/what was revoked since the last one is told once", what_was_revoked_since_the_last_one_is_told_once);
    g_test_add_func("/digest/a week has one", a_week_has_one);
    g_test_add_func("/digest/another institution is not told", another_institution_is_not_told);
    g_test_add_func("/digest/without an address or a wish there is none", without_an_address_or_a_wish_there_is_none);
    g_test_add_func("/digest/six workers send one", six_workers_send_one);
    g_test_add_func("/digest/who dies half way leaves nothing", who_dies_half_way_leaves_nothing);
    g_test_add_func("/digest/the mail lists it in both languages", the_mail_lists_it_in_both_languages);
    int status = g_test_run();
    world_free(world);
    return status;
}
