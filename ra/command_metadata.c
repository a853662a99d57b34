/* metadata import, remove, refresh, status, list, show */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "db/institution.h"
#include "db/metadata.h"
#include "db/metadata_query.h"
#include "ra/cli.h"
#include "ra/metadata.h"
#include "ra/metadata_store.h"
#include "ra/policy.h"
#include "sp/service.h"

#define DESCRIPTOR_MOST (1024 * 1024)

static gint64
seconds_now(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}

/* --- import --------------------------------------------------------------------------------------------------------------- */

static GByteArray *
read_file(const char *file)
{
    struct stat about;
    char *text = NULL;
    gsize size = 0;
    g_autoptr(GError) error = NULL;
    if (stat(file, &about) == 0 && about.st_size > DESCRIPTOR_MOST) {
        cli_fail(CLI_USAGE, "%s is too large for one IdP's description", file);
        return NULL;
    }
    if (!g_file_get_contents(file, &text, &size, &error)) {
        cli_fail(CLI_USAGE, "%s", error->message);
        return NULL;
    }
    return g_byte_array_new_take((guint8 *)text, size);
}

/* For whom IDP is to speak: an institution that is there, or a new one under NAME. */
struct import { const DbPolicy *now; const char *name; char *organization, **domains; };

/* O of a new institution: what was given, otherwise its name, where that has an ASCII form. NULL and *STATUS. */
static char *
organization_for(const char *name, const char *given, int *status)
{
    g_autofree char *ascii = given ? g_strdup(given) : g_str_to_ascii(name, "C");
    g_autofree char *cut = g_strndup(ascii, 64);
    if (*cut && (given || !strchr(cut, '?')))
        return g_steal_pointer(&cut);
    *status = cli_fail(CLI_USAGE, "'%s' has no ASCII form for certificates; give one by --organization", name);
    return NULL;
}

/* The mail domains that it is to have: those that are there and those that were given. A new institution's are, unless said, those of
   the scopes that its IdP may assert. FALSE and a sentence where one is no domain. */
static gboolean
add_domains(RaPolicyDraft *draft, const struct import *import, const DbIdp *idp)
{
    const struct ra_policy_field *field = ra_policy_field("mail-domain");
    g_autoptr(GString) all = g_string_new(import->now ? ra_policy_value(import->now, field) : "");
    for (char **d = import->domains ? import->domains : import->now ? NULL : idp->scopes; d && *d; d++)
        g_string_append_printf(all, "\n%s", *d);
    g_autoptr(GError) error = NULL;
    if (ra_policy_draft_add(draft, field, all->str, &error))
        return TRUE;
    cli_fail(CLI_USAGE, "--%s", error->message);
    return FALSE;
}

static gboolean
add_idp(RaPolicyDraft *draft, const struct import *import, const DbIdp *idp, GError **error)
{
    const struct ra_policy_field *field = ra_policy_field("idp");
    g_autofree char *all = g_strconcat(import->now ? ra_policy_value(import->now, field) : "", "\n", idp->entity_id, NULL);
    return ra_policy_draft_add(draft, field, all, error);
}

/* One transaction: a description that is refused an institution must not count for another's IdP either. */
static gboolean
store(RaContext *ctx, const struct import *import, DbIdp *idp, RaPolicyDraft *draft, GError **error)
{
    static const struct ra_policy_by owner = { 0 };
    gboolean ok = add_idp(draft, import, idp, error) && db_begin(ctx->db, error) &&
                  ra_metadata_put_by_hand(ctx, idp, seconds_now(), error);
    gint64 id = ok && import->now ? import->now->id : 0;
    if (ok && !import->now)
        id = db_policy_add(ctx->db, import->name, import->organization, error);
    ok = id != 0 && ra_policy_apply(ctx, id, 0, draft, &owner, error) && db_commit(ctx->db, error);
    db_rollback(ctx->db);
    return ok;
}

/* What reads metadata in our stead; NULL and *STATUS where it cannot be started. */
static SpOpener *
open_opener(int *status)
{
    GError *error = NULL;
    SpOpener *opener = sp_start(&error) ? sp_opener_spawn(NULL, &error) : NULL;
    if (!opener)
        *status = cli_error(error);
    return opener;
}

static int
import_for(Cli *cli, DbIdp *idp, const struct import *import)
{
    GError *error = NULL;
    g_autoptr(RaPolicyDraft) draft = ra_policy_draft_new();
    if (idp->valid_until <= seconds_now())
        return cli_fail(CLI_FAILED, "%s is not valid any more; nothing was changed", idp->entity_id);
    if (!add_domains(draft, import, idp))
        return CLI_USAGE;
    if (!store(cli_context(cli), import, idp, draft, &error))
        return cli_error(error);
    g_auto(GStrv) domains = g_strsplit(ra_policy_draft_value(draft, ra_policy_field("mail-domain")), "\n", -1);
    g_autofree char *list = g_strjoinv(" ", domains);
    printf("%s speaks for %s (mail domains: %s)\n", idp->entity_id, import->name,
           *list ? list : "none, so nothing can be applied for");
    return CLI_OK;
}

/* What FILE says; NULL and *STATUS, with the file's name in the sentence. */
static DbIdp *
read_descriptor(const char *file, int *status)
{
    g_autoptr(GByteArray) descriptor = read_file(file);
    g_autoptr(SpOpener) opener = descriptor ? open_opener(status) : NULL;
    GError *error = NULL;
    if (!opener)
        return NULL;
    DbIdp *idp = ra_metadata_read_by_hand(opener, descriptor, seconds_now(), &error);
    if (idp)
        return idp;
    g_prefix_error(&error, "%s is no IdP's description that can be used (one EntityDescriptor): ", file);
    *status = cli_error(error);
    return NULL;
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
    int status = CLI_USAGE;
    if (!cli_parse(cli, entries, &argc, &argv, 1, 1))
        return CLI_USAGE;
    if (!name)
        return cli_fail(CLI_USAGE, "say for whom the IdP speaks: --institution NAME");
    g_autoptr(DbIdp) idp = read_descriptor(argv[1], &status);
    if (!idp)
        return status;
    GError *error = NULL;
    g_autoptr(RaPolicy) now = db_policy_by_name(cli_context(cli)->db, name, &error);
    if (error)
        return cli_error(error);
    g_autofree char *o = now ? NULL : organization_for(name, organization, &status);
    const struct import import = { .now = now, .name = name, .organization = o, .domains = domains };
    return now || o ? import_for(cli, idp, &import) : status;
}

/* --- remove --------------------------------------------------------------------------------------------------------------- */

static gboolean
is_by_hand(const GPtrArray *rows)
{
    for (guint i = 0; i < rows->len; i++)
        if (strcmp(((const DbIdp *)rows->pdata[i])->source, SP_METADATA_MANUAL) == 0)
            return TRUE;
    return FALSE;
}

static int
metadata_remove(Cli *cli, int argc, char **argv)
{
    GError *error = NULL;
    if (!cli_parse(cli, NULL, &argc, &argv, 1, 1))
        return CLI_USAGE;
    RaContext *ctx = cli_context(cli);
    g_autoptr(GPtrArray) rows = db_metadata_everywhere(ctx->db, argv[1], &error);
    if (!rows)
        return cli_error(error);
    if (!is_by_hand(rows))
        return cli_fail(CLI_NOT_FOUND, "%s was not given by hand (`inkan metadata list` shows the sources)", argv[1]);
    gboolean ok = db_begin(ctx->db, &error) && ra_metadata_drop_by_hand(ctx, argv[1], seconds_now(), &error) &&
                  db_commit(ctx->db, &error);
    db_rollback(ctx->db);
    g_autoptr(DbIdp) now = ok ? db_metadata_get(ctx->db, argv[1], seconds_now(), &error) : NULL;
    if (error)
        return cli_error(error);
    if (now)
        printf("%s: what source %s says of it counts now\n", argv[1], now->source);
    else
        printf("%s: no source has it, nobody can log in by it any more\n", argv[1]);
    return CLI_OK;
}

/* --- refresh and status --------------------------------------------------------------------------------------------------- */

/* What an operator does where a message begins with one of these words. The first that fits counts. */
static const struct { const char *word, *todo; } advice[] = {
    { "metadata: fetch: the server has no such thing", "the address in [saml] sources is wrong, or the federation moved it" },
    { "metadata: fetch: the answer is too large", "this is no metadata that we can take; look at the address in [saml] sources" },
    { "metadata: fetch: the address is inside", "the server sends us on into this network: tell the federation, take no copy from it" },
    { "metadata: fetch", "try it by hand: curl -v URL; [saml] metadata_ca_file where the server's CA is not a public one" },
    { "metadata: the file", "look at the file and at who may read it (the worker's user)" },
    { "certificate", "put the federation's certificate there, got by a way that can be trusted" },
    { "key", "the pinned certificate's file has none that is good for signatures" },
    { "signature", "this copy was not signed by the pinned key, or was changed on the way. If the federation has announced a new key,"
                   " put its certificate into the file beside the old one; if not, tell the federation" },
    { "unsigned", "the federation publishes unsigned metadata there: take the signed one, never this" },
    { "valid-until: past", "the federation's copy is old: tell the federation; ours counts until its own end" },
    { "valid-until: farther", "raise [saml] metadata_longest only if the federation says that so long is meant" },
    { "opener", "the process that reads metadata ended: see its lines in the log; a copy that does that is not taken" },
    { "entity", "what the server gave is not for us: see `inkan metadata show ENTITYID`" },
    { "", "the message says what is wrong with the copy: tell the federation; ours counts until its own end" },
};

static const char *
todo_for(const char *message)
{
    for (size_t i = 0;; i++)
        if (g_str_has_prefix(message, advice[i].word))
            return advice[i].todo;
}

/* "6.9 days", "40 minutes". */
static char *
span(gint64 seconds)
{
    if (seconds >= 2 * 86400)
        return g_strdup_printf("%.1f days", (double)seconds / 86400);
    if (seconds >= 2 * 3600)
        return g_strdup_printf("%.1f hours", (double)seconds / 3600);
    if (seconds >= 120)
        return g_strdup_printf("%d minutes", (int)(seconds / 60));
    return g_strdup_printf("%d seconds", (int)seconds);
}

static gboolean
is_manual(const DbMetadataSource *s)
{
    return strcmp(s->kind, "manual") == 0;
}

static gboolean
is_over(const DbMetadataSource *s, gint64 now)
{
    return strcmp(s->kind, "aggregate") == 0 && s->valid_until <= now;
}

static const char *
state_of(const DbMetadataSource *s, gint64 now)
{
    if (is_over(s, now))
        return s->refreshed_at ? "OVER: its IdPs do not count any more" : "NEVER FETCHED";
    return *s->error ? "FAILING: the last good copy still counts" : "ok";
}

static void
print_time(Cli *cli, const char *what, gint64 at, gint64 now, const char *more)
{
    g_autofree char *time = cli_time(cli, at);
    g_autofree char *distance = span(ABS(at - now));
    printf("  %-14s%s, %s%s%s%s\n", what, time, at > now ? "in " : "", distance, at > now ? "" : " ago", more);
}

/* TRUE: nobody needs to do anything. */
static gboolean
print_source(Cli *cli, const DbMetadataSource *s, gint64 now)
{
    const char *state = state_of(s, now);
    g_autofree char *changed = g_strdup_printf(" (%d changed)", s->changed);
    printf("%s\t%s\n", s->name, state);
    printf("  %-14s%s %s\n", "source", s->kind, *s->location ? s->location : "by `inkan metadata import`");
    printf("  %-14s%d\n", "IdPs", s->entities);
    if (s->skipped)
        printf("  %-14s%d of them cannot be used: `inkan metadata list --skipped %s`\n", "left out", s->skipped, s->name);
    if (s->refreshed_at)
        print_time(cli, is_manual(s) ? "last import" : "last change", s->refreshed_at, now, is_manual(s) ? "" : changed);
    if (s->asked_at && !is_manual(s))
        print_time(cli, "last good try", s->asked_at, now, "");
    if (s->valid_until)
        print_time(cli, "valid until", s->valid_until, now, strcmp(s->kind, "mdq") == 0 ? " (the first of its IdPs)" : "");
    if (*s->error) {
        print_time(cli, "FAILED", s->failed_at, now, "");
        printf("  %-14s%s\n  %-14s%s\n", "why", s->error, "what to do", todo_for(s->error));
    }
    return strcmp(state, "ok") == 0;
}

/* Those of NAME, or all. CLI_FAILED where one of them needs somebody. */
static int
print_sources(Cli *cli, const char *name)
{
    GError *error = NULL;
    gint64 now = seconds_now();
    int status = CLI_OK;
    g_autoptr(GPtrArray) sources = db_metadata_sources(cli_context(cli)->db, &error);
    if (!sources)
        return cli_error(error);
    for (guint i = 0; i < sources->len; i++) {
        const DbMetadataSource *s = sources->pdata[i];
        if ((!name || strcmp(name, s->name) == 0) && !print_source(cli, s, now))
            status = CLI_FAILED;
    }
    if (!sources->len)
        printf("no source of metadata yet: set [saml] sources and start the worker, or `inkan metadata import`\n");
    return status;
}

static int
unknown_source(const GPtrArray *sources, const char *name)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; i < sources->len; i++)
        g_string_append_printf(names, "%s%s", i ? ", " : "", ((const RaMetadataSource *)sources->pdata[i])->name);
    return cli_fail(CLI_NOT_FOUND, "[saml] sources has no '%s', but: %s", name, names->len ? names->str : "none");
}

static int
metadata_refresh(Cli *cli, int argc, char **argv)
{
    GError *error = NULL;
    g_autoptr(GError) wrong = NULL;
    int status = CLI_FAILED;
    if (!cli_parse(cli, NULL, &argc, &argv, 0, 1))
        return CLI_USAGE;
    g_autoptr(GPtrArray) sources = ra_metadata_sources(cli_settings(cli), &wrong);
    if (wrong)
        return cli_fail(CLI_USAGE, "%s", wrong->message);
    gboolean known = argc < 2;
    for (guint i = 0; i < sources->len && !known; i++)
        known = strcmp(((const RaMetadataSource *)sources->pdata[i])->name, argv[1]) == 0;
    if (!known)
        return unknown_source(sources, argv[1]);
    g_autoptr(SpOpener) opener = open_opener(&status);
    if (!opener)
        return status;
    const struct ra_metadata_round round = { .ctx = cli_context(cli), .opener = opener, .sources = sources, .now = seconds_now(),
                                             .force = TRUE, .only = argc > 1 ? argv[1] : NULL };
    gboolean done = ra_metadata_round(&round, &error);
    status = print_sources(cli, round.only);
    return done ? status : cli_error(error);
}

static int
metadata_status(Cli *cli, int argc, char **argv)
{
    return cli_parse(cli, NULL, &argc, &argv, 0, 0) ? print_sources(cli, NULL) : CLI_USAGE;
}

/* --- show ----------------------------------------------------------------------------------------------------------------- */

static int
print_idp(Cli *cli, const DbIdp *idp)
{
    GError *error = NULL;
    gint64 now = seconds_now();
    g_autoptr(GPtrArray) rows = db_metadata_everywhere(cli_context(cli)->db, idp->entity_id, &error);
    g_autoptr(DbInstitution) institution =
        rows && idp->institution ? db_institution_get(cli_context(cli)->db, idp->institution, &error) : NULL;
    if (error)
        return cli_error(error);
    g_autofree char *scopes = g_strjoinv(" ", idp->scopes), *regexps = g_strjoinv(" ", idp->scope_regexps);
    printf("%s\n  %s / %s\n  scopes %s%s%s\n  contact %s %s\n  institution %s\n", idp->entity_id, idp->name_en, idp->name_ja, scopes,
           *regexps ? ", by expression " : "", regexps, idp->contact_name, idp->contact_mail,
           institution ? institution->name : "none: nobody can log in by it (`inkan institution set NAME --idp ENTITYID`)");
    if (idp->hidden)
        printf("  hidden from discovery, as its federation wants it\n");
    for (guint i = 0; i < rows->len; i++) {
        const DbIdp *row = rows->pdata[i];
        g_autofree char *until = cli_time(cli, row->valid_until);
        printf("  source %s, valid until %s%s\n", row->source, until,
               row->valid_until <= now ? " (over)" : strcmp(row->source, idp->source) == 0 ? " (this one counts)" : "");
    }
    return CLI_OK;
}

/* What is known of an entity of which we have nothing that counts. */
static int
print_absence(Cli *cli, const char *entity_id)
{
    Db *db = cli_context(cli)->db;
    GError *error = NULL;
    g_autofree char *why = db_metadata_why_not(db, entity_id, &error);
    g_autoptr(GPtrArray) asked = error ? NULL : db_metadata_query_of(db, entity_id, &error);
    g_autoptr(GPtrArray) rows = error ? NULL : db_metadata_everywhere(db, entity_id, &error);
    if (error)
        return cli_error(error);
    if (why)
        printf("left out of source %s\n", why);
    for (guint i = 0; i < rows->len; i++) {
        const DbIdp *row = rows->pdata[i];
        g_autofree char *until = cli_time(cli, row->valid_until);
        printf("source %s had it until %s; nothing newer came since\n", row->source, until);
    }
    for (guint i = 0; i < asked->len; i++) {
        const DbMetadataFetch *fetch = asked->pdata[i];
        g_autofree char *due = cli_time(cli, fetch->due_at), *at = cli_time(cli, fetch->fetched_at);
        printf("source %s (MDQ): %s%s; asked again %s\n", fetch->source,
               *fetch->error ? fetch->error : fetch->absent ? "has none, it said at " : "not asked yet",
               fetch->absent && !*fetch->error ? at : "", fetch->due_at ? due : "at once");
    }
    return cli_fail(CLI_NOT_FOUND, "no valid metadata of %s; `inkan metadata status` shows the sources. By MDQ only the IdPs of"
                    " institutions are asked for: `inkan institution set NAME --idp ENTITYID`", entity_id);
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
    g_autoptr(DbIdp) idp = db_metadata_get(cli_context(cli)->db, argv[1], seconds_now(), &error);
    if (!idp)
        return error ? cli_error(error) : print_absence(cli, argv[1]);
    if (!xml)
        return print_idp(cli, idp);
    printf("%s\n", idp->xml);
    return CLI_OK;
}

/* --- list ----------------------------------------------------------------------------------------------------------------- */

static int
list_skipped(Cli *cli, const char *name)
{
    GError *error = NULL;
    gboolean known = !name;
    g_autoptr(GPtrArray) sources = db_metadata_sources(cli_context(cli)->db, &error);
    for (guint i = 0; !error && i < sources->len; i++) {
        const DbMetadataSource *s = sources->pdata[i];
        GHashTableIter iter;
        gpointer id, why;
        if (name && strcmp(name, s->name) != 0)
            continue;
        known = TRUE;
        g_autoptr(GHashTable) skipped = db_metadata_skipped(cli_context(cli)->db, s->name, &error);
        if (error)
            break;
        g_hash_table_iter_init(&iter, skipped);
        while (g_hash_table_iter_next(&iter, &id, &why))
            printf("%s\t%s\t%s\n", s->name, (const char *)id, (const char *)why);
    }
    if (!error && !known)
        return cli_fail(CLI_NOT_FOUND, "there is no source '%s'; `inkan metadata status` shows those there are", name);
    return error ? cli_error(error) : CLI_OK;
}

static int
metadata_list(Cli *cli, int argc, char **argv)
{
    gboolean skipped = FALSE;
    int limit = 1000;
    const GOptionEntry entries[] = {
        { "limit", 0, 0, G_OPTION_ARG_INT, &limit, "at most so many lines (1000)", "N" },
        { "skipped", 0, 0, G_OPTION_ARG_NONE, &skipped, "those that cannot be used and why; QUERY is then the name of a source", NULL },
        { 0 },
    };
    GError *error = NULL;
    if (!cli_parse(cli, entries, &argc, &argv, 0, 1) || limit < 1)
        return CLI_USAGE;
    if (skipped)
        return list_skipped(cli, argc > 1 ? argv[1] : NULL);
    g_autoptr(GPtrArray) idps = db_metadata_list(cli_context(cli)->db, argc > 1 ? argv[1] : "", seconds_now(), limit, &error);
    if (!idps)
        return cli_error(error);
    for (guint i = 0; i < idps->len; i++) {
        const DbIdp *idp = idps->pdata[i];
        printf("%s\t%s\t%s\t%s\n", idp->entity_id, idp->name_en, idp->source, idp->institution ? "" : "(no institution)");
    }
    if ((int)idps->len == limit)
        fprintf(stderr, "inkan: these are the first %d; --limit shows more\n", limit);
    return CLI_OK;
}

const struct command command_metadata[] = {
    { "metadata import", "FILE --institution NAME [--mail-domain D]...", "registers one IdP by hand from its EntityDescriptor",
      metadata_import },
    { "metadata remove", "ENTITYID", "takes away what was imported by hand; what a source says counts again", metadata_remove },
    { "metadata refresh", "[SOURCE]", "fetches and verifies every source, or one, now", metadata_refresh },
    { "metadata status", "", "shows the sources: how fresh, until when, what failed; status 1 where somebody is needed", metadata_status },
    { "metadata list", "[QUERY]", "lists the IdPs whose id, names or scopes contain QUERY", metadata_list },
    { "metadata show", "ENTITYID [--xml]", "shows one IdP, or why there is none", metadata_show },
    { 0 },
};
