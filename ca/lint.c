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
#include "ca/lint.h"
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
    ASN1_EXP_OPT(SEEN_TBS, version, ASN1_INTEGER, 0),
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

/* --- The rules ------------------------------------------------------------------------------------------------------------ */

enum rule {
    FORM, DER, VERSION, SERIAL_SIZE, SERIAL_ORDERED, ALGORITHM, ISSUER, TIME_FORM, VALIDITY, ISSUER_END, SUBJECT_FORM, SUBJECT, KEY_FORM,
    KEY_KIND, KEY, EXTENSION_TWICE, EXTENSION_UNKNOWN, EXTENSION_FORM, EXTENSION_CRITICAL, EXTENSION_MISSING, CONSTRAINTS, USAGE_CA,
    USAGE_KEY, USAGE, PURPOSE_NEVER, PURPOSE, KEY_ID, AUTHORITY_ID, POLICY_TWICE, POLICIES, MAIL_FORM, MAIL, CRL_POINT, ACCESS, TBS,
    OUTER_ALGORITHM, SIGNATURE
};

static const struct ca_lint_rule rules[] = {
    [FORM] = { "form", "4.1", "a certificate of version 3, and nothing behind it; no unique identifiers (4.1.2.8)" },
    [DER] = { "der", "4.1, X.690 10 and 11", "the one encoding that DER allows, of each extension too" },
    [VERSION] = { "version", "4.1.2.1", "version 3" },
    [SERIAL_SIZE] = { "serial-size", "4.1.2.2, BR 7.1", "a positive serial of 20 bytes, 19 where the first would be zero" },
    [SERIAL_ORDERED] = { "serial", "4.1.2.2", "the serial that was drawn and committed" },
    [ALGORITHM] = { "algorithm", "4.1.2.3, BR 7.1.3.2", "the issuer's algorithm: SHA-2 with RSA and NULL, or ECDSA and nothing" },
    [ISSUER] = { "issuer", "4.1.2.4, 6.1, BR 7.1.4.1", "byte for byte the issuer's own subject" },
    [TIME_FORM] = { "time-form", "4.1.2.5", "UTCTime until 2049, GeneralizedTime from 2050, with seconds and Z" },
    [VALIDITY] = { "validity", "4.1.2.5, BR 6.3.2", "the ordered beginning and, after it, the ordered end" },
    [ISSUER_END] = { "issuer-end", "BR 6.3.2", "no end after the issuer's own" },
    [SUBJECT_FORM] = { "subject-form", "4.1.2.6, A.1, BR 7.1.4.2", "one attribute an RDN, C in PrintableString, the others in UTF8String, 1 to 64"
                       " characters, none that control, end a line or turn the reading direction" },
    [SUBJECT] = { "subject", "4.1.2.6", "the ordered attributes in their order" },
    [KEY_FORM] = { "key-form", "4.1.2.7, BR 6.1.5, 6.1.6", "RSA of 2048, 3072, 4096 bits, exponent odd and 65537 or more; a point on P-256, P-384" },
    [KEY_KIND] = { "key-kind", "4.1.2.7", "a kind of key that the profile allows" },
    [KEY] = { "key", "4.1.2.7, BR 3.2.1", "the key whose private half was proven" },
    [EXTENSION_TWICE] = { "extension-twice", "4.2", "no extension twice" },
    [EXTENSION_UNKNOWN] = { "extension-unknown", "4.2, BR 7.1.2.4", "no extension that was not ordered" },
    [EXTENSION_FORM] = { "extension-form", "4.2", "values that can be read, to their last byte" },
    [EXTENSION_CRITICAL] = { "extension-critical", "4.2.1, BR 7.1.2.3", "basicConstraints and keyUsage critical, the others not" },
    [EXTENSION_MISSING] = { "extension-missing", "4.2.1, BR 7.1.2.3", "all that were ordered" },
    [CONSTRAINTS] = { "constraints", "4.2.1.9, BR 7.1.2.3 d", "no CA" },
    [USAGE_CA] = { "usage-ca", "4.2.1.3, 4.2.1.9, BR 7.1.2.3 e", "no signing of certificates or CRLs" },
    [USAGE_KEY] = { "usage-key", "4.2.1.3, RFC 5480 3, RFC 8813", "RSA enciphers and does not agree, EC agrees and does not encipher" },
    [USAGE] = { "usage", "4.2.1.3, BR 7.1.2.3 e", "what the profile says, for this kind of key" },
    [PURPOSE_NEVER] = { "purpose-never", "4.2.1.12, BR 7.1.2.3 f", "not any purpose, a server's, code signing, time stamping, OCSP signing" },
    [PURPOSE] = { "purpose", "4.2.1.12, BR 7.1.2.3 f", "what the profile says, in its order" },
    [KEY_ID] = { "key-id", "4.2.1.2", "SHA-1 of the key's bits" },
    [AUTHORITY_ID] = { "authority-id", "4.2.1.1, BR 7.1.2.3 g", "the issuer's key identifier, nothing else" },
    [POLICY_TWICE] = { "policy-twice", "4.2.1.4", "no policy twice" },
    [POLICIES] = { "policies", "4.2.1.4, BR 7.1.2.3 a", "what the profile says, in its order, without qualifiers" },
    [MAIL_FORM] = { "mail-form", "4.2.1.6, RFC 5321 4.1.2, BR 7.1.4.2.1", "one rfc822Name, a mail address of up to 254 ASCII characters" },
    [MAIL] = { "mail", "4.2.1.6, BR 3.2.2", "the request's address" },
    [CRL_POINT] = { "crl-pointer", "4.2.1.13, BR 7.1.2.3 b", "one point, the shard's URL" },
    [ACCESS] = { "access", "4.2.2.1, BR 7.1.2.3 c", "the URLs of OCSP and of the issuer's certificate" },
    [TBS] = { "tbs", "4.1.1.1", "the bytes that were committed before" },
    [OUTER_ALGORITHM] = { "outer-algorithm", "4.1.1.2", "the same algorithm outside" },
    [SIGNATURE] = { "signature", "4.1.1.3", "a signature by the issuer's key" },
};

const struct ca_lint_rule *ca_lint_rules(size_t *n)
{
    *n = G_N_ELEMENTS(rules);
    return rules;
}

struct lint {
    const SEEN *seen;    /* NULL before it is signed */
    const SEEN_TBS *tbs; /* NULL afterwards */
    const struct ca_order *order;
    const struct ca_signer *signer;
    gint64 issuer_end;
    enum rule broken;      /* where a check says no */
    const char *extension; /* of which it is, for the message; NULL: of none */
};

static gboolean holds(struct lint *lint, enum rule rule, gboolean ok)
{
    if (!ok)
        lint->broken = rule;
    return ok;
}

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
    return holds(lint, VERSION, lint->tbs->version && ASN1_INTEGER_get(lint->tbs->version) == 2);
}

static gboolean serial_size_ok(const ASN1_INTEGER *serial)
{
    const unsigned char *p = ASN1_STRING_get0_data(serial);
    int n = ASN1_STRING_length(serial); /* of the magnitude: the sign's zero byte is not in it */

    return ASN1_STRING_type(serial) == V_ASN1_INTEGER && p[0] != 0 && (n == 19 || (n == 20 && p[0] < 0x80));
}

static gboolean check_serial(struct lint *lint)
{
    g_autoptr(GBytes) want = crypto_unhex(lint->order->serial);

    return holds(lint, SERIAL_SIZE, serial_size_ok(lint->tbs->serial))
           && holds(lint, SERIAL_ORDERED, want && same_bytes(lint->tbs->serial, want));
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
    return holds(lint, ALGORITHM, algorithm_ok(lint, lint->tbs->algorithm));
}

/* The same stands outside, RFC 5280 section 4.1.1.2. */
static gboolean check_outer_algorithm(struct lint *lint)
{
    return holds(lint, OUTER_ALGORITHM, algorithm_ok(lint, lint->seen->algorithm));
}

static gboolean check_issuer(struct lint *lint)
{
    return holds(lint, ISSUER, same_bytes(lint->tbs->issuer, lint->signer->name));
}

static gboolean time_form_ok(const ASN1_TIME *time, gint64 *seconds)
{
    const char *text = (const char *)ASN1_STRING_get0_data(time);
    int n = ASN1_STRING_length(time);
    struct tm tm;

    if (!ASN1_TIME_to_tm(time, &tm))
        return FALSE;
    *seconds = timegm(&tm);
    return tm.tm_year + 1900 < 2050 ? ASN1_STRING_type(time) == V_ASN1_UTCTIME && n == 13 && text[12] == 'Z'
                                    : ASN1_STRING_type(time) == V_ASN1_GENERALIZEDTIME && n == 15 && text[14] == 'Z';
}

static gboolean check_validity(struct lint *lint)
{
    const struct ca_order *order = lint->order;
    gint64 from, to;

    return holds(lint, TIME_FORM, time_form_ok(lint->tbs->validity->notBefore, &from))
           && holds(lint, TIME_FORM, time_form_ok(lint->tbs->validity->notAfter, &to))
           && holds(lint, ISSUER_END, to <= lint->issuer_end)
           && holds(lint, VALIDITY, from == order->not_before && to == order->not_after && from < to);
}

/* Which kind it is was seen when its proof was; the bytes are looked at anew. */
static gboolean check_key(struct lint *lint)
{
    const char *const *kinds = lint->order->profile->key_kinds;
    const ASN1_STRING *key = lint->tbs->key;

    return holds(lint, KEY_FORM, ca_lint_key(ASN1_STRING_get0_data(key), (size_t)ASN1_STRING_length(key)))
           && holds(lint, KEY, same_bytes(key, lint->order->csr->spki))
           && holds(lint, KEY_KIND, !kinds || !kinds[0] || g_strv_contains(kinds, ca_key_kind_name(lint->order->csr->kind)));
}

/* Control characters, line ends, and what turns the reading direction (Unicode's Bidi_Control), each by its property or its name. */
static gboolean may_stand(gunichar c)
{
    static const gunichar never[] = { 0x061c, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069 };

    switch ((int)g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
        return FALSE;
    default:
        break;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(never); i++)
        if (c == never[i])
            return FALSE;
    return TRUE;
}

/* Of one attribute: its string type, and what X.520 lets it hold. */
static gboolean entry_form_ok(const X509_NAME_ENTRY *entry)
{
    const ASN1_STRING *value = X509_NAME_ENTRY_get_data(entry);
    gboolean country = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)) == NID_countryName;
    const char *text = (const char *)ASN1_STRING_get0_data(value), *end = text + ASN1_STRING_length(value);
    int characters = 0;

    if (ASN1_STRING_type(value) != (country ? V_ASN1_PRINTABLESTRING : V_ASN1_UTF8STRING) || !g_utf8_validate(text, end - text, NULL))
        return FALSE;
    for (const char *p = text; p < end; p = g_utf8_next_char(p), characters++)
        if (!may_stand(g_utf8_get_char(p)))
            return FALSE;
    return country ? characters == 2 : characters >= 1 && characters <= 64;
}

static gboolean subject_form_ok(const STACK_OF(SEEN_RDN) *name)
{
    for (int i = 0; i < sk_SEEN_RDN_num(name); i++) {
        const SEEN_RDN *rdn = sk_SEEN_RDN_value(name, i);
        if (sk_X509_NAME_ENTRY_num(rdn) != 1 || !entry_form_ok(sk_X509_NAME_ENTRY_value(rdn, 0)))
            return FALSE;
    }
    return sk_SEEN_RDN_num(name) > 0;
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

static gboolean subject_ok(const struct lint *lint)
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

static gboolean check_subject(struct lint *lint)
{
    return holds(lint, SUBJECT_FORM, subject_form_ok(lint->tbs->subject)) && holds(lint, SUBJECT, subject_ok(lint));
}

/* --- Extensions ----------------------------------------------------------------------------------------------------------- */

/* What the extension must say; VALUE is libcrypto's structure of it. */
static gboolean constraints_ok(struct lint *lint, const void *value)
{
    const BASIC_CONSTRAINTS *constraints = value;

    return holds(lint, CONSTRAINTS, !constraints->ca && !constraints->pathlen);
}

static gboolean is_ec(const struct ca_order *order)
{
    return order->csr->kind == CA_KEY_P256 || order->csr->kind == CA_KEY_P384;
}

/* Spelt out once more on purpose: which bits a profile's words mean for an RSA and for an EC key. */
static unsigned usage_bits(const struct ca_order *order)
{
    gboolean ec = is_ec(order);
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

/* X.690 section 11.2.2: of named bits no zero stands at the end. libcrypto keeps what it read. */
static gboolean named_bits_ok(const ASN1_BIT_STRING *string)
{
    int n = ASN1_STRING_length(string);

    return n == 0 || ASN1_STRING_get0_data(string)[n - 1] >> (string->flags & 7) & 1;
}

static gboolean usage_ok(struct lint *lint, const void *value)
{
    const ASN1_BIT_STRING *string = value;
    const unsigned char *data = ASN1_STRING_get0_data(string);
    unsigned bits = ASN1_STRING_length(string) > 0 ? data[0] : 0;
    unsigned wrong = is_ec(lint->order) ? KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT : KU_KEY_AGREEMENT;

    return holds(lint, USAGE_CA, !(bits & (KU_KEY_CERT_SIGN | KU_CRL_SIGN))) && holds(lint, USAGE_KEY, !(bits & wrong))
           && holds(lint, DER, bits == 0 || named_bits_ok(string))
           && holds(lint, USAGE, ASN1_STRING_length(string) == 1 && bits != 0 && bits == usage_bits(lint->order));
}

static gboolean oid_is(const ASN1_OBJECT *object, const char *want)
{
    char oid[128];

    return object && OBJ_obj2txt(oid, sizeof oid, object, 1) > 0 && g_str_equal(oid, want);
}

static gboolean purpose_may_be(const EXTENDED_KEY_USAGE *list)
{
    static const int never[] = { NID_anyExtendedKeyUsage, NID_server_auth, NID_code_sign, NID_time_stamp, NID_OCSP_sign };

    for (int n = 0; n < sk_ASN1_OBJECT_num(list); n++)
        for (size_t i = 0; i < G_N_ELEMENTS(never); i++)
            if (OBJ_obj2nid(sk_ASN1_OBJECT_value(list, n)) == never[i])
                return FALSE;
    return TRUE;
}

static gboolean extended_ok(struct lint *lint, const void *value)
{
    const EXTENDED_KEY_USAGE *list = value;
    const char *const *want = lint->order->profile->extended;
    int n = 0;

    while (want[n] && oid_is(sk_ASN1_OBJECT_value(list, n), want[n])) /* NULL beyond the end */
        n++;
    return holds(lint, PURPOSE_NEVER, purpose_may_be(list))
           && holds(lint, PURPOSE, !want[n] && n == sk_ASN1_OBJECT_num(list));
}

static gboolean policy_is_there(const CERTIFICATEPOLICIES *list, int before, const ASN1_OBJECT *id)
{
    for (int i = 0; i < before; i++)
        if (OBJ_cmp(sk_POLICYINFO_value(list, i)->policyid, id) == 0)
            return TRUE;
    return FALSE;
}

static gboolean policies_ok(struct lint *lint, const void *value)
{
    const CERTIFICATEPOLICIES *list = value;
    const char *const *want = lint->order->profile->policies;
    int n = 0;

    for (int i = 0; i < sk_POLICYINFO_num(list); i++)
        if (policy_is_there(list, i, sk_POLICYINFO_value(list, i)->policyid))
            return holds(lint, POLICY_TWICE, FALSE);
    for (; want[n] && n < sk_POLICYINFO_num(list); n++)
        if (sk_POLICYINFO_value(list, n)->qualifiers || !oid_is(sk_POLICYINFO_value(list, n)->policyid, want[n]))
            break;
    return holds(lint, POLICIES, !want[n] && n == sk_POLICYINFO_num(list));
}

/* SHA-1 of the key's bits, found by libcrypto's walk through the key. */
static gboolean key_id_is(const struct lint *lint, const void *value)
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

static gboolean subject_id_ok(struct lint *lint, const void *value)
{
    return holds(lint, KEY_ID, key_id_is(lint, value));
}

static gboolean authority_id_ok(struct lint *lint, const void *value)
{
    const AUTHORITY_KEYID *id = value;

    return holds(lint, AUTHORITY_ID, same(id->keyid, lint->signer->key_id, lint->signer->key_id_size) && !id->issuer && !id->serial);
}

/* RFC 5321's Mailbox without quoted words and address literals: dot-atoms (RFC 5322 section 3.2.3) on both sides of one @. */
static gboolean mail_form_ok(const ASN1_STRING *mail)
{
    static const char others[] = "!#$%&'*+-/=?^_`{|}~";
    const unsigned char *p = mail ? ASN1_STRING_get0_data(mail) : NULL;
    int n = mail ? ASN1_STRING_length(mail) : 0, ats = 0;
    gboolean atom = FALSE; /* has one begun? */

    for (int i = 0; i < n; i++) {
        gboolean breaks = p[i] == '.' || p[i] == '@';
        if (breaks ? !atom : !g_ascii_isalnum((char)p[i]) && (p[i] == '\0' || !strchr(others, (char)p[i])))
            return FALSE;
        ats += p[i] == '@';
        atom = !breaks;
    }
    return ats == 1 && atom && n <= 254;
}

static gboolean mail_ok(struct lint *lint, const void *value)
{
    const GENERAL_NAMES *names = value;
    int type = -1;
    const ASN1_STRING *mail = sk_GENERAL_NAME_num(names) == 1 ? GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, 0), &type)
                                                              : NULL;

    return holds(lint, MAIL_FORM, type == GEN_EMAIL && mail_form_ok(mail))
           && holds(lint, MAIL, same(mail, lint->order->mail, strlen(lint->order->mail)));
}

static gboolean uri_is(const GENERAL_NAME *name, const char *want)
{
    int type = -1;
    const ASN1_STRING *uri = name ? GENERAL_NAME_get0_value(name, &type) : NULL;

    return type == GEN_URI && same(uri, want, strlen(want));
}

static gboolean crl_point_ok(struct lint *lint, const void *value)
{
    const CRL_DIST_POINTS *points = value;
    const DIST_POINT *point = sk_DIST_POINT_value(points, 0);
    const GENERAL_NAMES *names =
        point && point->distpoint && point->distpoint->type == 0 ? point->distpoint->name.fullname : NULL;

    return holds(lint, CRL_POINT, sk_DIST_POINT_num(points) == 1 && names && !point->reasons && !point->CRLissuer
                                      && sk_GENERAL_NAME_num(names) == 1
                                      && uri_is(sk_GENERAL_NAME_value(names, 0), lint->order->crl_url));
}

static gboolean access_ok(struct lint *lint, const void *value)
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
            return holds(lint, ACCESS, FALSE);
        n++;
    }
    return holds(lint, ACCESS, n == sk_ACCESS_DESCRIPTION_num(list));
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
    gboolean (*ok)(struct lint *lint, const void *value);
    const ASN1_ITEM *(*item)(void);
} extension_checks[] = {
    { NID_basic_constraints, 1, always, constraints_ok, BASIC_CONSTRAINTS_it },
    { NID_key_usage, 1, always, usage_ok, ASN1_BIT_STRING_it },
    { NID_ext_key_usage, 0, wants_extended, extended_ok, EXTENDED_KEY_USAGE_it },
    { NID_subject_key_identifier, 0, always, subject_id_ok, ASN1_OCTET_STRING_it },
    { NID_authority_key_identifier, 0, always, authority_id_ok, AUTHORITY_KEYID_it },
    { NID_certificate_policies, 0, wants_policies, policies_ok, CERTIFICATEPOLICIES_it },
    { NID_subject_alt_name, 0, wants_mail, mail_ok, GENERAL_NAMES_it },
    { NID_crl_distribution_points, 0, wants_crl, crl_point_ok, CRL_DIST_POINTS_it },
    { NID_info_access, 0, wants_access, access_ok, AUTHORITY_INFO_ACCESS_it },
};

/* Does ITEM write VALUE as it stands in BYTES? libcrypto reads more than DER. */
static gboolean is_der(const void *value, const ASN1_ITEM *item, const unsigned char *bytes, int size)
{
    unsigned char *again = NULL;
    int n = ASN1_item_i2d(value, &again, item);
    gboolean ok = n == size && memcmp(again, bytes, (size_t)n) == 0;

    OPENSSL_free(again);
    return ok;
}

/* Is EXTENSION what row I wants? */
static gboolean extension_ok(struct lint *lint, size_t i, X509_EXTENSION *extension)
{
    const ASN1_OCTET_STRING *bytes = X509_EXTENSION_get_data(extension);
    const unsigned char *begin = ASN1_STRING_get0_data(bytes), *p = begin;
    const ASN1_ITEM *item = extension_checks[i].item();
    ASN1_VALUE *value = ASN1_item_d2i(NULL, &p, ASN1_STRING_length(bytes), item);
    gboolean ok = holds(lint, EXTENSION_UNKNOWN, extension_checks[i].wanted(lint->order))
                  && holds(lint, EXTENSION_CRITICAL, !!X509_EXTENSION_get_critical(extension) == extension_checks[i].critical)
                  && holds(lint, EXTENSION_FORM, value && p == begin + ASN1_STRING_length(bytes))
                  && holds(lint, DER, is_der(value, item, begin, ASN1_STRING_length(bytes)))
                  && extension_checks[i].ok(lint, value);

    ASN1_item_free(value, item);
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

        if (!holds(lint, EXTENSION_UNKNOWN, i < G_N_ELEMENTS(seen)))
            return FALSE;
        lint->extension = OBJ_nid2sn(extension_checks[i].nid);
        if (!holds(lint, EXTENSION_TWICE, !seen[i]) || !extension_ok(lint, i, extension))
            return FALSE;
        seen[i] = TRUE;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(seen); i++) {
        lint->extension = OBJ_nid2sn(extension_checks[i].nid);
        if (!holds(lint, EXTENSION_MISSING, seen[i] || !extension_checks[i].wanted(lint->order)))
            return FALSE;
    }
    return TRUE;
}

static gboolean check_signature(struct lint *lint)
{
    const ASN1_BIT_STRING *signature = lint->seen->signature;

    return holds(lint, SIGNATURE, (signature->flags & 7) == 0
                                      && ca_signer_verify(lint->signer, ASN1_STRING_get0_data(lint->seen->tbs),
                                                          (size_t)ASN1_STRING_length(lint->seen->tbs),
                                                          ASN1_STRING_get0_data(signature), (size_t)ASN1_STRING_length(signature)));
}

typedef gboolean (*Check)(struct lint *lint);

/* In the order of RFC 5280 section 4.1. */
static const Check fields[] = { check_version, check_serial,  check_algorithm, check_issuer,
                                check_validity, check_subject, check_key,       check_extensions };
static const Check outer[] = { check_outer_algorithm, check_signature };

static gboolean say(enum rule rule, const char *extension, GError **error)
{
    return ca_fail(error, CA_ERROR_BROKEN, "lint", "%s: %s: the rule wants %s%s%s", rules[rule].id, rules[rule].clause, rules[rule].wants,
                   extension ? "; in " : "", extension ? extension : "");
}

static gboolean run(struct lint *lint, const Check *checks, size_t n, GError **error)
{
    for (size_t i = 0; i < n; i++) {
        lint->extension = NULL;
        if (!checks[i](lint))
            return say(lint->broken, lint->extension, error);
    }
    return TRUE;
}

/* BYTES, and nothing behind it, as ITEM, written as DER writes it; NULL with ERROR. */
static void *decode(GBytes *bytes, const ASN1_ITEM *item, GError **error)
{
    gsize n;
    const unsigned char *begin = g_bytes_get_data(bytes, &n), *p = begin;
    ASN1_VALUE *value = ASN1_item_d2i(NULL, &p, (long)n, item);
    gboolean whole = value && p == begin + n;

    if (whole && is_der(value, item, begin, (int)n))
        return value;
    ASN1_item_free(value, item);
    ERR_clear_error();
    say(whole ? DER : FORM, NULL, error);
    return NULL;
}

gboolean ca_certificate_lint_tbs(GBytes *bytes, const struct ca_order *order, const CaIssuer *issuer, GError **error)
{
    SEEN_TBS *tbs = decode(bytes, ASN1_ITEM_rptr(SEEN_TBS), error);
    struct lint lint = { NULL, tbs, order, ca_issuer_signer(issuer), ca_issuer_not_after(issuer), FORM, NULL };
    gboolean ok = tbs && run(&lint, fields, G_N_ELEMENTS(fields), error);

    ASN1_item_free((ASN1_VALUE *)tbs, ASN1_ITEM_rptr(SEEN_TBS));
    ERR_clear_error();
    return ok;
}

gboolean ca_certificate_lint_signature(GBytes *der, GBytes *tbs, const CaIssuer *issuer, GError **error)
{
    SEEN *seen = decode(der, ASN1_ITEM_rptr(SEEN), error);
    struct lint lint = { seen, NULL, NULL, ca_issuer_signer(issuer), 0, FORM, NULL };
    gboolean ok = seen && (same_bytes(seen->tbs, tbs) || say(TBS, NULL, error))
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
