#include "tests/integration/cluster_ra.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/pickup.h"
#include "ra/jobs.h"
#include "ra/request.h"

static void
write_file(const char *file, const char *text)
{
    g_assert_true(g_file_set_contents_full(file, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

/* Groups that the tests don't care for have values that are allowed and lead nowhere. */
static char *
settings_text_of(const World *world, const char *extra)
{
    g_autoptr(GKeyFile) keys = g_key_file_new();
    static const char *const plain[] = {
        "service url=https://portal.example", "service client_url=https://client.example",
        "service publish_url=http://pki.example",
        "service time_zone=Asia/Tokyo",       "service share=.",
        "service helpdesk_mail=service@inkan.example",
        "saml entity_id=https://portal.example/saml", "saml signing_key=/dev/null", "saml signing_certificate=/dev/null",
        "saml decryption_key=/dev/null", "saml decryption_certificate=/dev/null", "mail from=noreply@inkan.example",
        "mail message_domain=inkan.example", "mail backoff=1", "mail tries=3", "pickup days=30",
    };
    static const char *const roles[] = { "portal", "worker", "signer", "responder", "owner" };
    static const char *const places[] = { "service secret_file", "signer socket", "signer keys", "signer log_file",
                                          "signer passphrase_file", "responder socket", "portal keymaker_socket",
                                          "portal opener_socket" };
    g_auto(GStrv) more = g_strsplit(extra ? extra : "", "\n", -1);
    for (size_t i = 0; i < G_N_ELEMENTS(roles); i++)
        g_key_file_set_string(keys, "database", roles[i], cluster_conninfo(world->cluster, roles[i]));
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        g_auto(GStrv) words = g_strsplit(places[i], " ", 2);
        g_autofree char *name = g_strjoinv("-", words);
        g_autofree char *path = g_build_filename(world->folder, name, NULL);
        g_key_file_set_string(keys, words[0], words[1], path);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(plain) + g_strv_length(more); i++) {
        const char *line = i < G_N_ELEMENTS(plain) ? plain[i] : more[i - G_N_ELEMENTS(plain)];
        if (!*line)
            continue;
        g_auto(GStrv) group = g_strsplit(line, " ", 2);
        g_auto(GStrv) value = g_strsplit(group[1], "=", 2);
        g_key_file_set_value(keys, group[0], value[0], value[1]);
    }
    return g_key_file_to_data(keys, NULL, NULL);
}

RaContext *
world_context(const World *world, const char *role)
{
    g_autoptr(GError) error = NULL;
    RaContext *ctx = ra_context_new(world->settings, role, TRUE, &error);
    g_assert_no_error(error);
    return ctx;
}

static World *
make(const char *extra, gboolean bare)
{
    World *world = g_new0(World, 1);
    g_autoptr(GError) error = NULL;
    crypto_start();
    world->cluster = cluster_new();
    if (bare)
        cluster_do(world->cluster, "insert into service (time_zone) values ('Asia/Tokyo')");
    else
        cluster_base(world->cluster);
    world->folder = g_dir_make_tmp("inkan-ra-XXXXXX", NULL);
    world->file = g_build_filename(world->folder, "inkan.conf", NULL);
    g_autofree char *text = settings_text_of(world, extra);
    g_autofree char *secret_file = g_build_filename(world->folder, "service-secret_file", NULL);
    g_autofree char *passphrase = g_build_filename(world->folder, "signer-passphrase_file", NULL);
    g_autoptr(Secret) line = keyring_new_line(1800000000);
    write_file(world->file, text);
    write_file(secret_file, secret_text(line));
    write_file(passphrase, "a passphrase of the test\n");
    world->settings = settings_load(world->file, &error);
    g_assert_no_error(error);
    world->portal = world_context(world, "portal");
    world->worker = world_context(world, "worker");
    world->institution = cluster_institution(world->cluster, "Kagami University", "kagami.example", "https://idp1.example/idp");
    world->person = cluster_person(world->cluster, world->institution, "hanako");
    world->other = cluster_person(world->cluster, world->institution, "taro");
    return world;
}

World *
world_new(const char *extra)
{
    return make(extra, FALSE);
}

World *
world_new_bare(const char *extra)
{
    return make(extra, TRUE);
}

void
world_free(World *world)
{
    if (!world)
        return;
    ra_context_free(world->portal);
    ra_context_free(world->worker);
    settings_free(world->settings);
    cluster_free(world->cluster);
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", world->folder);
    g_assert_true(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL));
    g_free(world->folder);
    g_free(world->file);
    g_free(world);
}

int
world_together(int n, int (*child)(int i, gpointer data), gpointer data)
{
    g_autofree pid_t *pids = g_new0(pid_t, n);
    int gate[2], sum = 0;
    g_assert_cmpint(pipe(gate), ==, 0);
    for (int i = 0; i < n; i++) {
        pids[i] = fork();
        g_assert_cmpint(pids[i], >=, 0);
        if (pids[i] == 0) {
            char byte;
            close(gate[1]);
            (void)!read(gate[0], &byte, 1); /* the end of the pipe opens the gate for all at once */
            crypto_start();
            _exit(child(i, data));
        }
    }
    close(gate[0]);
    close(gate[1]);
    for (int i = 0; i < n; i++) {
        int status = 0;
        g_assert_cmpint(waitpid(pids[i], &status, 0), ==, pids[i]);
        g_assert_true(WIFEXITED(status));
        sum += WEXITSTATUS(status);
    }
    return sum;
}

static char *
with_number(const char *format, gint64 number)
{
    g_auto(GStrv) parts = g_strsplit(format, "%N", -1);
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, number);
    return g_strjoinv(text, parts);
}

gint64
world_int(World *world, const char *format, gint64 number)
{
    g_autofree char *sql = with_number(format, number);
    return cluster_int(world->cluster, sql);
}

char *
world_text(World *world, const char *format, gint64 number)
{
    g_autofree char *sql = with_number(format, number);
    return cluster_text(world->cluster, sql);
}

void
world_do(World *world, const char *format, gint64 number)
{
    g_autofree char *sql = with_number(format, number);
    cluster_do(world->cluster, sql);
}

gint64
world_ready(World *world, gint64 person, const char *type, gint64 months)
{
    const struct ra_who who = { .person = person, .address = "192.0.2.1" };
    const struct ra_application application = { .type = type, .months = months };
    g_autoptr(GError) error = NULL;
    g_autofree char *location = NULL;
    gboolean ok = ra_request_apply(world->portal, &who, NULL, &application, &location, &error);
    g_assert_no_error(error);
    g_assert_true(ok);
    gint64 number = cluster_int(world->cluster, "select max(number) from request");
    ok = ra_jobs_run(world->worker, &error);
    g_assert_no_error(error);
    g_assert_true(ok);
    return number;
}

static Secret *
opened(World *world, const char *kind, const char *sql, gint64 number)
{
    g_autofree char *hex = world_text(world, sql, number);
    g_autofree char *cycle = world_text(world, "select cycle from request where number = %N", number);
    g_autofree char *associated = g_strdup_printf("%s:%" G_GINT64_FORMAT ":%s", kind, number, cycle);
    g_autoptr(GError) error = NULL;
    g_assert_nonnull(hex);
    g_autoptr(GBytes) sealed = crypto_unhex(hex);
    Secret *secret = crypto_open(world->worker->keyring, associated, sealed, &error);
    g_assert_no_error(error);
    return secret;
}

Secret *
world_token(World *world, gint64 number)
{
    return opened(world, "mail",
                  "select encode(sealed, 'hex') from outbox where request = %N and event = 'ready' and state = 'waiting' and"
                  " sealed is not null order by id desc limit 1",
                  number);
}

Secret *
world_pin(World *world, gint64 number)
{
    return opened(world, "pickup",
                  "select encode(pin_sealed, 'hex') from pickup k join request r on r.number = k.request and r.cycle = k.cycle"
                  " where r.number = %N",
                  number);
}

char *
world_collect(World *world, gint64 number)
{
    g_autoptr(GError) error = NULL;
    guint8 random[20];
    crypto_random(random, sizeof random);
    random[0] = 0x11;
    g_autoptr(GBytes) bytes = g_bytes_new(random, sizeof random);
    g_autofree char *serial = crypto_hex(bytes);
    g_autofree char *insert = g_strdup_printf(
        "insert into certificate (issuer, serial, request, pickup, der, subject, spki_sha256, fingerprint, not_before,"
        " not_after, key_kind) select f.issuer, '%s', r.number, k.id, '\\x30', 'CN=x', sha256('%s'), decode('%s', 'hex'),"
        " k.not_before, k.not_after, 'rsa2048' from request r join pickup k on k.request = r.number and k.cycle = r.cycle"
        " join profile f on f.id = r.profile where r.number = %" G_GINT64_FORMAT, serial, serial, serial, number);
    cluster_do(world->cluster, insert);
    g_autofree char *hash = world_text(world, "select encode(pin_hash, 'hex') from pickup k join request r on r.number ="
                                              " k.request and r.cycle = k.cycle where r.number = %N", number);
    g_autoptr(GBytes) pin_hash = crypto_unhex(hash);
    g_autoptr(GBytes) p12 = g_bytes_new_static("p12", 3);
    const struct db_collect what = {
        .pickup = world_int(world, "select k.id from pickup k join request r on r.number = k.request and r.cycle = k.cycle"
                                   " where r.number = %N", number),
        .pin_hash = pin_hash, .bytes = p12, .content_type = "application/x-pkcs12", .serial = serial, .actor = "holder",
    };
    g_autoptr(GBytes) counts = db_pickup_collect(world->portal->db, &what, &error);
    g_assert_no_error(error);
    g_assert_nonnull(counts);
    return g_steal_pointer(&serial);
}
