#include "ca/head.h"

#include <string.h>

#include <openssl/cms.h>

#include "ca/crypto.h"
#include "ca/native.h"
#include "ca/profile.h"

#define LONGEST 16384 /* of a head: a certificate and a signature, at most a few kilobytes */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CMS_ContentInfo, CMS_ContentInfo_free)

char *
ca_head_text(gint64 seq, GBytes *hash, gint64 at)
{
    g_autofree char *hex = crypto_hex(hash);
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(at);
    g_autofree char *when = g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ");
    return g_strdup_printf("inkan audit head 1\nseq %" G_GINT64_FORMAT "\nhash %s\nat %s\n", seq, hex, when);
}

static X509 *
read_certificate(GBytes *der)
{
    gsize n;
    const unsigned char *p = g_bytes_get_data(der, &n);
    return d2i_X509(NULL, &p, (long)n);
}

GBytes *
ca_head_sign(const char *text, GBytes *certificate, const CaSigningKey *key, GError **error)
{
    g_autoptr(X509) witness = read_certificate(certificate);
    g_autoptr(BIO) content = BIO_new_mem_buf(text, -1);
    const unsigned flags = CMS_DETACHED | CMS_BINARY | CMS_NOSMIMECAP;
    g_autoptr(CMS_ContentInfo) cms = NULL;

    if (witness && content)
        cms = CMS_sign(witness, ca_signing_key_native(key), NULL, content, flags);
    if (cms)
        return CA_I2D(i2d_CMS_ContentInfo, cms);
    ca_fail_openssl(error, "head");
    return NULL;
}

/* --- verifying ------------------------------------------------------------------------------------------------------------ */

struct ca_head_trust {
    X509_STORE *store;
};

CaHeadTrust *
ca_head_trust_new(const GPtrArray *certificates, GError **error)
{
    g_autoptr(CaHeadTrust) trust = g_new0(CaHeadTrust, 1);
    gboolean ok = (trust->store = X509_STORE_new()) != NULL;
    for (guint i = 0; ok && i < certificates->len; i++) {
        g_autoptr(X509) ca = read_certificate(certificates->pdata[i]);
        ok = ca && X509_STORE_add_cert(trust->store, ca);
    }
    if (!ok) {
        ca_fail_openssl(error, "head-trust");
        return NULL;
    }
    /* One issuing CA alone is enough; what a witness is for is looked at below. */
    X509_VERIFY_PARAM_set_flags(X509_STORE_get0_param(trust->store), X509_V_FLAG_PARTIAL_CHAIN);
    X509_VERIFY_PARAM_set_purpose(X509_STORE_get0_param(trust->store), X509_PURPOSE_ANY);
    return g_steal_pointer(&trust);
}

void
ca_head_trust_free(CaHeadTrust *trust)
{
    if (!trust)
        return;
    X509_STORE_free(trust->store);
    g_free(trust);
}

/* One signer, whose certificate is a witness's: a person's certificate of the same CA signs no heads. */
static gboolean
by_a_witness(CMS_ContentInfo *cms)
{
    STACK_OF(X509) *signers = CMS_get0_signers(cms);
    X509 *one = sk_X509_num(signers) == 1 ? sk_X509_value(signers, 0) : NULL;
    EXTENDED_KEY_USAGE *uses = one ? X509_get_ext_d2i(one, NID_ext_key_usage, NULL, NULL) : NULL;
    gboolean ok = uses && sk_ASN1_OBJECT_num(uses) == 1 && OBJ_obj2nid(sk_ASN1_OBJECT_value(uses, 0)) == NID_time_stamp;
    EXTENDED_KEY_USAGE_free(uses);
    sk_X509_free(signers);
    return ok;
}

gboolean
ca_head_verify(CaHeadTrust *trust, GBytes *bytes, const char *text, gint64 at, GError **error)
{
    gsize n;
    const unsigned char *p = g_bytes_get_data(bytes, &n), *end = p + n;
    g_autoptr(CMS_ContentInfo) cms = n <= LONGEST ? d2i_CMS_ContentInfo(NULL, &p, (long)n) : NULL;
    g_autoptr(BIO) content = BIO_new_mem_buf(text, -1);

    if (!cms || p != end)
        return ca_fail(error, CA_ERROR_INPUT, "head-signature", "not a signature in DER");
    X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(trust->store), (time_t)at);
    if (!content || CMS_verify(cms, NULL, trust->store, content, NULL, CMS_BINARY) != 1) {
        const char *why = ERR_reason_error_string(ERR_peek_last_error());
        return ca_fail(error, CA_ERROR_INPUT, "head-signature", "%s", why ? why : "it does not verify");
    }
    return by_a_witness(cms) || ca_fail(error, CA_ERROR_INPUT, "head-signature", "not by a witness");
}
