#include "ca/key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>

#include "ca/der.h"
#include "ca/native.h"
#include "ca/private.h"
#include "ca/sign.h"
#include "ca/token.h"

enum {
    PIN_ROUNDS = 2048,         /* of PBKDF2: a PIN has 95 bits, rounds add nothing that matters; RFC 8018 wants 1000 */
    PASSPHRASE_ROUNDS = 600000, /* a passphrase is a person's idea */
    KEY_FILE_LONGEST = 65536,
    PKCS8_LONGEST = 16384,
};

static const struct {
    const char *name;
    int bits;
    const char *curve; /* NULL: RSA */
} kinds[CA_KEY_KINDS] = {
    [CA_KEY_RSA2048] = { "rsa2048", 2048, NULL },
    [CA_KEY_RSA3072] = { "rsa3072", 3072, NULL },
    [CA_KEY_RSA4096] = { "rsa4096", 4096, NULL },
    [CA_KEY_P256] = { "p256", 256, "P-256" },
    [CA_KEY_P384] = { "p384", 384, "P-384" },
};

const char *ca_key_kind_name(enum ca_key_kind kind)
{
    return kinds[kind].name;
}

gboolean ca_key_kind_parse(const char *name, enum ca_key_kind *kind)
{
    for (int i = 0; i < CA_KEY_KINDS; i++) {
        if (g_str_equal(kinds[i].name, name)) {
            *kind = (enum ca_key_kind)i;
            return TRUE;
        }
    }
    return FALSE;
}

gboolean ca_key_kind_is_rsa(enum ca_key_kind kind)
{
    return kinds[kind].curve == NULL;
}

gboolean ca_key_native_kind(const EVP_PKEY *key, enum ca_key_kind *kind)
{
    char group[64] = "";
    gboolean rsa = EVP_PKEY_is_a(key, "RSA");

    if (!rsa && (!EVP_PKEY_is_a(key, "EC") || !EVP_PKEY_get_group_name(key, group, sizeof group, NULL)))
        return FALSE;
    for (int i = 0; i < CA_KEY_KINDS; i++) {
        if (rsa ? !kinds[i].curve && kinds[i].bits == EVP_PKEY_get_bits(key)
                : kinds[i].curve && OBJ_sn2nid(group) == EC_curve_nist2nid(kinds[i].curve)) {
            *kind = (enum ca_key_kind)i;
            return TRUE;
        }
    }
    return FALSE;
}

/* --- Keys of people ------------------------------------------------------------------------------------------------------- */

/* PKCS#8 DER of KEY, straight into locked memory; PKCS8_PRIV_KEY_INFO wipes its own copy when it is freed. */
static Secret *key_encode(EVP_PKEY *key, GError **error)
{
    g_autoptr(PKCS8_PRIV_KEY_INFO) info = EVP_PKEY2PKCS8(key);
    int n = info ? i2d_PKCS8_PRIV_KEY_INFO(info, NULL) : 0;
    g_autoptr(Secret) secret = NULL;
    unsigned char *out;

    if (n <= 0 || n > PKCS8_LONGEST) {
        ca_fail_openssl(error, "key-encode");
        return NULL;
    }
    secret = secret_new((size_t)n);
    out = secret_bytes(secret);
    i2d_PKCS8_PRIV_KEY_INFO(info, &out);
    return g_steal_pointer(&secret);
}

Secret *ca_key_make(enum ca_key_kind kind, GError **error)
{
    g_autoptr(EVP_PKEY) key = kinds[kind].curve ? EVP_EC_gen(kinds[kind].curve) : EVP_RSA_gen((unsigned)kinds[kind].bits);
    Secret *secret = key && kinds[kind].curve ? ca_private_write_ec(key) : NULL;

    if (!key) {
        ca_fail_openssl(error, "key-make");
        return NULL;
    }
    return secret ? secret : key_encode(key, error);
}

static EVP_PKEY *decode(const Secret *pkcs8, GError **error)
{
    const unsigned char *p = secret_bytes(pkcs8);
    g_autoptr(PKCS8_PRIV_KEY_INFO) info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)secret_size(pkcs8));
    EVP_PKEY *key = NULL;

    if (info && p == secret_bytes(pkcs8) + secret_size(pkcs8))
        key = EVP_PKCS82PKEY(info);
    if (!key)
        ca_fail_openssl(error, "key-form");
    return key;
}

EVP_PKEY *ca_key_native(const Secret *pkcs8, GError **error)
{
    struct ca_private split;
    EVP_PKEY *key = ca_private_split(pkcs8, &split) ? ca_private_native(&split) : NULL;

    return key ? key : decode(pkcs8, error);
}

gboolean ca_key_kind_of(const Secret *pkcs8, enum ca_key_kind *kind, GError **error)
{
    g_autoptr(EVP_PKEY) key = ca_key_native(pkcs8, error);

    if (!key)
        return FALSE;
    if (!ca_key_native_kind(key, kind))
        return ca_fail(error, CA_ERROR_REFUSED, "key-kind", "not a key of ours");
    return TRUE;
}

GBytes *ca_key_public(const Secret *pkcs8, GError **error)
{
    struct ca_private split;
    g_autoptr(EVP_PKEY) key = NULL;

    if (ca_private_split(pkcs8, &split))
        return ca_private_spki(&split);
    key = ca_key_native(pkcs8, error);
    return key ? CA_I2D(i2d_PUBKEY, key) : NULL;
}

static X509_SIG *lock(const Secret *pkcs8, const char *phrase, size_t length, int rounds)
{
    const unsigned char *p = secret_bytes(pkcs8);
    g_autoptr(PKCS8_PRIV_KEY_INFO) info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)secret_size(pkcs8));
    unsigned char salt[16], iv[16];
    X509_ALGOR *algorithm = NULL;
    X509_SIG *locked = NULL;

    crypto_random(salt, sizeof salt);
    crypto_random(iv, sizeof iv);
    algorithm = PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), rounds, salt, sizeof salt, iv, NID_hmacWithSHA256);
    if (info && algorithm)
        locked = PKCS8_set0_pbe(phrase, (int)length, info, algorithm);
    if (!locked)
        X509_ALGOR_free(algorithm); /* else it belongs to the result */
    return locked;
}

GBytes *ca_key_lock(const Secret *pkcs8, const char *pin, GError **error)
{
    g_autoptr(X509_SIG) locked = lock(pkcs8, pin, strlen(pin), PIN_ROUNDS);

    if (!locked) {
        ca_fail_openssl(error, "key-lock");
        return NULL;
    }
    return CA_I2D(i2d_X509_SIG, locked);
}

Secret *ca_key_unlock(GBytes *locked, const char *pin, GError **error)
{
    gsize n;
    const unsigned char *p = g_bytes_get_data(locked, &n);
    g_autoptr(X509_SIG) sig = n <= PKCS8_LONGEST ? d2i_X509_SIG(NULL, &p, (long)n) : NULL;
    g_autoptr(PKCS8_PRIV_KEY_INFO) info = sig ? PKCS8_decrypt(sig, pin, (int)strlen(pin)) : NULL;
    g_autoptr(EVP_PKEY) key = info ? EVP_PKCS82PKEY(info) : NULL; /* one wrong PIN in 256 unpads by chance: it must be a key */

    if (!key) {
        ca_fail(error, CA_ERROR_INPUT, "key-locked", "the PIN does not open this key");
        return NULL;
    }
    return key_encode(key, error);
}

/* RFC 2986 section 4.1: version, subject (empty), key, attributes (none). */
static void write_csr_info(GByteArray *out, GBytes *spki)
{
    guint info = der_begin(out, DER_SEQUENCE);

    der_integer(out, 0);
    der_element(out, DER_SEQUENCE, "", 0);
    der_raw_bytes(out, spki);
    der_element(out, DER_CONTEXT(0), "", 0);
    der_end(out, info);
}

GBytes *ca_csr_new(const Secret *pkcs8, GError **error)
{
    g_autoptr(EVP_PKEY) key = ca_key_native(pkcs8, error);
    g_autoptr(GBytes) spki = key ? ca_key_public(pkcs8, error) : NULL;
    g_autoptr(GByteArray) out = g_byte_array_sized_new(1024);
    g_autoptr(EVP_PKEY_CTX) context = NULL;
    guint whole = der_begin(out, DER_SEQUENCE);
    enum ca_key_kind kind;

    if (!spki)
        return NULL;
    if (!ca_key_native_kind(key, &kind)) {
        ca_fail(error, CA_ERROR_REFUSED, "key-kind", "not a key of ours");
        return NULL;
    }
    context = ca_sign_context(key, ca_algorithm_of(kind), EVP_PKEY_sign_init);
    if (!context) {
        ca_fail_openssl(error, "csr-make");
        return NULL;
    }
    write_csr_info(out, spki);
    if (!ca_sign_append(context, ca_algorithm_of(kind), out, whole, error))
        return NULL;
    der_end(out, whole);
    return g_byte_array_free_to_bytes(g_steal_pointer(&out));
}

/* What is written into a memory BIO, as a text of its own. */
static char *bio_text(BIO *bio)
{
    char *text;
    long n = BIO_get_mem_data(bio, &text);

    return g_strndup(text, (gsize)MAX(n, 0));
}

char *ca_csr_pem(GBytes *der)
{
    g_autoptr(BIO) bio = BIO_new(BIO_s_mem());
    gsize n;
    const unsigned char *p = g_bytes_get_data(der, &n);

    if (!bio || !PEM_write_bio(bio, PEM_STRING_X509_REQ, "", p, (long)n))
        g_error("writing PEM to memory failed");
    return bio_text(bio);
}

/* --- Keys that sign ------------------------------------------------------------------------------------------------------- */

struct ca_signing_key {
    EVP_PKEY *key;
    enum ca_key_kind kind;
};

EVP_PKEY *ca_signing_key_native(const CaSigningKey *key)
{
    return key->key;
}

/* Takes KEY. */
static CaSigningKey *signing_key_new(EVP_PKEY *key, GError **error)
{
    CaSigningKey *signing;
    enum ca_key_kind kind;

    if (!ca_key_native_kind(key, &kind)) {
        ca_fail(error, CA_ERROR_BROKEN, "key-kind", "a signing key is RSA of 2048, 3072 or 4096 bits, P-256 or P-384");
        EVP_PKEY_free(key);
        return NULL;
    }
    signing = g_new0(CaSigningKey, 1);
    signing->key = key;
    signing->kind = kind;
    return signing;
}

struct phrase {
    const Secret *secret;
    gboolean asked;
};

/* OpenSSL's password callback. It never falls back to asking on the terminal. */
static int give_phrase(char *buffer, int size, int writing, void *data)
{
    struct phrase *phrase = data;
    int n = phrase->secret ? (int)secret_size(phrase->secret) : 0;

    (void)writing;
    phrase->asked = TRUE;
    if (n == 0 || n > size)
        return -1;
    memcpy(buffer, secret_bytes(phrase->secret), (size_t)n);
    return n;
}

CaSigningKey *ca_signing_key_load(const char *file, const Secret *passphrase, GError **error)
{
    g_autoptr(GError) unread = NULL;
    g_autoptr(Secret) text = crypto_read_secret_file(file, KEY_FILE_LONGEST, &unread);
    g_autoptr(BIO) bio = NULL;
    struct phrase phrase = { passphrase, FALSE };
    EVP_PKEY *key;

    if (!text) {
        ca_fail(error, CA_ERROR_BROKEN, "key-file", "%s", unread->message);
        return NULL;
    }
    bio = BIO_new_mem_buf(secret_bytes(text), (int)secret_size(text));
    key = PEM_read_bio_PrivateKey(bio, NULL, give_phrase, &phrase);
    if (!key) {
        ca_fail(error, CA_ERROR_BROKEN, "key-file", "%s: %s", file,
                !phrase.asked ? "no private key in PEM in it"
                : passphrase  ? "the passphrase does not open it"
                              : "it is locked and there is no passphrase");
        return NULL;
    }
    return signing_key_new(key, error);
}

static char *file_of(const char *folder, const char *name, const char *ending)
{
    g_autofree char *base = g_strconcat(name, ending, NULL);

    return g_build_filename(folder, base, NULL);
}

gboolean ca_signing_key_in_token(const char *folder, const char *name)
{
    g_autofree char *file = file_of(folder, name, ".pkcs11");

    return g_file_test(file, G_FILE_TEST_EXISTS);
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *ca_signing_keys_in_tokens(const char *folder)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *file;

    while (dir && (file = g_dir_read_name(dir)))
        if (g_str_has_suffix(file, ".pkcs11") && strcmp(file, "root.pkcs11") != 0)
            g_ptr_array_add(names, g_strndup(file, strlen(file) - strlen(".pkcs11")));
    g_ptr_array_sort(names, compare_names);
    return names;
}

CaSigningKey *ca_signing_key_find(const char *folder, const char *name, const Secret *passphrase, const struct ca_token *token,
                                  GError **error)
{
    g_autofree char *pem = file_of(folder, name, ".pem"), *uri = file_of(folder, name, ".pkcs11");
    EVP_PKEY *key;

    if (!ca_signing_key_in_token(folder, name))
        return ca_signing_key_load(pem, passphrase, error);
    if (g_file_test(pem, G_FILE_TEST_EXISTS)) {
        ca_fail(error, CA_ERROR_BROKEN, "key-file", "there are %s and %s: move one of them away", pem, uri);
        return NULL;
    }
    key = ca_token_key(uri, token, error);
    return key ? signing_key_new(key, error) : NULL;
}

CaSigningKey *ca_signing_key_from(const Secret *pkcs8, GError **error)
{
    EVP_PKEY *key = ca_key_native(pkcs8, error);

    return key ? signing_key_new(key, error) : NULL;
}

void ca_signing_key_free(CaSigningKey *key)
{
    if (!key)
        return;
    EVP_PKEY_free(key->key);
    g_free(key);
}

enum ca_key_kind ca_signing_key_kind(const CaSigningKey *key)
{
    return key->kind;
}

GBytes *ca_signing_key_public(const CaSigningKey *key)
{
    return CA_I2D(i2d_PUBKEY, key->key);
}

char *ca_signing_key_pem(const Secret *pkcs8, const Secret *passphrase, GError **error)
{
    g_autoptr(X509_SIG) locked = NULL;
    g_autoptr(BIO) bio = BIO_new(BIO_s_mem());

    if (!passphrase || secret_size(passphrase) == 0) {
        ca_fail(error, CA_ERROR_REFUSED, "passphrase", "a CA's key needs one");
        return NULL;
    }
    locked = lock(pkcs8, secret_text(passphrase), secret_size(passphrase), PASSPHRASE_ROUNDS);
    if (!locked || !bio || !PEM_write_bio_PKCS8(bio, locked)) {
        ca_fail_openssl(error, "key-lock");
        return NULL;
    }
    return bio_text(bio);
}
