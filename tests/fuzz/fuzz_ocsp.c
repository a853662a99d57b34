/* Target: ca_ocsp_parse, ca_ocsp_build. libcrypto must read an accepted request and its answer the same way. */
#include <openssl/ocsp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ca/certificate.h"
#include "ca/ocsp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static CaIssuer *signer;
static CaOcspIssuer *issuer;

static void must(int yes)
{
    if (!yes)
        abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct ca_authority what = { .serial = "01", .not_after = 1000000000, .common_name = "Fuzz CA", .path_length = 1 };
    g_autoptr(Secret) secret = ca_key_make(CA_KEY_P256, NULL);
    g_autoptr(CaSigningKey) key = ca_signing_key_from(secret, NULL);
    g_autoptr(GBytes) certificate = ca_root_build(&what, key, NULL);

    (void)argc;
    (void)argv;
    signer = ca_issuer_new(certificate, key, NULL);
    issuer = ca_ocsp_issuer_new(certificate, NULL);
    return 0;
}

/* Serials as libcrypto sees them. */
static void compare_request(const CaOcspRequest *request, OCSP_REQUEST *native)
{
    must(OCSP_request_onereq_count(native) == (int)ca_ocsp_count(request));
    for (size_t i = 0; i < ca_ocsp_count(request); i++) {
        ASN1_INTEGER *serial;
        g_autoptr(GBytes) bytes = NULL;
        g_autofree char *hex = NULL;
        OCSP_id_get0_info(NULL, NULL, NULL, &serial, OCSP_onereq_get0_id(OCSP_request_onereq_get0(native, (int)i)));
        bytes = g_bytes_new(ASN1_STRING_get0_data(serial), (gsize)ASN1_STRING_length(serial));
        hex = crypto_hex(bytes);
        must(strcmp(hex, ca_ocsp_serial(request, i)) == 0);
        (void)ca_ocsp_is_for(request, i, issuer);
    }
}

static void answer(const CaOcspRequest *request, OCSP_REQUEST *native)
{
    struct ca_ocsp_answer answers[CA_OCSP_SINGLES] = {
        { .status = CA_OCSP_REVOKED, .revoked_at = 1, .reason = CA_REASON_SUPERSEDED }
    };
    struct ca_ocsp_times times = { 1000, 1000, 2000 };
    g_autoptr(GBytes) der = ca_ocsp_build(request, answers, &times, signer, NULL);
    const unsigned char *p = g_bytes_get_data(der, NULL);
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &p, (long)g_bytes_get_size(der));
    OCSP_BASICRESP *basic = response ? OCSP_response_get1_basic(response) : NULL;

    must(basic && OCSP_resp_count(basic) == (int)ca_ocsp_count(request));
    must(OCSP_check_nonce(native, basic) == (ca_ocsp_has_nonce(request) ? 1 : 2));
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(response);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(CaOcspRequest) request = ca_ocsp_parse(bytes, &error);
    const unsigned char *p = data;
    OCSP_REQUEST *native;

    must((request == NULL) == (error != NULL));
    if (!request)
        return 0;
    native = d2i_OCSP_REQUEST(NULL, &p, (long)size);
    if (native) { /* libcrypto looks into what is read over here: signature, requestor's name, the extensions of singles */
        compare_request(request, native);
        answer(request, native);
    }
    OCSP_REQUEST_free(native);
    return 0;
}
