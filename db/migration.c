#include "db/migration.h"

#include <string.h>

enum { LIST, RECORD };
enum { ZONE, SET_ZONE, NAME_ROLE };

/* schema_migration is made by db_migration_begin, so these can't be prepared on a database that was migrated otherwise; they
   are no DbGroup's. */
static const DbStatement own[] = {
    [LIST] = { "migration_list",
            "select name, sha256, extract(epoch from applied_at)::bigint from schema_migration order by name", "" },
    [RECORD] = { "migration_record", "insert into schema_migration (name, sha256) values ($1, $2)", "ss" },
};

static const DbStatement statements[] = {
    [ZONE] = { "service_time_zone", "select time_zone from service", "" },
    [SET_ZONE] = { "service_set_time_zone",
            "insert into service (time_zone) values ($1) on conflict (one) do update set time_zone = excluded.time_zone",
            "s" },
    [NAME_ROLE] = { "role_name",
            "select set_config('inkan.role', 'inkan_' || $1, true), set_config('inkan.verifier', $2, true)",
            "ss" },
};
const DbGroup db_migration_group = { "migration", statements, G_N_ELEMENTS(statements), "owner" };

gboolean
db_migration_begin(Db *db, GError **error)
{
    return db_script(db,
                     "set local client_min_messages = warning;"
                     "select pg_advisory_xact_lock(7309);"
                     "create table if not exists schema_migration (name text primary key, sha256 text not null,"
                     " applied_at timestamptz not null default now())",
                     error);
}

static void
migration_free(DbMigration *migration)
{
    g_free(migration->name);
    g_free(migration->sha256);
    g_free(migration);
}

GPtrArray *
db_migration_list(Db *db, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &own[LIST], error);
    if (!rows)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)migration_free);
    for (int row = 0; row < db_rows_count(rows); row++) {
        DbMigration *migration = g_new0(DbMigration, 1);
        migration->name = db_rows_dup(rows, row, 0);
        migration->sha256 = db_rows_dup(rows, row, 1);
        migration->applied_at = db_rows_int(rows, row, 2);
        g_ptr_array_add(list, migration);
    }
    return list;
}

gboolean
db_migration_record(Db *db, const char *name, const char *sha256, GError **error)
{
    return db_do(db, &own[RECORD], error, name, sha256);
}

char *
db_service_time_zone(Db *db, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[ZONE], error);
    return rows && db_rows_count(rows) > 0 ? db_rows_dup(rows, 0, 0) : NULL;
}

gboolean
db_service_set_time_zone(Db *db, const char *time_zone, GError **error)
{
    return db_do(db, &statements[SET_ZONE], error, time_zone);
}

/* --- SCRAM-SHA-256 verifier, RFC 5802 3 and RFC 7677 ---------------------------------------------------------------------- */

#define ROUNDS 4096 /* PostgreSQL's own number */
#define HASH 32

static void
hmac(const guint8 *key, size_t key_size, const void *data, size_t size, guint8 out[HASH])
{
    gsize length = HASH;
    GHmac *h = g_hmac_new(G_CHECKSUM_SHA256, key, key_size);
    g_hmac_update(h, data, (gssize)size);
    g_hmac_get_digest(h, out, &length);
    g_hmac_unref(h);
}

/* Hi(): PBKDF2 of one block. */
static void
salted(const char *password, GBytes *salt, guint8 out[HASH])
{
    gsize size = 0;
    const guint8 *bytes = g_bytes_get_data(salt, &size);
    g_autoptr(GByteArray) first = g_byte_array_new();
    guint8 u[HASH];
    g_byte_array_append(first, bytes, (guint)size);
    g_byte_array_append(first, (const guint8 *)"\0\0\0\1", 4);
    hmac((const guint8 *)password, strlen(password), first->data, first->len, u);
    memcpy(out, u, HASH);
    for (int i = 1; i < ROUNDS; i++) {
        hmac((const guint8 *)password, strlen(password), u, HASH, u);
        for (int b = 0; b < HASH; b++)
            out[b] ^= u[b];
    }
}

static char *
verifier_of(const char *password, GBytes *salt)
{
    guint8 salted_password[HASH], client[HASH], server[HASH], stored[HASH];
    gsize length = HASH, salt_size = 0;
    const guint8 *salt_bytes = g_bytes_get_data(salt, &salt_size);
    salted(password, salt, salted_password);
    hmac(salted_password, HASH, "Client Key", 10, client);
    hmac(salted_password, HASH, "Server Key", 10, server);
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, client, HASH);
    g_checksum_get_digest(sum, stored, &length);
    g_checksum_free(sum);
    g_autofree char *salt64 = g_base64_encode(salt_bytes, salt_size);
    g_autofree char *stored64 = g_base64_encode(stored, HASH);
    g_autofree char *server64 = g_base64_encode(server, HASH);
    return g_strdup_printf("SCRAM-SHA-256$%d:%s$%s:%s", ROUNDS, salt64, stored64, server64);
}

gboolean
db_role_set_password(Db *db, const char *role, const char *password, GBytes *salt, GError **error)
{
    g_autofree char *verifier = verifier_of(password, salt);
    gboolean ok = db_begin(db, error) && db_do(db, &statements[NAME_ROLE], error, role, verifier) &&
                  db_script(db,
                            "do $$ begin execute format('alter role %I password %L', current_setting('inkan.role'),"
                            " current_setting('inkan.verifier')); end $$",
                            error) &&
                  db_commit(db, error);
    db_rollback(db);
    return ok;
}
