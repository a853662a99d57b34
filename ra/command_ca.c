/* ca init, ca root-crl, ca status */
#include <stdio.h>

#include "ca/ceremony.h"
#include "ca/client.h"
#include "ra/cli.h"
#include "ra/publish.h"

static gint64
seconds_now(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}

static gboolean
kind_of(const char *name, enum ca_key_kind *kind)
{
    if (!name || ca_key_kind_parse(name, kind))
        return TRUE;
    cli_fail(CLI_USAGE, "'%s' is no kind of key; allowed: rsa2048, rsa3072, rsa4096, p256, p384", name);
    return FALSE;
}

/* The parts of a plan that the settings give; PASSPHRASE is the caller's. */
static Secret *
fill_plan(Cli *cli, struct ceremony_plan *plan)
{
    const Settings *s = cli_settings(cli);
    GError *error = NULL;
    ceremony_defaults(plan);
    plan->keys = settings_text(s, "signer", "keys");
    plan->token.module = settings_text(s, "signer", "pkcs11_module");
    plan->token.pin_file = settings_text(s, "signer", "pkcs11_pin_file");
    plan->publish_url = settings_text(s, "service", "publish_url");
    plan->time_zone = settings_text(s, "service", "time_zone");
    plan->now = seconds_now();
    Secret *passphrase = cli_secret_file(settings_text(s, "signer", "passphrase_file"), &error);
    if (!passphrase)
        cli_error(error);
    plan->passphrase = passphrase;
    return passphrase;
}

static int
ca_init(Cli *cli, int argc, char **argv)
{
    g_autofree char *country = NULL, *organization = NULL, *name = NULL, *root_keys = NULL, *root_kind = NULL, *kind = NULL;
    g_auto(GStrv) client_policies = NULL, smime_policies = NULL;
    int root_years = 0, years = 0;
    const GOptionEntry entries[] = {
        { "name", 0, 0, G_OPTION_ARG_STRING, &name, "begins the CAs' common names (default Inkan)", "NAME" },
        { "country", 0, 0, G_OPTION_ARG_STRING, &country, "C of the CAs' subjects", "CC" },
        { "organization", 0, 0, G_OPTION_ARG_STRING, &organization, "O of the CAs' subjects", "TEXT" },
        { "root-keys", 0, 0, G_OPTION_ARG_FILENAME, &root_keys, "folder of the root's key, on a medium that is taken away",
          "FOLDER" },
        { "root-key", 0, 0, G_OPTION_ARG_STRING, &root_kind, "kind of the root's key (default p384)", "KIND" },
        { "key", 0, 0, G_OPTION_ARG_STRING, &kind, "kind of the issuing CAs' keys (default p256)", "KIND" },
        { "root-years", 0, 0, G_OPTION_ARG_INT, &root_years, "validity of the root (default 25)", "YEARS" },
        { "years", 0, 0, G_OPTION_ARG_INT, &years, "validity of the issuing CAs (default 15)", "YEARS" },
        { "client-policy", 0, 0, G_OPTION_ARG_STRING_ARRAY, &client_policies,
          "certificate policy of client certificates; may repeat", "OID" },
        { "smime-policy", 0, 0, G_OPTION_ARG_STRING_ARRAY, &smime_policies,
          "certificate policy of S/MIME certificates; may repeat", "OID" },
        { 0 },
    };
    if (!cli_parse(cli, entries, &argc, &argv, 0, 0))
        return CLI_USAGE;
    struct ceremony_plan plan;
    g_autoptr(Secret) passphrase = fill_plan(cli, &plan);
    if (!passphrase || !kind_of(root_kind, &plan.root_kind) || !kind_of(kind, &plan.issuing_kind))
        return CLI_USAGE;
    plan.root_keys = root_keys;
    plan.country = country;
    plan.organization = organization;
    plan.name = name ? name : plan.name;
    plan.root_years = root_years ? root_years : plan.root_years;
    plan.issuing_years = years ? years : plan.issuing_years;
    plan.client_policies = (const char *const *)client_policies;
    plan.smime_policies = (const char *const *)smime_policies;
    GError *error = NULL;
    g_autofree char *report = ceremony_init(cli_context(cli)->db, &plan, &error);
    if (!report && g_error_matches(error, CA_ERROR, CA_ERROR_REFUSED)) {
        g_clear_error(&error);
        return cli_fail(CLI_REFUSED, "there is an authority already (`inkan ca status` shows it); nothing was changed");
    }
    if (!report)
        return cli_error(error);
    printf("%s", report);
    return CLI_OK;
}

static int
ca_root_crl(Cli *cli, int argc, char **argv)
{
    g_autofree char *root_keys = NULL;
    const GOptionEntry entries[] = {
        { "root-keys", 0, 0, G_OPTION_ARG_FILENAME, &root_keys, "folder of the root's key", "FOLDER" },
        { 0 },
    };
    if (!cli_parse(cli, entries, &argc, &argv, 0, 0))
        return CLI_USAGE;
    struct ceremony_plan plan;
    g_autoptr(Secret) passphrase = fill_plan(cli, &plan);
    if (!passphrase)
        return CLI_USAGE;
    plan.root_keys = root_keys;
    GError *error = NULL;
    if (!ceremony_root_crl(cli_context(cli)->db, &plan, &error))
        return cli_error(error);
    printf("the root has a new CRL, good for a year\n");
    return CLI_OK;
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
    }
    gboolean answers = ca_client_ping(settings_text(cli_settings(cli), "signer", "socket"), &error);
    printf("signer: %s\n", answers ? "answers" : error->message);
    g_clear_error(&error);
    return CLI_OK;
}

const struct command command_ca[] = {
    { "ca init", "[options]", "makes the root and the issuing CAs, locked by [signer] passphrase_file", ca_init },
    { "ca chain", "", "prints all CA certificates in PEM, issuing ones first: what nginx and relying parties trust", ca_chain },
    { "ca root-crl", "[options]", "makes a new CRL of the root (needs the root's key), once a year", ca_root_crl },
    { "ca status", "", "shows the CAs with fingerprints and CRLs", ca_status },
    { 0 },
};
