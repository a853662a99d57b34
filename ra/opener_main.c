/* inkan-opener: what a master's "opener" process becomes (ra/opener.h); nobody else starts it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "db/log.h"
#include "db/prefork.h"
#include "ra/options.h"
#include "ra/saml.h"
#include "sp/opener.h"

static SpService *
decrypting_service(gpointer data, GError **error)
{
    g_autoptr(Settings) settings = settings_load(data, error);
    return settings ? ra_saml_service(settings, RA_SAML_DECRYPT, error) : NULL;
}

/* The portal's children know our names and decryption keys; the worker's nothing. */
static const struct { const char *whose; SpOpenerMake make; } kinds[] = {
    { "portal", decrypting_service },
    { "worker", NULL },
};

static int
run(const char *whose, char *file)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Settings) settings = settings_load(file, &error);
    if (!settings) {
        log_error("settings", error);
        return 1;
    }
    log_setup("inkan-opener", ra_options_log_level(settings));
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (strcmp(kinds[i].whose, whose) == 0)
            return sp_opener_run(settings_text(settings, whose, "opener_socket"), kinds[i].make, file);
    return 2;
}

int
main(int argc, char **argv)
{
    if (argc != 4 || strcmp(argv[1], "-c") != 0) {
        fputs("usage: inkan-opener -c FILE portal|worker (inkan-portal and inkan-worker start it)\n", stderr);
        return 2;
    }
    prefork_adopt();
    log_setup("inkan-opener", LOG_LEVEL_INFO);
    return run(argv[3], argv[2]);
}
