/* Every statement of the program, prepared on an empty migrated database by the role that runs it: a misspelt column or a
   missing grant fails here, not in front of a person. */
#include "db/db.h"
#include "tests/integration/cluster.h"

#include <libpq-fe.h>
#include <string.h>

static Cluster *cluster;

/* Plans the statement with nulls and starts it without running: the server checks every grant then, not when it prepares. */
static char *trouble(PGconn *c, const DbStatement *s) {
    PGresult *prepared = PQprepare(c, s->name, s->sql, 0, NULL);
    PGresult *described = NULL, *explained = NULL;
    g_autoptr(GString) sql = g_string_new(NULL);
    char *why = NULL;
    int n;

    if (PQresultStatus(prepared) != PGRES_COMMAND_OK) why = g_strdup(PQerrorMessage(c));
    if (why == NULL) {
        described = PQdescribePrepared(c, s->name);
        n = PQnparams(described);
        if ((size_t)n != strlen(s->types)) why = g_strdup_printf("%d parameters, but types \"%s\"", n, s->types);
        g_string_printf(sql, "explain execute \"%s\"%s", s->name, n > 0 ? "(" : "");
        for (int i = 0; i < n; i++) g_string_append(sql, i + 1 < n ? "null, " : "null)");
    }
    if (why == NULL && !g_str_has_prefix(s->sql, "listen") && !g_str_has_prefix(s->sql, "set ")) {
        explained = PQexec(c, sql->str);
        if (PQresultStatus(explained) != PGRES_TUPLES_OK) why = g_strdup(PQerrorMessage(c));
    }
    PQclear(prepared);
    PQclear(described);
    PQclear(explained);
    return why;
}

static void group_prepares(gconstpointer data) {
    const DbGroup *group = data;
    g_auto(GStrv) roles = g_strsplit(group->role, " ", -1);
    int failed = 0;

    for (int r = 0; roles[r] != NULL; r++) {
        PGconn *c = PQconnectdb(cluster_conninfo(cluster, roles[r]));

        PQclear(PQexec(c, "set plan_cache_mode = force_generic_plan"));
        for (size_t i = 0; i < group->n; i++) {
            g_autofree char *why = trouble(c, &group->statements[i]);
            if (why == NULL) continue;
            g_printerr("# %s as %s: %s\n", group->statements[i].name, roles[r], why);
            failed++;
        }
        PQfinish(c);
    }
    g_assert_cmpint(failed, ==, 0);
}

static void names_are_unique(void) {
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (int g = 0; db_groups[g] != NULL; g++)
        for (size_t i = 0; i < db_groups[g]->n; i++) {
            if (g_hash_table_add(seen, (gpointer)db_groups[g]->statements[i].name)) continue;
            g_printerr("# %s is there twice\n", db_groups[g]->statements[i].name);
            g_test_fail();
        }
}

int main(int argc, char **argv) {
    int status;

    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    cluster = cluster_new();
    for (int g = 0; db_groups[g] != NULL; g++) {
        g_autofree char *path = g_strdup_printf("/statements/those of %s prepare and are granted", db_groups[g]->name);
        g_test_add_data_func(path, db_groups[g], group_prepares);
    }
    g_test_add_func("/statements/each name is there once", names_are_unique);
    status = g_test_run();
    cluster_free(cluster);
    return status;
}
