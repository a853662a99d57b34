/* ca chain, ca status: what there is. How it comes about is in command_ceremony.c. */
#include <stdio.h>

#include "ca/client.h"
#include "db/issuer.h"
#include "ra/cli.h"
#include "ra/publish.h"

#define WARN_AHEAD (366 * 86400)

static gint64
seconds_now(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}

static void
print_crl(Cli *cli, RaContext *ctx, const char *issuer)
{
    g_autoptr(RaCrl) crl = ra_publish_crl(ctx, issuer, -1, NULL);
    g_autofree char *from = cli_time(cli, crl ? crl->this_update : 0);
    g_autofree char *until = cli_time(cli, crl ? crl->next_update : 0);
    if (crl)
        printf("  CRL %" G_GINT64_FORMAT " of %s, next before %s%s\n", crl->number, from, until,
               crl->next_update < seconds_now() ? " (OVERDUE: is the signer running?)" : "");
    else
        printf("  no CRL yet (the worker asks the signer for it)\n");
}

/* The last moment at which a certificate of MONTHS still ends before its issuer. */
static gint64
fits_until(gint64 issuer_end, gint64 months)
{
    g_autoptr(GDateTime) end = g_date_time_new_from_unix_utc(issuer_end);
    g_autoptr(GDateTime) last = g_date_time_add_months(end, -(int)months);
    g_autoptr(GDateTime) day = g_date_time_add_days(last, -1); /* a validity ends with its day */
    return g_date_time_to_unix(day);
}

static void
print_use(Cli *cli, const RaAuthority *a, const struct db_issuer_use *use)
{
    g_autofree char *from = cli_time(cli, use->from), *to = cli_time(cli, use->to);
    gint64 last = fits_until(a->not_after, use->months), now = seconds_now();
    g_autofree char *fits = cli_time(cli, last);
    if (!use->goes_on)
        printf("  issued %s until %s\n", use->profile, to);
    else if (!use->from)
        printf("  %s sleeps\n", use->profile);
    else
        printf("  %s %s%s%s%s%s\n", use->begun ? "issues" : "will issue", use->profile, use->begun ? "" : " from ",
               use->begun ? "" : from, use->to ? " until " : "", use->to ? to : "");
    if (use->goes_on && use->from && last < now)
        printf("    WARNING: it ends too early, since %s no certificate of %" G_GINT64_FORMAT " months is issued: see ca issue\n", fits,
               use->months);
    else if (use->goes_on && use->from && last - now < WARN_AHEAD)
        printf("    WARNING: from %s on a certificate of %" G_GINT64_FORMAT " months would end after it; ask for the next CA "
               "(inkan ca request)\n", fits, use->months);
}

/* What it issues, and whether anything of it is in people's hands. */
static gboolean
print_uses(Cli *cli, RaContext *ctx, const RaAuthority *a, GError **error)
{
    gint64 count, last;
    g_autoptr(GArray) uses = db_issuer_use(ctx->db, a->name, error);
    if (!uses || !db_issuer_in_force(ctx->db, a->name, &count, &last, error))
        return FALSE;
    for (guint i = 0; i < uses->len; i++)
        print_use(cli, a, &g_array_index(uses, struct db_issuer_use, i));
    g_autofree char *until = cli_time(cli, last);
    if (count > 0)
        printf("  %" G_GINT64_FORMAT " certificates in force, the last until %s: its key is needed until then\n", count, until);
    return TRUE;
}

static int
ca_chain(Cli *cli, int argc, char **argv)
{
    if (!cli_parse(cli, NULL, &argc, &argv, 0, 0))
        return CLI_USAGE;
    GError *error = NULL;
    g_autofree char *pem = ra_publish_chain(cli_context(cli), &error);
    if (!pem)
        return cli_error(error);
    if (!*pem)
        return cli_fail(CLI_REFUSED, "there is no authority yet; `inkan ca init` makes it");
    printf("%s", pem);
    return CLI_OK;
}

static int
ca_status(Cli *cli, int argc, char **argv)
{
    if (!cli_parse(cli, NULL, &argc, &argv, 0, 0))
        return CLI_USAGE;
    RaContext *ctx = cli_context(cli);
    GError *error = NULL;
    g_autoptr(GPtrArray) authorities = ra_publish_authorities(ctx, &error);
    if (!authorities)
        return cli_error(error);
    if (authorities->len == 0)
        return cli_fail(CLI_NOT_FOUND, "there is no authority yet; `inkan ca init` makes one");
    for (guint i = 0; i < authorities->len; i++) {
        const RaAuthority *a = authorities->pdata[i];
        g_autofree char *until = cli_time(cli, a->not_after);
        printf("%s  %s\n  %s, until %s\n  SHA-256 %s\n", a->name, a->subject, a->key_kind, until, a->fingerprint);
        print_crl(cli, ctx, a->name);
        if (a->parent && !print_uses(cli, ctx, a, &error))
            return cli_error(error);
    }
    gboolean answers = ca_client_ping(settings_text(cli_settings(cli), "signer", "socket"), &error);
    printf("signer: %s\n", answers ? "answers" : error->message);
    g_clear_error(&error);
    return CLI_OK;
}

const struct command command_ca[] = {
    { "ca chain", "", "prints all CA certificates in PEM, issuing ones first: what nginx and relying parties trust", ca_chain },
    { "ca list", "", "the same as ca status", ca_status },
    { "ca status", "", "shows the CAs: fingerprints, CRLs, what each issues and until when", ca_status },
    { 0 },
};
