/*
 * inkan-worker: takes up jobs, sends mails, makes the rounds that time asks for, fetches metadata. Any number of it may run, on
 * any number of machines; each of its processes may be killed at any moment.
 */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "db/log.h"
#include "db/prefork.h"
#include "ra/context.h"
#include "ra/jobs.h"
#include "ra/logo.h"
#include "ra/mail.h"
#include "ra/metadata.h"
#include "ra/opener.h"
#include "ra/options.h"
#include "ra/sweep.h"
#include "sp/opener.h"
#include "sp/service.h"

#define IDLE_JOBS 2000   /* ms without a notification: a job that was put off, or one whose announcement was lost */
#define IDLE_MAIL 2000
#define IDLE_ROUNDS 1000
#define IDLE_LOGOS 15000
#define IDLE_METADATA 10000
#define DRAIN 45         /* seconds; a mail takes 40 at most */

struct life {
    const char *file;    /* the settings, read anew by each child */
    const Web *web;      /* compiled by the master, shared by fork */
};

static gint64
seconds_now(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}

/* What every child begins with. NULL: it has said why. */
static RaContext *
begin(const struct life *life, Settings **settings)
{
    g_autoptr(GError) error = NULL;
    crypto_start();
    *settings = settings_load(life->file, &error);
    RaContext *ctx = *settings ? ra_context_new(*settings, "worker", TRUE, &error) : NULL;
    if (!ctx) {
        log_error("start-failed", error);
        return NULL;
    }
    ctx->web = life->web;
    return ctx;
}

static void
listen_on(RaContext *ctx, const char *channel)
{
    g_autoptr(GError) error = NULL;
    if (!db_listen(ctx->db, channel, &error) && !log_is_away("database"))
        log_error("listen-failed", error); /* asked for again with the next connection; until then the pause is the pace */
}

/* The database is away, which the log says by itself: wait a moment, go on. */
static void
bide(RaContext *ctx, GError *error)
{
    if (error && !log_is_away("database"))
        log_error("not-done", error);
    if (error)
        (void)db_wait(ctx->db, 1000);
}

static int
live_on_jobs(gpointer data)
{
    g_autoptr(Settings) settings = NULL;
    g_autoptr(RaContext) ctx = begin(data, &settings);
    if (!ctx)
        return 1;
    listen_on(ctx, "inkan_job");
    while (!prefork_stopping()) {
        g_autoptr(GError) error = NULL;
        if (!ra_jobs_run_next(ctx, &error) && !error)
            (void)db_wait(ctx->db, IDLE_JOBS);
        bide(ctx, error);
    }
    return 0;
}

static int
live_on_mails(gpointer data)
{
    g_autoptr(Settings) settings = NULL;
    g_autoptr(RaContext) ctx = begin(data, &settings);
    g_autoptr(GError) why = NULL;
    g_autoptr(RaMailer) mailer = ctx ? ra_mailer_new(settings, &why) : NULL;
    if (!mailer) {
        log_error("start-failed", why);
        return 1;
    }
    listen_on(ctx, "inkan_mail");
    while (!prefork_stopping()) {
        g_autoptr(GError) error = NULL;
        if (!ra_mail_send_next(ctx, mailer, seconds_now(), &error) && !error)
            (void)db_wait(ctx->db, IDLE_MAIL);
        bide(ctx, error);
    }
    return 0;
}

static int
live_on_rounds(gpointer data)
{
    g_autoptr(Settings) settings = NULL;
    g_autoptr(RaContext) ctx = begin(data, &settings);
    gint64 last[RA_SWEEP_ROUNDS] = { 0 };
    if (!ctx)
        return 1;
    listen_on(ctx, "inkan_event"); /* something was done: it gets its place in the audit at once */
    while (!prefork_stopping()) {
        g_autoptr(GError) error = NULL;
        ra_sweep_due(ctx, seconds_now(), last, G_N_ELEMENTS(last));
        if (db_wait(ctx->db, IDLE_ROUNDS) && !ra_sweep_audit(ctx, &error) && !log_is_away("database"))
            log_error("audit-not-chained", error);
    }
    return 0;
}

/* The sources as the settings have them; what is wrong with one of them is said, the others work. */
static GPtrArray *
begin_sources(RaContext *ctx)
{
    g_autoptr(GError) wrong = NULL, away = NULL;
    GPtrArray *sources = ra_metadata_sources(ctx->settings, &wrong);
    if (wrong)
        log_error("settings-wrong", wrong);
    if (!wrong && !ra_metadata_settle(ctx, sources, &away) && !log_is_away("database"))
        log_error("metadata-not-settled", away);
    return sources;
}

/* A process of its own: a large aggregate takes its time. What others wrote is read by the opener's children. */
static int
live_on_metadata(gpointer data)
{
    g_autoptr(Settings) settings = NULL;
    g_autoptr(RaContext) ctx = begin(data, &settings);
    g_autoptr(SpOpener) opener = ctx ? sp_opener_connect(settings_text(settings, "worker", "opener_socket")) : NULL;
    if (!ctx)
        return 1;
    g_autoptr(GPtrArray) sources = begin_sources(ctx);
    listen_on(ctx, "inkan_idp"); /* an institution has another IdP: to be asked for by MDQ */
    while (!prefork_stopping()) {
        g_autoptr(GError) error = NULL;
        const struct ra_metadata_round round = { .ctx = ctx, .opener = opener, .sources = sources, .now = seconds_now() };
        if (ra_metadata_round(&round, &error) || error->domain != DB_ERROR)
            g_clear_error(&error); /* a failure of a source is logged and recorded there */
        (void)db_wait(ctx->db, IDLE_METADATA);
        bide(ctx, error);
    }
    return 0;
}

/* Apart from the metadata, because a logo may be on a server that hardly answers, and nobody waits for it. */
static int
live_on_logos(gpointer data)
{
    g_autoptr(Settings) settings = NULL;
    g_autoptr(RaContext) ctx = begin(data, &settings);
    g_autoptr(SpOpener) opener = ctx ? sp_opener_connect(settings_text(settings, "worker", "opener_socket")) : NULL;
    if (!ctx)
        return 1;
    while (!prefork_stopping()) {
        g_autoptr(GError) error = NULL;
        gboolean more = FALSE;
        if (!ra_logo_round(ctx, opener, &ra_logo_outside, seconds_now(), &more, &error) && !log_is_away("database"))
            log_error("logos-failed", error);
        if (!more)
            (void)db_wait(ctx->db, IDLE_LOGOS);
    }
    return 0;
}

/* Reads what the metadata and logo processes fetched; it knows nothing of us, no key either. */
static int
live_as_opener(gpointer data)
{
    return ra_opener_become("worker", data);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    setlocale(LC_CTYPE, "C.UTF-8");
    g_autofree char *file =
        ra_options_settings_file(argc, argv, "inkan-worker", "takes up jobs, sends mails, makes the rounds");
    g_autoptr(Settings) settings = settings_load(file, &error);
    if (!settings) {
        fprintf(stderr, "inkan-worker: %s\n", error->message);
        return 2;
    }
    log_setup("inkan-worker", ra_options_log_level(settings));
    g_autofree char *folder = g_build_filename(settings_text(settings, "service", "share"), "web", NULL);
    g_autoptr(Web) web = web_new(folder, &error);
    if (!web) {
        log_error("start-failed", error);
        return 2;
    }
    struct life life = { file, web };
    const struct prefork_kind kinds[] = {
        { "opener", 1, live_as_opener, file },
        { "jobs", (int)settings_number(settings, "worker", "processes"), live_on_jobs, &life },
        { "mails", (int)settings_number(settings, "worker", "mail_processes"), live_on_mails, &life },
        { "rounds", 1, live_on_rounds, &life },
        { "metadata", 1, live_on_metadata, &life },
        { "logos", 1, live_on_logos, &life },
    };
    return prefork_run(kinds, G_N_ELEMENTS(kinds), settings_text(settings, "worker", "pid_file"), DRAIN);
}
