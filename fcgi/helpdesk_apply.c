#include <string.h>

#include "fcgi/describe.h"
#include "fcgi/guard.h"
#include "fcgi/handlers.h"
#include "fcgi/helpdesk.h"
#include "fcgi/page.h"
#include "ra/error.h"

/* An officer applies on behalf of a person: the same rules, the mails go to the person, and the PIN is the person's alone. */

static struct ra_application
application_of(const Form *form)
{
    return (struct ra_application){ .type = form_text(form, "type"), .months = form_number(form, "months"),
                                    .memo = form_text(form, "memo"), .mail = form_text(form, "mail") };
}

static WebDocument *
document_for(Exchange *x, const RaDeskPerson *person, WebNode **root)
{
    g_autofree char *path = g_strdup_printf("/helpdesk/people/%" G_GINT64_FORMAT, person->id);
    WebDocument *document = page_new(x, "desk-apply", path, root);
    helpdesk_person_facts(x, web_add(*root, "found"), person);
    return document;
}

/* Why a person cannot have it, in words to an officer. */
static void
blocked(Exchange *x, const RaDeskPerson *person, const char *rule)
{
    WebNode *root;
    g_autoptr(WebDocument) document = document_for(x, person, &root);
    web_set(root, "blocked", rule);
    page_send(x, 422, document);
}

static void
ask(Exchange *x, const RaOfficer *officer, int status, const RaDeskPerson *person, const RaPreview *preview, const char *problem)
{
    WebNode *root;
    g_autoptr(WebDocument) document = document_for(x, person, &root);
    page_text(root, "note", form_text(x->form, "note"));
    web_set_flag(root, "two", ra_proposal_needed(x->portal->ra, officer, person->id, "apply", NULL));
    WebNode *order = web_add(root, "order");
    web_set(order, "type", preview->type);
    web_set_number(order, "months", preview->months);
    web_set(order, "form-key", form_text(x->form, "form_key"));
    web_set(order, "memo", preview->memo);
    web_set(order, "mail", preview->mail);
    web_set(order, "common-name", preview->common_name);
    web_set(order, "subject", preview->subject);
    page_time(x, order, "not-after", preview->not_after);
    if (problem)
        helpdesk_problem(root, problem, "long");
    page_send(x, status, document);
}

/* TRUE: done, or what stands in the way is in ERROR. */
static gboolean
apply_now(Exchange *x, const RaOfficer *officer, const struct ra_application *wish, GBytes *key, GError **error)
{
    g_autofree char *location = NULL;
    const struct ra_form form = { .key_hash = key, .location = "/helpdesk/requests/%N?done=desk-apply" };
    if (!ra_proposal_apply(x->portal->ra, officer, x->number, wish, form_text(x->form, "note"), &form, &location, error))
        return FALSE;
    http_see_other(&x->out, location);
    x->answered = TRUE;
    return TRUE;
}

static void
consider(Exchange *x, const RaOfficer *officer, const RaDeskPerson *person, GBytes *key)
{
    const struct ra_application wish = application_of(x->form);
    const struct ra_who whom = { .person = person->id };
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_strdup_printf("/helpdesk/people/%" G_GINT64_FORMAT, person->id);
    if (strcmp(form_text(x->form, "confirm"), "1") == 0 && apply_now(x, officer, &wish, key, &error))
        return;
    gboolean note = g_error_matches(error, RA_ERROR, RA_ERROR_INPUT) && strcmp(ra_error_rule(error), "note") == 0;
    if (note)
        g_clear_error(&error);
    g_autoptr(RaPreview) preview = error ? NULL : ra_request_preview(x->portal->ra, &whom, &wish, x->now, &error);
    if (preview)
        ask(x, officer, note ? 400 : 200, person, preview, note ? "note" : NULL);
    else if (g_error_matches(error, RA_ERROR, RA_ERROR_REFUSED))
        blocked(x, person, ra_error_rule(error));
    else
        page_failure(x, error, path);
}

void
helpdesk_apply(Exchange *x)
{
    const RaOfficer officer = helpdesk_officer(x);
    g_autofree char *act = describe_act("desk-apply", x->number);
    g_autofree char *path = g_strdup_printf("/helpdesk/people/%" G_GINT64_FORMAT, x->number);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) key = guard_form_hash(x, act);
    g_autoptr(RaDeskPerson) person = ra_officer_person(x->portal->ra, &officer, x->number, &error);
    if (!person)
        page_failure(x, error, "/helpdesk");
    else if (!key)
        page_error(x, 403, "form", path);
    else
        consider(x, &officer, person, key);
}
