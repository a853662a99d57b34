/*
 * db: one connection to PostgreSQL and the only place that executes SQL. Statements are constants, listed per group of tables
 * in db/GROUP.c, prepared (PQprepare) on first use in a connection; nothing is built from strings.
 *
 * Rows are copied out by the group's functions before the result is freed; no libpq type leaves this folder.
 * Not for threads. A connection must not be carried over fork(): open it in the child.
 */
#ifndef DB_DB_H
#define DB_DB_H

#include <glib.h>

#define DB_ERROR (db_error_quark())
GQuark db_error_quark(void);
enum db_error {
    DB_ERROR_DOWN,     /* no connection (SQLSTATE class 08, 57P0x); try again later: 503. In a process that stays the log says so
                          by itself, see log_away: a line of the caller is needed only where log_is_away("database") is FALSE */
    DB_ERROR_CONFLICT, /* unique or exclusion violation, serialization failure, deadlock: someone else was first */
    DB_ERROR_REFUSED,  /* a rule in the database said no (SQLSTATE IK000); the message is exactly the rule's word, e.g. "cap" */
    DB_ERROR_BROKEN,   /* anything else: a bug, a missing grant, a full disk (SQLSTATE in the message) */
};

typedef struct db Db;
typedef struct db_rows DbRows;

typedef struct {
    const char *name; /* unique over the program: group_verb */
    const char *sql;  /* $1 … */
    const char *types; /* one letter a parameter, see db_run */
} DbStatement;

/* A group of statements, for the test that prepares all of them on an empty migrated database. */
typedef struct {
    const char *name;
    const DbStatement *statements;
    size_t n;
    const char *role; /* who runs them: "portal", "worker", "signer", "responder" or "owner", or several with spaces */
} DbGroup;

/* CONNINFO: a libpq connection string (may list several hosts; read-write is asked for here). Connects lazily: never fails
   for want of a server. */
Db *db_new(const char *conninfo) G_GNUC_WARN_UNUSED_RESULT;
void db_free(Db *db);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Db, db_free)

/* Is there a connection, after trying once to make one? */
gboolean db_connect(Db *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Runs one statement. The arguments after ERROR follow STATEMENT->types:
 *   's' const char * (NULL is SQL null)    'i' gint64     'f' gboolean     'b' GBytes * (bytea; NULL is null)
 *   'n' gint64 where 0 means null          'a' const char *const * (text[]; NULL-terminated array, NULL is null)
 * Outside a transaction a lost connection is made anew and the statement tried once more only if it was never sent.
 * Returns rows (possibly none), the caller's to free, or NULL with ERROR.
 */
DbRows *db_run(Db *db, const DbStatement *statement, GError **error, ...) G_GNUC_WARN_UNUSED_RESULT;
/* The same where rows don't matter. */
gboolean db_do(Db *db, const DbStatement *statement, GError **error, ...) G_GNUC_WARN_UNUSED_RESULT;

/* Until commit or rollback everything happens in this one connection: where it is lost, all that follows is DB_ERROR_DOWN.
   Whoever began must end by one of the two, also after an error. */
gboolean db_begin(Db *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean db_commit(Db *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void db_rollback(Db *db); /* harmless outside a transaction */

/* LISTEN on CHANNEL (a lower-case word); repeated by itself after a reconnect. */
gboolean db_listen(Db *db, const char *channel, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Waits until a notification, a signal or MILLISECONDS have passed. TRUE: something came (or the connection was renewed). */
gboolean db_wait(Db *db, int milliseconds);
/* For who looks in between instead: hands what has come to EACH, without waiting or connecting. FALSE: there is no connection, or it
   is a new one since the last look: what was said meanwhile nobody heard, so what was kept by it is to be forgotten. */
typedef void (*DbHeard)(const char *channel, const char *payload, gpointer data);
gboolean db_heard(Db *db, DbHeard each, gpointer data);
/* To be polled for that; -1 where there is no connection. */
int db_descriptor(const Db *db);

/* Runs a whole script (migrations only). */
gboolean db_script(Db *db, const char *sql, GError **error) G_GNUC_WARN_UNUSED_RESULT;

void db_rows_free(DbRows *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbRows, db_rows_free)
int db_rows_count(const DbRows *rows);
gboolean db_rows_null(const DbRows *rows, int row, int column);
const char *db_rows_text(const DbRows *rows, int row, int column);      /* borrowed; "" for null */
char *db_rows_dup(const DbRows *rows, int row, int column);             /* the caller's; NULL for null */
gint64 db_rows_int(const DbRows *rows, int row, int column);            /* 0 for null; also for times asked as epoch */
gboolean db_rows_flag(const DbRows *rows, int row, int column);         /* FALSE for null */
GBytes *db_rows_bytes(const DbRows *rows, int row, int column);         /* the caller's; NULL for null */
char **db_rows_list(const DbRows *rows, int row, int column);           /* text[]; the caller's (g_strfreev); empty for null */

/* All groups, NULL-terminated, in db/groups.c. */
extern const DbGroup *const db_groups[];

#endif
