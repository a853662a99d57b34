/*
 * Fuzzes sp_response_verify and what reads a verified assertion. The first byte says what the rest is: 'R' the XML of a
 * response, 'B' the posted base64, 'U' the XML of a response whose signature is taken for granted, so that the checks and the
 * reading behind it are searched too.
 */
#include "tests/fuzz/saml/fixture.h"

#include <string.h>

#include "sp/attributes.h"
#include "sp/checks.h"
#include "sp/person.h"
#include "sp/request.h"
#include "sp/shape.h"
#include "sp/strict.h"

#define REQUEST_ID "_fuzzed-request"

static SpService *service;
static char *idp_xml, *saml;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    service = fuzz_service();
    idp_xml = fuzz_read("tests/fuzz/saml/idp.xml");
    g_autoptr(SpRequest) request = sp_request_new(service, FUZZ_IDP, idp_xml, "state", SP_NAME_ID_ANY, NULL);
    /* The seeds answer a request of this name. */
    g_auto(GStrv) parts = g_strsplit(request->saml, request->request_id, -1);
    saml = g_strjoinv(REQUEST_ID, parts);
    return 0;
}

static struct sp_want want(void)
{
    return (struct sp_want){ .idp = FUZZ_IDP, .idp_xml = idp_xml, .request_id = REQUEST_ID, .saml = saml, .now = FUZZ_NOW,
                             .skew = SP_SKEW };
}

static void read_all(const SpIdentity *identity)
{
    static const char *const scopes[] = { "example.ac.jp", NULL };
    static const char *const rules[] = { "subject-id", "eduPersonPrincipalName", "eduPersonTargetedID", "persistent" };
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
        const struct sp_person_rule rule = { rules[i], "https://portal.example.ac.jp/saml/metadata", scopes, NULL };
        g_autoptr(GError) error = NULL;
        g_autoptr(SpPerson) person = sp_person_new(identity, &rule, &error);
        g_autoptr(GArray) needs = sp_person_needs(identity, &rule);
        if (needs->len == 0) g_error("nothing needed");
        if ((person == NULL) != (error != NULL)) g_error("neither person nor error");
        if (person != NULL && (!sp_mail_ok(person->mails[0]) || person->display_name[0] == '\0')) g_error("half a person");
    }
    g_autofree char *json = sp_identity_json(identity);
    if (!g_utf8_validate(json, -1, NULL)) g_error("JSON that is not UTF-8");
}

static void verify(const char *base64, size_t n)
{
    const struct sp_want wanted = want();
    g_autoptr(GError) error = NULL;
    g_autoptr(SpIdentity) identity = sp_response_verify(service, base64, n, &wanted, &error);
    if ((identity == NULL) != (error != NULL)) g_error("neither identity nor error");
    if (identity == NULL) return;
    if (strcmp(identity->assertion_id, "_assertion1") != 0 || strcmp(sp_identity_values(identity, "mail")[0],
                                                                     "hanako@example.ac.jp") != 0)
        g_error("a forged identity");
    read_all(identity);
}

/* A response as if it were signed. */
static void take_for_granted(const char *bytes, size_t n)
{
    const struct sp_want wanted = want();
    g_autoptr(SpXml) doc = sp_strict_parse(bytes, n, NULL);
    if (doc == NULL || !sp_shape_response(doc, NULL)) return;
    xmlNode *response = xmlDocGetRootElement(doc), *assertion = sp_xml_child(response, SP_NS_ASSERTION, "Assertion");
    if (assertion == NULL) return;
    const struct sp_seen seen = { response, assertion, sp_service_acs_url(service), sp_service_entity_id(service) };
    for (const struct sp_check *check = sp_checks; check->name != NULL; check++) {
        g_autoptr(GError) error = NULL;
        if (check->ok(&seen, &wanted, &error) == (error != NULL)) g_error("%s: neither yes nor why not", check->name);
    }
    SpIdentity identity = { .idp = (char *)FUZZ_IDP, .name_id = (char *)"x", .name_id_format = (char *)SP_FORMAT_PERSISTENT,
                            .name_qualifier = (char *)"", .sp_name_qualifier = (char *)"" };
    identity.attributes = sp_attributes_read(assertion, FUZZ_IDP, sp_service_entity_id(service), NULL);
    if (identity.attributes == NULL) return;
    read_all(&identity);
    g_ptr_array_unref(identity.attributes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    const char *rest = (const char *)data + 1;
    if (data[0] == 'B') verify(rest, size - 1);
    if (data[0] == 'U') take_for_granted(rest, size - 1);
    if (data[0] == 'R') {
        g_autofree char *base64 = g_base64_encode((const guchar *)rest, size - 1);
        verify(base64, strlen(base64));
    }
    return 0;
}
