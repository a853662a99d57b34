/*
 * Makes certificates for tests/certificates/test_certificates.py, good ones as the signer makes them and ones in which exactly one
 * rule of ca/lint.h is broken; each with what our linter says of it.
 *
 *     make_certificates FOLDER COUNT SEED
 *
 * FOLDER gets ca-K-root.pem and ca-K.pem of each CA, NUMBER.pem of each certificate, and index.json, a line for each: what it is,
 * what the linter says, and what was ordered.
 */
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "ca/der.h"
#include "ca/lint.h"
#include "ca/native.h"
#include "ca/sign.h"
#include "ca/tbs.h"
#include "db/json.h"
#include "tests/unit/ca_fixture.h"

#define KEYS 2 /* of each kind: what is in a key's bytes matters little here, and RSA takes long to make */

static struct fixture authorities[3];
static const enum ca_key_kind authority_kinds[] = { CA_KEY_P256, CA_KEY_P384, CA_KEY_RSA2048 };
static CaCsr *keys[CA_KEY_KINDS][KEYS];
static GRand *dice;

static guint roll(guint n)
{
    return (guint)g_rand_int_range(dice, 0, (gint32)n);
}

/* --- Orders --------------------------------------------------------------------------------------------------------------- */

static const char *const client_use[] = { CA_OID_CLIENT_AUTH, NULL }, *const smime_use[] = { CA_OID_EMAIL_PROTECTION, NULL },
    *const both_use[] = { CA_OID_CLIENT_AUTH, CA_OID_EMAIL_PROTECTION, NULL };
static const char *const sign_both[] = { "digitalSignature", "keyEncipherment", NULL },
    *const smime_both[] = { "digitalSignature", "nonRepudiation", "keyEncipherment", NULL },
    *const sign_only[] = { "digitalSignature", "nonRepudiation", NULL }, *const encrypt_only[] = { "keyEncipherment", NULL },
    *const all_five[] = { "digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement", NULL };
static const char *const no_policy[] = { NULL }, *const one_policy[] = { "1.3.6.1.4.1.32473.1.1", NULL },
    *const two_policies[] = { "1.3.6.1.4.1.32473.1.1", "2.23.140.1.5.2.1", NULL };

struct kind {
    const char *name, *purpose; /* the purpose that others are asked for */
    struct ca_profile profile;
};
static const struct kind kinds[] = {
    { "client", "client", { FALSE, FALSE, sign_both, client_use, no_policy, NULL } },
    { "client-mail", "client", { FALSE, TRUE, sign_both, client_use, one_policy, NULL } },
    { "smime", "sign", { FALSE, TRUE, smime_both, smime_use, two_policies, NULL } },
    { "smime-mail", "sign", { TRUE, TRUE, smime_both, smime_use, one_policy, NULL } },
    { "smime-sign", "sign", { FALSE, TRUE, sign_only, smime_use, one_policy, NULL } },
    { "smime-encrypt", "encrypt", { FALSE, TRUE, encrypt_only, smime_use, no_policy, NULL } },
    { "both", "client", { FALSE, TRUE, all_five, both_use, one_policy, NULL } },
};

static const char *const names[] = { "Hanako Kagami", "鏡 花子", "Zoë Müller-Ångström", "Нина Иванова", "مريم الأندلسي", "O'Neil, \"Pat\" <x>",
                                     "a", "👩‍🔬 Marie", "e\u0301ditions", "1234567890123456789012345678901234567890123456789012345678901234",
                                     "鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡鏡" };
static const char *const organizations[] = { "Kagami University", "かがみ大学", "Minato Institute + Friends; #1", "École Ωmega" };
static const char *const units[] = { NULL, "", "Graduate School", "情報学研究科", " blanks " };
static const char *const mails[] = { "hanako@kagami.example", "a@b.example", "first.last+tag@sub.kagami.example", "o'neil_x=1@kagami.example",
                                     "UPPER@Kagami.example", "0-9{}|~!#$%&*/?^`@x-1.example" };
static const int months[] = { 52, 25, 13, 61 };

struct made {
    struct kind kind; /* a copy: some mutations order something else */
    struct ca_order order;
    const struct fixture *authority;
    CaCsr csr;
    X509 *x;
    GBytes *der;      /* once signed; a mutation may have set it */
};

static void order_one(struct made *m)
{
    guint authority = roll(G_N_ELEMENTS(authorities)), key = roll(CA_KEY_KINDS);

    m->kind = kinds[roll(G_N_ELEMENTS(kinds))];
    m->authority = &authorities[authority];
    m->csr = *keys[key][roll(KEYS)];
    m->order = (struct ca_order){
        .profile = &m->kind.profile, .csr = &m->csr, .serial = ca_serial_new(),
        .not_before = fixture_now - (gint64)roll(86000), .country = roll(2) ? "JP" : "DE", .locality = roll(2) ? "Academe" : "京都",
        .organization = organizations[roll(G_N_ELEMENTS(organizations))], .unit = units[roll(G_N_ELEMENTS(units))],
        .number = g_rand_int_range(dice, 1, G_MAXINT32), .common_name = names[roll(G_N_ELEMENTS(names))],
        .mail = mails[roll(G_N_ELEMENTS(mails))], .crl_url = "http://pki.test/crl/client-0.crl",
        .issuer_url = "http://pki.test/ca/client.cer", .ocsp_url = "http://pki.test/ocsp",
    };
    m->order.not_after = ca_validity_end(m->order.not_before, months[roll(G_N_ELEMENTS(months))], "Asia/Tokyo");
}

static gboolean is_rsa(const struct made *m)
{
    return ca_key_kind_is_rsa(m->csr.kind);
}

/* --- What is done to them ------------------------------------------------------------------------------------------------- */

static void need(int yes, const char *what)
{
    if (!yes)
        g_error("make_certificates: %s: %s", what, ERR_reason_error_string(ERR_peek_last_error()));
}

static X509_EXTENSION *extension(struct made *m, int nid)
{
    int at = X509_get_ext_by_NID(m->x, nid, -1);

    need(at >= 0, OBJ_nid2sn(nid));
    return X509_get_ext(m->x, at);
}

static void set_value(X509_EXTENSION *e, const void *bytes, int n)
{
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();

    ASN1_OCTET_STRING_set(value, bytes, n);
    X509_EXTENSION_set_data(e, value);
    ASN1_OCTET_STRING_free(value);
}

/* The value that openssl's configuration language gives. */
static void set_config(struct made *m, int nid, const char *config)
{
    X509V3_CTX context;
    X509_EXTENSION *e;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, m->x, m->x, NULL, NULL, 0);
    e = X509V3_EXT_conf_nid(NULL, &context, nid, config);
    need(e != NULL, config);
    X509_EXTENSION_set_data(extension(m, nid), X509_EXTENSION_get_data(e));
    X509_EXTENSION_free(e);
}

static void add_extension(struct made *m, const char *oid, int critical, const void *bytes, int n)
{
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    X509_EXTENSION *e;

    ASN1_OCTET_STRING_set(value, bytes, n);
    e = X509_EXTENSION_create_by_OBJ(NULL, object, critical, value);
    need(X509_add_ext(m->x, e, -1), "extension");
    X509_EXTENSION_free(e);
    ASN1_OBJECT_free(object);
    ASN1_OCTET_STRING_free(value);
}

/* DATA: "" or what the mutation is about. */
typedef void Mutate(struct made *m, const char *data);

static void nothing(struct made *m, const char *data)
{
    (void)m;
    (void)data;
}

static void set_version(struct made *m, const char *data)
{
    need(X509_set_version(m->x, atoi(data)), "version");
}

static void set_serial(struct made *m, const char *data)
{
    BIGNUM *number = NULL;
    ASN1_INTEGER *serial;

    need(BN_hex2bn(&number, data), data);
    serial = BN_to_ASN1_INTEGER(number, NULL);
    need(X509_set_serialNumber(m->x, serial), "serial");
    ASN1_INTEGER_free(serial);
    BN_free(number);
}

static GBytes *tbs_of(struct made *m)
{
    unsigned char *p = NULL;
    int n = i2d_re_X509_tbs(m->x, &p);
    GBytes *tbs;

    need(n > 0, "tbs");
    tbs = g_bytes_new(p, (gsize)n);
    OPENSSL_free(p);
    return tbs;
}

static const EVP_MD *digest(const char *name)
{
    return g_str_equal(name, "sha1") ? EVP_sha1() : EVP_sha512();
}

static void sign_otherwise(struct made *m, const char *data)
{
    need(X509_sign(m->x, ca_signing_key_native(m->authority->key), digest(data)), "sign");
    m->der = CA_I2D(i2d_X509, m->x);
}

static void finish(struct made *m, GBytes *tbs)
{
    GError *error = NULL;

    m->der = ca_tbs_finish(tbs, ca_issuer_signer(m->authority->issuer), &error);
    g_assert_no_error(error);
}

/* The AlgorithmIdentifier outside says SHA-512, what was signed says what is true. Same length for all of ours. */
static void lie_outside(struct made *m, const char *data)
{
    g_autoptr(GBytes) tbs = tbs_of(m), good = NULL;
    gsize n, inside = g_bytes_get_size(tbs);
    unsigned char *bytes;

    (void)data;
    finish(m, tbs);
    good = g_steal_pointer(&m->der);
    bytes = g_memdup2(g_bytes_get_data(good, &n), g_bytes_get_size(good));
    /* 30 82 xx xx TBS, 30 n 06 m OID: its last byte; ecdsa-with-SHA512 is 4, sha512WithRSA 13. */
    bytes[4 + inside + 3 + bytes[4 + inside + 3]] = m->authority == &authorities[2] ? 13 : 4;
    m->der = g_bytes_new_take(bytes, n);
}

static void flip_signature(struct made *m, const char *data)
{
    g_autoptr(GBytes) tbs = tbs_of(m), good = NULL;
    gsize n;
    unsigned char *bytes;

    (void)data;
    finish(m, tbs);
    good = g_steal_pointer(&m->der);
    bytes = g_memdup2(g_bytes_get_data(good, &n), g_bytes_get_size(good));
    bytes[n - 1] ^= 1;
    m->der = g_bytes_new_take(bytes, n);
}

/* By another CA's key of the same kind: the root's. */
static void sign_by_another(struct made *m, const char *data)
{
    g_autoptr(GBytes) tbs = tbs_of(m);
    GError *error = NULL;

    (void)data;
    m->der = ca_tbs_finish(tbs, ca_issuer_signer(m->authority->root), &error);
    g_assert_no_error(error);
}

static void append_byte(struct made *m, const char *data)
{
    g_autoptr(GBytes) tbs = tbs_of(m), good = NULL;
    GByteArray *longer = g_byte_array_new();

    (void)data;
    finish(m, tbs);
    good = g_steal_pointer(&m->der);
    g_byte_array_append(longer, g_bytes_get_data(good, NULL), (guint)g_bytes_get_size(good));
    g_byte_array_append(longer, (const guint8 *)"\0", 1);
    m->der = g_byte_array_free_to_bytes(longer);
}

/* DATA in hex is what is put in at the place that HOW finds in the content of the TBSCertificate, CUT bytes are left out there. */
static void patch(struct made *m, gsize at, gsize cut, const void *bytes, gsize n)
{
    g_autoptr(GBytes) tbs = tbs_of(m), patched = NULL;
    const unsigned char *p = g_bytes_get_data(tbs, NULL);
    gsize size = g_bytes_get_size(tbs);
    GByteArray *out = g_byte_array_new();
    guint sequence = der_begin(out, DER_SEQUENCE);

    der_raw(out, p + 4, at - 4); /* 30 82 xx xx */
    der_raw(out, bytes, n);
    der_raw(out, p + at + cut, size - at - cut);
    der_end(out, sequence);
    patched = g_byte_array_free_to_bytes(out);
    finish(m, patched);
}

/* The serial's length in two bytes where one is enough: 30 82 xx xx a0 03 02 01 02 | 02 14 … */
static void long_length(struct made *m, const char *data)
{
    g_autoptr(GBytes) tbs = tbs_of(m);
    const unsigned char *p = g_bytes_get_data(tbs, NULL);
    const unsigned char longer[] = { 0x81, p[10] };

    (void)data;
    patch(m, 10, 1, longer, sizeof longer);
}

/* issuerUniqueID, before the extensions (the last element but its own tag: a3 82 xx xx). */
static void unique_id(struct made *m, const char *data)
{
    g_autoptr(GBytes) tbs = tbs_of(m);
    const unsigned char *p = g_bytes_get_data(tbs, NULL), *at = NULL;
    static const unsigned char id[] = { 0x81, 3, 0, 0xab, 0xcd };
    gsize n = g_bytes_get_size(tbs);

    (void)data;
    for (gsize i = 4; i + 4 < n && !at; i++)
        if (p[i] == 0xa3 && p[i + 1] == 0x82 && i + 4 + (gsize)(p[i + 2] << 8 | p[i + 3]) == n)
            at = p + i;
    need(at != NULL, "extensions");
    patch(m, (gsize)(at - p), 0, id, sizeof id);
}

static void rename_issuer(struct made *m, const char *data)
{
    X509_NAME *name = X509_NAME_dup(X509_get_issuer_name(m->x));
    gboolean same_text = *data == '=';
    int type = same_text ? V_ASN1_PRINTABLESTRING : V_ASN1_UTF8STRING;

    if (same_text) /* the CN's letters in another string type: equal by RFC 5280 section 7.1, not byte for byte */
        X509_NAME_ENTRY_free(X509_NAME_delete_entry(name, X509_NAME_entry_count(name) - 1));
    need(X509_NAME_add_entry_by_NID(name, same_text ? NID_commonName : NID_organizationalUnitName, type,
                                    (const unsigned char *)(same_text ? "Test Client CA" : data), -1, -1, 0), "issuer");
    need(X509_set_issuer_name(m->x, name), "issuer");
    X509_NAME_free(name);
}

/* DATA: the type's letter (U, G), then the text; '+' stands for the ordered one of notAfter as UTCTime. */
static void set_end(struct made *m, const char *data)
{
    ASN1_TIME *end = X509_getm_notAfter(m->x);
    g_autofree char *old = g_strndup((const char *)ASN1_STRING_get0_data(end), (gsize)ASN1_STRING_length(end)), *text = NULL;
    char *z = strchr(old, 'Z');

    *z = '\0';
    if (g_str_equal(data, "generalized"))
        text = g_strdup_printf("20%sZ", old);
    else if (g_str_equal(data, "minutes"))
        text = g_strdup_printf("%.10sZ", old);
    else if (g_str_equal(data, "zone"))
        text = g_strdup_printf("%s+0000", old);
    else
        text = g_strdup_printf("20%s.5Z", old);
    ASN1_STRING_set(end, text, -1);
    end->type = g_str_equal(data, "minutes") || g_str_equal(data, "zone") ? V_ASN1_UTCTIME : V_ASN1_GENERALIZEDTIME;
}

static void end_at(struct made *m, const char *data)
{
    gint64 at = g_str_equal(data, "issuer") ? ca_issuer_not_after(m->authority->issuer) + DAY
                : g_str_equal(data, "before") ? m->order.not_before - DAY : m->order.not_after - DAY;

    ASN1_TIME_set(X509_getm_notAfter(m->x), (time_t)at);
}

static void begin_at(struct made *m, const char *data)
{
    (void)data;
    ASN1_TIME_set(X509_getm_notBefore(m->x), (time_t)(m->order.not_before - 7 * DAY));
}

/* DATA: NID's short name, string type, value; the attribute of that name (the last) is replaced. */
static void set_attribute(struct made *m, const char *data)
{
    g_auto(GStrv) parts = g_strsplit(data, ":", 3);
    X509_NAME *name = X509_NAME_dup(X509_get_subject_name(m->x));
    int nid = OBJ_sn2nid(parts[0]), at = -1, found = -1;

    while ((at = X509_NAME_get_index_by_NID(name, nid, at)) >= 0)
        found = at;
    if (found >= 0)
        X509_NAME_ENTRY_free(X509_NAME_delete_entry(name, found));
    need(X509_NAME_add_entry_by_NID(name, nid, atoi(parts[1]), (const unsigned char *)parts[2], -1, found, 0), data);
    need(X509_set_subject_name(m->x, name), data);
    X509_NAME_free(name);
}

static void bmp_name(struct made *m, const char *data)
{
    X509_NAME *name = X509_NAME_dup(X509_get_subject_name(m->x));
    int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);

    (void)data;
    X509_NAME_ENTRY_free(X509_NAME_delete_entry(name, at));
    need(X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_BMPSTRING, (const unsigned char *)"\0H\0a\0n\0a", 8, at, 0), "name");
    need(X509_set_subject_name(m->x, name), "name");
    X509_NAME_free(name);
}

static void empty_subject(struct made *m, const char *data)
{
    X509_NAME *name = X509_NAME_new();

    (void)data;
    need(X509_set_subject_name(m->x, name), "subject");
    X509_NAME_free(name);
}

/* Two attributes in one RDN. */
static void multi_valued(struct made *m, const char *data)
{
    X509_NAME *name = X509_NAME_dup(X509_get_subject_name(m->x));

    need(X509_NAME_add_entry_by_NID(name, NID_title, V_ASN1_UTF8STRING, (const unsigned char *)data, -1, -1, -1), "name");
    need(X509_set_subject_name(m->x, name), "name");
    X509_NAME_free(name);
}

static void turn_subject(struct made *m, const char *data)
{
    X509_NAME *old = X509_get_subject_name(m->x), *name = X509_NAME_new();

    (void)data;
    for (int i = X509_NAME_entry_count(old) - 1; i >= 0; i--)
        need(X509_NAME_add_entry(name, X509_NAME_get_entry(old, i), -1, 0), "name");
    if (X509_NAME_entry_count(old) == 1) /* the address alone: once more */
        need(X509_NAME_add_entry(name, X509_NAME_get_entry(old, 0), -1, 0), "name");
    need(X509_set_subject_name(m->x, name), "name");
    X509_NAME_free(name);
}

/* --- keys */

static void identify_key(struct made *m)
{
    unsigned char id[22] = { V_ASN1_OCTET_STRING, 20 };
    unsigned n;

    need(X509_pubkey_digest(m->x, EVP_sha1(), id + 2, &n), "key id");
    set_value(extension(m, NID_subject_key_identifier), id, sizeof id);
}

/* The certificate's key and, unless it is another's, the order's. */
static void take_key(struct made *m, X509_PUBKEY *key, gboolean ordered)
{
    static GPtrArray *kept; /* orders point to them */

    need(X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(m->x), OBJ_nid2obj(NID_undef), V_ASN1_UNDEF, NULL, NULL, 0), "key");
    {
        ASN1_OBJECT *object;
        const unsigned char *bits;
        int n, type;
        X509_ALGOR *algorithm;
        const void *value;
        void *copy = NULL;
        need(X509_PUBKEY_get0_param(&object, &bits, &n, &algorithm, key), "key");
        X509_ALGOR_get0(NULL, &type, &value, algorithm);
        if (type == V_ASN1_OBJECT)
            copy = OBJ_dup(value);
        need(X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(m->x), OBJ_dup(object), type, copy, OPENSSL_memdup(bits, (size_t)n), n), "key");
    }
    identify_key(m);
    if (!ordered)
        return;
    if (!kept)
        kept = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    m->csr.spki = CA_I2D(i2d_X509_PUBKEY, X509_get_X509_PUBKEY(m->x));
    g_ptr_array_add(kept, m->csr.spki);
}

static void take_native(struct made *m, EVP_PKEY *key, gboolean ordered)
{
    X509_PUBKEY *public = NULL;

    need(key != NULL && X509_PUBKEY_set(&public, key), "key");
    take_key(m, public, ordered);
    X509_PUBKEY_free(public);
    EVP_PKEY_free(key);
}

static void others_key(struct made *m, const char *data)
{
    const CaCsr *other = NULL;
    const unsigned char *p;
    X509_PUBKEY *public;

    (void)data;
    for (int i = 0; i < KEYS; i++)
        if (!g_bytes_equal(keys[m->csr.kind][i]->spki, m->csr.spki))
            other = keys[m->csr.kind][i];
    p = g_bytes_get_data(other->spki, NULL);
    public = d2i_X509_PUBKEY(NULL, &p, (long)g_bytes_get_size(other->spki));
    take_key(m, public, FALSE);
    X509_PUBKEY_free(public);
}

/* An RSA key's numbers, changed. */
static void rsa_numbers(struct made *m, const char *data)
{
    static EVP_PKEY *made;
    BIGNUM *n = NULL, *e = NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM *parameters;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *key = NULL;

    if (!made)
        made = EVP_RSA_gen(2048);
    need(EVP_PKEY_get_bn_param(made, OSSL_PKEY_PARAM_RSA_N, &n) && EVP_PKEY_get_bn_param(made, OSSL_PKEY_PARAM_RSA_E, &e), "rsa");
    if (g_str_equal(data, "e3"))
        BN_set_word(e, 3);
    else if (g_str_equal(data, "even-e"))
        BN_set_word(e, 65538);
    else if (g_str_equal(data, "even-n"))
        BN_clear_bit(n, 0);
    else /* 2047 bits */
        BN_clear_bit(n, 2047);
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n);
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e);
    parameters = OSSL_PARAM_BLD_to_param(builder);
    need(EVP_PKEY_fromdata_init(context) && EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters), "rsa");
    take_native(m, key, TRUE);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(context);
    BN_free(n);
    BN_free(e);
}

static void weak_key(struct made *m, const char *data)
{
    static EVP_PKEY *short_rsa;

    if (!short_rsa)
        short_rsa = EVP_RSA_gen(1024);
    if (g_str_equal(data, "rsa1024")) {
        EVP_PKEY_up_ref(short_rsa);
        take_native(m, short_rsa, TRUE);
    } else if (g_str_equal(data, "ed25519")) {
        take_native(m, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), TRUE);
    } else {
        take_native(m, EVP_EC_gen(data), TRUE);
    }
}

/* A P-256 key's point, changed: DATA 'compressed', or a coordinate that leaves the curve. */
static void bend_point(struct made *m, const char *data)
{
    const CaCsr *good = keys[CA_KEY_P256][0];
    const unsigned char *p = g_bytes_get_data(good->spki, NULL);
    X509_PUBKEY *public = d2i_X509_PUBKEY(NULL, &p, (long)g_bytes_get_size(good->spki));
    const unsigned char *bits;
    unsigned char *changed;
    int n;

    need(X509_PUBKEY_get0_param(NULL, &bits, &n, NULL, public), "point");
    changed = OPENSSL_memdup(bits, (size_t)n);
    if (g_str_equal(data, "compressed")) {
        changed[0] = 2 + (bits[64] & 1);
        n = 33;
    } else {
        changed[64] ^= 1;
    }
    need(X509_PUBKEY_set0_param(public, OBJ_nid2obj(NID_X9_62_id_ecPublicKey), V_ASN1_OBJECT, OBJ_nid2obj(NID_X9_62_prime256v1),
                                changed, n), "point");
    take_key(m, public, TRUE);
    X509_PUBKEY_free(public);
}

static void other_kinds(struct made *m, const char *data)
{
    static const char *const rsa[] = { "rsa2048", "rsa3072", "rsa4096", NULL }, *const ec[] = { "p256", "p384", NULL };

    (void)data;
    m->kind.profile.key_kinds = is_rsa(m) ? ec : rsa;
}

/* --- extensions */

static void drop(struct made *m, const char *data)
{
    int at = X509_get_ext_by_NID(m->x, OBJ_sn2nid(data), -1);

    need(at >= 0, data);
    X509_EXTENSION_free(X509_delete_ext(m->x, at));
}

static void twice(struct made *m, const char *data)
{
    need(X509_add_ext(m->x, extension(m, OBJ_sn2nid(data)), -1), data);
}

static void turn_critical(struct made *m, const char *data)
{
    X509_EXTENSION *e = extension(m, OBJ_sn2nid(data));

    X509_EXTENSION_set_critical(e, !X509_EXTENSION_get_critical(e));
}

/* "1.2.3 critical": one that nobody knows; its value is NULL. */
static void unknown(struct made *m, const char *data)
{
    g_auto(GStrv) parts = g_strsplit(data, " ", 2);

    add_extension(m, parts[0], parts[1] != NULL, "\5\0", 2);
}

static void name_constraints(struct made *m, const char *data)
{
    static const unsigned char value[] = { 0x30, 16, 0xa0, 14, 0x30, 12, 0x82, 10, 'x', '.', 'e', 'x', 'a', 'm', 'p', 'l', 'e', '.' };

    (void)data;
    add_extension(m, "2.5.29.30", 1, value, sizeof value);
}

/* "NAME:HEX" */
static void raw(struct made *m, const char *data)
{
    g_auto(GStrv) parts = g_strsplit(data, ":", 2);
    g_autoptr(GBytes) bytes = crypto_unhex(parts[1]);

    set_value(extension(m, OBJ_sn2nid(parts[0])), g_bytes_get_data(bytes, NULL), (int)g_bytes_get_size(bytes));
}

/* A byte behind the value. */
static void longer_value(struct made *m, const char *data)
{
    X509_EXTENSION *e = extension(m, OBJ_sn2nid(data));
    const ASN1_OCTET_STRING *old = X509_EXTENSION_get_data(e);
    int n = ASN1_STRING_length(old);
    g_autofree unsigned char *bytes = g_malloc0((gsize)n + 1);

    memcpy(bytes, ASN1_STRING_get0_data(old), (size_t)n);
    set_value(e, bytes, n + 1);
}

/* "NAME:VALUE" in openssl's configuration language */
static void config(struct made *m, const char *data)
{
    g_auto(GStrv) parts = g_strsplit(data, "|", 2);

    set_config(m, OBJ_sn2nid(parts[0]), parts[1]);
}

/* The usages that are there, and one more by its number; "key": that this kind of key does not have; "other": one more or less that
   nobody asks for. */
static void more_usage(struct made *m, const char *data)
{
    ASN1_BIT_STRING *usage = X509_get_ext_d2i(m->x, NID_key_usage, NULL, NULL);
    int bit = g_str_equal(data, "key") ? (is_rsa(m) ? 4 : 2) : g_str_equal(data, "other") ? (is_rsa(m) ? 3 : 1) : atoi(data);
    unsigned char *value = NULL;
    int n;

    ASN1_BIT_STRING_set_bit(usage, bit, !g_str_equal(data, "other") || !ASN1_BIT_STRING_get_bit(usage, bit));
    n = i2d_ASN1_BIT_STRING(usage, &value);
    set_value(extension(m, NID_key_usage), value, n);
    OPENSSL_free(value);
    ASN1_BIT_STRING_free(usage);
}

/* The bits that are not used stand in the string too. */
static void padded_usage(struct made *m, const char *data)
{
    const ASN1_OCTET_STRING *old = X509_EXTENSION_get_data(extension(m, NID_key_usage));
    unsigned char value[4];

    (void)data;
    need(ASN1_STRING_length(old) == 4, "usage");
    memcpy(value, ASN1_STRING_get0_data(old), 4);
    value[2] = 0;
    set_value(extension(m, NID_key_usage), value, 4);
}

static void more_purpose(struct made *m, const char *data)
{
    EXTENDED_KEY_USAGE *list = X509_get_ext_d2i(m->x, NID_ext_key_usage, NULL, NULL);
    unsigned char *value = NULL;
    int n;

    sk_ASN1_OBJECT_push(list, OBJ_txt2obj(data, 1));
    n = i2d_EXTENDED_KEY_USAGE(list, &value);
    set_value(extension(m, NID_ext_key_usage), value, n);
    OPENSSL_free(value);
    EXTENDED_KEY_USAGE_free(list);
}

static void other_key_id(struct made *m, const char *data)
{
    X509_EXTENSION *e = extension(m, OBJ_sn2nid(data));
    const ASN1_OCTET_STRING *old = X509_EXTENSION_get_data(e);
    int n = ASN1_STRING_length(old);
    g_autofree unsigned char *bytes = g_memdup2(ASN1_STRING_get0_data(old), (gsize)n);

    bytes[n - 1] ^= 1;
    set_value(e, bytes, n);
}

static void policy_again(struct made *m, const char *data)
{
    CERTIFICATEPOLICIES *list = X509_get_ext_d2i(m->x, NID_certificate_policies, NULL, NULL);
    POLICYINFO *one = POLICYINFO_new();
    unsigned char *value = NULL;
    int n;

    ASN1_OBJECT_free(one->policyid);
    one->policyid = *data ? OBJ_txt2obj(data, 1) : OBJ_dup(sk_POLICYINFO_value(list, 0)->policyid);
    sk_POLICYINFO_push(list, one);
    n = i2d_CERTIFICATEPOLICIES(list, &value);
    set_value(extension(m, NID_certificate_policies), value, n);
    OPENSSL_free(value);
    CERTIFICATEPOLICIES_free(list);
}

/* DATA as the one rfc822Name, whatever it holds; "!" for none at all. */
static void set_mail(struct made *m, const char *data)
{
    GByteArray *out = g_byte_array_new();
    guint sequence = der_begin(out, DER_SEQUENCE);

    if (*data != '!')
        der_text(out, DER_IMPLICIT(1), data);
    der_end(out, sequence);
    set_value(extension(m, NID_subject_alt_name), out->data, (int)out->len);
    g_byte_array_unref(out);
}

/* --- the table ------------------------------------------------------------------------------------------------------------- */

static gboolean always(const struct made *m) { return m != NULL; }
static gboolean if_rsa(const struct made *m) { return is_rsa(m); }
static gboolean if_ec(const struct made *m) { return !is_rsa(m); }
static gboolean if_p256(const struct made *m) { return m->csr.kind == CA_KEY_P256; }
static gboolean if_p256_signs(const struct made *m) { return if_p256(m) && m->kind.profile.key_usage != encrypt_only; }
static gboolean if_rsa2048(const struct made *m) { return m->csr.kind == CA_KEY_RSA2048; }
static gboolean if_mail(const struct made *m) { return m->kind.profile.mail_in_san; }
static gboolean if_policy(const struct made *m) { return m->kind.profile.policies[0] != NULL; }
static gboolean if_dn(const struct made *m) { return !m->kind.profile.subject_is_mail; }
static gboolean if_client(const struct made *m) { return m->kind.profile.extended == client_use; }
static gboolean if_smime_signs(const struct made *m)
{
    return m->kind.profile.extended == smime_use && m->kind.profile.key_usage != encrypt_only;
}

#define LONG65 "CN:12:12345678901234567890123456789012345678901234567890123456789012345"

static const struct mutation {
    const char *name, *rule; /* of ca/lint.h; "" for a good one */
    gboolean (*fits)(const struct made *);
    Mutate *mutate;
    const char *data;
} mutations[] = {
    { "good", "", always, nothing, "" },
    { "byte-behind", "form", always, append_byte, "" },
    { "unique-id", "form", always, unique_id, "" },
    { "length-in-two-bytes", "der", always, long_length, "" },
    { "constraints-false-written", "der", always, raw, "basicConstraints:3003010100" },
    { "usage-padded", "der", always, padded_usage, "" },
    { "version-1", "version", always, set_version, "0" },
    { "version-2", "version", always, set_version, "1" },
    { "version-4", "version", always, set_version, "3" },
    { "serial-zero", "serial-size", always, set_serial, "0" },
    { "serial-negative", "serial-size", always, set_serial, "-0102030405060708090a0b0c0d0e0f1011121314" },
    { "serial-21-bytes", "serial-size", always, set_serial, "ff02030405060708090a0b0c0d0e0f1011121314" },
    { "serial-short", "serial-size", always, set_serial, "0102030405060708" },
    { "serial-another", "serial", always, set_serial, "0102030405060708090a0b0c0d0e0f1011121314" },
    { "signed-with-sha1", "algorithm", always, sign_otherwise, "sha1" },
    { "signed-with-sha512", "algorithm", always, sign_otherwise, "sha512" },
    { "issuer-with-more", "issuer", always, rename_issuer, "More" },
    { "issuer-other-string-type", "issuer", always, rename_issuer, "=" },
    { "end-generalized", "time-form", always, set_end, "generalized" },
    { "end-without-seconds", "time-form", always, set_end, "minutes" },
    { "end-with-zone", "time-form", always, set_end, "zone" },
    { "end-with-fraction", "time-form", always, set_end, "fraction" },
    { "end-a-day-early", "validity", always, end_at, "early" },
    { "end-before-beginning", "validity", always, end_at, "before" },
    { "begun-a-week-early", "validity", always, begin_at, "" },
    { "end-after-issuer", "issuer-end", always, end_at, "issuer" },
    { "name-of-65", "subject-form", always, set_attribute, LONG65 },
    { "name-with-line-end", "subject-form", always, set_attribute, "CN:12:a\nb" },
    { "name-printable", "subject-form", always, set_attribute, "CN:19:Hanako" },
    { "name-bmp", "subject-form", always, bmp_name, "" },
    { "country-utf8", "subject-form", if_dn, set_attribute, "C:12:JP" },
    { "country-three", "subject-form", if_dn, set_attribute, "C:19:JPN" },
    { "subject-empty", "subject-form", always, empty_subject, "" },
    { "subject-two-in-one", "subject-form", always, multi_valued, "Professor" },
    { "subject-turned", "subject", always, turn_subject, "" },
    { "name-another", "subject", always, set_attribute, "CN:12:Somebody Else" },
    { "subject-with-more", "subject", always, set_attribute, "title:12:Professor" },
    { "key-rsa1024", "key-form", if_rsa2048, weak_key, "rsa1024" },
    { "key-rsa2047", "key-form", if_rsa2048, rsa_numbers, "2047" },
    { "key-exponent-3", "key-form", if_rsa2048, rsa_numbers, "e3" },
    { "key-exponent-even", "key-form", if_rsa2048, rsa_numbers, "even-e" },
    { "key-modulus-even", "key-form", if_rsa2048, rsa_numbers, "even-n" },
    { "key-p521", "key-form", if_p256, weak_key, "P-521" },
    { "key-secp256k1", "key-form", if_p256, weak_key, "secp256k1" },
    { "key-ed25519", "key-form", if_p256_signs, weak_key, "ed25519" },
    { "key-off-the-curve", "key-form", if_p256, bend_point, "off" },
    { "key-compressed", "key-form", if_p256, bend_point, "compressed" },
    { "key-kind", "key-kind", always, other_kinds, "" },
    { "key-of-another", "key", always, others_key, "" },
    { "purpose-twice", "extension-twice", always, twice, "extendedKeyUsage" },
    { "key-id-twice", "extension-twice", always, twice, "subjectKeyIdentifier" },
    { "address-twice", "extension-twice", if_mail, twice, "subjectAltName" },
    { "unknown-critical", "extension-unknown", always, unknown, "1.3.6.1.4.1.32473.99 critical" },
    { "unknown", "extension-unknown", always, unknown, "1.3.6.1.4.1.32473.99" },
    { "name-constraints", "extension-unknown", always, name_constraints, "" },
    { "purpose-unreadable", "extension-form", always, raw, "extendedKeyUsage:3003020101" },
    { "usage-with-byte-behind", "extension-form", always, longer_value, "keyUsage" },
    { "crl-pointer-cut", "extension-form", always, raw, "crlDistributionPoints:3010" },
    { "constraints-not-critical", "extension-critical", always, turn_critical, "basicConstraints" },
    { "usage-not-critical", "extension-critical", always, turn_critical, "keyUsage" },
    { "purpose-critical", "extension-critical", always, turn_critical, "extendedKeyUsage" },
    { "key-id-critical", "extension-critical", always, turn_critical, "subjectKeyIdentifier" },
    { "authority-id-critical", "extension-critical", always, turn_critical, "authorityKeyIdentifier" },
    { "crl-pointer-critical", "extension-critical", always, turn_critical, "crlDistributionPoints" },
    { "access-critical", "extension-critical", always, turn_critical, "authorityInfoAccess" },
    { "address-critical", "extension-critical", if_mail, turn_critical, "subjectAltName" },
    { "no-constraints", "extension-missing", always, drop, "basicConstraints" },
    { "no-usage", "extension-missing", always, drop, "keyUsage" },
    { "no-purpose", "extension-missing", always, drop, "extendedKeyUsage" },
    { "no-key-id", "extension-missing", always, drop, "subjectKeyIdentifier" },
    { "no-authority-id", "extension-missing", always, drop, "authorityKeyIdentifier" },
    { "no-policies", "extension-missing", if_policy, drop, "certificatePolicies" },
    { "no-address", "extension-missing", if_mail, drop, "subjectAltName" },
    { "no-crl-pointer", "extension-missing", always, drop, "crlDistributionPoints" },
    { "no-access", "extension-missing", always, drop, "authorityInfoAccess" },
    { "is-a-ca", "constraints", always, raw, "basicConstraints:30030101ff" },
    { "path-length-of-no-ca", "constraints", always, raw, "basicConstraints:3003020100" },
    { "signs-certificates", "usage-ca", always, more_usage, "5" },
    { "signs-crls", "usage-ca", always, more_usage, "6" },
    { "rsa-agrees", "usage-key", if_rsa, more_usage, "key" },
    { "ec-enciphers", "usage-key", if_ec, more_usage, "key" },
    { "usage-another", "usage", always, more_usage, "other" },
    { "usage-none", "usage", always, raw, "keyUsage:03020700" },
    { "purpose-any", "purpose-never", always, more_purpose, "2.5.29.37.0" },
    { "purpose-server", "purpose-never", always, more_purpose, "1.3.6.1.5.5.7.3.1" },
    { "purpose-ocsp", "purpose-never", always, more_purpose, CA_OID_OCSP_SIGNING },
    { "purpose-more", "purpose", always, more_purpose, "1.3.6.1.4.1.311.20.2.2" },
    { "purpose-mail-for-client", "purpose", if_client, config, "extendedKeyUsage|emailProtection" },
    { "purpose-client-for-mail", "purpose", if_smime_signs, config, "extendedKeyUsage|clientAuth" },
    { "key-id-another", "key-id", always, other_key_id, "subjectKeyIdentifier" },
    { "authority-id-another", "authority-id", always, other_key_id, "authorityKeyIdentifier" },
    { "policy-twice", "policy-twice", if_policy, policy_again, "" },
    { "policy-more", "policies", if_policy, policy_again, "1.3.6.1.4.1.32473.2" },
    { "address-without-at", "mail-form", if_mail, set_mail, "kagami.example" },
    { "address-with-blank", "mail-form", if_mail, set_mail, "ha na@kagami.example" },
    { "address-not-ascii", "mail-form", if_mail, set_mail, "花@kagami.example" },
    { "address-none", "mail-form", if_mail, set_mail, "!" },
    { "address-as-host", "mail-form", if_mail, config, "subjectAltName|DNS:kagami.example" },
    { "address-two", "mail-form", if_mail, config, "subjectAltName|email:a@kagami.example,email:b@kagami.example" },
    { "address-another", "mail", if_mail, set_mail, "president@kagami.example" },
    { "crl-pointer-another", "crl-pointer", always, config, "crlDistributionPoints|URI:http://pki.test/crl/client-9.crl" },
    { "crl-pointer-two", "crl-pointer", always, config,
      "crlDistributionPoints|URI:http://pki.test/crl/client-0.crl,URI:http://pki.test/crl/client-1.crl" },
    { "access-another", "access", always, config, "authorityInfoAccess|OCSP;URI:http://evil.test/ocsp" },
    { "access-more", "access", always, config,
      "authorityInfoAccess|OCSP;URI:http://pki.test/ocsp,caIssuers;URI:http://pki.test/ca/client.cer,OCSP;URI:http://b.test/" },
    { "algorithm-outside-another", "outer-algorithm", always, lie_outside, "" },
    { "signature-bit", "signature", always, flip_signature, "" },
    { "signed-by-another", "signature", always, sign_by_another, "" },
};

/* --- the whole -------------------------------------------------------------------------------------------------------------- */

static void put(const char *folder, const char *name, GBytes *der)
{
    g_autofree char *file = g_build_filename(folder, name, NULL), *pem = ca_certificate_pem(der);
    GError *error = NULL;

    g_file_set_contents(file, pem, -1, &error);
    g_assert_no_error(error);
}

static void text_member(GString *out, const char *name, const char *value)
{
    g_string_append_printf(out, ", \"%s\": ", name);
    db_json_text(out, value);
}

static void list_member(GString *out, const char *name, const char *const *values)
{
    g_string_append_printf(out, ", \"%s\": ", name);
    db_json_list(out, values);
}

static void describe(GString *out, const struct made *m, const struct mutation *mutation, guint number, const char *verdict)
{
    const struct ca_order *o = &m->order;
    static const char *const none[] = { NULL };

    g_string_append_printf(out, "{\"number\": %u", number);
    text_member(out, "mutation", mutation->name);
    text_member(out, "rule", mutation->rule);
    text_member(out, "verdict", verdict);
    text_member(out, "kind", m->kind.name);
    text_member(out, "purpose", m->kind.purpose);
    text_member(out, "ca", ca_key_kind_name(authority_kinds[m->authority - authorities]));
    text_member(out, "key", ca_key_kind_name(m->csr.kind));
    text_member(out, "serial", o->serial);
    text_member(out, "country", o->country);
    text_member(out, "locality", o->locality);
    text_member(out, "organization", o->organization);
    text_member(out, "unit", o->unit);
    text_member(out, "common_name", o->common_name);
    text_member(out, "mail", o->mail);
    g_string_append_printf(out, ", \"request\": %" G_GINT64_FORMAT ", \"not_before\": %" G_GINT64_FORMAT ", \"not_after\": %" G_GINT64_FORMAT,
                           o->number, o->not_before, o->not_after);
    g_string_append_printf(out, ", \"mail_in_san\": %s, \"subject_is_mail\": %s", o->profile->mail_in_san ? "true" : "false",
                           o->profile->subject_is_mail ? "true" : "false");
    list_member(out, "usage", o->profile->key_usage);
    list_member(out, "extended", o->profile->extended);
    list_member(out, "policies", o->profile->policies ? o->profile->policies : none);
    g_string_append(out, "}\n");
}

/* "" or the ID of the rule that the linter names. */
static char *verdict_of(const struct made *m)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) parts = NULL;

    if (ca_certificate_lint(m->der, &m->order, m->authority->issuer, &error))
        return g_strdup("");
    parts = g_strsplit(error->message, ": ", 3);
    return g_strdup(parts[1] ? parts[1] : error->message);
}

static void make_one(const char *folder, guint number, const struct mutation *mutation, GString *index)
{
    struct made m = { 0 };
    g_autoptr(GBytes) good = NULL;
    g_autofree char *name = g_strdup_printf("%05u.pem", number), *verdict = NULL;
    const unsigned char *p;
    GError *error = NULL;

    do {
        g_free((char *)m.order.serial);
        order_one(&m);
    } while (!mutation->fits(&m));
    good = ca_certificate_build(&m.order, m.authority->issuer, &error);
    g_assert_no_error(error);
    p = g_bytes_get_data(good, NULL);
    m.x = d2i_X509(NULL, &p, (long)g_bytes_get_size(good));
    need(m.x != NULL, "certificate");
    mutation->mutate(&m, mutation->data);
    if (mutation->mutate == nothing) {
        m.der = g_bytes_ref(good);
    } else if (!m.der) {
        g_autoptr(GBytes) tbs = tbs_of(&m);
        finish(&m, tbs);
    }
    verdict = verdict_of(&m);
    put(folder, name, m.der);
    describe(index, &m, mutation, number, verdict);
    g_bytes_unref(m.der);
    X509_free(m.x);
    g_free((char *)m.order.serial);
}

static CaCsr *new_key(enum ca_key_kind kind)
{
    g_autoptr(Secret) key = ca_key_make(kind, NULL);
    g_autoptr(GBytes) spki = ca_key_public(key, NULL);
    GError *error = NULL;
    CaCsr *csr = ca_csr_from_public(spki, &error);

    g_assert_no_error(error);
    return csr;
}

static void prepare(const char *folder)
{
    fixture_now = g_get_real_time() / G_USEC_PER_SEC;
    for (size_t i = 0; i < G_N_ELEMENTS(authorities); i++) {
        const char *kind = ca_key_kind_name(authority_kinds[i]);
        g_autofree char *root = g_strdup_printf("ca-%s-root.pem", kind), *issuing = g_strdup_printf("ca-%s.pem", kind);
        fixture_init(&authorities[i], authority_kinds[i], CA_KEY_P256);
        put(folder, root, authorities[i].root_certificate);
        put(folder, issuing, authorities[i].certificate);
    }
    for (int kind = 0; kind < CA_KEY_KINDS; kind++)
        for (int i = 0; i < KEYS; i++)
            keys[kind][i] = new_key((enum ca_key_kind)kind);
}

/* The rules, a line each, for the table in the documents and the question whether each is broken by something. */
static void put_rules(const char *folder)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *file = g_build_filename(folder, "rules", NULL);
    size_t n;
    const struct ca_lint_rule *rules = ca_lint_rules(&n);

    for (size_t i = 0; i < n; i++)
        g_string_append_printf(text, "%s\t%s\t%s\n", rules[i].id, rules[i].clause, rules[i].wants);
    g_file_set_contents(file, text->str, -1, NULL);
}

int main(int argc, char **argv)
{
    g_autoptr(GString) index = g_string_new(NULL);
    g_autofree char *file = NULL;
    guint count = argc == 4 ? (guint)atoi(argv[2]) : 0;

    if (count == 0) {
        fprintf(stderr, "usage: make_certificates FOLDER COUNT SEED\n");
        return 2;
    }
    crypto_start();
    dice = g_rand_new_with_seed((guint32)strtoul(argv[3], NULL, 10));
    prepare(argv[1]);
    put_rules(argv[1]);
    /* Half of them good; of the bad ones each kind in its turn. */
    for (guint i = 0; i < count; i++)
        make_one(argv[1], i, i % 2 ? &mutations[1 + i / 2 % (G_N_ELEMENTS(mutations) - 1)] : &mutations[0], index);
    file = g_build_filename(argv[1], "index.json", NULL);
    return g_file_set_contents(file, index->str, -1, NULL) ? 0 : 1;
}
