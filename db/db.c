#include "db/db.h"

#include <libpq-fe.h>
#include <poll.h>
#include <string.h>

#include "db/log.h"

G_DEFINE_QUARK(inkan-db-error, db_error)

#define MOST_PARAMETERS 24

struct db {
    char *conninfo;
    PGconn *connection;
    GHashTable *prepared; /* DbStatement *, those known to this connection */
    GPtrArray *channels;  /* char *, to LISTEN on again */
    gboolean renewed;     /* since the last db_wait: notifications may have been missed */
    gboolean begun;       /* a transaction, and neither committed nor rolled back: no other connection will do */
};

struct db_rows {
    PGresult *result;
};

Db *
db_new(const char *conninfo)
{
    Db *db = g_new0(Db, 1);
    db->conninfo = g_strdup(conninfo);
    db->prepared = g_hash_table_new(NULL, NULL);
    db->channels = g_ptr_array_new_with_free_func(g_free);
    return db;
}

void
db_free(Db *db)
{
    if (!db)
        return;
    PQfinish(db->connection);
    g_hash_table_unref(db->prepared);
    g_ptr_array_unref(db->channels);
    g_free(db->conninfo);
    g_free(db);
}

/* --- errors ------------------------------------------------------------ */

static enum db_error
kind_of(const char *sqlstate)
{
    static const struct { const char *prefix; enum db_error kind; } kinds[] = {
        { "IK000", DB_ERROR_REFUSED }, /* raised by refuse() in the migrations */
        { "08", DB_ERROR_DOWN },       /* connection exception */
        { "57P0", DB_ERROR_DOWN },     /* shutdown, crash, cannot connect now */
        { "25006", DB_ERROR_DOWN },    /* read only: a standby, after a failover */
        { "53300", DB_ERROR_DOWN },    /* too many connections */
        { "53", DB_ERROR_DOWN },       /* disk or memory full: comes back when someone made room */
        { "23505", DB_ERROR_CONFLICT },
        { "23P01", DB_ERROR_CONFLICT },
        { "40", DB_ERROR_CONFLICT },   /* serialization failure, deadlock */
    };
    for (size_t i = 0; sqlstate && i < G_N_ELEMENTS(kinds); i++)
        if (g_str_has_prefix(sqlstate, kinds[i].prefix))
            return kinds[i].kind;
    return DB_ERROR_BROKEN;
}

static char *
one_line(const char *message)
{
    char *text = g_strdup(message ? message : "");
    return g_strstrip(g_strdelimit(text, "\r\n\t", ' '));
}

static gboolean
fail_down(Db *db, GError **error)
{
    g_autofree char *why = one_line(db->connection ? PQerrorMessage(db->connection) : "no memory for a connection");
    log_away("database", why);
    g_set_error(error, DB_ERROR, DB_ERROR_DOWN, "PostgreSQL cannot be reached (is it running, is the connection string right?): %s",
                why);
    return FALSE;
}

static void
fail_result(Db *db, const char *name, const PGresult *result, GError **error)
{
    if (PQstatus(db->connection) == CONNECTION_BAD) {
        fail_down(db, error);
        return;
    }
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    enum db_error kind = kind_of(sqlstate);
    if (kind == DB_ERROR_REFUSED) {
        g_set_error_literal(error, DB_ERROR, DB_ERROR_REFUSED, primary ? primary : "refused");
        return;
    }
    /* The detail can hold values of the row; only the server's sentence goes on. */
    g_autofree char *why = one_line(primary ? primary : PQerrorMessage(db->connection));
    g_set_error(error, DB_ERROR, (gint)kind, "statement %s: %s (SQLSTATE %s)", name, why, sqlstate ? sqlstate : "none");
}

/* --- connection ------------------------------------------------------------ */

static gboolean
listen_on(Db *db, const char *channel, GError **error)
{
    g_autofree char *quoted = g_strdup_printf("LISTEN %s", channel);
    PGresult *result = PQexec(db->connection, quoted);
    gboolean ok = PQresultStatus(result) == PGRES_COMMAND_OK;
    if (!ok)
        fail_result(db, "listen", result, error);
    PQclear(result);
    return ok;
}

static void
quiet(void *data, const char *message)
{
    (void)data;
    (void)message;
}

/* The connection string comes first and wins, but for what every connection of ours must have. */
static PGconn *
dial(const char *conninfo)
{
    const char *names[] = { "dbname", "connect_timeout", "target_session_attrs", "keepalives_idle", "tcp_user_timeout",
                            "options", NULL };
    const char *values[] = { conninfo, "5", "read-write", "30", "30000",
                             /* Our statements are few and each has its index: planning them anew for each execution
                                costs more than running them. */
                             "-c statement_timeout=60s -c idle_in_transaction_session_timeout=60s "
                             "-c plan_cache_mode=force_generic_plan", NULL };
    return PQconnectdbParams(names, values, 1);
}

gboolean
db_connect(Db *db, GError **error)
{
    if (db->connection && PQstatus(db->connection) == CONNECTION_OK)
        return TRUE;
    PQfinish(db->connection);
    g_hash_table_remove_all(db->prepared);
    db->connection = dial(db->conninfo);
    if (!db->connection || PQstatus(db->connection) != CONNECTION_OK)
        return fail_down(db, error);
    PQsetNoticeProcessor(db->connection, quiet, NULL);
    db->renewed = TRUE;
    for (guint i = 0; i < db->channels->len; i++)
        if (!listen_on(db, db->channels->pdata[i], error))
            return FALSE;
    log_back("database");
    return TRUE;
}

/* A connection that the server closed while we were idle looks well until it is used. What waits to be read tells: a farewell
   message first, then the end. Asking costs no round trip. */
static void
notice_closed(Db *db)
{
    if (!db->connection)
        return;
    struct pollfd look = { .fd = PQsocket(db->connection), .events = POLLIN };
    for (int reads = 0; reads < 8 && poll(&look, 1, 0) > 0; reads++)
        if (PQconsumeInput(db->connection) == 0) {
            g_clear_pointer(&db->connection, PQfinish);
            return;
        }
}

static gboolean
in_transaction(const Db *db)
{
    PGTransactionStatusType status = PQtransactionStatus(db->connection);
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

/* What was begun in a connection that is lost must fail until it is rolled back, not go on in a new one, half and unguarded. The
   connection cannot be asked: once lost it knows nothing of a transaction. */
static gboolean
ready(Db *db, GError **error)
{
    if (db->begun)
        return (db->connection && PQstatus(db->connection) == CONNECTION_OK) || fail_down(db, error);
    notice_closed(db);
    return db_connect(db, error);
}

/* --- statements ------------------------------------------------------------ */

struct parameters {
    const char *values[MOST_PARAMETERS];
    int lengths[MOST_PARAMETERS], formats[MOST_PARAMETERS];
    char *made[MOST_PARAMETERS];
    int n;
};

static void
parameters_clear(struct parameters *p)
{
    for (int i = 0; i < p->n; i++)
        g_free(p->made[i]);
}

/* The text form of text[]: {"a","b"}; NULL for NULL. */
static char *
array_text(const char *const *items)
{
    if (!items)
        return NULL;
    GString *text = g_string_new("{");
    for (size_t i = 0; items[i]; i++) {
        g_string_append(text, i ? ",\"" : "\"");
        for (const char *c = items[i]; *c; c++) {
            if (*c == '"' || *c == '\\')
                g_string_append_c(text, '\\');
            g_string_append_c(text, *c);
        }
        g_string_append_c(text, '"');
    }
    g_string_append_c(text, '}');
    return g_string_free(text, FALSE);
}

static void
set_made(struct parameters *p, int i, char *text)
{
    p->made[i] = text;
    p->values[i] = text;
}

static void
set_bytes(struct parameters *p, int i, GBytes *bytes)
{
    gsize size = 0;
    const char *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;
    p->values[i] = bytes && !data ? "" : data; /* no bytes are not null */
    p->lengths[i] = (int)size;
    p->formats[i] = 1;
}

static void
take_parameters(struct parameters *p, const DbStatement *statement, va_list arguments)
{
    for (const char *type = statement->types; *type; type++) {
        int i = p->n++;
        gint64 number;
        g_assert(p->n <= MOST_PARAMETERS);
        switch (*type) {
        case 's': p->values[i] = va_arg(arguments, const char *); break;
        case 'i': set_made(p, i, g_strdup_printf("%" G_GINT64_FORMAT, va_arg(arguments, gint64))); break;
        case 'n':
            number = va_arg(arguments, gint64);
            set_made(p, i, number ? g_strdup_printf("%" G_GINT64_FORMAT, number) : NULL);
            break;
        case 'f': p->values[i] = va_arg(arguments, gboolean) ? "t" : "f"; break;
        case 'b': set_bytes(p, i, va_arg(arguments, GBytes *)); break;
        case 'a': set_made(p, i, array_text(va_arg(arguments, const char *const *))); break;
        default: g_error("statement %s: '%c' is no type of parameter", statement->name, *type);
        }
    }
}

static gboolean
prepare(Db *db, const DbStatement *statement, GError **error)
{
    if (g_hash_table_contains(db->prepared, statement))
        return TRUE;
    PGresult *result = PQprepare(db->connection, statement->name, statement->sql, (int)strlen(statement->types), NULL);
    gboolean ok = PQresultStatus(result) == PGRES_COMMAND_OK;
    if (ok)
        g_hash_table_add(db->prepared, (gpointer)statement);
    else
        fail_result(db, statement->name, result, error);
    PQclear(result);
    return ok;
}

/* A server that has become a standby answers every write with 25006; only a new connection finds the new primary. */
static void
leave_standby(Db *db, const PGresult *result)
{
    if (g_strcmp0(PQresultErrorField(result, PG_DIAG_SQLSTATE), "25006") == 0)
        g_clear_pointer(&db->connection, PQfinish);
}

static DbRows *
execute(Db *db, const DbStatement *statement, const struct parameters *p, GError **error)
{
    PGresult *result = PQexecPrepared(db->connection, statement->name, p->n, p->values, p->lengths, p->formats, 0);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        fail_result(db, statement->name, result, error);
        leave_standby(db, result);
        PQclear(result);
        return NULL;
    }
    DbRows *rows = g_new(DbRows, 1);
    rows->result = result;
    return rows;
}

static DbRows *
run(Db *db, const DbStatement *statement, GError **error, va_list arguments)
{
    struct parameters p = { .n = 0 };
    DbRows *rows = NULL;

    take_parameters(&p, statement, arguments);
    g_autoptr(GError) why = NULL;
    if (ready(db, &why)) {
        /* Preparing changes nothing, so where it finds the connection gone it is safe to begin again, once. */
        gboolean known = prepare(db, statement, &why);
        if (!known && g_error_matches(why, DB_ERROR, DB_ERROR_DOWN) && !db->begun) {
            g_clear_error(&why);
            known = ready(db, &why) && prepare(db, statement, &why);
        }
        if (known)
            rows = execute(db, statement, &p, &why);
    }
    if (why)
        g_propagate_error(error, g_steal_pointer(&why));
    parameters_clear(&p);
    return rows;
}

DbRows *
db_run(Db *db, const DbStatement *statement, GError **error, ...)
{
    va_list arguments;
    va_start(arguments, error);
    DbRows *rows = run(db, statement, error, arguments);
    va_end(arguments);
    return rows;
}

gboolean
db_do(Db *db, const DbStatement *statement, GError **error, ...)
{
    va_list arguments;
    va_start(arguments, error);
    g_autoptr(DbRows) rows = run(db, statement, error, arguments);
    va_end(arguments);
    return rows != NULL;
}

/* --- transactions, notifications, scripts ------------------------------------------------------------ */

static gboolean
command(Db *db, const char *sql, GError **error)
{
    PGresult *result = PQexec(db->connection, sql);
    ExecStatusType status = PQresultStatus(result);
    gboolean ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
    /* COMMIT of a failed transaction answers ROLLBACK, without an error. */
    if (ok && strcmp(sql, "COMMIT") == 0 && strcmp(PQcmdStatus(result), "COMMIT") != 0) {
        g_set_error(error, DB_ERROR, DB_ERROR_BROKEN, "the transaction had failed and was rolled back");
        ok = FALSE;
    } else if (!ok) {
        fail_result(db, "command", result, error);
    }
    PQclear(result);
    return ok;
}

gboolean
db_begin(Db *db, GError **error)
{
    g_autoptr(GError) why = NULL;
    if (db->begun)
        g_error("a transaction is open already");
    db->begun = ready(db, error) && command(db, "BEGIN", &why);
    if (g_error_matches(why, DB_ERROR, DB_ERROR_DOWN))
        db->begun = ready(db, error) && command(db, "BEGIN", error);
    else if (why)
        g_propagate_error(error, g_steal_pointer(&why));
    return db->begun;
}

gboolean
db_commit(Db *db, GError **error)
{
    gboolean ok = ready(db, error) && command(db, "COMMIT", error);
    db->begun = FALSE; /* over, whichever way */
    return ok;
}

void
db_rollback(Db *db)
{
    db->begun = FALSE;
    if (!db->connection)
        return;
    if (PQstatus(db->connection) != CONNECTION_OK)
        g_clear_pointer(&db->connection, PQfinish);
    else if (in_transaction(db))
        (void)command(db, "ROLLBACK", NULL);
}

gboolean
db_listen(Db *db, const char *channel, GError **error)
{
    for (const char *c = channel; *c; c++)
        if (!g_ascii_islower(*c) && *c != '_')
            g_error("'%s' is no channel", channel);
    gboolean fresh = !db->connection || PQstatus(db->connection) != CONNECTION_OK;
    g_ptr_array_add(db->channels, g_strdup(channel));
    return ready(db, error) && (fresh || listen_on(db, channel, error));
}

static gboolean
take_notifications(Db *db)
{
    gboolean any = FALSE;
    for (PGnotify *notice; (notice = PQnotifies(db->connection)); any = TRUE)
        PQfreemem(notice);
    return any;
}

gboolean
db_wait(Db *db, int milliseconds)
{
    g_autoptr(GError) error = NULL;
    if (!ready(db, &error)) {
        (void)poll(NULL, 0, MIN(milliseconds, 500)); /* the server is away: not a busy loop, but soon again */
        return FALSE;
    }
    gboolean renewed = db->renewed;
    db->renewed = FALSE;
    if (take_notifications(db) || renewed)
        return TRUE;
    struct pollfd wait = { .fd = PQsocket(db->connection), .events = POLLIN };
    if (poll(&wait, 1, milliseconds) <= 0)
        return FALSE;
    return PQconsumeInput(db->connection) == 0 || take_notifications(db);
}

gboolean
db_heard(Db *db, DbHeard each, gpointer data)
{
    notice_closed(db);
    if (!db->connection || PQstatus(db->connection) != CONNECTION_OK)
        return FALSE;
    gboolean same = !db->renewed;
    db->renewed = FALSE;
    for (PGnotify *notice; (notice = PQnotifies(db->connection)); PQfreemem(notice))
        each(notice->relname, notice->extra, data);
    return same;
}

int
db_descriptor(const Db *db)
{
    return db->connection && PQstatus(db->connection) == CONNECTION_OK ? PQsocket(db->connection) : -1;
}

gboolean
db_script(Db *db, const char *sql, GError **error)
{
    return ready(db, error) && command(db, sql, error);
}

/* --- rows ------------------------------------------------------------ */

void
db_rows_free(DbRows *rows)
{
    if (!rows)
        return;
    PQclear(rows->result);
    g_free(rows);
}

int
db_rows_count(const DbRows *rows)
{
    return PQntuples(rows->result);
}

gboolean
db_rows_null(const DbRows *rows, int row, int column)
{
    return PQgetisnull(rows->result, row, column) != 0;
}

const char *
db_rows_text(const DbRows *rows, int row, int column)
{
    return PQgetvalue(rows->result, row, column);
}

char *
db_rows_dup(const DbRows *rows, int row, int column)
{
    return db_rows_null(rows, row, column) ? NULL : g_strdup(db_rows_text(rows, row, column));
}

gint64
db_rows_int(const DbRows *rows, int row, int column)
{
    return g_ascii_strtoll(db_rows_text(rows, row, column), NULL, 10);
}

gboolean
db_rows_flag(const DbRows *rows, int row, int column)
{
    return *db_rows_text(rows, row, column) == 't';
}

GBytes *
db_rows_bytes(const DbRows *rows, int row, int column)
{
    if (db_rows_null(rows, row, column))
        return NULL;
    size_t size = 0;
    unsigned char *data = PQunescapeBytea((const unsigned char *)db_rows_text(rows, row, column), &size);
    if (!data)
        g_error("no memory");
    GBytes *bytes = g_bytes_new(data, size);
    PQfreemem(data);
    return bytes;
}

char **
db_rows_list(const DbRows *rows, int row, int column)
{
    g_autoptr(GStrvBuilder) list = g_strv_builder_new();
    const char *c = db_rows_text(rows, row, column);

    for (c += *c == '{'; *c && *c != '}'; c += *c == ',') {
        g_autoptr(GString) item = g_string_new(NULL);
        gboolean quoted = *c == '"';
        for (c += quoted; *c && (quoted ? *c != '"' : *c != ',' && *c != '}'); c++) {
            c += *c == '\\' && c[1];
            g_string_append_c(item, *c);
        }
        c += quoted && *c == '"';
        g_strv_builder_add(list, item->str);
    }
    return g_strv_builder_end(list);
}
