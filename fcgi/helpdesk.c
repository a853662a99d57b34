#include "fcgi/helpdesk.h"

#include <string.h>

#include "ca/crypto.h"
#include "fcgi/handlers.h"
#include "fcgi/page.h"
#include "ra/radar.h"
#include "web/tsv.h"

#define ATTENTION_MOST 5 /* of each kind; one more says that there are more */

/* --- what the pages share --- */

RaOfficer
helpdesk_officer(const Exchange *x)
{
    gboolean all = strcmp(x->session->role, "operator") == 0;
    return (RaOfficer){ .person = x->session->person, .institution = all ? 0 : x->session->institution,
                        .role = x->session->role, .address = x->in->address, .session = x->session_hash,
                        .request = x->session->request };
}

gboolean
helpdesk_may_act(const Exchange *x)
{
    return strcmp(x->session->role, "revoker") != 0;
}

void
helpdesk_row(const Exchange *x, WebNode *parent, const RaDeskRow *row)
{
    WebNode *node = web_add(parent, "row");
    web_set_number(node, "number", row->number);
    web_set_number(node, "person", row->person);
    page_names(node, row->name, row->name_ja);
    web_set(node, "type", row->type);
    web_set_number(node, "months", row->months);
    web_set(node, "state", row->state);
    web_set(node, "memo", row->memo);
    page_text(node, "serial", row->serial);
    page_time(x, node, "applied-at", row->applied_at);
    page_time(x, node, "not-before", row->not_before);
    page_time(x, node, "not-after", row->not_after);
    page_text(node, "attention", row->attention);
    if (strcmp(x->session->role, "operator") == 0)
        page_names(web_add(node, "institution"), row->institution, row->institution_ja);
}

void
helpdesk_person_facts(const Exchange *x, WebNode *node, const RaDeskPerson *person)
{
    web_set_number(node, "id", person->id);
    page_names(node, person->name, person->name_ja);
    web_set(node, "identifier", person->identifier);
    web_set_number(node, "requests", person->requests);
    web_set_number(node, "active", person->active);
    page_time(x, node, "seen-at", person->seen_at);
    page_names(web_add(node, "institution"), person->institution, person->institution_ja);
    for (char **mail = person->mails; *mail; mail++)
        web_add_text(node, "mail", *mail);
}

void
helpdesk_problem(WebNode *root, const char *field, const char *rule)
{
    WebNode *said = web_add(root, "problem");
    web_set(said, "field", field);
    web_set(said, "rule", rule);
    web_set_number(said, "limit", RA_NOTE_MOST);
}

const char *
helpdesk_done(const Exchange *x)
{
    static const char *const words[] = { "desk-revoke", "desk-approve", "desk-refuse", "desk-new-pin", "desk-resend", "desk-renew",
                                         "desk-apply", "desk-proposed", "desk-confirm", "desk-decline", "desk-withdraw",
                                         "bulk-checked", "bulk-same", "bulk-started", "bulk-withdrawn", "desk-policy",
                                         "change-mail", "change-dismiss", "absent-ask", "absent-revoke", NULL };
    const char *word = form_text(x->query, "done");
    return g_strv_contains(words, word) ? word : NULL;
}

gboolean
helpdesk_choices(Exchange *x, WebNode *root, gint64 chosen, GError **error)
{
    if (strcmp(x->session->role, "operator") != 0)
        return TRUE;
    g_autoptr(GPtrArray) all = ra_officer_institutions(x->portal->ra, error);
    for (guint i = 0; all && i < all->len; i++) {
        const RaInstitution *institution = all->pdata[i];
        WebNode *node = web_add(root, "choice");
        web_set_number(node, "id", institution->id);
        page_names(node, institution->name, institution->name_ja);
        web_set_flag(node, "chosen", institution->id == chosen);
    }
    return all != NULL;
}

static const char *
kind_of(char c)
{
    return g_ascii_isdigit(c) ? "digit" : g_ascii_isupper(c) ? "upper" : "lower";
}

void
helpdesk_pin(WebNode *root, const char *pin)
{
    WebNode *group = NULL;
    for (int i = 0; pin[i]; i++) {
        if (i % 4 == 0)
            group = web_add(root, "group");
        char one[] = { pin[i], '\0' };
        WebNode *sign = web_add(group, "sign");
        web_set(sign, "text", one);
        web_set(sign, "kind", kind_of(pin[i]));
        one[0] = g_ascii_tolower(one[0]);
        web_set(sign, "key", one);
        crypto_wipe(one, sizeof one);
    }
}

/* --- start --- */

void
helpdesk(Exchange *x)
{
    const RaOfficer officer = helpdesk_officer(x);
    gint64 chosen = MAX(form_number(x->query, "institution"), 0);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) rows = ra_officer_attention(x->portal->ra, &officer, chosen, x->now, ATTENTION_MOST + 1, &error);
    g_autoptr(GPtrArray) proposals = rows ? ra_proposal_list(x->portal->ra, &officer, chosen, TRUE, x->now, &error) : NULL;
    gint64 changes = proposals ? ra_radar_count(x->portal->ra, &officer, chosen, &error) : -1;
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "desk-start", "/helpdesk", &root);
    if (changes < 0 || !helpdesk_choices(x, root, chosen, &error)) {
        page_failure(x, error, "/certificates");
        return;
    }
    web_set_number(root, "most", ATTENTION_MOST);
    web_set_number(root, "changes", changes);
    page_time(x, root, "soon", x->now + 28 * 86400);
    for (guint i = 0; i < rows->len; i++)
        helpdesk_row(x, root, rows->pdata[i]);
    for (guint i = 0; i < proposals->len && i <= ATTENTION_MOST; i++)
        helpdesk_proposal_facts(x, root, "proposal", proposals->pdata[i]);
    page_send(x, 200, document);
}

void
helpdesk_missing(Exchange *x)
{
    page_error(x, 404, "missing", "/helpdesk");
}

/* --- find --- */

gint64
helpdesk_day(const Exchange *x, const char *name, int days)
{
    int year, month, day, end = 0;
    const char *text = form_text(x->query, name);
    if (strlen(text) != 10 || sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &end) != 3 || end != 10)
        return 0;
    g_autoptr(GDateTime) at = g_date_time_new(x->portal->zone, year, month, day, 0, 0, 0);
    g_autoptr(GDateTime) then = at ? g_date_time_add_days(at, days) : NULL;
    return then ? g_date_time_to_unix(then) : 0;
}

static struct ra_desk_query
query_of(const Exchange *x)
{
    return (struct ra_desk_query){ .text = form_text(x->query, "q"), .state = form_text(x->query, "state"),
                                   .type = form_text(x->query, "type"), .from = helpdesk_day(x, "from", 0),
                                   .until = helpdesk_day(x, "until", 1),
                                   .institution = MAX(form_number(x->query, "institution"), 0),
                                   .key = form_text(x->query, "key"),
                                   .after = MAX(form_number(x->query, "after"), 0),
                                   .end = MAX(form_number(x->query, "end"), 0) };
}

/* PATH with what was asked for, and MORE behind it. */
static char *
again(const Exchange *x, const char *path, const char *more)
{
    static const char *const fields[] = { "q", "state", "type", "from", "until", "institution" };
    g_autoptr(GString) out = g_string_new(path);
    char mark = '?';
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
        const char *value = form_text(x->query, fields[i]);
        if (!*value)
            continue;
        g_string_append_printf(out, "%c%s=", mark, fields[i]);
        g_string_append_uri_escaped(out, value, NULL, FALSE);
        mark = '&';
    }
    if (*more)
        g_string_append_printf(out, "%c%s", mark, more);
    return g_strdup(out->str);
}

static void
add_next(const Exchange *x, WebNode *root, const RaDeskFound *found)
{
    g_autofree char *more = NULL;
    if (found->next_after) {
        g_autofree char *key = g_uri_escape_string(found->next_key, NULL, FALSE);
        more = g_strdup_printf("key=%s&after=%" G_GINT64_FORMAT, key, found->next_after);
    } else if (found->next_number) {
        more = g_strdup_printf("end=%" G_GINT64_FORMAT "&after=%" G_GINT64_FORMAT, found->next_end, found->next_number);
    } else {
        return;
    }
    g_autofree char *next = again(x, "/helpdesk/find", more);
    web_set(root, "next", next);
}

static void
add_found(Exchange *x, WebNode *root, const RaDeskFound *found)
{
    static const char *const fields[] = { "q", "state", "type", "from", "until" };
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
        page_text(root, fields[i], form_text(x->query, fields[i]));
    web_set_flag(root, "filtered", found->filtered);
    web_set_flag(root, "later", *form_text(x->query, "after") != '\0');
    add_next(x, root, found);
    if (found->filtered && found->requests->len > 0) {
        g_autofree char *table = again(x, "/helpdesk/find.tsv", "");
        web_set(root, "tsv", table);
    }
    for (guint i = 0; i < found->people->len; i++)
        helpdesk_person_facts(x, web_add(root, "found"), found->people->pdata[i]);
    for (guint i = 0; i < found->requests->len; i++)
        helpdesk_row(x, root, found->requests->pdata[i]);
}

void
helpdesk_find(Exchange *x)
{
    const RaOfficer officer = helpdesk_officer(x);
    const struct ra_desk_query query = query_of(x);
    g_autoptr(GError) error = NULL;
    g_autoptr(RaDeskFound) found = ra_officer_find(x->portal->ra, &officer, &query, RA_DESK_PAGE, &error);
    g_autofree char *path = again(x, "/helpdesk/find", "");
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "desk-find", path, &root);
    if (!found || !helpdesk_choices(x, root, query.institution, &error)) {
        page_failure(x, error, "/helpdesk");
        return;
    }
    add_found(x, root, found);
    page_send(x, 200, document);
}

/* --- the list as a table --- */

void
helpdesk_tsv_time(const Exchange *x, GString *out, gint64 seconds)
{
    if (seconds == 0) {
        web_tsv_cell(out, NULL);
        return;
    }
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(seconds);
    g_autoptr(GDateTime) at = g_date_time_to_timezone(utc, x->portal->zone);
    g_autofree char *text = g_date_time_format(at, "%Y-%m-%d %H:%M:%S");
    web_tsv_cell(out, text);
}

static void
tsv_row(const Exchange *x, GString *out, const RaDeskRow *row)
{
    const char *const texts[] = { row->type, row->state, row->memo, row->name, row->name_ja, row->mail, row->identifier,
                                  row->institution, row->serial };
    web_tsv_number(out, row->number);
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        web_tsv_cell(out, texts[i]);
    web_tsv_number(out, row->months);
    helpdesk_tsv_time(x, out, row->applied_at);
    helpdesk_tsv_time(x, out, row->not_before);
    helpdesk_tsv_time(x, out, row->not_after);
    web_tsv_end(out);
}

void
helpdesk_send_table(Exchange *x, const char *name, GString *text)
{
    g_autofree char *disposition = g_strdup_printf("attachment; filename=\"%s\"", name);
    x->out.status = 200;
    http_header(&x->out, "Content-Disposition", disposition);
    http_header(&x->out, "Cache-Control", "no-store");
    http_body_text(&x->out, "text/tab-separated-values; charset=utf-8", g_string_free(text, FALSE));
    x->answered = TRUE;
}

void
helpdesk_table(Exchange *x)
{
    static const char *const heads[] = { "number", "type", "state", "memo", "name", "name_ja", "mail", "identifier",
                                         "institution", "serial", "months", "applied_at", "not_before", "not_after" };
    const RaOfficer officer = helpdesk_officer(x);
    const struct ra_desk_query query = query_of(x);
    g_autoptr(GError) error = NULL;
    g_autoptr(RaDeskFound) found = ra_officer_find(x->portal->ra, &officer, &query, RA_DESK_TSV, &error);
    if (!found) {
        page_failure(x, error, "/helpdesk");
        return;
    }
    GString *out = g_string_new(HELPDESK_TABLE);
    web_tsv_row(out, heads, G_N_ELEMENTS(heads));
    for (guint i = 0; i < found->requests->len; i++)
        tsv_row(x, out, found->requests->pdata[i]);
    helpdesk_send_table(x, "requests.tsv", out);
}
