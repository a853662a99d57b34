#include <lasso/xml/saml-2.0/saml2_name_id.h>
#include <lasso/xml/saml-2.0/samlp2_logout_request.h>
#include <lasso/xml/saml-2.0/samlp2_status_response.h>
#include <string.h>

#include "sp/error.h"
#include "sp/logout.h"
#include "sp/peer.h"

void sp_logout_send_free(SpLogoutSend *send)
{
    if (send == NULL) return;
    g_free(send->url);
    g_free(send->field);
    g_free(send->form);
    g_free(send->relay_state);
    g_free(send->request_id);
    g_free(send);
}

static SpLogoutSend *collect(const LassoProfile *profile, LassoHttpMethod method, const char *field, const char *relay_state)
{
    SpLogoutSend *send = g_new0(SpLogoutSend, 1);
    send->url = g_strdup(profile->msg_url);
    if (method == LASSO_HTTP_METHOD_POST) {
        send->field = g_strdup(field);
        send->form = g_strdup(profile->msg_body);
    }
    send->relay_state = g_strdup(relay_state);
    return send;
}

/* By Redirect where the IdP has it: a page less. */
static const LassoHttpMethod methods[] = { LASSO_HTTP_METHOD_REDIRECT, LASSO_HTTP_METHOD_POST };

/* --- our request ---------------------------------------------------------------------------------------------------------- */

static SpLogoutSend *start_by(SpService *service, const char *idp, LassoSession *session, const char *relay_state,
                              LassoHttpMethod method, GError **error)
{
    g_autoptr(LassoLogout) logout = lasso_logout_new(service->server);
    LassoProfile *profile = LASSO_PROFILE(logout);
    profile->session = g_object_ref(session);
    int rc = lasso_logout_init_request(logout, (char *)idp, method);
    if (!sp_peer_lasso(rc, SP_ERROR_INPUT, "logout", error)) return NULL;
    profile->msg_relayState = g_strdup(relay_state);
    if (!sp_peer_lasso(lasso_logout_build_request_msg(logout), SP_ERROR_INPUT, "logout", error)) return NULL;
    SpLogoutSend *send = collect(profile, method, "SAMLRequest", relay_state);
    send->request_id = g_strdup(LASSO_SAMLP2_REQUEST_ABSTRACT(profile->request)->ID);
    return send;
}

SpLogoutSend *sp_logout_start(SpService *service, const char *idp, const char *idp_xml, const char *saml,
                              const char *relay_state, GError **error)
{
    g_autoptr(LassoSession) session = sp_peer_kept(saml);
    SpLogoutSend *send = NULL;
    if (session == NULL) {
        g_set_error(error, SP_ERROR, SP_ERROR_INPUT, "logout: the IdP gave the session no NameID");
        return NULL;
    }
    if (sp_peer_get(service, idp, idp_xml, error) == NULL) return NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(methods) && send == NULL; i++) {
        g_clear_error(error);
        send = start_by(service, idp, session, relay_state, methods[i], error);
    }
    if (send != NULL) g_clear_error(error);
    return send;
}

/* --- our answer ----------------------------------------------------------------------------------------------------------- */

static char *or_null(const char *text)
{
    return text[0] != '\0' ? g_strdup(text) : NULL;
}

/* lasso gets the request as it was verified, not as it was sent. */
static LassoNode *verified_request(const SpLogoutMessage *m)
{
    LassoSamlp2LogoutRequest *request = LASSO_SAMLP2_LOGOUT_REQUEST(lasso_samlp2_logout_request_new());
    request->parent.ID = g_strdup(m->id);
    request->parent.Issuer = LASSO_SAML2_NAME_ID(lasso_saml2_name_id_new_with_string(m->issuer));
    request->NameID = LASSO_SAML2_NAME_ID(lasso_saml2_name_id_new_with_string(m->name_id));
    request->NameID->Format = or_null(m->name_id_format);
    request->NameID->NameQualifier = or_null(m->name_qualifier);
    request->NameID->SPNameQualifier = or_null(m->sp_name_qualifier);
    request->SessionIndex = g_strdup(m->session_indexes[0]);
    return LASSO_NODE(request);
}

/* A session that fits the request: lasso says Success only where it has ended one. */
static LassoSession *fitting_session(const SpLogoutMessage *m)
{
    const char *index = m->session_indexes[0];
    const struct sp_peer_subject subject = { m->issuer, "_ended", m->name_id, m->name_id_format, m->name_qualifier,
                                             m->sp_name_qualifier, index != NULL ? index : "_ended" };
    return sp_peer_session(&subject);
}

static void set_time(LassoNode *response, gint64 now)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(now);
    char **place = &LASSO_SAMLP2_STATUS_RESPONSE(response)->IssueInstant;
    g_free(*place);
    *place = g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ");
}

static SpLogoutSend *answer_by(SpService *service, const SpLogoutMessage *m, gboolean done, LassoHttpMethod method, gint64 now,
                               GError **error)
{
    g_autoptr(LassoLogout) logout = lasso_logout_new(service->server);
    LassoProfile *profile = LASSO_PROFILE(logout);
    profile->request = verified_request(m);
    profile->remote_providerID = g_strdup(m->issuer);
    profile->http_request_method = method;
    logout->initial_http_request_method = method;
    if (done) profile->session = fitting_session(m);
    int rc = lasso_logout_validate_request(logout);
    if (done && !sp_peer_lasso(rc, SP_ERROR_BROKEN, "logout", error)) return NULL;
    if (profile->response != NULL) set_time(profile->response, now);
    profile->msg_relayState = g_strdup(m->relay_state);
    if (!sp_peer_lasso(lasso_logout_build_response_msg(logout), SP_ERROR_INPUT, "logout", error)) return NULL;
    return collect(profile, method, "SAMLResponse", m->relay_state);
}

SpLogoutSend *sp_logout_answer(SpService *service, const SpLogoutMessage *m, const char *idp_xml, gboolean done, gint64 now,
                               GError **error)
{
    SpLogoutSend *send = NULL;
    if (!m->request) g_error("sp_logout_answer: not a LogoutRequest");
    if (sp_peer_get(service, m->issuer, idp_xml, error) == NULL) return NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(methods) && send == NULL; i++) {
        g_clear_error(error);
        send = answer_by(service, m, done, methods[i], now, error);
    }
    if (send != NULL) g_clear_error(error);
    return send;
}
