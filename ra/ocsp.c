#include "ra/ocsp.h"

#include <string.h>

#include "ca/client.h"
#include "ca/ocsp.h"
#include "db/counter.h"
#include "db/log.h"
#include "db/publish.h"
#include "ra/error.h"
#include "ra/ocsp_cache.h"
#include "ra/publish.h"

#define CONTACT G_USEC_PER_SEC      /* how long the database may be silent before it is asked whether it is there */
#define HEAR_PAUSE 10000            /* looking whether something was said costs as much as a look-up */
#define REST (G_USEC_PER_SEC / 2)   /* after the responder could not be reached */

struct issuer {
    char *name;
    CaOcspIssuer *hashed;
};

struct ra_ocsp {
    GPtrArray *issuers;             /* struct issuer * */
    RaOcspCache *cache;
    gboolean listening;
    gint64 heard_at;                /* monotonic */
    gint64 contact_at;              /* monotonic: the last answer of the database */
    gint64 responder_after;         /* monotonic: not asked before */
    gint64 live, live_at;           /* how many may be asked for now; counted up to this monotonic time */
    RaOcspAnswer once;              /* what is not kept */
};

static void
issuer_free(gpointer data)
{
    struct issuer *issuer = data;
    ca_ocsp_issuer_free(issuer->hashed);
    g_free(issuer->name);
    g_free(issuer);
}

void
ra_ocsp_free(struct ra_ocsp *ocsp)
{
    if (!ocsp)
        return;
    g_clear_pointer(&ocsp->issuers, g_ptr_array_unref);
    ra_ocsp_cache_free(ocsp->cache);
    ra_ocsp_answer_clear(&ocsp->once);
    g_free(ocsp);
}

static struct ra_ocsp *
ocsp_of(RaContext *ctx)
{
    if (!ctx->ocsp) {
        ctx->ocsp = g_new0(struct ra_ocsp, 1);
        ctx->ocsp->cache = ra_ocsp_cache_new((guint)settings_number(ctx->settings, "portal", "ocsp_cache"));
        ctx->ocsp->live = settings_number(ctx->settings, "responder", "live");
        ctx->ocsp->live_at = g_get_monotonic_time();
    }
    return ctx->ocsp;
}

/* --- whose certificate is it ---------------------------------------------------------------------------------------------- */

static gboolean
read_issuers(RaContext *ctx, struct ra_ocsp *o, GError **error)
{
    g_autoptr(GPtrArray) authorities = ra_publish_authorities(ctx, error);
    if (!authorities)
        return FALSE;
    g_autoptr(GPtrArray) issuers = g_ptr_array_new_with_free_func(issuer_free);
    for (guint i = 0; i < authorities->len; i++) {
        const RaAuthority *authority = authorities->pdata[i];
        struct issuer *issuer = g_new0(struct issuer, 1);
        g_ptr_array_add(issuers, issuer);
        issuer->name = g_strdup(authority->name);
        issuer->hashed = ca_ocsp_issuer_new(authority->der, error);
        if (!issuer->hashed)
            return FALSE;
    }
    g_clear_pointer(&o->issuers, g_ptr_array_unref);
    o->issuers = g_steal_pointer(&issuers);
    return TRUE;
}

/* The question whose answer is the same for all; HASH NULL: it is none. */
struct wanted {
    const char *hash, *serial;
    const struct issuer *issuer;
};

static gboolean
find_wanted(RaContext *ctx, struct ra_ocsp *o, const CaOcspRequest *asked, struct wanted *wanted, GError **error)
{
    *wanted = (struct wanted){ .serial = ca_ocsp_serial(asked, 0) };
    if (!o->issuers && !read_issuers(ctx, o, error))
        return FALSE;
    for (guint i = 0; i < o->issuers->len && !wanted->issuer; i++) {
        const struct issuer *issuer = o->issuers->pdata[i];
        if (ca_ocsp_is_for(asked, 0, issuer->hashed))
            wanted->issuer = issuer;
    }
    wanted->hash = wanted->issuer ? ca_ocsp_kept_as(asked) : NULL;
    return TRUE;
}

/* --- answers that are for one question ------------------------------------------------------------------------------------ */

static RaOcspAnswer *
once(struct ra_ocsp *o, GBytes *der)
{
    ra_ocsp_answer_clear(&o->once);
    o->once.der = der;
    return &o->once;
}

static RaOcspAnswer *
refuse(struct ra_ocsp *o, enum ca_ocsp_refusal refusal, enum counter kind)
{
    counter_add(kind);
    return once(o, ca_ocsp_error(refusal));
}

static GBytes *
ask_responder(RaContext *ctx, struct ra_ocsp *o, GBytes *question, GError **error)
{
    if (g_get_monotonic_time() < o->responder_after) {
        g_set_error_literal(error, RA_ERROR, RA_ERROR_DOWN, "responder: away a moment ago");
        return NULL;
    }
    GBytes *der = ca_client_ocsp(settings_text(ctx->settings, "responder", "socket"), question, NULL, error);
    if (!der) {
        o->responder_after = g_get_monotonic_time() + REST;
        ra_error_from(error);
    }
    return der;
}

/* As many a second as the setting says, a second's worth at once. */
static gboolean
may_ask_live(RaContext *ctx, struct ra_ocsp *o)
{
    gint64 rate = settings_number(ctx->settings, "responder", "live"), now = g_get_monotonic_time();
    gint64 more = (now - o->live_at) * rate / G_USEC_PER_SEC;
    if (more > 0) {
        o->live = MIN(o->live + more, rate);
        o->live_at = now;
    }
    if (o->live < 1)
        return FALSE;
    o->live--;
    return TRUE;
}

static RaOcspAnswer *
live(RaContext *ctx, struct ra_ocsp *o, GBytes *request, const struct wanted *wanted, GError **error)
{
    GBytes *der = ask_responder(ctx, o, request, error);
    if (!der)
        return NULL;
    counter_add(COUNTER_OCSP_LIVE);
    if (!wanted->issuer && g_bytes_get_size(der) > 5) /* of a CA that a ceremony has added: read them again */
        g_clear_pointer(&o->issuers, g_ptr_array_unref);
    return once(o, der);
}

/* --- answers for all ------------------------------------------------------------------------------------------------------ */

static void
forget(const char *channel, const char *payload, gpointer data)
{
    (void)channel;
    ra_ocsp_cache_forget(data, payload);
}

static void
hear(RaContext *ctx, struct ra_ocsp *o)
{
    if (!db_heard(ctx->db, forget, o->cache))
        ra_ocsp_cache_clear(o->cache);
}

/* What is remembered counts only as long as every change is heard of: the connection must be there, and answer now and then. */
static void
keep_up(RaContext *ctx, struct ra_ocsp *o)
{
    g_autoptr(GError) error = NULL;
    gint64 now = g_get_monotonic_time();
    if (!o->listening) {
        o->listening = TRUE; /* once: it is repeated with each new connection */
        if (!db_listen(ctx->db, "inkan_status", &error) && !log_is_away("database"))
            log_error("listen-failed", error);
    }
    if (now - o->heard_at < HEAR_PAUSE)
        return;
    o->heard_at = now;
    hear(ctx, o);
    if (now - o->contact_at < CONTACT)
        return;
    g_clear_error(&error);
    if (db_publish_alive(ctx->db, &error))
        o->contact_at = now;
    else
        ra_ocsp_cache_clear(o->cache);
    hear(ctx, o);
}

/* Half over: it is time for another, though it would still do. */
static gboolean
is_fresh(gint64 this_update, gint64 next_update, gint64 now)
{
    return now < this_update + (next_update - this_update) / 2 && now < next_update;
}

/* Whose certificate says nothing new: asked of the responder, and kept. NULL without ERROR: it refuses for now. */
static RaOcspAnswer *
fetch(RaContext *ctx, struct ra_ocsp *o, const struct wanted *wanted, GError **error)
{
    g_autoptr(GBytes) question = ca_ocsp_question(wanted->issuer->hashed, wanted->hash, wanted->serial);
    g_autoptr(GBytes) der = question ? ask_responder(ctx, o, question, error) : NULL;
    struct ca_ocsp_seen seen;
    if (!der || !ca_ocsp_read(der, &seen, error))
        return NULL;
    if (seen.refusal)
        return NULL;
    counter_add(COUNTER_OCSP_SIGNED);
    return ra_ocsp_cache_put(o->cache, wanted->issuer->name, wanted->serial, wanted->hash, der, seen.times.this_update,
                             seen.times.next_update);
}

static RaOcspAnswer *
from_row(struct ra_ocsp *o, const struct wanted *wanted, const struct db_published_ocsp *row)
{
    counter_add(COUNTER_OCSP_ROW);
    return ra_ocsp_cache_put(o->cache, wanted->issuer->name, wanted->serial, wanted->hash, row->der, row->this_update,
                             row->next_update);
}

static RaOcspAnswer *
from_rows(RaContext *ctx, struct ra_ocsp *o, const struct wanted *wanted, gint64 now, GError **error)
{
    g_autoptr(GError) why = NULL;
    struct db_published_ocsp row;
    if (!db_publish_ocsp(ctx->db, wanted->issuer->name, wanted->serial, wanted->hash, now, &row, &why)) {
        if (!log_is_away("database"))
            log_error("ocsp", why);
        return refuse(o, CA_OCSP_TRY_LATER, COUNTER_OCSP_LATER);
    }
    g_autoptr(GBytes) der = row.der;
    o->contact_at = g_get_monotonic_time();
    if (!row.known)
        return refuse(o, CA_OCSP_UNAUTHORIZED, COUNTER_OCSP_UNAUTHORIZED);
    if (der && is_fresh(row.this_update, row.next_update, now))
        return from_row(o, wanted, &row);
    RaOcspAnswer *answer = fetch(ctx, o, wanted, &why);
    if (answer)
        return answer;
    if (der) /* still good, and the responder is away */
        return from_row(o, wanted, &row);
    if (!why)
        return refuse(o, CA_OCSP_TRY_LATER, COUNTER_OCSP_LATER);
    g_propagate_error(error, g_steal_pointer(&why));
    ra_error_from(error);
    return NULL;
}

static RaOcspAnswer *
kept(RaContext *ctx, struct ra_ocsp *o, const struct wanted *wanted, gint64 now, GError **error)
{
    keep_up(ctx, o);
    RaOcspAnswer *answer = ra_ocsp_cache_find(o->cache, wanted->issuer->name, wanted->serial, wanted->hash);
    if (answer && is_fresh(answer->this_update, answer->next_update, now)) {
        counter_add(COUNTER_OCSP_MEMORY);
        return answer;
    }
    return from_rows(ctx, o, wanted, now, error);
}

RaOcspAnswer *
ra_ocsp_answer(RaContext *ctx, GBytes *request, gint64 now, GError **error)
{
    struct ra_ocsp *o = ocsp_of(ctx);
    g_autoptr(GError) why = NULL;
    g_autoptr(CaOcspRequest) asked = ca_ocsp_parse(request, NULL);
    struct wanted wanted;

    if (!asked)
        return refuse(o, CA_OCSP_MALFORMED, COUNTER_OCSP_MALFORMED);
    if (!find_wanted(ctx, o, asked, &wanted, &why)) {
        if (!log_is_away("database"))
            log_error("ocsp", why);
        return refuse(o, CA_OCSP_TRY_LATER, COUNTER_OCSP_LATER);
    }
    if (wanted.hash && !ca_ocsp_has_nonce(asked))
        return kept(ctx, o, &wanted, now, error);
    if (may_ask_live(ctx, o))
        return live(ctx, o, request, &wanted, error);
    if (!wanted.hash)
        return refuse(o, CA_OCSP_TRY_LATER, COUNTER_OCSP_LATER);
    counter_add(COUNTER_OCSP_NO_NONCE);
    return kept(ctx, o, &wanted, now, error);
}
