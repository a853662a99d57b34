#include "ca/issuer.h"

#include <string.h>
#include <time.h>

#include "ca/native.h"
#include "ca/sign.h"

struct ca_issuer {
    struct ca_signer signer;
    GBytes *certificate;
    gint64 not_before, not_after;
    gboolean responder;
};

static gboolean check_usage(X509 *x, gboolean responder, GError **error)
{
    guint32 usage = X509_get_key_usage(x), extended = X509_get_extended_key_usage(x);

    if (X509_get_extension_flags(x) & EXFLAG_INVALID)
        return ca_fail(error, CA_ERROR_BROKEN, "issuer", "its extensions cannot be read");
    if (responder)
        return (extended != UINT32_MAX && extended & XKU_OCSP_SIGN)
               || ca_fail(error, CA_ERROR_BROKEN, "issuer", "not a certificate for signing OCSP answers");
    if (X509_check_ca(x) != 1 || !(usage & KU_KEY_CERT_SIGN) || !(usage & KU_CRL_SIGN))
        return ca_fail(error, CA_ERROR_BROKEN, "issuer", "not a CA certificate that may sign certificates and CRLs");
    return TRUE;
}

static gboolean read_key_id(CaIssuer *issuer, const X509 *x, GError **error)
{
    const ASN1_OCTET_STRING *id = X509_get0_subject_key_id((X509 *)x);
    int n = id ? ASN1_STRING_length(id) : 0;

    if (n < 1 || n > (int)sizeof issuer->signer.key_id)
        return ca_fail(error, CA_ERROR_BROKEN, "issuer", "it has no subject key identifier");
    memcpy(issuer->signer.key_id, ASN1_STRING_get0_data(id), (size_t)n);
    issuer->signer.key_id_size = (size_t)n;
    return TRUE;
}

static gboolean read_times(CaIssuer *issuer, const X509 *x, GError **error)
{
    struct tm before, after;

    if (!ASN1_TIME_to_tm(X509_get0_notBefore(x), &before) || !ASN1_TIME_to_tm(X509_get0_notAfter(x), &after))
        return ca_fail(error, CA_ERROR_BROKEN, "issuer", "its validity cannot be read");
    issuer->not_before = timegm(&before);
    issuer->not_after = timegm(&after);
    return TRUE;
}

static CaIssuer *issuer_new(GBytes *certificate, const CaSigningKey *key, gboolean responder, GError **error)
{
    g_autoptr(CaIssuer) issuer = g_new0(CaIssuer, 1);
    struct der in = der_of(certificate);
    const unsigned char *p = in.p;
    g_autoptr(X509) x = d2i_X509(NULL, &p, (long)in.n);
    g_autoptr(GBytes) name = NULL;

    if (!x || p != in.p + in.n) {
        ca_fail(error, CA_ERROR_BROKEN, "issuer", "not a certificate");
        return NULL;
    }
    name = CA_I2D(i2d_X509_NAME, X509_get_subject_name(x));
    issuer->certificate = g_bytes_ref(certificate);
    issuer->responder = responder;
    if (X509_check_private_key(x, ca_signing_key_native(key)) != 1) {
        ca_fail(error, CA_ERROR_BROKEN, "issuer", "the key is not the certificate's");
        return NULL;
    }
    if (!ca_signer_init(&issuer->signer, key, name, error) || !check_usage(x, responder, error)
        || !read_key_id(issuer, x, error) || !read_times(issuer, x, error))
        return NULL;
    return g_steal_pointer(&issuer);
}

CaIssuer *ca_issuer_new(GBytes *certificate, const CaSigningKey *key, GError **error)
{
    return issuer_new(certificate, key, FALSE, error);
}

CaIssuer *ca_issuer_new_responder(GBytes *certificate, const CaSigningKey *key, GError **error)
{
    return issuer_new(certificate, key, TRUE, error);
}

void ca_issuer_free(CaIssuer *issuer)
{
    if (!issuer)
        return;
    ca_signer_clear(&issuer->signer);
    g_clear_pointer(&issuer->certificate, g_bytes_unref);
    g_free(issuer);
}

GBytes *ca_issuer_certificate(const CaIssuer *issuer)
{
    return issuer->certificate;
}

gint64 ca_issuer_not_before(const CaIssuer *issuer)
{
    return issuer->not_before;
}

gint64 ca_issuer_not_after(const CaIssuer *issuer)
{
    return issuer->not_after;
}

const struct ca_signer *ca_issuer_signer(const CaIssuer *issuer)
{
    return &issuer->signer;
}

gboolean ca_issuer_is_responder(const CaIssuer *issuer)
{
    return issuer->responder;
}
