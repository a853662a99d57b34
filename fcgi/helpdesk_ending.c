#include <string.h>

#include "fcgi/describe.h"
#include "fcgi/guard.h"
#include "fcgi/handlers.h"
#include "fcgi/helpdesk.h"
#include "fcgi/page.h"
#include "ra/ending.h"
#include "ra/error.h"
#include "web/tsv.h"

#define PATH "/helpdesk/ending"

static const gint64 spans[] = { 28, 60, 90 };

/* One of the spans; another number is the first. */
static gint64
days_of(const Form *form)
{
    gint64 days = form_number(form, "days");
    for (gsize i = 0; i < G_N_ELEMENTS(spans); i++)
        if (spans[i] == days)
            return days;
    return spans[0];
}

/* Whose certificates: the officer's own institution's, or an operator's choice; 0: all, of which nobody can be mailed at once. */
static gint64
institution_of(const RaOfficer *officer, const Form *form)
{
    return officer->institution ? officer->institution : MAX(form_number(form, "institution"), 0);
}

static char *
path_to(const RaOfficer *officer, const char *path, gint64 days, gint64 institution, const char *more)
{
    g_autofree char *chosen = officer->institution || !institution ? g_strdup("") : g_strdup_printf("&institution=%" G_GINT64_FORMAT, institution);
    return g_strdup_printf("%s?days=%" G_GINT64_FORMAT "%s%s", path, days, chosen, more);
}

/* --- the list --- */

static struct ra_ending_query
query_of(const Exchange *x, const RaOfficer *officer)
{
    return (struct ra_ending_query){ .institution = institution_of(officer, x->query), .days = days_of(x->query),
                                     .end = MAX(form_number(x->query, "end"), 0), .number = MAX(form_number(x->query, "after"), 0) };
}

static void
add_rows(const Exchange *x, WebNode *root, const RaEnding *ending)
{
    for (guint i = 0; i < ending->rows->len; i++) {
        helpdesk_row(x, root, ending->rows->pdata[i]);
        page_time(x, root->last, "told-at", ending->told[i]);
        web_set_flag(root->last, "quiet", !ending->notices[i]);
    }
}

static void
add_spans(WebNode *root, gint64 days)
{
    for (gsize i = 0; i < G_N_ELEMENTS(spans); i++) {
        WebNode *node = web_add(root, "span");
        web_set_number(node, "days", spans[i]);
        web_set_flag(node, "chosen", spans[i] == days);
    }
}

static void
add_paths(WebNode *root, const RaOfficer *officer, const struct ra_ending_query *query, const RaEnding *ending)
{
    if (ending->next_number) {
        g_autofree char *more = g_strdup_printf("&end=%" G_GINT64_FORMAT "&after=%" G_GINT64_FORMAT, ending->next_end, ending->next_number);
        g_autofree char *next = path_to(officer, PATH, query->days, query->institution, more);
        web_set(root, "next", next);
    }
    if (ending->rows->len) {
        g_autofree char *table = path_to(officer, PATH ".tsv", query->days, query->institution, "");
        web_set(root, "tsv", table);
    }
}

/* What 'mail all' would do, and the key of its form. */
static gboolean
add_mailing(Exchange *x, WebNode *root, const struct ra_ending_query *query, GError **error)
{
    struct db_ending_sums sums;
    if (!query->institution)
        return TRUE;
    if (!ra_ending_count(x->portal->ra, query->institution, NULL, query->days, x->now, &sums, error))
        return FALSE;
    g_autofree char *act = describe_act("desk-ending", query->institution);
    g_autofree char *key = guard_form_key(x, act);
    web_set(root, "form-key", key);
    web_set_number(root, "mails", sums.mails);
    web_set_number(root, "certificates", sums.certificates);
    return TRUE;
}

void
helpdesk_ending(Exchange *x)
{
    const RaOfficer officer = helpdesk_officer(x);
    const struct ra_ending_query query = query_of(x, &officer);
    g_autoptr(GError) error = NULL;
    g_autoptr(RaEnding) ending = ra_ending_list(x->portal->ra, &officer, &query, x->now, RA_ENDING_PAGE, &error);
    g_autofree char *path = path_to(&officer, PATH, query.days, query.institution, "");
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "desk-ending", path, &root);
    if (!ending || !helpdesk_choices(x, root, query.institution, &error) || !add_mailing(x, root, &query, &error)) {
        page_failure(x, error, "/helpdesk");
        return;
    }
    web_set(root, "notice", strcmp(form_text(x->query, "done"), "desk-ending") == 0 ? "desk-ending" : NULL);
    web_set_number(root, "days", query.days);
    web_set_number(root, "institution", query.institution);
    web_set_flag(root, "later", query.number != 0);
    add_spans(root, query.days);
    add_paths(root, &officer, &query, ending);
    add_rows(x, root, ending);
    page_send(x, 200, document);
}

/* --- the list as a table --- */

static void
table_day(const Exchange *x, GString *out, gint64 at)
{
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(at), here = g_date_time_to_timezone(utc, x->portal->zone);
    g_autofree char *text = at ? g_date_time_format(here, "%Y-%m-%d %H:%M:%S") : g_strdup("");
    web_tsv_cell(out, text);
}

void
helpdesk_ending_table(Exchange *x)
{
    static const char *const heads[] = { "number", "type", "state", "memo", "name", "name_ja", "mail", "identifier", "institution",
                                         "serial", "reminders", "not_after", "mailed_at" };
    const RaOfficer officer = helpdesk_officer(x);
    const struct ra_ending_query query = query_of(x, &officer);
    g_autoptr(GError) error = NULL;
    g_autoptr(RaEnding) ending = ra_ending_list(x->portal->ra, &officer, &query, x->now, RA_DESK_TSV, &error);
    if (!ending) {
        page_failure(x, error, PATH);
        return;
    }
    GString *out = g_string_new(HELPDESK_TABLE);
    web_tsv_row(out, heads, G_N_ELEMENTS(heads));
    for (guint i = 0; i < ending->rows->len; i++) {
        const RaDeskRow *row = ending->rows->pdata[i];
        const char *const texts[] = { row->type, row->state, row->memo, row->name, row->name_ja, row->mail, row->identifier,
                                      row->institution, row->serial, ending->notices[i] ? "yes" : "no" };
        web_tsv_number(out, row->number);
        for (gsize n = 0; n < G_N_ELEMENTS(texts); n++)
            web_tsv_cell(out, texts[n]);
        table_day(x, out, row->not_after);
        table_day(x, out, ending->told[i]);
        web_tsv_end(out);
    }
    helpdesk_send_table(x, "ending.tsv", out);
}

/* --- the mail --- */

/* n31=1 of the form's rows, or what the confirm page carries on: "31 32". NULL: all. */
static char **
chosen_of(const Exchange *x)
{
    if (strcmp(form_text(x->form, "what"), "all") == 0)
        return NULL;
    g_auto(GStrv) offered = g_strsplit(form_text(x->form, "rows"), " ", RA_ENDING_PAGE + 1);
    g_autoptr(GStrvBuilder) list = g_strv_builder_new();
    for (char **number = offered; *number; number++) {
        g_autofree char *name = g_strconcat("n", *number, NULL);
        gint64 n;
        if (form_get(x->form, name) && g_ascii_string_to_signed(*number, 10, 1, G_MAXINT64, &n, NULL))
            g_strv_builder_add(list, *number);
    }
    return g_strv_builder_end(list);
}

static void
add_chosen(WebNode *root, char **numbers)
{
    for (char **number = numbers; number && *number; number++)
        web_set(web_add(root, "chosen"), "number", *number);
}

static void
ask(Exchange *x, const RaOfficer *officer, gint64 institution, char **numbers)
{
    gint64 days = days_of(x->form);
    struct db_ending_sums sums;
    g_autoptr(GError) error = NULL;
    g_autofree char *back = path_to(officer, PATH, days, institution, "");
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "desk-ending-confirm", back, &root);
    if (!ra_ending_count(x->portal->ra, institution, (const char *const *)numbers, days, x->now, &sums, &error)) {
        page_failure(x, error, back);
        return;
    }
    if (sums.mails == 0) {
        page_error(x, 409, "desk-ending-none", back);
        return;
    }
    const struct { const char *name; gint64 n; } attributes[] = {
        { "days", days }, { "institution", institution }, { "mails", sums.mails }, { "certificates", sums.certificates },
        { "off", sums.off }, { "recent", sums.recent }, { "today", sums.today },
        { "pause", settings_number(x->portal->settings, "mail", "remind_days") },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(attributes); i++)
        web_set_number(root, attributes[i].name, attributes[i].n);
    web_set(root, "what", numbers ? "selection" : "all");
    web_set(root, "back", back);
    web_set(root, "form-key", form_text(x->form, "form_key"));
    add_chosen(root, numbers);
    page_send(x, 200, document);
}

static void
remind_now(Exchange *x, const RaOfficer *officer, gint64 institution, char **numbers, GBytes *key)
{
    gint64 days = days_of(x->form);
    g_autofree char *location = NULL, *there = path_to(officer, PATH, days, institution, "&done=desk-ending");
    const struct ra_form form = { .key_hash = key, .location = there };
    g_autoptr(GError) error = NULL;
    if (ra_ending_remind(x->portal->ra, officer, institution, (const char *const *)numbers, days, &form, &location, &error)) {
        http_see_other(&x->out, location);
        x->answered = TRUE;
    } else {
        page_failure(x, error, PATH);
    }
}

void
helpdesk_ending_mail(Exchange *x)
{
    const RaOfficer officer = helpdesk_officer(x);
    gint64 institution = institution_of(&officer, x->form);
    g_autofree char *act = describe_act("desk-ending", institution);
    g_autoptr(GBytes) key = guard_form_hash(x, act);
    g_auto(GStrv) numbers = chosen_of(x);
    if (!key)
        page_error(x, 403, "form", PATH);
    else if (!institution)
        page_error(x, 400, "bad", PATH);
    else if (numbers && !*numbers)
        page_error(x, 409, "desk-none", PATH);
    else if (strcmp(form_text(x->form, "confirm"), "1") == 0)
        remind_now(x, &officer, institution, numbers, key);
    else
        ask(x, &officer, institution, numbers);
}
