#include <string.h>

#include "ca/certificate.h"
#include "ca/signer.h"
#include "db/issuer.h"
#include "db/log.h"

/* --- may this be signed? -------------------------------------------------------------------------------------------------- */

static gboolean
is_waiting(const DbSigning *s, const CaCsr *csr)
{
    (void)csr;
    return strcmp(s->state, s->pickup_cycle == 1 ? "ready" : "renew_ready") == 0;
}

static gboolean
is_open(const DbSigning *s, const CaCsr *csr)
{
    (void)csr;
    return s->open && s->pickup_cycle == s->cycle;
}

/* Type and months are held against the institution's policy of now. The profile is the row that was in force when this cycle was
   applied for; that it ended meanwhile changes nothing. */
static gboolean
is_allowed(const DbSigning *s, const CaCsr *csr)
{
    (void)csr;
    return s->type_allowed && s->months_allowed && s->profile_fits;
}

static gboolean
is_own_domain(const DbSigning *s, const CaCsr *csr)
{
    (void)csr;
    return s->domain_allowed;
}

/* A renewal adds no request, so only the first issue is held against the cap, which counts the request itself. */
static gboolean
is_within_cap(const DbSigning *s, const CaCsr *csr)
{
    (void)csr;
    return s->cycle != 1 || (s->active <= s->max_active && s->profile_has_room);
}

/* Those of this cycle; may_sign reckons the end again. */
static gboolean
is_right_time(const DbSigning *s, const CaCsr *csr)
{
    (void)csr;
    return s->not_before == s->cycle_at && s->not_after == s->cycle_end;
}

static gboolean
is_allowed_kind(const DbSigning *s, const CaCsr *csr)
{
    return g_strv_contains((const char *const *)s->key_kinds, ca_key_kind_name(csr->kind));
}

static const char not_its_days[] = "the row's days are not what its months give";

static const struct {
    const char *rule;
    gboolean (*ok)(const DbSigning *, const CaCsr *);
    const char *why;
} checks[] = {
    { "state", is_waiting, "the request does not wait to be collected" },
    { "pickup", is_open, "the pickup is ended, locked, collected or over" },
    { "policy", is_allowed, "type or months are not allowed" },
    { "policy", is_own_domain, "the mail address is outside the institution's domains" },
    { "cap", is_within_cap, "too many active certificates" },
    { "validity", is_right_time, not_its_days },
    { "key-kind", is_allowed_kind, "the profile does not allow such a key" },
};

static gboolean
may_sign(const DbSigning *s, const CaCsr *csr, GError **error)
{
    /* The days are reckoned here again, by other code than the database's: a row that says otherwise has been tampered with. */
    gint64 end = ca_validity_end(s->cycle_at, (int)s->months, s->time_zone);
    if (end == 0) {
        /* No refusal: a process without a free file descriptor cannot read the zone either. */
        g_set_error(error, CA_ERROR, CA_ERROR_DOWN, "validity: %" G_GINT64_FORMAT " months in the time zone %s cannot be reckoned; can "
                    "its file be opened?", (gint64)s->months, s->time_zone);
        return FALSE;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(checks); i++)
        if (!checks[i].ok(s, csr))
            return signer_refuse(error, checks[i].rule, checks[i].why);
    return s->not_after == end || signer_refuse(error, "validity", not_its_days);
}

static gboolean
may_have_key(Signer *signer, const DbSigning *s, const CaCsr *csr, GError **error)
{
    g_autoptr(GError) why = NULL;
    gboolean of_another, compromised;
    if (!db_certificate_key_use(signer->db, csr->spki_sha256, s->person, &of_another, &compromised, &why))
        return signer_fail(why, error);
    if (compromised)
        return signer_refuse(error, "key-compromised", "the key is blocked: revoked as compromised, or by the operator");
    if (of_another)
        return signer_refuse(error, "key-used", "another person has a certificate for this key");
    return TRUE;
}

/* --- building ------------------------------------------------------------------------------------------------------------- */

/* By the serial, which is random, among those that the setting asks for and that are there: a certificate never names a CRL that is
   still to come. */
static gint64
shard_for(const Signer *signer, const DbSigning *s, const char *serial)
{
    gint64 shards = MIN(settings_number(signer->settings, "ca", "crl_shards"), s->shards);
    g_autofree char *end = g_strdup(serial + strlen(serial) - 8);
    return shards > 1 ? (gint64)(g_ascii_strtoull(end, NULL, 16) % (guint64)shards) : 0;
}

/* The to-be-signed bytes, linted. */
static GBytes *
build(Signer *signer, const DbSigning *s, const CaCsr *csr, const char *serial, gint64 shard, GError **error)
{
    const CaIssuer *issuer = signer_issuer(signer, s->issuer, error);
    if (!issuer)
        return NULL;
    const char *origin = settings_text(signer->settings, "service", "publish_url");
    g_autofree char *crl = g_strdup_printf("%s/crl/%s-%" G_GINT64_FORMAT ".crl", origin, s->issuer, shard);
    g_autofree char *aia = g_strdup_printf("%s/ca/%s.cer", origin, s->issuer);
    g_autofree char *ocsp = g_strdup_printf("%s/ocsp", origin);
    const struct ca_profile profile = {
        .subject_is_mail = strcmp(s->subject_kind, "mail") == 0,
        .mail_in_san = strcmp(s->type, "smime") == 0,
        .key_usage = (const char *const *)s->key_usage,
        .extended = (const char *const *)s->extended,
        .policies = (const char *const *)s->policies,
        .key_kinds = (const char *const *)s->key_kinds,
    };
    const struct ca_order order = {
        .profile = &profile, .csr = csr, .serial = serial, .not_before = s->not_before, .not_after = s->not_after,
        .country = s->country, .locality = s->locality, .organization = s->organization, .unit = s->unit, .number = s->request,
        .common_name = s->common_name, .mail = s->mail, .crl_url = crl, .issuer_url = aia, .ocsp_url = ocsp,
    };
    return ca_certificate_prepare(&order, issuer, error);
}

/* --- the intent, in one transaction ----------------------------------------------------------------------------------------- */

typedef struct {
    const CaCsr *csr;
    gint64 request, now;
    GBytes *token_hash;
    const char *log;    /* this machine's */
    /* what came of it: one of three */
    GBytes *found;      /* a certificate that was there already */
    gboolean half_done; /* an earlier attempt broke off, or another process is at it */
    gint64 intent;      /* ours, held */
    GBytes *tbs;
    char *issuer, *serial;
} Attempt;

static void
attempt_clear(Attempt *attempt)
{
    g_clear_pointer(&attempt->found, g_bytes_unref);
    g_clear_pointer(&attempt->tbs, g_bytes_unref);
    g_clear_pointer(&attempt->issuer, g_free);
    g_clear_pointer(&attempt->serial, g_free);
    attempt->half_done = FALSE;
    attempt->intent = 0;
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Attempt, attempt_clear)

/* What this pickup already has: the same bytes for the same key, a refusal for another. */
static gboolean
existing(Signer *signer, const DbSigning *s, Attempt *attempt, GError **error)
{
    g_autoptr(GBytes) key = NULL;
    g_autoptr(GError) why = NULL;
    attempt->found = db_certificate_of_pickup(signer->db, s->pickup, &key, &why);
    if (why)
        return signer_fail(why, error);
    return !attempt->found || crypto_equal(key, attempt->csr->spki_sha256) ||
           signer_refuse(error, "other-key", "this pickup has a certificate for another key");
}

/* Written and held before it is committed: an open intent that nobody holds is one that broke off. *CONFLICT: another process of
   ours was first. */
static gboolean
intend(Signer *signer, const DbSigning *s, Attempt *attempt, gboolean *conflict, GError **error)
{
    g_autoptr(GError) why = NULL;
    gint64 log_at = signer_log_size(signer->log, error);
    if (log_at < 0)
        return FALSE;
    attempt->serial = ca_serial_new();
    gint64 shard = shard_for(signer, s, attempt->serial);
    attempt->tbs = build(signer, s, attempt->csr, attempt->serial, shard, error);
    if (!attempt->tbs)
        return FALSE;
    const struct db_intent intent = {
        .issuer = s->issuer, .serial = attempt->serial, .log = attempt->log, .key_kind = ca_key_kind_name(attempt->csr->kind),
        .predecessor = s->predecessor, .request = s->request, .pickup = s->pickup, .log_at = log_at, .shard = shard, .tbs = attempt->tbs,
        .spki_sha256 = attempt->csr->spki_sha256,
    };
    if (!db_intent_begin(signer->db, &intent, &attempt->intent, &why)) {
        *conflict = g_error_matches(why, DB_ERROR, DB_ERROR_CONFLICT);
        return signer_fail(why, error);
    }
    if (signer_log_hold(signer->log, attempt->intent))
        return TRUE;
    attempt->intent = 0;
    g_set_error(error, CA_ERROR, CA_ERROR_BROKEN, "intent: a new one is held already");
    return FALSE;
}

static gboolean
decide(Signer *signer, Attempt *attempt, gboolean *conflict, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(DbSigning) s = db_signing_get(signer->db, attempt->request, attempt->token_hash, attempt->log, &why);
    if (why)
        return signer_fail(why, error);
    if (!s)
        return signer_refuse(error, "pickup", "there is no such request with this token");
    attempt->half_done = s->half_done;
    if (s->half_done)
        return TRUE;
    if (!may_sign(s, attempt->csr, error))
        return FALSE;
    if (!db_certificate_lock_key(signer->db, attempt->csr->spki_sha256, &why))
        return signer_fail(why, error);
    attempt->issuer = g_strdup(s->issuer);
    if (!existing(signer, s, attempt, error))
        return FALSE;
    return attempt->found || (may_have_key(signer, s, attempt->csr, error) && intend(signer, s, attempt, conflict, error));
}

/* A commit whose outcome is unknown is answered DOWN; its intent, if it is there, is ended like any that broke off. */
static gboolean
begin(Signer *signer, Attempt *attempt, gboolean *conflict, GError **error)
{
    g_autoptr(GError) why = NULL;
    if (!signer_begin(signer, error))
        return FALSE;
    if (!decide(signer, attempt, conflict, error)) {
        db_rollback(signer->db);
        return FALSE;
    }
    if (db_commit(signer->db, &why))
        return TRUE;
    db_rollback(signer->db);
    return signer_fail(why, error);
}

/* --- signed, logged, stored ------------------------------------------------------------------------------------------------- */

static gboolean
note(Signer *signer, const Attempt *attempt, const CaCertificateInfo *info, GError **error)
{
    g_autofree char *key = crypto_hex(attempt->csr->spki_sha256);
    g_autofree char *der = g_base64_encode(g_bytes_get_data(info->der, NULL), g_bytes_get_size(info->der));
    g_autofree char *rest = g_strdup_printf("request=%" G_GINT64_FORMAT " key=%s certificate=%s%s%s", attempt->request, key,
                                            info->fingerprint, attempt->found ? "" : " der=", attempt->found ? "" : der);
    g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, attempt->request);
    const char *what = attempt->found ? "again" : "issue";
    log_write(LOG_LEVEL_INFO, what, "request", number, "issuer", attempt->issuer, "serial", info->serial, NULL);
    return signer_log_add(signer->log, attempt->now, what, attempt->issuer, info->serial, rest, error);
}

static GBytes *
again(Signer *signer, const Attempt *attempt, GError **error)
{
    gsize size;
    const void *bytes = g_bytes_get_data(attempt->found, &size);
    g_autoptr(CaCertificateInfo) info = ca_certificate_read(bytes, size, error);
    return info && note(signer, attempt, info, error) ? g_bytes_ref(attempt->found) : NULL;
}

static GBytes *
sign_and_store(Signer *signer, const Attempt *attempt, GError **error)
{
    const CaIssuer *issuer = signer_issuer(signer, attempt->issuer, error);
    g_autoptr(GBytes) der = issuer ? ca_certificate_sign(attempt->tbs, issuer, error) : NULL;
    g_autoptr(CaCertificateInfo) info = der ? ca_certificate_read(g_bytes_get_data(der, NULL), g_bytes_get_size(der), error) : NULL;
    gboolean live;
    if (!info || !note(signer, attempt, info, error) || !signer_store(signer, attempt->intent, info, &live, error))
        return NULL;
    if (live)
        return g_steal_pointer(&der);
    signer_refuse(error, "pickup", "it was ended meanwhile");
    return NULL;
}

/* --- the whole -------------------------------------------------------------------------------------------------------------- */

#define PATIENCE (3 * G_USEC_PER_SEC) /* for another process of ours that signs for the same pickup */
#define LOOK_AGAIN 10000

static GBytes *
answer(Signer *signer, const Attempt *attempt, GError **error)
{
    if (attempt->found)
        return again(signer, attempt, error);
    GBytes *der = sign_and_store(signer, attempt, error);
    signer_log_let_go(signer->log, attempt->intent);
    return der;
}

static gboolean
may_look_again(Signer *signer, const char *log, gint64 until)
{
    g_autoptr(GError) why = NULL;
    if (g_get_monotonic_time() >= until)
        return FALSE;
    if (!signer_reconcile(signer, log, &why))
        log_error("not-reconciled", why);
    g_usleep(LOOK_AGAIN);
    return TRUE;
}

GBytes *
signer_issue(Signer *signer, gint64 request, const char *token, GBytes *csr, gint64 now, GError **error)
{
    g_autoptr(CaCsr) proven = ca_csr_parse(g_bytes_get_data(csr, NULL), g_bytes_get_size(csr), error);
    const char *log = proven ? signer_log_name(signer->log, now, error) : NULL;
    gint64 until = g_get_monotonic_time() + PATIENCE;
    if (!log)
        return NULL;
    g_autoptr(GBytes) token_hash = crypto_sha256(token, strlen(token));

    for (;;) {
        g_auto(Attempt) attempt = { .csr = proven, .request = request, .now = now, .token_hash = token_hash, .log = log };
        g_autoptr(GError) why = NULL;
        gboolean conflict = FALSE, ok = begin(signer, &attempt, &conflict, &why);
        if (ok && !attempt.half_done)
            return answer(signer, &attempt, error);
        if (attempt.intent)
            signer_log_let_go(signer->log, attempt.intent);
        if ((ok || conflict) && may_look_again(signer, log, until))
            continue;
        if (ok)
            g_set_error(&why, CA_ERROR, CA_ERROR_DOWN, "busy: another process signs for this pickup");
        g_propagate_error(error, g_steal_pointer(&why));
        return NULL;
    }
}
