/* Reading certificates, anybody's, by libcrypto. */
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <string.h>
#include <time.h>

#include "ca/certificate.h"
#include "ca/native.h"

enum { CERTIFICATE_LONGEST = 65536 };

static X509 *parse_der(const void *bytes, size_t size)
{
    const unsigned char *p = bytes;
    X509 *x = d2i_X509(NULL, &p, (long)size);

    if (x && p != (const unsigned char *)bytes + size)
        g_clear_pointer(&x, X509_free);
    return x;
}

static X509 *parse(const void *bytes, size_t size)
{
    g_autoptr(BIO) bio = NULL;

    if (size == 0 || size > CERTIFICATE_LONGEST)
        return NULL;
    if (*(const unsigned char *)bytes == 0x30)
        return parse_der(bytes, size);
    bio = BIO_new_mem_buf(bytes, (int)size);
    return bio ? PEM_read_bio_X509(bio, NULL, NULL, (void *)"") : NULL;
}

static char *hex(const void *bytes, size_t size)
{
    g_autoptr(GBytes) b = g_bytes_new(bytes, size);

    return crypto_hex(b);
}

static char *hex_string(const ASN1_STRING *string)
{
    return string ? hex(ASN1_STRING_get0_data(string), (size_t)ASN1_STRING_length(string)) : g_strdup("");
}

/* In the certificate's order, as people read it; control and special characters escaped, UTF-8 left as it is. */
static char *name_text(const X509_NAME *name)
{
    g_autoptr(BIO) bio = BIO_new(BIO_s_mem());
    unsigned long flags = (XN_FLAG_ONELINE & ~XN_FLAG_SPC_EQ & ~ASN1_STRFLGS_ESC_MSB) | ASN1_STRFLGS_UTF8_CONVERT;
    char *text;
    long n;

    if (!bio || X509_NAME_print_ex(bio, name, 0, flags) < 0)
        return g_strdup("");
    n = BIO_get_mem_data(bio, &text);
    return g_utf8_make_valid(text, (gssize)MAX(n, 0));
}

static char *string_utf8(const ASN1_STRING *string)
{
    unsigned char *utf8 = NULL;
    int n = string ? ASN1_STRING_to_UTF8(&utf8, string) : -1;
    char *text = n >= 0 ? g_utf8_make_valid((const char *)utf8, n) : g_strdup("");

    OPENSSL_free(utf8);
    return text;
}

static char *common_name(const X509_NAME *name)
{
    int last = -1, next;

    while ((next = X509_NAME_get_index_by_NID(name, NID_commonName, last)) >= 0)
        last = next;
    return string_utf8(last >= 0 ? X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, last)) : NULL);
}

static char *first_mail(const X509 *x)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    char *mail = NULL;

    for (int i = 0; i < sk_GENERAL_NAME_num(names) && !mail; i++) {
        int type;
        const ASN1_STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);
        if (type == GEN_EMAIL)
            mail = string_utf8(value);
    }
    GENERAL_NAMES_free(names);
    return mail ? mail : g_strdup("");
}

static char *purpose_name(const ASN1_OBJECT *purpose)
{
    int nid = OBJ_obj2nid(purpose);
    char oid[80];

    if (nid != NID_undef)
        return g_strdup(OBJ_nid2sn(nid));
    return OBJ_obj2txt(oid, sizeof oid, purpose, 1) > 0 ? g_strdup(oid) : NULL;
}

static GStrv purposes(const X509 *x)
{
    EXTENDED_KEY_USAGE *usage = X509_get_ext_d2i(x, NID_ext_key_usage, NULL, NULL);
    g_autoptr(GStrvBuilder) list = g_strv_builder_new();

    for (int i = 0; i < sk_ASN1_OBJECT_num(usage); i++) {
        g_autofree char *name = purpose_name(sk_ASN1_OBJECT_value(usage, i));
        if (name)
            g_strv_builder_add(list, name);
    }
    EXTENDED_KEY_USAGE_free(usage);
    return g_strv_builder_end(list);
}

static gboolean unix_time(const ASN1_TIME *time, gint64 *out)
{
    struct tm tm;

    if (!ASN1_TIME_to_tm(time, &tm))
        return FALSE;
    *out = timegm(&tm);
    return TRUE;
}

static char *serial_hex(const X509 *x)
{
    const ASN1_INTEGER *serial = X509_get0_serialNumber(x);
    g_autofree char *digits = hex(ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial));

    /* libcrypto keeps the magnitude; a sign has no place in what we look up by. */
    return g_strconcat(ASN1_STRING_type(serial) & V_ASN1_NEG ? "-" : "", digits, NULL);
}

static char *key_name(X509 *x)
{
    EVP_PKEY *key = X509_get0_pubkey(x);
    enum ca_key_kind kind;

    if (!key)
        return g_strdup("unknown");
    if (ca_key_native_kind(key, &kind))
        return g_strdup(ca_key_kind_name(kind));
    return g_strdup_printf("%s-%d", EVP_PKEY_get0_type_name(key) ? EVP_PKEY_get0_type_name(key) : "unknown",
                           EVP_PKEY_get_bits(key));
}

static char *fingerprint_sha1(GBytes *der)
{
    struct { const void *p; gsize n; } in;
    unsigned char out[20];

    in.p = g_bytes_get_data(der, &in.n);
    if (!EVP_Q_digest(NULL, "SHA1", NULL, in.p, in.n, out, NULL))
        g_error("SHA-1 failed");
    return hex(out, sizeof out);
}

static CaCertificateInfo *describe(X509 *x)
{
    g_autoptr(CaCertificateInfo) info = g_new0(CaCertificateInfo, 1);
    g_autoptr(GBytes) hash = NULL, spki = CA_I2D(i2d_X509_PUBKEY, X509_get_X509_PUBKEY(x));
    gsize n;
    const void *p;

    info->der = CA_I2D(i2d_X509, x);
    p = g_bytes_get_data(info->der, &n);
    hash = crypto_sha256(p, n);
    info->fingerprint = crypto_hex(hash);
    info->fingerprint_sha1 = fingerprint_sha1(info->der);
    p = g_bytes_get_data(spki, &n);
    info->spki_sha256 = crypto_sha256(p, n);
    info->serial = serial_hex(x);
    info->subject = name_text(X509_get_subject_name(x));
    info->common_name = common_name(X509_get_subject_name(x));
    info->mail = first_mail(x);
    info->issuer = name_text(X509_get_issuer_name(x));
    info->key_id = hex_string(X509_get0_subject_key_id(x));
    info->issuer_key_id = hex_string(X509_get0_authority_key_id(x));
    info->key = key_name(x);
    info->purposes = purposes(x);
    info->is_ca = X509_check_ca(x) == 1;
    if (!unix_time(X509_get0_notBefore(x), &info->not_before) || !unix_time(X509_get0_notAfter(x), &info->not_after))
        return NULL;
    return g_steal_pointer(&info);
}

CaCertificateInfo *ca_certificate_read(const void *bytes, size_t size, GError **error)
{
    g_autoptr(X509) x = parse(bytes, size);
    CaCertificateInfo *info = x ? describe(x) : NULL;

    if (!info)
        ca_fail(error, CA_ERROR_INPUT, "certificate-form", "neither PEM nor DER of a certificate");
    ERR_clear_error();
    return info;
}

void ca_certificate_info_free(CaCertificateInfo *info)
{
    if (!info)
        return;
    g_clear_pointer(&info->der, g_bytes_unref);
    g_clear_pointer(&info->spki_sha256, g_bytes_unref);
    g_free(info->serial);
    g_free(info->subject);
    g_free(info->common_name);
    g_free(info->mail);
    g_free(info->issuer);
    g_free(info->key_id);
    g_free(info->issuer_key_id);
    g_free(info->fingerprint);
    g_free(info->fingerprint_sha1);
    g_free(info->key);
    g_strfreev(info->purposes);
    g_free(info);
}

gboolean ca_certificate_issued_by(GBytes *der, GBytes *issuer)
{
    gsize n, m;
    const void *p = g_bytes_get_data(der, &n), *q = g_bytes_get_data(issuer, &m);
    g_autoptr(X509) x = parse_der(p, n);
    g_autoptr(X509) above = parse_der(q, m);
    EVP_PKEY *key = above ? X509_get0_pubkey(above) : NULL;
    gboolean ok = x && key && X509_check_issued(above, x) == X509_V_OK && X509_verify(x, key) == 1;

    ERR_clear_error();
    return ok;
}

char *ca_certificate_pem(GBytes *der)
{
    g_autoptr(BIO) bio = BIO_new(BIO_s_mem());
    gsize n;
    const unsigned char *p = g_bytes_get_data(der, &n);
    char *text;
    long length;

    if (!bio || !PEM_write_bio(bio, PEM_STRING_X509, "", p, (long)n))
        g_error("writing PEM to memory failed");
    length = BIO_get_mem_data(bio, &text);
    return g_strndup(text, (gsize)length);
}

char *ca_chain_pem(const GPtrArray *certificates)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < certificates->len; i++) {
        g_autofree char *one = ca_certificate_pem(certificates->pdata[i]);
        g_string_append(text, one);
    }
    return g_string_free(text, FALSE);
}

GBytes *ca_chain_pkcs7(const GPtrArray *certificates)
{
    PKCS7 *bundle = PKCS7_new();
    gboolean ok = bundle && PKCS7_set_type(bundle, NID_pkcs7_signed) && PKCS7_content_new(bundle, NID_pkcs7_data) &&
                  PKCS7_set_detached(bundle, 1);

    for (guint i = 0; ok && i < certificates->len; i++) {
        gsize n;
        const void *p = g_bytes_get_data(certificates->pdata[i], &n);
        g_autoptr(X509) x = parse_der(p, n);
        ok = x && PKCS7_add_certificate(bundle, x);
    }
    if (!ok)
        g_error("making PKCS#7 of CA certificates failed");
    GBytes *der = CA_I2D(i2d_PKCS7, bundle);
    PKCS7_free(bundle);
    return der;
}
