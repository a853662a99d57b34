/*
 * migration: which scripts of db/migrations have been applied, the service's row, and the passwords of the roles. Owner only.
 */
#ifndef DB_MIGRATION_H
#define DB_MIGRATION_H

#include "db/db.h"

typedef struct { char *name, *sha256; gint64 applied_at; } DbMigration; /* sha256 in hex */

/* Inside a transaction. Makes the table if it is not there, and holds off anybody else who migrates. */
gboolean db_migration_begin(Db *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* DbMigration * by name. */
GPtrArray *db_migration_list(Db *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean db_migration_record(Db *db, const char *name, const char *sha256, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The time zone that days are reckoned in; NULL without ERROR: not set yet. */
char *db_service_time_zone(Db *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean db_service_set_time_zone(Db *db, const char *time_zone, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ROLE without "inkan_": portal, worker, signer or responder. PASSWORD: printable ASCII; only its SCRAM-SHA-256 verifier
   (RFC 5802) goes to the server, so that no log of the server can hold it. SALT: 16 random bytes. */
gboolean db_role_set_password(Db *db, const char *role, const char *password, GBytes *salt, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

extern const DbGroup db_migration_group;

#endif
