/* metadata import, refresh, status, show */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "db/institution.h"
#include "db/metadata.h"
#include "ra/cli.h"
#include "ra/metadata_fetch.h"
#include "sp/metadata.h"
#include "sp/service.h"

#define DESCRIPTOR_MOST (1024 * 1024)

static gint64
seconds_now(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}

static gboolean
read_file(const char *file, GBytes **bytes)
{
    struct stat about;
    char *text = NULL;
    gsize size = 0;
    g_autoptr(GError) error = NULL;
    if (stat(file, &about) == 0 && about.st_size > DESCRIPTOR_MOST) {
        cli_fail(CLI_USAGE, "%s is too large for one IdP's description", file);
        return FALSE;
    }
    if (!g_file_get_contents(file, &text, &size, &error)) {
        cli_fail(CLI_USAGE, "%s", error->message);
        return FALSE;
    }
    *bytes = g_bytes_new_take(text, size);
    return TRUE;
}

/* Adds DOMAIN, in lower case, unless it is there. */
static void
add_domain(DbInstitution *institution, const char *domain)
{
    g_autofree char *lower = g_ascii_strdown(domain, -1);
    if (g_strv_contains((const char *const *)institution->mail_domains, lower))
        return;
    g_autoptr(GStrvBuilder) list = g_strv_builder_new();
    g_strv_builder_addv(list, (const char **)institution->mail_domains);
    g_strv_builder_add(list, lower);
    g_strfreev(institution->mail_domains);
    institution->mail_domains = g_strv_builder_end(list);
}

static DbInstitution *
institution_for(Db *db, const char *name, const char *organization, int *status)
{
    GError *error = NULL;
    DbInstitution *institution = db_institution_by_name(db, name, &error);
    if (institution)
        return institution;
    if (error) {
        *status = cli_error(error);
        return NULL;
    }
    g_autofree char *ascii = organization ? g_strdup(organization) : g_str_to_ascii(name, "C");
    g_autofree char *cut = g_strndup(ascii, 64);
    if (!*cut || (!organization && strchr(cut, '?'))) {
        *status = cli_fail(CLI_USAGE, "'%s' has no ASCII form for certificates; give one by --organization", name);
        return NULL;
    }
    return db_institution_new(name, cut);
}

static gboolean
store(Db *db, DbInstitution *institution, const char *entity_id, GError **error)
{
    gboolean ok = db_begin(db, error);
    gint64 id = ok ? db_institution_save(db, institution, error) : 0;
    ok = id != 0 && db_institution_add_idp(db, id, entity_id, error) && db_commit(db, error);
    db_rollback(db);
    return ok;
}

/* The rows of the IdP, then the institution: a repeat after a break does the rest. */
static int
import(Cli *cli, GBytes *descriptor, DbInstitution *institution, char **domains)
{
    Db *db = cli_context(cli)->db;
    GError *error = NULL;
    g_autofree char *entity_id = NULL;
    if (!sp_start(&error) || !sp_metadata_import(db, descriptor, seconds_now(), &entity_id, &error))
        return cli_error(error);
    g_autoptr(DbIdp) idp = db_metadata_get(db, entity_id, seconds_now(), &error);
    if (!idp)
        return error ? cli_error(error) : cli_fail(CLI_FAILED, "%s was imported but is not valid now", entity_id);
    for (char **domain = domains; domain && *domain; domain++)
        add_domain(institution, *domain);
    /* A new institution's addresses are, unless said, those of the scopes that its IdP may assert. */
    for (char **scope = idp->scopes; !domains && institution->id == 0 && *scope; scope++)
        add_domain(institution, *scope);
    if (!store(db, institution, entity_id, &error))
        return cli_error(error);
    g_autofree char *list = g_strjoinv(" ", institution->mail_domains);
    printf("%s speaks for %s (mail domains: %s)\n", entity_id, institution->name,
           *list ? list : "none, so nothing can be applied for");
    return CLI_OK;
}

static int
metadata_import(Cli *cli, int argc, char **argv)
{
    g_autofree char *name = NULL, *organization = NULL;
    g_auto(GStrv) domains = NULL;
    const GOptionEntry entries[] = {
        { "institution", 0, 0, G_OPTION_ARG_STRING, &name, "for whom the IdP speaks; made if it is new", "NAME" },
        { "mail-domain", 0, 0, G_OPTION_ARG_STRING_ARRAY, &domains, "domain of its addresses; may repeat", "DOMAIN" },
        { "organization", 0, 0, G_OPTION_ARG_STRING, &organization, "O of its certificates (default: NAME in ASCII)", "TEXT" },
        { 0 },
    };
    g_autoptr(GBytes) descriptor = NULL;
    int status = CLI_USAGE;
    if (!cli_parse(cli, entries, &argc, &argv, 1, 1))
        return CLI_USAGE;
    if (!name)
        return cli_fail(CLI_USAGE, "say for whom the IdP speaks: --institution NAME");
    if (!read_file(argv[1], &descriptor))
        return CLI_USAGE;
    g_autoptr(DbInstitution) institution = institution_for(cli_context(cli)->db, name, organization, &status);
    return institution ? import(cli, descriptor, institution, domains) : status;
}

static int
metadata_refresh(Cli *cli, int argc, char **argv)
{
    GError *error = NULL;
    if (!cli_parse(cli, NULL, &argc, &argv, 0, 0))
        return CLI_USAGE;
    RaContext *ctx = cli_context(cli);
    if (!sp_start(&error) || !ra_metadata_refresh(ctx, seconds_now(), TRUE, &error))
        return cli_error(error);
    printf("every source of [saml] sources was fetched and verified\n");
    return CLI_OK;
}

static int
metadata_status(Cli *cli, int argc, char **argv)
{
    GError *error = NULL;
    if (!cli_parse(cli, NULL, &argc, &argv, 0, 0))
        return CLI_USAGE;
    g_autoptr(GPtrArray) sources = db_metadata_sources(cli_context(cli)->db, &error);
    if (!sources)
        return cli_error(error);
    for (guint i = 0; i < sources->len; i++) {
        const DbMetadataSource *s = sources->pdata[i];
        g_autofree char *refreshed = cli_time(cli, s->refreshed_at);
        g_autofree char *until = cli_time(cli, s->valid_until);
        printf("%s\t%d IdPs\trefreshed %s\tvalid until %s%s%s\n", s->name, s->entities, refreshed, until,
               *s->error ? "\tLAST TRY FAILED: " : "", s->error);
    }
    return CLI_OK;
}

static int
metadata_show(Cli *cli, int argc, char **argv)
{
    gboolean xml = FALSE;
    const GOptionEntry entries[] = {
        { "xml", 0, 0, G_OPTION_ARG_NONE, &xml, "its EntityDescriptor as it was verified", NULL },
        { 0 },
    };
    GError *error = NULL;
    if (!cli_parse(cli, entries, &argc, &argv, 1, 1))
        return CLI_USAGE;
    Db *db = cli_context(cli)->db;
    g_autoptr(DbIdp) idp = db_metadata_get(db, argv[1], seconds_now(), &error);
    if (!idp)
        return error ? cli_error(error)
                     : cli_fail(CLI_NOT_FOUND, "no valid metadata of %s; `inkan metadata status` shows the sources", argv[1]);
    if (xml) {
        printf("%s\n", idp->xml);
        return CLI_OK;
    }
    g_autoptr(DbInstitution) institution = idp->institution ? db_institution_get(db, idp->institution, &error) : NULL;
    if (error)
        return cli_error(error);
    g_autofree char *scopes = g_strjoinv(" ", idp->scopes);
    g_autofree char *until = cli_time(cli, idp->valid_until);
    printf("%s\n  %s / %s\n  source %s, valid until %s\n  scopes %s\n  contact %s %s\n  institution %s\n", idp->entity_id,
           idp->name_en, idp->name_ja, idp->source, until, scopes, idp->contact_name, idp->contact_mail,
           institution ? institution->name : "none: nobody can log in by it (`inkan institution set NAME --idp ENTITYID`)");
    return CLI_OK;
}

const struct command command_metadata[] = {
    { "metadata import", "FILE --institution NAME [--mail-domain D]...", "registers one IdP by hand from its EntityDescriptor",
      metadata_import },
    { "metadata refresh", "", "fetches and verifies every source now", metadata_refresh },
    { "metadata status", "", "shows the sources", metadata_status },
    { "metadata show", "ENTITYID [--xml]", "shows one IdP", metadata_show },
    { 0 },
};
