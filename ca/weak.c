#include "ca/weak.h"

#include <openssl/bn.h>
#include <string.h>

#include "ca/native.h"

enum { SMALL_PRIMES = 752, MARKING_PRIMES = 168, FERMAT_ROUNDS = 100, IN_GROUP = 16, GROUPS = 64 };

/* --- small factors, and the mark of the flawed chips ---------------------------------------------------------------------- */

/* As many primes as have a product of 64 bits: one long division serves them all. */
struct group {
    guint64 product;
    unsigned primes[IN_GROUP];
    size_t n;
};

static gboolean is_prime(unsigned odd)
{
    for (unsigned d = 3; d * d <= odd; d += 2)
        if (odd % d == 0)
            return FALSE;
    return TRUE;
}

/* The odd primes below 752, made once a process; ends with a group of none. */
static const struct group *groups(void)
{
    static struct group made[GROUPS];
    size_t at = 0;

    if (made[0].n > 0)
        return made;
    for (unsigned prime = 3; prime < SMALL_PRIMES; prime += 2) {
        if (!is_prime(prime))
            continue;
        if (made[at].n > 0 && (made[at].n == IN_GROUP || made[at].product > G_MAXUINT64 / prime))
            at++;
        made[at].product = made[at].n > 0 ? made[at].product * prime : prime;
        made[at].primes[made[at].n++] = prime;
    }
    return made;
}

static guint64 modulo(const struct der *n, guint64 divisor)
{
    __extension__ unsigned __int128 rest = 0;

    for (size_t i = 0; i < n->n; i += 8) { /* lengths of ours are multiples of 8 */
        guint64 word;
        memcpy(&word, n->p + i, sizeof word);
        rest = (rest << 64 | GUINT64_FROM_BE(word)) % divisor;
    }
    return (guint64)rest;
}

static gboolean is_power_of_65537(unsigned value, unsigned prime)
{
    unsigned power = 1;

    do {
        if (power == value)
            return TRUE;
        power = power * (65537 % prime) % prime;
    } while (power != 1);
    return FALSE;
}

/* The mark: a power of 65537 modulo every prime up to 167. */
static const char *divides(const struct der *n)
{
    gboolean marked = TRUE;

    for (const struct group *group = groups(); group->n > 0; group++) {
        guint64 rest = modulo(n, group->product);
        for (size_t i = 0; i < group->n; i++) {
            unsigned prime = group->primes[i];
            if (rest % prime == 0)
                return "the modulus has a small factor";
            if (marked && prime < MARKING_PRIMES)
                marked = is_power_of_65537((unsigned)(rest % prime), prime);
        }
    }
    return marked ? "the key was made by a chip with a known flaw (CVE-2017-15361)" : NULL;
}

/* --- primes that are near to each other ----------------------------------------------------------------------------------- */

/* The root of a long number is begun with that of its first 62 bits or so: 32 bits are right, and each round doubles them. */
static gboolean first_guess(BIGNUM *root, const BIGNUM *value)
{
    int cut = MAX(BN_num_bits(value) - 62, 0) & ~1;
    guint64 front, guess = G_GUINT64_CONSTANT(1) << 32, next;
    unsigned char bytes[8];

    if (!BN_rshift(root, value, cut) || BN_bn2binpad(root, bytes, sizeof bytes) < 0)
        return FALSE;
    memcpy(&front, bytes, sizeof front);
    front = GUINT64_FROM_BE(front);
    while ((next = (guess + front / guess) / 2) < guess)
        guess = next;
    return BN_set_word(root, guess + 1) && BN_lshift(root, root, cut / 2);
}

/* The largest number whose square is not above VALUE, by Newton's method from above. */
static gboolean root_of(BIGNUM *root, const BIGNUM *value, BN_CTX *context)
{
    g_autoptr(BIGNUM) next = BN_new();

    if (!next || !first_guess(root, value))
        return FALSE;
    for (;;) {
        if (!BN_div(next, NULL, value, root, context) || !BN_add(next, next, root) || !BN_rshift1(next, next))
            return FALSE;
        if (BN_cmp(next, root) >= 0)
            return TRUE;
        if (!BN_copy(root, next))
            return FALSE;
    }
}

/* Is A² - N a square? */
static gboolean splits(const BIGNUM *a, const BIGNUM *n, BN_CTX *context)
{
    g_autoptr(BIGNUM) rest = BN_new(), root = BN_new();

    return rest && root && BN_sqr(rest, a, context) && BN_sub(rest, rest, n) && root_of(root, rest, context)
           && BN_sqr(root, root, context) && BN_cmp(root, rest) == 0;
}

/* Squares leave few of the possible rests: 4 of 1000 others pass for one. */
static const unsigned moduli[] = { 64, 63, 61, 55, 53 };
#define MODULUS (G_GUINT64_CONSTANT(64) * 63 * 61 * 55 * 53)

static gboolean may_be_square(guint64 value)
{
    static guint64 squares[G_N_ELEMENTS(moduli)]; /* a bit a rest */

    for (size_t i = 0; i < G_N_ELEMENTS(moduli) && squares[i] == 0; i++)
        for (unsigned root = 0; root < moduli[i]; root++)
            squares[i] |= G_GUINT64_CONSTANT(1) << (root * root % moduli[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(moduli); i++)
        if (!(squares[i] >> (value % moduli[i]) & 1))
            return FALSE;
    return TRUE;
}

/* Fermat: N = A² - B² = (A - B)(A + B); A from the root of N upwards. The numbers are long, so their rests are looked at first. */
static gboolean is_near_square(const BIGNUM *n, BN_CTX *context)
{
    g_autoptr(BIGNUM) a = BN_new(), square = BN_new();
    guint64 rest_n = BN_mod_word(n, MODULUS), rest;

    if (!a || !square || !root_of(a, n, context) || !BN_sqr(square, a, context))
        return FALSE;
    if (BN_cmp(square, n) == 0)
        return TRUE;
    rest = BN_mod_word(a, MODULUS);
    for (int round = 0; round < FERMAT_ROUNDS && BN_add_word(a, 1); round++) {
        rest = (rest + 1) % MODULUS;
        if (may_be_square((rest * rest + MODULUS - rest_n) % MODULUS) && splits(a, n, context))
            return TRUE;
    }
    return FALSE;
}

const char *ca_rsa_weakness(const struct der *n)
{
    const char *why = divides(n);
    g_autoptr(BN_CTX) context = NULL;
    g_autoptr(BIGNUM) number = NULL;

    if (why)
        return why;
    context = BN_CTX_new();
    number = BN_bin2bn(n->p, (int)n->n, NULL);
    if (!context || !number)
        g_error("no memory for a modulus");
    return is_near_square(number, context) ? "the modulus has two primes that are near to each other (CVE-2022-26320)" : NULL;
}
