/* The rows behind the portal's cookies, on a real PostgreSQL, by the portal's own role. */
#include <glib.h>
#include <string.h>

#include "ca/crypto.h"
#include "db/session.h"
#include "tests/integration/cluster.h"

#define IDP "https://idp.example.ac.jp/idp"
#define IDLE 1800

static Cluster *cluster;
static Db *db;
static gint64 person, now;

static GBytes *
hash_of(const char *id)
{
    return crypto_sha256(id, strlen(id));
}

static void
begin(const char *id, const char *name_id, const char *session_index, gint64 lasts)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) hash = hash_of(id);
    const struct db_session_new session = { .id_hash = hash, .person = person, .role = "person", .idp = IDP, .name_id = name_id,
                                            .session_index = session_index, .saml = "<saml/>", .context = "urn:context",
                                            .attributes = "{\"mail\": [\"a@b\", \"c@d\"], \"empty\": []}",
                                            .expires_at = now + lasts };
    g_assert_true(db_session_insert(db, &session, &error));
    g_assert_no_error(error);
}

static gboolean
lives(const char *id, gint64 at)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) hash = hash_of(id);
    g_autoptr(DbSession) session = db_session_get(db, hash, at, IDLE, &error);
    g_assert_no_error(error);
    return session != NULL;
}

static void
a_session_brings_its_person(void)
{
    begin("whole", "n1", "s1", 28800);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) hash = hash_of("whole");
    g_autoptr(DbSession) s = db_session_get(db, hash, now, IDLE, &error);
    g_assert_nonnull(s);
    g_assert_cmpint(s->person, ==, person);
    g_assert_cmpstr(s->display_name, ==, "Hanako Kagami");
    g_assert_cmpstr(s->institution_name, ==, "Kagami University");
    g_assert_cmpstr(s->helpdesk_mail, ==, "helpdesk@kagami.example");
    g_assert_cmpstr(s->role, ==, "person");
    g_assert_cmpstr(s->saml, ==, "<saml/>");
    g_assert_cmpint(s->expires_at, ==, now + 28800);
    g_autoptr(GPtrArray) attributes = db_session_attributes(db, hash, &error);
    g_assert_cmpuint(attributes->len, ==, 2);
    const DbSessionAttribute *mail = attributes->pdata[1];
    g_assert_cmpstr(mail->name, ==, "mail");
    g_assert_cmpstr(mail->values[1], ==, "c@d");
    g_assert_null(mail->values[2]);
}

static void
an_idle_session_ends(void)
{
    begin("idle", "n2", "s1", 28800);
    g_assert_true(lives("idle", now + IDLE - 60));
    g_assert_false(lives("idle", now + IDLE + 60));
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) hash = hash_of("idle");
    g_assert_true(db_session_touch(db, hash, now + IDLE - 60, &error));
    g_assert_true(lives("idle", now + IDLE + 60));
}

static void
no_session_outlives_its_longest(void)
{
    begin("long", "n3", "s1", 600);
    g_assert_true(lives("long", now + 599));
    g_assert_false(lives("long", now + 600));
}

static void
an_ended_session_is_gone(void)
{
    begin("over", "n4", "s1", 600);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) hash = hash_of("over");
    g_assert_true(db_session_end(db, hash, &error));
    g_assert_false(lives("over", now));
    g_assert_true(db_session_end(db, hash, &error)); /* twice is no failure */
}

static void
an_idp_ends_what_it_names(void)
{
    const char *const one[] = { "b", NULL }, *const none[] = { NULL };
    g_autoptr(GError) error = NULL;
    begin("s-a", "subject", "a", 600);
    begin("s-b", "subject", "b", 600);
    begin("s-other", "another", "b", 600);
    begin("s-nameless", "", "b", 600);
    g_assert_cmpint(db_session_end_subject(db, IDP, "subject", one, &error), ==, 1);
    g_assert_true(lives("s-a", now));
    g_assert_false(lives("s-b", now));
    g_assert_cmpint(db_session_end_subject(db, "https://another.example/idp", "subject", none, &error), ==, 0);
    g_assert_cmpint(db_session_end_subject(db, IDP, "subject", none, &error), ==, 1);
    g_assert_false(lives("s-a", now));
    g_assert_cmpint(db_session_end_subject(db, IDP, "", none, &error), ==, 0); /* no NameID names nobody */
    g_assert_true(lives("s-other", now));
    g_assert_true(lives("s-nameless", now));
    g_assert_no_error(error);
}

static void
a_login_counts_once_and_in_its_browser(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) key = hash_of("relay-state"), cookie = hash_of("cookie"), thief = hash_of("another cookie");
    const struct db_login_new login = { .key_hash = key, .cookie_hash = cookie, .idp = IDP, .request_id = "_1", .saml = "<x/>",
                                        .return_to = "/certificates?all=1", .expires_at = now + 900 };
    g_assert_true(db_login_insert(db, &login, &error));
    g_autoptr(DbLogin) stolen = db_login_get(db, key, thief, &error);
    g_assert_null(stolen);
    g_autoptr(DbLogin) found = db_login_get(db, key, cookie, &error);
    g_assert_nonnull(found);
    g_assert_cmpstr(found->request_id, ==, "_1");
    g_assert_cmpstr(found->return_to, ==, "/certificates?all=1");
    g_assert_false(found->used);
    g_assert_true(db_login_use(db, key, now, &error));
    g_assert_false(db_login_use(db, key, now, &error));
    g_assert_no_error(error);
    g_autoptr(DbLogin) again = db_login_get(db, key, cookie, &error);
    g_assert_true(again->used);
}

static void
an_assertion_counts_once(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(db_assertion_spend(db, IDP, "_a", now + 300, &error));
    g_assert_false(db_assertion_spend(db, IDP, "_a", now + 300, &error));
    g_assert_no_error(error);
    g_assert_true(db_assertion_spend(db, "https://another.example/idp", "_a", now + 300, &error));
    /* What was rolled back was not used. */
    g_assert_true(db_begin(db, &error));
    g_assert_true(db_assertion_spend(db, IDP, "_b", now + 300, &error));
    db_rollback(db);
    g_assert_true(db_assertion_spend(db, IDP, "_b", now + 300, &error));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    crypto_start();
    now = g_get_real_time() / G_USEC_PER_SEC;
    cluster = cluster_new();
    cluster_base(cluster);
    person = cluster_person(cluster, cluster_institution(cluster, "Kagami University", "kagami.example", IDP), "hanako");
    db = db_new(cluster_conninfo(cluster, "portal"));
    g_test_add_func("/session/brings its person", a_session_brings_its_person);
    g_test_add_func("/session/an idle one ends", an_idle_session_ends);
    g_test_add_func("/session/none outlives its longest", no_session_outlives_its_longest);
    g_test_add_func("/session/an ended one is gone", an_ended_session_is_gone);
    g_test_add_func("/session/an IdP ends what it names", an_idp_ends_what_it_names);
    g_test_add_func("/login/counts once and in its browser", a_login_counts_once_and_in_its_browser);
    g_test_add_func("/assertion/counts once", an_assertion_counts_once);
    int status = g_test_run();
    db_free(db);
    cluster_free(cluster);
    return status;
}
