/*
 * Copies of metadata in a real database: replaced whole or not at all, only what changed is written, each source for itself; which
 * row of an IdP counts.
 */
#include "db/metadata.h"
#include "ra/metadata_store.h"
#include "sp/service.h"
#include "tests/integration/cluster.h"
#include "tests/unit/sp_fixture.h"

#define MONTH (30 * 86400)
#define NOW FIXTURE_NOW

static Cluster *cluster;
static SpOpener *opener;
static RaContext ctx; /* of the worker: only its database */
static Db *portal;
static char *pem;

static GByteArray *aggregate(const char *name)
{
    g_autofree char *path = g_build_filename("aggregates", name, NULL);
    size_t n = 0;
    char *text = fixture_read(path, &n);
    return g_byte_array_new_take((guint8 *)text, n);
}

/* As a refresh does it; what came out, the caller's. */
static DbMetadataSource *store(const char *source, int priority, const char *file, gint64 now, GError **error)
{
    const struct sp_metadata_want want = { .kind = SP_METADATA_AGGREGATE, .certificates = pem, .now = now, .longest = MONTH };
    g_autoptr(DbMetadataSource) copy = g_new0(DbMetadataSource, 1);
    g_autoptr(GByteArray) bytes = aggregate(file);
    copy->name = g_strdup(source);
    copy->kind = g_strdup("aggregate");
    copy->location = g_strdup(file);
    copy->priority = priority;
    copy->pin = g_strdup("00ff");
    copy->etag = g_strdup("etag");
    copy->modified = g_strdup("");
    copy->refreshed_at = now;
    return ra_metadata_store(&ctx, opener, bytes, &want, copy, error) ? g_steal_pointer(&copy) : NULL;
}

/* How many rows it wrote or took away. */
static int refreshed(const char *source, int priority, const char *file)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(DbMetadataSource) copy = store(source, priority, file, NOW, &error);
    g_assert_no_error(error);
    return copy->changed;
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
    cluster_do(cluster, "delete from idp; delete from idp_fetch; delete from metadata_skipped; delete from metadata_source;"
                        " delete from institution_idp; delete from institution");
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

static void a_refresh_is_all_or_nothing(void)
{
    g_autoptr(GError) error = NULL;
    clear();
    refreshed("one", 10, "ok--one-entity.xml");
    cluster_do(cluster, "alter table idp add constraint broken check (entity_id not like '%idp3%') not valid");
    g_assert_null(store("one", 10, "ok--nested.xml", NOW, &error));
    g_assert_error(error, DB_ERROR, DB_ERROR_BROKEN);
    g_assert_cmpint(cluster_int(cluster, "select count(*) from idp"), ==, 1);
    cluster_do(cluster, "alter table idp drop constraint broken");
}

static void a_bad_copy_leaves_everything_as_it_was(void)
{
    static const char *const bad[] = { "signature--added-entity.xml", "valid-until--past.xml", "xml--not-well-formed.xml" };
    clear();
    refreshed("one", 10, "ok--two.xml");
    cluster_do(cluster, "create table before as table idp");
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(store("one", 10, bad[i], NOW + 60, &error));
        g_assert_error(error, SP_ERROR, SP_ERROR_REFUSED);
    }
    g_assert_cmpint(cluster_int(cluster, "select count(*) from (table before except table idp) x"), ==, 0);
    g_assert_cmpint(cluster_int(cluster, "select count(*) from metadata_source where valid_until = to_timestamp(1796083200)"), ==, 1);
    cluster_do(cluster, "drop table before");
}

/* xmin: the transaction that wrote the row. */
static void what_did_not_change_is_not_written_again(void)
{
    static const char written[] = "select string_agg(xmin::text, ' ' order by entity_id) from idp";
    clear();
    g_assert_cmpint(refreshed("one", 10, "ok--two.xml"), ==, 2);
    g_autofree char *before = cluster_text(cluster, written);
    g_assert_cmpint(refreshed("one", 10, "ok--whole-document.xml"), ==, 0); /* signed in another way, the same entities */
    g_autofree char *after = cluster_text(cluster, written);
    g_assert_cmpstr(before, ==, after);
    g_assert_cmpint(refreshed("one", 10, "ok--nested.xml"), ==, 1);
    g_assert_cmpint(cluster_int(cluster, "select count(distinct xmin::text) from idp"), ==, 2);
    g_assert_cmpint(refreshed("one", 10, "ok--one-entity.xml"), ==, 3); /* two are gone, one stands in other words */
    g_assert_cmpint(cluster_int(cluster, "select changed from metadata_source"), ==, 3);
}

/* A row that somebody changed by hand, or that an older program wrote, is put right: the hash is of all that was read. */
static void what_was_stored_by_an_older_program_is_written_again(void)
{
    clear();
    refreshed("one", 10, "ok--two.xml");
    cluster_do(cluster, "update idp set hash = '', name_en = 'old' where entity_id = 'https://idp1.example.ac.jp/idp'");
    g_assert_cmpint(refreshed("one", 10, "ok--two.xml"), ==, 1);
    g_assert_cmpint(cluster_int(cluster, "select count(*) from idp where name_en = 'old'"), ==, 0);
}

static void what_cannot_be_used_is_kept_with_its_reason(void)
{
    g_autoptr(GError) error = NULL;
    clear();
    refreshed("one", 10, "ok--what-is-no-idp-for-us-is-left-out.xml");
    g_assert_cmpint(cluster_int(cluster, "select skipped from metadata_source"), ==, 10);
    g_autofree char *why = db_metadata_why_not(ctx.db, "https://idp6.example.ac.jp/idp", &error);
    g_assert_cmpstr(why, ==, "one: it has no usable certificate for signing (RSA of 2048 bits or more, or EC)");
    g_assert_null(db_metadata_why_not(ctx.db, "https://idp2.example.ac.jp/idp", &error));
    refreshed("one", 10, "ok--two.xml");
    g_assert_cmpint(cluster_int(cluster, "select count(*) from metadata_skipped"), ==, 0);
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
    cluster_do(cluster, "update metadata_source set valid_until = to_timestamp(1795507200) where name = 'one'");
    g_autoptr(DbIdp) second = get("https://idp1.example.ac.jp/idp", NOW);
    g_assert_cmpstr(second->source, ==, "two");
    g_assert_null(get("https://idp1.example.ac.jp/idp", 1796083200));
    g_assert_null(get("https://nobody.example/", NOW));
}

/* Two federations, the same IdP, in other words (its group ends earlier in one of them). */
static void where_the_winners_copy_ends_the_other_counts(void)
{
    clear();
    refreshed("one", 1, "ok--one-entity.xml");
    refreshed("two", 2, "ok--nested.xml");
    g_autoptr(DbIdp) first = get("https://idp1.example.ac.jp/idp", NOW);
    g_assert_cmpstr(first->source, ==, "one");
    g_assert_cmpint(first->valid_until, ==, 1796083200);
    cluster_do(cluster, "update metadata_source set valid_until = valid_until + interval '1 day' where name = 'two'");
    g_autoptr(DbIdp) second = get("https://idp1.example.ac.jp/idp", 1796083200);
    g_assert_cmpstr(second->source, ==, "two");
    g_assert_cmpint(second->valid_until, ==, 1796083200 + 86400);
    g_assert_null(get("https://idp3.example.ac.jp/idp", 1795996800)); /* of the group that ended before */
    cluster_do(cluster, "update metadata_source set priority = 3 where name = 'one'");
    g_autoptr(DbIdp) turned = get("https://idp1.example.ac.jp/idp", NOW);
    g_assert_cmpstr(turned->source, ==, "two");
}

/* Aggregates have ends of their own; a source of another kind must not inherit them. */
static void a_source_that_becomes_another_kind_begins_anew(void)
{
    g_autoptr(GError) error = NULL;
    clear();
    refreshed("one", 1, "ok--two.xml");
    const DbMetadataSource now_mdq = { .name = (char *)"one", .kind = (char *)"mdq", .location = (char *)"https://mdq", .priority = 1 };
    g_assert_true(db_metadata_declare(ctx.db, &now_mdq, &error));
    g_assert_cmpint(cluster_int(cluster, "select count(*) from idp"), ==, 0);
    g_assert_cmpint(cluster_int(cluster, "select count(*) from metadata_source where valid_until is null"), ==, 1);
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
    const char *entity_id = "https://idp1.example.ac.jp/idp";
    clear();
    refreshed("one", 1, "ok--two.xml");
    federated = get("https://idp1.example.ac.jp/idp", NOW);
    RaContext owner = { .db = db_new(cluster_conninfo(cluster, "owner")) };
    for (int twice = 0; twice < 2; twice++) {
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        g_byte_array_append(bytes, (const guint8 *)federated->xml, (guint)strlen(federated->xml));
        g_autoptr(DbIdp) idp = ra_metadata_read_by_hand(opener, bytes, NOW, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(idp->entity_id, ==, entity_id);
        g_assert_true(db_begin(owner.db, &error) && ra_metadata_put_by_hand(&owner, idp, NOW, &error) && db_commit(owner.db, &error));
        g_assert_no_error(error);
    }
    db_free(owner.db);
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
    g_assert_true(db_metadata_keep_only(ctx.db, keep, &error));
    g_autofree char *left = cluster_text(cluster, "select string_agg(distinct source, ' ') from idp");
    g_assert_cmpstr(left, ==, "two");
    g_assert_cmpint(cluster_int(cluster, "select count(*) from metadata_source"), ==, 1);
}

int main(int argc, char **argv)
{
    fixture_start(&argc, &argv);
    const char *make[] = { "/usr/bin/python3", "tests/hostile/make_metadata.py", fixture_folder, NULL };
    fixture_run(make);
    g_assert_true(sp_start(NULL));
    g_autoptr(GError) error = NULL;
    opener = sp_opener_spawn(NULL, &error);
    g_assert_no_error(error);
    pem = fixture_read("federation.crt", NULL);
    cluster = cluster_new();
    ctx.db = db_new(cluster_conninfo(cluster, "worker"));
    portal = db_new(cluster_conninfo(cluster, "portal"));
    g_test_add_func("/store/a refresh replaces its own rows only", a_refresh_replaces_its_own_rows_only);
    g_test_add_func("/store/a refresh is all or nothing", a_refresh_is_all_or_nothing);
    g_test_add_func("/store/a bad copy leaves everything as it was", a_bad_copy_leaves_everything_as_it_was);
    g_test_add_func("/store/what did not change is not written again", what_did_not_change_is_not_written_again);
    g_test_add_func("/store/what was stored by an older program is written again", what_was_stored_by_an_older_program_is_written_again);
    g_test_add_func("/store/what cannot be used is kept with its reason", what_cannot_be_used_is_kept_with_its_reason);
    g_test_add_func("/store/the earliest source that is valid wins", the_earliest_source_that_is_valid_wins);
    g_test_add_func("/store/where the winners copy ends the other counts", where_the_winners_copy_ends_the_other_counts);
    g_test_add_func("/store/a source that becomes another kind begins anew", a_source_that_becomes_another_kind_begins_anew);
    g_test_add_func("/store/an IdP knows its institution", an_idp_knows_its_institution);
    g_test_add_func("/store/one given by hand comes before all others", one_given_by_hand_comes_before_all_others);
    g_test_add_func("/store/a source that is not set any more is forgotten", a_source_that_is_not_set_any_more_is_forgotten);
    int status = g_test_run();
    db_free(ctx.db);
    db_free(portal);
    cluster_free(cluster);
    sp_opener_free(opener);
    g_free(pem);
    return fixture_end(status);
}
