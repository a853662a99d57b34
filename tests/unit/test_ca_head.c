/* Signed heads of the audit, checked by the openssl program too: ca/head.h. */
#include <glib/gstdio.h>
#include <stdlib.h>

#include "ca/head.h"
#include "tests/unit/ca_fixture.h"
#include "tests/unit/run.h"

static struct fixture fixture;
static GPtrArray *issuers;
static CaHeadTrust *trust;
static CaSigningKey *witness_key;
static GBytes *witness, *hash;
static char *text;

static struct ca_authority
witness_for(gint64 from, gint64 days)
{
    return (struct ca_authority){ .serial = "0f1e2d3c4b5a69788796a5b4c3d2e1f001020304", .not_before = from,
                                  .not_after = from + days * DAY, .common_name = "Audit witness" };
}

static GBytes *
certificate_of(const CaSigningKey *key, const struct ca_authority *what,
               GBytes *(*build)(const struct ca_authority *, const CaCsr *, const CaIssuer *, GError **))
{
    g_autoptr(GBytes) spki = ca_signing_key_public(key);
    g_autoptr(CaCsr) own = ca_csr_from_public(spki, NULL);
    g_autoptr(GError) error = NULL;
    GBytes *der = build(what, own, fixture.issuer, &error);
    g_assert_no_error(error);
    return der;
}

static CaSigningKey *
key_new(void)
{
    g_autoptr(Secret) secret = ca_key_make(CA_KEY_P256, NULL);
    return ca_signing_key_from(secret, NULL);
}

static void
prepare(void)
{
    const struct ca_authority what = witness_for(FIXTURE_NOW, 7);
    fixture_init(&fixture, CA_KEY_P256, CA_KEY_P256);
    issuers = g_ptr_array_new();
    g_ptr_array_add(issuers, fixture.root_certificate);
    g_ptr_array_add(issuers, fixture.certificate);
    trust = ca_head_trust_new(issuers, NULL);
    witness_key = key_new();
    witness = certificate_of(witness_key, &what, ca_witness_build);
    hash = crypto_sha256("a link", 6);
    text = ca_head_text(12, hash, FIXTURE_NOW + DAY);
}

static void
clear(void)
{
    g_free(text);
    g_bytes_unref(hash);
    g_bytes_unref(witness);
    ca_signing_key_free(witness_key);
    ca_head_trust_free(trust);
    g_ptr_array_unref(issuers);
    fixture_clear(&fixture);
}

static GBytes *
head_by(GBytes *certificate, const CaSigningKey *key)
{
    g_autoptr(GError) error = NULL;
    GBytes *cms = ca_head_sign(text, certificate, key, &error);
    g_assert_no_error(error);
    return cms;
}

static void
refused(GBytes *cms, const char *over, gint64 at, CaHeadTrust *whom)
{
    GError *error = NULL;
    g_assert_false(ca_head_verify(whom, cms, over, at, &error));
    assert_word(&error, CA_ERROR_INPUT, "head-signature");
}

static void
says_what_it_is_about(void)
{
    g_assert_cmpstr(text, ==,
                    "inkan audit head 1\nseq 12\nhash 5a3464444d33a68463513f5da667da8e38aaab130f7eeed4b4387644bcada617\n"
                    "at 2026-11-25T08:00:00Z\n");
}

static void
verifies_for_its_text_and_time_alone(void)
{
    g_autoptr(GBytes) cms = head_by(witness, witness_key), other = crypto_sha256("another", 7);
    g_autofree char *other_hash = ca_head_text(12, other, FIXTURE_NOW + DAY), *other_seq = ca_head_text(13, hash, FIXTURE_NOW + DAY);
    g_autoptr(GPtrArray) nobody = g_ptr_array_new(), issuing = g_ptr_array_new();
    g_ptr_array_add(issuing, fixture.certificate);
    g_autoptr(CaHeadTrust) none = ca_head_trust_new(nobody, NULL), one = ca_head_trust_new(issuing, NULL);
    g_autoptr(GError) error = NULL;
    g_assert_true(ca_head_verify(trust, cms, text, FIXTURE_NOW + DAY, &error));
    g_assert_no_error(error);
    refused(cms, other_hash, FIXTURE_NOW + DAY, trust);
    refused(cms, other_seq, FIXTURE_NOW + DAY, trust);
    refused(cms, text, FIXTURE_NOW - DAY, trust);
    refused(cms, text, FIXTURE_NOW + 8 * DAY, trust);
    refused(cms, text, FIXTURE_NOW + DAY, none);
    g_assert_true(ca_head_verify(one, cms, text, FIXTURE_NOW + DAY, &error));
}

/* Every byte of it. Some carry no meaning (which digests are announced); none makes it a head of another text. */
static void
a_changed_one_never_fits_another_text(void)
{
    g_autoptr(GBytes) cms = head_by(witness, witness_key), other = crypto_sha256("another", 7);
    g_autofree char *other_text = ca_head_text(12, other, FIXTURE_NOW + DAY);
    gsize n, unseen = 0;
    const guint8 *bytes = g_bytes_get_data(cms, &n);
    for (gsize i = 0; i < n; i++) {
        g_autofree guint8 *changed = g_memdup2(bytes, n);
        changed[i] ^= 1;
        g_autoptr(GBytes) bad = g_bytes_new(changed, n);
        refused(bad, other_text, FIXTURE_NOW + DAY, trust);
        unseen += ca_head_verify(trust, bad, text, FIXTURE_NOW + DAY, NULL);
    }
    g_assert_cmpuint(unseen, <, 24);
    for (gsize length = 0; length < n; length += 7) {
        g_autoptr(GBytes) part = g_bytes_new(bytes, length);
        refused(part, text, FIXTURE_NOW + DAY, trust);
    }
}

static void
whoever_else_has_a_certificate_signs_no_heads(void)
{
    const struct ca_authority what = witness_for(FIXTURE_NOW, 7);
    g_autoptr(CaSigningKey) person = ca_signing_key_from(fixture.person, NULL);
    g_autoptr(GBytes) leaf = fixture_certificate(&fixture), responder = certificate_of(witness_key, &what, ca_responder_build);
    g_autoptr(GBytes) by_person = head_by(leaf, person), by_responder = head_by(responder, witness_key);
    refused(by_person, text, FIXTURE_NOW + DAY, trust);
    refused(by_responder, text, FIXTURE_NOW + DAY, trust);
}

static void
a_witness_is_nothing_else_and_short_lived(void)
{
    const struct ca_authority long_one = witness_for(FIXTURE_NOW, 31);
    g_autoptr(GBytes) spki = ca_signing_key_public(witness_key);
    g_autoptr(CaCsr) own = ca_csr_from_public(spki, NULL);
    GError *error = NULL;
    g_assert_null(ca_witness_build(&long_one, own, fixture.issuer, &error));
    assert_word(&error, CA_ERROR_REFUSED, "validity");
    g_assert_null(ca_issuer_new_responder(witness, witness_key, &error));
    g_clear_error(&error);
    g_assert_null(ca_issuer_new(witness, witness_key, &error));
    g_clear_error(&error);
}

static char *
put(const char *folder, const char *name, const void *bytes, gsize n)
{
    char *file = g_build_filename(folder, name, NULL);
    g_assert_true(g_file_set_contents(file, bytes, (gssize)n, NULL));
    return file;
}

static void
the_openssl_program_verifies_it(void)
{
    g_autofree char *folder = g_dir_make_tmp("inkan-head-XXXXXX", NULL), *chain = ca_chain_pem(issuers);
    g_autoptr(GBytes) cms = head_by(witness, witness_key);
    g_autofree char *cms_file = put(folder, "head.cms", g_bytes_get_data(cms, NULL), g_bytes_get_size(cms));
    g_autofree char *text_file = put(folder, "head.txt", text, strlen(text)), *chain_file = put(folder, "chain.pem", chain, strlen(chain));
    g_autofree char *command = g_strdup_printf(
        "openssl cms -verify -binary -inform DER -in '%s' -content '%s' -CAfile '%s' -purpose any -attime %" G_GINT64_FORMAT
        " -out /dev/null 2>/dev/null", cms_file, text_file, chain_file, FIXTURE_NOW + DAY);
    g_autofree char *wrong = g_strdup_printf("printf x >> '%s'; %s", text_file, command);
    g_assert_cmpint(system(command), ==, 0);
    g_assert_cmpint(system(wrong), !=, 0);
    g_unlink(cms_file);
    g_unlink(text_file);
    g_unlink(chain_file);
    g_rmdir(folder);
}

int
main(int argc, char **argv)
{
    static const struct unit_test tests[] = {
        { "/head/says what it is about", says_what_it_is_about },
        { "/head/verifies for its text and time alone", verifies_for_its_text_and_time_alone },
        { "/head/a changed one never fits another text", a_changed_one_never_fits_another_text },
        { "/head/whoever else has a certificate signs no heads", whoever_else_has_a_certificate_signs_no_heads },
        { "/head/a witness is nothing else and short-lived", a_witness_is_nothing_else_and_short_lived },
        { "/head/the openssl program verifies it", the_openssl_program_verifies_it },
    };
    return run_tests(argc, argv, tests, G_N_ELEMENTS(tests), prepare, clear);
}
