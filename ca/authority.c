/* Certificates of the authority itself: root, issuing CAs, OCSP responders. */
#include <string.h>

#include "ca/certificate.h"
#include "ca/sign.h"
#include "ca/tbs.h"

enum { DELEGATE_LONGEST = 30 * 86400 };

static GBytes *subject_of(const struct ca_authority *what, GError **error)
{
    const struct ca_name_part parts[] = { { CA_NAME_C, what->country }, { CA_NAME_O, what->organization },
                                          { CA_NAME_CN, what->common_name } };

    if (!what->common_name || what->common_name[0] == '\0') {
        ca_fail(error, CA_ERROR_REFUSED, "subject", "an authority needs a common name");
        return NULL;
    }
    return ca_name(parts, G_N_ELEMENTS(parts), error);
}

static struct ca_tbs tbs_of(const struct ca_authority *what, GBytes *subject, const struct ca_public *key)
{
    return (struct ca_tbs){
        .serial = what->serial, .not_before = what->not_before, .not_after = what->not_after, .subject = subject, .key = key,
        .path_length = -1, .extended = what->extended, .policies = what->policies,
        .crl_url = what->crl_url, .issuer_url = what->issuer_url, .ocsp_url = what->ocsp_url,
    };
}

/* Reads back what was built with libcrypto's own eyes: the signature by the parent, and what the certificate may do. */
static GBytes *checked(GBytes *der, GBytes *issuer, gboolean ca, GError **error)
{
    g_autoptr(GBytes) mine = der;
    g_autoptr(CaCertificateInfo) info = NULL;
    struct der in = der_of(der);

    info = ca_certificate_read(in.p, in.n, error);
    if (!info)
        return NULL;
    if (info->is_ca != ca || !ca_certificate_issued_by(der, issuer)) {
        ca_fail(error, CA_ERROR_BROKEN, "lint", "the new certificate is not what was asked for");
        return NULL;
    }
    return g_steal_pointer(&mine);
}

GBytes *ca_root_build(const struct ca_authority *what, const CaSigningKey *key, GError **error)
{
    g_autoptr(GBytes) subject = subject_of(what, error), spki = ca_signing_key_public(key);
    struct der in = der_of(spki);
    struct ca_public public;
    struct ca_signer signer;
    struct ca_tbs tbs;
    GBytes *der = NULL;

    if (!subject || !ca_public_read(&in, &public, error))
        return NULL;
    tbs = tbs_of(what, subject, &public);
    tbs.ca = TRUE;
    tbs.path_length = MAX(what->path_length, 1);
    tbs.usage = CA_USAGE_KEY_CERT_SIGN | CA_USAGE_CRL_SIGN;
    tbs.policies = tbs.extended = NULL; /* RFC 5280 section 6.1: a trust anchor's are not looked at */
    tbs.crl_url = tbs.issuer_url = tbs.ocsp_url = NULL;
    if (ca_signer_init(&signer, key, subject, error))
        der = ca_tbs_sign(&tbs, &signer, error);
    ca_signer_clear(&signer);
    return der ? checked(der, der, TRUE, error) : NULL;
}

static gboolean within(const struct ca_authority *what, const CaIssuer *issuer, GError **error)
{
    if (ca_issuer_is_responder(issuer))
        return ca_fail(error, CA_ERROR_BROKEN, "issuer", "a responder signs no certificates");
    if (what->not_after > ca_issuer_not_after(issuer))
        return ca_fail(error, CA_ERROR_REFUSED, "issuer-end", "the issuer itself ends before this certificate would");
    return TRUE;
}

GBytes *ca_issuing_build(const struct ca_authority *what, GBytes *spki, const CaIssuer *root, GError **error)
{
    g_autoptr(GBytes) subject = subject_of(what, error);
    struct der in = der_of(spki);
    struct ca_public public;
    struct ca_tbs tbs;
    GBytes *der;

    if (!subject || !within(what, root, error) || !ca_public_read(&in, &public, error))
        return NULL;
    tbs = tbs_of(what, subject, &public);
    tbs.ca = TRUE;
    tbs.path_length = 0;
    tbs.usage = CA_USAGE_KEY_CERT_SIGN | CA_USAGE_CRL_SIGN;
    der = ca_tbs_sign(&tbs, ca_issuer_signer(root), error);
    return der ? checked(der, ca_issuer_certificate(root), TRUE, error) : NULL;
}

/* Keys in memory alone, for one use; nobody can revoke them, so they are short-lived. */
static GBytes *delegate_build(const struct ca_authority *what, const CaCsr *csr, const CaIssuer *issuer, const char *purpose,
                              GError **error)
{
    const char *const purposes[] = { purpose, NULL };
    g_autoptr(GBytes) subject = subject_of(what, error);
    struct ca_public public;
    struct ca_tbs tbs;
    GBytes *der;

    if (!subject || !within(what, issuer, error))
        return NULL;
    if (!ca_public_of(csr, &public)) {
        ca_fail(error, CA_ERROR_BROKEN, "key", "no public key");
        return NULL;
    }
    if (what->not_after - what->not_before > DELEGATE_LONGEST) {
        ca_fail(error, CA_ERROR_REFUSED, "validity", "a delegate that nobody can revoke has 30 days at most");
        return NULL;
    }
    tbs = tbs_of(what, subject, &public);
    tbs.usage = CA_USAGE_DIGITAL_SIGNATURE;
    tbs.extended = purposes;
    tbs.crl_url = tbs.issuer_url = tbs.ocsp_url = NULL;
    tbs.no_check = strcmp(purpose, CA_OID_OCSP_SIGNING) == 0;
    der = ca_tbs_sign(&tbs, ca_issuer_signer(issuer), error);
    return der ? checked(der, ca_issuer_certificate(issuer), FALSE, error) : NULL;
}

GBytes *ca_responder_build(const struct ca_authority *what, const CaCsr *csr, const CaIssuer *issuer, GError **error)
{
    return delegate_build(what, csr, issuer, CA_OID_OCSP_SIGNING, error);
}

GBytes *ca_witness_build(const struct ca_authority *what, const CaCsr *csr, const CaIssuer *issuer, GError **error)
{
    return delegate_build(what, csr, issuer, CA_OID_TIME_STAMPING, error);
}
