/* status: what relying parties are told of a certificate. */
#include <stdio.h>
#include <string.h>

#include "ca/crl.h"
#include "ca/ocsp.h"
#include "db/status.h"
#include "ra/cli.h"

/* As it is written anywhere: with colons or spaces, in capitals, with 0x or zeros in front. NULL: no number. */
static char *
serial_of(const char *text)
{
    GString *serial = g_string_new(NULL);
    if (g_str_has_prefix(text, "0x") || g_str_has_prefix(text, "0X"))
        text += 2;
    for (; *text; text++) {
        if (g_ascii_isxdigit(*text))
            g_string_append_c(serial, g_ascii_tolower(*text));
        else if (!strchr(": -", *text))
            g_string_append_c(serial, '?');
    }
    if (serial->len % 2)
        g_string_prepend_c(serial, '0');
    while (serial->len > 38 && g_str_has_prefix(serial->str, "00"))
        g_string_erase(serial, 0, 2);
    gboolean ok = serial->len > 0 && serial->len <= 40 && !strchr(serial->str, '?');
    return g_string_free(serial, !ok);
}

static void
print_ocsp(Cli *cli, const DbStatusOf *status)
{
    static const char *const words[] = { [CA_OCSP_GOOD] = "good", [CA_OCSP_REVOKED] = "revoked", [CA_OCSP_UNKNOWN] = "unknown" };
    struct ca_ocsp_seen seen;
    if (!status->ocsp || !ca_ocsp_read(status->ocsp, &seen, NULL) || seen.refusal) {
        puts("  OCSP: no answer lies ready; it is signed when somebody asks");
        return;
    }
    g_autofree char *from = cli_time(cli, seen.times.this_update), *until = cli_time(cli, seen.times.next_update);
    printf("  OCSP: %s%s%s, signed %s, good until %s\n", words[seen.answer.status], seen.answer.status == CA_OCSP_REVOKED ? ", " : "",
           seen.answer.status == CA_OCSP_REVOKED ? ca_reason_name(seen.answer.reason) : "", from, until);
}

static void
print_crl(Cli *cli, const DbStatusOf *status)
{
    g_autofree char *from = cli_time(cli, status->crl_this), *until = cli_time(cli, status->crl_next);
    g_autofree char *full = cli_time(cli, status->full_this);
    if (!status->crl_number) {
        printf("  CRL: %s-%" G_GINT64_FORMAT ".crl is not published yet\n", status->issuer, status->shard);
        return;
    }
    printf("  CRL: %s-%" G_GINT64_FORMAT ".crl number %" G_GINT64_FORMAT " of %s, good until %s; full one number %" G_GINT64_FORMAT
           " of %s\n", status->issuer, status->shard, status->crl_number, from, until, status->full_number, full);
    if (status->reason && status->published)
        printf("  listed since CRL number %" G_GINT64_FORMAT "\n", status->published);
    else if (status->reason)
        puts("  not listed yet: inkan ca status says whether the signer answers");
}

static void
print_status(Cli *cli, const DbStatusOf *status)
{
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    g_autofree char *from = cli_time(cli, status->not_before), *until = cli_time(cli, status->not_after);
    g_autofree char *revoked = cli_time(cli, status->revoked_at);
    printf("%s of %s: %s%s\n  %s\n  request %" G_GINT64_FORMAT ", %s to %s\n", status->serial, status->issuer,
           status->reason ? "revoked, " : now > status->not_after ? "ended" : now < status->not_before ? "not valid yet" : "good",
           status->reason ? status->reason : "", status->subject, status->request, from, until);
    if (status->reason)
        printf("  revoked %s\n", revoked);
    print_crl(cli, status);
    print_ocsp(cli, status);
}

static int
status_show(Cli *cli, int argc, char **argv)
{
    GError *error = NULL;
    if (!cli_parse(cli, NULL, &argc, &argv, 1, 1))
        return CLI_USAGE;
    g_autofree char *serial = serial_of(argv[1]);
    if (!serial)
        return cli_fail(CLI_USAGE, "'%s' is no serial; allowed: up to 40 hexadecimal digits, with or without colons", argv[1]);
    g_autoptr(GPtrArray) found = db_status_of(cli_context(cli)->db, serial, &error);
    if (!found)
        return cli_error(error);
    if (found->len == 0)
        return cli_fail(CLI_NOT_FOUND, "no certificate of ours has the serial %s; OCSP answers 'unauthorized'", serial);
    for (guint i = 0; i < found->len; i++)
        print_status(cli, found->pdata[i]);
    return CLI_OK;
}

const struct command command_status[] = {
    { "status", "SERIAL", "what CRL and OCSP say of a certificate", status_show },
    { 0 },
};
