/* audit verify, audit export: that the events are as they were written, and all of them for others to check. */
#include <stdio.h>
#include <string.h>

#include "ca/certificate.h"
#include "db/institution.h"
#include "ra/audit.h"
#include "ra/cli.h"

#define CERTIFICATE_END "-----END CERTIFICATE-----"

/* GBytes *, DER, of a file of PEM certificates. */
static GPtrArray *
read_chain(const char *file, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GPtrArray) ders = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    if (!g_file_get_contents(file, &text, NULL, error))
        return NULL;
    for (char *at = text, *end; (end = strstr(at, CERTIFICATE_END)); at = end + strlen(CERTIFICATE_END)) {
        g_autoptr(CaCertificateInfo) info = ca_certificate_read(at, (gsize)(end - at) + strlen(CERTIFICATE_END), error);
        if (!info) {
            g_prefix_error(error, "%s: ", file);
            return NULL;
        }
        g_ptr_array_add(ders, g_bytes_ref(info->der));
    }
    if (ders->len > 0)
        return g_steal_pointer(&ders);
    g_set_error(error, CA_ERROR, CA_ERROR_INPUT, "%s: no certificate in PEM is in it", file);
    return NULL;
}

static void
say(const char *what, gpointer data)
{
    (void)data;
    printf("%s\n", what);
}

static void
report(const struct ra_audit_check *check)
{
    printf("%" G_GINT64_FORMAT " events, %" G_GINT64_FORMAT " signed heads, %" G_GINT64_FORMAT " heads in logs: %s\n",
           check->links, check->heads, check->logged, check->broken ? "BROKEN, see above" : "all as written");
    if (check->hash)
        printf("end: link %" G_GINT64_FORMAT ", hash %s\n", check->seq, check->hash);
    if (check->waiting > 0)
        printf("%" G_GINT64_FORMAT " events are not in the chain for more than a minute: is a worker running?\n", check->waiting);
}

static int
verify(Cli *cli, int argc, char **argv)
{
    g_auto(GStrv) logs = NULL;
    g_autofree char *chain = NULL;
    gboolean no_log = FALSE;
    GError *error = NULL;
    const GOptionEntry entries[] = {
        { "log", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &logs,
          "a signer's log (default: [signer] log_file); may repeat, for all there are", "FILE" },
        { "no-log", 0, 0, G_OPTION_ARG_NONE, &no_log,
          "without any: an end that was cut off together with its heads is not seen", NULL },
        { "ca", 0, 0, G_OPTION_ARG_FILENAME, &chain, "certificates to trust, PEM (default: the issuers in the database)", "FILE" },
        { 0 },
    };
    if (!cli_parse(cli, entries, &argc, &argv, 0, 0))
        return CLI_USAGE;
    const char *own[] = { no_log ? NULL : settings_text(cli_settings(cli), "signer", "log_file"), NULL };
    g_autoptr(GPtrArray) issuers = chain ? read_chain(chain, &error) : NULL;
    if (error)
        return cli_error(error);
    struct ra_audit_check check = { .logs = logs ? (const char *const *)logs : own, .issuers = issuers, .say = say };
    if (!ra_audit_verify(cli_context(cli)->db, &check, &error))
        return cli_error(error);
    g_autofree char *hash = check.hash;
    report(&check);
    return check.broken == 0 && check.waiting == 0 ? CLI_OK : CLI_FAILED;
}

/* --- export --------------------------------------------------------------------------------------------------------------- */

static void
write_line(const char *line, gpointer data)
{
    (void)data;
    fputs(line, stdout);
}

/* OTHERWISE where nothing is said. FALSE: TEXT is no moment. */
static gboolean
moment(Cli *cli, const char *text, gint64 otherwise, gint64 *at)
{
    *at = text ? cli_moment(cli, text) : otherwise;
    return *at != 0 || !text;
}

static int
run_export(Cli *cli, const char *institution, struct ra_audit_export *to)
{
    GError *error = NULL;
    if (institution) {
        g_autoptr(DbInstitution) row = db_institution_by_name(cli_context(cli)->db, institution, &error);
        if (error)
            return cli_error(error);
        if (!row)
            return cli_fail(CLI_NOT_FOUND, "there is no institution '%s'; see inkan institution list", institution);
        to->institution = row->id;
    }
    if (!ra_audit_export(cli_context(cli)->db, to, &error))
        return cli_error(error);
    return fflush(stdout) == 0 ? CLI_OK : cli_fail(CLI_FAILED, "not all could be written; is the disk full?");
}

static int
export(Cli *cli, int argc, char **argv)
{
    g_autofree char *from = NULL, *to = NULL, *institution = NULL, *format = NULL;
    const GOptionEntry entries[] = {
        { "format", 0, 0, G_OPTION_ARG_STRING, &format, "jsonl (default), which can be verified elsewhere, or tsv", "FORMAT" },
        { "from", 0, 0, G_OPTION_ARG_STRING, &from, "events from then on (YYYY-MM-DDTHH:MM or YYYY-MM-DD)", "WHEN" },
        { "to", 0, 0, G_OPTION_ARG_STRING, &to, "events before then", "WHEN" },
        { "institution", 0, 0, G_OPTION_ARG_STRING, &institution, "only its events", "NAME" },
        { 0 },
    };
    struct ra_audit_export what = { .write = write_line };
    if (!cli_parse(cli, entries, &argc, &argv, 0, 0))
        return CLI_USAGE;
    if (format && strcmp(format, "jsonl") != 0 && strcmp(format, "tsv") != 0)
        return cli_fail(CLI_USAGE, "--format is jsonl or tsv, not '%s'", format);
    if (!moment(cli, from, 0, &what.from) || !moment(cli, to, G_GINT64_CONSTANT(253402300799), &what.to))
        return cli_fail(CLI_USAGE, "--from and --to want YYYY-MM-DDTHH:MM or YYYY-MM-DD");
    what.tsv = format && strcmp(format, "tsv") == 0;
    return run_export(cli, institution, &what);
}

const struct command command_audit[] = {
    { "audit verify", "[--log FILE …] [--ca FILE]", "proves that no event was changed, taken away or slipped in", verify },
    { "audit export", "[--format jsonl|tsv] [--from WHEN] [--to WHEN] [--institution NAME]", "prints the events with their hashes",
      export },
    { 0 },
};
