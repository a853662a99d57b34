/* Logos of our institutions' IdPs: fetched by https and from metadata itself, drawn in a confined child, kept, tried again. */
#include <string.h>

#include <gio/gio.h>
#include <glib/gstdio.h>

#include "ca/crypto.h"
#include "db/discovery.h"
#include "db/logo.h"
#include "ra/error.h"
#include "ra/logo.h"
#include "sp/service.h"
#include "tests/integration/cluster_ra.h"

#define NOW 1795507200
#define HOUR 3600
#define WEEK (7 * 86400)
#define CORPUS "tests/fuzz/corpus/logo/"

static World *world;
static SpOpener *opener;
static char *origin, *ca_file; /* of the picture server beside us */

/* --- the world ------------------------------------------------------------------------------------------------------------ */

static char *
data_url(const char *name)
{
    g_autofree char *path = g_strconcat(CORPUS, name, NULL);
    g_autofree char *text = NULL;
    gsize n = 0;
    g_assert_true(g_file_get_contents(path, &text, &n, NULL));
    g_autofree char *base64 = g_base64_encode((const guchar *)text, n);
    return g_strconcat("data:image/png;base64,", base64, NULL);
}

/* An IdP whose metadata has LOGO; OURS: it speaks for an institution. */
static void
idp(const char *id, const char *logo, gboolean ours)
{
    g_autofree char *sql = g_strdup_printf(
        "insert into metadata_source (name, priority) values ('one', 1) on conflict do nothing;"
        "insert into idp (source, entity_id, xml, name_en, name_ja, logo, search, valid_until)"
        " values ('one', '%s', '<x/>', '%s', '%s', '%s', '| x', to_timestamp(%d) + interval '1 year')"
        " on conflict (source, entity_id) do update set logo = excluded.logo;%s%s%s",
        id, id, id, logo, NOW, ours ? "insert into institution_idp select '" : "", ours ? id : "",
        ours ? "', min(id) from institution on conflict do nothing" : "");
    cluster_do(world->cluster, sql);
}

static void
clear(void)
{
    cluster_do(world->cluster, "delete from logo; delete from picture; delete from institution_idp; delete from idp;"
                               " delete from metadata_source");
}

static void
rounds(gint64 now)
{
    const struct ra_logo_way way = { .inside = TRUE, .ca_file = ca_file };
    g_autoptr(GError) error = NULL;
    gboolean more = TRUE;
    while (more) {
        g_assert_true(ra_logo_round(world->worker, opener, &way, now, &more, &error));
        g_assert_no_error(error);
    }
}

static char *
picture_of(const char *id, const char *language)
{
    const char *const ids[] = { id, NULL };
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) found = db_discovery_named(world->portal->db, ids, language, NOW, &error);
    g_assert_no_error(error);
    g_assert_cmpint(found->len, ==, 1);
    return g_strdup(((const DbChoice *)found->pdata[0])->picture);
}

static gint64
asked(const char *path)
{
    g_autofree char *log = g_build_filename(world->folder, "asked", NULL);
    g_autofree char *text = NULL;
    gint64 n = 0;
    if (!g_file_get_contents(log, &text, NULL, NULL))
        return 0;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++)
        n += strcmp(*line, path) == 0;
    return n;
}

static char *
url(const char *path)
{
    return g_strconcat(origin, path, NULL);
}

/* --- tests ---------------------------------------------------------------------------------------------------------------- */

static void
a_logo_in_metadata_is_drawn_and_kept(void)
{
    g_autofree char *logo = data_url("text-and-tail.png");
    g_autoptr(GError) error = NULL;
    clear();
    idp("a", logo, TRUE);
    rounds(NOW);
    g_autofree char *ja = picture_of("a", "ja"), *en = picture_of("a", "en");
    g_assert_cmpint(strlen(ja), ==, 64);
    g_assert_cmpstr(ja, ==, en);
    g_autoptr(GBytes) bytes = db_logo_picture(world->portal->db, ja, &error);
    g_assert_no_error(error);
    gsize n = 0;
    const void *data = g_bytes_get_data(bytes, &n);
    g_autoptr(GBytes) hash = crypto_sha256(data, n);
    g_autofree char *hex = crypto_hex(hash);
    g_assert_cmpstr(hex, ==, ja);
    g_assert_null(memmem(data, n, "script", 6));
    g_assert_null(db_logo_picture(world->portal->db, "no such picture", &error));
    g_assert_no_error(error);
}

static void
a_logo_behind_https_is_fetched_once_and_again_after_a_week(void)
{
    g_autofree char *logo = url("/plain.jpg");
    clear();
    idp("b", logo, TRUE);
    gint64 before = asked("/plain.jpg");
    rounds(NOW);
    rounds(NOW + WEEK - 1);
    g_assert_cmpint(asked("/plain.jpg") - before, ==, 1);
    g_autofree char *name = picture_of("b", "ja");
    g_assert_cmpint(strlen(name), ==, 64);
    rounds(NOW + WEEK + 86400);
    g_assert_cmpint(asked("/plain.jpg") - before, ==, 2);
    g_autofree char *again = picture_of("b", "ja");
    g_assert_cmpstr(again, ==, name);
}

static void
each_language_has_its_own(void)
{
    g_autofree char *a = url("/gray.png"), *b = url("/palette.png"), *both = g_strconcat(a, " ", b, NULL);
    clear();
    idp("c", both, TRUE);
    rounds(NOW);
    g_autofree char *ja = picture_of("c", "ja"), *en = picture_of("c", "en");
    g_assert_cmpint(strlen(ja), ==, 64);
    g_assert_cmpint(strlen(en), ==, 64);
    g_assert_cmpstr(ja, !=, en);
}

static void
only_our_institutions_logos_are_fetched(void)
{
    g_autofree char *logo = url("/interlaced.png");
    clear();
    idp("ours", "", TRUE);
    idp("stranger", logo, FALSE);
    rounds(NOW);
    g_assert_cmpint(asked("/interlaced.png"), ==, 0);
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from logo"), ==, 0);
}

static void
what_fails_leaves_a_letter_and_is_tried_ever_less_often(void)
{
    static const char *const paths[] = { "/missing.png", "/large.png", "/drawing.svg", "/cut.jpg", "/no-palette.png", "/away" };
    clear();
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autofree char *logo = url(paths[i]);
        idp(paths[i], logo, TRUE);
    }
    idp("nowhere", "https://localhost:1/x.png", TRUE);
    idp("empty", "data:image/png;base64,", TRUE);
    idp("plain", "data:image/png,abc", TRUE);
    rounds(NOW);
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from logo where picture is null and failures = 1 and error <> ''"), ==, 18);
    gint64 before = asked("/missing.png");
    rounds(NOW + HOUR - 1);
    g_assert_cmpint(asked("/missing.png") - before, ==, 0);
    rounds(NOW + HOUR);
    rounds(NOW + 2 * HOUR);
    g_assert_cmpint(asked("/missing.png") - before, ==, 1); /* the second pause is twice as long */
    rounds(NOW + 3 * HOUR);
    g_assert_cmpint(asked("/missing.png") - before, ==, 2);
    g_autofree char *none = picture_of("/missing.png", "ja");
    g_assert_cmpstr(none, ==, "");
}

static void
a_logo_that_was_good_stays_while_its_server_is_away(void)
{
    g_autofree char *logo = url("/sometimes.png"), *aside = g_build_filename(world->folder, "sometimes", NULL);
    clear();
    g_assert_true(g_file_set_contents(aside, "there", -1, NULL));
    idp("d", logo, TRUE);
    rounds(NOW);
    g_autofree char *name = picture_of("d", "en");
    g_assert_cmpint(strlen(name), ==, 64);
    g_assert_cmpint(g_unlink(aside), ==, 0);
    rounds(NOW + 9 * 86400);
    g_autofree char *then = picture_of("d", "en");
    g_assert_cmpstr(then, ==, name);
    g_assert_cmpint(cluster_int(world->cluster, "select max(failures) from logo"), ==, 1);
}

static void
another_url_in_metadata_counts_at_once(void)
{
    g_autofree char *first = url("/gray.png"), *second = url("/palette.png"), *broken = url("/cut.jpg");
    clear();
    idp("e", first, TRUE);
    rounds(NOW);
    g_autofree char *a = picture_of("e", "ja");
    idp("e", second, TRUE);
    rounds(NOW + 1);
    g_autofree char *b = picture_of("e", "ja");
    g_assert_cmpstr(a, !=, b);
    idp("e", broken, TRUE);
    rounds(NOW + 2);
    g_autofree char *c = picture_of("e", "ja");
    g_assert_cmpstr(c, ==, "");
}

static void
what_nobody_shows_any_more_is_dropped(void)
{
    g_autofree char *logo = url("/gray.png"), *other = url("/palette.png");
    clear();
    idp("f", logo, TRUE);
    idp("g", other, TRUE);
    rounds(NOW);
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from picture"), ==, 2);
    cluster_do(world->cluster, "delete from institution_idp where entity_id = 'f'");
    rounds(NOW + 1);
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from picture"), ==, 1);
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from logo where entity_id = 'f'"), ==, 0);
}

static void
nothing_inside_this_network_is_asked(void)
{
    g_autofree char *logo = url("/sixteen-bit.png");
    g_autoptr(GError) error = NULL;
    gboolean more = FALSE;
    clear();
    idp("h", logo, TRUE);
    g_assert_true(ra_logo_round(world->worker, opener, &ra_logo_outside, NOW, &more, &error));
    g_assert_no_error(error);
    g_assert_cmpint(asked("/sixteen-bit.png"), ==, 0);
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from logo where error like '%inside this network%'"), ==, 2);
    /* Nor by a way round: a server outside that sends us on. */
    g_autofree char *round_about = url("/redirect");
    idp("h", round_about, TRUE);
    rounds(NOW + 1);
    g_assert_cmpint(asked("/redirect"), ==, 1);
    g_assert_cmpint(asked("/inside.png"), ==, 0);
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from logo where error like '%inside this network%'"), ==, 2);
}

static void
without_an_opener_nothing_is_held_against_a_logo(void)
{
    g_autofree char *socket = g_build_filename(world->folder, "no-opener", NULL);
    g_autoptr(SpOpener) away = sp_opener_connect(socket);
    g_autofree char *logo = data_url("gray.png");
    g_autoptr(GError) error = NULL;
    gboolean more = FALSE;
    clear();
    idp("i", logo, TRUE);
    g_assert_false(ra_logo_round(world->worker, away, &ra_logo_outside, NOW, &more, &error));
    g_assert_nonnull(error);
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from logo"), ==, 0);
    rounds(NOW);
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from logo where picture is not null"), ==, 2);
}

/* --- the server ----------------------------------------------------------------------------------------------------------- */

static GSubprocess *
start_server(void)
{
    g_autoptr(GError) error = NULL;
    GSubprocess *server = g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDIN_PIPE, &error, "/usr/bin/python3",
                                           "tests/integration/picture_server.py", world->folder, CORPUS, NULL);
    g_assert_no_error(error);
    g_autoptr(GDataInputStream) lines = g_data_input_stream_new(g_subprocess_get_stdout_pipe(server));
    origin = g_data_input_stream_read_line(lines, NULL, NULL, &error);
    g_assert_no_error(error);
    g_assert_nonnull(origin);
    ca_file = g_build_filename(world->folder, "pictures.pem", NULL);
    return server;
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_test_init(&argc, &argv, NULL);
    opener = sp_opener_spawn(NULL, &error);
    g_assert_no_error(error);
    world = world_new(NULL);
    g_autoptr(GSubprocess) server = start_server();
    g_test_add_func("/logos/a logo in metadata is drawn and kept", a_logo_in_metadata_is_drawn_and_kept);
    g_test_add_func("/logos/a logo behind https is fetched once, and again after a week",
                    a_logo_behind_https_is_fetched_once_and_again_after_a_week);
    g_test_add_func("/logos/each language has its own", each_language_has_its_own);
    g_test_add_func("/logos/only our institutions' logos are fetched", only_our_institutions_logos_are_fetched);
    g_test_add_func("/logos/what fails leaves a letter and is tried ever less often",
                    what_fails_leaves_a_letter_and_is_tried_ever_less_often);
    g_test_add_func("/logos/a logo that was good stays while its server is away", a_logo_that_was_good_stays_while_its_server_is_away);
    g_test_add_func("/logos/another URL in metadata counts at once", another_url_in_metadata_counts_at_once);
    g_test_add_func("/logos/what nobody shows any more is dropped", what_nobody_shows_any_more_is_dropped);
    g_test_add_func("/logos/nothing inside this network is asked", nothing_inside_this_network_is_asked);
    g_test_add_func("/logos/without an opener nothing is held against a logo", without_an_opener_nothing_is_held_against_a_logo);
    int status = g_test_run();
    g_subprocess_force_exit(server);
    world_free(world);
    sp_opener_free(opener);
    g_free(origin);
    g_free(ca_file);
    return status;
}
