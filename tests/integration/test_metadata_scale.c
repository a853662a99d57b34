/*
 * A portal process knows the IdPs it was asked for and no others: its memory and the work of a login are the same with 2 and with
 * 12,000 IdPs (eduGAIN's size), and the database finds one by its index.
 */
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sp/discovery.h"
#include "sp/request.h"
#include "tests/integration/cluster.h"
#include "tests/unit/sp_fixture.h"

#define NOW FIXTURE_NOW
#define MANY 12000
#define LOGINS 300
#define MORE_MOST 1024 /* kB that a process may have more among many: they have 80 MB */

static Cluster *cluster;

/* COUNT rows as large as real ones: an IdP's descriptor under other names, filled up to 7 kB with what does not compress. */
static void
fill(int count)
{
    g_autofree char *xml = fixture_read("idp.xml", NULL);
    g_autofree char *text = g_strdup_printf(
        "delete from idp; delete from metadata_source; insert into metadata_source (name, priority, valid_until) values"
        " ('one', 1, to_timestamp(1795507200) + interval '7 days'), ('two', 2, to_timestamp(1795507200) + interval '7 days');"
        "insert into idp (source, entity_id, xml, name_en, name_ja, valid_until, hash) select s, 'https://idp' || n || '.example/idp',"
        " replace($xml$%s$xml$, '" FIXTURE_IDP "', 'https://idp' || n || '.example/idp') || '<!--' || (select"
        " string_agg(md5((n * 1000 + k)::text), '') from generate_series(1, 40) k) || '-->', 'University ' || n, '', 'infinity', ''"
        " from generate_series(1, %d) n, unnest(array['one', 'two']) s where s = 'one' or n %% 3 = 0; analyze idp; analyze metadata_source",
        xml, count);
    cluster_do(cluster, text);
}

static glong
kilobytes(const char *what)
{
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents("/proc/self/status", &text, NULL, NULL));
    const char *line = strstr(text, what);
    g_assert_nonnull(line);
    return (glong)g_ascii_strtoll(line + strlen(what), NULL, 10);
}

/* What a page process does for LOGINS logins by the first DIFFERENT IdPs in turn. */
static void
log_in(Db *db, SpService *service, int different)
{
    for (int i = 0; i < LOGINS; i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *entity_id = g_strdup_printf("https://idp%d.example/idp", i % different + 1);
        g_autoptr(SpIdp) idp = sp_idp_get(db, entity_id, NOW, &error);
        g_assert_no_error(error);
        g_autoptr(SpRequest) request = sp_request_new(service, idp->entity_id, idp->xml, "state", SP_NAME_ID_ANY, &error);
        g_assert_no_error(error);
    }
}

struct life {
    glong start, end; /* kB resident */
    double cpu;       /* seconds a login */
};

/* A process that begins, logs people in and ends. */
static struct life
live(int different)
{
    int pipe_ends[2];
    struct life life = { 0 };
    g_assert_cmpint(pipe(pipe_ends), ==, 0);
    pid_t pid = fork();
    if (pid == 0) {
        g_autoptr(SpService) service = fixture_service();
        Db *db = db_new(cluster_conninfo(cluster, "portal"));
        g_assert_true(db_connect(db, NULL));
        life.start = kilobytes("VmRSS:");
        clock_t began = clock();
        log_in(db, service, different);
        life.cpu = (double)(clock() - began) / CLOCKS_PER_SEC / LOGINS;
        life.end = kilobytes("VmHWM:");
        _exit(write(pipe_ends[1], &life, sizeof life) == sizeof life ? 0 : 1);
    }
    close(pipe_ends[1]);
    g_assert_cmpint(read(pipe_ends[0], &life, sizeof life), ==, sizeof life);
    close(pipe_ends[0]);
    waitpid(pid, NULL, 0);
    return life;
}

static void
memory_does_not_depend_on_how_many_there_are(void)
{
    fill(2);
    struct life few = live(2);
    fill(MANY);
    struct life many = live(2), new = live(LOGINS);
    g_test_message("2 IdPs: %ld kB at the start, %ld kB at most, %.2f ms of CPU a login; %d IdPs: %ld kB, %ld kB, %.2f ms;"
                   " each time another IdP: %ld kB, %.2f ms", few.start, few.end, few.cpu * 1000, MANY, many.start, many.end,
                   many.cpu * 1000, new.end, new.cpu * 1000);
    g_assert_cmpint(many.start, <=, few.start + MORE_MOST);
    g_assert_cmpint(many.end, <=, few.end + MORE_MOST);
    g_assert_cmpint(new.end, <=, few.end + 8 * MORE_MOST); /* keys of so many IdPs as are kept (sp/peer.h), not of all */
}

/* The plan of the statement as the portal has it (db/metadata.c). */
static void
one_is_found_by_its_index(void)
{
    g_autofree char *sql = NULL;
    for (gsize i = 0; i < db_metadata_group.n; i++)
        if (strcmp(db_metadata_group.statements[i].name, "metadata_get") == 0)
            sql = g_strdup_printf("prepare find as %s", db_metadata_group.statements[i].sql);
    g_assert_nonnull(sql);
    g_autofree char *text = g_strdup_printf(
        "%s; create function plan() returns text language plpgsql as $$ declare line text; all_lines text := ''; begin for line in"
        " execute 'explain (analyze, buffers) execute find(1795507200, ''https://idp3.example/idp'')' loop"
        " all_lines := all_lines || line || e'\\n'; end loop; return all_lines; end $$; select plan()", sql);
    g_autofree char *plan = cluster_text(cluster, text);
    g_test_message("%s", plan);
    g_assert_nonnull(strstr(plan, "idp_by_entity"));
    g_assert_null(strstr(plan, "Seq Scan on idp"));
}

int
main(int argc, char **argv)
{
    fixture_start(&argc, &argv);
    g_assert_true(sp_start(NULL));
    cluster = cluster_new();
    g_test_add_func("/scale/memory does not depend on how many IdPs there are", memory_does_not_depend_on_how_many_there_are);
    g_test_add_func("/scale/one is found by its index", one_is_found_by_its_index);
    int status = g_test_run();
    cluster_free(cluster);
    return fixture_end(status);
}
