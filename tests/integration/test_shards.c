/* CRLs by distribution point: which certificate is in which, what is made anew, two signers at once, a million entries. */
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ca/certificate.h"
#include "ca/client.h"
#include "ca/crl.h"
#include "ca/key.h"
#include "ca/signer.h"
#include "ca/wire.h"
#include "db/log.h"
#include "tests/integration/cluster_authority.h"

static World *world;
static Authority *authority;
static const char *signer_socket;

static gint64
issued(char **serial)
{
    gint64 number = world_ready(world, world->person, "client", 13);
    g_autoptr(Secret) token = world_token(world, number), key = ca_key_make(CA_KEY_P256, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) csr = ca_csr_new(key, &error), der = ca_client_sign(signer_socket, number, secret_text(token), csr, &error);
    g_assert_no_error(error);
    g_autofree char *pem = ca_certificate_pem(der), *file = g_build_filename(world->folder, "leaf.pem", NULL);
    g_assert_true(g_file_set_contents(file, pem, -1, NULL));
    *serial = world_text(world, "select serial from certificate where request = %N", number);
    return number;
}

static gint64
int_of(const char *sql, gint64 shard)
{
    g_autofree char *whole = g_strdup_printf("select %s from crl where issuer = 'client' and shard = %" G_GINT64_FORMAT, sql, shard);
    return cluster_int(world->cluster, whole);
}

static gboolean
lists(gint64 shard, const char *serial)
{
    g_autofree char *sql = g_strdup_printf("position('\\x%s'::bytea in der)", serial);
    return int_of(sql, shard) > 0;
}

static void
publish(gboolean all)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(ca_client_publish(signer_socket, "client", all, &error));
    g_assert_no_error(error);
}

static void
withdraw(gint64 number)
{
    world_do(world, "select certificate_revoke(issuer, serial, 'superseded', 'test') from certificate where request = %N", number);
}

static char *G_GNUC_PRINTF(1, 2)
shell(const char *format, ...)
{
    va_list arguments;
    char *out = NULL;
    g_autoptr(GError) error = NULL;
    va_start(arguments, format);
    g_autofree char *line = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    const char *argv[] = { "sh", "-c", line, NULL };
    g_spawn_sync(world->folder, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, NULL, NULL, &error);
    g_assert_no_error(error);
    return out;
}

static void
says(const char *said, const char *wanted)
{
    if (!strstr(said, wanted))
        g_error("'%s' is not in: %s", wanted, said);
}

static void
write_bytes(const char *sql, const char *name)
{
    g_autofree char *hex = cluster_text(world->cluster, sql), *file = g_build_filename(world->folder, name, NULL);
    g_autoptr(GBytes) bytes = crypto_unhex(hex);
    g_assert_true(g_file_set_contents(file, g_bytes_get_data(bytes, NULL), (gssize)g_bytes_get_size(bytes), NULL));
}



static void
certificates_spread_and_each_names_its_own(void)
{
    gint64 seen[4] = { 0 };
    publish(FALSE);
    for (int i = 0; i < 12; i++) {
        g_autofree char *serial = NULL;
        gint64 number = issued(&serial), shard = world_int(world, "select shard from certificate where request = %N", number);
        g_assert_cmpint(shard, >=, 0);
        g_assert_cmpint(shard, <, 4);
        g_autofree char *url = g_strdup_printf("URI:http://pki.example/crl/client-%" G_GINT64_FORMAT ".crl", shard);
        g_autofree char *text = shell("openssl x509 -in leaf.pem -noout -ext crlDistributionPoints");
        says(text, url);
        seen[shard]++;
    }
    for (int i = 0; i < 4; i++)
        g_assert_cmpint(seen[i], <, 12);
}

static void
only_the_shard_that_changed_is_made_anew_and_the_full_one(void)
{
    g_autofree char *serial = NULL;
    gint64 number = issued(&serial), shard = world_int(world, "select shard from certificate where request = %N", number), before[4];
    publish(TRUE);
    for (int i = 0; i < 4; i++)
        before[i] = int_of("number", i);
    withdraw(number);
    publish(FALSE);
    for (int i = 0; i < 4; i++) {
        g_assert_cmpint(int_of("number", i), ==, i == shard ? before[i] + 1 : before[i]);
        g_assert_cmpint(lists(i, serial), ==, i == shard);
    }
    g_assert_true(lists(-1, serial));
    g_assert_cmpint(int_of("number", -1), ==, before[0] + 1);
    /* Nothing is due: nothing is made, no number spent. */
    publish(FALSE);
    g_assert_cmpint(cluster_int(world->cluster, "select crl_number from issuer where name = 'client'"), ==, before[0] + 1);
    /* By age all of them are. */
    cluster_do(world->cluster, "alter table crl disable trigger all; update crl set this_update = this_update - interval '2 hours'"
                               " where issuer = 'client'; alter table crl enable trigger all");
    publish(FALSE);
    for (int i = -1; i < 4; i++)
        g_assert_cmpint(int_of("number", i), ==, before[0] + 2);
}

/* openssl and GnuTLS, given the shard that the certificate names: good, then revoked; another shard does not do. */
static void
clients_accept_the_shard_that_the_certificate_names(void)
{
    g_autofree char *serial = NULL;
    gint64 number = issued(&serial), shard = world_int(world, "select shard from certificate where request = %N", number);
    write_bytes("select encode(certificate, 'hex') from issuer where name = 'root'", "root.der");
    write_bytes("select encode(certificate, 'hex') from issuer where name = 'client'", "client.der");
    write_bytes("select encode(der, 'hex') from crl where issuer = 'root' and shard = -1", "root.crl");
    for (int revoked = 0; revoked < 2; revoked++) {
        if (revoked) {
            withdraw(number);
            publish(FALSE);
        }
        for (gint64 i = 0; i < 4; i++) {
            g_autofree char *sql = g_strdup_printf("select encode(der, 'hex') from crl where issuer = 'client' and shard = %" G_GINT64_FORMAT, i);
            write_bytes(sql, "shard.crl");
            g_autofree char *text = shell("for n in root client; do openssl x509 -inform DER -in $n.der -out $n.pem; done;"
                                          " openssl crl -inform DER -in shard.crl -out shard.pem; openssl crl -inform DER -in root.crl -out root.crl.pem;"
                                          " cat shard.pem root.crl.pem > crls.pem;"
                                          " openssl verify -x509_strict -crl_check_all -CAfile root.pem -untrusted client.pem -CRLfile crls.pem leaf.pem 2>&1");
            says(text, i != shard ? "ifferent CRL scope" : revoked ? "certificate revoked" : "leaf.pem: OK");
        }
    }
    g_autofree char *idp = shell("openssl crl -in shard.pem -noout -text | grep -A2 'Issuing Distribution Point'");
    says(idp, "critical");
    g_autofree char *sql = g_strdup_printf("select encode(der, 'hex') from crl where issuer = 'client' and shard = %" G_GINT64_FORMAT, shard);
    write_bytes(sql, "shard.crl");
    g_autofree char *gnutls = shell("openssl crl -inform DER -in shard.crl -out shard.pem; cat client.pem root.pem > chain.pem;"
                                    " certtool --verify-crl --load-ca-certificate client.pem --infile shard.pem 2>&1;"
                                    " cat leaf.pem chain.pem | certtool --verify --verify-profile=medium --load-ca-certificate root.pem"
                                    " --load-crl shard.pem 2>&1 || true");
    says(gnutls, "revoked");
}

/* --- two machines ----------------------------------------------------------------------------------------------------------------- */

static char *second_socket;

/* A signer with a socket and a log of its own, as on another machine. */
static pid_t
second_signer(void)
{
    g_autoptr(GKeyFile) keys = g_key_file_new();
    g_autofree char *file = g_build_filename(world->folder, "second.conf", NULL), *log = g_build_filename(world->folder, "second.log", NULL);
    second_socket = g_build_filename(world->folder, "second.sock", NULL);
    g_assert_true(g_key_file_load_from_file(keys, world->file, G_KEY_FILE_NONE, NULL));
    g_key_file_set_string(keys, "signer", "socket", second_socket);
    g_key_file_set_string(keys, "signer", "log_file", log);
    g_assert_true(g_key_file_save_to_file(keys, file, NULL));
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        struct signer_process process = { file, wire_listen(second_socket, 0660, NULL) };
        _exit(signer_run(&process));
    }
    for (int i = 0; i < 200 && !ca_client_ping(second_socket, NULL); i++)
        g_usleep(20000);
    return pid;
}

static int
revoke_and_publish(int i, gpointer data)
{
    const gint64 *numbers = data;
    for (int k = 0; k < 3; k++) {
        g_autofree char *sql = g_strdup_printf("select certificate_revoke(issuer, serial, 'superseded', 'test') from certificate where request = %"
                                               G_GINT64_FORMAT, numbers[i * 3 + k]);
        g_autoptr(RaContext) owner = world_context(world, "owner");
        if (!db_script(owner->db, sql, NULL) || !ca_client_publish(i % 2 ? second_socket : signer_socket, "client", k % 2, NULL))
            return 1;
    }
    return 0;
}

/* A trigger writes down each row as it was published. */
static void
two_signers_at_once_make_one_rising_order(void)
{
    gint64 numbers[12];
    pid_t pid = second_signer();
    for (int i = 0; i < 12; i++) {
        g_autofree char *serial = NULL;
        numbers[i] = issued(&serial);
    }
    cluster_do(world->cluster, "create table seen (at bigint generated always as identity, shard integer, number bigint, this_update timestamptz);"
                               " create function note_crl() returns trigger language plpgsql security definer as $$ begin insert into seen (shard, number,"
                               " this_update) values (new.shard, new.number, new.this_update); return null; end $$;"
                               " grant execute on function note_crl() to public;"
                               " create trigger note_crl after insert or update on crl for each row execute function note_crl()");
    g_assert_cmpint(world_together(4, revoke_and_publish, numbers), ==, 0);
    publish(FALSE);
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from seen"), >, 6);
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from (select number - lag(number) over (partition by shard order by at) as more,"
                                                " this_update - lag(this_update) over (partition by shard order by at) as later from seen) x"
                                                " where more <= 0 or later < interval '0'"), ==, 0);
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from certificate where revoked_at is not null and published is null"), ==, 0);
    for (int i = 0; i < 12; i++) {
        g_autofree char *serial = world_text(world, "select serial from certificate where request = %N", numbers[i]);
        g_assert_true(lists(world_int(world, "select shard from certificate where request = %N", numbers[i]), serial));
        g_assert_true(lists(-1, serial));
    }
    cluster_do(world->cluster, "drop trigger note_crl on crl");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* Fewer by the setting: the certificates that name the others still find them. */
static void
a_shard_that_was_once_there_stays(void)
{
    authority_stop(authority, "signer");
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(world->file, &text, NULL, NULL));
    g_auto(GStrv) parts = g_strsplit(text, "crl_shards=4", 2);
    g_autofree char *fewer = g_strjoinv("crl_shards=1", parts);
    g_assert_true(g_file_set_contents(world->file, fewer, -1, NULL));
    authority_start(authority, "signer");
    g_autofree char *serial = NULL;
    gint64 number = issued(&serial), before = int_of("number", 3);
    g_assert_cmpint(world_int(world, "select shard from certificate where request = %N", number), ==, 0);
    publish(TRUE);
    g_assert_cmpint(int_of("number", 3), >, before);
}

/* Rows without their certificates' bytes. */
static void
a_hundred_thousand_revocations_are_published_in_one_go(void)
{
    cluster_do(world->cluster, "set session_replication_role = replica; insert into certificate (issuer, serial, request, pickup, shard, der, subject,"
                               " spki_sha256, fingerprint, not_before, not_after, key_kind, revoked_at, reason) select 'client', '01' || md5(n::text) ||"
                               " '000000', 1, 1, n % 4, '\\x30', 'CN=x', '\\x00', sha256(n::text::bytea), now(), now() + interval '1 year', 'p256',"
                               " date_trunc('second', now()), 'superseded' from generate_series(1, 100000) n; set session_replication_role = origin");
    publish(FALSE);
    for (gint64 shard = -1; shard < 4; shard++) {
        g_autofree char *sql = g_strdup_printf("select encode(der, 'hex') from crl where issuer = 'client' and shard = %" G_GINT64_FORMAT, shard);
        g_autofree char *hex = cluster_text(world->cluster, sql);
        g_autoptr(GBytes) der = crypto_unhex(hex);
        struct ca_crl what;
        size_t entries;
        g_assert_true(ca_crl_read(der, &what, &entries, NULL));
        g_assert_cmpuint(entries, >=, shard < 0 ? 100000 : 25000);
    }
    /* A long full list waits for the worker's round, the shard does not. */
    g_autofree char *serial = NULL;
    gint64 number = issued(&serial), full = int_of("number", -1);
    withdraw(number);
    publish(FALSE);
    g_assert_true(lists(world_int(world, "select shard from certificate where request = %N", number), serial));
    g_assert_cmpint(int_of("number", -1), ==, full);
    cluster_do(world->cluster, "alter table crl disable trigger all; update crl set this_update = this_update - interval '31 seconds'"
                               " where issuer = 'client' and shard = -1; alter table crl enable trigger all");
    publish(FALSE);
    g_assert_true(lists(-1, serial));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    log_setup("test", LOG_LEVEL_ERROR);
    world = world_new_bare("ca crl_shards=4");
    authority = authority_new(world);
    signer_socket = settings_text(world->settings, "signer", "socket");
    g_test_add_func("/shards/certificates spread, and each names its own", certificates_spread_and_each_names_its_own);
    g_test_add_func("/shards/only the shard that changed is made anew, and the full one", only_the_shard_that_changed_is_made_anew_and_the_full_one);
    g_test_add_func("/shards/clients accept the shard that the certificate names", clients_accept_the_shard_that_the_certificate_names);
    g_test_add_func("/shards/two signers at once make one rising order", two_signers_at_once_make_one_rising_order);
    g_test_add_func("/shards/a shard that was once there stays", a_shard_that_was_once_there_stays);
    g_test_add_func("/shards/a hundred thousand revocations are published in one go", a_hundred_thousand_revocations_are_published_in_one_go);
    int result = g_test_run();
    authority_free(authority);
    world_free(world);
    g_free(second_socket);
    return result;
}
