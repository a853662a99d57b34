#include <string.h>

#include "db/log.h"
#include "fcgi/handlers.h"
#include "fcgi/page.h"
#include "fcgi/session.h"
#include "sp/discovery.h"
#include "sp/error.h"
#include "sp/logout.h"
#include "sp/response.h"

/* --- started here --- */

/* Where the IdP wants to hear of it; NULL where it has no logout, and then ours is all there is. */
static char *
idp_logout_url(Exchange *x, const SpIdp *idp, const char *saml)
{
    g_autoptr(GError) error = NULL;
    if (!idp || !idp->slo || !*saml)
        return NULL;
    g_autoptr(SpLogoutStart) start = sp_logout_start(x->portal->sp, idp->entity_id, idp->xml, saml, NULL, &error);
    if (!start) {
        log_write(LOG_LEVEL_INFO, "logout-local", "idp", idp->entity_id, "msg", error->message, NULL);
        return NULL;
    }
    return g_steal_pointer(&start->url);
}

static void
say_logged_out(Exchange *x, const SpIdp *idp, const char *href, gboolean partial)
{
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "logged-out", "/", &root);
    web_set_flag(root, "partial", partial);
    if (href) {
        WebNode *node = web_add(root, "continue");
        web_set(node, "href", href);
        page_names(node, idp->name_en, idp->name_ja);
    }
    page_send(x, 200, document);
}

/* Our session dies first, whatever becomes of the IdP's. A redirect to it straight from this POST would break the rule
   form-action 'self', so the page goes on by itself. */
void
logout(Exchange *x)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *entity = x->session ? g_strdup(x->session->idp) : NULL;
    g_autofree char *saml = x->session ? g_strdup(x->session->saml) : NULL;
    if (!session_end(x, &error)) {
        page_failure(x, error, "/");
        return;
    }
    g_autoptr(SpIdp) idp = entity ? sp_idp_get(x->portal->ra->db, entity, x->now, NULL) : NULL;
    g_autofree char *href = idp_logout_url(x, idp, saml ? saml : "");
    say_logged_out(x, idp, href, FALSE);
}

void
logged_out(Exchange *x)
{
    say_logged_out(x, NULL, NULL, FALSE);
}

/* --- whatever comes to /saml/slo --- */

static char *
origin_of(const char *url)
{
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
    if (!uri || !g_uri_get_host(uri))
        return NULL;
    int port = g_uri_get_port(uri);
    return port > 0 ? g_strdup_printf("%s://%s:%d", g_uri_get_scheme(uri), g_uri_get_host(uri), port)
                    : g_strdup_printf("%s://%s", g_uri_get_scheme(uri), g_uri_get_host(uri));
}

static void
pass_on(Exchange *x, const SpLogoutAnswer *answer)
{
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "pass-on", NULL, &root);
    WebNode *form = web_add(root, "form");
    web_set(form, "action", answer->url);
    const struct { const char *name, *value; } fields[] = { { "SAMLResponse", answer->form }, { "RelayState", answer->relay_state } };
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (!fields[i].value)
            continue;
        WebNode *field = web_add(form, "field");
        web_set(field, "name", fields[i].name);
        web_set(field, "value", fields[i].value);
    }
    x->form_target = origin_of(answer->url);
    page_send(x, 200, document);
}

static gboolean
answer_request(Exchange *x, const SpIdp *idp, SpLogoutMessage *message, GError **error)
{
    gint64 ended = db_session_end_subject(x->portal->ra->db, idp->entity_id, message->name_id,
                                          (const char *const *)message->session_indexes, error);
    if (ended < 0)
        return FALSE;
    g_autofree char *count = g_strdup_printf("%" G_GINT64_FORMAT, ended);
    log_write(LOG_LEVEL_INFO, "logout-by-idp", "idp", idp->entity_id, "sessions", count, NULL);
    g_autoptr(SpLogoutAnswer) answer = sp_logout_answer(x->portal->sp, message, idp->xml, TRUE, x->now, error);
    if (!answer)
        return FALSE;
    if (answer->form) {
        pass_on(x, answer);
    } else {
        http_see_other(&x->out, answer->url);
        x->answered = TRUE;
    }
    return TRUE;
}

static SpLogoutMessage *
open_message(const Exchange *x, GError **error)
{
    struct sp_logout_input input = { .query = x->in->method == HTTP_GET ? x->in->query : NULL };
    if (x->form) {
        input.saml_request = form_get(x->form, "SAMLRequest");
        input.saml_response = form_get(x->form, "SAMLResponse");
        input.relay_state = form_get(x->form, "RelayState");
    }
    return sp_logout_open(&input, error);
}

static void
refuse_message(Exchange *x, const GError *error)
{
    if (error->domain != SP_ERROR) {
        page_failure(x, error, "/");
        return;
    }
    g_autofree char *check = sp_error_check(error);
    log_write(LOG_LEVEL_WARNING, "logout-refused", "check", check, "msg", error->message, NULL);
    page_error(x, 403, "forbidden", "/");
}

static gboolean
take_message(Exchange *x, SpLogoutMessage *message, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(SpIdp) idp = sp_idp_get(x->portal->ra->db, message->issuer, x->now, &why);
    if (!idp) {
        if (why)
            g_propagate_error(error, g_steal_pointer(&why));
        else
            g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "issuer: not in the metadata");
        return FALSE;
    }
    const struct sp_logout_want want = { .idp_xml = idp->xml, .now = x->now, .skew = SP_SKEW };
    if (!sp_logout_verify(x->portal->sp, message, &want, error))
        return FALSE;
    if (message->request)
        return answer_request(x, idp, message, error);
    say_logged_out(x, idp, NULL, !message->success);
    return TRUE;
}

void
saml_slo(Exchange *x)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SpLogoutMessage) message = open_message(x, &error);
    if (!message || !take_message(x, message, &error))
        refuse_message(x, error);
}
