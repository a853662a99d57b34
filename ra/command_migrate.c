/* migrate, role password */
#include <stdio.h>
#include <string.h>

#include "ca/crypto.h"
#include "db/migration.h"
#include "ra/cli.h"

#define SCRIPT_MOST (1024 * 1024)

static gint
by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names of the scripts in FOLDER, in the order in which they are applied. */
static GPtrArray *
scripts(const char *folder, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, error);
    if (!dir)
        return NULL;
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (const char *name; (name = g_dir_read_name(dir));)
        if (g_str_has_suffix(name, ".sql"))
            g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, by_name);
    return names;
}

static const DbMigration *
applied(const GPtrArray *list, const char *name)
{
    for (guint i = 0; i < list->len; i++) {
        const DbMigration *migration = list->pdata[i];
        if (strcmp(migration->name, name) == 0)
            return migration;
    }
    return NULL;
}

static gboolean
apply(Db *db, const char *folder, const char *name, const GPtrArray *done, GError **error)
{
    g_autofree char *file = g_build_filename(folder, name, NULL);
    g_autofree char *sql = NULL;
    gsize size = 0;
    if (!g_file_get_contents(file, &sql, &size, error))
        return FALSE;
    g_autofree char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)sql, size);
    const DbMigration *before = applied(done, name);
    if (before && strcmp(before->sha256, sum) != 0)
        fprintf(stderr, "inkan: %s has changed since it was applied; the database keeps what it had\n", name);
    if (before)
        return TRUE;
    if (!db_script(db, sql, error)) {
        g_prefix_error(error, "%s: ", file);
        return FALSE;
    }
    printf("applied %s\n", name);
    return db_migration_record(db, name, sum, error);
}

static gboolean
set_zone(Cli *cli, Db *db, GError **error)
{
    const char *wanted = settings_text(cli_settings(cli), "service", "time_zone");
    g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(wanted);
    g_autoptr(GError) why = NULL;
    if (!zone) {
        g_set_error(error, SETTINGS_ERROR, SETTINGS_ERROR_VALUE,
                    "%s: [service] time_zone %s is no time zone; allowed: names as in "
                    "/usr/share/zoneinfo, such as Asia/Tokyo",
                    cli_settings_file(cli), wanted);
        return FALSE;
    }
    g_autofree char *old = db_service_time_zone(db, &why);
    if (why) {
        g_propagate_error(error, g_steal_pointer(&why));
        return FALSE;
    }
    if (g_strcmp0(old, wanted) == 0)
        return TRUE;
    if (old)
        fprintf(stderr, "inkan: the time zone changes from %s to %s; days of certificates that exist stay as they are\n", old,
                wanted);
    return db_service_set_time_zone(db, wanted, error);
}

static int
migrate(Cli *cli, int argc, char **argv)
{
    if (!cli_parse(cli, NULL, &argc, &argv, 0, 0))
        return CLI_USAGE;
    Db *db = cli_context(cli)->db;
    GError *error = NULL;
    g_autofree char *folder = g_build_filename(settings_text(cli_settings(cli), "service", "share"), "db", "migrations", NULL);
    g_autoptr(GPtrArray) names = scripts(folder, &error);
    if (!names)
        return cli_error(error);
    /* One transaction: a migration that breaks off leaves the database as it was. */
    gboolean ok = db_begin(db, &error) && db_migration_begin(db, &error);
    g_autoptr(GPtrArray) done = ok ? db_migration_list(db, &error) : NULL;
    ok = done != NULL;
    for (guint i = 0; ok && i < names->len; i++)
        ok = apply(db, folder, names->pdata[i], done, &error);
    ok = ok && set_zone(cli, db, &error) && db_commit(db, &error);
    db_rollback(db);
    if (!ok)
        return cli_error(error);
    printf("the database is up to date (%u migrations)\n", names->len);
    return CLI_OK;
}

static gboolean
printable(const char *text)
{
    for (; *text; text++)
        if (*text < 0x20 || *text > 0x7e)
            return FALSE;
    return TRUE;
}

static int
role_password(Cli *cli, int argc, char **argv)
{
    static const char *const roles[] = { "portal", "worker", "signer", "responder", NULL };
    if (!cli_parse(cli, NULL, &argc, &argv, 1, 1))
        return CLI_USAGE;
    const char *role = g_str_has_prefix(argv[1], "inkan_") ? argv[1] + strlen("inkan_") : argv[1];
    if (!g_strv_contains(roles, role))
        return cli_fail(CLI_USAGE, "'%s' is no role; allowed: portal, worker, signer, responder", argv[1]);
    g_autoptr(Secret) password = cli_secret_line("password");
    if (!password)
        return CLI_USAGE;
    if (!printable(secret_text(password)))
        return cli_fail(CLI_USAGE, "the password may have printable ASCII characters only");
    unsigned char salt[16];
    crypto_random(salt, sizeof salt);
    g_autoptr(GBytes) salt_bytes = g_bytes_new(salt, sizeof salt);
    GError *error = NULL;
    if (!db_role_set_password(cli_context(cli)->db, role, secret_text(password), salt_bytes, &error))
        return cli_error(error);
    printf("role inkan_%s has its new password; put it into the passfile that [database] %s names\n", role, role);
    return CLI_OK;
}

const struct command command_migrate[] = {
    { "migrate", "", "brings the database's tables, functions and roles up to date", migrate },
    { "role password", "ROLE < FILE", "sets the password of portal, worker, signer or responder from standard input",
      role_password },
    { 0 },
};
