#include "sp/logout.h"

#include <string.h>

#include "sp/checks.h"
#include "sp/decrypt.h"
#include "sp/error.h"
#include "sp/peer.h"
#include "sp/query.h"
#include "sp/shape.h"
#include "sp/signature.h"
#include "sp/strict.h"

#define SUCCESS "urn:oasis:names:tc:SAML:2.0:status:Success"

static gboolean refuse(GError **error, const char *check, const char *why, const char *what)
{
    g_autofree char *quoted = what != NULL ? sp_xml_quote(what) : g_strdup("");
    g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "%s: %s%s%s", check, why, what != NULL ? " " : "", quoted);
    return FALSE;
}

/* --- what was sent -------------------------------------------------------------------------------------------------------- */

/* As received: only looked at by sp/shape.h, and to be verified. */
typedef struct {
    gboolean request;
    const char *relay_state; /* borrowed */
    SpQuery *query;          /* of a redirect */
    SpXml *received;
} Message;

static void message_clear(Message *m)
{
    sp_query_free(m->query);
    sp_xml_free(m->received);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Message, message_clear)

static gboolean open_redirect(Message *m, const char *query, GError **error)
{
    if (strlen(query) > SP_LOGOUT_LONGEST) return refuse(error, "bytes", "too many", NULL);
    m->query = sp_query_read(query, error);
    if (m->query == NULL) return FALSE;
    m->request = m->query->request;
    m->relay_state = m->query->relay_state;
    m->received = sp_strict_parse(m->query->xml, m->query->n, error);
    return m->received != NULL;
}

static gboolean open_post(Message *m, const struct sp_logout_input *input, GError **error)
{
    const char *base64 = input->saml_request != NULL ? input->saml_request : input->saml_response;
    size_t n = 0;
    m->request = input->saml_request != NULL;
    m->relay_state = input->relay_state;
    if ((input->saml_request == NULL) == (input->saml_response == NULL)) return refuse(error, "query", "not one message", NULL);
    g_autofree char *bytes = sp_strict_base64(base64, strlen(base64), SP_LOGOUT_LONGEST, &n, error);
    if (bytes == NULL) return FALSE;
    m->received = sp_strict_parse(bytes, n, error);
    return m->received != NULL;
}

static const char *kind_of(const Message *m)
{
    return m->request ? "LogoutRequest" : "LogoutResponse";
}

static gboolean relay_state_ok(const char *text)
{
    if (text == NULL) return TRUE;
    size_t n = strlen(text);
    if (n > SP_LOGOUT_RELAY_STATE_LONGEST || !g_utf8_validate_len(text, n, NULL)) return FALSE;
    for (size_t i = 0; i < n; i++)
        if (g_ascii_iscntrl(text[i])) return FALSE;
    return TRUE;
}

static gboolean open_message(Message *m, const struct sp_logout_input *input, GError **error)
{
    if (!(input->query != NULL ? open_redirect(m, input->query, error) : open_post(m, input, error))) return FALSE;
    if (!relay_state_ok(m->relay_state)) return refuse(error, "relay-state", "too long, or not plain text", NULL);
    return sp_shape_message(m->received, kind_of(m), error);
}

char *sp_logout_issuer(const struct sp_logout_input *input, GError **error)
{
    g_auto(Message) m = { 0 };
    if (!open_message(&m, input, error)) return NULL;
    const xmlNode *root = xmlDocGetRootElement(m.received);
    g_autofree char *issuer = sp_xml_text(sp_xml_child(root, SP_NS_ASSERTION, "Issuer"));
    if (sp_xml_count(root, SP_NS_ASSERTION, "Issuer") == 1 && issuer[0] != '\0' && strlen(issuer) <= 1024)
        return g_steal_pointer(&issuer);
    refuse(error, "issuer", "not one", NULL);
    return NULL;
}

/* --- signature ------------------------------------------------------------------------------------------------------------ */

/* The query's octets hold the whole message, deflated; a posted one is signed inside. */
static SpVerified *proof_of(const Message *m, const struct sp_peer *peer, GError **error)
{
    xmlNode *signature = sp_xml_child(xmlDocGetRootElement(m->received), SP_NS_DSIG, "Signature");
    SpVerified *verified = NULL;
    if (m->query != NULL ? m->query->algorithm == NULL : signature == NULL)
        (void)refuse(error, "unsigned", "no signature where this binding has it", NULL);
    else if (m->query != NULL)
        verified = sp_signature_verify_query(m->query, peer->keys, error);
    else
        verified = sp_signature_verify(signature, peer->keys, error);
    if (verified == NULL || sp_shape_message(sp_verified_node(verified)->doc, kind_of(m), error)) return verified;
    sp_verified_free(verified);
    return NULL;
}

/* --- checks (core 3.2, 3.7; profile 4.4) ---------------------------------------------------------------------------------- */

struct seen {
    const SpService *service;
    SpLogoutMessage *m;   /* gets what was read */
    const xmlNode *root;  /* of the proof */
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

/* An ID by the shape of sp/strict.h already. */
static gboolean id(const struct seen *s, GError **error)
{
    g_free(s->m->id);
    s->m->id = sp_xml_attribute(s->root, "ID");
    return s->m->id != NULL || refuse(error, "id", "missing", NULL);
}

static gboolean issuer(const struct seen *s, GError **error)
{
    const xmlNode *node = sp_xml_child(s->root, SP_NS_ASSERTION, "Issuer");
    return (sp_xml_count(s->root, SP_NS_ASSERTION, "Issuer") == 1 && sp_xml_text_is(node, s->want->idp))
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
    s->m->until = at + SP_LOGOUT_AGE + s->want->skew;
    gboolean young = at <= s->want->now + s->want->skew && s->want->now < s->m->until;
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

static void set(char **place, char *value)
{
    g_free(*place);
    *place = value != NULL ? value : g_strdup("");
}

static gboolean name_id(const struct seen *s, GError **error)
{
    const xmlNode *name = sp_xml_child(s->root, SP_NS_ASSERTION, "NameID");
    g_autofree char *text = sp_xml_text(name);
    gboolean good = sp_xml_count(s->root, SP_NS_ASSERTION, "NameID") == 1
                    && sp_xml_child(s->root, SP_NS_ASSERTION, "BaseID") == NULL && sp_xml_first_element(name) == NULL
                    && text[0] != '\0' && strlen(text) <= 1024;
    if (!good) return refuse(error, "name-id", "not one", NULL);
    set(&s->m->name_id, g_steal_pointer(&text));
    set(&s->m->name_id_format, sp_xml_attribute(name, "Format"));
    set(&s->m->name_qualifier, sp_xml_attribute(name, "NameQualifier"));
    set(&s->m->sp_name_qualifier, sp_xml_attribute(name, "SPNameQualifier"));
    return TRUE;
}

static gboolean session_index(const struct seen *s, GError **error)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);
    SP_XML_EACH(node, s->root, SP_NS_PROTOCOL, "SessionIndex") {
        g_autofree char *text = sp_xml_text(node);
        if (sp_xml_first_element(node) != NULL || text[0] == '\0' || strlen(text) > 1024 || all->len >= SP_LOGOUT_INDEXES_MOST)
            return refuse(error, "session-index", "unusable or too many", NULL);
        g_ptr_array_add(all, g_steal_pointer(&text));
    }
    g_ptr_array_add(all, NULL);
    g_strfreev(s->m->session_indexes);
    s->m->session_indexes = g_strdupv((char **)all->pdata);
    return TRUE;
}

/* The answer to a request of ours that is still waited for. */
static gboolean in_response_to(const struct seen *s, GError **error)
{
    if (s->want->request_id == NULL) return refuse(error, "in-response-to", "nothing was asked under this RelayState", NULL);
    return is(s, "in-response-to", "InResponseTo", s->want->request_id, error);
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

static SpLogoutMessage *new_message(const Message *m, const struct sp_logout_want *want, const SpVerified *verified)
{
    SpLogoutMessage *out = g_new0(SpLogoutMessage, 1);
    out->request = m->request;
    out->post = m->query == NULL;
    out->issuer = g_strdup(want->idp);
    out->relay_state = g_strdup(m->relay_state);
    out->key = g_strdup(sp_verified_key(verified));
    out->algorithm = g_strdup(sp_verified_algorithm(verified));
    set(&out->name_id, NULL);
    set(&out->name_id_format, NULL);
    set(&out->name_qualifier, NULL);
    set(&out->sp_name_qualifier, NULL);
    out->session_indexes = g_new0(char *, 1);
    return out;
}

SpLogoutMessage *sp_logout_verify(SpService *service, const struct sp_logout_input *input, const struct sp_logout_want *want,
                                  GError **error)
{
    g_auto(Message) m = { 0 };
    if (!open_message(&m, input, error)) return NULL;
    const struct sp_peer *peer = sp_peer_get(service, want->idp, want->idp_xml, error);
    g_autoptr(SpVerified) verified = peer != NULL ? proof_of(&m, peer, error) : NULL;
    if (verified == NULL || !sp_decrypt_name(sp_verified_node(verified), service->decryption, error)) return NULL;
    g_autoptr(SpLogoutMessage) out = new_message(&m, want, verified);
    const struct seen seen = { service, out, sp_verified_node(verified), want };
    for (size_t i = 0; i < G_N_ELEMENTS(checks); i++)
        if ((m.request ? checks[i].of_request : checks[i].of_response) && !checks[i].ok(&seen, error)) return NULL;
    return g_steal_pointer(&out);
}

void sp_logout_message_free(SpLogoutMessage *m)
{
    if (m == NULL) return;
    g_free(m->issuer);
    g_free(m->id);
    g_free(m->relay_state);
    g_free(m->name_id);
    g_free(m->name_id_format);
    g_free(m->name_qualifier);
    g_free(m->sp_name_qualifier);
    g_strfreev(m->session_indexes);
    g_free(m->key);
    g_free(m->algorithm);
    g_free(m);
}
