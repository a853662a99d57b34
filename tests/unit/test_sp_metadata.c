/*
 * Federation metadata: aggregates of tests/hostile/make_metadata.py are refused by the check they are named after or give so
 * many IdPs; rows in a real database are replaced whole or not at all; lookups and searches find what they should.
 */
#include "db/metadata.h"
#include "sp/keys.h"
#include "sp/metadata.h"
#include "tests/integration/cluster.h"
#include "tests/unit/sp_fixture.h"

#define MONTH (30 * 86400)
#define NOW FIXTURE_NOW

static Cluster *cluster;
static Db *worker, *portal;
static char *pem, *pem_file;

static GBytes *aggregate(const char *name)
{
    g_autofree char *path = g_build_filename("aggregates", name, NULL);
    size_t n = 0;
    char *text = fixture_read(path, &n);
    return g_bytes_new_take(text, n);
}

/* --- without a database --------------------------------------------------------------------------------------------------- */

static void aggregate_is_judged(gconstpointer data)
{
    char *const *line = data; /* file, verdict, check, count */
    gint64 until = 0;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = aggregate(line[0]);
    g_autoptr(GPtrArray) idps = sp_metadata_read(bytes, pem, NOW, MONTH, &until, &error);
    if (strcmp(line[1], "passes") == 0) {
        g_assert_no_error(error);
        g_assert_cmpint(idps->len, ==, g_ascii_strtoll(line[3], NULL, 10));
        g_assert_cmpint(until, ==, 1796083200); /* 2026-12-01 */
        return;
    }
    g_assert_null(idps);
    g_assert_error(error, SP_ERROR, SP_ERROR_REFUSED);
    g_test_message("%s", error->message);
    g_autofree char *check = sp_error_check(error);
    g_assert_cmpstr(check, ==, line[2]);
}

static void an_idp_is_read_whole(void)
{
    gint64 until = 0;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = aggregate("ok--comments-and-cdata-added.xml");
    g_autoptr(GPtrArray) idps = sp_metadata_read(bytes, pem, NOW, MONTH, &until, &error);
    g_assert_no_error(error);
    const DbIdp *idp = g_ptr_array_index(idps, 0);
    g_assert_cmpstr(idp->entity_id, ==, "https://idp1.example.ac.jp/idp");
    g_assert_cmpstr(idp->name_en, ==, "University 1");
    g_assert_cmpstr(idp->name_ja, ==, "第1大学");
    g_assert_cmpstr(idp->keywords, ==, "physics high energy");
    g_assert_cmpstr(idp->logo, ==, "https://idp1.example.ac.jp/logo.png");
    g_assert_cmpstr(idp->scopes[0], ==, "u1.ac.jp");
    g_assert_cmpstr(idp->contact_name, ==, "Taro Suzuki");
    g_assert_cmpstr(idp->contact_mail, ==, "admin@u1.ac.jp");
    g_assert_true(idp->slo);
    g_assert_false(idp->hidden);
    g_assert_true(g_str_has_prefix(idp->search, "| university 1 | "));
    g_assert_nonnull(strstr(idp->search, "| 第1大学 | org 1 ; physics high energy u1.ac.jp idp1.example.ac.jp"));
    g_assert_null(strstr(idp->xml, "<!--"));
    g_assert_null(strstr(idp->xml, "CDATA"));
}

/* What is stored stands alone: all namespaces declared, usable for a login. */
static void a_stored_descriptor_stands_alone(void)
{
    gint64 until = 0;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = aggregate("ok--nested.xml");
    g_autoptr(GPtrArray) idps = sp_metadata_read(bytes, pem, NOW, MONTH, &until, &error);
    const DbIdp *idp = g_ptr_array_index(idps, 2);
    g_assert_cmpint(idp->valid_until, ==, 1795996800); /* of the group that it stands in: 2026-11-30 */
    g_autoptr(GBytes) alone = g_bytes_new(idp->xml, strlen(idp->xml));
    g_autoptr(GPtrArray) again = sp_metadata_read_one(alone, NOW, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(((DbIdp *)g_ptr_array_index(again, 0))->name_ja, ==, "第3大学");
}

static void an_idp_without_names_gets_its_organizations_or_host(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *xml = fixture_read("idp.xml", NULL);
    g_autoptr(GBytes) bytes = g_bytes_new(xml, strlen(xml));
    g_autoptr(GPtrArray) idps = sp_metadata_read_one(bytes, NOW, &error);
    g_assert_no_error(error);
    const DbIdp *idp = g_ptr_array_index(idps, 0);
    g_assert_cmpstr(idp->name_en, ==, "idp.example.ac.jp");
    g_assert_cmpstr(idp->name_ja, ==, "idp.example.ac.jp");
    g_assert_cmpstr(idp->scope_regexps[0], ==, "^.+\\.example\\.ac\\.jp$");
    g_assert_cmpint(idp->valid_until, ==, NOW + G_GINT64_CONSTANT(3652) * 86400);
}

static void a_wrong_file_by_hand_is_told_in_words(void)
{
    static const struct { const char *text, *words; } cases[] = {
        { "not xml", "xml: not well-formed" },
        { "<x/>", "metadata: the file is no EntityDescriptor" },
        { "<EntityDescriptor xmlns='urn:oasis:names:tc:SAML:2.0:metadata' entityID='https://x.example/'/>",
          "metadata: it is no IdP that speaks SAML 2.0 (IDPSSODescriptor)" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) bytes = g_bytes_new_static(cases[i].text, strlen(cases[i].text));
        g_assert_null(sp_metadata_read_one(bytes, NOW, &error));
        g_assert_error(error, SP_ERROR, SP_ERROR_INPUT);
        g_assert_cmpstr(error->message, ==, cases[i].words);
    }
}

static void several_pinned_certificates_may_be_given(void)
{
    gint64 until = 0;
    g_autoptr(GError) error = NULL;
    g_autofree char *other = fixture_read("foreign.crt", NULL), *both = g_strconcat(other, pem, NULL);
    g_autoptr(GBytes) bytes = aggregate("ok--two.xml");
    g_autoptr(GPtrArray) idps = sp_metadata_read(bytes, both, NOW, MONTH, &until, &error);
    g_assert_no_error(error);
    g_assert_cmpint(idps->len, ==, 2);
    g_assert_null(sp_metadata_read(bytes, other, NOW, MONTH, &until, NULL));
    g_assert_null(sp_metadata_read(bytes, "no PEM", NOW, MONTH, &until, &error));
    g_assert_error(error, SP_ERROR, SP_ERROR_INPUT);
}

/* --- rows ----------------------------------------------------------------------------------------------------------------- */

static gboolean refresh(const char *source, int priority, const char *file, gint64 now, GError **error)
{
    int entities = -1;
    g_autoptr(GBytes) bytes = aggregate(file);
    gboolean done = sp_metadata_refresh(worker, source, priority, bytes, pem_file, now, MONTH, &entities, error);
    g_assert_true(!done || entities > 0);
    return done;
}

static void refreshed(const char *source, int priority, const char *file)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(refresh(source, priority, file, NOW, &error));
    g_assert_no_error(error);
}

static DbIdp *get(const char *entity_id, gint64 now)
{
    g_autoptr(GError) error = NULL;
    DbIdp *idp = db_metadata_get(portal, entity_id, now, &error);
    g_assert_no_error(error);
    return idp;
}

static void clear(void)
{
    cluster_do(cluster, "delete from idp; delete from metadata_source; delete from institution_idp; delete from institution");
}

static void a_refresh_replaces_its_own_rows_only(void)
{
    clear();
    refreshed("one", 10, "ok--nested.xml");
    refreshed("two", 20, "ok--two.xml");
    g_assert_cmpint(cluster_int(cluster, "select count(*) from idp where source = 'one'"), ==, 3);
    refreshed("one", 10, "ok--one-entity.xml");
    g_assert_cmpint(cluster_int(cluster, "select count(*) from idp where source = 'one'"), ==, 1);
    g_assert_cmpint(cluster_int(cluster, "select count(*) from idp where source = 'two'"), ==, 2);
    g_assert_cmpint(cluster_int(cluster, "select entities from metadata_source where name = 'one'"), ==, 1);
}

static void a_failed_refresh_keeps_the_rows_and_says_why(void)
{
    g_autoptr(GError) error = NULL;
    clear();
    refreshed("one", 10, "ok--two.xml");
    g_assert_false(refresh("one", 10, "signature--added-entity.xml", NOW + 60, &error));
    g_assert_error(error, SP_ERROR, SP_ERROR_REFUSED);
    g_assert_cmpint(cluster_int(cluster, "select count(*) from idp where source = 'one'"), ==, 2);
    g_autoptr(GPtrArray) sources = db_metadata_sources(worker, NULL);
    const DbMetadataSource *source = g_ptr_array_index(sources, 0);
    g_assert_cmpstr(source->error, ==, error->message);
    g_assert_cmpint(source->failed_at, ==, NOW + 60);
    g_assert_cmpint(source->refreshed_at, ==, NOW);
    refreshed("one", 10, "ok--two.xml");
    g_autofree char *after = cluster_text(cluster, "select error || coalesce(failed_at::text, '') from metadata_source");
    g_assert_cmpstr(after, ==, "");
}

static void a_refresh_is_all_or_nothing(void)
{
    g_autoptr(GError) error = NULL;
    clear();
    refreshed("one", 10, "ok--one-entity.xml");
    cluster_do(cluster, "alter table idp add constraint broken check (entity_id not like '%idp3%') not valid");
    g_assert_false(refresh("one", 10, "ok--nested.xml", NOW, &error));
    g_assert_error(error, DB_ERROR, DB_ERROR_BROKEN);
    g_assert_cmpint(cluster_int(cluster, "select count(*) from idp"), ==, 1);
    cluster_do(cluster, "alter table idp drop constraint broken");
}

static void what_did_not_change_is_not_written_again(void)
{
    clear();
    refreshed("one", 10, "ok--two.xml");
    g_autofree char *toast = cluster_text(cluster, "select reltoastrelid::regclass::text from pg_class where relname = 'idp'");
    g_autofree char *count = g_strdup_printf("select count(distinct chunk_id) from %s", toast);
    cluster_do(cluster, "alter table idp alter column xml set storage external");
    cluster_do(cluster, "delete from idp");
    refreshed("one", 10, "ok--two.xml");
    g_autofree char *ids = g_strdup_printf("select string_agg(distinct chunk_id::text, ' ') from %s", toast);
    g_autofree char *before = cluster_text(cluster, ids);
    g_assert_cmpint(cluster_int(cluster, count), >, 0);
    refreshed("one", 10, "ok--two.xml");
    g_autofree char *after = cluster_text(cluster, ids);
    g_assert_cmpstr(before, ==, after);
}

static void the_earliest_source_that_is_valid_wins(void)
{
    clear();
    refreshed("one", 10, "ok--two.xml");
    refreshed("two", 20, "ok--two.xml");
    cluster_do(cluster, "update idp set name_en = source");
    g_autoptr(DbIdp) first = get("https://idp1.example.ac.jp/idp", NOW);
    g_assert_cmpstr(first->source, ==, "one");
    g_assert_nonnull(strstr(first->xml, "EntityDescriptor"));
    cluster_do(cluster, "update idp set valid_until = to_timestamp(1795507200) where source = 'one'");
    g_autoptr(DbIdp) second = get("https://idp1.example.ac.jp/idp", NOW);
    g_assert_cmpstr(second->source, ==, "two");
    g_assert_null(get("https://idp1.example.ac.jp/idp", 1796083200));
    g_assert_null(get("https://nobody.example/", NOW));
}

static void an_idp_knows_its_institution(void)
{
    clear();
    refreshed("one", 10, "ok--two.xml");
    gint64 institution = cluster_institution(cluster, "Kagami University", "kagami.ac.jp", "https://idp1.example.ac.jp/idp");
    g_autoptr(DbIdp) known = get("https://idp1.example.ac.jp/idp", NOW);
    g_autoptr(DbIdp) unknown = get("https://idp2.example.ac.jp/idp", NOW);
    g_assert_cmpint(known->institution, ==, institution);
    g_assert_cmpint(unknown->institution, ==, 0);
}

static void one_given_by_hand_comes_before_all_others(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(DbIdp) federated = NULL;
    g_autofree char *entity_id = NULL;
    clear();
    refreshed("one", 1, "ok--two.xml");
    federated = get("https://idp1.example.ac.jp/idp", NOW);
    g_autoptr(GBytes) bytes = g_bytes_new(federated->xml, strlen(federated->xml));
    Db *owner = db_new(cluster_conninfo(cluster, "owner"));
    for (int twice = 0; twice < 2; twice++) {
        g_clear_pointer(&entity_id, g_free);
        g_assert_true(sp_metadata_import(owner, bytes, NOW, &entity_id, &error));
        g_assert_no_error(error);
        g_assert_cmpstr(entity_id, ==, "https://idp1.example.ac.jp/idp");
    }
    db_free(owner);
    g_autoptr(DbIdp) by_hand = get(entity_id, NOW + 86400 * 365);
    g_assert_cmpstr(by_hand->source, ==, SP_METADATA_MANUAL);
    g_assert_cmpint(cluster_int(cluster, "select entities from metadata_source where name = 'manual'"), ==, 1);
}

static void a_source_that_is_not_set_any_more_is_forgotten(void)
{
    static const char *const keep[] = { "two", SP_METADATA_MANUAL, NULL };
    g_autoptr(GError) error = NULL;
    clear();
    refreshed("one", 10, "ok--two.xml");
    refreshed("two", 20, "ok--two.xml");
    g_assert_true(db_metadata_keep_only(worker, keep, &error));
    g_autofree char *left = cluster_text(cluster, "select string_agg(distinct source, ' ') from idp");
    g_assert_cmpstr(left, ==, "two");
    g_assert_cmpint(cluster_int(cluster, "select count(*) from metadata_source"), ==, 1);
}

static GPtrArray *add_aggregates(void)
{
    g_autofree char *text = fixture_read("expected-metadata", NULL);
    g_auto(GStrv) all = g_strsplit(text, "\n", -1);
    GPtrArray *lines = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    for (char **one = all; *one != NULL && **one != '\0'; one++) {
        char **line = g_strsplit(*one, "\t", -1);
        g_autofree char *stem = g_strndup(line[0], strlen(line[0]) - 4);
        g_autofree char *name = g_strdup_printf("/metadata/aggregate %s %s", line[1], g_strdelimit(stem, "-.", ' '));
        g_ptr_array_add(lines, line);
        g_test_add_data_func(name, line, aggregate_is_judged);
    }
    return lines;
}

int main(int argc, char **argv)
{
    fixture_start(&argc, &argv);
    const char *make[] = { "/usr/bin/python3", "tests/hostile/make_metadata.py", fixture_folder, NULL };
    fixture_run(make);
    g_assert_true(sp_start(NULL));
    pem = fixture_read("federation.crt", NULL);
    pem_file = fixture_path("federation.crt");
    cluster = cluster_new();
    worker = db_new(cluster_conninfo(cluster, "worker"));
    portal = db_new(cluster_conninfo(cluster, "portal"));
    GPtrArray *lines = add_aggregates();
    g_test_add_func("/metadata/an IdP is read whole", an_idp_is_read_whole);
    g_test_add_func("/metadata/a stored descriptor stands alone", a_stored_descriptor_stands_alone);
    g_test_add_func("/metadata/an IdP without names gets its host's", an_idp_without_names_gets_its_organizations_or_host);
    g_test_add_func("/metadata/a wrong file by hand is told in words", a_wrong_file_by_hand_is_told_in_words);
    g_test_add_func("/metadata/several pinned certificates may be given", several_pinned_certificates_may_be_given);
    g_test_add_func("/metadata/a refresh replaces its own rows only", a_refresh_replaces_its_own_rows_only);
    g_test_add_func("/metadata/a failed refresh keeps the rows and says why", a_failed_refresh_keeps_the_rows_and_says_why);
    g_test_add_func("/metadata/a refresh is all or nothing", a_refresh_is_all_or_nothing);
    g_test_add_func("/metadata/what did not change is not written again", what_did_not_change_is_not_written_again);
    g_test_add_func("/metadata/the earliest source that is valid wins", the_earliest_source_that_is_valid_wins);
    g_test_add_func("/metadata/an IdP knows its institution", an_idp_knows_its_institution);
    g_test_add_func("/metadata/one given by hand comes before all others", one_given_by_hand_comes_before_all_others);
    g_test_add_func("/metadata/a source that is not set any more is forgotten", a_source_that_is_not_set_any_more_is_forgotten);
    int status = g_test_run();
    g_ptr_array_unref(lines);
    db_free(worker);
    db_free(portal);
    cluster_free(cluster);
    g_free(pem);
    g_free(pem_file);
    return fixture_end(status);
}
