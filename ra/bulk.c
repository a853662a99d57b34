#include "ra/bulk.h"

#include <string.h>

#include "ca/crypto.h"
#include "db/event.h"
#include "db/json.h"
#include "db/log.h"
#include "ra/act.h"
#include "ra/error.h"

#define TRIES 3

static gboolean
refuse(GError **error, enum ra_error code, const char *word)
{
    g_set_error_literal(error, RA_ERROR, (gint)code, word);
    return FALSE;
}

static gboolean
spoilt(RaBulkProblem *problem, int line, const char *value, const char *word, GError **error)
{
    problem->line = line;
    problem->value = g_strdup(value);
    return refuse(error, RA_ERROR_INPUT, word);
}

/* --- the header ----------------------------------------------------------------------------------------------------------- */

/* Which of the kind's columns stands at each place of a line. */
struct places { int column[SHEET_CELLS]; int n; };

static int
column_of(const struct ra_bulk_kind *kind, const char *name)
{
    for (guint i = 0; i < kind->n; i++)
        if (strcmp(kind->columns[i].name, name) == 0)
            return (int)i;
    return -1;
}

static gboolean
has_column(const struct places *places, int column)
{
    for (int i = 0; i < places->n; i++)
        if (places->column[i] == column)
            return TRUE;
    return FALSE;
}

/* All columns that lines must have, and one of each that they may choose from. */
static gboolean
header_is_enough(const struct ra_bulk_kind *kind, const struct places *places, int line, RaBulkProblem *problem, GError **error)
{
    gboolean either = FALSE, met = FALSE;
    const char *first = NULL;
    for (guint i = 0; i < kind->n; i++) {
        gboolean there = has_column(places, (int)i);
        if (kind->columns[i].need == RA_BULK_MUST && !there)
            return spoilt(problem, line, kind->columns[i].name, "column-missing", error);
        if (kind->columns[i].need != RA_BULK_EITHER)
            continue;
        either = TRUE;
        met = met || there;
        first = first ? first : kind->columns[i].name;
    }
    return !either || met || spoilt(problem, line, first, "column-missing", error);
}

static gboolean
read_header(const struct ra_bulk_kind *kind, const SheetLine *line, struct places *places, RaBulkProblem *problem,
            GError **error)
{
    if (line->bad)
        return spoilt(problem, line->number, NULL, "header", error);
    for (places->n = 0; places->n < line->n; places->n++) {
        g_autofree char *name = g_ascii_strdown(line->cells[places->n], -1);
        int column = column_of(kind, name);
        if (column < 0)
            return spoilt(problem, line->number, line->cells[places->n], "column", error);
        if (has_column(places, column))
            return spoilt(problem, line->number, name, "column-twice", error);
        places->column[places->n] = column;
    }
    return header_is_enough(kind, places, line->number, problem, error);
}

static void
places_of_layout(const struct ra_bulk_kind *kind, struct places *places)
{
    places->n = (int)kind->n;
    for (int i = 0; i < places->n; i++)
        places->column[i] = i;
}

/* --- lines ---------------------------------------------------------------------------------------------------------------- */

/* The cells of a line by column, and what is wrong with it. */
typedef struct {
    char *cells[SHEET_CELLS];
    GString *more; /* what the kind made of them */
    const char *bad, *field;
} Taken;

static void
taken_clear(Taken *taken)
{
    for (int i = 0; i < SHEET_CELLS; i++)
        g_free(taken->cells[i]);
    g_string_free(taken->more, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Taken, taken_clear)

static void
spoil(Taken *taken, const char *bad, const char *field)
{
    if (!taken->bad) {
        taken->bad = bad;
        taken->field = field;
    }
}

static void
check_needs(const struct ra_bulk_kind *kind, Taken *taken)
{
    const char *either = NULL;
    gboolean met = FALSE;
    for (guint i = 0; i < kind->n; i++) {
        if (kind->columns[i].need == RA_BULK_MUST && !taken->cells[i])
            spoil(taken, "missing", kind->columns[i].name);
        if (kind->columns[i].need == RA_BULK_EITHER) {
            either = either ? either : kind->columns[i].name;
            met = met || taken->cells[i];
        }
    }
    if (either && !met)
        spoil(taken, "missing", either);
}

static void
take_line(const struct ra_bulk_kind *kind, const struct places *places, const SheetLine *line, Taken *taken)
{
    if (line->bad) {
        int place = line->bad_cell;
        spoil(taken, line->bad, place > 0 && place <= places->n ? kind->columns[places->column[place - 1]].name : "");
        return;
    }
    if (line->n > places->n || (kind->headed && line->n < places->n)) {
        spoil(taken, "cells", "");
        return;
    }
    for (int i = 0; i < line->n; i++) {
        const struct ra_bulk_column *column = &kind->columns[places->column[i]];
        const char *bad = ra_bulk_cell(column, line->cells[i], &taken->cells[places->column[i]]);
        if (bad) {
            spoil(taken, bad, column->name);
            taken->cells[places->column[i]] = g_strdup(line->cells[i]); /* to be shown; the line is not carried out */
        }
    }
    check_needs(kind, taken);
    if (kind->derive && !taken->bad) {
        const char *field = "", *bad = kind->derive(taken->cells, taken->more, &field);
        if (bad)
            spoil(taken, bad, field);
    }
}

/* As batch_keep takes it. */
static char *
line_text(const struct ra_bulk_kind *kind, int number, const Taken *taken)
{
    GString *out = g_string_new(NULL);
    gboolean any = FALSE;
    g_string_printf(out, "{\"n\": %d, \"c\": {", number);
    for (guint i = 0; i < kind->n; i++) {
        if (!taken->cells[i])
            continue;
        g_string_append(out, any ? ", " : "");
        db_json_text(out, kind->columns[i].name);
        g_string_append(out, ": ");
        db_json_text(out, taken->cells[i]);
        any = TRUE;
    }
    g_string_append(out, taken->more->str);
    g_string_append_c(out, '}');
    if (taken->bad) {
        g_string_append(out, ", \"bad\": ");
        db_json_text(out, taken->bad);
        g_string_append(out, ", \"field\": ");
        db_json_text(out, taken->field);
    }
    g_string_append_c(out, '}');
    return g_string_free(out, FALSE);
}

static char **
read_lines(const struct ra_bulk_kind *kind, const struct ra_bulk_file *file, RaBulkProblem *problem, GError **error)
{
    guint header = kind->headed ? 1 : 0;
    struct places places;
    g_autoptr(GPtrArray) sheet = sheet_read(file->bytes, file->size, kind->shift_jis, SHEET_LINES + header);
    if (sheet->len <= header)
        return spoilt(problem, 0, NULL, "empty", error), NULL;
    if (sheet->len > SHEET_LINES + header)
        return spoilt(problem, 0, NULL, "lines", error), NULL;
    if (!kind->headed)
        places_of_layout(kind, &places);
    else if (!read_header(kind, sheet->pdata[0], &places, problem, error))
        return NULL;
    g_autoptr(GStrvBuilder) lines = g_strv_builder_new();
    for (guint i = header; i < sheet->len; i++) {
        const SheetLine *line = sheet->pdata[i];
        g_auto(Taken) taken = { .more = g_string_new(NULL) };
        take_line(kind, &places, line, &taken);
        g_autofree char *text = line_text(kind, line->number, &taken);
        g_strv_builder_add(lines, text);
    }
    return g_strv_builder_end(lines);
}

/* --- a batch -------------------------------------------------------------------------------------------------------------- */

/* The file's name is said again on pages and in downloads: nothing of it may control them. */
static char *
tame(const char *name)
{
    GString *out = g_string_new(NULL);
    glong n = 0;
    for (const char *c = name; *c && n < RA_BULK_NAME_MOST; c = g_utf8_next_char(c), n++)
        g_string_append_unichar(out, sheet_control(g_utf8_get_char(c)) ? '_' : g_utf8_get_char(c));
    return g_string_free(out, FALSE);
}

static gint64
keep(RaContext *ctx, const RaOfficer *officer, const struct ra_bulk_file *file, gint64 institution, char **lines,
     gboolean *fresh,
     GError **error)
{
    g_autofree char *actor = ra_officer_actor(officer), *name = tame(file->name);
    g_autoptr(GBytes) sha256 = crypto_sha256(file->bytes, file->size);
    const struct db_batch_new batch = { .institution = institution, .person = officer->person, .kind = file->kind, .name = name,
                                        .actor = actor, .address = officer->address, .log_id = log_id(), .sha256 = sha256,
                                        .lines = (const char *const *)lines };
    gint64 id = db_begin(ctx->db, error) ? db_batch_keep(ctx->db, &batch, fresh, error) : 0;
    if (id && !db_commit(ctx->db, error))
        id = 0;
    db_rollback(ctx->db);
    if (!id)
        ra_error_from(error);
    return id;
}

gint64
ra_bulk_upload(RaContext *ctx, const RaOfficer *officer, const struct ra_bulk_file *file, gboolean *fresh,
               RaBulkProblem *problem,
               GError **error)
{
    const struct ra_bulk_kind *kind = ra_bulk_kind(file->kind);
    gint64 institution = officer->institution ? officer->institution : file->institution;
    if (!kind)
        return spoilt(problem, 0, NULL, "kind", error);
    if (institution <= 0)
        return spoilt(problem, 0, NULL, "institution", error);
    if (file->size > SHEET_BYTES)
        return spoilt(problem, 0, NULL, "size", error);
    g_auto(GStrv) lines = read_lines(kind, file, problem, error);
    return lines ? keep(ctx, officer, file, institution, lines, fresh, error) : 0;
}

RaBatch *
ra_bulk_get(RaContext *ctx, const RaOfficer *officer, gint64 id, GError **error)
{
    g_autoptr(GError) why = NULL;
    RaBatch *batch = db_batch_get(ctx->db, officer->institution, id, &why);
    if (batch)
        return batch;
    if (!why)
        refuse(&why, RA_ERROR_NOT_FOUND, "request");
    g_propagate_error(error, g_steal_pointer(&why));
    ra_error_from(error);
    return NULL;
}

GPtrArray *
ra_bulk_list(RaContext *ctx, const RaOfficer *officer, gint64 before, int limit, GError **error)
{
    GPtrArray *list = db_batch_list(ctx->db, officer->institution, before, limit, error);
    if (!list)
        ra_error_from(error);
    return list;
}

GPtrArray *
ra_bulk_lines(RaContext *ctx, const RaOfficer *officer, const RaBatch *batch, const char *fate, gint64 after, int limit,
              GError **error)
{
    static const char *const fates[] = { "", "will", "skip", "bad", "done", "failed", "left", NULL };
    const struct ra_bulk_kind *kind = ra_bulk_kind(batch->kind);
    g_autoptr(GStrvBuilder) columns = g_strv_builder_new();
    if (!g_strv_contains(fates, fate)) {
        refuse(error, RA_ERROR_INPUT, "filter");
        return NULL;
    }
    for (guint i = 0; kind && i < kind->n; i++)
        g_strv_builder_add(columns, kind->columns[i].name);
    g_auto(GStrv) names = g_strv_builder_end(columns);
    const struct db_batch_lines which = { .batch = batch->id, .after = after, .fate = fate,
                                          .columns = (const char *const *)names };
    GPtrArray *lines = db_batch_lines(ctx->db, officer->institution, &which, limit, error);
    if (!lines)
        ra_error_from(error);
    return lines;
}

/* --- acts ----------------------------------------------------------------------------------------------------------------- */

struct act {
    const RaOfficer *officer;
    const char *actor;
    gboolean (*how)(Db *, const struct db_batch_act *, GError **);
};

static gboolean
act(RaContext *ctx, gpointer data, gint64 *number, GError **error)
{
    const struct act *a = data;
    const struct db_batch_act what = { .institution = a->officer->institution, .batch = *number, .person = a->officer->person,
                                       .actor = a->actor, .address = a->officer->address, .log_id = log_id() };
    return a->how(ctx->db, &what, error);
}

static gboolean
perform(RaContext *ctx, const RaOfficer *officer, gint64 id, gboolean (*how)(Db *, const struct db_batch_act *, GError **),
        const struct ra_form *form, char **location, GError **error)
{
    g_autofree char *actor = ra_officer_actor(officer);
    const struct ra_who who = { .person = officer->person, .address = officer->address };
    struct act what = { .officer = officer, .actor = actor, .how = how };
    const struct ra_deed deed = { .who = &who, .form = form, .number = id, .act = act, .data = &what };
    return ra_act(ctx, &deed, location, error);
}

gboolean
ra_bulk_start(RaContext *ctx, const RaOfficer *officer, gint64 id, const struct ra_form *form, char **location, GError **error)
{
    return perform(ctx, officer, id, db_batch_start, form, location, error);
}

gboolean
ra_bulk_withdraw(RaContext *ctx, const RaOfficer *officer, gint64 id, const struct ra_form *form, char **location,
                 GError **error)
{
    return perform(ctx, officer, id, db_batch_withdraw, form, location, error);
}

/* --- PINs ----------------------------------------------------------------------------------------------------------------- */

static gboolean
audit_pins(RaContext *ctx, const RaOfficer *officer, const RaBatch *batch, guint count, GError **error)
{
    g_autofree char *actor = ra_officer_actor(officer);
    g_autofree char *detail = g_strdup_printf("{\"batch\": %" G_GINT64_FORMAT ", \"count\": %u}", batch->id, count);
    const struct db_audit row = { .actor = actor, .what = "batch-pins", .address = officer->address, .log_id = log_id(),
                                  .detail = detail, .institution = batch->institution };
    return db_event_audit(ctx->db, &row, error);
}

gint64
ra_bulk_pins(RaContext *ctx, const RaOfficer *officer, const RaBatch *batch, RaBulkPin each, gpointer data, GError **error)
{
    gint64 shown = 0;
    g_autoptr(GPtrArray) list = db_batch_pins(ctx->db, officer->institution, batch->id, error);
    if (!list || !audit_pins(ctx, officer, batch, list->len, error)) {
        ra_error_from(error);
        return -1;
    }
    for (guint i = 0; i < list->len; i++) {
        const RaBatchPin *of = list->pdata[i];
        g_autoptr(GError) why = NULL;
        g_autoptr(Secret) pin = ra_request_pin(ctx, of->person, of->number, &why);
        if (pin) {
            each(of, secret_text(pin), data);
            shown++;
        } else if (!g_error_matches(why, RA_ERROR, RA_ERROR_CONFLICT)) { /* collected at this very moment */
            g_propagate_error(error, g_steal_pointer(&why));
            return -1;
        }
    }
    return shown;
}

/* --- carrying out --------------------------------------------------------------------------------------------------------- */

/* Of this process: the line that failed last, and how often. */
static struct { gint64 batch, line; int times; } trouble;

/* A transaction of its own: the failed one took everything back. */
static gboolean
after_failure(RaContext *ctx, gint64 batch, gint64 line, GError *why, GError **error)
{
    gboolean again = trouble.batch == batch && trouble.line == line;
    trouble.times = again ? trouble.times + 1 : 1;
    trouble.batch = batch;
    trouble.line = line;
    if (g_error_matches(why, DB_ERROR, DB_ERROR_CONFLICT)) {
        g_error_free(why);
        return TRUE; /* another act went first; now it is our turn */
    }
    if (trouble.times >= TRIES && g_error_matches(why, DB_ERROR, DB_ERROR_BROKEN)) {
        log_error("batch-line-failed", why);
        g_error_free(why);
        return db_batch_give_up(ctx->db, batch, line, error);
    }
    g_propagate_error(error, why);
    return FALSE;
}

gboolean
ra_bulk_carry_next(RaContext *ctx, GError **error)
{
    g_autoptr(GError) why = NULL;
    gint64 batch = 0, line = 0;
    if (!db_begin(ctx->db, error))
        return FALSE;
    gboolean ok = db_batch_take(ctx->db, &batch, &line, &why) && (!batch || db_batch_run(ctx->db, batch, line, &why)) &&
                  db_commit(ctx->db, &why);
    db_rollback(ctx->db);
    if (ok)
        return batch != 0;
    return after_failure(ctx, batch, line, g_steal_pointer(&why), error);
}
