/* The delivery, with a real signer: a crash or a broken line anywhere costs nothing, and nothing is there twice. Files are
   judged by openssl, not by us. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ca/certificate.h"
#include "ca/client.h"
#include "ca/key.h"
#include "ra/check.h"
#include "ra/error.h"
#include "ra/jobs.h"
#include "ra/ocsp.h"
#include "ra/pickup.h"
#include "ra/publish.h"
#include "ra/request.h"
#include "ra/sweep.h"
#include "tests/integration/cluster_authority.h"

static World *world;
static Authority *authority;
static const struct ra_delivery_wish plain;
static const struct ra_delivery_wish p256 = { .key_kind = "p256" }; /* quick, where the key does not matter */

static gint64
seconds_now(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}

static RaDelivery *
deliver_by(RaContext *ctx, gint64 person, const Secret *token, const char *pin, const struct ra_delivery_wish *wish,
           GError **error)
{
    const struct ra_who who = { .person = person, .address = "192.0.2.3" };
    return ra_pickup_deliver(ctx, &who, secret_text(token), pin, wish, seconds_now(), error);
}

static RaDelivery *
deliver(const Secret *token, const Secret *pin, const struct ra_delivery_wish *wish)
{
    g_autoptr(GError) error = NULL;
    RaDelivery *delivery = deliver_by(world->portal, world->person, token, secret_text(pin), wish, &error);
    g_assert_no_error(error);
    g_assert_nonnull(delivery);
    return delivery;
}

/* The rule of the refusal. */
static char *
refusal(const Secret *token, const char *pin, const struct ra_delivery_wish *wish, enum ra_error code)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(RaDelivery) delivery = deliver_by(world->portal, world->person, token, pin, wish, &error);
    g_assert_null(delivery);
    g_assert_error(error, RA_ERROR, (gint)code);
    return g_strdup(ra_error_rule(error));
}

static void
state_is(gint64 number, const char *wanted)
{
    g_autofree char *state = world_text(world, "select state from request where number = %N", number);
    g_assert_cmpstr(state, ==, wanted);
}

static void
work(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(ra_jobs_run(world->worker, &error));
    g_assert_no_error(error);
}

static gint64
certificates(gint64 number, gboolean revoked)
{
    return world_int(world, revoked ? "select count(*) from certificate where request = %N and revoked_at is not null"
                                    : "select count(*) from certificate where request = %N and revoked_at is null", number);
}

/* A file of the test's folder with BYTES in it. */
static char *
put(const char *name, GBytes *bytes)
{
    gsize size = 0;
    const char *data = g_bytes_get_data(bytes, &size);
    char *file = g_build_filename(world->folder, name, NULL);
    g_assert_true(g_file_set_contents(file, data, (gssize)size, NULL));
    return file;
}

/* What a shell says; NULL where it fails. %F in COMMAND is FILE. */
static char *
shell(const char *command, const char *file)
{
    g_auto(GStrv) parts = g_strsplit(command, "%F", -1);
    g_autofree char *whole = g_strjoinv(file, parts);
    const char *argv[] = { "/bin/sh", "-c", whole, NULL };
    char *out = NULL;
    g_autofree char *wrong = NULL;
    int status = 0;
    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, &wrong, &status, NULL));
    if (status == 0)
        return out;
    g_test_message("%s", wrong);
    g_free(out);
    return NULL;
}

static char *
open_p12(GBytes *p12, const char *password, const char *options)
{
    g_autofree char *file = put("file.p12", p12);
    g_autofree char *command = g_strdup_printf("openssl pkcs12 -in %%F -passin 'pass:%s' -noenc %s", password, options);
    return shell(command, file);
}

static gboolean
opens(GBytes *p12, const char *password)
{
    g_autofree char *text = open_p12(p12, password, "");
    return text != NULL;
}

static void
has(const char *text, const char *part)
{
    if (!text || !strstr(text, part))
        g_test_message("wanted: %s\nin: %s", part, text ? text : "nothing");
    g_assert_true(text && strstr(text, part));
}

/* --- what is delivered ---------------------------------------------------------------------------------------------------- */

static void
the_file_opens_with_the_pin(void)
{
    gint64 number = world_ready(world, world->person, "client", 52);
    g_autoptr(Secret) token = world_token(world, number), pin = world_pin(world, number);
    g_autoptr(RaDelivery) d = deliver(token, pin, &plain);
    g_autofree char *name = g_strdup_printf("inkan-%" G_GINT64_FORMAT ".p12", number);
    g_autofree char *unit = g_strdup_printf("OU = No %" G_GINT64_FORMAT, number);
    g_assert_cmpint(d->answer, ==, RA_PICKUP_RIGHT);
    g_assert_cmpstr(d->content_type, ==, "application/x-pkcs12");
    g_assert_cmpstr(d->file_name, ==, name);
    g_autofree char *text = open_p12(d->bytes, secret_text(pin), "");
    has(text, "BEGIN PRIVATE KEY");
    has(text, "CN = Test Client CA");
    has(text, "CN = Test Root CA");
    has(text, unit);
    g_autofree char *friendly = g_strdup_printf("friendlyName: Client #%" G_GINT64_FORMAT " Hanako Kagami (Kagami University)", number);
    has(text, friendly);
    g_assert_null(open_p12(d->bytes, "wrong", ""));
    state_is(number, "collected");
    g_autoptr(RaRequest) r = ra_request_get(world->portal, world->person, number, NULL);
    g_assert_cmpstr(ra_request_certificate_state(r, seconds_now()), ==, "valid");
    g_assert_false(r->has_pin);
    g_assert_cmpint(world_int(world,
                              "select count(*) from pickup where request = %N and key_locked is null and pin_sealed is null and"
                              " pkcs12 is not null",
                              number),
                    ==, 1);
    g_assert_cmpint(world_int(world, "select count(*) from outbox where request = %N and event = 'collected'", number), ==, 1);
    g_autofree char *actor =
        world_text(world, "select actor || ' ' || address from event where request = %N and what = 'collect'", number);
    g_autofree char *me = g_strdup_printf("person:%" G_GINT64_FORMAT " 192.0.2.3", world->person);
    g_assert_cmpstr(actor, ==, me);
}

static void
every_repeat_gives_the_same_bytes(void)
{
    gint64 number = world_ready(world, world->person, "client", 52);
    g_autoptr(Secret) token = world_token(world, number), pin = world_pin(world, number);
    g_autoptr(RaDelivery) first = deliver(token, pin, &p256);
    const struct ra_delivery_wish other = { .password = "something else", .encoding = "older", .key_kind = "no such kind" };
    const struct ra_who who = { .person = world->person };
    for (int i = 0; i < 3; i++) {
        g_autoptr(RaDelivery) again = deliver(token, pin, &other);
        g_assert_true(g_bytes_equal(first->bytes, again->bytes));
        g_assert_cmpstr(again->content_type, ==, first->content_type);
    }
    g_autoptr(RaDelivery) wrong = deliver_by(world->portal, world->person, token, "WRONGWRONGWRONGW", &plain, NULL);
    g_assert_cmpint(wrong->answer, ==, RA_PICKUP_WRONG);
    g_assert_null(wrong->bytes);
    g_assert_cmpint(certificates(number, FALSE), ==, 1);
    g_autoptr(RaPickup) pickup = ra_pickup_look(world->portal, secret_text(token), seconds_now(), NULL);
    g_assert_cmpint(pickup->state, ==, RA_PICKUP_COLLECTED);
    g_assert_true(ra_pickup_done(world->portal, &who, secret_text(token), seconds_now(), NULL));
    g_assert_true(ra_pickup_done(world->portal, &who, secret_text(token), seconds_now(), NULL));
    g_autoptr(RaDelivery) after = deliver_by(world->portal, world->person, token, secret_text(pin), &plain, NULL);
    g_assert_cmpint(after->answer, ==, RA_PICKUP_IS_ENDED);
    g_assert_cmpint(
        world_int(world, "select count(*) from pickup where request = %N and pkcs12 is null and ended = 'done'", number), ==,
        1);
    g_assert_cmpint(world_int(world, "select count(*) from event where request = %N and what = 'done'", number), ==, 1);
    state_is(number, "collected");
}

static void
an_own_password_locks_the_file_alone(void)
{
    gint64 number = world_ready(world, world->person, "client", 52);
    g_autoptr(Secret) token = world_token(world, number), pin = world_pin(world, number);
    static const struct { const char *password, *rule; } bad[] = {
        { "short", "password-short" }, { "印鑑印鑑印鑑印鑑", "password-characters" }, { "with\ttab in it", "password-characters" },
        { "12345678901234567890123456789012345678901234567890123456789012345", "password-long" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        const struct ra_delivery_wish wish = { .password = bad[i].password };
        g_autofree char *rule = refusal(token, secret_text(pin), &wish, RA_ERROR_INPUT);
        g_assert_cmpstr(rule, ==, bad[i].rule);
    }
    g_assert_cmpint(world_int(world, "select count(*) from pickup where request = %N and key_locked is null", number), ==, 1);
    const struct ra_delivery_wish wish = { .password = "eight ch", .key_kind = "p256" };
    g_autoptr(RaDelivery) d = deliver(token, pin, &wish);
    g_autofree char *text = open_p12(d->bytes, "eight ch", "");
    has(text, "BEGIN PRIVATE KEY");
    g_assert_null(open_p12(d->bytes, secret_text(pin), ""));
    g_autoptr(RaPickup) pickup = ra_pickup_look(world->portal, secret_text(token), seconds_now(), NULL);
    g_assert_true(pickup->row->own_password);
}

static void
encodings_and_kinds_are_as_wished(void)
{
    static const struct { struct ra_delivery_wish wish; const char *key, *encoding; } cases[] = {
        { { .key_kind = "p256", .encoding = "modern" }, "256 bit", "AES-256-CBC" },
        { { .key_kind = "p384", .encoding = "older" }, "384 bit", "pbeWithSHA1And3-KeyTripleDES-CBC" },
        { { .key_kind = "rsa3072" }, "3072 bit", "AES-256-CBC" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        gint64 number = world_ready(world, world->person, "smime", 13);
        g_autoptr(Secret) token = world_token(world, number), pin = world_pin(world, number);
        g_autoptr(RaDelivery) d = deliver(token, pin, &cases[i].wish);
        g_autofree char *info = open_p12(d->bytes, secret_text(pin), "-info 2>&1");
        has(info, cases[i].encoding);
        g_autofree char *file = put("file.p12", d->bytes);
        g_autofree char *command =
            g_strdup_printf("openssl pkcs12 -in %%F -passin 'pass:%s' -noenc -clcerts -nokeys | openssl x509 -text"
                            " -noout -ext subjectAltName",
                            secret_text(pin));
        g_autofree char *text = shell(command, file);
        has(text, cases[i].key);
        has(text, "email:hanako@kagami.example");
    }
    gint64 number = world_ready(world, world->person, "client", 13);
    g_autoptr(Secret) token = world_token(world, number), pin = world_pin(world, number);
    const struct ra_delivery_wish kind = { .key_kind = "rsa1024" }, encoding = { .encoding = "rot13" };
    g_autofree char *one = refusal(token, secret_text(pin), &kind, RA_ERROR_INPUT);
    g_autofree char *two = refusal(token, secret_text(pin), &encoding, RA_ERROR_INPUT);
    g_assert_cmpstr(one, ==, "key-kind");
    g_assert_cmpstr(two, ==, "encoding");
}

static void
without_a_key_to_sign_them_there_are_no_profiles(void)
{
    gint64 number = world_ready(world, world->person, "client", 13);
    g_autoptr(Secret) token = world_token(world, number), pin = world_pin(world, number);
    const struct ra_apple_words words = { "Inkan", "a certificate", "Example" };
    const struct ra_delivery_wish wish = { .format = "mobileconfig", .words = &words, .key_kind = "p256" };
    g_autofree char *before = refusal(token, secret_text(pin), &wish, RA_ERROR_INPUT);
    g_assert_cmpstr(before, ==, "format");
    g_assert_cmpint(certificates(number, FALSE), ==, 0);
    g_autoptr(RaDelivery) file = deliver(token, pin, &p256);
    g_assert_cmpstr(file->content_type, ==, "application/x-pkcs12");
    g_autofree char *after = refusal(token, secret_text(pin), &wish, RA_ERROR_INPUT);
    g_assert_cmpstr(after, ==, "format");
}

static void
the_certificate_verifies_with_chain_and_crl(void)
{
    gint64 number = world_ready(world, world->person, "client", 52);
    g_autoptr(Secret) token = world_token(world, number), pin = world_pin(world, number);
    g_autoptr(RaDelivery) d = deliver(token, pin, &p256);
    const struct ra_who who = { .person = world->person };
    g_autofree char *chain = ra_publish_chain(world->portal, NULL);
    g_autoptr(GBytes) chain_bytes = g_bytes_new_static(chain, strlen(chain));
    g_free(put("chain.pem", chain_bytes));
    g_free(put("file.p12", d->bytes));
    cluster_do(world->cluster, "insert into job (kind, issuer) values ('publish', 'client')");
    work();
    g_autoptr(RaCrl) before = ra_publish_crl(world->portal, "client", 0, NULL);
    g_free(put("before.crl", before->der));
    static const char verify[] =
        "cd $(dirname %F) && openssl pkcs12 -in file.p12 -passin pass:$PIN -nokeys -clcerts -out ee.pem && openssl crl"
        " -inform der -in $CRL -out crl.pem && openssl verify -CAfile chain.pem -crl_check -CRLfile crl.pem ee.pem 2>&1;"
        " true";
    g_setenv("PIN", secret_text(pin), TRUE);
    g_setenv("CRL", "before.crl", TRUE);
    g_autofree char *good = shell(verify, world->file);
    has(good, "ee.pem: OK");
    g_assert_true(ra_request_revoke(world->portal, &who, number, "keyCompromise", NULL, NULL, NULL));
    state_is(number, "revoking");
    work();
    state_is(number, "revoked");
    g_autoptr(RaCrl) after = ra_publish_crl(world->portal, "client", 0, NULL);
    g_autoptr(RaCrl) full = ra_publish_crl(world->portal, "client", -1, NULL);
    g_assert_cmpint(after->number, >, before->number);
    g_free(put("after.crl", after->der));
    g_setenv("CRL", "after.crl", TRUE);
    g_autofree char *bad = shell(verify, world->file);
    has(bad, "certificate revoked");
    g_free(put("full.crl", full->der));
    g_setenv("CRL", "full.crl", TRUE);
    g_autofree char *bad_too = shell("cd $(dirname %F) && openssl crl -inform der -in full.crl -text -noout", world->file);
    g_autofree char *serial = world_text(world, "select upper(serial) from certificate where request = %N", number);
    has(bad_too, serial);
    g_assert_null(ra_publish_crl(world->portal, "client", 7, NULL));
    g_assert_null(ra_publish_crl(world->portal, "nobody", 0, NULL));
}

/* --- what breaks ---------------------------------------------------------------------------------------------------------- */

static void
a_signer_that_is_away_costs_nothing(void)
{
    gint64 number = world_ready(world, world->person, "client", 52);
    g_autoptr(Secret) token = world_token(world, number), pin = world_pin(world, number);
    authority_stop(authority, "signer");
    g_autofree char *one = refusal(token, secret_text(pin), &p256, RA_ERROR_DOWN);
    g_autofree char *kept = world_text(world, "select encode(key_locked, 'hex') from pickup where request = %N", number);
    g_assert_nonnull(kept);
    g_autofree char *two = refusal(token, secret_text(pin), &plain, RA_ERROR_DOWN);
    g_autofree char *still = world_text(world, "select encode(key_locked, 'hex') from pickup where request = %N", number);
    g_assert_cmpstr(still, ==, kept);
    state_is(number, "ready");
    authority_start(authority, "signer");
    g_autoptr(RaDelivery) d = deliver(token, pin, &plain);
    g_autofree char *kind = world_text(world, "select key_kind from certificate where request = %N", number);
    g_assert_cmpstr(kind, ==, "p256"); /* the kept key went on */
    g_assert_cmpint(certificates(number, FALSE), ==, 1);
    g_assert_cmpint(world_int(world, "select tries from pickup where request = %N", number), ==, 0);
}

static void
a_keymaker_that_is_away_costs_nothing(void)
{
    gint64 number = world_ready(world, world->person, "client", 52);
    g_autoptr(Secret) token = world_token(world, number), pin = world_pin(world, number);
    authority_stop(authority, "keymaker");
    g_autofree char *rule = refusal(token, secret_text(pin), &plain, RA_ERROR_DOWN);
    authority_start(authority, "keymaker");
    g_autoptr(RaDelivery) d = deliver(token, pin, &p256);
    g_assert_cmpint(d->answer, ==, RA_PICKUP_RIGHT);
}

struct job {
    const char *token, *pin;
    gint64 number;
};

static int
deliver_in_child(int i, gpointer data)
{
    const struct job *job = data;
    g_autoptr(RaContext) ctx = world_context(world, "portal");
    const struct ra_who who = { .person = world->person };
    g_autoptr(GError) error = NULL;
    g_autoptr(RaDelivery) d = ra_pickup_deliver(ctx, &who, job->token, job->pin, &p256, seconds_now(), &error);
    if (!d || !d->bytes) {
        g_printerr("# child %d: %s\n", i, error ? error->message : "no bytes");
        return 1;
    }
    g_autofree char *sum = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, d->bytes);
    g_autofree char *name = g_strdup_printf("sum-%" G_GINT64_FORMAT "-%d", job->number, i);
    g_autofree char *file = g_build_filename(world->folder, name, NULL);
    return g_file_set_contents(file, sum, -1, NULL) ? 0 : 1;
}

static void
all_at_once_get_the_same_bytes(void)
{
    for (int round = 0; round < 3; round++) {
        gint64 number = world_ready(world, world->person, "client", 52);
        g_autoptr(Secret) token = world_token(world, number), pin = world_pin(world, number);
        struct job job = { secret_text(token), secret_text(pin), number };
        g_autofree char *first = NULL;
        g_assert_cmpint(world_together(8, deliver_in_child, &job), ==, 0);
        for (int i = 0; i < 8; i++) {
            g_autofree char *name = g_strdup_printf("sum-%" G_GINT64_FORMAT "-%d", number, i);
            g_autofree char *file = g_build_filename(world->folder, name, NULL);
            g_autofree char *sum = NULL;
            g_assert_true(g_file_get_contents(file, &sum, NULL, NULL));
            if (!first)
                first = g_strdup(sum);
            g_assert_cmpstr(sum, ==, first);
        }
        g_assert_cmpint(certificates(number, FALSE) + certificates(number, TRUE), ==, 1);
        g_assert_cmpint(world_int(world, "select count(*) from outbox where request = %N and event = 'collected'", number), ==,
                        1);
        g_assert_cmpint(world_int(world, "select count(*) from event where request = %N and what = 'collect'", number), ==, 1);
    }
}

/* How long a delivery takes in a process of its own, in microseconds, so that kills can be spread over all of it. */
static gint64
usual_time(void)
{
    gint64 number = world_ready(world, world->person, "client", 52);
    g_autoptr(Secret) token = world_token(world, number), pin = world_pin(world, number);
    struct job job = { secret_text(token), secret_text(pin), number };
    gint64 start = g_get_monotonic_time();
    g_assert_cmpint(world_together(1, deliver_in_child, &job), ==, 0);
    return g_get_monotonic_time() - start;
}

static void
a_kill_anywhere_costs_nothing(void)
{
    int before = 0;
    gint64 usual = usual_time();
    for (int round = 0; round < 40; round++) {
        gint64 number = world_ready(world, world->person, "client", 52);
        g_autoptr(Secret) token = world_token(world, number), pin = world_pin(world, number);
        struct job job = { secret_text(token), secret_text(pin), number };
        pid_t pid = fork();
        if (pid == 0) {
            crypto_start();
            _exit(deliver_in_child(0, &job));
        }
        g_usleep((gulong)(usual * round / 35));
        kill(pid, SIGKILL);
        g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
        g_autofree char *state = world_text(world, "select state from request where number = %N", number);
        before += strcmp(state, "ready") == 0;
        g_autoptr(RaDelivery) d = deliver(token, pin, &p256);
        g_autoptr(RaDelivery) again = deliver(token, pin, &p256);
        g_assert_true(g_bytes_equal(d->bytes, again->bytes));
        g_assert_true(opens(d->bytes, secret_text(pin)));
        g_assert_cmpint(certificates(number, FALSE), ==, 1);
        g_assert_cmpint(certificates(number, TRUE), ==, 0);
    }
    g_test_message("killed before 'collected': %d of 40", before);
}

static void
a_killed_signer_doubles_nothing(void)
{
    gint64 usual = usual_time();
    for (int round = 0; round < 12; round++) {
        gint64 number = world_ready(world, world->person, "client", 52);
        g_autoptr(Secret) token = world_token(world, number), pin = world_pin(world, number);
        struct job job = { secret_text(token), secret_text(pin), number };
        pid_t pid = fork();
        if (pid == 0) {
            crypto_start();
            _exit(deliver_in_child(0, &job));
        }
        g_usleep((gulong)(usual * round / 12));
        authority_stop(authority, "signer");
        g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
        authority_start(authority, "signer");
        g_autoptr(RaDelivery) d = deliver(token, pin, &p256);
        g_assert_cmpint(certificates(number, FALSE), ==, 1);
        g_assert_cmpint(certificates(number, TRUE), ==, 0);
    }
}

/* A certificate is signed for a key that is not the pickup's, as if a delivery by CSR had broken off. */
static void
sign_aside(gint64 number, const Secret *token)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Secret) key = ca_key_make(CA_KEY_P256, NULL);
    g_autoptr(GBytes) csr = ca_csr_new(key, NULL);
    g_autoptr(GBytes) der =
        ca_client_sign(settings_text(world->settings, "signer", "socket"), number, secret_text(token), csr, &error);
    g_assert_no_error(error);
}

static void
a_certificate_whose_key_is_gone_is_revoked_and_made_anew(void)
{
    gint64 number = world_ready(world, world->person, "client", 52);
    g_autoptr(Secret) token = world_token(world, number), pin = world_pin(world, number);
    sign_aside(number, token);
    g_assert_cmpint(certificates(number, FALSE), ==, 1);
    g_autoptr(RaDelivery) d = deliver(token, pin, &p256);
    g_assert_cmpint(d->answer, ==, RA_PICKUP_RIGHT);
    g_assert_cmpint(certificates(number, FALSE), ==, 1);
    g_assert_cmpint(certificates(number, TRUE), ==, 1);
    g_assert_cmpint(world_int(world, "select count(*) from event where request = %N and what = 'reopen'", number), ==, 1);
    work();
    g_assert_cmpint(world_int(world, "select count(*) from certificate where request = %N and published is not null", number),
                    ==, 1);
}

static void
a_new_pin_gives_up_the_locked_key(void)
{
    gint64 number = world_ready(world, world->person, "client", 52);
    const struct ra_who who = { .person = world->person };
    g_autoptr(Secret) token = world_token(world, number), pin = world_pin(world, number);
    authority_stop(authority, "signer");
    g_free(refusal(token, secret_text(pin), &p256, RA_ERROR_DOWN)); /* the key is kept under the old PIN */
    authority_start(authority, "signer");
    g_assert_true(ra_request_new_pin(world->portal, &who, number, NULL, NULL, NULL));
    work();
    g_autoptr(Secret) new_pin = world_pin(world, number);
    g_autoptr(RaDelivery) wrong = deliver_by(world->portal, world->person, token, secret_text(pin), &p256, NULL);
    g_assert_cmpint(wrong->answer, ==, RA_PICKUP_WRONG);
    g_autoptr(RaDelivery) d = deliver(token, new_pin, &p256);
    g_assert_true(opens(d->bytes, secret_text(new_pin)));
}

/* --- by CSR --------------------------------------------------------------------------------------------------------------- */

static char *
csr_pem(void)
{
    return shell(
        "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout %F.key -subj /CN=ignored 2>/dev/null",
        world->file);
}

static void
a_csr_gets_the_chain(void)
{
    gint64 number = world_ready(world, world->person, "client", 52);
    g_autoptr(Secret) token = world_token(world, number), pin = world_pin(world, number);
    g_autofree char *csr = csr_pem();
    const struct ra_delivery_wish wish = { .csr = csr };
    static const char *const bad[] = { "hello",
                                       "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
                                       "-----BEGIN CERTIFICATE REQUEST-----" };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        const struct ra_delivery_wish bad_wish = { .csr = bad[i] };
        g_autofree char *rule = refusal(token, secret_text(pin), &bad_wish, RA_ERROR_INPUT);
        g_assert_cmpstr(rule, ==, "csr-form");
    }
    g_autoptr(RaDelivery) d = deliver(token, pin, &wish);
    g_assert_cmpstr(d->content_type, ==, "application/pem-certificate-chain");
    g_assert_true(g_str_has_suffix(d->file_name, ".pem"));
    g_autofree char *file = put("chain-of-csr.pem", d->bytes);
    g_autofree char *text = shell("openssl crl2pkcs7 -nocrl -certfile %F | openssl pkcs7 -print_certs -noout", file);
    has(text, "CN = Hanako Kagami");
    has(text, "CN = Test Client CA");
    has(text, "CN = Test Root CA");
    g_assert_null(strstr(text, "ignored"));
    g_autofree char *another = csr_pem();
    const struct ra_delivery_wish later = { .csr = another };
    g_autoptr(RaDelivery) again = deliver(token, pin, &later);
    g_assert_true(g_bytes_equal(d->bytes, again->bytes));
    state_is(number, "collected");
}

/* --- renewal -------------------------------------------------------------------------------------------------------------- */

static void
a_renewal_keeps_the_old_one_until_it_is_collected(void)
{
    gint64 number = world_ready(world, world->person, "client", 13);
    const struct ra_who who = { .person = world->person };
    g_autoptr(Secret) token = world_token(world, number), pin = world_pin(world, number);
    g_autoptr(RaDelivery) d = deliver(token, pin, &p256);
    g_autoptr(RaRequest) before = ra_request_get(world->portal, world->person, number, NULL);
    g_assert_true(ra_request_renew(world->portal, &who, number, NULL, NULL, NULL));
    work();
    g_autoptr(RaRequest) between = ra_request_get(world->portal, world->person, number, NULL);
    g_assert_cmpstr(between->state, ==, "renew_ready");
    g_assert_cmpstr(between->serial, ==, before->serial);
    g_assert_cmpstr(ra_request_certificate_state(between, seconds_now()), ==, "valid");
    g_autoptr(Secret) new_token = world_token(world, number), new_pin = world_pin(world, number);
    g_autoptr(RaDelivery) renewed = deliver(new_token, new_pin, &p256);
    g_autoptr(RaRequest) after = ra_request_get(world->portal, world->person, number, NULL);
    g_assert_cmpstr(after->serial, !=, before->serial);
    g_assert_cmpint(after->certificates, ==, 2);
    g_autoptr(GPtrArray) previous = ra_request_previous(world->portal, world->person, number, NULL);
    g_assert_cmpint(previous->len, ==, 1);
    g_assert_cmpstr(((const RaPrevious *)previous->pdata[0])->serial, ==, before->serial);
    g_assert_cmpstr(ra_previous_state(previous->pdata[0], seconds_now()), ==, "valid");
    g_autofree char *predecessor =
        world_text(world, "select predecessor from certificate where request = %N order by signed_at desc limit 1", number);
    g_assert_cmpstr(predecessor, ==, before->serial);
    /* A lost laptop holds both. */
    g_assert_true(ra_request_revoke(world->portal, &who, number, "keyCompromise", NULL, NULL, NULL));
    work();
    g_assert_cmpint(certificates(number, TRUE), ==, 2);
    state_is(number, "revoked");
}

/* --- the check page, OCSP ------------------------------------------------------------------------------------------------- */

static enum ra_verdict
verdict(const char *pem, const char *verify, gint64 now)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(RaCheck) check = ra_check_certificate(world->portal, pem, verify, now, &error);
    g_assert_no_error(error);
    if (check->verdict == RA_VERDICT_VALID) {
        g_assert_cmpstr(check->common_name, ==, "Hanako Kagami");
        g_assert_cmpint(check->request, >, 0);
    }
    return check->verdict;
}

static void
the_check_page_knows_its_own(void)
{
    gint64 number = world_ready(world, world->person, "client", 13);
    const struct ra_who who = { .person = world->person };
    g_autoptr(Secret) token = world_token(world, number), pin = world_pin(world, number);
    g_autoptr(RaDelivery) d = deliver(token, pin, &p256);
    g_autofree char *pem = open_p12(d->bytes, secret_text(pin), "-nokeys -clcerts | openssl x509");
    g_autofree char *foreign =
        shell("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -subj"
              " '/CN=Hanako Kagami' 2>/dev/null",
              world->file);
    gint64 now = seconds_now();
    g_assert_cmpint(verdict(NULL, NULL, now), ==, RA_VERDICT_NONE);
    g_assert_cmpint(verdict("", "NONE", now), ==, RA_VERDICT_NONE);
    g_assert_cmpint(verdict("garbage", "FAILED:x", now), ==, RA_VERDICT_FOREIGN);
    g_assert_cmpint(verdict(foreign, "SUCCESS", now), ==, RA_VERDICT_FOREIGN);
    g_assert_cmpint(verdict(pem, "SUCCESS", now), ==, RA_VERDICT_VALID);
    g_assert_cmpint(verdict(pem, "FAILED:unable to get issuer certificate", now), ==, RA_VERDICT_CHAIN);
    g_assert_cmpint(verdict(pem, "FAILED:certificate has expired", now + 500 * 86400), ==, RA_VERDICT_EXPIRED);
    g_assert_cmpint(verdict(pem, "FAILED:certificate is not yet valid", now - 86400), ==, RA_VERDICT_EARLY);
    g_assert_true(ra_request_revoke(world->portal, &who, number, "superseded", NULL, NULL, NULL));
    g_assert_cmpint(verdict(pem, "SUCCESS", now), ==, RA_VERDICT_REVOKED); /* at once, published or not */
    work();
}

/* Two names for one certificate stand in for a rollover's second authority: what matters is that the row is seen. */
static void
an_authority_that_is_added_is_seen_at_once(void)
{
    g_autoptr(GPtrArray) before = ra_publish_authorities(world->portal, NULL);
    g_assert_nonnull(before);
    world_do(world, "insert into issuer (name, parent, certificate, key_name) select 'later', parent, certificate, 'later'"
                    " from issuer where name = 'smime'", 0);
    g_autoptr(GPtrArray) after = ra_publish_authorities(world->portal, NULL);
    g_assert_cmpuint(after->len, ==, before->len + 1);
    g_autoptr(RaAuthority) later = ra_publish_authority(world->portal, "later", NULL);
    g_assert_nonnull(later);
    world_do(world, "delete from issuer where name = 'later'", 0);
    g_autoptr(GPtrArray) last = ra_publish_authorities(world->portal, NULL);
    g_assert_cmpuint(last->len, ==, before->len);
    g_autoptr(GPtrArray) again = ra_publish_authorities(world->portal, NULL);
    g_assert_true(again == last); /* nothing new: nothing is taken apart again */
}

static void
ocsp_answers_come_through(void)
{
    gint64 number = world_ready(world, world->person, "client", 13);
    g_autoptr(Secret) token = world_token(world, number), pin = world_pin(world, number);
    g_autoptr(RaDelivery) d = deliver(token, pin, &p256);
    g_autoptr(RaAuthority) client = ra_publish_authority(world->portal, "client", NULL);
    g_autoptr(GBytes) issuer = g_bytes_new(client->pem, strlen(client->pem));
    g_free(put("issuer.pem", issuer));
    g_free(put("file.p12", d->bytes));
    g_setenv("PIN", secret_text(pin), TRUE);
    g_autofree char *made =
        shell("cd $(dirname %F) && openssl pkcs12 -in file.p12 -passin pass:$PIN -nokeys -clcerts -out ee.pem && openssl"
              " ocsp -no_nonce -issuer issuer.pem -cert ee.pem -reqout ocsp.req",
              world->file);
    g_assert_nonnull(made);
    g_autofree char *file = g_build_filename(world->folder, "ocsp.req", NULL);
    g_autofree char *request = NULL;
    gsize size = 0;
    g_assert_true(g_file_get_contents(file, &request, &size, NULL));
    g_autoptr(GBytes) bytes = g_bytes_new(request, size);
    g_autoptr(GError) error = NULL;
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    const RaOcspAnswer *answer = ra_ocsp_answer(world->portal, bytes, now, &error);
    g_assert_no_error(error);
    g_free(put("ocsp.resp", answer->der));
    g_autofree char *text = shell(
        "cd $(dirname %F) && openssl ocsp -respin ocsp.resp -issuer issuer.pem -cert ee.pem -CAfile chain.pem"
                                  " -no_nonce 2>&1; true",
        world->file);
    has(text, "Response verify OK");
    has(text, "ee.pem: good");
    authority_stop(authority, "responder");
    /* Without the responder what is kept is still told; where nothing is kept, nobody knows. */
    g_autoptr(RaContext) other = world_context(world, "portal");
    g_assert_nonnull(ra_ocsp_answer(other, bytes, now, &error));
    g_assert_no_error(error);
    cluster_do(world->cluster, "delete from ocsp_response");
    g_autoptr(RaContext) third = world_context(world, "portal");
    g_assert_null(ra_ocsp_answer(third, bytes, now, &error));
    g_assert_error(error, RA_ERROR, RA_ERROR_DOWN);
    authority_start(authority, "responder");
}

/* --- who is refused ------------------------------------------------------------------------------------------------------- */

static void
strange_tokens_are_not_there(void)
{
    static const char *const tokens[] = { "", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                          "../../../../../../../../../../../../../../etc/pa",
                                          "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };
    const struct ra_who who = { .person = world->person };
    for (size_t i = 0; i < G_N_ELEMENTS(tokens); i++) {
        g_autoptr(GError) look = NULL, done = NULL, give = NULL;
        g_assert_null(ra_pickup_look(world->portal, tokens[i], seconds_now(), &look));
        g_assert_error(look, RA_ERROR, RA_ERROR_NOT_FOUND);
        g_assert_false(ra_pickup_done(world->portal, &who, tokens[i], seconds_now(), &done));
        g_assert_error(done, RA_ERROR, RA_ERROR_NOT_FOUND);
        g_assert_null(ra_pickup_deliver(world->portal, &who, tokens[i], "x", &plain, seconds_now(), &give));
        g_assert_error(give, RA_ERROR, RA_ERROR_NOT_FOUND);
    }
}

static void
wrong_pins_count_at_both_doors(void)
{
    gint64 number = world_ready(world, world->person, "client", 13);
    g_autoptr(Secret) token = world_token(world, number), pin = world_pin(world, number);
    const struct ra_who who = { .person = world->person };
    enum ra_pickup_answer answer;
    int left = 0;
    for (int i = 1; i <= 4; i++) {
        if (i % 2) {
            g_autoptr(RaDelivery) d = deliver_by(world->portal, world->person, token, "WRONG", &plain, NULL);
            g_assert_cmpint(d->answer, ==, RA_PICKUP_WRONG);
            left = d->left;
        } else {
            g_assert_true(ra_pickup_try(world->portal, &who, secret_text(token), "WRONG", &answer, &left, NULL));
        }
        g_assert_cmpint(left, ==, 5 - i);
    }
    g_autoptr(RaDelivery) fifth = deliver_by(world->portal, world->person, token, "WRONG", &plain, NULL);
    g_assert_cmpint(fifth->answer, ==, RA_PICKUP_IS_LOCKED);
    g_autoptr(RaDelivery) right = deliver_by(world->portal, world->person, token, secret_text(pin), &plain, NULL);
    g_assert_cmpint(right->answer, ==, RA_PICKUP_IS_LOCKED);
    g_assert_cmpint(certificates(number, FALSE), ==, 0);
    g_assert_false(ra_pickup_done(world->portal, &who, secret_text(token), seconds_now(), NULL));
}

static void
a_policy_that_changed_is_said(void)
{
    gint64 institution = cluster_institution(world->cluster, "Narrowed", "narrow.example", "https://narrow.example/idp");
    gint64 person = cluster_person(world->cluster, institution, "p");
    gint64 number = world_ready(world, person, "client", 52);
    g_autoptr(Secret) token = world_token(world, number), pin = world_pin(world, number);
    g_autoptr(GError) error = NULL;
    world_do(world, "update institution set types = '{smime}' where id = %N", institution);
    g_assert_null(deliver_by(world->portal, person, token, secret_text(pin), &p256, &error));
    g_assert_error(error, RA_ERROR, RA_ERROR_REFUSED);
    g_assert_cmpstr(ra_error_rule(error), ==, "policy");
    world_do(world, "update institution set types = '{client,smime}' where id = %N", institution);
    g_clear_error(&error);
    g_autoptr(RaDelivery) d = deliver_by(world->portal, person, token, secret_text(pin), &p256, &error);
    g_assert_no_error(error);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    world = world_new_bare(NULL);
    authority = authority_new(world);
    g_test_add_func("/delivery/the file opens with the PIN", the_file_opens_with_the_pin);
    g_test_add_func("/delivery/every repeat gives the same bytes, until 'I have it'", every_repeat_gives_the_same_bytes);
    g_test_add_func("/delivery/an own password locks the file alone", an_own_password_locks_the_file_alone);
    g_test_add_func("/delivery/without a key to sign them there are no profiles", without_a_key_to_sign_them_there_are_no_profiles);
    g_test_add_func("/delivery/encodings and kinds are as wished", encodings_and_kinds_are_as_wished);
    g_test_add_func("/delivery/the certificate verifies with chain and CRL", the_certificate_verifies_with_chain_and_crl);
    g_test_add_func("/delivery/a CSR gets the chain", a_csr_gets_the_chain);
    g_test_add_func("/faults/a signer that is away costs nothing", a_signer_that_is_away_costs_nothing);
    g_test_add_func("/faults/a keymaker that is away costs nothing", a_keymaker_that_is_away_costs_nothing);
    g_test_add_func("/faults/all at once get the same bytes", all_at_once_get_the_same_bytes);
    g_test_add_func("/faults/a kill anywhere costs nothing", a_kill_anywhere_costs_nothing);
    g_test_add_func("/faults/a killed signer doubles nothing", a_killed_signer_doubles_nothing);
    g_test_add_func("/faults/a certificate whose key is gone is revoked and made anew",
                    a_certificate_whose_key_is_gone_is_revoked_and_made_anew);
    g_test_add_func("/faults/a new PIN gives up the key locked under the old one", a_new_pin_gives_up_the_locked_key);
    g_test_add_func("/renewal/the old one stays until the new one is collected",
                    a_renewal_keeps_the_old_one_until_it_is_collected);
    g_test_add_func("/check/the check page knows its own", the_check_page_knows_its_own);
    g_test_add_func("/check/an authority that is added is seen at once", an_authority_that_is_added_is_seen_at_once);
    g_test_add_func("/ocsp/answers come through", ocsp_answers_come_through);
    g_test_add_func("/refusal/strange tokens are not there", strange_tokens_are_not_there);
    g_test_add_func("/refusal/wrong PINs count at both doors together", wrong_pins_count_at_both_doors);
    g_test_add_func("/refusal/a policy that changed meanwhile is said", a_policy_that_changed_is_said);
    int status = g_test_run();
    authority_free(authority);
    world_free(world);
    return status;
}
