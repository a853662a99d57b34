#include "ra/proposal.h"

#include <string.h>

#include "db/log.h"
#include "ra/batch.h"
#include "ra/error.h"
#include "ra/institution.h"
#include "ra/officer_deed.h"

/* --- looking -------------------------------------------------------------------------------------------------------------- */

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

GPtrArray *
ra_proposal_list(RaContext *ctx, const RaOfficer *officer, gint64 institution, gboolean open, gint64 now, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autofree char *actor = ra_officer_actor(officer);
    return ours(db_proposal_list(ctx->db, officer->institution ? officer->institution : institution, actor, open,
                                 now - RA_PROPOSAL_PAST, RA_PROPOSAL_MOST, &why), &why, error);
}

RaProposal *
ra_proposal_get(RaContext *ctx, const RaOfficer *officer, gint64 id, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autofree char *actor = ra_officer_actor(officer);
    return ours(db_proposal_get(ctx->db, officer->institution, actor, id, &why), &why, error);
}

gboolean
ra_proposal_hits(const RaProposal *proposal, const RaDeskRow *row)
{
    const struct ra_desk_choice choice = {
        .person = proposal->person, .numbers = proposal->numbers[0] ? (const char *const *)proposal->numbers : NULL
    };
    return proposal->request ? proposal->request == row->number
                             : strcmp(proposal->kind, "revoke-many") == 0 && ra_desk_chosen(&choice, row);
}

gboolean
ra_proposal_needed(RaContext *ctx, const RaOfficer *officer, gint64 person, const char *act, GError **error)
{
    g_autoptr(RaDeskPerson) whom = ra_officer_person(ctx, officer, person, error);
    g_autoptr(RaInstitution) institution = whom ? ra_institution_get(ctx, whom->institution_id, error) : NULL;
    return institution && g_strv_contains((const char *const *)institution->two_officers, act);
}

gboolean
ra_proposal_many(const struct ra_desk_choice *choice, const GPtrArray *rows)
{
    const char *first = NULL;
    for (guint i = 0; !choice->memo && i < rows->len; i++) {
        const RaDeskRow *row = rows->pdata[i];
        if (!ra_desk_chosen(choice, row))
            continue;
        if (first && strcmp(first, row->memo) != 0)
            return TRUE;
        first = row->memo;
    }
    return FALSE;
}

/* --- deciding ------------------------------------------------------------------------------------------------------------- */

struct decision {
    struct ra_officer_deed deed;
    const char *words;
    gboolean (*decide)(Db *, const struct db_decision *, GError **);
};

static gboolean
act_decide(RaContext *ctx, gpointer data, gint64 *number, GError **error)
{
    const struct decision *d = data;
    const struct db_decision what = { .institution = d->deed.officer->institution, .id = *number, .words = d->words,
                                      .actor = d->deed.actor, .address = d->deed.officer->address, .log_id = log_id() };
    return d->decide(ctx->db, &what, error);
}

gboolean
ra_proposal_decide(RaContext *ctx, const RaOfficer *officer, gint64 id, const char *how, const char *text,
                   const struct ra_form *form, char **location, GError **error)
{
    static const struct { const char *how; gboolean (*decide)(Db *, const struct db_decision *, GError **); } ways[] = {
        { "confirm", db_proposal_confirm }, { "decline", db_proposal_decline }, { "withdraw", db_proposal_withdraw },
    };
    gboolean decline = strcmp(how, "decline") == 0;
    g_autofree char *words = ra_officer_words(text, decline ? "refusal" : "note", error);
    if (!words)
        return FALSE;
    if (decline && !*words) {
        g_set_error_literal(error, RA_ERROR, RA_ERROR_INPUT, "refusal-missing");
        return FALSE;
    }
    g_autofree char *actor = ra_officer_actor(officer);
    struct decision what = { .deed = { .officer = officer, .actor = actor, .form = *form }, .words = words };
    for (gsize i = 0; i < G_N_ELEMENTS(ways); i++)
        if (strcmp(ways[i].how, how) == 0)
            what.decide = ways[i].decide;
    g_assert(what.decide);
    return ra_officer_perform(ctx, act_decide, &what.deed, id, location, error);
}

/* --- applying ------------------------------------------------------------------------------------------------------------- */

struct apply {
    struct ra_officer_deed deed;
    const struct ra_application *form;
    gint64 person;
    const char *memo, *mail, *note;
};

static gboolean
act_apply(RaContext *ctx, gpointer data, gint64 *number, GError **error)
{
    struct apply *a = data;
    gint64 proposal = 0;
    const struct db_desk_apply what = { .institution = a->deed.officer->institution, .person = a->person, .months = a->form->months,
                                        .days = ra_proposal_days(ctx), .type = a->form->type, .memo = a->memo, .mail = a->mail,
                                        .note = a->note, .actor = a->deed.actor, .address = a->deed.officer->address,
                                        .log_id = log_id() };
    return db_proposal_apply(ctx->db, &what, number, &proposal, error) && ra_officer_led(&a->deed, proposal, number);
}

gboolean
ra_proposal_apply(RaContext *ctx, const RaOfficer *officer, gint64 person, const struct ra_application *application,
                  const char *text, const struct ra_form *form, char **location, GError **error)
{
    const struct ra_who whom = { .person = person };
    g_autofree char *memo = ra_officer_words(application->memo, "memo", error);
    g_autofree char *note = memo ? ra_officer_words(text, "note", error) : NULL;
    if (!note)
        return FALSE;
    /* Reads the form as the person's own is read; what it refuses the database would refuse, too. */
    g_autoptr(RaPreview) preview = ra_request_preview(ctx, &whom, application, 0, error);
    if (!preview)
        return FALSE;
    g_autofree char *actor = ra_officer_actor(officer);
    struct apply what = { .deed = { .officer = officer, .actor = actor, .form = *form }, .form = application, .person = person,
                          .memo = memo, .mail = preview->mail, .note = note };
    return ra_officer_perform(ctx, act_apply, &what.deed, 0, location, error);
}

/* --- the worker's round --------------------------------------------------------------------------------------------------- */

gboolean
ra_proposal_sweep(RaContext *ctx, gint64 now, GError **error)
{
    gint64 n;
    do
        n = db_proposal_end(ctx->db, now, BATCH, error);
    while (n == BATCH);
    return n >= 0 || ra_error_from(error);
}
