#include "fcgi/routes.h"

#include <string.h>

#include "db/log.h"
#include "fcgi/cookie.h"
#include "fcgi/door.h"
#include "fcgi/guard.h"
#include "fcgi/handlers.h"
#include "fcgi/multipart.h"
#include "fcgi/ocsp_path.h"
#include "fcgi/page.h"
#include "fcgi/session.h"

#define GET  HTTP_GET
#define POST HTTP_POST
#define MAIN HTTP_PORT_MAIN
#define CLIENT HTTP_PORT_CLIENT
#define PUBLIC (HTTP_PORT_MAIN | HTTP_PORT_PUBLISH)
/* SP_RESPONSE_LONGEST of base64 and what a form's escapes add to it; nginx lets no more than 320 KiB through. */
#define SAML_BODY (320 * 1024)
/* SHEET_BYTES of ra/sheet.h and the parts around them; nginx lets as much through at this path. In a textarea's escapes less fits. */
#define UPLOAD_BODY (4 * 1024 * 1024 + 16384)
#define EVERY (HTTP_PORT_MAIN | HTTP_PORT_CLIENT | HTTP_PORT_PUBLISH)

const struct route routes[] = {
    /* method path                        ports   who             csrf           body    form   handler */
    { GET,  "/",                          MAIN,   ROUTE_ANYBODY,  ROUTE_NO_CSRF, 0,      FALSE, front_page },
    { GET,  "/language/ja",               MAIN | CLIENT, ROUTE_ANYBODY,  ROUTE_NO_CSRF, 0,      FALSE, language_ja },
    { GET,  "/language/en",               MAIN | CLIENT, ROUTE_ANYBODY,  ROUTE_NO_CSRF, 0,      FALSE, language_en },
    { GET,  "/static/:f",                 EVERY,  ROUTE_ANYBODY,  ROUTE_NO_CSRF, 0,      FALSE, static_file },

    { GET,  "/logo.png",                  MAIN,   ROUTE_ANYBODY,  ROUTE_NO_CSRF, 0,      FALSE, own_logo },
    { GET,  "/privacy",                   MAIN,   ROUTE_ANYBODY,  ROUTE_NO_CSRF, 0,      FALSE, privacy_page },

    { GET,  "/discovery",                 MAIN,   ROUTE_ANYBODY,  ROUTE_NO_CSRF, 0,      FALSE, discovery_page },
    { GET,  "/logo/:f",                   MAIN,   ROUTE_ANYBODY,  ROUTE_NO_CSRF, 0,      FALSE, logo_file },
    { GET,  "/login",                     MAIN,   ROUTE_ANYBODY,  ROUTE_NO_CSRF, 0,      FALSE, login_start },
    { GET,  "/login/needs",               MAIN,   ROUTE_ANYBODY,  ROUTE_NO_CSRF, 0,      FALSE, needs_page },
    { GET,  "/saml/metadata",             MAIN,   ROUTE_ANYBODY,  ROUTE_NO_CSRF, 0,      FALSE, saml_metadata },
    /* The IdP's answer can carry no token of ours: its signature and our login cookie stand in for it. */
    { POST, "/saml/acs",                  MAIN,   ROUTE_ANYBODY,  ROUTE_NO_CSRF, SAML_BODY, TRUE, saml_acs },
    { GET,  "/saml/slo",                  MAIN,   ROUTE_ANYBODY,  ROUTE_NO_CSRF, 0,      FALSE, saml_slo },
    { POST, "/saml/slo",                  MAIN,   ROUTE_ANYBODY,  ROUTE_NO_CSRF, 131072, TRUE,  saml_slo },
    { POST, "/logout",                    MAIN,   ROUTE_ANYBODY,  ROUTE_CSRF,    4096,   TRUE,  logout },
    { GET,  "/logged-out",                MAIN,   ROUTE_ANYBODY,  ROUTE_NO_CSRF, 0,      FALSE, logged_out },

    { GET,  "/certificates",              MAIN,   ROUTE_PERSON,   ROUTE_NO_CSRF, 0,      FALSE, certificates_list },
    { POST, "/certificates",              MAIN,   ROUTE_PERSON,   ROUTE_CSRF,    8192,   TRUE,  certificates_apply },
    { GET,  "/certificates/apply",        MAIN,   ROUTE_PERSON,   ROUTE_NO_CSRF, 0,      FALSE, certificates_resume },
    { GET,  "/certificates/:n/accepted",  MAIN,   ROUTE_PERSON,   ROUTE_NO_CSRF, 0,      FALSE, certificate_accepted },
    { GET,  "/certificates/:n",           MAIN,   ROUTE_PERSON,   ROUTE_NO_CSRF, 0,      FALSE, certificate_detail },
    { POST, "/certificates/:n/memo",      MAIN,   ROUTE_PERSON,   ROUTE_CSRF,    8192,   TRUE,  certificate_memo },
    { POST, "/certificates/:n/renew",     MAIN,   ROUTE_PERSON,   ROUTE_CSRF,    4096,   TRUE,  certificate_renew },
    { POST, "/certificates/:n/revoke",    MAIN,   ROUTE_PERSON,   ROUTE_CSRF,    4096,   TRUE,  certificate_revoke },
    { POST, "/certificates/:n/lost",      MAIN,   ROUTE_PERSON,   ROUTE_CSRF,    4096,   TRUE,  certificate_lost },
    { POST, "/certificates/:n/code",      MAIN,   ROUTE_PERSON,   ROUTE_CSRF,    4096,   TRUE,  certificate_code },
    { POST, "/certificates/:n/withdraw",  MAIN,   ROUTE_PERSON,   ROUTE_CSRF,    4096,   TRUE,  certificate_withdraw },
    { POST, "/certificates/:n/pin",       MAIN,   ROUTE_PERSON,   ROUTE_CSRF,    4096,   TRUE,  certificate_new_pin },
    { POST, "/certificates/:n/resend",    MAIN,   ROUTE_PERSON,   ROUTE_CSRF,    4096,   TRUE,  certificate_resend },

    { GET,  "/pickup",                    MAIN,   ROUTE_PERSON,   ROUTE_NO_CSRF, 0,      FALSE, pickup_return },
    { GET,  "/pickup/:t",                 MAIN,   ROUTE_ANYBODY,  ROUTE_NO_CSRF, 0,      FALSE, pickup_page },
    { POST, "/pickup/:t",                 MAIN,   ROUTE_ANYBODY,  ROUTE_CSRF,    4096,   TRUE,  pickup_pin },
    { POST, "/pickup/:t/download",        MAIN,   ROUTE_ANYBODY,  ROUTE_CSRF,    32768,  TRUE,  pickup_download },
    { POST, "/pickup/:t/code",            MAIN,   ROUTE_ANYBODY,  ROUTE_CSRF,    4096,   TRUE,  pickup_code },
    { POST, "/pickup/:t/done",            MAIN,   ROUTE_ANYBODY,  ROUTE_CSRF,    4096,   TRUE,  pickup_done },

    /* For who has a request's number and revocation code, when no login can be had. */
    { GET,  "/revoke",                    MAIN,   ROUTE_ANYBODY,  ROUTE_NO_CSRF, 0,      FALSE, revoke_page },
    { POST, "/revoke",                    MAIN,   ROUTE_ANYBODY,  ROUTE_CSRF,    4096,   TRUE,  revoke_by_code },
    { GET,  "/revoke/done",               MAIN,   ROUTE_ANYBODY,  ROUTE_NO_CSRF, 0,      FALSE, revoke_done },

    { GET,  "/account",                   MAIN,   ROUTE_PERSON,   ROUTE_NO_CSRF, 0,      FALSE, account_page },
    { POST, "/account/changes/:n/known",  MAIN,   ROUTE_PERSON,   ROUTE_CSRF,    4096,   TRUE,  account_change_known },
    { POST, "/account/notices",           MAIN,   ROUTE_PERSON,   ROUTE_CSRF,    4096,   TRUE,  account_notices },

    { GET,  "/ca",                        PUBLIC, ROUTE_ANYBODY,  ROUTE_NO_CSRF, 0,      FALSE, publish_ca },
    { GET,  "/ca/servers",                PUBLIC, ROUTE_ANYBODY,  ROUTE_NO_CSRF, 0,      FALSE, publish_servers },
    { GET,  "/ca/servers/:f",             PUBLIC, ROUTE_ANYBODY,  ROUTE_NO_CSRF, 0,      FALSE, publish_server_file },
    { GET,  "/ca/:f",                     PUBLIC, ROUTE_ANYBODY,  ROUTE_NO_CSRF, 0,      FALSE, publish_certificate },
    { GET,  "/crl/:f",                    PUBLIC, ROUTE_ANYBODY,  ROUTE_NO_CSRF, 0,      FALSE, publish_crl },
    { GET,  "/ocsp/*",                    PUBLIC, ROUTE_ANYBODY,  ROUTE_NO_CSRF, 0,      FALSE, publish_ocsp_get },
    { POST, "/ocsp",                      PUBLIC, ROUTE_ANYBODY,  ROUTE_NO_CSRF, OCSP_REQUEST_LONGEST, FALSE, publish_ocsp_post },
    { POST, "/ocsp/",                     PUBLIC, ROUTE_ANYBODY,  ROUTE_NO_CSRF, OCSP_REQUEST_LONGEST, FALSE, publish_ocsp_post },

    { GET,  "/check",                     MAIN,   ROUTE_ANYBODY,  ROUTE_NO_CSRF, 0,      FALSE, check_elsewhere },
    { GET,  "/check",                     CLIENT, ROUTE_ANYBODY,  ROUTE_NO_CSRF, 0,      FALSE, check_page },
    { GET,  "/",                          CLIENT, ROUTE_ANYBODY,  ROUTE_NO_CSRF, 0,      FALSE, check_home },

    { POST, "/logout",                    CLIENT, ROUTE_ANYBODY,  ROUTE_CSRF,    4096,   TRUE,  door_logout },
    { POST, "/helpdesk/login",            CLIENT, ROUTE_ANYBODY,  ROUTE_CSRF,    4096,   TRUE,  door_login },
    { GET,  "/helpdesk/renew",            CLIENT, ROUTE_REVOKER,  ROUTE_NO_CSRF, 0,      FALSE, helpdesk_own_page },
    { POST, "/helpdesk/renew",            CLIENT, ROUTE_REVOKER,  ROUTE_CSRF,    4096,   TRUE,  helpdesk_own_renew },

    { GET,  "/helpdesk",                   MAIN,   ROUTE_REVOKER,  ROUTE_NO_CSRF, 0,      FALSE, helpdesk },
    { GET,  "/helpdesk/find",              MAIN,   ROUTE_REVOKER,  ROUTE_NO_CSRF, 0,      FALSE, helpdesk_find },
    { GET,  "/helpdesk/find.tsv",          MAIN,   ROUTE_REVOKER,  ROUTE_NO_CSRF, 0,      FALSE, helpdesk_table },
    { GET,  "/helpdesk/people/:n",         MAIN,   ROUTE_REVOKER,  ROUTE_NO_CSRF, 0,      FALSE, helpdesk_person },
    { GET,  "/helpdesk/people/:n/history", MAIN,   ROUTE_REVOKER,  ROUTE_NO_CSRF, 0,      FALSE, helpdesk_history },
    { GET,  "/helpdesk/audit",             MAIN,   ROUTE_OFFICER,  ROUTE_NO_CSRF, 0,      FALSE, helpdesk_audit },
    { GET,  "/helpdesk/audit.tsv",         MAIN,   ROUTE_OFFICER,  ROUTE_NO_CSRF, 0,      FALSE, helpdesk_audit_table },
    { GET,  "/helpdesk/audit.jsonl",       MAIN,   ROUTE_OFFICER,  ROUTE_NO_CSRF, 0,      FALSE, helpdesk_audit_lines },
    { POST, "/helpdesk/people/:n/revoke",  MAIN,   ROUTE_REVOKER,  ROUTE_CSRF,    16384,  TRUE,  helpdesk_revoke },
    { POST, "/helpdesk/people/:n/apply",   MAIN,   ROUTE_OFFICER,  ROUTE_CSRF,    8192,   TRUE,  helpdesk_apply },
    { GET,  "/helpdesk/proposals",         MAIN,   ROUTE_REVOKER,  ROUTE_NO_CSRF, 0,      FALSE, helpdesk_proposals },
    { GET,  "/helpdesk/proposals/:n",      MAIN,   ROUTE_REVOKER,  ROUTE_NO_CSRF, 0,      FALSE, helpdesk_proposal },
    { POST, "/helpdesk/proposals/:n/confirm", MAIN,  ROUTE_REVOKER,  ROUTE_CSRF,    4096,   TRUE,  helpdesk_confirm },
    { POST, "/helpdesk/proposals/:n/decline", MAIN,  ROUTE_REVOKER,  ROUTE_CSRF,    4096,   TRUE,  helpdesk_decline },
    { POST, "/helpdesk/proposals/:n/withdraw", MAIN, ROUTE_REVOKER,  ROUTE_CSRF,    4096,   TRUE,  helpdesk_withdraw },
    { GET,  "/helpdesk/requests/:n",       MAIN,   ROUTE_REVOKER,  ROUTE_NO_CSRF, 0,      FALSE, helpdesk_request },
    { POST, "/helpdesk/requests/:n/approve", MAIN,   ROUTE_OFFICER,  ROUTE_CSRF,    4096,   TRUE,  helpdesk_approve },
    { POST, "/helpdesk/requests/:n/refuse", MAIN,   ROUTE_OFFICER,  ROUTE_CSRF,    4096,   TRUE,  helpdesk_refuse },
    { POST, "/helpdesk/requests/:n/pin",   MAIN,   ROUTE_OFFICER,  ROUTE_CSRF,    4096,   TRUE,  helpdesk_new_pin },
    { POST, "/helpdesk/requests/:n/resend", MAIN,   ROUTE_OFFICER,  ROUTE_CSRF,    4096,   TRUE,  helpdesk_resend },
    { GET,  "/helpdesk/certificates.tsv",  MAIN,   ROUTE_REVOKER,  ROUTE_NO_CSRF, 0,      FALSE, helpdesk_everything },
    { GET,  "/helpdesk/bulk",              MAIN,   ROUTE_OFFICER,  ROUTE_NO_CSRF, 0,      FALSE, helpdesk_bulk },
    { POST, "/helpdesk/bulk",              MAIN,   ROUTE_OFFICER,  ROUTE_CSRF, UPLOAD_BODY, ROUTE_FILE, helpdesk_bulk_upload },
    { GET,  "/helpdesk/bulk/:n",           MAIN,   ROUTE_OFFICER,  ROUTE_NO_CSRF, 0,      FALSE, helpdesk_batch },
    { GET,  "/helpdesk/bulk/:n/lines.tsv", MAIN,   ROUTE_OFFICER,  ROUTE_NO_CSRF, 0,      FALSE, helpdesk_batch_table },
    { POST, "/helpdesk/bulk/:n/start",     MAIN,   ROUTE_OFFICER,  ROUTE_CSRF,    4096,   TRUE,  helpdesk_batch_start },
    { POST, "/helpdesk/bulk/:n/pins",      MAIN,   ROUTE_OFFICER,  ROUTE_CSRF,    4096,   TRUE,  helpdesk_batch_pins },
    { POST, "/helpdesk/bulk/:n/withdraw",  MAIN,   ROUTE_OFFICER,  ROUTE_CSRF,    4096,   TRUE,  helpdesk_batch_withdraw },
    { GET,  "/helpdesk/institutions",      MAIN,   ROUTE_REVOKER,  ROUTE_NO_CSRF, 0,      FALSE, helpdesk_institutions },
    { GET,  "/helpdesk/institutions/:n",   MAIN,   ROUTE_REVOKER,  ROUTE_NO_CSRF, 0,      FALSE, helpdesk_policy },
    { GET,  "/helpdesk/institutions/:n/:f", MAIN,  ROUTE_OPERATOR, ROUTE_NO_CSRF, 0,      FALSE, helpdesk_policy_form },
    { POST, "/helpdesk/institutions/:n/:f", MAIN,  ROUTE_OPERATOR, ROUTE_CSRF,    65536,  TRUE,  helpdesk_policy_change },
    { GET,  "/helpdesk/ending",            MAIN,   ROUTE_OFFICER,  ROUTE_NO_CSRF, 0,      FALSE, helpdesk_ending },
    { GET,  "/helpdesk/ending.tsv",        MAIN,   ROUTE_OFFICER,  ROUTE_NO_CSRF, 0,      FALSE, helpdesk_ending_table },
    { POST, "/helpdesk/ending",            MAIN,   ROUTE_OFFICER,  ROUTE_CSRF,    8192,   TRUE,  helpdesk_ending_mail },
    { GET,  "/helpdesk/statistics",        MAIN,   ROUTE_OFFICER,  ROUTE_NO_CSRF, 0,      FALSE, helpdesk_statistics },
    { GET,  "/helpdesk/statistics.tsv",    MAIN,   ROUTE_OFFICER,  ROUTE_NO_CSRF, 0,      FALSE, helpdesk_statistics_table },
    { POST, "/helpdesk/requests/:n/renew", MAIN,   ROUTE_OFFICER,  ROUTE_CSRF,    4096,   TRUE,  helpdesk_renew },
    { GET,  "/helpdesk/changes",           MAIN,   ROUTE_REVOKER,  ROUTE_NO_CSRF, 0,      FALSE, helpdesk_changes },
    { POST, "/helpdesk/changes/:n/mail",   MAIN,   ROUTE_OFFICER,  ROUTE_CSRF,    4096,   TRUE,  helpdesk_change_mail },
    { POST, "/helpdesk/changes/:n/dismiss", MAIN,   ROUTE_OFFICER,  ROUTE_CSRF,    4096,   TRUE,  helpdesk_change_dismiss },
    { GET,  "/helpdesk/absent",            MAIN,   ROUTE_REVOKER,  ROUTE_NO_CSRF, 0,      FALSE, helpdesk_absent },
    { GET,  "/helpdesk/absent.tsv",        MAIN,   ROUTE_REVOKER,  ROUTE_NO_CSRF, 0,      FALSE, helpdesk_absent_table },
    { POST, "/helpdesk/absent",            MAIN,   ROUTE_REVOKER,  ROUTE_CSRF,    16384,  TRUE,  helpdesk_absent_act },
    { GET,  "/helpdesk/officers",          MAIN,   ROUTE_OPERATOR, ROUTE_NO_CSRF, 0,      FALSE, helpdesk_officers },
    { POST, "/helpdesk/officers",          MAIN,   ROUTE_OPERATOR, ROUTE_CSRF,    8192,   TRUE,  helpdesk_officer_add },
    { GET,  "/helpdesk/officers/new",      MAIN,   ROUTE_OPERATOR, ROUTE_NO_CSRF, 0,      FALSE, helpdesk_officer_new },
    { GET,  "/helpdesk/officers/:n",       MAIN,   ROUTE_OPERATOR, ROUTE_NO_CSRF, 0,      FALSE, helpdesk_officer_page },
    { POST, "/helpdesk/officers/:n/sheet", MAIN,   ROUTE_OPERATOR, ROUTE_CSRF,    4096,   TRUE,  helpdesk_officer_sheet },
    { POST, "/helpdesk/officers/:n/certificate", MAIN,   ROUTE_OPERATOR, ROUTE_CSRF,    4096,   TRUE,  helpdesk_officer_certificate },
    { POST, "/helpdesk/officers/:n/end",   MAIN,   ROUTE_OPERATOR, ROUTE_CSRF,    4096,   TRUE,  helpdesk_officer_end },
    { GET,  "/helpdesk/*",                 MAIN,   ROUTE_REVOKER,  ROUTE_NO_CSRF, 0,      FALSE, helpdesk_missing },

    { GET,  "/healthz",                   PUBLIC, ROUTE_ANYBODY,  ROUTE_NO_CSRF, 0,      FALSE, health },
    { GET,  "/metrics",                   PUBLIC, ROUTE_LOOPBACK, ROUTE_NO_CSRF, 0,      FALSE, metrics },
};
const gsize routes_count = G_N_ELEMENTS(routes);

/* --- finding --- */

static gboolean
take_number(Exchange *x, const char *segment, gsize n)
{
    g_autofree char *text = g_strndup(segment, n);
    return n > 0 && n <= 18 && *text != '0' && g_ascii_string_to_signed(text, 10, 1, G_MAXINT64, &x->number, NULL);
}

static gboolean
take_name(Exchange *x, const char *segment, gsize n, gsize longest, const char *more)
{
    if (n == 0 || n > longest || *segment == '.')
        return FALSE;
    for (gsize i = 0; i < n; i++)
        if (!g_ascii_isalnum(segment[i]) && !strchr(more, segment[i]))
            return FALSE;
    g_free((char *)x->name);
    x->name = g_strndup(segment, n);
    return TRUE;
}

/* Does PATH fit PATTERN? Fills number and name. */
static gboolean
fits(Exchange *x, const char *pattern, const char *path)
{
    while (*pattern && *path) {
        gsize n = strcspn(path, "/");
        if (*pattern == '*') {
            g_free((char *)x->name);
            x->name = g_strdup(path);
            return TRUE;
        }
        if (*pattern == ':') {
            gboolean ok = pattern[1] == 'n'   ? take_number(x, path, n)
                          : pattern[1] == 't' ? take_name(x, path, n, 64, "-_")
                                              : take_name(x, path, n, 80, "-_.");
            if (!ok)
                return FALSE;
            pattern += 2;
            path += n;
        } else if (*pattern++ != *path++) {
            return FALSE;
        }
    }
    return *pattern == *path;
}

static gboolean
asks_for_role(const struct route *route)
{
    return route->who == ROUTE_REVOKER || route->who == ROUTE_OFFICER || route->who == ROUTE_OPERATOR;
}

/* Officers have their pages on both ports. */
static gboolean
is_on(const struct route *route, enum http_port port)
{
    return (route->ports & port) || (port == HTTP_PORT_CLIENT && (route->ports & HTTP_PORT_MAIN) && asks_for_role(route));
}

const struct route *
routes_find(Exchange *x, enum http_method method, const char *path, enum http_port port, guint *allowed)
{
    *allowed = 0;
    for (gsize i = 0; i < routes_count; i++) {
        if (!is_on(&routes[i], port) || !fits(x, routes[i].path, path))
            continue;
        if (routes[i].method == method)
            return &routes[i];
        *allowed |= routes[i].method;
    }
    return NULL;
}

/* --- demands --- */

static void
refuse_method(Exchange *x, guint allowed)
{
    static const char *const names[] = { [HTTP_GET] = "GET, HEAD", [HTTP_POST] = "POST", [HTTP_GET | HTTP_POST] = "GET, HEAD, POST" };
    http_header(&x->out, "Allow", names[allowed & (HTTP_GET | HTTP_POST)]);
    page_error(x, 405, "method", NULL);
}

static void
lead_to_login(Exchange *x)
{
    g_autofree char *there = *x->in->query ? g_strconcat(x->in->path, "?", x->in->query, NULL) : g_strdup(x->in->path);
    g_autofree char *escaped = g_uri_escape_string(form_local_path(there), "/", FALSE);
    g_autofree char *location = g_strconcat("/login?return=", escaped, NULL);
    http_see_other(&x->out, location);
    x->answered = TRUE;
}

static gboolean
from_loopback(const char *address)
{
    return g_str_has_prefix(address, "127.") || strcmp(address, "::1") == 0 || strcmp(address, "unix:") == 0;
}

/* Each role of the helpdesk may what the ones before it may. */
static gboolean
has_role(const char *role, enum route_who who)
{
    if (strcmp(role, "revoker") == 0)
        return who == ROUTE_REVOKER;
    return strcmp(role, "operator") == 0 || (strcmp(role, "officer") == 0 && who != ROUTE_OPERATOR);
}

/* Answers and returns FALSE where WHO is not who asks. */
static gboolean
admit(Exchange *x, const struct route *route)
{
    switch (route->who) {
    case ROUTE_ANYBODY:
        return TRUE;
    case ROUTE_LOOPBACK:
        if (from_loopback(x->in->address))
            return TRUE;
        page_error(x, 404, "missing", NULL);
        return FALSE;
    case ROUTE_OPERATOR:
    case ROUTE_OFFICER:
    case ROUTE_REVOKER:
        if (x->session && has_role(x->session->role, route->who))
            return TRUE;
        if (!x->session && x->presented)
            door_show(x);
        else
            page_error(x, 403, "forbidden", NULL);
        return FALSE;
    case ROUTE_PERSON:
        if (x->session)
            return TRUE;
        if (route->method == HTTP_GET)
            lead_to_login(x);
        else
            page_error(x, 403, "form", "/certificates");
        return FALSE;
    }
    g_assert_not_reached();
}

static gboolean
is_form(const char *content_type)
{
    gsize n = strcspn(content_type, "; ");
    return n == strlen("application/x-www-form-urlencoded") &&
           g_ascii_strncasecmp(content_type, "application/x-www-form-urlencoded", n) == 0;
}

/* The fields into the form; the field `file`, where it is one, into the exchange. */
static Form *
form_of_parts(Exchange *x, const GPtrArray *parts)
{
    g_autoptr(Form) form = form_new();
    for (guint i = 0; i < parts->len; i++) {
        const MultipartPart *part = parts->pdata[i];
        if (!part->file) {
            if (!form_add(form, part->name, part->bytes, part->size))
                return NULL;
        } else if (strcmp(part->name, "file") != 0 || x->file.name) {
            return NULL;
        } else {
            x->file = (struct upload){ g_strdup(part->file), part->bytes, part->size };
        }
    }
    return g_steal_pointer(&form);
}

static Form *
form_of(Exchange *x, const HttpRequest *in, const struct route *route)
{
    if (route->form == ROUTE_FILE && multipart_is(in->content_type)) {
        g_autoptr(GPtrArray) parts = multipart_parse(in->content_type, in->body, in->body_size);
        return parts ? form_of_parts(x, parts) : NULL;
    }
    return is_form(in->content_type) || in->body_size == 0 ? form_parse(in->body, in->body_size) : NULL;
}

static gboolean
small_enough(Exchange *x, const HttpRequest *in, const struct route *route)
{
    if (route->method != HTTP_POST || (gsize)in->content_length <= route->body)
        return TRUE;
    page_error(x, 413, "large", NULL);
    return FALSE;
}

static gboolean
take_body(Exchange *x, HttpRequest *in, const struct route *route, gsize (*read)(char *, gsize, gpointer), gpointer data)
{
    if (route->method != HTTP_POST)
        return TRUE;
    gboolean ok = http_read_body(in, read, data);
    if (ok && route->form)
        x->form = form_of(x, in, route);
    if (ok && (!route->form || x->form))
        return TRUE;
    page_error(x, 400, "bad", NULL);
    return FALSE;
}

/* A file is read for those only who may send one; of other bodies the form is looked at first. */
static gboolean
may_go_on(Exchange *x, HttpRequest *in, const struct route *route, gsize (*read)(char *, gsize, gpointer), gpointer data)
{
    if (!small_enough(x, in, route))
        return FALSE;
    if (route->form == ROUTE_FILE)
        return admit(x, route) && take_body(x, in, route, read, data);
    return take_body(x, in, route, read, data) && admit(x, route);
}

static gboolean
unforged(Exchange *x, const struct route *route)
{
    if (route->csrf == ROUTE_NO_CSRF || guard_csrf_ok(x))
        return TRUE;
    log_write(LOG_LEVEL_WARNING, "form-refused", "check", "csrf", NULL);
    page_error(x, 403, "form", NULL);
    return FALSE;
}

/* Who it is, as this port tells it; TRUE also where nobody is. */
static gboolean
find_who(Exchange *x, const struct route *route, GError **error)
{
    gboolean own = route && (route->handler == health || route->handler == static_file);
    if (own || !x->portal->sp)
        return TRUE;
    if (x->in->port == HTTP_PORT_MAIN)
        return session_find(x, error);
    gboolean desk = g_str_has_prefix(x->in->path, "/helpdesk") || strcmp(x->in->path, "/logout") == 0;
    return x->in->port != HTTP_PORT_CLIENT || !desk || door_find(x, error);
}

static void
prepare(Exchange *x)
{
    g_autofree char *name = portal_cookie(x->portal, "language");
    g_autofree char *choice = cookie_get(x->in->cookies, name);
    x->language = session_language(choice, x->in->accept_language);
    x->query = form_parse(x->in->query, strlen(x->in->query));
    if (!x->query)
        x->query = form_parse("", 0);
}

void
routes_answer(Exchange *x, HttpRequest *in, gboolean malformed, gsize (*read)(char *, gsize, gpointer), gpointer data)
{
    g_autoptr(GError) error = NULL;
    guint allowed = 0;

    prepare(x);
    const struct route *route = malformed ? NULL : routes_find(x, in->method, in->path, in->port, &allowed);
    if (malformed)
        page_error(x, 400, "bad", NULL);
    else if (!route && allowed)
        refuse_method(x, allowed);
    else if (!find_who(x, route, &error))
        page_failure(x, error, NULL);
    else if (!route)
        page_error(x, 404, "missing", NULL);
    else if (may_go_on(x, in, route, read, data) && unforged(x, route))
        route->handler(x);
    if (!x->answered)
        g_error("the handler of %s did not answer", route->path);
    page_security_headers(&x->out, x->form_target);
}
