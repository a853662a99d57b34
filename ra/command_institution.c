/* institution add, set, list, show */
#include <stdio.h>
#include <string.h>

#include "db/event.h"
#include "db/institution.h"
#include "ra/cli.h"
#include "ra/password.h"

/* Options as they were given; NULL where not. */
struct given {
    char *name_ja, *country, *locality, *organization, *unit, *types, *months, *approval, *pin_mail, *grace_days, *max_active,
        *identifier, *helpdesk_name, *helpdesk_mail, *helpdesk_phone, *password_rule, *name_form;
    char **mail_domains, **idps, **without_idps;
    gboolean yes; /* a change that makes new persons is meant */
};

static void
given_clear(struct given *g)
{
    char *texts[] = { g->name_ja,    g->country,    g->locality,      g->organization,  g->unit,
                      g->types,      g->months,     g->approval,      g->pin_mail,      g->grace_days,
                      g->max_active, g->identifier, g->helpdesk_name, g->helpdesk_mail, g->helpdesk_phone, g->password_rule,
                      g->name_form };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_strfreev(g->mail_domains);
    g_strfreev(g->idps);
    g_strfreev(g->without_idps);
}

/* --- each option: what is allowed, and where it goes ---------------------------------------------------------------------- */

static gboolean
subject_part(const char *text, gboolean may_be_empty)
{
    size_t n = 0;
    for (; text[n]; n++)
        if (text[n] < 0x20 || text[n] > 0x7e)
            return FALSE;
    return n <= 64 && (n > 0 || may_be_empty);
}

static gboolean
set_country(DbInstitution *i, const char *v)
{
    g_free(i->country);
    i->country = g_strdup(v);
    return strlen(v) == 2 && g_ascii_isupper(v[0]) && g_ascii_isupper(v[1]);
}

static gboolean
set_text(char **where, const char *v)
{
    g_free(*where);
    *where = g_strdup(v);
    return g_utf8_validate(v, -1, NULL) && strlen(v) <= 400;
}

static gboolean
set_locality(DbInstitution *i, const char *v)
{
    return set_text(&i->locality, v) && subject_part(v, FALSE);
}

static gboolean
set_organization(DbInstitution *i, const char *v)
{
    return set_text(&i->organization, v) && subject_part(v, FALSE);
}

static gboolean
set_unit(DbInstitution *i, const char *v)
{
    return set_text(&i->unit, v) && subject_part(v, TRUE);
}

static gboolean
set_words(char ***where, const char *v, const char *const *allowed)
{
    g_strfreev(*where);
    *where = g_strsplit(v, ",", -1);
    for (char **word = *where; *word; word++)
        if (!g_strv_contains(allowed, g_strstrip(*word)))
            return FALSE;
    return TRUE;
}

static gboolean
set_types(DbInstitution *i, const char *v)
{
    static const char *const allowed[] = { "client", "smime", NULL };
    return set_words(&i->types, v, allowed);
}

static gboolean
set_months(DbInstitution *i, const char *v)
{
    g_strfreev(i->months);
    i->months = g_strsplit(v, ",", -1);
    for (char **word = i->months; *word; word++)
        if (!g_ascii_string_to_unsigned(g_strstrip(*word), 10, 1, 120, NULL, NULL))
            return FALSE;
    return g_strv_length(i->months) <= 20;
}

static gboolean
set_flag(gboolean *where, const char *v)
{
    *where = strcmp(v, "yes") == 0;
    return *where || strcmp(v, "no") == 0;
}

static gboolean
set_approval(DbInstitution *i, const char *v)
{
    return set_flag(&i->approval, v);
}

static gboolean
set_pin_mail(DbInstitution *i, const char *v)
{
    return set_flag(&i->pin_mail, v);
}

static gboolean
set_grace(DbInstitution *i, const char *v)
{
    i->grace_days = -1;
    return strcmp(v, "none") == 0 || g_ascii_string_to_signed(v, 10, 0, 3650, &i->grace_days, NULL);
}

static gboolean
set_most(DbInstitution *i, const char *v)
{
    return g_ascii_string_to_signed(v, 10, 1, 1000000, &i->max_active, NULL);
}

static gboolean
set_identifier(DbInstitution *i, const char *v)
{
    static const char *const allowed[] = { "subject-id",          "pairwise-id", "eduPersonPrincipalName",
                                           "eduPersonTargetedID", "persistent",  NULL };
    return set_text(&i->identifier, v) && g_strv_contains(allowed, v);
}

static gboolean
set_name_ja(DbInstitution *i, const char *v)
{
    return set_text(&i->name_ja, v);
}

static gboolean
set_helpdesk_name(DbInstitution *i, const char *v)
{
    return set_text(&i->helpdesk_name, v);
}

static gboolean
set_helpdesk_mail(DbInstitution *i, const char *v)
{
    return set_text(&i->helpdesk_mail, v) && (!*v || strchr(v, '@'));
}

static gboolean
set_helpdesk_phone(DbInstitution *i, const char *v)
{
    return set_text(&i->helpdesk_phone, v);
}

static gboolean
set_password_rule(DbInstitution *i, const char *v)
{
    struct ra_password_rule rule;
    return set_text(&i->password_rule, v) && ra_password_rule_parse(v, NULL, &rule, NULL);
}

static gboolean
set_name_form(DbInstitution *i, const char *v)
{
    return set_text(&i->name_form, v) && (strcmp(v, "ascii") == 0 || strcmp(v, "native") == 0);
}

static const struct option {
    const char *name;
    size_t where; /* in struct given */
    gboolean (*set)(DbInstitution *, const char *);
    const char *allowed, *meaning, *placeholder;
} options[] = {
    { "name-ja", G_STRUCT_OFFSET(struct given, name_ja), set_name_ja, "a text", "name on Japanese pages", "TEXT" },
    { "country", G_STRUCT_OFFSET(struct given, country), set_country, "two capital letters", "C of its certificates", "CC" },
    { "locality", G_STRUCT_OFFSET(struct given, locality), set_locality, "1 to 64 ASCII characters", "L of its certificates",
      "TEXT" },
    { "organization", G_STRUCT_OFFSET(struct given, organization), set_organization, "1 to 64 ASCII characters",
      "O of its certificates (default: NAME in ASCII)", "TEXT" },
    { "unit", G_STRUCT_OFFSET(struct given, unit), set_unit, "up to 64 ASCII characters",
      "OU of its certificates; empty for none", "TEXT" },
    { "types", G_STRUCT_OFFSET(struct given, types), set_types, "client, smime or both with a comma", "what may be applied for",
      "LIST" },
    { "months", G_STRUCT_OFFSET(struct given, months), set_months, "numbers from 1 to 120 with commas, such as 52,25,13",
      "validities; the first is preselected", "LIST" },
    { "approval", G_STRUCT_OFFSET(struct given, approval), set_approval, "yes or no", "an officer approves each request",
      "YES|NO" },
    { "pin-mail", G_STRUCT_OFFSET(struct given, pin_mail), set_pin_mail, "yes or no",
      "the PIN comes by mail too, and the pickup asks for login", "YES|NO" },
    { "grace-days", G_STRUCT_OFFSET(struct given, grace_days), set_grace, "0 to 3650, or none",
      "days after which a renewed certificate is revoked; none: it runs out", "N" },
    { "max-active", G_STRUCT_OFFSET(struct given, max_active), set_most, "1 to 1000000", "active requests of one person", "N" },
    { "identifier", G_STRUCT_OFFSET(struct given, identifier), set_identifier,
      "subject-id, pairwise-id, eduPersonPrincipalName, eduPersonTargetedID or persistent", "what tells persons apart",
      "WORD" },
    { "helpdesk-name", G_STRUCT_OFFSET(struct given, helpdesk_name), set_helpdesk_name, "a text", "whom its people ask",
      "TEXT" },
    { "helpdesk-mail", G_STRUCT_OFFSET(struct given, helpdesk_mail), set_helpdesk_mail, "a mail address",
      "that helpdesk's address", "ADDRESS" },
    { "helpdesk-phone", G_STRUCT_OFFSET(struct given, helpdesk_phone), set_helpdesk_phone, "a text",
      "that helpdesk's telephone", "TEXT" },
    { "password-rule", G_STRUCT_OFFSET(struct given, password_rule), set_password_rule, RA_PASSWORD_RULE_WORDS,
      "what an own password for a certificate file must be", "RULE" },
    { "name-form", G_STRUCT_OFFSET(struct given, name_form), set_name_form, "ascii or native",
      "people's names in certificates: in ASCII, or in their own script where the IdP sends it", "WORD" },
};

static gboolean
parse(const Cli *cli, struct given *given, int *argc, char ***argv)
{
    GOptionEntry entries[G_N_ELEMENTS(options) + 5] = { { 0 } };
    size_t n = 0;
    for (; n < G_N_ELEMENTS(options); n++)
        entries[n] = (GOptionEntry){
            options[n].name,       0, 0, G_OPTION_ARG_STRING, (char *)given + options[n].where, options[n].meaning,
            options[n].placeholder
        };
    entries[n++] = (GOptionEntry){ "mail-domain",
                                   0,
                                   0,
                                   G_OPTION_ARG_STRING_ARRAY,
                                   &given->mail_domains,
                                   "domain of its addresses, .DOMAIN for all below; may repeat, replaces those before",
                                   "DOMAIN" };
    entries[n++] =
        (GOptionEntry){ "idp",     0, 0, G_OPTION_ARG_STRING_ARRAY, &given->idps, "an IdP that speaks for it; may repeat",
                        "ENTITYID" };
    entries[n++] = (GOptionEntry){ "without-idp", 0, 0, G_OPTION_ARG_STRING_ARRAY, &given->without_idps,
                                   "an IdP that no longer does; may repeat", "ENTITYID" };
    entries[n++] = (GOptionEntry){ "yes", 0, 0, G_OPTION_ARG_NONE, &given->yes,
                                   "another identifier is meant, though everybody becomes a new person by it", NULL };
    return cli_parse(cli, entries, argc, argv, 1, 1);
}

static gboolean
apply(const struct given *given, DbInstitution *institution)
{
    for (size_t n = 0; n < G_N_ELEMENTS(options); n++) {
        const char *value = G_STRUCT_MEMBER(char *, given, options[n].where);
        if (value && !options[n].set(institution, value)) {
            cli_fail(CLI_USAGE, "--%s %s is not allowed; allowed: %s", options[n].name, value, options[n].allowed);
            return FALSE;
        }
    }
    if (given->mail_domains) {
        g_strfreev(institution->mail_domains);
        institution->mail_domains = g_strdupv(given->mail_domains);
        for (char **d = institution->mail_domains; *d; d++) {
            g_autofree char *was = *d;
            *d = g_ascii_strdown(was, -1);
            if (!**d || strpbrk(*d, "@ ,;\"{}\\")) {
                cli_fail(CLI_USAGE,
                         "--mail-domain %s is not allowed; allowed: a domain such as example.ac.jp or .example.ac.jp", *d);
                return FALSE;
            }
        }
    }
    return TRUE;
}

/* --- the commands --------------------------------------------------------------------------------------------------------- */

/* Who somebody is stands in (institution, IdP, identifier): by another identifier everybody who is known comes back as a new
   person. CLI_OK where that is no question, or is meant. */
static int
ask_about_persons(Cli *cli, const struct given *given, const DbInstitution *now, const char *before)
{
    GError *error = NULL;
    if (now->id == 0 || strcmp(now->identifier, before) == 0 || given->yes)
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
                    persons, now->name, before, now->identifier);
}

static gboolean
audit_identifier(Db *db, gint64 id, const char *before, const char *now, GError **error)
{
    if (strcmp(before, now) == 0)
        return TRUE;
    g_autofree char *detail = g_strdup_printf("{\"old\": \"%s\", \"new\": \"%s\"}", before, now); /* two of our own words */
    const struct db_audit audit = { .actor = "operator", .institution = id, .what = "identifier-changed", .detail = detail };
    return db_event_audit(db, &audit, error);
}

static int
save(Cli *cli, const struct given *given, DbInstitution *institution, const char *identifier_before)
{
    static char *const nothing[] = { NULL };
    Db *db = cli_context(cli)->db;
    GError *error = NULL;
    gboolean ok = db_begin(db, &error);
    gint64 id = ok ? db_institution_save(db, institution, &error) : 0;
    ok = id != 0 && (institution->id == 0 || audit_identifier(db, id, identifier_before, institution->identifier, &error));
    for (char *const *idp = given->without_idps ? given->without_idps : nothing; ok && *idp; idp++)
        ok = db_institution_remove_idp(db, id, *idp, &error);
    for (char *const *idp = given->idps ? given->idps : nothing; ok && *idp; idp++)
        ok = db_institution_add_idp(db, id, *idp, &error);
    ok = ok && db_commit(db, &error);
    db_rollback(db);
    return ok ? CLI_OK : cli_error(error);
}

static int
make_or_change(Cli *cli, int argc, char **argv, gboolean make)
{
    struct given given = { 0 };
    GError *error = NULL;
    int status = CLI_USAGE;
    if (parse(cli, &given, &argc, &argv)) {
        const char *name = argv[1];
        g_autoptr(DbInstitution) institution = db_institution_by_name(cli_context(cli)->db, name, &error);
        g_autofree char *ascii = g_str_to_ascii(name, "C");
        if (error)
            status = cli_error(error);
        else if (!make && !institution)
            status = cli_fail(CLI_NOT_FOUND, "there is no institution '%s'; `inkan institution list` shows all", name);
        else if (!institution && !given.organization && (!subject_part(ascii, FALSE) || strchr(ascii, '?')))
            status = cli_fail(CLI_USAGE, "'%s' has no ASCII form for certificates; give one by --organization", name);
        else {
            if (!institution) /* add of what is there is a change: an operator may repeat it */
                institution = db_institution_new(name, given.organization ? given.organization : ascii);
            g_autofree char *before = g_strdup(institution->identifier);
            status = apply(&given, institution) ? ask_about_persons(cli, &given, institution, before) : CLI_USAGE;
            if (status == CLI_OK)
                status = save(cli, &given, institution, before);
        }
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

static void
print_list(const char *name, char **items)
{
    g_autofree char *text = g_strjoinv(" ", items);
    printf("%-15s %s\n", name, *text ? text : "–");
}

static int
institution_show(Cli *cli, int argc, char **argv)
{
    GError *error = NULL;
    if (!cli_parse(cli, NULL, &argc, &argv, 1, 1))
        return CLI_USAGE;
    g_autoptr(DbInstitution) i = db_institution_by_name(cli_context(cli)->db, argv[1], &error);
    if (!i)
        return error ? cli_error(error)
                     : cli_fail(CLI_NOT_FOUND, "there is no institution '%s'; `inkan institution list` shows all", argv[1]);
    printf("%-15s %s\n%-15s %s\n%-15s C=%s, L=%s, O=%s%s%s\n", "name", i->name, "name-ja", i->name_ja, "subject", i->country,
           i->locality, i->organization, i->unit ? ", OU=" : "", i->unit ? i->unit : "");
    print_list("mail-domain", i->mail_domains);
    print_list("types", i->types);
    print_list("months", i->months);
    printf("%-15s %s\n%-15s %s\n", "approval", i->approval ? "yes" : "no", "pin-mail", i->pin_mail ? "yes" : "no");
    if (i->grace_days < 0)
        printf("%-15s none\n", "grace-days");
    else
        printf("%-15s %" G_GINT64_FORMAT "\n", "grace-days", i->grace_days);
    printf("%-15s %" G_GINT64_FORMAT "\n%-15s %s\n", "max-active", i->max_active, "identifier", i->identifier);
    printf("%-15s %s %s %s\n", "helpdesk", i->helpdesk_name, i->helpdesk_mail, i->helpdesk_phone);
    printf("%-15s %s\n", "password-rule", *i->password_rule ? i->password_rule : "default");
    printf("%-15s %s\n", "name-form", i->name_form);
    print_list("idp", i->idps);
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
