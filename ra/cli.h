/*
 * cli: what the commands of `inkan` share. Each command is a row of a table in its group's file ra/command_GROUP.c.
 */
#ifndef RA_CLI_H
#define RA_CLI_H

#include "db/db.h"
#include "db/settings.h"
#include "ra/context.h"

/* Exit statuses, also in `inkan help`. */
enum cli_status {
    CLI_OK = 0,
    CLI_FAILED = 1,    /* something is away or broken; said on stderr, with what to do */
    CLI_USAGE = 2,     /* the command line or the settings are wrong */
    CLI_NOT_FOUND = 3, /* what was asked for is not there */
    CLI_REFUSED = 4,   /* a rule says no; nothing was changed */
};

typedef struct cli Cli;

struct command {
    const char *name;      /* "institution add" */
    const char *arguments; /* "NAME [options]" for the usage line */
    const char *summary;   /* one line */
    int (*run)(Cli *cli, int argc, char **argv); /* argv[0] is the command's name; options are the command's own */
};

extern const struct command command_migrate[], command_ca[], command_institution[], command_metadata[], command_config[],
    command_profile[], command_request[], command_saml[], command_issued[], command_audit[], command_status[], command_statistics[],
    command_ceremony[]; /* each ends with a row without a name */

/* Loaded on first use; on failure the process ends with CLI_USAGE and a sentence. */
const Settings *cli_settings(Cli *cli);
const char *cli_settings_file(const Cli *cli);
/* As the owner of the tables; connected, or the process ends with CLI_FAILED and a sentence. */
RaContext *cli_context(Cli *cli);

/* Parses the options of ENTRIES (G_OPTION_… as in GLib) out of ARGV, in place; --help prints and ends the process. LEAST and
   MOST: how many arguments must remain. FALSE: usage was printed. */
gboolean cli_parse(const Cli *cli, const GOptionEntry *entries, int *argc, char ***argv, int least, int most);

/* Prints "inkan: SENTENCE" and returns STATUS. */
int cli_fail(enum cli_status status, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* The same from ERROR (freed), the status by its domain and code. */
int cli_error(GError *error);

/* The day and minute of SECONDS in the service's zone, "2026-11-24 17:15 JST"; "–" for 0. The caller's. */
char *cli_time(Cli *cli, gint64 seconds);
/* YYYY-MM-DD (noon) or YYYY-MM-DDTHH:MM[:SS] in the service's zone, or with its own offset. 0: not such a thing. */
gint64 cli_moment(Cli *cli, const char *text);

/* The first line of standard input, without its end; NULL and a sentence where it is empty. */
Secret *cli_secret_line(const char *what);
/* The first line of FILE as a secret; NULL with ERROR. */
Secret *cli_secret_file(const char *file, GError **error);

#endif
