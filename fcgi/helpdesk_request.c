#include <string.h>

#include "fcgi/describe.h"
#include "fcgi/guard.h"
#include "fcgi/handlers.h"
#include "fcgi/helpdesk_audit.h"
#include "fcgi/page.h"
#include "ra/error.h"

static char *
path_of(gint64 number)
{
    return g_strdup_printf("/helpdesk/requests/%" G_GINT64_FORMAT, number);
}

/* --- the page --- */

static void
set_key(const Exchange *x, WebNode *node, const char *attribute, const char *act, gint64 number)
{
    g_autofree char *what = describe_act(act, number);
    g_autofree char *key = guard_form_key(x, what);
    web_set(node, attribute, key);
}

static void
add_acts(const Exchange *x, WebNode *node, const RaRequest *r)
{
    static const struct { const char *event, *attribute, *act; } acts[] = {
        { "approve", "approve-key", "desk-approve" }, { "refuse", "refuse-key", "desk-refuse" },
        { "new-pin", "pin-key", "desk-new-pin" },     { "resend", "resend-key", "desk-resend" },
        { "renew", "renew-key", "desk-renew" },
    };
    static const char *const ends[] = { "revoke", "withdraw" };
    for (gsize i = 0; helpdesk_may_act(x) && i < G_N_ELEMENTS(acts); i++)
        if (ra_request_may_now(x->portal->ra, r, acts[i].event, x->now))
            set_key(x, node, acts[i].attribute, acts[i].act, r->number);
    for (gsize i = 0; i < G_N_ELEMENTS(ends); i++)
        if (ra_request_may_now(x->portal->ra, r, ends[i], x->now)) {
            set_key(x, node, "revoke-key", "desk-revoke", r->person);
            return;
        }
}

static void
send_request(Exchange *x, const RaRequest *r, const GPtrArray *mails, const GPtrArray *previous)
{
    g_autofree char *path = path_of(x->number);
    g_autoptr(GError) error = NULL;
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "desk-request", path, &root);
    web_set(root, "notice", helpdesk_done(x));
    WebNode *person = web_add(root, "person");
    web_set_number(person, "id", r->person);
    page_names(person, r->display_name, r->display_name_ja);
    WebNode *node = describe_request(x, root, r);
    add_acts(x, node, r);
    describe_renewal(x, root, r);
    describe_login(x, root, r);
    describe_certificate(x, root, r);
    describe_pickup(x, root, r, NULL); /* the PIN is its owner's alone */
    describe_previous(x, root, previous);
    describe_mails(x, root, mails);
    if (helpdesk_request_trail(x, root, r->number, &error))
        page_send(x, 200, document);
    else
        page_failure(x, error, "/helpdesk");
}

void
helpdesk_request(Exchange *x)
{
    const RaOfficer officer = helpdesk_officer(x);
    RaContext *ra = x->portal->ra;
    g_autoptr(GError) error = NULL;
    g_autoptr(RaRequest) r = ra_officer_request(ra, &officer, x->number, &error);
    g_autoptr(GPtrArray) mails = r ? ra_request_mails(ra, r->person, x->number, &error) : NULL;
    g_autoptr(GPtrArray) previous = mails ? ra_request_previous(ra, r->person, x->number, &error) : NULL;
    if (previous)
        send_request(x, r, mails, previous);
    else
        page_failure(x, error, "/helpdesk");
}

/* --- acts --- */

/* Words to the owner are no note. */
static const char *
words_field(const char *event)
{
    return strcmp(event, "refuse") == 0 ? "reason" : "note";
}

/* A renewal is an application. */
static const char *
policy_word(const char *event)
{
    return strcmp(event, "renew") == 0 ? "apply" : event;
}

static void
ask(Exchange *x, int status, const RaRequest *r, const char *event, const char *problem)
{
    const RaOfficer officer = helpdesk_officer(x);
    g_autofree char *path = path_of(x->number);
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "desk-act", path, &root);
    web_set(root, "act", event);
    web_set(root, "form-key", form_text(x->form, "form_key"));
    page_text(root, words_field(event), form_text(x->form, words_field(event)));
    WebNode *person = web_add(root, "person");
    web_set_number(person, "id", r->person);
    page_names(person, r->display_name, r->display_name_ja);
    describe_request(x, root, r);
    describe_pickup(x, root, r, NULL);
    web_set_flag(root, "two", ra_proposal_needed(x->portal->ra, &officer, r->person, policy_word(event), NULL));
    if (problem)
        helpdesk_problem(root, words_field(event), strcmp(problem, "refusal-missing") == 0 ? "missing" : "long");
    page_send(x, status, document);
}

static void
act_now(Exchange *x, const RaOfficer *officer, const RaRequest *r, const char *event, GBytes *key)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *location = NULL, *path = path_of(x->number);
    g_autofree char *pattern = g_strdup_printf("/helpdesk/requests/%%N?done=desk-%s", event);
    const struct ra_form form = { .key_hash = key, .location = pattern };
    if (ra_officer_act(x->portal->ra, officer, x->number, event, form_text(x->form, words_field(event)), &form, &location, &error)) {
        http_see_other(&x->out, location);
        x->answered = TRUE;
    } else if (g_error_matches(error, RA_ERROR, RA_ERROR_INPUT)) {
        ask(x, 400, r, event, ra_error_rule(error));
    } else {
        page_failure(x, error, path);
    }
}

static void
act(Exchange *x, const char *event)
{
    const RaOfficer officer = helpdesk_officer(x);
    g_autofree char *word = g_strconcat("desk-", event, NULL);
    g_autofree char *what = describe_act(word, x->number), *path = path_of(x->number);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) key = guard_form_hash(x, what);
    g_autoptr(RaRequest) r = ra_officer_request(x->portal->ra, &officer, x->number, &error);
    if (!r)
        page_failure(x, error, "/helpdesk");
    else if (!key)
        page_error(x, 403, "form", path);
    else if (strcmp(form_text(x->form, "confirm"), "1") == 0)
        act_now(x, &officer, r, event, key);
    else if (ra_request_may_now(x->portal->ra, r, event, x->now))
        ask(x, 200, r, event, NULL);
    else
        page_error(x, 409, "conflict", path);
}

void
helpdesk_approve(Exchange *x)
{
    act(x, "approve");
}

void
helpdesk_refuse(Exchange *x)
{
    act(x, "refuse");
}

void
helpdesk_new_pin(Exchange *x)
{
    act(x, "new-pin");
}

void
helpdesk_resend(Exchange *x)
{
    act(x, "resend");
}

void
helpdesk_renew(Exchange *x)
{
    act(x, "renew");
}
