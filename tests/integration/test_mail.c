/* Mails to a real SMTP server: what arrives, what is put off, what fails, what is kept secret. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdlib.h>

#include "ra/jobs.h"
#include "ra/mail.h"
#include "ra/notices.h"
#include "ra/request.h"
#include "ra/sweep.h"
#include "tests/integration/cluster_ra.h"

static World *world;
static char *folder;
static GSubprocess *server;
static int port;
static Web *web;

static gint64
seconds_now(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}

/* --- the server ----------------------------------------------------------------------------------------------------------- */

static void
start_server(const char *option, const char *value)
{
    g_autofree char *want_port = g_strdup_printf("%d", port);
    const char *argv[] = {
        "/usr/bin/python3", "tests/integration/smtp_server.py", folder, "--port", want_port, option, value, NULL
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(
        G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
    g_subprocess_launcher_unsetenv(launcher, "LD_PRELOAD");
    server = g_subprocess_launcher_spawnv(launcher, argv, &error);
    g_assert_no_error(error);
    g_autoptr(GDataInputStream) in = g_data_input_stream_new(g_subprocess_get_stdout_pipe(server));
    g_autofree char *line = g_data_input_stream_read_line(in, NULL, NULL, &error);
    g_assert_nonnull(line);
    port = atoi(line);
}

static void
stop_server(void)
{
    g_output_stream_close(g_subprocess_get_stdin_pipe(server), NULL, NULL);
    g_subprocess_wait(server, NULL, NULL);
    g_clear_object(&server);
}

/* The mails that have arrived, "Subject\nBody" decoded by another library, each with its headers before; then the box is
   emptied. */
static char *
arrived(int *n)
{
    static const char script[] =
        "import email, email.policy, glob, os, sys\n"
        "for f in sorted(glob.glob(sys.argv[1] + '/new/*')):\n"
        "    m = email.message_from_bytes(open(f, 'rb').read(), policy=email.policy.default)\n"
        "    assert not m.defects, m.defects\n"
        "    print('MAIL'); [print(k + ': ' + str(m[k])) for k in m.keys()]; print(m.get_body(('plain',)).get_content())\n"
        "    for p in m.walk():\n"
        "        if p.get_content_type() == 'text/calendar': print('CALENDAR\\n' + p.get_content())\n"
        "    os.unlink(f)\n";
    const char *argv[] = { "/usr/bin/python3", "-c", script, folder, NULL };
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE);
    g_subprocess_launcher_unsetenv(launcher, "LD_PRELOAD");
    g_subprocess_launcher_setenv(launcher, "PYTHONIOENCODING", "utf-8", TRUE);
    g_autoptr(GSubprocess) reader = g_subprocess_launcher_spawnv(launcher, argv, NULL);
    char *text = NULL;
    g_assert_true(g_subprocess_communicate_utf8(reader, NULL, NULL, &text, NULL, NULL));
    g_assert_cmpint(g_subprocess_get_exit_status(reader), ==, 0);
    *n = 0;
    for (const char *c = text; (c = strstr(c, "MAIL\nX-RcptTo")); c += 4)
        (*n)++;
    return text;
}

/* Sends whatever is due. */
static int
send_all(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(RaMailer) mailer = ra_mailer_new(world->settings, &error);
    g_assert_no_error(error);
    int n = 0;
    while (ra_mail_send_next(world->worker, mailer, seconds_now(), &error))
        n++;
    g_assert_no_error(error);
    return n;
}

static void
due_again(void)
{
    cluster_do(world->cluster, "update outbox set next_at = now() where state = 'waiting'");
}

static void
address_of(gint64 person, const char *mail)
{
    g_autofree char *sql = g_strdup_printf("update person set mails = '{%s}' where id = %%N", mail);
    world_do(world, sql, person);
}

static void
has(const char *text, const char *part)
{
    if (!strstr(text, part))
        g_test_message("wanted: %s\nin: %s", part, text);
    g_assert_nonnull(strstr(text, part));
}

static void
empty_outbox(void)
{
    int n;
    cluster_do(world->cluster, "update outbox set state = 'failed', sealed = null where state = 'waiting'");
    g_free(arrived(&n));
}

/* --- what arrives --------------------------------------------------------------------------------------------------------- */

static void
url_and_pin_travel_apart(void)
{
    int n;
    gint64 number = world_ready(world, world->person, "client", 52);
    g_autoptr(Secret) token = world_token(world, number), pin = world_pin(world, number);
    g_autofree char *subject = g_strdup_printf("Subject: [Inkan #%" G_GINT64_FORMAT "]", number);
    g_autofree char *url = g_strdup_printf("\nhttps://portal.example/pickup/%s\n", secret_text(token));
    g_assert_cmpint(send_all(), ==, 2);
    g_autofree char *text = arrived(&n);
    g_assert_cmpint(n, ==, 2);
    g_auto(GStrv) mails = g_strsplit(text, "MAIL\nX-RcptTo", -1);
    for (int i = 1; i <= 2; i++) {
        gboolean ready = strstr(mails[i], "X-Inkan-Event: ready\n") != NULL;
        has(mails[i], subject);
        has(mails[i], ready ? url : secret_text(pin));
        g_assert_null(strstr(mails[i], ready ? secret_text(pin) : secret_text(token)));
        has(mails[i], ready ? "X-Inkan-Event: ready" : "X-Inkan-Event: pin");
        has(mails[i], "From: Inkan <noreply@inkan.example>");
        has(mails[i], "To: hanako@kagami.example");
        has(mails[i], "@inkan.example>\n");
        has(mails[i], "Auto-Submitted: auto-generated");
        has(mails[i], "Hanako Kagami");
        has(mails[i], "helpdesk@kagami.example");
    }
    g_assert_cmpint(world_int(world, "select count(*) from outbox where request = %N and state = 'sent' and sealed is null and"
                                     " sent_at is not null", number), ==, 2);
}

static void
every_event_has_its_mail(void)
{
    int n;
    const struct ra_who who = { .person = world->person };
    gint64 now = seconds_now();
    gint64 number = world_ready(world, world->person, "smime", 13);
    g_autofree char *serial = world_collect(world, number);
    gint64 end = world_int(world, "select extract(epoch from not_after)::bigint from request where number = %N", number);
    g_assert_cmpint(ra_notices_run(world->worker, end - 86400, NULL), ==, 1);
    g_assert_true(ra_request_renew(world->portal, &who, number, NULL, NULL, NULL));
    g_assert_true(ra_jobs_run(world->worker, NULL));
    g_assert_true(ra_sweep_ending(world->worker, now + 29 * 86400, NULL));
    g_assert_true(ra_sweep_lapse(world->worker, now + 40 * 86400, NULL));
    g_assert_true(ra_request_revoke(world->portal, &who, number, "keyCompromise", NULL, NULL, NULL));
    cluster_do(world->cluster, "update certificate set published = 1 where revoked_at is not null; delete from job");
    g_assert_true(ra_sweep_published(world->worker, NULL));
    gint64 other = world_ready(world, world->person, "client", 13);
    g_free(world_collect(world, other));
    gint64 other_end = world_int(world, "select extract(epoch from not_after)::bigint from request where number = %N", other);
    g_assert_cmpint(ra_expire_run(world->worker, other_end, NULL), >=, 1);
    send_all();
    g_autofree char *text = arrived(&n);
    static const char *const events[] = { "ready",         "pin",    "collected", "renewal-due",
                                          "pickup-ending", "lapsed", "revoked",   "expired" };
    for (size_t i = 0; i < G_N_ELEMENTS(events); i++) {
        g_autofree char *header = g_strdup_printf("X-Inkan-Event: %s\n", events[i]);
        has(text, header);
    }
    has(text, serial);
    /* The day of the end, for a calendar: one entry a certificate, however many mails. */
    g_autofree char *uid = g_strdup_printf("UID:%s@inkan.example", serial);
    const char *calendar = strstr(text, "CALENDAR\n");
    g_assert_nonnull(calendar);
    g_assert_null(strstr(calendar + 1, "CALENDAR\n"));
    has(calendar, uid);
    g_autofree char *day = world_text(world, "select 'DTSTART;VALUE=DATE:' || to_char(c.not_after at time zone s.time_zone, 'YYYYMMDD')"
                                             " from certificate c, service s where c.request = %N limit 1", number);
    has(calendar, day);
    g_assert_cmpint(world_int(world, "select count(*) from outbox where request in (%N, %N + 1) and state = 'waiting'", number),
                    ==, 0);
}

/* As a mail program does it: the part as it was sent, and the signature beside it. */
static gboolean
openssl_verifies(const char *change)
{
    g_autofree char *command = g_strdup_printf(
        "cd '%s' && for m in new/*; do sed '%s' \"$m\" | openssl cms -verify -CAfile signer.pem -purpose any -out /dev/null 2>/dev/null"
        " || exit 1; done", folder, change);
    return system(command) == 0;
}

static void
mails_are_signed_where_a_key_is_named(void)
{
    int n;
    g_autoptr(GError) error = NULL;
    g_autofree char *make = g_strdup_printf(
        "cd '%s' && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout signer.key -out signer.pem -days 2"
        " -subj '/CN=Inkan' -addext 'subjectAltName=email:noreply@inkan.example' -addext extendedKeyUsage=emailProtection 2>/dev/null",
        folder);
    g_assert_cmpint(system(make), ==, 0);
    g_autofree char *key = g_build_filename(folder, "signer.key", NULL), *certificate = g_build_filename(folder, "signer.pem", NULL);
    g_autofree char *was = NULL, *file = g_build_filename(folder, "signed.conf", NULL);
    g_assert_true(g_file_get_contents(world->file, &was, NULL, NULL));
    g_auto(GStrv) parts = g_strsplit(was, "[mail]\n", 2);
    g_autofree char *text = g_strdup_printf("%s[mail]\nsign_key=%s\nsign_certificate=%s\n%s", parts[0], key, certificate, parts[1]);
    g_assert_true(g_file_set_contents(file, text, -1, NULL));
    g_autoptr(Settings) signing = settings_load(file, &error);
    g_assert_no_error(error);
    const Settings *before = world->worker->settings;
    world->worker->settings = signing;
    gint64 number = world_ready(world, world->person, "client", 52);
    g_autofree char *serial = world_collect(world, number);
    gint64 end = world_int(world, "select extract(epoch from not_after)::bigint from request where number = %N", number);
    g_assert_cmpint(ra_notices_run(world->worker, end - 86400, NULL), >=, 1);
    g_assert_cmpint(send_all(), ==, 4);
    g_assert_true(openssl_verifies(""));
    g_assert_false(openssl_verifies("s/^\\([A-Za-z0-9]\\{20\\}\\)[A-Za-z]/\\11/"));
    g_autofree char *mails = arrived(&n);
    g_assert_cmpint(n, ==, 4);
    has(mails, "multipart/signed");
    has(mails, "BEGIN:VCALENDAR");
    has(mails, "Hanako Kagami");
    /* Without the key nothing goes out unsigned, and no mail is lost. */
    g_unlink(key);
    g_free(world_collect(world, world_ready(world, world->person, "client", 52)));
    send_all();
    g_free(arrived(&n));
    g_assert_cmpint(n, ==, 0);
    world->worker->settings = before;
    due_again();
    g_assert_cmpint(send_all(), ==, 3);
    g_free(arrived(&n));
    g_assert_cmpint(n, ==, 3);
}

/* --- what does not -------------------------------------------------------------------------------------------------------- */

static void
a_refused_recipient_fails_with_the_server_s_words(void)
{
    int n;
    gint64 person = cluster_person(world->cluster, world->institution, "refused");
    address_of(person, "refuse@kagami.example");
    gint64 number = world_ready(world, person, "client", 52);
    g_assert_cmpint(send_all(), ==, 2);
    g_free(arrived(&n));
    g_assert_cmpint(n, ==, 0);
    g_autoptr(GPtrArray) states = ra_request_mails(world->portal, person, number, NULL);
    g_assert_cmpint(states->len, ==, 2);
    for (guint i = 0; i < 2; i++) {
        const RaMailState *state = states->pdata[i];
        g_assert_cmpstr(state->state, ==, "failed");
        g_assert_cmpstr(state->error, ==, "550 5.1.1 no such mailbox here");
    }
    g_autoptr(RaDashboard) list = ra_request_dashboard(world->portal, person, FALSE, 0, 20, NULL);
    g_assert_true(((const RaRequestRow *)list->rows->pdata[0])->mail_failed);
    g_assert_cmpint(world_int(world, "select count(*) from outbox where request = %N and sealed is not null", number), ==, 0);
}

static void
a_busy_server_gets_it_later(void)
{
    int n;
    gint64 person = cluster_person(world->cluster, world->institution, "later");
    address_of(person, "later@kagami.example");
    gint64 number = world_ready(world, person, "client", 52);
    world_do(world, "update outbox set state = 'failed', sealed = null where request = %N and event = 'pin'", number);
    g_autofree char *id = world_text(world, "select message_id from outbox where request = %N and event = 'ready'", number);
    g_assert_cmpint(send_all(), ==, 1);
    g_autofree char *error =
        world_text(world, "select state || ' ' || error from outbox where request = %N and event = 'ready'", number);
    g_assert_cmpstr(error, ==, "waiting 451 4.7.1 greylisted");
    g_assert_cmpint(send_all(), ==, 0); /* not before its pause is over */
    due_again();
    g_assert_cmpint(send_all(), ==, 1);
    due_again();
    g_assert_cmpint(send_all(), ==, 1);
    g_autofree char *text = arrived(&n);
    g_assert_cmpint(n, ==, 1);
    has(text, id);
}

static void
after_its_tries_a_mail_has_failed(void)
{
    gint64 person = cluster_person(world->cluster, world->institution, "dropped");
    address_of(person, "drop@kagami.example");
    gint64 number = world_ready(world, person, "client", 52);
    for (int i = 0; i < 3; i++) {
        due_again();
        send_all();
    }
    g_assert_cmpint(
        world_int(world, "select count(*) from outbox where request = %N and state = 'failed' and error <> '' and tries = 3",
                  number),
        ==, 2);
}

static void
a_server_that_is_away_costs_no_mail(void)
{
    int n;
    gint64 number = world_ready(world, world->person, "client", 52);
    stop_server();
    for (int i = 0; i < 5; i++) {
        due_again();
        g_assert_cmpint(send_all(), ==, 2);
    }
    g_assert_cmpint(
        world_int(world,
                  "select count(*) from outbox where request = %N and state = 'waiting' and tries = 0 and error <> ''"
                  " and sealed is not null",
                  number),
        ==, 2);
    start_server(NULL, NULL);
    due_again();
    g_assert_cmpint(send_all(), ==, 2);
    g_free(arrived(&n));
    g_assert_cmpint(n, ==, 2);
}

static void
a_week_is_enough(void)
{
    gint64 number = world_ready(world, world->person, "client", 52);
    stop_server();
    world_do(world, "update outbox set created_at = now() - interval '8 days' where request = %N", number);
    send_all();
    g_assert_cmpint(
        world_int(world, "select count(*) from outbox where request = %N and state = 'failed' and sealed is null", number), ==,
        2);
    start_server(NULL, NULL);
}

static void
without_tls_nothing_is_sent(void)
{
    int n;
    gint64 number = world_ready(world, world->person, "client", 52);
    stop_server();
    start_server("--plain", NULL);
    g_assert_cmpint(send_all(), ==, 2);
    g_free(arrived(&n));
    g_assert_cmpint(n, ==, 0);
    g_assert_cmpint(
        world_int(world, "select count(*) from outbox where request = %N and state = 'waiting' and tries = 0", number), ==, 2);
    stop_server();
    start_server(NULL, NULL);
    due_again();
    g_assert_cmpint(send_all(), ==, 2);
    g_free(arrived(&n));
    g_assert_cmpint(n, ==, 2);
}

static void
an_unknown_certificate_is_refused(void)
{
    int n;
    g_autofree char *certificate = g_build_filename(folder, "ca.pem", NULL), *kept = g_build_filename(folder, "kept.pem", NULL);
    gint64 number = world_ready(world, world->person, "client", 52);
    stop_server();
    g_assert_cmpint(rename(certificate, kept), ==, 0);
    start_server(NULL, NULL); /* makes itself a new one; the mailer trusts the old one */
    g_assert_cmpint(unlink(certificate), ==, 0);
    g_assert_cmpint(rename(kept, certificate), ==, 0);
    g_assert_cmpint(send_all(), ==, 2);
    g_free(arrived(&n));
    g_assert_cmpint(n, ==, 0);
    g_assert_cmpint(
        world_int(world, "select count(*) from outbox where request = %N and state = 'waiting' and tries = 0", number), ==, 2);
    stop_server();
    g_autofree char *key = g_build_filename(folder, "smtp.key", NULL);
    unlink(key);
    unlink(certificate);
    start_server(NULL, NULL);
}

static void
a_mail_for_what_ended_is_not_sent(void)
{
    int n;
    gint64 number = world_ready(world, world->person, "client", 52);
    const struct ra_who who = { .person = world->person };
    g_assert_true(ra_request_withdraw(world->portal, &who, number, NULL, NULL, NULL));
    g_assert_cmpint(send_all(), ==, 3);
    g_autofree char *text = arrived(&n);
    g_assert_cmpint(n, ==, 1);
    has(text, "X-Inkan-Event: lapsed");
    g_assert_cmpint(
        world_int(world, "select count(*) from outbox where request = %N and state = 'failed' and error = 'no longer needed'",
                  number),
        ==, 2);
}

/* --- killed, and many ----------------------------------------------------------------------------------------------------- */

static int
send_in_child(int i, gpointer data)
{
    g_autoptr(RaContext) ctx = world_context(world, "worker");
    g_autoptr(RaMailer) mailer = ra_mailer_new(world->settings, NULL);
    g_autoptr(GError) error = NULL;
    (void)i;
    (void)data;
    ctx->web = web;
    while (ra_mail_send_next(ctx, mailer, seconds_now(), &error)) {
    }
    return error ? 1 : 0;
}

static void
queue_many(int n)
{
    g_autofree char *sql =
        g_strdup_printf("insert into outbox (request, event, recipient) select (select max(number) from request),"
                        " 'refused', 'many@kagami.example' from generate_series(1, %d)",
                        n);
    cluster_do(world->cluster, sql);
}

static int
different_messages(const char *text)
{
    g_autoptr(GHashTable) ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (const char *c = text; (c = strstr(c, "Message-ID: ")); c++)
        g_hash_table_add(ids, g_strndup(c, strcspn(c, "\n")));
    return (int)g_hash_table_size(ids);
}

static void
several_senders_send_each_once(void)
{
    int n;
    queue_many(200);
    gint64 start = g_get_monotonic_time();
    g_assert_cmpint(world_together(4, send_in_child, NULL), ==, 0);
    g_test_message("%.0f mails/s", 200e6 / (double)(g_get_monotonic_time() - start));
    g_autofree char *text = arrived(&n);
    g_assert_cmpint(n, ==, 200);
    g_assert_cmpint(different_messages(text), ==, 200);
}

static void
a_killed_sender_loses_no_mail(void)
{
    int n;
    queue_many(60);
    for (int kills = 0; kills < 15; kills++) {
        pid_t pid = fork();
        if (pid == 0) {
            crypto_start();
            _exit(send_in_child(0, NULL));
        }
        g_usleep((gulong)g_test_rand_int_range(30000, 90000));
        kill(pid, SIGKILL);
        g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
    }
    for (int wait = 0; wait < 100 && cluster_int(world->cluster, "select count(*) from outbox where state = 'waiting'") > 0;
         wait++) {
        send_all();
        g_usleep(20000); /* the server sees the dead one's connection end */
    }
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from outbox where state = 'waiting'"), ==, 0);
    g_autofree char *text = arrived(&n);
    g_test_message("%d arrived", n);
    g_assert_cmpint(different_messages(text), ==, 60);
    g_assert_cmpint(n, <=, 75); /* a repeat for each kill at most, under the same Message-ID */
}

static void
a_claim_ends_with_its_connection(void)
{
    queue_many(2);
    RaContext *dying = world_context(world, "worker");
    g_autoptr(RaContext) third = world_context(world, "worker");
    g_autoptr(DbMail) first = db_outbox_claim(dying->db, NULL);
    g_autoptr(DbMail) other = db_outbox_claim(world->worker->db, NULL);
    g_autoptr(DbMail) none = db_outbox_claim(third->db, NULL);
    g_assert_nonnull(first);
    g_assert_nonnull(other);
    g_assert_cmpint(first->id, !=, other->id);
    g_assert_null(none);
    ra_context_free(dying);
    DbMail *again = NULL;
    for (int wait = 0; wait < 100 && !again; wait++) {
        again = db_outbox_claim(third->db, NULL);
        g_usleep(20000);
    }
    g_assert_nonnull(again);
    g_assert_cmpint(again->id, ==, first->id);
    g_assert_cmpstr(again->message_id, ==, first->message_id);
    g_assert_cmpint(again->tries, ==, 2);
    g_assert_true(db_outbox_sent(third->db, again->id, NULL));
    g_assert_true(db_outbox_failed(world->worker->db, other->id, "x", NULL));
    g_assert_cmpint(cluster_int(world->cluster, "select count(*) from pg_locks where locktype = 'advisory'"), ==, 0);
    db_mail_free(again);
    empty_outbox();
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("inkan-smtp-XXXXXX", NULL);
    start_server(NULL, NULL);
    g_autofree char *extra = g_strdup_printf("mail server=smtp://localhost:%d\nmail ca_file=%s/ca.pem", port, folder);
    world = world_new(extra);
    g_autoptr(GError) error = NULL;
    web = web_new("web", &error);
    g_assert_no_error(error);
    world->worker->web = web;
    g_test_add_func("/mail/URL and PIN travel apart, then they are gone", url_and_pin_travel_apart);
    g_test_add_func("/mail/every event has its mail", every_event_has_its_mail);
    g_test_add_func("/mail/mails are signed where a key is named", mails_are_signed_where_a_key_is_named);
    g_test_add_func("/mail/a refused recipient fails with the server's words",
                    a_refused_recipient_fails_with_the_server_s_words);
    g_test_add_func("/mail/a busy server gets it later under the same Message-ID", a_busy_server_gets_it_later);
    g_test_add_func("/mail/after its tries a mail has failed", after_its_tries_a_mail_has_failed);
    g_test_add_func("/mail/a server that is away costs no mail", a_server_that_is_away_costs_no_mail);
    g_test_add_func("/mail/a week is enough", a_week_is_enough);
    g_test_add_func("/mail/without TLS nothing is sent", without_tls_nothing_is_sent);
    g_test_add_func("/mail/a mail for what ended is not sent", a_mail_for_what_ended_is_not_sent);
    g_test_add_func("/mail/several senders send each once", several_senders_send_each_once);
    g_test_add_func("/mail/a killed sender loses no mail", a_killed_sender_loses_no_mail);
    g_test_add_func("/mail/a claim ends with its connection", a_claim_ends_with_its_connection);
    g_test_add_func("/mail/an unknown certificate is refused", an_unknown_certificate_is_refused);
    int status = g_test_run();
    stop_server();
    world_free(world);
    web_free(web);
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", folder);
    g_assert_true(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL));
    return status;
}
