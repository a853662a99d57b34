#include "ra/person.h"

#include <string.h>

#include "db/event.h"
#include "db/log.h"
#include "ra/error.h"

static gint64
login_within(RaContext *ctx, const RaLogin *login, const char *address, GError **error)
{
    gint64 id = db_person_login(ctx->db, login, error);
    if (id == 0)
        return 0;
    g_autoptr(DbInstitution) institution = db_institution_by_idp(ctx->db, login->idp, error);
    if (!institution)
        return 0;
    g_autofree char *actor = g_strdup_printf("person:%" G_GINT64_FORMAT, id);
    const struct db_audit audit = { .actor = actor, .what = "login", .address = address, .log_id = log_id(),
                                    .institution = institution->id };
    return db_event_audit(ctx->db, &audit, error) ? id : 0;
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
