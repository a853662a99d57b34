/* The worker's acts: each exactly once, whoever is killed; what time ends, by a time that is a parameter. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/pickup.h"
#include "ra/error.h"
#include "ra/jobs.h"
#include "ra/pickup.h"
#include "ra/request.h"
#include "ra/sweep.h"
#include "db/status.h"
#include "tests/integration/cluster_ra.h"

static World *world;

#define DAY 86400

static gint64
seconds_now(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}

static gint64
apply(gint64 person, const char *type)
{
    const struct ra_who who = { .person = person };
    const struct ra_application form = { .type = type, .months = 13 };
    g_autofree char *location = NULL;
    g_autoptr(GError) error = NULL;
    g_assert_true(ra_request_apply(world->portal, &who, NULL, &form, &location, &error));
    g_assert_no_error(error);
    return cluster_int(world->cluster, "select max(number) from request");
}

static void
work(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(ra_jobs_run(world->worker, &error));
    g_assert_no_error(error);
}

static void
state_is(gint64 number, const char *wanted)
{
    g_autofree char *state = world_text(world, "select state from request where number = %N", number);
    g_assert_cmpstr(state, ==, wanted);
}

static gint64
mails(gint64 number, const char *event)
{
    g_autofree char *sql = g_strdup_printf("select count(*) from outbox where request = %%N and event = '%s'", event);
    return world_int(world, sql, number);
}

/* The outcome of one guess; LEFT may be NULL. */
static enum ra_pickup_answer
guess(const Secret *token, const char *pin, int *left)
{
    enum ra_pickup_answer answer = RA_PICKUP_IS_ENDED;
    g_autoptr(GError) error = NULL;
    g_autoptr(RaPickup) pickup = ra_pickup_look(world->portal, secret_text(token), seconds_now(), &error);
    g_assert_no_error(error);
    const struct ra_who who = { .person = pickup->row->person };
    gboolean ok = ra_pickup_try(world->portal, &who, secret_text(token), pin, &answer, left, &error);
    g_assert_no_error(error);
    g_assert_true(ok);
    return answer;
}

/* --- issue ---------------------------------------------------------------------------------------------------------------- */

static void
a_request_gets_its_pin_and_two_mails(void)
{
    gint64 number = apply(world->person, "client");
    state_is(number, "applied");
    work();
    state_is(number, "ready");
    g_assert_cmpint(mails(number, "ready"), ==, 1);
    g_assert_cmpint(mails(number, "pin"), ==, 1);
    g_assert_cmpint(world_int(world, "select count(*) from job where request = %N", number), ==, 0);
    g_autoptr(Secret) token = world_token(world, number);
    g_autoptr(Secret) pin = ra_request_pin(world->portal, world->person, number, NULL);
    g_assert_cmpint(secret_size(token), ==, 43);
    g_assert_cmpint(secret_size(pin), ==, 16);
    g_assert_cmpint(guess(token, secret_text(pin), NULL), ==, RA_PICKUP_RIGHT);
    /* Neither is anywhere in clear. */
    g_autofree char *dump =
        cluster_text(world->cluster, "select string_agg(t::text, ' ') from (select p::text as t from pickup p union all"
                                     " select o::text from outbox o union all select e::text from event e) all_rows");
    g_assert_null(strstr(dump, secret_text(token)));
    g_assert_null(strstr(dump, secret_text(pin)));
}

static void
without_pin_mail_the_pin_stays_on_the_page(void)
{
    gint64 institution = cluster_institution(world->cluster, "No PIN mail", "nomail.example", "https://nomail.example/idp");
    gint64 person = cluster_person(world->cluster, institution, "p");
    const struct ra_who nobody = { 0 }, stranger = { .person = world->person };
    world_do(world, "update institution set pin_mail = false where id = %N", institution);
    gint64 open = apply(person, "client");
    gint64 closed = apply(world->person, "client");
    work();
    g_assert_cmpint(mails(open, "pin"), ==, 0);
    g_autoptr(Secret) open_token = world_token(world, open), closed_token = world_token(world, closed);
    g_autoptr(RaPickup) one = ra_pickup_look(world->portal, secret_text(open_token), seconds_now(), NULL);
    g_autoptr(RaPickup) two = ra_pickup_look(world->portal, secret_text(closed_token), seconds_now(), NULL);
    g_autoptr(GError) login = NULL, owner = NULL;
    g_assert_true(ra_pickup_admit(one, &nobody, NULL));
    g_assert_false(ra_pickup_admit(two, &nobody, &login));
    g_assert_cmpstr(ra_error_rule(login), ==, "login");
    const struct ra_who other = { .person = world->other };
    g_assert_false(ra_pickup_admit(two, &other, &owner));
    g_assert_cmpstr(ra_error_rule(owner), ==, "owner");
    g_assert_true(ra_pickup_admit(two, &stranger, NULL)); /* its owner */
    /* Who is not admitted does not count as a guess either. */
    enum ra_pickup_answer answer;
    int left = 0;
    for (int i = 0; i < 6; i++)
        g_assert_false(
            ra_pickup_try(world->portal, &other, secret_text(closed_token), "0000000000000000", &answer, &left, NULL));
    g_assert_cmpint(world_int(world, "select tries from pickup where request = %N", closed), ==, 0);
}

static int
take_jobs(int i, gpointer data)
{
    g_autoptr(RaContext) ctx = world_context(world, "worker");
    (void)i;
    (void)data;
    return ra_jobs_run(ctx, NULL) ? 0 : 1;
}

static void
apply_for_many(int n)
{
    g_autofree char *sql =
        g_strdup_printf("insert into request (person, type, months, mail) select id, 'client', 13, mails[1] from person,"
                        " generate_series(1, %d) where id = %" G_GINT64_FORMAT,
                        n, world->person);
    cluster_do(world->cluster, sql);
}

static void
nothing_twice(gint64 after)
{
    static const char *const checks[] = {
        "select count(*) from request where number > %N and state <> 'ready'",
        "select count(*) from (select request from pickup where request > %N group by request having count(*) <> 1) x",
        "select count(*) from (select request from outbox where request > %N group by request, event having count(*) <> 1) x",
        "select count(*) from (select request from event where request > %N and what = 'pin-issued' group by request having"
        " count(*) <> 1) x",
        "select count(*) from job where request > %N",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(checks); i++) {
        g_test_message("%s", checks[i]);
        g_assert_cmpint(world_int(world, checks[i], after), ==, 0);
    }
}

static void
two_workers_do_each_job_once(void)
{
    gint64 before = cluster_int(world->cluster, "select max(number) from request");
    apply_for_many(200);
    g_assert_cmpint(world_together(4, take_jobs, NULL), ==, 0);
    nothing_twice(before);
    g_assert_cmpint(world_int(world, "select count(*) from pickup where request > %N", before), ==, 200);
}

static void
a_killed_worker_leaves_nothing_half(void)
{
    gint64 before = cluster_int(world->cluster, "select max(number) from request");
    apply_for_many(120);
    for (int kills = 0; kills < 40; kills++) {
        pid_t pid = fork();
        if (pid == 0) {
            crypto_start();
            _exit(take_jobs(0, NULL));
        }
        g_usleep((gulong)g_test_rand_int_range(5000, 40000));
        kill(pid, SIGKILL);
        g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
    }
    g_test_message("left after the kills: %" G_GINT64_FORMAT,
                   world_int(world, "select count(*) from job where request > %N", before));
    /* Its server process may still be at the last statement. */
    for (int wait = 0; wait < 100 && world_int(world, "select count(*) from job where request > %N", before) > 0; wait++) {
        work();
        g_usleep(50000);
    }
    nothing_twice(before);
}

static void
a_failing_job_is_put_off(void)
{
    gint64 number = world_ready(world, world->person, "client", 13);
    g_autofree char *serial = world_collect(world, number);
    const struct ra_who who = { .person = world->person };
    g_assert_true(ra_request_revoke(world->portal, &who, number, "keyCompromise", NULL, NULL, NULL));
    work(); /* no signer is there */
    state_is(number, "revoking");
    g_assert_cmpint(cluster_int(world->cluster,
                                "select count(*) from job where kind = 'publish' and tries = 1 and error <> '' and"
                                " run_at > now()"),
                    ==, 1);
    /* Other jobs go on. */
    gint64 other = apply(world->person, "client");
    work();
    state_is(other, "ready");
    /* The signer published meanwhile, whoever asked it. */
    g_autoptr(GError) error = NULL;
    cluster_do(world->cluster, "update certificate set published = 1 where revoked_at is not null");
    g_assert_true(ra_sweep_published(world->worker, &error));
    g_assert_true(ra_sweep_published(world->worker, &error));
    state_is(number, "revoked");
    g_assert_cmpint(mails(number, "revoked"), ==, 1);
    cluster_do(world->cluster, "delete from job");
}

static void
a_job_for_what_was_withdrawn_does_nothing(void)
{
    gint64 number = apply(world->person, "client");
    const struct ra_who who = { .person = world->person };
    g_assert_true(ra_request_withdraw(world->portal, &who, number, NULL, NULL, NULL));
    work();
    state_is(number, "lapsed");
    g_assert_cmpint(world_int(world, "select count(*) from pickup where request = %N", number), ==, 0);
    g_assert_cmpint(world_int(world, "select count(*) from job where request = %N", number), ==, 0);
}

static void
a_lost_job_is_found(void)
{
    gint64 number = apply(world->person, "client");
    world_do(world, "delete from job where request = %N", number);
    world_do(world, "update request set cycle_at = cycle_at - interval '5 minutes' where number = %N", number);
    cluster_do(world->cluster, "update certificate set published = 1 where revoked_at is not null and published is null");
    g_assert_true(ra_sweep_crl(world->worker, seconds_now(), NULL));
    work();
    state_is(number, "ready");
    cluster_do(world->cluster, "delete from job");
}

/* --- a new URL, a new PIN ------------------------------------------------------------------------------------------------- */

static void
a_new_url_ends_the_old_one(void)
{
    const struct ra_who who = { .person = world->person };
    gint64 number = world_ready(world, world->person, "client", 13);
    g_autoptr(Secret) old_token = world_token(world, number), pin = world_pin(world, number);
    g_autoptr(GError) error = NULL;
    g_assert_true(ra_request_resend(world->portal, &who, number, NULL, NULL, &error));
    g_assert_true(ra_request_resend(world->portal, &who, number, NULL, NULL, &error)); /* impatient: still one */
    work();
    g_autoptr(Secret) new_token = world_token(world, number);
    g_assert_cmpint(mails(number, "ready"), ==, 2);
    /* The first mail had not gone out; it would carry a dead URL. */
    g_assert_cmpint(world_int(world,
                              "select count(*) from outbox where request = %N and event = 'ready' and state = 'failed' and"
                              " sealed is null",
                              number),
                    ==, 1);
    g_assert_null(ra_pickup_look(world->portal, secret_text(old_token), seconds_now(), &error));
    g_assert_error(error, RA_ERROR, RA_ERROR_NOT_FOUND);
    g_assert_cmpint(guess(new_token, secret_text(pin), NULL), ==, RA_PICKUP_RIGHT);
    g_assert_cmpint(mails(number, "pin"), ==, 1);
}

static void
a_new_pin_opens_what_wrong_ones_locked(void)
{
    const struct ra_who who = { .person = world->person };
    gint64 number = world_ready(world, world->person, "client", 13);
    g_autoptr(Secret) token = world_token(world, number), old_pin = world_pin(world, number);
    int left = 0;
    for (int i = 1; i <= 4; i++) {
        g_assert_cmpint(guess(token, "AAAAAAAAAAAAAAAA", &left), ==, RA_PICKUP_WRONG);
        g_assert_cmpint(left, ==, 5 - i);
    }
    g_assert_cmpint(guess(token, "AAAAAAAAAAAAAAAA", &left), ==, RA_PICKUP_IS_LOCKED);
    g_assert_cmpint(guess(token, secret_text(old_pin), &left), ==, RA_PICKUP_IS_LOCKED);
    g_assert_cmpint(mails(number, "pickup-locked"), ==, 1);
    g_autoptr(RaRequest) locked = ra_request_get(world->portal, world->person, number, NULL);
    g_assert_true(ra_request_may_now(world->portal, locked, "new-pin", seconds_now()));
    g_assert_true(ra_request_new_pin(world->portal, &who, number, NULL, NULL, NULL));
    work();
    g_autoptr(Secret) new_pin = world_pin(world, number);
    g_assert_cmpstr(secret_text(new_pin), !=, secret_text(old_pin));
    g_assert_cmpint(guess(token, secret_text(old_pin), &left), ==, RA_PICKUP_WRONG);
    g_assert_cmpint(left, ==, 4);
    g_assert_cmpint(guess(token, secret_text(new_pin), &left), ==, RA_PICKUP_RIGHT);
    g_assert_cmpint(mails(number, "pin"), ==, 2);
}

static void
a_pin_may_be_pasted_with_spaces(void)
{
    gint64 number = world_ready(world, world->person, "client", 13);
    g_autoptr(Secret) token = world_token(world, number), pin = world_pin(world, number);
    const char *p = secret_text(pin);
    g_autofree char *spaced = g_strdup_printf(" %.4s %.4s\t%.4s　%.4s\r\n", p, p + 4, p + 8, p + 12);
    g_autoptr(GString) wide = g_string_new(NULL);
    for (; *p; p++)
        g_string_append_unichar(wide, (gunichar)(guchar)*p + 0xfee0);
    g_assert_cmpint(guess(token, spaced, NULL), ==, RA_PICKUP_RIGHT);
    g_assert_cmpint(guess(token, wide->str, NULL), ==, RA_PICKUP_RIGHT);
    g_assert_cmpint(guess(token, "é", NULL), ==, RA_PICKUP_WRONG);
    enum ra_pickup_answer answer;
    const struct ra_who who = { .person = world->person };
    g_autoptr(GError) error = NULL;
    g_assert_false(ra_pickup_try(world->portal, &who, secret_text(token), " \n", &answer, NULL, &error));
    g_assert_error(error, RA_ERROR, RA_ERROR_INPUT);
    g_assert_cmpint(world_int(world, "select tries from pickup where request = %N", number), ==, 1);
}

static int
guess_wrong(int i, gpointer data)
{
    g_autoptr(RaContext) ctx = world_context(world, "portal");
    const struct ra_who who = { .person = world->person };
    g_autofree char *pin = g_strdup_printf("WRONGWRONGWRON%02d", i);
    enum ra_pickup_answer answer = RA_PICKUP_RIGHT;
    return ra_pickup_try(ctx, &who, data, pin, &answer, NULL, NULL) && answer == RA_PICKUP_WRONG ? 1 : 0;
}

static void
guesses_are_counted_over_all_processes(void)
{
    gint64 number = world_ready(world, world->person, "client", 13);
    g_autoptr(Secret) token = world_token(world, number);
    /* Exactly four are told 'wrong'; the fifth locks. */
    g_assert_cmpint(world_together(16, guess_wrong, (gpointer)secret_text(token)), ==, 4);
    g_assert_cmpint(world_int(world, "select tries from pickup where request = %N", number), ==, 5);
    g_assert_cmpint(mails(number, "pickup-locked"), ==, 1);
}

/* --- what time ends ------------------------------------------------------------------------------------------------------- */

static void
an_uncollected_pickup_says_so_and_lapses(void)
{
    gint64 number = world_ready(world, world->person, "client", 13);
    gint64 expires = world_int(world, "select extract(epoch from expires_at)::bigint from pickup where request = %N", number);
    g_autofree char *end = world_text(
        world, "select to_char(expires_at at time zone 'Asia/Tokyo', 'HH24:MI:SS') from pickup where request = %N", number);
    g_autoptr(Secret) token = world_token(world, number);
    g_assert_cmpstr(end, ==, "23:59:59");
    g_assert_cmpint(expires, >=, seconds_now() + 30 * DAY);
    g_assert_cmpint(expires, <=, seconds_now() + 31 * DAY);
    g_assert_true(ra_sweep_ending(world->worker, expires - 3 * DAY - 60, NULL));
    g_assert_cmpint(mails(number, "pickup-ending"), ==, 0);
    g_assert_true(ra_sweep_ending(world->worker, expires - 3 * DAY + 60, NULL));
    g_assert_true(ra_sweep_ending(world->worker, expires - 2 * DAY, NULL));
    g_assert_cmpint(mails(number, "pickup-ending"), ==, 1);
    g_assert_cmpint(
        world_int(world, "select (detail ->> 'days')::int from outbox where request = %N and event = 'pickup-ending'", number),
        ==, 3);
    g_assert_true(ra_sweep_lapse(world->worker, expires - 1, NULL));
    state_is(number, "ready");
    g_assert_true(ra_sweep_lapse(world->worker, expires, NULL));
    g_assert_true(ra_sweep_lapse(world->worker, expires + DAY, NULL));
    state_is(number, "lapsed");
    g_assert_cmpint(mails(number, "lapsed"), ==, 1);
    g_assert_cmpint(
        world_int(world, "select count(*) from pickup where request = %N and pin_hash is null and pin_sealed is null", number),
        ==, 1);
    g_autoptr(RaPickup) pickup = ra_pickup_look(world->portal, secret_text(token), seconds_now(), NULL);
    g_assert_cmpint(pickup->state, ==, RA_PICKUP_LAPSED);
    g_assert_cmpint(guess(token, "AAAAAAAAAAAAAAAA", NULL), ==, RA_PICKUP_IS_ENDED);
}

static void
a_renewal_that_nobody_collects_falls_back(void)
{
    gint64 number = world_ready(world, world->person, "client", 13);
    g_autofree char *serial = world_collect(world, number);
    const struct ra_who who = { .person = world->person };
    gint64 end = world_int(world, "select extract(epoch from not_after)::bigint from request where number = %N", number);
    g_assert_true(ra_request_renew(world->portal, &who, number, NULL, NULL, NULL));
    work();
    state_is(number, "renew_ready");
    g_assert_true(ra_sweep_lapse(world->worker, seconds_now() + 40 * DAY, NULL));
    state_is(number, "collected");
    g_assert_cmpint(world_int(world, "select extract(epoch from not_after)::bigint from request where number = %N", number), ==,
                    end);
    g_autoptr(RaRequest) r = ra_request_get(world->portal, world->person, number, NULL);
    g_assert_cmpstr(r->serial, ==, serial);
    /* and can be renewed again */
    g_assert_true(ra_request_renew(world->portal, &who, number, NULL, NULL, NULL));
    work();
    state_is(number, "renew_ready");
    g_assert_cmpint(world_int(world, "select cycle from request where number = %N", number), ==, 3);
}

static void
what_was_kept_is_erased_after_the_next_day(void)
{
    gint64 number = world_ready(world, world->person, "client", 13);
    g_autofree char *serial = world_collect(world, number);
    gint64 keep = world_int(world, "select extract(epoch from keep_until)::bigint from pickup where request = %N", number);
    g_assert_cmpint(keep, >, seconds_now() + DAY - 1);
    g_assert_cmpint(keep, <, seconds_now() + 2 * DAY);
    g_assert_true(ra_sweep_erase(world->worker, keep - 1, NULL));
    g_assert_cmpint(world_int(world, "select count(*) from pickup where request = %N and pkcs12 is not null", number), ==, 1);
    g_assert_true(ra_sweep_erase(world->worker, keep, NULL));
    g_assert_cmpint(world_int(world,
                              "select count(*) from pickup where request = %N and pkcs12 is null and pin_hash is null and"
                              " ended = 'erased'",
                              number),
                    ==, 1);
    g_assert_cmpint(world_int(world, "select count(*) from event where request = %N and what = 'erased'", number), ==, 1);
    g_assert_cmpint(world_int(world, "select count(*) from certificate where request = %N and revoked_at is null", number), ==,
                    1);
    state_is(number, "collected");
}

static void
a_replaced_certificate_is_superseded_after_its_grace(void)
{
    gint64 institution = cluster_institution(world->cluster, "Graceful", "grace.example", "https://grace.example/idp");
    gint64 person = cluster_person(world->cluster, institution, "p");
    const struct ra_who who = { .person = person };
    gint64 number = world_ready(world, person, "client", 13);
    g_autofree char *old_serial = world_collect(world, number);
    g_assert_true(ra_request_renew(world->portal, &who, number, NULL, NULL, NULL));
    work();
    g_autofree char *new_serial = world_collect(world, number);
    g_assert_true(
        ra_sweep_superseded(world->worker, seconds_now() + 300 * DAY, NULL)); /* no grace period set: runs out by itself */
    g_assert_cmpint(world_int(world, "select count(*) from certificate where request = %N and revoked_at is not null", number),
                    ==, 0);
    world_do(world, "update institution set grace_days = 14 where id = %N", institution);
    g_assert_true(ra_sweep_superseded(world->worker, seconds_now() + 14 * DAY - 60, NULL));
    g_assert_cmpint(world_int(world, "select count(*) from certificate where request = %N and revoked_at is not null", number),
                    ==, 0);
    g_assert_true(ra_sweep_superseded(world->worker, seconds_now() + 14 * DAY + 60, NULL));
    g_assert_true(ra_sweep_superseded(world->worker, seconds_now() + 14 * DAY + 60, NULL));
    g_autofree char *revoked =
        world_text(world, "select serial from certificate where request = %N and reason = 'superseded'", number);
    g_assert_cmpstr(revoked, ==, old_serial);
    g_assert_cmpint(world_int(world, "select count(*) from event where request = %N and what = 'superseded'", number), ==, 1);
    g_autoptr(RaRequest) r = ra_request_get(world->portal, person, number, NULL);
    g_assert_cmpstr(r->serial, ==, new_serial);
    g_assert_cmpstr(ra_request_certificate_state(r, seconds_now()), ==, "valid");
    g_autoptr(GPtrArray) previous = ra_request_previous(world->portal, person, number, NULL);
    g_assert_cmpint(previous->len, ==, 1);
    g_assert_cmpstr(ra_previous_state(previous->pdata[0], seconds_now()), ==, "revoking");
    cluster_do(world->cluster, "delete from job");
}

static void
rows_behind_cookies_go(void)
{
    cluster_do(
        world->cluster,
        "insert into session (id_hash, person, idp, expires_at) select decode(repeat('aa', 32), 'hex'), id, 'x',"
        " now() - interval '1 s' from person limit 1;"
        "insert into session (id_hash, person, idp, expires_at) select decode(repeat('bb', 32), 'hex'), id, 'x',"
        " now() + interval '1 h' from person limit 1;"
        "insert into assertion_seen values ('i', 'old', now() - interval '1 s'), ('i', 'new', now() + interval '1 h');"
        "insert into form_used (key_hash, person, used_at) select decode(repeat('cc', 32), 'hex'), id, now() - interval '3 days'"
        " from person limit 1;"
        "insert into form_used (key_hash, person) select decode(repeat('dd', 32), 'hex'), id from person limit 1");
    g_autoptr(GError) error = NULL;
    g_assert_true(ra_sweep(world->worker, seconds_now()));
    g_assert_no_error(error);
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from session"), ==, 1);
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from assertion_seen"), ==, 1);
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from form_used where encode(key_hash, 'hex') ~ '^(cc|dd)'"),
                    ==, 1);
}

static void
old_crls_are_asked_for_anew(void)
{
    cluster_do(world->cluster,
               "delete from job; update certificate set published = 1 where revoked_at is not null and published is null");
    g_assert_true(ra_sweep_crl(world->worker, seconds_now(), NULL)); /* none is there yet: client and smime, never the root */
    g_assert_true(ra_sweep_crl(world->worker, seconds_now(), NULL));
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from job where kind = 'publish'"), ==, 2);
    cluster_do(world->cluster,
               "delete from job;"
               "insert into crl select n, shard, 1, now() - interval '30 min', now() + interval '2 days', '\\x30' from"
               " unnest('{client,smime}'::text[]) n, unnest('{-1,0}'::integer[]) shard");
    g_assert_true(ra_sweep_crl(world->worker, seconds_now(), NULL));
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from job where kind = 'publish'"), ==, 0);
    g_assert_true(ra_sweep_crl(world->worker, seconds_now() + 1801, NULL));
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from job where kind = 'publish'"), ==, 2);
    /* A shard that has a revocation which the full one lacks, and has had for a while. */
    cluster_do(world->cluster, "delete from job; update crl set number = 2, this_update = now() where issuer = 'client' and shard = 0");
    g_assert_true(ra_sweep_crl(world->worker, seconds_now(), NULL));
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from job where kind = 'publish' and issuer = 'client'"), ==, 1);
    /* Less than a quarter of its time left: whoever reads the log is told, of this one alone. */
    cluster_do(world->cluster, "update crl set next_update = this_update + interval '40 hours', number = 5 where issuer = 'client' and shard = 0");
    g_autoptr(GPtrArray) early = db_status_ending(world->worker->db, seconds_now() + 29 * 3600, NULL);
    g_autoptr(GPtrArray) late = db_status_ending(world->worker->db, seconds_now() + 31 * 3600, NULL);
    g_assert_cmpuint(early->len, ==, 0);
    g_assert_cmpuint(late->len, ==, 1);
    const DbCrlEnding *ending = late->pdata[0];
    g_assert_cmpstr(ending->issuer, ==, "client");
    g_assert_cmpint(ending->shard, ==, 0);
    /* A shard that is missing. */
    cluster_do(world->cluster, "delete from job; delete from crl where issuer = 'smime' and shard = 0;"
                               " update crl set number = 6, this_update = now() where issuer = 'client' and shard = -1");
    g_assert_true(ra_sweep_crl(world->worker, seconds_now(), NULL));
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from job where kind = 'publish' and issuer = 'smime'"), ==, 1);
    cluster_do(world->cluster, "delete from job");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    world = world_new(NULL);
    g_test_add_func("/issue/a request gets its PIN and two mails", a_request_gets_its_pin_and_two_mails);
    g_test_add_func("/issue/without PIN mail the PIN stays on the page", without_pin_mail_the_pin_stays_on_the_page);
    g_test_add_func("/jobs/several workers do each job once", two_workers_do_each_job_once);
    g_test_add_func("/jobs/a killed worker leaves nothing half done", a_killed_worker_leaves_nothing_half);
    g_test_add_func("/jobs/a failing job is put off and the others go on", a_failing_job_is_put_off);
    g_test_add_func("/jobs/a job for what was withdrawn does nothing", a_job_for_what_was_withdrawn_does_nothing);
    g_test_add_func("/jobs/a lost job is found", a_lost_job_is_found);
    g_test_add_func("/pickup/a new URL ends the old one", a_new_url_ends_the_old_one);
    g_test_add_func("/pickup/a new PIN opens what wrong ones locked", a_new_pin_opens_what_wrong_ones_locked);
    g_test_add_func("/pickup/a PIN may be pasted with spaces or wide letters", a_pin_may_be_pasted_with_spaces);
    g_test_add_func("/pickup/wrong PINs are counted over all processes", guesses_are_counted_over_all_processes);
    g_test_add_func("/time/an uncollected pickup says so before and lapses", an_uncollected_pickup_says_so_and_lapses);
    g_test_add_func("/time/a renewal that nobody collects falls back", a_renewal_that_nobody_collects_falls_back);
    g_test_add_func("/time/what was kept is erased after the next day", what_was_kept_is_erased_after_the_next_day);
    g_test_add_func("/time/a replaced certificate is superseded after its grace",
                    a_replaced_certificate_is_superseded_after_its_grace);
    g_test_add_func("/time/old CRLs are asked for anew", old_crls_are_asked_for_anew);
    g_test_add_func("/time/rows behind cookies go when they expire", rows_behind_cookies_go);
    int status = g_test_run();
    world_free(world);
    return status;
}
