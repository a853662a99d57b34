/* What the authority says of a certificate: CRLs by the signer, OCSP by the responder, both judged by the openssl program. */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ca/certificate.h"
#include "ca/client.h"
#include "ca/crl.h"
#include "ca/key.h"
#include "ca/ocsp.h"
#include "ca/responder.h"
#include "ca/wire.h"
#include "db/counter.h"
#include "db/log.h"
#include "ra/error.h"
#include "ra/ocsp.h"
#include "tests/integration/cluster_authority.h"

static World *world;
static Authority *authority;
static const char *signer_socket, *responder_socket;

/* --- files and the openssl program ------------------------------------------------------------------------------------------------ */

static char *
at(const char *name)
{
    return g_build_filename(world->folder, name, NULL);
}

static void
keep(const char *name, GBytes *bytes)
{
    g_autofree char *file = at(name);
    g_assert_true(g_file_set_contents(file, g_bytes_get_data(bytes, NULL), (gssize)g_bytes_get_size(bytes), NULL));
}

static GBytes *
file_bytes(const char *name)
{
    g_autofree char *file = at(name);
    char *text;
    gsize size;
    g_assert_true(g_file_get_contents(file, &text, &size, NULL));
    return g_bytes_new_take(text, size);
}

static GBytes *
column(const char *sql, gint64 number)
{
    g_autofree char *hex = world_text(world, sql, number);
    g_assert_nonnull(hex);
    return crypto_unhex(hex);
}

/* Runs it in the folder; what it says on both outputs. */
static char *
openssl(const char *arguments, int *status)
{
    g_autofree char *command = g_strdup_printf("sh -c \"cd '%s' && openssl %s 2>&1\"", world->folder, arguments);
    char *out = NULL;
    g_autoptr(GError) error = NULL;
    g_spawn_command_line_sync(command, &out, NULL, status, &error);
    g_assert_no_error(error);
    return out;
}

static void
openssl_says(const char *arguments, const char *words)
{
    int status;
    g_autofree char *out = openssl(arguments, &status);
    if (!strstr(out, words))
        g_error("openssl %s: '%s' is not in: %s", arguments, words, out);
}

static void
keep_chain(void)
{
    static const char *const names[] = { "root", "client", "smime" };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *sql = g_strdup_printf("select encode(certificate, 'hex') from issuer where name = '%s' and %%N = 0", names[i]);
        g_autoptr(GBytes) der = column(sql, 0);
        g_autofree char *pem = ca_certificate_pem(der), *name = g_strdup_printf("%s.pem", names[i]);
        g_autoptr(GBytes) bytes = g_bytes_new(pem, strlen(pem));
        keep(name, bytes);
    }
}

/* crls.pem: ISSUER's (shard or full) and the root's full one: openssl looks the root itself up, whose certificate names no shard. */
static void
keep_crls(const char *issuer, int shard)
{
    g_autofree char *sql = g_strdup_printf("select encode(der, 'hex') from crl where issuer = '%s' and shard = %%N", issuer);
    g_autoptr(GBytes) der = column(sql, shard);
    g_autoptr(GBytes) root = column("select encode(der, 'hex') from crl where issuer = 'root' and shard = %N", -1);
    keep("issuer.crl", der);
    keep("root.crl", root);
    openssl_says("crl -inform DER -in issuer.crl -out issuer.crl.pem; openssl crl -inform DER -in root.crl -out root.crl.pem;"
                 " cat issuer.crl.pem root.crl.pem > crls.pem; echo done", "done");
}

/* --- certificates -------------------------------------------------------------------------------------------------------------------- */

static gint64
issued(const char *type)
{
    gint64 number = world_ready(world, world->person, type, 13);
    g_autoptr(Secret) token = world_token(world, number), key = ca_key_make(CA_KEY_P256, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) csr = ca_csr_new(key, &error), der = ca_client_sign(signer_socket, number, secret_text(token), csr, &error);
    g_assert_no_error(error);
    g_autofree char *pem = ca_certificate_pem(der);
    g_autoptr(GBytes) bytes = g_bytes_new(pem, strlen(pem));
    keep("leaf.pem", bytes);
    return number;
}

static void
revoke_it(gint64 number, const char *reason)
{
    g_autofree char *sql = g_strdup_printf("select certificate_revoke(issuer, serial, '%s', 'test') from certificate where request = %%N",
                                           reason);
    world_do(world, sql, number);
}

static void
publish(const char *issuer)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(ca_client_publish(signer_socket, issuer, TRUE, &error));
    g_assert_no_error(error);
}

/* --- CRLs -------------------------------------------------------------------------------------------------------------------------------- */

static void
openssl_accepts_chain_and_crl_until_it_is_revoked(void)
{
    static const char *const types[] = { "client", "smime" };
    static const char *const purposes[] = { "sslclient", "smimesign" };
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        gint64 number = issued(types[i]);
        for (int shard = -1; shard <= 0; shard++) {
            g_autofree char *verify = g_strdup_printf("verify -x509_strict -purpose %s -crl_check_all -CAfile root.pem -untrusted %s.pem"
                                                      " -CRLfile crls.pem leaf.pem", purposes[i], types[i]);
            publish(types[i]);
            keep_crls(types[i], shard);
            openssl_says(verify, "leaf.pem: OK");
        }
        revoke_it(number, "keyCompromise");
        for (int shard = -1; shard <= 0; shard++) {
            g_autofree char *verify = g_strdup_printf("verify -crl_check_all -CAfile root.pem -untrusted %s.pem -CRLfile crls.pem"
                                                      " leaf.pem", types[i]);
            publish(types[i]);
            keep_crls(types[i], shard);
            openssl_says(verify, "certificate revoked");
            openssl_says("crl -in issuer.crl.pem -noout -text", "Key Compromise");
        }
    }
}

static void
a_reason_that_says_nothing_is_left_out(void)
{
    gint64 number = issued("smime");
    revoke_it(number, "unspecified");
    publish("smime");
    keep_crls("smime", -1);
    g_autofree char *serial = world_text(world, "select upper(serial) from certificate where request = %N", number);
    g_autofree char *text = openssl("crl -in issuer.crl.pem -noout -text", NULL);
    char *entry = strstr(text, serial);
    g_assert_nonnull(entry);
    char *next = strstr(entry, "Serial Number:");
    char *reason = strstr(entry, "Reason Code");
    g_assert_true(!reason || (next && reason > next));
}

static void
the_shard_names_itself_as_the_certificate_does(void)
{
    gint64 number = issued("client");
    publish("client");
    keep_crls("client", 0);
    openssl_says("x509 -in leaf.pem -noout -ext crlDistributionPoints", "URI:http://pki.example/crl/client-0.crl");
    openssl_says("crl -in issuer.crl.pem -noout -text", "URI:http://pki.example/crl/client-0.crl");
    openssl_says("x509 -in leaf.pem -noout -ext authorityInfoAccess", "CA Issuers - URI:http://pki.example/ca/client.cer");
    openssl_says("x509 -in leaf.pem -noout -ext authorityInfoAccess", "OCSP - URI:http://pki.example/ocsp");
    openssl_says("x509 -in client.pem -noout -ext crlDistributionPoints", "URI:http://pki.example/crl/root-0.crl");
    keep_crls("client", -1);
    g_autofree char *full = openssl("crl -in issuer.crl.pem -noout -text", NULL);
    g_assert_null(strstr(full, "Issuing Distribution Point"));
    g_assert_cmpint(world_int(world, "select shard from certificate where request = %N", number), ==, 0);
}

static int
publish_once(int i, gpointer data)
{
    (void)i;
    (void)data;
    return ca_client_publish(signer_socket, "client", TRUE, NULL) ? 0 : 1;
}

static void
numbers_only_rise_however_many_publish(void)
{
    gint64 before = cluster_int(world->cluster, "select crl_number from issuer where name = 'client'");
    g_assert_cmpint(world_together(8, publish_once, NULL), ==, 0);
    g_assert_cmpint(cluster_int(world->cluster, "select crl_number from issuer where name = 'client'"), ==, before + 8);
    g_assert_cmpint(cluster_int(world->cluster, "select count(distinct number) from crl where issuer = 'client'"), ==, 1);
    for (int shard = -1; shard <= 0; shard++) {
        g_autoptr(GBytes) der = column("select encode(der, 'hex') from crl where issuer = 'client' and shard = %N", shard);
        struct ca_crl what;
        size_t entries;
        g_assert_true(ca_crl_read(der, &what, &entries, NULL));
        g_assert_cmpint(what.number, ==, before + 8);
        g_assert_cmpint(what.next_update - what.this_update, ==, 48 * 3600);
    }
}

/* A backup put back has old numbers; the signer's own log knows better, and so does the time of the last CRL. */
static void
numbers_are_above_what_the_log_remembers_and_time_never_goes_back(void)
{
    publish("smime");
    gint64 last = cluster_int(world->cluster, "select crl_number from issuer where name = 'smime'");
    cluster_do(world->cluster, "delete from crl where issuer = 'smime'; update issuer set crl_number = 1 where name = 'smime'");
    publish("smime");
    g_assert_cmpint(cluster_int(world->cluster, "select crl_number from issuer where name = 'smime'"), ==, last + 1);
    cluster_do(world->cluster, "alter table crl disable trigger all; update crl set this_update = now() + interval '10 minutes'"
                               " where issuer = 'smime'; alter table crl enable trigger all");
    publish("smime");
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from crl where issuer = 'smime' and this_update"
                                                " > now() + interval '9 minutes'"), ==, 2);
}

static void
the_first_crl_that_carries_a_revocation_is_noted(void)
{
    gint64 number = issued("client");
    revoke_it(number, "superseded");
    g_assert_cmpint(world_int(world, "select count(*) from certificate where request = %N and published is null", number), ==, 1);
    publish("client");
    gint64 first = world_int(world, "select published from certificate where request = %N", number);
    g_assert_cmpint(first, ==, cluster_int(world->cluster, "select crl_number from issuer where name = 'client'"));
    publish("client");
    g_assert_cmpint(world_int(world, "select published from certificate where request = %N", number), ==, first);
}

static void
what_has_ended_leaves_the_list_an_hour_later(void)
{
    gint64 number = issued("client");
    revoke_it(number, "superseded");
    publish("client");
    g_autofree char *serial = world_text(world, "select upper(serial) from certificate where request = %N", number);
    keep_crls("client", -1);
    openssl_says("crl -in issuer.crl.pem -noout -text", serial);
    world_do(world, "alter table certificate disable trigger all; update certificate set not_after = now() - interval '59 minutes'"
                    " where request = %N", number);
    publish("client");
    keep_crls("client", -1);
    openssl_says("crl -in issuer.crl.pem -noout -text", serial);
    world_do(world, "update certificate set not_after = now() - interval '61 minutes' where request = %N;"
                    " alter table certificate enable trigger all", number);
    publish("client");
    keep_crls("client", -1);
    g_autofree char *text = openssl("crl -in issuer.crl.pem -noout -text", NULL);
    g_assert_null(strstr(text, serial));
}

static void
a_root_or_a_stranger_is_not_published_for(void)
{
    static const char *const names[] = { "root", "nobody" };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(ca_client_publish(signer_socket, names[i], TRUE, &error));
        g_assert_error(error, CA_ERROR, CA_ERROR_REFUSED);
    }
}

/* --- OCSP --------------------------------------------------------------------------------------------------------------------------------- */

/* Asks with openssl's request for leaf.pem, and MORE options; reply.der is what came. */
static GBytes *
ask(const char *issuer, const char *more, int *max_age)
{
    g_autofree char *make = g_strdup_printf("ocsp -issuer %s.pem -cert leaf.pem -reqout request.der %s; echo made", issuer, more);
    g_autoptr(GError) error = NULL;
    openssl_says(make, "made");
    g_autoptr(GBytes) request = file_bytes("request.der");
    GBytes *reply = ca_client_ocsp(responder_socket, request, max_age, &error);
    g_assert_no_error(error);
    keep("reply.der", reply);
    return reply;
}

static void
reply_says(const char *issuer, const char *words)
{
    g_autofree char *read = g_strdup_printf("ocsp -reqin request.der -respin reply.der -CAfile root.pem -verify_other %s.pem -resp_text",
                                            issuer);
    openssl_says(read, "Response verify OK");
    openssl_says(read, words);
}

/* An OCSPResponse without an answer: its status is the fifth byte. */
static int
refusal_of(GBytes *reply)
{
    const unsigned char *bytes = g_bytes_get_data(reply, NULL);
    return g_bytes_get_size(reply) == 5 ? bytes[4] : 0;
}

static void
good_until_revoked_and_fresh_at_once(void)
{
    static const char *const types[] = { "client", "smime" };
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        int max_age;
        gint64 number = issued(types[i]);
        g_autoptr(GBytes) good = ask(types[i], "-no_nonce", &max_age);
        reply_says(types[i], "Cert Status: good");
        g_assert_cmpint(max_age, <=, 1);
        revoke_it(number, "affiliationChanged");
        g_autoptr(GBytes) revoked = ask(types[i], "-no_nonce", &max_age);
        reply_says(types[i], "Cert Status: revoked");
        reply_says(types[i], "Revocation Reason: affiliationChanged");
    }
}

static void
a_nonce_comes_back_and_its_answer_is_not_kept(void)
{
    int max_age = 7;
    issued("client");
    g_autoptr(GBytes) reply = ask("client", "-nonce", &max_age);
    reply_says("client", "Cert Status: good");
    g_assert_cmpint(max_age, ==, 0);
    /* openssl compares it: another request's nonce does not pass. */
    openssl_says("ocsp -issuer client.pem -cert leaf.pem -reqout request.der -nonce; echo made", "made");
    openssl_says("ocsp -reqin request.der -respin reply.der -CAfile root.pem -verify_other client.pem", "Nonce Verify error");
}

static void
the_delegate_is_certified_for_ocsp_alone_and_for_a_short_while(void)
{
    issued("client");
    g_autoptr(GBytes) reply = ask("client", "-no_nonce", NULL);
    openssl_says("ocsp -respin reply.der -noverify -resp_text | openssl x509 -out delegate.pem; openssl x509 -in delegate.pem -noout -text",
                 "OCSP Signing");
    openssl_says("x509 -in delegate.pem -noout -text", "OCSP No Check");
    openssl_says("x509 -in delegate.pem -noout -checkend 2600000", "will expire"); /* 30 days are 2592000 s */
    openssl_says("verify -CAfile root.pem -untrusted client.pem delegate.pem", "OK");
    g_autofree char *serial = openssl("x509 -in delegate.pem -noout -serial | cut -d= -f2 | tr A-F a-f", NULL);
    g_strstrip(serial);
    g_autofree char *sql = g_strdup_printf("select count(*) from event where what = 'responder' and actor = 'signer' and detail ->> 'serial'"
                                           " = '%s'", serial);
    g_assert_cmpint(cluster_int(world->cluster, sql), ==, 1);
    g_autofree char *row = g_strdup_printf("select count(*) from certificate where serial = '%s'", serial);
    g_assert_cmpint(cluster_int(world->cluster, row), ==, 0);
}

static void
what_is_not_stored_or_not_ours_is_unauthorized(void)
{
    /* A serial that nobody issued; then another CA's certificate under our issuer's request. */
    openssl_says("ocsp -issuer client.pem -serial 0x1234 -reqout request.der -no_nonce; echo made", "made");
    g_autoptr(GBytes) unknown = file_bytes("request.der");
    g_autoptr(GBytes) first = ca_client_ocsp(responder_socket, unknown, NULL, NULL);
    g_assert_cmpint(refusal_of(first), ==, CA_OCSP_UNAUTHORIZED);
    openssl_says("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -subj /CN=Foreign -out foreign.pem;"
                 " openssl ocsp -issuer foreign.pem -serial 1 -reqout request.der -no_nonce; echo made", "made");
    g_autoptr(GBytes) foreign = file_bytes("request.der");
    g_autoptr(GBytes) second = ca_client_ocsp(responder_socket, foreign, NULL, NULL);
    g_assert_cmpint(refusal_of(second), ==, CA_OCSP_UNAUTHORIZED);
    /* Two issuers in one request: no delegate can sign for both. */
    issued("client");
    g_autofree char *serial = cluster_text(world->cluster, "select serial from certificate where issuer = 'smime' limit 1");
    g_autofree char *both = g_strdup_printf("ocsp -issuer client.pem -cert leaf.pem -issuer smime.pem -serial 0x%s -reqout request.der"
                                            " -no_nonce; echo made", serial);
    openssl_says(both, "made");
    g_autoptr(GBytes) two = file_bytes("request.der"), third = ca_client_ocsp(responder_socket, two, NULL, NULL);
    g_assert_cmpint(refusal_of(third), ==, CA_OCSP_UNAUTHORIZED);
}

static void
nonsense_is_malformed(void)
{
    static const char *const texts[] = { "", "x", "0\x03\x02\x01\x01", "GET / HTTP/1.1\r\n" };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GBytes) request = g_bytes_new_static(texts[i], strlen(texts[i]));
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) reply = ca_client_ocsp(responder_socket, request, NULL, &error);
        g_assert_no_error(error);
        g_assert_cmpint(refusal_of(reply), ==, CA_OCSP_MALFORMED);
    }
}

static void
a_hundred_silent_callers_change_nothing(void)
{
    int silent[100];
    gint64 soon = g_get_monotonic_time() + 5 * G_USEC_PER_SEC;
    issued("client");
    for (size_t i = 0; i < G_N_ELEMENTS(silent); i++)
        g_assert_cmpint(silent[i] = wire_connect(responder_socket, soon, NULL), >=, 0);
    gint64 before = g_get_monotonic_time();
    for (int i = 0; i < 200; i++) {
        g_autoptr(GBytes) request = file_bytes("request.der"), reply = ca_client_ocsp(responder_socket, request, NULL, NULL);
        g_assert_nonnull(reply);
    }
    g_assert_cmpint(g_get_monotonic_time() - before, <, 5 * G_USEC_PER_SEC);
    /* And the silent ones are sent away by themselves. */
    char byte;
    g_assert_cmpint(read(silent[99], &byte, 1), ==, -1); /* not yet: the socket does not block */
    g_usleep(7 * G_USEC_PER_SEC);
    g_assert_cmpint(read(silent[99], &byte, 1), ==, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(silent); i++)
        close(silent[i]);
}

static void
without_database_it_says_try_later_and_is_back_with_it(void)
{
    issued("client");
    cluster_do(world->cluster, "alter role inkan_responder nologin");
    cluster_do(world->cluster, "select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = 'inkan_responder'");
    g_autoptr(GBytes) away = ask("client", "-no_nonce", NULL);
    g_assert_cmpint(refusal_of(away), ==, CA_OCSP_TRY_LATER);
    g_assert_false(ca_client_ping(responder_socket, NULL));
    cluster_do(world->cluster, "alter role inkan_responder login");
    g_usleep(700000);
    g_autoptr(GBytes) back = ask("client", "-no_nonce", NULL);
    reply_says("client", "Cert Status: good");
}

static void
without_a_signer_it_says_try_later_until_one_is_there(void)
{
    authority_stop(authority, "signer");
    authority_stop(authority, "responder");
    authority_start(authority, "responder"); /* waits for it to be well, in vain */
    openssl_says("ocsp -issuer client.pem -cert leaf.pem -reqout request.der -no_nonce; echo made", "made");
    g_autoptr(GBytes) request = file_bytes("request.der"), early = ca_client_ocsp(responder_socket, request, NULL, NULL);
    g_assert_cmpint(refusal_of(early), ==, CA_OCSP_TRY_LATER);
    authority_start(authority, "signer");
    for (int i = 0; i < 200 && !ca_client_ping(responder_socket, NULL); i++)
        g_usleep(50000);
    g_autoptr(GBytes) late = ask("client", "-no_nonce", NULL);
    reply_says("client", "Cert Status: good");
}

static void
killed_it_is_back_with_a_new_key(void)
{
    issued("client");
    authority_stop(authority, "responder");
    g_autoptr(GError) error = NULL;
    openssl_says("ocsp -issuer client.pem -cert leaf.pem -reqout request.der -no_nonce; echo made", "made");
    g_autoptr(GBytes) request = file_bytes("request.der");
    g_assert_null(ca_client_ocsp(responder_socket, request, NULL, &error));
    g_assert_error(error, CA_ERROR, CA_ERROR_DOWN);
    authority_start(authority, "responder");
    g_autoptr(GBytes) reply = ask("client", "-no_nonce", NULL);
    reply_says("client", "Cert Status: good");
}

/* The certificate that RESPONDER's answer at NOW brings along, as delegate.pem, and its serial; NULL for no answer yet. */
static char *
delegate_at(Responder *responder, GBytes *request, gint64 now)
{
    int max_age;
    responder_tend(responder, now);
    g_autoptr(GBytes) reply = responder_answer(responder, request, now, &max_age);
    if (refusal_of(reply))
        return NULL;
    keep("reply.der", reply);
    return openssl("ocsp -respin reply.der -noverify -resp_text | openssl x509 -out delegate.pem; openssl x509 -in delegate.pem -noout -serial",
                   NULL);
}

/* The first answer at NOW that is not by the holder of BEFORE. */
static char *
next_delegate(Responder *responder, GBytes *request, gint64 now, const char *before)
{
    for (int i = 0; i < 600; i++) {
        g_autofree char *serial = delegate_at(responder, request, now);
        if (serial && g_strcmp0(serial, before) != 0)
            return g_steal_pointer(&serial);
        g_usleep(20000);
    }
    g_error("still no new certificate");
}

static gboolean
ends_within(gint64 seconds)
{
    int status;
    g_autofree char *command = g_strdup_printf("x509 -in delegate.pem -noout -checkend %" G_GINT64_FORMAT, seconds);
    g_autofree char *said = openssl(command, &status);
    return strstr(said, "will expire") != NULL;
}

#define STEP (6 * 3600)

/* A responder of our own, whose time we say. */
static void
at_half_of_its_life_the_delegate_is_succeeded(void)
{
    issued("client");
    openssl_says("ocsp -issuer client.pem -cert leaf.pem -reqout request.der -no_nonce; echo made", "made");
    g_autoptr(GBytes) request = file_bytes("request.der");
    g_autoptr(Responder) responder = responder_new(world->settings);
    gint64 now = g_get_real_time() / G_USEC_PER_SEC, life = 0;
    g_autofree char *first = next_delegate(responder, request, now, NULL);
    while (life < 40 * 86400 && !ends_within(life))
        life += STEP;
    g_assert_cmpint(life, >, 86400);
    g_assert_cmpint(life, <=, 30 * 86400 + STEP);
    for (int i = 0; i < 50; i++) { /* nothing is asked for before its time, however often one looks */
        g_autofree char *same = delegate_at(responder, request, now + life / 2 - STEP);
        g_assert_cmpstr(same, ==, first);
        g_usleep(20000);
    }
    g_autofree char *second = next_delegate(responder, request, now + life / 2 + STEP, first);
    g_assert_cmpstr(second, !=, first);
    for (int i = 0; i < 50; i++) { /* by this clock half of its life is over too: not again within the minute */
        g_autofree char *same = delegate_at(responder, request, now + life / 2 + STEP + 30);
        g_assert_cmpstr(same, ==, second);
        g_usleep(20000);
    }
    g_autofree char *third = next_delegate(responder, request, now + life / 2 + STEP + 70, second);
    /* Without a signer the old one answers on, until its own end. */
    authority_stop(authority, "signer");
    g_autofree char *still = delegate_at(responder, request, now + life / 2 + STEP + 200);
    g_assert_cmpstr(still, ==, third);
    g_assert_null(delegate_at(responder, request, now + life + STEP));
    authority_start(authority, "signer");
}

/* --- as a publishing process hands answers out ------------------------------------------------------------------------------------ */

/* Asked of a publishing process that begins now; CTX is the caller's. */
static RaOcspAnswer *
published(RaContext *ctx, gint64 now)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) request = file_bytes("request.der");
    RaOcspAnswer *answer = ra_ocsp_answer(ctx, request, now, &error);
    g_assert_no_error(error);
    keep("reply.der", answer->der);
    return answer;
}

static void
question_for_leaf(const char *more)
{
    g_autofree char *make = g_strdup_printf("ocsp -issuer client.pem -cert leaf.pem %s -reqout request.der; echo made", more);
    openssl_says(make, "made");
}

static gint64
now_seconds(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}

/* How many answers came by WHICH while ACT ran. */
#define COUNTED(which, act) (before = counter_get(which), (act), counter_get(which) - before)

static void
until_signed_ahead(gint64 number, gboolean revoked)
{
    g_autofree char *sql = g_strdup_printf("select count(*) from ocsp_response o join certificate c using (issuer, serial) where c.request = %%N"
                                           " and (c.revoked_at is not null) = %s", revoked ? "true" : "false");
    for (int i = 0; i < 400 && !world_int(world, sql, number); i++)
        g_usleep(10000);
    g_assert_cmpint(world_int(world, sql, number), ==, 1);
}

static void
an_answer_is_there_before_anybody_asks(void)
{
    g_autoptr(RaContext) ctx = world_context(world, "portal");
    gint64 number = issued("client"), before;
    until_signed_ahead(number, FALSE);
    question_for_leaf("-no_nonce");
    g_assert_cmpint(COUNTED(COUNTER_OCSP_ROW, (void)published(ctx, now_seconds())), ==, 1);
    reply_says("client", "Cert Status: good");
    g_assert_cmpint(COUNTED(COUNTER_OCSP_MEMORY, (void)published(ctx, now_seconds())), ==, 1);
    reply_says("client", "Cert Status: good");
    /* By SHA-256 nearly nobody asks: signed at the first question, then in memory. */
    openssl_says("ocsp -issuer client.pem -sha256 -cert leaf.pem -no_nonce -reqout request.der; echo made", "made");
    g_assert_cmpint(COUNTED(COUNTER_OCSP_SIGNED, (void)published(ctx, now_seconds())), ==, 1);
    g_assert_cmpint(COUNTED(COUNTER_OCSP_MEMORY, (void)published(ctx, now_seconds())), ==, 1);
    reply_says("client", "Cert Status: good");
    g_assert_cmpint(world_int(world, "select count(*) from ocsp_response o join certificate c using (issuer, serial) where c.request = %N",
                              number), ==, 1);
}

static void
a_revocation_is_in_the_next_answer_of_every_process(void)
{
    g_autoptr(RaContext) one = world_context(world, "portal"), other = world_context(world, "portal");
    RaContext *const all[] = { one, other };
    static const char *const hashes[] = { "", "-sha256" };
    gint64 number = issued("client");
    until_signed_ahead(number, FALSE);
    for (size_t h = 0; h < G_N_ELEMENTS(hashes); h++)
        for (size_t i = 0; i < 2 * G_N_ELEMENTS(all); i++) {
            g_autofree char *ask_by = g_strdup_printf("ocsp -issuer client.pem %s -cert leaf.pem -no_nonce -reqout request.der; echo made", hashes[h]);
            openssl_says(ask_by, "made");
            (void)published(all[i / 2], now_seconds());
            reply_says("client", "Cert Status: good");
        }
    revoke_it(number, "keyCompromise");
    g_usleep(50000); /* looked for a hundred times a second */
    for (size_t h = 0; h < G_N_ELEMENTS(hashes); h++)
        for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
            g_autofree char *ask_by = g_strdup_printf("ocsp -issuer client.pem %s -cert leaf.pem -no_nonce -reqout request.der; echo made", hashes[h]);
            openssl_says(ask_by, "made");
            (void)published(all[i], now_seconds());
            reply_says("client", "Cert Status: revoked");
        }
    until_signed_ahead(number, TRUE);
}

/* An answer that was signed before a revocation and would be kept after it. */
static void
what_was_signed_before_a_revocation_is_not_kept_after_it(void)
{
    gint64 number = issued("client");
    until_signed_ahead(number, FALSE);
    revoke_it(number, "superseded");
    until_signed_ahead(number, TRUE);
    g_autofree char *why = world_text(world, "select ocsp_keep(issuer, serial, 'sha1', false, extract(epoch from now())::bigint + 10,"
                                             " extract(epoch from now())::bigint + 3000, '\\x30')::text from certificate where request = %N", number);
    g_assert_cmpstr(why, ==, "false");
    g_assert_cmpint(world_int(world, "select length(o.der) from ocsp_response o join certificate c using (issuer, serial) where c.request = %N",
                              number), >, 100);
}

static void
nothing_is_handed_out_beyond_its_next_update(void)
{
    g_autoptr(RaContext) ctx = world_context(world, "portal");
    gint64 number = issued("client"), now = now_seconds(), before;
    until_signed_ahead(number, FALSE);
    question_for_leaf("-no_nonce");
    (void)published(ctx, now);
    /* Half over: another is asked for. The responder away: the old one, which is still good, until its end. */
    g_assert_cmpint(COUNTED(COUNTER_OCSP_SIGNED, (void)published(ctx, now + CA_OCSP_GOOD_FOR / 2 + 2)), ==, 1);
    authority_stop(authority, "responder");
    g_autoptr(RaContext) alone = world_context(world, "portal");
    g_assert_cmpint(published(alone, now + CA_OCSP_GOOD_FOR - 60)->next_update, >, now + CA_OCSP_GOOD_FOR - 60);
    reply_says("client", "Cert Status: good");
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) request = file_bytes("request.der");
    g_assert_null(ra_ocsp_answer(alone, request, now + CA_OCSP_GOOD_FOR + 60, &error));
    g_assert_error(error, RA_ERROR, RA_ERROR_DOWN);
    authority_start(authority, "responder");
}

static void
many_nonces_are_passed_over_and_starve_nobody(void)
{
    g_autoptr(RaContext) ctx = world_context(world, "portal");
    gint64 number = issued("client"), live = settings_number(world->settings, "responder", "live"), before;
    until_signed_ahead(number, FALSE);
    question_for_leaf("-nonce");
    g_assert_cmpint(COUNTED(COUNTER_OCSP_LIVE, (void)published(ctx, now_seconds())), ==, 1);
    reply_says("client", "Cert Status: good");
    gint64 began = g_get_monotonic_time(), passed = counter_get(COUNTER_OCSP_NO_NONCE), asked = counter_get(COUNTER_OCSP_LIVE);
    for (int i = 0; i < 40 * live; i++)
        (void)published(ctx, now_seconds());
    gint64 seconds = (g_get_monotonic_time() - began) / G_USEC_PER_SEC + 2; /* a second's worth lay ready */
    asked = counter_get(COUNTER_OCSP_LIVE) - asked;
    g_assert_cmpint(asked, <=, seconds * live);
    g_assert_cmpint(asked + counter_get(COUNTER_OCSP_NO_NONCE) - passed, ==, 40 * live);
    /* Whoever asks without one is answered from memory meanwhile. */
    question_for_leaf("-no_nonce");
    g_assert_cmpint(COUNTED(COUNTER_OCSP_MEMORY, (void)published(ctx, now_seconds())), ==, 1);
    reply_says("client", "Cert Status: good");
}

static void
a_stranger_is_refused_without_asking_the_responder(void)
{
    g_autoptr(RaContext) ctx = world_context(world, "portal");
    gint64 before;
    authority_stop(authority, "responder");
    openssl_says("ocsp -issuer client.pem -serial 0x1234 -reqout request.der -no_nonce; echo made", "made");
    g_assert_cmpint(COUNTED(COUNTER_OCSP_UNAUTHORIZED, (void)published(ctx, now_seconds())), ==, 1);
    g_autoptr(GBytes) reply = file_bytes("reply.der");
    g_assert_cmpint(refusal_of(reply), ==, CA_OCSP_UNAUTHORIZED);
    authority_start(authority, "responder");
}

static void
what_is_remembered_is_forgotten_with_the_connection(void)
{
    g_autoptr(RaContext) ctx = world_context(world, "portal");
    gint64 number = issued("client"), before;
    until_signed_ahead(number, FALSE);
    question_for_leaf("-no_nonce");
    (void)published(ctx, now_seconds());
    g_usleep(20000);
    g_assert_cmpint(COUNTED(COUNTER_OCSP_MEMORY, (void)published(ctx, now_seconds())), ==, 1);
    cluster_do(world->cluster, "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'inkan_portal'");
    g_usleep(50000);
    g_assert_cmpint(COUNTED(COUNTER_OCSP_ROW, (void)published(ctx, now_seconds())), ==, 1);
    reply_says("client", "Cert Status: good");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    log_setup("test", LOG_LEVEL_ERROR);
    world = world_new_bare("responder live=5");
    authority = authority_new(world);
    signer_socket = settings_text(world->settings, "signer", "socket");
    responder_socket = settings_text(world->settings, "responder", "socket");
    keep_chain();
    g_test_add_func("/crl/openssl accepts chain and CRL until it is revoked", openssl_accepts_chain_and_crl_until_it_is_revoked);
    g_test_add_func("/crl/a reason that says nothing is left out", a_reason_that_says_nothing_is_left_out);
    g_test_add_func("/crl/the shard names itself as the certificate does", the_shard_names_itself_as_the_certificate_does);
    g_test_add_func("/crl/numbers only rise however many publish", numbers_only_rise_however_many_publish);
    g_test_add_func("/crl/numbers are above what the log remembers and time never goes back",
                    numbers_are_above_what_the_log_remembers_and_time_never_goes_back);
    g_test_add_func("/crl/the first CRL that carries a revocation is noted", the_first_crl_that_carries_a_revocation_is_noted);
    g_test_add_func("/crl/what has ended leaves the list an hour later", what_has_ended_leaves_the_list_an_hour_later);
    g_test_add_func("/crl/a root or a stranger is not published for", a_root_or_a_stranger_is_not_published_for);
    g_test_add_func("/ocsp/good until revoked and fresh at once", good_until_revoked_and_fresh_at_once);
    g_test_add_func("/ocsp/a nonce comes back and its answer is not kept", a_nonce_comes_back_and_its_answer_is_not_kept);
    g_test_add_func("/ocsp/the delegate is certified for OCSP alone and for a short while",
                    the_delegate_is_certified_for_ocsp_alone_and_for_a_short_while);
    g_test_add_func("/ocsp/what is not stored or not ours is unauthorized", what_is_not_stored_or_not_ours_is_unauthorized);
    g_test_add_func("/ocsp/nonsense is malformed", nonsense_is_malformed);
    g_test_add_func("/ocsp/a hundred silent callers change nothing", a_hundred_silent_callers_change_nothing);
    g_test_add_func("/ocsp/without database it says try later and is back with it", without_database_it_says_try_later_and_is_back_with_it);
    g_test_add_func("/ocsp/without a signer it says try later until one is there", without_a_signer_it_says_try_later_until_one_is_there);
    g_test_add_func("/ocsp/at half of its life the delegate is succeeded", at_half_of_its_life_the_delegate_is_succeeded);
    g_test_add_func("/ready/an answer is there before anybody asks", an_answer_is_there_before_anybody_asks);
    g_test_add_func("/ready/a revocation is in the next answer of every process", a_revocation_is_in_the_next_answer_of_every_process);
    g_test_add_func("/ready/what was signed before a revocation is not kept after it", what_was_signed_before_a_revocation_is_not_kept_after_it);
    g_test_add_func("/ready/nothing is handed out beyond its nextUpdate", nothing_is_handed_out_beyond_its_next_update);
    g_test_add_func("/ready/many nonces are passed over and starve nobody", many_nonces_are_passed_over_and_starve_nobody);
    g_test_add_func("/ready/a stranger is refused without asking the responder", a_stranger_is_refused_without_asking_the_responder);
    g_test_add_func("/ready/what is remembered is forgotten with the connection", what_is_remembered_is_forgotten_with_the_connection);
    g_test_add_func("/ocsp/killed it is back with a new key", killed_it_is_back_with_a_new_key);
    int result = g_test_run();
    authority_free(authority);
    world_free(world);
    return result;
}
