/*
 * The linter: reads a finished certificate again with libcrypto's parser and compares each field with the order it was made
 * from. Nothing of what wrote it (ca/tbs.c, ca/der.c) is used, so that one mistake cannot be made on both sides.
 *
 * libcrypto's X509 decodes the public key at once, which costs more than signing and verifying together; the template below is
 * the same structure with the key left as bytes, which must be the order's anyway.
 */
#include <openssl/asn1t.h>
#include <string.h>
#include <time.h>

#include "ca/certificate.h"
#include "ca/native.h"
#include "ca/sign.h"

typedef STACK_OF(X509_NAME_ENTRY) SEEN_RDN;
DEFINE_STACK_OF(SEEN_RDN)

typedef struct {
    ASN1_INTEGER *version;
    ASN1_INTEGER *serial;
    X509_ALGOR *algorithm;
    ASN1_STRING *issuer;      /* raw */
    X509_VAL *validity;
    STACK_OF(SEEN_RDN) *subject; /* an X509_NAME would make a canonical form that nobody asks for */
    ASN1_STRING *key;         /* raw */
    STACK_OF(X509_EXTENSION) *extensions;
} SEEN_TBS;

typedef struct {
    ASN1_STRING *tbs; /* raw */
    X509_ALGOR *algorithm;
    ASN1_BIT_STRING *signature;
} SEEN;

/* clang-format off */
ASN1_ITEM_TEMPLATE(SEEN_RDN) =
    ASN1_EX_TEMPLATE_TYPE(ASN1_TFLG_SET_OF, 0, RDN, X509_NAME_ENTRY)
static_ASN1_ITEM_TEMPLATE_END(SEEN_RDN)

ASN1_ITEM_TEMPLATE(SEEN_NAME) =
    ASN1_EX_TEMPLATE_TYPE(ASN1_TFLG_SEQUENCE_OF, 0, Name, SEEN_RDN)
static_ASN1_ITEM_TEMPLATE_END(SEEN_NAME)

ASN1_SEQUENCE(SEEN_TBS) = {
    ASN1_EXP(SEEN_TBS, version, ASN1_INTEGER, 0),
    ASN1_SIMPLE(SEEN_TBS, serial, ASN1_INTEGER),
    ASN1_SIMPLE(SEEN_TBS, algorithm, X509_ALGOR),
    ASN1_SIMPLE(SEEN_TBS, issuer, ASN1_SEQUENCE),
    ASN1_SIMPLE(SEEN_TBS, validity, X509_VAL),
    ASN1_SIMPLE(SEEN_TBS, subject, SEEN_NAME),
    ASN1_SIMPLE(SEEN_TBS, key, ASN1_SEQUENCE),
    ASN1_EXP_SEQUENCE_OF(SEEN_TBS, extensions, X509_EXTENSION, 3)
} static_ASN1_SEQUENCE_END(SEEN_TBS)

ASN1_SEQUENCE(SEEN) = {
    ASN1_SIMPLE(SEEN, tbs, ASN1_SEQUENCE),
    ASN1_SIMPLE(SEEN, algorithm, X509_ALGOR),
    ASN1_SIMPLE(SEEN, signature, ASN1_BIT_STRING)
} static_ASN1_SEQUENCE_END(SEEN)
/* clang-format on */

struct lint {
    const SEEN *seen;    /* NULL before it is signed */
    const SEEN_TBS *tbs; /* NULL afterwards */
    const struct ca_order *order;
    const struct ca_signer *signer;
    gint64 issuer_end;
    const char *extension; /* the one that failed, for the message */
};

/* --- Fields --------------------------------------------------------------------------------------------------------------- */

static gboolean same(const ASN1_STRING *string, const void *bytes, size_t size)
{
    return string && (size_t)ASN1_STRING_length(string) == size
           && (size == 0 || memcmp(ASN1_STRING_get0_data(string), bytes, size) == 0);
}

static gboolean same_bytes(const ASN1_STRING *string, GBytes *bytes)
{
    gsize n;
    const void *p = g_bytes_get_data(bytes, &n);

    return same(string, p, n);
}

static gboolean check_version(struct lint *lint)
{
    return ASN1_INTEGER_get(lint->tbs->version) == 2;
}

static gboolean check_serial(struct lint *lint)
{
    g_autoptr(GBytes) want = crypto_unhex(lint->order->serial);
    gsize n = want ? g_bytes_get_size(want) : 0;

    return (n == 19 || n == 20) && ASN1_STRING_type(lint->tbs->serial) == V_ASN1_INTEGER && same_bytes(lint->tbs->serial, want);
}

static int algorithm_nid(const struct ca_signer *signer)
{
    if (signer->algorithm->rsa)
        return NID_sha256WithRSAEncryption;
    return g_str_equal(signer->algorithm->name, "SHA384") ? NID_ecdsa_with_SHA384 : NID_ecdsa_with_SHA256;
}

static gboolean algorithm_ok(const struct lint *lint, const X509_ALGOR *algorithm)
{
    const ASN1_OBJECT *object;
    int parameters;

    X509_ALGOR_get0(&object, &parameters, NULL, algorithm);
    return OBJ_obj2nid(object) == algorithm_nid(lint->signer)
           && parameters == (lint->signer->algorithm->rsa ? V_ASN1_NULL : V_ASN1_UNDEF);
}

static gboolean check_algorithm(struct lint *lint)
{
    return algorithm_ok(lint, lint->tbs->algorithm);
}

/* The same stands outside, RFC 5280 section 4.1.1.2. */
static gboolean check_outer_algorithm(struct lint *lint)
{
    return algorithm_ok(lint, lint->seen->algorithm);
}

static gboolean check_issuer(struct lint *lint)
{
    return same_bytes(lint->tbs->issuer, lint->signer->name);
}

/* RFC 5280 section 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050. */
static gboolean time_is(const ASN1_TIME *time, gint64 want)
{
    struct tm tm;

    return ASN1_TIME_to_tm(time, &tm) && timegm(&tm) == want
           && ASN1_STRING_type(time) == (tm.tm_year + 1900 < 2050 ? V_ASN1_UTCTIME : V_ASN1_GENERALIZEDTIME);
}

static gboolean check_validity(struct lint *lint)
{
    const X509_VAL *validity = lint->tbs->validity;

    return time_is(validity->notBefore, lint->order->not_before) && time_is(validity->notAfter, lint->order->not_after)
           && lint->order->not_before < lint->order->not_after && lint->order->not_after <= lint->issuer_end;
}

static gboolean check_key(struct lint *lint)
{
    return same_bytes(lint->tbs->key, lint->order->csr->spki);
}

/* Takes the next RDN of NAME if it is a single attribute of this type and value. */
static gboolean entry_is(const STACK_OF(SEEN_RDN) *name, int *at, int nid, const char *value)
{
    const SEEN_RDN *rdn = sk_SEEN_RDN_value(name, *at); /* NULL beyond the end */
    X509_NAME_ENTRY *entry = sk_X509_NAME_ENTRY_num(rdn) == 1 ? sk_X509_NAME_ENTRY_value(rdn, 0) : NULL;
    int type = nid == NID_countryName ? V_ASN1_PRINTABLESTRING : V_ASN1_UTF8STRING;

    if (!entry || OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)) != nid
        || ASN1_STRING_type(X509_NAME_ENTRY_get_data(entry)) != type
        || !same(X509_NAME_ENTRY_get_data(entry), value, strlen(value)))
        return FALSE;
    (*at)++;
    return TRUE;
}

static gboolean check_subject(struct lint *lint)
{
    const struct ca_order *order = lint->order;
    const STACK_OF(SEEN_RDN) *name = lint->tbs->subject;
    char number[32];
    int at = 0;
    gboolean ok;

    if (order->profile->subject_is_mail)
        return entry_is(name, &at, NID_commonName, order->mail) && at == sk_SEEN_RDN_num(name);
    g_snprintf(number, sizeof number, "No %" G_GINT64_FORMAT, order->number);
    ok = entry_is(name, &at, NID_countryName, order->country) && entry_is(name, &at, NID_localityName, order->locality)
         && entry_is(name, &at, NID_organizationName, order->organization);
    if (ok && order->unit && order->unit[0] != '\0')
        ok = entry_is(name, &at, NID_organizationalUnitName, order->unit);
    return ok && entry_is(name, &at, NID_organizationalUnitName, number)
           && entry_is(name, &at, NID_commonName, order->common_name) && at == sk_SEEN_RDN_num(name);
}

/* --- Extensions ----------------------------------------------------------------------------------------------------------- */

/* What the extension must say; VALUE is libcrypto's structure of it. */
static gboolean constraints_ok(const struct lint *lint, const void *value)
{
    const BASIC_CONSTRAINTS *constraints = value;

    (void)lint;
    return !constraints->ca && !constraints->pathlen;
}

/* Spelt out once more on purpose: which bits a profile's words mean for an RSA and for an EC key. */
static unsigned usage_bits(const struct ca_order *order)
{
    gboolean ec = order->csr->kind == CA_KEY_P256 || order->csr->kind == CA_KEY_P384;
    const char *const *names = order->profile->key_usage;
    unsigned bits = 0;

    if (g_strv_contains(names, "digitalSignature"))
        bits |= KU_DIGITAL_SIGNATURE;
    if (g_strv_contains(names, "nonRepudiation"))
        bits |= KU_NON_REPUDIATION;
    if (g_strv_contains(names, "keyEncipherment"))
        bits |= ec ? KU_KEY_AGREEMENT : KU_KEY_ENCIPHERMENT;
    if (g_strv_contains(names, "dataEncipherment"))
        bits |= ec ? KU_KEY_AGREEMENT : KU_DATA_ENCIPHERMENT;
    if (g_strv_contains(names, "keyAgreement"))
        bits |= ec ? KU_KEY_AGREEMENT : 0;
    return bits;
}

static gboolean usage_ok(const struct lint *lint, const void *value)
{
    const ASN1_BIT_STRING *string = value;
    const unsigned char *data = ASN1_STRING_get0_data(string);
    unsigned bits = ASN1_STRING_length(string) > 0 ? data[0] : 0;

    return ASN1_STRING_length(string) == 1 && bits != 0 && bits == usage_bits(lint->order);
}

static gboolean extended_ok(const struct lint *lint, const void *value)
{
    const EXTENDED_KEY_USAGE *list = value;
    int n = 0;

    for (const char *const *want = lint->order->profile->extended; *want; want++, n++) {
        char oid[128];
        if (n >= sk_ASN1_OBJECT_num(list) || OBJ_obj2txt(oid, sizeof oid, sk_ASN1_OBJECT_value(list, n), 1) <= 0
            || !g_str_equal(oid, *want))
            return FALSE;
    }
    return n == sk_ASN1_OBJECT_num(list);
}

static gboolean policies_ok(const struct lint *lint, const void *value)
{
    const CERTIFICATEPOLICIES *list = value;
    int n = 0;

    for (const char *const *want = lint->order->profile->policies; *want; want++, n++) {
        char oid[128];
        const POLICYINFO *policy = sk_POLICYINFO_value(list, n); /* NULL beyond the end */
        if (!policy || policy->qualifiers || OBJ_obj2txt(oid, sizeof oid, policy->policyid, 1) <= 0 || !g_str_equal(oid, *want))
            return FALSE;
    }
    return n == sk_POLICYINFO_num(list);
}

/* SHA-1 of the key's bits, found by libcrypto's walk through the key. */
static gboolean subject_id_ok(const struct lint *lint, const void *value)
{
    const unsigned char *p = ASN1_STRING_get0_data(lint->tbs->key), *end = p + ASN1_STRING_length(lint->tbs->key);
    unsigned char hash[20];
    long size;
    int tag, class;

    if (ASN1_get_object(&p, &size, &tag, &class, end - p) & 0x80 || ASN1_get_object(&p, &size, &tag, &class, end - p) & 0x80)
        return FALSE;
    p += size;
    if (ASN1_get_object(&p, &size, &tag, &class, end - p) & 0x80 || tag != V_ASN1_BIT_STRING || size < 2)
        return FALSE;
    return EVP_Q_digest(NULL, "SHA1", NULL, p + 1, (size_t)size - 1, hash, NULL) && same(value, hash, sizeof hash);
}

static gboolean authority_id_ok(const struct lint *lint, const void *value)
{
    const AUTHORITY_KEYID *id = value;

    return same(id->keyid, lint->signer->key_id, lint->signer->key_id_size) && !id->issuer && !id->serial;
}

static gboolean mail_ok(const struct lint *lint, const void *value)
{
    const GENERAL_NAMES *names = value;
    int type = -1;
    const ASN1_STRING *mail = sk_GENERAL_NAME_num(names) == 1 ? GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, 0), &type)
                                                              : NULL;

    return type == GEN_EMAIL && same(mail, lint->order->mail, strlen(lint->order->mail));
}

static gboolean uri_is(const GENERAL_NAME *name, const char *want)
{
    int type = -1;
    const ASN1_STRING *uri = name ? GENERAL_NAME_get0_value(name, &type) : NULL;

    return type == GEN_URI && same(uri, want, strlen(want));
}

static gboolean crl_point_ok(const struct lint *lint, const void *value)
{
    const CRL_DIST_POINTS *points = value;
    const DIST_POINT *point = sk_DIST_POINT_value(points, 0);
    const GENERAL_NAMES *names =
        point && point->distpoint && point->distpoint->type == 0 ? point->distpoint->name.fullname : NULL;

    return sk_DIST_POINT_num(points) == 1 && names && !point->reasons && !point->CRLissuer && sk_GENERAL_NAME_num(names) == 1
           && uri_is(sk_GENERAL_NAME_value(names, 0), lint->order->crl_url);
}

static gboolean access_ok(const struct lint *lint, const void *value)
{
    const AUTHORITY_INFO_ACCESS *list = value;
    const struct { int nid; const char *url; } want[] = { { NID_ad_OCSP, lint->order->ocsp_url },
                                                          { NID_ad_ca_issuers, lint->order->issuer_url } };
    int n = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(want); i++) {
        const ACCESS_DESCRIPTION *one = sk_ACCESS_DESCRIPTION_value(list, n);
        if (!want[i].url || want[i].url[0] == '\0')
            continue;
        if (!one || OBJ_obj2nid(one->method) != want[i].nid || !uri_is(one->location, want[i].url))
            return FALSE;
        n++;
    }
    return n == sk_ACCESS_DESCRIPTION_num(list);
}

static gboolean given(const char *text)
{
    return text && text[0] != '\0';
}

static gboolean always(const struct ca_order *order) { return order != NULL; }
static gboolean wants_extended(const struct ca_order *order) { return order->profile->extended && order->profile->extended[0]; }
static gboolean wants_policies(const struct ca_order *order) { return order->profile->policies && order->profile->policies[0]; }
static gboolean wants_mail(const struct ca_order *order) { return order->profile->mail_in_san; }
static gboolean wants_crl(const struct ca_order *order) { return given(order->crl_url); }
static gboolean wants_access(const struct ca_order *order) { return given(order->ocsp_url) || given(order->issuer_url); }

static const struct {
    int nid;
    int critical;
    gboolean (*wanted)(const struct ca_order *order);
    gboolean (*ok)(const struct lint *lint, const void *value);
    void (*free)(void *value);
} extension_checks[] = {
    { NID_basic_constraints, 1, always, constraints_ok, (void (*)(void *))BASIC_CONSTRAINTS_free },
    { NID_key_usage, 1, always, usage_ok, (void (*)(void *))ASN1_BIT_STRING_free },
    { NID_ext_key_usage, 0, wants_extended, extended_ok, (void (*)(void *))EXTENDED_KEY_USAGE_free },
    { NID_subject_key_identifier, 0, always, subject_id_ok, (void (*)(void *))ASN1_OCTET_STRING_free },
    { NID_authority_key_identifier, 0, always, authority_id_ok, (void (*)(void *))AUTHORITY_KEYID_free },
    { NID_certificate_policies, 0, wants_policies, policies_ok, (void (*)(void *))CERTIFICATEPOLICIES_free },
    { NID_subject_alt_name, 0, wants_mail, mail_ok, (void (*)(void *))GENERAL_NAMES_free },
    { NID_crl_distribution_points, 0, wants_crl, crl_point_ok, (void (*)(void *))CRL_DIST_POINTS_free },
    { NID_info_access, 0, wants_access, access_ok, (void (*)(void *))AUTHORITY_INFO_ACCESS_free },
};

/* Is EXTENSION what row I wants? */
static gboolean extension_ok(const struct lint *lint, size_t i, X509_EXTENSION *extension)
{
    void *value = X509V3_EXT_d2i(extension); /* refuses trailing bytes */
    gboolean ok = value && extension_checks[i].wanted(lint->order)
                  && !!X509_EXTENSION_get_critical(extension) == extension_checks[i].critical
                  && extension_checks[i].ok(lint, value);

    if (value)
        extension_checks[i].free(value);
    return ok;
}

static size_t extension_row(X509_EXTENSION *extension)
{
    int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
    size_t i = 0;

    while (i < G_N_ELEMENTS(extension_checks) && extension_checks[i].nid != nid)
        i++;
    return i;
}

/* Each one known, wanted, right and there once; and none that is wanted missing. */
static gboolean check_extensions(struct lint *lint)
{
    gboolean seen[G_N_ELEMENTS(extension_checks)] = { FALSE };

    for (int n = 0; n < sk_X509_EXTENSION_num(lint->tbs->extensions); n++) {
        X509_EXTENSION *extension = sk_X509_EXTENSION_value(lint->tbs->extensions, n);
        size_t i = extension_row(extension);

        lint->extension = i < G_N_ELEMENTS(seen) ? OBJ_nid2sn(extension_checks[i].nid) : "one that was not ordered";
        if (i == G_N_ELEMENTS(seen) || seen[i] || !extension_ok(lint, i, extension))
            return FALSE;
        seen[i] = TRUE;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(seen); i++) {
        lint->extension = OBJ_nid2sn(extension_checks[i].nid);
        if (!seen[i] && extension_checks[i].wanted(lint->order))
            return FALSE;
    }
    return TRUE;
}

static gboolean check_signature(struct lint *lint)
{
    const ASN1_BIT_STRING *signature = lint->seen->signature;

    return (signature->flags & 7) == 0
           && ca_signer_verify(lint->signer, ASN1_STRING_get0_data(lint->seen->tbs),
                               (size_t)ASN1_STRING_length(lint->seen->tbs), ASN1_STRING_get0_data(signature),
                               (size_t)ASN1_STRING_length(signature));
}

struct check {
    const char *name;
    gboolean (*ok)(struct lint *lint);
};

/* In the order of RFC 5280 section 4.1. */
static const struct check fields[] = {
    { "version", check_version },     { "serial", check_serial },   { "algorithm", check_algorithm },
    { "issuer", check_issuer },       { "validity", check_validity }, { "subject", check_subject },
    { "key", check_key },             { "extensions", check_extensions },
};
static const struct check outer[] = { { "algorithm", check_outer_algorithm }, { "signature", check_signature } };

static gboolean run(struct lint *lint, const struct check *checks, size_t n, GError **error)
{
    for (size_t i = 0; i < n; i++) {
        lint->extension = NULL;
        if (!checks[i].ok(lint))
            return ca_fail(error, CA_ERROR_BROKEN, "lint", "%s%s%s: the certificate is not what was ordered", checks[i].name,
                           lint->extension ? ", " : "", lint->extension ? lint->extension : "");
    }
    return TRUE;
}

/* BYTES, and nothing behind it, as ITEM; NULL with ERROR. */
static void *decode(GBytes *bytes, const ASN1_ITEM *item, GError **error)
{
    gsize n;
    const unsigned char *begin = g_bytes_get_data(bytes, &n), *p = begin;
    ASN1_VALUE *value = ASN1_item_d2i(NULL, &p, (long)n, item);

    if (value && p == begin + n)
        return value;
    ASN1_item_free(value, item);
    ERR_clear_error();
    ca_fail(error, CA_ERROR_BROKEN, "lint", "form: libcrypto cannot read the certificate");
    return NULL;
}

gboolean ca_certificate_lint_tbs(GBytes *bytes, const struct ca_order *order, const CaIssuer *issuer, GError **error)
{
    SEEN_TBS *tbs = decode(bytes, ASN1_ITEM_rptr(SEEN_TBS), error);
    struct lint lint = { NULL, tbs, order, ca_issuer_signer(issuer), ca_issuer_not_after(issuer), NULL };
    gboolean ok = tbs && run(&lint, fields, G_N_ELEMENTS(fields), error);

    ASN1_item_free((ASN1_VALUE *)tbs, ASN1_ITEM_rptr(SEEN_TBS));
    ERR_clear_error();
    return ok;
}

gboolean ca_certificate_lint_signature(GBytes *der, GBytes *tbs, const CaIssuer *issuer, GError **error)
{
    SEEN *seen = decode(der, ASN1_ITEM_rptr(SEEN), error);
    struct lint lint = { seen, NULL, NULL, ca_issuer_signer(issuer), 0, NULL };
    gboolean ok = seen && (same_bytes(seen->tbs, tbs) || ca_fail(error, CA_ERROR_BROKEN, "lint", "tbs: other bytes were signed"))
                  && run(&lint, outer, G_N_ELEMENTS(outer), error);

    ASN1_item_free((ASN1_VALUE *)seen, ASN1_ITEM_rptr(SEEN));
    ERR_clear_error();
    return ok;
}

gboolean ca_certificate_lint(GBytes *der, const struct ca_order *order, const CaIssuer *issuer, GError **error)
{
    SEEN *seen = decode(der, ASN1_ITEM_rptr(SEEN), error);
    g_autoptr(GBytes) tbs = seen ? g_bytes_new(ASN1_STRING_get0_data(seen->tbs), (gsize)ASN1_STRING_length(seen->tbs)) : NULL;

    ASN1_item_free((ASN1_VALUE *)seen, ASN1_ITEM_rptr(SEEN));
    return tbs && ca_certificate_lint_tbs(tbs, order, issuer, error) && ca_certificate_lint_signature(der, tbs, issuer, error);
}
