#include "sp/request.h"

#include <lasso/xml/saml-2.0/saml2_strings.h>
#include <lasso/xml/saml-2.0/samlp2_authn_request.h>
#include <lasso/xml/saml-2.0/samlp2_requested_authn_context.h>
#include <string.h>

#include "sp/peer.h"
#include "sp/xml.h"

#define RELAY_STATE_LONGEST 80 /* SAML bindings 3.4.3 */

enum sp_name_id sp_request_name_id(const char *identifier_rule)
{
    return g_strcmp0(identifier_rule, "persistent") == 0 ? SP_NAME_ID_PERSISTENT : SP_NAME_ID_ANY;
}

/* lasso frees these strings with g_free. */
static void replace(char **place, const char *value)
{
    g_free(*place);
    *place = g_strdup(value);
}

static void ask_for(LassoSamlp2AuthnRequest *request, const char *const *contexts)
{
    if (contexts == NULL || *contexts == NULL) return;
    LassoSamlp2RequestedAuthnContext *wanted
        = LASSO_SAMLP2_REQUESTED_AUTHN_CONTEXT(lasso_samlp2_requested_authn_context_new());
    for (; *contexts != NULL; contexts++)
        wanted->AuthnContextClassRef = g_list_append(wanted->AuthnContextClassRef, g_strdup(*contexts));
    replace(&wanted->Comparison, "exact");
    request->RequestedAuthnContext = wanted;
}

static void fill(SpService *service, LassoSamlp2AuthnRequest *request, enum sp_name_id name_id)
{
    const gboolean persistent = name_id == SP_NAME_ID_PERSISTENT;
    LassoSamlp2NameIDPolicy *policy = request->NameIDPolicy;
    replace(&policy->Format, persistent ? SP_FORMAT_PERSISTENT : LASSO_SAML2_NAME_IDENTIFIER_FORMAT_UNSPECIFIED);
    policy->AllowCreate = TRUE;
    replace(&request->ProtocolBinding, SP_BINDING_POST);
    replace(&request->AssertionConsumerServiceURL, service->acs_url);
}

static SpRequest *collect(LassoLogin *login)
{
    LassoProfile *profile = LASSO_PROFILE(login);
    SpRequest *out = g_new0(SpRequest, 1);
    char *dump = lasso_login_dump(login);
    out->url = g_strdup(profile->msg_url);
    out->request_id = g_strdup(LASSO_SAMLP2_REQUEST_ABSTRACT(profile->request)->ID);
    out->saml = g_strdup(dump);
    g_free(dump);
    return out;
}

SpRequest *sp_request_new(SpService *service, const char *idp, const char *idp_xml, const char *relay_state,
                          enum sp_name_id name_id, GError **error)
{
    return sp_request_step_up(service, idp, idp_xml, relay_state, name_id, NULL, error);
}

SpRequest *sp_request_step_up(SpService *service, const char *idp, const char *idp_xml, const char *relay_state,
                              enum sp_name_id name_id, const char *const *contexts, GError **error)
{
    if (strlen(relay_state) > RELAY_STATE_LONGEST) g_error("sp_request_new: RelayState is longer than SAML allows");
    if (sp_peer_get(service, idp, idp_xml, error) == NULL) return NULL;
    g_autoptr(LassoLogin) login = lasso_login_new(service->server);
    LassoProfile *profile = LASSO_PROFILE(login);
    int rc = lasso_login_init_authn_request(login, idp, LASSO_HTTP_METHOD_REDIRECT);
    if (!sp_peer_lasso(rc, SP_ERROR_INPUT, "request", error)) return NULL;
    fill(service, LASSO_SAMLP2_AUTHN_REQUEST(profile->request), name_id);
    ask_for(LASSO_SAMLP2_AUTHN_REQUEST(profile->request), contexts);
    replace(&profile->msg_relayState, relay_state);
    if (!sp_peer_lasso(lasso_login_build_authn_request_msg(login), SP_ERROR_INPUT, "request", error)) return NULL;
    return collect(login);
}

void sp_request_free(SpRequest *request)
{
    if (request == NULL) return;
    g_free(request->url);
    g_free(request->request_id);
    g_free(request->saml);
    g_free(request);
}
