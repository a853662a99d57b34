#include "fcgi/describe.h"

#include <string.h>

#include "fcgi/guard.h"
#include "fcgi/page.h"
#include "ra/assurance.h"

#define ENDING_DAYS 28 /* an end so near stands out */

gboolean
describe_ending(gint64 not_after, gint64 now)
{
    return not_after - now < ENDING_DAYS * 86400;
}

char *
describe_act(const char *act, gint64 number)
{
    return g_strdup_printf("%s:%" G_GINT64_FORMAT, act, number);
}

const char *
describe_done(const Exchange *x)
{
    static const char *const words[] = { "memo", "resend", "pin", "withdraw", "renew-withdraw", "revoke", "notices",
                                        "stepped-up", "lost", "code", NULL };
    const char *word = form_text(x->query, "done");
    return g_strv_contains(words, word) ? word : NULL;
}

static void
set_key(const Exchange *x, WebNode *node, const char *attribute, const char *act, gint64 number)
{
    g_autofree char *what = describe_act(act, number);
    g_autofree char *key = guard_form_key(x, what);
    web_set(node, attribute, key);
}

/* --- what can be applied for --- */

static void
add_offer(const Exchange *x, WebNode *root, const RaDashboard *shown, const char *type, const char *act)
{
    const char *rule = ra_request_blocked(shown, type);
    WebNode *offer = web_add(root, "offer");
    web_set(offer, "type", type);
    if (rule) {
        web_set(offer, "blocked", rule);
        web_set_number(offer, "limit", shown->max_active);
        for (char **mail = shown->mails; *mail && strcmp(rule, "mail-domain") == 0; mail++)
            web_add_text(offer, "mail", *mail);
        return;
    }
    g_autofree char *key = guard_form_key(x, act);
    web_set(offer, "form-key", key);
    for (char **months = shown->months; *months; months++)
        if (ra_request_offers(shown, type, *months))
            web_add_text(offer, "months", *months);
    for (char **mail = shown->mails_allowed; *mail; mail++)
        web_add_text(offer, "mail", *mail);
    page_text(offer, "unit", shown->unit);
    for (char **unit = shown->units; *unit; unit++)
        if (g_strcmp0(*unit, shown->unit) != 0)
            web_add_text(offer, "unit", *unit);
}

void
describe_offers(const Exchange *x, WebNode *root, const RaDashboard *shown, const char *act)
{
    for (char **type = shown->types; *type && shown->months[0]; type++)
        add_offer(x, root, shown, *type, act);
}

/* --- requests --- */

static gboolean
waits(const char *state)
{
    return strcmp(state, "ready") == 0 || strcmp(state, "renew_ready") == 0;
}

static void
set_attention(const Exchange *x, WebNode *node, const RaRequestRow *row)
{
    if (waits(row->state) && row->locked) {
        web_set(node, "attention", "locked");
        set_key(x, node, "pin-key", "pin", row->number);
    } else if (waits(row->state)) {
        web_set(node, "attention", row->mail_failed ? "mail" : "collect");
        page_time(x, node, "pickup-until", row->pickup_expires_at);
        set_key(x, node, "resend-key", "resend", row->number);
    } else if (strcmp(row->state, "collected") == 0 && describe_ending(row->not_after, x->now)) {
        web_set(node, "attention", "ending");
    }
}

void
describe_row(const Exchange *x, WebNode *root, const RaRequestRow *row)
{
    WebNode *node = web_add(root, "request");
    web_set_number(node, "number", row->number);
    web_set(node, "type", row->type);
    web_set_number(node, "months", row->months);
    web_set(node, "state", row->state);
    page_time(x, node, "applied-at", row->applied_at);
    page_time(x, node, "not-before", row->not_before);
    page_time(x, node, "not-after", row->not_after);
    web_set(node, "memo", row->memo);
    set_attention(x, node, row);
    if (row->not_after > x->now && ra_request_may(x->portal->ra, row->state, "renew"))
        set_key(x, node, "renew-key", "renew", row->number);
}

WebNode *
describe_request(const Exchange *x, WebNode *root, const RaRequest *r)
{
    WebNode *node = web_add(root, "request");
    web_set_number(node, "number", r->number);
    web_set(node, "type", r->type);
    web_set_number(node, "months", r->months);
    web_set(node, "state", r->state);
    page_time(x, node, "applied-at", r->applied_at);
    page_time(x, node, "not-before", r->not_before);
    page_time(x, node, "not-after", r->not_after);
    web_set(node, "memo", r->memo);
    web_set(node, "mail", r->mail);
    if (!r->serial)
        page_text(node, "subject", r->planned_subject);
    return node;
}

void
describe_acts(const Exchange *x, WebNode *node, const RaRequest *request)
{
    static const struct { const char *event, *attribute, *act; } acts[] = {
        { "renew", "renew-key", "renew" },          { "revoke", "revoke-key", "revoke" },
        { "withdraw", "withdraw-key", "withdraw" }, { "new-pin", "pin-key", "pin" },
        { "resend", "resend-key", "resend" },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(acts); i++)
        if (ra_request_may_now(x->portal->ra, request, acts[i].event, x->now))
            set_key(x, node, acts[i].attribute, acts[i].act, request->number);
    gboolean alive = ra_request_may_now(x->portal->ra, request, "revoke", x->now) ||
                     ra_request_may_now(x->portal->ra, request, "withdraw", x->now);
    if (alive && *request->memo)
        set_key(x, node, "lost-key", "lost", request->number);
}

void
describe_login(const Exchange *x, WebNode *root, const RaRequest *r)
{
    if (!*r->context && !r->assurance[0])
        return;
    WebNode *node = web_add(root, "login");
    page_text(node, "context", r->context);
    page_text(node, "word", ra_preset_word(ra_context_presets, r->context));
    page_time(x, node, "at", r->authn_at);
    for (char **value = r->assurance; *value; value++)
        web_add_text(node, "assurance", *value);
}

void
describe_renewal(const Exchange *x, WebNode *root, const RaRequest *r)
{
    if (strcmp(r->state, "renewing") != 0 && strcmp(r->state, "renew_ready") != 0)
        return;
    WebNode *node = web_add(root, "renewal");
    page_time(x, node, "applied-at", r->cycle_at);
    page_time(x, node, "not-before", r->cycle_at);
    page_time(x, node, "not-after", r->cycle_end);
}

void
describe_certificate(const Exchange *x, WebNode *root, const RaRequest *r)
{
    if (!r->serial)
        return;
    WebNode *node = web_add(root, "certificate");
    web_set(node, "state", ra_request_certificate_state(r, x->now));
    web_set(node, "issuer", r->issuer);
    web_set(node, "serial", r->serial);
    web_set(node, "subject", r->subject);
    web_set(node, "fingerprint", r->fingerprint);
    page_text(node, "key", r->key_kind);
    page_text(node, "key-origin", r->key_origin);
    page_time(x, node, "not-before", r->not_before);
    page_time(x, node, "not-after", r->certificate_not_after ? r->certificate_not_after : r->not_after);
    page_time(x, node, "revoked-at", r->revoked_at);
    page_text(node, "reason", r->reason);
}

void
describe_previous(const Exchange *x, WebNode *root, const GPtrArray *previous)
{
    for (guint i = 0; i < previous->len; i++) {
        const RaPrevious *certificate = previous->pdata[i];
        WebNode *node = web_add(root, "previous");
        web_set(node, "state", ra_previous_state(certificate, x->now));
        web_set(node, "serial", certificate->serial);
        page_time(x, node, "not-before", certificate->not_before);
        page_time(x, node, "not-after", certificate->not_after);
        page_text(node, "reason", certificate->reason);
        page_time(x, node, "revoked-at", certificate->revoked_at);
    }
}

/* --- pickup --- */

static const char *
pickup_state(const Exchange *x, const RaRequest *r)
{
    if (strcmp(r->state, "applied") == 0 || strcmp(r->state, "renewing") == 0)
        return "making";
    if (waits(r->state))
        return r->pickup == 0 ? "making" : r->locked_at ? "locked" : "waiting";
    if (r->pickup == 0)
        return NULL;
    return r->collected_at && !r->ended && r->keep_until > x->now ? "open" : "ended";
}

void
describe_pickup(const Exchange *x, WebNode *root, const RaRequest *r, const char *pin)
{
    const char *state = pickup_state(x, r);
    if (!state)
        return;
    WebNode *node = web_add(root, "pickup");
    web_set(node, "state", state);
    if (strcmp(state, "making") == 0)
        return;
    gboolean waiting = strcmp(state, "waiting") == 0;
    if (waiting && !r->new_pin_at) {
        g_autofree char *path = pin ? g_strdup_printf("/certificates/%" G_GINT64_FORMAT, r->number) : NULL;
        web_set(node, "pin", pin);
        if (path) /* to read the PIN where it is to be typed */
            page_add_qr(x, node, path);
    }
    page_time(x, node, "pin-at", r->made_at);
    web_set_flag(node, "locked", r->locked_at && strcmp(state, "open") == 0);
    web_set_flag(node, "pin-mailed", r->pin_mail);
    web_set_flag(node, "new-pin-asked", r->new_pin_at != 0);
    web_set_flag(node, "resend-asked", r->resend_at != 0);
    page_time(x, node, "until", strcmp(state, "open") == 0 ? r->keep_until : r->expires_at);
    page_time(x, node, "collected-at", r->collected_at);
}

/* --- mails, events --- */

void
describe_mails(const Exchange *x, WebNode *root, const GPtrArray *newest_first)
{
    for (guint i = newest_first->len; i > 0; i--) {
        const RaMailState *mail = newest_first->pdata[i - 1];
        WebNode *node = web_add(root, "mail");
        web_set(node, "event", mail->event);
        web_set(node, "to", mail->recipient);
        web_set(node, "state", mail->state);
        page_time(x, node, "at", mail->sent_at ? mail->sent_at : mail->created_at);
        page_text(node, "error", mail->error);
    }
}

static const char *
who_did(const Exchange *x, const char *actor)
{
    static const struct { const char *prefix, *who; } words[] = {
        { "officer:", "officer" }, { "officer-", "officer" }, { "operator", "operator" }, { "worker", "service" },
        { "signer", "service" },   { "person:", "officer" },   { "revocation-code", "code" },
    };
    g_autofree char *me = g_strdup_printf("person:%" G_GINT64_FORMAT, x->session->person);
    if (strcmp(actor, me) == 0)
        return "you";
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_str_has_prefix(actor, words[i].prefix))
            return words[i].who;
    return "outsider";
}

void
describe_events(const Exchange *x, WebNode *root, const GPtrArray *events)
{
    for (guint i = 0; i < events->len; i++) {
        const RaEvent *event = events->pdata[i];
        WebNode *node = web_add(root, "event");
        web_set(node, "what", event->what);
        web_set(node, "who", who_did(x, event->actor));
        page_text(node, "key-origin", event->key_origin);
        page_text(node, "refusal", event->refusal);
        page_time(x, node, "at", event->at);
    }
}
