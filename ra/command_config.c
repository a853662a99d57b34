/* config check, keys, secret */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ca/cms.h"
#include "ra/cli.h"
#include "ra/saml_rollover.h"
#include "ra/metadata_source.h"

static int
config_keys(Cli *cli, int argc, char **argv)
{
    if (!cli_parse(cli, NULL, &argc, &argv, 0, 0))
        return CLI_USAGE;
    g_autofree char *text = settings_describe();
    printf("%s", text);
    return CLI_OK;
}

static int
config_secret(Cli *cli, int argc, char **argv)
{
    if (!cli_parse(cli, NULL, &argc, &argv, 0, 0))
        return CLI_USAGE;
    g_autoptr(Secret) line = keyring_new_line(g_get_real_time() / G_USEC_PER_SEC);
    setvbuf(stdout, NULL, _IONBF, 0);
    fputs(secret_text(line), stdout);
    return CLI_OK;
}

/* One finding of the check: said, counted. */
static void
finding(int *wrong, const char *what, gboolean ok, const char *why)
{
    printf("%-9s %s%s%s\n", ok ? "ok" : "WRONG", what, why ? ": " : "", why ? why : "");
    *wrong += !ok;
}

static void
check_files(const Settings *s, int *wrong)
{
    static const struct { const char *group, *key; gboolean may_be_empty; } files[] = {
        { "service", "secret_file", FALSE },        { "saml", "signing_key", FALSE },
        { "saml", "signing_certificate", FALSE },   { "saml", "decryption_key", FALSE },
        { "saml", "decryption_certificate", FALSE },{ "saml", "metadata_certificate", TRUE },
        { "saml", "metadata_ca_file", TRUE },
        { "mail", "ca_file", TRUE },                { "mail", "password_file", TRUE },
        { "mail", "sign_key", TRUE },               { "mail", "sign_certificate", TRUE },
        { "signer", "passphrase_file", FALSE },     { "signer", "pkcs11_module", TRUE },
        { "signer", "pkcs11_pin_file", TRUE },
        { "pickup", "profile_key", TRUE },          { "pickup", "profile_certificate", TRUE },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        const char *file = settings_text(s, files[i].group, files[i].key);
        if (!*file && files[i].may_be_empty)
            continue;
        g_autofree char *what = g_strdup_printf("[%s] %s %s", files[i].group, files[i].key, file);
        gboolean there = access(file, F_OK) == 0;
        gboolean ours = there && access(file, R_OK) == 0;
        /* What belongs to another process's user may be hidden from whoever checks. */
        finding(wrong, what, there,
                there ? ours ? NULL : "not readable for this user; its process must be able to" : "there is no such file");
    }
}

/* [saml] sources: each item, and the certificate that it pins. */
static void
check_sources(const Settings *s, int *wrong)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(GPtrArray) sources = ra_metadata_sources(s, &why);
    if (why)
        finding(wrong, "[saml] sources", FALSE, why->message);
    for (guint i = 0; i < sources->len; i++) {
        const RaMetadataSource *source = sources->pdata[i];
        const char *file = source->certificate_file;
        g_autofree char *what = g_strdup_printf("[saml] sources %s %s", source->name, file);
        gboolean there = *file && access(file, F_OK) == 0;
        finding(wrong, what, there, there ? NULL : *file ? "there is no such file" : "pins no certificate; set metadata_certificate");
    }
}

static void
check_databases(const Settings *s, int *wrong)
{
    static const char *const roles[] = { "portal", "worker", "signer", "responder", "owner" };
    for (size_t i = 0; i < G_N_ELEMENTS(roles); i++) {
        g_autoptr(GError) why = NULL;
        const char *conninfo = settings_text(s, "database", roles[i]);
        g_autofree char *what = g_strdup_printf("[database] %s", roles[i]);
        g_autoptr(Db) db = db_new(conninfo);
        gboolean ok = *conninfo && db_connect(db, &why);
        finding(wrong, what, ok, ok ? "connects" : *conninfo ? why->message : "is empty");
    }
}

static void
check_words(const Settings *s, int *wrong)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(settings_text(s, "service", "time_zone"));
    finding(wrong, "[service] time_zone", zone != NULL,
            zone ? NULL : "is no time zone; allowed: names as in /usr/share/zoneinfo");
    g_autofree char *folder = g_build_filename(settings_text(s, "service", "share"), "web", NULL);
    g_autoptr(Web) web = web_new(folder, &why);
    finding(wrong, folder, web != NULL, web ? NULL : why->message);
    g_clear_error(&why);
    if (access(settings_text(s, "service", "secret_file"), R_OK) != 0)
        return; /* said above */
    g_autoptr(Keyring) keyring = keyring_load(settings_text(s, "service", "secret_file"), &why);
    finding(wrong, "the service secret", keyring != NULL, keyring ? NULL : why->message);
}

/* Keys and certificates fit together; who may not read the keys cannot say. */
static void
check_saml(const Settings *s, int *wrong)
{
    static const char *const files[] = { "signing_key", "signing_certificate", "decryption_key", "decryption_certificate" };
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
        if (access(settings_text(s, "saml", files[i]), R_OK) != 0)
            return; /* said above */
    g_autoptr(GError) why = NULL;
    g_autoptr(RaSamlRollover) keys = ra_saml_rollover_read(s, &why);
    finding(wrong, "[saml] keys and certificates", keys != NULL, keys ? "go together" : why->message);
}

/* A key with its certificate that the service signs with: tried, where both can be read. */
static void
check_pair(const Settings *s, const char *group, const char *key_name, const char *certificate_name, int *wrong)
{
    const char *key = settings_text(s, group, key_name), *certificate = settings_text(s, group, certificate_name);
    g_autofree char *what = g_strdup_printf("[%s] %s and %s", group, key_name, certificate_name);
    if (!*key && !*certificate)
        return;
    if (!*key || !*certificate) {
        finding(wrong, what, FALSE, "give both, or none");
        return;
    }
    if (access(key, R_OK) != 0 || access(certificate, R_OK) != 0)
        return; /* said above */
    g_autoptr(GError) why = NULL;
    g_autoptr(GBytes) nothing = g_bytes_new_static("", 0);
    g_autoptr(GBytes) signature = ca_cms_sign(nothing, key, certificate, g_get_real_time() / G_USEC_PER_SEC, &why);
    finding(wrong, what, signature != NULL, signature ? "go together" : why->message);
}

static int
config_check(Cli *cli, int argc, char **argv)
{
    gboolean quick = FALSE;
    const GOptionEntry entries[] = {
        { "syntax", 0, 0, G_OPTION_ARG_NONE, &quick, "only the settings file itself, without files and databases", NULL },
        { 0 },
    };
    if (!cli_parse(cli, entries, &argc, &argv, 0, 0))
        return CLI_USAGE;
    const Settings *s = cli_settings(cli); /* ends with file, key and what is allowed where something is wrong */
    int wrong = 0;
    finding(&wrong, cli_settings_file(cli), TRUE, "every key is known and every value allowed");
    if (!quick) {
        check_words(s, &wrong);
        check_files(s, &wrong);
        check_saml(s, &wrong);
        check_pair(s, "pickup", "profile_key", "profile_certificate", &wrong);
        check_pair(s, "mail", "sign_key", "sign_certificate", &wrong);
        check_sources(s, &wrong);
        check_databases(s, &wrong);
    }
    return wrong ? CLI_FAILED : CLI_OK;
}

const struct command command_config[] = {
    { "config check", "[--syntax]", "checks the settings file, the files it names and the databases", config_check },
    { "config keys", "", "lists every setting: default, what is allowed, what it is for", config_keys },
    { "config secret", "", "prints a new line for [service] secret_file (put it first in the file)", config_secret },
    { 0 },
};
