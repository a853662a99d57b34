/* What may be applied for: each line of tests/policy.table, as the confirm page asks and as the application itself is
   judged. */
#include <stdio.h>
#include <string.h>

#include "ra/error.h"
#include "ra/request.h"
#include "tests/integration/cluster_ra.h"

static World *world;

struct line {
    char verdict[32], type[16], types[64], months[64], domains[128], mail[64], mails[128], name[32];
    int wanted, active, most, number;
};

/* 'a,b' as the text of an array, '-' as an empty one. */
static char *
array(const char *text)
{
    return strcmp(text, "-") == 0 ? g_strdup("{}") : g_strdup_printf("{%s}", text);
}

/* An institution and a person as the line has them; the person's number. */
static gint64
arrange(const struct line *line)
{
    g_autofree char *name = g_strdup_printf("Line %d", line->number);
    g_autofree char *idp = g_strdup_printf("https://idp.example/%d", line->number);
    gint64 institution = cluster_institution(world->cluster, name, "x.example", idp);
    gint64 person = cluster_person(world->cluster, institution, "p");
    g_autofree char *full = g_strdup_printf(
        "update person set mails = '{z@x.example}' where id = %" G_GINT64_FORMAT ";"
        "update institution set max_active = 1000 where id = %" G_GINT64_FORMAT ";"
        "insert into request (person, type, months, mail) select %" G_GINT64_FORMAT ", 'client', 52, 'z@x.example'"
        " from generate_series(1, %d)", person, institution, person, line->active);
    cluster_do(world->cluster, full);
    g_autofree char *types = array(line->types), *months = array(line->months), *domains = array(line->domains);
    g_autofree char *mails = array(line->mails);
    g_autofree char *set = g_strdup_printf(
        "update institution set types = '%s', months = '%s', mail_domains = '%s', max_active = %d where id = %" G_GINT64_FORMAT
        ";"
        "update person set mails = '%s', common_name = nullif('%s', '-') where id = %" G_GINT64_FORMAT,
        types, months, domains, line->most, institution, mails, line->name, person);
    cluster_do(world->cluster, set);
    return person;
}

static void
check(gconstpointer data)
{
    const struct line *line = data;
    gint64 person = arrange(line);
    const struct ra_who who = { .person = person };
    const struct ra_application application = { .type = line->type, .months = line->wanted, .mail = line->mail };
    g_autoptr(GError) before = NULL, then = NULL;
    g_autoptr(RaPreview) preview = ra_request_preview(world->portal, &who, &application, 1800000000, &before);
    g_autofree char *location = NULL;
    gboolean ok = ra_request_apply(world->portal, &who, NULL, &application, &location, &then);
    gint64 made = world_int(world, "select count(*) from request where person = %N", person) - line->active;

    if (strcmp(line->verdict, "allow") == 0) {
        g_assert_no_error(before);
        g_assert_no_error(then);
        g_assert_nonnull(preview);
        g_assert_true(ok);
        g_assert_cmpint(made, ==, 1);
        return;
    }
    g_assert_null(preview);
    g_assert_false(ok);
    g_assert_error(before, RA_ERROR, RA_ERROR_REFUSED);
    g_assert_cmpstr(ra_error_rule(before), ==, line->verdict);
    g_assert_error(then, RA_ERROR, RA_ERROR_REFUSED);
    g_assert_cmpstr(ra_error_rule(then), ==, line->verdict);
    g_assert_cmpint(made, ==, 0);
}

/* The first page's offers, made of what was read for it, say what the database will say. */
static void
check_offers(gconstpointer data)
{
    const struct line *line = data;
    gint64 person = arrange(line);
    g_autoptr(GError) error = NULL;
    g_autoptr(RaDashboard) shown = ra_request_dashboard(world->portal, person, FALSE, 0, RA_REQUEST_PAGE, &error);
    g_assert_no_error(error);
    for (char **type = shown->types; *type; type++) {
        const char *mail = shown->mails_allowed[0] ? shown->mails_allowed[0] : shown->mails[0] ? shown->mails[0] : "";
        g_autofree char *sql = g_strdup_printf("select request_refusal(%%N, '%s', %s, '%s', false)", *type, shown->months[0], mail);
        g_autofree char *judged = world_text(world, sql, person);
        g_assert_cmpstr(ra_request_blocked(shown, *type), ==, judged);
    }
}

/* A validity without a profile keeps nobody from the others. */
static void
validities_with_a_profile_are_offered(void)
{
    g_autoptr(GError) error = NULL;
    gint64 institution = cluster_institution(world->cluster, "Sixty-one", "x.example", "https://idp.example/61");
    gint64 person = cluster_person(world->cluster, institution, "p");
    world_do(world, "update person set mails = '{z@x.example}' where id = %N", person);
    world_do(world, "update institution set months = '{61,25}' where id = %N", institution);
    world_do(world, "insert into profile (name, type, months, issuer, key_usage, extended) select 'client-61', type, 61, issuer, key_usage,"
                    " extended from profile where name = 'client-52' and %N > 0", 1);
    g_autoptr(RaDashboard) shown = ra_request_dashboard(world->portal, person, FALSE, 0, RA_REQUEST_PAGE, &error);
    g_assert_no_error(error);
    g_assert_true(ra_request_offers(shown, "client", "61"));
    g_assert_true(ra_request_offers(shown, "client", "25"));
    g_assert_false(ra_request_offers(shown, "smime", "61"));
    g_assert_true(ra_request_offers(shown, "smime", "25"));
    g_assert_cmpstr(ra_request_blocked(shown, "smime"), ==, NULL);
    world_do(world, "update institution set months = '{61}' where id = %N", institution);
    g_autoptr(RaDashboard) less = ra_request_dashboard(world->portal, person, FALSE, 0, RA_REQUEST_PAGE, &error);
    g_assert_cmpstr(ra_request_blocked(less, "smime"), ==, "profile");
    g_assert_cmpstr(ra_request_blocked(less, "client"), ==, NULL);
}

static void
read_table(void)
{
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents("tests/policy.table", &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (int i = 0; lines[i]; i++) {
        if (*lines[i] == '#' || !*lines[i])
            continue;
        struct line *line = g_new0(struct line, 1);
        line->number = i + 1;
        int n =
            sscanf(lines[i], "%31s %15s %d %63s %63s %127s %63s %127s %31s %d %d", line->verdict, line->type, &line->wanted,
                   line->types, line->months, line->domains, line->mail, line->mails, line->name, &line->active, &line->most);
        g_assert_cmpint(n, ==, 11);
        g_autofree char *path =
            g_strdup_printf("/policy/line %d: %s for %s %d", line->number, line->verdict, line->type, line->wanted);
        g_autofree char *offers = g_strdup_printf("/policy/line %d: offers", line->number);
        g_test_add_data_func_full(path, line, check, g_free);
        struct line *again = g_memdup2(line, sizeof *line);
        again->number += 10000;
        g_test_add_data_func_full(offers, again, check_offers, g_free);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    world = world_new(NULL);
    g_test_add_func("/policy/validities with a profile are offered, each type its own", validities_with_a_profile_are_offered);
    read_table();
    int status = g_test_run();
    world_free(world);
    return status;
}
