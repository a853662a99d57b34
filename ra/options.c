#include "ra/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
usage(FILE *out, const char *program, const char *does)
{
    fprintf(out, "usage: %s [-c FILE]\n\n%s %s.\nFILE: the settings (else the environment's INKAN_CONFIG, else %s).\n", program,
            program, does, RA_OPTIONS_DEFAULT_FILE);
}

char *
ra_options_settings_file(int argc, char **argv, const char *program, const char *does)
{
    const char *file = g_getenv("INKAN_CONFIG");
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            usage(stdout, program, does);
            exit(0);
        }
        if (strcmp(argv[i], "--version") == 0) {
            printf("%s %s\n", program, INKAN_VERSION);
            exit(0);
        }
        if (strcmp(argv[i], "-c") != 0 || i + 1 == argc) {
            usage(stderr, program, does);
            exit(2);
        }
        file = argv[++i];
    }
    return g_strdup(file && *file ? file : RA_OPTIONS_DEFAULT_FILE);
}

enum log_level
ra_options_log_level(const Settings *settings)
{
    static const char *const words[] = {
        [LOG_LEVEL_DEBUG] = "debug", [LOG_LEVEL_INFO] = "info", [LOG_LEVEL_WARNING] = "warning", [LOG_LEVEL_ERROR] = "error"
    };
    const char *word = settings_text(settings, "service", "log_level");
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (strcmp(words[i], word) == 0)
            return (enum log_level)i;
    return LOG_LEVEL_INFO;
}
