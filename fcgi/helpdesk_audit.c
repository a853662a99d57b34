#include "fcgi/helpdesk_audit.h"

#include <string.h>

#include "fcgi/handlers.h"
#include "fcgi/page.h"
#include "ra/error.h"
#include "web/tsv.h"

/* --- events --------------------------------------------------------------------------------------------------------------- */

/* What an event's own columns and the words leave out: what was and what is, a batch's number. */
static gboolean
speaks_by_detail(const char *what)
{
    static const char *const prefixes[] = { "institution-", "person-", "profile-", "batch-", "change-" };
    for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (g_str_has_prefix(what, prefixes[i]))
            return TRUE;
    return FALSE;
}

static void
add_event(const Exchange *x, WebNode *root, const RaOfficer *officer, const RaTrailRow *row)
{
    WebNode *node = web_add(root, "event");
    web_set(node, "what", row->what);
    web_set(node, "who", ra_trail_who(officer, row));
    if (ra_trail_asked(row->actor))
        web_set(node, "actor", row->actor);
    if (ra_trail_named(officer, row))
        page_names(node, row->who, row->who_ja);
    if (row->request)
        web_set_number(node, "number", row->request);
    const struct { const char *name, *value; } texts[] = {
        { "was", row->from },        { "is", row->to },           { "reason", row->reason },         { "serial", row->serial },
        { "note", row->note },       { "refusal", row->refusal }, { "key-origin", row->key_origin }, { "days", row->days },
        { "address", row->address }, { "log", row->log_id },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        page_text(node, texts[i].name, texts[i].value);
    page_time(x, node, "at", row->at);
    for (char **line = row->told; *line && speaks_by_detail(row->what); line++)
        web_add_text(node, "told", *line);
    if (row->owner) {
        WebNode *owner = web_add(node, "owner");
        web_set_number(owner, "id", row->owner);
        page_names(owner, row->owner_name, row->owner_name_ja);
    }
    if (!officer->institution && row->institution)
        page_names(web_add(node, "institution"), row->institution, row->institution_ja);
}

static void
add_events(const Exchange *x, WebNode *root, const RaOfficer *officer, const GPtrArray *rows)
{
    for (guint i = 0; i < rows->len; i++)
        add_event(x, root, officer, rows->pdata[i]);
}

gboolean
helpdesk_request_trail(Exchange *x, WebNode *root, gint64 request, GError **error)
{
    const RaOfficer officer = helpdesk_officer(x);
    const struct ra_trail_query query = { .kind = "", .actor = "", .request = request };
    gint64 more = 0;
    g_autoptr(GPtrArray) rows = ra_trail_find(x->portal->ra, &officer, &query, RA_TRAIL_REQUEST, &more, error);
    for (guint i = rows ? rows->len : 0; i > 0; i--) /* a case is told from its beginning */
        add_event(x, root, &officer, rows->pdata[i - 1]);
    return rows != NULL;
}

static void
add_kinds(const Exchange *x, WebNode *root, const char *chosen)
{
    (void)x;
    for (const struct ra_trail_kind *kind = ra_trail_kinds; kind->name; kind++) {
        WebNode *node = web_add(root, "kind");
        web_set(node, "kind", kind->name);
        web_set_flag(node, "chosen", strcmp(kind->name, chosen) == 0);
        for (const char *const *what = kind->whats; *what; what++) {
            WebNode *one = web_add(node, "one");
            web_set(one, "what", *what);
            web_set_flag(one, "chosen", strcmp(*what, chosen) == 0);
        }
    }
}

/* --- the institution's audit ---------------------------------------------------------------------------------------------- */

static struct ra_trail_query
query_of(const Exchange *x)
{
    return (struct ra_trail_query){ .kind = form_text(x->query, "kind"), .actor = form_text(x->query, "actor"),
                                    .from = helpdesk_day(x, "from", 0), .until = helpdesk_day(x, "until", 1),
                                    .institution = MAX(form_number(x->query, "institution"), 0),
                                    .request = MAX(form_number(x->query, "request"), 0),
                                    .before = MAX(form_number(x->query, "before"), 0) };
}

/* PATH with what was asked for but LEAVE, and the page behind BEFORE (0: the first). */
static char *
again(const Exchange *x, const char *path, const char *leave, gint64 before)
{
    static const char *const fields[] = { "kind", "actor", "from", "until", "request", "institution" };
    g_autoptr(GString) out = g_string_new(path);
    char mark = '?';
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
        const char *value = form_text(x->query, fields[i]);
        if (!*value || strcmp(fields[i], leave) == 0)
            continue;
        g_string_append_printf(out, "%c%s=", mark, fields[i]);
        g_string_append_uri_escaped(out, value, NULL, FALSE);
        mark = '&';
    }
    if (before)
        g_string_append_printf(out, "%cbefore=%" G_GINT64_FORMAT, mark, before);
    return g_strdup(out->str);
}

static void
set_path(const Exchange *x, WebNode *node, const char *name, const char *path, const char *leave, gint64 before)
{
    g_autofree char *text = again(x, path, leave, before);
    web_set(node, name, text);
}

static gboolean
add_head(const Exchange *x, WebNode *root, GError **error)
{
    gint64 head, at, last;
    if (!ra_trail_head(x->portal->ra, &head, &at, &last, error))
        return FALSE;
    WebNode *node = web_add(root, "head");
    web_set_number(node, "last", last);
    if (head) {
        web_set_number(node, "seq", head);
        page_time(x, node, "at", at);
    }
    return TRUE;
}

static void
add_asked(const Exchange *x, WebNode *root, const GPtrArray *rows, gint64 next)
{
    static const char *const fields[] = { "kind", "actor", "from", "until", "request" };
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
        page_text(root, fields[i], form_text(x->query, fields[i]));
    web_set_flag(root, "later", *form_text(x->query, "before") != '\0');
    set_path(x, root, "tsv", "/helpdesk/audit.tsv", "", 0);
    set_path(x, root, "jsonl", "/helpdesk/audit.jsonl", "", 0);
    set_path(x, root, "anybody", "/helpdesk/audit", "actor", 0);
    set_path(x, root, "first", "/helpdesk/audit", "", 0);
    if (next)
        set_path(x, root, "next", "/helpdesk/audit", "", next);
    web_set_number(root, "most", RA_TRAIL_EXPORT);
    if (*form_text(x->query, "actor") && rows->len > 0) {
        const RaOfficer officer = helpdesk_officer(x);
        const RaTrailRow *row = rows->pdata[0];
        WebNode *node = web_add(root, "actor");
        web_set(node, "who", ra_trail_who(&officer, row));
        if (ra_trail_named(&officer, row))
            page_names(node, row->who, row->who_ja);
    }
}

void
helpdesk_audit(Exchange *x)
{
    const RaOfficer officer = helpdesk_officer(x);
    const struct ra_trail_query query = query_of(x);
    gint64 next = 0;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) rows = ra_trail_find(x->portal->ra, &officer, &query, RA_TRAIL_PAGE, &next, &error);
    g_autofree char *path = again(x, "/helpdesk/audit", "", query.before);
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "desk-audit", path, &root);
    if (!rows || !helpdesk_choices(x, root, query.institution, &error) || !add_head(x, root, &error)) {
        page_failure(x, error, "/helpdesk/audit");
        return;
    }
    add_asked(x, root, rows, next);
    add_kinds(x, root, query.kind);
    add_events(x, root, &officer, rows);
    page_send(x, 200, document);
}

/* --- as a file ------------------------------------------------------------------------------------------------------------ */

struct writing {
    const Exchange *x;
    GString *out;
};

static void
write_row(const RaTrailRow *row, const char *line, gpointer data)
{
    struct writing *writing = data;
    const Exchange *x = writing->x;
    (void)line;
    g_autofree char *key = g_strconcat("history.", row->what, NULL);
    const char *words = web_message(x->portal->web, x->language, key);
    const RaOfficer officer = helpdesk_officer(x);
    const char *who = ra_trail_named(&officer, row) ? row->who : NULL;
    helpdesk_tsv_time(x, writing->out, row->at);
    web_tsv_cell(writing->out, row->what);
    web_tsv_cell(writing->out, words);
    if (row->request)
        web_tsv_number(writing->out, row->request);
    else
        web_tsv_cell(writing->out, NULL);
    const char *const rest[] = { row->owner_name, row->actor, who, row->address, row->from, row->to, row->reason, row->serial,
                                 row->note, row->institution, row->log_id, row->detail };
    web_tsv_row(writing->out, rest, G_N_ELEMENTS(rest));
}

static void
write_line(const RaTrailRow *row, const char *line, gpointer data)
{
    struct writing *writing = data;
    (void)row;
    g_string_append(writing->out, line);
    g_string_append_c(writing->out, '\n');
}

/* Whole or not at all: nobody takes a part for the whole. */
static void
send_export(Exchange *x, GString *out, gboolean json)
{
    const RaOfficer officer = helpdesk_officer(x);
    const struct ra_trail_query query = query_of(x);
    struct writing writing = { x, out };
    g_autoptr(GError) error = NULL;
    g_autofree char *back = again(x, "/helpdesk/audit", "", 0);
    if (ra_trail_export(x->portal->ra, &officer, &query, json, json ? write_line : write_row, &writing, &error)) {
        if (!json) {
            helpdesk_send_table(x, "audit.tsv", out);
            return;
        }
        x->out.status = 200;
        http_header(&x->out, "Content-Disposition", "attachment; filename=\"audit.jsonl\"");
        http_header(&x->out, "Cache-Control", "no-store");
        http_body_text(&x->out, "application/jsonl; charset=utf-8", g_string_free(out, FALSE));
        x->answered = TRUE;
        return;
    }
    g_string_free(out, TRUE);
    if (strcmp(ra_error_rule(error), "many") == 0)
        page_error(x, 409, "desk-many", back);
    else
        page_failure(x, error, back);
}

void
helpdesk_audit_table(Exchange *x)
{
    static const char *const heads[] = { "at", "what", "words", "request", "owner", "actor", "name", "address", "from", "to",
                                         "reason", "serial", "note", "institution", "log_id", "detail" };
    GString *out = g_string_new(HELPDESK_TABLE);
    web_tsv_row(out, heads, G_N_ELEMENTS(heads));
    send_export(x, out, FALSE);
}

void
helpdesk_audit_lines(Exchange *x)
{
    send_export(x, g_string_new(NULL), TRUE);
}

/* --- a person's ----------------------------------------------------------------------------------------------------------- */

void
helpdesk_history(Exchange *x)
{
    const RaOfficer officer = helpdesk_officer(x);
    const struct ra_trail_query query = { .kind = form_text(x->query, "kind"), .actor = "", .person = x->number,
                                          .before = MAX(form_number(x->query, "before"), 0) };
    gint64 next = 0;
    g_autofree char *path = g_strdup_printf("/helpdesk/people/%" G_GINT64_FORMAT "/history", x->number);
    g_autoptr(GError) error = NULL;
    g_autoptr(RaDeskPerson) person = ra_officer_person(x->portal->ra, &officer, x->number, &error);
    g_autoptr(GPtrArray) rows = person ? ra_trail_find(x->portal->ra, &officer, &query, RA_TRAIL_PAGE, &next, &error) : NULL;
    if (!rows) {
        page_failure(x, error, "/helpdesk");
        return;
    }
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "desk-history", path, &root);
    set_path(x, root, "first", path, "", 0);
    if (next)
        set_path(x, root, "next", path, "", next);
    web_set_flag(root, "later", query.before != 0);
    helpdesk_person_facts(x, web_add(root, "found"), person);
    add_kinds(x, root, query.kind);
    add_events(x, root, &officer, rows);
    page_send(x, 200, document);
}
