/* The linter's own look at a public key: nothing of ca/public.c and ca/der.c is used here. */
#include <openssl/ec.h>
#include <string.h>

#include "ca/lint.h"
#include "ca/native.h"

struct span {
    const unsigned char *p, *end;
};

/* Takes the next element of IN, which must have TAG, by libcrypto's reader. */
static gboolean take(struct span *in, int tag, struct span *content)
{
    const unsigned char *p = in->p;
    long size;
    int seen, class;

    if (p >= in->end || ASN1_get_object(&p, &size, &seen, &class, in->end - p) & 0x81 || seen != tag || class != V_ASN1_UNIVERSAL)
        return FALSE;
    *content = (struct span){ p, p + size };
    in->p = p + size;
    return TRUE;
}

static gboolean number(struct span *in, struct span *content)
{
    if (!take(in, V_ASN1_INTEGER, content) || content->p == content->end || *content->p & 0x80)
        return FALSE;
    if (*content->p == 0 && content->end - content->p > 1)
        content->p++;
    return TRUE;
}

/* RFC 8017; FIPS 186-5 A.1.1: odd, 65537 at least; OpenSSL verifies with 64 bits at most. */
static gboolean rsa_ok(struct span bits)
{
    struct span key, n, e;

    if (!take(&bits, V_ASN1_SEQUENCE, &key) || bits.p != bits.end || !number(&key, &n) || !number(&key, &e) || key.p != key.end)
        return FALSE;
    return (n.end - n.p == 256 || n.end - n.p == 384 || n.end - n.p == 512) && n.p[0] & 0x80 && n.end[-1] & 1
           && e.end - e.p >= 3 && e.end - e.p <= 8 && e.end[-1] & 1;
}

static const struct curve {
    int nid;
    int size;
} curves[] = { { NID_X9_62_prime256v1, 32 }, { NID_secp384r1, 48 } };

/* The equation's numbers of a curve, looked up once a process. */
struct equation {
    BIGNUM *p, *a, *b;
    BN_CTX *scratch;
};

static const struct equation *equation_of(size_t i)
{
    static struct equation equations[G_N_ELEMENTS(curves)];
    struct equation *e = &equations[i];
    EC_GROUP *group;

    if (e->scratch)
        return e;
    group = EC_GROUP_new_by_curve_name(curves[i].nid);
    e->p = BN_new();
    e->a = BN_new();
    e->b = BN_new();
    e->scratch = BN_CTX_new();
    if (!group || !EC_GROUP_get_curve(group, e->p, e->a, e->b, e->scratch))
        g_error("OpenSSL has no %s", OBJ_nid2sn(curves[i].nid));
    EC_GROUP_free(group);
    return e;
}

/* SEC 1 section 3.2.2.1: both coordinates below p, and y^2 = x^3 + ax + b. */
static gboolean on_curve(const struct equation *e, const unsigned char *point, int size)
{
    BIGNUM *x, *y, *left, *right;
    gboolean ok;

    BN_CTX_start(e->scratch);
    x = BN_CTX_get(e->scratch);
    y = BN_CTX_get(e->scratch);
    left = BN_CTX_get(e->scratch);
    right = BN_CTX_get(e->scratch);
    ok = right && BN_bin2bn(point, size, x) && BN_bin2bn(point + size, size, y) && BN_cmp(x, e->p) < 0 && BN_cmp(y, e->p) < 0
         && BN_mod_sqr(left, y, e->p, e->scratch) && BN_mod_sqr(right, x, e->p, e->scratch) && BN_add(right, right, e->a)
         && BN_mod_mul(right, right, x, e->p, e->scratch) && BN_mod_add_quick(right, right, e->b, e->p) && BN_cmp(left, right) == 0;
    BN_CTX_end(e->scratch);
    return ok;
}

/* RFC 5480 section 2.2: a named curve, and the point uncompressed. */
static gboolean ec_ok(int curve, struct span bits)
{
    for (size_t i = 0; i < G_N_ELEMENTS(curves); i++)
        if (curves[i].nid == curve)
            return bits.end - bits.p == 1 + 2 * curves[i].size && bits.p[0] == 4
                   && on_curve(equation_of(i), bits.p + 1, curves[i].size);
    return FALSE;
}

static int oid(struct span *in)
{
    const unsigned char *p = in->p;
    ASN1_OBJECT *object = d2i_ASN1_OBJECT(NULL, &p, in->end - p);
    int nid = object ? OBJ_obj2nid(object) : NID_undef;

    if (object)
        in->p = p;
    ASN1_OBJECT_free(object);
    return nid;
}

gboolean ca_lint_key(const unsigned char *spki, size_t size)
{
    struct span in, whole, algorithm, parameters, bits;
    int kind;

    if (size == 0)
        return FALSE;
    in = (struct span){ spki, spki + size };
    if (!take(&in, V_ASN1_SEQUENCE, &whole) || in.p != in.end || !take(&whole, V_ASN1_SEQUENCE, &algorithm)
        || !take(&whole, V_ASN1_BIT_STRING, &bits) || whole.p != whole.end || bits.p == bits.end || *bits.p++ != 0)
        return FALSE;
    kind = oid(&algorithm);
    if (kind == NID_rsaEncryption) /* RFC 3279 section 2.3.1: NULL */
        return take(&algorithm, V_ASN1_NULL, &parameters) && algorithm.p == algorithm.end && rsa_ok(bits);
    if (kind == NID_X9_62_id_ecPublicKey) {
        int curve = oid(&algorithm);
        return algorithm.p == algorithm.end && ec_ok(curve, bits);
    }
    return FALSE;
}
