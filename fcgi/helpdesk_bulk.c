#include <string.h>

#include "fcgi/describe.h"
#include "fcgi/guard.h"
#include "fcgi/handlers.h"
#include "fcgi/helpdesk.h"
#include "fcgi/page.h"
#include "ra/bulk.h"
#include "ra/error.h"
#include "web/tsv.h"

#define START "batch-start"
#define WITHDRAW "batch-withdraw"

static char *
path_of(gint64 batch)
{
    return g_strdup_printf("/helpdesk/bulk/%" G_GINT64_FORMAT, batch);
}

/* --- what the pages share --- */

static void
add_batch(const Exchange *x, WebNode *node, const RaBatch *batch)
{
    const struct { const char *name; gint64 value; } numbers[] = {
        { "number", batch->id }, { "lines", batch->lines },   { "will", batch->will }, { "skip", batch->skip },
        { "bad", batch->bad },   { "done", batch->done },     { "failed", batch->failed }, { "left", batch->left },
        { "pins", batch->pins },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++)
        web_set_number(node, numbers[i].name, numbers[i].value);
    web_set(node, "kind", batch->kind);
    web_set(node, "state", batch->state);
    web_set(node, "file", batch->name);
    page_text(node, "made-by", batch->made_by);
    page_text(node, "started-by", batch->started_by);
    page_time(x, node, "made-at", batch->made_at);
    page_time(x, node, "started-at", batch->started_at);
    page_time(x, node, "ended-at", batch->ended_at);
    if (strcmp(x->session->role, "operator") == 0)
        page_names(web_add(node, "institution"), batch->institution_name, batch->institution_name_ja);
}

static void
add_columns(WebNode *node, const struct ra_bulk_kind *kind)
{
    static const char *const needs[] = { [RA_BULK_MAY] = "may", [RA_BULK_MUST] = "must", [RA_BULK_EITHER] = "either" };
    for (guint i = 0; i < kind->n; i++) {
        const struct ra_bulk_column *column = &kind->columns[i];
        WebNode *item = web_add(node, "column");
        web_set(item, "column", column->name);
        web_set(item, "need", needs[column->need]);
        if (column->form == RA_BULK_TEXT)
            web_set_number(item, "most", column->most);
        for (const char *const *word = column->words; word && *word; word++)
            web_add_text(item, "word", *word);
    }
}

/* --- the start: what there is, and a form for one more --- */

static void
add_kinds(WebNode *root, const char *chosen)
{
    for (gsize i = 0; i < ra_bulk_kinds_count; i++) {
        WebNode *kind = web_add(root, "kind");
        web_set(kind, "kind", ra_bulk_kinds[i].name);
        web_set_flag(kind, "chosen", strcmp(ra_bulk_kinds[i].name, chosen) == 0);
        web_set_flag(kind, "headed", ra_bulk_kinds[i].headed);
        add_columns(kind, &ra_bulk_kinds[i]);
    }
}

static void
add_problem(WebNode *root, const GError *why, const RaBulkProblem *problem)
{
    WebNode *said = web_add(root, "problem");
    web_set(said, "field", "file");
    web_set(said, "rule", ra_error_rule(why));
    page_text(said, "value", problem->value);
    if (problem->line)
        web_set_number(said, "line", problem->line);
}

static void
show(Exchange *x, int status, const GError *why, const RaBulkProblem *problem)
{
    const RaOfficer officer = helpdesk_officer(x);
    gint64 before = MAX(form_number(x->query, "before"), 0);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) batches = ra_bulk_list(x->portal->ra, &officer, before, RA_BULK_PAGE + 1, &error);
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "desk-bulk", "/helpdesk/bulk", &root);
    if (!batches || !helpdesk_choices(x, root, form_number(x->form, "institution"), &error)) {
        page_failure(x, error, "/helpdesk");
        return;
    }
    add_kinds(root, *form_text(x->form, "kind") ? form_text(x->form, "kind") : ra_bulk_kinds[0].name);
    page_text(root, "text", form_text(x->form, "text"));
    web_set_number(root, "lines-most", SHEET_LINES);
    web_set_number(root, "mib-most", SHEET_BYTES / 1024 / 1024);
    if (problem)
        add_problem(root, why, problem);
    for (guint i = 0; i < MIN(batches->len, RA_BULK_PAGE); i++)
        add_batch(x, web_add(root, "batch"), batches->pdata[i]);
    if (batches->len > RA_BULK_PAGE)
        web_set_number(root, "before", ((const RaBatch *)batches->pdata[RA_BULK_PAGE - 1])->id);
    page_send(x, status, document);
}

void
helpdesk_bulk(Exchange *x)
{
    show(x, 200, NULL, NULL);
}

void
helpdesk_bulk_upload(Exchange *x)
{
    const RaOfficer officer = helpdesk_officer(x);
    const char *text = form_text(x->form, "text");
    gboolean typed = !x->file.name || x->file.size == 0; /* a browser sends the field without a file, too */
    const struct ra_bulk_file file = { .kind = form_text(x->form, "kind"), .name = typed ? "" : x->file.name,
                                       .bytes = typed ? text : x->file.bytes, .size = typed ? strlen(text) : x->file.size,
                                       .institution = form_number(x->form, "institution") };
    g_autoptr(GError) error = NULL;
    RaBulkProblem problem = { 0 };
    gboolean fresh = FALSE;
    gint64 id = ra_bulk_upload(x->portal->ra, &officer, &file, &fresh, &problem, &error);
    if (id) {
        g_autofree char *there = g_strdup_printf("/helpdesk/bulk/%" G_GINT64_FORMAT "?done=%s", id,
                                                 fresh ? "bulk-checked" : "bulk-same");
        http_see_other(&x->out, there);
        x->answered = TRUE;
    } else if (g_error_matches(error, RA_ERROR, RA_ERROR_INPUT)) {
        show(x, 400, error, &problem);
    } else {
        page_failure(x, error, "/helpdesk/bulk");
    }
    g_free(problem.value);
}

/* --- one batch --- */

static void
set_key(const Exchange *x, WebNode *node, const char *attribute, const char *act)
{
    g_autofree char *what = describe_act(act, x->number);
    g_autofree char *key = guard_form_key(x, what);
    web_set(node, attribute, key);
}

static void
add_line(WebNode *root, const struct ra_bulk_kind *kind, const RaBatchLine *line)
{
    WebNode *node = web_add(root, "line");
    web_set_number(node, "number", line->line);
    web_set(node, "fate", line->fate);
    page_text(node, "reason", line->reason);
    page_text(node, "field", line->field);
    if (line->request)
        web_set_number(node, "request", line->request);
    for (guint i = 0; kind && i < kind->n && line->cells[i]; i++)
        if (*line->cells[i])
            web_set(web_add_text(node, "cell", line->cells[i]), "name", kind->columns[i].name);
}

/* Is it for another officer to start it? */
static gboolean
needs_another(const Exchange *x, const RaBatch *batch)
{
    return batch->second && batch->made_by_id == x->session->person;
}

static gboolean
can_start(const Exchange *x, const RaBatch *batch)
{
    return strcmp(batch->state, "checked") == 0 && batch->will > 0 && !needs_another(x, batch);
}

static gboolean
can_withdraw(const Exchange *x, const RaBatch *batch)
{
    (void)x;
    return strcmp(batch->state, "checked") == 0 || strcmp(batch->state, "started") == 0;
}

static void
send_batch(Exchange *x, const RaBatch *batch, const GPtrArray *lines)
{
    const struct ra_bulk_kind *kind = ra_bulk_kind(batch->kind);
    g_autofree char *path = path_of(batch->id);
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "desk-batch", path, &root);
    web_set(root, "notice", helpdesk_done(x));
    page_text(root, "fate", form_text(x->query, "fate"));
    web_set_flag(root, "later", form_number(x->query, "after") > 0);
    add_batch(x, web_add(root, "batch"), batch);
    web_set_flag(root, "second", strcmp(batch->state, "checked") == 0 && batch->will > 0 && needs_another(x, batch));
    if (can_start(x, batch))
        set_key(x, root, "start-key", START);
    if (can_withdraw(x, batch))
        set_key(x, root, "withdraw-key", WITHDRAW);
    for (guint i = 0; i < MIN(lines->len, RA_BULK_PAGE); i++)
        add_line(root, kind, lines->pdata[i]);
    if (lines->len > RA_BULK_PAGE)
        web_set_number(root, "after", ((const RaBatchLine *)lines->pdata[RA_BULK_PAGE - 1])->line);
    page_send(x, 200, document);
}

void
helpdesk_batch(Exchange *x)
{
    const RaOfficer officer = helpdesk_officer(x);
    gint64 after = MAX(form_number(x->query, "after"), 0);
    g_autoptr(GError) error = NULL;
    g_autoptr(RaBatch) batch = ra_bulk_get(x->portal->ra, &officer, x->number, &error);
    g_autoptr(GPtrArray) lines =
        batch ? ra_bulk_lines(x->portal->ra, &officer, batch, form_text(x->query, "fate"), after, RA_BULK_PAGE + 1,
                              &error) : NULL;
    if (lines)
        send_batch(x, batch, lines);
    else
        page_failure(x, error, "/helpdesk/bulk");
}

/* --- its lines as a table --- */

static void
tsv_line(GString *out, const struct ra_bulk_kind *kind, const RaBatchLine *line)
{
    web_tsv_number(out, line->line);
    web_tsv_cell(out, line->fate);
    web_tsv_cell(out, line->reason);
    web_tsv_cell(out, line->field);
    if (line->request)
        web_tsv_number(out, line->request);
    else
        web_tsv_cell(out, "");
    for (guint i = 0; kind && i < kind->n; i++)
        web_tsv_cell(out, line->cells[i]);
    web_tsv_end(out);
}

static char *
table_of(const RaBatch *batch, const GPtrArray *lines)
{
    static const char *const heads[] = { "line", "fate", "why", "about", "request" };
    const struct ra_bulk_kind *kind = ra_bulk_kind(batch->kind);
    GString *out = g_string_new("\xef\xbb\xbf");
    for (gsize i = 0; i < G_N_ELEMENTS(heads); i++)
        web_tsv_cell(out, heads[i]);
    for (guint i = 0; kind && i < kind->n; i++)
        web_tsv_cell(out, kind->columns[i].name);
    web_tsv_end(out);
    for (guint i = 0; i < lines->len; i++)
        tsv_line(out, kind, lines->pdata[i]);
    return g_string_free(out, FALSE);
}

void
helpdesk_batch_table(Exchange *x)
{
    const RaOfficer officer = helpdesk_officer(x);
    g_autoptr(GError) error = NULL;
    g_autoptr(RaBatch) batch = ra_bulk_get(x->portal->ra, &officer, x->number, &error);
    g_autoptr(GPtrArray) lines =
        batch ? ra_bulk_lines(x->portal->ra, &officer, batch, form_text(x->query, "fate"), 0, SHEET_LINES, &error) : NULL;
    if (!lines) {
        page_failure(x, error, "/helpdesk/bulk");
        return;
    }
    http_headerf(&x->out, "Content-Disposition", "attachment; filename=\"batch-%" G_GINT64_FORMAT ".tsv\"", batch->id);
    http_header(&x->out, "Cache-Control", "no-store");
    http_body_text(&x->out, "text/tab-separated-values; charset=utf-8", table_of(batch, lines));
    x->answered = TRUE;
}

/* --- acts --- */

static void
ask(Exchange *x, const RaBatch *batch, const char *act)
{
    g_autofree char *path = path_of(batch->id);
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "desk-batch-confirm", path, &root);
    web_set(root, "act", act);
    web_set(root, "form-key", form_text(x->form, "form_key"));
    add_batch(x, web_add(root, "batch"), batch);
    page_send(x, 200, document);
}

typedef gboolean (*Act)(RaContext *, const RaOfficer *, gint64, const struct ra_form *, char **, GError **);

static void
act_now(Exchange *x, const RaOfficer *officer, Act how, const char *location, GBytes *key)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *there = NULL, *path = path_of(x->number);
    const struct ra_form form = { .key_hash = key, .location = location };
    if (how(x->portal->ra, officer, x->number, &form, &there, &error)) {
        http_see_other(&x->out, there);
        x->answered = TRUE;
    } else {
        page_failure(x, error, path);
    }
}

static void
consider(Exchange *x, const char *act, const char *word, Act how, gboolean (*can)(const Exchange *, const RaBatch *),
         const char *location)
{
    const RaOfficer officer = helpdesk_officer(x);
    g_autofree char *what = describe_act(act, x->number), *path = path_of(x->number);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) key = guard_form_hash(x, what);
    g_autoptr(RaBatch) batch = ra_bulk_get(x->portal->ra, &officer, x->number, &error);
    if (!batch)
        page_failure(x, error, "/helpdesk/bulk");
    else if (!key)
        page_error(x, 403, "form", path);
    else if (strcmp(form_text(x->form, "confirm"), "1") == 0)
        act_now(x, &officer, how, location, key);
    else if (can(x, batch))
        ask(x, batch, word);
    else
        page_error(x, 409, "conflict", path);
}

void
helpdesk_batch_start(Exchange *x)
{
    consider(x, START, "start", ra_bulk_start, can_start, "/helpdesk/bulk/%N?done=bulk-started");
}

void
helpdesk_batch_withdraw(Exchange *x)
{
    consider(x, WITHDRAW, "withdraw", ra_bulk_withdraw, can_withdraw, "/helpdesk/bulk/%N?done=bulk-withdrawn");
}

/* --- PINs by the officer's hand --- */

struct sheet { const Exchange *x; WebNode *root; GString *table; };

static void
add_pin(const RaBatchPin *of, const char *pin, gpointer data)
{
    const struct sheet *sheet = data;
    WebNode *node = web_add(sheet->root, "pin");
    web_set_number(node, "number", of->number);
    page_names(node, of->name, of->name_ja);
    web_set(node, "mail", of->mail);
    page_text(node, "file", of->file);
    page_time(sheet->x, node, "until", of->until);
    web_set(node, "pin", pin);
}

static void
add_pin_row(const RaBatchPin *of, const char *pin, gpointer data)
{
    const struct sheet *sheet = data;
    const char *const cells[] = { of->name, of->name_ja, of->mail, of->file, pin };
    web_tsv_number(sheet->table, of->number);
    for (gsize i = 0; i < G_N_ELEMENTS(cells); i++)
        web_tsv_cell(sheet->table, cells[i]);
    web_tsv_end(sheet->table);
}

static void
send_pin_page(Exchange *x, const RaOfficer *officer, const RaBatch *batch)
{
    g_autofree char *path = path_of(batch->id);
    g_autoptr(GError) error = NULL;
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "desk-batch-pins", path, &root);
    struct sheet sheet = { .x = x, .root = root };
    add_batch(x, web_add(root, "batch"), batch);
    if (ra_bulk_pins(x->portal->ra, officer, batch, add_pin, &sheet, &error) < 0)
        page_failure(x, error, path);
    else
        page_send(x, 200, document);
}

static void
send_pin_table(Exchange *x, const RaOfficer *officer, const RaBatch *batch)
{
    static const char *const heads[] = { "number", "name", "name_ja", "mail", "file", "pin" };
    g_autofree char *path = path_of(batch->id);
    g_autoptr(GError) error = NULL;
    struct sheet sheet = { .x = x, .table = g_string_new("\xef\xbb\xbf") };
    web_tsv_row(sheet.table, heads, G_N_ELEMENTS(heads));
    gint64 shown = ra_bulk_pins(x->portal->ra, officer, batch, add_pin_row, &sheet, &error);
    char *table = g_string_free(sheet.table, FALSE);
    if (shown < 0) {
        g_free(table);
        page_failure(x, error, path);
        return;
    }
    http_headerf(&x->out, "Content-Disposition", "attachment; filename=\"pins-%" G_GINT64_FORMAT ".tsv\"", batch->id);
    http_header(&x->out, "Cache-Control", "no-store");
    http_body_text(&x->out, "text/tab-separated-values; charset=utf-8", table);
    x->answered = TRUE;
}

/* By POST, because it shows secrets and is written down; the same sheet can be had again. */
void
helpdesk_batch_pins(Exchange *x)
{
    const RaOfficer officer = helpdesk_officer(x);
    g_autoptr(GError) error = NULL;
    g_autoptr(RaBatch) batch = ra_bulk_get(x->portal->ra, &officer, x->number, &error);
    if (!batch)
        page_failure(x, error, "/helpdesk/bulk");
    else if (strcmp(form_text(x->form, "confirm"), "1") != 0)
        ask(x, batch, "pins");
    else if (strcmp(form_text(x->form, "as"), "table") == 0)
        send_pin_table(x, &officer, batch);
    else
        send_pin_page(x, &officer, batch);
}
