/* The policy of an institution: who may change it, what is written down, and two at once. */
#include <string.h>

#include "ca/crypto.h"
#include "ra/error.h"
#include "ra/policy.h"
#include "ra/request.h"
#include "tests/integration/cluster_ra.h"

static World *world;

/* A session of ROLE that began just now and is over in SECONDS; the hash of its id. */
static GBytes *
session(const char *role, int seconds)
{
    static int n;
    g_autofree char *id = g_strdup_printf("%s %d", role, n++);
    g_autofree char *sql = g_strdup_printf("insert into session (id_hash, person, role, idp, expires_at) values (sha256('%s'), %%N, '%s', 'x',"
                                           " now() + interval '%d seconds')", id, role, seconds);
    world_do(world, sql, world->person);
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    guint8 hash[32];
    gsize size = sizeof hash;
    g_checksum_update(sum, (const guchar *)id, -1);
    g_checksum_get_digest(sum, hash, &size);
    return g_bytes_new(hash, size);
}

static RaPolicyDraft *
draft(const char *name, const char *text)
{
    g_autoptr(GError) error = NULL;
    RaPolicyDraft *made = ra_policy_draft_new();
    g_assert_true(ra_policy_draft_add(made, ra_policy_field(name), text, &error));
    g_assert_no_error(error);
    return made;
}

static gint64
version(void)
{
    return world_int(world, "select version from institution where id = %N", world->institution);
}

static void
assert_unchanged(gint64 before, gint64 events)
{
    g_assert_cmpint(version(), ==, before);
    g_assert_cmpint(world_int(world, "select count(*) from event where what = 'institution-changed' and institution = %N", world->institution),
                    ==, events);
}

static void
only_an_operators_session_opens_the_door(void)
{
    static const struct { const char *role; int seconds; } others[] = {
        { "person", 600 }, { "revoker", 600 }, { "officer", 600 }, { "operator", -1 },
    };
    gint64 before = version();
    gint64 events = world_int(world, "select count(*) from event where what = 'institution-changed' and institution = %N", world->institution);
    g_autoptr(RaPolicyDraft) change = draft("locality", "Elsewhere");
    for (gsize i = 0; i <= G_N_ELEMENTS(others); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) hash = i < G_N_ELEMENTS(others) ? session(others[i].role, others[i].seconds) : NULL;
        const struct ra_policy_by by = { .session = hash };
        g_assert_false(ra_policy_apply(world->portal, world->institution, 0, change, &by, &error));
        g_assert_cmpstr(ra_error_rule(error), ==, "session");
    }
    assert_unchanged(before, events);
}

static void
a_change_is_written_down_with_what_was_and_what_is(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) hash = session("operator", 600);
    const struct ra_policy_by by = { .session = hash, .address = "192.0.2.9" };
    gint64 before = version();
    g_autoptr(RaPolicyDraft) change = draft("grace-days", "14");
    g_assert_true(ra_policy_draft_add(change, ra_policy_field("months"), "25,13", &error));
    g_assert_true(ra_policy_draft_add(change, ra_policy_field("approval"), "no", &error)); /* as it is */
    g_assert_true(ra_policy_apply(world->portal, world->institution, before, change, &by, &error));
    g_assert_no_error(error);
    g_autofree char *row = world_text(world, "select actor || ' ' || address || ' ' || detail::text from event where institution = %N"
                                             " order by id desc limit 1", world->institution);
    g_autofree char *wanted = g_strdup_printf(
        "operator:%" G_GINT64_FORMAT " 192.0.2.9 {\"months\": {\"new\": \"25\\n13\", \"old\": \"52\\n25\\n13\"}, \"version\": {\"new\": %"
        G_GINT64_FORMAT ", \"old\": %" G_GINT64_FORMAT "}, \"grace_days\": {\"new\": \"14\", \"old\": \"\"}}",
        world->person, before + 1, before);
    g_assert_cmpstr(row, ==, wanted);
    g_assert_cmpint(world_int(world, "select grace_days from institution where id = %N", world->institution), ==, 14);
    g_autoptr(GPtrArray) past = db_policy_past(world->portal->db, world->institution, before, 10, &error);
    g_assert_cmpint(past->len, ==, 2);
    const RaPolicyPast *first = past->pdata[0];
    g_assert_cmpstr(first->field, ==, "grace_days");
    g_assert_cmpstr(first->who, ==, "Hanako Kagami");
    g_assert_cmpint(first->version, ==, before + 1);
}

static void
who_comes_second_overwrites_nothing(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) one = session("operator", 600), two = session("operator", 600);
    const struct ra_policy_by first = { .session = one }, second = { .session = two };
    gint64 seen = version();
    g_autoptr(RaPolicyDraft) kyoto = draft("locality", "Kyoto"), nara = draft("locality", "Nara");
    g_assert_true(ra_policy_apply(world->portal, world->institution, seen, kyoto, &first, &error));
    g_assert_false(ra_policy_apply(world->portal, world->institution, seen, nara, &second, &error));
    g_assert_error(error, RA_ERROR, RA_ERROR_CONFLICT);
    g_assert_cmpstr(ra_error_rule(error), ==, "changed");
    g_autofree char *now = world_text(world, "select locality from institution where id = %N", world->institution);
    g_assert_cmpstr(now, ==, "Kyoto");
}

static void
all_of_it_or_nothing(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) hash = session("operator", 600);
    const struct ra_policy_by by = { .session = hash };
    cluster_institution(world->cluster, "Other", "other.example", "https://idp.other.example");
    gint64 before = version();
    gint64 events = world_int(world, "select count(*) from event where what = 'institution-changed' and institution = %N", world->institution);
    g_autoptr(RaPolicyDraft) change = draft("locality", "Uji");
    g_assert_true(ra_policy_draft_add(change, ra_policy_field("idp"), "https://idp.other.example", &error));
    g_assert_false(ra_policy_apply(world->portal, world->institution, 0, change, &by, &error));
    g_assert_cmpstr(ra_error_rule(error), ==, "idp-taken");
    assert_unchanged(before, events);
}

/* Whoever holds the portal's role and an operator's session still reaches no other column, and no SQL. */
static void
what_is_no_field_is_refused(void)
{
    static const char *const names[] = { "id", "name", "version", "locality = 'x', organization", "\\\"locality\\\"", "LOCALITY" };
    g_autoptr(GBytes) hash = session("operator", 600);
    gsize size;
    const guint8 *bytes = g_bytes_get_data(hash, &size);
    g_autoptr(GString) hex = g_string_new("");
    for (gsize i = 0; i < size; i++)
        g_string_append_printf(hex, "%02x", bytes[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_auto(GStrv) parts = g_strsplit(names[i], "'", -1);
        g_autofree char *quoted = g_strjoinv("''", parts);
        g_autofree char *sql = g_strdup_printf("select institution_change(%" G_GINT64_FORMAT ", null, '{\"%s\"}', '{\"7\"}', '\\x%s', 'x', '', '')",
                                               world->institution, quoted, hex->str);
        g_autofree char *said = cluster_try(world->cluster, "portal", sql);
        g_assert_nonnull(said);
        g_assert_nonnull(strstr(said, "IK000"));
        g_assert_nonnull(strstr(said, "field"));
    }
}

static void
table_and_database_have_the_same_fields(void)
{
    g_autoptr(GString) names = g_string_new("");
    for (gsize i = 0; i < ra_policy_count; i++)
        g_string_append_printf(names, "%s%s", i ? "," : "", ra_policy_fields[i].column);
    g_autofree char *sql = g_strdup_printf("select string_agg(n, ' ' order by n) from unnest('{%s}'::text[]) n where %%N > 0", names->str);
    g_autofree char *ours = world_text(world, sql, 1);
    g_autofree char *theirs = world_text(world, "select string_agg(name, ' ' order by name) from institution_field where %N > 0", 1);
    g_assert_cmpstr(ours, ==, theirs);
    g_assert_cmpint(world_int(world, "select count(*) from institution_field where name <> 'idps' and not exists (select from pg_attribute"
                                     " where attrelid = 'institution'::regclass and attname = name) and %N > 0", 1), ==, 0);
}

/* What is read may be written as it is: every default is within the table's bounds. */
static void
every_value_that_is_there_may_stay(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(RaPolicy) policy = ra_policy_get(world->portal, world->institution, &error);
    g_assert_no_error(error);
    g_autoptr(RaPolicyDraft) change = ra_policy_draft_new();
    for (gsize i = 0; i < ra_policy_count; i++) {
        g_assert_true(ra_policy_draft_add(change, &ra_policy_fields[i], ra_policy_value(policy, &ra_policy_fields[i]), &error));
        g_assert_cmpstr(ra_policy_draft_value(change, &ra_policy_fields[i]), ==, ra_policy_value(policy, &ra_policy_fields[i]));
    }
    g_assert_false(ra_policy_draft_reduce(change, policy));
    g_assert_null(ra_policy_get(world->portal, 999999, &error));
    g_assert_error(error, RA_ERROR, RA_ERROR_NOT_FOUND);
}

/* --- organizational units -------------------------------------------------------------------------------------------------- */

/* Applies with UNIT; the row's unit, or "!RULE" where it is refused. The caller's. */
static char *
unit_of(const char *unit)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *location = NULL;
    const struct ra_who who = { .person = world->person };
    const struct ra_application wish = { .type = "client", .months = 25, .unit = unit };
    gboolean ok = ra_request_apply(world->portal, &who, NULL, &wish, &location, &error);
    if (!ok)
        return g_strconcat("!", ra_error_rule(error), NULL);
    return world_text(world, "select coalesce(unit, '-') || coalesce('<' || unit_chosen, '') from request where person = %N"
                             " order by number desc limit 1", world->person);
}

static void
a_unit_is_one_of_the_list(void)
{
    static const struct { const char *own, *units, *choice, *asked, *unit; } rows[] = {
        { "null", "{}", "officer", NULL, "-" },
        { "'Letters'", "{}", "person", "", "Letters" },
        { "'Letters'", "{}", "person", "Library", "!unit" },
        { "'Letters'", "{Library,附属図書館}", "officer", "Library", "!unit" },
        { "'Letters'", "{Library,附属図書館}", "officer", "Letters", "Letters<Letters" },
        { "'Letters'", "{Library,附属図書館}", "person", "Library", "Library<Library" },
        { "'Letters'", "{Library,附属図書館}", "person", "附属図書館", "附属図書館<附属図書館" },
        { "'Letters'", "{Library,附属図書館}", "person", NULL, "Letters" },
        { "null", "{Library}", "person", "library", "!unit" },
        { "null", "{Library}", "person", "Library, O=Other", "!unit" },
        { "null", "{Library}", "person", "", "-" },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *sql = g_strdup_printf("update institution set unit = %s, units = '%s', unit_choice = '%s' where id = %%N",
                                               rows[i].own, rows[i].units, rows[i].choice);
        world_do(world, sql, world->institution);
        g_autofree char *unit = unit_of(rows[i].asked);
        g_assert_cmpstr(unit, ==, rows[i].unit);
    }
    world_do(world, "update institution set unit = null, units = '{}', unit_choice = 'officer' where id = %N", world->institution);
}

static void
nobody_changes_a_unit_afterwards(void)
{
    static const char *const acts[] = { "update request set unit = 'x'", "update request set unit_chosen = 'x'",
                                        "insert into request (person, type, months, mail, unit) values (1, 'client', 25, 'x', 'x')" };
    for (gsize i = 0; i < G_N_ELEMENTS(acts); i++) {
        g_autofree char *said = cluster_try(world->cluster, "portal", acts[i]);
        g_assert_nonnull(said);
        g_assert_true(g_str_has_prefix(said, "42501"));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    crypto_start();
    world = world_new(NULL);
    g_test_add_func("/institution/every value that is there may stay", every_value_that_is_there_may_stay);
    g_test_add_func("/institution/table and database have the same fields", table_and_database_have_the_same_fields);
    g_test_add_func("/institution/only an operator's session opens the door", only_an_operators_session_opens_the_door);
    g_test_add_func("/institution/a change is written down with what was and what is", a_change_is_written_down_with_what_was_and_what_is);
    g_test_add_func("/institution/who comes second overwrites nothing", who_comes_second_overwrites_nothing);
    g_test_add_func("/institution/all of it or nothing", all_of_it_or_nothing);
    g_test_add_func("/institution/what is no field is refused", what_is_no_field_is_refused);
    g_test_add_func("/institution/a unit is one of the list", a_unit_is_one_of_the_list);
    g_test_add_func("/institution/nobody changes a unit afterwards", nobody_changes_a_unit_afterwards);
    int status = g_test_run();
    world_free(world);
    return status;
}
