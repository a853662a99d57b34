#include "ra/mail.h"

#include <string.h>

#include "db/log.h"
#include "ra/error.h"
#include "ra/letter.h"
#include "ra/reminder.h"

#define RECORD_TRIES 20       /* half a second apart: the database may be away just when a mail has been sent */
#define PAUSE_MOST 3600
#define AGE_MOST (7 * 86400)  /* seconds after which a mail that could not be handed over is given up */

/* --- what a mail says ----------------------------------------------------------------------------------------------------- */

enum until { NO_PICKUP, TO_COLLECT, TO_REPEAT, OF_LOCK, OF_RENEWAL };

/* Which parts the mails have; the table of tests/web/documents/README.md. */
static const struct parts {
    const char *event;
    enum until pickup;
    gboolean url, pin, certificate, renewal, days, why, calendar, change;
} parts[] = {
    { .event = "ready", .pickup = TO_COLLECT, .url = TRUE, .renewal = TRUE },
    { .event = "pin", .pickup = TO_COLLECT, .pin = TRUE },
    { .event = "collected", .pickup = TO_REPEAT, .certificate = TRUE, .renewal = TRUE },
    { .event = "revoked", .certificate = TRUE },
    { .event = "renewal-due", .pickup = OF_RENEWAL, .certificate = TRUE, .days = TRUE, .why = TRUE, .calendar = TRUE },
    { .event = "expired", .certificate = TRUE },
    { .event = "pickup-locked", .pickup = OF_LOCK },
    { .event = "pickup-ending", .pickup = TO_COLLECT, .days = TRUE },
    { .event = "lapsed", .certificate = TRUE, .renewal = TRUE, .why = TRUE },
    { .event = "approval" },
    { .event = "refused" },
    { .event = "officer-act", .why = TRUE },
    { .event = "digest" },
    { .event = "change", .change = TRUE },
    { .event = "in-use", .change = TRUE },
};

static const struct parts *
parts_of(const char *event)
{
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        if (strcmp(parts[i].event, event) == 0)
            return &parts[i];
    return NULL;
}

static void
add_names(WebNode *root, const char *element, const char *name, const char *name_ja)
{
    WebNode *node = web_add(root, element);
    web_set(node, "name", name);
    web_set(node, "name-ja", name_ja && *name_ja ? name_ja : NULL);
}

static const char *
filled(const char *text)
{
    return text && *text ? text : NULL;
}

/* Whom to ask: the institution's helpdesk, the service's own where it names none. */
static void
add_helpdesk(WebNode *root, const Settings *settings, const DbMail *m)
{
    gboolean own = filled(m->helpdesk_mail) || filled(m->helpdesk_phone) || filled(m->helpdesk_name);
    WebNode *node = web_add(root, "helpdesk");
    web_set(node, "name", filled(own ? m->helpdesk_name : settings_text(settings, "service", "helpdesk_name")));
    web_set(node, "mail", filled(own ? m->helpdesk_mail : settings_text(settings, "service", "helpdesk_mail")));
    web_set(node, "phone", filled(own ? m->helpdesk_phone : settings_text(settings, "service", "helpdesk_phone")));
}

static gint64
until_of(const DbMail *m, enum until which)
{
    switch (which) {
    case NO_PICKUP: return 0;
    case TO_COLLECT: return m->expires_at;
    case TO_REPEAT: return m->keep_until;
    case OF_LOCK: return m->repeat ? m->keep_until : m->expires_at;
    case OF_RENEWAL: return g_strcmp0(m->state, "renew_ready") == 0 ? m->expires_at : 0;
    }
    g_assert_not_reached();
}

static void
add_pickup(WebNode *root, const RaContext *ctx, const DbMail *m, const struct parts *what, const Secret *secret,
           GTimeZone *zone)
{
    gint64 until = until_of(m, what->pickup);
    if (!until)
        return;
    WebNode *node = web_add(root, "pickup");
    web_set_time(node, "until", until, zone);
    if (!what->url)
        return;
    web_set_flag(node, "pin-mailed", m->pin_mail);
    web_set_time(node, "not-after", m->pickup_not_after, zone);
    if (secret) {
        char *url = g_strdup_printf("%s/pickup/%s", settings_text(ctx->settings, "service", "url"), secret_text(secret));
        web_set(node, "url", url);
        crypto_wipe_text(url);
        g_free(url);
    }
}

static void
add_certificate(WebNode *root, const DbMail *m, GTimeZone *zone)
{
    WebNode *node = web_add(root, "certificate");
    web_set(node, "serial", m->serial);
    web_set(node, "subject", m->subject);
    web_set(node, "fingerprint", m->fingerprint);
    web_set_time(node, "not-before", m->not_before, zone);
    web_set_time(node, "not-after", m->not_after, zone);
    web_set_time(node, "revoked-at", m->revoked_at, zone);
    web_set(node, "reason", m->reason);
}

static void
add_request(WebNode *root, const DbMail *m)
{
    web_set_number(root, "number", m->request);
    web_set(root, "type", m->type);
    web_set_number(root, "months", m->months);
    web_set(root, "memo", m->memo);
    add_names(root, "person", m->display_name, m->display_name_ja);
}

static void
add_items(WebNode *root, const GPtrArray *items, GTimeZone *zone)
{
    for (guint i = 0; items && i < items->len; i++) {
        const DbMailItem *item = items->pdata[i];
        WebNode *node = web_add(root, "item");
        web_set(node, "kind", item->kind);
        web_set_number(node, "number", item->number);
        web_set(node, "type", item->type);
        web_set(node, "memo", filled(item->memo));
        web_set_time(node, "at", item->at, zone);
        web_set(node, "name", item->name);
        web_set(node, "name-ja", filled(item->name_ja));
        web_set_number(node, "n", item->n);
    }
}

/* What was noticed about the person, and which certificates it is about. */
static void
add_change(WebNode *root, const DbMail *m, GTimeZone *zone)
{
    WebNode *node = web_add(root, "change");
    g_auto(GStrv) numbers = g_strsplit(m->numbers ? m->numbers : "", " ", -1);
    web_set(node, "kind", m->kind);
    web_set(node, "was", m->was);
    web_set(node, "is", filled(m->is));
    web_set(node, "rule", m->rule);
    web_set_time(node, "due", m->due, zone);
    web_set_time(node, "seen", m->seen, zone);
    web_set_number(node, "count", m->count);
    for (char **number = numbers; *number; number++)
        web_add_text(node, "number", *number);
}

WebDocument *
ra_mail_document(const RaContext *ctx, const DbMail *m, const Secret *secret)
{
    const struct parts *what = parts_of(m->event);
    GTimeZone *zone = ctx->zone;
    WebDocument *document = web_document_new("mail");
    WebNode *root = web_document_root(document);
    gboolean renewal = what && what->renewal && m->cycle > 1;

    web_set(root, "event", m->event);
    if (m->request)
        add_request(root, m);
    web_set_time(root, "now", m->created_at, zone);
    web_set_flag(root, "renewal", renewal);
    web_set_flag(root, "by-desk", m->by_desk);
    if (what && what->days)
        web_set_number(root, "days", m->days);
    web_set(root, "why", what && what->why ? m->why : NULL);
    web_set_flag(root, "collected", m->repeat);
    if (g_strcmp0(m->type, "officer") == 0) { /* a digest has no type */
        g_autofree char *desk = g_strconcat(settings_text(ctx->settings, "service", "client_url"), "/helpdesk", NULL);
        web_set(root, "desk", desk);
    }

    add_names(root, "service", settings_text(ctx->settings, "service", "name_en"),
              settings_text(ctx->settings, "service", "name_ja"));
    web_set(root->last, "url", settings_text(ctx->settings, "service", "url"));
    add_names(root, "institution", m->institution_name, m->institution_name_ja);
    add_helpdesk(root, ctx->settings, m);
    if (what && what->certificate && m->serial && (strcmp(m->event, "lapsed") != 0 || renewal))
        add_certificate(root, m, zone);
    if (what && what->change)
        add_change(root, m, zone);
    if (what)
        add_pickup(root, ctx, m, what, secret, zone);
    web_set_time(root, "since", m->since, zone);
    add_items(root, m->items, zone);
    if (strcmp(m->event, "refused") == 0)
        web_add_text(root, "refusal", m->refusal);
    if (what && what->pin && secret)
        web_add_text(root, "pin", secret_text(secret));
    return document;
}

/* --- sending -------------------------------------------------------------------------------------------------------------- */

gint64
ra_mail_pause(gint64 tries, gint64 first)
{
    return tries > 12 ? PAUSE_MOST : MIN(first << MAX(tries - 1, 0), PAUSE_MOST);
}

static void
wiped(WebMail *mail)
{
    if (mail)
        crypto_wipe_text(mail->body);
    web_mail_free(mail);
}

/* The certificate's last day for the owner's calendar; NULL where the mail has none. One entry a certificate: later mails replace
   it. */
static char *
calendar_of(const RaContext *ctx, const DbMail *m, const char *subject, gint64 now)
{
    const struct parts *what = parts_of(m->event);
    if (!what || !what->calendar || !m->not_after)
        return NULL;
    const Settings *s = ctx->settings;
    g_autofree char *uid = g_strdup_printf("%s@%s", m->serial, settings_text(s, "mail", "message_domain"));
    g_autofree char *url = strcmp(m->type, "officer") == 0
                               ? g_strconcat(settings_text(s, "service", "client_url"), "/helpdesk/renew", NULL)
                               : g_strdup_printf("%s/certificates/%" G_GINT64_FORMAT, settings_text(s, "service", "url"), m->request);
    const struct ra_reminder reminder = { .uid = uid, .summary = subject, .url = url, .now = now, .end = m->not_after };
    return ra_reminder_text(&reminder, ctx->zone);
}

/* The whole text of MAIL, the caller's to wipe. */
static char *
text_of(const RaContext *ctx, const DbMail *m, const Secret *secret, gint64 now, GError **error)
{
    const Settings *s = ctx->settings;
    g_autoptr(WebDocument) document = ra_mail_document(ctx, m, secret);
    WebMail *words = web_mail_render(ctx->web, document, error);
    if (!words)
        return NULL;
    g_autofree char *id = g_strdup_printf("%s@%s", m->message_id, settings_text(s, "mail", "message_domain"));
    g_autofree char *calendar = calendar_of(ctx, m, words->subject, now);
    const struct ra_letter letter = {
        .from = settings_text(s, "mail", "from"), .from_name = settings_text(s, "mail", "from_name"),
        .to = m->recipient, .subject = words->subject, .body = words->body, .message_id = id, .event = m->event,
        .date = m->created_at, .calendar = calendar, .sign_key = settings_text(s, "mail", "sign_key"),
        .sign_certificate = settings_text(s, "mail", "sign_certificate"), .sign_at = now,
    };
    char *text = ra_letter_compose(&letter, error);
    wiped(words);
    return text;
}

static enum ra_mail_fate
send_one(const RaContext *ctx, RaMailer *mailer, const DbMail *m, gint64 now, char **why)
{
    g_autofree char *associated = g_strdup_printf("mail:%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT, m->request, m->cycle);
    g_autoptr(GError) error = NULL;
    g_autoptr(Secret) secret = m->sealed ? crypto_open(ctx->keyring, associated, m->sealed, &error) : NULL;
    char *text = m->sealed && !secret ? NULL : text_of(ctx, m, secret, now, &error);
    if (!text) {
        *why = g_strdup(error->message);
        /* What can't be composed now can't be later; a template or key that is missing an operator must mend. */
        return g_error_matches(error, RA_ERROR, RA_ERROR_INPUT) ? RA_MAIL_NEVER : RA_MAIL_MISCONFIGURED;
    }
    enum ra_mail_fate fate = ra_mailer_send(mailer, m->recipient, text, why);
    crypto_wipe_text(text);
    g_free(text);
    return fate;
}

static const char *
fate_name(enum ra_mail_fate fate)
{
    switch (fate) {
    case RA_MAIL_SENT: return "sent";
    case RA_MAIL_LATER: return "later";
    case RA_MAIL_NEVER: return "never";
    case RA_MAIL_AWAY: return "server-away";
    case RA_MAIL_MISCONFIGURED: return "misconfigured";
    }
    g_assert_not_reached();
}

static void
log_fate(const DbMail *m, enum ra_mail_fate fate, const char *why)
{
    g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, m->request);
    g_autofree char *tries = g_strdup_printf("%" G_GINT64_FORMAT, m->tries);
    enum log_level level = fate == RA_MAIL_SENT            ? LOG_LEVEL_INFO
                           : fate == RA_MAIL_MISCONFIGURED ? LOG_LEVEL_ERROR
                                                           : LOG_LEVEL_WARNING;
    log_write(level, "mail", "fate", fate_name(fate), "mail", m->event, "request", number, "message", m->message_id, "tries",
              tries, "why", why, NULL);
}

static gboolean
record_once(RaContext *ctx, const DbMail *m, enum ra_mail_fate fate, const char *why, gint64 now, GError **error)
{
    gint64 first = settings_number(ctx->settings, "mail", "backoff");
    gboolean counted = fate == RA_MAIL_LATER;
    if (fate == RA_MAIL_SENT)
        return db_outbox_sent(ctx->db, m->id, error);
    if (fate == RA_MAIL_NEVER || (counted && m->tries >= settings_number(ctx->settings, "mail", "tries")) ||
        now - m->created_at > AGE_MOST)
        return db_outbox_failed(ctx->db, m->id, why, error);
    return db_outbox_postpone(ctx->db, m->id, counted ? ra_mail_pause(m->tries, first) : MIN(first, 60), counted, why, error);
}

/* A mail that was sent and not recorded would be sent again: worth some patience. */
static gboolean
record(RaContext *ctx, const DbMail *m, enum ra_mail_fate fate, const char *why, gint64 now, GError **error)
{
    for (int tries = 1;; tries++) {
        g_autoptr(GError) away = NULL;
        if (record_once(ctx, m, fate, why, now, &away))
            return TRUE;
        if (tries == RECORD_TRIES || !g_error_matches(away, DB_ERROR, DB_ERROR_DOWN)) {
            g_propagate_error(error, g_steal_pointer(&away));
            return FALSE;
        }
        (void)db_wait(ctx->db, 500);
    }
}

gboolean
ra_mail_send_next(RaContext *ctx, RaMailer *mailer, gint64 now, GError **error)
{
    g_autofree char *why = NULL;
    g_autoptr(DbMail) m = db_outbox_claim(ctx->db, error);
    if (!m)
        return FALSE;
    g_autofree char *id = g_strdup_printf("mail-%" G_GINT64_FORMAT, m->id);
    log_set_id(id);
    enum ra_mail_fate fate = RA_MAIL_NEVER;
    if (m->sealed && m->over)
        why = g_strdup("no longer needed");
    else
        fate = send_one(ctx, mailer, m, now, &why);
    log_fate(m, fate, why);
    gboolean ok = record(ctx, m, fate, why ? why : "", now, error);
    log_set_id("");
    return ok;
}
