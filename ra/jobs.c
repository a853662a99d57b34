#include "ra/jobs.h"

#include <string.h>

#include "ca/client.h"
#include "db/job.h"
#include "db/log.h"
#include "db/outbox.h"
#include "db/pickup.h"
#include "db/request.h"
#include "ra/error.h"
#include "ra/sweep.h"

#define PAUSE_FIRST 2 /* seconds after the first failure; doubles */
#define PAUSE_MOST 15 /* a revocation must not wait long after the signer is back */
#define SALT_SIZE 16

/* --- secrets of a pickup -------------------------------------------------------------------------------------------------- */

/* A PIN as it is stored, and sealed once for the owner's page and once for the mail. */
typedef struct {
    GBytes *salt, *hash, *sealed, *for_mail;
} Pin;

static void
pin_clear(Pin *pin)
{
    g_clear_pointer(&pin->salt, g_bytes_unref);
    g_clear_pointer(&pin->hash, g_bytes_unref);
    g_clear_pointer(&pin->sealed, g_bytes_unref);
    g_clear_pointer(&pin->for_mail, g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pin, pin_clear)

static GBytes *
seal_for(RaContext *ctx, const char *kind, gint64 request, gint64 cycle, const Secret *secret)
{
    g_autofree char *associated = g_strdup_printf("%s:%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT, kind, request, cycle);
    return crypto_seal(ctx->keyring, associated, secret_bytes(secret), secret_size(secret));
}

static void
pin_make(RaContext *ctx, gint64 request, gint64 cycle, gboolean mailed, Pin *pin)
{
    unsigned char salt[SALT_SIZE];
    g_autoptr(Secret) secret = crypto_pin();
    crypto_random(salt, sizeof salt);
    pin->salt = g_bytes_new(salt, sizeof salt);
    pin->hash = crypto_pin_hash(secret_text(secret), pin->salt);
    pin->sealed = seal_for(ctx, "pickup", request, cycle, secret);
    pin->for_mail = mailed ? seal_for(ctx, "mail", request, cycle, secret) : NULL;
}

/* The URL's last part: its hash is stored, itself only sealed for the mail. */
static GBytes *
token_make(RaContext *ctx, gint64 request, gint64 cycle, GBytes **for_mail)
{
    g_autoptr(Secret) token = crypto_token();
    *for_mail = seal_for(ctx, "mail", request, cycle, token);
    return crypto_sha256(secret_bytes(token), secret_size(token));
}

static gboolean
step(RaContext *ctx, gint64 number, const char *event, GBytes *url, GBytes *pin, GError **error)
{
    const struct db_step what = { .number = number, .event = event, .actor = "worker", .log_id = log_id(), .sealed_url = url,
                                  .sealed_pin = pin };
    g_autofree char *next = db_request_step(ctx->db, &what, error);
    return next != NULL;
}

/* --- the kinds of jobs: each inside the transaction that deletes its row -------------------------------------------------- */

static gboolean
is_one_of(const char *state, const char *a, const char *b)
{
    return strcmp(state, a) == 0 || strcmp(state, b) == 0;
}

static gboolean
do_issue(RaContext *ctx, const DbJob *job, struct db_pickup_work *work, GError **error)
{
    if (!is_one_of(work->state, "applied", "renewing"))
        return TRUE; /* withdrawn or revoked meanwhile */
    g_auto(Pin) pin = { 0 };
    g_autoptr(GBytes) url = NULL;
    pin_make(ctx, job->request, work->cycle, work->pin_mail, &pin);
    g_autoptr(GBytes) token = token_make(ctx, job->request, work->cycle, &url);
    const struct db_pickup_new row = {
        .request = job->request, .cycle = work->cycle, .token_hash = token, .pin_salt = pin.salt, .pin_hash = pin.hash,
        .pin_sealed = pin.sealed, .pin_mail = work->pin_mail, .days = (int)settings_number(ctx->settings, "pickup", "days"),
    };
    return db_pickup_insert(ctx->db, &row, error) != 0 && step(ctx, job->request, "pin-issued", url, pin.for_mail, error);
}

static gboolean
do_new_pin(RaContext *ctx, const DbJob *job, struct db_pickup_work *work, GError **error)
{
    if (!work->pickup || !work->new_pin_asked || !is_one_of(work->state, "ready", "renew_ready"))
        return TRUE;
    g_auto(Pin) pin = { 0 };
    pin_make(ctx, job->request, work->cycle, work->pin_mail, &pin);
    return db_pickup_new_pin(ctx->db, work->pickup, pin.salt, pin.hash, pin.sealed, error) &&
           db_outbox_replace(ctx->db, job->request, "pin", "replaced by a newer PIN", error) &&
           step(ctx, job->request, "new-pin", NULL, pin.for_mail, error);
}

static gboolean
do_resend(RaContext *ctx, const DbJob *job, struct db_pickup_work *work, GError **error)
{
    if (!work->pickup || !work->resend_asked || !is_one_of(work->state, "ready", "renew_ready"))
        return TRUE;
    g_autoptr(GBytes) url = NULL;
    g_autoptr(GBytes) token = token_make(ctx, job->request, work->cycle, &url);
    return db_pickup_new_token(ctx->db, work->pickup, token, error) &&
           db_outbox_replace(ctx->db, job->request, "ready", "replaced by a newer URL", error) &&
           step(ctx, job->request, "resend", url, NULL, error);
}

/* The rows that were revoked before are committed, so this CRL has them. Nothing else waits for this transaction: it holds rows
   of job only. */
static gboolean
do_publish(RaContext *ctx, const DbJob *job, struct db_pickup_work *work, GError **error)
{
    (void)work;
    return db_job_take_along(ctx->db, job->id, job->issuer, error) &&
           ca_client_publish(settings_text(ctx->settings, "signer", "socket"), job->issuer, FALSE, error);
}

static const struct kind {
    const char *name;
    gboolean (*run)(RaContext *, const DbJob *, struct db_pickup_work *, GError **);
    gboolean of_request;
} kinds[] = {
    { "issue", do_issue, TRUE },
    { "new-pin", do_new_pin, TRUE },
    { "resend", do_resend, TRUE },
    { "publish", do_publish, FALSE },
};

static gboolean
run_kind(RaContext *ctx, const DbJob *job, const struct kind *kind, GError **error)
{
    struct db_pickup_work work = { 0 };
    g_autoptr(GError) why = NULL;
    gboolean there = !kind->of_request || db_pickup_for_work(ctx->db, job->request, &work, &why);
    gboolean ok = !why && (!there || kind->run(ctx, job, &work, &why)); /* a request that is gone has no job */
    db_pickup_work_clear(&work);
    if (why)
        g_propagate_error(error, g_steal_pointer(&why));
    return ok;
}

static gboolean
run(RaContext *ctx, const DbJob *job, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (strcmp(kinds[i].name, job->kind) == 0)
            return run_kind(ctx, job, &kinds[i], error) && db_job_delete(ctx->db, job->id, error) && db_commit(ctx->db, error);
    g_set_error(error, RA_ERROR, RA_ERROR_BROKEN, "job-kind: %s is none of mine", job->kind);
    return FALSE;
}

/* --- taking --------------------------------------------------------------------------------------------------------------- */

static gint64
pause_after(gint64 tries)
{
    return tries > 3 ? PAUSE_MOST : MIN((gint64)PAUSE_FIRST << tries, PAUSE_MOST);
}

/* A transaction of its own: the failed one took everything back. FALSE: the database is away. */
static gboolean
put_off(RaContext *ctx, const DbJob *job, const GError *why, GError **error)
{
    g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, job->request);
    log_write(LOG_LEVEL_WARNING, "job-failed", "kind", job->kind, "request", number, "issuer", job->issuer, "msg", why->message,
              NULL);
    g_autofree char *short_why = g_utf8_make_valid(why->message, MIN((gssize)strlen(why->message), 500));
    return db_job_postpone(ctx->db, job->id, pause_after(job->tries), short_why, error);
}

gboolean
ra_jobs_run_next(RaContext *ctx, GError **error)
{
    g_autoptr(GError) why = NULL;
    if (!db_begin(ctx->db, error))
        return FALSE;
    g_autoptr(DbJob) job = db_job_take(ctx->db, &why);
    if (!job) {
        db_rollback(ctx->db);
        if (why)
            g_propagate_error(error, g_steal_pointer(&why));
        return FALSE;
    }
    g_autofree char *id = g_strdup_printf("job-%" G_GINT64_FORMAT, job->id);
    log_set_id(id);
    gboolean done = run(ctx, job, &why);
    db_rollback(ctx->db);
    gboolean goes_on = done || put_off(ctx, job, why, error);
    if (done && strcmp(job->kind, "publish") == 0)
        goes_on = ra_sweep_published(ctx, error);
    log_set_id("");
    return goes_on;
}

gboolean
ra_jobs_run(RaContext *ctx, GError **error)
{
    g_autoptr(GError) why = NULL;
    while (ra_jobs_run_next(ctx, &why)) {
    }
    if (!why)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&why));
    return FALSE;
}
