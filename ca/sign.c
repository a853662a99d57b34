#include "ca/sign.h"

#include <openssl/rsa.h>
#include <string.h>

struct ca_signer_table {
    CaCurve *curve;
    gboolean tried;
};

EVP_PKEY_CTX *ca_sign_context(EVP_PKEY *key, const struct ca_algorithm *algorithm, int (*init)(EVP_PKEY_CTX *))
{
    g_autoptr(EVP_PKEY_CTX) context = EVP_PKEY_CTX_new(key, NULL);

    if (!context || init(context) <= 0
        || (algorithm->rsa && EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) <= 0)
        || EVP_PKEY_CTX_set_signature_md(context, ca_algorithm_digest(algorithm)) <= 0)
        return NULL;
    return g_steal_pointer(&context);
}

gboolean ca_signer_init(struct ca_signer *signer, const CaSigningKey *key, GBytes *name, GError **error)
{
    EVP_PKEY *native = ca_signing_key_native(key);
    struct der in;
    struct ca_public public;

    memset(signer, 0, sizeof *signer);
    signer->algorithm = ca_algorithm_of(ca_signing_key_kind(key));
    signer->sign = ca_sign_context(native, signer->algorithm, EVP_PKEY_sign_init);
    signer->verify = ca_sign_context(native, signer->algorithm, EVP_PKEY_verify_init);
    signer->name = g_bytes_ref(name);
    signer->spki = ca_signing_key_public(key);
    if (!signer->sign || !signer->verify)
        return ca_fail_openssl(error, "signer");
    in = der_of(signer->spki);
    if (!ca_public_read(&in, &public, error))
        return FALSE;
    ca_public_id(&public.bits, signer->key_hash);
    memcpy(signer->key_id, signer->key_hash, CA_KEY_ID);
    signer->key_id_size = CA_KEY_ID;
    if (public.kind == CA_KEY_P256)
        signer->table = g_new0(struct ca_signer_table, 1);
    return TRUE;
}

void ca_signer_clear(struct ca_signer *signer)
{
    EVP_PKEY_CTX_free(signer->sign);
    EVP_PKEY_CTX_free(signer->verify);
    g_clear_pointer(&signer->name, g_bytes_unref);
    g_clear_pointer(&signer->spki, g_bytes_unref);
    if (signer->table)
        ca_curve_free(signer->table->curve);
    g_clear_pointer(&signer->table, g_free);
}

gboolean ca_sign_append(EVP_PKEY_CTX *sign, const struct ca_algorithm *algorithm, GByteArray *out, guint from, GError **error)
{
    unsigned char hash[EVP_MAX_MD_SIZE], signature[1024]; /* RSA-4096 makes 512 */
    size_t hashed = ca_algorithm_hash(algorithm, out->data + from, out->len - from, hash), n = sizeof signature;

    if (EVP_PKEY_sign(sign, signature, &n, hash, hashed) <= 0)
        return ca_fail_openssl(error, "sign");
    der_raw(out, algorithm->der, algorithm->size);
    der_bit_string(out, signature, n);
    return TRUE;
}

gboolean ca_signer_append(const struct ca_signer *signer, GByteArray *out, guint from, GError **error)
{
    return ca_sign_append(signer->sign, signer->algorithm, out, from, error);
}

/* NULL: there is none, libcrypto's way is taken. */
static const CaCurve *table(const struct ca_signer *signer)
{
    enum { POINT = 65 }; /* the end of a P-256 SubjectPublicKeyInfo */
    gsize n;
    const unsigned char *spki = g_bytes_get_data(signer->spki, &n);

    if (!signer->table)
        return NULL;
    if (!signer->table->tried)
        signer->table->curve = ca_curve_new(spki + n - POINT, POINT);
    signer->table->tried = TRUE;
    return signer->table->curve;
}

gboolean ca_signer_verify(const struct ca_signer *signer, const void *data, size_t size, const unsigned char *signature,
                          size_t n)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    size_t hashed = ca_algorithm_hash(signer->algorithm, data, size, hash);
    const CaCurve *curve = table(signer);
    gboolean ok = curve ? ca_curve_verify(curve, hash, signature, n)
                        : EVP_PKEY_verify(signer->verify, signature, n, hash, hashed) == 1;

    ERR_clear_error();
    return ok;
}
