#include "ra/pickup.h"

#include <string.h>

#include "ca/certificate.h"
#include "ca/client.h"
#include "ca/csr.h"
#include "ca/key.h"
#include "ca/keymaker.h"
#include "ca/pkcs12.h"
#include "db/log.h"
#include "ra/act.h"
#include "ra/device.h"
#include "ra/error.h"
#include "ra/password.h"
#include "ra/publish.h"

#define TOKEN_LENGTH 43 /* 256 bits in base64url */
#define PIN_MOST 64     /* what is longer is no PIN; ours have 16 */
#define STARTS_MOST 3   /* a delivery that starts over because another one was in its way */

static gboolean
refuse(GError **error, enum ra_error code, const char *word)
{
    g_set_error_literal(error, RA_ERROR, (gint)code, word);
    return FALSE;
}

/* --- looking -------------------------------------------------------------------------------------------------------------- */

void
ra_pickup_free(RaPickup *pickup)
{
    if (!pickup)
        return;
    db_pickup_free(pickup->row);
    g_free(pickup);
}

static GBytes *
token_hash(const char *token)
{
    if (!token || strlen(token) != TOKEN_LENGTH)
        return NULL;
    return crypto_sha256(token, TOKEN_LENGTH);
}

/* In the order of the database's pickup_try. A deadline counts when it has passed, not when the worker comes round. */
static enum ra_pickup_state
state_of(DbPickup *row, gint64 now)
{
    if (row->ended)
        return strcmp(row->ended, "lapse") == 0 ? RA_PICKUP_LAPSED : RA_PICKUP_ENDED;
    if (row->locked_at)
        return RA_PICKUP_LOCKED;
    if (row->collected_at && row->keep_until > now)
        return RA_PICKUP_COLLECTED;
    if (!row->collected_at && row->expires_at > now)
        return RA_PICKUP_WAITING;
    row->ended = g_strdup(row->collected_at ? "erased" : "lapse");
    return row->collected_at ? RA_PICKUP_ENDED : RA_PICKUP_LAPSED;
}

RaPickup *
ra_pickup_look(RaContext *ctx, const char *token, gint64 now, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(GBytes) hash = token_hash(token);
    DbPickup *row = hash ? db_pickup_look(ctx->db, hash, &why) : NULL;
    if (!row) {
        if (!why)
            refuse(&why, RA_ERROR_NOT_FOUND, "pickup");
        g_propagate_error(error, g_steal_pointer(&why));
        ra_error_from(error);
        return NULL;
    }
    RaPickup *pickup = g_new0(RaPickup, 1);
    pickup->row = row;
    pickup->state = state_of(row, now);
    return pickup;
}

gboolean
ra_pickup_admit(const RaPickup *pickup, const struct ra_who *who, GError **error)
{
    if (!pickup->row->pin_mail || who->person == pickup->row->person)
        return TRUE;
    return refuse(error, RA_ERROR_REFUSED, who->person ? "owner" : "login");
}

/* --- the PIN -------------------------------------------------------------------------------------------------------------- */

/* What people paste: spaces and line ends anywhere, full-width letters of a Japanese keyboard. The result has room for any. */
static Secret *
pin_of(const char *typed, GError **error)
{
    g_autoptr(Secret) pin = secret_new(PIN_MOST);
    char *out = (char *)secret_bytes(pin);
    size_t n = 0;
    if (!typed || !g_utf8_validate(typed, -1, NULL)) {
        refuse(error, RA_ERROR_INPUT, "pin");
        return NULL;
    }
    for (const char *c = typed; *c; c = g_utf8_next_char(c)) {
        gunichar u = g_utf8_get_char(c);
        if (g_unichar_isspace(u))
            continue;
        if (u >= 0xff01 && u <= 0xff5e)
            u -= 0xfee0;
        if (n < PIN_MOST - 1)
            out[n++] = u < 0x7f ? (char)u : '?'; /* no PIN of ours has it: a wrong guess */
    }
    if (n == 0) {
        refuse(error, RA_ERROR_INPUT, "pin");
        return NULL;
    }
    return g_steal_pointer(&pin);
}

/* One guess that was made, and what is needed to go on if it was right. */
typedef struct {
    RaPickup *pickup;
    Secret *pin;
    GBytes *hash;
    char *actor;
    enum ra_pickup_answer answer;
    int left;
} Guess;

static void
guess_clear(Guess *guess)
{
    ra_pickup_free(guess->pickup);
    secret_free(guess->pin);
    g_clear_pointer(&guess->hash, g_bytes_unref);
    g_free(guess->actor);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Guess, guess_clear)

static gboolean
count(RaContext *ctx, const struct ra_who *who, const char *token, Guess *guess, GError **error)
{
    g_autoptr(GBytes) hash = token_hash(token);
    enum db_pickup_outcome outcome;
    if (!db_pickup_try(ctx->db, hash, guess->hash, who->address, log_id(), &outcome, &guess->left, error))
        return ra_error_from(error);
    switch (outcome) {
    case DB_PICKUP_RIGHT: guess->answer = RA_PICKUP_RIGHT; return TRUE;
    case DB_PICKUP_WRONG: guess->answer = RA_PICKUP_WRONG; return TRUE;
    case DB_PICKUP_LOCKED: guess->answer = RA_PICKUP_IS_LOCKED; return TRUE;
    case DB_PICKUP_ENDED: guess->answer = RA_PICKUP_IS_ENDED; return TRUE;
    case DB_PICKUP_NONE: break;
    }
    return refuse(error, RA_ERROR_NOT_FOUND, "pickup");
}

static gboolean
guess_make(RaContext *ctx, const struct ra_who *who, const char *token, const char *typed, gint64 now, Guess *guess,
           GError **error)
{
    guess->pickup = ra_pickup_look(ctx, token, now, error);
    if (!guess->pickup || !ra_pickup_admit(guess->pickup, who, error))
        return FALSE;
    guess->pin = pin_of(typed, error);
    if (!guess->pin)
        return FALSE;
    guess->hash = crypto_pin_hash(secret_text(guess->pin), guess->pickup->row->pin_salt);
    guess->actor = ra_actor(who);
    return count(ctx, who, token, guess, error);
}

gboolean
ra_pickup_try(RaContext *ctx, const struct ra_who *who, const char *token, const char *pin, enum ra_pickup_answer *answer,
              int *left, GError **error)
{
    g_auto(Guess) guess = { 0 };
    /* The time does not matter here: the database goes by its own. */
    if (!guess_make(ctx, who, token, pin, 0, &guess, error))
        return FALSE;
    *answer = guess.answer;
    if (left)
        *left = guess.left;
    return TRUE;
}

/* --- what was wished for -------------------------------------------------------------------------------------------------- */

static gboolean
password_ok(RaContext *ctx, const DbPickup *row, const char *password, GError **error)
{
    struct ra_password_rule rule;
    if (!ra_password_rule_parse(row->password_rule, ctx->settings, &rule, error))
        return FALSE;
    const char *breaks = ra_password_breaks(&rule, password ? password : "");
    g_autofree char *word = breaks ? g_strconcat("password-", breaks, NULL) : NULL;
    return !word || refuse(error, RA_ERROR_INPUT, word);
}

static gboolean
is_mobileconfig(const struct ra_delivery_wish *sent)
{
    return sent->format && strcmp(sent->format, "mobileconfig") == 0;
}

/* "format": it is none, or this service signs no profiles, or there is no PKCS#12 to put into one. */
static gboolean
format_ok(RaContext *ctx, const struct ra_delivery_wish *sent, gboolean pkcs12, GError **error)
{
    gboolean plain = !sent->format || !*sent->format || strcmp(sent->format, "p12") == 0;
    return plain || (is_mobileconfig(sent) && pkcs12 && ra_apple_offered(ctx->settings)) ||
           refuse(error, RA_ERROR_INPUT, "format");
}

struct wish {
    const char *password; /* NULL: the PIN */
    enum ca_pkcs12_encoding encoding;
    enum ca_key_kind kind;
    const char *csr;      /* NULL: none */
    const char *key_origin;
};

static gboolean
kind_of(const DbPickup *row, const char *name, enum ca_key_kind *kind, GError **error)
{
    const char *wanted = name && *name ? name : row->key_kinds[0];
    if (!wanted)
        return refuse(error, RA_ERROR_BROKEN, "profile allows no key");
    if (!g_strv_contains((const char *const *)row->key_kinds, wanted) || !ca_key_kind_parse(wanted, kind))
        return refuse(error, RA_ERROR_INPUT, "key-kind");
    return TRUE;
}

static gboolean
encoding_of(const struct ra_delivery_wish *sent, enum ca_pkcs12_encoding *encoding, GError **error)
{
    const struct ra_device *device = sent->device && *sent->device ? ra_device(sent->device) : NULL;
    if (sent->device && *sent->device && !device)
        return refuse(error, RA_ERROR_INPUT, "device");
    const char *name = sent->encoding && *sent->encoding ? sent->encoding : device ? device->encoding : "modern";
    return ca_pkcs12_encoding_parse(name, encoding) || refuse(error, RA_ERROR_INPUT, "encoding");
}

static gboolean
wish_read(RaContext *ctx, const DbPickup *row, const struct ra_delivery_wish *sent, struct wish *wish, GError **error)
{
    wish->password = sent->password && *sent->password ? sent->password : NULL;
    wish->csr = sent->csr && *sent->csr ? sent->csr : NULL;
    wish->key_origin = !wish->csr ? "service" : g_strcmp0(sent->key_origin, "browser") == 0 ? "browser" : "csr";
    /* A CSR's owner has the key already: there is no file to lock. */
    if ((!wish->csr && !password_ok(ctx, row, wish->password, error)) || !format_ok(ctx, sent, wish->csr == NULL, error))
        return FALSE;
    return encoding_of(sent, &wish->encoding, error) && kind_of(row, sent->key_kind, &wish->kind, error);
}

/* --- the delivery, step by step ------------------------------------------------------------------------------------------- */

void
ra_delivery_free(RaDelivery *delivery)
{
    if (!delivery)
        return;
    g_clear_pointer(&delivery->bytes, g_bytes_unref);
    g_free(delivery->content_type);
    g_free(delivery->file_name);
    g_free(delivery);
}

struct delivery {
    RaContext *ctx;
    const struct ra_who *who;
    const char *token;
    const Guess *guess;
    const DbPickup *row;
    struct wish wish;
    gint64 now;
};

/* The key that counts for this pickup: the kept one, else a new one, locked under the PIN and committed before anything is
   signed for it. */
static Secret *
key_of(const struct delivery *d, GError **error)
{
    const char *pin = secret_text(d->guess->pin);
    g_autoptr(GError) why = NULL;
    g_autoptr(GBytes) kept = db_pickup_key(d->ctx->db, d->row->id, d->guess->hash, &why);
    if (kept)
        return ca_key_unlock(kept, pin, error);
    if (why) {
        g_propagate_error(error, g_steal_pointer(&why));
        return NULL;
    }
    g_autoptr(Secret) made =
        ca_keymaker_take(settings_text(d->ctx->settings, "portal", "keymaker_socket"), d->wish.kind, error);
    g_autoptr(GBytes) locked = made ? ca_key_lock(made, pin, error) : NULL;
    if (!locked)
        return NULL;
    kept = db_pickup_keep_key(d->ctx->db, d->row->id, d->guess->hash, ca_key_kind_name(d->wish.kind), locked, error);
    if (!kept)
        return NULL;
    return g_bytes_equal(kept, locked) ? g_steal_pointer(&made) : ca_key_unlock(kept, pin, error); /* another one was first */
}

static GBytes *
sign(const struct delivery *d, GBytes *csr, GError **error)
{
    return ca_client_sign(settings_text(d->ctx->settings, "signer", "socket"), d->row->request, d->token, csr, error);
}

/* What a list of certificates shows: which one it is, in the words of its owner where there are some. */
static char *
friendly_name(const DbPickup *row)
{
    const char *type = strcmp(row->type, "smime") == 0 ? "S/MIME" : strcmp(row->type, "officer") == 0 ? "Officer" : "Client";
    if (*row->memo)
        return g_strdup_printf("%s #%" G_GINT64_FORMAT " %s", type, row->request, row->memo);
    return g_strdup_printf("%s #%" G_GINT64_FORMAT " %s (%s)", type, row->request, row->common_name, row->institution_name);
}

static GBytes *
pkcs12_of(const struct delivery *d, const Secret *key, GBytes *certificate, const GPtrArray *chain, GError **error)
{
    g_autofree char *name = friendly_name(d->row);
    const char *password = d->wish.password ? d->wish.password : secret_text(d->guess->pin);
    return ca_pkcs12_build(key, certificate, chain, name, password, d->wish.encoding, error);
}

static GBytes *
pem_of(GBytes *certificate, const GPtrArray *chain)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    g_ptr_array_add(all, certificate);
    for (guint i = 0; i < chain->len; i++)
        g_ptr_array_add(all, chain->pdata[i]);
    char *text = ca_chain_pem(all);
    return g_bytes_new_take(text, strlen(text));
}

static GBytes *
csr_of(const struct delivery *d, const Secret *key, GError **error)
{
    if (!d->wish.csr)
        return ca_csr_new(key, error);
    /* Bounded and checked here already: what is wrong with it is said before the signer is bothered. */
    g_autoptr(CaCsr) parsed = ca_csr_parse(d->wish.csr, strlen(d->wish.csr), error);
    return parsed ? g_bytes_ref(parsed->der) : NULL;
}

/* 'Collected': from here on these bytes, or those of whoever was first, are what this pickup gives. */
static GBytes *
collect(const struct delivery *d, GBytes *certificate, GBytes *bytes, GError **error)
{
    gsize size = 0;
    const void *der = g_bytes_get_data(certificate, &size);
    g_autoptr(CaCertificateInfo) info = ca_certificate_read(der, size, error);
    if (!info)
        return NULL;
    const struct db_collect what = {
        .pickup = d->row->id, .pin_hash = d->guess->hash, .bytes = bytes, .own_password = d->wish.password != NULL,
        .content_type = d->wish.csr ? "application/pem-certificate-chain" : "application/x-pkcs12", .key_origin = d->wish.key_origin,
        .serial = info->serial,
        .actor = d->guess->actor, .address = d->who->address, .log_id = log_id(),
    };
    return db_pickup_collect(d->ctx->db, &what, error);
}

static gboolean
make(const struct delivery *d, GError **error)
{
    g_autoptr(Secret) key = d->wish.csr ? NULL : key_of(d, error);
    if (!key && !d->wish.csr)
        return FALSE;
    g_autoptr(GBytes) csr = csr_of(d, key, error);
    g_autoptr(GBytes) certificate = csr ? sign(d, csr, error) : NULL;
    if (!certificate)
        return FALSE;
    g_autoptr(GPtrArray) chain = NULL;
    if (!ra_publish_issuer_of(d->ctx, certificate, &chain, error))
        return FALSE;
    g_autoptr(GBytes) bytes = d->wish.csr ? pem_of(certificate, chain) : pkcs12_of(d, key, certificate, chain, error);
    g_autoptr(GBytes) counts = bytes ? collect(d, certificate, bytes, error) : NULL;
    return counts != NULL;
}

/* A certificate was signed for a key that this delivery does not have, and nobody got it: it is revoked, and we start over. */
static gboolean
reopen(const struct delivery *d, const GError *why, GError **error)
{
    if (strcmp(ra_error_rule(why), "certificate") == 0)
        return TRUE; /* revoked under us, by somebody who did just that */
    if (strcmp(ra_error_rule(why), "other-key") != 0 && strcmp(ra_error_rule(why), "key-locked") != 0)
        return FALSE;
    log_write(LOG_LEVEL_WARNING, "pickup-reopened", "why", "certificate of a key that nobody holds", NULL);
    return db_pickup_reopen(d->ctx->db, d->row->id, d->guess->hash, d->guess->actor, d->who->address, log_id(), error);
}

static gboolean
make_or_start_over(const struct delivery *d, GError **error)
{
    for (int starts = 1;; starts++) {
        g_autoptr(GError) why = NULL, again = NULL;
        if (make(d, &why))
            return TRUE;
        ra_error_from(&why);
        if (starts < STARTS_MOST && reopen(d, why, &again))
            continue;
        g_propagate_error(error, again ? g_steal_pointer(&again) : g_steal_pointer(&why));
        return ra_error_from(error);
    }
}

/* What is kept, into DELIVERY; FALSE without ERROR: nothing yet. */
static gboolean
kept(RaContext *ctx, const Guess *guess, RaDelivery *delivery, GError **error)
{
    delivery->bytes = db_pickup_bytes(ctx->db, guess->pickup->row->id, guess->hash, &delivery->content_type, error);
    if (!delivery->bytes)
        return ra_error_from(error);
    gboolean pem = strcmp(delivery->content_type, "application/x-pkcs12") != 0;
    delivery->file_name = g_strdup_printf("inkan-%" G_GINT64_FORMAT ".%s", delivery->request, pem ? "pem" : "p12");
    return TRUE;
}

/* Was *WHY no more than that another delivery was quicker? Where that cannot be looked up now, *WHY says so instead: a refusal would
   be final, and may not be meant. */
static gboolean
overtaken(RaContext *ctx, const Guess *guess, RaDelivery *delivery, GError **why)
{
    g_autoptr(GError) unknown = NULL;
    if (!g_error_matches(*why, RA_ERROR, RA_ERROR_CONFLICT))
        return FALSE;
    if (kept(ctx, guess, delivery, &unknown))
        return TRUE;
    if (unknown) {
        g_clear_error(why);
        *why = g_steal_pointer(&unknown);
    }
    return FALSE;
}

/* --- the same in a profile ------------------------------------------------------------------------------------------------- */

static GBytes *
profile_of(const struct delivery *d, GBytes *pkcs12, const char *file_name, const struct ra_apple_words *words, GError **error)
{
    g_autoptr(GBytes) certificate = db_pickup_certificate(d->ctx->db, d->row->id, error);
    g_autoptr(GPtrArray) chain = NULL;
    if (!certificate || !ra_publish_issuer_of(d->ctx, certificate, &chain, error))
        return NULL;
    g_autofree char *name = friendly_name(d->row);
    const struct ra_apple apple = { .url = settings_text(d->ctx->settings, "service", "url"), .request = d->row->request,
                                    .cycle = d->row->cycle, .file_name = file_name, .friendly_name = name, .pkcs12 = pkcs12,
                                    .chain = chain, .words = words };
    g_autoptr(GBytes) list = ra_apple_list(&apple, error);
    if (!list)
        return NULL;
    g_autoptr(GError) why = NULL;
    GBytes *signature = ra_apple_sign(d->ctx->settings, list, d->now, &why);
    if (!signature) /* the operator's to mend; the file itself can be had meanwhile */
        g_set_error(error, RA_ERROR, RA_ERROR_DOWN, "profile: %s", why->message);
    return signature;
}

/* What DELIVERY has becomes the profile that has it inside: the one that was given before, else a new one, kept first. */
static gboolean
wrap(const struct delivery *d, const struct ra_delivery_wish *sent, RaDelivery *delivery, GError **error)
{
    if (!format_ok(d->ctx, sent, strcmp(delivery->content_type, "application/x-pkcs12") == 0, error))
        return FALSE;
    if (!is_mobileconfig(sent))
        return TRUE;
    g_autoptr(GError) why = NULL;
    g_autoptr(GBytes) counts = db_pickup_mobileconfig(d->ctx->db, d->row->id, d->guess->hash, &why);
    if (!counts && !why) {
        g_autoptr(GBytes) made = profile_of(d, delivery->bytes, delivery->file_name, sent->words, &why);
        counts = made ? db_pickup_keep_mobileconfig(d->ctx->db, d->row->id, d->guess->hash, made, &why) : NULL;
    }
    if (!counts) {
        if (why)
            g_propagate_error(error, g_steal_pointer(&why));
        else
            refuse(error, RA_ERROR_CONFLICT, "pickup"); /* revoked or ended in between */
        return ra_error_from(error);
    }
    g_bytes_unref(delivery->bytes);
    delivery->bytes = g_steal_pointer(&counts);
    g_free(delivery->content_type);
    delivery->content_type = g_strdup(RA_APPLE_TYPE);
    g_free(delivery->file_name);
    delivery->file_name = g_strdup_printf("inkan-%" G_GINT64_FORMAT ".mobileconfig", delivery->request);
    return TRUE;
}

/* The delivery in the order that loses nothing: the PIN counted; what was collected before given again; else the key kept, the
   certificate signed, the file built and kept as 'collected'; then what is kept, which is what counts. */
static gboolean
deliver(struct delivery *d, const struct ra_delivery_wish *sent, RaDelivery *delivery, GError **error)
{
    g_autoptr(GError) why = NULL;
    RaContext *ctx = d->ctx;
    if (kept(ctx, d->guess, delivery, &why))
        return wrap(d, sent, delivery, error);
    if (!why && wish_read(ctx, d->row, sent, &d->wish, &why) && make_or_start_over(d, &why) && kept(ctx, d->guess, delivery, &why))
        return wrap(d, sent, delivery, error);
    if (overtaken(ctx, d->guess, delivery, &why))
        return wrap(d, sent, delivery, error);
    if (!why)
        refuse(&why, RA_ERROR_CONFLICT, "pickup"); /* ended, or a new PIN, between two steps */
    g_propagate_error(error, g_steal_pointer(&why));
    return FALSE;
}

RaDelivery *
ra_pickup_deliver(RaContext *ctx, const struct ra_who *who, const char *token, const char *pin,
                  const struct ra_delivery_wish *wish, gint64 now, GError **error)
{
    g_auto(Guess) guess = { 0 };
    if (!guess_make(ctx, who, token, pin, now, &guess, error))
        return NULL;
    g_autoptr(RaDelivery) delivery = g_new0(RaDelivery, 1);
    delivery->answer = guess.answer;
    delivery->left = guess.left;
    delivery->request = guess.pickup->row->request;
    struct delivery d = { .ctx = ctx, .who = who, .token = token, .guess = &guess, .row = guess.pickup->row, .now = now };
    if (guess.answer == RA_PICKUP_RIGHT && !deliver(&d, wish, delivery, error))
        return NULL;
    return g_steal_pointer(&delivery);
}

gboolean
ra_pickup_done(RaContext *ctx, const struct ra_who *who, const char *token, gint64 now, GError **error)
{
    g_autoptr(RaPickup) pickup = ra_pickup_look(ctx, token, now, error);
    if (!pickup || !ra_pickup_admit(pickup, who, error))
        return FALSE;
    g_autofree char *actor = ra_actor(who);
    return db_pickup_done(ctx->db, pickup->row->id, actor, who->address, log_id(), error) || ra_error_from(error);
}
