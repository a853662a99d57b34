/* Certificates are found by their SHA-1, whoever reckons it and whenever. */
#include "db/officer.h"
#include "ra/officer.h"
#include "ra/print.h"
#include "tests/integration/cluster_ra.h"

static World *world;

static gint64
collected(const char *der)
{
    gint64 number = world_ready(world, world->person, "client", 13);
    g_autofree char *serial = world_collect(world, number);
    g_autofree char *sql = g_strdup_printf("set session_replication_role = replica; update certificate set der = convert_to('%s', 'UTF8')"
                                           " where serial = '%s'; set session_replication_role = origin", der, serial);
    cluster_do(world->cluster, sql);
    return number;
}

static void
run(void)
{
    g_autoptr(GError) error = NULL;
    gboolean ok = ra_print_run(world->worker, &error);
    g_assert_no_error(error);
    g_assert_true(ok);
}

/* How many requests an officer finds by the SHA-1 of DER, typed with colons; *FIRST is one of them. */
static guint
found(const char *der, gint64 *first)
{
    const RaOfficer officer = { .person = world->person, .institution = world->institution, .role = "officer", .address = "" };
    g_autofree char *hex = g_compute_checksum_for_string(G_CHECKSUM_SHA1, der, -1);
    g_autoptr(GString) pairs = g_string_new(NULL);
    for (const char *c = hex; *c; c += 2)
        g_string_append_printf(pairs, "%s%c%c", pairs->len ? ":" : "", g_ascii_toupper(c[0]), c[1]);
    const struct ra_desk_query query = { .text = pairs->str, .state = "", .type = "", .key = "" };
    g_autoptr(GError) error = NULL;
    g_autoptr(RaDeskFound) hits = ra_officer_find(world->portal, &officer, &query, RA_DESK_PAGE, &error);
    g_assert_no_error(error);
    if (hits->requests->len > 0 && first)
        *first = ((const RaDeskRow *)hits->requests->pdata[0])->number;
    return hits->requests->len;
}

static void
a_new_certificate_is_found_after_a_round(void)
{
    gint64 number = collected("new"), hit = 0;
    g_assert_cmpuint(found("new", NULL), ==, 0);
    run();
    g_assert_cmpuint(found("new", &hit), ==, 1);
    g_assert_cmpint(hit, ==, number);
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from certificate_new"), ==, 0);
}

static void
what_was_there_before_is_found_too_step_by_step(void)
{
    gint64 number = collected("old"), hit = 0;
    /* As a migration finds it: nothing waits, nothing was walked. A thousand more in front of it than a round takes. */
    cluster_do(world->cluster,
               "delete from certificate_new; delete from certificate_sha1; update certificate_walk set issuer = '', serial = '', ended = false;"
               "set session_replication_role = replica;"
               "insert into certificate (issuer, serial, request, pickup, der, subject, spki_sha256, fingerprint, not_before, not_after, key_kind,"
               " revoked_at, reason) select issuer, '01' || lpad(n::text, 38, '0'), request, pickup, convert_to('many' || n, 'UTF8'), subject,"
               " spki_sha256, fingerprint, not_before, not_after, key_kind, now(), 'superseded' from"
               " (select * from certificate limit 1) c, generate_series(1, 1500) n; set session_replication_role = origin");
    run();
    gint64 first = cluster_int(world->cluster, "select count(*) from certificate_sha1");
    g_assert_cmpint(first, >=, 1000);
    g_assert_cmpint(first, <, 1500);
    for (int rounds = 0; cluster_int(world->cluster, "select count(*) from certificate_walk where ended") == 0; rounds++) {
        g_assert_cmpint(rounds, <, 10);
        run();
    }
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from certificate c where not exists (select from certificate_sha1 s"
                                                " where s.request = c.request)"), ==, 0);
    g_assert_cmpuint(found("many1500", NULL), ==, 1);
    g_assert_cmpuint(found("old", &hit), ==, 1);
    g_assert_cmpint(hit, ==, number);
}

static int
one_of_several(int i, gpointer data)
{
    g_autoptr(GError) error = NULL;
    (void)i;
    (void)data;
    RaContext *ctx = world_context(world, "worker");
    gboolean ok = ra_print_run(ctx, &error);
    return ok ? 0 : 1;
}

static void
several_workers_do_not_stand_in_each_others_way(void)
{
    for (int i = 0; i < 3; i++) {
        g_autofree char *der = g_strdup_printf("together %d", i);
        collected(der);
    }
    cluster_do(world->cluster, "update certificate_walk set issuer = '', serial = '', ended = false");
    g_assert_cmpint(world_together(4, one_of_several, NULL), ==, 0);
    run();
    for (int i = 0; i < 3; i++) {
        g_autofree char *der = g_strdup_printf("together %d", i);
        g_assert_cmpuint(found(der, NULL), ==, 1);
    }
}

static void
another_institution_finds_nothing(void)
{
    const RaOfficer stranger = { .person = world->person, .institution = world->institution + 1000, .role = "officer", .address = "" };
    g_autofree char *hex = g_compute_checksum_for_string(G_CHECKSUM_SHA1, "old", -1);
    const struct ra_desk_query query = { .text = hex, .state = "", .type = "", .key = "" };
    g_autoptr(GError) error = NULL;
    g_autoptr(RaDeskFound) hits = ra_officer_find(world->portal, &stranger, &query, RA_DESK_PAGE, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(hits->requests->len, ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    world = world_new(NULL);
    g_test_add_func("/print/a new certificate is found after a round", a_new_certificate_is_found_after_a_round);
    g_test_add_func("/print/what was there before is found too, step by step", what_was_there_before_is_found_too_step_by_step);
    g_test_add_func("/print/several workers do not stand in each other's way", several_workers_do_not_stand_in_each_others_way);
    g_test_add_func("/print/another institution finds nothing", another_institution_finds_nothing);
    int status = g_test_run();
    world_free(world);
    return status;
}
