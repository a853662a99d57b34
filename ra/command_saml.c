/* saml metadata */
#include <stdio.h>

#include "ra/cli.h"
#include "ra/saml.h"

static int
saml_metadata(Cli *cli, int argc, char **argv)
{
    gboolean sign = FALSE;
    const GOptionEntry entries[] = {
        { "signed", 0, 0, G_OPTION_ARG_NONE, &sign, "with our signature, valid for 14 days", NULL },
        { 0 },
    };
    GError *error = NULL;
    if (!cli_parse(cli, entries, &argc, &argv, 0, 0))
        return CLI_USAGE;
    g_autoptr(SpService) service = ra_saml_service(cli_settings(cli), RA_SAML_SIGN, &error);
    const char *text = !service ? NULL
                       : sign   ? sp_service_metadata_signed(service, g_get_real_time() / G_USEC_PER_SEC, &error)
                                : sp_service_metadata(service);
    if (!text)
        return cli_error(error);
    fputs(text, stdout);
    return CLI_OK;
}

const struct command command_saml[] = {
    { "saml metadata", "[--signed]", "prints our own metadata, as /saml/metadata has it", saml_metadata },
    { 0 },
};
