#include "sp/descriptor.h"

#include "sp/attributes.h"
#include "sp/xml.h"

#define NS_DISCOVERY "urn:oasis:names:tc:SAML:profiles:SSO:idp-discovery-protocol"
#define NAME_FORMAT_URI "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
#define ENTITY_CATEGORY "http://macedir.org/entity-category"

struct names {
    xmlNs *md, *ui, *attr, *saml, *ds, *disco, *xml;
};

static xmlNode *add(xmlNode *parent, xmlNs *ns, const char *name, const char *text)
{
    return xmlNewTextChild(parent, ns, (const xmlChar *)name, (const xmlChar *)text);
}

static void set(xmlNode *node, const char *name, const char *value)
{
    xmlNewProp(node, (const xmlChar *)name, (const xmlChar *)value);
}

static gboolean given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* The same element in both languages. */
static void add_both(xmlNode *parent, const struct names *ns, xmlNs *of, const char *name, const char *en, const char *ja)
{
    xmlNewNsProp(add(parent, of, name, en), ns->xml, (const xmlChar *)"lang", (const xmlChar *)"en");
    xmlNewNsProp(add(parent, of, name, ja), ns->xml, (const xmlChar *)"lang", (const xmlChar *)"ja");
}

static void add_categories(xmlNode *entity, const struct names *ns, const char *const *categories)
{
    if (categories == NULL || categories[0] == NULL) return;
    xmlNode *all = add(add(entity, ns->md, "Extensions", NULL), ns->attr, "EntityAttributes", NULL);
    xmlNode *attribute = add(all, ns->saml, "Attribute", NULL);
    set(attribute, "Name", ENTITY_CATEGORY);
    set(attribute, "NameFormat", NAME_FORMAT_URI);
    for (; *categories != NULL; categories++) add(attribute, ns->saml, "AttributeValue", *categories);
}

static void add_extensions(xmlNode *role, const struct names *ns, const struct sp_service_values *v)
{
    xmlNode *extensions = add(role, ns->md, "Extensions", NULL);
    xmlNode *info = add(extensions, ns->ui, "UIInfo", NULL);
    if (given(v->name_en)) add_both(info, ns, ns->ui, "DisplayName", v->name_en, v->name_ja);
    if (given(v->home_url)) add_both(info, ns, ns->ui, "InformationURL", v->home_url, v->home_url);
    if (!given(v->discovery_url)) return;
    xmlNode *discovery = add(extensions, ns->disco, "DiscoveryResponse", NULL);
    set(discovery, "Binding", NS_DISCOVERY);
    set(discovery, "Location", v->discovery_url);
    set(discovery, "index", "0");
}

static void add_key(xmlNode *role, const struct names *ns, const char *use, const char *certificate)
{
    /* In the order of our liking; what is not here is refused (sp/shape.c). */
    static const char *const methods[] = {
        "http://www.w3.org/2009/xmlenc11#aes256-gcm", "http://www.w3.org/2009/xmlenc11#aes128-gcm",
        SP_NS_XMLENC "aes256-cbc", SP_NS_XMLENC "aes128-cbc", SP_NS_XMLENC "rsa-oaep-mgf1p",
    };
    xmlNode *key = add(role, ns->md, "KeyDescriptor", NULL);
    set(key, "use", use);
    xmlNode *data = add(add(key, ns->ds, "KeyInfo", NULL), ns->ds, "X509Data", NULL);
    add(data, ns->ds, "X509Certificate", certificate);
    for (size_t i = 0; i < G_N_ELEMENTS(methods) && g_str_equal(use, "encryption"); i++)
        set(add(key, ns->md, "EncryptionMethod", NULL), "Algorithm", methods[i]);
}

static xmlNode *add_endpoint(xmlNode *role, const struct names *ns, const char *name, const char *binding, const char *url)
{
    xmlNode *endpoint = add(role, ns->md, name, NULL);
    set(endpoint, "Binding", binding);
    set(endpoint, "Location", url);
    return endpoint;
}

static void add_attributes(xmlNode *role, const struct names *ns, const struct sp_service_values *v)
{
    xmlNode *service = add(role, ns->md, "AttributeConsumingService", NULL);
    set(service, "index", "0");
    if (given(v->name_en)) add_both(service, ns, ns->md, "ServiceName", v->name_en, v->name_ja);
    for (const struct sp_attribute_known *known = sp_attributes_known; known->name != NULL; known++) {
        xmlNode *wanted = add(service, ns->md, "RequestedAttribute", NULL);
        set(wanted, "Name", known->oid);
        set(wanted, "NameFormat", NAME_FORMAT_URI);
        set(wanted, "FriendlyName", known->name);
        set(wanted, "isRequired", known->required ? "true" : "false");
    }
}

static void add_role(xmlNode *entity, const struct names *ns, const struct sp_service_values *v,
                     const char *const *signing, const char *const *encryption)
{
    xmlNode *role = add(entity, ns->md, "SPSSODescriptor", NULL);
    set(role, "AuthnRequestsSigned", "true");
    set(role, "WantAssertionsSigned", "true");
    set(role, "protocolSupportEnumeration", SP_NS_PROTOCOL);
    add_extensions(role, ns, v);
    for (; *signing != NULL; signing++) add_key(role, ns, "signing", *signing);
    for (; *encryption != NULL; encryption++) add_key(role, ns, "encryption", *encryption);
    add_endpoint(role, ns, "SingleLogoutService", SP_BINDING_REDIRECT, v->slo_url);
    add_endpoint(role, ns, "SingleLogoutService", SP_BINDING_POST, v->slo_url);
    add(role, ns->md, "NameIDFormat", "urn:oasis:names:tc:SAML:2.0:nameid-format:transient");
    add(role, ns->md, "NameIDFormat", SP_FORMAT_PERSISTENT);
    xmlNode *acs = add_endpoint(role, ns, "AssertionConsumerService", SP_BINDING_POST, v->acs_url);
    set(acs, "index", "0");
    set(acs, "isDefault", "true");
    add_attributes(role, ns, v);
}

static void add_people(xmlNode *entity, const struct names *ns, const struct sp_service_values *v)
{
    if (given(v->home_url)) {
        xmlNode *organization = add(entity, ns->md, "Organization", NULL);
        add_both(organization, ns, ns->md, "OrganizationName", v->name_en, v->name_ja);
        add_both(organization, ns, ns->md, "OrganizationDisplayName", v->name_en, v->name_ja);
        add_both(organization, ns, ns->md, "OrganizationURL", v->home_url, v->home_url);
    }
    if (!given(v->contact_mail)) return;
    static const char *const kinds[] = { "technical", "support" };
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        xmlNode *contact = add(entity, ns->md, "ContactPerson", NULL);
        g_autofree char *address = g_strconcat("mailto:", v->contact_mail, NULL);
        set(contact, "contactType", kinds[i]);
        if (given(v->contact_name)) add(contact, ns->md, "GivenName", v->contact_name);
        add(contact, ns->md, "EmailAddress", address);
    }
}

char *sp_descriptor_new(const struct sp_service_values *v, const char *const *signing, const char *const *encryption)
{
    g_autoptr(SpXml) doc = xmlNewDoc((const xmlChar *)"1.0");
    xmlNode *entity = xmlNewDocNode(doc, NULL, (const xmlChar *)"EntityDescriptor", NULL);
    xmlDocSetRootElement(doc, entity);
    struct names ns = {
        .md = xmlNewNs(entity, (const xmlChar *)SP_NS_METADATA, (const xmlChar *)"md"),
        .ui = xmlNewNs(entity, (const xmlChar *)SP_NS_MDUI, (const xmlChar *)"mdui"),
        .attr = xmlNewNs(entity, (const xmlChar *)SP_NS_MDATTR, (const xmlChar *)"mdattr"),
        .saml = xmlNewNs(entity, (const xmlChar *)SP_NS_ASSERTION, (const xmlChar *)"saml"),
        .ds = xmlNewNs(entity, (const xmlChar *)SP_NS_DSIG, (const xmlChar *)"ds"),
        .disco = xmlNewNs(entity, (const xmlChar *)NS_DISCOVERY, (const xmlChar *)"idpdisc"),
        .xml = xmlSearchNs(doc, entity, (const xmlChar *)"xml"),
    };
    xmlSetNs(entity, ns.md);
    set(entity, "entityID", v->entity_id);
    add_categories(entity, &ns, v->entity_categories);
    add_role(entity, &ns, v, signing, encryption);
    add_people(entity, &ns, v);
    xmlChar *text = NULL;
    int n = 0;
    xmlDocDumpFormatMemoryEnc(doc, &text, &n, "UTF-8", 1);
    char *copy = g_strndup((const char *)text, (gsize)n);
    xmlFree(text);
    return copy;
}
