#include "fcgi/code.h"

#include <string.h>

#include "db/log.h"
#include "fcgi/cookie.h"
#include "fcgi/describe.h"
#include "fcgi/guard.h"
#include "fcgi/handlers.h"
#include "fcgi/page.h"
#include "ra/code.h"
#include "ra/error.h"

#define DONE_SECONDS 600 /* that the browser may show what became of it */

/* --- giving it out -------------------------------------------------------------------------------------------------------- */

static WebNode *
add_code(const Exchange *x, WebNode *root, gint64 request, const Secret *code)
{
    WebNode *node = web_add(root, "code");
    g_autofree char *url = g_strconcat(portal_setting(x->portal, "service", "url"), "/revoke", NULL);
    web_set(node, "url", url);
    if (code) {
        web_set(node, "text", secret_text(code));
        page_time(x, node, "made-at", x->now);
    } else {
        page_time(x, node, "made-at", ra_code_made(x->portal->ra, request));
    }
    return node;
}

void
code_of_pickup(const Exchange *x, WebNode *root, gint64 request, gboolean replace)
{
    const struct ra_who who = exchange_who(x);
    g_autoptr(GError) error = NULL;
    g_autoptr(Secret) code = ra_code_give(x->portal->ra, &who, request, replace, &error);
    if (!error)
        add_code(x, root, request, code);
    else if (!g_error_matches(error, RA_ERROR, RA_ERROR_CONFLICT)) /* revoked meanwhile: nothing to give */
        log_error("revocation-code-not-given", error);
}

void
code_of_request(const Exchange *x, WebNode *root, gint64 request)
{
    g_autofree char *act = describe_act("code", request);
    g_autofree char *key = guard_form_key(x, act);
    web_set(add_code(x, root, request, NULL), "form-key", key);
}

static void
show(Exchange *x, const RaRequest *request, const char *name, const Secret *code)
{
    g_autofree char *path = g_strdup_printf("/certificates/%" G_GINT64_FORMAT, x->number);
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, name, path, &root);
    describe_request(x, root, request);
    WebNode *node = add_code(x, root, request->number, code);
    if (!code)
        web_set(node, "form-key", form_text(x->form, "form_key"));
    page_send(x, 200, document);
}

static void
renew(Exchange *x, const RaRequest *request, GBytes *key)
{
    const struct ra_who who = exchange_who(x);
    const struct ra_form form = { .key_hash = key, .location = "/certificates/%N?done=code" };
    g_autofree char *location = NULL, *path = g_strdup_printf("/certificates/%" G_GINT64_FORMAT, x->number);
    g_autoptr(GError) error = NULL;
    g_autoptr(Secret) code = NULL;
    if (!ra_code_renew(x->portal->ra, &who, x->number, &form, &code, &location, &error)) {
        page_failure(x, error, path);
    } else if (code) {
        show(x, request, "code-made", code);
    } else { /* the form came again: the code is shown once */
        http_see_other(&x->out, location);
        x->answered = TRUE;
    }
}

/* POST /certificates/N/code. Where there is one, the page asks first: it will not work any more. */
void
certificate_code(Exchange *x)
{
    g_autofree char *act = describe_act("code", x->number);
    g_autofree char *path = g_strdup_printf("/certificates/%" G_GINT64_FORMAT, x->number);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) key = guard_form_hash(x, act);
    g_autoptr(RaRequest) request = ra_request_get(x->portal->ra, x->session->person, x->number, &error);
    if (!request)
        page_failure(x, error, "/certificates");
    else if (!key)
        page_error(x, 403, "form", path);
    else if (strcmp(form_text(x->form, "confirm"), "1") == 0)
        renew(x, request, key);
    else if (!ra_request_may_now(x->portal->ra, request, "revoke", x->now))
        page_error(x, 409, "conflict", path);
    else
        show(x, request, "code-confirm", NULL);
}

/* --- using it, without a login -------------------------------------------------------------------------------------------- */

/* RULE: NULL, "unmatched" for every miss alike, or "missing". Nothing of the code comes back to the page. */
static void
send_form(Exchange *x, int status, const char *rule)
{
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "revoke-code", "/revoke", &root);
    page_text(root, "number", x->form ? form_text(x->form, "number") : form_text(x->query, "number"));
    if (rule) {
        WebNode *problem = web_add(root, "problem");
        web_set(problem, "field", "code");
        web_set(problem, "rule", rule);
    }
    page_send(x, status, document);
}

static void
set_target(const Exchange *x, WebNode *root, const RaCodeTarget *target)
{
    WebNode *node = web_add(root, "certificate");
    web_set_number(node, "number", target->number);
    web_set(node, "type", target->type);
    web_set_number(node, "months", target->months);
    web_set(node, "memo", target->memo);
    web_set(node, "state", target->state);
    web_set_number(node, "same-memo", target->same_memo);
    page_time(x, node, "not-after", target->not_after);
    page_time(x, node, "revoked-at", target->revoked_at);
}

static void
send_target(Exchange *x, const char *name, int status, const RaCodeTarget *target, const char *problem)
{
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, name, "/revoke", &root);
    set_target(x, root, target);
    if (strcmp(name, "revoke-code-confirm") == 0) {
        web_set(root, "code", form_text(x->form, "code"));
        web_set(root, "reason", *form_text(x->form, "reason") ? form_text(x->form, "reason") : "keyCompromise");
        web_set_flag(root, "all", *form_text(x->form, "all") != '\0');
    }
    if (problem) {
        WebNode *said = web_add(root, "problem");
        web_set(said, "field", problem);
        web_set(said, "rule", "unknown");
    }
    page_send(x, status, document);
}

/* What became of it is told after the redirect, to the browser that did it: the request is in a sealed cookie. */
static void
go_on(Exchange *x, gint64 request)
{
    g_autofree char *name = portal_cookie(x->portal, "revoked"), *text = g_strdup_printf("%" G_GINT64_FORMAT, request);
    g_autoptr(GBytes) sealed = crypto_seal(x->portal->ra->keyring, "revoked-cookie", text, strlen(text));
    g_autofree char *value = crypto_base64url(sealed);
    cookie_set(&x->out, name, value, DONE_SECONDS, COOKIE_LAX);
    http_header(&x->out, "Cache-Control", "no-store");
    http_see_other(&x->out, "/revoke/done");
    x->answered = TRUE;
}

static void
revoke_now(Exchange *x, const RaCodeTarget *target)
{
    enum ra_code_outcome outcome = RA_CODE_DONE;
    g_autoptr(GError) error = NULL;
    gboolean all = strcmp(form_text(x->form, "all"), "1") == 0;
    if (ra_code_revoke(x->portal->ra, form_text(x->form, "number"), form_text(x->form, "code"), all,
                       form_text(x->form, "reason"), x->in->address, &outcome, &error))
        go_on(x, target->number); /* also where another one was first: the page says what is the case */
    else if (g_error_matches(error, RA_ERROR, RA_ERROR_NOT_FOUND)) /* replaced between the look and the act */
        send_form(x, 403, "unmatched");
    else if (g_error_matches(error, RA_ERROR, RA_ERROR_INPUT))
        send_target(x, "revoke-code-confirm", 400, target, "reason");
    else
        page_failure(x, error, "/revoke");
}

static gboolean
can_be_revoked(const RaCodeTarget *target)
{
    static const char *const states[] = { "collected", "renewing", "renew_ready", NULL };
    return g_strv_contains(states, target->state);
}

void
revoke_page(Exchange *x)
{
    send_form(x, 200, NULL);
}

void
revoke_by_code(Exchange *x)
{
    g_autoptr(GError) error = NULL;
    const char *number = form_text(x->form, "number"), *code = form_text(x->form, "code");
    if (!*number || !*code) {
        send_form(x, 400, "missing");
        return;
    }
    g_autoptr(RaCodeTarget) target = ra_code_look(x->portal->ra, number, code, &error);
    if (g_error_matches(error, RA_ERROR, RA_ERROR_NOT_FOUND))
        send_form(x, 403, "unmatched");
    else if (!target)
        page_failure(x, error, "/revoke");
    else if (!can_be_revoked(target))
        send_target(x, "revoke-code-done", 200, target, NULL);
    else if (strcmp(form_text(x->form, "confirm"), "1") == 0)
        revoke_now(x, target);
    else
        send_target(x, "revoke-code-confirm", 200, target, NULL);
}

void
revoke_done(Exchange *x)
{
    g_autofree char *name = portal_cookie(x->portal, "revoked");
    g_autofree char *value = cookie_get(x->in->cookies, name);
    g_autoptr(GBytes) sealed = value ? crypto_unbase64url(value) : NULL;
    g_autoptr(Secret) text = sealed ? crypto_open(x->portal->ra->keyring, "revoked-cookie", sealed, NULL) : NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(RaCodeTarget) target =
        text ? ra_code_target(x->portal->ra, g_ascii_strtoll(secret_text(text), NULL, 10), &error) : NULL;
    if (target) {
        send_target(x, "revoke-code-done", 200, target, NULL);
    } else if (error) {
        page_failure(x, error, "/revoke");
    } else { /* not the browser that did it, or some time ago */
        http_see_other(&x->out, "/revoke");
        x->answered = TRUE;
    }
}
