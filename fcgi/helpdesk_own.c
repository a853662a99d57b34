#include <string.h>

#include "fcgi/describe.h"
#include "fcgi/guard.h"
#include "fcgi/handlers.h"
#include "fcgi/helpdesk.h"
#include "fcgi/page.h"
#include "ra/error.h"
#include "ra/registration.h"

/* An officer renews the certificate by presenting it: the URL of the new one comes by mail, its PIN is shown here alone. */

#define HERE "/helpdesk/renew"

static RaRequest *
own_request(Exchange *x, GError **error)
{
    return ra_request_get(x->portal->ra, x->session->person, x->session->request, error);
}

/* The PIN of what waits to be collected; nothing where it is not there yet. */
static void
add_pin(Exchange *x, WebNode *root, const RaRequest *r)
{
    g_autoptr(Secret) pin = r->has_pin ? ra_request_pin(x->portal->ra, x->session->person, r->number, NULL) : NULL;
    if (pin)
        helpdesk_pin(root, secret_text(pin));
}

static WebDocument *
page_of(Exchange *x, const char *name, const RaRequest *r, WebNode **root)
{
    WebDocument *document = page_new(x, name, HERE, root);
    g_autofree char *act = describe_act("officer-renew", r->number);
    describe_request(x, *root, r);
    describe_certificate(x, *root, r);
    describe_renewal(x, *root, r);
    describe_pickup(x, *root, r, NULL);
    page_time(x, *root, "from", r->not_after - RA_REGISTRATION_RENEWABLE * 86400);
    if (x->form) {
        web_set(*root, "form-key", form_text(x->form, "form_key"));
    } else if (ra_registration_renewable(x->portal->ra, r, x->now)) {
        g_autofree char *key = guard_form_key(x, act);
        web_set(*root, "form-key", key);
    }
    return document;
}

void
helpdesk_own_page(Exchange *x)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(RaRequest) r = own_request(x, &error);
    if (!r) {
        page_failure(x, error, "/helpdesk");
        return;
    }
    WebNode *root;
    g_autoptr(WebDocument) document = page_of(x, "desk-renew", r, &root);
    if (strcmp(r->state, "renew_ready") == 0)
        add_pin(x, root, r);
    page_send(x, 200, document);
}

static void
renew_now(Exchange *x, const RaRequest *r, GBytes *key)
{
    const RaOfficer officer = helpdesk_officer(x);
    const struct ra_form form = { .key_hash = key, .location = HERE };
    g_autofree char *location = NULL;
    g_autoptr(GError) error = NULL;
    if (ra_registration_renew(x->portal->ra, &officer, r->number, x->presented->check->fingerprint, &form, &location, &error)) {
        http_see_other(&x->out, location);
        x->answered = TRUE;
    } else if (g_error_matches(error, RA_ERROR, RA_ERROR_CONFLICT)) {
        page_error(x, 409, "conflict", HERE);
    } else {
        page_failure(x, error, HERE);
    }
}

void
helpdesk_own_renew(Exchange *x)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(RaRequest) r = own_request(x, &error);
    g_autofree char *act = describe_act("officer-renew", x->session->request);
    g_autoptr(GBytes) key = guard_form_hash(x, act);
    if (!r)
        page_failure(x, error, "/helpdesk");
    else if (!key)
        page_error(x, 403, "form", HERE);
    else if (strcmp(form_text(x->form, "confirm"), "1") == 0)
        renew_now(x, r, key);
    else if (!ra_registration_renewable(x->portal->ra, r, x->now))
        page_error(x, 409, "conflict", HERE);
    else {
        WebNode *root;
        g_autoptr(WebDocument) document = page_of(x, "desk-renew-confirm", r, &root);
        page_send(x, 200, document);
    }
}
