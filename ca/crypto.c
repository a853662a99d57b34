#include "ca/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

G_DEFINE_QUARK(crypto-error, crypto_error)

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MAC_CTX, EVP_MAC_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)

enum {
    HEAP = 1 << 20,      /* secrets of one process: a pool of 64 RSA keys and OpenSSL's numbers need a fifth of it */
    HEAP_PIECE = 64,
    HASH = 32,           /* SHA-256 and every key here */
    NONCE = 12,          /* AES-GCM */
    TAG = 16,
    ID_LONGEST = 32,
    RING_LONGEST = 8,    /* keys in a keyring */
    RING_BYTES = 16384,
    SEAL_VERSION = 1,
};

/* --- Locked memory -------------------------------------------------------------------------------------------------------- */

struct secret {
    size_t size;
    size_t mapped; /* 0: in the heap; else the length of its own pages */
    unsigned char *bytes;
};

static pid_t heap_owner; /* the process in which the heap's pages are locked; 0 for none */

void crypto_start(void)
{
    int done;

    if (heap_owner == getpid())
        return;
    /* After a fork the heap is there, but its lock is not. An empty one is made anew; where the parent left something in it,
       secret_new takes pages of its own instead. */
    if (heap_owner != 0 && !CRYPTO_secure_malloc_done())
        return;
    done = CRYPTO_secure_malloc_init(HEAP, HEAP_PIECE);
    if (done == 0)
        g_error("no memory for secrets");
    heap_owner = getpid();
    if (done == 2)
        g_message("memory for secrets cannot be locked: raise the limit on locked memory (LimitMEMLOCK=) to 2 MiB");
}

static unsigned char *map_pages(size_t size, size_t *mapped)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t length = (size + page - 1) / page * page;
    void *pages = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (pages == MAP_FAILED)
        g_error("no memory for a secret: %s", g_strerror(errno));
    if (mlock(pages, length) != 0) {
        static gboolean told;
        if (!told)
            g_message("memory for secrets cannot be locked: %s", g_strerror(errno));
        told = TRUE;
    }
    (void)madvise(pages, length, MADV_DONTDUMP);
    *mapped = length;
    return pages;
}

Secret *secret_new(size_t size)
{
    Secret *secret = g_new0(Secret, 1);

    g_assert(size < G_MAXINT32);
    secret->size = size;
    if (heap_owner == getpid())
        secret->bytes = OPENSSL_secure_zalloc(size + 1);
    if (!secret->bytes)
        secret->bytes = map_pages(size + 1, &secret->mapped);
    return secret;
}

Secret *secret_from(const void *bytes, size_t size)
{
    Secret *secret = secret_new(size);

    if (size > 0)
        memcpy(secret->bytes, bytes, size);
    return secret;
}

Secret *secret_from_text(const char *text)
{
    return secret_from(text, strlen(text));
}

Secret *secret_copy(const Secret *secret)
{
    return secret_from(secret->bytes, secret->size);
}

unsigned char *secret_bytes(const Secret *secret)
{
    return secret->bytes;
}

size_t secret_size(const Secret *secret)
{
    return secret->size;
}

const char *secret_text(const Secret *secret)
{
    return (const char *)secret->bytes;
}

void secret_free(Secret *secret)
{
    if (!secret)
        return;
    if (secret->mapped) {
        OPENSSL_cleanse(secret->bytes, secret->mapped);
        munmap(secret->bytes, secret->mapped);
    } else {
        OPENSSL_secure_clear_free(secret->bytes, secret->size + 1);
    }
    g_free(secret);
}

void secret_chomp(Secret *secret)
{
    while (secret->size > 0 && (secret->bytes[secret->size - 1] == '\n' || secret->bytes[secret->size - 1] == '\r'))
        secret->bytes[--secret->size] = '\0';
}

void crypto_wipe(void *memory, size_t size)
{
    if (memory)
        OPENSSL_cleanse(memory, size);
}

void crypto_wipe_text(char *text)
{
    if (text)
        OPENSSL_cleanse(text, strlen(text));
}

/* --- Random --------------------------------------------------------------------------------------------------------------- */

void crypto_random(void *buffer, size_t size)
{
    if (size > G_MAXINT32 || RAND_bytes(buffer, (int)size) != 1)
        g_error("no randomness");
}

static size_t base64url(const unsigned char *bytes, size_t size, char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    guint32 bits = 0;
    int have = 0;
    size_t n = 0;

    for (size_t i = 0; i < size; i++) {
        bits = bits << 8 | bytes[i];
        for (have += 8; have >= 6; have -= 6)
            text[n++] = letters[bits >> (have - 6) & 63];
    }
    if (have > 0)
        text[n++] = letters[bits << (6 - have) & 63];
    return n;
}

Secret *crypto_token(void)
{
    g_autoptr(Secret) raw = secret_new(HASH);
    Secret *token = secret_new(43);

    crypto_random(raw->bytes, raw->size);
    base64url(raw->bytes, raw->size, (char *)token->bytes);
    return token;
}

Secret *crypto_pin(void)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    Secret *pin = secret_new(16);
    size_t n = 0;

    while (n < pin->size) {
        unsigned char byte;
        crypto_random(&byte, 1);
        if (byte < 4 * 62) /* 248 of 256, so that each letter has four values and none has five */
            pin->bytes[n++] = (unsigned char)letters[byte % 62];
        byte = 0;
    }
    return pin;
}

/* --- Hash, compare, text forms -------------------------------------------------------------------------------------------- */

GBytes *crypto_sha256(const void *data, size_t size)
{
    unsigned char hash[HASH];

    if (!EVP_Q_digest(NULL, "SHA256", NULL, data ? data : "", size, hash, NULL))
        g_error("SHA-256 failed");
    return g_bytes_new(hash, sizeof hash);
}

/* Parts: NULL-ended pairs would hide lengths, so the three that every caller has are spelt out. */
static void hmac(const unsigned char *key, size_t key_size, const char *purpose, const void *data, size_t size,
                 unsigned char out[HASH])
{
    static EVP_MAC *mac; /* looked up once: the look-up costs more than the hash */
    OSSL_PARAM parameters[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){ "SHA256" }, 0),
                                OSSL_PARAM_construct_end() };
    g_autoptr(EVP_MAC_CTX) context = NULL;

    if (!mac)
        mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    context = EVP_MAC_CTX_new(mac);
    if (!context || !EVP_MAC_init(context, key, key_size, parameters)
        || !EVP_MAC_update(context, (const unsigned char *)purpose, strlen(purpose) + 1)
        || !EVP_MAC_update(context, data ? data : (const void *)"", size)
        || !EVP_MAC_final(context, out, NULL, HASH))
        g_error("HMAC failed");
}

GBytes *crypto_hmac(const Secret *key, const char *purpose, const void *data, size_t size)
{
    unsigned char out[HASH];

    hmac(key->bytes, key->size, purpose, data, size, out);
    return g_bytes_new(out, sizeof out);
}

gboolean crypto_equal(GBytes *a, GBytes *b)
{
    gsize na, nb;
    const void *pa, *pb;

    if (!a || !b)
        return FALSE;
    pa = g_bytes_get_data(a, &na);
    pb = g_bytes_get_data(b, &nb);
    return na == nb && (na == 0 || CRYPTO_memcmp(pa, pb, na) == 0);
}

GBytes *crypto_pin_hash(const char *pin, GBytes *salt)
{
    unsigned char out[HASH];
    gsize n;
    const void *key = g_bytes_get_data(salt, &n);

    g_assert(n >= 16);
    hmac(key, n, "pin", pin, strlen(pin), out);
    return g_bytes_new(out, sizeof out);
}

char *crypto_hex(GBytes *bytes)
{
    static const char digits[] = "0123456789abcdef";
    gsize n;
    const unsigned char *p = g_bytes_get_data(bytes, &n);
    char *hex = g_malloc(2 * n + 1);

    for (gsize i = 0; i < n; i++) {
        hex[2 * i] = digits[p[i] >> 4];
        hex[2 * i + 1] = digits[p[i] & 15];
    }
    hex[2 * n] = '\0';
    return hex;
}

/* FALSE unless HEX is exactly SIZE bytes long. */
static gboolean unhex(const char *hex, size_t digits, unsigned char *out, size_t size)
{
    if (digits != 2 * size)
        return FALSE;
    for (size_t i = 0; i < size; i++) {
        int high = g_ascii_xdigit_value(hex[2 * i]), low = g_ascii_xdigit_value(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return FALSE;
        out[i] = (unsigned char)(high << 4 | low);
    }
    return TRUE;
}

GBytes *crypto_unhex(const char *hex)
{
    size_t digits = strlen(hex), n = digits / 2;
    g_autofree unsigned char *out = g_malloc(n + 1);

    if (!unhex(hex, digits, out, n))
        return NULL;
    return g_bytes_new_take(g_steal_pointer(&out), n);
}

char *crypto_base64url(GBytes *bytes)
{
    gsize n;
    const unsigned char *p = g_bytes_get_data(bytes, &n);
    char *text = g_malloc(n / 3 * 4 + 5);

    text[base64url(p, n, text)] = '\0';
    return text;
}

static int base64url_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

GBytes *crypto_unbase64url(const char *text)
{
    size_t length = strlen(text), n = 0;
    g_autofree unsigned char *out = g_malloc(length / 4 * 3 + 3);
    guint32 bits = 0;
    int have = 0;

    if (length % 4 == 1)
        return NULL;
    for (size_t i = 0; i < length; i++) {
        int value = base64url_value(text[i]);
        if (value < 0)
            return NULL;
        bits = bits << 6 | (guint32)value;
        have += 6;
        if (have >= 8)
            out[n++] = (unsigned char)(bits >> (have -= 8));
    }
    /* Left-over bits must be zero: else two texts would mean the same bytes. */
    if ((bits & ((1u << have) - 1)) != 0)
        return NULL;
    return g_bytes_new_take(g_steal_pointer(&out), n);
}

/* --- Keyring -------------------------------------------------------------------------------------------------------------- */

struct ring_key {
    char id[ID_LONGEST + 1];
    Secret *key;
};

struct crypto_keyring {
    int n;
    struct ring_key keys[RING_LONGEST];
};

void keyring_free(Keyring *keyring)
{
    if (!keyring)
        return;
    for (int i = 0; i < keyring->n; i++)
        secret_free(keyring->keys[i].key);
    g_free(keyring);
}

static const struct ring_key *ring_find(const Keyring *keyring, const char *id, size_t n)
{
    for (int i = 0; i < keyring->n; i++)
        if (strlen(keyring->keys[i].id) == n && strncmp(keyring->keys[i].id, id, n) == 0)
            return &keyring->keys[i];
    return NULL;
}

static size_t id_length(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
}

/* LINE: without its end, not empty, no comment. NULL or what is wrong with it. */
static const char *ring_add(Keyring *keyring, const char *line)
{
    size_t id = id_length(line), gap = strspn(line + id, " \t"), hex = strcspn(line + id + gap, " \t\r");
    struct ring_key *key = &keyring->keys[keyring->n];

    if (id == 0 || id > ID_LONGEST || gap == 0)
        return "an ID (1 to 32 of a-z 0-9 -) and a space are expected";
    if (line[id + gap + hex + strspn(line + id + gap + hex, " \t\r")] != '\0' || hex != 2 * HASH)
        return "64 hexadecimal digits are expected after the ID";
    if (keyring->n == RING_LONGEST)
        return "too many keys (8 at most)";
    if (ring_find(keyring, line, id))
        return "this ID is there twice";
    memcpy(key->id, line, id);
    key->key = secret_new(HASH);
    keyring->n++;
    return unhex(line + id + gap, hex, key->key->bytes, HASH) ? NULL : "64 hexadecimal digits are expected after the ID";
}

static gboolean ring_parse(Keyring *keyring, const char *file, Secret *text, GError **error)
{
    char *line = (char *)text->bytes;

    for (int number = 1; line; number++) {
        char *end = strchr(line, '\n');
        const char *wrong = NULL;

        if (end)
            *end = '\0';
        line += strspn(line, " \t\r");
        if (*line != '\0' && *line != '#')
            wrong = ring_add(keyring, line);
        if (wrong) {
            g_set_error(error, CRYPTO_ERROR, CRYPTO_ERROR_FILE, "%s, line %d: %s", file, number, wrong);
            return FALSE;
        }
        line = end ? end + 1 : NULL;
    }
    if (keyring->n == 0)
        g_set_error(error, CRYPTO_ERROR, CRYPTO_ERROR_FILE, "%s: no key in it (`inkan config secret` makes a line)", file);
    return keyring->n > 0;
}

Secret *crypto_read_secret_file(const char *file, size_t longest, GError **error)
{
    g_autoptr(Secret) text = NULL;
    struct stat status;
    size_t n = 0;
    ssize_t got = 1;
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (fd < 0 || fstat(fd, &status) != 0) {
        g_set_error(error, CRYPTO_ERROR, CRYPTO_ERROR_FILE, "%s: %s", file, g_strerror(errno));
    } else if (!S_ISREG(status.st_mode) || (status.st_mode & S_IRWXO) != 0) {
        g_set_error(error, CRYPTO_ERROR, CRYPTO_ERROR_FILE, "%s: must be a file that others cannot read (chmod o=)", file);
    } else if ((guint64)status.st_size > longest) {
        g_set_error(error, CRYPTO_ERROR, CRYPTO_ERROR_FILE, "%s: too long (%" G_GSIZE_FORMAT " bytes at most)", file, longest);
    } else {
        text = secret_new((size_t)status.st_size);
        while (n < text->size && (got = read(fd, text->bytes + n, text->size - n)) > 0)
            n += (size_t)got;
        if (n < text->size) {
            g_set_error(error, CRYPTO_ERROR, CRYPTO_ERROR_FILE, "%s: changed or failed while it was read", file);
            g_clear_pointer(&text, secret_free);
        }
    }
    if (fd >= 0)
        close(fd);
    return g_steal_pointer(&text);
}

Keyring *keyring_load(const char *file, GError **error)
{
    g_autoptr(Keyring) keyring = g_new0(Keyring, 1);
    g_autoptr(Secret) text = crypto_read_secret_file(file, RING_BYTES, error);

    if (!text || !ring_parse(keyring, file, text, error))
        return NULL;
    return g_steal_pointer(&keyring);
}

Secret *keyring_new_line(gint64 now)
{
    static const char digits[] = "0123456789abcdef";
    g_autoptr(GDateTime) when = g_date_time_new_from_unix_utc(now);
    g_autofree char *day = g_date_time_format(when, "%Y-%m-%d");
    g_autoptr(Secret) key = secret_new(HASH + 2);
    size_t id = strlen(day) + 5;
    Secret *line = secret_new(id + 1 + 2 * HASH + 1);
    char *out = (char *)line->bytes;

    crypto_random(key->bytes, key->size);
    g_snprintf(out, id + 2, "%s-%02x%02x ", day, key->bytes[HASH], key->bytes[HASH + 1]);
    for (int i = 0; i < HASH; i++) {
        out[id + 1 + 2 * i] = digits[key->bytes[i] >> 4];
        out[id + 2 + 2 * i] = digits[key->bytes[i] & 15];
    }
    out[line->size - 1] = '\n';
    return line;
}

/* --- Seal ----------------------------------------------------------------------------------------------------------------- */

/*
 * Layout: version, length of the key's ID, ID, nonce, ciphertext, tag. Each associated text has a key of its own
 * (HMAC of the service key), so random nonces of 96 bits never come near their limit.
 */
static EVP_CIPHER_CTX *gcm(const Secret *key, const char *associated, const unsigned char *nonce, gboolean seal)
{
    static EVP_CIPHER *cipher;
    g_autoptr(Secret) derived = secret_new(HASH);
    g_autoptr(EVP_CIPHER_CTX) context = EVP_CIPHER_CTX_new();
    int n;

    if (!cipher)
        cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    hmac(key->bytes, key->size, "seal", associated, strlen(associated), derived->bytes);
    if (!context || !EVP_CipherInit_ex2(context, cipher, derived->bytes, nonce, seal, NULL)
        || !EVP_CipherUpdate(context, NULL, &n, (const unsigned char *)associated, (int)strlen(associated)))
        g_error("AES-GCM failed");
    return g_steal_pointer(&context);
}

GBytes *crypto_seal(const Keyring *keyring, const char *associated, const void *data, size_t size)
{
    const struct ring_key *key = &keyring->keys[0];
    size_t id = strlen(key->id), head = 2 + id + NONCE;
    unsigned char *out = g_malloc(head + size + TAG), *body = out + head;
    g_autoptr(EVP_CIPHER_CTX) context = NULL;
    int n = 0, rest = 0;

    g_assert(size < G_MAXINT32 - 1024);
    out[0] = SEAL_VERSION;
    out[1] = (unsigned char)id;
    memcpy(out + 2, key->id, id);
    crypto_random(out + 2 + id, NONCE);
    context = gcm(key->key, associated, out + 2 + id, TRUE);
    if ((size > 0 && !EVP_EncryptUpdate(context, body, &n, data, (int)size)) || !EVP_EncryptFinal_ex(context, body + n, &rest)
        || !EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG, body + size))
        g_error("AES-GCM failed");
    return g_bytes_new_take(out, head + size + TAG);
}

static Secret *open_body(const Secret *key, const char *associated, const unsigned char *sealed, size_t size, GError **error)
{
    g_autoptr(Secret) plain = secret_new(size - NONCE - TAG);
    g_autoptr(EVP_CIPHER_CTX) context = gcm(key, associated, sealed, FALSE);
    unsigned char tag[TAG];
    int n = 0, rest = 0;

    memcpy(tag, sealed + size - TAG, TAG);
    if ((plain->size > 0 && !EVP_DecryptUpdate(context, plain->bytes, &n, sealed + NONCE, (int)plain->size))
        || !EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG, tag)
        || !EVP_DecryptFinal_ex(context, plain->bytes + n, &rest)) {
        g_set_error(error, CRYPTO_ERROR, CRYPTO_ERROR_SEALED, "a sealed value was changed, or is for another purpose");
        return NULL;
    }
    return g_steal_pointer(&plain);
}

Secret *crypto_open(const Keyring *keyring, const char *associated, GBytes *sealed, GError **error)
{
    gsize n;
    const unsigned char *p = g_bytes_get_data(sealed, &n);
    const struct ring_key *key;

    if (n < 2 || n > G_MAXINT32 || p[0] != SEAL_VERSION || n < 2u + p[1] + NONCE + TAG) {
        g_set_error(error, CRYPTO_ERROR, CRYPTO_ERROR_SEALED, "this is no sealed value");
        return NULL;
    }
    key = ring_find(keyring, (const char *)p + 2, p[1]);
    if (!key) {
        g_set_error(error, CRYPTO_ERROR, CRYPTO_ERROR_KEY, "sealed under a key that the file of secrets does not have");
        return NULL;
    }
    return open_body(key->key, associated, p + 2 + p[1], n - 2 - p[1], error);
}

GBytes *crypto_mac(const Keyring *keyring, const char *purpose, const void *data, size_t size)
{
    g_autofree char *label = g_strconcat("mac:", purpose, NULL); /* never the word "seal" */

    return crypto_hmac(keyring->keys[0].key, label, data, size);
}

gboolean crypto_mac_ok(const Keyring *keyring, const char *purpose, const void *data, size_t size, GBytes *mac)
{
    g_autofree char *label = g_strconcat("mac:", purpose, NULL);
    gboolean ok = FALSE;

    for (int i = 0; i < keyring->n; i++) {
        g_autoptr(GBytes) made = crypto_hmac(keyring->keys[i].key, label, data, size);
        ok |= crypto_equal(made, mac);
    }
    return ok;
}
