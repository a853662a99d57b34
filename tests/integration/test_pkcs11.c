/* CA keys in a PKCS#11 token (SoftHSM, a private one): all that the signer signs, judged by openssl, and what it says when the token
   does not open. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ca/certificate.h"
#include "ca/client.h"
#include "ca/key.h"
#include "db/log.h"
#include "tests/integration/cluster_authority.h"

#define MODULE "/usr/lib/softhsm/libsofthsm2.so"
#define PIN "4711-pin-of-the-test"
#define PIN_REFUSED 78

static World *world;
static Authority *authority;
static const char *signer_socket;
static char *program;
static struct ca_token token;

/* What COMMAND prints, in the world's folder, $KEYS the signer's keys; it must end well. */
static char *
shell(const char *command)
{
    const char *const argv[] = { "sh", "-c", command, NULL };
    char *out = NULL;
    int status = -1;
    g_autoptr(GError) error = NULL;
    g_spawn_sync(world->folder, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, NULL, &status, &error);
    g_assert_no_error(error);
    if (status != 0)
        g_test_message("%s: %s", command, out);
    g_assert_cmpint(status, ==, 0);
    return out;
}

static void
shell_says(const char *command, const char *expected)
{
    g_autofree char *out = shell(command);
    if (!strstr(out, expected))
        g_test_message("%s: %s", command, out);
    g_assert_nonnull(strstr(out, expected));
}

static void
put_file(const char *name, GBytes *bytes)
{
    g_autofree char *file = g_build_filename(world->folder, name, NULL);
    g_assert_true(g_file_set_contents(file, g_bytes_get_data(bytes, NULL), (gssize)g_bytes_get_size(bytes), NULL));
}

/* As install.md says it: a key by openssl, into the token, and its name as a file. */
static void
key_in_token(const char *name, const char *genpkey, int id)
{
    g_autofree char *command = g_strdup_printf(
        "exec 2>&1; openssl genpkey %s -out new.pem && softhsm2-util --import new.pem --token Inkan --label %s --id %02d --pin " PIN
        " && rm new.pem && echo 'pkcs11:token=Inkan;object=%s' >$KEYS/%s.pkcs11", genpkey, name, id, name, name);
    g_free(shell(command));
}

static void
make_token(void)
{
    g_setenv("KEYS", settings_text(world->settings, "signer", "keys"), TRUE);
    g_autofree char *conf = g_build_filename(world->folder, "softhsm2.conf", NULL);
    g_setenv("SOFTHSM2_CONF", conf, TRUE);
    g_free(shell("mkdir -p tokens \"$KEYS\" && chmod 0700 \"$KEYS\" && echo \"directories.tokendir = $PWD/tokens\" >softhsm2.conf &&"
                 " softhsm2-util --init-token --free --label Inkan --so-pin 12345678 --pin " PIN));
    g_autofree char *write_pin = g_strdup_printf("umask 077; echo '" PIN "' >%s", token.pin_file);
    g_free(shell(write_pin));
    key_in_token("root", "-algorithm EC -pkeyopt ec_paramgen_curve:P-384", 1);
    key_in_token("client", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256", 2);
    key_in_token("smime", "-algorithm RSA -pkeyopt rsa_keygen_bits:3072", 3);
}

/* --- what it signs --------------------------------------------------------------------------------------------------------- */

static void
the_ceremony_takes_the_keys_that_are_there(void)
{
    static const char *const names[] = { "root", "client", "smime" };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *file = g_strdup_printf("%s/%s.pem", settings_text(world->settings, "signer", "keys"), names[i]);
        g_assert_false(g_file_test(file, G_FILE_TEST_EXISTS));
        g_autofree char *sql = g_strdup_printf("select encode(certificate, 'hex') from issuer where name = '%s'", names[i]);
        g_autofree char *hex = world_text(world, sql, 0), *name = g_strconcat(names[i], ".cer", NULL);
        g_autoptr(GBytes) der = crypto_unhex(hex);
        put_file(name, der);
        g_autofree char *command = g_strdup_printf("openssl x509 -inform der -in %s.cer -out %s.ca", names[i], names[i]);
        g_free(shell(command));
    }
    shell_says("openssl x509 -in client.ca -noout -text", "ASN1 OID: prime256v1");
    shell_says("openssl x509 -in smime.ca -noout -text", "Public-Key: (3072 bit)");
    shell_says("openssl verify -check_ss_sig -CAfile root.ca root.ca client.ca smime.ca", "smime.ca: OK");
}

static void
issue(const char *type)
{
    g_autoptr(GError) error = NULL;
    gint64 number = world_ready(world, world->person, type, 13);
    g_autoptr(Secret) pickup = world_token(world, number), key = ca_key_make(CA_KEY_P256, NULL);
    g_autoptr(GBytes) csr = ca_csr_new(key, NULL), der = ca_client_sign(signer_socket, number, secret_text(pickup), csr, &error);
    g_assert_no_error(error);
    put_file("leaf.der", der);
    g_autofree char *command = g_strdup_printf("openssl x509 -inform der -in leaf.der -out leaf.pem && openssl verify -x509_strict"
                                               " -CAfile root.ca -untrusted %s.ca leaf.pem", type);
    shell_says(command, "leaf.pem: OK");
}

static void
certificates_of_both_issuers_are_good_for_openssl(void)
{
    issue("client");
    issue("smime");
}

static void
crls_are_signed(void)
{
    static const char *const names[] = { "client", "smime" };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_true(ca_client_publish(signer_socket, names[i], TRUE, &error));
        g_assert_no_error(error);
        g_autofree char *sql = g_strdup_printf("select encode(der, 'hex') from crl where issuer = '%s' order by number desc limit 1",
                                               names[i]);
        g_autofree char *hex = world_text(world, sql, 0);
        g_autoptr(GBytes) der = crypto_unhex(hex);
        put_file("crl.der", der);
        g_autofree char *command = g_strdup_printf("openssl crl -inform der -in crl.der -noout -CAfile %s.ca 2>&1", names[i]);
        shell_says(command, "verify OK");
    }
}

static void
the_responder_gets_its_certificate(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Secret) key = ca_key_make(CA_KEY_P256, NULL);
    g_autoptr(GBytes) csr = ca_csr_new(key, NULL);
    g_autoptr(GBytes) der = ca_client_responder_certificate(signer_socket, "smime", csr, &error);
    g_assert_no_error(error);
    put_file("delegate.der", der);
    g_free(shell("openssl x509 -inform der -in delegate.der -out delegate.pem"));
    shell_says("openssl verify -CAfile root.ca -untrusted smime.ca delegate.pem", "delegate.pem: OK");
    shell_says("openssl x509 -in delegate.pem -noout -text", "OCSP Signing");
    for (int i = 0; i < 200 && !ca_client_ping(settings_text(world->settings, "responder", "socket"), NULL); i++)
        g_usleep(50000);
    g_assert_true(ca_client_ping(settings_text(world->settings, "responder", "socket"), NULL));
}

/* In a process of its own: what opens a module here is not to be in the processes that are forked after it. */
static int
sign_with_each_kind(int i, gpointer names)
{
    const char *name = ((const char **)names)[i];
    g_autoptr(GError) error = NULL;
    g_autoptr(CaSigningKey) key = ca_signing_key_find(settings_text(world->settings, "signer", "keys"), name, NULL, &token, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(ca_key_kind_name(ca_signing_key_kind(key)), ==, name);
    g_autofree char *serial = ca_serial_new();
    const struct ca_authority what = { .serial = serial, .not_before = 1700000000, .not_after = 2000000000, .common_name = name,
                                       .path_length = 1 };
    pid_t pid = fork(); /* the child of the process that loaded it signs as well */
    g_autoptr(GBytes) der = ca_root_build(&what, key, &error);
    g_assert_no_error(error);
    g_autofree char *file = g_strdup_printf("%s-%s", name, pid ? "parent" : "child");
    put_file(file, der);
    g_autofree char *command = g_strdup_printf("openssl x509 -inform der -in %s -out %s.ca && openssl verify -check_ss_sig -CAfile"
                                               " %s.ca %s.ca", file, file, file, file);
    shell_says(command, "OK");
    int status = 0;
    if (pid == 0)
        _exit(0);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    return status ? 1 : 0;
}

static void
every_kind_of_key_signs_in_parent_and_child(void)
{
    static const char *const made[CA_KEY_KINDS] = {
        [CA_KEY_RSA2048] = "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
        [CA_KEY_RSA3072] = "-algorithm RSA -pkeyopt rsa_keygen_bits:3072",
        [CA_KEY_RSA4096] = "-algorithm RSA -pkeyopt rsa_keygen_bits:4096",
        [CA_KEY_P256] = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256",
        [CA_KEY_P384] = "-algorithm EC -pkeyopt ec_paramgen_curve:P-384",
    };
    const char *names[CA_KEY_KINDS];
    for (int i = 0; i < CA_KEY_KINDS; i++) {
        names[i] = ca_key_kind_name((enum ca_key_kind)i);
        key_in_token(names[i], made[i], 20 + i);
    }
    g_assert_cmpint(world_together(CA_KEY_KINDS, sign_with_each_kind, names), ==, 0);
    g_free(shell("rm $KEYS/rsa*.pkcs11 $KEYS/p*.pkcs11"));
}

/* Root and both issuing CAs in the token: asked for, signed, installed, used by the signer that runs. */
static void
the_next_ca_comes_by_request_and_signature_from_the_token(void)
{
    g_autofree char *here = g_path_get_dirname(program), *inkan = g_build_filename(here, "inkan", NULL);
    g_autofree char *command = g_strdup_printf("%s -c %s", inkan, world->file);
    g_setenv("INKAN", command, TRUE);
    key_in_token("client-2", "-algorithm EC -pkeyopt ec_paramgen_curve:P-384", 40);
    shell_says("$INKAN ca request client-2", "key p384 in the token that is named in");
    shell_says("openssl req -in client-2.request -noout -verify 2>&1", "verify OK");
    shell_says("$INKAN ca sign client-2.request --yes $(openssl req -in client-2.request -outform der | sha256sum | cut -d' ' -f1)",
               "CN=Test Client CA 2");
    shell_says("$INKAN ca install client-2.crt", "it issues nothing yet");
    shell_says("$INKAN ca issue client-2", "client-52");
    world_do(world, "update profile set valid_from = now() where issuer = 'client-2'", 0);
    g_free(shell("openssl x509 -in client-2.crt -out client.ca"));
    issue("client");
    world_do(world, "update profile set issuer = 'client' where issuer = 'client-2'", 0);
    g_free(shell("rm $KEYS/ceremony.txt && openssl x509 -inform der -in client.cer -out client.ca"));
}

/* --- the program ----------------------------------------------------------------------------------------------------------- */

static pid_t
run_program(const char *settings, const char *file)
{
    pid_t pid = fork();
    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        int out = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (out >= 0)
            dup2(out, STDERR_FILENO);
        execl(program, program, "-c", settings, NULL);
        _exit(127);
    }
    return pid;
}

/* The settings with [signer] KEY = VALUE (VALUE NULL: without it), in other.conf. */
static char *
settings_with(const char *key, const char *value)
{
    g_autoptr(GKeyFile) keys = g_key_file_new();
    char *file = g_build_filename(world->folder, "other.conf", NULL);
    g_assert_true(g_key_file_load_from_file(keys, world->file, G_KEY_FILE_NONE, NULL));
    if (value)
        g_key_file_set_string(keys, "signer", key, value);
    else if (key)
        g_key_file_remove_key(keys, "signer", key, NULL);
    g_assert_true(g_key_file_save_to_file(keys, file, NULL));
    return file;
}

/* The program ends with STATUS; what it said has each of WORDS (parted by |), once the line of why, and never the PIN. */
static void
it_does_not_start(const char *settings, int status, const char *words)
{
    g_autofree char *file = g_build_filename(world->folder, "said", NULL), *said = NULL;
    g_auto(GStrv) each = g_strsplit(words, "|", -1);
    pid_t pid = run_program(settings, file);
    int got = 0;
    g_assert_cmpint(waitpid(pid, &got, 0), ==, pid);
    g_assert_true(g_file_get_contents(file, &said, NULL, NULL));
    if (!WIFEXITED(got) || WEXITSTATUS(got) != status)
        g_test_message("%s", said);
    g_assert_true(WIFEXITED(got));
    g_assert_cmpint(WEXITSTATUS(got), ==, status);
    for (char **word = each; *word; word++) {
        if (!strstr(said, *word))
            g_test_message("'%s' is not in: %s", *word, said);
        g_assert_nonnull(strstr(said, *word));
    }
    g_assert_null(strstr(said, PIN));
    g_assert_null(strstr(said, "wrong-pin"));
    g_assert_null(strstr(strstr(said, "not-started") + 1, "not-started"));
}

static void
the_program_signs_with_many_processes_and_after_one_was_killed(void)
{
    g_autofree char *settings = settings_with("processes", "3"), *file = g_build_filename(world->folder, "log", NULL), *said = NULL;
    authority_stop(authority, "signer");
    pid_t master = run_program(settings, file);
    for (int i = 0; i < 400 && !ca_client_ping(signer_socket, NULL); i++)
        g_usleep(50000);
    for (int i = 0; i < 6; i++)
        issue(i % 2 ? "client" : "smime");
    g_autofree char *list = g_strdup_printf("kill -9 $(cut -d' ' -f1 /proc/%d/task/%d/children)", master, master);
    g_free(shell(list));
    for (int i = 0; i < 6; i++)
        issue(i % 2 ? "client" : "smime");
    kill(master, SIGTERM);
    int status = -1;
    g_assert_cmpint(waitpid(master, &status, 0), ==, master);
    g_assert_cmpint(status, ==, 0);
    g_assert_true(g_file_get_contents(file, &said, NULL, NULL));
    g_assert_null(strstr(said, PIN));
    g_assert_null(strstr(said, "key-not-loaded"));
}

static void
a_wrong_pin_is_one_try_and_a_status_of_its_own(void)
{
    g_free(shell("umask 077; echo wrong-pin >pin.wrong"));
    g_autofree char *pin = g_build_filename(world->folder, "pin.wrong", NULL), *settings = settings_with("pkcs11_pin_file", pin);
    it_does_not_start(settings, PIN_REFUSED, "token-pin|key object 'client' in token 'Inkan'|refused the PIN|pin.wrong");
}

static void
a_refused_pin_is_not_tried_again_by_the_same_process(void)
{
    if (g_test_subprocess()) {
        g_autofree char *pin = g_build_filename(g_getenv("FOLDER"), "pin.wrong", NULL);
        const struct ca_token wrong = { MODULE, pin };
        static const char *const expected[] = { "correct that file", "not tried again" };
        for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
            g_autoptr(GError) error = NULL;
            g_assert_null(ca_signing_key_find(g_getenv("KEYS"), "client", NULL, &wrong, &error));
            g_assert_error(error, CA_ERROR, CA_ERROR_REFUSED);
            g_assert_nonnull(strstr(error->message, expected[i]));
        }
        return;
    }
    g_setenv("FOLDER", world->folder, TRUE);
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_passed();
}

static void
a_pin_file_that_is_missing_empty_or_open_to_others_is_named(void)
{
    g_free(shell("umask 077; : >pin.empty; echo 1 >pin.open; chmod 0644 pin.open"));
    static const struct { const char *file, *words; } cases[] = {
        { "pin.none", "[signer] pkcs11_pin_file|pin.none|No such file" },
        { "pin.empty", "[signer] pkcs11_pin_file|pin.empty|is empty" },
        { "pin.open", "[signer] pkcs11_pin_file|pin.open|others cannot read" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *pin = g_build_filename(world->folder, cases[i].file, NULL);
        g_autofree char *settings = settings_with("pkcs11_pin_file", pin);
        it_does_not_start(settings, 1, cases[i].words);
    }
    g_autofree char *without = settings_with("pkcs11_pin_file", NULL);
    it_does_not_start(without, 1, "pkcs11_module|pkcs11_pin_file must be given");
}

static void
a_module_that_is_missing_or_none_is_named(void)
{
    g_autofree char *missing = settings_with("pkcs11_module", "/nowhere/module.so");
    it_does_not_start(missing, 1, "[signer] pkcs11_module /nowhere/module.so|install");
    g_autofree char *none = settings_with("pkcs11_module", world->file);
    it_does_not_start(none, 1, "[signer] pkcs11_module|is no PKCS#11 module|key object 'client' in token 'Inkan'");
}

/* client.pkcs11 is TEXT for once. */
static void
with_uri(const char *text, const char *words)
{
    g_autofree char *file = g_build_filename(settings_text(world->settings, "signer", "keys"), "client.pkcs11", NULL), *before = NULL;
    g_autofree char *settings = settings_with(NULL, NULL);
    g_assert_true(g_file_get_contents(file, &before, NULL, NULL));
    g_assert_true(g_file_set_contents(file, text, -1, NULL));
    it_does_not_start(settings, 1, words);
    g_assert_true(g_file_set_contents(file, before, -1, NULL));
}

static void
a_token_or_key_that_is_not_there_is_named(void)
{
    with_uri("pkcs11:token=Other;object=client\n", "there is no key object 'client' in token 'Other'|attached|client.pkcs11");
    with_uri("pkcs11:token=Inkan;object=nobody\n", "there is no key object 'nobody' in token 'Inkan'");
    with_uri("pkcs11:token=Inkan;id=%77\n", "there is no key id '%77' in token 'Inkan'");
}

static void
a_pin_in_the_uri_is_refused_and_not_repeated(void)
{
    with_uri("pkcs11:token=Inkan;object=client?pin-value=" PIN "\n", "client.pkcs11|not a PKCS#11 URI of a key|pkcs11_pin_file");
}

static void
a_file_and_a_token_for_one_name_are_one_too_many(void)
{
    g_autofree char *settings = settings_with(NULL, NULL);
    g_free(shell("touch $KEYS/client.pem"));
    it_does_not_start(settings, 1, "client.pem|client.pkcs11|move one of them away");
    g_free(shell("rm $KEYS/client.pem"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    log_setup("test", LOG_LEVEL_ERROR);
    if (g_test_subprocess()) {
        g_test_add_func("/pkcs11/a refused PIN is not tried again by the same process",
                        a_refused_pin_is_not_tried_again_by_the_same_process);
        return g_test_run();
    }
    g_autofree char *here = g_path_get_dirname(argv[0]), *there = g_build_filename(here, "..", "..", "inkan-signer", NULL);
    g_autofree char *pin_file = g_strdup_printf("/tmp/inkan-pkcs11-test-%d.pin", (int)getpid());
    g_autofree char *extra = g_strdup_printf("signer pkcs11_module=" MODULE "\nsigner pkcs11_pin_file=%s", pin_file);
    program = g_canonicalize_filename(there, NULL);
    token = (struct ca_token){ MODULE, pin_file };
    world = world_new_bare(extra);
    signer_socket = settings_text(world->settings, "signer", "socket");
    make_token();
    authority = authority_new(world);
    g_test_add_func("/pkcs11/the ceremony takes the keys that are there", the_ceremony_takes_the_keys_that_are_there);
    g_test_add_func("/pkcs11/certificates of both issuers are good for openssl", certificates_of_both_issuers_are_good_for_openssl);
    g_test_add_func("/pkcs11/CRLs are signed", crls_are_signed);
    g_test_add_func("/pkcs11/the responder gets its certificate", the_responder_gets_its_certificate);
    g_test_add_func("/pkcs11/the next CA comes by request and signature from the token",
                    the_next_ca_comes_by_request_and_signature_from_the_token);
    g_test_add_func("/pkcs11/every kind of key signs in parent and child", every_kind_of_key_signs_in_parent_and_child);
    g_test_add_func("/pkcs11/the program signs with many processes and after one was killed",
                    the_program_signs_with_many_processes_and_after_one_was_killed);
    g_test_add_func("/pkcs11/a wrong PIN is one try and a status of its own", a_wrong_pin_is_one_try_and_a_status_of_its_own);
    g_test_add_func("/pkcs11/a refused PIN is not tried again by the same process",
                    a_refused_pin_is_not_tried_again_by_the_same_process);
    g_test_add_func("/pkcs11/a PIN file that is missing, empty or open to others is named",
                    a_pin_file_that_is_missing_empty_or_open_to_others_is_named);
    g_test_add_func("/pkcs11/a module that is missing or none is named", a_module_that_is_missing_or_none_is_named);
    g_test_add_func("/pkcs11/a token or key that is not there is named", a_token_or_key_that_is_not_there_is_named);
    g_test_add_func("/pkcs11/a PIN in the URI is refused and not repeated", a_pin_in_the_uri_is_refused_and_not_repeated);
    g_test_add_func("/pkcs11/a file and a token for one name are one too many", a_file_and_a_token_for_one_name_are_one_too_many);
    int result = g_test_run();
    authority_free(authority);
    world_free(world);
    g_unlink(pin_file);
    g_free(program);
    return result;
}
