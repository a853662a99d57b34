#include "ra/registration.h"

#include <string.h>

#include "db/institution.h"
#include "db/log.h"
#include "ra/act.h"
#include "ra/error.h"
#include "ra/letter.h"

const char *const ra_registration_roles[] = { "officer", "revoker", "operator", NULL };

#define NAME_MOST 64 /* X.520's common name */

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
ra_registration_list(RaContext *ctx, const RaRegistrationFilter *filter, GError **error)
{
    g_autoptr(GError) why = NULL;
    return ours(db_registration_list(ctx->db, filter, RA_REGISTRATION_PAGE + 1, &why), &why, error);
}

RaRegistration *
ra_registration_get(RaContext *ctx, gint64 id, GError **error)
{
    g_autoptr(GError) why = NULL;
    return ours(db_registration_get(ctx->db, id, &why), &why, error);
}

/* --- registering ---------------------------------------------------------------------------------------------------------- */

/* What may be a common name: printable ASCII. */
static gboolean
is_ascii_name(const char *name)
{
    for (const char *c = name; *c; c++)
        if (*c < 0x20 || *c > 0x7e)
            return FALSE;
    return *name && strlen(name) <= NAME_MOST;
}

static gboolean
is_name(const char *name)
{
    if (!g_utf8_validate(name, -1, NULL) || g_utf8_strlen(name, -1) > NAME_MOST)
        return FALSE;
    for (const char *c = name; *c; c = g_utf8_next_char(c))
        if (g_unichar_iscntrl(g_utf8_get_char(c)) || g_unichar_type(g_utf8_get_char(c)) == G_UNICODE_FORMAT)
            return FALSE;
    return TRUE;
}

static const char *
breaks(const char **field, const char *name, const char *word)
{
    *field = name;
    return word;
}

const char *
ra_registration_breaks(RaContext *ctx, const RaRegistrationNew *who, const char **field, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(DbInstitution) institution = who->institution > 0 ? db_institution_get(ctx->db, who->institution, &why) : NULL;
    if (why) {
        g_propagate_error(error, g_steal_pointer(&why));
        ra_error_from(error);
        return NULL;
    }
    if (!institution)
        return breaks(field, "institution", "missing");
    if (!is_ascii_name(who->name))
        return breaks(field, "name", "ascii");
    if (!is_name(who->name_ja))
        return breaks(field, "name_ja", "long");
    if (!ra_letter_address_ok(who->mail))
        return breaks(field, "mail", "form");
    if (!db_mail_domain_allowed(who->mail, institution->mail_domains))
        return breaks(field, "mail", "domain");
    return g_strv_contains(ra_registration_roles, who->role) ? NULL : breaks(field, "role", "missing");
}

const char *
ra_registration_field(const GError *error)
{
    static const struct { const char *rule, *field; } fields[] = {
        { "officer-registered", "mail" }, { "mail-domain", "mail" },        { "mail", "mail" },
        { "officer-name", "name" },       { "institution", "institution" }, { "officer-role", "role" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        if (strcmp(fields[i].rule, ra_error_rule(error)) == 0)
            return fields[i].field;
    return NULL;
}

/* --- acts ----------------------------------------------------------------------------------------------------------------- */

struct act {
    const RaOfficer *operator; /* or the officer, who renews */
    const RaRegistrationNew *who;
    gint64 id;
    const char *note;
    GBytes *fingerprint;
};

static struct db_registration_by
signed_by(const RaOfficer *operator)
{
    return (struct db_registration_by){ .session = operator->session, .actor = "operator", .address = operator->address,
                                        .log_id = log_id() };
}

static gboolean
perform(RaContext *ctx, RaAct how, struct act *what, const struct ra_form *form, char **location, GError **error)
{
    const struct ra_who who = { .person = what->operator->person, .address = what->operator->address };
    const struct ra_deed deed = { .who = &who, .form = form, .number = what->id, .act = how, .data = what };
    return ra_act(ctx, &deed, location, error);
}

static gboolean
act_add(RaContext *ctx, gpointer data, gint64 *number, GError **error)
{
    const struct act *a = data;
    const struct db_registration_by by = signed_by(a->operator);
    *number = db_registration_add(ctx->db, a->who, &by, error);
    return *number != 0;
}

gboolean
ra_registration_add(RaContext *ctx, const RaOfficer *operator, const RaRegistrationNew *who, const struct ra_form *form,
                    char **location, GError **error)
{
    struct act what = { .operator = operator, .who = who };
    return perform(ctx, act_add, &what, form, location, error);
}

static gboolean
act_apply(RaContext *ctx, gpointer data, gint64 *number, GError **error)
{
    const struct act *a = data;
    const struct db_registration_by by = signed_by(a->operator);
    (void)number; /* the location names the registration */
    return db_registration_apply(ctx->db, a->id, &by, error) != 0;
}

gboolean
ra_registration_apply(RaContext *ctx, const RaOfficer *operator, gint64 id, const struct ra_form *form, char **location,
                      GError **error)
{
    struct act what = { .operator = operator, .id = id };
    return perform(ctx, act_apply, &what, form, location, error);
}

static gboolean
act_end(RaContext *ctx, gpointer data, gint64 *number, GError **error)
{
    const struct act *a = data;
    const struct db_registration_by by = signed_by(a->operator);
    (void)number;
    return db_registration_end(ctx->db, a->id, a->note, &by, error);
}

gboolean
ra_registration_end(RaContext *ctx, const RaOfficer *operator, gint64 id, const char *text, const struct ra_form *form,
                    char **location, GError **error)
{
    g_autofree char *note = ra_officer_note(text, error);
    if (!note)
        return FALSE;
    struct act what = { .operator = operator, .id = id, .note = note };
    return perform(ctx, act_end, &what, form, location, error);
}

Secret *
ra_registration_sheet(RaContext *ctx, const RaOfficer *operator, const RaRegistration *registration, GError **error)
{
    const struct db_registration_by by = signed_by(operator);
    g_autoptr(Secret) pin = ra_request_pin(ctx, registration->person, registration->number, error);
    if (!pin)
        return NULL;
    if (db_registration_sheet(ctx->db, registration->id, registration->number, &by, error))
        return g_steal_pointer(&pin);
    ra_error_from(error);
    return NULL;
}

/* --- who presents a certificate ------------------------------------------------------------------------------------------- */

void
ra_presented_free(RaPresented *presented)
{
    if (!presented)
        return;
    ra_check_free(presented->check);
    db_registration_free(presented->registration);
    g_free(presented);
}

/* What is good says what it is by its row, never by its subject. */
static gboolean
look_up(RaContext *ctx, RaPresented *presented, GError **error)
{
    g_autoptr(GError) why = NULL;
    if (g_strcmp0(presented->check->type, "officer") != 0) {
        presented->verdict = "personal";
        return TRUE;
    }
    presented->registration = db_registration_of_request(ctx->db, presented->check->request, &why);
    if (!presented->registration && !why)
        presented->verdict = "ended";
    if (!why)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&why));
    return ra_error_from(error);
}

RaPresented *
ra_registration_presented(RaContext *ctx, const char *pem, const char *verify, gint64 now, GError **error)
{
    g_autoptr(RaPresented) presented = g_new0(RaPresented, 1);
    presented->check = ra_check_certificate(ctx, pem, verify, now, error);
    if (!presented->check)
        return NULL;
    presented->verdict = ra_verdict_name(presented->check->verdict);
    if (presented->check->verdict == RA_VERDICT_VALID && !look_up(ctx, presented, error))
        return NULL;
    return g_steal_pointer(&presented);
}

gboolean
ra_registration_seen(RaContext *ctx, const RaRegistration *registration, GError **error)
{
    return db_registration_seen(ctx->db, registration->person, error) || ra_error_from(error);
}

/* --- renewing ------------------------------------------------------------------------------------------------------------- */

/* Whole days of the service's time zone, as the database counts them. */
static gint64
day_of(RaContext *ctx, gint64 seconds)
{
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(seconds);
    g_autoptr(GDateTime) at = g_date_time_to_timezone(utc, ctx->zone);
    return (seconds + g_date_time_get_utc_offset(at) / G_TIME_SPAN_SECOND) / 86400;
}

gboolean
ra_registration_renewable(RaContext *ctx, const RaRequest *request, gint64 now)
{
    return ra_request_may_now(ctx, request, "renew", now) &&
           day_of(ctx, request->not_after) - day_of(ctx, now) <= RA_REGISTRATION_RENEWABLE;
}

static gboolean
act_renew(RaContext *ctx, gpointer data, gint64 *number, GError **error)
{
    const struct act *a = data;
    const struct db_registration_by by = signed_by(a->operator);
    *number = db_registration_renew(ctx->db, a->fingerprint, &by, error);
    return *number != 0;
}

gboolean
ra_registration_renew(RaContext *ctx, const RaOfficer *officer, gint64 number, const char *hex, const struct ra_form *form,
                      char **location, GError **error)
{
    g_autoptr(GBytes) fingerprint = crypto_unhex(hex);
    struct act what = { .operator = officer, .id = number, .fingerprint = fingerprint };
    return perform(ctx, act_renew, &what, form, location, error);
}
