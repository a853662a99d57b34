#include "ra/act.h"

#include "db/log.h"
#include "ra/error.h"

char *
ra_actor(const struct ra_who *who)
{
    return who->person ? g_strdup_printf("person:%" G_GINT64_FORMAT, who->person) : g_strdup("holder");
}

static char *
place(const char *pattern, gint64 number)
{
    g_auto(GStrv) parts = g_strsplit(pattern, "%N", -1);
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, number);
    return g_strjoinv(text, parts);
}

/* The key was spent before: where it led to. */
static char *
led_to(RaContext *ctx, const struct ra_deed *deed, GError **error)
{
    db_rollback(ctx->db);
    char *location = db_form_location(ctx->db, deed->form->key_hash, deed->who->person, error);
    if (!location && error && !*error)
        g_set_error_literal(error, RA_ERROR, RA_ERROR_INPUT, "form: spent by somebody else");
    return location;
}

static gboolean
attempt(RaContext *ctx, const struct ra_deed *deed, char **location, GError **error)
{
    gint64 number = deed->number;

    if (!db_begin(ctx->db, error))
        return FALSE;
    if (deed->form) {
        g_autoptr(GError) why = NULL;
        if (!db_form_spend(ctx->db, deed->form->key_hash, deed->who->person, &why)) {
            if (!why)
                return (*location = led_to(ctx, deed, error)) != NULL;
            g_propagate_error(error, g_steal_pointer(&why));
            return FALSE;
        }
    }
    if (!deed->act(ctx, deed->data, &number, error))
        return FALSE;
    g_autofree char *where = deed->form ? place(deed->form->location, number) : NULL;
    if (where && !db_form_set_location(ctx->db, deed->form->key_hash, where, error))
        return FALSE;
    if (!db_commit(ctx->db, error))
        return FALSE;
    if (location)
        *location = g_steal_pointer(&where);
    return TRUE;
}

gboolean
ra_act(RaContext *ctx, const struct ra_deed *deed, char **location, GError **error)
{
    g_autofree char *unwanted = NULL;
    for (int tries = 1;; tries++) {
        g_autoptr(GError) why = NULL;
        gboolean done = attempt(ctx, deed, location ? location : &unwanted, &why);
        db_rollback(ctx->db);
        if (done)
            return TRUE;
        if (tries < 4 && g_error_matches(why, DB_ERROR, DB_ERROR_CONFLICT))
            continue; /* a deadlock or the like: the other one went ahead, now it is our turn */
        g_propagate_error(error, g_steal_pointer(&why));
        return ra_error_from(error);
    }
}
