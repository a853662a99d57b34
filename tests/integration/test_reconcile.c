/* kill -9 of the signer at each step between intent and answer: what broke off is ended by itself, stored or revoked or closed as
   never signed, and the person who comes back gets one certificate. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ca/certificate.h"
#include "ca/client.h"
#include "ca/signer.h"
#include "db/issuer.h"
#include "db/log.h"
#include "db/pickup.h"
#include "db/request.h"
#include "ra/reconcile.h"
#include "tests/integration/cluster_authority.h"

static World *world;
static Authority *authority;
static const char *signer_socket, *log_file;

struct waiting {
    gint64 number;
    Secret *token;
    GBytes *csr;
};

static struct waiting
ready(void)
{
    g_autoptr(Secret) key = ca_key_make(CA_KEY_P256, NULL);
    struct waiting w = { .number = world_ready(world, world->person, "client", 13) };
    w.token = world_token(world, w.number);
    w.csr = ca_csr_new(key, NULL);
    return w;
}

static void
waiting_clear(struct waiting *w)
{
    secret_free(w->token);
    g_bytes_unref(w->csr);
}

static GBytes *
ask(const struct waiting *w, GError **error)
{
    return ca_client_sign(signer_socket, w->number, secret_text(w->token), w->csr, error);
}

static void
withdraw(gint64 number)
{
    g_autoptr(GError) error = NULL;
    const struct db_step what = { .number = number, .event = "withdraw", .actor = "person:1", .address = "", .log_id = "" };
    g_autofree char *next = db_request_step(world->portal->db, &what, &error);
    g_assert_no_error(error);
}

/* --- kill -9 at a system call on the log ---------------------------------------------------------------------------------------- */

static gboolean
is_traced(int pid)
{
    g_autofree char *file = g_strdup_printf("/proc/%d/status", pid), *text = NULL;
    return g_file_get_contents(file, &text, NULL, NULL) && !strstr(text, "TracerPid:\t0\n");
}

/* The signer dies when it enters its next CALL on its log. */
static GPid
ambush(const char *call)
{
    g_autofree char *pid = g_strdup_printf("%d", authority_pid(authority, "signer"));
    g_autofree char *trace = g_strdup_printf("trace=%s", call), *inject = g_strdup_printf("inject=%s:signal=KILL:when=1", call);
    char *argv[] = { "strace", "-f", "-qq", "-o", "/dev/null", "-P", (char *)log_file, "-e", trace, "-e", inject, "-p", pid, NULL };
    g_autoptr(GError) error = NULL;
    GPid strace;
    g_spawn_async(NULL, argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &strace, &error);
    g_assert_no_error(error);
    for (int i = 0; i < 500 && !is_traced(authority_pid(authority, "signer")); i++)
        g_usleep(10000);
    return strace;
}

static void
killed_at(const char *call, const struct waiting *w)
{
    g_autoptr(GError) error = NULL;
    GPid strace = ambush(call);
    g_autoptr(GBytes) der = ask(w, &error);
    g_assert_null(der);
    g_assert_error(error, CA_ERROR, CA_ERROR_DOWN);
    waitpid(strace, NULL, 0);
    authority_stop(authority, "signer");
    g_assert_cmpint(world_int(world, "select count(*) from intent where request = %N and state = 'intended'", w->number), ==, 1);
    g_assert_cmpint(world_int(world, "select count(*) from certificate where request = %N", w->number), ==, 0);
}

static void
ended_as(const struct waiting *w, const char *state)
{
    for (int i = 0; i < 500 && world_int(world, "select count(*) from intent where state = 'intended' and %N > 0", 1) > 0; i++)
        g_usleep(10000);
    g_autofree char *ended = world_text(world, "select string_agg(state, ' ' order by id) from intent where request = %N", w->number);
    g_assert_cmpstr(ended, ==, state);
}

/* The person comes back: the one certificate, which is the row's. */
static void
delivered(const struct waiting *w)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) der = ask(w, &error);
    g_assert_no_error(error);
    g_autofree char *hex = crypto_hex(der);
    g_autofree char *row = world_text(world, "select string_agg(encode(der, 'hex'), ' ') from certificate where request = %N", w->number);
    g_assert_cmpstr(row, ==, hex);
    g_assert_cmpint(world_int(world, "select count(*) from event where request = %N and what = 'issue'", w->number), ==, 1);
}

static void
before_its_log_shows_the_signature_it_was_never_signed(void)
{
    struct waiting w = ready();
    killed_at("write", &w);
    authority_start(authority, "signer");
    ended_as(&w, "void");
    delivered(&w);
    ended_as(&w, "void stored");
    waiting_clear(&w);
}

static void
once_its_log_shows_the_signature_it_is_stored_and_delivered(void)
{
    struct waiting w = ready();
    killed_at("fdatasync", &w);
    authority_start(authority, "signer");
    ended_as(&w, "stored");
    delivered(&w);
    waiting_clear(&w);
}

static void
what_nobody_can_have_any_more_is_stored_as_revoked(void)
{
    struct waiting w = ready();
    killed_at("fdatasync", &w);
    withdraw(w.number);
    authority_start(authority, "signer");
    ended_as(&w, "revoked");
    g_assert_cmpint(world_int(world, "select count(*) from certificate where request = %N and reason = 'cessationOfOperation'",
                              w.number), ==, 1);
    g_assert_cmpint(world_int(world, "select count(*) from job where kind = 'publish' and issuer = 'client' and %N > 0", 1), >, 0);
    waiting_clear(&w);
}

static void
a_key_blocked_meanwhile_is_revoked_as_compromised(void)
{
    struct waiting w = ready();
    killed_at("fdatasync", &w);
    world_do(world, "insert into blocked_key (spki_sha256, why) select spki_sha256, 'operator' from intent where request = %N", w.number);
    authority_start(authority, "signer");
    ended_as(&w, "revoked");
    g_assert_cmpint(world_int(world, "select count(*) from certificate where request = %N and reason = 'keyCompromise'", w.number),
                    ==, 1);
    waiting_clear(&w);
}

/* --- kill -9 while the database keeps it waiting ---------------------------------------------------------------------------------- */

static void
killed_while_locked(const char *lock, const struct waiting *w)
{
    g_autoptr(RaContext) owner = world_context(world, "owner");
    g_autofree char *sql = g_strdup_printf("%s", lock), *number = g_strdup_printf("%" G_GINT64_FORMAT, w->number);
    g_autoptr(GString) text = g_string_new(sql);
    g_string_replace(text, "%N", number, 0);
    g_assert_true(db_begin(owner->db, NULL));
    g_assert_true(db_script(owner->db, text->str, NULL));
    pid_t asking = fork();
    if (asking == 0) {
        g_autoptr(GBytes) der = ask(w, NULL);
        _exit(der ? 0 : 1);
    }
    while (world_int(world, "select count(*) from pg_stat_activity where usename = 'inkan_signer' and wait_event_type = 'Lock'"
                            " and %N > 0", 1) == 0)
        g_usleep(10000);
    authority_stop(authority, "signer");
    int status;
    waitpid(asking, &status, 0);
    g_assert_cmpint(WEXITSTATUS(status), ==, 1);
    db_rollback(owner->db);
}

static void
before_the_intent_is_committed_nothing_was_begun(void)
{
    struct waiting w = ready();
    killed_while_locked("select from request where number = %N for update", &w);
    authority_start(authority, "signer");
    g_assert_cmpint(world_int(world, "select count(*) from intent where request = %N", w.number), ==, 0);
    delivered(&w);
    ended_as(&w, "stored");
    waiting_clear(&w);
}

static void
while_it_is_stored_it_is_stored_once(void)
{
    struct waiting w = ready();
    killed_while_locked("select from pickup where request = %N for no key update", &w);
    authority_start(authority, "signer");
    ended_as(&w, "stored");
    delivered(&w);
    waiting_clear(&w);
}

/* It looked before the other one had stored, and begins only now: the database sends it back to look again. */
static void
a_late_second_process_begins_nothing(void)
{
    struct waiting w = ready();
    g_autoptr(GBytes) der = ask(&w, NULL);
    g_assert_nonnull(der);
    g_autofree char *late = world_text(world,
        "select 'select intent_begin(' || quote_literal(issuer) || ', repeat(''2c'', 20), ' || request || ', ' || pickup || ', '"
        " || quote_literal(log) || ', 0, sha256(''tbs''), sha256(''late''), ''p256'', null, 0)' from intent where request = %N", w.number);
    g_autofree char *why = cluster_try(world->cluster, "signer", late);
    g_assert_nonnull(why);
    if (!g_str_has_prefix(why, "23505 "))
        g_error("%s: %s", late, why);
    delivered(&w);
    waiting_clear(&w);
}

/* --- another process of the machine ------------------------------------------------------------------------------------------------ */

static void
another_process_ends_it_but_not_while_it_is_held(void)
{
    struct waiting w = ready();
    g_autoptr(GError) error = NULL;
    killed_at("fdatasync", &w);
    g_autoptr(Db) db = db_new(settings_text(world->settings, "database", "signer"));
    g_autoptr(SignerLog) mine = signer_log_open(log_file, &error), theirs = signer_log_open(log_file, &error);
    g_assert_no_error(error);
    Signer signer = { .db = db, .settings = world->settings, .log = mine };
    const char *name = signer_log_name(mine, 0, &error);
    gint64 id = world_int(world, "select id from intent where request = %N", w.number);
    g_assert_true(signer_log_hold(theirs, id));
    g_assert_true(signer_reconcile(&signer, name, &error));
    g_assert_cmpint(world_int(world, "select count(*) from intent where id = %N and state = 'intended'", id), ==, 1);
    signer_log_let_go(theirs, id);
    g_assert_true(signer_reconcile(&signer, "0123456789abcdef", &error)); /* another machine's log says nothing of it */
    g_assert_cmpint(world_int(world, "select count(*) from intent where id = %N and state = 'intended'", id), ==, 1);
    g_assert_true(signer_reconcile(&signer, name, &error));
    g_assert_no_error(error);
    ended_as(&w, "stored");
    authority_start(authority, "signer");
    delivered(&w);
    waiting_clear(&w);
}

static void
a_line_that_somebody_else_wrote_gets_no_row(void)
{
    struct waiting w = ready();
    g_autoptr(GError) error = NULL;
    killed_at("write", &w);
    g_autofree char *serial = world_text(world, "select serial from intent where request = %N", w.number);
    g_autoptr(Secret) key = ca_key_make(CA_KEY_P256, NULL);
    g_autofree char *foreign = world_text(world, "select encode(certificate, 'base64') from issuer where name = 'root' and %N > 0", 1);
    g_autoptr(SignerLog) log = signer_log_open(log_file, &error);
    g_auto(GStrv) lines = g_strsplit(foreign, "\n", -1);
    g_autofree char *one = g_strjoinv("", lines), *rest = g_strdup_printf("request=1 key=00 certificate=00 der=%s", one);
    g_assert_true(signer_log_add(log, 0, "issue", "client", serial, rest, &error));
    g_autoptr(Db) db = db_new(settings_text(world->settings, "database", "signer"));
    Signer signer = { .db = db, .settings = world->settings, .log = log };
    g_assert_false(signer_reconcile(&signer, signer_log_name(log, 0, NULL), &error));
    g_assert_error(error, CA_ERROR, CA_ERROR_BROKEN);
    g_assert_cmpint(world_int(world, "select count(*) from certificate where request = %N", w.number), ==, 0);
    world_do(world, "update intent set state = 'void', ended_at = now() where request = %N", w.number);
    authority_start(authority, "signer");
    delivered(&w);
    waiting_clear(&w);
}

/* --- the log against the table ------------------------------------------------------------------------------------------------------- */

static void
say(const char *issuer, const char *serial, const char *what, gpointer data)
{
    g_string_append_printf(data, "%s %s: %s\n", issuer, serial, what);
}

static char *
compare(const char *log, gboolean mend, gint64 differ)
{
    g_autoptr(RaContext) owner = world_context(world, "owner");
    g_autoptr(GError) error = NULL;
    GString *text = g_string_new(NULL);
    struct ra_reconcile run = { .mend = mend, .say = say, .data = text };
    const char *logs[] = { log, NULL };
    g_usleep(1100000); /* rows of this second are not looked at */
    g_assert_true(ra_reconcile(owner->db, logs, &run, &error));
    g_assert_no_error(error);
    if (run.different != differ)
        g_error("%" G_GINT64_FORMAT " differ:\n%s", run.different, text->str);
    if (mend)
        g_assert_cmpint(run.mended, ==, differ);
    return g_string_free(text, FALSE);
}

static void
tampered_rows_and_lost_ones_are_found_and_mended(void)
{
    struct waiting lost = ready(), changed = ready(), forged = ready();
    g_autoptr(GBytes) a = ask(&lost, NULL), b = ask(&changed, NULL);
    g_autofree char *clean = compare(log_file, FALSE, 0);
    g_assert_cmpstr(clean, ==, "");
    /* As somebody with the superuser's rights would do it. */
    world_do(world, "alter table certificate disable trigger certificate_is_kept", 0);
    world_do(world, "delete from ocsp_response where serial in (select serial from certificate where request = %N)", lost.number);
    world_do(world, "delete from certificate where request = %N", lost.number);
    world_do(world, "update certificate set der = der || '\\x00' where request = %N", changed.number);
    world_do(world, "alter table certificate enable trigger certificate_is_kept", 0);
    world_do(world, "insert into certificate (issuer, serial, request, pickup, der, subject, spki_sha256, fingerprint, not_before, not_after,"
                    " key_kind) select 'client', repeat('1b', 20), r.number, k.id, '\\x3000', 'CN=x', sha256('x'), sha256('y'),"
                    " k.not_before, k.not_after, 'p256' from request r join pickup k on k.request = r.number where r.number = %N",
             forged.number);
    g_autofree char *found = compare(log_file, FALSE, 3);
    g_assert_nonnull(strstr(found, ": only in the log\n"));
    g_assert_nonnull(strstr(found, ": other bytes in the table than in the log\n"));
    g_assert_nonnull(strstr(found, "1b1b: only in the table, and not signed by this CA: a forged row\n"));
    g_autofree char *mended = compare(log_file, TRUE, 3);
    g_assert_nonnull(strstr(mended, "only in the log; now stored, as revoked\n"));
    g_autofree char *hex = crypto_hex(a);
    g_autofree char *row = world_text(world, "select encode(der, 'hex') || ' ' || reason from certificate where request = %N", lost.number);
    g_autofree char *wanted = g_strconcat(hex, " cessationOfOperation", NULL);
    g_assert_cmpstr(row, ==, wanted);
    g_assert_cmpint(world_int(world, "select count(*) from certificate where revoked_at is null and request >= %N", lost.number), ==, 0);
    g_assert_cmpint(world_int(world, "select count(*) from event where what = 'reconcile' and %N > 0", 1), ==, 3);
    g_assert_nonnull(b);
    waiting_clear(&lost);
    waiting_clear(&changed);
    waiting_clear(&forged);
}

static void
rows_that_a_missing_log_would_show_are_left_alone(void)
{
    g_autofree char *empty = g_build_filename(world->folder, "empty.log", NULL);
    g_autoptr(RaContext) owner = world_context(world, "owner");
    g_assert_true(g_file_set_contents(empty, "", 0, NULL));
    gint64 before = world_int(world, "select count(*) from certificate where revoked_at is null and %N > 0", 1);
    g_autoptr(GString) text = g_string_new(NULL);
    struct ra_reconcile run = { .mend = TRUE, .say = say, .data = text };
    const char *logs[] = { empty, NULL };
    g_assert_true(ra_reconcile(owner->db, logs, &run, NULL));
    g_assert_nonnull(strstr(text->str, "signed by this CA: is a log missing?\n"));
    g_assert_cmpint(world_int(world, "select count(*) from certificate where revoked_at is null and %N > 0", 1), ==, before);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    log_setup("test", LOG_LEVEL_ERROR);
    world = world_new_bare(NULL);
    authority = authority_new(world);
    signer_socket = settings_text(world->settings, "signer", "socket");
    log_file = settings_text(world->settings, "signer", "log_file");
    g_test_add_func("/reconcile/before its log shows the signature it was never signed", before_its_log_shows_the_signature_it_was_never_signed);
    g_test_add_func("/reconcile/once its log shows the signature it is stored and delivered",
                    once_its_log_shows_the_signature_it_is_stored_and_delivered);
    g_test_add_func("/reconcile/what nobody can have any more is stored as revoked", what_nobody_can_have_any_more_is_stored_as_revoked);
    g_test_add_func("/reconcile/a key blocked meanwhile is revoked as compromised", a_key_blocked_meanwhile_is_revoked_as_compromised);
    g_test_add_func("/reconcile/before the intent is committed nothing was begun", before_the_intent_is_committed_nothing_was_begun);
    g_test_add_func("/reconcile/while it is stored it is stored once", while_it_is_stored_it_is_stored_once);
    g_test_add_func("/reconcile/a late second process begins nothing", a_late_second_process_begins_nothing);
    g_test_add_func("/reconcile/another process ends it, but not while it is held", another_process_ends_it_but_not_while_it_is_held);
    g_test_add_func("/reconcile/tampered rows and lost ones are found and mended", tampered_rows_and_lost_ones_are_found_and_mended);
    g_test_add_func("/reconcile/rows that a missing log would show are left alone", rows_that_a_missing_log_would_show_are_left_alone);
    g_test_add_func("/reconcile/a line that somebody else wrote gets no row", a_line_that_somebody_else_wrote_gets_no_row);
    int result = g_test_run();
    authority_free(authority);
    world_free(world);
    return result;
}
