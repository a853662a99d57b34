/*
 * The service: its metadata, its AuthnRequests, what it takes for an IdP, and how wrong settings are told.
 */
#include "sp/attributes.h"
#include "sp/keys.h"
#include "sp/peer.h"
#include "sp/query.h"
#include "sp/request.h"
#include "sp/signature.h"
#include "sp/xml.h"
#include "tests/unit/sp_fixture.h"

#include <libxml/parser.h>
#include <libxml/xmlschemas.h>

static SpService *service;
static char *idp_xml;

static void contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) g_error("'%s' is not in: %s", part, text);
}

static char *replaced(const char *text, const char *from, const char *to)
{
    g_auto(GStrv) parts = g_strsplit(text, from, -1);
    g_assert_cmpint(g_strv_length(parts), >, 1);
    return g_strjoinv(to, parts);
}

/* --- metadata ------------------------------------------------------------------------------------------------------------- */

static int count_of(const xmlNode *root, const char *ns, const char *name)
{
    int n = 0;
    for (const xmlNode *node = root; node != NULL; node = sp_xml_walk(root, node)) n += sp_xml_is(node, ns, name);
    return n;
}

#define NS_ALG "urn:oasis:names:tc:SAML:metadata:algsupport"
#define NS_DISCO "urn:oasis:names:tc:SAML:profiles:SSO:idp-discovery-protocol"

static SpXml *own_metadata(void)
{
    const char *text = sp_service_metadata(service);
    SpXml *doc = xmlReadMemory(text, (int)strlen(text), NULL, NULL, XML_PARSE_NONET);
    g_assert_nonnull(doc);
    return doc;
}

static const xmlNode *own_role(const xmlDoc *doc)
{
    return sp_xml_child(xmlDocGetRootElement(doc), SP_NS_METADATA, "SPSSODescriptor");
}

static void metadata_has_all_its_parts(void)
{
    static const struct { const char *ns, *name; int n; } parts[] = {
        { SP_NS_METADATA, "SPSSODescriptor", 1 }, { SP_NS_METADATA, "KeyDescriptor", 2 },
        { SP_NS_METADATA, "AssertionConsumerService", 1 }, { SP_NS_METADATA, "SingleLogoutService", 2 },
        { SP_NS_MDUI, "DisplayName", 2 }, { SP_NS_MDUI, "Description", 2 }, { SP_NS_MDUI, "Keywords", 2 },
        { SP_NS_MDUI, "InformationURL", 2 }, { SP_NS_MDUI, "PrivacyStatementURL", 2 }, { SP_NS_MDUI, "Logo", 1 },
        { SP_NS_METADATA, "ContactPerson", 3 }, { SP_NS_METADATA, "OrganizationDisplayName", 2 }, { NS_DISCO, "DiscoveryResponse", 1 },
        { SP_NS_METADATA, "RequestedAttribute", 16 }, { SP_NS_METADATA, "ServiceName", 2 },
        { SP_NS_METADATA, "EncryptionMethod", 7 }, { NS_ALG, "DigestMethod", 3 }, { NS_ALG, "SigningMethod", 6 },
    };
    g_autoptr(SpXml) doc = own_metadata();
    const xmlNode *root = xmlDocGetRootElement(doc);
    g_assert_true(sp_xml_attribute_is(root, "entityID", FIXTURE_SP));
    g_assert_true(sp_xml_attribute_is(own_role(doc), "WantAssertionsSigned", "true"));
    g_assert_true(sp_xml_attribute_is(own_role(doc), "AuthnRequestsSigned", "true"));
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_test_message("%s", parts[i].name);
        g_assert_cmpint(count_of(root, parts[i].ns, parts[i].name), ==, parts[i].n);
    }
    contains(sp_service_metadata(service), "xml:lang=\"ja\">印鑑<");
    contains(sp_service_metadata(service), "Helpdesk &amp; Co");
}

static void metadata_has_both_certificates(void)
{
    static const char *const files[] = { "sp-signing.crt", "sp-decryption.crt" };
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *pem = fixture_read(files[i], NULL);
        g_auto(GStrv) lines = g_strsplit(pem, "\n", 3);
        contains(sp_service_metadata(service), lines[1]);
    }
}

/* The endpoints by exact URL: IdPs and discovery services compare them letter by letter. */
static void metadata_names_the_exact_addresses(void)
{
    static const struct { const char *ns, *name, *binding, *location; } endpoints[] = {
        { SP_NS_METADATA, "AssertionConsumerService", SP_BINDING_POST, FIXTURE_ACS },
        { SP_NS_METADATA, "SingleLogoutService", SP_BINDING_REDIRECT, FIXTURE_SLO },
        { SP_NS_METADATA, "SingleLogoutService", SP_BINDING_POST, FIXTURE_SLO },
        { NS_DISCO, "DiscoveryResponse", NS_DISCO, "https://portal.example.ac.jp/login" },
    };
    g_autoptr(SpXml) doc = own_metadata();
    for (size_t i = 0; i < G_N_ELEMENTS(endpoints); i++) {
        gboolean found = FALSE;
        for (const xmlNode *n = own_role(doc); n != NULL; n = sp_xml_walk(own_role(doc), n))
            found = found || (sp_xml_is(n, endpoints[i].ns, endpoints[i].name) && sp_xml_attribute_is(n, "Binding", endpoints[i].binding)
                              && sp_xml_attribute_is(n, "Location", endpoints[i].location));
        g_assert_true(found);
    }
    const xmlNode *acs = sp_xml_child(own_role(doc), SP_NS_METADATA, "AssertionConsumerService");
    g_assert_true(sp_xml_attribute_is(acs, "index", "0") && sp_xml_attribute_is(acs, "isDefault", "true"));
}

/* saml2int, SDP-SP15 and SDP-MD11; the REFEDS security contact. */
static void metadata_says_whom_to_ask_and_which_identifier_is_wanted(void)
{
    static const char *const kinds[] = { "technical", "support", "other" };
    g_autoptr(SpXml) doc = own_metadata();
    const xmlNode *root = xmlDocGetRootElement(doc), *contact = sp_xml_child(root, SP_NS_METADATA, "ContactPerson");
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++, contact = sp_xml_next(contact, SP_NS_METADATA, "ContactPerson"))
        g_assert_true(sp_xml_attribute_is(contact, "contactType", kinds[i]));
    contains(sp_service_metadata(service), "remd:contactType=\"http://refeds.org/metadata/contactType/security\"");
    contains(sp_service_metadata(service), "mailto:security@example.ac.jp");
    const xmlNode *attributes = sp_xml_child(sp_xml_child(root, SP_NS_METADATA, "Extensions"), SP_NS_MDATTR, "EntityAttributes");
    const xmlNode *attribute = sp_xml_child(attributes, SP_NS_ASSERTION, "Attribute");
    g_assert_true(sp_xml_attribute_is(attribute, "Name", "urn:oasis:names:tc:SAML:profiles:subject-id:req"));
    g_assert_true(sp_xml_text_is(sp_xml_child(attribute, SP_NS_ASSERTION, "AttributeValue"), "any"));
}

/* What nobody is logged in without is required; the code's own table says which (sp/attributes.h). */
static void metadata_requires_what_the_code_requires(void)
{
    g_autoptr(SpXml) doc = own_metadata();
    const xmlNode *consuming = sp_xml_child(own_role(doc), SP_NS_METADATA, "AttributeConsumingService");
    SP_XML_EACH(wanted, consuming, SP_NS_METADATA, "RequestedAttribute") {
        g_autofree char *name = sp_xml_attribute(wanted, "Name");
        const struct sp_attribute_known *known = sp_attribute_find(name);
        g_assert_true(sp_xml_attribute_is(wanted, "FriendlyName", known->name));
        gboolean required = g_str_equal(known->name, "mail") || g_str_equal(known->name, "displayName");
        g_assert_true(sp_xml_attribute_is(wanted, "isRequired", required ? "true" : "false"));
    }
}

static void validate(const char *text)
{
    g_autoptr(SpXml) doc = xmlReadMemory(text, (int)strlen(text), NULL, NULL, XML_PARSE_NONET);
    xmlSchemaParserCtxt *parser = xmlSchemaNewParserCtxt("/usr/share/simplesamlphp/schemas/saml-schema-metadata-2.0.xsd");
    xmlSchema *schema = xmlSchemaParse(parser);
    g_assert_nonnull(schema);
    xmlSchemaValidCtxt *validity = xmlSchemaNewValidCtxt(schema);
    g_assert_cmpint(xmlSchemaValidateDoc(validity, doc), ==, 0);
    xmlSchemaFreeValidCtxt(validity);
    xmlSchemaFree(schema);
    xmlSchemaFreeParserCtxt(parser);
}

/* By the standard's own schema, as SimpleSAMLphp ships it. */
static void metadata_is_valid_by_the_schema(void)
{
    g_autoptr(GError) error = NULL;
    validate(sp_service_metadata(service));
    const char *text = sp_service_metadata_signed(service, FIXTURE_NOW, &error);
    g_assert_no_error(error);
    validate(text);
}

static int xmlsec1_verifies(const char *text, const char *certificate)
{
    g_autofree char *file = fixture_path("signed.xml"), *pem = fixture_path(certificate);
    g_assert_true(g_file_set_contents(file, text, -1, NULL));
    const char *command[] = { "xmlsec1", "--verify", "--id-attr:ID", SP_NS_METADATA ":EntityDescriptor", "--pubkey-cert-pem", pem, file,
                              NULL };
    int status = 0;
    g_assert_true(g_spawn_sync(NULL, (char **)command, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL
                               | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, NULL, &status, NULL));
    return status;
}

static void signed_metadata_is_verified_by_another_program(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strdup(sp_service_metadata_signed(service, FIXTURE_NOW, &error));
    g_assert_no_error(error);
    contains(text, "validUntil=\"2026-12-08T08:00:00Z\"");
    contains(text, "cacheDuration=\"PT6H\"");
    g_assert_cmpint(xmlsec1_verifies(text, "sp-signing.crt"), ==, 0);
    g_assert_cmpint(xmlsec1_verifies(text, "sp-decryption.crt"), !=, 0);
    g_autofree char *changed = replaced(text, "portal.example.ac.jp/saml/acs", "portal.example.org/saml/acs");
    g_assert_cmpint(xmlsec1_verifies(changed, "sp-signing.crt"), !=, 0);
}

/* A signature costs 2 ms: asking again costs none, until the hour is over or the clock was set back. */
static void signed_metadata_is_kept_for_an_hour(void)
{
    static const struct { gint64 later; gboolean anew; } cases[] = { { 3599, FALSE }, { 3600, TRUE }, { -1, TRUE } };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(SpService) one = fixture_service();
        g_autofree char *first = g_strdup(sp_service_metadata_signed(one, FIXTURE_NOW, NULL));
        const char *second = sp_service_metadata_signed(one, FIXTURE_NOW + cases[i].later, NULL);
        g_assert_cmpint(strcmp(first, second) != 0, ==, cases[i].anew);
    }
}

/* A file of FIRST and then SECOND; its path, the caller's. */
static char *joined(const char *first, const char *second, const char *name)
{
    g_autofree char *one = fixture_read(first, NULL), *two = fixture_read(second, NULL), *path = fixture_path(name);
    g_autofree char *text = g_strconcat("the one in use\n", one, "\nthe next one\n", two, NULL);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    return g_steal_pointer(&path);
}

/* While keys change: two keys and two certificates in each file; the first signs, all are published, all decrypt. */
static SpService *changing_service(gboolean signs)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *signing_key = joined("sp-signing.key", "sp-decryption.key", "two-signing.key");
    g_autofree char *signing_certificate = joined("sp-signing.crt", "sp-decryption.crt", "two-signing.crt");
    g_autofree char *decryption_key = joined("sp-signing.key", "sp-decryption.key", "two-decryption.key");
    const struct sp_service_values values = {
        .entity_id = FIXTURE_SP, .acs_url = FIXTURE_ACS, .slo_url = FIXTURE_SLO,
        .name_en = signs ? "Inkan" : NULL, .name_ja = signs ? "印鑑" : NULL,
        .signing_key = signs ? signing_key : NULL, .signing_certificate = signs ? signing_certificate : NULL,
        .decryption_key = signs ? NULL : decryption_key, .decryption_certificate = signs ? signing_certificate : NULL,
    };
    SpService *one = sp_service_new(&values, &error);
    g_assert_no_error(error);
    return one;
}

static void all_certificates_are_published_while_keys_change(void)
{
    g_autoptr(SpService) one = changing_service(TRUE);
    const char *text = sp_service_metadata(one);
    g_autoptr(SpXml) doc = xmlReadMemory(text, (int)strlen(text), NULL, NULL, XML_PARSE_NONET);
    g_assert_cmpint(count_of(xmlDocGetRootElement(doc), SP_NS_METADATA, "KeyDescriptor"), ==, 4);
    g_autofree char *first = fixture_read("sp-signing.crt", NULL), *second = fixture_read("sp-decryption.crt", NULL);
    g_auto(GStrv) lines = g_strsplit(first, "\n", 4), others = g_strsplit(second, "\n", 4);
    g_assert_true(strstr(text, lines[2]) < strstr(text, others[2]));
}

static void entity_categories_are_listed(void)
{
    static const char *const categories[] = { "http://refeds.org/category/research-and-scholarship", NULL };
    g_autofree char *key = fixture_path("sp-signing.key"), *certificate = fixture_path("sp-signing.crt");
    const struct sp_service_values values = {
        .entity_id = FIXTURE_SP, .acs_url = FIXTURE_ACS, .slo_url = FIXTURE_SLO, .name_en = "Inkan", .name_ja = "印鑑",
        .signing_key = key, .signing_certificate = certificate, .entity_categories = categories,
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(SpService) one = sp_service_new(&values, &error);
    g_assert_no_error(error);
    contains(sp_service_metadata(one), ">http://refeds.org/category/research-and-scholarship<");
    g_assert_null(strstr(sp_service_metadata(one), "ContactPerson"));
}

static void replace_file(const char *name, const char *text)
{
    g_autofree char *path = fixture_path(name);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

/* Each change of the files is told once. */
static void a_changed_file_is_noticed(void)
{
    g_autofree char *key = fixture_path("sp-signing.key"), *certificate = fixture_path("changing.crt");
    g_autofree char *text = fixture_read("sp-signing.crt", NULL);
    replace_file("changing.crt", text);
    const struct sp_service_values values = {
        .entity_id = FIXTURE_SP, .acs_url = FIXTURE_ACS, .slo_url = FIXTURE_SLO, .name_en = "Inkan", .name_ja = "印鑑",
        .signing_key = key, .signing_certificate = certificate,
    };
    g_autoptr(SpService) one = sp_service_new(&values, NULL);
    g_assert_false(sp_service_is_stale(one, FIXTURE_NOW));
    replace_file("changing.crt", text);
    g_assert_false(sp_service_is_stale(one, FIXTURE_NOW));
    g_assert_true(sp_service_is_stale(one, FIXTURE_NOW + 1));
    g_assert_false(sp_service_is_stale(one, FIXTURE_NOW + 2));
    g_assert_cmpint(g_unlink(certificate), ==, 0);
    g_assert_true(sp_service_is_stale(one, FIXTURE_NOW + 3));
}

static void a_wrong_setting_is_named(void)
{
    g_autofree char *key = fixture_path("sp-signing.key"), *certificate = fixture_path("sp-signing.crt");
    g_autofree char *ec = fixture_path("idp-ec.key"), *small = fixture_path("idp-short.crt"), *none = fixture_path("nothing");
    const struct { const char *entity_id, *key, *certificate, *decryption_key, *word; } cases[] = {
        { "", key, certificate, NULL, "entity_id" }, { FIXTURE_SP, none, certificate, NULL, none },
            { FIXTURE_SP, key, none, NULL, none },
        { FIXTURE_SP, certificate, certificate, NULL, certificate }, { FIXTURE_SP, ec, certificate, NULL, ec },
        { FIXTURE_SP, key, small, NULL, small }, { FIXTURE_SP, key, certificate, ec, ec },
        { FIXTURE_SP, NULL, certificate, NULL, "decryption_key" }, { FIXTURE_SP, key, NULL, NULL, "signing_certificate" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const struct sp_service_values values = {
            .entity_id = cases[i].entity_id, .acs_url = FIXTURE_ACS, .slo_url = FIXTURE_SLO, .name_en = "Inkan",
                .name_ja = "印鑑",
            .signing_key = cases[i].key, .signing_certificate = cases[i].certificate, .decryption_key = cases[i].decryption_key,
        };
        g_autoptr(GError) error = NULL;
        g_assert_null(sp_service_new(&values, &error));
        g_assert_error(error, SP_ERROR, SP_ERROR_INPUT);
        contains(error->message, cases[i].word);
    }
}

static void libraries_are_kept_from_files_and_network(void)
{
    g_assert_cmpstr(g_getenv("SSL_CERT_FILE"), ==, "/dev/null");
    g_assert_cmpstr(g_getenv("SSL_CERT_DIR"), ==, "/dev/null");
    g_assert_null(g_getenv("LASSO_FLAG"));
}

/* --- requests ------------------------------------------------------------------------------------------------------------- */

static SpRequest *request_to(const char *idp, const char *xml, enum sp_name_id name_id)
{
    g_autoptr(GError) error = NULL;
    SpRequest *request = sp_request_new(service, idp, xml, "k/1+2", name_id, &error);
    g_assert_no_error(error);
    return request;
}

static void a_request_is_signed_and_complete(void)
{
    static const char location[] = "https://idp.example.ac.jp/sso?";
    g_autoptr(GError) error = NULL;
    g_autofree char *pem = fixture_read("sp-signing.crt", NULL);
    g_autoptr(GPtrArray) keys = sp_keys_of_pem(pem, NULL);
    g_autoptr(SpRequest) request = request_to(FIXTURE_IDP, idp_xml, SP_NAME_ID_ANY);
    g_assert_true(g_str_has_prefix(request->url, location));
    g_autoptr(SpQuery) query = sp_query_read(request->url + strlen(location), &error);
    g_assert_no_error(error);
    g_assert_cmpstr(query->algorithm, ==, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256");
    g_assert_cmpstr(query->relay_state, ==, "k/1+2");
    g_assert_nonnull(sp_signature_verify_bytes(query->algorithm, query->octets, strlen(query->octets),
                                               (guchar *)query->signature, query->signature_n, keys, &error));
    contains(query->xml, request->request_id);
    contains(query->xml, "Destination=\"https://idp.example.ac.jp/sso\"");
    contains(query->xml, "AssertionConsumerServiceURL=\"" FIXTURE_ACS "\"");
    contains(query->xml, "ProtocolBinding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\"");
    contains(query->xml, ">" FIXTURE_SP "</");
    contains(query->xml, "nameid-format:unspecified");
    g_assert_cmpint(strlen(request->saml), <, 4000);
}

static void the_first_key_signs_while_keys_change(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SpService) one = changing_service(TRUE);
    g_autofree char *pem = fixture_read("sp-signing.crt", NULL);
    g_autoptr(GPtrArray) keys = sp_keys_of_pem(pem, NULL);
    g_autoptr(SpRequest) request = sp_request_new(one, FIXTURE_IDP, idp_xml, "k", SP_NAME_ID_ANY, &error);
    g_assert_no_error(error);
    g_autoptr(SpQuery) query = sp_query_read(strchr(request->url, '?') + 1, &error);
    g_assert_no_error(error);
    g_assert_nonnull(sp_signature_verify_bytes(query->algorithm, query->octets, strlen(query->octets),
                                               (guchar *)query->signature, query->signature_n, keys, &error));
}

static void a_persistent_name_id_is_asked_for_by_rule(void)
{
    g_assert_cmpint(sp_request_name_id("persistent"), ==, SP_NAME_ID_PERSISTENT);
    g_assert_cmpint(sp_request_name_id("subject-id"), ==, SP_NAME_ID_ANY);
    g_autoptr(SpRequest) request = request_to(FIXTURE_IDP, idp_xml, SP_NAME_ID_PERSISTENT);
    g_autoptr(SpQuery) query = sp_query_read(strchr(request->url, '?') + 1, NULL);
    contains(query->xml, "nameid-format:persistent");
    contains(query->xml, "AllowCreate=\"true\"");
}

static void two_requests_differ(void)
{
    g_autoptr(SpRequest) one = request_to(FIXTURE_IDP, idp_xml, SP_NAME_ID_ANY);
    g_autoptr(SpRequest) two = request_to(FIXTURE_IDP, idp_xml, SP_NAME_ID_ANY);
    g_assert_cmpstr(one->request_id, !=, two->request_id);
}

static void metadata_of_no_use_is_told(void)
{
    g_autofree char *soap = replaced(idp_xml,
                                     "<md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\"",
                                     "<md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:SOAP\"");
    g_autofree char *keyless = replaced(idp_xml, "X509Certificate>", "X509CRL>");
    const char *const cases[] = { "", "no xml", "<x/>", soap, keyless };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(sp_request_new(service, FIXTURE_IDP, cases[i], "k", SP_NAME_ID_ANY, &error));
        g_assert_error(error, SP_ERROR, SP_ERROR_INPUT);
    }
    g_autoptr(GError) error = NULL;
    g_assert_null(sp_request_new(service, FIXTURE_IDP2, idp_xml, "k", SP_NAME_ID_ANY, &error));
    g_assert_error(error, SP_ERROR, SP_ERROR_INPUT);
}

/* The keys are the same ones before and after. */
static void lasso_is_given_the_keys_without_their_certificates(void)
{
    g_autoptr(SpXml) doc = xmlReadMemory(idp_xml, (int)strlen(idp_xml), NULL, NULL, XML_PARSE_NONET);
    xmlNode *root = xmlDocGetRootElement(doc);
    int certificates = count_of(root, SP_NS_DSIG, "X509Certificate");
    sp_keys_strip(root);
    int keys = count_of(root, SP_NS_DSIG, "RSAKeyValue"), left = count_of(root, SP_NS_DSIG, "X509Certificate");
    g_assert_cmpint(keys, >, 0);
    g_assert_cmpint(left, >, 0); /* of elliptic curves, which xmlsec cannot write */
    g_assert_cmpint(keys + left, ==, certificates);
    sp_keys_strip(root);
    g_assert_cmpint(count_of(root, SP_NS_DSIG, "RSAKeyValue"), ==, keys);
}

/* --- what a response is verified with ------------------------------------------------------------------------------------- */

static SpIdentity *verify(const SpRequest *request, const char *idp, const char *xml, const char *file, GError **error)
{
    size_t n = 0;
    g_autofree char *path = g_build_filename("messages", file, NULL), *bytes = fixture_read(path, &n);
    g_autofree char *base64 = g_base64_encode((guchar *)bytes, n);
    const struct sp_want want = { .idp = idp, .idp_xml = xml, .request_id = request->request_id, .saml = request->saml,
                                  .now = FIXTURE_NOW, .skew = SP_SKEW };
    return sp_response_verify(service, base64, strlen(base64), &want, error);
}

/* Metadata is taken as it is now: a key that was withdrawn does not live on in a cache. */
static void a_withdrawn_key_counts_no_more(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SpRequest) request = request_to(FIXTURE_IDP, idp_xml, SP_NAME_ID_ANY);
    fixture_make("benign", request->request_id);
    g_autoptr(SpIdentity) before = verify(request, FIXTURE_IDP, idp_xml, "ok--assertion-signed.xml", &error);
    g_assert_no_error(error);
    g_assert_nonnull(before);
    g_auto(GStrv) descriptors = g_strsplit(idp_xml, "<md:KeyDescriptor", -1);
    g_autofree char *without = g_strdup_printf("%s<md:KeyDescriptor%s%s", descriptors[0], descriptors[1],
                                               strstr(descriptors[6], "</md:KeyDescriptor>") + strlen("</md:KeyDescriptor>"));
    g_assert_null(verify(request, FIXTURE_IDP, without, "ok--assertion-signed.xml", &error));
    g_assert_error(error, SP_ERROR, SP_ERROR_REFUSED);
    g_clear_error(&error);
    g_autoptr(SpIdentity) by_next = verify(request, FIXTURE_IDP, without, "ok--second-signing-key-certificate-expired.xml",
                                           &error);
    g_assert_no_error(error);
    g_assert_nonnull(by_next);
}

/* The answer of one IdP is no answer of another, whatever metadata this process has seen before. */
static void an_answer_counts_for_its_idp_only(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *other = fixture_read("idp2.xml", NULL);
    g_autoptr(SpRequest) request = request_to(FIXTURE_IDP, idp_xml, SP_NAME_ID_ANY);
    fixture_make("benign", request->request_id);
    g_assert_null(verify(request, FIXTURE_IDP2, other, "ok--assertion-signed.xml", &error));
    g_assert_error(error, SP_ERROR, SP_ERROR_REFUSED);
    g_autofree char *check = sp_error_check(error);
    g_assert_cmpstr(check, ==, "signature");
}

static void a_login_of_another_process_can_be_finished(void)
{
    g_autoptr(GError) error = NULL;
    SpService *first = service;
    g_autoptr(SpRequest) request = request_to(FIXTURE_IDP, idp_xml, SP_NAME_ID_ANY);
    fixture_make("benign", request->request_id);
    service = fixture_service();
    g_autoptr(SpIdentity) identity = verify(request, FIXTURE_IDP, idp_xml, "ok--encrypted-gcm.xml", &error);
    g_assert_no_error(error);
    g_assert_cmpint(identity->assertion_until, ==, FIXTURE_NOW + 300 + SP_SKEW);
    g_assert_cmpint(identity->session_until, ==, FIXTURE_NOW + 28800);
    g_assert_cmpint(identity->authn_instant, ==, FIXTURE_NOW - 30);
    g_assert_cmpstr(identity->context, ==, "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport");
    sp_service_free(service);
    service = first;
}

/* The opener holds no key to sign with, and tries all that decrypt; a page holds none of these. */
static void a_service_without_a_signing_key_opens_what_any_key_opens(void)
{
    g_autoptr(GError) error = NULL;
    SpService *first = service;
    g_autoptr(SpRequest) request = request_to(FIXTURE_IDP, idp_xml, SP_NAME_ID_ANY);
    fixture_make("benign", request->request_id);
    service = changing_service(FALSE);
    g_autoptr(SpIdentity) identity = verify(request, FIXTURE_IDP, idp_xml, "ok--encrypted-gcm.xml", &error);
    g_assert_no_error(error);
    g_assert_nonnull(identity);
    sp_service_free(service);
    service = changing_service(TRUE);
    g_assert_null(verify(request, FIXTURE_IDP, idp_xml, "ok--encrypted-gcm.xml", &error));
    g_assert_error(error, SP_ERROR, SP_ERROR_REFUSED);
    g_assert_true(g_str_has_prefix(error->message, "decryption: "));
    sp_service_free(service);
    service = first;
}

static void an_idp_with_ec_keys_only_works(void)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) descriptors = g_strsplit(idp_xml, "<md:KeyDescriptor", -1);
    g_autofree char *ec = g_strdup_printf("%s<md:KeyDescriptor%s%s", descriptors[0], descriptors[3],
                                          strstr(descriptors[6], "</md:KeyDescriptor>") + strlen("</md:KeyDescriptor>"));
    g_autoptr(SpRequest) request = request_to(FIXTURE_IDP, ec, SP_NAME_ID_ANY);
    fixture_make("benign", request->request_id);
    g_autoptr(SpIdentity) identity = verify(request, FIXTURE_IDP, ec, "ok--ecdsa-sha256.xml", &error);
    g_assert_no_error(error);
    g_assert_nonnull(identity);
}

/* Many IdPs, each once: what is kept of them stays bounded. */
static void the_cache_of_idps_is_bounded(void)
{
    for (int i = 0; i < 2 * SP_PEERS_MOST; i++) {
        g_autofree char *idp = g_strdup_printf("https://idp%d.example/idp", i), *xml = replaced(idp_xml, FIXTURE_IDP, idp);
        g_autoptr(SpRequest) request = request_to(idp, xml, SP_NAME_ID_ANY);
        g_assert_nonnull(request);
        g_assert_cmpint(service->peers->len, <=, SP_PEERS_MOST);
        g_assert_cmpint(g_hash_table_size(service->server->providers), ==, 1);
    }
}

int main(int argc, char **argv)
{
    fixture_start(&argc, &argv);
    g_setenv("LASSO_FLAG", "no-verify-signature", TRUE);
    service = fixture_service();
    idp_xml = fixture_read("idp.xml", NULL);
    g_test_add_func("/service/metadata has all its parts", metadata_has_all_its_parts);
    g_test_add_func("/service/metadata has both certificates", metadata_has_both_certificates);
    g_test_add_func("/service/metadata names the exact addresses", metadata_names_the_exact_addresses);
    g_test_add_func("/service/metadata says whom to ask and which identifier is wanted",
                    metadata_says_whom_to_ask_and_which_identifier_is_wanted);
    g_test_add_func("/service/metadata requires what the code requires", metadata_requires_what_the_code_requires);
    g_test_add_func("/service/signed metadata is verified by another program", signed_metadata_is_verified_by_another_program);
    g_test_add_func("/service/signed metadata is kept for an hour", signed_metadata_is_kept_for_an_hour);
    g_test_add_func("/service/a changed file is noticed", a_changed_file_is_noticed);
    g_test_add_func("/service/metadata is valid by the schema", metadata_is_valid_by_the_schema);
    g_test_add_func("/service/all certificates are published while keys change", all_certificates_are_published_while_keys_change);
    g_test_add_func("/service/the first key signs while keys change", the_first_key_signs_while_keys_change);
    g_test_add_func("/service/a service without a signing key opens what any key opens",
                    a_service_without_a_signing_key_opens_what_any_key_opens);
    g_test_add_func("/service/entity categories are listed", entity_categories_are_listed);
    g_test_add_func("/service/a wrong setting is named", a_wrong_setting_is_named);
    g_test_add_func("/service/libraries are kept from files and network", libraries_are_kept_from_files_and_network);
    g_test_add_func("/service/a request is signed and complete", a_request_is_signed_and_complete);
    g_test_add_func("/service/a persistent NameID is asked for by rule", a_persistent_name_id_is_asked_for_by_rule);
    g_test_add_func("/service/two requests differ", two_requests_differ);
    g_test_add_func("/service/metadata of no use is told", metadata_of_no_use_is_told);
    g_test_add_func("/service/lasso is given the keys without their certificates",
                    lasso_is_given_the_keys_without_their_certificates);
    g_test_add_func("/service/a withdrawn key counts no more", a_withdrawn_key_counts_no_more);
    g_test_add_func("/service/an answer counts for its IdP only", an_answer_counts_for_its_idp_only);
    g_test_add_func("/service/a login of another process can be finished", a_login_of_another_process_can_be_finished);
    g_test_add_func("/service/an IdP with EC keys only works", an_idp_with_ec_keys_only_works);
    g_test_add_func("/service/the cache of IdPs is bounded", the_cache_of_idps_is_bounded);
    int status = g_test_run();
    g_free(idp_xml);
    sp_service_free(service);
    return fixture_end(status);
}
