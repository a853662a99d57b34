/* profile list, set: how a person must be logged in for a certificate */
#include <stdio.h>
#include <string.h>

#include "db/event.h"
#include "db/json.h"
#include "db/profile.h"
#include "ra/assurance.h"
#include "ra/cli.h"

/* --- list ----------------------------------------------------------------------------------------------------------------- */

static void
print_asked(const char *name, const struct ra_preset *presets, char **items)
{
    for (char **item = items; *item; item++) {
        const char *word = ra_preset_word(presets, *item);
        printf("    %-10s %s%s%s%s\n", name, *item, *word ? " (" : "", word, *word ? ")" : "");
    }
}

static int
profile_list(Cli *cli, int argc, char **argv)
{
    GError *error = NULL;
    if (!cli_parse(cli, NULL, &argc, &argv, 0, 0))
        return CLI_USAGE;
    g_autoptr(GPtrArray) list = db_profile_list(cli_context(cli)->db, NULL, &error);
    if (!list)
        return cli_error(error);
    for (guint i = 0; i < list->len; i++) {
        const DbProfile *p = list->pdata[i];
        g_autofree char *from = p->valid_from ? cli_time(cli, p->valid_from) : NULL;
        g_autofree char *to = p->valid_to ? cli_time(cli, p->valid_to) : NULL;
        printf("%s\t%s %" G_GINT64_FORMAT "\tissuer %s\t%s%s%s%s\n", p->name, p->type, p->months, p->issuer,
               from ? "from " : "sleeps", from ? from : "", to ? " to " : "", to ? to : "");
        print_asked("context", ra_context_presets, p->contexts);
        print_asked("assurance", ra_assurance_presets, p->assurance);
    }
    return CLI_OK;
}

/* --- set ------------------------------------------------------------------------------------------------------------------ */

/* As the command line has it, then as the database keeps it; NULL: not to be changed. */
struct asked {
    char *contexts_text, *assurance_text;
    char **contexts, **assurance;
};

static void
asked_clear(struct asked *a)
{
    g_free(a->contexts_text);
    g_free(a->assurance_text);
    g_strfreev(a->contexts);
    g_strfreev(a->assurance);
}

static gboolean
read_list(const char *option, const struct ra_preset *presets, const char *text, char ***list)
{
    g_autofree char *wrong = NULL;
    if (!text)
        return TRUE;
    *list = *text ? ra_preset_list(presets, text, presets == ra_assurance_presets, &wrong) : g_new0(char *, 1);
    if (*list)
        return TRUE;
    GString *words = g_string_new(NULL);
    for (; presets->word; presets++)
        g_string_append_printf(words, "\n    %-13s %s: %s", presets->word, presets->uri, presets->meaning);
    cli_fail(CLI_USAGE, "--%s %s is not allowed; allowed: URIs or these words, 20 at most, with commas:%s", option, wrong,
             words->str);
    g_string_free(words, TRUE);
    return FALSE;
}

static void
add_lists(GString *out, const char *name, char **was, char **is)
{
    g_string_append_printf(out, ", \"%s\": {\"old\": ", name);
    db_json_list(out, (const char *const *)was);
    g_string_append(out, ", \"new\": ");
    db_json_list(out, (const char *const *)is);
    g_string_append_c(out, '}');
}

static gboolean
change(Db *db, const DbProfile *p, const struct asked *asked, GError **error)
{
    char **contexts = asked->contexts ? asked->contexts : p->contexts;
    char **assurance = asked->assurance ? asked->assurance : p->assurance;
    GString *text = g_string_new("{\"profile\": ");
    db_json_text(text, p->name);
    g_string_append_printf(text, ", \"id\": %" G_GINT64_FORMAT, p->id);
    add_lists(text, "contexts", p->contexts, contexts);
    add_lists(text, "assurance", p->assurance, assurance);
    g_string_append_c(text, '}');
    g_autofree char *detail = g_string_free(text, FALSE);
    const struct db_audit audit = { .actor = "operator", .what = "profile-changed", .detail = detail };
    return db_profile_ask(db, p->id, (const char *const *)contexts, (const char *const *)assurance, error) &&
           db_event_audit(db, &audit, error);
}

/* All rows of that name that have not ended, in one transaction. */
static int
change_all(Cli *cli, const char *name, const struct asked *asked)
{
    Db *db = cli_context(cli)->db;
    GError *error = NULL;
    g_autoptr(GPtrArray) list = db_begin(db, &error) ? db_profile_list(db, name, &error) : NULL;
    gboolean ok = list != NULL;
    for (guint i = 0; ok && i < list->len; i++)
        ok = change(db, list->pdata[i], asked, &error);
    ok = ok && db_commit(db, &error);
    db_rollback(db);
    if (!ok)
        return cli_error(error);
    if (list->len == 0)
        return cli_fail(CLI_NOT_FOUND, "there is no profile '%s' that is in force; `inkan profile list` shows all", name);
    return CLI_OK;
}

static int
profile_set(Cli *cli, int argc, char **argv)
{
    struct asked asked = { 0 };
    const GOptionEntry entries[] = {
        { "contexts", 0, 0, G_OPTION_ARG_STRING, &asked.contexts_text,
          "authentication contexts, of which the login must have one; empty: any", "LIST" },
        { "assurance", 0, 0, G_OPTION_ARG_STRING, &asked.assurance_text,
          "values of eduPersonAssurance that the IdP must send, all of them, '|' between alternatives; empty: none", "LIST" },
        { 0 },
    };
    int status = CLI_USAGE;
    if (cli_parse(cli, entries, &argc, &argv, 1, 1)) {
        if (!asked.contexts_text && !asked.assurance_text)
            cli_fail(CLI_USAGE, "nothing is given to change: --contexts, --assurance");
        else if (read_list("contexts", ra_context_presets, asked.contexts_text, &asked.contexts) &&
                 read_list("assurance", ra_assurance_presets, asked.assurance_text, &asked.assurance))
            status = change_all(cli, argv[1], &asked);
    }
    asked_clear(&asked);
    return status;
}

const struct command command_profile[] = {
    { "profile list", "", "lists the profiles and how a person must be logged in for each", profile_list },
    { "profile set", "NAME [options]", "says how a person must be logged in for certificates of a profile", profile_set },
    { 0 },
};
