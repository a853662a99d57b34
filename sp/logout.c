#include "sp/logout.h"

#include <lasso/xml/saml-2.0/saml2_name_id.h>
#include <lasso/xml/saml-2.0/samlp2_logout_request.h>
#include <lasso/xml/saml-2.0/samlp2_status_response.h>
#include <string.h>

#include "sp/checks.h"
#include "sp/error.h"
#include "sp/peer.h"
#include "sp/query.h"
#include "sp/shape.h"
#include "sp/signature.h"
#include "sp/strict.h"

#define SUCCESS "urn:oasis:names:tc:SAML:2.0:status:Success"
#define INDEXES_MOST 100

struct sp_logout_private {
    SpXml *received, *verified; /* verified: of a POST, what was digested */
    SpQuery *query;             /* of a redirect: its signature */
    char *name_format, *name_qualifier, *sp_name_qualifier;
};

static gboolean refuse(GError **error, const char *check, const char *why, const char *what)
{
    g_autofree char *quoted = what != NULL ? sp_xml_quote(what) : g_strdup("");
    g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "%s: %s%s%s", check, why, what != NULL ? " " : "", quoted);
    return FALSE;
}

/* --- started by us -------------------------------------------------------------------------------------------------------- */

SpLogoutStart *sp_logout_start(SpService *service, const char *idp, const char *idp_xml, const char *saml,
                               const char *relay_state,
                               GError **error)
{
    if (saml[0] == '\0') {
        g_set_error(error, SP_ERROR, SP_ERROR_INPUT, "logout: the IdP gave the session no NameID");
        return NULL;
    }
    if (sp_peer_get(service, idp, idp_xml, error) == NULL) return NULL;
    g_autoptr(LassoLogout) logout = lasso_logout_new(service->server);
    LassoProfile *profile = LASSO_PROFILE(logout);
    if (!sp_peer_lasso(lasso_profile_set_session_from_dump(profile, saml), SP_ERROR_INPUT, "logout", error)) return NULL;
    int rc = lasso_logout_init_request(logout, (char *)idp, LASSO_HTTP_METHOD_REDIRECT);
    if (!sp_peer_lasso(rc, SP_ERROR_INPUT, "logout", error)) return NULL;
    profile->msg_relayState = g_strdup(relay_state);
    if (!sp_peer_lasso(lasso_logout_build_request_msg(logout), SP_ERROR_INPUT, "logout", error)) return NULL;
    SpLogoutStart *start = g_new0(SpLogoutStart, 1);
    start->url = g_strdup(profile->msg_url);
    start->request_id = g_strdup(LASSO_SAMLP2_REQUEST_ABSTRACT(profile->request)->ID);
    return start;
}

void sp_logout_start_free(SpLogoutStart *start)
{
    if (start == NULL) return;
    g_free(start->url);
    g_free(start->request_id);
    g_free(start);
}

/* --- what arrived --------------------------------------------------------------------------------------------------------- */

static gboolean open_redirect(SpLogoutMessage *m, const char *query, GError **error)
{
    m->private->query = sp_query_read(query, error);
    if (m->private->query == NULL) return FALSE;
    m->request = m->private->query->request;
    m->relay_state = g_strdup(m->private->query->relay_state);
    m->private->received = sp_strict_parse(m->private->query->xml, m->private->query->n, error);
    return m->private->received != NULL;
}

static gboolean open_post(SpLogoutMessage *m, const struct sp_logout_input *input, GError **error)
{
    const char *base64 = input->saml_request != NULL ? input->saml_request : input->saml_response;
    size_t n = 0;
    m->post = TRUE;
    m->request = input->saml_request != NULL;
    m->relay_state = g_strdup(input->relay_state);
    if ((input->saml_request == NULL) == (input->saml_response == NULL)) return refuse(error, "query", "not one message", NULL);
    g_autofree char *bytes = sp_strict_base64(base64, strlen(base64), SP_LOGOUT_LONGEST, &n, error);
    if (bytes == NULL) return FALSE;
    m->private->received = sp_strict_parse(bytes, n, error);
    return m->private->received != NULL;
}

/* Whom to ask for a key; the checks look at it again in what was signed. */
static gboolean read_issuer(SpLogoutMessage *m, GError **error)
{
    const xmlNode *root = xmlDocGetRootElement(m->private->received);
    m->issuer = sp_xml_text(sp_xml_child(root, SP_NS_ASSERTION, "Issuer"));
    m->id = sp_xml_attribute(root, "ID");
    if (m->issuer == NULL || sp_xml_count(root, SP_NS_ASSERTION, "Issuer") != 1 || strlen(m->issuer) > 1024)
        return refuse(error, "issuer", "not one", NULL);
    return m->id != NULL || refuse(error, "id", "missing", NULL);
}

SpLogoutMessage *sp_logout_open(const struct sp_logout_input *input, GError **error)
{
    g_autoptr(SpLogoutMessage) m = g_new0(SpLogoutMessage, 1);
    m->private = g_new0(struct sp_logout_private, 1);
    if (!(input->query != NULL ? open_redirect(m, input->query, error) : open_post(m, input, error))) return NULL;
    if (!sp_shape_message(m->private->received, m->request ? "LogoutRequest" : "LogoutResponse", error)) return NULL;
    return read_issuer(m, error) ? g_steal_pointer(&m) : NULL;
}

static void clear_name(SpLogoutMessage *m)
{
    g_clear_pointer(&m->name_id, g_free);
    g_clear_pointer(&m->private->name_format, g_free);
    g_clear_pointer(&m->private->name_qualifier, g_free);
    g_clear_pointer(&m->private->sp_name_qualifier, g_free);
}

void sp_logout_message_free(SpLogoutMessage *m)
{
    if (m == NULL) return;
    sp_xml_free(m->private->received);
    sp_xml_free(m->private->verified);
    sp_query_free(m->private->query);
    clear_name(m);
    g_free(m->private);
    g_free(m->issuer);
    g_free(m->id);
    g_free(m->relay_state);
    g_strfreev(m->session_indexes);
    g_free(m);
}

/* --- signature ------------------------------------------------------------------------------------------------------------ */

/* The query's octets hold the whole message, deflated. */
static gboolean redirect_signed(const SpQuery *query, const struct sp_peer *peer, GError **error)
{
    if (query->algorithm == NULL) return refuse(error, "unsigned", "no signature in the query", NULL);
    return sp_signature_verify_bytes(query->algorithm, query->octets, strlen(query->octets), (const guchar *)query->signature,
                                     query->signature_n, peer->keys, error);
}

/* What was digested is kept, to be read from. */
static gboolean post_signed(SpLogoutMessage *m, const struct sp_peer *peer, GError **error)
{
    xmlNode *signature = sp_xml_child(xmlDocGetRootElement(m->private->received), SP_NS_DSIG, "Signature");
    if (signature == NULL) return refuse(error, "unsigned", "no signature in the message", NULL);
    sp_xml_free(m->private->verified);
    m->private->verified = sp_signature_verify(signature, peer->keys, error);
    return m->private->verified != NULL
           && sp_shape_message(m->private->verified, m->request ? "LogoutRequest" : "LogoutResponse", error);
}

/* The root of what was signed; NULL if it was not. */
static const xmlNode *signed_root(SpLogoutMessage *m, const struct sp_peer *peer, GError **error)
{
    if (m->post) return post_signed(m, peer, error) ? xmlDocGetRootElement(m->private->verified) : NULL;
    return redirect_signed(m->private->query, peer, error) ? xmlDocGetRootElement(m->private->received) : NULL;
}

/* --- checks (core 3.2, 3.7; profile 4.4) ---------------------------------------------------------------------------------- */

struct seen {
    const SpService *service;
    SpLogoutMessage *m;
    const xmlNode *root;
    const struct sp_logout_want *want;
};

static gboolean is(const struct seen *s, const char *check, const char *attribute, const char *wanted, GError **error)
{
    g_autofree char *value = sp_xml_attribute(s->root, attribute);
    return g_strcmp0(value, wanted) == 0 || refuse(error, check, attribute, value);
}

static gboolean version(const struct seen *s, GError **error)
{
    return is(s, "version", "Version", "2.0", error);
}

static gboolean id(const struct seen *s, GError **error)
{
    return is(s, "id", "ID", s->m->id, error);
}

static gboolean issuer(const struct seen *s, GError **error)
{
    const xmlNode *node = sp_xml_child(s->root, SP_NS_ASSERTION, "Issuer");
    return (sp_xml_count(s->root, SP_NS_ASSERTION, "Issuer") == 1 && sp_xml_text_is(node, s->m->issuer))
           || refuse(error, "issuer", "not the one that was looked up", NULL);
}

static gboolean destination(const struct seen *s, GError **error)
{
    return is(s, "destination", "Destination", s->service->slo_url, error);
}

/* A signed message works again as often as it is sent: only young ones count. */
static gboolean issue_instant(const struct seen *s, GError **error)
{
    gint64 at = 0;
    g_autofree char *text = sp_xml_attribute(s->root, "IssueInstant");
    if (text == NULL || !sp_time_parse(text, &at)) return refuse(error, "issue-instant", "no time:", text);
    gboolean young = at <= s->want->now + s->want->skew && s->want->now - s->want->skew - SP_LOGOUT_AGE < at;
    return young || refuse(error, "issue-instant", "too old or in the future:", text);
}

static gboolean not_on_or_after(const struct seen *s, GError **error)
{
    gint64 at = 0;
    g_autofree char *text = sp_xml_attribute(s->root, "NotOnOrAfter");
    if (text == NULL) return TRUE;
    if (!sp_time_parse(text, &at)) return refuse(error, "not-on-or-after", "no time:", text);
    return s->want->now - s->want->skew < at || refuse(error, "not-on-or-after", "past:", text);
}

/* pysaml2 sends NameQualifier="": the same as none to us, another value to lasso. */
static char *none_if_empty(char *text)
{
    if (text == NULL || text[0] != '\0') return text;
    g_free(text);
    return NULL;
}

static gboolean name_id(const struct seen *s, GError **error)
{
    const xmlNode *name = sp_xml_child(s->root, SP_NS_ASSERTION, "NameID");
    g_autofree char *text = sp_xml_text(name);
    gboolean good = sp_xml_count(s->root, SP_NS_ASSERTION, "NameID") == 1
        && sp_xml_child(s->root, SP_NS_ASSERTION, "BaseID") == NULL
                    && sp_xml_first_element(name) == NULL && text[0] != '\0' && strlen(text) <= 1024;
    if (!good) return refuse(error, "name-id", "not one", NULL);
    clear_name(s->m);
    s->m->name_id = g_steal_pointer(&text);
    s->m->private->name_format = none_if_empty(sp_xml_attribute(name, "Format"));
    s->m->private->name_qualifier = none_if_empty(sp_xml_attribute(name, "NameQualifier"));
    s->m->private->sp_name_qualifier = none_if_empty(sp_xml_attribute(name, "SPNameQualifier"));
    return TRUE;
}

static gboolean session_index(const struct seen *s, GError **error)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);
    SP_XML_EACH(node, s->root, SP_NS_PROTOCOL, "SessionIndex") {
        g_autofree char *text = sp_xml_text(node);
        if (sp_xml_first_element(node) != NULL || text[0] == '\0' || strlen(text) > 1024 || all->len >= INDEXES_MOST)
            return refuse(error, "session-index", "unusable or too many", NULL);
        g_ptr_array_add(all, g_steal_pointer(&text));
    }
    g_ptr_array_add(all, NULL);
    g_strfreev(s->m->session_indexes);
    s->m->session_indexes = g_strdupv((char **)all->pdata);
    return TRUE;
}

static gboolean in_response_to(const struct seen *s, GError **error)
{
    g_autofree char *text = sp_xml_attribute(s->root, "InResponseTo");
    gboolean good = text != NULL && (s->want->request_id == NULL || strcmp(text, s->want->request_id) == 0);
    return good || refuse(error, "in-response-to", "InResponseTo", text);
}

/* Any well-formed status is an answer; whether it is a good one is told to the caller. */
static gboolean status(const struct seen *s, GError **error)
{
    const xmlNode *top = sp_xml_child(s->root, SP_NS_PROTOCOL, "Status");
    const xmlNode *code = sp_xml_child(top, SP_NS_PROTOCOL, "StatusCode");
    if (sp_xml_count(s->root, SP_NS_PROTOCOL, "Status") != 1 || sp_xml_count(top, SP_NS_PROTOCOL, "StatusCode") != 1)
        return refuse(error, "status", "not one", NULL);
    /* PartialLogout below Success: other services' sessions may live on. */
    s->m->success = sp_xml_attribute_is(code, "Value", SUCCESS) && sp_xml_child(code, SP_NS_PROTOCOL, "StatusCode") == NULL;
    return TRUE;
}

static const struct {
    gboolean of_request, of_response;
    gboolean (*ok)(const struct seen *, GError **);
} checks[] = {
    { TRUE, TRUE, version },
    { TRUE, TRUE, id },
    { TRUE, TRUE, issuer },
    { TRUE, TRUE, destination },
    { TRUE, TRUE, issue_instant },
    { TRUE, FALSE, not_on_or_after },
    { TRUE, FALSE, name_id },
    { TRUE, FALSE, session_index },
    { FALSE, TRUE, in_response_to },
    { FALSE, TRUE, status },
};

gboolean sp_logout_verify(SpService *service, SpLogoutMessage *m, const struct sp_logout_want *want, GError **error)
{
    const struct sp_peer *peer = sp_peer_get(service, m->issuer, want->idp_xml, error);
    if (peer == NULL) return FALSE;
    const xmlNode *root = signed_root(m, peer, error);
    if (root == NULL) return FALSE;
    const struct seen seen = { service, m, root, want };
    for (size_t i = 0; i < G_N_ELEMENTS(checks); i++)
        if ((m->request ? checks[i].of_request : checks[i].of_response) && !checks[i].ok(&seen, error)) return FALSE;
    return TRUE;
}

/* --- our answer ----------------------------------------------------------------------------------------------------------- */

/* lasso gets the request as we have verified it, not as it was sent. */
static LassoNode *verified_request(const SpLogoutMessage *m)
{
    LassoSamlp2LogoutRequest *request = LASSO_SAMLP2_LOGOUT_REQUEST(lasso_samlp2_logout_request_new());
    request->parent.ID = g_strdup(m->id);
    request->parent.Issuer = LASSO_SAML2_NAME_ID(lasso_saml2_name_id_new_with_string(m->issuer));
    request->NameID = LASSO_SAML2_NAME_ID(lasso_saml2_name_id_new_with_string(m->name_id));
    request->NameID->Format = g_strdup(m->private->name_format);
    request->NameID->NameQualifier = g_strdup(m->private->name_qualifier);
    request->NameID->SPNameQualifier = g_strdup(m->private->sp_name_qualifier);
    request->SessionIndex = g_strdup(m->session_indexes[0]);
    return LASSO_NODE(request);
}

/* A session that fits the request: lasso says Success only where it has ended one. */
static LassoSession *fitting_session(const SpLogoutMessage *m)
{
    const char *index = m->session_indexes[0];
    const struct sp_peer_subject subject = {
        m->issuer, "_ended", m->name_id, m->private->name_format, m->private->name_qualifier, m->private->sp_name_qualifier,
        index != NULL ? index : "_ended",
    };
    return sp_peer_session(&subject);
}

static void set_time(LassoNode *response, gint64 now)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(now);
    char **place = &LASSO_SAMLP2_STATUS_RESPONSE(response)->IssueInstant;
    g_free(*place);
    *place = g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ");
}

static SpLogoutAnswer *answer_by(SpService *service, const SpLogoutMessage *m, gboolean done, LassoHttpMethod method,
                                 gint64 now,
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
    SpLogoutAnswer *answer = g_new0(SpLogoutAnswer, 1);
    answer->url = g_strdup(profile->msg_url);
    answer->form = method == LASSO_HTTP_METHOD_POST ? g_strdup(profile->msg_body) : NULL;
    answer->relay_state = g_strdup(m->relay_state);
    return answer;
}

SpLogoutAnswer *sp_logout_answer(SpService *service, const SpLogoutMessage *m, const char *idp_xml, gboolean done, gint64 now,
                                 GError **error)
{
    if (!m->request || m->name_id == NULL) g_error("sp_logout_answer: not a verified LogoutRequest");
    if (sp_peer_get(service, m->issuer, idp_xml, error) == NULL) return NULL;
    SpLogoutAnswer *answer = answer_by(service, m, done, LASSO_HTTP_METHOD_REDIRECT, now, NULL);
    return answer != NULL ? answer : answer_by(service, m, done, LASSO_HTTP_METHOD_POST, now, error);
}

void sp_logout_answer_free(SpLogoutAnswer *answer)
{
    if (answer == NULL) return;
    g_free(answer->url);
    g_free(answer->form);
    g_free(answer->relay_state);
    g_free(answer);
}
