#include <string.h>

#include "fcgi/describe.h"
#include "fcgi/guard.h"
#include "fcgi/handlers.h"
#include "fcgi/helpdesk.h"
#include "fcgi/page.h"
#include "ra/error.h"
#include "ra/registration.h"

static char *
path_of(gint64 id)
{
    return g_strdup_printf("/helpdesk/officers/%" G_GINT64_FORMAT, id);
}

static void
set_key(const Exchange *x, WebNode *node, const char *attribute, const char *act, gint64 number)
{
    g_autofree char *what = describe_act(act, number);
    g_autofree char *key = guard_form_key(x, what);
    web_set(node, attribute, key);
}

/* --- parts of the pages --- */

static WebNode *
add_officer(const Exchange *x, WebNode *root, const RaRegistration *r)
{
    WebNode *node = web_add(root, "officer");
    web_set_number(node, "id", r->id);
    web_set(node, "role", r->role);
    page_names(node, r->name, r->name_ja);
    web_set(node, "mail", r->mail);
    web_set_number(node, "person", r->person);
    if (r->number)
        web_set_number(node, "number", r->number);
    page_text(node, "state", r->state);
    page_text(node, "serial", r->serial);
    web_set_flag(node, "pin", r->has_pin);
    page_time(x, node, "not-after", r->not_after);
    page_time(x, node, "registered-at", r->registered_at);
    page_time(x, node, "ended-at", r->ended_at);
    page_names(web_add(node, "institution"), r->institution_name, r->institution_name_ja);
    return node;
}

/* --- the list --- */

static void
add_next(const Exchange *x, WebNode *root, const RaRegistrationFilter *filter, const RaRegistration *last)
{
    g_autofree char *text = g_uri_escape_string(form_text(x->query, "q"), NULL, FALSE);
    g_autofree char *next = g_strdup_printf("/helpdesk/officers?q=%s&institution=%" G_GINT64_FORMAT "%s&before=%" G_GINT64_FORMAT,
                                            text, filter->institution, filter->ended ? "&ended=1" : "", last->id);
    web_set(root, "next", next);
}

void
helpdesk_officers(Exchange *x)
{
    const RaRegistrationFilter filter = { .institution = MAX(form_number(x->query, "institution"), 0),
                                          .before = MAX(form_number(x->query, "before"), 0), .text = form_text(x->query, "q"),
                                          .ended = strcmp(form_text(x->query, "ended"), "1") == 0 };
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) list = ra_registration_list(x->portal->ra, &filter, &error);
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "desk-officers", "/helpdesk/officers", &root);
    if (!list || !helpdesk_choices(x, root, filter.institution, &error)) {
        page_failure(x, error, "/helpdesk");
        return;
    }
    page_text(root, "q", filter.text);
    web_set_flag(root, "ended", filter.ended);
    web_set_flag(root, "asked", *filter.text || filter.institution || filter.ended);
    for (guint i = 0; i < MIN(list->len, RA_REGISTRATION_PAGE); i++)
        add_officer(x, root, list->pdata[i]);
    if (list->len > RA_REGISTRATION_PAGE)
        add_next(x, root, &filter, list->pdata[RA_REGISTRATION_PAGE - 1]);
    page_send(x, 200, document);
}

/* --- registering --- */

static char *
sent(const Exchange *x, const char *field)
{
    return g_strstrip(g_strdup(form_text(x->form, field)));
}

/* The form as it was sent, on the page that asks once more (CONFIRM) or on the form itself. */
static WebDocument *
register_page(Exchange *x, const char *page, const RaRegistrationNew *who, WebNode **root, GError **error)
{
    g_autoptr(WebDocument) document = page_new(x, page, "/helpdesk/officers/new", root);
    page_text(*root, "name", who->name);
    page_text(*root, "name-ja", who->name_ja);
    page_text(*root, "mail", who->mail);
    page_text(*root, "role", who->role);
    if (x->form)
        web_set(*root, "form-key", form_text(x->form, "form_key"));
    else
        set_key(x, *root, "form-key", "officer-register", 0);
    return helpdesk_choices(x, *root, who->institution, error) ? g_steal_pointer(&document) : NULL;
}

static void
send_form(Exchange *x, int status, const RaRegistrationNew *who, const char *field, const char *rule)
{
    g_autoptr(GError) error = NULL;
    WebNode *root;
    g_autoptr(WebDocument) document = register_page(x, "desk-officer-new", who, &root, &error);
    if (!document) {
        page_failure(x, error, "/helpdesk/officers");
        return;
    }
    if (field) {
        WebNode *problem = web_add(root, "problem");
        web_set(problem, "field", field);
        web_set(problem, "rule", rule);
    }
    page_send(x, status, document);
}

void
helpdesk_officer_new(Exchange *x)
{
    const RaRegistrationNew nobody = { .institution = MAX(form_number(x->query, "institution"), 0), .name = "", .name_ja = "",
                                       .mail = "", .role = "officer" };
    send_form(x, 200, &nobody, NULL, NULL);
}

static void
send_confirm(Exchange *x, const RaRegistrationNew *who)
{
    g_autoptr(GError) error = NULL;
    WebNode *root;
    g_autoptr(WebDocument) document = register_page(x, "desk-officer-confirm", who, &root, &error);
    if (document)
        page_send(x, 200, document);
    else
        page_failure(x, error, "/helpdesk/officers");
}

static void
register_now(Exchange *x, const RaRegistrationNew *who, GBytes *key)
{
    const RaOfficer operator = helpdesk_officer(x);
    const struct ra_form form = { .key_hash = key, .location = "/helpdesk/officers/%N?done=officer-registered" };
    g_autofree char *location = NULL;
    g_autoptr(GError) error = NULL;
    if (ra_registration_add(x->portal->ra, &operator, who, &form, &location, &error)) {
        http_see_other(&x->out, location);
        x->answered = TRUE;
        return;
    }
    const char *field = ra_registration_field(error);
    if (field)
        send_form(x, 422, who, field, strcmp(ra_error_rule(error), "officer-registered") == 0 ? "registered" : "domain");
    else
        page_failure(x, error, "/helpdesk/officers");
}

void
helpdesk_officer_add(Exchange *x)
{
    g_autofree char *name = sent(x, "name"), *name_ja = sent(x, "name_ja"), *mail = sent(x, "mail");
    const RaRegistrationNew who = { .institution = MAX(form_number(x->form, "institution"), 0), .name = name, .name_ja = name_ja,
                                    .mail = mail, .role = form_text(x->form, "role") };
    g_autofree char *act = describe_act("officer-register", 0);
    g_autoptr(GBytes) key = guard_form_hash(x, act);
    g_autoptr(GError) error = NULL;
    const char *field = NULL, *rule = key ? ra_registration_breaks(x->portal->ra, &who, &field, &error) : NULL;
    if (!key)
        page_error(x, 403, "form", "/helpdesk/officers/new");
    else if (error)
        page_failure(x, error, "/helpdesk/officers");
    else if (rule)
        send_form(x, 400, &who, field, rule);
    else if (strcmp(form_text(x->form, "confirm"), "1") == 0)
        register_now(x, &who, key);
    else
        send_confirm(x, &who);
}

/* --- one of them --- */

static const char *
done(const Exchange *x)
{
    static const char *const words[] = { "officer-registered", "officer-certificate", "officer-end", NULL };
    const char *word = form_text(x->query, "done");
    return g_strv_contains(words, word) ? word : NULL;
}

static gboolean
is_over(const char *state)
{
    static const char *const over[] = { "revoking", "revoked", "expired", "lapsed", "refused", NULL };
    return !state || g_strv_contains(over, state);
}

void
helpdesk_officer_page(Exchange *x)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(RaRegistration) r = ra_registration_get(x->portal->ra, x->number, &error);
    if (!r) {
        page_failure(x, error, "/helpdesk/officers");
        return;
    }
    g_autofree char *path = path_of(r->id);
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "desk-officer", path, &root);
    web_set(root, "notice", done(x));
    WebNode *node = add_officer(x, root, r);
    if (!r->ended_at) {
        set_key(x, node, "end-key", "officer-end", r->id);
        if (is_over(r->state))
            set_key(x, node, "certificate-key", "officer-certificate", r->id);
    }
    page_send(x, 200, document);
}

/* --- the sheet: the PIN on paper, which an operator hands over --- */

static void
send_sheet(Exchange *x, const RaRegistration *r, const Secret *pin)
{
    g_autofree char *helpdesk = g_strconcat(portal_setting(x->portal, "service", "client_url"), "/helpdesk", NULL);
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "desk-sheet", NULL, &root);
    add_officer(x, root, r);
    web_set(root, "address", helpdesk);
    helpdesk_pin(root, secret_text(pin));
    page_send(x, 200, document);
}

void
helpdesk_officer_sheet(Exchange *x)
{
    const RaOfficer operator = helpdesk_officer(x);
    g_autoptr(GError) error = NULL;
    g_autofree char *path = path_of(x->number);
    g_autoptr(RaRegistration) r = ra_registration_get(x->portal->ra, x->number, &error);
    g_autoptr(Secret) pin = NULL;
    if (r && !r->has_pin) { /* not made yet, or collected: the page says which */
        page_error(x, 409, "conflict", path);
        return;
    }
    if (r)
        pin = ra_registration_sheet(x->portal->ra, &operator, r, &error);
    if (pin)
        send_sheet(x, r, pin);
    else
        page_failure(x, error, r ? path : "/helpdesk/officers");
}

/* --- another certificate; the end --- */

typedef gboolean (*Act)(Exchange *x, gint64 id, const struct ra_form *form, char **location, GError **error);

static gboolean
apply_now(Exchange *x, gint64 id, const struct ra_form *form, char **location, GError **error)
{
    const RaOfficer operator = helpdesk_officer(x);
    return ra_registration_apply(x->portal->ra, &operator, id, form, location, error);
}

static gboolean
end_now(Exchange *x, gint64 id, const struct ra_form *form, char **location, GError **error)
{
    const RaOfficer operator = helpdesk_officer(x);
    return ra_registration_end(x->portal->ra, &operator, id, form_text(x->form, "note"), form, location, error);
}

static void
ask(Exchange *x, int status, const RaRegistration *r, const char *act, const char *problem)
{
    g_autofree char *path = path_of(r->id);
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "desk-officer-act", path, &root);
    web_set(root, "act", act);
    web_set(root, "form-key", form_text(x->form, "form_key"));
    page_text(root, "note", form_text(x->form, "note"));
    add_officer(x, root, r);
    if (problem)
        helpdesk_problem(root, problem, "unknown");
    page_send(x, status, document);
}

static void
act(Exchange *x, const char *word, Act how)
{
    g_autofree char *what = describe_act(word, x->number), *path = path_of(x->number), *location = NULL;
    g_autofree char *there = g_strdup_printf("%s?done=%s", path, word);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) key = guard_form_hash(x, what);
    g_autoptr(RaRegistration) r = ra_registration_get(x->portal->ra, x->number, &error);
    const struct ra_form form = { .key_hash = key, .location = there };
    if (!r)
        page_failure(x, error, "/helpdesk/officers");
    else if (!key)
        page_error(x, 403, "form", path);
    else if (strcmp(form_text(x->form, "confirm"), "1") != 0)
        ask(x, 200, r, word, NULL);
    else if (how(x, r->id, &form, &location, &error)) {
        http_see_other(&x->out, location);
        x->answered = TRUE;
    } else if (g_error_matches(error, RA_ERROR, RA_ERROR_INPUT)) {
        ask(x, 400, r, word, ra_error_rule(error));
    } else if (g_error_matches(error, RA_ERROR, RA_ERROR_CONFLICT)) {
        page_error(x, 409, "conflict", path);
    } else {
        page_failure(x, error, path);
    }
}

void
helpdesk_officer_certificate(Exchange *x)
{
    act(x, "officer-certificate", apply_now);
}

void
helpdesk_officer_end(Exchange *x)
{
    act(x, "officer-end", end_now);
}
