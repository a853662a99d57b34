/*
 * Fuzzes sp_logout_issuer and sp_logout_verify. The first byte says what the rest is: 'Q' a query string, 'P' and 'A' the XML of
 * a posted LogoutRequest and LogoutResponse, 'D' XML that is deflated here into an unsigned query.
 */
#include "tests/fuzz/saml/fixture.h"

#include <gio/gio.h>
#include <string.h>

#include "sp/logout.h"

static SpService *service;
static char *idp_xml;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    service = fuzz_service();
    idp_xml = fuzz_read("tests/fuzz/saml/idp.xml");
    return 0;
}

static void arrive(const struct sp_logout_input *input)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *issuer = sp_logout_issuer(input, &error);
    if ((issuer == NULL) != (error != NULL)) g_error("neither issuer nor error");
    if (issuer == NULL || strcmp(issuer, FUZZ_IDP) != 0) return;
    const struct sp_logout_want want = { FUZZ_IDP, idp_xml, "_ours", FUZZ_NOW, SP_SKEW };
    g_autoptr(SpLogoutMessage) message = sp_logout_verify(service, input, &want, &error);
    if ((message == NULL) != (error != NULL)) g_error("neither verified nor error");
    if (message == NULL || !message->request) return;
    if (strcmp(message->name_id, "_f1e2") != 0) g_error("a forged request");
    g_autoptr(SpLogoutSend) answer = sp_logout_answer(service, message, idp_xml, TRUE, FUZZ_NOW, &error);
    if (answer == NULL) g_error("no answer: %s", error->message);
}

static void deflated(const char *xml, size_t n)
{
    g_autoptr(GZlibCompressor) packer = g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_RAW, 1);
    g_autofree char *out = g_malloc(n + 1000);
    gsize read = 0, written = 0;
    if (g_converter_convert(G_CONVERTER(packer), xml, n, out, n + 1000, G_CONVERTER_INPUT_AT_END, &read, &written,
                            NULL) != G_CONVERTER_FINISHED)
        return;
    g_autofree char *base64 = g_base64_encode((guchar *)out, written), *value = g_uri_escape_string(base64, NULL, FALSE);
    g_autofree char *query = g_strdup_printf("SAMLRequest=%s", value);
    const struct sp_logout_input input = { .query = query };
    arrive(&input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    g_autofree char *rest = g_strndup((const char *)data + 1, size - 1);
    g_autofree char *base64 = g_base64_encode(data + 1, size - 1);
    const struct sp_logout_input query = { .query = rest }, request = { .saml_request = base64 },
        response = { .saml_response = base64 };
    if (data[0] == 'Q') arrive(&query);
    if (data[0] == 'P') arrive(&request);
    if (data[0] == 'A') arrive(&response);
    if (data[0] == 'D') deflated((const char *)data + 1, size - 1);
    return 0;
}
