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

static struct sp_peer *new_peer(const char *entity_id, const char *xml, GError **error)
{
    g_autoptr(SpXml) doc = xmlReadMemory(xml, (int)strlen(xml), NULL, NULL,
                                         XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    xmlNode *root = doc != NULL ? xmlDocGetRootElement(doc) : NULL;
    if (!sp_xml_is(root, SP_NS_METADATA, "EntityDescriptor") || !sp_xml_attribute_is(root, "entityID", entity_id))
        return unusable(error, "not the EntityDescriptor of this IdP");
    g_autoptr(GPtrArray) keys = sp_keys_of_idp(root, error);
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

/* Finds the peer of exactly this text; one of the same name and another text is out of date and goes. */
static struct sp_peer *take_known(SpService *service, const char *entity_id, const char *xml)
{
    for (guint i = 0; i < service->peers->len; i++) {
        struct sp_peer *peer = g_ptr_array_index(service->peers, i);
        if (strcmp(peer->entity_id, entity_id) != 0) continue;
        if (strcmp(peer->xml, xml) == 0) return g_ptr_array_steal_index(service->peers, i);
        g_ptr_array_remove_index(service->peers, i);
        break;
    }
    return NULL;
}

const struct sp_peer *sp_peer_get(SpService *service, const char *entity_id, const char *xml, GError **error)
{
    struct sp_peer *peer = take_known(service, entity_id, xml);
    if (peer == NULL) peer = new_peer(entity_id, xml, error);
    if (peer == NULL) return NULL;
    g_ptr_array_insert(service->peers, 0, peer);
    if (service->peers->len > SP_PEERS_MOST) g_ptr_array_set_size(service->peers, SP_PEERS_MOST);
    /* lasso believes any provider that its server knows: it knows only the one that was asked. */
    g_hash_table_remove_all(service->server->providers);
    if (!sp_peer_lasso(lasso_server_add_provider2(service->server, peer->provider), SP_ERROR_INPUT, "metadata", error))
        return NULL;
    return peer;
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
