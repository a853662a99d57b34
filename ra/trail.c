#include "ra/trail.h"

#include <string.h>

#include "ra/error.h"

#define PIECE 1000 /* rows of an export at a time */

static const char *const requests[] = { "apply", "approve", "refuse", "withdraw", "lapse", "renew", "memo", NULL };
static const char *const pickups[] = { "pin-issued", "new-pin", "resend", "ask-new-pin", "ask-resend", "lock", "ending",
                                       "issue", "collect", "done", "erased", "reopen", NULL };
static const char *const revocations[] = { "revoke", "published", "superseded", "code-made", "code-replaced", NULL };
static const char *const ends[] = { "remind", "expire", NULL };
static const char *const sessions[] = { "login", "officer-login", "officer-logout", NULL };
static const char *const officers[] = { "propose", "confirm", "decline", "proposal-withdrawn", "proposal-ended", "batch-check",
                                        "batch-start", "batch-withdraw", "batch-done", NULL };
static const char *const changes[] = { "person-changed", "change-seen", "change-mailed", "in-use-asked", "institution-changed",
                                       "profile-added", "profile-changed", "profile-ended", "digest", NULL };
static const char *const authorities[] = { "ca-init", "ca-install", "ca-issue", "root-crl", "responder", "witness", NULL };

const struct ra_trail_kind ra_trail_kinds[] = {
    { "request", requests }, { "pickup", pickups },   { "revocation", revocations },  { "end", ends },
    { "session", sessions }, { "officer", officers }, { "change", changes },   { "authority", authorities },   { NULL, NULL },
};

/* The words that KIND stands for, into ONE where it is a single one. NULL: there is no such kind. */
static const char *const *
whats_of(const char *kind, const char *one[2])
{
    for (const struct ra_trail_kind *k = ra_trail_kinds; k->name; k++) {
        if (strcmp(k->name, kind) == 0)
            return k->whats;
        for (const char *const *what = k->whats; *what; what++)
            if (strcmp(*what, kind) == 0) {
                one[0] = *what;
                one[1] = NULL;
                return one;
            }
    }
    return NULL;
}

static gboolean
refuse(GError **error, enum ra_error code, const char *word)
{
    g_set_error_literal(error, RA_ERROR, (gint)code, word);
    return FALSE;
}

/* Is what is asked about in reach? */
static gboolean
in_reach(RaContext *ctx, const RaOfficer *officer, const struct ra_trail_query *q, GError **error)
{
    g_autoptr(GError) why = NULL;
    gint64 found = q->request ? db_officer_owner(ctx->db, officer->institution, q->request, &why) : 1;
    if (!why && q->person) {
        g_autoptr(RaDeskPerson) person = db_officer_person(ctx->db, officer->institution, q->person, &why);
        found = person ? person->id : 0;
    }
    if (!why && !found)
        return refuse(error, RA_ERROR_NOT_FOUND, "request");
    if (!why)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&why));
    return ra_error_from(error);
}

/* The filter of Q; ONE is room for its only kind. */
static gboolean
filter_of(RaContext *ctx, const RaOfficer *officer, const struct ra_trail_query *q, const char *one[2],
          struct db_trail_filter *f, GError **error)
{
    const char *const *whats = *q->kind ? whats_of(q->kind, one) : NULL;
    if ((*q->kind && !whats) || (*q->actor && !ra_trail_asked(q->actor)))
        return refuse(error, RA_ERROR_INPUT, "filter");
    *f = (struct db_trail_filter){ .institution = officer->institution ? officer->institution : q->institution, .from = q->from,
                                   .until = q->until, .request = q->request, .person = q->person,
                                   .actor = *q->actor ? q->actor : NULL, .whats = whats };
    if (!in_reach(ctx, officer, q, error))
        return FALSE;
    if (!db_trail_bounds(ctx->db, q->from, q->until, &f->low, &f->high, error))
        return ra_error_from(error);
    return TRUE;
}

GPtrArray *
ra_trail_find(RaContext *ctx, const RaOfficer *officer, const struct ra_trail_query *q, int limit, gint64 *next, GError **error)
{
    const char *one[2];
    struct db_trail_filter filter;
    *next = 0;
    if (!filter_of(ctx, officer, q, one, &filter, error))
        return NULL;
    if (q->before)
        filter.high = MIN(filter.high, q->before);
    /* One more than is shown tells whether there is a next page. */
    GPtrArray *rows = db_trail_list(ctx->db, &filter, limit + 1, error);
    if (!rows) {
        ra_error_from(error);
        return NULL;
    }
    if (rows->len > (guint)limit) {
        g_ptr_array_set_size(rows, limit);
        *next = ((const RaTrailRow *)rows->pdata[limit - 1])->id;
    }
    return rows;
}

/* --- export --------------------------------------------------------------------------------------------------------------- */

static gboolean
hand_lines(RaContext *ctx, const GPtrArray *rows, RaTrailEach each, gpointer data, GError **error)
{
    g_autoptr(GStrvBuilder) list = g_strv_builder_new();
    for (guint i = 0; i < rows->len; i++) {
        g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, ((const RaTrailRow *)rows->pdata[i])->id);
        g_strv_builder_add(list, id);
    }
    g_auto(GStrv) ids = g_strv_builder_end(list);
    g_autoptr(GPtrArray) lines = db_trail_lines(ctx->db, (const char *const *)ids, error);
    for (guint i = 0; lines && i < lines->len; i++)
        each(NULL, lines->pdata[i], data);
    return lines != NULL;
}

static gboolean
hand_rows(const GPtrArray *rows, RaTrailEach each, gpointer data)
{
    for (guint i = 0; i < rows->len; i++)
        each(rows->pdata[i], NULL, data);
    return TRUE;
}

gboolean
ra_trail_export(RaContext *ctx, const RaOfficer *officer, const struct ra_trail_query *q, gboolean json, RaTrailEach each,
                gpointer data, GError **error)
{
    const char *one[2];
    struct db_trail_filter filter;
    if (!filter_of(ctx, officer, q, one, &filter, error))
        return FALSE;
    filter.rising = TRUE;
    for (int total = 0;;) {
        g_autoptr(GPtrArray) rows = db_trail_list(ctx->db, &filter, PIECE, error);
        if (!rows)
            return ra_error_from(error);
        total += (int)rows->len;
        if (total > RA_TRAIL_EXPORT)
            return refuse(error, RA_ERROR_CONFLICT, "many");
        if (!(json ? hand_lines(ctx, rows, each, data, error) : hand_rows(rows, each, data)))
            return ra_error_from(error);
        if (rows->len < PIECE)
            return TRUE;
        filter.low = ((const RaTrailRow *)rows->pdata[rows->len - 1])->id + 1;
    }
}

/* --- who ------------------------------------------------------------------------------------------------------------------ */

const char *
ra_trail_who(const RaOfficer *officer, const RaTrailRow *row)
{
    static const struct { const char *prefix, *who; } words[] = {
        { "officer:", "officer" }, { "officer-", "officer" }, { "operator", "operator" }, { "worker", "service" },
        { "signer", "service" },   { "revocation-code", "code" }, { "person:", "owner" },
    };
    g_autofree char *me = ra_officer_actor(officer);
    if (strcmp(row->actor, me) == 0)
        return "me";
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_str_has_prefix(row->actor, words[i].prefix))
            return words[i].who;
    return "outsider";
}

gboolean
ra_trail_asked(const char *actor)
{
    return strchr(actor, ':') || strcmp(actor, "operator") == 0 || strcmp(actor, "revocation-code") == 0;
}

gboolean
ra_trail_named(const RaOfficer *officer, const RaTrailRow *row)
{
    return row->who && (!officer->institution || officer->institution == row->who_institution);
}

gboolean
ra_trail_head(RaContext *ctx, gint64 *head, gint64 *at, gint64 *last, GError **error)
{
    return db_trail_head(ctx->db, head, at, last, error) || ra_error_from(error);
}
