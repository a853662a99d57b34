#include "fcgi/page.h"

#include <string.h>

#include "db/log.h"
#include "fcgi/guard.h"
#include "ra/error.h"

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

static void
set_text(WebNode *node, const char *name, const char *value)
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
    set_text(helpdesk, "name", own ? s->helpdesk_name : portal_setting(x->portal, "service", "helpdesk_name"));
    set_text(helpdesk, "mail", own ? s->helpdesk_mail : portal_setting(x->portal, "service", "helpdesk_mail"));
    set_text(helpdesk, "phone", own ? s->helpdesk_phone : portal_setting(x->portal, "service", "helpdesk_phone"));
}

static void
add_frame(Exchange *x, WebNode *root, const char *page, const char *path)
{
    /* Without a login only the pickup has forms; the other pages then need no cookie. */
    gboolean forms = x->portal->ra->keyring && (x->session || g_str_has_prefix(page, "pickup"));
    WebNode *frame = web_add(root, "frame");
    set_text(frame, "path", path);
    page_time(x, frame, "now", x->now);
    web_set(frame, "version", INKAN_VERSION);
    web_set(frame, "request-id", x->id);
    if (forms) {
        g_autofree char *csrf = guard_csrf(x);
        web_set(frame, "csrf", csrf);
    }
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
    http_header(&x->out, "Cache-Control", "no-store");
    http_body_text(&x->out, "text/html; charset=utf-8", html);
    x->answered = TRUE;
}

/* --- errors --- */

void
page_error(Exchange *x, int status, const char *why, const char *back)
{
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "error", x->in->method == HTTP_GET ? back : NULL, &root);
    web_set_number(root, "status", status);
    web_set(root, "why", why);
    set_text(root, "back", back);
    if (status == 503)
        http_header(&x->out, "Retry-After", "5");
    page_send(x, status, document);
}

/* What a failure of ra means to the person: a table, so that no code is forgotten. */
static const struct { enum ra_error code; int status; const char *why; gboolean ours; } failures[] = {
    { RA_ERROR_NOT_FOUND, 404, "missing", FALSE },
    { RA_ERROR_REFUSED, 403, NULL, FALSE }, /* why NULL: the page 'refused' names the rule */
    { RA_ERROR_CONFLICT, 409, NULL, FALSE },
    { RA_ERROR_INPUT, 400, NULL, FALSE },
    { RA_ERROR_DOWN, 503, "down", TRUE },
    { RA_ERROR_BROKEN, 500, "broken", TRUE },
};

static void
send_refused(Exchange *x, int status, const char *rule, const char *back)
{
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "refused", NULL, &root);
    web_set(root, "rule", rule);
    web_set(root, "back", back);
    set_text(root, "type", form_text(x->form, "type"));
    set_text(root, "months", form_text(x->form, "months"));
    set_text(root, "mail", form_text(x->form, "mail"));
    page_send(x, status, document);
}

static GError *
as_ra(const GError *error)
{
    GError *ours = g_error_copy(error);
    ra_error_from(&ours);
    return ours;
}

void
page_failure(Exchange *x, const GError *error, const char *back)
{
    g_autoptr(GError) ours = as_ra(error);
    for (gsize i = 0; i < G_N_ELEMENTS(failures); i++) {
        if ((gint)failures[i].code != ours->code)
            continue;
        if (failures[i].ours)
            log_error("page-failed", ours);
        else
            log_write(LOG_LEVEL_INFO, "refused", "msg", ours->message, NULL);
        gboolean signer = g_str_has_prefix(ours->message, "signer");
        if (failures[i].why)
            page_error(x, failures[i].status, signer && failures[i].status == 503 ? "signer" : failures[i].why, back);
        else
            send_refused(x, failures[i].status, failures[i].code == RA_ERROR_INPUT ? "input" : ra_error_rule(ours),
                         back ? back : "/certificates");
        return;
    }
    g_error("no row for ra's error %d", ours->code);
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
        { "Permissions-Policy", "camera=(), geolocation=(), microphone=(), interest-cohort=()" },
        { "Strict-Transport-Security", "max-age=31536000" },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(headers); i++)
        http_header(out, headers[i].name, headers[i].value);
    http_headerf(out, "Content-Security-Policy",
                 "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
                 "form-action 'self'%s%s; frame-ancestors 'none'; base-uri 'none'",
                 form_target ? " " : "", form_target ? form_target : "");
}

/* --- the browser's system --- */

const char *
page_system(const Exchange *x)
{
    /* The order matters: an Android browser also says Linux, one on an iPad may say Macintosh with Mobile. */
    static const struct { const char *word, *also, *system; } systems[] = {
        { "iPhone", "", "ios" },      { "iPad", "", "ios" },     { "Macintosh", "Mobile/", "ios" }, { "Android", "", "android" },
        { "Windows", "", "windows" }, { "Macintosh", "", "macos" }, { "Linux", "", "linux" },       { "X11", "", "linux" },
        { "curl", "", "linux" },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(systems); i++)
        if (strstr(x->in->user_agent, systems[i].word) && strstr(x->in->user_agent, systems[i].also))
            return systems[i].system;
    return "windows";
}
