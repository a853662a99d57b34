/* statistics: the numbers by month, held against the rows they were counted from. */
#include <stdio.h>

#include "db/statistics.h"
#include "ra/cli.h"

static int
statistics_check(Cli *cli, int argc, char **argv)
{
    GError *error = NULL;
    if (!cli_parse(cli, NULL, &argc, &argv, 0, 0))
        return CLI_USAGE;
    g_auto(GStrv) differ = db_statistics_differences(cli_context(cli)->db, &error);
    if (!differ)
        return cli_error(error);
    for (char **line = differ; *line; line++)
        puts(*line);
    if (*differ)
        return cli_fail(CLI_FAILED, "%u numbers differ from the rows; inkan statistics rebuild counts them anew", g_strv_length(differ));
    puts("every number is what the rows say");
    return CLI_OK;
}

static int
statistics_rebuild(Cli *cli, int argc, char **argv)
{
    GError *error = NULL;
    if (!cli_parse(cli, NULL, &argc, &argv, 0, 0))
        return CLI_USAGE;
    gint64 n = db_statistics_rebuild(cli_context(cli)->db, &error);
    if (n < 0)
        return cli_error(error);
    printf("%" G_GINT64_FORMAT " numbers counted anew\n", n);
    return CLI_OK;
}

const struct command command_statistics[] = {
    { "statistics check", "", "holds the helpdesk's statistics against the rows, and names what differs", statistics_check },
    { "statistics rebuild", "", "counts the statistics anew, while everything runs", statistics_rebuild },
    { 0 },
};
