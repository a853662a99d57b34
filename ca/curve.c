/* EC_GROUP_precompute_mult is deprecated without anything in its place; when it goes, ca_curve_new returns NULL and libcrypto's
   own verification is used. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "ca/curve.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <string.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ECDSA_SIG, ECDSA_SIG_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BN_CTX, BN_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EC_POINT, EC_POINT_free)

struct ca_curve {
    EC_GROUP *of_generator; /* the curve as it is: its multiples of G come from libcrypto's table */
    EC_GROUP *of_key;       /* the curve with the key as generator, and a table made for that */
};

void ca_curve_free(CaCurve *curve)
{
    if (!curve)
        return;
    EC_GROUP_free(curve->of_generator);
    EC_GROUP_free(curve->of_key);
    g_free(curve);
}

static gboolean prepare(CaCurve *curve, const unsigned char *bytes, size_t size)
{
    g_autoptr(BN_CTX) context = BN_CTX_new();
    g_autoptr(EC_POINT) point = curve->of_key ? EC_POINT_new(curve->of_key) : NULL;

    return context && point && curve->of_generator && EC_POINT_oct2point(curve->of_key, point, bytes, size, context)
           && EC_GROUP_set_generator(curve->of_key, point, EC_GROUP_get0_order(curve->of_generator), BN_value_one())
           && EC_GROUP_precompute_mult(curve->of_key, context);
}

CaCurve *ca_curve_new(const unsigned char *point, size_t size)
{
    CaCurve *curve = g_new0(CaCurve, 1);

    curve->of_generator = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    curve->of_key = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    if (!prepare(curve, point, size))
        g_clear_pointer(&curve, ca_curve_free);
    return curve;
}

static gboolean in_range(const BIGNUM *value, const BIGNUM *order)
{
    return !BN_is_negative(value) && !BN_is_zero(value) && BN_cmp(value, order) < 0;
}

/* X coordinate, modulo the order, of u1 G + u2 Q into X. */
static gboolean combine(const CaCurve *curve, const BIGNUM *u1, const BIGNUM *u2, BIGNUM *x, BN_CTX *context)
{
    g_autoptr(EC_POINT) a = EC_POINT_new(curve->of_generator), b = EC_POINT_new(curve->of_generator);

    return a && b && EC_POINT_mul(curve->of_generator, a, u1, NULL, NULL, context)
           && EC_POINT_mul(curve->of_key, b, u2, NULL, NULL, context) && EC_POINT_add(curve->of_generator, a, a, b, context)
           && !EC_POINT_is_at_infinity(curve->of_generator, a)
           && EC_POINT_get_affine_coordinates(curve->of_generator, a, x, NULL, context)
           && BN_nnmod(x, x, EC_GROUP_get0_order(curve->of_generator), context);
}

/* FIPS 186-5 section 6.4.2, step by step. */
static gboolean verify(const CaCurve *curve, const BIGNUM *e, const BIGNUM *r, const BIGNUM *s, BN_CTX *context)
{
    const BIGNUM *order = EC_GROUP_get0_order(curve->of_generator);
    BIGNUM *inverse = BN_CTX_get(context), *u1 = BN_CTX_get(context), *u2 = BN_CTX_get(context), *x = BN_CTX_get(context);

    return in_range(r, order) && in_range(s, order) && x && BN_mod_inverse(inverse, s, order, context)
           && BN_mod_mul(u1, e, inverse, order, context) && BN_mod_mul(u2, r, inverse, order, context)
           && combine(curve, u1, u2, x, context) && BN_cmp(x, r) == 0;
}

gboolean ca_curve_verify(const CaCurve *curve, const unsigned char *hash, const unsigned char *signature, size_t size)
{
    const unsigned char *p = signature;
    g_autoptr(ECDSA_SIG) sig = d2i_ECDSA_SIG(NULL, &p, (long)size);
    g_autoptr(BN_CTX) context = BN_CTX_new();
    BIGNUM *e;
    gboolean ok;

    if (!sig || !context || p != signature + size || i2d_ECDSA_SIG(sig, NULL) != (int)size) /* the one DER form and no other */
        return FALSE;
    BN_CTX_start(context);
    e = BN_CTX_get(context);
    ok = e && BN_bin2bn(hash, 32, e) && verify(curve, e, ECDSA_SIG_get0_r(sig), ECDSA_SIG_get0_s(sig), context);
    BN_CTX_end(context);
    return ok;
}
