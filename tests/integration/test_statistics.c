/* The numbers by month: what each of them counts, whose month it is, each step once whatever becomes of the workers, and the same
   as a count of the rows. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/pickup.h"
#include "db/request.h"
#include "db/statistics.h"
#include "ra/jobs.h"
#include "ra/request.h"
#include "ra/statistics.h"
#include "ra/sweep.h"
#include "tests/integration/cluster_ra.h"

static World *world;

static gint64
now(void)
{
    return cluster_int(world->cluster, "select extract(epoch from now())::bigint");
}

static void
fold(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(ra_statistics_fold(world->worker, &error), >=, 0);
    g_assert_no_error(error);
}

/* As the owner's command has it. */
static void
agree(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Db) owner = db_new(cluster_conninfo(world->cluster, "owner"));
    g_auto(GStrv) differ = db_statistics_differences(owner, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(*differ, ==, NULL);
}

static RaStatistics *
seen(const char *role, gint64 institution, gint64 chosen, gint64 at)
{
    g_autoptr(GError) error = NULL;
    struct ra_months range;
    const RaOfficer officer = { .person = world->person, .institution = institution, .role = role };
    g_assert_true(ra_months_read("12", at, world->portal->zone, &range));
    RaStatistics *statistics = ra_statistics_read(world->portal, &officer, chosen, &range, at, &error);
    g_assert_no_error(error);
    return statistics;
}

/* This month's number of the world's institution. */
static gint64
count(enum ra_statistic what, int type)
{
    g_autoptr(RaStatistics) statistics = seen("officer", world->institution, 0, now());
    return statistics->now.n[what][type];
}

static gint64
collected(gint64 person, const char *type)
{
    gint64 number = world_ready(world, person, type, 52);
    g_autofree char *serial = world_collect(world, number);
    return number;
}

static void
renew(gint64 person, gint64 number)
{
    const struct ra_who who = { .person = person };
    g_assert_true(ra_request_renew(world->portal, &who, number, NULL, NULL, NULL));
    g_assert_true(ra_jobs_run(world->worker, NULL));
}

static void
revoke_one(gint64 person, gint64 number)
{
    g_autoptr(GError) error = NULL;
    const struct ra_who who = { .person = person };
    g_assert_true(ra_request_revoke(world->portal, &who, number, "keyCompromise", NULL, NULL, &error));
    g_assert_no_error(error);
}

struct numbers { gint64 n[RA_STATISTICS][RA_TYPES], active, ending; };

static struct numbers
all_numbers(void)
{
    struct numbers numbers = { 0 };
    g_autoptr(RaStatistics) statistics = seen("officer", world->institution, 0, now());
    memcpy(numbers.n, statistics->now.n, sizeof numbers.n);
    numbers.active = statistics->active;
    numbers.ending = statistics->soon;
    return numbers;
}

static void
grown(const struct numbers *before, enum ra_statistic what, int type, gint64 by)
{
    gint64 is = count(what, type);
    if (is - before->n[what][type] != by)
        g_error("%s, type %d: %" G_GINT64_FORMAT " more, wanted %" G_GINT64_FORMAT, ra_statistic_words[what], type,
                is - before->n[what][type], by);
}

/* A life of everything that can happen; what it adds up to is known beforehand. */
static void
a_mixed_life_is_counted(void)
{
    gint64 who = world->person;
    struct numbers before = all_numbers();
    gint64 plain = collected(who, "client"), mail = collected(who, "smime"), renewed = collected(who, "client"), lost, gone;
    renew(who, renewed);
    g_autofree char *second = world_collect(world, renewed);
    revoke_one(who, mail);
    lost = collected(who, "client"); /* two certificates on the lost device, both revoked */
    renew(who, lost);
    g_autofree char *third = world_collect(world, lost);
    revoke_one(who, lost);
    gone = world_ready(world, who, "client", 52);
    g_assert_true(ra_request_withdraw(world->portal, &(struct ra_who){ .person = who }, gone, NULL, NULL, NULL));
    fold();
    grown(&before, RA_APPLIED, RA_CLIENT, 4);
    grown(&before, RA_APPLIED, RA_SMIME, 1);
    grown(&before, RA_COLLECTED, RA_CLIENT, 3);
    grown(&before, RA_COLLECTED, RA_SMIME, 1);
    grown(&before, RA_RENEWED, RA_CLIENT, 2);
    grown(&before, RA_REVOKED, RA_CLIENT, 2);
    grown(&before, RA_REVOKED, RA_SMIME, 1);
    grown(&before, RA_REPLACED, RA_CLIENT, 0);
    g_assert_cmpint(all_numbers().active - before.active, ==, 2);
    world_do(world, "update request set not_after = now() + interval '20 days' where number = %N", plain);
    g_assert_cmpint(all_numbers().ending - before.ending, ==, 1);
    agree();
}

static void
what_a_successor_replaces_counts_apart(void)
{
    struct numbers before = all_numbers();
    world_do(world, "update institution set grace_days = 0 where id = %N", world->institution);
    gint64 number = collected(world->person, "client");
    renew(world->person, number);
    g_autofree char *serial = world_collect(world, number);
    g_assert_true(ra_sweep_superseded(world->worker, now() + 86400, NULL));
    world_do(world, "update institution set grace_days = null where id = %N", world->institution);
    g_assert_cmpint(world_int(world, "select count(*) from certificate where revoked_by = 'worker' and request = %N", number), ==, 1);
    grown(&before, RA_REPLACED, RA_CLIENT, cluster_int(world->cluster, "select count(*) from certificate where revoked_by = 'worker'"));
    grown(&before, RA_REVOKED, RA_CLIENT, 0);
    agree();
}

/* A key that was lost before anybody had it: its certificate is revoked, and nothing was taken from anybody. */
static void
what_nobody_had_is_no_revocation(void)
{
    struct numbers before = all_numbers();
    gint64 number = world_ready(world, world->person, "client", 52);
    world_do(world, "insert into certificate (issuer, serial, request, pickup, der, subject, spki_sha256, fingerprint, not_before, not_after,"
                    " key_kind) select f.issuer, '11' || substr(encode(sha256(k.token_hash), 'hex'), 1, 38), r.number, k.id, '\\x31', 'CN=x',"
                    " sha256('a'), sha256('a'), k.not_before, k.not_after, 'p256' from request r join pickup k on k.request = r.number"
                    " join profile f on f.id = r.profile where r.number = %N", number);
    world_do(world, "select pickup_new_pin(id, 'salt', pin_hash, pin_sealed) from pickup where request = %N", number);
    grown(&before, RA_REVOKED, RA_CLIENT, 0);
    g_autofree char *serial = world_collect(world, number);
    fold();
    grown(&before, RA_COLLECTED, RA_CLIENT, 1);
    grown(&before, RA_REVOKED, RA_CLIENT, 0);
    agree();
}

/* The last second of June in Tokyo, and the first of July; both are June in UTC. */
static void
the_month_is_the_services(void)
{
    g_autoptr(GDateTime) midsummer = g_date_time_new_utc(2030, 7, 15, 0, 0, 0);
    gint64 then = g_date_time_to_unix(midsummer);
    gint64 numbers[2] = { world_ready(world, world->person, "client", 52), world_ready(world, world->person, "client", 52) };
    world_do(world, "update pickup set collected_at = '2030-06-30 14:59:59+00', keep_until = now() where request = %N", numbers[0]);
    world_do(world, "update pickup set collected_at = '2030-06-30 15:00:00+00', keep_until = now() where request = %N", numbers[1]);
    for (int i = 0; i < 2; i++) { /* before they are added up, and after */
        g_autoptr(RaStatistics) statistics = seen("officer", world->institution, 0, then);
        g_assert_cmpint(g_array_index(statistics->months, struct ra_month, 10).n[RA_COLLECTED][RA_CLIENT], ==, 1);
        g_assert_cmpint(statistics->now.n[RA_COLLECTED][RA_CLIENT], ==, 1);
        fold();
    }
    agree();
}

static void
what_ends_is_in_its_month(void)
{
    g_autoptr(GDateTime) spring = g_date_time_new_utc(2040, 3, 15, 0, 0, 0);
    gint64 then = g_date_time_to_unix(spring), number = collected(world->person, "smime");
    world_do(world, "update request set not_after = '2040-05-31 14:59:59+00' where number = %N", number);
    g_autoptr(RaStatistics) first = seen("officer", world->institution, 0, then);
    g_assert_cmpint(g_array_index(first->ending, struct ra_month, 2).n[RA_ACTIVE][RA_SMIME], ==, 1);
    world_do(world, "update request set not_after = '2040-05-31 15:00:00+00' where number = %N", number);
    fold();
    g_autoptr(RaStatistics) second = seen("officer", world->institution, 0, then);
    g_assert_cmpint(g_array_index(second->ending, struct ra_month, 2).n[RA_ACTIVE][RA_SMIME], ==, 0);
    g_assert_cmpint(g_array_index(second->ending, struct ra_month, 3).n[RA_ACTIVE][RA_SMIME], ==, 1);
    revoke_one(world->person, number);
    g_autoptr(RaStatistics) third = seen("officer", world->institution, 0, then);
    g_assert_cmpint(g_array_index(third->ending, struct ra_month, 3).n[RA_ACTIVE][RA_SMIME], ==, 0);
    agree();
}

static void
an_officer_sees_the_own_institution(void)
{
    gint64 other = cluster_institution(world->cluster, "Minato Institute", "minato.example", "https://idp2.localhost");
    gint64 person = cluster_person(world->cluster, other, "minato");
    collected(person, "client");
    fold();
    g_autoptr(RaStatistics) theirs = seen("officer", other, world->institution, now()); /* whatever is chosen */
    g_assert_cmpint(theirs->active, ==, 1);
    g_assert_cmpint(theirs->now.n[RA_COLLECTED][RA_CLIENT], ==, 1);
    g_autoptr(RaStatistics) ours = seen("officer", world->institution, other, now());
    g_autoptr(RaStatistics) all = seen("operator", 0, 0, now());
    g_autoptr(RaStatistics) one = seen("operator", 0, other, now());
    g_assert_cmpint(all->active, ==, ours->active + theirs->active);
    g_assert_cmpint(one->active, ==, 1);
    const RaOfficer operator = { .person = world->person, .role = "operator" };
    struct ra_months range;
    g_assert_true(ra_months_read("12", now(), world->portal->zone, &range));
    g_autoptr(GArray) sums = ra_statistics_sums(world->portal, &operator, 0, &range, NULL);
    g_assert_cmpuint(sums->len, ==, 2);
    g_assert_cmpint(g_array_index(sums, struct ra_institution_month, 1).institution, ==, other);
    g_assert_cmpint(g_array_index(sums, struct ra_institution_month, 1).counts.n[RA_ACTIVE][RA_CLIENT], ==, 1);
}

/* --- once ------------------------------------------------------------------------------------------------------------- */

static int
fold_often(int i, gpointer data)
{
    g_autoptr(RaContext) ctx = world_context(world, "worker");
    (void)i;
    (void)data;
    for (int n = 0; n < 20; n++)
        if (db_statistics_fold(ctx->db, 7, NULL) < 0)
            return 1;
    return 0;
}

static void
many_workers_count_once(void)
{
    for (int i = 0; i < 30; i++)
        cluster_request(world->cluster, world->person, "client", 52);
    g_assert_cmpint(world_together(6, fold_often, NULL), ==, 0);
    fold();
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from statistic_step"), ==, 0);
    agree();
    cluster_do(world->cluster, "delete from job");
}

/* Killed with its numbers added up and not committed. */
static void
who_dies_half_way_counts_nothing(void)
{
    for (int i = 0; i < 5; i++)
        cluster_request(world->cluster, world->person, "client", 52);
    gint64 waiting = cluster_int(world->cluster, "select count(*) from statistic_step");
    pid_t child = fork();
    if (child == 0) {
        g_autoptr(RaContext) ctx = world_context(world, "worker");
        if (db_begin(ctx->db, NULL) && db_statistics_fold(ctx->db, 100, NULL) > 0)
            kill(getpid(), SIGKILL);
        _exit(1);
    }
    int status;
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_true(WIFSIGNALED(status));
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from statistic_step"), ==, waiting);
    agree();
    cluster_do(world->cluster, "select pg_terminate_backend(pid) from pg_stat_activity where state = 'idle in transaction'");
    fold();
    agree();
    cluster_do(world->cluster, "delete from job");
}

static int
fold_or_rebuild(int i, gpointer data)
{
    if (i == 0) { /* what goes on meanwhile */
        for (int n = 0; n < 24; n++)
            cluster_request(world->cluster, world->person, n % 2 ? "client" : "smime", 52);
        return 0;
    }
    if (i == 1)
        return fold_often(i, data);
    g_autoptr(Db) owner = db_new(cluster_conninfo(world->cluster, "owner"));
    for (int n = 0; n < 5; n++)
        if (db_statistics_rebuild(owner, NULL) < 0)
            return 1;
    return 0;
}

static void
counted_anew_while_everything_runs(void)
{
    g_assert_cmpint(world_together(4, fold_or_rebuild, NULL), ==, 0);
    fold();
    agree();
    cluster_do(world->cluster, "update statistic set n = n + 1 where what = 'applied'");
    g_autoptr(Db) owner = db_new(cluster_conninfo(world->cluster, "owner"));
    g_auto(GStrv) differ = db_statistics_differences(owner, NULL);
    g_assert_cmpuint(g_strv_length(differ), >, 0);
    g_assert_cmpint(db_statistics_rebuild(owner, NULL), >, 0);
    agree();
    cluster_do(world->cluster, "delete from job");
}

/* --- ranges ----------------------------------------------------------------------------------------------------------- */

static void
ranges(void)
{
    static const struct { const char *word; gboolean known; int from, until; } cases[] = {
        { "12", TRUE, 2025 * 12 + 2, 2026 * 12 + 2 },  { "36", TRUE, 2023 * 12 + 2, 2026 * 12 + 2 },
        { "fy2025", TRUE, 2025 * 12 + 3, 2026 * 12 + 2 }, { "fy2024", TRUE, 2024 * 12 + 3, 2025 * 12 + 3 },
        { "fy2026", FALSE, 0, 0 }, { "fy1999", FALSE, 0, 0 }, { "fy", FALSE, 0, 0 }, { "13", FALSE, 0, 0 }, { "", FALSE, 0, 0 },
        { "fy2025x", FALSE, 0, 0 },
    };
    g_autoptr(GTimeZone) tokyo = g_time_zone_new_identifier("Asia/Tokyo");
    g_autoptr(GDateTime) february = g_date_time_new(tokyo, 2026, 2, 28, 23, 59, 59);
    gint64 then = g_date_time_to_unix(february);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct ra_months range;
        g_assert_cmpint(ra_months_read(cases[i].word, then, tokyo, &range), ==, cases[i].known);
        if (cases[i].known) {
            g_assert_cmpint(range.from, ==, cases[i].from);
            g_assert_cmpint(range.until, ==, cases[i].until);
        }
    }
    g_assert_cmpint(ra_fiscal_year(then, tokyo), ==, 2025);
    g_assert_cmpint(ra_month_of(then + 1, tokyo), ==, 2026 * 12 + 2);
    g_assert_cmpint(ra_month_begins(2026 * 12 + 2, tokyo), ==, then + 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    world = world_new(NULL);
    g_test_add_func("/statistics/a mixed life is counted", a_mixed_life_is_counted);
    g_test_add_func("/statistics/what a successor replaces counts apart", what_a_successor_replaces_counts_apart);
    g_test_add_func("/statistics/what nobody had is no revocation", what_nobody_had_is_no_revocation);
    g_test_add_func("/statistics/the month is the service's", the_month_is_the_services);
    g_test_add_func("/statistics/what ends is in its month", what_ends_is_in_its_month);
    g_test_add_func("/statistics/an officer sees the own institution", an_officer_sees_the_own_institution);
    g_test_add_func("/statistics/many workers count once", many_workers_count_once);
    g_test_add_func("/statistics/who dies half way counts nothing", who_dies_half_way_counts_nothing);
    g_test_add_func("/statistics/counted anew while everything runs", counted_anew_while_everything_runs);
    g_test_add_func("/statistics/ranges", ranges);
    int status = g_test_run();
    world_free(world);
    return status;
}
