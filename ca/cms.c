#include "ca/cms.h"

#include <openssl/cms.h>
#include <openssl/pem.h>
#include <time.h>

#include "ca/key.h"
#include "ca/native.h"

enum { CERTIFICATES_MOST = 10 };

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CMS_ContentInfo, CMS_ContentInfo_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ASN1_TIME, ASN1_TIME_free)

static void free_certificates(STACK_OF(X509) *list)
{
    sk_X509_pop_free(list, X509_free);
}
typedef STACK_OF(X509) Certificates;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Certificates, free_certificates)

/* All of FILE, at least one. */
static Certificates *certificates_of(const char *file, GError **error)
{
    g_autoptr(Certificates) list = sk_X509_new_null();
    g_autoptr(BIO) bio = BIO_new_file(file, "r");
    X509 *x;

    while (bio && list && sk_X509_num(list) < CERTIFICATES_MOST && (x = PEM_read_bio_X509(bio, NULL, NULL, (void *)"")) != NULL)
        if (!sk_X509_push(list, x))
            X509_free(x);
    if (!list || sk_X509_num(list) == 0) {
        ca_fail(error, CA_ERROR_BROKEN, "cms-certificate", "%s: %s", file, bio ? "no certificate in PEM in it" : "cannot be read");
        return NULL;
    }
    ERR_clear_error(); /* the end of the file is one to OpenSSL */
    return g_steal_pointer(&list);
}

/* Whoever gets it compares the certificate's dates with the signing time: no signature is better than one that is laughed at. */
static gboolean fits(X509 *own, EVP_PKEY *key, const char *file, time_t at, GError **error)
{
    if (X509_check_private_key(own, key) != 1)
        return ca_fail(error, CA_ERROR_BROKEN, "cms-certificate", "%s: its first certificate is of another key", file);
    if (X509_cmp_time(X509_get0_notBefore(own), &at) > 0 || X509_cmp_time(X509_get0_notAfter(own), &at) < 0)
        return ca_fail(error, CA_ERROR_BROKEN, "cms-certificate", "%s: its first certificate is not valid now", file);
    return TRUE;
}

static gboolean add_signer(CMS_ContentInfo *cms, X509 *own, EVP_PKEY *key, time_t at, GError **error)
{
    CMS_SignerInfo *signer = CMS_add1_signer(cms, own, key, EVP_sha256(), CMS_NOSMIMECAP | CMS_BINARY);
    g_autoptr(ASN1_TIME) when = ASN1_TIME_adj(NULL, at, 0, 0);

    if (!signer || !when ||
        !CMS_signed_add1_attr_by_NID(signer, NID_pkcs9_signingTime, ASN1_STRING_type(when), when, -1))
        return ca_fail_openssl(error, "cms");
    return TRUE;
}

static GBytes *sign(GBytes *content, unsigned flags, const char *key_file, const char *certificate_file, gint64 at, GError **error)
{
    g_autoptr(CaSigningKey) key = ca_signing_key_load(key_file, NULL, error);
    g_autoptr(Certificates) list = key ? certificates_of(certificate_file, error) : NULL;
    gsize size = 0;
    const void *bytes = g_bytes_get_data(content, &size);
    g_autoptr(BIO) in = BIO_new_mem_buf(bytes, (int)size);
    g_autoptr(X509) own = list ? sk_X509_shift(list) : NULL; /* goes in with the signer, the others beside it */
    g_autoptr(CMS_ContentInfo) cms = NULL;

    if (!own || !fits(own, ca_signing_key_native(key), certificate_file, (time_t)at, error))
        return NULL;
    cms = CMS_sign(NULL, NULL, list, NULL, CMS_PARTIAL | CMS_BINARY | flags);
    if (cms && !add_signer(cms, own, ca_signing_key_native(key), (time_t)at, error))
        return NULL;
    if (!cms || !in || CMS_final(cms, in, NULL, CMS_BINARY | flags) != 1) {
        ca_fail_openssl(error, "cms");
        return NULL;
    }
    return CA_I2D(i2d_CMS_ContentInfo, cms);
}

GBytes *ca_cms_sign(GBytes *content, const char *key_file, const char *certificate_file, gint64 at, GError **error)
{
    return sign(content, 0, key_file, certificate_file, at, error);
}

GBytes *ca_cms_sign_beside(GBytes *content, const char *key_file, const char *certificate_file, gint64 at, GError **error)
{
    return sign(content, CMS_DETACHED, key_file, certificate_file, at, error);
}
