#include "db/bulk.h"

#include <string.h>

#define EPOCH(column) "date_part('epoch', " column ")::bigint"
#define SCOPE(column) "($1::bigint is null or " column " = $1)"
#define COUNT(fate) "count(*) filter (where l.fate = '" fate "')"

#define BATCH                                                                                                                \
    "select b.id, b.institution, b.lines, " EPOCH("b.made_at") ", " EPOCH("b.started_at") ", " EPOCH("b.ended_at") ","       \
    " b.made_by, c.*, b.kind, b.name, b.state, i.name, i.name_ja, m.display_name, s.display_name,"                           \
    " encode(b.sha256, 'hex'), batch_second(b), pins.n"
#define OF_BATCH                                                                                                             \
    " join institution i on i.id = b.institution join person m on m.id = b.made_by left join person s on s.id = b.started_by" \
    " cross join lateral (select " COUNT("will") ", " COUNT("skip") ", " COUNT("bad") ", " COUNT("done") ","                 \
    " " COUNT("failed") ", " COUNT("left") " from batch_line l where l.batch = b.id) c"

/* How many PINs are to be handed over: for a batch by itself; a list of them does without. */
#define PINS_OF " cross join lateral (select count(*) as n from batch_pins(b.institution, b.id) where b.kind <> 'revoke') pins"
#define NO_PINS " cross join (select 0 as n) pins"

enum { KEEP, GET, LIST, LINES, START, WITHDRAW, TAKE, RUN, GIVE_UP, PINS };

static const DbStatement statements[] = {
    [KEEP] = { "bulk_keep", "select id, fresh from batch_keep($1, $2, $3, $4, $5, $6, $7, $8, $9)", "issbiasss" },
    [GET] = { "bulk_get", BATCH " from batch b" OF_BATCH PINS_OF " where b.id = $2 and " SCOPE("b.institution"), "ni" },
    [LIST] = { "bulk_list",
            BATCH " from (select * from batch b where " SCOPE("b.institution") " and ($2::bigint is null or b.id < $2)"
            " order by b.id desc limit $3) b" OF_BATCH NO_PINS " order by b.id desc",
            "nni" },
    [LINES] = { "bulk_lines",
            "select l.line, l.request, array(select coalesce(l.cells ->> c, '') from unnest($6::text[]) with ordinality u (c, n)"
            " order by n), l.fate, l.reason, l.field from batch b join batch_line l on l.batch = b.id"
            " where b.id = $2 and " SCOPE("b.institution") " and l.line > $3 and ($4 = '' or l.fate = $4)"
            " order by l.line limit $5",
            "niisia" },
    [START] = { "bulk_start", "select batch_start($1, $2, $3, $4, $5, $6)", "niisss" },
    [WITHDRAW] = { "bulk_withdraw", "select batch_withdraw($1, $2, $3, $4, $5)", "nisss" },
    [TAKE] = { "bulk_take", "select batch, line from batch_take()", "" },
    [RUN] = { "bulk_run", "select batch_run($1, $2::integer)", "ii" },
    [PINS] = { "bulk_pins",
            "select number, person, " EPOCH("until") ", name, name_ja, mail, file from batch_pins($1, $2)", "ni" },
    [GIVE_UP] = { "bulk_give_up", "select batch_give_up($1, $2::integer)", "ii" },
};
const DbGroup db_bulk_group = { "bulk", statements, G_N_ELEMENTS(statements), "portal" };

/* --- rows ----------------------------------------------------------------------------------------------------------------- */

void
db_batch_free(DbBatch *batch)
{
    if (!batch)
        return;
    char *texts[] = { batch->kind, batch->name, batch->state, batch->institution_name, batch->institution_name_ja,
                      batch->made_by,
                      batch->started_by, batch->sha256 };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_free(batch);
}

void
db_batch_line_free(DbBatchLine *line)
{
    if (!line)
        return;
    g_strfreev(line->cells);
    g_free(line->fate);
    g_free(line->reason);
    g_free(line->field);
    g_free(line);
}

static DbBatch *
read_batch(const DbRows *rows, int row)
{
    DbBatch *batch = g_new0(DbBatch, 1);
    gint64 *const numbers[] = { &batch->id, &batch->institution, &batch->lines, &batch->made_at, &batch->started_at,
                                &batch->ended_at, &batch->made_by_id,
                                &batch->will, &batch->skip, &batch->bad, &batch->done, &batch->failed,
                                &batch->left };
    char **const texts[] = { &batch->kind, &batch->name, &batch->state, &batch->institution_name, &batch->institution_name_ja,
                             &batch->made_by, &batch->started_by, &batch->sha256 };
    int column = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        *numbers[i] = db_rows_int(rows, row, column++);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        *texts[i] = db_rows_dup(rows, row, column++);
    batch->second = db_rows_flag(rows, row, column++);
    batch->pins = db_rows_int(rows, row, column);
    return batch;
}

/* --- reading -------------------------------------------------------------------------------------------------------------- */

DbBatch *
db_batch_get(Db *db, gint64 institution, gint64 id, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[GET], error, institution, id);
    return rows && db_rows_count(rows) > 0 ? read_batch(rows, 0) : NULL;
}

GPtrArray *
db_batch_list(Db *db, gint64 institution, gint64 before, int limit, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[LIST], error, institution, before, (gint64)limit);
    if (!rows)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)db_batch_free);
    for (int i = 0; i < db_rows_count(rows); i++)
        g_ptr_array_add(list, read_batch(rows, i));
    return list;
}

GPtrArray *
db_batch_lines(Db *db, gint64 institution, const struct db_batch_lines *which, int limit, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[LINES], error, institution, which->batch, which->after, which->fate,
                                    (gint64)limit, which->columns);
    if (!rows)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)db_batch_line_free);
    for (int i = 0; i < db_rows_count(rows); i++) {
        DbBatchLine *line = g_new0(DbBatchLine, 1);
        line->line = db_rows_int(rows, i, 0);
        line->request = db_rows_int(rows, i, 1);
        line->cells = db_rows_list(rows, i, 2);
        line->fate = db_rows_dup(rows, i, 3);
        line->reason = db_rows_dup(rows, i, 4);
        line->field = db_rows_dup(rows, i, 5);
        g_ptr_array_add(list, line);
    }
    return list;
}

static void
pin_free(gpointer data)
{
    DbBatchPin *pin = data;
    g_free(pin->name);
    g_free(pin->name_ja);
    g_free(pin->mail);
    g_free(pin->file);
    g_free(pin);
}

GPtrArray *
db_batch_pins(Db *db, gint64 institution, gint64 batch, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[PINS], error, institution, batch);
    if (!rows)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func(pin_free);
    for (int i = 0; i < db_rows_count(rows); i++) {
        DbBatchPin *pin = g_new0(DbBatchPin, 1);
        gint64 *const numbers[] = { &pin->number, &pin->person, &pin->until };
        char **const texts[] = { &pin->name, &pin->name_ja, &pin->mail, &pin->file };
        for (int n = 0; n < 3; n++)
            *numbers[n] = db_rows_int(rows, i, n);
        for (int n = 0; n < 4; n++)
            *texts[n] = db_rows_dup(rows, i, 3 + n);
        g_ptr_array_add(list, pin);
    }
    return list;
}

/* --- acts ----------------------------------------------------------------------------------------------------------------- */

gint64
db_batch_keep(Db *db, const struct db_batch_new *b, gboolean *fresh, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[KEEP], error, b->institution, b->kind, b->name, b->sha256, b->person,
                                    b->lines,
                                    b->actor, b->address, b->log_id);
    if (!rows)
        return 0;
    *fresh = db_rows_flag(rows, 0, 1);
    return db_rows_int(rows, 0, 0);
}

gboolean
db_batch_start(Db *db, const struct db_batch_act *act, GError **error)
{
    return db_do(db, &statements[START], error, act->institution, act->batch, act->person, act->actor, act->address,
                 act->log_id);
}

gboolean
db_batch_withdraw(Db *db, const struct db_batch_act *act, GError **error)
{
    return db_do(db, &statements[WITHDRAW], error, act->institution, act->batch, act->actor, act->address, act->log_id);
}

gboolean
db_batch_take(Db *db, gint64 *batch, gint64 *line, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[TAKE], error);
    *batch = rows ? db_rows_int(rows, 0, 0) : 0;
    *line = rows ? db_rows_int(rows, 0, 1) : 0;
    return rows != NULL;
}

gboolean
db_batch_run(Db *db, gint64 batch, gint64 line, GError **error)
{
    return db_do(db, &statements[RUN], error, batch, line);
}

gboolean
db_batch_give_up(Db *db, gint64 batch, gint64 line, GError **error)
{
    return db_do(db, &statements[GIVE_UP], error, batch, line);
}
