#include "fcgi/errors.h"

#include "db/db.h"
#include "ra/error.h"
#include "sp/error.h"
#include "web/error.h"

static const struct {
    GQuark (*domain)(void);
    gint code;
    struct errors_answer answer;
} rows[] = {
    { ra_error_quark, RA_ERROR_NOT_FOUND, { 404, "missing", FALSE } },
    { ra_error_quark, RA_ERROR_REFUSED, { 422, NULL, FALSE } }, /* not 403: that is for who may not ask at all */
    { ra_error_quark, RA_ERROR_CONFLICT, { 409, NULL, FALSE } },
    { ra_error_quark, RA_ERROR_INPUT, { 400, NULL, FALSE } },
    { ra_error_quark, RA_ERROR_DOWN, { 503, "down", TRUE } },
    { ra_error_quark, RA_ERROR_BROKEN, { 500, "broken", TRUE } },

    /* From the rows behind the cookies and the metadata. */
    { db_error_quark, DB_ERROR_DOWN, { 503, "down", TRUE } },
    { db_error_quark, DB_ERROR_CONFLICT, { 409, "conflict", FALSE } },
    { db_error_quark, DB_ERROR_REFUSED, { 500, "broken", TRUE } },
    { db_error_quark, DB_ERROR_BROKEN, { 500, "broken", TRUE } },

    /* Refused logins have a page of their own (fcgi/refusal.c); what is left are logout messages and IdPs of no use. */
    { sp_error_quark, SP_ERROR_REFUSED, { 403, "forbidden", FALSE } },
    { sp_error_quark, SP_ERROR_MISSING, { 403, "forbidden", FALSE } },
    { sp_error_quark, SP_ERROR_CONTEXT, { 403, "forbidden", FALSE } },
    { sp_error_quark, SP_ERROR_INPUT, { 500, "broken", TRUE } },
    { sp_error_quark, SP_ERROR_BROKEN, { 500, "broken", TRUE } },
    { sp_error_quark, SP_ERROR_AWAY, { 503, "down", TRUE } },

    { web_error_quark, WEB_ERROR_INPUT, { 500, "broken", TRUE } },
    { web_error_quark, WEB_ERROR_BROKEN, { 500, "broken", TRUE } },
};

static const struct errors_answer unknown = { 500, "broken", TRUE };
static const struct errors_answer signer_away = { 503, "signer", TRUE };

const struct errors_answer *
errors_answer(const GError *error)
{
    /* People need not wait for a page of theirs when only what signs is away. */
    if (g_error_matches(error, RA_ERROR, RA_ERROR_DOWN) && g_str_has_prefix(error->message, "signer"))
        return &signer_away;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (error->domain == rows[i].domain() && error->code == rows[i].code)
            return &rows[i].answer;
    return &unknown;
}

const char *
errors_rule(const GError *error)
{
    /* What the forms of ours can't send has no words of its own. */
    static const char *const worded[] = { "memo", "mail", "mail-choice", "reason", "key-compromised", "key-used", "key-weak", NULL };
    const char *rule = ra_error_rule(error);
    return !g_error_matches(error, RA_ERROR, RA_ERROR_INPUT) || g_strv_contains(worded, rule) ? rule : "input";
}
