/*
 * inkan: the operator's command.
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/error.h"
#include "db/log.h"
#include "ra/cli.h"
#include "ra/error.h"
#include "ra/options.h"

struct cli {
    char *file;
    Settings *settings;
    RaContext *ctx;
    const struct command *command;
};

static const struct command *const groups[] = { command_migrate, command_ceremony, command_ca, command_issued, command_institution,
                                                command_metadata, command_status, command_statistics,
                                                command_profile, command_request, command_audit,
                                                command_saml, command_config };

/* --- what commands share (ra/cli.h) --------------------------------------------------------------------------------------- */

int
cli_fail(enum cli_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *sentence = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    fprintf(stderr, "inkan: %s\n", sentence);
    return (int)status;
}

static enum cli_status
status_of(const GError *error)
{
    if (error->domain == SETTINGS_ERROR)
        return CLI_USAGE;
    if (g_error_matches(error, RA_ERROR, RA_ERROR_NOT_FOUND))
        return CLI_NOT_FOUND;
    if (g_error_matches(error, DB_ERROR, DB_ERROR_REFUSED) || g_error_matches(error, DB_ERROR, DB_ERROR_CONFLICT) ||
        g_error_matches(error, RA_ERROR, RA_ERROR_REFUSED) || g_error_matches(error, RA_ERROR, RA_ERROR_CONFLICT) ||
        g_error_matches(error, RA_ERROR, RA_ERROR_INPUT))
        return CLI_REFUSED;
    if (g_error_matches(error, CA_ERROR, CA_ERROR_REFUSED) || g_error_matches(error, CA_ERROR, CA_ERROR_INPUT))
        return CLI_REFUSED;
    return CLI_FAILED;
}

int
cli_error(GError *error)
{
    g_autoptr(GError) mine = error;
    return cli_fail(status_of(mine), "%s", mine->message);
}

const Settings *
cli_settings(Cli *cli)
{
    g_autoptr(GError) error = NULL;
    if (!cli->settings)
        cli->settings = settings_load(cli->file, &error);
    if (!cli->settings)
        exit(cli_fail(CLI_USAGE, "%s", error->message));
    return cli->settings;
}

const char *
cli_settings_file(const Cli *cli)
{
    return cli->file;
}

RaContext *
cli_context(Cli *cli)
{
    g_autoptr(GError) error = NULL;
    if (!cli->ctx)
        cli->ctx = ra_context_new(cli_settings(cli), "owner", FALSE, &error);
    if (!cli->ctx || !db_connect(cli->ctx->db, &error))
        exit(cli_fail(CLI_FAILED, "%s ([database] owner in %s)", error->message, cli->file));
    return cli->ctx;
}

gboolean
cli_parse(const Cli *cli, const GOptionEntry *entries, int *argc, char ***argv, int least, int most)
{
    static const GOptionEntry none[] = { { 0 } };
    g_autoptr(GError) error = NULL;
    GOptionContext *context = g_option_context_new(NULL);
    g_autofree char *summary =
        g_strdup_printf("inkan %s %s\n\n%s.", cli->command->name, cli->command->arguments, cli->command->summary);
    g_option_context_set_summary(context, summary);
    g_option_context_add_main_entries(context, entries ? entries : none, NULL);
    gboolean ok = g_option_context_parse(context, argc, argv, &error);
    g_option_context_free(context);
    if (ok && *argc - 1 >= least && *argc - 1 <= most)
        return TRUE;
    fprintf(stderr, "inkan: %s\nusage: inkan %s %s   (inkan %s --help says more)\n",
            ok ? "wrong number of arguments" : error->message, cli->command->name, cli->command->arguments, cli->command->name);
    return FALSE;
}

static GTimeZone *
zone_of(Cli *cli)
{
    GTimeZone *zone = g_time_zone_new_identifier(settings_text(cli_settings(cli), "service", "time_zone"));
    return zone ? zone : g_time_zone_new_utc();
}

char *
cli_time(Cli *cli, gint64 seconds)
{
    g_autoptr(GTimeZone) zone = zone_of(cli);
    g_autoptr(GDateTime) utc = seconds ? g_date_time_new_from_unix_utc(seconds) : NULL;
    g_autoptr(GDateTime) local = utc ? g_date_time_to_timezone(utc, zone) : NULL;
    return local ? g_date_time_format(local, "%Y-%m-%d %H:%M %Z") : g_strdup("–");
}

gint64
cli_moment(Cli *cli, const char *text)
{
    g_autoptr(GTimeZone) zone = zone_of(cli);
    g_autofree char *whole = strlen(text) == 10 ? g_strconcat(text, "T12:00:00", NULL)
                             : strlen(text) == 16 ? g_strconcat(text, ":00", NULL) : g_strdup(text);
    g_autoptr(GDateTime) moment = g_date_time_new_from_iso8601(whole, zone);
    return moment ? g_date_time_to_unix(moment) : 0;
}

static Secret *
first_line(FILE *in)
{
    char line[1024];
    Secret *secret = NULL;
    if (fgets(line, sizeof line, in)) {
        line[strcspn(line, "\r\n")] = '\0';
        secret = *line ? secret_from_text(line) : NULL;
    }
    crypto_wipe(line, sizeof line);
    return secret;
}

Secret *
cli_secret_line(const char *what)
{
    setvbuf(stdin, NULL, _IONBF, 0); /* no copy in a buffer of stdio */
    Secret *secret = first_line(stdin);
    if (!secret)
        cli_fail(CLI_USAGE, "give the %s as one line on standard input", what);
    return secret;
}

Secret *
cli_secret_file(const char *file, GError **error)
{
    FILE *in = fopen(file, "re");
    if (in)
        setvbuf(in, NULL, _IONBF, 0);
    Secret *secret = in ? first_line(in) : NULL;
    if (!secret)
        g_set_error(error, SETTINGS_ERROR, SETTINGS_ERROR_FILE, "%s: %s", file, in ? "is empty" : "cannot be read");
    if (in)
        fclose(in);
    return secret;
}

/* --- the table of tables -------------------------------------------------------------------------------------------------- */

static void
print_help(FILE *out)
{
    fprintf(out, "usage: inkan [-c FILE] COMMAND …\n\n");
    for (size_t g = 0; g < G_N_ELEMENTS(groups); g++)
        for (const struct command *c = groups[g]; c->name; c++)
            fprintf(out, "  %-22s %s\n", c->name, c->summary);
    fprintf(out, "  %-22s %s\n  %-22s %s\n", "help", "this", "version", "which version this is");
    fprintf(out,
            "\nFILE: the settings (else the environment's INKAN_CONFIG, else %s).\n"
            "`inkan COMMAND --help` explains a command. Exit status: 0 done, 1 something is away or broken, 2 wrong command\n"
            "line or settings, 3 not found, 4 refused by a rule.\n",
            RA_OPTIONS_DEFAULT_FILE);
}

/* The commands that begin with WORD, where there are such. */
static gboolean
print_group(const char *word)
{
    gsize n = strlen(word);
    gboolean found = FALSE;
    for (size_t g = 0; g < G_N_ELEMENTS(groups); g++)
        for (const struct command *c = groups[g]; c->name; c++) {
            if (strncmp(c->name, word, n) != 0 || c->name[n] != ' ')
                continue;
            if (!found)
                fprintf(stderr, "usage:\n");
            fprintf(stderr, "  inkan %s %s\n      %s\n", c->name, c->arguments, c->summary);
            found = TRUE;
        }
    return found;
}

/* How many words of ARGV the name of C takes up; 0: it is not C. */
static int
words_matched(const struct command *c, int argc, char **argv)
{
    g_auto(GStrv) words = g_strsplit(c->name, " ", -1);
    int n = (int)g_strv_length(words);
    for (int i = 0; i < n; i++)
        if (i >= argc || strcmp(words[i], argv[i]) != 0)
            return 0;
    return n;
}

static int
run(Cli *cli, int argc, char **argv)
{
    for (size_t g = 0; g < G_N_ELEMENTS(groups); g++)
        for (const struct command *c = groups[g]; c->name; c++) {
            int n = words_matched(c, argc, argv);
            if (n == 0)
                continue;
            cli->command = c;
            argv[n - 1] = (char *)c->name;
            return c->run(cli, argc - n + 1, argv + n - 1);
        }
    g_autofree char *said = g_strjoinv(" ", argv);
    if (!print_group(argv[0]))
        print_help(stderr);
    return cli_fail(CLI_USAGE, "'%s' is no command; those above are", said);
}

/* -c FILE before the command. Returns how many arguments it took, or -1. */
static int
take_file(Cli *cli, int argc, char **argv)
{
    const char *file = g_getenv("INKAN_CONFIG");
    int taken = 0;
    if (argc > 0 && strcmp(argv[0], "-c") == 0) {
        if (argc < 2)
            return -1;
        file = argv[1];
        taken = 2;
    }
    cli->file = g_strdup(file && *file ? file : RA_OPTIONS_DEFAULT_FILE);
    return taken;
}

static int
dispatch(Cli *cli, int argc, char **argv)
{
    int taken = take_file(cli, argc, argv);
    if (taken < 0 || argc == taken) {
        print_help(stderr);
        return CLI_USAGE;
    }
    argc -= taken;
    argv += taken;
    if (strcmp(argv[0], "help") == 0 || strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0) {
        print_help(stdout);
        return CLI_OK;
    }
    if (strcmp(argv[0], "version") == 0 || strcmp(argv[0], "--version") == 0) {
        printf("inkan %s\n", INKAN_VERSION);
        return CLI_OK;
    }
    return run(cli, argc, argv);
}

int
main(int argc, char **argv)
{
    Cli cli = { 0 };
    setlocale(LC_CTYPE, "C.UTF-8");
    log_setup("inkan", LOG_LEVEL_WARNING);
    crypto_start();
    int status = dispatch(&cli, argc - 1, argv + 1);
    ra_context_free(cli.ctx);
    settings_free(cli.settings);
    g_free(cli.file);
    return status;
}
