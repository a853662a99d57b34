/* Federation metadata on schedule: fetched, verified by the pinned certificate, kept where the new one is bad. */
#include <string.h>

#include <gio/gio.h>

#include "db/metadata.h"
#include "ra/error.h"
#include "ra/metadata_fetch.h"
#include "sp/service.h"
#include "tests/integration/cluster_ra.h"
#include "tests/unit/sp_fixture.h"

static World *world;
static char *one, *two;

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
    g_assert_true(ra_metadata_refresh(world->worker, FIXTURE_NOW, FALSE, &error));
    g_assert_no_error(error);
    g_assert_cmpint(idps_of("first"), ==, 3);
    g_assert_cmpint(idps_of("second"), ==, 2);
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from metadata_source where priority in (1, 2)"), ==, 2);
    make_aggregate(one, "5");
    g_assert_true(ra_metadata_refresh(world->worker, FIXTURE_NOW + 3599, FALSE, NULL));
    g_assert_cmpint(idps_of("first"), ==, 3);
    g_assert_true(ra_metadata_refresh(world->worker, FIXTURE_NOW + 3600, FALSE, NULL));
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
    g_assert_false(ra_metadata_refresh(world->worker, FIXTURE_NOW + 8000, FALSE, &error));
    g_assert_nonnull(strstr(error->message, "source first"));
    g_assert_cmpint(idps_of("first"), ==, 5);
    g_assert_cmpint(idps_of("second"), ==, 4); /* the other source goes on */
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from metadata_source where name = 'first' and error <> '' and"
                                                " extract(epoch from failed_at) = " G_STRINGIFY(1795507200) " + 8000"), ==, 1);
    /* Tried again after five minutes, not with each round. */
    g_assert_true(ra_metadata_refresh(world->worker, FIXTURE_NOW + 8010, FALSE, NULL));
    g_assert_true(g_file_set_contents(one, good, (gssize)size, NULL));
    g_assert_true(ra_metadata_refresh(world->worker, FIXTURE_NOW + 8300, FALSE, NULL));
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from metadata_source where name = 'first' and error = ''"), ==,
                    1);
}

static void
what_cannot_be_fetched_is_recorded(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *aside = g_strconcat(two, ".aside", NULL);
    g_assert_cmpint(g_rename(two, aside), ==, 0);
    g_assert_false(ra_metadata_refresh(world->worker, FIXTURE_NOW + 20000, FALSE, &error));
    g_assert_error(error, RA_ERROR, RA_ERROR_DOWN);
    g_assert_cmpint(idps_of("second"), ==, 4);
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from metadata_source where name = 'second' and error <> ''"),
                    ==, 1);
    g_assert_cmpint(g_rename(aside, two), ==, 0);
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
        g_assert_null(ra_metadata_fetch(cases[i].url, 1000, &error));
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
    g_autoptr(GBytes) fits = ra_metadata_fetch(url, 10, &error);
    g_assert_no_error(error);
    g_assert_cmpint(g_bytes_get_size(fits), ==, 10);
    g_assert_null(ra_metadata_fetch(url, 9, &error));
    g_assert_error(error, RA_ERROR, RA_ERROR_INPUT);
}

static void
a_server_of_unknown_trust_is_refused(void)
{
    static const char script[] =
        "import http.server, ssl, sys\n"
        "s = http.server.HTTPServer(('127.0.0.1', 0), http.server.SimpleHTTPRequestHandler)\n"
        "c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); c.load_cert_chain(sys.argv[1], sys.argv[2])\n"
        "s.socket = c.wrap_socket(s.socket, server_side=True); print(s.server_address[1], flush=True)\n"
        "s.serve_forever()\n";
    g_autofree char *certificate = fixture_path("sp-signing.crt"), *key = fixture_path("sp-signing.key");
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) server = g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, &error,
                                                     "/usr/bin/python3", "-c", script, certificate, key, NULL);
    g_assert_no_error(error);
    g_autoptr(GDataInputStream) in = g_data_input_stream_new(g_subprocess_get_stdout_pipe(server));
    g_autofree char *port = g_data_input_stream_read_line(in, NULL, NULL, NULL);
    g_autofree char *url = g_strdup_printf("https://127.0.0.1:%s/", port);
    g_assert_null(ra_metadata_fetch(url, 100000, &error));
    g_assert_error(error, RA_ERROR, RA_ERROR_DOWN);
    g_test_message("%s", error->message);
    g_subprocess_force_exit(server);
    g_subprocess_wait(server, NULL, NULL);
}

int
main(int argc, char **argv)
{
    fixture_start(&argc, &argv);
    one = fixture_path("one.xml");
    two = fixture_path("two.xml");
    make_aggregate(one, "3");
    make_aggregate(two, "2");
    g_autofree char *extra = g_strdup_printf(
        "saml sources=first|file://%s;second|file://%s\nsaml metadata_certificate=%s/federation.crt", one, two, fixture_folder);
    world = world_new(extra);
    g_assert_true(sp_start(NULL));
    g_test_add_func("/metadata/sources are fetched when they are due", sources_are_fetched_when_due);
    g_test_add_func("/metadata/a bad copy leaves the old one", a_bad_copy_leaves_the_old_one);
    g_test_add_func("/metadata/what cannot be fetched is recorded", what_cannot_be_fetched_is_recorded);
    g_test_add_func("/metadata/only files and https are fetched", only_files_and_https_are_fetched);
    g_test_add_func("/metadata/size is bounded", size_is_bounded);
    g_test_add_func("/metadata/a server of unknown trust is refused", a_server_of_unknown_trust_is_refused);
    int status = g_test_run();
    world_free(world);
    g_free(one);
    g_free(two);
    return fixture_end(status);
}
