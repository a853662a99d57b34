/*
 * bulk: batches and their lines. The reading statements have the officer's institution as their first parameter and keep to
 * it; 0 is an operator, who sees all. What changes something is a function of the database (migration 0025).
 */
#ifndef DB_BULK_H
#define DB_BULK_H

#include "db/db.h"

/* Times are seconds since 1970, 0 for what has not happened. */
typedef struct db_batch {
    gint64 id, institution, lines, made_at, started_at, ended_at;
    gint64 made_by_id;
    gint64 will, skip, bad, done, failed, left; /* lines of each fate, now */
    char *kind, *name, *state, *institution_name, *institution_name_ja;
    char *made_by, *started_by;                 /* display names; started_by NULL: nobody yet */
    char *sha256;                               /* hex */
    gint64 pins;                                /* of db_batch_get: how many db_batch_pins would give */
    gboolean second;                            /* another officer than who sent it must start it */
} DbBatch;
void db_batch_free(DbBatch *batch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbBatch, db_batch_free)

typedef struct db_batch_line {
    gint64 line, request; /* request 0: none */
    char **cells;         /* in the order of the columns asked for; "" where the line has none */
    char *fate, *reason, *field;
} DbBatchLine;
void db_batch_line_free(DbBatchLine *line);

/* LINES: a JSON text a line. Returns the batch, 0 with ERROR; *FRESH is FALSE where that file stood already. */
struct db_batch_new {
    gint64 institution, person;
    const char *kind, *name, *actor, *address, *log_id;
    GBytes *sha256;
    const char *const *lines;
};
gint64 db_batch_keep(Db *db, const struct db_batch_new *batch, gboolean *fresh, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* NULL without ERROR: there is none, or it is another institution's. */
DbBatch *db_batch_get(Db *db, gint64 institution, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* DbBatch *, the newest first, below BEFORE (0: from the start). */
GPtrArray *db_batch_list(Db *db, gint64 institution, gint64 before, int limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* DbBatchLine * in the file's order, behind AFTER. FATE "" for any. */
struct db_batch_lines { gint64 batch, after; const char *fate; const char *const *columns; };
GPtrArray *db_batch_lines(Db *db, gint64 institution, const struct db_batch_lines *which, int limit, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* DbBatchPin *: the requests whose PIN goes to its owner by the officer's hand, in the file's order; not the PINs. */
typedef struct { gint64 number, person, until; char *name, *name_ja, *mail, *file; } DbBatchPin;
GPtrArray *db_batch_pins(Db *db, gint64 institution, gint64 batch, GError **error) G_GNUC_WARN_UNUSED_RESULT;

struct db_batch_act { gint64 institution, batch, person; const char *actor, *address, *log_id; };
gboolean db_batch_start(Db *db, const struct db_batch_act *act, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean db_batch_withdraw(Db *db, const struct db_batch_act *act, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The next line that nobody else carries out, locked until the end of the caller's transaction. *BATCH 0: there is none now. */
gboolean db_batch_take(Db *db, gint64 *batch, gint64 *line, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean db_batch_run(Db *db, gint64 batch, gint64 line, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean db_batch_give_up(Db *db, gint64 batch, gint64 line, GError **error) G_GNUC_WARN_UNUSED_RESULT;

extern const DbGroup db_bulk_group;

#endif
