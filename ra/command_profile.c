/* profile list, show, add, end, set: what is issued, from when to when, and how a person must be logged in for it */
#include <stdio.h>
#include <string.h>

#include "ra/assurance.h"
#include "ra/cli.h"
#include "ra/profile.h"

/* --- list, show ----------------------------------------------------------------------------------------------------------- */

static void
print_asked(const char *name, const struct ra_preset *presets, char **items)
{
    for (char **item = items; *item; item++) {
        const char *word = ra_preset_word(presets, *item);
        printf("    %-10s %s%s%s%s\n", name, *item, *word ? " (" : "", word, *word ? ")" : "");
    }
}

static void
print_row(Cli *cli, const DbProfile *p)
{
    g_autofree char *from = p->valid_from ? cli_time(cli, p->valid_from) : NULL;
    g_autofree char *to = p->valid_to ? cli_time(cli, p->valid_to) : NULL;
    printf("%s\t%s %" G_GINT64_FORMAT "\tissuer %s\t%s%s%s%s\n", p->name, p->type, p->months, p->issuer,
           from ? "from " : "sleeps", from ? from : "", to ? " to " : "", to ? to : "");
    print_asked("context", ra_context_presets, p->contexts);
    print_asked("assurance", ra_assurance_presets, p->assurance);
}

static void
print_list(const char *name, char **items)
{
    g_autofree char *text = g_strjoinv(", ", items);
    printf("    %-10s %s\n", name, *text ? text : "none");
}

static void
print_details(const DbProfile *p)
{
    const char *warning = ra_profile_warning(p);
    printf("    %-10s %s\n", "subject", strcmp(p->subject, "mail") == 0 ? "CN = the mail address" : "C, L, O, OU, OU = No N, CN");
    print_list("key usage", p->key_usage);
    print_list("extended", p->extended);
    print_list("policies", p->policies);
    print_list("key kinds", p->key_kinds);
    if (p->max_active)
        printf("    %-10s %" G_GINT64_FORMAT " active ones a person\n", "cap", p->max_active);
    if (warning)
        printf("    %-10s %s\n", "note", warning);
}

static int
profile_list(Cli *cli, int argc, char **argv)
{
    GError *error = NULL;
    if (!cli_parse(cli, NULL, &argc, &argv, 0, 0))
        return CLI_USAGE;
    g_autoptr(GPtrArray) list = db_profile_list(cli_context(cli)->db, NULL, TRUE, &error);
    if (!list)
        return cli_error(error);
    for (guint i = 0; i < list->len; i++)
        print_row(cli, list->pdata[i]);
    return CLI_OK;
}

static int
no_such(const char *name)
{
    return cli_fail(CLI_NOT_FOUND, "there is no profile '%s'; `inkan profile list` shows all", name);
}

static int
profile_show(Cli *cli, int argc, char **argv)
{
    GError *error = NULL;
    if (!cli_parse(cli, NULL, &argc, &argv, 1, 1))
        return CLI_USAGE;
    g_autoptr(GPtrArray) list = db_profile_list(cli_context(cli)->db, argv[1], TRUE, &error);
    if (!list)
        return cli_error(error);
    for (guint i = 0; i < list->len; i++) {
        print_row(cli, list->pdata[i]);
        print_details(list->pdata[i]);
    }
    return list->len ? CLI_OK : no_such(argv[1]);
}

/* --- dates ---------------------------------------------------------------------------------------------------------------- */

/* A day is its beginning; NULL is now; "never": it sleeps. What is past already may neither begin nor end. */
static gboolean
read_moment(Cli *cli, const char *option, const char *text, gint64 *at)
{
    g_autofree char *whole = text && strlen(text) == 10 ? g_strconcat(text, "T00:00", NULL) : g_strdup(text);
    *at = DB_PROFILE_NOW;
    if (!text || strcmp(text, "now") == 0)
        return TRUE;
    if (strcmp(text, "never") == 0 && strcmp(option, "from") == 0) {
        *at = DB_PROFILE_NEVER;
        return TRUE;
    }
    *at = cli_moment(cli, whole);
    if (*at > g_get_real_time() / G_USEC_PER_SEC)
        return TRUE;
    cli_fail(CLI_USAGE, "--%s %s is not allowed; allowed: YYYY-MM-DD or YYYY-MM-DDTHH:MM to come, now%s", option, text,
             strcmp(option, "from") == 0 ? ", never" : "");
    return FALSE;
}

static void
print_ended(const GPtrArray *ended)
{
    for (guint i = 0; ended && i < ended->len; i++) {
        const DbProfile *p = ended->pdata[i];
        printf("%s (number %" G_GINT64_FORMAT ") ends then; what was applied for under it is still issued by it\n", p->name, p->id);
    }
}

/* --- add ------------------------------------------------------------------------------------------------------------------ */

/* As the command line has it; NULL: as the row that it is like. */
struct given {
    char *like, *from, *to, *type, *months, *issuer, *subject, *key_usage, *extended, *key_kinds, *max_active;
    char **policies;
};

static void
given_clear(struct given *g)
{
    char *const texts[] = { g->like, g->from, g->to, g->type, g->months, g->issuer, g->subject, g->key_usage, g->extended,
                            g->key_kinds, g->max_active };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_strfreev(g->policies);
}

static void
take_text(char **where, const char *text)
{
    if (!text)
        return;
    g_free(*where);
    *where = g_strdup(text);
}

static void
take_list(char ***where, const char *text)
{
    if (!text)
        return;
    g_strfreev(*where);
    *where = *text ? g_strsplit(text, ",", -1) : g_new0(char *, 1);
    for (char **item = *where; *item; item++)
        g_strstrip(*item);
}

/* One that is no number becomes -1, which no rule takes. */
static void
take_number(gint64 *where, const char *text)
{
    if (text && strcmp(text, "none") == 0)
        *where = 0;
    else if (text && !g_ascii_string_to_signed(text, 10, 1, 1000000, where, NULL))
        *where = -1;
}

static void
overlay(const struct given *g, const char *name, DbProfile *p)
{
    take_text(&p->name, name);
    take_text(&p->type, g->type);
    take_text(&p->issuer, g->issuer);
    take_text(&p->subject, g->subject);
    take_list(&p->key_usage, g->key_usage);
    take_list(&p->extended, g->extended);
    take_list(&p->key_kinds, g->key_kinds);
    take_number(&p->months, g->months);
    take_number(&p->max_active, g->max_active);
    if (!g->policies)
        return;
    g_strfreev(p->policies);
    p->policies = *g->policies[0] ? g_strdupv(g->policies) : g_new0(char *, 1);
}

static int
add(Cli *cli, const struct given *g, DbProfile *p)
{
    RaContext *ctx = cli_context(cli);
    GError *error = NULL;
    gint64 at, now = g_get_real_time() / G_USEC_PER_SEC;
    if (!read_moment(cli, "from", g->from, &at))
        return CLI_USAGE;
    p->valid_to = 0;
    if (g->to && !read_moment(cli, "to", g->to, &p->valid_to))
        return CLI_USAGE;
    if (p->valid_to && p->valid_to <= MAX(at, now))
        return cli_fail(CLI_USAGE, "--to is not after --from");
    g_autofree char *wrong = ra_profile_wrong(ctx, p, at > 0 ? at : now, &error);
    if (error)
        return cli_error(error);
    if (wrong)
        return cli_fail(CLI_USAGE, "%s", wrong);
    g_autoptr(GPtrArray) ended = NULL;
    if (!ra_profile_add(ctx, p, at, &ended, &error))
        return cli_error(error);
    p->valid_from = at == DB_PROFILE_NEVER ? 0 : at > 0 ? at : now;
    print_row(cli, p);
    print_details(p);
    print_ended(ended);
    return CLI_OK;
}

static int
profile_add(Cli *cli, int argc, char **argv)
{
    struct given g = { 0 };
    const GOptionEntry entries[] = {
        { "like", 0, 0, G_OPTION_ARG_STRING, &g.like, "the profile that it is like but for what is given here (default: NAME)", "NAME" },
        { "from", 0, 0, G_OPTION_ARG_STRING, &g.from, "when it begins (default: now); never: it sleeps", "DATE" },
        { "to", 0, 0, G_OPTION_ARG_STRING, &g.to, "when it ends (default: never)", "DATE" },
        { "type", 0, 0, G_OPTION_ARG_STRING, &g.type, "client, smime or officer", "TYPE" },
        { "months", 0, 0, G_OPTION_ARG_STRING, &g.months, "validity, 1 to 120", "N" },
        { "issuer", 0, 0, G_OPTION_ARG_STRING, &g.issuer, "the CA that signs", "NAME" },
        { "subject", 0, 0, G_OPTION_ARG_STRING, &g.subject, "dn: C, L, O, OU, OU = No N, CN; mail: CN = the address", "dn|mail" },
        { "key-usage", 0, 0, G_OPTION_ARG_STRING, &g.key_usage, "with commas", "LIST" },
        { "extended", 0, 0, G_OPTION_ARG_STRING, &g.extended, "extended key usage, OIDs with commas", "LIST" },
        { "policy", 0, 0, G_OPTION_ARG_STRING_ARRAY, &g.policies, "certificate policy; may repeat; empty for none", "OID" },
        { "key-kinds", 0, 0, G_OPTION_ARG_STRING, &g.key_kinds, "kinds of key, with commas; the first is made by default", "LIST" },
        { "max-active", 0, 0, G_OPTION_ARG_STRING, &g.max_active, "active ones that one person may have, or none", "N" },
        { 0 },
    };
    int status = CLI_USAGE;
    GError *error = NULL;
    if (cli_parse(cli, entries, &argc, &argv, 1, 1)) {
        const char *model = g.like ? g.like : argv[1];
        g_autoptr(GPtrArray) list = db_profile_list(cli_context(cli)->db, model, TRUE, &error);
        if (list && list->len) {
            DbProfile *p = list->pdata[list->len - 1];
            overlay(&g, argv[1], p);
            status = add(cli, &g, p);
        } else {
            status = list ? no_such(model) : cli_error(error);
        }
    }
    given_clear(&g);
    return status;
}

/* --- end ------------------------------------------------------------------------------------------------------------------ */

/* The one row of NAME that is in force, or is to be. */
static const DbProfile *
one_of(const GPtrArray *list, gboolean begun)
{
    const DbProfile *found = NULL;
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    for (guint i = 0; i < list->len; i++) {
        const DbProfile *p = list->pdata[i];
        if ((p->valid_from && p->valid_from <= now) == begun)
            found = p;
    }
    return found;
}

static int
profile_end(Cli *cli, int argc, char **argv)
{
    g_autofree char *text = NULL;
    const GOptionEntry entries[] = {
        { "at", 0, 0, G_OPTION_ARG_STRING, &text, "when (default: now)", "DATE" },
        { 0 },
    };
    GError *error = NULL;
    gint64 at;
    if (!cli_parse(cli, entries, &argc, &argv, 1, 1) || !read_moment(cli, "at", text, &at))
        return CLI_USAGE;
    g_autoptr(GPtrArray) list = db_profile_list(cli_context(cli)->db, argv[1], FALSE, &error);
    if (!list)
        return cli_error(error);
    const DbProfile *p = one_of(list, TRUE);
    if (!p)
        return cli_fail(CLI_NOT_FOUND, "there is no profile '%s' that is in force; `inkan profile list` shows all", argv[1]);
    if (!ra_profile_end(cli_context(cli), p, at, &error))
        return cli_error(error);
    g_autofree char *when = at ? cli_time(cli, at) : g_strdup("now");
    printf("%s ends: %s; what was applied for under it is still issued by it\n", p->name, when);
    return CLI_OK;
}

/* --- set ------------------------------------------------------------------------------------------------------------------ */

/* As the command line has it, then as the database keeps it. */
struct asked {
    char *contexts_text, *assurance_text, *max_active_text, *from;
    struct ra_profile_change change;
};

static void
asked_clear(struct asked *a)
{
    char *const texts[] = { a->contexts_text, a->assurance_text, a->max_active_text, a->from };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_strfreev(a->change.contexts);
    g_strfreev(a->change.assurance);
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

static gboolean
read_cap(const char *text, gint64 *cap)
{
    *cap = -1;
    take_number(cap, text);
    if (!text || *cap >= 0)
        return TRUE;
    cli_fail(CLI_USAGE, "--max-active %s is not allowed; allowed: 1 to 1000000, or none", text);
    return FALSE;
}

static int
has_begun(const char *name, const char *text)
{
    return cli_fail(CLI_REFUSED, "every row of '%s' has begun, and what was issued keeps it;"
                    " `inkan profile add %s --from %s` adds another", name, name, text);
}

static int
begin_at(Cli *cli, const GPtrArray *list, const char *name, const char *text)
{
    g_autoptr(GPtrArray) ended = NULL;
    GError *error = NULL;
    const DbProfile *p = one_of(list, FALSE);
    gint64 at;
    if (!read_moment(cli, "from", text, &at))
        return CLI_USAGE;
    if (!p)
        return has_begun(name, text);
    if (!ra_profile_begin(cli_context(cli), p, at, &ended, &error)) {
        /* In this very second, which our list did not show yet. */
        gboolean begun = strcmp(error->message, "profile-kept") == 0;
        if (!begun)
            return cli_error(error);
        g_error_free(error);
        return has_begun(name, text);
    }
    const char *warning = at == DB_PROFILE_NEVER ? NULL : ra_profile_warning(p);
    print_ended(ended);
    if (warning)
        printf("%s\n", warning);
    return CLI_OK;
}

/* All rows of that name that have not ended. */
static int
change_all(Cli *cli, const char *name, const struct asked *asked)
{
    GError *error = NULL;
    g_autoptr(GPtrArray) list = db_profile_list(cli_context(cli)->db, name, FALSE, &error);
    if (!list)
        return cli_error(error);
    if (list->len == 0)
        return cli_fail(CLI_NOT_FOUND, "there is no profile '%s' that is in force; `inkan profile list` shows all", name);
    if (asked->from)
        return begin_at(cli, list, name, asked->from);
    return ra_profile_ask(cli_context(cli), list, &asked->change, &error) ? CLI_OK : cli_error(error);
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
        { "max-active", 0, 0, G_OPTION_ARG_STRING, &asked.max_active_text, "active ones that one person may have, or none", "N" },
        { "from", 0, 0, G_OPTION_ARG_STRING, &asked.from, "when a row that sleeps, or is to come, begins (alone); never: it sleeps",
          "DATE" },
        { 0 },
    };
    int status = CLI_USAGE;
    if (cli_parse(cli, entries, &argc, &argv, 1, 1)) {
        gboolean asks = asked.contexts_text || asked.assurance_text || asked.max_active_text;
        if (asks == (asked.from != NULL))
            cli_fail(CLI_USAGE, "give what to change: --contexts, --assurance, --max-active; or --from alone");
        else if (read_list("contexts", ra_context_presets, asked.contexts_text, &asked.change.contexts) &&
                 read_list("assurance", ra_assurance_presets, asked.assurance_text, &asked.change.assurance) &&
                 read_cap(asked.max_active_text, &asked.change.max_active))
            status = change_all(cli, argv[1], &asked);
    }
    asked_clear(&asked);
    return status;
}

const struct command command_profile[] = {
    { "profile list", "", "lists the profiles, from when to when, and how a person must be logged in for each", profile_list },
    { "profile show", "NAME", "shows all rows of a profile in full", profile_show },
    { "profile add", "NAME [options]", "adds a row from a date on; the one whose place it takes ends then", profile_add },
    { "profile end", "NAME [options]", "ends a profile; what was applied for is still issued", profile_end },
    { "profile set", "NAME [options]", "says how a person must be logged in for certificates of a profile", profile_set },
    { 0 },
};
