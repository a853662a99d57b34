#include "ca/private.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <string.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)

static const unsigned char rsa_oid[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1 };
static const unsigned char ec_oid[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1 };
static const struct {
    const char *name;
    unsigned char oid[8];
    size_t oid_size, bytes;
    enum ca_key_kind kind;
} curves[] = {
    { "P-256", { 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 }, 8, 32, CA_KEY_P256 },
    { "P-384", { 0x2b, 0x81, 4, 0, 0x22 }, 5, 48, CA_KEY_P384 },
};

/* RSAPrivateKey, RFC 8017 appendix A.1.2, two primes */
static gboolean split_rsa(struct der in, struct ca_private *key)
{
    struct der sequence, version;

    if (!der_take(&in, DER_SEQUENCE, &sequence) || in.n != 0 || !der_take(&sequence, DER_INTEGER, &version)
        || !der_is(&version, "\0", 1))
        return FALSE;
    for (int i = 0; i < CA_RSA_NUMBERS; i++)
        if (!der_take_unsigned(&sequence, &key->numbers[i]))
            return FALSE;
    return sequence.n == 0;
}

/* ECPrivateKey, RFC 5915 section 3 */
static gboolean split_ec(struct der in, struct der curve, struct ca_private *key)
{
    struct der sequence, version, tagged;
    size_t i = 0;

    while (i < G_N_ELEMENTS(curves) && !der_is(&curve, curves[i].oid, curves[i].oid_size))
        i++;
    if (i == G_N_ELEMENTS(curves) || !der_take(&in, DER_SEQUENCE, &sequence) || in.n != 0
        || !der_take(&sequence, DER_INTEGER, &version) || !der_is(&version, "\1", 1)
        || !der_take(&sequence, DER_OCTET_STRING, &key->scalar))
        return FALSE;
    (void)der_take(&sequence, DER_CONTEXT(0), NULL);
    if (!der_take(&sequence, DER_CONTEXT(1), &tagged) || sequence.n != 0 || !der_take(&tagged, DER_BIT_STRING, &key->point)
        || key->point.n != 2 + 2 * curves[i].bytes || key->point.p[0] != 0 || key->scalar.n != curves[i].bytes)
        return FALSE;
    key->point.p++;
    key->point.n--;
    key->curve = curves[i].name;
    return TRUE;
}

gboolean ca_private_split(const Secret *pkcs8, struct ca_private *key)
{
    struct der in = { secret_bytes(pkcs8), secret_size(pkcs8) }, info, version, algorithm, oid, inner, curve;
    int tag;

    memset(key, 0, sizeof *key);
    if (!der_take(&in, DER_SEQUENCE, &info) || in.n != 0 || !der_take(&info, DER_INTEGER, &version)
        || !der_is(&version, "\0", 1) || !der_take_any(&info, &tag, &algorithm, &key->algorithm) || tag != DER_SEQUENCE
        || !der_take(&info, DER_OCTET_STRING, &inner) || !der_take(&algorithm, DER_OID, &oid))
        return FALSE;
    key->rsa = der_is(&oid, rsa_oid, sizeof rsa_oid);
    if (key->rsa)
        return split_rsa(inner, key);
    return der_is(&oid, ec_oid, sizeof ec_oid) && der_take(&algorithm, DER_OID, &curve) && split_ec(inner, curve, key);
}

/* --- To libcrypto --------------------------------------------------------------------------------------------------------- */

static const char *const rsa_names[CA_RSA_NUMBERS] = {
    OSSL_PKEY_PARAM_RSA_N,       OSSL_PKEY_PARAM_RSA_E,         OSSL_PKEY_PARAM_RSA_D,         OSSL_PKEY_PARAM_RSA_FACTOR1,
    OSSL_PKEY_PARAM_RSA_FACTOR2, OSSL_PKEY_PARAM_RSA_EXPONENT1, OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
};

/* The builder borrows its numbers until it is done: NUMBERS keeps them. */
static gboolean push(OSSL_PARAM_BLD *build, const struct ca_private *key, BIGNUM *numbers[CA_RSA_NUMBERS])
{
    int n = key->rsa ? CA_RSA_NUMBERS : 1;

    for (int i = 0; i < n; i++) {
        const struct der *from = key->rsa ? &key->numbers[i] : &key->scalar;
        numbers[i] = BN_secure_new();
        if (!numbers[i] || !BN_bin2bn(from->p, (int)from->n, numbers[i])
            || !OSSL_PARAM_BLD_push_BN(build, key->rsa ? rsa_names[i] : OSSL_PKEY_PARAM_PRIV_KEY, numbers[i]))
            return FALSE;
    }
    return key->rsa
           || (OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, key->curve, 0)
               && OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, key->point.p, key->point.n));
}

EVP_PKEY *ca_private_native(const struct ca_private *key)
{
    g_autoptr(EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name(NULL, key->rsa ? "RSA" : "EC", NULL);
    g_autoptr(OSSL_PARAM_BLD) build = OSSL_PARAM_BLD_new();
    BIGNUM *numbers[CA_RSA_NUMBERS] = { NULL };
    OSSL_PARAM *parameters = NULL;
    EVP_PKEY *native = NULL;

    if (context && build && push(build, key, numbers) && (parameters = OSSL_PARAM_BLD_to_param(build))
        && EVP_PKEY_fromdata_init(context) > 0 && EVP_PKEY_fromdata(context, &native, EVP_PKEY_KEYPAIR, parameters) <= 0)
        native = NULL;
    for (int i = 0; i < CA_RSA_NUMBERS; i++)
        BN_clear_free(numbers[i]);
    OSSL_PARAM_free(parameters); /* its secure block is wiped */
    return native;
}

enum { SCALAR_LONGEST = 48, POINT_LONGEST = 97 };

/*
 * PrivateKeyInfo { 0, { ecPublicKey, curve }, OCTET STRING { ECPrivateKey { 1, scalar, [1] { point } } } }: the parts before
 * and after the scalar hold nothing secret and are written first; the scalar goes from libcrypto's number into its place.
 */
static Secret *write_ec(size_t curve, const BIGNUM *scalar, const unsigned char *point, size_t point_size)
{
    size_t bytes = curves[curve].bytes, after, mark;
    g_autoptr(GByteArray) out = g_byte_array_sized_new(256), key = g_byte_array_sized_new(192);
    guint sequence = der_begin(key, DER_SEQUENCE), whole = der_begin(out, DER_SEQUENCE), algorithm, tagged;
    static const unsigned char zeroes[SCALAR_LONGEST];
    Secret *secret;

    der_integer(key, 1);
    der_element(key, DER_OCTET_STRING, zeroes, bytes);
    mark = key->len;
    tagged = der_begin(key, DER_CONTEXT(1));
    der_bit_string(key, point, point_size);
    der_end(key, tagged);
    after = key->len - mark;
    der_end(key, sequence);
    der_integer(out, 0);
    algorithm = der_begin(out, DER_SEQUENCE);
    der_element(out, DER_OID, ec_oid, sizeof ec_oid);
    der_element(out, DER_OID, curves[curve].oid, curves[curve].oid_size);
    der_end(out, algorithm);
    der_element(out, DER_OCTET_STRING, key->data, key->len);
    der_end(out, whole);
    secret = secret_from(out->data, out->len);
    if (BN_bn2binpad(scalar, secret_bytes(secret) + out->len - after - bytes, (int)bytes) < 0)
        g_clear_pointer(&secret, secret_free);
    return secret;
}

Secret *ca_private_write_ec(const EVP_PKEY *key)
{
    unsigned char point[POINT_LONGEST];
    BIGNUM *scalar = BN_secure_new();
    enum ca_key_kind kind;
    size_t n = 0, i = 0;
    Secret *secret = NULL;

    if (ca_key_native_kind(key, &kind) && !ca_key_kind_is_rsa(kind)) {
        while (curves[i].kind != kind)
            i++;
        if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &n)
            && n == 1 + 2 * curves[i].bytes && point[0] == 4 && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &scalar))
            secret = write_ec(i, scalar, point, n);
    }
    BN_clear_free(scalar);
    return secret;
}

GBytes *ca_private_spki(const struct ca_private *key)
{
    g_autoptr(GByteArray) out = g_byte_array_sized_new(640), numbers = g_byte_array_new();
    guint whole = der_begin(out, DER_SEQUENCE), sequence;

    der_raw(out, key->algorithm.p, key->algorithm.n);
    if (key->rsa) {
        sequence = der_begin(numbers, DER_SEQUENCE);
        for (int i = 0; i < 2; i++)
            der_unsigned(numbers, key->numbers[i].p, key->numbers[i].n);
        der_end(numbers, sequence);
        der_bit_string(out, numbers->data, numbers->len);
    } else {
        der_bit_string(out, key->point.p, key->point.n);
    }
    der_end(out, whole);
    return g_byte_array_free_to_bytes(g_steal_pointer(&out));
}
