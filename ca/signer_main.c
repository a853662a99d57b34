/* inkan-signer: the process that holds the CA keys; with --responder the one that answers OCSP, without any of them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ca/confine.h"
#include "ca/key.h"
#include "ca/responder.h"
#include "ca/signer.h"
#include "ca/wire.h"
#include "db/log.h"
#include "db/prefork.h"
#include "db/settings.h"

#define DRAIN 10
#define PIN_REFUSED 78 /* sysexits.h: EX_CONFIG; the unit does not start us again after it */

struct arguments {
    char *file;
    gboolean responder, version;
};

static gboolean
read_arguments(int *argc, char ***argv, struct arguments *arguments)
{
    const GOptionEntry entries[] = {
        { "config", 'c', 0, G_OPTION_ARG_FILENAME, &arguments->file, "settings file (else $INKAN_CONFIG)", "FILE" },
        { "responder", 0, 0, G_OPTION_ARG_NONE, &arguments->responder, "answer OCSP instead of signing", NULL },
        { "version", 0, 0, G_OPTION_ARG_NONE, &arguments->version, "print the version", NULL },
        { 0 },
    };
    g_autoptr(GOptionContext) context = g_option_context_new("- signs certificates and CRLs for Inkan");
    g_autoptr(GError) error = NULL;

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, argc, argv, &error)) {
        fprintf(stderr, "inkan-signer: %s\n", error->message);
        return FALSE;
    }
    if (!arguments->file)
        arguments->file = g_strdup(g_getenv("INKAN_CONFIG"));
    if (!arguments->file && !arguments->version)
        fprintf(stderr, "inkan-signer: no settings: give -c FILE or set INKAN_CONFIG\n");
    return arguments->file || arguments->version;
}

static enum log_level
level_of(const char *name)
{
    static const char *const names[] = { "debug", "info", "warning", "error" };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (strcmp(names[i], name) == 0)
            return (enum log_level)i;
    return LOG_LEVEL_INFO;
}

static int
try_tokens(const Settings *settings, const char *folder, const GPtrArray *names)
{
    const struct ca_token token = { settings_text(settings, "signer", "pkcs11_module"),
                                    settings_text(settings, "signer", "pkcs11_pin_file") };
    crypto_start();
    for (guint i = 0; i < names->len; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(CaSigningKey) key = ca_signing_key_find(folder, names->pdata[i], NULL, &token, &error);
        if (!key) {
            log_error("not-started", error);
            return g_error_matches(error, CA_ERROR, CA_ERROR_REFUSED) ? PIN_REFUSED : 1;
        }
    }
    return 0;
}

/* Keys in tokens are tried before anything is, by a process that ends: no child begins with what a module left in its parent. */
static int
tokens_open(const Settings *settings)
{
    const char *folder = settings_text(settings, "signer", "keys");
    g_autoptr(GPtrArray) names = ca_signing_keys_in_tokens(folder);
    int status = 0;
    if (names->len == 0)
        return 0;
    pid_t pid = fork();
    if (pid == 0)
        _exit(try_tokens(settings, folder, names));
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int
run(const struct arguments *arguments, const Settings *settings)
{
    g_autoptr(GError) error = NULL;
    const char *group = arguments->responder ? "responder" : "signer";
    int listening = wire_listen(settings_text(settings, group, "socket"), 0660, &error);
    if (listening < 0) {
        log_error("not-started", error);
        return 1;
    }
    struct signer_process signer = { arguments->file, listening };
    struct responder_process responder = { arguments->file, listening };
    const struct prefork_kind kind = {
        .name = group,
        .count = arguments->responder ? 1 : (int)settings_number(settings, "signer", "processes"),
        .run = arguments->responder ? responder_run : signer_run,
        .data = arguments->responder ? (gpointer)&responder : (gpointer)&signer,
    };
    int status = prefork_run(&kind, 1, settings_text(settings, group, "pid_file"), DRAIN);
    close(listening); /* the path stays: another master may have taken it already */
    return status;
}

int
main(int argc, char **argv)
{
    struct arguments arguments = { 0 };
    g_autoptr(GError) error = NULL;

    if (!read_arguments(&argc, &argv, &arguments))
        return 2;
    if (arguments.version) {
        printf("inkan-signer %s\n", INKAN_VERSION);
        return 0;
    }
    ca_confine_start();
    g_autofree char *file = arguments.file;
    g_autoptr(Settings) settings = settings_load(file, &error);
    const char *name = arguments.responder ? "inkan-responder" : "inkan-signer";
    log_setup(name,
              settings ? level_of(settings_text(settings, "service", "log_level")) : LOG_LEVEL_INFO);
    struct signer_peers peers;
    if (!settings || !signer_peers_read(settings, &peers, &error) || !ca_confine_wide(name, &error)) {
        log_error("not-started", error);
        return 1;
    }
    int closed = arguments.responder ? 0 : tokens_open(settings);
    return closed ? closed : run(&arguments, settings);
}
