/*
 * Target: ca_certificate_lint, ca_certificate_lint_tbs, ca_lint_key (what the signer reads again before it signs). The first byte
 * says which. The CA's key is a constant, so that the certificate of the corpus stays the one that was ordered.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ca/certificate.h"
#include "ca/crypto.h"
#include "ca/lint.h"
#include "ca/sign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int yes)
{
    if (!yes)
        abort();
}

/* PKCS#8 of P-256, the private number 1, whose point is the curve's own generator. */
static const char key_hex[] = "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b02010104200000000000000000000000000000"
                              "000000000000000000000000000000000001a144034200046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a1"
                              "3945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
static const char generator_hex[] = "3059301306072a8648ce3d020106082a8648ce3d03010703420004"
                                    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                                    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";

static CaIssuer *issuer;
static struct ca_order order;
static GBytes *good; /* the to-be-signed bytes of ORDER */

static const struct ca_profile profile = {
    .mail_in_san = TRUE,
    .key_usage = (const char *const[]){ "digitalSignature", "keyEncipherment", NULL },
    .extended = (const char *const[]){ CA_OID_EMAIL_PROTECTION, NULL },
    .policies = (const char *const[]){ "1.3.6.1.4.1.32473.1.1", NULL },
};

static void prepare(void)
{
    const struct ca_authority what = { .serial = "5a000102030405060708090a0b0c0d0e0f101112", .not_before = 1795507200,
                                       .not_after = 2700000000, .common_name = "Fuzz", .path_length = 1 };
    g_autoptr(GBytes) pkcs8 = crypto_unhex(key_hex), spki = crypto_unhex(generator_hex), root = NULL;
    g_autoptr(Secret) secret = secret_from(g_bytes_get_data(pkcs8, NULL), g_bytes_get_size(pkcs8));
    g_autoptr(CaSigningKey) key = NULL;

    crypto_start();
    key = ca_signing_key_from(secret, NULL);
    must(key != NULL);
    root = ca_root_build(&what, key, NULL);
    must(root != NULL);
    issuer = ca_issuer_new(root, key, NULL);
    order = (struct ca_order){
        .profile = &profile, .csr = ca_csr_from_public(spki, NULL), .serial = "0102030405060708090a0b0c0d0e0f1011121314",
        .not_before = 1795507200, .not_after = 1932130799, .country = "JP", .locality = "Academe",
        .organization = "Kagami University", .unit = "Graduate School", .number = 42, .common_name = "Hanako Kagami",
        .mail = "hanako@kagami.example", .crl_url = "http://pki.test/crl/client-0.crl", .issuer_url = "http://pki.test/ca/client.cer",
        .ocsp_url = "http://pki.test/ocsp",
    };
    must(issuer != NULL && order.csr != NULL);
    good = ca_certificate_prepare(&order, issuer, NULL);
    must(good != NULL);
}

static void lint_tbs(GBytes *bytes)
{
    g_autoptr(GError) error = NULL;

    if (!ca_certificate_lint_tbs(bytes, &order, issuer, &error)) {
        must(g_str_has_prefix(error->message, "lint: "));
        return;
    }
    /* Extensions may stand in another order; nothing else may differ. */
    must(error == NULL && g_bytes_get_size(bytes) == g_bytes_get_size(good));
}

static void lint_whole(GBytes *bytes)
{
    g_autoptr(GError) error = NULL;

    if (!ca_certificate_lint(bytes, &order, issuer, &error))
        must(g_str_has_prefix(error->message, "lint: "));
}

static void lint_key(GBytes *bytes)
{
    g_autoptr(CaCsr) csr = ca_csr_from_public(bytes, NULL);
    gboolean ok = ca_lint_key(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));

    /* What the signer takes for a key, the linter takes too, but for a point that is not on its curve, which only the use of a key
       shows on the other side. */
    must(ok || !csr || !ca_key_kind_is_rsa(csr->kind));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = size ? g_bytes_new(data + 1, size - 1) : NULL;

    if (!issuer)
        prepare();
    if (!bytes)
        return 0;
    switch (data[0]) {
    case 't': lint_tbs(bytes); break;
    case 'w': lint_whole(bytes); break;
    default: lint_key(bytes); break;
    }
    return 0;
}
