/* A root on a machine of its own, issuing CAs asked for, carried there and back, one taking over from another while the signer runs, one
   revoked; all by the command, judged by openssl; and the transcript of it. */
#include <glib/gstdio.h>
#include <string.h>

#include "ca/certificate.h"
#include "ca/client.h"
#include "ca/key.h"
#include "db/log.h"
#include "tests/integration/cluster_authority.h"

enum { DONE = 0, FAILED = 1, WRONG = 2, REFUSED = 4 };

static World *world;
static Authority *authority;
static char *program, *offline; /* the settings of the root's machine */

/* --- commands --------------------------------------------------------------------------------------------------------------- */

/* What `sh -c COMMAND` prints on both streams, in the world's folder; it must end with STATUS. $ONLINE and $OFFLINE are the command with
   the settings of each machine. */
static char *
shell(int status, const char *command)
{
    g_autofree char *both = g_strdup_printf("exec 2>&1 </dev/null; %s", command), *out = NULL;
    const char *const argv[] = { "sh", "-c", both, NULL };
    g_autoptr(GError) error = NULL;
    int got = -1;
    g_spawn_sync(world->folder, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, NULL, &got, &error);
    g_assert_no_error(error);
    if (!g_spawn_check_wait_status(got, &error) && error->domain != G_SPAWN_EXIT_ERROR)
        g_assert_no_error(error);
    int exit_status = error ? error->code : 0;
    if (exit_status != status)
        g_error("%s: %d, not %d: %s", command, exit_status, status, out);
    return g_steal_pointer(&out);
}

/* The same, saying each of WORDS (parted by |). */
static void
says(int status, const char *command, const char *words)
{
    g_autofree char *out = shell(status, command);
    g_auto(GStrv) each = g_strsplit(words, "|", -1);
    for (char **word = each; *word; word++)
        if (!strstr(out, *word))
            g_error("%s: '%s' is not in: %s", command, *word, out);
}

/* The hex digits after WORDS in what COMMAND prints. */
static char *
hex_after(int status, const char *command, const char *words)
{
    g_autofree char *out = shell(status, command);
    const char *at = strstr(out, words);
    if (!at)
        g_error("'%s' is not in: %s", words, out);
    at += strlen(words);
    return g_strndup(at, strspn(at, "0123456789abcdef"));
}

static void
confirmed(const char *command, const char *fingerprint, const char *words)
{
    g_autofree char *whole = g_strdup_printf("%s --yes %s", command, fingerprint);
    says(DONE, whole, words);
}

/* Asks for NAME, signs, installs. */
static void
new_issuer(const char *name, const char *words)
{
    g_autofree char *ask = g_strdup_printf("$ONLINE ca request %s", name), *sign = g_strdup_printf("$OFFLINE ca sign %s.request", name);
    g_autofree char *install = g_strdup_printf("$ONLINE ca install %s.crt", name);
    g_autofree char *fingerprint = hex_after(DONE, ask, "SHA-256 of the request ");
    confirmed(sign, fingerprint, "signed: |Next: carry");
    says(DONE, install, words);
}

/* --- first: from nothing to certificates ---------------------------------------------------------------------------------------- */

static void
the_root_is_made_where_no_database_is(void)
{
    says(REFUSED, "$ONLINE ca request client", "no root is installed yet");
    says(DONE, "$OFFLINE ca init --offline --name Kagami --country JP --organization 'Kagami Federation'",
         "root: C=JP, O=Kagami Federation, CN=Kagami Root CA|the root's CRL 1, 0 revoked|root.crt");
    says(REFUSED, "$OFFLINE ca init --offline", "there is a root already");
    says(DONE, "openssl verify -check_ss_sig -CAfile root/root.crt root/root.crt", "OK");
}

static void
the_root_is_taken_only_with_its_fingerprint(void)
{
    g_autofree char *fingerprint = hex_after(REFUSED, "$ONLINE ca install root/root.crt", "--yes ");
    says(REFUSED, "$ONLINE ca install root/root.crt --yes 00", "Compare it");
    confirmed("$ONLINE ca install root/root.crt", fingerprint, "root: C=JP");
    says(DONE, "$ONLINE ca install root/root.crl", "the root's CRL 1 is published");
    says(REFUSED, "$ONLINE ca install root/root.crl", "not above the published one");
    says(REFUSED, "$ONLINE ca install root/root.crt", "installed already");
}

static void
what_is_signed_is_what_was_asked_for(void)
{
    g_autofree char *fingerprint = hex_after(DONE, "$ONLINE ca request client", "SHA-256 of the request ");
    says(DONE, "openssl req -in client.request -noout -verify -text", "CN = Kagami Client CA|CA:TRUE, pathlen:0|OCSP Signing");
    says(REFUSED, "$OFFLINE ca sign client.request", "nothing was signed|--yes");
    says(REFUSED, "$OFFLINE ca sign client.request --yes 1234", "not the request that you mean");
    g_assert_false(g_file_test("client.crt", G_FILE_TEST_EXISTS));
    confirmed("$OFFLINE ca sign client.request", fingerprint, "CN=Kagami Client CA|to be valid until|signed: C=JP");
    says(DONE, "$ONLINE ca install client.crt", "it issues all client certificates from now on");
    says(REFUSED, "$ONLINE ca install client.crt", "installed already");
    new_issuer("smime", "it issues all smime certificates from now on");
    says(DONE, "$ONLINE ca chain >chain.pem; csplit -s -z -f ca. chain.pem '/BEGIN/' '{*}'; openssl verify -x509_strict -CAfile root/root.crt ca.*",
         "OK");
    authority = authority_run(world);
    g_assert_true(ca_client_ping(settings_text(world->settings, "signer", "socket"), NULL));
}

static void
what_does_not_belong_here_is_refused(void)
{
    says(DONE, "mkdir -p other/keys && sed \"s#^keys *=.*#keys = $PWD/other/keys#\" offline.conf >other.conf"
               " && $INKAN -c other.conf ca init --offline --name Other --root-keys other/root", "Other Root CA");
    says(DONE, "$ONLINE ca request client-9; exit 0", "CN=Kagami Client CA 9");
    g_autofree char *fingerprint = hex_after(DONE, "$INKAN -c other.conf ca sign client-9.request --root-keys other/root 2>&1; exit 0", "--yes ");
    g_autofree char *sign = g_strdup_printf("$INKAN -c other.conf ca sign client-9.request --root-keys other/root --yes %s", fingerprint);
    says(DONE, sign, "signed");
    says(REFUSED, "$ONLINE ca install client-9.crt", "chain: it was not signed by the root");
    says(REFUSED, "$ONLINE ca install other/root/root.crt", "another root is installed here already");
    says(REFUSED, "awk '/BEGIN/{n++} n==1' client-9.crt >one.crt; $ONLINE ca install one.crt", "chain: it was not signed by the root");
    says(REFUSED, "$ONLINE ca install other/root/root.crl", "did not sign this CRL");
    says(REFUSED, "$ONLINE ca install offline.conf", "neither certificates nor CRLs");
    says(REFUSED, "$OFFLINE ca sign offline.conf --yes 00", "csr-form");
    says(REFUSED, "$ONLINE ca request client", "issuer client already");
    says(REFUSED, "$ONLINE ca request client-3 --common-name 'Kagami Client CA'", "has the name");
    /* Signed by the right root, for a key that is not here any more. */
    g_autofree char *right = g_strdup_printf("$OFFLINE ca sign client-9.request --yes %s && mv keys/client-9.pem gone", fingerprint);
    says(DONE, right, "signed");
    says(FAILED, "$ONLINE ca install client-9.crt", "client-9.pem");
    says(DONE, "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out keys/client-9.pem && chmod 600 keys/client-9.pem && echo ok", "ok");
    says(REFUSED, "$ONLINE ca install client-9.crt", "for another key");
    says(DONE, "rm keys/client-9.*; echo ok", "ok");
    g_assert_cmpint(world_int(world, "select count(*) from issuer", 0), ==, 3);
}

/* --- then: one takes over from another --------------------------------------------------------------------------------------------- */

static void
put_file(const char *name, GBytes *bytes)
{
    g_autofree char *file = g_build_filename(world->folder, name, NULL);
    g_assert_true(g_file_set_contents(file, g_bytes_get_data(bytes, NULL), (gssize)g_bytes_get_size(bytes), NULL));
}

/* The certificate of request NUMBER in FILE (PEM). */
static void
collect(gint64 number, const char *file)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Secret) token = world_token(world, number), key = ca_key_make(CA_KEY_P256, NULL);
    g_autoptr(GBytes) csr = ca_csr_new(key, NULL);
    g_autoptr(GBytes) der = ca_client_sign(settings_text(world->settings, "signer", "socket"), number, secret_text(token), csr, &error);
    g_assert_no_error(error);
    put_file("leaf.der", der);
    g_autofree char *command = g_strdup_printf("openssl x509 -inform der -in leaf.der -out %s", file);
    g_free(shell(DONE, command));
}

/* Fresh CRLs of all, full and shard: crls.pem. */
static void
fetch_crls(void)
{
    static const char *const names[] = { "client", "client-2" };
    g_autoptr(GString) all = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_true(ca_client_publish(settings_text(world->settings, "signer", "socket"), names[i], TRUE, &error));
    }
    g_autofree char *rows = world_text(world, "select string_agg(encode(der, 'base64'), '#') from crl where shard = -1", 0);
    g_auto(GStrv) each = g_strsplit(rows, "#", -1);
    for (char **row = each; *row; row++)
        g_string_append_printf(all, "-----BEGIN X509 CRL-----\n%s\n-----END X509 CRL-----\n", g_strstrip(*row));
    g_autofree char *file = g_build_filename(world->folder, "crls.pem", NULL);
    g_assert_true(g_file_set_contents(file, all->str, -1, NULL));
}

/* By openssl, with the CRLs of leaf and CA, and the pointers that belong to ISSUER. */
static void
is_good(const char *leaf, const char *issuer)
{
    g_autofree char *verify = g_strdup_printf("$ONLINE ca chain >chain.pem && openssl verify -x509_strict -CAfile root/root.crt -untrusted chain.pem"
                                              " -CRLfile crls.pem -crl_check_all %s", leaf);
    g_autofree char *ok = g_strdup_printf("%s: OK", leaf), *text = g_strdup_printf("openssl x509 -in %s -noout -text", leaf);
    g_autofree char *pointers = g_strdup_printf("/crl/%s-0.crl|/ca/%s.cer", issuer, issuer);
    says(DONE, verify, ok);
    says(DONE, text, pointers);
}

static void
has_status(const char *leaf, const char *issuer, const char *status)
{
    g_autofree char *ask = g_strdup_printf("openssl ocsp -issuer %s -cert %s -no_nonce -reqout ocsp.req", issuer, leaf);
    g_free(shell(DONE, ask));
    g_autofree char *file = g_build_filename(world->folder, "ocsp.req", NULL), *text = NULL;
    gsize size;
    g_assert_true(g_file_get_contents(file, &text, &size, NULL));
    g_autoptr(GBytes) request = g_bytes_new(text, size);
    for (int i = 0; i < 200; i++, g_usleep(50000)) { /* the responder asks the signer for its certificate of a new issuer */
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) der = ca_client_ocsp(settings_text(world->settings, "responder", "socket"), request, NULL, &error);
        if (der && g_bytes_get_size(der) > 64) {
            put_file("ocsp.der", der);
            break;
        }
        g_assert_cmpint(i, <, 199);
    }
    g_autofree char *verify = g_strdup_printf("openssl ocsp -respin ocsp.der -issuer %s -cert %s -CAfile root/root.crt -verify_other chain.pem"
                                              " -no_nonce", issuer, leaf);
    g_autofree char *words = g_strdup_printf("Response verify OK|%s: %s", leaf, status);
    says(DONE, verify, words);
}

static void
the_next_ca_takes_over_while_the_signer_runs(void)
{
    gint64 before = world_ready(world, world->person, "client", 52), late = world_ready(world, world->person, "client", 25);
    collect(before, "before.pem");
    says(DONE, "$ONLINE ca list", "issues client-52|issues smime-13");
    new_issuer("client-2", "it issues nothing yet");
    says(DONE, "awk '/BEGIN/{n++} n==1' client.crt >client.one; awk '/BEGIN/{n++} n==1' client-2.crt >client-2.one; echo ok", "ok");
    /* installed, not in use: the old one goes on */
    collect(world_ready(world, world->person, "client", 13), "during.pem");
    says(REFUSED, "$ONLINE ca issue client-2 --from 2020-01-01", "must be 10 seconds ahead");
    says(REFUSED, "$ONLINE ca issue root", "no issuing CA root");
    says(DONE, "$ONLINE ca issue client-2", "client-13 client-25 client-52");
    says(DONE, "$ONLINE ca list", "will issue client-52 from |issues client-52 until ");
    collect(world_ready(world, world->person, "client", 13), "still.pem");
    /* the ten seconds are over */
    world_do(world, "update profile set valid_from = case when issuer = 'client-2' then now() else valid_from end,"
                    " valid_to = case when issuer = 'client' then now() end where issuer in ('client', 'client-2')", 0);
    collect(world_ready(world, world->person, "client", 52), "after.pem");
    collect(late, "late.pem"); /* applied for under the old one, collected now */
    fetch_crls();
    static const char *const old[] = { "before.pem", "during.pem", "still.pem", "late.pem" };
    for (size_t i = 0; i < G_N_ELEMENTS(old); i++)
        is_good(old[i], "client");
    is_good("after.pem", "client-2");
    has_status("before.pem", "client.one", "good");
    has_status("after.pem", "client-2.one", "good");
    says(DONE, "$ONLINE ca list", "issued client-52 until|issues client-52|4 certificates in force|1 certificates in force");
    says(REFUSED, "$ONLINE ca issue client-2", "issues these already");
}

static void
what_ends_too_early_is_told_ahead(void)
{
    g_autofree char *fingerprint = hex_after(DONE, "$ONLINE ca request smime-5", "SHA-256 of the request ");
    g_autofree char *sign = g_strdup_printf("$OFFLINE ca sign smime-5.request --years 5 --yes %s", fingerprint);
    says(DONE, sign, "signed");
    says(DONE, "$ONLINE ca install smime-5.crt && $ONLINE ca issue smime-5 --profile smime-52", "smime-52");
    says(DONE, "$ONLINE ca list", "WARNING: from |a certificate of 52 months would end after it");
}

/* --- at last: a CA is lost ------------------------------------------------------------------------------------------------------------- */

static void
a_ca_is_revoked_by_the_root_for_good(void)
{
    says(REFUSED, "$OFFLINE ca sign --crl --revoke root/root.crt", "did not issue");
    says(REFUSED, "$OFFLINE ca sign --crl --revoke client.crt --reason lost", "keyCompromise");
    says(DONE, "cp root/root.crl old.crl; $OFFLINE ca sign --crl --revoke client.crt --reason keyCompromise", "CRL 2, 1 revoked|CN=Kagami Client CA");
    says(DONE, "$ONLINE ca install root.crl", "issuer client is revoked|client");
    says(REFUSED, "$OFFLINE ca sign --crl --revoke client.crt", "revoked already");
    fetch_crls();
    is_good("after.pem", "client-2");
    says(2, "openssl verify -CAfile root/root.crt -untrusted chain.pem -CRLfile crls.pem -crl_check_all before.pem", "certificate revoked");
    says(REFUSED, "$ONLINE ca issue client", "is revoked by the root's CRL");
    /* A root's folder that was brought back from before forgets nothing that is published. */
    says(DONE, "cp root/root.crl new.crl; cp old.crl root/root.crl; $OFFLINE ca sign --crl && $OFFLINE ca sign --crl", "CRL 3, 0 revoked");
    says(REFUSED, "$ONLINE ca install root.crl", "a revocation is never undone|--previous");
    says(DONE, "rm root/root.crl; echo ok", "ok");
    says(REFUSED, "$OFFLINE ca sign --crl", "root.crl");
    says(DONE, "$OFFLINE ca sign --crl --previous new.crl", "CRL 3, 1 revoked");
    says(DONE, "$ONLINE ca install root.crl", "CRL 3 is published, 1 revoked");
    /* Where the key comes to this machine for it, all the same. */
    says(DONE, "$INKAN -c both.conf ca root-crl --root-keys root --transcript root/ceremony.txt", "the root has a new CRL");
    g_assert_cmpint(world_int(world, "select number from crl where issuer = 'root' and shard = -1", 0), ==, 4);
    fetch_crls();
    says(2, "openssl verify -CAfile root/root.crt -untrusted chain.pem -CRLfile crls.pem -crl_check_all before.pem", "certificate revoked");
}

/* --- the transcript -------------------------------------------------------------------------------------------------------------------- */

static void
all_of_it_is_in_transcripts_that_check(void)
{
    says(DONE, "$OFFLINE ca transcript root/ceremony.txt", "each follows the one before|last hash: ");
    says(DONE, "$ONLINE ca transcript keys/ceremony.txt", "each follows the one before");
    says(DONE, "cat root/ceremony.txt keys/ceremony.txt", "ca init --offline --name Kagami|done|begun|not done: |CN=Kagami Client CA 2|OpenSSL 3|who      ");
    says(1, "grep -c -e 'of the offline root' -e 'a passphrase of the test' root/ceremony.txt keys/ceremony.txt | grep -v ':0$'", "");
    says(DONE, "stat -c %a root/ceremony.txt", "600");
    says(REFUSED, "sed 's/Kagami Client CA 2/Kagami Client CA 3/' keys/ceremony.txt >changed; $ONLINE ca transcript changed",
         "changed: transcript: step |its hash");
    says(REFUSED, "awk '/^== step 3$/{skip=1} /^== step 4$/{skip=0} !skip' keys/ceremony.txt >cut; $ONLINE ca transcript cut",
         "step 3: ");
    says(FAILED, "$ONLINE ca request client-7 --transcript changed", "nothing is added to it");
    g_assert_false(g_file_test("keys/client-7.pem", G_FILE_TEST_EXISTS));
}

static void
prepare(const char *here)
{
    g_autofree char *there = g_build_filename(here, "..", "..", "inkan", NULL);
    program = g_canonicalize_filename(there, NULL);
    world = world_new_bare(NULL);
    offline = g_build_filename(world->folder, "offline.conf", NULL);
    g_autofree char *online_command = g_strdup_printf("%s -c %s", program, world->file);
    g_autofree char *offline_command = g_strdup_printf("env OPENSSL_CONF=/dev/null %s -c %s", program, offline);
    g_autoptr(GKeyFile) keys = g_key_file_new();
    g_autofree char *passphrase = g_build_filename(world->folder, "passphrase.offline", NULL);
    g_autofree char *folder = g_build_filename(world->folder, "root", NULL);
    g_assert_true(g_key_file_load_from_file(keys, world->file, G_KEY_FILE_NONE, NULL));
    g_key_file_set_string(keys, "signer", "keys", folder);
    g_key_file_set_string(keys, "signer", "passphrase_file", passphrase);
    g_autofree char *both = g_build_filename(world->folder, "both.conf", NULL);
    g_assert_true(g_key_file_save_to_file(keys, both, NULL));
    g_assert_true(g_key_file_remove_key(keys, "database", "owner", NULL));
    g_assert_true(g_key_file_save_to_file(keys, offline, NULL));
    g_assert_true(g_file_set_contents_full(passphrase, "of the offline root\n", -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    g_setenv("INKAN", program, TRUE);
    g_setenv("ONLINE", online_command, TRUE);
    g_setenv("OFFLINE", offline_command, TRUE);
    g_autofree char *link = g_strdup_printf("test -e keys || ln -s %s keys; mkdir -p keys; echo ok", settings_text(world->settings, "signer", "keys"));
    says(DONE, link, "ok");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    log_setup("test", LOG_LEVEL_ERROR);
    g_autofree char *here = g_path_get_dirname(argv[0]);
    prepare(here);
    g_test_add_func("/offline root/the root is made where no database is", the_root_is_made_where_no_database_is);
    g_test_add_func("/offline root/the root is taken only with its fingerprint", the_root_is_taken_only_with_its_fingerprint);
    g_test_add_func("/offline root/what is signed is what was asked for", what_is_signed_is_what_was_asked_for);
    g_test_add_func("/offline root/what does not belong here is refused", what_does_not_belong_here_is_refused);
    g_test_add_func("/offline root/the next CA takes over while the signer runs", the_next_ca_takes_over_while_the_signer_runs);
    g_test_add_func("/offline root/what ends too early is told ahead", what_ends_too_early_is_told_ahead);
    g_test_add_func("/offline root/a CA is revoked by the root for good", a_ca_is_revoked_by_the_root_for_good);
    g_test_add_func("/offline root/all of it is in transcripts that check", all_of_it_is_in_transcripts_that_check);
    int result = g_test_run();
    authority_free(authority);
    world_free(world);
    g_free(program);
    g_free(offline);
    return result;
}
