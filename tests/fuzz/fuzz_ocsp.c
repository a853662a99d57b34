/* Target: ca_ocsp_parse, ca_ocsp_build, ca_ocsp_question, ca_ocsp_read. libcrypto must read an accepted request and its answer the same way. */
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

    struct ca_ocsp_seen seen;
    must(ca_ocsp_read(der, &seen, NULL) == (ca_ocsp_count(request) == 1));
    must(ca_ocsp_count(request) > 1 || (seen.answer.status == CA_OCSP_REVOKED && seen.times.next_update == 2000));
    must(basic && OCSP_resp_count(basic) == (int)ca_ocsp_count(request));
    must(OCSP_check_nonce(native, basic) == (ca_ocsp_has_nonce(request) ? 1 : 2));
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(response);
}

/* Where an answer may be kept, the question that is asked instead is about the same certificate. */
static void compare_question(const CaOcspRequest *request)
{
    const char *kept_as = ca_ocsp_kept_as(request);
    if (!kept_as || !ca_ocsp_is_for(request, 0, issuer))
        return;
    g_autoptr(GBytes) der = ca_ocsp_question(issuer, kept_as, ca_ocsp_serial(request, 0));
    g_autoptr(CaOcspRequest) again = ca_ocsp_parse(der, NULL);
    must(again && ca_ocsp_count(again) == 1 && ca_ocsp_is_for(again, 0, issuer) && !ca_ocsp_has_nonce(again));
    must(strcmp(ca_ocsp_serial(again, 0), ca_ocsp_serial(request, 0)) == 0 && strcmp(ca_ocsp_kept_as(again), kept_as) == 0);
}

/* Any bytes as an answer: refused, or read with times in it. */
static void read_as_answer(GBytes *bytes)
{
    struct ca_ocsp_seen seen;
    g_autoptr(GError) error = NULL;
    must(ca_ocsp_read(bytes, &seen, &error) == (error == NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    read_as_answer(bytes);
    g_autoptr(GError) error = NULL;
    g_autoptr(CaOcspRequest) request = ca_ocsp_parse(bytes, &error);
    const unsigned char *p = data;
    OCSP_REQUEST *native;

    must((request == NULL) == (error != NULL));
    if (!request)
        return 0;
    compare_question(request);
    native = d2i_OCSP_REQUEST(NULL, &p, (long)size);
    if (native) { /* libcrypto looks into what is read over here: signature, requestor's name, the extensions of singles */
        compare_request(request, native);
        answer(request, native);
    }
    OCSP_REQUEST_free(native);
    return 0;
}
