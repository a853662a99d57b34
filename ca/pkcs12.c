#include "ca/pkcs12.h"

#include <openssl/asn1t.h>
#include <string.h>

#include "ca/der.h"
#include "ca/key.h"
#include "ca/native.h"

enum {
    PASSWORD_LONGEST = 64,
    PIN_LENGTH = 16,
    PIN_ROUNDS = 7000,       /* a PIN of ours has 95 bits: rounds are for form, 4 ms in all */
    PASSWORD_ROUNDS = 20000, /* what people choose themselves is shorter or weaker */
    SALT = 16,
};

static const struct {
    const char *name;
    int cipher; /* of key and certificates */
    const EVP_MD *(*mac)(void);
} encodings[] = {
    [CA_PKCS12_MODERN] = { "modern", NID_aes_256_cbc, EVP_sha256 },
    [CA_PKCS12_OLDER] = { "older", NID_pbe_WithSHA1And3_Key_TripleDES_CBC, EVP_sha1 },
};

struct packing {
    const char *password;
    const char *friendly_name;
    int cipher, rounds;
    unsigned char key_id[20]; /* ties key and certificate together */
};

gboolean ca_pkcs12_encoding_parse(const char *name, enum ca_pkcs12_encoding *encoding)
{
    for (size_t i = 0; i < G_N_ELEMENTS(encodings); i++) {
        if (g_str_equal(encodings[i].name, name)) {
            *encoding = (enum ca_pkcs12_encoding)i;
            return TRUE;
        }
    }
    return FALSE;
}

/* --- What goes in is looked at first -------------------------------------------------------------------------------------- */

static gboolean password_ok(const char *password)
{
    size_t n = strlen(password);

    for (size_t i = 0; i < n; i++)
        if (!g_ascii_isprint(password[i]))
            return FALSE;
    return n >= 1 && n <= PASSWORD_LONGEST;
}

/* The key in a certificate: version, serial, algorithm, issuer, validity and subject come before it. */
static gboolean certificate_key(GBytes *der, struct der *spki)
{
    static const int before[] = { DER_CONTEXT(0), DER_INTEGER, DER_SEQUENCE, DER_SEQUENCE, DER_SEQUENCE, DER_SEQUENCE };
    struct der in = der_of(der), certificate, tbs;
    int tag;

    if (!der_take(&in, DER_SEQUENCE, &certificate) || in.n != 0 || !der_take(&certificate, DER_SEQUENCE, &tbs))
        return FALSE;
    for (size_t i = 0; i < G_N_ELEMENTS(before); i++)
        if (!der_take(&tbs, before[i], NULL))
            return FALSE;
    return der_take_any(&tbs, &tag, NULL, spki) && tag == DER_SEQUENCE;
}

static gboolean inputs_ok(const Secret *pkcs8, GBytes *certificate, const GPtrArray *chain, GError **error)
{
    g_autoptr(GBytes) public = ca_key_public(pkcs8, error);
    struct der spki, other;

    if (!public)
        return FALSE;
    other = der_of(public);
    if (!certificate_key(certificate, &spki) || !der_is(&spki, other.p, other.n))
        return ca_fail(error, CA_ERROR_BROKEN, "pkcs12", "the certificate is not this key's");
    for (guint i = 0; chain && i < chain->len; i++)
        if (!certificate_key(chain->pdata[i], &spki))
            return ca_fail(error, CA_ERROR_BROKEN, "pkcs12", "number %u of the chain is no certificate", i);
    return TRUE;
}

/* --- Bags (RFC 7292 section 4.2) ------------------------------------------------------------------------------------------ */

static gboolean add_names(PKCS12_SAFEBAG *bag, const struct packing *packing)
{
    return (!packing->friendly_name || PKCS12_add_friendlyname_utf8(bag, packing->friendly_name, -1))
           && PKCS12_add_localkeyid(bag, (unsigned char *)packing->key_id, sizeof packing->key_id);
}

/* Takes BAG, which may be NULL, into BAGS. */
static gboolean push(STACK_OF(PKCS12_SAFEBAG) *bags, PKCS12_SAFEBAG *bag)
{
    if (bag && sk_PKCS12_SAFEBAG_push(bags, bag) > 0)
        return TRUE;
    PKCS12_SAFEBAG_free(bag);
    return FALSE;
}

/* Of the DER as it is: an X509 would be decoded only to be encoded again, at a tenth of a millisecond each. */
static PKCS12_SAFEBAG *certificate_bag(GBytes *der)
{
    struct der in = der_of(der);
    ASN1_STRING *raw = ASN1_STRING_type_new(V_ASN1_SEQUENCE);
    PKCS12_SAFEBAG *bag = NULL;

    if (raw && ASN1_STRING_set(raw, in.p, (int)in.n))
        bag = PKCS12_item_pack_safebag(raw, ASN1_ITEM_rptr(ASN1_SEQUENCE), NID_x509Certificate, NID_certBag);
    ASN1_STRING_free(raw);
    return bag;
}

/* The own certificate first, with the names, then the chain; encrypted. */
static PKCS7 *certificates_safe(GBytes *certificate, const GPtrArray *chain, const struct packing *packing)
{
    STACK_OF(PKCS12_SAFEBAG) *bags = sk_PKCS12_SAFEBAG_new_null();
    unsigned char salt[SALT];
    gboolean ok = push(bags, certificate_bag(certificate)) && add_names(sk_PKCS12_SAFEBAG_value(bags, 0), packing);
    PKCS7 *safe = NULL;

    for (guint i = 0; chain && i < chain->len && ok; i++)
        ok = push(bags, certificate_bag(chain->pdata[i]));
    crypto_random(salt, sizeof salt);
    if (ok)
        safe = PKCS12_pack_p7encdata(packing->cipher, packing->password, -1, salt, sizeof salt, packing->rounds, bags);
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    return safe;
}

/* A shrouded key bag is encrypted by itself, the safe around it is not. */
static PKCS7 *key_safe(const Secret *pkcs8, const struct packing *packing)
{
    STACK_OF(PKCS12_SAFEBAG) *bags = sk_PKCS12_SAFEBAG_new_null();
    const unsigned char *p = secret_bytes(pkcs8);
    g_autoptr(PKCS8_PRIV_KEY_INFO) info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)secret_size(pkcs8));
    unsigned char salt[SALT];
    PKCS7 *safe = NULL;

    crypto_random(salt, sizeof salt);
    if (info
        && push(bags, PKCS12_SAFEBAG_create_pkcs8_encrypt(packing->cipher, packing->password, -1, salt, sizeof salt,
                                                          packing->rounds, info))
        && add_names(sk_PKCS12_SAFEBAG_value(bags, 0), packing))
        safe = PKCS12_pack_p7data(bags);
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    return safe;
}

static PKCS12 *assemble(const Secret *pkcs8, GBytes *certificate, const GPtrArray *chain, const struct packing *packing)
{
    STACK_OF(PKCS7) *safes = sk_PKCS7_new_null();
    PKCS7 *safe;
    PKCS12 *pkcs12 = NULL;

    if ((safe = certificates_safe(certificate, chain, packing)))
        sk_PKCS7_push(safes, safe);
    if ((safe = key_safe(pkcs8, packing)))
        sk_PKCS7_push(safes, safe);
    if (sk_PKCS7_num(safes) == 2)
        pkcs12 = PKCS12_add_safes(safes, 0);
    sk_PKCS7_pop_free(safes, PKCS7_free);
    return pkcs12;
}

GBytes *ca_pkcs12_build(const Secret *pkcs8, GBytes *certificate, const GPtrArray *chain, const char *friendly_name,
                        const char *password, enum ca_pkcs12_encoding encoding, GError **error)
{
    struct packing packing = { .password = password, .friendly_name = friendly_name, .cipher = encodings[encoding].cipher,
                               .rounds = strlen(password) >= PIN_LENGTH ? PIN_ROUNDS : PASSWORD_ROUNDS };
    struct der in = der_of(certificate);
    g_autoptr(PKCS12) pkcs12 = NULL;

    if (!password_ok(password)) {
        ca_fail(error, CA_ERROR_REFUSED, "password", "1 to %d printable ASCII characters", PASSWORD_LONGEST);
        return NULL;
    }
    if (!inputs_ok(pkcs8, certificate, chain, error))
        return NULL;
    if (EVP_Q_digest(NULL, "SHA1", NULL, in.p, in.n, packing.key_id, NULL))
        pkcs12 = assemble(pkcs8, certificate, chain, &packing);
    if (!pkcs12 || !PKCS12_set_mac(pkcs12, password, -1, NULL, SALT, packing.rounds, encodings[encoding].mac())) {
        ca_fail_openssl(error, "pkcs12");
        return NULL;
    }
    return CA_I2D(i2d_PKCS12, pkcs12);
}
