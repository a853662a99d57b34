/* request list, request show, notices run */
#include <stdio.h>
#include <string.h>

#include "db/dashboard.h"
#include "db/event.h"
#include "db/outbox.h"
#include "db/request.h"
#include "ra/cli.h"
#include "ra/notices.h"
#include "ra/sweep.h"

static int
request_list(Cli *cli, int argc, char **argv)
{
    g_autofree char *state = NULL;
    gint64 before = 0;
    int limit = 50;
    const GOptionEntry entries[] = {
        { "state", 0, 0, G_OPTION_ARG_STRING, &state, "only those in it (applied, ready, collected, revoked …)", "STATE" },
        { "limit", 0, 0, G_OPTION_ARG_INT, &limit, "how many, 50 unless said", "N" },
        { "before", 0, 0, G_OPTION_ARG_INT64, &before, "numbers below N: the next page", "N" },
        { 0 },
    };
    GError *error = NULL;
    if (!cli_parse(cli, entries, &argc, &argv, 0, 0))
        return CLI_USAGE;
    g_autoptr(GPtrArray) rows = db_dashboard_of_all(cli_context(cli)->db, state, before, CLAMP(limit, 1, 10000), &error);
    if (!rows)
        return cli_error(error);
    for (guint i = 0; i < rows->len; i++) {
        const DbRequestRow *r = rows->pdata[i];
        g_autofree char *applied = cli_time(cli, r->applied_at);
        g_autofree char *until = cli_time(cli, r->not_after);
        printf("%" G_GINT64_FORMAT "\t%s %" G_GINT64_FORMAT "\t%s%s\tapplied %s\tuntil %s\t%s\n", r->number, r->type, r->months,
               r->state, r->locked ? " (locked)" : "", applied, until, r->memo);
    }
    return CLI_OK;
}

/* As far as the service can know: what the page's script says of itself is a claim. */
static const char *
maker(const char *key_origin)
{
    static const struct { const char *word, *says; } makers[] = {
        { "service", "the service" }, { "csr", "the person (a CSR)" }, { "browser", "the person's browser" }
    };
    for (gsize i = 0; i < G_N_ELEMENTS(makers); i++)
        if (g_strcmp0(key_origin, makers[i].word) == 0)
            return makers[i].says;
    return "unknown";
}

static void
print_request(Cli *cli, const DbRequest *r)
{
    g_autofree char *applied = cli_time(cli, r->applied_at);
    g_autofree char *from = cli_time(cli, r->not_before);
    g_autofree char *until = cli_time(cli, r->not_after);
    printf("request %" G_GINT64_FORMAT ": %s, %" G_GINT64_FORMAT " months, %s\n  %s <%s>, %s\n  applied %s, memo '%s'\n",
           r->number, r->type, r->months, r->state, r->display_name, r->mail, r->institution_name, applied, r->memo);
    if (*r->context || r->assurance[0]) {
        g_autofree char *at = cli_time(cli, r->authn_at);
        g_autofree char *values = g_strjoinv(" ", r->assurance);
        printf("  logged in by %s at %s%s%s\n", *r->context ? r->context : "–", at, *values ? ", assurance " : "", values);
    }
    if (r->serial)
        printf("  certificate %s of %s\n  %s\n  %s to %s%s%s\n  key %s, made by %s\n", r->serial, r->issuer, r->subject, from, until,
               r->reason ? ", revoked: " : "", r->reason ? r->reason : "", r->key_kind, maker(r->key_origin));
    else
        printf("  no certificate yet; planned: %s, until %s\n", r->planned_subject, until);
    if (r->pickup) {
        g_autofree char *made = cli_time(cli, r->made_at);
        g_autofree char *end = cli_time(cli, r->collected_at ? r->keep_until : r->expires_at);
        printf("  pickup of %s: %s, until %s\n", made,
               r->ended ? r->ended : r->locked_at ? "locked" : r->collected_at ? "collected" : "waits", end);
    }
}

static int
request_show(Cli *cli, int argc, char **argv)
{
    GError *error = NULL;
    gint64 number = 0;
    if (!cli_parse(cli, NULL, &argc, &argv, 1, 1))
        return CLI_USAGE;
    if (!g_ascii_string_to_signed(argv[1], 10, 1, G_MAXINT64, &number, NULL))
        return cli_fail(CLI_USAGE, "'%s' is no number of a request", argv[1]);
    Db *db = cli_context(cli)->db;
    g_autoptr(DbRequest) r = db_request_get(db, number, 0, &error);
    if (!r)
        return error ? cli_error(error) : cli_fail(CLI_NOT_FOUND, "there is no request %s", argv[1]);
    g_autoptr(GPtrArray) mails = db_outbox_states(db, number, 0, &error);
    g_autoptr(GPtrArray) events = mails ? db_event_of_request(db, number, 0, 500, &error) : NULL;
    if (!events)
        return cli_error(error);
    print_request(cli, r);
    for (guint i = mails->len; i > 0; i--) {
        const DbMailState *m = mails->pdata[i - 1];
        g_autofree char *at = cli_time(cli, m->sent_at ? m->sent_at : m->created_at);
        printf("  mail %s %s %s %s\n", at, m->event, m->state, m->error);
    }
    for (guint i = 0; i < events->len; i++) {
        const DbEvent *e = events->pdata[i];
        g_autofree char *at = cli_time(cli, e->at);
        printf("  %s %s by %s%s%s%s%s\n", at, e->what, e->actor, *e->address ? " from " : "", e->address,
               e->key_origin ? ", key made by " : "", e->key_origin ? maker(e->key_origin) : "");
    }
    return CLI_OK;
}

/* The rounds that go by days, for the day that is said: what the worker would do then. */
static int
notices_run(Cli *cli, int argc, char **argv)
{
    g_autofree char *at = NULL;
    gboolean pickups = FALSE;
    const GOptionEntry entries[] = {
        { "at", 0, 0, G_OPTION_ARG_STRING, &at, "as if it were then: YYYY-MM-DD or YYYY-MM-DDTHH:MM (default: now)", "DATE" },
        { "pickups", 0, 0, G_OPTION_ARG_NONE, &pickups,
          "also what ends with pickups: 'ends soon', lapsing, erasure, superseded ones", NULL },
        { 0 },
    };
    GError *error = NULL;
    if (!cli_parse(cli, entries, &argc, &argv, 0, 0))
        return CLI_USAGE;
    gint64 now = at ? cli_moment(cli, at) : g_get_real_time() / G_USEC_PER_SEC;
    if (now == 0)
        return cli_fail(CLI_USAGE, "--at %s is no date; allowed: YYYY-MM-DD or YYYY-MM-DDTHH:MM", at);
    RaContext *ctx = cli_context(cli);
    gint64 notices = ra_notices_run(ctx, now, &error);
    gint64 expired = notices < 0 ? -1 : ra_expire_run(ctx, now, &error);
    if (expired < 0 || (pickups && (!ra_sweep_ending(ctx, now, &error) || !ra_sweep_lapse(ctx, now, &error) ||
                                    !ra_sweep_erase(ctx, now, &error) || !ra_sweep_superseded(ctx, now, &error))))
        return cli_error(error);
    printf("%" G_GINT64_FORMAT " notices, %" G_GINT64_FORMAT " expired\n", notices, expired);
    return CLI_OK;
}

const struct command command_request[] = {
    { "request list", "[options]", "lists requests of all institutions, newest first", request_list },
    { "request show", "NUMBER", "shows one request with mails and history", request_show },
    { "notices run", "[--at DATE]", "queues renewal notices and ends what has expired, as of a day", notices_run },
    { 0 },
};
