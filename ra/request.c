#include "ra/request.h"

#include <string.h>

#include "db/json.h"
#include "db/log.h"
#include "db/pickup.h"
#include "db/radar.h"
#include "ra/act.h"
#include "ra/error.h"

const char *const ra_revoke_reasons[] = { "keyCompromise", "superseded", "cessationOfOperation", "affiliationChanged",
                                          "unspecified", NULL };

#define MEMO_MOST 200 /* characters; the table's check */
#define EVENTS_MOST 500

static gboolean
refuse(GError **error, enum ra_error code, const char *word)
{
    g_set_error_literal(error, RA_ERROR, (gint)code, word);
    return FALSE;
}

/* --- looking -------------------------------------------------------------------------------------------------------------- */

RaDashboard *
ra_request_dashboard(RaContext *ctx, gint64 person, gboolean all, gint64 before, int limit, GError **error)
{
    g_autoptr(GError) why = NULL;
    RaDashboard *dashboard = db_dashboard_get(ctx->db, person, all, before, CLAMP(limit, 1, RA_REQUEST_MOST), &why);
    if (dashboard)
        return dashboard;
    if (!why)
        refuse(&why, RA_ERROR_NOT_FOUND, "person");
    g_propagate_error(error, g_steal_pointer(&why));
    ra_error_from(error);
    return NULL;
}

gboolean
ra_request_offers(const RaDashboard *shown, const char *type, const char *months)
{
    g_autofree char *profile = g_strdup_printf("%s %s", type, months);
    return g_strv_contains((const char *const *)shown->profiles, profile);
}

static gboolean
offers_any(const RaDashboard *shown, const char *type)
{
    for (char **months = shown->months; *months; months++)
        if (ra_request_offers(shown, type, *months))
            return TRUE;
    return FALSE;
}

const char *
ra_request_blocked(const RaDashboard *shown, const char *type)
{
    if (!shown->named)
        return "name";
    if (!shown->mails[0])
        return "mail";
    if (!shown->mails_allowed[0])
        return "mail-domain";
    if (!offers_any(shown, type))
        return "profile";
    return shown->active >= shown->max_active ? "cap" : NULL;
}

RaRequest *
ra_request_get(RaContext *ctx, gint64 person, gint64 number, GError **error)
{
    g_autoptr(GError) why = NULL;
    RaRequest *request = number > 0 && person > 0 ? db_request_get(ctx->db, number, person, &why) : NULL;
    if (request)
        return request;
    if (!why)
        refuse(&why, RA_ERROR_NOT_FOUND, "request");
    g_propagate_error(error, g_steal_pointer(&why));
    ra_error_from(error);
    return NULL;
}

static gboolean
transition_fits(const DbTransition *t, const char *state, const char *event)
{
    return strcmp(t->state, state) == 0 && strcmp(t->event, event) == 0 &&
           g_strv_contains((const char *const *)t->who, "portal");
}

gboolean
ra_request_may(RaContext *ctx, const char *state, const char *event)
{
    if (!ctx->transitions) {
        g_autoptr(GError) why = NULL;
        ctx->transitions = db_request_transitions(ctx->db, &why);
        if (!ctx->transitions) {
            log_error("steps-unreadable", why);
            return FALSE;
        }
    }
    for (guint i = 0; i < ctx->transitions->len; i++)
        if (transition_fits(ctx->transitions->pdata[i], state, event))
            return TRUE;
    return FALSE;
}

static gboolean
pickup_waits(const RaRequest *r, gint64 now)
{
    return r->pickup && !r->collected_at && !r->ended && r->expires_at > now &&
           (strcmp(r->state, "ready") == 0 || strcmp(r->state, "renew_ready") == 0);
}

gboolean
ra_request_may_now(RaContext *ctx, const RaRequest *request, const char *event, gint64 now)
{
    if (strcmp(event, "new-pin") == 0)
        return pickup_waits(request, now) && !request->new_pin_at;
    if (strcmp(event, "resend") == 0)
        return pickup_waits(request, now) && !request->resend_at;
    if (strcmp(event, "renew") == 0 && request->not_after <= now)
        return FALSE;
    return ra_request_may(ctx, request->state, event);
}

static const char *
standing(gint64 revoked_at, gboolean published, gint64 not_after, gint64 now)
{
    if (revoked_at)
        return published ? "revoked" : "revoking";
    return not_after <= now ? "expired" : "valid";
}

const char *
ra_request_certificate_state(const RaRequest *r, gint64 now)
{
    if (!r->serial)
        return "none";
    return standing(r->revoked_at, r->published || strcmp(r->state, "revoked") == 0, r->certificate_not_after, now);
}

const char *
ra_previous_state(const RaPrevious *previous, gint64 now)
{
    return standing(previous->revoked_at, previous->published, previous->not_after, now);
}

Secret *
ra_request_pin(RaContext *ctx, gint64 person, gint64 number, GError **error)
{
    g_autoptr(GError) why = NULL;
    gint64 cycle = 0;
    g_autoptr(GBytes) sealed = db_pickup_pin(ctx->db, number, person, &cycle, &why);
    if (sealed) {
        g_autofree char *associated = g_strdup_printf("pickup:%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT, number, cycle);
        Secret *pin = crypto_open(ctx->keyring, associated, sealed, &why);
        if (pin)
            return pin;
    } else if (!why) {
        refuse(&why, RA_ERROR_CONFLICT, "pin");
    }
    g_propagate_error(error, g_steal_pointer(&why));
    ra_error_from(error);
    return NULL;
}

/* LIST, or NULL with ra's own error. */
static GPtrArray *
ours(GPtrArray *list, GError **error)
{
    if (!list)
        ra_error_from(error);
    return list;
}

GPtrArray *
ra_request_mails(RaContext *ctx, gint64 person, gint64 number, GError **error)
{
    return ours(db_outbox_states(ctx->db, number, person, error), error);
}

GPtrArray *
ra_request_previous(RaContext *ctx, gint64 person, gint64 number, GError **error)
{
    return ours(db_request_previous(ctx->db, number, person, error), error);
}

GPtrArray *
ra_request_history(RaContext *ctx, gint64 person, gint64 number, GError **error)
{
    return ours(db_event_of_request(ctx->db, number, person, EVENTS_MOST, error), error);
}

RaProfile *
ra_request_profile(RaContext *ctx, const char *type, gint64 months, GError **error)
{
    g_autoptr(GError) why = NULL;
    RaProfile *profile = db_profile_now(ctx->db, type, months, &why);
    if (why) {
        g_propagate_error(error, g_steal_pointer(&why));
        ra_error_from(error);
    }
    return profile;
}

/* --- what was sent -------------------------------------------------------------------------------------------------------- */

/* One line of people's own words: bounded, valid, nothing that breaks a line or a terminal. NULL with ERROR. */
static char *
memo_of(const char *text, GError **error)
{
    g_autofree char *memo = g_strstrip(g_strdup(text ? text : ""));
    gboolean ok = g_utf8_validate(memo, -1, NULL) && g_utf8_strlen(memo, -1) <= MEMO_MOST;
    for (const char *c = memo; ok && *c; c = g_utf8_next_char(c))
        ok = !g_unichar_iscntrl(g_utf8_get_char(c));
    if (!ok) {
        refuse(error, RA_ERROR_INPUT, "memo");
        return NULL;
    }
    return g_steal_pointer(&memo);
}

/* The address that was chosen, or the only one that can be meant. Borrowed; NULL with ERROR. */
static const char *
mail_of(const char *chosen, const RaPerson *person, GError **error)
{
    if (chosen && *chosen)
        return chosen;
    if (g_strv_length(person->mails_allowed) == 1)
        return person->mails_allowed[0];
    if (g_strv_length(person->mails) == 1)
        return person->mails[0];
    if (g_strv_length(person->mails) == 0)
        refuse(error, RA_ERROR_REFUSED, "mail");
    else
        refuse(error, RA_ERROR_INPUT, "mail-choice");
    return NULL;
}

/* An application as the database takes it. */
typedef struct {
    struct db_wish row; /* borrows from the others */
    RaPerson *person;
    char *memo;
} Wish;

static void
wish_clear(Wish *wish)
{
    db_person_free(wish->person);
    g_free(wish->memo);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Wish, wish_clear)

static struct db_wish
wish_of(const struct ra_who *who)
{
    return (struct db_wish){ .person = who->person, .context = who->context, .authn_at = who->authn_at,
                             .assurance = who->assurance };
}

static gboolean
wish_read(RaContext *ctx, const struct ra_who *who, const struct ra_application *a, Wish *wish, GError **error)
{
    if (!a->type || strlen(a->type) > 32 || !g_utf8_validate(a->type, -1, NULL))
        return refuse(error, RA_ERROR_INPUT, "type");
    if (a->months < 1 || a->months > 1200)
        return refuse(error, RA_ERROR_INPUT, "months");
    if (a->mail && (strlen(a->mail) > 254 || !g_utf8_validate(a->mail, -1, NULL)))
        return refuse(error, RA_ERROR_INPUT, "mail");
    if (a->unit && (strlen(a->unit) > 256 || !g_utf8_validate(a->unit, -1, NULL)))
        return refuse(error, RA_ERROR_REFUSED, "unit");
    wish->memo = memo_of(a->memo, error);
    if (!wish->memo)
        return FALSE;
    wish->person = ra_person_get(ctx, who->person, error);
    if (!wish->person)
        return FALSE;
    wish->row = wish_of(who);
    wish->row.months = a->months;
    wish->row.type = a->type;
    wish->row.memo = wish->memo;
    wish->row.unit = a->unit;
    wish->row.mail = mail_of(a->mail, wish->person, error);
    return wish->row.mail != NULL;
}

static gboolean
policy_allows(RaContext *ctx, const struct db_wish *wish, gboolean renewal, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autofree char *rule = db_request_refusal(ctx->db, wish, renewal, &why);
    if (!why && !rule)
        rule = db_request_assurance(ctx->db, wish, &why);
    if (why)
        g_propagate_error(error, g_steal_pointer(&why));
    else if (rule)
        g_set_error_literal(error, DB_ERROR, DB_ERROR_REFUSED, rule); /* as the insert would say it */
    else
        return TRUE;
    return ra_error_from(error);
}

/* --- applying ------------------------------------------------------------------------------------------------------------- */

void
ra_preview_free(RaPreview *preview)
{
    if (!preview)
        return;
    g_free(preview->type);
    g_free(preview->mail);
    g_free(preview->memo);
    g_free(preview->subject);
    g_free(preview->common_name);
    g_free(preview);
}

RaPreview *
ra_request_preview(RaContext *ctx, const struct ra_who *who, const struct ra_application *application, gint64 now,
                   GError **error)
{
    g_auto(Wish) wish = { 0 };
    gint64 not_after = 0;
    if (!wish_read(ctx, who, application, &wish, error) || !policy_allows(ctx, &wish.row, FALSE, error))
        return NULL;
    g_autofree char *name = NULL, *subject = db_request_planned(ctx->db, &wish.row, now, &not_after, &name, error);
    if (!subject) {
        ra_error_from(error);
        return NULL;
    }
    RaPreview *preview = g_new0(RaPreview, 1);
    preview->type = g_strdup(wish.row.type);
    preview->mail = g_strdup(wish.row.mail);
    preview->memo = g_strdup(wish.memo);
    preview->subject = g_steal_pointer(&subject);
    preview->common_name = g_steal_pointer(&name);
    preview->months = wish.row.months;
    preview->not_before = now;
    preview->not_after = not_after;
    return preview;
}

/* What was seen of the login, as the audit row keeps it and the step 'renew' takes it. */
static char *
seen(const struct ra_who *who)
{
    GString *out = g_string_new("{\"context\": ");
    db_json_text(out, who->context);
    g_string_append(out, ", \"assurance\": ");
    db_json_list(out, who->assurance);
    if (who->authn_at)
        g_string_append_printf(out, ", \"authn_at\": %" G_GINT64_FORMAT, who->authn_at);
    g_string_append_c(out, '}');
    return g_string_free(out, FALSE);
}

static gboolean
audit(RaContext *ctx, const struct ra_who *who, gint64 institution, gint64 number, const char *what, const char *detail,
      GError **error)
{
    g_autofree char *actor = ra_actor(who);
    const struct db_audit row = { .actor = actor, .what = what, .address = who->address, .log_id = log_id(), .detail = detail,
                                  .institution = institution, .request = number };
    return db_event_audit(ctx->db, &row, error);
}

struct application {
    const struct ra_who *who;
    const struct ra_application *form;
};

static gboolean
act_apply(RaContext *ctx, gpointer data, gint64 *number, GError **error)
{
    const struct application *a = data;
    g_auto(Wish) wish = { 0 };
    if (!wish_read(ctx, a->who, a->form, &wish, error))
        return FALSE;
    *number = db_request_insert(ctx->db, &wish.row, error);
    g_autofree char *detail = seen(a->who);
    return *number != 0 && audit(ctx, a->who, wish.person->institution, *number, "apply", detail, error);
}

gboolean
ra_request_apply(RaContext *ctx, const struct ra_who *who, const struct ra_form *form, const struct ra_application *application,
                 char **location, GError **error)
{
    struct application what = { who, application };
    const struct ra_deed deed = { .who = who, .form = form, .act = act_apply, .data = &what };
    return ra_act(ctx, &deed, location, error);
}

/* --- steps of one request ------------------------------------------------------------------------------------------------- */

struct step {
    const struct ra_who *who;
    const char *event, *detail; /* a step … */
    const char *ask;            /* … or what the worker is asked for */
};

static gboolean
act_step(RaContext *ctx, gpointer data, gint64 *number, GError **error)
{
    const struct step *s = data;
    g_autoptr(RaRequest) request = ra_request_get(ctx, s->who->person, *number, error);
    if (!request)
        return FALSE;
    g_autofree char *actor = ra_actor(s->who);
    if (s->ask)
        return db_pickup_ask(ctx->db, *number, s->ask, actor, s->who->address, log_id(), error);
    const struct db_step row = { .number = *number, .event = s->event, .actor = actor, .address = s->who->address,
                                 .log_id = log_id(), .detail = s->detail };
    g_autofree char *next = db_request_step(ctx->db, &row, error);
    return next != NULL;
}

static gboolean
step(RaContext *ctx, const struct step *what, gint64 number, const struct ra_form *form, char **location, GError **error)
{
    struct step copy = *what;
    const struct ra_deed deed = { .who = what->who, .form = form, .number = number, .act = act_step, .data = &copy };
    return ra_act(ctx, &deed, location, error);
}

RaPreview *
ra_request_renew_preview(RaContext *ctx, const struct ra_who *who, gint64 number, gint64 now, GError **error)
{
    g_autoptr(RaRequest) r = ra_request_get(ctx, who->person, number, error);
    if (!r)
        return NULL;
    if (!ra_request_may(ctx, r->state, "renew") || r->not_after <= now) {
        refuse(error, RA_ERROR_CONFLICT, ra_request_may(ctx, r->state, "renew") ? "ended" : "state");
        return NULL;
    }
    struct db_wish wish = wish_of(who);
    wish.months = r->months;
    wish.type = r->type;
    wish.mail = r->mail;
    gint64 not_after = 0;
    if (!policy_allows(ctx, &wish, TRUE, error))
        return NULL;
    g_autofree char *name = NULL, *subject = db_request_planned(ctx->db, &wish, now, &not_after, &name, error);
    g_autoptr(GError) why = NULL;
    g_autofree char *renamed = subject ? db_radar_renamed(ctx->db, who->person, r->common_name, &why) : NULL;
    if (!subject || why) {
        if (why)
            g_propagate_error(error, g_steal_pointer(&why));
        ra_error_from(error);
        return NULL;
    }
    RaPreview *preview = g_new0(RaPreview, 1);
    preview->type = g_strdup(r->type);
    preview->mail = g_strdup(r->mail);
    preview->memo = g_strdup(r->memo);
    preview->subject = g_strdup(r->planned_subject);
    preview->common_name = renamed ? g_steal_pointer(&renamed) : g_strdup(r->common_name);
    preview->months = r->months;
    preview->not_before = now;
    preview->not_after = not_after;
    preview->old_not_after = r->not_after;
    return preview;
}

gboolean
ra_request_renew(RaContext *ctx, const struct ra_who *who, gint64 number, const struct ra_form *form, char **location,
                 GError **error)
{
    g_autofree char *detail = seen(who);
    const struct step what = { .who = who, .event = "renew", .detail = detail };
    return step(ctx, &what, number, form, location, error);
}

static gboolean
reason_ok(const char *reason, GError **error)
{
    return (reason && g_strv_contains(ra_revoke_reasons, reason)) || refuse(error, RA_ERROR_INPUT, "reason");
}

gboolean
ra_request_revoke_check(RaContext *ctx, const struct ra_who *who, gint64 number, const char *reason, GError **error)
{
    g_autoptr(RaRequest) request = ra_request_get(ctx, who->person, number, error);
    if (!request)
        return FALSE;
    if (!ra_request_may(ctx, request->state, "revoke"))
        return refuse(error, RA_ERROR_CONFLICT, "state");
    return !reason || reason_ok(reason, error);
}

gboolean
ra_request_revoke(RaContext *ctx, const struct ra_who *who, gint64 number, const char *reason, const struct ra_form *form,
                  char **location, GError **error)
{
    if (!reason_ok(reason, error))
        return FALSE;
    g_autofree char *detail = g_strdup_printf("{\"reason\": \"%s\"}", reason); /* one of our own words: nothing to escape */
    const struct step what = { .who = who, .event = "revoke", .detail = detail };
    return step(ctx, &what, number, form, location, error);
}

gboolean
ra_request_withdraw(RaContext *ctx, const struct ra_who *who, gint64 number, const struct ra_form *form, char **location,
                    GError **error)
{
    const struct step what = { .who = who, .event = "withdraw" };
    return step(ctx, &what, number, form, location, error);
}

gboolean
ra_request_new_pin(RaContext *ctx, const struct ra_who *who, gint64 number, const struct ra_form *form, char **location,
                   GError **error)
{
    const struct step what = { .who = who, .ask = "new-pin" };
    return step(ctx, &what, number, form, location, error);
}

gboolean
ra_request_resend(RaContext *ctx, const struct ra_who *who, gint64 number, const struct ra_form *form, char **location,
                  GError **error)
{
    const struct step what = { .who = who, .ask = "resend" };
    return step(ctx, &what, number, form, location, error);
}

struct memo {
    const struct ra_who *who;
    const char *text;
};

static gboolean
act_memo(RaContext *ctx, gpointer data, gint64 *number, GError **error)
{
    const struct memo *memo = data;
    g_autoptr(RaRequest) request = ra_request_get(ctx, memo->who->person, *number, error);
    if (!request)
        return FALSE;
    if (strcmp(request->memo, memo->text) == 0)
        return TRUE;
    return db_request_memo(ctx->db, *number, memo->who->person, memo->text, error) &&
           audit(ctx, memo->who, request->institution, *number, "memo", NULL, error);
}

gboolean
ra_request_memo(RaContext *ctx, const struct ra_who *who, gint64 number, const char *text, GError **error)
{
    g_autofree char *memo = memo_of(text, error);
    if (!memo)
        return FALSE;
    struct memo what = { who, memo };
    const struct ra_deed deed = { .who = who, .number = number, .act = act_memo, .data = &what };
    return ra_act(ctx, &deed, NULL, error);
}
