#include "ca/public.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <string.h>

#include "ca/weak.h"

/* --- Signature algorithms ------------------------------------------------------------------------------------------------- */

#define RSA_WITH(last) { 0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, last, 5, 0 }, 15
/* Parameters left out: RFC 4055 section 5 wants it read as well, and WebCrypto's libraries write it. */
#define RSA_BARE(last) { 0x30, 11, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, last }, 13
#define ECDSA_WITH(last) { 0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, last }, 12

static const struct ca_algorithm algorithms[] = {
    { "SHA256", TRUE, RSA_WITH(11) },    { "SHA384", TRUE, RSA_WITH(12) },    { "SHA512", TRUE, RSA_WITH(13) },
    { "SHA256", FALSE, ECDSA_WITH(2) },  { "SHA384", FALSE, ECDSA_WITH(3) },  { "SHA512", FALSE, ECDSA_WITH(4) },
    { "SHA256", TRUE, RSA_BARE(11) },    { "SHA384", TRUE, RSA_BARE(12) },    { "SHA512", TRUE, RSA_BARE(13) },
};

const struct ca_algorithm *ca_algorithm_find(const struct der *whole)
{
    for (size_t i = 0; i < G_N_ELEMENTS(algorithms); i++)
        if (der_is(whole, algorithms[i].der, algorithms[i].size))
            return &algorithms[i];
    return NULL;
}

const struct ca_algorithm *ca_algorithm_of(enum ca_key_kind kind)
{
    return ca_key_kind_is_rsa(kind) ? &algorithms[0] : kind == CA_KEY_P256 ? &algorithms[3] : &algorithms[4];
}

const EVP_MD *ca_algorithm_digest(const struct ca_algorithm *algorithm)
{
    static EVP_MD *digests[G_N_ELEMENTS(algorithms)];
    EVP_MD **digest = &digests[algorithm - algorithms];

    if (!*digest)
        *digest = EVP_MD_fetch(NULL, algorithm->name, NULL);
    if (!*digest)
        g_error("OpenSSL has no %s", algorithm->name);
    return *digest;
}

size_t ca_algorithm_hash(const struct ca_algorithm *algorithm, const void *data, size_t size,
                         unsigned char out[EVP_MAX_MD_SIZE])
{
    unsigned n;

    if (!EVP_Digest(data, size, out, &n, ca_algorithm_digest(algorithm), NULL))
        g_error("%s failed", algorithm->name);
    return n;
}

void ca_public_id(const struct der *bits, unsigned char id[CA_KEY_ID])
{
    static EVP_MD *sha1;

    if (!sha1)
        sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
    if (!sha1 || !EVP_Digest(bits->p, bits->n, id, NULL, sha1, NULL))
        g_error("SHA-1 failed");
}

/* --- Reading -------------------------------------------------------------------------------------------------------------- */

static const unsigned char rsa_encryption[] = { 0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0 };
static const unsigned char ec_p256[] = { 0x30, 19, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1,
                                         6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 };
static const unsigned char ec_p384[] = { 0x30, 16, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 5, 0x2b, 0x81, 4, 0, 0x22 };

static gboolean rsa_kind(size_t bytes, enum ca_key_kind *kind)
{
    switch (bytes) {
    case 256: *kind = CA_KEY_RSA2048; return TRUE;
    case 384: *kind = CA_KEY_RSA3072; return TRUE;
    case 512: *kind = CA_KEY_RSA4096; return TRUE;
    default: return FALSE;
    }
}

static gboolean read_rsa(struct ca_public *key, GError **error)
{
    struct der bits = key->bits, sequence;
    const char *weakness;

    if (!der_take(&bits, DER_SEQUENCE, &sequence) || bits.n != 0 || !der_take_unsigned(&sequence, &key->n)
        || !der_take_unsigned(&sequence, &key->e) || sequence.n != 0)
        return ca_fail(error, CA_ERROR_INPUT, "csr-form", "not an RSA public key");
    if (!rsa_kind(key->n.n, &key->kind) || key->n.p[0] < 0x80)
        return ca_fail(error, CA_ERROR_REFUSED, "key-kind", "an RSA key must have 2048, 3072 or 4096 bits");
    /* FIPS 186-5 allows up to 256 bits; OpenSSL verifies with at most 64 for long moduli. */
    if (key->e.n < 3 || key->e.n > 8 || (key->e.p[key->e.n - 1] & 1) == 0 || (key->n.p[key->n.n - 1] & 1) == 0)
        return ca_fail(error, CA_ERROR_REFUSED, "key-weak",
                       "the public exponent must be odd, 65537 or more, of 64 bits at most");
    weakness = ca_rsa_weakness(&key->n);
    return weakness ? ca_fail(error, CA_ERROR_REFUSED, "key-weak", "%s", weakness) : TRUE;
}

static gboolean read_ec(struct ca_public *key, enum ca_key_kind kind, size_t bytes, GError **error)
{
    key->kind = kind;
    /* RFC 5480 section 2.2 lets a CA refuse compressed points; several clients cannot read them. */
    if (key->bits.n != 1 + 2 * bytes || key->bits.p[0] != 4)
        return ca_fail(error, CA_ERROR_REFUSED, "key-kind", "an EC key must be an uncompressed point");
    return TRUE;
}

static gboolean split(struct der *in, struct ca_public *key, struct der *algorithm)
{
    struct der content;
    int tag;

    memset(key, 0, sizeof *key);
    if (!der_next_is(in, DER_SEQUENCE) || !der_take_any(in, &tag, &content, &key->spki)
        || !der_take_any(&content, &tag, NULL, algorithm) || tag != DER_SEQUENCE
        || !der_take(&content, DER_BIT_STRING, &key->bits) || content.n != 0 || key->bits.n < 2 || key->bits.p[0] != 0)
        return FALSE;
    key->bits.p++; /* the number of unused bits */
    key->bits.n--;
    return TRUE;
}

gboolean ca_public_read(struct der *in, struct ca_public *key, GError **error)
{
    struct der algorithm;

    if (!split(in, key, &algorithm))
        return ca_fail(error, CA_ERROR_INPUT, "csr-form", "not a public key");
    if (der_is(&algorithm, rsa_encryption, sizeof rsa_encryption))
        return read_rsa(key, error);
    if (der_is(&algorithm, ec_p256, sizeof ec_p256))
        return read_ec(key, CA_KEY_P256, 32, error);
    if (der_is(&algorithm, ec_p384, sizeof ec_p384))
        return read_ec(key, CA_KEY_P384, 48, error);
    return ca_fail(error, CA_ERROR_REFUSED, "key-kind", "neither RSA nor P-256 or P-384 as a named curve");
}

gboolean ca_public_of(const CaCsr *csr, struct ca_public *key)
{
    struct der in = der_of(csr->spki), algorithm;
    gboolean ok = split(&in, key, &algorithm) && in.n == 0;

    key->kind = csr->kind;
    return ok;
}

/* --- Verifying ------------------------------------------------------------------------------------------------------------ */

static EVP_PKEY *rsa_native(const struct ca_public *key)
{
    unsigned char n[512], e[8]; /* OSSL_PARAM wants the machine's byte order: the last byte first, on all we run on */
    g_autoptr(EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    g_autoptr(BIGNUM) bn = BN_bin2bn(key->n.p, (int)key->n.n, NULL), be = BN_bin2bn(key->e.p, (int)key->e.n, NULL);
    EVP_PKEY *native = NULL;

    if (!bn || !be || BN_bn2nativepad(bn, n, (int)key->n.n) < 0 || BN_bn2nativepad(be, e, (int)key->e.n) < 0)
        return NULL;
    OSSL_PARAM parameters[] = { OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, n, key->n.n),
                                OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, e, key->e.n), OSSL_PARAM_construct_end() };
    if (!context || EVP_PKEY_fromdata_init(context) <= 0)
        return NULL;
    return EVP_PKEY_fromdata(context, &native, EVP_PKEY_PUBLIC_KEY, parameters) > 0 ? native : NULL;
}

/* One key object a curve and process, given another point each time: making one anew costs a quarter of a verification. */
static EVP_PKEY *ec_native(const struct ca_public *key)
{
    static EVP_PKEY *kept[2];
    EVP_PKEY **native = &kept[key->kind == CA_KEY_P384];

    if (!*native)
        *native = EVP_EC_gen(key->kind == CA_KEY_P384 ? "P-384" : "P-256");
    if (!*native || !EVP_PKEY_set1_encoded_public_key(*native, key->bits.p, key->bits.n))
        return NULL;
    EVP_PKEY_up_ref(*native);
    return *native;
}

EVP_PKEY_CTX *ca_public_verifier(const struct ca_public *key, const EVP_MD *digest, GError **error)
{
    gboolean rsa = ca_key_kind_is_rsa(key->kind);
    g_autoptr(EVP_PKEY) native = rsa ? rsa_native(key) : ec_native(key);
    g_autoptr(EVP_PKEY_CTX) context = NULL;

    if (!native) { /* of an RSA key everything was looked at before */
        ca_fail(error, CA_ERROR_REFUSED, "key-weak", "the point is not on the curve");
        return NULL;
    }
    context = EVP_PKEY_CTX_new(native, NULL);
    if (!context || EVP_PKEY_verify_init(context) <= 0
        || (rsa && (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) <= 0
                    || EVP_PKEY_CTX_set_signature_md(context, digest) <= 0))) {
        ca_fail_openssl(error, "verify");
        return NULL;
    }
    return g_steal_pointer(&context);
}
