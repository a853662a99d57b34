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
    return s->cycle != 1 || s->active <= s->max_active;
}

/* The days are reckoned here again, by other code than the database's: a row that says otherwise has been tampered with. */
static gboolean
is_right_time(const DbSigning *s, const CaCsr *csr)
{
    (void)csr;
    return s->not_before == s->cycle_at && s->not_after == s->cycle_end &&
           s->not_after == ca_validity_end(s->cycle_at, (int)s->months, s->time_zone);
}

static gboolean
is_allowed_kind(const DbSigning *s, const CaCsr *csr)
{
    return g_strv_contains((const char *const *)s->key_kinds, ca_key_kind_name(csr->kind));
}

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
    { "validity", is_right_time, "the row's days are not what its months give" },
    { "key-kind", is_allowed_kind, "the profile does not allow such a key" },
};

static gboolean
may_sign(const DbSigning *s, const CaCsr *csr, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(checks); i++)
        if (!checks[i].ok(s, csr))
            return signer_refuse(error, checks[i].rule, checks[i].why);
    return TRUE;
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

static GBytes *
build(Signer *signer, const DbSigning *s, const CaCsr *csr, GError **error)
{
    const CaIssuer *issuer = signer_issuer(signer, s->issuer, error);
    if (!issuer)
        return NULL;
    const char *origin = settings_text(signer->settings, "service", "publish_url");
    g_autofree char *serial = ca_serial_new();
    g_autofree char *crl = g_strdup_printf("%s/crl/%s-0.crl", origin, s->issuer);
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
    return ca_certificate_build(&order, issuer, error);
}

static gboolean
store(Signer *signer, const DbSigning *s, const CaCsr *csr, GBytes *der, GError **db_error)
{
    g_autoptr(CaCertificateInfo) info = ca_certificate_read(g_bytes_get_data(der, NULL), g_bytes_get_size(der), db_error);
    if (!info)
        return FALSE;
    g_autoptr(GBytes) fingerprint = crypto_sha256(g_bytes_get_data(der, NULL), g_bytes_get_size(der));
    const struct db_certificate row = {
        .issuer = s->issuer, .serial = info->serial, .subject = info->subject, .key_kind = ca_key_kind_name(csr->kind),
        .predecessor = s->predecessor, .request = s->request, .pickup = s->pickup, .institution = s->institution, .shard = 0,
        .not_before = s->not_before, .not_after = s->not_after, .der = der, .spki_sha256 = csr->spki_sha256,
        .fingerprint = fingerprint,
    };
    return db_certificate_insert(signer->db, &row, log_id(), db_error);
}

/* --- one try, in one transaction ------------------------------------------------------------------------------------------ */

struct attempt {
    const CaCsr *csr;
    gint64 request;
    GBytes *token_hash;
    char *issuer;       /* what was found or made */
    gboolean again;     /* it was there already */
};

/* What this pickup already has: the same bytes for the same key, a refusal for another. NULL without ERROR: nothing yet. */
static GBytes *
existing(Signer *signer, const DbSigning *s, struct attempt *attempt, GError **error)
{
    g_autoptr(GBytes) key = NULL;
    g_autoptr(GError) why = NULL;
    g_autoptr(GBytes) der = db_certificate_of_pickup(signer->db, s->pickup, &key, &why);
    if (why) {
        signer_fail(why, error);
        return NULL;
    }
    if (der && !crypto_equal(key, attempt->csr->spki_sha256)) {
        signer_refuse(error, "other-key", "this pickup has a certificate for another key");
        return NULL;
    }
    attempt->again = der != NULL;
    return g_steal_pointer(&der);
}

/*
 * The insert waits for whoever holds request or pickup for an end, a revocation or a new PIN, and keeps later ones waiting; so
 * only the look after it is final. *CONFLICT: another process of ours was first.
 */
static gboolean
store_if_open(Signer *signer, const DbSigning *s, const struct attempt *attempt, GBytes *der, gboolean *conflict,
              GError **error)
{
    g_autoptr(GError) why = NULL;
    gboolean open;
    if (!store(signer, s, attempt->csr, der, &why)) {
        *conflict = g_error_matches(why, DB_ERROR, DB_ERROR_CONFLICT);
        return signer_fail(why, error);
    }
    if (!db_signing_is_open(signer->db, s->pickup, attempt->token_hash, &open, &why))
        return signer_fail(why, error);
    return open || signer_refuse(error, "pickup", "it was ended meanwhile");
}

static GBytes *
decide(Signer *signer, struct attempt *attempt, gboolean *conflict, GError **error)
{
    g_autoptr(GError) why = NULL, refused = NULL;
    g_autoptr(DbSigning) s = db_signing_get(signer->db, attempt->request, attempt->token_hash, &why);
    if (why) {
        signer_fail(why, error);
        return NULL;
    }
    if (!s) {
        signer_refuse(error, "pickup", "there is no such request with this token");
        return NULL;
    }
    if (!may_sign(s, attempt->csr, error))
        return NULL;
    if (!db_certificate_lock_key(signer->db, attempt->csr->spki_sha256, &why)) {
        signer_fail(why, error);
        return NULL;
    }
    attempt->issuer = g_strdup(s->issuer);
    g_autoptr(GBytes) der = existing(signer, s, attempt, &refused);
    if (refused) {
        g_propagate_error(error, g_steal_pointer(&refused));
        return NULL;
    }
    if (der)
        return g_steal_pointer(&der);
    if (!may_have_key(signer, s, attempt->csr, error))
        return NULL;
    der = build(signer, s, attempt->csr, error);
    return der && store_if_open(signer, s, attempt, der, conflict, error) ? g_steal_pointer(&der) : NULL;
}

/* A commit whose outcome is unknown is answered DOWN: the repeat finds the certificate, or makes it. */
static GBytes *
try_once(Signer *signer, struct attempt *attempt, gboolean *conflict, GError **error)
{
    g_autoptr(GError) why = NULL;
    if (!signer_begin(signer, error))
        return NULL;
    g_autoptr(GBytes) der = decide(signer, attempt, conflict, error);
    if (!der) {
        db_rollback(signer->db);
        return NULL;
    }
    if (db_commit(signer->db, &why))
        return g_steal_pointer(&der);
    db_rollback(signer->db);
    signer_fail(why, error);
    return NULL;
}

static gboolean
note(Signer *signer, const struct attempt *attempt, GBytes *der, gint64 now, GError **error)
{
    g_autoptr(CaCertificateInfo) info = ca_certificate_read(g_bytes_get_data(der, NULL), g_bytes_get_size(der), error);
    if (!info)
        return FALSE;
    g_autofree char *key = crypto_hex(attempt->csr->spki_sha256);
    g_autofree char *rest = g_strdup_printf("request=%" G_GINT64_FORMAT " key=%s certificate=%s", attempt->request, key,
                                            info->fingerprint);
    g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, attempt->request);
    const char *what = attempt->again ? "again" : "issue";
    log_write(LOG_LEVEL_INFO, what, "request", number, "issuer", attempt->issuer, "serial", info->serial, NULL);
    return signer_log_add(signer->log, now, what, attempt->issuer, info->serial, rest, error);
}

GBytes *
signer_issue(Signer *signer, gint64 request, const char *token, GBytes *csr, gint64 now, GError **error)
{
    g_autoptr(CaCsr) proven = ca_csr_parse(g_bytes_get_data(csr, NULL), g_bytes_get_size(csr), error);
    if (!proven)
        return NULL;
    g_autoptr(GBytes) token_hash = crypto_sha256(token, strlen(token));

    for (int tries = 3;;) {
        struct attempt attempt = { .csr = proven, .request = request, .token_hash = token_hash };
        g_autoptr(GError) why = NULL;
        gboolean conflict = FALSE;
        g_autoptr(GBytes) der = try_once(signer, &attempt, &conflict, &why);
        G_GNUC_UNUSED g_autofree char *issuer = attempt.issuer;
        if (der)
            return note(signer, &attempt, der, now, error) ? g_steal_pointer(&der) : NULL;
        if (conflict && --tries > 0)
            continue; /* another process signed for this pickup in between: look again */
        g_propagate_error(error, g_steal_pointer(&why));
        return NULL;
    }
}
