#include <string.h>

#include "ca/crypto.h"
#include "db/log.h"
#include "fcgi/code.h"
#include "fcgi/cookie.h"
#include "fcgi/guard.h"
#include "fcgi/handlers.h"
#include "fcgi/page.h"
#include "ra/device.h"
#include "ra/error.h"
#include "ra/password.h"
#include "ra/pickup.h"
#include "ra/publish.h"

#define TOKEN_SIZE  43  /* characters, of crypto_token */
#define DEVICE_SECONDS 86400 /* that a browser remembers what its file is for */
#define WAY_SECONDS 900 /* that the sealed token stays in its cookie while its owner logs in */

/* --- the token on its way through a login: in a sealed cookie, never in a URL or a row --- */

static void
remember_token(Exchange *x)
{
    g_autofree char *name = portal_cookie(x->portal, "pickup");
    g_autoptr(GBytes) sealed = crypto_seal(x->portal->ra->keyring, "pickup-cookie", x->name, strlen(x->name));
    g_autofree char *text = crypto_base64url(sealed);
    cookie_set(&x->out, name, text, WAY_SECONDS, COOKIE_LAX);
}

/* GET /pickup: back from the login. */
void
pickup_return(Exchange *x)
{
    g_autofree char *name = portal_cookie(x->portal, "pickup");
    g_autofree char *text = cookie_get(x->in->cookies, name);
    g_autoptr(GBytes) sealed = text ? crypto_unbase64url(text) : NULL;
    g_autoptr(Secret) token = sealed ? crypto_open(x->portal->ra->keyring, "pickup-cookie", sealed, NULL) : NULL;
    g_autofree char *location = token ? g_strconcat("/pickup/", secret_text(token), NULL) : g_strdup("/certificates");
    cookie_set(&x->out, name, "", 0, COOKIE_LAX);
    http_header(&x->out, "Cache-Control", "no-store");
    http_see_other(&x->out, location);
    x->answered = TRUE;
}

/* --- parts of the pages --- */

static WebNode *
add_pickup(const Exchange *x, WebNode *root, const DbPickup *row)
{
    g_autofree char *action = g_strconcat("/pickup/", x->name, NULL);
    WebNode *node = web_add(root, "pickup");
    web_set_number(node, "number", row->request);
    web_set(node, "type", row->type);
    web_set_number(node, "months", row->months);
    web_set(node, "memo", row->memo);
    web_set(node, "kind", row->cycle > 1 ? "renewal" : "issue");
    web_set(node, "action", action);
    page_time(x, node, "until", row->collected_at ? row->keep_until : row->expires_at);
    page_time(x, node, "not-after", row->not_after);
    web_set_flag(node, "pin-mailed", row->pin_mail);
    web_set_flag(node, "by-desk", row->by_desk);
    WebNode *owner = web_add(node, "owner");
    page_names(owner, row->display_name, row->display_name_ja);
    web_set(owner, "mail", row->mail);
    return node;
}

/* This page's own URL for a phone: no more than the address bar shows. It opens nothing by itself: PIN and, where the PIN is
   mailed, the login are asked for on the phone too, and neither is ever in the code. */
static void
add_qr(const Exchange *x, WebNode *root)
{
    g_autofree char *path = g_strconcat("/pickup/", x->name, NULL);
    page_add_qr(x, root, path);
}

/* An officer's certificate is for the helpdesk on the port that asks for it; its owner has no page at the portal. */
static void
add_desk(const Exchange *x, WebNode *root, const DbPickup *row)
{
    if (strcmp(row->type, "officer") != 0)
        return;
    g_autofree char *desk = g_strconcat(portal_setting(x->portal, "service", "client_url"), "/helpdesk", NULL);
    web_set(root, "desk", desk);
}

/* Can it be tried out at /check? */
static gboolean
logs_in(const DbPickup *row)
{
    return strcmp(row->type, "smime") != 0;
}

/* LEFT: tries that remain; shown for rule "wrong" only. */
static void
send_pin_page(Exchange *x, int status, const RaPickup *pickup, const char *rule, int left)
{
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "pickup-pin", NULL, &root);
    web_set_flag(root, "collected", pickup->state == RA_PICKUP_COLLECTED);
    add_pickup(x, root, pickup->row);
    add_desk(x, root, pickup->row);
    add_qr(x, root);
    if (rule) {
        WebNode *problem = web_add(root, "problem");
        web_set(problem, "field", "pin");
        web_set(problem, "rule", rule);
        if (strcmp(rule, "wrong") == 0)
            web_set_number(problem, "left", left);
    }
    page_send(x, status, document);
}

static gboolean
owns(const Exchange *x, const DbPickup *row)
{
    return x->session && x->session->person == row->person;
}

static void
send_locked(Exchange *x, const DbPickup *row)
{
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "pickup-locked", NULL, &root);
    add_desk(x, root, row);
    if (owns(x, row))
        web_set_number(root, "number", row->request);
    page_send(x, 403, document);
}

static void
send_ended(Exchange *x, const RaPickup *pickup)
{
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "pickup-ended", NULL, &root);
    add_desk(x, root, pickup->row);
    const char *ended = pickup->row->ended;
    web_set(root, "why", pickup->state == RA_PICKUP_LAPSED ? "lapse" : ended ? ended : "erased");
    if (owns(x, pickup->row))
        web_set_number(root, "number", pickup->row->request);
    page_send(x, 410, document);
}

static void
send_other(Exchange *x)
{
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "pickup-other", NULL, &root);
    page_send(x, 403, document);
}

static void
add_keys(WebNode *root, const DbPickup *row, const char *chosen)
{
    for (char **kind = row->key_kinds; kind && *kind; kind++) {
        WebNode *key = web_add(root, "key");
        web_set(key, "kind", *kind);
        web_set_flag(key, "chosen", *chosen ? strcmp(*kind, chosen) == 0 : kind == row->key_kinds);
    }
}

/* What it is for: as chosen, else what the browser runs on. */
static const struct ra_device *
device_of(const Exchange *x)
{
    const struct ra_device *chosen = ra_device(form_text(x->form, "device"));
    return chosen ? chosen : ra_device_of(x->in->user_agent);
}

static void
add_devices(const Exchange *x, WebNode *root, const char *type)
{
    const struct ra_device *chosen = device_of(x);
    for (const struct ra_device *device = ra_devices(); device->name; device++) {
        if (!ra_device_fits(device, type))
            continue;
        WebNode *node = web_add(root, "device");
        web_set(node, "kind", device->name);
        web_set(node, "encoding", device->encoding);
        web_set_flag(node, "chosen", device == chosen);
    }
}

/* What makes keys in the browser, where it was built. */
static void
add_own_script(const Exchange *x, WebNode *root)
{
    const char *name = web_static_name(x->portal->web, "ownkey.js");
    g_autofree char *path = name ? g_strconcat("/static/", name, NULL) : NULL;
    page_text(root, "own-script", path);
}

/* The rules that hold for an own password, told before it is typed. */
static void
add_password(const Exchange *x, WebNode *root, const char *text)
{
    struct ra_password_rule rule;
    g_autoptr(GError) error = NULL;
    if (!ra_password_rule_parse(text, x->portal->settings, &rule, &error)) {
        log_error("password-rule", error); /* the download will say so too */
        return;
    }
    WebNode *password = web_add(root, "password");
    web_set_number(password, "shortest", rule.shortest);
    web_set_number(password, "longest", rule.longest);
    if (rule.advised > rule.shortest)
        web_set_number(password, "advised", rule.advised);
    if (rule.kinds > 1)
        web_set_number(password, "kinds", rule.kinds);
    g_autofree char *pattern = ra_password_pattern(&rule);
    web_set(password, "pattern", pattern);
    web_set_flag(password, "required", rule.required);
    web_set_flag(password, "any", rule.allow == RA_PASSWORD_ALL && strlen(rule.signs) == RA_PASSWORD_SIGNS);
    web_add_text(password, "signs", *rule.signs ? rule.signs : NULL);
    for (unsigned k = 0; ra_password_kinds[k]; k++)
        if (rule.allow & (1U << k))
            web_set(web_add(password, "allow"), "kind", ra_password_kinds[k]);
    for (unsigned k = 0; ra_password_kinds[k]; k++)
        if (rule.need & (1U << k))
            web_set(web_add(password, "need"), "kind", ra_password_kinds[k]);
}

/* Step 2. FIELD and RULE: what is wrong with the wish, or NULL. */
static void
send_choose(Exchange *x, int status, const DbPickup *row, const char *field, const char *rule)
{
    const char *encoding = form_text(x->form, "encoding");
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "pickup-choose", NULL, &root);
    web_set(root, "pin", form_text(x->form, "pin"));
    if (strcmp(encoding, "older") == 0 || strcmp(encoding, "modern") == 0)
        web_set(root, "encoding", encoding);
    add_pickup(x, root, row);
    add_devices(x, root, row->type);
    add_qr(x, root);
    WebNode *subject = web_add(root, "subject");
    web_set(subject, "name", row->common_name);
    web_set(subject, "mail", row->mail);
    web_set(subject, "text", row->planned_subject);
    g_autoptr(RaAuthority) issuer = ra_publish_authority(x->portal->ra, row->issuer, NULL);
    web_set(subject, "issuer", issuer && issuer->common_name ? issuer->common_name : row->issuer);
    add_password(x, root, row->password_rule);
    web_set_flag(root, "profile", ra_apple_offered(x->portal->settings));
    add_own_script(x, root);
    add_keys(root, row, form_text(x->form, "key"));
    if (field) {
        WebNode *problem = web_add(root, "problem");
        web_set(problem, "field", field);
        web_set(problem, "rule", rule);
    }
    page_send(x, status, document);
}

static gboolean
add_chain(Exchange *x, WebNode *root, const char *issuer, GError **error)
{
    g_autoptr(GPtrArray) authorities = ra_publish_authorities(x->portal->ra, error);
    if (!authorities)
        return FALSE;
    WebNode *chain = web_add(root, "chain");
    for (guint i = 0; i < authorities->len; i++) {
        const RaAuthority *authority = authorities->pdata[i];
        if (authority->parent && strcmp(authority->name, issuer) != 0)
            continue;
        WebNode *node = web_add(chain, "issuer");
        web_set(node, "name", authority->name);
        web_set(node, "cn", authority->common_name ? authority->common_name : authority->subject);
    }
    return TRUE;
}

/* Whose steps are the reader's: as chosen at the download, else of the system that the browser runs on. */
static const char *
system_of(const Exchange *x, const char *type)
{
    g_autofree char *name = portal_cookie(x->portal, "device");
    g_autofree char *word = cookie_get(x->in->cookies, name);
    const struct ra_device *device = word ? ra_device(word) : NULL;
    return device && ra_device_fits(device, type) ? device->system : page_system(x);
}

/* The systems whose steps fit the type, the reader's first. */
static void
add_guides(const Exchange *x, WebNode *root, const char *type)
{
    const char *own = system_of(x, type), *before = "";
    WebNode *first = web_add(root, "guide");
    web_set(first, "system", own);
    web_set_flag(first, "open", TRUE);
    for (const struct ra_device *device = ra_devices(); device->name; device++) {
        gboolean again = strcmp(device->system, before) == 0 || strcmp(device->system, own) == 0;
        if (!again && ra_device_fits(device, type))
            web_set(web_add(root, "guide"), "system", device->system);
        before = device->system;
    }
}

/* Step 3 where the person made the key: what was collected is the certificate with its chain. */
static void
send_install_own(Exchange *x, const DbPickup *row, gboolean new_code)
{
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "pickup-own", NULL, &root);
    g_autofree char *file = g_strdup_printf("inkan-%" G_GINT64_FORMAT ".p12", row->request);
    g_autofree char *chain = g_strdup_printf("inkan-%" G_GINT64_FORMAT ".pem", row->request);
    g_autofree char *check = g_strconcat(portal_setting(x->portal, "service", "client_url"), "/check", NULL);
    web_set(root, "pin", form_text(x->form, "pin"));
    web_set(root, "file", file);
    web_set(root, "chain", chain);
    web_set(root, "origin", row->key_origin);
    if (logs_in(row))
        web_set(root, "check", check);
    web_set_flag(root, "own-password", strcmp(row->key_origin, "browser") != 0);
    add_pickup(x, root, row);
    add_password(x, root, row->password_rule);
    add_own_script(x, root);
    add_guides(x, root, row->type);
    code_of_pickup(x, root, row->request, new_code);
    page_send(x, 200, document);
}

static gboolean
made_by_person(const DbPickup *row)
{
    return row->key_origin && strcmp(row->key_origin, "service") != 0;
}

static gboolean
is_pkcs12(const DbPickup *row)
{
    return row->content_type && strcmp(row->content_type, "application/x-pkcs12") == 0;
}

/* Step 3: saved? not saved? NEW_CODE: a revocation code is asked for though there is one. */
static void
send_install(Exchange *x, const DbPickup *row, gboolean new_code)
{
    if (made_by_person(row)) {
        send_install_own(x, row, new_code);
        return;
    }
    g_autoptr(GError) error = NULL;
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "pickup-install", NULL, &root);
    g_autofree char *file = g_strdup_printf("inkan-%" G_GINT64_FORMAT ".p12", row->request);
    g_autofree char *check = g_strconcat(portal_setting(x->portal, "service", "client_url"), "/check", NULL);
    web_set(root, "pin", form_text(x->form, "pin"));
    web_set(root, "file", file);
    web_set_flag(root, "own-password", row->own_password);
    add_qr(x, root);
    web_set_flag(root, "profile", is_pkcs12(row) && ra_apple_offered(x->portal->settings));
    if (logs_in(row))
        web_set(root, "check", check);
    add_pickup(x, root, row);
    add_guides(x, root, row->type);
    WebNode *certificate = web_add(root, "certificate");
    page_time(x, certificate, "not-before", row->not_before);
    page_time(x, certificate, "not-after", row->not_after);
    if (!add_chain(x, root, row->issuer, &error)) {
        page_failure(x, error, NULL);
        return;
    }
    code_of_pickup(x, root, row->request, new_code);
    page_send(x, 200, document);
}

/* --- who may look at it --- */

static void
fail(Exchange *x, const GError *error)
{
    const char *rule = ra_error_rule(error);
    if (g_error_matches(error, RA_ERROR, RA_ERROR_NOT_FOUND) || strcmp(rule, "token") == 0)
        page_error(x, 404, "pickup", NULL);
    else if (strcmp(rule, "owner") == 0)
        send_other(x);
    else
        page_failure(x, error, "/certificates");
}

/* The pickup of the token, if X may use it and it is still of use; otherwise answers and returns NULL. */
static RaPickup *
open_pickup(Exchange *x)
{
    g_autoptr(GError) error = NULL;
    if (strlen(x->name) != TOKEN_SIZE) {
        page_error(x, 404, "pickup", NULL);
        return NULL;
    }
    g_autoptr(RaPickup) pickup = ra_pickup_look(x->portal->ra, x->name, x->now, &error);
    const struct ra_who who = exchange_who(x);
    if (!pickup) {
        fail(x, error);
    } else if (!ra_pickup_admit(pickup, &who, &error)) {
        if (strcmp(ra_error_rule(error), "login") == 0 && x->in->method == HTTP_GET) {
            remember_token(x);
            http_header(&x->out, "Cache-Control", "no-store");
            http_see_other(&x->out, "/login?return=/pickup");
            x->answered = TRUE;
        } else if (strcmp(ra_error_rule(error), "login") == 0) {
            page_error(x, 403, "form", NULL);
        } else {
            fail(x, error);
        }
    } else if (pickup->state == RA_PICKUP_LOCKED) {
        send_locked(x, pickup->row);
    } else if (pickup->state == RA_PICKUP_LAPSED || pickup->state == RA_PICKUP_ENDED) {
        send_ended(x, pickup);
    } else {
        return g_steal_pointer(&pickup);
    }
    return NULL;
}

/* Step 1. A mail scanner that opens the URL changes nothing. */
void
pickup_page(Exchange *x)
{
    g_autoptr(RaPickup) pickup = open_pickup(x);
    if (pickup)
        send_pin_page(x, 200, pickup, NULL, 0);
}

/* --- guesses --- */

/* Answers for what was not right; TRUE where it was. */
static gboolean
right(Exchange *x, const RaPickup *pickup, enum ra_pickup_answer answer, int left)
{
    switch (answer) {
    case RA_PICKUP_RIGHT:
        return TRUE;
    case RA_PICKUP_WRONG:
        log_write(LOG_LEVEL_WARNING, "pin-wrong", NULL);
        send_pin_page(x, 403, pickup, "wrong", left);
        return FALSE;
    case RA_PICKUP_IS_LOCKED:
        send_locked(x, pickup->row);
        return FALSE;
    case RA_PICKUP_IS_ENDED:
        send_ended(x, pickup);
        return FALSE;
    }
    g_assert_not_reached();
}

/* Is the form's PIN the right one? Counts the guess; otherwise answers and returns FALSE. */
static gboolean
pin_is_right(Exchange *x, const RaPickup *pickup)
{
    g_autoptr(GError) error = NULL;
    enum ra_pickup_answer answer;
    int left = 0;
    const struct ra_who who = exchange_who(x);
    const char *pin = form_text(x->form, "pin");
    if (!*pin) {
        send_pin_page(x, 400, pickup, "missing", 0);
        return FALSE;
    }
    if (ra_pickup_try(x->portal->ra, &who, x->name, pin, &answer, &left, &error))
        return right(x, pickup, answer, left);
    if (strcmp(ra_error_rule(error), "pin") == 0) /* nothing but spaces: no guess */
        send_pin_page(x, 400, pickup, "missing", 0);
    else
        fail(x, error);
    return FALSE;
}

void
pickup_pin(Exchange *x)
{
    g_autoptr(RaPickup) pickup = open_pickup(x);
    if (!pickup || !pin_is_right(x, pickup))
        return;
    if (pickup->state == RA_PICKUP_COLLECTED)
        send_install(x, pickup->row, FALSE);
    else if (*form_text(x->form, "go_on")) /* pressed before the file was fetched */
        send_choose(x, 200, pickup->row, "file", "not-yet");
    else
        send_choose(x, 200, pickup->row, NULL, NULL);
}

/* A new revocation code, in place of the one that was shown before. */
void
pickup_code(Exchange *x)
{
    g_autoptr(RaPickup) pickup = open_pickup(x);
    if (!pickup || !pin_is_right(x, pickup))
        return;
    if (pickup->state == RA_PICKUP_COLLECTED)
        send_install(x, pickup->row, TRUE);
    else
        send_choose(x, 409, pickup->row, "file", "not-yet");
}

/* --- the file --- */

/* Step 3, a form of its own, shows the steps for what was chosen at the download. No secret, and bound to nothing. */
static void
remember_device(Exchange *x)
{
    const char *device = form_text(x->form, "device");
    g_autofree char *name = portal_cookie(x->portal, "device");
    if (ra_device(device))
        cookie_set(&x->out, name, device, DEVICE_SECONDS, COOKIE_LAX);
}

static void
send_file(Exchange *x, const RaDelivery *delivery)
{
    remember_device(x);
    http_headerf(&x->out, "Content-Disposition", "attachment; filename=\"%s\"", delivery->file_name);
    http_header(&x->out, "Cache-Control", "no-store");
    http_body_bytes(&x->out, delivery->content_type, delivery->bytes);
    x->answered = TRUE;
}

/* ra's word for a wish that cannot be met: which field, and how the page says it. */
static void
send_wish_problem(Exchange *x, const RaPickup *pickup, const GError *error)
{
    static const struct { const char *word, *field, *rule; } words[] = {
        { "device", "device", "unknown" },
        { "encoding", "encoding", "unknown" },
        { "key-kind", "key", "unknown" },
        { "csr-long", "csr", "long" },       { "csr-private", "csr", "private" },
        { "csr-two", "csr", "two" },         { "csr-form", "csr", "form" },
        { "csr-proof", "csr", "proof" },     { "csr-algorithm", "csr", "algorithm" },
        { "key-weak", "csr", "weak" },       { "key-used", "csr", "used" },
        { "key-compromised", "csr", "compromised" },
    };
    const char *rule = ra_error_rule(error);
    if (strcmp(rule, "pin") == 0) { /* none, or nothing but spaces: no guess */
        send_pin_page(x, 400, pickup, "missing", 0);
        return;
    }
    if (g_str_has_prefix(rule, "password-") && strcmp(rule, "password-rule") != 0) { /* those of ra/password.h */
        g_autofree char *broken = g_strdup(rule + strlen("password-"));
        send_choose(x, 400, pickup->row, "password", broken);
        return;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        if (strcmp(words[i].word, rule) != 0)
            continue;
        if (strcmp(words[i].field, "key") == 0 && *form_text(x->form, "csr"))
            send_choose(x, 400, pickup->row, "csr", "kind");
        else
            send_choose(x, 400, pickup->row, words[i].field, words[i].rule);
        return;
    }
    page_failure(x, error, NULL);
}

/* The second field may be empty or absent (a script, a form without it); where it was filled in it must agree. */
static gboolean
passwords_differ(const Exchange *x)
{
    const char *again = form_text(x->form, "password_again");
    return *again && strcmp(again, form_text(x->form, "password")) != 0;
}

/* A setting in the reader's language. */
static const char *
named(const Exchange *x, const char *group, const char *en, const char *ja)
{
    return portal_setting(x->portal, group, strcmp(x->language, "ja") == 0 ? ja : en);
}

static void
deliver(Exchange *x, const RaPickup *pickup)
{
    const char *organization = named(x, "saml", "organization_en", "organization_ja");
    const char *service = named(x, "service", "name_en", "name_ja");
    const struct ra_apple_words words = { .service = service, .organization = *organization ? organization : service,
                                          .description = web_message(x->portal->web, x->language, "profile.description") };
    const struct ra_delivery_wish wish = { .password = form_text(x->form, "password"), .device = form_text(x->form, "device"),
                                           .encoding = form_text(x->form, "encoding"), .key_kind = form_text(x->form, "key"),
                                           .csr = form_text(x->form, "csr"), .format = form_text(x->form, "format"),
                                           .key_origin = form_text(x->form, "key_origin"), .words = &words };
    const struct ra_who who = exchange_who(x);
    g_autoptr(GError) error = NULL;
    g_autoptr(RaDelivery) delivery = ra_pickup_deliver(x->portal->ra, &who, x->name, form_text(x->form, "pin"), &wish, x->now,
                                                       &error);
    if (delivery) {
        if (right(x, pickup, delivery->answer, delivery->left))
            send_file(x, delivery);
    } else if (g_error_matches(error, RA_ERROR, RA_ERROR_INPUT)) {
        send_wish_problem(x, pickup, error);
    } else {
        fail(x, error);
    }
}

void
pickup_download(Exchange *x)
{
    g_autoptr(RaPickup) pickup = open_pickup(x);
    if (!pickup)
        return;
    if (!passwords_differ(x))
        deliver(x, pickup);
    else if (pin_is_right(x, pickup)) /* nobody is told about the certificate before */
        send_choose(x, 400, pickup->row, "password", "different");
}

/* --- 'I have it' --- */

void
pickup_done(Exchange *x)
{
    g_autoptr(RaPickup) pickup = open_pickup(x);
    if (!pickup)
        return;
    g_autoptr(GError) error = NULL;
    const struct ra_who who = exchange_who(x);
    if (pickup->state == RA_PICKUP_WAITING) {
        if (pin_is_right(x, pickup))
            send_choose(x, 409, pickup->row, "file", "not-yet");
        return;
    }
    if (!ra_pickup_done(x->portal->ra, &who, x->name, x->now, &error)) {
        fail(x, error);
        return;
    }
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "pickup-done", NULL, &root);
    web_set_number(root, "number", pickup->row->request);
    web_set(root, "type", pickup->row->type);
    if (g_strcmp0(pickup->row->key_origin, "browser") == 0) {
        g_autofree char *action = g_strconcat("/pickup/", x->name, NULL);
        web_set(root, "action", action);
        add_own_script(x, root);
    }
    add_desk(x, root, pickup->row);
    if (logs_in(pickup->row)) {
        g_autofree char *check = g_strconcat(portal_setting(x->portal, "service", "client_url"), "/check", NULL);
        web_set(root, "check", check);
    }
    page_send(x, 200, document);
}
