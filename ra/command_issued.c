/* ca block-key, ca reconcile: what the authority has issued, and must not issue again. */
#include <stdio.h>
#include <string.h>

#include "ca/spki.h"
#include "db/blocked.h"
#include "ra/cli.h"
#include "ra/reconcile.h"

/* WHAT: 64 hexadecimal digits are the hash itself, anything else names a file. */
static GBytes *
key_of(const char *what, GError **error)
{
    g_autoptr(GBytes) hash = strlen(what) == 64 ? crypto_unhex(what) : NULL;
    g_autofree char *bytes = NULL;
    gsize size;
    if (hash)
        return g_steal_pointer(&hash);
    if (!g_file_get_contents(what, &bytes, &size, error))
        return NULL;
    hash = ca_spki_hash(bytes, size, error);
    crypto_wipe(bytes, size); /* it may be a private key that leaked */
    return g_steal_pointer(&hash);
}

static gboolean
report_uses(Cli *cli, GBytes *key, GError **error)
{
    g_autoptr(GPtrArray) uses = db_blocked_uses(cli_context(cli)->db, key, error);
    for (guint i = 0; uses && i < uses->len; i++) {
        const DbKeyUse *use = uses->pdata[i];
        printf("  still valid: certificate %s of %s, request %" G_GINT64_FORMAT ": have its owner revoke it as compromised\n",
               use->serial, use->issuer, use->request);
    }
    return uses != NULL;
}

static int
block_key(Cli *cli, int argc, char **argv)
{
    g_autofree char *note = NULL;
    const GOptionEntry entries[] = {
        { "note", 0, 0, G_OPTION_ARG_STRING, &note, "why, for the audit (at most 200 characters)", "TEXT" },
        { 0 },
    };
    if (!cli_parse(cli, entries, &argc, &argv, 1, G_MAXINT))
        return CLI_USAGE;
    for (int i = 1; i < argc; i++) {
        GError *error = NULL;
        gboolean newly;
        g_autoptr(GBytes) key = key_of(argv[i], &error);
        if (!key) {
            int status = cli_fail(CLI_USAGE, "%s: %s", argv[i], error->message);
            g_error_free(error);
            return status;
        }
        g_autofree char *hex = crypto_hex(key);
        if (!db_blocked_add(cli_context(cli)->db, key, note ? note : "", &newly, &error))
            return cli_error(error);
        printf("%s %s\n", hex, newly ? "blocked" : "was blocked already");
        if (!report_uses(cli, key, &error))
            return cli_error(error);
    }
    return CLI_OK;
}

static void
say(const char *issuer, const char *serial, const char *what, gpointer data)
{
    (void)data;
    printf("%s %s: %s\n", issuer, serial, what);
}

static int
reconcile(Cli *cli, int argc, char **argv)
{
    g_auto(GStrv) logs = NULL;
    struct ra_reconcile run = { .say = say };
    const GOptionEntry entries[] = {
        { "log", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &logs, "a signer's log (default: [signer] log_file); may repeat, for all there are",
          "FILE" },
        { "mend", 0, 0, G_OPTION_ARG_NONE, &run.mend, "store as revoked what only a log has, revoke what was changed or forged", NULL },
        { 0 },
    };
    if (!cli_parse(cli, entries, &argc, &argv, 0, 0))
        return CLI_USAGE;
    const char *own[] = { settings_text(cli_settings(cli), "signer", "log_file"), NULL };
    GError *error = NULL;
    if (!ra_reconcile(cli_context(cli)->db, logs ? (const char *const *)logs : own, &run, &error))
        return cli_error(error);
    printf("%" G_GINT64_FORMAT " the same in log and table, %" G_GINT64_FORMAT " being stored, %" G_GINT64_FORMAT " differ", run.same,
           run.in_work, run.different);
    if (run.mend)
        printf(", of which mended: %" G_GINT64_FORMAT, run.mended);
    printf("\n");
    if (run.stuck > 0)
        printf("%" G_GINT64_FORMAT " intents are open for more than a minute: is the signer running that began them?\n", run.stuck);
    return run.different == run.mended && run.stuck == 0 ? CLI_OK : CLI_FAILED;
}

const struct command command_issued[] = {
    { "ca block-key", "FILE|SPKI-HASH … [--note TEXT]", "no certificate for that key any more, whoever asks", block_key },
    { "ca reconcile", "[--log FILE …] [--mend]", "holds the signer's log against the table of certificates", reconcile },
    { 0 },
};
