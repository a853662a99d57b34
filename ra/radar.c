#include "ra/radar.h"

#include <string.h>

#include "db/log.h"
#include "ra/act.h"
#include "ra/batch.h"
#include "ra/error.h"
#include "ra/officer_deed.h"

const gint64 ra_absent_months[] = { 6, 12, 18, 24, 0 };

static gint64
reach(const RaOfficer *officer, gint64 choice)
{
    return officer->institution ? officer->institution : choice;
}

/* WHAT, or NULL with ra's own error: NOT_FOUND where there is none. */
static gpointer
ours(gpointer what, GError **why, GError **error)
{
    if (what)
        return what;
    if (!*why)
        g_set_error_literal(why, RA_ERROR, RA_ERROR_NOT_FOUND, "request");
    g_propagate_error(error, g_steal_pointer(why));
    ra_error_from(error);
    return NULL;
}

/* --- the owner ------------------------------------------------------------------------------------------------------------ */

GPtrArray *
ra_radar_of_person(RaContext *ctx, gint64 person, GError **error)
{
    g_autoptr(GError) why = NULL;
    return ours(db_radar_of_person(ctx->db, person, &why), &why, error);
}

static gboolean
act_known(RaContext *ctx, gpointer data, gint64 *number, GError **error)
{
    const struct ra_who *who = data;
    return db_radar_known(ctx->db, who->person, *number, error);
}

gboolean
ra_radar_known(RaContext *ctx, const struct ra_who *who, gint64 change, const struct ra_form *form, char **location,
               GError **error)
{
    struct ra_who copy = *who;
    const struct ra_deed deed = { .who = who, .form = form, .number = change, .act = act_known, .data = &copy };
    return ra_act(ctx, &deed, location, error);
}

/* --- officers: changes ---------------------------------------------------------------------------------------------------- */

GPtrArray *
ra_radar_list(RaContext *ctx, const RaOfficer *officer, gint64 institution, gint64 before, int limit, GError **error)
{
    g_autoptr(GError) why = NULL;
    return ours(db_radar_list(ctx->db, reach(officer, institution), before, limit, &why), &why, error);
}

gint64
ra_radar_count(RaContext *ctx, const RaOfficer *officer, gint64 institution, GError **error)
{
    gint64 n = db_radar_count(ctx->db, reach(officer, institution), RA_RADAR_MOST, error);
    if (n < 0)
        ra_error_from(error);
    return n;
}

RaRadarChange *
ra_radar_get(RaContext *ctx, const RaOfficer *officer, gint64 change, GError **error)
{
    g_autoptr(GError) why = NULL;
    return ours(db_radar_get(ctx->db, officer->institution, change, &why), &why, error);
}

struct act {
    const RaOfficer *officer;
    const char *what, *reason, *note, *actor;
    const char *const *persons;
};

/* The form is the officer's own, whoever the act is about. */
static gboolean
perform(RaContext *ctx, RaAct how, struct act *what, gint64 number, const struct ra_form *form, char **location, GError **error)
{
    const struct ra_who who = { .person = what->officer->person, .address = what->officer->address };
    const struct ra_deed deed = { .who = &who, .form = form, .number = number, .act = how, .data = what };
    g_autofree char *actor = ra_officer_actor(what->officer);
    what->actor = actor;
    return ra_act(ctx, &deed, location, error);
}

static gboolean
act_change(RaContext *ctx, gpointer data, gint64 *number, GError **error)
{
    const struct act *a = data;
    const struct db_radar_act act = { .institution = a->officer->institution, .change = *number, .what = a->what,
                                      .note = a->note, .actor = a->actor, .address = a->officer->address, .log_id = log_id() };
    return db_radar_act(ctx->db, &act, error);
}

gboolean
ra_radar_act(RaContext *ctx, const RaOfficer *officer, gint64 change, const char *what, const char *text,
             const struct ra_form *form, char **location, GError **error)
{
    g_autofree char *note = ra_officer_note(text, error);
    if (!note)
        return FALSE;
    if (strcmp(what, "dismiss") == 0 && !*note) {
        g_set_error_literal(error, RA_ERROR, RA_ERROR_INPUT, "note");
        return FALSE;
    }
    struct act act = { .officer = officer, .what = what, .note = note };
    return perform(ctx, act_change, &act, change, form, location, error);
}

/* --- officers: whom nobody has seen --------------------------------------------------------------------------------------- */

static gboolean
is_choice(gint64 months)
{
    for (const gint64 *choice = ra_absent_months; *choice; choice++)
        if (*choice == months)
            return TRUE;
    return FALSE;
}

GPtrArray *
ra_radar_absent(RaContext *ctx, const RaOfficer *officer, const struct ra_absent_query *q, gint64 now, int limit, GError **error)
{
    g_autoptr(GError) why = NULL;
    if (!is_choice(q->months)) {
        g_set_error_literal(error, RA_ERROR, RA_ERROR_INPUT, "months");
        return NULL;
    }
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(now), here = g_date_time_to_timezone(utc, ctx->zone);
    g_autoptr(GDateTime) then = g_date_time_add_months(here, (gint)-q->months);
    return ours(db_radar_absent(ctx->db, reach(officer, q->institution), g_date_time_to_unix(then), q->key, q->person, limit,
                                &why), &why, error);
}

static gboolean
act_ask(RaContext *ctx, gpointer data, gint64 *number, GError **error)
{
    const struct act *a = data;
    (void)number;
    return db_radar_ask(ctx->db, a->officer->institution, a->persons, a->actor, a->officer->address, log_id(), error);
}

gboolean
ra_radar_ask(RaContext *ctx, const RaOfficer *officer, const char *const *persons, const struct ra_form *form, char **location,
             GError **error)
{
    struct act act = { .officer = officer, .persons = persons };
    return perform(ctx, act_ask, &act, 0, form, location, error);
}

static gboolean
act_revoke(RaContext *ctx, gpointer data, gint64 *number, GError **error)
{
    const struct act *a = data;
    gint64 revoked, withdrawn;
    (void)number;
    for (const char *const *person = a->persons; *person; person++) {
        const struct db_desk_revoke what = { .institution = a->officer->institution, .reason = a->reason, .note = a->note,
                                             .person = g_ascii_strtoll(*person, NULL, 10), .actor = a->actor,
                                             .address = a->officer->address, .log_id = log_id(), .days = ra_proposal_days(ctx) };
        if (!db_officer_revoke(ctx->db, &what, &revoked, &withdrawn, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
ra_radar_revoke(RaContext *ctx, const RaOfficer *officer, const char *const *persons, const char *reason, const char *text,
                const struct ra_form *form, char **location, GError **error)
{
    if (!g_strv_contains(ra_revoke_reasons, reason)) {
        g_set_error_literal(error, RA_ERROR, RA_ERROR_INPUT, "reason");
        return FALSE;
    }
    g_autofree char *note = ra_officer_note(text, error);
    if (!note)
        return FALSE;
    struct act act = { .officer = officer, .persons = persons, .reason = reason, .note = note };
    return perform(ctx, act_revoke, &act, 0, form, location, error);
}

/* --- the worker's rounds -------------------------------------------------------------------------------------------------- */

/* DUE (taken) one by one, each in a transaction of its own. */
static gboolean
run_each(struct batch *batch, GArray *due, GError **error)
{
    g_autoptr(GArray) mine = due;
    batch->due = mine ? mine->len : 0;
    for (guint i = 0; i < batch->due; i++) {
        GError *why = NULL;
        gboolean ok = db_radar_run(batch->ctx->db, g_array_index(mine, gint64, i), batch->now, &why);
        if (!ra_batch_tally(batch, ok, why, error))
            return FALSE;
    }
    return mine != NULL;
}

static gboolean
run_due(struct batch *batch, GError **error)
{
    return run_each(batch, db_radar_due(batch->ctx->db, batch->now, BATCH, error), error);
}

gboolean
ra_radar_run(RaContext *ctx, gint64 now, GError **error)
{
    return ra_batch_all(ctx, now, run_due, error) >= 0;
}

static gboolean
run_over(struct batch *batch, GError **error)
{
    return run_each(batch, db_radar_over(batch->ctx->db, BATCH, error), error);
}

gboolean
ra_radar_tidy(RaContext *ctx, gint64 now, GError **error)
{
    return ra_batch_all(ctx, now, run_over, error) >= 0;
}
