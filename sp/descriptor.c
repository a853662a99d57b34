#include "sp/descriptor.h"

#include "sp/attributes.h"
#include "sp/xml.h"

#define NS_DISCOVERY "urn:oasis:names:tc:SAML:profiles:SSO:idp-discovery-protocol"
#define NS_ALGORITHMS "urn:oasis:names:tc:SAML:metadata:algsupport"
#define NS_REFEDS "http://refeds.org/metadata"
#define NAME_FORMAT_URI "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
#define MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define XMLENC11 "http://www.w3.org/2009/xmlenc11#"

struct names {
    xmlNs *md, *ui, *attr, *saml, *ds, *disco, *alg, *remd, *xml;
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

/* The same element in both languages; nothing where there is no text. */
static void add_both(xmlNode *parent, const struct names *ns, xmlNs *of, const char *name, const char *en, const char *ja)
{
    if (!given(en) || !given(ja)) return;
    xmlNewNsProp(add(parent, of, name, en), ns->xml, (const xmlChar *)"lang", (const xmlChar *)"en");
    xmlNewNsProp(add(parent, of, name, ja), ns->xml, (const xmlChar *)"lang", (const xmlChar *)"ja");
}

/* --- the entity ----------------------------------------------------------------------------------------------------------- */

static void add_entity_attribute(xmlNode *all, const struct names *ns, const char *name, const char *const *values)
{
    if (values == NULL || values[0] == NULL) return;
    xmlNode *attribute = add(all, ns->saml, "Attribute", NULL);
    set(attribute, "Name", name);
    set(attribute, "NameFormat", NAME_FORMAT_URI);
    for (; *values != NULL; values++) add(attribute, ns->saml, "AttributeValue", *values);
}

static void add_entity_attributes(xmlNode *entity, const struct names *ns, const struct sp_service_values *v)
{
    const char *const subject_id[] = { given(v->subject_id) ? v->subject_id : NULL, NULL };
    const struct { const char *name; const char *const *values; } all[] = {
        { "http://macedir.org/entity-category", v->entity_categories },
        { "urn:oasis:names:tc:SAML:attribute:assurance-certification", v->assurance_certifications },
        { "urn:oasis:names:tc:SAML:profiles:subject-id:req", subject_id },
    };
    xmlNode *extensions = add(entity, ns->md, "Extensions", NULL);
    xmlNode *attributes = add(extensions, ns->attr, "EntityAttributes", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) add_entity_attribute(attributes, ns, all[i].name, all[i].values);
    if (attributes->children != NULL) return;
    xmlUnlinkNode(extensions); /* the schema wants neither of them empty */
    xmlFreeNode(extensions);
}

/* --- the role's extensions ------------------------------------------------------------------------------------------------ */

static void add_logo(xmlNode *info, const struct names *ns, const struct sp_service_values *v)
{
    if (!given(v->logo_url)) return;
    xmlNode *logo = add(info, ns->ui, "Logo", v->logo_url);
    g_autofree char *height = g_strdup_printf("%d", v->logo_height), *width = g_strdup_printf("%d", v->logo_width);
    set(logo, "height", height);
    set(logo, "width", width);
}

static void add_info(xmlNode *extensions, const struct names *ns, const struct sp_service_values *v)
{
    xmlNode *info = add(extensions, ns->ui, "UIInfo", NULL);
    add_both(info, ns, ns->ui, "DisplayName", v->name_en, v->name_ja);
    add_both(info, ns, ns->ui, "Description", v->description_en, v->description_ja);
    add_both(info, ns, ns->ui, "Keywords", v->keywords_en, v->keywords_ja);
    add_logo(info, ns, v);
    add_both(info, ns, ns->ui, "InformationURL", v->home_url, v->home_url);
    add_both(info, ns, ns->ui, "PrivacyStatementURL", v->privacy_url, v->privacy_url);
}

static void add_discovery(xmlNode *extensions, const struct names *ns, const char *url)
{
    if (!given(url)) return;
    xmlNode *discovery = add(extensions, ns->disco, "DiscoveryResponse", NULL);
    set(discovery, "Binding", NS_DISCOVERY);
    set(discovery, "Location", url);
    set(discovery, "index", "0");
}

/* What a signature to us may be made with (sp/shape.c refuses the rest), the better first where it does not matter. */
static void add_algorithms(xmlNode *extensions, const struct names *ns)
{
    static const char *const digests[] = { SP_NS_XMLENC "sha256", MORE "sha384", SP_NS_XMLENC "sha512" };
    static const struct { const char *uri, *least; } methods[] = {
        { MORE "rsa-sha256", "2048" },  { MORE "rsa-sha384", "2048" },  { MORE "rsa-sha512", "2048" },
        { MORE "ecdsa-sha256", "256" }, { MORE "ecdsa-sha384", "256" }, { MORE "ecdsa-sha512", "256" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(digests); i++)
        set(add(extensions, ns->alg, "DigestMethod", NULL), "Algorithm", digests[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
        xmlNode *method = add(extensions, ns->alg, "SigningMethod", NULL);
        set(method, "Algorithm", methods[i].uri);
        set(method, "MinKeySize", methods[i].least);
    }
}

/* --- the role ------------------------------------------------------------------------------------------------------------- */

static void add_encryption_methods(xmlNode *key, const struct names *ns)
{
    /* In the order of our liking; what is not here is refused (sp/shape.c). CBC counts inside a signed response only. */
    static const char *const data[] = {
        XMLENC11 "aes256-gcm", XMLENC11 "aes192-gcm", XMLENC11 "aes128-gcm",
        SP_NS_XMLENC "aes256-cbc", SP_NS_XMLENC "aes192-cbc", SP_NS_XMLENC "aes128-cbc",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(data); i++)
        set(add(key, ns->md, "EncryptionMethod", NULL), "Algorithm", data[i]);
    xmlNode *transport = add(key, ns->md, "EncryptionMethod", NULL);
    set(transport, "Algorithm", SP_NS_XMLENC "rsa-oaep-mgf1p");
    /* saml2int: "key transport digest"; its collisions do not matter here. */
    set(add(transport, ns->ds, "DigestMethod", NULL), "Algorithm", SP_NS_DSIG "sha1");
}

static void add_key(xmlNode *role, const struct names *ns, const char *use, const char *certificate)
{
    xmlNode *key = add(role, ns->md, "KeyDescriptor", NULL);
    set(key, "use", use);
    xmlNode *data = add(add(key, ns->ds, "KeyInfo", NULL), ns->ds, "X509Data", NULL);
    add(data, ns->ds, "X509Certificate", certificate);
    if (g_str_equal(use, "encryption")) add_encryption_methods(key, ns);
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
    if (!given(v->name_en)) return; /* the schema wants a name */
    xmlNode *service = add(role, ns->md, "AttributeConsumingService", NULL);
    set(service, "index", "0");
    set(service, "isDefault", "true");
    add_both(service, ns, ns->md, "ServiceName", v->name_en, v->name_ja);
    add_both(service, ns, ns->md, "ServiceDescription", v->description_en, v->description_ja);
    for (const struct sp_attribute_known *known = sp_attributes_known; known->name != NULL; known++) {
        xmlNode *wanted = add(service, ns->md, "RequestedAttribute", NULL);
        set(wanted, "FriendlyName", known->name);
        set(wanted, "Name", known->oid);
        set(wanted, "NameFormat", NAME_FORMAT_URI);
        set(wanted, "isRequired", known->required ? "true" : "false");
    }
}

static void add_role(xmlNode *entity, const struct names *ns, const struct sp_service_values *v,
                     const char *const *signing, const char *const *encryption)
{
    xmlNode *role = add(entity, ns->md, "SPSSODescriptor", NULL);
    set(role, "AuthnRequestsSigned", "true");
    /* A signed response around an assertion is enough for us. But an IdP that signs one of the two, and encrypts, must have signed
       the response for CBC; and some sign nothing unless they are asked to. */
    set(role, "WantAssertionsSigned", "true");
    set(role, "protocolSupportEnumeration", SP_NS_PROTOCOL);
    xmlNode *extensions = add(role, ns->md, "Extensions", NULL);
    add_algorithms(extensions, ns);
    if (given(v->name_en)) add_info(extensions, ns, v);
    add_discovery(extensions, ns, v->discovery_url);
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

/* --- people --------------------------------------------------------------------------------------------------------------- */

static void add_organization(xmlNode *entity, const struct names *ns, const struct sp_service_values *v)
{
    const char *en = given(v->organization_en) ? v->organization_en : v->name_en;
    const char *ja = given(v->organization_ja) ? v->organization_ja : v->name_ja;
    const char *url = given(v->organization_url) ? v->organization_url : v->home_url;
    if (!given(url) || !given(en)) return;
    xmlNode *organization = add(entity, ns->md, "Organization", NULL);
    add_both(organization, ns, ns->md, "OrganizationName", en, ja);
    add_both(organization, ns, ns->md, "OrganizationDisplayName", en, ja);
    add_both(organization, ns, ns->md, "OrganizationURL", url, url);
}

static xmlNode *add_contact(xmlNode *entity, const struct names *ns, const char *type, const struct sp_contact *who)
{
    if (!given(who->mail)) return NULL;
    xmlNode *contact = add(entity, ns->md, "ContactPerson", NULL);
    g_autofree char *address = g_strconcat("mailto:", who->mail, NULL);
    set(contact, "contactType", type);
    if (given(who->name)) add(contact, ns->md, "GivenName", who->name);
    add(contact, ns->md, "EmailAddress", address);
    return contact;
}

static void add_people(xmlNode *entity, const struct names *ns, const struct sp_service_values *v)
{
    add_organization(entity, ns, v);
    add_contact(entity, ns, "technical", &v->technical);
    add_contact(entity, ns, "support", &v->support);
    /* REFEDS security contact: https://refeds.org/metadata/contactType/security */
    xmlNode *security = add_contact(entity, ns, "other", &v->security);
    if (security != NULL)
        xmlNewNsProp(security, ns->remd, (const xmlChar *)"contactType",
                     (const xmlChar *)"http://refeds.org/metadata/contactType/security");
}

/* --- the whole ------------------------------------------------------------------------------------------------------------ */

static struct names declare(xmlDoc *doc, xmlNode *entity)
{
    struct names ns;
    const struct { xmlNs **place; const char *uri, *prefix; } all[] = {
        { &ns.md, SP_NS_METADATA, "md" },     { &ns.ui, SP_NS_MDUI, "mdui" },      { &ns.attr, SP_NS_MDATTR, "mdattr" },
        { &ns.saml, SP_NS_ASSERTION, "saml" }, { &ns.ds, SP_NS_DSIG, "ds" },       { &ns.disco, NS_DISCOVERY, "idpdisc" },
        { &ns.alg, NS_ALGORITHMS, "alg" },    { &ns.remd, NS_REFEDS, "remd" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        *all[i].place = xmlNewNs(entity, (const xmlChar *)all[i].uri, (const xmlChar *)all[i].prefix);
    ns.xml = xmlSearchNs(doc, entity, (const xmlChar *)"xml");
    return ns;
}

char *sp_descriptor_new(const struct sp_service_values *v, const char *const *signing, const char *const *encryption)
{
    g_autoptr(SpXml) doc = xmlNewDoc((const xmlChar *)"1.0");
    xmlNode *entity = xmlNewDocNode(doc, NULL, (const xmlChar *)"EntityDescriptor", NULL);
    xmlDocSetRootElement(doc, entity);
    struct names ns = declare(doc, entity);
    xmlSetNs(entity, ns.md);
    set(entity, "entityID", v->entity_id);
    add_entity_attributes(entity, &ns, v);
    add_role(entity, &ns, v, signing, encryption);
    add_people(entity, &ns, v);
    xmlChar *text = NULL;
    int n = 0;
    xmlDocDumpFormatMemoryEnc(doc, &text, &n, "UTF-8", 1);
    char *copy = g_strndup((const char *)text, (gsize)n);
    xmlFree(text);
    return copy;
}
