#include "ca/certificate.h"

#include <string.h>

#include "ca/native.h"
#include "ca/sign.h"
#include "ca/tbs.h"

enum { SERIAL = 20, MAIL_LONGEST = 254 };

char *ca_serial_new(void)
{
    unsigned char bytes[SERIAL];
    g_autoptr(GBytes) serial = NULL;

    do {
        crypto_random(bytes, sizeof bytes);
        bytes[0] &= 0x7f; /* DER would put a 21st byte in front */
    } while (bytes[0] == 0 && bytes[1] == 0);
    serial = bytes[0] == 0 ? g_bytes_new(bytes + 1, SERIAL - 1) : g_bytes_new(bytes, SERIAL);
    return crypto_hex(serial);
}

/* 23:59:59 of DAY. Where clocks go forward at that hour (Nuuk does so in March) there is no such second: then what the clock would
   have shown if it had gone on, which is how PostgreSQL reckons too. */
static gint64 last_second(GDateTime *day, GTimeZone *zone)
{
    int y = g_date_time_get_year(day), m = g_date_time_get_month(day), d = g_date_time_get_day_of_month(day);
    g_autoptr(GDateTime) end = g_date_time_new(zone, y, m, d, 23, 59, 59), noon = g_date_time_new(zone, y, m, d, 12, 0, 0);

    if (!end || !noon)
        return 0;
    if (g_date_time_get_day_of_month(end) == d && g_date_time_get_hour(end) == 23 && g_date_time_get_minute(end) == 59)
        return g_date_time_to_unix(end);
    return g_date_time_to_unix(noon) + 12 * 3600 - 1;
}

gint64 ca_validity_end(gint64 from, int months, const char *time_zone)
{
    g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(time_zone);
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(from);
    g_autoptr(GDateTime) local = NULL, day = NULL;

    if (!zone || !utc || months < 1 || months > 1200)
        return 0;
    local = g_date_time_to_timezone(utc, zone);
    day = g_date_time_add_months(local, months);
    return day ? last_second(day, zone) : 0;
}

/* --- What the profile makes of an order ----------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    unsigned bit;
    unsigned for_ec; /* what an EC key gets instead: it cannot encipher, it agrees (RFC 5480 section 3) */
    unsigned for_rsa;
} usages[] = {
    { "digitalSignature", CA_USAGE_DIGITAL_SIGNATURE, CA_USAGE_DIGITAL_SIGNATURE, CA_USAGE_DIGITAL_SIGNATURE },
    { "nonRepudiation", CA_USAGE_NON_REPUDIATION, CA_USAGE_NON_REPUDIATION, CA_USAGE_NON_REPUDIATION },
    { "keyEncipherment", CA_USAGE_KEY_ENCIPHERMENT, CA_USAGE_KEY_AGREEMENT, CA_USAGE_KEY_ENCIPHERMENT },
    { "dataEncipherment", CA_USAGE_DATA_ENCIPHERMENT, CA_USAGE_KEY_AGREEMENT, CA_USAGE_DATA_ENCIPHERMENT },
    { "keyAgreement", CA_USAGE_KEY_AGREEMENT, CA_USAGE_KEY_AGREEMENT, 0 },
};

static gboolean usage_of(const struct ca_order *order, unsigned *usage, GError **error)
{
    gboolean rsa = ca_key_kind_is_rsa(order->csr->kind);

    *usage = 0;
    for (const char *const *name = order->profile->key_usage; name && *name; name++) {
        size_t i = 0;
        while (i < G_N_ELEMENTS(usages) && !g_str_equal(usages[i].name, *name))
            i++;
        if (i == G_N_ELEMENTS(usages))
            return ca_fail(error, CA_ERROR_BROKEN, "profile", "key usage '%s' is unknown", *name);
        *usage |= rsa ? usages[i].for_rsa : usages[i].for_ec;
    }
    return *usage != 0 || ca_fail(error, CA_ERROR_BROKEN, "profile", "it leaves no key usage");
}

static gboolean key_kind_ok(const struct ca_order *order, GError **error)
{
    const char *const *allowed = order->profile->key_kinds;
    const char *kind = ca_key_kind_name(order->csr->kind);

    if (!allowed || !allowed[0] || g_strv_contains(allowed, kind))
        return TRUE;
    return ca_fail(error, CA_ERROR_REFUSED, "key-kind", "the profile does not allow %s", kind);
}

/* Words with dots between them (RFC 5322 section 3.2.3): where they end, NULL where there are none. */
static const char *dot_atom(const char *p)
{
    static const char atom[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~";

    for (;;) {
        size_t n = strspn(p, atom);
        if (n == 0)
            return NULL;
        p += n;
        if (*p != '.')
            return p;
        p++;
    }
}

/* An address as RFC 5280 section 4.2.1.6 has it, without quoted words; whose it is was asked elsewhere. */
static gboolean mail_ok(const struct ca_order *order, GError **error)
{
    const char *mail = order->mail ? order->mail : "", *at;

    if (!order->profile->mail_in_san && !order->profile->subject_is_mail)
        return TRUE;
    for (const char *p = mail; *p; p++)
        if (!g_ascii_isgraph(*p))
            return ca_fail(error, CA_ERROR_REFUSED, "mail", "the address has characters beyond ASCII");
    at = dot_atom(mail);
    at = at && *at == '@' ? dot_atom(at + 1) : NULL;
    return (at && *at == '\0' && strlen(mail) <= MAIL_LONGEST) || ca_fail(error, CA_ERROR_REFUSED, "mail", "not a mail address");
}

static GBytes *subject_of(const struct ca_order *order, GError **error)
{
    char number[32];
    const struct ca_name_part mail[] = { { CA_NAME_CN, order->mail } };
    const struct ca_name_part dn[] = {
        { CA_NAME_C, order->country }, { CA_NAME_L, order->locality }, { CA_NAME_O, order->organization },
        { CA_NAME_OU, order->unit },   { CA_NAME_OU, number },         { CA_NAME_CN, order->common_name },
    };

    if (order->profile->subject_is_mail)
        return ca_name(mail, 1, error);
    g_snprintf(number, sizeof number, "No %" G_GINT64_FORMAT, order->number);
    for (size_t i = 0; i < G_N_ELEMENTS(dn); i++) {
        if (dn[i].value != order->unit && (!dn[i].value || dn[i].value[0] == '\0')) {
            ca_fail(error, CA_ERROR_REFUSED, "subject", "attribute 2.5.4.%d is missing", dn[i].type);
            return NULL;
        }
    }
    return ca_name(dn, G_N_ELEMENTS(dn), error);
}

static gboolean validity_ok(const struct ca_order *order, const CaIssuer *issuer, GError **error)
{
    if (order->not_after <= order->not_before)
        return ca_fail(error, CA_ERROR_REFUSED, "validity", "it ends before it begins");
    if (order->not_after > ca_issuer_not_after(issuer))
        return ca_fail(error, CA_ERROR_REFUSED, "issuer-end", "the issuer itself ends before this certificate would");
    return TRUE;
}

GBytes *ca_certificate_prepare(const struct ca_order *order, const CaIssuer *issuer, GError **error)
{
    struct ca_tbs tbs = {
        .serial = order->serial, .not_before = order->not_before, .not_after = order->not_after,
        .extended = order->profile->extended, .policies = order->profile->policies,
        .mail = order->profile->mail_in_san ? order->mail : NULL,
        .crl_url = order->crl_url, .issuer_url = order->issuer_url, .ocsp_url = order->ocsp_url,
    };
    struct ca_public key;
    g_autoptr(GBytes) subject = NULL, bytes = NULL;

    if (ca_issuer_is_responder(issuer)) {
        ca_fail(error, CA_ERROR_BROKEN, "issuer", "a responder signs no certificates");
        return NULL;
    }
    if (!validity_ok(order, issuer, error) || !key_kind_ok(order, error) || !mail_ok(order, error)
        || !usage_of(order, &tbs.usage, error))
        return NULL;
    if (!ca_public_of(order->csr, &key)) {
        ca_fail(error, CA_ERROR_BROKEN, "key", "the order has no public key");
        return NULL;
    }
    subject = subject_of(order, error);
    if (!subject)
        return NULL;
    tbs.subject = subject;
    tbs.key = &key;
    bytes = ca_tbs_write(&tbs, ca_issuer_signer(issuer), error);
    if (!bytes || !ca_certificate_lint_tbs(bytes, order, issuer, error))
        return NULL;
    return g_steal_pointer(&bytes);
}

GBytes *ca_certificate_sign(GBytes *tbs, const CaIssuer *issuer, GError **error)
{
    g_autoptr(GBytes) der = ca_tbs_finish(tbs, ca_issuer_signer(issuer), error);

    return der && ca_certificate_lint_signature(der, tbs, issuer, error) ? g_steal_pointer(&der) : NULL;
}

GBytes *ca_certificate_build(const struct ca_order *order, const CaIssuer *issuer, GError **error)
{
    g_autoptr(GBytes) tbs = ca_certificate_prepare(order, issuer, error);

    return tbs ? ca_certificate_sign(tbs, issuer, error) : NULL;
}
