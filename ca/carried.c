#include "ca/carried.h"

#include <openssl/pem.h>
#include <string.h>

#include "ca/native.h"
#include "ca/tbs.h"

#define OID_LONGEST 80
#define PURPOSES 8

/* --- a request, writing ---------------------------------------------------------------------------------------------------- */

static gboolean add_extension(STACK_OF(X509_EXTENSION) *stack, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    if (!extension)
        return FALSE;
    if (sk_X509_EXTENSION_push(stack, extension) > 0)
        return TRUE;
    X509_EXTENSION_free(extension);
    return FALSE;
}

static gboolean add_extensions(X509_REQ *request, const char *const *extended)
{
    g_autofree char *purposes = g_strjoinv(",", (char **)extended);
    STACK_OF(X509_EXTENSION) *stack = sk_X509_EXTENSION_new_null();
    gboolean ok = stack && add_extension(stack, NID_basic_constraints, "critical,CA:TRUE,pathlen:0")
                  && add_extension(stack, NID_key_usage, "critical,keyCertSign,cRLSign")
                  && add_extension(stack, NID_ext_key_usage, purposes) && X509_REQ_add_extensions(request, stack);

    sk_X509_EXTENSION_pop_free(stack, X509_EXTENSION_free);
    return ok;
}

static gboolean set_subject(X509_REQ *request, const struct ca_authority *what, GError **error)
{
    const struct ca_name_part parts[] = { { CA_NAME_C, what->country }, { CA_NAME_O, what->organization },
                                          { CA_NAME_CN, what->common_name } };
    g_autoptr(GBytes) name = ca_name(parts, G_N_ELEMENTS(parts), error);
    struct der in;
    const unsigned char *p;
    X509_NAME *native;

    if (!name)
        return FALSE;
    in = der_of(name);
    p = in.p;
    native = d2i_X509_NAME(NULL, &p, (long)in.n);
    gboolean ok = native && X509_REQ_set_subject_name(request, native);
    X509_NAME_free(native);
    return ok || ca_fail_openssl(error, "request");
}

char *ca_authority_request_pem(const struct ca_authority *what, const CaSigningKey *key, GError **error)
{
    g_autoptr(X509_REQ) request = X509_REQ_new();
    g_autoptr(BIO) bio = BIO_new(BIO_s_mem());
    EVP_PKEY *native = ca_signing_key_native(key);
    const EVP_MD *digest = ca_signing_key_kind(key) == CA_KEY_P384 ? EVP_sha384() : EVP_sha256();
    char *text;

    if (!request || !bio || !set_subject(request, what, error))
        return NULL;
    if (!X509_REQ_set_version(request, 0) || !X509_REQ_set_pubkey(request, native) || !add_extensions(request, what->extended)
        || !X509_REQ_sign(request, native, digest) || !PEM_write_bio_X509_REQ(bio, request)) {
        ca_fail_openssl(error, "request");
        return NULL;
    }
    long n = BIO_get_mem_data(bio, &text);
    return g_strndup(text, (gsize)MAX(n, 0));
}

/* --- a request, reading ----------------------------------------------------------------------------------------------------- */

static char *dotted(const ASN1_OBJECT *object)
{
    char text[OID_LONGEST];
    int n = OBJ_obj2txt(text, sizeof text, object, 1);

    return n > 0 && n < (int)sizeof text ? g_strdup(text) : NULL;
}

static char **purposes_of(const EXTENDED_KEY_USAGE *usage)
{
    g_autoptr(GStrvBuilder) list = g_strv_builder_new();
    int n = usage ? sk_ASN1_OBJECT_num(usage) : 0;

    for (int i = 0; i < n && i < PURPOSES; i++) {
        g_autofree char *oid = dotted(sk_ASN1_OBJECT_value(usage, i));
        if (oid)
            g_strv_builder_add(list, oid);
    }
    return g_strv_builder_end(list);
}

/* The value of the one entry NID of NAME, UTF-8; "" for none, NULL for several or what is no text. */
static char *entry_of(const X509_NAME *name, int nid)
{
    int at = X509_NAME_get_index_by_NID((X509_NAME *)name, nid, -1);
    unsigned char *text = NULL;
    char *value;
    int n;

    if (at < 0)
        return g_strdup("");
    if (X509_NAME_get_index_by_NID((X509_NAME *)name, nid, at) >= 0)
        return NULL;
    n = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    value = n > 0 && !memchr(text, 0, (size_t)n) ? g_strndup((char *)text, (gsize)n) : NULL;
    OPENSSL_free(text);
    return value;
}

static gboolean read_subject(CaAuthorityRequest *request, const X509_NAME *name, GError **error)
{
    request->country = entry_of(name, NID_countryName);
    request->organization = entry_of(name, NID_organizationName);
    request->common_name = entry_of(name, NID_commonName);
    if (!request->country || !request->organization || !request->common_name || !*request->common_name
        || X509_NAME_entry_count(name) != 1 + (*request->country != 0) + (*request->organization != 0))
        return ca_fail(error, CA_ERROR_REFUSED, "request", "the subject has other parts than C, O and one CN");
    return TRUE;
}

static gboolean read_extensions(CaAuthorityRequest *request, X509_REQ *native, GError **error)
{
    STACK_OF(X509_EXTENSION) *all = X509_REQ_get_extensions(native);
    BASIC_CONSTRAINTS *basic = all ? X509V3_get_d2i(all, NID_basic_constraints, NULL, NULL) : NULL;
    EXTENDED_KEY_USAGE *usage = all ? X509V3_get_d2i(all, NID_ext_key_usage, NULL, NULL) : NULL;
    gboolean ca = basic && basic->ca;

    request->extended = purposes_of(usage);
    BASIC_CONSTRAINTS_free(basic);
    EXTENDED_KEY_USAGE_free(usage);
    sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
    if (!ca)
        return ca_fail(error, CA_ERROR_REFUSED, "request", "it does not ask for a CA");
    return *request->extended || ca_fail(error, CA_ERROR_REFUSED, "request", "it names no purpose of what the CA issues");
}

/* The DER of the request: of PEM the first block, text before it is skipped. */
static X509_REQ *native_request(const void *bytes, size_t size)
{
    const unsigned char *p = bytes;
    g_autoptr(BIO) bio = size > 0 && p[0] != DER_SEQUENCE ? BIO_new_mem_buf(bytes, (int)size) : NULL;
    X509_REQ *request = bio ? PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL) : d2i_X509_REQ(NULL, &p, (long)size);

    ERR_clear_error();
    return request;
}

CaAuthorityRequest *ca_authority_request_read(const void *bytes, size_t size, GError **error)
{
    g_autoptr(CaAuthorityRequest) request = g_new0(CaAuthorityRequest, 1);
    g_autoptr(X509_REQ) native = NULL;

    request->csr = ca_csr_parse(bytes, size, error);
    if (!request->csr)
        return NULL;
    native = native_request(bytes, size);
    g_autoptr(GBytes) der = native ? CA_I2D(i2d_X509_REQ, native) : NULL;
    /* Two readers, one request: what was proven is what is looked at. */
    g_autoptr(CaCsr) again = der ? ca_csr_parse(g_bytes_get_data(der, NULL), g_bytes_get_size(der), NULL) : NULL;
    if (!again || !g_bytes_equal(again->spki, request->csr->spki)) {
        ca_fail(error, CA_ERROR_INPUT, "csr-form", "not a certificate signing request (PKCS#10)");
        return NULL;
    }
    if (!read_subject(request, X509_REQ_get_subject_name(native), error) || !read_extensions(request, native, error))
        return NULL;
    g_autoptr(GBytes) hash = crypto_sha256(g_bytes_get_data(der, NULL), g_bytes_get_size(der));
    request->fingerprint = crypto_hex(hash);
    return g_steal_pointer(&request);
}

void ca_authority_request_free(CaAuthorityRequest *request)
{
    if (!request)
        return;
    ca_csr_free(request->csr);
    g_free(request->country);
    g_free(request->organization);
    g_free(request->common_name);
    g_strfreev(request->extended);
    g_free(request->fingerprint);
    g_free(request);
}

/* --- files that come back ---------------------------------------------------------------------------------------------------- */

static gboolean add_block(CaCarried *carried, const char *label, const unsigned char *data, long n, GError **error)
{
    GPtrArray *to = strcmp(label, PEM_STRING_X509) == 0 ? carried->certificates
                    : strcmp(label, PEM_STRING_X509_CRL) == 0 ? carried->crls : NULL;

    if (!to)
        return ca_fail(error, CA_ERROR_INPUT, "carried", "it holds something else than certificates and CRLs");
    g_ptr_array_add(to, g_bytes_new(data, (gsize)n));
    return TRUE;
}

static gboolean read_pem(CaCarried *carried, const void *bytes, size_t size, GError **error)
{
    g_autoptr(BIO) bio = BIO_new_mem_buf(bytes, (int)size);
    char *label = NULL, *header = NULL;
    unsigned char *data = NULL;
    gboolean ok = TRUE;
    long n;

    while (ok && PEM_read_bio(bio, &label, &header, &data, &n)) {
        ok = add_block(carried, label, data, n, error);
        OPENSSL_free(label);
        OPENSSL_free(header);
        OPENSSL_free(data);
    }
    ERR_clear_error();
    return ok;
}

static gboolean read_der(CaCarried *carried, const void *bytes, size_t size)
{
    const unsigned char *p = bytes, *q = bytes, *end = p + size;
    g_autoptr(X509) x = d2i_X509(NULL, &p, (long)size);
    g_autoptr(X509_CRL) crl = x ? NULL : d2i_X509_CRL(NULL, &q, (long)size);
    gboolean whole = (x && p == end) || (crl && q == end);

    ERR_clear_error();
    if (whole)
        g_ptr_array_add(x ? carried->certificates : carried->crls, g_bytes_new(bytes, size));
    return whole;
}

CaCarried *ca_carried_read(const void *bytes, size_t size, GError **error)
{
    g_autoptr(CaCarried) carried = g_new0(CaCarried, 1);

    carried->certificates = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    carried->crls = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    if (size == 0 || size > CA_CARRIED_LONGEST) {
        ca_fail(error, CA_ERROR_INPUT, "carried", "it is empty, or more than %d bytes", CA_CARRIED_LONGEST);
        return NULL;
    }
    if (((const unsigned char *)bytes)[0] == DER_SEQUENCE && read_der(carried, bytes, size))
        return g_steal_pointer(&carried);
    if (!read_pem(carried, bytes, size, error))
        return NULL;
    if (carried->certificates->len + carried->crls->len == 0) {
        ca_fail(error, CA_ERROR_INPUT, "carried", "neither certificates nor CRLs in it, in PEM or DER");
        return NULL;
    }
    return g_steal_pointer(&carried);
}

void ca_carried_free(CaCarried *carried)
{
    if (!carried)
        return;
    g_ptr_array_unref(carried->certificates);
    g_ptr_array_unref(carried->crls);
    g_free(carried);
}

/* --- certificates ------------------------------------------------------------------------------------------------------------ */

static X509 *native_of(GBytes *der, GError **error)
{
    struct der in = der_of(der);
    const unsigned char *p = in.p;
    X509 *x = d2i_X509(NULL, &p, (long)in.n);

    if (x && p == in.p + in.n)
        return x;
    X509_free(x);
    ca_fail(error, CA_ERROR_INPUT, "certificate-form", "not a certificate");
    return NULL;
}

gboolean ca_authority_has_purpose(GBytes *der, const char *purpose)
{
    g_autoptr(X509) x = native_of(der, NULL);
    EXTENDED_KEY_USAGE *usage = x ? X509_get_ext_d2i(x, NID_ext_key_usage, NULL, NULL) : NULL;
    g_auto(GStrv) purposes = purposes_of(usage);

    EXTENDED_KEY_USAGE_free(usage);
    return g_strv_contains((const char *const *)purposes, purpose);
}

static gboolean refuse(GError **error, const char *word, const char *why)
{
    return ca_fail(error, CA_ERROR_REFUSED, word, "%s", why);
}

static gboolean in_force(const CaCertificateInfo *info, gint64 now, GError **error)
{
    if (info->not_before > now)
        return refuse(error, "dates", "its validity has not begun: is the clock of this machine right?");
    return info->not_after > now || refuse(error, "dates", "its validity has ended");
}

static gboolean is_ca(X509 *x, GError **error)
{
    const guint32 wanted = KU_KEY_CERT_SIGN | KU_CRL_SIGN;

    if (X509_check_ca(x) != 1 || (X509_get_key_usage(x) & wanted) != wanted)
        return refuse(error, "usage", "it is not a CA's that may sign certificates and CRLs");
    if (X509_get_extension_flags(x) & (EXFLAG_INVALID | EXFLAG_CRITICAL))
        return refuse(error, "extensions", "it has an extension that cannot be read or understood");
    return X509_get0_subject_key_id(x) || refuse(error, "key-id", "it has no subject key identifier");
}

/* Does the extension NID name URL? Printed by libcrypto, so that every form of it is read. */
static gboolean points_to(const X509 *x, int nid, const char *url)
{
    int at = X509_get_ext_by_NID(x, nid, -1);
    g_autoptr(BIO) bio = BIO_new(BIO_s_mem());
    char *text;

    if (at < 0 || !bio || !X509V3_EXT_print(bio, X509_get_ext(x, at), 0, 0))
        return FALSE;
    long n = BIO_get_mem_data(bio, &text);
    g_autofree char *all = g_strndup(text, (gsize)MAX(n, 0)), *wanted = g_strconcat("URI:", url, NULL);
    g_auto(GStrv) lines = g_strsplit(all, "\n", -1);
    for (char **line = lines; *line; line++)
        if (g_str_has_suffix(g_strstrip(*line), wanted))
            return TRUE;
    return FALSE;
}

static gboolean below(const CaCertificateInfo *info, GBytes *root, GError **error)
{
    struct der in = der_of(root);
    g_autoptr(CaCertificateInfo) above = ca_certificate_read(in.p, in.n, error);

    if (!above)
        return FALSE;
    if (!ca_certificate_issued_by(info->der, root))
        return refuse(error, "chain", "it was not signed by the root that is installed here");
    if (strcmp(info->subject, above->subject) == 0)
        return refuse(error, "chain", "it has the root's own name");
    return info->not_after <= above->not_after || refuse(error, "dates", "it would end after its root");
}

gboolean ca_authority_check(GBytes *der, GBytes *root, GBytes *spki, const char *crl_url, const char *issuer_url, gint64 now,
                            GError **error)
{
    struct der in = der_of(der);
    g_autoptr(CaCertificateInfo) info = ca_certificate_read(in.p, in.n, error);
    g_autoptr(X509) x = info ? native_of(der, error) : NULL;

    if (!x || !below(info, root, error) || !in_force(info, now, error) || !is_ca(x, error))
        return FALSE;
    g_autoptr(GBytes) its = CA_I2D(i2d_X509_PUBKEY, X509_get_X509_PUBKEY(x));
    if (!g_bytes_equal(its, spki))
        return refuse(error, "key", "it is for another key than the one that is here");
    if (X509_get_pathlen(x) != 0)
        return refuse(error, "path-length", "an issuing CA has path length 0");
    if (!points_to(x, NID_crl_distribution_points, crl_url))
        return ca_fail(error, CA_ERROR_REFUSED, "crl-pointer", "it does not point to the root's CRL at %s", crl_url);
    return points_to(x, NID_info_access, issuer_url)
           || ca_fail(error, CA_ERROR_REFUSED, "issuer-pointer", "it does not point to its issuer at %s", issuer_url);
}

gboolean ca_root_check(GBytes *der, gint64 now, GError **error)
{
    struct der in = der_of(der);
    g_autoptr(CaCertificateInfo) info = ca_certificate_read(in.p, in.n, error);
    g_autoptr(X509) x = info ? native_of(der, error) : NULL;

    if (!x)
        return FALSE;
    if (!ca_certificate_issued_by(der, der))
        return refuse(error, "chain", "it is not a root: another CA has signed it");
    return in_force(info, now, error) && is_ca(x, error);
}

/* --- CRLs -------------------------------------------------------------------------------------------------------------------- */

static gboolean add_entry(GArray *entries, X509_REVOKED *row)
{
    g_autoptr(BIGNUM) number = ASN1_INTEGER_to_BN(X509_REVOKED_get0_serialNumber(row), NULL);
    ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i(row, NID_crl_reason, NULL, NULL);
    struct ca_revoked entry = { .reason = (unsigned char)(reason ? ASN1_ENUMERATED_get(reason) : 0) };
    char *hex = number && BN_num_bytes(number) <= 20 ? BN_bn2hex(number) : NULL;
    struct tm at;
    gboolean ok = hex && ASN1_TIME_to_tm(X509_REVOKED_get0_revocationDate(row), &at);

    if (ok) {
        g_autofree char *lower = g_ascii_strdown(hex, -1);
        g_strlcpy(entry.serial, lower, sizeof entry.serial);
        entry.at = timegm(&at);
        g_array_append_val(entries, entry);
    }
    OPENSSL_free(hex);
    ASN1_ENUMERATED_free(reason);
    return ok;
}

static char *shard_of(const X509_CRL *crl)
{
    ISSUING_DIST_POINT *point = X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, NULL, NULL);
    const DIST_POINT_NAME *name = point ? point->distpoint : NULL;
    char *url = NULL;

    if (name && name->type == 0 && sk_GENERAL_NAME_num(name->name.fullname) == 1) {
        const GENERAL_NAME *one = sk_GENERAL_NAME_value(name->name.fullname, 0);
        if (one->type == GEN_URI)
            url = g_strndup((const char *)ASN1_STRING_get0_data(one->d.uniformResourceIdentifier),
                            (gsize)ASN1_STRING_length(one->d.uniformResourceIdentifier));
    }
    if (point && !url)
        url = g_strdup("");
    ISSUING_DIST_POINT_free(point);
    return url;
}

static X509_CRL *native_crl(GBytes *der, GBytes *issuer, GError **error)
{
    struct der in = der_of(der);
    const unsigned char *p = in.p;
    g_autoptr(X509_CRL) crl = d2i_X509_CRL(NULL, &p, (long)in.n);
    g_autoptr(X509) x = crl && p == in.p + in.n ? native_of(issuer, NULL) : NULL;

    if (!x) {
        ca_fail(error, CA_ERROR_INPUT, "crl-form", "not a CRL");
        return NULL;
    }
    if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(x)) != 0 || X509_CRL_verify(crl, X509_get0_pubkey(x)) != 1) {
        ca_fail(error, CA_ERROR_REFUSED, "crl-signature", "the root that is installed here did not sign this CRL");
        return NULL;
    }
    return g_steal_pointer(&crl);
}

GArray *ca_crl_entries(GBytes *der, GBytes *issuer, char **shard_url, GError **error)
{
    g_autoptr(X509_CRL) crl = native_crl(der, issuer, error);
    g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(struct ca_revoked));
    STACK_OF(X509_REVOKED) *rows = crl ? X509_CRL_get_REVOKED(crl) : NULL;
    int n = rows ? sk_X509_REVOKED_num(rows) : 0;

    if (!crl)
        return NULL;
    for (int i = 0; i < n; i++)
        if (!add_entry(entries, sk_X509_REVOKED_value(rows, i))) {
            ca_fail(error, CA_ERROR_INPUT, "crl-form", "an entry cannot be read");
            return NULL;
        }
    if (shard_url)
        *shard_url = shard_of(crl);
    return g_steal_pointer(&entries);
}

char *ca_crls_pem(const GPtrArray *crls)
{
    g_autoptr(BIO) bio = BIO_new(BIO_s_mem());
    char *text;

    for (guint i = 0; bio && i < crls->len; i++) {
        struct der in = der_of(crls->pdata[i]);
        if (!PEM_write_bio(bio, PEM_STRING_X509_CRL, "", in.p, (long)in.n))
            g_error("writing PEM to memory failed");
    }
    long n = BIO_get_mem_data(bio, &text);
    return g_strndup(text, (gsize)MAX(n, 0));
}
