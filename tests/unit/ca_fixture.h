/* What the tests of the CA library share: an authority made on the spot, an order, and its certificate. */
#ifndef TESTS_CA_FIXTURE_H
#define TESTS_CA_FIXTURE_H

#include <glib.h>
#include <string.h>

#include "ca/certificate.h"
#include "ca/crypto.h"

#define FIXTURE_NOW G_GINT64_CONSTANT(1795507200) /* 2026-11-24 08:00 UTC */
/* Tests that call programs with the machine's own clock set another. */
static gint64 fixture_now = FIXTURE_NOW;
#define DAY G_GINT64_CONSTANT(86400)

static const struct ca_profile fixture_client = {
    .mail_in_san = TRUE,
    .key_usage = (const char *const[]){ "digitalSignature", "keyEncipherment", NULL },
    .extended = (const char *const[]){ CA_OID_CLIENT_AUTH, NULL },
    .policies = (const char *const[]){ "1.3.6.1.4.1.32473.1.1", NULL },
};

struct fixture {
    Secret *root_secret, *secret;
    CaSigningKey *root_key, *key;
    GBytes *root_certificate, *certificate;
    CaIssuer *root, *issuer;
    Secret *person; /* a person's key */
    CaCsr *csr;
};

static inline void fixture_init(struct fixture *f, enum ca_key_kind ca_kind, enum ca_key_kind person_kind)
{
    struct ca_authority root = { .serial = "5a000102030405060708090a0b0c0d0e0f101112", .not_before = fixture_now - DAY,
                                 .not_after = fixture_now + 7300 * DAY, .country = "JP", .organization = "Inkan Test",
                                 .common_name = "Test Root", .path_length = 1 };
    struct ca_authority issuing = { .serial = "5b000102030405060708090a0b0c0d0e0f101112", .not_before = fixture_now - DAY,
                                    .not_after = fixture_now + 3650 * DAY, .country = "JP", .organization = "Inkan Test",
                                    .common_name = "Test Client CA",
                                    .policies = (const char *const[]){ "2.5.29.32.0", NULL },
                                    .crl_url = "http://pki.test/crl/root.crl", .issuer_url = "http://pki.test/ca/root.cer" };
    g_autoptr(GBytes) spki = NULL, csr = NULL;
    GError *error = NULL;

    f->root_secret = ca_key_make(ca_kind, &error);
    g_assert_no_error(error);
    f->root_key = ca_signing_key_from(f->root_secret, &error);
    g_assert_no_error(error);
    f->root_certificate = ca_root_build(&root, f->root_key, &error);
    g_assert_no_error(error);
    f->root = ca_issuer_new(f->root_certificate, f->root_key, &error);
    g_assert_no_error(error);
    f->secret = ca_key_make(ca_kind, &error);
    f->key = ca_signing_key_from(f->secret, &error);
    spki = ca_signing_key_public(f->key);
    f->certificate = ca_issuing_build(&issuing, spki, f->root, &error);
    g_assert_no_error(error);
    f->issuer = ca_issuer_new(f->certificate, f->key, &error);
    g_assert_no_error(error);
    f->person = ca_key_make(person_kind, &error);
    csr = ca_csr_new(f->person, &error);
    g_assert_no_error(error);
    f->csr = ca_csr_parse(g_bytes_get_data(csr, NULL), g_bytes_get_size(csr), &error);
    g_assert_no_error(error);
}

static inline void fixture_clear(struct fixture *f)
{
    ca_csr_free(f->csr);
    secret_free(f->person);
    ca_issuer_free(f->issuer);
    ca_issuer_free(f->root);
    g_bytes_unref(f->certificate);
    g_bytes_unref(f->root_certificate);
    ca_signing_key_free(f->key);
    ca_signing_key_free(f->root_key);
    secret_free(f->secret);
    secret_free(f->root_secret);
}

static inline struct ca_order fixture_order(const struct fixture *f)
{
    return (struct ca_order){
        .profile = &fixture_client, .csr = f->csr, .serial = "0102030405060708090a0b0c0d0e0f1011121314",
        .not_before = fixture_now, .not_after = ca_validity_end(fixture_now, 52, "Asia/Tokyo"), .country = "JP",
        .locality = "Academe", .organization = "Kagami University", .unit = "Graduate School", .number = 42,
        .common_name = "Hanako Kagami", .mail = "hanako@kagami.example", .crl_url = "http://pki.test/crl/client-0.crl",
        .issuer_url = "http://pki.test/ca/client.cer", .ocsp_url = "http://pki.test/ocsp",
    };
}

static inline GBytes *fixture_certificate(const struct fixture *f)
{
    struct ca_order order = fixture_order(f);
    GError *error = NULL;
    GBytes *der = ca_certificate_build(&order, f->issuer, &error);

    g_assert_no_error(error);
    return der;
}

/* ERROR begins with WORD and a colon; clears it. */
static inline void assert_word(GError **error, gint code, const char *word)
{
    g_autofree char *seen = NULL;

    g_assert_error(*error, CA_ERROR, code);
    seen = ca_error_word(*error);
    g_assert_cmpstr(seen, ==, word);
    g_clear_error(error);
}

#endif
