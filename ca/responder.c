#include "ca/responder.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ca/certificate.h"
#include "ca/client.h"
#include "ca/confine.h"
#include "ca/desk.h"
#include "ca/ocsp.h"
#include "ca/signer.h"
#include "db/issuer.h"
#include "db/log.h"
#include "db/prefork.h"

#define MOST_CALLERS 800         /* below the usual limit of 1024 descriptors */
#define MOST_FILES 1024
#define SILENT_SECONDS 5
#define GOOD_FOR CA_OCSP_GOOD_FOR
#define MAX_AGE 1                /* seconds that an answer without nonce may be cached: a revocation shows within seconds */
#define RELOAD (5 * G_USEC_PER_SEC)
#define RENEW_PAUSE 60           /* seconds */
#define DB_PAUSE (G_USEC_PER_SEC / 2)
#define AHEAD_AT_ONCE 50         /* answers signed between two rounds of callers: 10 ms */
#define AHEAD_PAUSE G_USEC_PER_SEC
#define MOST_TOLD 10000          /* certificates told of and not looked at yet; what is beyond is signed when it is asked for */
#define SWEEP_PAUSE 60           /* seconds */
#define KEPT_AFTER_END 86400     /* seconds: rows that were not renewed for so long are of no use */
#define FIRST_FD 3               /* after the standard ones */

/* One issuing CA, and who answers for it. */
struct authority {
    char *name;
    CaOcspIssuer *issuer;
    CaIssuer *delegate;          /* NULL until the signer has certified it */
    gint64 renew_at, ends_at;    /* Unix seconds, of its certificate */
    CaSigningKey *pending;       /* the key that is being certified */
    pid_t asking;                /* the child that asks the signer, 0 for none */
    int fd;                      /* where its answer comes */
    gint64 ask_after, pause;     /* monotonic microseconds */
};

struct responder {
    const Settings *settings;
    Db *db;
    GPtrArray *authorities;
    gint64 reload_after, db_after; /* monotonic */
    GQueue *told;                  /* char *, "ISSUER SERIAL" of certificates that are new or revoked */
    gint64 ahead_after, sweep_after; /* monotonic */
};

static void
authority_free(gpointer data)
{
    struct authority *authority = data;
    if (authority->asking > 0) {
        kill(authority->asking, SIGKILL);
        waitpid(authority->asking, NULL, 0);
        close(authority->fd);
    }
    ca_signing_key_free(authority->pending);
    ca_issuer_free(authority->delegate);
    ca_ocsp_issuer_free(authority->issuer);
    g_free(authority->name);
    g_free(authority);
}

Responder *
responder_new(const Settings *settings)
{
    Responder *responder = g_new0(Responder, 1);
    g_autoptr(GError) error = NULL;
    responder->settings = settings;
    responder->db = db_new(settings_text(settings, "database", "responder"));
    responder->authorities = g_ptr_array_new_with_free_func(authority_free);
    responder->told = g_queue_new();
    if (!db_listen(responder->db, "inkan_status", &error) && !log_is_away("database"))
        log_error("listen-failed", error); /* again with the next connection */
    return responder;
}

void
responder_free(Responder *responder)
{
    if (!responder)
        return;
    g_ptr_array_unref(responder->authorities);
    g_queue_free_full(responder->told, g_free);
    db_free(responder->db);
    g_free(responder);
}

/* --- the database: away means tryLater at once, without a new attempt for each caller ------------------------------------- */

static gboolean
db_rests(const Responder *responder)
{
    return g_get_monotonic_time() < responder->db_after;
}

static void
db_failed(Responder *responder, const GError *error)
{
    if (!log_is_away("database"))
        log_error("database", error);
    if (g_error_matches(error, DB_ERROR, DB_ERROR_DOWN))
        responder->db_after = g_get_monotonic_time() + DB_PAUSE;
}

/* --- the issuing CAs ------------------------------------------------------------------------------------------------------ */

static gboolean
is_known(const Responder *responder, const char *name)
{
    for (guint i = 0; i < responder->authorities->len; i++)
        if (strcmp(((const struct authority *)responder->authorities->pdata[i])->name, name) == 0)
            return TRUE;
    return FALSE;
}

static void
add_authority(Responder *responder, const DbIssuer *row)
{
    g_autoptr(GError) error = NULL;
    CaOcspIssuer *issuer = ca_ocsp_issuer_new(row->certificate, &error);
    if (!issuer) {
        log_error("issuer", error);
        return;
    }
    struct authority *authority = g_new0(struct authority, 1);
    authority->name = g_strdup(row->name);
    authority->issuer = issuer;
    authority->fd = -1;
    g_ptr_array_add(responder->authorities, authority);
}

/* New ones are noticed when somebody asks for them, at most every few seconds. */
static void
reload(Responder *responder)
{
    g_autoptr(GError) error = NULL;
    gint64 now = g_get_monotonic_time();
    if (now < responder->reload_after || db_rests(responder))
        return;
    g_autoptr(GPtrArray) rows = db_issuer_list(responder->db, &error);
    if (!rows) {
        db_failed(responder, error);
        return;
    }
    if (rows->len) /* none at all: the ceremony is still to come, look again soon */
        responder->reload_after = now + RELOAD;
    else
        responder->reload_after = now + DB_PAUSE;
    for (guint i = 0; i < rows->len; i++) {
        const DbIssuer *row = rows->pdata[i];
        if (row->parent && !is_known(responder, row->name))
            add_authority(responder, row);
    }
}

/* --- the delegates' certificates ------------------------------------------------------------------------------------------ */

/* The child that waits for the signer, so that nobody else does. */
static void
ask_signer(const char *socket, const char *issuer, GBytes *csr, int fd)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) der = ca_client_responder_certificate(socket, issuer, csr, &error);
    WireMessage certificate = { .kind = WIRE_CERTIFICATE, .bytes = der };
    g_auto(WireMessage) failed = { 0 };
    if (!der)
        wire_failed(error, &failed);
    (void)!wire_write(fd, der ? &certificate : &failed, g_get_monotonic_time() + G_USEC_PER_SEC, NULL);
}

static gboolean
start_asking(const Responder *responder, struct authority *authority, GBytes *csr)
{
    const char *socket_path = settings_text(responder->settings, "signer", "socket");
    pid_t parent = getpid();
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return FALSE;
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGTERM, SIG_DFL);
        /* The callers' connections would not end while a copy is open here; the database's is not ours to use. */
        if (getppid() != parent || dup2(pair[1], FIRST_FD) < 0 || close_range(FIRST_FD + 1, UINT_MAX, 0) != 0)
            _exit(1);
        ask_signer(socket_path, authority->name, csr, FIRST_FD);
        _exit(0);
    }
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return FALSE;
    }
    authority->asking = pid;
    authority->fd = pair[0];
    return TRUE;
}

static void
ask_later(struct authority *authority)
{
    authority->pause = CLAMP(authority->pause * 2, G_USEC_PER_SEC / 10, 5 * G_USEC_PER_SEC);
    authority->ask_after = g_get_monotonic_time() + authority->pause;
}

/* A new key for each certificate: half a life is long enough for one. */
static void
ask(const Responder *responder, struct authority *authority)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Secret) pkcs8 = ca_key_make(CA_KEY_P256, &error);
    g_autoptr(GBytes) csr = pkcs8 ? ca_csr_new(pkcs8, &error) : NULL;
    g_clear_pointer(&authority->pending, ca_signing_key_free);
    authority->pending = csr ? ca_signing_key_from(pkcs8, &error) : NULL;
    if (authority->pending && start_asking(responder, authority, csr))
        return;
    log_error("delegate-not-asked-for", error);
    ask_later(authority);
}

static gboolean
take_delegate(struct authority *authority, GBytes *der, gint64 now, GError **error)
{
    g_autoptr(CaIssuer) delegate = ca_issuer_new_responder(der, authority->pending, error);
    if (!delegate)
        return FALSE;
    gint64 from = ca_issuer_not_before(delegate), to = ca_issuer_not_after(delegate);
    ca_issuer_free(authority->delegate);
    authority->delegate = g_steal_pointer(&delegate);
    /* Near the issuer's own end, or with a clock far from the signer's, half a life may be over already. */
    authority->renew_at = MAX(from + (to - from) / 2, now + RENEW_PAUSE);
    authority->ends_at = to;
    authority->pause = 0;
    log_back("signer");
    log_write(LOG_LEVEL_INFO, "delegate", "issuer", authority->name, NULL);
    return TRUE;
}

/* The child has answered, or died. */
static void
take_answer(struct authority *authority, gint64 now)
{
    g_autoptr(GError) error = NULL;
    g_auto(WireMessage) message = { 0 };
    gboolean ok = wire_read(authority->fd, &message, g_get_monotonic_time() + G_USEC_PER_SEC, &error);

    close(authority->fd);
    authority->fd = -1;
    kill(authority->asking, SIGKILL); /* it has nothing more to do */
    waitpid(authority->asking, NULL, 0);
    authority->asking = 0;
    if (ok && message.kind == WIRE_FAILED)
        wire_take_failed(&message, &error);
    if (!ok || message.kind != WIRE_CERTIFICATE || !take_delegate(authority, message.bytes, now, &error)) {
        if (g_error_matches(error, CA_ERROR, CA_ERROR_DOWN))
            log_away("signer", error->message);
        else
            log_error("no-delegate", error);
        ask_later(authority);
    }
    g_clear_pointer(&authority->pending, ca_signing_key_free);
}

static gboolean
has_answer(const struct authority *authority)
{
    struct pollfd look = { .fd = authority->fd, .events = POLLIN };
    return poll(&look, 1, 0) > 0; /* a descriptor of -1 has none */
}

static void
ask_who_is_due(Responder *responder, gint64 now)
{
    gint64 clock = g_get_monotonic_time();
    for (guint i = 0; i < responder->authorities->len; i++) {
        struct authority *authority = responder->authorities->pdata[i];
        if (authority->asking == 0 && clock >= authority->ask_after && (!authority->delegate || now >= authority->renew_at))
            ask(responder, authority);
    }
}

/* --- answers -------------------------------------------------------------------------------------------------------------- */

static struct authority *
authority_for(const Responder *responder, const CaOcspRequest *request, size_t single)
{
    for (guint i = 0; i < responder->authorities->len; i++) {
        struct authority *authority = responder->authorities->pdata[i];
        if (ca_ocsp_is_for(request, single, authority->issuer))
            return authority;
    }
    return NULL;
}

/* One answer has one signer, so all that is asked for must be of one issuer. */
static struct authority *
authority_of(Responder *responder, const CaOcspRequest *request)
{
    struct authority *first = authority_for(responder, request, 0);
    if (!first) {
        reload(responder);
        first = authority_for(responder, request, 0);
    }
    for (size_t i = 1; first && i < ca_ocsp_count(request); i++)
        if (authority_for(responder, request, i) != first)
            return NULL;
    return first;
}

/* 0, or why there is no answer. */
static enum ca_ocsp_refusal
look_up(Responder *responder, const struct authority *authority, const CaOcspRequest *request, struct ca_ocsp_answer *answers)
{
    for (size_t i = 0; i < ca_ocsp_count(request); i++) {
        g_autoptr(GError) error = NULL;
        struct db_status status;
        if (!db_certificate_status(responder->db, authority->name, ca_ocsp_serial(request, i), &status, &error)) {
            db_failed(responder, error);
            return g_error_matches(error, DB_ERROR, DB_ERROR_BROKEN) ? CA_OCSP_INTERNAL : CA_OCSP_TRY_LATER;
        }
        if (!status.known)
            return CA_OCSP_UNAUTHORIZED;
        answers[i].status = status.revoked ? CA_OCSP_REVOKED : CA_OCSP_GOOD;
        answers[i].revoked_at = status.revoked_at;
        if (status.revoked && !ca_reason_parse(status.reason, &answers[i].reason))
            return CA_OCSP_INTERNAL;
    }
    return 0;
}

/* Signs for ASKED, whose singles are all of AUTHORITY. REFUSAL says why not. *REVOKED: of the first single. */
static GBytes *
sign(Responder *responder, const struct authority *authority, const CaOcspRequest *asked, const struct ca_ocsp_times *times,
     gboolean *revoked, enum ca_ocsp_refusal *refusal)
{
    g_autoptr(GError) error = NULL;
    struct ca_ocsp_answer answers[CA_OCSP_SINGLES] = { 0 };
    *refusal = CA_OCSP_TRY_LATER;
    if (!authority->delegate || times->next_update <= times->this_update)
        return NULL;
    *refusal = look_up(responder, authority, asked, answers);
    if (*refusal)
        return NULL;
    *revoked = answers[0].status == CA_OCSP_REVOKED;
    GBytes *der = ca_ocsp_build(asked, answers, times, authority->delegate, &error);
    if (der)
        return der;
    log_error("ocsp-not-built", error);
    *refusal = CA_OCSP_INTERNAL;
    return NULL;
}

/* Never past the end of the certificate that goes along. */
static struct ca_ocsp_times
times_at(const struct authority *authority, gint64 now)
{
    return (struct ca_ocsp_times){ now, now, MIN(now + GOOD_FOR, authority->ends_at) };
}

GBytes *
responder_answer(Responder *responder, GBytes *request, gint64 now, int *max_age)
{
    g_autoptr(GError) error = NULL;
    enum ca_ocsp_refusal refusal = CA_OCSP_TRY_LATER;
    gboolean revoked;

    *max_age = 0;
    g_autoptr(CaOcspRequest) asked = ca_ocsp_parse(request, &error);
    if (!asked)
        return ca_ocsp_error(CA_OCSP_MALFORMED);
    if (db_rests(responder))
        return ca_ocsp_error(CA_OCSP_TRY_LATER);
    const struct authority *authority = authority_of(responder, asked);
    if (!authority)
        return ca_ocsp_error(responder->authorities->len ? CA_OCSP_UNAUTHORIZED : CA_OCSP_TRY_LATER);
    const struct ca_ocsp_times times = times_at(authority, now);
    GBytes *der = sign(responder, authority, asked, &times, &revoked, &refusal);
    if (!der)
        return ca_ocsp_error(refusal);
    *max_age = ca_ocsp_has_nonce(asked) ? 0 : MAX_AGE;
    return der;
}

/* --- answers ahead -------------------------------------------------------------------------------------------------------- */

/* Kept in one order with any revocation; where one came in between, signed once more. */
static void
sign_and_keep(Responder *responder, const struct authority *authority, const CaOcspRequest *asked, gint64 now)
{
    const struct ca_ocsp_times times = times_at(authority, now);
    enum ca_ocsp_refusal refusal;
    gboolean revoked, kept = FALSE;
    for (int tries = 0; tries < 3 && !kept; tries++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) der = sign(responder, authority, asked, &times, &revoked, &refusal);
        if (!der)
            return;
        const struct db_ocsp row = { authority->name, ca_ocsp_serial(asked, 0), ca_ocsp_kept_as(asked), revoked, times.this_update,
                                     times.next_update, der };
        if (!db_ocsp_keep(responder->db, &row, &kept, &error)) {
            db_failed(responder, error);
            return;
        }
    }
}

static void
sign_ahead(Responder *responder, const char *issuer, const char *serial, const char *hash, gint64 now)
{
    for (guint i = 0; i < responder->authorities->len; i++) {
        const struct authority *authority = responder->authorities->pdata[i];
        if (strcmp(authority->name, issuer) != 0)
            continue;
        g_autoptr(GBytes) question = ca_ocsp_question(authority->issuer, hash, serial);
        g_autoptr(CaOcspRequest) asked = question ? ca_ocsp_parse(question, NULL) : NULL;
        if (asked)
            sign_and_keep(responder, authority, asked, now);
        return;
    }
}

static void
take_told(const char *channel, const char *payload, gpointer data)
{
    Responder *responder = data;
    (void)channel;
    if (responder->told->length < MOST_TOLD)
        g_queue_push_tail(responder->told, g_strdup(payload));
}

/* Of a new certificate and of a revoked one, before anybody asks: as nearly all clients ask. */
static void
sign_told(Responder *responder, gint64 now)
{
    (void)db_heard(responder->db, take_told, responder); /* what was missed is signed when it is asked for */
    for (int n = 0; n < AHEAD_AT_ONCE && !db_rests(responder) && responder->told->length; n++) {
        g_autofree char *payload = g_queue_pop_head(responder->told);
        g_auto(GStrv) words = g_strsplit(payload, " ", 2);
        if (words[0] && words[1])
            sign_ahead(responder, words[0], words[1], "sha1", now);
    }
}

/* At most so many, which end between AFTER and BEFORE. */
static guint
sign_ending(Responder *responder, gint64 after, gint64 before, gint64 now, guint most)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) due = db_ocsp_due(responder->db, after, before, now, most, &error);
    if (!due) {
        db_failed(responder, error);
        return most;
    }
    for (guint i = 0; i < due->len && !db_rests(responder); i++) {
        const DbOcspDue *one = due->pdata[i];
        sign_ahead(responder, one->issuer, one->serial, one->hash, now);
    }
    return due->len;
}

/* Those that are half over; then, after a time without a responder, those that are over. So many only: GOOD_FOR / 2 times as many
   certificates are kept ready all the time, for the rest an answer is signed when it is asked for. */
static void
sign_due(Responder *responder, gint64 now)
{
    gint64 clock = g_get_monotonic_time();
    if (clock < responder->ahead_after || db_rests(responder))
        return;
    responder->ahead_after = clock + AHEAD_PAUSE;
    guint n = sign_ending(responder, now, now + GOOD_FOR / 2, now, AHEAD_AT_ONCE);
    if (n < AHEAD_AT_ONCE && !db_rests(responder))
        (void)sign_ending(responder, now - KEPT_AFTER_END, now, now, AHEAD_AT_ONCE - n);
}

static void
sweep(Responder *responder, gint64 now)
{
    g_autoptr(GError) error = NULL;
    gint64 clock = g_get_monotonic_time();
    if (clock < responder->sweep_after || db_rests(responder))
        return;
    responder->sweep_after = clock + SWEEP_PAUSE * G_USEC_PER_SEC;
    if (!db_ocsp_sweep(responder->db, now - KEPT_AFTER_END, &error))
        db_failed(responder, error);
}

void
responder_tend(Responder *responder, gint64 now)
{
    for (guint i = 0; i < responder->authorities->len; i++)
        if (has_answer(responder->authorities->pdata[i]))
            take_answer(responder->authorities->pdata[i], now);
    reload(responder);
    ask_who_is_due(responder, now);
    sign_told(responder, now);
    sign_due(responder, now);
    sweep(responder, now);
}

/* --- the process ---------------------------------------------------------------------------------------------------------- */

struct process {
    Responder *responder;
    struct signer_peers peers;
};

static gboolean
may(unsigned uid, enum wire_kind kind, gpointer data)
{
    const struct process *process = data;
    if (kind == WIRE_PING)
        return signer_peers_may(&process->peers, uid, WIRE_PING) || uid == geteuid();
    return kind == WIRE_OCSP && uid == process->peers.portal;
}

static void
answer_ping(Responder *responder, Caller *caller)
{
    g_autoptr(GError) error = NULL, why = NULL;
    g_autoptr(GPtrArray) rows = db_issuer_list(responder->db, &why);
    const WireMessage done = { .kind = WIRE_DONE };
    if (!rows)
        signer_fail(why, &error);
    for (guint i = 0; !error && i < responder->authorities->len; i++) {
        const struct authority *authority = responder->authorities->pdata[i];
        if (!authority->delegate)
            g_set_error(&error, CA_ERROR, CA_ERROR_DOWN, "no certificate from the signer yet for %s", authority->name);
    }
    if (error)
        desk_answer_error(caller, error);
    else
        desk_answer(caller, &done);
}

static void
asked(Caller *caller, const WireMessage *question, gpointer data)
{
    Responder *responder = ((struct process *)data)->responder;
    if (question->kind == WIRE_PING) {
        answer_ping(responder, caller);
        return;
    }
    int max_age;
    g_autoptr(GBytes) der = responder_answer(responder, question->bytes, g_get_real_time() / G_USEC_PER_SEC, &max_age);
    const WireMessage answer = { .kind = WIRE_STATUS, .number = max_age, .bytes = der };
    desk_answer(caller, &answer);
}

static int
patience(const Responder *responder)
{
    gint64 now = g_get_monotonic_time(), left = G_USEC_PER_SEC;
    if (responder->told->length && !db_rests(responder))
        return 0;
    for (guint i = 0; i < responder->authorities->len; i++) {
        const struct authority *authority = responder->authorities->pdata[i];
        if (authority->asking == 0 && !authority->delegate)
            left = MIN(left, authority->ask_after - now);
    }
    return (int)MAX(left / 1000 + 1, 1);
}

static void
serve(struct process *process, int listening)
{
    const struct desk_rules rules = { MOST_CALLERS, SILENT_SECONDS, may, asked, NULL, process };
    g_autoptr(Desk) desk = desk_new(listening, &rules);
    g_autoptr(GArray) fds = g_array_new(FALSE, TRUE, sizeof(struct pollfd));
    Responder *responder = process->responder;

    while (!prefork_stopping()) {
        responder_tend(responder, g_get_real_time() / G_USEC_PER_SEC);
        guint n = responder->authorities->len;
        g_array_set_size(fds, 0);
        for (guint i = 0; i < n; i++) {
            const struct authority *authority = responder->authorities->pdata[i];
            struct pollfd one = { .fd = authority->fd, .events = POLLIN };
            g_array_append_val(fds, one);
        }
        struct pollfd database = { .fd = db_descriptor(responder->db), .events = POLLIN };
        g_array_append_val(fds, database);
        /* An answer of the signer or a word from the database ends it too. */
        desk_round(desk, (struct pollfd *)(gpointer)fds->data, n + 1, patience(responder));
    }
}

int
responder_run(gpointer data)
{
    const struct responder_process *how = data;
    g_autoptr(GError) error = NULL;
    struct process process = { 0 };

    crypto_start();
    g_autoptr(Settings) settings = settings_load(how->settings_file, &error);
    if (!settings || !signer_peers_read(settings, &process.peers, &error)) {
        log_error("not-started", error);
        return 1;
    }
    if (strcmp(settings_text(settings, "signer", "confinement"), "strict") == 0 &&
        !ca_confine_strict("inkan-responder", MOST_FILES, TRUE, &error)) {
        log_error("not-started", error);
        return 1;
    }
    process.responder = responder_new(settings);
    serve(&process, how->listening);
    responder_free(process.responder);
    return 0;
}
