#include "tests/integration/cluster.h"

#include <gio/gio.h>
#include <libpq-fe.h>
#include <stdarg.h>
#include <string.h>

static const char *const roles[] = { "portal", "worker", "signer", "responder", "owner", "superuser" };

struct cluster {
    GSubprocess *server;
    char *folder;
    char *conninfo[G_N_ELEMENTS(roles)];
    PGconn *admin;
};

static void wanted(gboolean ok, const char *what, const char *why) {
    if (!ok) g_error("cluster: %s: %s", what, why);
}

/* The first line that the script prints; the rest of its life is silent. */
static char *first_line(GSubprocess *server) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GDataInputStream) in = g_data_input_stream_new(g_subprocess_get_stdout_pipe(server));
    char *line = g_data_input_stream_read_line(in, NULL, NULL, &error);

    wanted(line != NULL, "tests/cluster did not start", error != NULL ? error->message : "see its messages above");
    return line;
}

static char *conninfo(const char *folder, const char *role) {
    gboolean super = strcmp(role, "superuser") == 0;

    return g_strdup_printf("host=%s port=5432 dbname=inkan user=%s%s", folder, super ? "postgres" : "inkan_", super ? "" : role);
}

static Cluster *start(const char *empty) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE);
    Cluster *cluster = g_new0(Cluster, 1);
    g_autofree char *admin = NULL;

    if (empty != NULL) g_subprocess_launcher_setenv(launcher, "CLUSTER_EMPTY", empty, TRUE);
    /* A sanitizer that is preloaded into the test has no business in PostgreSQL's programs. */
    g_subprocess_launcher_unsetenv(launcher, "LD_PRELOAD");
    cluster->server = g_subprocess_launcher_spawn(launcher, &error, "tests/cluster", NULL);
    wanted(cluster->server != NULL, "tests/cluster", error != NULL ? error->message : "");
    cluster->folder = first_line(cluster->server);
    for (size_t i = 0; i < G_N_ELEMENTS(roles); i++)
        cluster->conninfo[i] = conninfo(cluster->folder, roles[i]);
    admin = g_strdup_printf("%s options='-c client_min_messages=warning'", cluster_conninfo(cluster, "superuser"));
    cluster->admin = PQconnectdb(admin);
    wanted(PQstatus(cluster->admin) == CONNECTION_OK, "connect", PQerrorMessage(cluster->admin));
    return cluster;
}

Cluster *cluster_new(void) {
    return start(NULL);
}

Cluster *cluster_new_empty(void) {
    return start("1");
}

void cluster_free(Cluster *cluster) {
    if (cluster == NULL) return;
    PQfinish(cluster->admin);
    g_output_stream_close(g_subprocess_get_stdin_pipe(cluster->server), NULL, NULL);
    g_subprocess_wait(cluster->server, NULL, NULL);
    g_clear_object(&cluster->server);
    for (size_t i = 0; i < G_N_ELEMENTS(roles); i++) g_free(cluster->conninfo[i]);
    g_free(cluster->folder);
    g_free(cluster);
}

const char *cluster_conninfo(const Cluster *cluster, const char *role) {
    for (size_t i = 0; i < G_N_ELEMENTS(roles); i++)
        if (strcmp(roles[i], role) == 0) return cluster->conninfo[i];
    g_error("cluster: no role %s", role);
}

const char *cluster_folder(const Cluster *cluster) {
    return cluster->folder;
}

static PGresult *run(Cluster *cluster, const char *sql) {
    PGresult *result = PQexec(cluster->admin, sql);
    ExecStatusType status = PQresultStatus(result);

    wanted(status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK, sql, PQerrorMessage(cluster->admin));
    return result;
}

void cluster_do(Cluster *cluster, const char *sql) {
    PQclear(run(cluster, sql));
}

char *cluster_text(Cluster *cluster, const char *sql) {
    PGresult *result = run(cluster, sql);
    char *text = NULL;

    if (PQntuples(result) > 0 && !PQgetisnull(result, 0, 0)) text = g_strdup(PQgetvalue(result, 0, 0));
    PQclear(result);
    return text;
}

gint64 cluster_int(Cluster *cluster, const char *sql) {
    g_autofree char *text = cluster_text(cluster, sql);

    return text == NULL ? 0 : g_ascii_strtoll(text, NULL, 10);
}

static void ignore(void *data, const char *message) {
    (void)data;
    (void)message;
}

char *cluster_try(Cluster *cluster, const char *role, const char *sql) {
    PGconn *c = PQconnectdb(cluster_conninfo(cluster, role));
    PGresult *result;
    char *answer = NULL;

    PQsetNoticeProcessor(c, ignore, NULL);
    wanted(PQstatus(c) == CONNECTION_OK, "connect", PQerrorMessage(c));
    PQclear(PQexec(c, "begin"));
    result = PQexec(c, sql);
    if (PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK)
        answer = g_strdup_printf("%s %s", PQresultErrorField(result, PG_DIAG_SQLSTATE),
                                 PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
    PQclear(result);
    PQclear(PQexec(c, "rollback"));
    PQfinish(c);
    return answer;
}

void cluster_base(Cluster *cluster) {
    cluster_do(cluster,
               "insert into service (time_zone) values ('Asia/Tokyo') on conflict do nothing;"
               "insert into issuer (name, parent, certificate, key_name) values ('root', null, '\\x30', 'root'),"
               " ('client', 'root', '\\x30', 'client'), ('smime', 'root', '\\x30', 'smime') on conflict do nothing;"
               "insert into profile (name, type, months, issuer, key_usage, extended)"
               " select t || '-' || m, t, m, t, '{digitalSignature}', array['1.3.6.1.5.5.7.3.2']"
               " from unnest('{client,smime}'::text[]) t, unnest('{52,25,13}'::int[]) m"
               " where not exists (select from profile)");
}

/* SQL from FORMAT, whose %s are quoted as literals first; run for one number. */
static gint64 number(Cluster *cluster, const char *format, ...) {
    g_auto(GStrv) parts = g_strsplit(format, "%s", -1);
    g_autoptr(GString) sql = g_string_new(parts[0]);
    va_list values;

    va_start(values, format);
    for (int i = 1; parts[i] != NULL; i++) {
        const char *value = va_arg(values, const char *);
        char *quoted = PQescapeLiteral(cluster->admin, value, strlen(value));
        g_string_append(sql, quoted);
        g_string_append(sql, parts[i]);
        PQfreemem(quoted);
    }
    va_end(values);
    return cluster_int(cluster, sql->str);
}

gint64 cluster_institution(Cluster *cluster, const char *name, const char *domain, const char *idp) {
    return number(cluster,
                  "with i as (insert into institution (name, organization, mail_domains, max_active, helpdesk_mail)"
                  " values (%s, %s, array[%s], 1000000, 'helpdesk@' || %s) returning id)"
                  " insert into institution_idp (entity_id, institution) select %s, id from i returning institution",
                  name, name, domain, domain, idp);
}

gint64 cluster_person(Cluster *cluster, gint64 institution, const char *identifier) {
    g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, institution);

    return number(cluster,
                  "insert into person (institution, idp, identifier, display_name, common_name, mails, affiliation)"
                  " select i.id, p.entity_id, %s, 'Hanako Kagami', 'Hanako Kagami', array[%s || '@' || i.mail_domains[1]],"
                  " '{member}' from institution i join institution_idp p on p.institution = i.id where i.id = %s::bigint"
                  " order by p.entity_id limit 1 returning id",
                  identifier, identifier, id);
}

gint64 cluster_request(Cluster *cluster, gint64 person, const char *type, int months) {
    g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, person);
    g_autofree char *length = g_strdup_printf("%d", months);

    return number(cluster,
                  "insert into request (person, type, months, mail) select id, %s, %s::int, mails[1] from person"
                  " where id = %s::bigint returning number",
                  type, length, id);
}
