/* What other programs make of our certificates, lists, answers and files: openssl, GnuTLS, NSS, Java, python3-cryptography.
   Each is skipped where it is not installed. */
#include <glib/gstdio.h>
#include <string.h>

#include "ca/crl.h"
#include "ca/ocsp.h"
#include "ca/pkcs12.h"
#include "tests/unit/ca_fixture.h"
#include "tests/unit/run.h"

#define PIN "Ab3dEf6hIj9lMn2p"

static const struct ca_profile smime = {
    .mail_in_san = TRUE,
    .key_usage = (const char *const[]){ "digitalSignature", "keyEncipherment", NULL },
    .extended = (const char *const[]){ CA_OID_EMAIL_PROTECTION, NULL },
};

/* One folder of files for all tests: made once, removed at the end. */
static char *folder;
static struct fixture f;

static char *path(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static void write_bytes(const char *name, GBytes *bytes)
{
    g_autofree char *file = path(name);

    g_assert_true(g_file_set_contents(file, g_bytes_get_data(bytes, NULL), (gssize)g_bytes_get_size(bytes), NULL));
}

static void write_text(const char *name, const char *text)
{
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));

    write_bytes(name, bytes);
}

static void write_pem(const char *name, GBytes *der)
{
    g_autofree char *pem = ca_certificate_pem(der);

    write_text(name, pem);
}

/* Runs COMMAND (split at spaces, no quoting) in the folder. Returns everything it said; *STATUS its wait status. */
static char *run_status(const char *command, int *status)
{
    g_auto(GStrv) argv = g_strsplit(command, " ", -1);
    g_auto(GStrv) environment = g_environ_setenv(g_get_environ(), "LC_ALL", "C.UTF-8", TRUE);
    g_autofree char *out = NULL, *err = NULL;
    g_autoptr(GError) error = NULL;

    if (!g_spawn_sync(folder, argv, environment, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err, status, &error))
        g_error("%s: %s", command, error->message);
    return g_strconcat(out, err, NULL);
}

static char *run(const char *command)
{
    int status;
    char *said = run_status(command, &status);

    if (status != 0)
        g_error("%s: status %d\n%s", command, status, said);
    return said;
}

static void assert_says(const char *command, const char *text)
{
    g_autofree char *said = run(command);

    if (!strstr(said, text))
        g_error("%s: expected '%s', got\n%s", command, text, said);
}

static void assert_fails(const char *command, const char *text)
{
    int status;
    g_autofree char *said = run_status(command, &status);

    if (status == 0 || !strstr(said, text))
        g_error("%s: expected to fail with '%s', status %d\n%s", command, text, status, said);
}

static gboolean have(const char *program)
{
    g_autofree char *found = g_find_program_in_path(program);

    if (!found)
        g_test_skip_printf("%s is not installed", program);
    return found != NULL;
}

/* --- Making the files ----------------------------------------------------------------------------------------------------- */

static GBytes *certificate(const struct ca_profile *profile, const CaCsr *csr, const char *serial)
{
    struct ca_order order = fixture_order(&f);
    g_autoptr(GError) error = NULL;
    GBytes *der;

    order.profile = profile;
    order.csr = csr;
    order.serial = serial;
    der = ca_certificate_build(&order, f.issuer, &error);
    g_assert_no_error(error);
    return der;
}

static void make_crls(void)
{
    struct ca_revoked revoked = { "0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", CA_REASON_KEY_COMPROMISE, fixture_now };
    struct ca_crl shard = { 5, fixture_now, fixture_now + 7 * DAY, "http://pki.test/crl/client-0.crl" }, full = shard,
                  root = shard;
    g_autoptr(GBytes) a = NULL, b = NULL, c = NULL;

    full.shard_url = root.shard_url = NULL;
    a = ca_crl_build(f.issuer, &shard, &revoked, 1, NULL);
    b = ca_crl_build(f.issuer, &full, &revoked, 1, NULL);
    c = ca_crl_build(f.root, &root, NULL, 0, NULL);
    write_bytes("shard.crl", a);
    write_bytes("full.crl", b);
    write_bytes("root.crl", c);
    for (int i = 0; i < 3; i++) {
        GBytes *der = i == 0 ? a : i == 1 ? b : c;
        g_autofree char *base64 = g_base64_encode(g_bytes_get_data(der, NULL), g_bytes_get_size(der));
        g_autofree char *pem = g_strdup_printf("-----BEGIN X509 CRL-----\n%s\n-----END X509 CRL-----\n", base64);
        write_text(i == 0 ? "shard.pem" : i == 1 ? "full.pem" : "rootcrl.pem", pem);
    }
}

static void make_pkcs12(const char *name, const Secret *key, GBytes *der, enum ca_pkcs12_encoding encoding)
{
    g_autoptr(GPtrArray) chain = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) file = NULL;

    g_ptr_array_add(chain, f.certificate);
    g_ptr_array_add(chain, f.root_certificate);
    file = ca_pkcs12_build(key, der, chain, "鏡 花子", PIN, encoding, &error);
    g_assert_no_error(error);
    write_bytes(name, file);
}

static void make_files(void)
{
    g_autoptr(Secret) rsa = ca_key_make(CA_KEY_RSA2048, NULL);
    g_autoptr(GBytes) spki = ca_key_public(rsa, NULL);
    g_autoptr(CaCsr) csr = ca_csr_from_public(spki, NULL);
    g_autoptr(GBytes) ec = NULL, mail = NULL, revoked = NULL;

    folder = g_dir_make_tmp("inkan-clients-XXXXXX", NULL);
    fixture_init(&f, CA_KEY_P256, CA_KEY_P256);
    ec = certificate(&fixture_client, f.csr, "0102030405060708090a0b0c0d0e0f1011121314");
    mail = certificate(&smime, csr, "80112233445566778899aabbccddeeff001122");
    revoked = certificate(&fixture_client, f.csr, "0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    write_pem("root.pem", f.root_certificate);
    write_pem("issuing.pem", f.certificate);
    write_pem("client.pem", ec);
    write_pem("mail.pem", mail);
    write_pem("revoked.pem", revoked);
    write_text("pin", PIN);
    make_crls();
    make_pkcs12("ec-modern.p12", f.person, ec, CA_PKCS12_MODERN);
    make_pkcs12("ec-older.p12", f.person, ec, CA_PKCS12_OLDER);
    make_pkcs12("rsa-modern.p12", rsa, mail, CA_PKCS12_MODERN);
    make_pkcs12("rsa-older.p12", rsa, mail, CA_PKCS12_OLDER);
}

static void remove_files(void)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir))) {
        g_autofree char *file = path(name);
        g_unlink(file);
    }
    g_rmdir(folder);
    g_free(folder);
    fixture_clear(&f);
}

static const char *const pkcs12s[] = { "ec-modern.p12", "ec-older.p12", "rsa-modern.p12", "rsa-older.p12" };

/* --- openssl -------------------------------------------------------------------------------------------------------------- */

static void openssl_verifies_the_chain_strictly(void)
{
    assert_says(
        "openssl verify -x509_strict -policy_check -check_ss_sig -purpose sslclient -CAfile root.pem -untrusted issuing.pem "
        "client.pem",
        "client.pem: OK");
    assert_says("openssl verify -x509_strict -purpose smimesign -CAfile root.pem -untrusted issuing.pem mail.pem",
                "mail.pem: OK");
    assert_fails("openssl verify -x509_strict -purpose smimesign -CAfile root.pem -untrusted issuing.pem client.pem",
                 "unsuitable certificate purpose");
    assert_fails("openssl verify -attime 4000000000 -CAfile root.pem -untrusted issuing.pem client.pem",
                 "certificate has expired");
}

static void openssl_verifies_with_shard_and_full_list(void)
{
#define VERIFY(crl, file) "openssl verify -x509_strict -extended_crl -crl_check_all -CAfile root.pem -untrusted issuing.pem " \
                          "-CRLfile " crl " -CRLfile rootcrl.pem " file
    assert_says(VERIFY("shard.pem", "client.pem"), "client.pem: OK");
    assert_says(VERIFY("full.pem", "client.pem"), "client.pem: OK");
    assert_fails(VERIFY("shard.pem", "revoked.pem"), "certificate revoked");
    assert_fails(VERIFY("full.pem", "revoked.pem"), "certificate revoked");
#undef VERIFY
    assert_says("openssl crl -in shard.pem -noout -text -CAfile issuing.pem",
                "Serial Number: 0AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
}

static void openssl_opens_each_pkcs12(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(pkcs12s); i++) {
        g_autofree char *command = g_strconcat("openssl pkcs12 -in ", pkcs12s[i], " -passin file:pin -nodes -info", NULL);
        g_autofree char *said = run(command);
        g_assert_nonnull(strstr(said, "friendlyName: ")); /* garbled by openssl; NSS below shows it */
        g_assert_nonnull(strstr(said, "BEGIN PRIVATE KEY"));
        g_assert_nonnull(strstr(said, "CN = Test Root"));
        g_assert_nonnull(strstr(said, strstr(pkcs12s[i], "older") ? "pbeWithSHA1And3-KeyTripleDES-CBC" : "AES-256-CBC"));
    }
    assert_fails("openssl pkcs12 -in ec-modern.p12 -passin pass:wrong -nodes", "invalid password");
}

static void openssl_signs_and_enciphers_mail_with_it(void)
{
    g_free(run("openssl pkcs12 -in rsa-modern.p12 -passin file:pin -nodes -nocerts -out rsa.key"));
    write_text("letter", "Dear Hanako,\r\nthe seal is yours.\r\n");
    g_free(run("openssl cms -sign -in letter -signer mail.pem -inkey rsa.key -certfile issuing.pem -out signed"));
    assert_says("openssl cms -verify -in signed -CAfile root.pem -purpose smimesign  -out read", "successful");
    g_free(run("openssl cms -encrypt -in letter -aes-256-cbc -out enciphered mail.pem"));
    assert_says("openssl cms -decrypt -in enciphered -recip mail.pem -inkey rsa.key", "the seal is yours");
}

static void openssl_ocsp_believes_our_answers(void)
{
    struct ca_authority what = { .serial = "0f1e2d3c4b5a69788796a5b4c3d2e1f001020304", .not_before = fixture_now,
                                 .not_after = fixture_now + 29 * DAY, .common_name = "Test Responder" };
    struct ca_ocsp_answer answers[] = { { CA_OCSP_GOOD, 0, CA_REASON_UNSPECIFIED },
                                        { CA_OCSP_REVOKED, fixture_now, CA_REASON_SUPERSEDED } };
    struct ca_ocsp_times times = { fixture_now + DAY, fixture_now + DAY, fixture_now + 2 * DAY };
    g_autoptr(Secret) secret = ca_key_make(CA_KEY_P256, NULL);
    g_autoptr(CaSigningKey) key = ca_signing_key_from(secret, NULL);
    g_autoptr(GBytes) spki = ca_signing_key_public(key), der = NULL, request_der = NULL, answer = NULL;
    g_autoptr(CaCsr) csr = ca_csr_from_public(spki, NULL);
    g_autoptr(CaIssuer) responder = NULL;
    g_autoptr(CaOcspRequest) request = NULL;
    g_autofree char *file = path("request.ocsp"), *said = NULL, *bytes = NULL;
    gsize n;

    der = ca_responder_build(&what, csr, f.issuer, NULL);
    responder = ca_issuer_new_responder(der, key, NULL);
    g_free(run("openssl ocsp -issuer issuing.pem -cert client.pem -sha256 -cert mail.pem -reqout request.ocsp"));
    g_assert_true(g_file_get_contents(file, &bytes, &n, NULL));
    request_der = g_bytes_new(bytes, n);
    request = ca_ocsp_parse(request_der, NULL);
    g_assert_cmpuint(ca_ocsp_count(request), ==, 2);
    g_assert_cmpstr(ca_ocsp_serial(request, 1), ==, "80112233445566778899aabbccddeeff001122");
    answer = ca_ocsp_build(request, answers, &times, responder, NULL);
    write_bytes("answer.ocsp", answer);
    said = run("openssl ocsp -issuer issuing.pem -cert client.pem -sha256 -cert mail.pem -no_nonce -respin answer.ocsp -CAfile "
               "root.pem -verify_other issuing.pem");
    g_assert_nonnull(strstr(said, "Response verify OK"));
    g_assert_nonnull(strstr(said, "client.pem: "));
    g_assert_nonnull(strstr(said, "good"));
    g_assert_nonnull(strstr(said, "revoked"));
    g_assert_nonnull(strstr(said, "Reason: superseded"));
}

/* --- GnuTLS, NSS, Java, python -------------------------------------------------------------------------------------------- */

static void gnutls_verifies_and_opens(void)
{
    if (!have("certtool"))
        return;
    {
        g_autofree char *a = NULL, *b = NULL, *leaf_file = path("client.pem"), *issuing_file = path("issuing.pem"), *all = NULL;
        g_assert_true(g_file_get_contents(leaf_file, &a, NULL, NULL) && g_file_get_contents(issuing_file, &b, NULL, NULL));
        all = g_strconcat(a, b, NULL);
        write_text("chain.pem", all);
    }
    assert_says("certtool --verify --load-ca-certificate root.pem --infile chain.pem",
                "Chain verification output: Verified. The certificate is trusted");
    assert_says("certtool -i --infile client.pem", "RFC822Name: hanako@kagami.example");
    assert_says("certtool --crl-info --inder --infile shard.crl", "2.5.29.28 (critical)");
    for (size_t i = 0; i < G_N_ELEMENTS(pkcs12s); i++) {
        g_autofree char *command = g_strconcat("certtool --p12-info --inder --password " PIN " --infile ", pkcs12s[i], NULL);
        assert_says(command, "BEGIN ENCRYPTED PRIVATE KEY");
    }
}

static void nss_imports_each_pkcs12(void)
{
    if (!have("pk12util") || !have("certutil"))
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(pkcs12s); i++) {
        g_autofree char *list = g_strconcat("pk12util -w pin -l ", pkcs12s[i], NULL);
        g_autofree char *import = g_strconcat("pk12util -d sql:. -K  -w pin -i ", pkcs12s[i], NULL);
        g_free(run("certutil -N -d sql:. --empty-password"));
        assert_says(list, "鏡 花子");
        assert_says(import, "PKCS12 IMPORT SUCCESSFUL");
        assert_says("certutil -K -d sql:.", "鏡 花子");
        for (size_t k = 0; k < 3; k++) {
            static const char *const files[] = { "cert9.db", "key4.db", "pkcs11.txt" };
            g_autofree char *file = path(files[k]);
            g_unlink(file);
        }
    }
}

static void java_opens_each_pkcs12(void)
{
    if (!have("keytool"))
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(pkcs12s); i++) {
        g_autofree char *command =
            g_strconcat("keytool -list -v -storetype PKCS12 -storepass:file pin -keystore ", pkcs12s[i], NULL);
        g_autofree char *said = run(command);
        g_assert_nonnull(strstr(said, "PrivateKeyEntry"));
        g_assert_nonnull(strstr(said, "Certificate chain length: 3"));
    }
}

static void python_reads_all_of_it(void)
{
    static const char script[] =
        "import sys\n"
        "from cryptography import x509\n"
        "from cryptography.hazmat.primitives.serialization import pkcs12\n"
        "from cryptography.hazmat.primitives.asymmetric import ec\n"
        "leaf = x509.load_pem_x509_certificate(open('client.pem','rb').read())\n"
        "issuing = x509.load_pem_x509_certificate(open('issuing.pem','rb').read())\n"
        "issuing.public_key().verify(leaf.signature, leaf.tbs_certificate_bytes, ec.ECDSA(leaf.signature_hash_algorithm))\n"
        "assert len(list(leaf.extensions)) == 9\n"
        "assert leaf.subject.rfc4514_string().startswith('CN=Hanako Kagami,OU=No 42'), leaf.subject\n"
        "crl = x509.load_der_x509_crl(open('shard.crl','rb').read())\n"
        "assert crl.is_signature_valid(issuing.public_key()) and len(crl) == 1\n"
        "crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint)\n"
        "for name in sys.argv[1:]:\n"
        "    key, cert, more = pkcs12.load_key_and_certificates(open(name,'rb').read(), open('pin','rb').read())\n"
        "    assert key and cert and len(more) == 2, name\n"
        "print('all read')\n";
    int status;

    if (!have("/usr/bin/python3"))
        return;
    g_free(run_status("/usr/bin/python3 -c import\tcryptography.x509", &status));
    if (status != 0) {
        g_test_skip("python3-cryptography is not installed");
        return;
    }
    write_text("read.py", script);
    assert_says("/usr/bin/python3 read.py ec-modern.p12 ec-older.p12 rsa-modern.p12 rsa-older.p12", "all read");
}

static const struct unit_test tests[] = {
    { "/clients/openssl verifies the chain strictly", openssl_verifies_the_chain_strictly },
    { "/clients/openssl verifies with shard and full list", openssl_verifies_with_shard_and_full_list },
    { "/clients/openssl opens each PKCS#12", openssl_opens_each_pkcs12 },
    { "/clients/openssl signs and enciphers mail with it", openssl_signs_and_enciphers_mail_with_it },
    { "/clients/openssl ocsp believes our answers", openssl_ocsp_believes_our_answers },
    { "/clients/GnuTLS verifies and opens", gnutls_verifies_and_opens },
    { "/clients/NSS imports each PKCS#12", nss_imports_each_pkcs12 },
    { "/clients/Java opens each PKCS#12", java_opens_each_pkcs12 },
    { "/clients/python reads all of it", python_reads_all_of_it },
};

static void prepare(void)
{
    fixture_now = g_get_real_time() / G_USEC_PER_SEC - DAY;
    make_files();
}

int main(int argc, char **argv)
{
    return run_tests(argc, argv, tests, G_N_ELEMENTS(tests), prepare, remove_files);
}
