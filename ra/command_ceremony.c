/*
 * ca init, request, sign, install, issue, root-crl, transcript: what makes and changes the authority. Each act is two steps of the
 * transcript, one before it and one after, so that one that broke off shows.
 */
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "ca/ceremony.h"
#include "ca/transcript.h"
#include "ra/cli.h"

#define FILE_LONGEST 65536

static gint64
seconds_now(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}

static gboolean
kind_of(const char *name, enum ca_key_kind *kind)
{
    if (!name || ca_key_kind_parse(name, kind))
        return TRUE;
    cli_fail(CLI_USAGE, "'%s' is no kind of key; allowed: rsa2048, rsa3072, rsa4096, p256, p384", name);
    return FALSE;
}

/* The parts of a plan that the settings give; PASSPHRASE is the caller's. */
static Secret *
fill_plan(Cli *cli, struct ceremony_plan *plan, const char *root_keys)
{
    const Settings *s = cli_settings(cli);
    GError *error = NULL;
    ceremony_defaults(plan);
    plan->keys = settings_text(s, "signer", "keys");
    plan->token.module = settings_text(s, "signer", "pkcs11_module");
    plan->token.pin_file = settings_text(s, "signer", "pkcs11_pin_file");
    plan->publish_url = settings_text(s, "service", "publish_url");
    plan->time_zone = settings_text(s, "service", "time_zone");
    plan->now = seconds_now();
    plan->root_keys = root_keys;
    Secret *passphrase = cli_secret_file(settings_text(s, "signer", "passphrase_file"), &error);
    if (!passphrase)
        cli_error(error);
    plan->passphrase = passphrase;
    return passphrase;
}


static const char *
root_folder(const struct ceremony_plan *plan)
{
    return plan->root_keys ? plan->root_keys : plan->keys;
}

/* --- the transcript --------------------------------------------------------------------------------------------------------- */

typedef struct {
    Cli *cli;
    char *file, *command;
} Step;

static void
step_clear(Step *step)
{
    g_free(step->file);
    g_free(step->command);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Step, step_clear)

/* As it was typed; there is no secret in any option of these commands. */
static char *
command_text(int argc, char **argv)
{
    GString *text = g_string_new("inkan");
    g_string_append_printf(text, " %s", argv[0]);
    for (int i = 1; i < argc; i++) {
        g_autofree char *quoted = g_shell_quote(argv[i]);
        gboolean plain = g_regex_match_simple("^[A-Za-z0-9_./:=@%+,-]+$", argv[i], 0, 0);
        g_string_append_printf(text, " %s", plain ? argv[i] : quoted);
    }
    return g_string_free(text, FALSE);
}

/* Who is at the keyboard: the user, and whom sudo or su had before. */
static char *
who_is_it(void)
{
    const struct passwd *user = getpwuid(geteuid());
    g_autofree char *name = g_strdup(user ? user->pw_name : "?"), *number = NULL;
    const char *sudo = g_getenv("SUDO_USER");
    gboolean login = g_file_get_contents("/proc/self/loginuid", &number, NULL, NULL) && *number && strcmp(number, "4294967295") != 0;
    const struct passwd *first = login ? getpwuid((uid_t)g_ascii_strtoull(number, NULL, 10)) : NULL;
    return g_strdup_printf("%s (uid %u)%s%s%s%s, host %s", name, (unsigned)geteuid(), sudo ? ", by sudo from " : "", sudo ? sudo : "",
                           first ? ", logged in as " : "", first ? first->pw_name : "", g_get_host_name());
}

static gboolean
step_add(const Step *step, const char *result, GError **error)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *utc = g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ"), *local = cli_time(step->cli, seconds_now());
    g_autofree char *date = g_strdup_printf("%s (%s)", utc, local), *who = who_is_it();
    struct utsname kernel = { 0 };
    uname(&kernel);
    g_autofree char *program = g_strdup_printf("inkan %s, %s, %s %s %s", INKAN_VERSION, ca_transcript_library(), kernel.sysname,
                                               kernel.release, kernel.machine);
    const struct ca_transcript_step text = { date, who, program, step->command, result };
    return ca_transcript_add(step->file, &text, error);
}

/* FILE NULL: ceremony.txt of FOLDER, which is made if it is missing. */
static gboolean
step_begin(Step *step, Cli *cli, const char *file, const char *folder, const char *command, GError **error)
{
    *step = (Step){ cli, file ? g_strdup(file) : g_build_filename(folder, "ceremony.txt", NULL), g_strdup(command) };
    if (!file && g_mkdir_with_parents(folder, 0700) != 0) {
        g_set_error(error, CA_ERROR, CA_ERROR_BROKEN, "file: %s cannot be made", folder);
        return FALSE;
    }
    return step_add(step, "begun", error);
}

static int
step_failed(const Step *step, GError *error)
{
    g_autofree char *text = g_strdup_printf("not done: %s", error->message);
    g_autoptr(GError) why = NULL;
    if (!step_add(step, text, &why))
        cli_fail(CLI_FAILED, "%s", why->message);
    return cli_error(error);
}

static int
step_done(const Step *step, const char *report)
{
    g_autofree char *text = g_strdup_printf("done\n%s", report);
    GError *error = NULL;
    printf("%s", report);
    if (!step_add(step, text, &error)) {
        cli_fail(CLI_FAILED, "this was done, but the transcript does not have it: write it down by hand");
        return cli_error(error);
    }
    printf("transcript: %s\n", step->file);
    return CLI_OK;
}


/* --- init ------------------------------------------------------------------------------------------------------------------- */

static int
ca_init(Cli *cli, int argc, char **argv)
{
    g_autofree char *country = NULL, *organization = NULL, *name = NULL, *root_keys = NULL, *root_kind = NULL, *kind = NULL;
    g_auto(GStrv) client_policies = NULL, smime_policies = NULL;
    g_autofree char *command = command_text(argc, argv), *transcript = NULL;
    gboolean offline = FALSE;
    int root_years = 0, years = 0;
    const GOptionEntry entries[] = {
        { "name", 0, 0, G_OPTION_ARG_STRING, &name, "begins the CAs' common names (default Inkan)", "NAME" },
        { "country", 0, 0, G_OPTION_ARG_STRING, &country, "C of the CAs' subjects", "CC" },
        { "organization", 0, 0, G_OPTION_ARG_STRING, &organization, "O of the CAs' subjects", "TEXT" },
        { "root-keys", 0, 0, G_OPTION_ARG_FILENAME, &root_keys, "folder of the root's key, on a medium that is taken away",
          "FOLDER" },
        { "root-key", 0, 0, G_OPTION_ARG_STRING, &root_kind, "kind of the root's key (default p384)", "KIND" },
        { "key", 0, 0, G_OPTION_ARG_STRING, &kind, "kind of the issuing CAs' keys (default p256)", "KIND" },
        { "root-years", 0, 0, G_OPTION_ARG_INT, &root_years, "validity of the root (default 25)", "YEARS" },
        { "years", 0, 0, G_OPTION_ARG_INT, &years, "validity of the issuing CAs (default 15)", "YEARS" },
        { "client-policy", 0, 0, G_OPTION_ARG_STRING_ARRAY, &client_policies,
          "certificate policy of client certificates; may repeat", "OID" },
        { "smime-policy", 0, 0, G_OPTION_ARG_STRING_ARRAY, &smime_policies,
          "certificate policy of S/MIME certificates; may repeat", "OID" },
        { "offline", 0, 0, G_OPTION_ARG_NONE, &offline, "only the root, on a machine without the database; see ca request", NULL },
        { "transcript", 0, 0, G_OPTION_ARG_FILENAME, &transcript, "file to add to (default ceremony.txt beside the keys)", "FILE" },
        { 0 },
    };
    if (!cli_parse(cli, entries, &argc, &argv, 0, 0))
        return CLI_USAGE;
    struct ceremony_plan plan;
    g_autoptr(Secret) passphrase = fill_plan(cli, &plan, root_keys);
    if (!passphrase || !kind_of(root_kind, &plan.root_kind) || !kind_of(kind, &plan.issuing_kind))
        return CLI_USAGE;
    plan.country = country;
    plan.organization = organization;
    plan.name = name ? name : plan.name;
    plan.root_years = root_years ? root_years : plan.root_years;
    plan.issuing_years = years ? years : plan.issuing_years;
    plan.client_policies = (const char *const *)client_policies;
    plan.smime_policies = (const char *const *)smime_policies;
    g_auto(Step) step = { 0 };
    GError *error = NULL;
    if (!step_begin(&step, cli, transcript, offline ? root_folder(&plan) : plan.keys, command, &error))
        return cli_error(error);
    g_autofree char *report = offline ? ceremony_root(&plan, &error) : ceremony_init(cli_context(cli)->db, &plan, &error);
    if (!report)
        return step_failed(&step, error);
    int status = step_done(&step, report);
    if (offline)
        printf("Next: carry %s/root.crt and %s/root.crl to the machine that issues, and there: inkan ca install root.crt, then "
               "inkan ca install root.crl.\n", root_folder(&plan), root_folder(&plan));
    return status;
}

/* --- what is carried ------------------------------------------------------------------------------------------------------------ */

static GBytes *
read_carried(const char *file, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) why = NULL;
    gsize size;
    if (!g_file_get_contents(file, &text, &size, &why))
        g_set_error(error, CA_ERROR, CA_ERROR_INPUT, "file: %s", why->message);
    else if (size > FILE_LONGEST)
        g_set_error(error, CA_ERROR, CA_ERROR_INPUT, "file: %s has more than %d bytes", file, FILE_LONGEST);
    else
        return g_bytes_new_take(g_steal_pointer(&text), size);
    return NULL;
}

/* FILE with another ending, or what was asked for. */
static char *
output_of(const char *output, const char *file, const char *ending)
{
    const char *dot = strrchr(file, '.'), *slash = strrchr(file, '/');
    gsize stem = dot && (!slash || dot > slash + 1) && dot > file ? (gsize)(dot - file) : strlen(file);
    g_autofree char *begin = g_strndup(file, stem);
    return output ? g_strdup(output) : g_strconcat(begin, ending, NULL);
}

/* --- request --------------------------------------------------------------------------------------------------------------------- */

static char *
type_of_name(const char *type, const char *name)
{
    g_autofree char *begin = g_strndup(name, strcspn(name, "-0123456789"));
    return type ? g_strdup(type) : g_steal_pointer(&begin);
}

static int
ca_request(Cli *cli, int argc, char **argv)
{
    g_autofree char *command = command_text(argc, argv), *transcript = NULL, *type = NULL, *kind = NULL, *common_name = NULL,
                    *output = NULL;
    const GOptionEntry entries[] = {
        { "type", 0, 0, G_OPTION_ARG_STRING, &type, "client or smime (default: how NAME begins)", "TYPE" },
        { "key", 0, 0, G_OPTION_ARG_STRING, &kind, "kind of a key that is made (default p256)", "KIND" },
        { "common-name", 0, 0, G_OPTION_ARG_STRING, &common_name, "CN of the CA (default by the root's and NAME)", "TEXT" },
        { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "file to carry (default NAME.request)", "FILE" },
        { "transcript", 0, 0, G_OPTION_ARG_FILENAME, &transcript, "file to add to (default ceremony.txt beside the keys)", "FILE" },
        { 0 },
    };
    if (!cli_parse(cli, entries, &argc, &argv, 1, 1))
        return CLI_USAGE;
    struct ceremony_plan plan;
    g_autoptr(Secret) passphrase = fill_plan(cli, &plan, NULL);
    if (!passphrase || !kind_of(kind, &plan.issuing_kind))
        return CLI_USAGE;
    g_autofree char *wanted = type_of_name(type, argv[1]), *file = output_of(output, argv[1], ".request"), *report = NULL;
    const struct ceremony_wish wish = { .name = argv[1], .type = wanted, .common_name = common_name };
    g_auto(Step) step = { 0 };
    GError *error = NULL;
    if (!step_begin(&step, cli, transcript, plan.keys, command, &error))
        return cli_error(error);
    g_autofree char *pem = ceremony_request(cli_context(cli)->db, &plan, &wish, &report, &error);
    if (!pem || !ceremony_put(file, pem, &error))
        return step_failed(&step, error);
    int status = step_done(&step, report);
    printf("Next: carry %s to the machine of the root, write the SHA-256 above on paper, and there: inkan ca sign %s\n", file, file);
    return status;
}

/* --- sign ---------------------------------------------------------------------------------------------------------------------------- */

/* What the machine that asked has shown must be what lies here. */
static gboolean
is_confirmed(const char *yes, const char *fingerprint, GError **error)
{
    char answer[16];
    if (yes && g_ascii_strcasecmp(yes, fingerprint) == 0)
        return TRUE;
    if (yes) {
        g_set_error(error, CA_ERROR, CA_ERROR_REFUSED, "confirm: --yes has another fingerprint: this is not the request that you mean");
        return FALSE;
    }
    if (isatty(STDIN_FILENO)) {
        printf("Is that SHA-256 the one that the other machine showed? Type yes to sign: ");
        fflush(stdout);
        if (fgets(answer, sizeof answer, stdin) && strcmp(g_strstrip(answer), "yes") == 0)
            return TRUE;
    }
    g_set_error(error, CA_ERROR, CA_ERROR_REFUSED, "confirm: nothing was signed. Compare the SHA-256 with the one on paper; then --yes %s",
                fingerprint);
    return FALSE;
}

static int
sign_request(const struct ceremony_plan *plan, const Step *step, const char *file, const char *output, const char *yes)
{
    GError *error = NULL;
    g_autofree char *fingerprint = NULL, *report = NULL, *target = output_of(output, file, ".crt");
    g_autoptr(GBytes) bytes = read_carried(file, &error);
    g_autofree char *look = bytes ? ceremony_look(plan, bytes, &fingerprint, &error) : NULL;
    if (!look)
        return step_failed(step, error);
    printf("%s", look);
    g_autofree char *pem = is_confirmed(yes, fingerprint, &error) ? ceremony_sign(plan, bytes, &report, &error) : NULL;
    if (!pem || !ceremony_put(target, pem, &error))
        return step_failed(step, error);
    int status = step_done(step, report);
    printf("Next: carry %s back, and there: inkan ca install %s\n", target, target);
    return status;
}

struct crl_options {
    char *previous, *revoke, *reason;
};

static void
crl_options_clear(struct crl_options *options)
{
    g_free(options->previous);
    g_free(options->revoke);
    g_free(options->reason);
}

static int
sign_crl(const struct ceremony_plan *plan, const Step *step, const struct crl_options *options, const char *output)
{
    GError *error = NULL;
    const char *target = output ? output : "root.crl";
    g_autofree char *report = NULL;
    g_autoptr(GBytes) previous = options->previous ? read_carried(options->previous, &error) : NULL;
    g_autoptr(GBytes) revoke = !error && options->revoke ? read_carried(options->revoke, &error) : NULL;
    g_autofree char *pem = error ? NULL : ceremony_sign_crl(plan, previous, revoke, options->reason, &report, &error);
    if (!pem || !ceremony_put(target, pem, &error))
        return step_failed(step, error);
    int status = step_done(step, report);
    printf("Next: carry %s to the machine that issues, and there: inkan ca install %s\n", target, target);
    return status;
}

static int
ca_sign(Cli *cli, int argc, char **argv)
{
    g_autofree char *command = command_text(argc, argv), *transcript = NULL, *root_keys = NULL, *yes = NULL, *output = NULL;
    gboolean crl = FALSE;
    int years = 0, status = CLI_USAGE;
    struct crl_options options = { 0 };
    const GOptionEntry entries[] = {
        { "root-keys", 0, 0, G_OPTION_ARG_FILENAME, &root_keys, "folder of the root: root.pem or root.pkcs11, root.crt, root.crl", "FOLDER" },
        { "years", 0, 0, G_OPTION_ARG_INT, &years, "validity of the issuing CA (default 15)", "YEARS" },
        { "yes", 0, 0, G_OPTION_ARG_STRING, &yes, "the request's SHA-256, compared already: do not ask", "HEX" },
        { "crl", 0, 0, G_OPTION_ARG_NONE, &crl, "sign the root's next CRL instead", NULL },
        { "revoke", 0, 0, G_OPTION_ARG_FILENAME, &options.revoke, "with --crl: certificate of an issuing CA to revoke", "FILE" },
        { "reason", 0, 0, G_OPTION_ARG_STRING, &options.reason, "keyCompromise, superseded, cessationOfOperation, …", "REASON" },
        { "previous", 0, 0, G_OPTION_ARG_FILENAME, &options.previous, "with --crl: the newest CRL, where root.crl is not here", "FILE" },
        { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "file to carry back (default: NAME.crt, root.crl)", "FILE" },
        { "transcript", 0, 0, G_OPTION_ARG_FILENAME, &transcript, "file to add to (default ceremony.txt beside the root's key)", "FILE" },
        { 0 },
    };
    struct ceremony_plan plan;
    g_autoptr(Secret) passphrase = NULL;
    g_auto(Step) step = { 0 };
    GError *error = NULL;
    if (cli_parse(cli, entries, &argc, &argv, 0, 1) && (passphrase = fill_plan(cli, &plan, root_keys))) {
        plan.issuing_years = years ? years : plan.issuing_years;
        if (crl == (argc > 1) || (!crl && (options.revoke || options.previous || options.reason)))
            status = cli_fail(CLI_USAGE, "either a FILE with a request, or --crl");
        else if (years < 0 || years > 50)
            status = cli_fail(CLI_USAGE, "--years is 1 to 50");
        else if (!step_begin(&step, cli, transcript, root_folder(&plan), command, &error))
            status = cli_error(error);
        else
            status = crl ? sign_crl(&plan, &step, &options, output) : sign_request(&plan, &step, argv[1], output, yes);
    }
    crl_options_clear(&options);
    return status;
}

/* --- install ------------------------------------------------------------------------------------------------------------------------- */

static int
ca_install(Cli *cli, int argc, char **argv)
{
    g_autofree char *command = command_text(argc, argv), *transcript = NULL, *yes = NULL;
    g_auto(GStrv) client_policies = NULL, smime_policies = NULL;
    const GOptionEntry entries[] = {
        { "yes", 0, 0, G_OPTION_ARG_STRING, &yes, "SHA-256 of a root, compared with the transcript of the machine that made it", "HEX" },
        { "client-policy", 0, 0, G_OPTION_ARG_STRING_ARRAY, &client_policies, "for the profiles that the first client CA brings; may repeat",
          "OID" },
        { "smime-policy", 0, 0, G_OPTION_ARG_STRING_ARRAY, &smime_policies, "the same for S/MIME", "OID" },
        { "transcript", 0, 0, G_OPTION_ARG_FILENAME, &transcript, "file to add to (default ceremony.txt beside the keys)", "FILE" },
        { 0 },
    };
    if (!cli_parse(cli, entries, &argc, &argv, 1, 1))
        return CLI_USAGE;
    struct ceremony_plan plan;
    g_autoptr(Secret) passphrase = fill_plan(cli, &plan, NULL);
    if (!passphrase)
        return CLI_USAGE;
    plan.client_policies = (const char *const *)client_policies;
    plan.smime_policies = (const char *const *)smime_policies;
    g_auto(Step) step = { 0 };
    GError *error = NULL;
    if (!step_begin(&step, cli, transcript, plan.keys, command, &error))
        return cli_error(error);
    g_autoptr(GBytes) bytes = read_carried(argv[1], &error);
    g_autofree char *report = bytes ? ceremony_install(cli_context(cli)->db, &plan, bytes, yes, &error) : NULL;
    if (!report)
        return step_failed(&step, error);
    int status = step_done(&step, report);
    printf("Next: inkan ca list; after a new certificate, inkan ca chain into the file that nginx and relying parties trust.\n");
    return status;
}

/* --- issue --------------------------------------------------------------------------------------------------------------------------- */

static int
ca_issue(Cli *cli, int argc, char **argv)
{
    g_autofree char *command = command_text(argc, argv), *transcript = NULL, *from = NULL;
    g_auto(GStrv) names = NULL;
    const GOptionEntry entries[] = {
        { "from", 0, 0, G_OPTION_ARG_STRING, &from, "YYYY-MM-DDTHH:MM (default: ten seconds from now)", "MOMENT" },
        { "profile", 0, 0, G_OPTION_ARG_STRING_ARRAY, &names, "only this one of its type; may repeat", "NAME" },
        { "transcript", 0, 0, G_OPTION_ARG_FILENAME, &transcript, "file to add to (default ceremony.txt beside the keys)", "FILE" },
        { 0 },
    };
    if (!cli_parse(cli, entries, &argc, &argv, 1, 1))
        return CLI_USAGE;
    struct ceremony_plan plan;
    g_autoptr(Secret) passphrase = fill_plan(cli, &plan, NULL);
    if (!passphrase)
        return CLI_USAGE;
    gint64 moment = from ? cli_moment(cli, from) : plan.now + CEREMONY_AHEAD;
    if (moment == 0)
        return cli_fail(CLI_USAGE, "--from %s is no moment; allowed: YYYY-MM-DD, YYYY-MM-DDTHH:MM", from);
    g_auto(Step) step = { 0 };
    GError *error = NULL;
    if (!step_begin(&step, cli, transcript, plan.keys, command, &error))
        return cli_error(error);
    g_autofree char *said = ceremony_issue(cli_context(cli)->db, &plan, argv[1], moment, (const char *const *)names, &error);
    if (!said)
        return step_failed(&step, error);
    g_autofree char *day = cli_time(cli, moment), *report = g_strdup_printf("%sthe moment: %s\n", said, day);
    return step_done(&step, report);
}

/* --- root-crl ------------------------------------------------------------------------------------------------------------------------ */

static int
ca_root_crl(Cli *cli, int argc, char **argv)
{
    g_autofree char *command = command_text(argc, argv), *transcript = NULL, *root_keys = NULL;
    const GOptionEntry entries[] = {
        { "root-keys", 0, 0, G_OPTION_ARG_FILENAME, &root_keys, "folder of the root's key", "FOLDER" },
        { "transcript", 0, 0, G_OPTION_ARG_FILENAME, &transcript, "file to add to (default ceremony.txt beside the keys)", "FILE" },
        { 0 },
    };
    if (!cli_parse(cli, entries, &argc, &argv, 0, 0))
        return CLI_USAGE;
    struct ceremony_plan plan;
    g_autoptr(Secret) passphrase = fill_plan(cli, &plan, root_keys);
    if (!passphrase)
        return CLI_USAGE;
    g_auto(Step) step = { 0 };
    GError *error = NULL;
    if (!step_begin(&step, cli, transcript, plan.keys, command, &error))
        return cli_error(error);
    if (!ceremony_root_crl(cli_context(cli)->db, &plan, &error))
        return step_failed(&step, error);
    return step_done(&step, "the root has a new CRL, good for a year\n");
}

/* --- transcript ---------------------------------------------------------------------------------------------------------------------- */

static int
ca_transcript(Cli *cli, int argc, char **argv)
{
    if (!cli_parse(cli, NULL, &argc, &argv, 1, 1))
        return CLI_USAGE;
    g_autofree char *text = NULL;
    GError *error = NULL;
    gsize size;
    if (!g_file_get_contents(argv[1], &text, &size, &error))
        return cli_error(error);
    g_autoptr(CaTranscript) transcript = ca_transcript_read(text, size, &error);
    if (!transcript) {
        g_prefix_error(&error, "%s: ", argv[1]);
        return cli_error(error);
    }
    if (transcript->steps == 0)
        return cli_fail(CLI_REFUSED, "%s holds no step", argv[1]);
    printf("%s: %u steps, from %s to %s, each follows the one before\nlast hash: %s\n"
           "It must be the hash on the paper that the witnesses signed; what came after it is not on that paper.\n",
           argv[1], transcript->steps, transcript->first_date, transcript->last_date, transcript->last);
    return CLI_OK;
}

const struct command command_ceremony[] = {
    { "ca init", "[options]", "makes the root and the issuing CAs, locked by [signer] passphrase_file", ca_init },
    { "ca request", "NAME [options]", "makes the key of a new issuing CA here and a request for the root to sign", ca_request },
    { "ca sign", "FILE | --crl [options]", "at the root: signs the request of an issuing CA, or the root's next CRL", ca_sign },
    { "ca install", "FILE [options]", "checks and takes what the root has signed: certificates or CRLs", ca_install },
    { "ca issue", "NAME [options]", "lets an issuing CA issue what the one before it issued, from a moment on", ca_issue },
    { "ca root-crl", "[options]", "makes a new CRL of the root (needs the root's key here), once a year", ca_root_crl },
    { "ca transcript", "FILE", "checks the transcript of key ceremonies, step by step", ca_transcript },
    { 0 },
};
