#include "fcgi/page.h"

#include <string.h>

#include "ca/crypto.h"
#include "db/log.h"
#include "fcgi/errors.h"
#include "fcgi/guard.h"
#include "ra/device.h"
#include "ra/institution.h"
#include "web/qr.h"

/* --- the frame --- */

void
page_names(WebNode *node, const char *name, const char *name_ja)
{
    web_set(node, "name", name);
    if (name_ja && *name_ja)
        web_set(node, "name-ja", name_ja);
}

void
page_time(const Exchange *x, WebNode *node, const char *name, gint64 seconds)
{
    web_set_time(node, name, seconds, x->portal->zone);
}

void
page_text(WebNode *node, const char *name, const char *value)
{
    if (value && *value)
        web_set(node, name, value);
}

static void
add_helpdesk(const Exchange *x, WebNode *frame)
{
    const DbSession *s = x->session;
    gboolean own = s && (*s->helpdesk_mail || *s->helpdesk_phone);
    WebNode *helpdesk = web_add(frame, "helpdesk");
    page_text(helpdesk, "name", own ? s->helpdesk_name : portal_setting(x->portal, "service", "helpdesk_name"));
    page_text(helpdesk, "mail", own ? s->helpdesk_mail : portal_setting(x->portal, "service", "helpdesk_mail"));
    page_text(helpdesk, "phone", own ? s->helpdesk_phone : portal_setting(x->portal, "service", "helpdesk_phone"));
}

static void
add_frame(Exchange *x, WebNode *root, const char *page, const char *path)
{
    /* Without a login only the pickup and the revocation code have forms; the other pages then need no cookie. */
    gboolean forms = x->portal->ra->keyring &&
                     (x->session || g_str_has_prefix(page, "pickup") || strcmp(page, "desk-door") == 0 || g_str_has_prefix(page, "revoke-code"));
    WebNode *frame = web_add(root, "frame");
    page_text(frame, "path", path);
    page_time(x, frame, "now", x->now);
    web_set(frame, "version", INKAN_VERSION);
    web_set(frame, "request-id", x->id);
    if (x->session && strcmp(x->session->role, "person") != 0)
        web_set(frame, "desk", x->session->role);
    if (forms) {
        g_autofree char *csrf = guard_csrf(x);
        web_set(frame, "csrf", csrf);
    }
    web_set_flag(frame, "client", x->in->port == HTTP_PORT_CLIENT);
    if (x->in->port != HTTP_PORT_MAIN)
        web_set(frame, "portal", portal_setting(x->portal, "service", "url"));
    page_names(web_add(frame, "service"), portal_setting(x->portal, "service", "name_en"),
               portal_setting(x->portal, "service", "name_ja"));
    if (x->session) {
        page_names(web_add(frame, "person"), x->session->display_name, x->session->display_name_ja);
        page_names(web_add(frame, "institution"), x->session->institution_name, x->session->institution_name_ja);
    }
    add_helpdesk(x, frame);
}

WebDocument *
page_new(Exchange *x, const char *name, const char *path, WebNode **root)
{
    WebDocument *document = web_document_new(name);
    *root = web_document_root(document);
    add_frame(x, *root, name, path);
    return document;
}

static void
say_whether_kept(Exchange *x)
{
    http_header(&x->out, "Cache-Control", x->tag && x->out.status < 400 ? "private, no-cache" : "no-store");
    if (x->tag && x->out.status < 400)
        http_header(&x->out, "ETag", x->tag);
}

void
page_send(Exchange *x, int status, WebDocument *document)
{
    g_autoptr(GError) error = NULL;
    char *html = web_page(x->portal->web, document, x->language, &error);
    if (!html) {
        log_error("page-broken", error);
        status = 500;
        html = g_strdup(web_last_resort(x->portal->web, x->language));
    }
    x->out.status = status;
    http_header(&x->out, "Content-Language", x->language);
    say_whether_kept(x);
    http_body_text(&x->out, "text/html; charset=utf-8", html);
    x->answered = TRUE;
}

/* --- pages that the browser has already --- */

#define TIME_STEP 300

/* All but STAMP that makes one such page another one. */
static char *
circumstances(Exchange *x)
{
    static const char *const settings[] = { "name_en", "name_ja", "helpdesk_name", "helpdesk_mail", "helpdesk_phone", NULL };
    const DbSession *s = x->session;
    g_autofree char *csrf = guard_csrf(x);
    GString *all = g_string_new(INKAN_VERSION);
    g_string_append_printf(all, "\n%" G_GINT64_FORMAT "\n%s\n%s?%s\n%s\n%s", x->now / TIME_STEP, x->language, x->in->path,
                           x->in->query, csrf, web_digest(x->portal->web));
    for (const char *const *key = settings; *key; key++)
        g_string_append_printf(all, "\n%s", portal_setting(x->portal, "service", *key));
    g_string_append_printf(all, "\n%s\n%s\n%s\n%s\n%s\n%s\n%s", s->display_name, s->display_name_ja, s->institution_name,
                           s->institution_name_ja, s->helpdesk_name, s->helpdesk_mail, s->helpdesk_phone);
    return g_string_free(all, FALSE);
}

gboolean
page_unchanged(Exchange *x, GBytes *stamp)
{
    g_autofree char *text = circumstances(x);
    g_autofree char *hex = crypto_hex(stamp);
    g_autofree char *both = g_strconcat(hex, text, NULL);
    g_autoptr(GBytes) sum = crypto_sha256(both, strlen(both));
    g_autofree char *word = crypto_base64url(sum);
    /* Weak: form keys differ from one making to the next. */
    x->tag = g_strdup_printf("W/\"%s\"", word);
    if (strcmp(x->in->if_none_match, x->tag) != 0)
        return FALSE;
    x->out.status = 304;
    say_whether_kept(x);
    x->answered = TRUE;
    return TRUE;
}

/* --- errors --- */

/* On the port of certificates there are the helpdesk's pages and /check. */
static const char *
back_here(const Exchange *x, const char *back)
{
    return back && x->in->port == HTTP_PORT_CLIENT && !g_str_has_prefix(back, "/helpdesk") ? "/helpdesk" : back;
}

void
page_error(Exchange *x, int status, const char *why, const char *back)
{
    back = back_here(x, back);
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "error", x->in->method == HTTP_GET ? back : NULL, &root);
    web_set_number(root, "status", status);
    web_set(root, "why", why);
    page_text(root, "back", back);
    if (status == 503)
        http_header(&x->out, "Retry-After", "5");
    page_send(x, status, document);
}

/* For the rule 'cap': how many the institution allows; 0 where that can't be said. */
static gint64
limit_of(const Exchange *x, const char *rule)
{
    if (strcmp(rule, "cap") != 0 || !x->session)
        return 0;
    g_autoptr(RaInstitution) institution = ra_institution_get(x->portal->ra, x->session->institution, NULL);
    return institution ? institution->max_active : 0;
}

/* What was asked for is told as far as it is something that can be asked for: the page has words for these only. */
static void
send_refused(Exchange *x, int status, const char *rule, const char *back)
{
    const char *type = form_text(x->form, "type");
    gint64 months = form_number(x->form, "months"), limit = limit_of(x, rule);
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "refused", NULL, &root);
    web_set(root, "rule", *rule ? rule : "state");
    web_set(root, "back", back);
    if (strcmp(type, "client") == 0 || strcmp(type, "smime") == 0)
        web_set(root, "type", type);
    if (months > 0)
        web_set_number(root, "months", months);
    if (limit > 0)
        web_set_number(root, "limit", limit);
    page_text(root, "mail", form_text(x->form, "mail"));
    page_send(x, status, document);
}

void
page_failure(Exchange *x, const GError *error, const char *back)
{
    const struct errors_answer *answer = errors_answer(error);
    if (answer->status == 503 && log_is_away("database"))
        log_write(LOG_LEVEL_DEBUG, "page-failed", "msg", error->message, NULL);
    else if (answer->ours)
        log_error("page-failed", error);
    else
        log_write(LOG_LEVEL_INFO, "refused", "msg", error->message, NULL);
    if (answer->why)
        page_error(x, answer->status, answer->why, back);
    else
        send_refused(x, answer->status, errors_rule(error), back_here(x, back ? back : "/certificates"));
}

/* --- headers --- */

void
page_security_headers(HttpResponse *out, const char *form_target)
{
    static const struct { const char *name, *value; } headers[] = {
        { "X-Content-Type-Options", "nosniff" },
        { "X-Frame-Options", "DENY" },
        { "Referrer-Policy", "same-origin" },
        { "Cross-Origin-Opener-Policy", "same-origin" },
        { "Cross-Origin-Resource-Policy", "same-origin" },
        { "Permissions-Policy", "camera=(), geolocation=(), microphone=()" },
        { "Strict-Transport-Security", "max-age=31536000" },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(headers); i++)
        http_header(out, headers[i].name, headers[i].value);
    http_headerf(out, "Content-Security-Policy",
                 "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
                 "form-action 'self'%s%s; frame-ancestors 'none'; base-uri 'none'",
                 form_target ? " " : "", form_target ? form_target : "");
}

/* --- the browser's system --- */

const char *
page_system(const Exchange *x)
{
    return ra_device_of(x->in->user_agent)->system;
}

void
page_add_qr(const Exchange *x, WebNode *node, const char *path)
{
    const char *system = page_system(x);
    if (strcmp(system, "ios") == 0 || strcmp(system, "android") == 0)
        return;
    g_autofree char *url = g_strconcat(portal_setting(x->portal, "service", "url"), path, NULL);
    web_add_qr(node, url);
}
