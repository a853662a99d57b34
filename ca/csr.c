#include "ca/csr.h"

#include <string.h>

#include "ca/der.h"
#include "ca/native.h"
#include "ca/public.h"

/* Parts of a CertificationRequest (RFC 2986 section 4). */
struct parts {
    struct der info; /* whole: what is signed */
    struct ca_public key;
    struct der algorithm, signature;
};

static const char *const begins[] = { "-----BEGIN CERTIFICATE REQUEST-----", "-----BEGIN NEW CERTIFICATE REQUEST-----" };

/* GLib's decoder skips what it doesn't know: so only what it knows goes in. */
static GBytes *unbase64(const char *text, size_t size)
{
    g_autofree char *body = g_strndup(text, size);
    gsize n;

    if (size < 4
        || strspn(body, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/= \t\r\n") != size)
        return NULL;
    g_base64_decode_inplace(body, &n);
    return n > 0 ? g_bytes_new_take(g_steal_pointer(&body), n) : NULL;
}

static const char *find(const char *text, const char *end, const char *words)
{
    return text < end ? g_strstr_len(text, end - text, words) : NULL;
}

/* The first BEGIN line of a request; FROM: behind it. */
static const char *find_begin(const char *text, const char *end, const char **from)
{
    const char *first = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(begins); i++) {
        const char *found = find(text, end, begins[i]);
        if (!found || (first && first < found))
            continue;
        first = found;
        *from = found + strlen(begins[i]);
    }
    return first;
}

/* The DER inside text: PEM, or base64 alone. Text before the first line is skipped, as openssl req -text writes it. */
static GBytes *unpem(const char *text, size_t size, GError **error)
{
    const char *end = size > 0 ? text + size : text, *from = text, *to = end, *second; /* TEXT may be NULL, then SIZE is 0 */
    GBytes *der;

    if (find(text, end, "PRIVATE KEY-----")) {
        ca_fail(error, CA_ERROR_INPUT, "csr-private", "there is a private key in it");
        return NULL;
    }
    if (find_begin(text, end, &from)) {
        to = find(from, end, "-----END ");
        if (to && find_begin(to, end, &second)) {
            ca_fail(error, CA_ERROR_INPUT, "csr-two", "more than one request");
            return NULL;
        }
    }
    der = to ? unbase64(from, (size_t)(to - from)) : NULL;
    if (!der)
        ca_fail(error, CA_ERROR_INPUT, "csr-form", "neither PEM nor DER of a certificate signing request");
    return der;
}

/* version, subject, key, attributes: the last is [0] IMPLICIT and required, though some leave it out when it is empty. */
static gboolean read_info(struct der info, struct ca_public *key, GError **error)
{
    struct der version;

    if (!der_take(&info, DER_INTEGER, &version) || !der_is(&version, "\0", 1) || !der_take(&info, DER_SEQUENCE, NULL))
        return ca_fail(error, CA_ERROR_INPUT, "csr-form", "not a certificate signing request (PKCS#10)");
    if (!ca_public_read(&info, key, error))
        return FALSE;
    if (info.n != 0 && (!der_take(&info, DER_CONTEXT(0), NULL) || info.n != 0))
        return ca_fail(error, CA_ERROR_INPUT, "csr-form", "something after the attributes");
    return TRUE;
}

static gboolean read_parts(struct der in, struct parts *parts, GError **error)
{
    struct der request, info;
    int tag;

    if (!der_take(&in, DER_SEQUENCE, &request) || in.n != 0 || !der_next_is(&request, DER_SEQUENCE)
        || !der_take_any(&request, &tag, &info, &parts->info) || !der_take_any(&request, &tag, NULL, &parts->algorithm)
        || tag != DER_SEQUENCE || !der_take(&request, DER_BIT_STRING, &parts->signature) || request.n != 0
        || parts->signature.n < 2 || parts->signature.p[0] != 0)
        return ca_fail(error, CA_ERROR_INPUT, "csr-form", "not a certificate signing request (PKCS#10)");
    parts->signature.p++;
    parts->signature.n--;
    return read_info(info, &parts->key, error);
}

static gboolean check_proof(const struct parts *parts, GError **error)
{
    const struct ca_algorithm *algorithm = ca_algorithm_find(&parts->algorithm);
    g_autoptr(EVP_PKEY_CTX) context = NULL;
    unsigned char hash[EVP_MAX_MD_SIZE];
    size_t n;

    if (!algorithm || algorithm->rsa != ca_key_kind_is_rsa(parts->key.kind))
        return ca_fail(error, CA_ERROR_REFUSED, "csr-algorithm",
                       "it must be signed with SHA-256 or longer, by RSA PKCS#1 or ECDSA");
    context = ca_public_verifier(&parts->key, ca_algorithm_digest(algorithm), error);
    if (!context)
        return FALSE;
    n = ca_algorithm_hash(algorithm, parts->info.p, parts->info.n, hash);
    if (EVP_PKEY_verify(context, parts->signature.p, parts->signature.n, hash, n) != 1)
        return ca_fail(error, CA_ERROR_INPUT, "csr-proof", "the signature was not made with this key");
    return TRUE;
}

static CaCsr *csr_new(const struct ca_public *key)
{
    CaCsr *csr = g_new0(CaCsr, 1);

    csr->kind = key->kind;
    csr->spki = g_bytes_new(key->spki.p, key->spki.n);
    csr->spki_sha256 = crypto_sha256(key->spki.p, key->spki.n);
    return csr;
}

CaCsr *ca_csr_parse(const void *bytes, size_t size, GError **error)
{
    struct der in = { bytes, size };
    g_autoptr(GBytes) der = NULL;
    struct parts parts;

    if (size > CA_CSR_LONGEST) {
        ca_fail(error, CA_ERROR_INPUT, "csr-long", "more than %d bytes", CA_CSR_LONGEST);
        return NULL;
    }
    if (!der_next_is(&in, DER_SEQUENCE)) { /* an ASCII 0 begins no PEM */
        der = unpem(bytes, size, error);
        if (!der)
            return NULL;
        in = der_of(der);
    }
    if (!read_parts(in, &parts, error) || !check_proof(&parts, error))
        return NULL;
    CaCsr *csr = csr_new(&parts.key);
    csr->der = der ? g_steal_pointer(&der) : g_bytes_new(bytes, size);
    return csr;
}

CaCsr *ca_csr_from_public(GBytes *spki, GError **error)
{
    struct der in = der_of(spki);
    struct ca_public key;
    g_autoptr(EVP_PKEY_CTX) context = NULL;

    if (!ca_public_read(&in, &key, error))
        return NULL;
    if (in.n != 0) {
        ca_fail(error, CA_ERROR_INPUT, "csr-form", "something after the public key");
        return NULL;
    }
    context = ca_public_verifier(&key, ca_algorithm_digest(ca_algorithm_of(key.kind)), error);
    return context ? csr_new(&key) : NULL;
}

void ca_csr_free(CaCsr *csr)
{
    if (!csr)
        return;
    g_clear_pointer(&csr->der, g_bytes_unref);
    g_bytes_unref(csr->spki);
    g_bytes_unref(csr->spki_sha256);
    g_free(csr);
}
