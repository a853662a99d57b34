#include "sp/peer.h"

#include <lasso/xml/saml-2.0/saml2_assertion.h>
#include <lasso/xml/saml-2.0/saml2_authn_statement.h>
#include <lasso/xml/saml-2.0/saml2_name_id.h>
#include <lasso/xml/saml-2.0/saml2_subject.h>
#include <libxml/parser.h>
#include <string.h>

#include "sp/keys.h"
#include "sp/xml.h"

gboolean sp_peer_lasso(int rc, enum sp_error code, const char *check, GError **error)
{
    if (rc == 0) return TRUE;
    g_set_error(error, SP_ERROR, (int)code, "%s: lasso says %d, %s", check, rc, lasso_strerror(rc));
    return FALSE;
}

/* --- IdPs ----------------------------------------------------------------------------------------------------------------- */

static void peer_free(gpointer data)
{
    struct sp_peer *peer = data;
    g_clear_object(&peer->provider);
    g_ptr_array_unref(peer->keys);
    g_free(peer->entity_id);
    g_free(peer->xml);
    g_free(peer);
}

GPtrArray *sp_peer_list(void)
{
    return g_ptr_array_new_with_free_func(peer_free);
}

static struct sp_peer *unusable(GError **error, const char *why)
{
    g_set_error(error, SP_ERROR, SP_ERROR_INPUT, "metadata: %s", why);
    return NULL;
}

static LassoProvider *new_provider(xmlNode *entity)
{
    xmlChar *text = NULL;
    int n = 0;
    sp_keys_strip(entity);
    xmlDocDumpMemory(entity->doc, &text, &n);
    LassoProvider *provider = lasso_provider_new_from_buffer(LASSO_PROVIDER_ROLE_IDP, (const char *)text, NULL, NULL);
    xmlFree(text);
    return provider;
}

/* The EntityDescriptor of ENTITY_ID. */
static SpXml *read_entity(const char *entity_id, const char *xml, GError **error)
{
    g_autoptr(SpXml) doc = xmlReadMemory(xml, (int)strlen(xml), NULL, NULL,
                                         XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    const xmlNode *root = doc != NULL ? xmlDocGetRootElement(doc) : NULL;
    if (sp_xml_is(root, SP_NS_METADATA, "EntityDescriptor") && sp_xml_attribute_is(root, "entityID", entity_id))
        return g_steal_pointer(&doc);
    (void)unusable(error, "not the EntityDescriptor of this IdP");
    return NULL;
}

static struct sp_peer *new_peer(const char *entity_id, const char *xml, GError **error)
{
    g_autoptr(SpXml) doc = read_entity(entity_id, xml, error);
    xmlNode *root = doc != NULL ? xmlDocGetRootElement(doc) : NULL;
    g_autoptr(GPtrArray) keys = root != NULL ? sp_keys_of_idp(root, error) : NULL;
    if (keys == NULL) return NULL;
    LassoProvider *provider = new_provider(root);
    if (provider == NULL) return unusable(error, "lasso cannot use it");
    struct sp_peer *peer = g_new0(struct sp_peer, 1);
    peer->entity_id = g_strdup(entity_id);
    peer->xml = g_strdup(xml);
    peer->keys = g_steal_pointer(&keys);
    peer->provider = provider;
    return peer;
}

static void insert(SpService *service, struct sp_peer *peer)
{
    g_ptr_array_insert(service->peers, 0, peer);
    if (service->peers->len > SP_PEERS_MOST) g_ptr_array_set_size(service->peers, SP_PEERS_MOST);
}

static gboolean same(const char *text, const char *other, size_t n)
{
    return strlen(text) == n && memcmp(text, other, n) == 0;
}

/* Finds the peer of exactly this text; one of the same name and another text is out of date and goes. */
static struct sp_peer *take_known(SpService *service, const char *entity_id, size_t entity_n, const char *xml, size_t xml_n)
{
    for (guint i = 0; i < service->peers->len; i++) {
        struct sp_peer *peer = g_ptr_array_index(service->peers, i);
        if (!same(peer->entity_id, entity_id, entity_n)) continue;
        if (same(peer->xml, xml, xml_n)) return g_ptr_array_steal_index(service->peers, i);
        g_ptr_array_remove_index(service->peers, i);
        break;
    }
    return NULL;
}

const struct sp_peer *sp_peer_get(SpService *service, const char *entity_id, const char *xml, GError **error)
{
    struct sp_peer *peer = take_known(service, entity_id, strlen(entity_id), xml, strlen(xml));
    if (peer == NULL) peer = new_peer(entity_id, xml, error);
    if (peer == NULL) return NULL;
    insert(service, peer);
    /* lasso believes any provider that its server knows: it knows only the one that was asked. */
    g_hash_table_remove_all(service->server->providers);
    if (!sp_peer_lasso(lasso_server_add_provider2(service->server, peer->provider), SP_ERROR_INPUT, "metadata", error))
        return NULL;
    return peer;
}

/* --- in two steps --------------------------------------------------------------------------------------------------------- */

GPtrArray *sp_peer_certificates(const char *entity_id, const char *xml, GError **error)
{
    g_autoptr(SpXml) doc = read_entity(entity_id, xml, error);
    return doc != NULL ? sp_keys_certificates(xmlDocGetRootElement(doc), error) : NULL;
}

gboolean sp_peer_known(SpService *service, const char *entity_id, size_t entity_n, const char *xml, size_t xml_n)
{
    struct sp_peer *peer = take_known(service, entity_id, entity_n, xml, xml_n);
    if (peer != NULL) insert(service, peer);
    return peer != NULL;
}

/* A descriptor of our own making, with what verifying needs and no more. */
static char *write_entity(const char *entity_id, const char *const *certificates)
{
    g_autofree char *name = g_markup_escape_text(entity_id, -1);
    GString *out = g_string_new(NULL);
    g_string_append_printf(out, "<EntityDescriptor xmlns=\"%s\" entityID=\"%s\"><IDPSSODescriptor"
                           " protocolSupportEnumeration=\"%s\">", SP_NS_METADATA, name, SP_NS_PROTOCOL);
    for (; *certificates != NULL; certificates++)
        g_string_append_printf(out, "<KeyDescriptor use=\"signing\"><KeyInfo xmlns=\"%s\"><X509Data><X509Certificate>%s"
                               "</X509Certificate></X509Data></KeyInfo></KeyDescriptor>", SP_NS_DSIG, *certificates);
    g_string_append_printf(out, "<SingleSignOnService Binding=\"%s\" Location=\"https://localhost/\"/></IDPSSODescriptor>"
                           "</EntityDescriptor>", SP_BINDING_REDIRECT);
    return g_string_free(out, FALSE);
}

gboolean sp_peer_learn(SpService *service, const char *entity_id, const char *xml, const char *const *certificates,
                       GError **error)
{
    g_autofree char *ours = write_entity(entity_id, certificates);
    struct sp_peer *peer = new_peer(entity_id, ours, error);
    if (peer == NULL) return FALSE;
    g_free(peer->xml);
    peer->xml = g_strdup(xml);
    insert(service, peer);
    return TRUE;
}

/* --- sessions ------------------------------------------------------------------------------------------------------------- */

static char *or_null(const char *text)
{
    return text != NULL && text[0] != '\0' ? g_strdup(text) : NULL;
}

static LassoSaml2NameID *new_name_id(const struct sp_peer_subject *subject)
{
    LassoSaml2NameID *name = LASSO_SAML2_NAME_ID(lasso_saml2_name_id_new_with_string((char *)subject->name_id));
    name->Format = or_null(subject->format);
    name->NameQualifier = or_null(subject->name_qualifier);
    name->SPNameQualifier = or_null(subject->sp_name_qualifier);
    return name;
}

static LassoSaml2Assertion *new_assertion(const struct sp_peer_subject *subject)
{
    LassoSaml2Assertion *assertion = LASSO_SAML2_ASSERTION(lasso_saml2_assertion_new());
    LassoSaml2AuthnStatement *statement = LASSO_SAML2_AUTHN_STATEMENT(lasso_saml2_authn_statement_new());
    assertion->ID = g_strdup(subject->assertion_id);
    assertion->Issuer = LASSO_SAML2_NAME_ID(lasso_saml2_name_id_new_with_string((char *)subject->idp));
    assertion->Subject = LASSO_SAML2_SUBJECT(lasso_saml2_subject_new());
    assertion->Subject->NameID = new_name_id(subject);
    statement->SessionIndex = or_null(subject->session_index);
    assertion->AuthnStatement = g_list_append(NULL, statement);
    return assertion;
}

LassoSession *sp_peer_session(const struct sp_peer_subject *subject)
{
    LassoSession *session = lasso_session_new();
    LassoSaml2Assertion *assertion = new_assertion(subject);
    lasso_session_add_assertion(session, subject->idp, LASSO_NODE(assertion));
    g_object_unref(assertion);
    return session;
}

char *sp_peer_keep(const struct sp_peer_subject *s)
{
    const char *const parts[] = { s->idp, s->assertion_id, s->name_id, s->format, s->name_qualifier, s->sp_name_qualifier,
                                  s->session_index };
    GString *out = g_string_new("1");
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *escaped = g_uri_escape_string(parts[i] != NULL ? parts[i] : "", NULL, FALSE);
        g_string_append_printf(out, "|%s", escaped);
    }
    return g_string_free(out, FALSE);
}

LassoSession *sp_peer_kept(const char *text)
{
    enum { PARTS = 8 };
    g_auto(GStrv) parts = g_strsplit(text, "|", PARTS + 1);
    if (g_strv_length(parts) != PARTS || strcmp(parts[0], "1") != 0) return NULL;
    for (char **part = parts; *part != NULL; part++) {
        char *plain = g_uri_unescape_string(*part, NULL);
        if (plain == NULL) return NULL;
        g_free(*part);
        *part = plain;
    }
    const struct sp_peer_subject subject = { parts[1], parts[2], parts[3], parts[4], parts[5], parts[6], parts[7] };
    return subject.name_id[0] != '\0' ? sp_peer_session(&subject) : NULL;
}
