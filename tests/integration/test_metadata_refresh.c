/*
 * Federation metadata on schedule: from files and a real https server, two federations at once, MDQ; kept where the new copy is
 * bad, gone where the old one is over.
 */
#include <string.h>

#include <gio/gio.h>

#include "ra/error.h"
#include "ra/metadata.h"
#include "ra/metadata_fetch.h"
#include "sp/service.h"
#include "tests/integration/cluster_ra.h"
#include "tests/unit/sp_fixture.h"

#define UNTIL "2026-12-01T00:00:00Z"
#define UNTIL_SECONDS G_GINT64_CONSTANT(1796083200)

static World *world;
static SpOpener *opener;
static char *one, *two;
static GSubprocess *server;
static char *port;

/* What the worker's round does with SOURCES (as in the settings file). */
static gboolean
round_with(const char *sources, gint64 now, gboolean force, GError **error)
{
    g_autofree char *text = NULL, *file = fixture_path("round.conf");
    g_assert_true(g_file_get_contents(world->file, &text, NULL, NULL));
    g_auto(GStrv) parts = g_strsplit(text, "[saml]\n", 2);
    g_autofree char *with = g_strconcat(parts[0], "[saml]\nsources=", sources, "\nmetadata_ca_file=", fixture_folder,
                                        "/web/tls.pem\n", parts[1], NULL);
    g_assert_true(g_file_set_contents(file, with, -1, NULL));
    g_autoptr(GError) wrong = NULL;
    g_autoptr(Settings) settings = settings_load(file, &wrong);
    g_assert_no_error(wrong);
    g_autoptr(GPtrArray) list = ra_metadata_sources(settings, &wrong);
    g_assert_no_error(wrong);
    RaContext ctx = *world->worker;
    ctx.settings = settings;
    const struct ra_metadata_round round = { .ctx = &ctx, .opener = opener, .sources = list, .now = now, .force = force };
    return ra_metadata_round(&round, error);
}

static gboolean
both_refreshed(gint64 now, GError **error)
{
    g_autofree char *sources = g_strdup_printf("first|file://%s;second|file://%s", one, two);
    return round_with(sources, now, FALSE, error);
}

static void
make_aggregate(const char *file, const char *count)
{
    const char *command[] = { "/usr/bin/python3", "tests/hostile/make_metadata.py", fixture_folder, file, count, NULL };
    fixture_run(command);
}

static gint64
idps_of(const char *source)
{
    g_autofree char *sql = g_strdup_printf("select count(*) from idp where source = '%s'", source);
    return cluster_int(world->cluster, sql);
}

static void
sources_are_fetched_when_due(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(both_refreshed(FIXTURE_NOW, &error));
    g_assert_no_error(error);
    g_assert_cmpint(idps_of("first"), ==, 3);
    g_assert_cmpint(idps_of("second"), ==, 2);
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from metadata_source where priority in (1, 2)"), ==, 2);
    make_aggregate(one, "5");
    g_assert_true(both_refreshed(FIXTURE_NOW + 3599, NULL));
    g_assert_cmpint(idps_of("first"), ==, 3);
    g_assert_true(both_refreshed(FIXTURE_NOW + 3600, NULL));
    g_assert_cmpint(idps_of("first"), ==, 5);
    g_assert_cmpint(idps_of("second"), ==, 2);
}

static void
a_bad_copy_leaves_the_old_one(void)
{
    g_autofree char *good = NULL;
    gsize size = 0;
    g_autoptr(GError) error = NULL;
    g_assert_true(g_file_get_contents(one, &good, &size, NULL));
    g_assert_true(g_file_set_contents(one, good, (gssize)size / 2, NULL));
    make_aggregate(two, "4");
    g_assert_false(both_refreshed(FIXTURE_NOW + 8000, &error));
    g_assert_nonnull(strstr(error->message, "source first"));
    g_assert_cmpint(idps_of("first"), ==, 5);
    g_assert_cmpint(idps_of("second"), ==, 4); /* the other source goes on */
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from metadata_source where name = 'first' and error <> '' and"
                                                " extract(epoch from failed_at) = " G_STRINGIFY(1795507200) " + 8000"), ==, 1);
    /* Tried again after five minutes, not with each round. */
    g_assert_true(both_refreshed(FIXTURE_NOW + 8010, NULL));
    g_assert_true(g_file_set_contents(one, good, (gssize)size, NULL));
    g_assert_true(both_refreshed(FIXTURE_NOW + 8300, NULL));
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from metadata_source where name = 'first' and error = ''"), ==,
                    1);
}

static void
what_cannot_be_fetched_is_recorded(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *aside = g_strconcat(two, ".aside", NULL);
    g_assert_cmpint(g_rename(two, aside), ==, 0);
    g_assert_false(both_refreshed(FIXTURE_NOW + 20000, &error));
    g_assert_error(error, RA_ERROR, RA_ERROR_DOWN);
    g_assert_cmpint(idps_of("second"), ==, 4);
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from metadata_source where name = 'second' and error <> ''"),
                    ==, 1);
    g_assert_cmpint(g_rename(aside, two), ==, 0);
}

static GBytes *
fetch(const char *url, size_t most, GError **error)
{
    const struct ra_fetch what = { .url = url, .most = most, .seconds = 5, .inside = TRUE };
    struct ra_fetched fetched;
    GBytes *bytes = ra_metadata_fetch(&what, &fetched, error) ? g_bytes_ref(fetched.bytes) : NULL;
    ra_fetched_clear(&fetched);
    return bytes;
}

static void
only_files_and_https_are_fetched(void)
{
    static const struct { const char *url; enum ra_error code;
    } cases[] = {
        { "http://127.0.0.1:1/x", RA_ERROR_INPUT }, { "ftp://127.0.0.1/x", RA_ERROR_INPUT },
        { "/etc/hostname", RA_ERROR_INPUT },        { "file:/nowhere/x.xml", RA_ERROR_DOWN },
        { "https://127.0.0.1:1/x", RA_ERROR_DOWN }, { "file://other.host/x", RA_ERROR_DOWN },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_test_message("%s", cases[i].url);
        g_assert_null(fetch(cases[i].url, 1000, &error));
        g_assert_error(error, RA_ERROR, (gint)cases[i].code);
    }
}

static void
size_is_bounded(void)
{
    g_autofree char *file = fixture_path("bounded");
    g_autofree char *url = g_filename_to_uri(file, NULL, NULL);
    g_autoptr(GError) error = NULL;
    g_assert_true(g_file_set_contents(file, "0123456789", 10, NULL));
    g_autoptr(GBytes) fits = fetch(url, 10, &error);
    g_assert_no_error(error);
    g_assert_cmpint(g_bytes_get_size(fits), ==, 10);
    g_assert_null(fetch(url, 9, &error));
    g_assert_error(error, RA_ERROR, RA_ERROR_INPUT);
}

/* --- a real server -------------------------------------------------------------------------------------------------------- */

static char *
url_of(const char *path)
{
    return g_strdup_printf("https://localhost:%s/%s", port, path);
}

static char *
in_web(const char *name)
{
    return g_build_filename(fixture_folder, "web", name, NULL);
}

static void
start_server(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = fixture_path("web");
    g_assert_cmpint(g_mkdir(folder, 0755), ==, 0);
    server = g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDIN_PIPE, &error, "/usr/bin/python3",
                              "tests/lib/mdq_server.py", folder, NULL);
    g_assert_no_error(error);
    g_autoptr(GDataInputStream) in = g_data_input_stream_new(g_subprocess_get_stdout_pipe(server));
    g_filter_input_stream_set_close_base_stream(G_FILTER_INPUT_STREAM(in), FALSE);
    port = g_data_input_stream_read_line(in, NULL, NULL, NULL);
    g_assert_nonnull(port);
}

/* A line for each request since the last call: path, If-None-Match, status. */
static char *
requests(void)
{
    g_autofree char *file = in_web("requests");
    char *text = NULL;
    if (!g_file_get_contents(file, &text, NULL, NULL))
        return g_strdup("");
    g_unlink(file);
    return text;
}

static void
make_signed(const char *file, const char *n, const char *key, const char *more, const char *value)
{
    g_autofree char *key_file = g_strdup_printf("%s/%s.key", fixture_folder, key),
                    *certificate = g_strdup_printf("%s/%s.crt", fixture_folder, key);
    const char *command[] = { "/usr/bin/python3", "tests/lib/aggregate.py", file, n, "--until", UNTIL, "--key", key_file, "--certificate",
                              certificate, more, value, NULL };
    fixture_run(command);
}

static void
a_server_of_unknown_trust_is_refused(void)
{
    g_autofree char *url = url_of("files/requests");
    g_autoptr(GError) error = NULL;
    g_assert_null(fetch(url, 100000, &error));
    g_assert_error(error, RA_ERROR, RA_ERROR_DOWN);
    g_test_message("%s", error->message);
}

static void
a_server_gives_what_is_newer_only(void)
{
    g_autofree char *file = in_web("a.xml"), *url = url_of("files/a.xml"), *sources = g_strconcat("web|", url, NULL);
    g_autoptr(GError) error = NULL;
    make_signed(file, "4", "federation", NULL, NULL);
    g_free(requests());
    g_assert_true(round_with(sources, FIXTURE_NOW, FALSE, &error));
    g_assert_no_error(error);
    g_assert_cmpint(idps_of("web"), ==, 4);
    cluster_do(world->cluster, "create table seen as select xmin::text as x, entity_id from idp where source = 'web'");
    g_assert_true(round_with(sources, FIXTURE_NOW + 3600, FALSE, &error));
    g_autofree char *asked = requests();
    g_auto(GStrv) lines = g_strsplit(asked, "\n", -1);
    g_assert_true(g_str_has_suffix(lines[0], "\t\t200"));
    g_assert_true(g_str_has_suffix(lines[1], "\"\t304"));
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from metadata_source where name = 'web' and"
                                " extract(epoch from asked_at) = 1795507200 + 3600 and extract(epoch from refreshed_at) = 1795507200"),
                    ==, 1);
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from (select xmin::text, entity_id from idp where source = 'web'"
                                " except select * from seen) x"), ==, 0);
}

/* "Nothing newer" says nothing where another key judges, or where our copy is over. */
static void
another_pin_or_an_old_copy_is_fetched_whole(void)
{
    g_autofree char *url = url_of("files/a.xml"), *sources = g_strdup_printf("web|%s|%s/foreign.crt", url, fixture_folder);
    g_autofree char *plain = g_strconcat("web|", url, NULL);
    g_autoptr(GError) error = NULL;
    g_free(requests());
    g_assert_false(round_with(sources, FIXTURE_NOW + 3600 * 3, FALSE, &error));
    g_assert_nonnull(strstr(error->message, "source web: signature: not by a pinned key"));
    g_autofree char *asked = requests();
    g_assert_nonnull(strstr(asked, "\t\t200\n"));
    g_assert_cmpint(idps_of("web"), ==, 4); /* they count until their end: the operator may have mistaken the file */
    g_clear_error(&error);
    g_assert_false(round_with(plain, UNTIL_SECONDS + 1, FALSE, &error));
    g_assert_nonnull(strstr(error->message, "valid-until: past"));
    g_autoptr(DbIdp) gone = db_metadata_get(world->portal->db, "https://idp.aoba0.example.org/idp/shibboleth", UNTIL_SECONDS, &error);
    g_assert_null(gone);
}

static void
each_source_has_its_own_certificate(void)
{
    g_autofree char *file = in_web("b.xml"), *url = url_of("files/b.xml"), *a = url_of("files/a.xml");
    g_autofree char *sources = g_strdup_printf("web|%s;other|%s|%s/foreign.crt", a, url, fixture_folder);
    g_autofree char *turned = g_strdup_printf("web|%s|%s/foreign.crt;other|%s|%s/foreign.crt", a, fixture_folder, url, fixture_folder);
    g_autoptr(GError) error = NULL;
    make_signed(file, "2", "foreign", "--change", "1");
    g_assert_true(round_with(sources, FIXTURE_NOW, TRUE, &error));
    g_assert_no_error(error);
    g_autoptr(DbIdp) both = db_metadata_get(world->portal->db, "https://idp.aoba0.example.org/idp/shibboleth", FIXTURE_NOW, &error);
    g_assert_cmpstr(both->source, ==, "web"); /* the first of the list counts */
    g_assert_false(round_with(turned, FIXTURE_NOW + 3600, TRUE, &error));
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from metadata_source where name = 'web' and error <> ''"), ==, 1);
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from metadata_source where name = 'other' and error = ''"), ==, 1);
    cluster_do(world->cluster, "update metadata_source set valid_until = to_timestamp(1795507200) where name = 'web'");
    g_autoptr(DbIdp) left = db_metadata_get(world->portal->db, "https://idp.aoba0.example.org/idp/shibboleth", FIXTURE_NOW, NULL);
    g_assert_cmpstr(left->source, ==, "other");
}

static void
redirects_lead_outside_and_by_https_only(void)
{
    static const struct { const char *path, *words; } cases[] = {
        { "moved/a.xml", "the address is inside this network" },
        { "plain/a.xml", "Protocol \"http\"" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *url = url_of(cases[i].path), *sources = g_strconcat("moved|", url, NULL);
        g_autoptr(GError) error = NULL;
        g_free(requests());
        g_assert_false(round_with(sources, FIXTURE_NOW, TRUE, &error));
        g_test_message("%s", error->message);
        g_assert_nonnull(strstr(error->message, cases[i].words));
        g_autofree char *asked = requests();
        g_assert_null(strstr(asked, "/files/")); /* nobody was asked at the other address */
    }
}

/* 100 MB of spaces in 100 kB, and what never ends: stopped at the bound, which here is small to be quick. */
static void
too_much_is_stopped_while_it_comes(void)
{
    static const char *const paths[] = { "bomb", "endless" };
    g_autofree char *ca = in_web("tls.pem");
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autofree char *url = url_of(paths[i]);
        g_autoptr(GError) error = NULL;
        const struct ra_fetch what = { .url = url, .most = 1000000, .seconds = 20, .inside = TRUE, .ca_file = ca };
        struct ra_fetched fetched;
        g_assert_false(ra_metadata_fetch(&what, &fetched, &error));
        g_assert_error(error, RA_ERROR, RA_ERROR_INPUT);
        g_assert_nonnull(strstr(error->message, "too large"));
        ra_fetched_clear(&fetched);
    }
}

static void
a_silent_server_holds_nobody_up(void)
{
    g_autofree char *ca = in_web("tls.pem"), *url = url_of("silent");
    g_autoptr(GError) error = NULL;
    const struct ra_fetch what = { .url = url, .most = 1000, .seconds = 1, .inside = TRUE, .ca_file = ca };
    struct ra_fetched fetched;
    g_assert_false(ra_metadata_fetch(&what, &fetched, &error));
    g_assert_error(error, RA_ERROR, RA_ERROR_DOWN);
    ra_fetched_clear(&fetched);
}

/* --- MDQ ------------------------------------------------------------------------------------------------------------------ */

#define AOBA "https://idp.aoba0.example.org/idp/shibboleth"
#define BANDAI "https://idp.bandai1.example.org/idp/shibboleth"

static char *
mdq_file(const char *entity_id)
{
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA1, entity_id, -1);
    return g_strdup_printf("%s/web/entities/%s.xml", fixture_folder, hash);
}

static gboolean
mdq(const char *kind, gint64 now, gboolean force, GError **error)
{
    g_autofree char *sources = g_strdup_printf("q|%s:https://localhost:%s/", kind, port);
    return round_with(sources, now, force, error);
}

static void
ask_again(const char *kind, gint64 now)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(mdq(kind, now, TRUE, &error));
    g_assert_no_error(error);
}

/* The server has the Nth entity; signed once, for signing takes its time. */
static void
offer(const char *entity_id, const char *n)
{
    g_autofree char *kept = g_strdup_printf("%s/kept-%s.xml", fixture_folder, n), *file = mdq_file(entity_id), *text = NULL;
    gsize size = 0;
    if (!g_file_test(kept, G_FILE_TEST_EXISTS))
        make_signed(kept, n, "federation", "--entity", NULL);
    g_assert_true(g_file_get_contents(kept, &text, &size, NULL));
    g_assert_true(g_file_set_contents(file, text, (gssize)size, NULL));
}

/* Everything as at first: one institution has AOBA, nobody has BANDAI; the server has both. */
static void
begin_mdq(void)
{
    g_autofree char *down = in_web("down");
    g_unlink(down);
    offer(AOBA, "0");
    offer(BANDAI, "1");
    cluster_do(world->cluster, "delete from idp; delete from idp_fetch; delete from metadata_skipped; delete from metadata_source;"
                               " delete from institution_idp");
    world_do(world, "insert into institution_idp values ('" AOBA "', %N)", world->institution);
    g_free(requests());
}

static void
only_what_institutions_have_is_asked_for(void)
{
    static const char *const kinds[] = { "mdq", "mdq-sha1" };
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autoptr(GError) error = NULL;
        begin_mdq();
        g_assert_true(mdq(kinds[i], FIXTURE_NOW, FALSE, &error));
        g_assert_no_error(error);
        g_autofree char *asked = requests();
        g_assert_true(g_str_has_prefix(asked, i == 0 ? "/entities/https%3A%2F%2Fidp.aoba0.example.org%2Fidp%2Fshibboleth\t"
                                                     : "/entities/%7Bsha1%7D"));
        g_assert_cmpint(strchr(asked, '\n')[1], ==, '\0'); /* one request */
        g_assert_cmpint(idps_of("q"), ==, 1);
        g_autoptr(DbIdp) idp = db_metadata_get(world->portal->db, AOBA, FIXTURE_NOW, &error);
        g_assert_cmpstr(idp->name_ja, ==, "青葉大学0");
        g_assert_cmpint(idp->valid_until, ==, UNTIL_SECONDS);
        g_assert_cmpint(idp->institution, ==, world->institution);
        g_assert_true(mdq(kinds[i], FIXTURE_NOW + 10, FALSE, &error)); /* not due */
        g_autofree char *again = requests();
        g_assert_cmpstr(again, ==, "");
    }
}

static void
one_that_is_added_is_asked_for_at_once_and_one_taken_away_is_forgotten(void)
{
    g_autoptr(GError) error = NULL;
    begin_mdq();
    ask_again("mdq", FIXTURE_NOW);
    world_do(world, "insert into institution_idp values ('" BANDAI "', %N)", world->institution);
    g_free(requests());
    g_assert_true(mdq("mdq", FIXTURE_NOW + 10, FALSE, &error));
    g_autofree char *asked = requests();
    g_assert_nonnull(strstr(asked, "bandai1"));
    g_assert_null(strstr(asked, "aoba0"));
    g_assert_cmpint(idps_of("q"), ==, 2);
    cluster_do(world->cluster, "delete from institution_idp where entity_id = '" AOBA "'");
    g_assert_true(mdq("mdq", FIXTURE_NOW + 20, FALSE, &error));
    g_assert_cmpint(idps_of("q"), ==, 1);
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from idp_fetch"), ==, 1);
}

static void
the_time_of_the_next_question_is_the_entitys_within_bounds(void)
{
    static const struct { const char *cache; int seconds; } cases[] = { { "PT30M", 1800 }, { "PT1S", 300 }, { "P7D", 3600 }, { "PT0S", 3600 } };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *file = mdq_file(AOBA);
        begin_mdq();
        const char *with = cases[i].cache;
        g_autofree char *key = fixture_path("federation.key"), *certificate = fixture_path("federation.crt");
        const char *command[] = { "/usr/bin/python3", "tests/lib/aggregate.py", file, "0", "--entity", "--until", UNTIL, "--cache", with,
                                  "--key", key, "--certificate", certificate, NULL };
        fixture_run(command);
        ask_again("mdq", FIXTURE_NOW);
        g_test_message("%s", with);
        g_assert_cmpint(cluster_int(world->cluster, "select extract(epoch from due_at)::bigint - 1795507200 from idp_fetch"), ==,
                        cases[i].seconds);
        ask_again("mdq", FIXTURE_NOW + 5); /* not modified: the same time again, and no row written */
        g_autofree char *asked = requests();
        g_assert_nonnull(strstr(asked, "\t304\n"));
        g_assert_cmpint(cluster_int(world->cluster, "select extract(epoch from due_at)::bigint - 1795507205 from idp_fetch"), ==,
                        cases[i].seconds);
    }
}

static void
what_the_server_does_not_have_any_more_is_gone(void)
{
    g_autofree char *file = mdq_file(AOBA);
    g_autoptr(GError) error = NULL;
    begin_mdq();
    ask_again("mdq", FIXTURE_NOW);
    g_unlink(file);
    ask_again("mdq", FIXTURE_NOW + 3600);
    g_assert_cmpint(idps_of("q"), ==, 0);
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from idp_fetch where absent and error = ''"), ==, 1);
    offer(AOBA, "0");
    g_assert_true(mdq("mdq", FIXTURE_NOW + 7200, FALSE, &error));
    g_assert_cmpint(idps_of("q"), ==, 1);
}

static void
an_outage_leaves_the_last_good_copy_until_its_end(void)
{
    g_autofree char *down = in_web("down");
    g_autoptr(GError) error = NULL;
    begin_mdq();
    ask_again("mdq", FIXTURE_NOW);
    g_assert_true(g_file_set_contents(down, "", 0, NULL));
    g_assert_false(mdq("mdq", FIXTURE_NOW + 3600, FALSE, &error));
    g_assert_error(error, RA_ERROR, RA_ERROR_DOWN);
    g_autoptr(DbIdp) kept = db_metadata_get(world->portal->db, AOBA, UNTIL_SECONDS - 1, NULL);
    g_assert_nonnull(kept);
    g_autoptr(DbIdp) over = db_metadata_get(world->portal->db, AOBA, UNTIL_SECONDS, NULL);
    g_assert_null(over);
    g_free(requests());
    g_assert_true(mdq("mdq", FIXTURE_NOW + 3610, FALSE, NULL)); /* not again at once */
    g_autofree char *quiet = requests();
    g_assert_cmpstr(quiet, ==, "");
    g_unlink(down);
    g_clear_error(&error);
    g_assert_true(mdq("mdq", FIXTURE_NOW + 3900, FALSE, &error));
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from metadata_source where name = 'q' and error = ''"), ==, 1);
}

/* Signed by the federation all the same: another entity, an old copy, and what a foreign key signed. */
static void
a_bad_answer_is_refused_and_the_row_stays(void)
{
    static const struct { const char *n, *key, *more, *value, *word; } cases[] = {
        { "1", "federation", "--entity", NULL, "entity: not the one that was asked for" },
        { "0", "foreign", "--entity", NULL, "signature: " },
        { "3", "federation", NULL, NULL, "structure: not one EntityDescriptor" },
        { "0", "federation", "--entity", "--until=2026-11-24T07:00:00Z", "valid-until: past" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *file = mdq_file(AOBA);
        begin_mdq();
        world_do(world, "insert into institution_idp values ('" BANDAI "', %N)", world->institution);
        ask_again("mdq", FIXTURE_NOW);
        make_signed(file, cases[i].n, cases[i].key, cases[i].more, cases[i].value);
        ask_again("mdq", FIXTURE_NOW + 3600); /* the others go on, the source is well */
        g_autofree char *why = cluster_text(world->cluster, "select error from idp_fetch where entity_id = '" AOBA "'");
        g_test_message("%s", why);
        g_assert_true(g_str_has_prefix(why, cases[i].word));
        g_assert_cmpint(idps_of("q"), ==, 2);
        g_autoptr(DbIdp) kept = db_metadata_get(world->portal->db, AOBA, FIXTURE_NOW + 3600, NULL);
        g_assert_cmpstr(kept->name_ja, ==, "青葉大学0");
    }
}

int
main(int argc, char **argv)
{
    fixture_start(&argc, &argv);
    g_autoptr(GError) error = NULL;
    g_assert_true(sp_start(NULL));
    opener = sp_opener_spawn(NULL, &error);
    g_assert_no_error(error);
    one = fixture_path("one.xml");
    two = fixture_path("two.xml");
    make_aggregate(one, "3");
    make_aggregate(two, "2");
    start_server();
    g_autofree char *extra = g_strdup_printf("saml metadata_certificate=%s/federation.crt", fixture_folder);
    world = world_new(extra);
    g_test_add_func("/metadata/sources are fetched when they are due", sources_are_fetched_when_due);
    g_test_add_func("/metadata/a bad copy leaves the old one", a_bad_copy_leaves_the_old_one);
    g_test_add_func("/metadata/what cannot be fetched is recorded", what_cannot_be_fetched_is_recorded);
    g_test_add_func("/metadata/only files and https are fetched", only_files_and_https_are_fetched);
    g_test_add_func("/metadata/size is bounded", size_is_bounded);
    g_test_add_func("/metadata/a server of unknown trust is refused", a_server_of_unknown_trust_is_refused);
    g_test_add_func("/metadata/a server gives what is newer only", a_server_gives_what_is_newer_only);
    g_test_add_func("/metadata/another pin or an old copy is fetched whole", another_pin_or_an_old_copy_is_fetched_whole);
    g_test_add_func("/metadata/each source has its own certificate", each_source_has_its_own_certificate);
    g_test_add_func("/metadata/redirects lead outside and by https only", redirects_lead_outside_and_by_https_only);
    g_test_add_func("/metadata/too much is stopped while it comes", too_much_is_stopped_while_it_comes);
    g_test_add_func("/metadata/a silent server holds nobody up", a_silent_server_holds_nobody_up);
    g_test_add_func("/mdq/only what institutions have is asked for", only_what_institutions_have_is_asked_for);
    g_test_add_func("/mdq/one that is added is asked for at once, one taken away is forgotten",
                    one_that_is_added_is_asked_for_at_once_and_one_taken_away_is_forgotten);
    g_test_add_func("/mdq/the time of the next question is the entity's, within bounds",
                    the_time_of_the_next_question_is_the_entitys_within_bounds);
    g_test_add_func("/mdq/what the server does not have any more is gone", what_the_server_does_not_have_any_more_is_gone);
    g_test_add_func("/mdq/an outage leaves the last good copy until its end", an_outage_leaves_the_last_good_copy_until_its_end);
    g_test_add_func("/mdq/a bad answer is refused and the row stays", a_bad_answer_is_refused_and_the_row_stays);
    int status = g_test_run();
    g_object_unref(server); /* its standard input ends, and so does it */
    world_free(world);
    sp_opener_free(opener);
    g_free(port);
    g_free(one);
    g_free(two);
    return fixture_end(status);
}
