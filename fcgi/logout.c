#include <string.h>

#include "ca/crypto.h"
#include "db/log.h"
#include "fcgi/handlers.h"
#include "fcgi/page.h"
#include "fcgi/session.h"
#include "ra/officer.h"
#include "sp/discovery.h"
#include "sp/error.h"
#include "sp/logout.h"
#include "sp/opener.h"
#include "sp/response.h"

/* --- started here --- */

/* Under its RelayState we know the request again when its answer comes. */
static gboolean
remember_request(Exchange *x, const Secret *relay_state, const char *idp, const char *request_id, GError **error)
{
    g_autoptr(GBytes) key_hash = crypto_sha256(secret_bytes(relay_state), secret_size(relay_state));
    gint64 lifetime = settings_number(x->portal->settings, "portal", "login_lifetime");
    return db_logout_insert(x->portal->ra->db, key_hash, idp, request_id, x->now + lifetime, error);
}

/* What the browser carries to the IdP; NULL where it has no logout, and then ours is all there is. */
static SpLogoutSend *
request_for(Exchange *x, const SpIdp *idp, const char *saml)
{
    g_autoptr(GError) error = NULL;
    if (!idp || !idp->slo || !*saml)
        return NULL;
    g_autoptr(Secret) relay_state = crypto_token();
    g_autoptr(SpLogoutSend) request = sp_logout_start(x->portal->sp, idp->entity_id, idp->xml, saml, secret_text(relay_state), &error);
    if (request && remember_request(x, relay_state, idp->entity_id, request->request_id, &error))
        return g_steal_pointer(&request);
    log_write(LOG_LEVEL_INFO, "logout-local", "idp", idp->entity_id, "msg", error->message, NULL);
    return NULL;
}

/* The host goes into a header whose parts are divided by ";" and ",", which a URL may have there. */
static gboolean
is_host(const char *host)
{
    return host && *host && host[strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_")] == '\0';
}

static char *
origin_of(const char *url)
{
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
    if (!uri || !is_host(g_uri_get_host(uri)))
        return NULL;
    int port = g_uri_get_port(uri);
    return port > 0 ? g_strdup_printf("%s://%s:%d", g_uri_get_scheme(uri), g_uri_get_host(uri), port)
                    : g_strdup_printf("%s://%s", g_uri_get_scheme(uri), g_uri_get_host(uri));
}

/* A form that posts MESSAGE to the IdP; this page alone may. */
static void
add_form(Exchange *x, WebNode *parent, const SpLogoutSend *message)
{
    WebNode *form = web_add(parent, "form");
    web_set(form, "action", message->url);
    const struct { const char *name, *value; } fields[] = { { message->field, message->form }, { "RelayState", message->relay_state } };
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (!fields[i].value)
            continue;
        WebNode *field = web_add(form, "field");
        web_set(field, "name", fields[i].name);
        web_set(field, "value", fields[i].value);
    }
    x->form_target = origin_of(message->url);
}

/* REQUEST: what the browser carries on to IDP; NULL: nothing. */
static void
say_logged_out(Exchange *x, const SpIdp *idp, const SpLogoutSend *request, gboolean partial)
{
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "logged-out", "/", &root);
    web_set_flag(root, "partial", partial);
    if (request) {
        WebNode *node = web_add(root, "continue");
        page_names(node, idp->name_en, idp->name_ja);
        if (request->form)
            add_form(x, node, request);
        else
            web_set(node, "href", request->url);
    }
    page_send(x, 200, document);
}

/* Our session dies first, whatever becomes of the IdP's. A redirect to it straight from this POST would break the rule
   form-action 'self', so the page goes on by itself. */
/* The session ends; that an officer left is in the audit. */
static gboolean
leave(Exchange *x, GError **error)
{
    Db *db = x->portal->ra->db;
    if (!x->session)
        return session_end(x, error);
    const RaOfficer officer = { .person = x->session->person, .role = x->session->role, .address = x->in->address };
    gboolean ok = db_begin(db, error) &&
                  ra_officer_audit(x->portal->ra, &officer, x->session->institution, "officer-logout", error) &&
                  session_end(x, error) && db_commit(db, error);
    db_rollback(db);
    return ok;
}

void
logout(Exchange *x)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *entity = x->session ? g_strdup(x->session->idp) : NULL;
    g_autofree char *saml = x->session ? g_strdup(x->session->saml) : NULL;
    if (!leave(x, &error)) {
        page_failure(x, error, "/");
        return;
    }
    g_autoptr(SpIdp) idp = entity ? sp_idp_get(x->portal->ra->db, entity, x->now, NULL) : NULL;
    g_autoptr(SpLogoutSend) request = request_for(x, idp, saml ? saml : "");
    say_logged_out(x, idp, request, FALSE);
}

void
logged_out(Exchange *x)
{
    say_logged_out(x, NULL, NULL, FALSE);
}

/* --- whatever comes to /saml/slo --- */

static void
pass_on(Exchange *x, const SpLogoutSend *answer)
{
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "pass-on", NULL, &root);
    add_form(x, root, answer);
    page_send(x, 200, document);
}

/* One transaction: a message that is sent again ends nothing, and one that ended nothing may be sent again. */
static gboolean
end_sessions(Exchange *x, const SpLogoutMessage *message, gint64 *ended, GError **error)
{
    Db *db = x->portal->ra->db;
    g_autoptr(GError) why = NULL;
    g_autofree char *what = g_strconcat("LogoutRequest\n", message->issuer, "\n", message->id, NULL);
    g_autoptr(GBytes) key_hash = crypto_sha256(what, strlen(what));
    gboolean ok = db_begin(db, &why);
    if (ok && !db_logout_spend(db, key_hash, message->issuer, message->id, message->until, &why)) {
        ok = FALSE;
        if (!why)
            g_set_error(&why, SP_ERROR, SP_ERROR_REFUSED, "replay: this LogoutRequest has been used before");
    }
    if (ok) {
        *ended = db_session_end_subject(db, message->issuer, message->name_id, (const char *const *)message->session_indexes, &why);
        ok = *ended >= 0 && db_commit(db, &why);
    }
    db_rollback(db);
    if (why)
        g_propagate_error(error, g_steal_pointer(&why));
    return ok;
}

static gboolean
answer_request(Exchange *x, const SpIdp *idp, const SpLogoutMessage *message, GError **error)
{
    gint64 ended = 0;
    if (!end_sessions(x, message, &ended, error))
        return FALSE;
    g_autofree char *count = g_strdup_printf("%" G_GINT64_FORMAT, ended);
    log_write(LOG_LEVEL_INFO, "logout-by-idp", "idp", idp->entity_id, "sessions", count, "key", message->key, NULL);
    g_autoptr(SpLogoutSend) answer = sp_logout_answer(x->portal->sp, message, idp->xml, TRUE, x->now, error);
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

static struct sp_logout_input
input_of(const Exchange *x)
{
    struct sp_logout_input input = { .query = x->in->method == HTTP_GET ? x->in->query : NULL };
    if (x->form) {
        input.saml_request = form_get(x->form, "SAMLRequest");
        input.saml_response = form_get(x->form, "SAMLResponse");
        input.relay_state = form_get(x->form, "RelayState");
    }
    return input;
}

static void
refuse_message(Exchange *x, const GError *error)
{
    if (error->domain != SP_ERROR || error->code == SP_ERROR_AWAY) {
        page_failure(x, error, "/");
        return;
    }
    g_autofree char *check = sp_error_check(error);
    log_write(LOG_LEVEL_WARNING, "logout-refused", "check", check, "msg", error->message, NULL);
    page_error(x, 403, "forbidden", "/");
}

/* The id of our request that a message under this RelayState may answer; NULL without ERROR: there is none. */
static char *
asked_before(Exchange *x, const char *idp, GError **error)
{
    const char *relay_state = form_text(x->form ? x->form : x->query, "RelayState");
    g_autoptr(GBytes) key_hash = crypto_sha256(relay_state, strlen(relay_state));
    return db_logout_get(x->portal->ra->db, key_hash, idp, x->now, error);
}

static gboolean
take_message(Exchange *x, const struct sp_logout_input *input, const SpIdp *idp, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autofree char *request_id = asked_before(x, idp->entity_id, &why);
    if (why) {
        g_propagate_error(error, g_steal_pointer(&why));
        return FALSE;
    }
    const struct sp_logout_want want = { .idp = idp->entity_id, .idp_xml = idp->xml, .request_id = request_id, .now = x->now,
                                         .skew = SP_SKEW };
    g_autoptr(SpLogoutMessage) message = sp_opener_logout(x->portal->opener, input, &want, error);
    if (!message)
        return FALSE;
    if (message->request)
        return answer_request(x, idp, message, error);
    say_logged_out(x, idp, NULL, !message->success);
    return TRUE;
}

/* Who claims to speak, and what its metadata says now. */
static SpIdp *
sender(Exchange *x, const struct sp_logout_input *input, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autofree char *issuer = sp_opener_logout_issuer(x->portal->opener, input, error);
    if (!issuer)
        return NULL;
    g_autoptr(SpIdp) idp = sp_idp_get(x->portal->ra->db, issuer, x->now, &why);
    if (why)
        g_propagate_error(error, g_steal_pointer(&why));
    else if (!idp)
        g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "issuer: not in the metadata");
    return g_steal_pointer(&idp);
}

void
saml_slo(Exchange *x)
{
    g_autoptr(GError) error = NULL;
    const struct sp_logout_input input = input_of(x);
    g_autoptr(SpIdp) idp = sender(x, &input, &error);
    if (!idp || !take_message(x, &input, idp, &error))
        refuse_message(x, error);
}
