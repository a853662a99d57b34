/* saml metadata, status, rollover */
#include <stdio.h>
#include <string.h>

#include "ra/cli.h"
#include "ra/error.h"
#include "ra/fetch.h"
#include "ra/saml.h"
#include "ra/saml_rollover.h"

#define METADATA_MOST (1024 * 1024)
#define FETCH_SECONDS 20
#define NOTICED_SECONDS 3 /* in which a portal has noticed new files; it looks once a second */

static gint64
seconds_now(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}

/* --- metadata ------------------------------------------------------------------------------------------------------------- */

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
                       : sign   ? sp_service_metadata_signed(service, seconds_now(), &error)
                                : sp_service_metadata(service);
    if (!text)
        return cli_error(error);
    fputs(text, stdout);
    return CLI_OK;
}

/* --- status ------------------------------------------------------------------------------------------------------------------- */

static void
print_entry(Cli *cli, const RaSamlEntry *entry, gboolean has_key)
{
    g_autofree char *since = cli_time(cli, entry->since), *end = cli_time(cli, entry->info->not_after);
    printf("  %-7s %s\n          %s, until %.10s, since %s%s\n", ra_saml_mark_name(entry->mark), entry->info->fingerprint,
           entry->info->key, end, since, has_key ? "" : "; ITS KEY IS NOT HERE");
}

static gboolean
has_key(const struct ra_saml_role *role, GBytes *key_id)
{
    for (guint i = 0; i < role->keys->len; i++)
        if (g_bytes_equal(((const RaSamlEntry *)role->keys->pdata[i])->key_id, key_id))
            return TRUE;
    return FALSE;
}

static gboolean
has_certificate(const struct ra_saml_role *role, GBytes *key_id)
{
    for (guint i = 0; i < role->certificates->len; i++)
        if (g_bytes_equal(((const RaSamlEntry *)role->certificates->pdata[i])->key_id, key_id))
            return TRUE;
    return FALSE;
}

static void
print_role(Cli *cli, const struct ra_saml_role *role)
{
    int hidden = 0;
    printf("%s (%s, %s)\n", role->name, role->key_file, role->certificate_file);
    for (guint i = 0; i < role->certificates->len; i++) {
        const RaSamlEntry *entry = role->certificates->pdata[i];
        print_entry(cli, entry, has_key(role, entry->key_id));
    }
    for (guint i = 0; i < role->keys->len; i++)
        hidden += !has_certificate(role, ((const RaSamlEntry *)role->keys->pdata[i])->key_id);
    if (hidden)
        printf("  and %d key%s whose certificate is not published\n", hidden, hidden > 1 ? "s" : "");
}

static void
print_phase(Cli *cli, const RaSamlRollover *r)
{
    g_autofree char *since = cli_time(cli, r->since), *due = cli_time(cli, ra_saml_rollover_due(r));
    switch (r->phase) {
    case RA_SAML_QUIET:
        puts("no change of keys is under way");
        break;
    case RA_SAML_PREPARED:
        puts("new keys are prepared and not published; next: rollover start");
        break;
    case RA_SAML_STARTED:
        printf("a change was started %s; next: rollover switch, from %s on\n", since, due);
        break;
    case RA_SAML_SWITCHED:
        printf("the new keys are in use since %s; next: rollover finish, from %s on\n", since, due);
        break;
    }
}

/* The fingerprints of all X509Certificate elements. No parser is needed to find base64 between two words, and whatever else a
   server may answer is only counted. */
static GHashTable *
fingerprints_in(GBytes *metadata)
{
    GHashTable *set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    gsize n = 0;
    const char *bytes = g_bytes_get_data(metadata, &n);
    g_autofree char *text = g_strndup(bytes, n);
    g_auto(GStrv) parts = g_strsplit(text, "X509Certificate>", -1);
    for (guint i = 1; parts[0] && parts[i]; i += 2) { /* inside, between, inside, … */
        gsize length = 0;
        g_autofree guchar *der = g_base64_decode(parts[i], &length);
        char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, der, length);
        g_hash_table_add(set, sum);
    }
    return set;
}

/* Says what is published and should not be, or the other way round; how many such. */
static int
compare(const RaSamlRollover *r, GHashTable *published)
{
    int differ = 0;
    for (int i = 0; i < RA_SAML_ROLES; i++)
        for (guint c = 0; c < r->roles[i].certificates->len; c++) {
            const RaSamlEntry *entry = r->roles[i].certificates->pdata[c];
            if (g_hash_table_remove(published, entry->info->fingerprint))
                continue;
            printf("  NOT PUBLISHED: %s (%s, %s)\n", entry->info->fingerprint, r->roles[i].name, ra_saml_mark_name(entry->mark));
            differ++;
        }
    GHashTableIter iter;
    gpointer other;
    g_hash_table_iter_init(&iter, published);
    for (; g_hash_table_iter_next(&iter, &other, NULL); differ++)
        printf("  PUBLISHED, BUT IN NO FILE HERE: %s\n", (const char *)other);
    return differ;
}

static int
check_published(const RaSamlRollover *r, const char *url, const char *ca_file)
{
    GError *error = NULL;
    const struct ra_fetch what = { .url = url, .most = METADATA_MOST, .seconds = FETCH_SECONDS, .redirects = 0, .inside = TRUE,
                                   .ca_file = ca_file };
    g_autoptr(GBytes) metadata = ra_fetch(&what, &error);
    if (!metadata) {
        fflush(stdout);
        int status = cli_error(error);
        fprintf(stderr, "inkan: the above is what the files say; what is published could not be compared. --ca-file FILE where the "
                        "portal's CA is not a public one, --url URL where it is reached elsewhere, --offline to leave it out\n");
        return status;
    }
    g_autoptr(GHashTable) published = fingerprints_in(metadata);
    printf("%s\n", url);
    if (compare(r, published) > 0)
        return cli_fail(CLI_FAILED, "that portal has other files than this machine; copy them, it notices them within a second");
    puts("  publishes exactly these certificates");
    return CLI_OK;
}

static int
saml_status(Cli *cli, int argc, char **argv)
{
    g_autofree char *url = NULL, *ca_file = NULL;
    gboolean offline = FALSE;
    const GOptionEntry entries[] = {
        { "url", 0, 0, G_OPTION_ARG_STRING, &url, "where to look (default: our own /saml/metadata)", "URL" },
        { "ca-file", 0, 0, G_OPTION_ARG_FILENAME, &ca_file, "whom to trust for TLS instead of the system's list", "FILE" },
        { "offline", 0, 0, G_OPTION_ARG_NONE, &offline, "only the files, not what is published", NULL },
        { 0 },
    };
    GError *error = NULL;
    if (!cli_parse(cli, entries, &argc, &argv, 0, 0))
        return CLI_USAGE;
    const Settings *s = cli_settings(cli);
    g_autoptr(RaSamlRollover) r = ra_saml_rollover_read(s, &error);
    if (!r)
        return cli_error(error);
    for (int i = 0; i < RA_SAML_ROLES; i++)
        print_role(cli, &r->roles[i]);
    print_phase(cli, r);
    g_autofree char *own = g_strconcat(settings_text(s, "service", "url"), "/saml/metadata", NULL);
    return offline ? CLI_OK : check_published(r, url ? url : own, ca_file);
}

/* --- rollover --------------------------------------------------------------------------------------------------------------- */

/* FALSE: refused, and said until when. */
static gboolean
waited(Cli *cli, const RaSamlRollover *r, gboolean force)
{
    gint64 due = ra_saml_rollover_due(r);
    if (force || seconds_now() >= due)
        return TRUE;
    g_autofree char *when = cli_time(cli, due);
    cli_fail(CLI_REFUSED,
             "until %s there may be IdPs that have not read our metadata since the last step ([saml] rollover_wait); %s. --force "
             "goes on all the same, and logins by such IdPs fail",
             when,
             r->phase == RA_SAML_STARTED ? "they do not know the new signing key" : "they still encrypt to the old key");
    return FALSE;
}

static int
start(Cli *cli, RaSamlRollover *r, gboolean prepare)
{
    GError *error = NULL;
    gint64 now = seconds_now();
    /* A repeat after a break goes on where it was. */
    if (!ra_saml_rollover_prepare(r, now, &error))
        return cli_error(error);
    if (prepare) {
        puts("the new keys are in the key files; copy these to every node, then: rollover start");
        return CLI_OK;
    }
    g_usleep(NOTICED_SECONDS * G_USEC_PER_SEC); /* nobody may encrypt to a key before it is read */
    if (!ra_saml_rollover_publish(r, now, &error))
        return cli_error(error);
    print_phase(cli, r);
    return CLI_OK;
}

static int
rollover_start(Cli *cli, int argc, char **argv)
{
    gboolean prepare = FALSE;
    const GOptionEntry entries[] = {
        { "prepare", 0, 0, G_OPTION_ARG_NONE, &prepare, "only the keys, not their certificates: for several nodes", NULL },
        { 0 },
    };
    GError *error = NULL;
    if (!cli_parse(cli, entries, &argc, &argv, 0, 0))
        return CLI_USAGE;
    g_autoptr(RaSamlRollover) r = ra_saml_rollover_read(cli_settings(cli), &error);
    return r ? start(cli, r, prepare) : cli_error(error);
}

/* switch and finish: the same but for the step. */
static int
later_step(Cli *cli, int argc, char **argv, enum ra_saml_phase phase,
           gboolean (*step)(RaSamlRollover *, gint64, GError **))
{
    gboolean force = FALSE;
    const GOptionEntry entries[] = {
        { "force", 0, 0, G_OPTION_ARG_NONE, &force, "without waiting for IdPs to have read the metadata", NULL },
        { 0 },
    };
    GError *error = NULL;
    if (!cli_parse(cli, entries, &argc, &argv, 0, 0))
        return CLI_USAGE;
    g_autoptr(RaSamlRollover) r = ra_saml_rollover_read(cli_settings(cli), &error);
    if (!r)
        return cli_error(error);
    if (r->phase == phase && !waited(cli, r, force))
        return CLI_REFUSED;
    if (!step(r, seconds_now(), &error))
        return cli_error(error);
    print_phase(cli, r);
    return CLI_OK;
}

static int
rollover_switch(Cli *cli, int argc, char **argv)
{
    return later_step(cli, argc, argv, RA_SAML_STARTED, ra_saml_rollover_switch);
}

static int
rollover_finish(Cli *cli, int argc, char **argv)
{
    return later_step(cli, argc, argv, RA_SAML_SWITCHED, ra_saml_rollover_finish);
}

const struct command command_saml[] = {
    { "saml metadata", "[--signed]", "prints our own metadata, as /saml/metadata has it", saml_metadata },
    { "saml status", "[--url URL] [--ca-file FILE] [--offline]", "shows our SAML keys, and what is published", saml_status },
    { "saml rollover start", "[--prepare]", "makes new SAML keys and publishes both", rollover_start },
    { "saml rollover switch", "[--force]", "signs with the new key", rollover_switch },
    { "saml rollover finish", "[--force]", "takes the old SAML keys away", rollover_finish },
    { 0 },
};
