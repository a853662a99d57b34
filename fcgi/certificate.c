#include <string.h>

#include "fcgi/code.h"
#include "fcgi/describe.h"
#include "fcgi/guard.h"
#include "fcgi/handlers.h"
#include "fcgi/page.h"
#include "fcgi/stepup.h"
#include "ra/error.h"
#include "ra/institution.h"

#define MEMO_LONGEST 200 /* characters; the database holds it too */

static char *
path_of(gint64 number)
{
    return g_strdup_printf("/certificates/%" G_GINT64_FORMAT, number);
}

/* --- the page --- */

/* PROBLEM: of the memo's form ("long"), or NULL. */
static void
send_detail(Exchange *x, int status, const char *problem)
{
    gint64 person = x->session->person;
    RaContext *ra = x->portal->ra;
    g_autoptr(GError) error = NULL;
    g_autoptr(RaRequest) request = ra_request_get(ra, person, x->number, &error);
    g_autoptr(GPtrArray) mails = request ? ra_request_mails(ra, person, x->number, &error) : NULL;
    g_autoptr(GPtrArray) events = mails ? ra_request_history(ra, person, x->number, &error) : NULL;
    g_autoptr(GPtrArray) previous = events ? ra_request_previous(ra, person, x->number, &error) : NULL;
    if (!previous) {
        page_failure(x, error, "/certificates");
        return;
    }
    g_autoptr(Secret) pin = ra_request_pin(ra, person, x->number, NULL);
    g_autofree char *path = path_of(x->number);
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "detail", path, &root);
    web_set(root, "notice", describe_done(x));
    WebNode *node = describe_request(x, root, request);
    describe_acts(x, node, request);
    describe_renewal(x, root, request);
    describe_login(x, root, request);
    describe_certificate(x, root, request);
    if (ra_request_may_now(ra, request, "revoke", x->now))
        code_of_request(x, root, x->number);
    describe_pickup(x, root, request, pin ? secret_text(pin) : NULL);
    describe_previous(x, root, previous);
    describe_mails(x, root, mails);
    describe_events(x, root, events);
    if (problem) {
        WebNode *said = web_add(root, "problem");
        web_set(said, "field", "memo");
        web_set(said, "rule", problem);
        web_set_number(said, "limit", MEMO_LONGEST);
    }
    page_send(x, status, document);
}

void
certificate_detail(Exchange *x)
{
    send_detail(x, 200, NULL);
}

/* --- acts --- */

/* Where only the login is not as the profile asks for this renewal. */
static gboolean
led_to_step_up(Exchange *x, const GError *error, const char *path)
{
    g_autoptr(RaRequest) request = stepup_wanted(error) ? ra_request_get(x->portal->ra, x->session->person, x->number, NULL) : NULL;
    g_autofree char *return_to = g_strconcat(path, "?done=stepped-up", NULL);
    return request && stepup_answer(x, error, request->type, request->months, return_to, path);
}

static void
fail(Exchange *x, const GError *error)
{
    g_autofree char *path = path_of(x->number);
    if (led_to_step_up(x, error, path))
        return;
    page_failure(x, error, g_error_matches(error, RA_ERROR, RA_ERROR_NOT_FOUND) ? "/certificates" : path);
}

/* The hash of the form's key for the act NAME. Otherwise answers and returns NULL: what is missing and what is another person's
   look alike, with a key or without. */
static GBytes *
key_of(Exchange *x, const char *name)
{
    g_autofree char *what = describe_act(name, x->number);
    GBytes *key = guard_form_hash(x, what);
    if (key)
        return key;
    g_autoptr(GError) error = NULL;
    g_autoptr(RaRequest) request = ra_request_get(x->portal->ra, x->session->person, x->number, &error);
    g_autofree char *path = path_of(x->number);
    if (request)
        page_error(x, 403, "form", path);
    else
        fail(x, error);
    return NULL;
}

/* --- acts that need no second question --- */

static void
back_with(Exchange *x, const char *word)
{
    g_autofree char *location = g_strdup_printf("/certificates/%" G_GINT64_FORMAT "?done=%s", x->number, word);
    http_see_other(&x->out, location);
    x->answered = TRUE;
}

void
certificate_memo(Exchange *x)
{
    g_autoptr(GError) error = NULL;
    const struct ra_who who = exchange_who(x);
    if (ra_request_memo(x->portal->ra, &who, x->number, form_text(x->form, "memo"), &error))
        back_with(x, "memo");
    else if (g_error_matches(error, RA_ERROR, RA_ERROR_INPUT))
        send_detail(x, 400, "long");
    else
        page_failure(x, error, "/certificates");
}

typedef gboolean (*Act)(RaContext *, const struct ra_who *, gint64, const struct ra_form *, char **, GError **);

/* WORD: what the page says was done. */
static void
act_at_once(Exchange *x, const char *name, Act act, const char *word)
{
    g_autoptr(GBytes) key = key_of(x, name);
    if (!key)
        return;
    g_autoptr(GError) error = NULL;
    g_autofree char *location = NULL, *pattern = g_strconcat("/certificates/%N?done=", word, NULL);
    const struct ra_form form = { .key_hash = key, .location = pattern };
    const struct ra_who who = exchange_who(x);
    if (!act(x->portal->ra, &who, x->number, &form, &location, &error)) {
        fail(x, error);
        return;
    }
    http_see_other(&x->out, location);
    x->answered = TRUE;
}

void
certificate_new_pin(Exchange *x)
{
    act_at_once(x, "pin", ra_request_new_pin, "pin");
}

void
certificate_resend(Exchange *x)
{
    act_at_once(x, "resend", ra_request_resend, "resend");
}

/* --- acts that ask once more --- */

static gboolean
confirmed(const Exchange *x)
{
    return strcmp(form_text(x->form, "confirm"), "1") == 0;
}

/* The confirm page PAGE with request and certificate; its one form carries the key on. ROOT for what else it has. */
static WebDocument *
confirm_page(Exchange *x, const char *page, const RaRequest *request, WebNode **root)
{
    g_autofree char *path = path_of(x->number);
    WebDocument *document = page_new(x, page, path, root);
    WebNode *node = describe_request(x, *root, request);
    web_set(node, "form-key", form_text(x->form, "form_key"));
    describe_certificate(x, *root, request);
    return document;
}

static void
ask_renew(Exchange *x, GError **error)
{
    const struct ra_who who = exchange_who(x);
    g_autoptr(RaPreview) preview = ra_request_renew_preview(x->portal->ra, &who, x->number, x->now, error);
    g_autoptr(RaRequest) request = preview ? ra_request_get(x->portal->ra, who.person, x->number, error) : NULL;
    g_autoptr(RaInstitution) institution = request ? ra_institution_get(x->portal->ra, request->institution, error) : NULL;
    if (!institution)
        return;
    WebNode *root;
    g_autoptr(WebDocument) document = confirm_page(x, "renew-confirm", request, &root);
    WebNode *renewal = web_add(root, "renewal");
    if (strcmp(preview->common_name, request->common_name) != 0) {
        web_set(renewal, "name", preview->common_name);
        web_set(renewal, "was", request->common_name);
    }
    page_time(x, renewal, "not-before", preview->not_before);
    page_time(x, renewal, "not-after", preview->not_after);
    if (institution->grace_days >= 0)
        web_set_number(renewal, "grace-days", institution->grace_days);
    page_send(x, 200, document);
}

static void
ask_withdraw(Exchange *x, GError **error)
{
    g_autoptr(RaRequest) request = ra_request_get(x->portal->ra, x->session->person, x->number, error);
    if (!request)
        return;
    if (!ra_request_may_now(x->portal->ra, request, "withdraw", x->now)) {
        g_set_error_literal(error, RA_ERROR, RA_ERROR_CONFLICT, "state");
        return;
    }
    WebNode *root;
    g_autoptr(WebDocument) document = confirm_page(x, "withdraw-confirm", request, &root);
    page_send(x, 200, document);
}

/* ask: the page that asks once more; it answers, or leaves ERROR. */
static void
act_confirmed(Exchange *x, const char *name, void (*ask)(Exchange *, GError **), Act act, const char *location_pattern)
{
    g_autoptr(GBytes) key = key_of(x, name);
    g_autoptr(GError) error = NULL;

    if (!key)
        return;
    if (!confirmed(x)) {
        ask(x, &error);
    } else {
        g_autofree char *location = NULL;
        const struct ra_form form = { .key_hash = key, .location = location_pattern };
        const struct ra_who who = exchange_who(x);
        if (act(x->portal->ra, &who, x->number, &form, &location, &error)) {
            http_see_other(&x->out, location);
            x->answered = TRUE;
        }
    }
    if (error)
        fail(x, error);
}

void
certificate_renew(Exchange *x)
{
    act_confirmed(x, "renew", ask_renew, ra_request_renew, "/certificates/%N/accepted");
}

void
certificate_withdraw(Exchange *x)
{
    /* A request, or only its renewal: the page says which. */
    g_autoptr(RaRequest) request = ra_request_get(x->portal->ra, x->session->person, x->number, NULL);
    act_confirmed(x, "withdraw", ask_withdraw, ra_request_withdraw,
                  request && request->serial ? "/certificates/%N?done=renew-withdraw" : "/certificates/%N?done=withdraw");
}

/* --- revoking: a reason besides --- */

/* PROBLEM: with the reason ("missing", "unknown"), or NULL. */
static void
send_revoke_confirm(Exchange *x, int status, const char *reason, const char *problem, GError **error)
{
    const struct ra_who who = exchange_who(x);
    if (!ra_request_revoke_check(x->portal->ra, &who, x->number, NULL, error))
        return;
    g_autoptr(RaRequest) request = ra_request_get(x->portal->ra, who.person, x->number, error);
    if (!request)
        return;
    WebNode *root;
    g_autoptr(WebDocument) document = confirm_page(x, "revoke-confirm", request, &root);
    if (*reason && !problem)
        web_set(root, "reason", reason);
    if (problem) {
        WebNode *said = web_add(root, "problem");
        web_set(said, "field", "reason");
        web_set(said, "rule", problem);
    }
    page_send(x, status, document);
}

static void
revoke_now(Exchange *x, GBytes *key, const char *reason, GError **error)
{
    g_autofree char *location = NULL;
    const struct ra_form form = { .key_hash = key, .location = "/certificates/%N?done=revoke" };
    const struct ra_who who = exchange_who(x);
    if (ra_request_revoke(x->portal->ra, &who, x->number, reason, &form, &location, error)) {
        http_see_other(&x->out, location);
        x->answered = TRUE;
    }
}

void
certificate_revoke(Exchange *x)
{
    g_autoptr(GBytes) key = key_of(x, "revoke");
    g_autoptr(GError) error = NULL;
    const char *reason = form_text(x->form, "reason");
    gboolean known = g_strv_contains(ra_revoke_reasons, reason);

    if (!key)
        return;
    if (*reason && !known)
        send_revoke_confirm(x, 400, reason, "unknown", &error);
    else if (!confirmed(x))
        send_revoke_confirm(x, 200, reason, NULL, &error);
    else if (!known)
        send_revoke_confirm(x, 400, reason, "missing", &error);
    else
        revoke_now(x, key, reason, &error);
    if (error)
        fail(x, error);
}
