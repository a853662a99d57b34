#include "ra/officer.h"

#include <string.h>

#include "db/institution.h"
#include "db/log.h"
#include "ra/error.h"
#include "ra/officer_deed.h"

static gboolean
refuse(GError **error, enum ra_error code, const char *word)
{
    g_set_error_literal(error, RA_ERROR, (gint)code, word);
    return FALSE;
}

/* WHAT, or NULL with ra's own error: NOT_FOUND where there is none. */
static gpointer
ours(gpointer what, GError **why, GError **error)
{
    if (what)
        return what;
    if (!*why)
        refuse(why, RA_ERROR_NOT_FOUND, "request");
    g_propagate_error(error, g_steal_pointer(why));
    ra_error_from(error);
    return NULL;
}

/* --- who ------------------------------------------------------------------------------------------------------------------ */

char *
ra_officer_actor(const RaOfficer *officer)
{
    const char *who = strcmp(officer->role, "revoker") == 0 ? "officer" : officer->role;
    if (officer->request)
        return g_strdup_printf("%s-certificate:%" G_GINT64_FORMAT, who, officer->request);
    return g_strdup_printf("%s:%" G_GINT64_FORMAT, who, officer->person);
}

gboolean
ra_officer_audit(RaContext *ctx, const RaOfficer *officer, gint64 institution, const char *what, GError **error)
{
    if (strcmp(officer->role, "person") == 0)
        return TRUE;
    g_autofree char *actor = ra_officer_actor(officer);
    g_autofree char *detail = g_strdup_printf("{\"role\": \"%s\"}", officer->role); /* one of our own words */
    const struct db_audit row = { .actor = actor, .what = what, .address = officer->address, .log_id = log_id(),
                                  .detail = detail, .institution = institution, .request = officer->request };
    return db_event_audit(ctx->db, &row, error);
}

/* What is in reach when CHOICE (0: everything there is) was made: an officer's own institution, whatever was chosen. */
static gint64
reach(const RaOfficer *officer, gint64 choice)
{
    return officer->institution ? officer->institution : choice;
}

/* --- finding -------------------------------------------------------------------------------------------------------------- */

void
ra_desk_found_free(RaDeskFound *found)
{
    if (!found)
        return;
    g_clear_pointer(&found->people, g_ptr_array_unref);
    g_clear_pointer(&found->requests, g_ptr_array_unref);
    g_free(found->next_key);
    g_free(found);
}

static gboolean
known(const char *word, const char *const *words)
{
    return !*word || g_strv_contains(words, word);
}

static gboolean
filter_ok(const struct ra_desk_query *q, GError **error)
{
    static const char *const states[] = { "applied", "approval", "ready", "collected", "renewing", "renew_ready", "revoking",
                                          "revoked", "expired", "refused", "lapsed", NULL };
    static const char *const types[] = { "client", "smime", NULL };
    return (known(q->state, states) && known(q->type, types)) || refuse(error, RA_ERROR_INPUT, "filter");
}

static gboolean
find_list(RaContext *ctx, gint64 institution, const struct ra_desk_query *q, const RaTerm *term, int limit, RaDeskFound *found,
          GError **error)
{
    const struct db_desk_filter filter = { .state = *q->state ? q->state : NULL, .type = *q->type ? q->type : NULL,
                                           .text = *term->text ? term->text : NULL, .from = q->from, .until = q->until,
                                           .rising = q->from || q->until, .end = q->end, .number = q->after };
    found->filtered = TRUE;
    /* One more than is shown tells whether there is a next page. */
    found->requests = db_officer_list(ctx->db, institution, &filter, limit + 1, error);
    if (!found->requests)
        return FALSE;
    if (found->requests->len > (guint)limit) {
        g_ptr_array_set_size(found->requests, limit);
        const RaDeskRow *last = found->requests->pdata[limit - 1];
        found->next_end = last->not_after;
        found->next_number = last->number;
    }
    return TRUE;
}

static gboolean
find_people(RaContext *ctx, gint64 institution, const struct ra_desk_query *q, const RaTerm *term, int limit,
            RaDeskFound *found, GError **error)
{
    if (!term->words)
        return TRUE;
    g_autoptr(GPtrArray) people = db_officer_people(ctx->db, institution, term->text, q->key, q->after, limit + 1, error);
    if (!people)
        return FALSE;
    if (people->len > (guint)limit) {
        g_ptr_array_set_size(people, limit);
        const RaDeskPerson *last = people->pdata[limit - 1];
        found->next_key = g_strdup(last->key);
        found->next_after = last->id;
    }
    g_ptr_array_unref(found->people);
    found->people = g_steal_pointer(&people);
    return TRUE;
}

static gboolean
find_hits(RaContext *ctx, gint64 institution, const struct ra_desk_query *q, const RaTerm *term, int limit, RaDeskFound *found,
          GError **error)
{
    const struct db_desk_hint hint = { .number = term->number, .serials = (const char *const *)term->serials,
                                       .fingerprint = term->fingerprint, .sha1 = term->sha1,
                                       .memo = term->words ? term->text : NULL };
    if (*q->key) /* a further page of people has no hits again */
        found->requests = g_ptr_array_new();
    else
        found->requests = db_officer_hits(ctx->db, institution, &hint, limit, error);
    return found->requests != NULL;
}

RaDeskFound *
ra_officer_find(RaContext *ctx, const RaOfficer *officer, const struct ra_desk_query *q, int limit, GError **error)
{
    gint64 institution = reach(officer, q->institution);
    g_autoptr(RaTerm) term = ra_term_read(q->text);
    g_autoptr(RaDeskFound) found = g_new0(RaDeskFound, 1);
    found->people = g_ptr_array_new();
    if (!filter_ok(q, error))
        return NULL;
    gboolean list = *q->state || *q->type || q->from || q->until || !*term->text;
    gboolean ok = list ? find_list(ctx, institution, q, term, limit, found, error)
                       : find_people(ctx, institution, q, term, limit, found, error) &&
                             find_hits(ctx, institution, q, term, limit, found, error);
    if (ok)
        return g_steal_pointer(&found);
    ra_error_from(error);
    return NULL;
}

GPtrArray *
ra_officer_attention(RaContext *ctx, const RaOfficer *officer, gint64 institution, gint64 now, int limit, GError **error)
{
    g_autoptr(GError) why = NULL;
    return ours(db_officer_attention(ctx->db, reach(officer, institution), now, limit, &why), &why, error);
}

GPtrArray *
ra_officer_institutions(RaContext *ctx, GError **error)
{
    g_autoptr(GError) why = NULL;
    return ours(db_institution_list(ctx->db, &why), &why, error);
}

RaDeskPerson *
ra_officer_person(RaContext *ctx, const RaOfficer *officer, gint64 person, GError **error)
{
    g_autoptr(GError) why = NULL;
    return ours(db_officer_person(ctx->db, officer->institution, person, &why), &why, error);
}

GPtrArray *
ra_officer_requests(RaContext *ctx, const RaOfficer *officer, gint64 person, GError **error)
{
    g_autoptr(GError) why = NULL;
    return ours(db_officer_requests(ctx->db, officer->institution, person, RA_DESK_REQUESTS, &why), &why, error);
}

RaRequest *
ra_officer_request(RaContext *ctx, const RaOfficer *officer, gint64 number, GError **error)
{
    g_autoptr(GError) why = NULL;
    gint64 owner = db_officer_owner(ctx->db, officer->institution, number, &why);
    return ours(owner ? db_request_get(ctx->db, number, owner, &why) : NULL, &why, error);
}

/* --- acts ----------------------------------------------------------------------------------------------------------------- */

gboolean
ra_desk_chosen(const struct ra_desk_choice *choice, const RaDeskRow *row)
{
    static const char *const alive[] = { "applied", "approval", "ready", "collected", "renewing", "renew_ready", NULL };
    g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, row->number);
    return g_strv_contains(alive, row->state) && (!choice->memo || strcmp(choice->memo, row->memo) == 0) &&
           (!choice->numbers || g_strv_contains(choice->numbers, number));
}

static const struct ra_form no_form;

char *
ra_officer_note(const char *text, GError **error)
{
    return ra_officer_words(text, "note", error);
}

struct act {
    struct ra_officer_deed deed;
    const struct ra_desk_choice *choice;
    const char *reason, *event, *note;
};

static gboolean
act_revoke(RaContext *ctx, gpointer data, gint64 *number, GError **error)
{
    struct act *a = data;
    const RaOfficer *officer = a->deed.officer;
    gint64 revoked = 0, withdrawn = 0, proposal = 0;
    const struct db_desk_revoke what = { .institution = officer->institution, .person = a->choice->person,
                                         .numbers = a->choice->numbers, .memo = a->choice->memo, .reason = a->reason,
                                         .note = a->note, .actor = a->deed.actor, .address = officer->address,
                                         .log_id = log_id(), .days = ra_proposal_days(ctx), .proposal = &proposal };
    return db_officer_revoke(ctx->db, &what, &revoked, &withdrawn, error) && ra_officer_led(&a->deed, proposal, number);
}

static gboolean
act_one(RaContext *ctx, gpointer data, gint64 *number, GError **error)
{
    struct act *a = data;
    gint64 proposal = 0;
    const struct db_desk_act what = { .institution = a->deed.officer->institution, .number = *number, .event = a->event,
                                      .note = a->note, .actor = a->deed.actor, .address = a->deed.officer->address,
                                      .log_id = log_id(), .days = ra_proposal_days(ctx), .proposal = &proposal };
    return db_officer_act(ctx->db, &what, error) && ra_officer_led(&a->deed, proposal, number);
}

gboolean
ra_officer_revoke(RaContext *ctx, const RaOfficer *officer, const struct ra_desk_choice *choice, const char *reason,
                  const char *text, const struct ra_form *form, char **location, GError **error)
{
    if (!g_strv_contains(ra_revoke_reasons, reason))
        return refuse(error, RA_ERROR_INPUT, "reason");
    if (strcmp(officer->role, "person") == 0 && choice->person != officer->person)
        return refuse(error, RA_ERROR_NOT_FOUND, "request");
    g_autofree char *note = ra_officer_words(text, "note", error);
    if (!note)
        return FALSE;
    g_autofree char *actor = ra_officer_actor(officer);
    struct act what = { .deed = { .officer = officer, .actor = actor, .form = form ? *form : no_form }, .choice = choice, .reason = reason,
                        .note = note };
    return ra_officer_perform(ctx, act_revoke, &what.deed, choice->person, location, error);
}

gboolean
ra_officer_act(RaContext *ctx, const RaOfficer *officer, gint64 number, const char *event, const char *text,
               const struct ra_form *form, char **location, GError **error)
{
    gboolean refusal = strcmp(event, "refuse") == 0;
    g_autofree char *note = ra_officer_words(text, refusal ? "refusal" : "note", error);
    if (!note)
        return FALSE;
    if (refusal && !*note)
        return refuse(error, RA_ERROR_INPUT, "refusal-missing");
    g_autofree char *actor = ra_officer_actor(officer);
    struct act what = { .deed = { .officer = officer, .actor = actor, .form = form ? *form : no_form }, .event = event, .note = note };
    return ra_officer_perform(ctx, act_one, &what.deed, number, location, error);
}
