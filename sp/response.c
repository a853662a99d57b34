#include "sp/response.h"

#include <string.h>

#include "sp/attributes.h"
#include "sp/checks.h"
#include "sp/decrypt.h"
#include "sp/peer.h"
#include "sp/shape.h"
#include "sp/signature.h"
#include "sp/strict.h"

/* A message on its way: what came, which is only looked at by sp/shape.h and to be verified, and what was proved of it. */
typedef struct {
    SpXml *received, *decrypted;
    SpVerified *response;  /* NULL: not signed */
    SpVerified *assertion;
    gboolean beyond_lasso; /* an algorithm that it does not know */
} Message;

static void message_clear(Message *m)
{
    sp_xml_free(m->received);
    sp_xml_free(m->decrypted);
    sp_verified_free(m->response);
    sp_verified_free(m->assertion);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Message, message_clear)

static gboolean refuse(GError **error, const char *check, const char *why)
{
    g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "%s: %s", check, why);
    return FALSE;
}

static xmlNode *signature_of(const xmlNode *element)
{
    return sp_xml_child(element, SP_NS_DSIG, "Signature");
}

static void note_algorithms(Message *m, const SpVerified *verified, const xmlNode *encrypted)
{
    if (verified != NULL && strstr(sp_verified_algorithm(verified), "#ecdsa-") != NULL) m->beyond_lasso = TRUE;
    if (encrypted == NULL) return;
    const struct sp_shape_oaep oaep = sp_shape_oaep(encrypted);
    const xmlNode *how = sp_xml_child(sp_shape_encrypted_key(encrypted), SP_NS_XMLENC, "EncryptionMethod");
    if (strcmp(oaep.digest, "SHA1") != 0 || !sp_xml_attribute_is(how, "Algorithm", SP_NS_XMLENC "rsa-oaep-mgf1p"))
        m->beyond_lasso = TRUE;
}

/* --- the steps ------------------------------------------------------------------------------------------------------------ */

static gboolean look(Message *m, const char *bytes, size_t n, GError **error)
{
    m->received = sp_strict_parse(bytes, n, error);
    return m->received != NULL && sp_shape_response(m->received, error);
}

static gboolean verify_response(Message *m, const struct sp_peer *peer, GError **error)
{
    xmlNode *signature = signature_of(xmlDocGetRootElement(m->received));
    if (signature == NULL) return TRUE;
    m->response = sp_signature_verify(signature, peer->keys, error);
    note_algorithms(m, m->response, NULL);
    return m->response != NULL && sp_shape_response(sp_verified_node(m->response)->doc, error);
}

/* The Response that counts: what was digested, where it is signed. */
static xmlNode *response_of(const Message *m)
{
    return m->response != NULL ? sp_verified_node(m->response) : xmlDocGetRootElement(m->received);
}

/* The assertion, in the clear; not proved yet. */
static xmlNode *find_assertion(Message *m, const SpService *service, GError **error)
{
    const xmlNode *response = response_of(m), *encrypted = sp_xml_child(response, SP_NS_ASSERTION, "EncryptedAssertion");
    if (encrypted == NULL) return sp_xml_child(response, SP_NS_ASSERTION, "Assertion");
    note_algorithms(m, NULL, encrypted);
    /* CBC has no integrity: what we answer to a changed cipher text would tell its content, piece by piece. */
    if (sp_shape_is_cbc(encrypted) && m->response == NULL) {
        refuse(error, "encryption", "CBC outside a verified signature");
        return NULL;
    }
    size_t n = 0;
    g_autofree char *bytes = sp_decrypt(encrypted, service->decryption, &n, error);
    m->decrypted = bytes != NULL ? sp_strict_parse(bytes, n, error) : NULL;
    if (m->decrypted == NULL || !sp_shape_assertion(m->decrypted, error)) return NULL;
    return xmlDocGetRootElement(m->decrypted);
}

/* What follows from the response's signature for an assertion without one. */
static SpVerified *by_the_response(Message *m, xmlNode *assertion)
{
    return m->decrypted == NULL ? sp_verified_part(m->response, assertion)
                                : sp_verified_clear(m->response, g_steal_pointer(&m->decrypted));
}

/* A signed assertion is read from what was digested; one without a signature counts only inside a signed response. */
static gboolean verify_assertion(Message *m, xmlNode *assertion, const struct sp_peer *peer, GError **error)
{
    xmlNode *signature = signature_of(assertion);
    if (signature == NULL) {
        if (m->response == NULL) return refuse(error, "unsigned", "neither the response nor the assertion is signed");
        m->assertion = by_the_response(m, assertion);
        return TRUE;
    }
    m->assertion = sp_signature_verify(signature, peer->keys, error);
    note_algorithms(m, m->assertion, NULL);
    return m->assertion != NULL && sp_shape_assertion(sp_verified_node(m->assertion)->doc, error);
}

/* The Subject's NameID, where it is encrypted inside what was signed. */
static gboolean decrypt_name(Message *m, const SpService *service, GError **error)
{
    xmlNode *subject = sp_xml_child(sp_verified_node(m->assertion), SP_NS_ASSERTION, "Subject");
    note_algorithms(m, NULL, sp_xml_child(subject, SP_NS_ASSERTION, "EncryptedID"));
    return sp_decrypt_name(subject, service->decryption, error);
}

static struct sp_seen seen(const Message *m, const SpService *service, const struct sp_want *want)
{
    return (struct sp_seen){
        .response = response_of(m),
        .assertion = m->assertion != NULL ? sp_verified_node(m->assertion) : NULL,
        .destination = want->destination != NULL ? want->destination : service->acs_url,
        .entity_id = service->entity_id,
    };
}

static gboolean check(const Message *m, const SpService *service, const struct sp_want *want, GError **error)
{
    const struct sp_seen what = seen(m, service, want);
    return sp_checks_run(&what, want, error);
}

/* The shape lets a response without an assertion through only where its status is NoAuthnContext. */
static gboolean brings_an_assertion(const Message *m, const SpService *service, const struct sp_want *want, GError **error)
{
    const xmlNode *response = response_of(m);
    if (sp_xml_child(response, SP_NS_ASSERTION, "Assertion") != NULL
        || sp_xml_child(response, SP_NS_ASSERTION, "EncryptedAssertion") != NULL)
        return TRUE;
    if (m->response == NULL) return refuse(error, "status", "NoAuthnContext, not signed");
    const struct sp_seen what = seen(m, service, want);
    return sp_checks_no_context(&what, want, error);
}

/* lasso's own opinion of the same bytes: its signature check, protocol, decryption. It is asked after us, so that it only ever
   sees what a known IdP has signed. */
static gboolean ask_lasso(const Message *m, SpService *service, const struct sp_want *want, const char *bytes, size_t n,
                          GError **error)
{
    if (m->beyond_lasso) return TRUE;
    g_autoptr(LassoLogin) login = lasso_login_new_from_dump(service->server, want->saml);
    if (login == NULL) return refuse(error, "lasso", "the kept state of the login is of no use");
    g_autofree char *base64 = g_base64_encode((const guchar *)bytes, n);
    return sp_peer_lasso(lasso_login_process_authn_response_msg(login, base64), SP_ERROR_REFUSED, "lasso", error);
}

/* --- reading -------------------------------------------------------------------------------------------------------------- */

static char *text_or_empty(char *text)
{
    return text != NULL ? text : g_strdup("");
}

static gint64 time_or_zero(const xmlNode *node, const char *attribute)
{
    g_autofree char *text = sp_xml_attribute(node, attribute);
    gint64 seconds = 0;
    return text != NULL && sp_time_parse(text, &seconds) ? seconds : 0;
}

/* When the assertion can no longer pass the check not-on-or-after: at the earlier of its two ends. */
static gint64 end_of(const xmlNode *assertion, int skew)
{
    const xmlNode *subject = sp_xml_child(assertion, SP_NS_ASSERTION, "Subject");
    const xmlNode *data = sp_xml_child(sp_xml_child(subject, SP_NS_ASSERTION, "SubjectConfirmation"), SP_NS_ASSERTION,
                                       "SubjectConfirmationData");
    const xmlNode *conditions = sp_xml_child(assertion, SP_NS_ASSERTION, "Conditions");
    return MIN(time_or_zero(conditions, "NotOnOrAfter"), time_or_zero(data, "NotOnOrAfter")) + skew;
}

static void read_name_id(SpIdentity *out, const xmlNode *assertion)
{
    const xmlNode *name = sp_xml_child(sp_xml_child(assertion, SP_NS_ASSERTION, "Subject"), SP_NS_ASSERTION, "NameID");
    out->name_id = text_or_empty(sp_xml_text(name));
    out->name_id_format = text_or_empty(sp_xml_attribute(name, "Format"));
    out->name_qualifier = text_or_empty(sp_xml_attribute(name, "NameQualifier"));
    out->sp_name_qualifier = text_or_empty(sp_xml_attribute(name, "SPNameQualifier"));
}

/* The first statement is the one that counts; all ends count. */
static void read_statements(SpIdentity *out, const xmlNode *assertion)
{
    const xmlNode *first = sp_xml_child(assertion, SP_NS_ASSERTION, "AuthnStatement");
    const xmlNode *context = sp_xml_child(first, SP_NS_ASSERTION, "AuthnContext");
    out->session_index = text_or_empty(sp_xml_attribute(first, "SessionIndex"));
    out->authn_instant = time_or_zero(first, "AuthnInstant");
    out->context = text_or_empty(sp_xml_text(sp_xml_child(context, SP_NS_ASSERTION, "AuthnContextClassRef")));
    for (const xmlNode *s = first; s != NULL; s = sp_xml_next(s, SP_NS_ASSERTION, "AuthnStatement")) {
        gint64 end = time_or_zero(s, "SessionNotOnOrAfter");
        if (end != 0 && (out->session_until == 0 || end < out->session_until)) out->session_until = end;
    }
}

void sp_identity_keep(SpIdentity *identity)
{
    const struct sp_peer_subject subject = { identity->idp, identity->assertion_id, identity->name_id, identity->name_id_format,
                                             identity->name_qualifier, identity->sp_name_qualifier, identity->session_index };
    g_free(identity->saml);
    identity->saml = identity->name_id[0] != '\0' ? sp_peer_keep(&subject) : g_strdup("");
}

/* Everything is read from the proof's own tree. */
static SpIdentity *read_identity(const SpVerified *verified, const SpService *service, const struct sp_want *want,
                                 GError **error)
{
    g_autoptr(SpIdentity) out = g_new0(SpIdentity, 1);
    xmlNode *assertion = sp_verified_node(verified);
    out->idp = g_strdup(want->idp);
    out->key = g_strdup(sp_verified_key(verified));
    out->algorithm = g_strdup(sp_verified_algorithm(verified));
    out->assertion_id = sp_xml_attribute(assertion, "ID");
    out->assertion_until = end_of(assertion, want->skew);
    read_name_id(out, assertion);
    read_statements(out, assertion);
    out->attributes = sp_attributes_read(assertion, want->idp, service->entity_id, error);
    if (out->attributes == NULL) return NULL;
    sp_identity_keep(out);
    return g_steal_pointer(&out);
}

SpIdentity *sp_response_verify(SpService *service, const char *base64, size_t n, const struct sp_want *want, GError **error)
{
    g_auto(Message) m = { 0 };
    size_t length = 0;
    g_autofree char *bytes = sp_strict_base64(base64, n, SP_RESPONSE_LONGEST, &length, error);
    if (bytes == NULL || !look(&m, bytes, length, error)) return NULL;
    const struct sp_peer *peer = sp_peer_get(service, want->idp, want->idp_xml, error);
    if (peer == NULL || !verify_response(&m, peer, error) || !brings_an_assertion(&m, service, want, error)) return NULL;
    xmlNode *assertion = find_assertion(&m, service, error);
    if (assertion == NULL || !verify_assertion(&m, assertion, peer, error) || !decrypt_name(&m, service, error)
        || !check(&m, service, want, error) || !ask_lasso(&m, service, want, bytes, length, error))
        return NULL;
    return read_identity(m.assertion, service, want, error);
}

void sp_identity_free(SpIdentity *identity)
{
    if (identity == NULL) return;
    g_free(identity->idp);
    g_free(identity->assertion_id);
    g_free(identity->name_id);
    g_free(identity->name_id_format);
    g_free(identity->name_qualifier);
    g_free(identity->sp_name_qualifier);
    g_free(identity->session_index);
    g_free(identity->context);
    g_free(identity->key);
    g_free(identity->algorithm);
    if (identity->attributes != NULL) g_ptr_array_unref(identity->attributes);
    g_free(identity->saml);
    g_free(identity);
}
