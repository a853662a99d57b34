#include "ra/person.h"

#include <string.h>

#include "db/json.h"
#include "db/log.h"
#include "db/radar.h"
#include "ra/error.h"

/* --- what changed from one login to another -------------------------------------------------------------------------------- */

static void
add_change(GString *out, const char *field, const char *was, const char *is)
{
    if (strcmp(was, is) == 0)
        return;
    g_string_append(out, out->len > 1 ? ", " : "");
    db_json_text(out, field);
    g_string_append(out, ": {\"old\": ");
    db_json_text(out, was);
    g_string_append(out, ", \"new\": ");
    db_json_text(out, is);
    g_string_append_c(out, '}');
}

static gint
by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* IdPs send values of an attribute in any order: another order is no change. */
static char *
in_order(const char *const *values)
{
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    for (; values && *values; values++)
        g_ptr_array_add(sorted, (gpointer)*values);
    g_ptr_array_sort(sorted, by_text);
    g_ptr_array_add(sorted, NULL);
    return g_strjoinv(", ", (char **)sorted->pdata);
}

/* {"mails": {"old": "…", "new": "…"}, …}, NULL where everything is as it was. */
static char *
changes(const DbPerson *was, const RaLogin *is)
{
    g_autofree char *mails_were = in_order((const char *const *)was->mails), *mails_are = in_order(is->mails);
    g_autofree char *roles_were = in_order((const char *const *)was->affiliation), *roles_are = in_order(is->affiliation);
    const struct { const char *field, *was, *is; } fields[] = {
        { "display_name", was->display_name, is->display_name },
        { "display_name_ja", was->display_name_ja, is->display_name_ja ? is->display_name_ja : "" },
        { "common_name", was->common_name ? was->common_name : "", is->common_name ? is->common_name : "" },
        { "mails", mails_were, mails_are },
        { "affiliation", roles_were, roles_are },
    };
    GString *out = g_string_new("{");
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
        add_change(out, fields[i].field, fields[i].was, fields[i].is);
    g_string_append_c(out, '}');
    char *text = g_string_free(out, FALSE);
    if (strlen(text) > 2)
        return text;
    g_free(text);
    return NULL;
}

static gboolean
audit(RaContext *ctx, gint64 id, gint64 institution, const char *what, const char *detail, const char *address, GError **error)
{
    g_autofree char *actor = g_strdup_printf("person:%" G_GINT64_FORMAT, id);
    const struct db_audit row = { .actor = actor, .what = what, .address = address, .log_id = log_id(),
                                  .institution = institution, .detail = detail };
    return db_event_audit(ctx->db, &row, error);
}

/* --- logins ---------------------------------------------------------------------------------------------------------------- */

/* With what the person's certificates say; who logs in for the first time has none. */
static gboolean
compare(RaContext *ctx, const DbPerson *was, const char *address, GError **error)
{
    return db_radar_compare(ctx->db, was->id, (const char *const *)was->affiliation, address, log_id(), error);
}

static gint64
login_within(RaContext *ctx, const RaLogin *login, const char *address, GError **error)
{
    g_autoptr(GError) why = NULL;
    gint64 institution = 0;
    g_autoptr(DbPerson) was = db_person_find(ctx->db, login->idp, login->identifier, &why);
    gint64 id = why ? 0 : db_person_login(ctx->db, login, &institution, &why);
    g_autofree char *detail = was && id ? changes(was, login) : NULL;
    gboolean ok = id && audit(ctx, id, institution, "login", NULL, address, &why) &&
                  (!detail || audit(ctx, id, institution, "person-changed", detail, address, &why)) &&
                  (!was || compare(ctx, was, address, &why));
    if (why)
        g_propagate_error(error, g_steal_pointer(&why));
    return ok ? id : 0;
}

gint64
ra_person_login_within(RaContext *ctx, const RaLogin *what, const char *address, GError **error)
{
    g_autoptr(GError) why = NULL;
    RaLogin checked = *what;
    if (!checked.language || (strcmp(checked.language, "ja") != 0 && strcmp(checked.language, "en") != 0))
        checked.language = "ja";
    gint64 id = login_within(ctx, &checked, address, &why);
    if (id == 0) {
        if (!why)
            why = g_error_new_literal(RA_ERROR, RA_ERROR_REFUSED, "institution");
        g_propagate_error(error, g_steal_pointer(&why));
        ra_error_from(error);
    }
    return id;
}

/* One transaction: nobody is logged in without an audit row. */
gint64
ra_person_login(RaContext *ctx, const RaLogin *what, const char *address, GError **error)
{
    gint64 id = 0;
    if (db_begin(ctx->db, error))
        id = ra_person_login_within(ctx, what, address, error);
    if (id != 0 && !db_commit(ctx->db, error))
        id = 0;
    db_rollback(ctx->db);
    if (id == 0)
        ra_error_from(error);
    return id;
}

gint64
ra_person_known(RaContext *ctx, const char *idp, const char *identifier, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(DbPerson) person = db_person_find(ctx->db, idp, identifier, &why);
    if (why) {
        g_propagate_error(error, g_steal_pointer(&why));
        ra_error_from(error);
    }
    return person ? person->id : 0;
}

GPtrArray *
ra_person_changes(RaContext *ctx, gint64 person, GError **error)
{
    GPtrArray *changes = db_event_changes(ctx->db, person, RA_PERSON_CHANGES, error);
    if (!changes)
        ra_error_from(error);
    return changes;
}

RaPerson *
ra_person_get(RaContext *ctx, gint64 id, GError **error)
{
    g_autoptr(GError) why = NULL;
    RaPerson *person = db_person_get(ctx->db, id, &why);
    if (!person) {
        if (!why)
            why = g_error_new_literal(RA_ERROR, RA_ERROR_NOT_FOUND, "person");
        g_propagate_error(error, g_steal_pointer(&why));
        ra_error_from(error);
    }
    return person;
}

gboolean
ra_person_set_notices(RaContext *ctx, const struct ra_who *who, gboolean on, GError **error)
{
    return db_person_set_notices(ctx->db, who->person, on, error) || ra_error_from(error);
}
