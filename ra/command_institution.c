/* institution add, set, list, show: the fields are those of ra/policy.h */
#include <stdio.h>
#include <string.h>

#include "db/institution.h"
#include "ra/cli.h"
#include "ra/error.h"
#include "ra/policy.h"

#define FIELDS_MOST 64

/* Options as they were given, NULL where not; one entry for each field. */
struct given {
    char **fields[FIELDS_MOST];
    char **without_idps;
    gboolean yes; /* a change that makes new persons is meant */
};

static void
given_clear(struct given *g)
{
    for (gsize n = 0; n < ra_policy_count; n++)
        g_strfreev(g->fields[n]);
    g_strfreev(g->without_idps);
}

static gboolean
parse(const Cli *cli, struct given *given, int *argc, char ***argv)
{
    GOptionEntry entries[FIELDS_MOST + 3] = { { 0 } };
    gsize n = 0;
    g_assert(ra_policy_count <= FIELDS_MOST);
    for (; n < ra_policy_count; n++)
        entries[n] = (GOptionEntry){ ra_policy_fields[n].name, 0, 0, G_OPTION_ARG_STRING_ARRAY, &given->fields[n],
                                     ra_policy_fields[n].meaning, ra_policy_fields[n].placeholder };
    entries[n++] = (GOptionEntry){ "without-idp", 0, 0, G_OPTION_ARG_STRING_ARRAY, &given->without_idps,
                                   "an IdP that no longer does; may repeat", "ENTITYID" };
    entries[n++] = (GOptionEntry){ "yes", 0, 0, G_OPTION_ARG_NONE, &given->yes,
                                   "another identifier is meant, though everybody becomes a new person by it", NULL };
    return cli_parse(cli, entries, argc, argv, 1, 1);
}

/* --- what the options make of it ------------------------------------------------------------------------------------------- */

static gboolean
add(RaPolicyDraft *draft, const struct ra_policy_field *field, const char *text)
{
    g_autoptr(GError) error = NULL;
    if (ra_policy_draft_add(draft, field, text, &error))
        return TRUE;
    g_autofree char *allowed = ra_policy_allowed(field);
    cli_fail(CLI_USAGE, "--%s %s is not allowed; allowed: %s", field->name, text, allowed);
    return FALSE;
}

/* IdPs are added to those that are there, and taken from them; every other list is replaced by what is given. */
static char *
idps_of(const struct given *given, gsize n, const RaPolicy *now)
{
    g_autoptr(GStrvBuilder) all = g_strv_builder_new();
    g_auto(GStrv) there = g_strsplit(now ? ra_policy_value(now, &ra_policy_fields[n]) : "", "\n", -1);
    for (char **idp = there; *idp; idp++)
        if (!given->without_idps || !g_strv_contains((const char *const *)given->without_idps, *idp))
            g_strv_builder_add(all, *idp);
    if (given->fields[n])
        g_strv_builder_addv(all, (const char **)given->fields[n]);
    g_auto(GStrv) list = g_strv_builder_end(all);
    return g_strjoinv("\n", list);
}

static gboolean
add_option(RaPolicyDraft *draft, const struct given *given, gsize n, const RaPolicy *now)
{
    const struct ra_policy_field *field = &ra_policy_fields[n];
    char **values = given->fields[n];
    g_autofree char *list = NULL;
    if (field->kind == RA_POLICY_IDPS && (values || given->without_idps))
        list = idps_of(given, n, now);
    else if (!values)
        return TRUE;
    else if (ra_policy_is_list(field))
        list = g_strjoinv("\n", values);
    return add(draft, field, list ? list : values[g_strv_length(values) - 1]);
}

static gboolean
read_options(RaPolicyDraft *draft, const struct given *given, const RaPolicy *now)
{
    for (gsize n = 0; n < ra_policy_count; n++)
        if (!add_option(draft, given, n, now))
            return FALSE;
    return TRUE;
}

/* --- the commands ---------------------------------------------------------------------------------------------------------- */

/* Who somebody is stands in (institution, IdP, identifier): by another identifier everybody who is known comes back as a new
   person. CLI_OK where that is no question, or is meant. */
static int
ask_about_persons(Cli *cli, const RaPolicyDraft *draft, const RaPolicy *now)
{
    GError *error = NULL;
    const struct ra_policy_field *field = ra_policy_field("identifier");
    const char *before = ra_policy_value(now, field), *then = ra_policy_draft_value(draft, field);
    if (!then || strcmp(then, before) == 0)
        return CLI_OK;
    gint64 persons = db_institution_persons(cli_context(cli)->db, now->id, &error);
    if (persons < 0)
        return cli_error(error);
    if (persons == 0)
        return CLI_OK;
    return cli_fail(CLI_REFUSED,
                    "%" G_GINT64_FORMAT " persons of %s are known by %s. By %s they come back as new persons, who neither see nor "
                    "renew what they have now: their certificates stay valid, but only you can revoke them. Nothing was changed; "
                    "say --yes if that is meant",
                    persons, now->name, before, then);
}

static int
save(Cli *cli, const RaPolicyDraft *draft, const RaPolicy *now, const char *name, const char *organization)
{
    static const struct ra_policy_by owner = { 0 };
    RaContext *ctx = cli_context(cli);
    GError *error = NULL;
    gboolean ok = db_begin(ctx->db, &error);
    gint64 id = ok && now ? now->id : 0;
    if (ok && !now)
        id = db_policy_add(ctx->db, name, organization, &error);
    ok = id != 0 && ra_policy_apply(ctx, id, 0, draft, &owner, &error) && db_commit(ctx->db, &error);
    db_rollback(ctx->db);
    return ok ? CLI_OK : cli_error(error);
}

/* O of a new institution: what was given, otherwise its name, where that has an ASCII form. NULL and *STATUS. */
static char *
organization_of(const char *name, const RaPolicyDraft *draft, int *status)
{
    const struct ra_policy_field *field = ra_policy_field("organization");
    const char *given = ra_policy_draft_value(draft, field);
    g_autofree char *ascii = given ? g_strdup(given) : g_str_to_ascii(name, "C");
    char *value = given || !strchr(ascii, '?') ? ra_policy_read(field, ascii, NULL) : NULL;
    if (!value)
        *status = cli_fail(CLI_USAGE, "'%s' has no ASCII form for certificates; give one by --organization", name);
    return value;
}

static int
change(Cli *cli, const struct given *given, const char *name, const RaPolicy *now)
{
    g_autoptr(RaPolicyDraft) draft = ra_policy_draft_new();
    int status = CLI_OK;
    if (!read_options(draft, given, now))
        return CLI_USAGE;
    g_autofree char *organization = now ? NULL : organization_of(name, draft, &status);
    if (now && !given->yes)
        status = ask_about_persons(cli, draft, now);
    return status == CLI_OK ? save(cli, draft, now, name, organization) : status;
}

static int
make_or_change(Cli *cli, int argc, char **argv, gboolean make)
{
    struct given given = { 0 };
    GError *error = NULL;
    int status = CLI_USAGE;
    if (parse(cli, &given, &argc, &argv)) {
        g_autoptr(RaPolicy) now = db_policy_by_name(cli_context(cli)->db, argv[1], &error);
        if (error)
            status = cli_error(error);
        else if (!make && !now)
            status = cli_fail(CLI_NOT_FOUND, "there is no institution '%s'; `inkan institution list` shows all", argv[1]);
        else /* add of what is there is a change: an operator may repeat it */
            status = change(cli, &given, argv[1], now);
    }
    given_clear(&given);
    return status;
}

static int
institution_add(Cli *cli, int argc, char **argv)
{
    return make_or_change(cli, argc, argv, TRUE);
}

static int
institution_set(Cli *cli, int argc, char **argv)
{
    return make_or_change(cli, argc, argv, FALSE);
}

static int
institution_list(Cli *cli, int argc, char **argv)
{
    GError *error = NULL;
    if (!cli_parse(cli, NULL, &argc, &argv, 0, 0))
        return CLI_USAGE;
    g_autoptr(GPtrArray) list = db_institution_list(cli_context(cli)->db, &error);
    if (!list)
        return cli_error(error);
    for (guint n = 0; n < list->len; n++) {
        const DbInstitution *i = list->pdata[n];
        g_autofree char *domains = g_strjoinv(" ", i->mail_domains);
        printf("%s\t%s\t%u IdPs\n", i->name, domains, g_strv_length(i->idps));
    }
    return CLI_OK;
}

/* Lists whose values have no space on one line; the others with a line for each. */
static void
print_field(const struct ra_policy_field *field, const char *value)
{
    static const struct { enum ra_policy_kind kind; const char *words; } nothing[] = {
        { RA_POLICY_MAYBE, "none" }, { RA_POLICY_RULE, "default" },
    };
    g_auto(GStrv) values = g_strsplit(value, "\n", -1);
    const char *between = field->kind == RA_POLICY_NAMES ? "\n                " : " ";
    g_autofree char *text = g_strjoinv(between, values);
    const char *shown = *text ? text : "–";
    for (gsize i = 0; !*text && i < G_N_ELEMENTS(nothing); i++)
        if (nothing[i].kind == field->kind)
            shown = nothing[i].words;
    printf("%-15s %s\n", field->name, shown);
}

static int
institution_show(Cli *cli, int argc, char **argv)
{
    GError *error = NULL;
    if (!cli_parse(cli, NULL, &argc, &argv, 1, 1))
        return CLI_USAGE;
    g_autoptr(RaPolicy) policy = db_policy_by_name(cli_context(cli)->db, argv[1], &error);
    if (!policy)
        return error ? cli_error(error)
                     : cli_fail(CLI_NOT_FOUND, "there is no institution '%s'; `inkan institution list` shows all", argv[1]);
    printf("%-15s %s\n", "name", policy->name);
    for (gsize n = 0; n < ra_policy_count; n++)
        print_field(&ra_policy_fields[n], ra_policy_value(policy, &ra_policy_fields[n]));
    return CLI_OK;
}

const struct command command_institution[] = {
    { "institution add", "NAME [options]", "makes an institution with the default policy; what is given by options differs",
      institution_add },
    { "institution set", "NAME [options]", "changes what is given by options", institution_set },
    { "institution list", "", "lists names, mail domains, number of IdPs", institution_list },
    { "institution show", "NAME", "shows the policy of one", institution_show },
    { 0 },
};
