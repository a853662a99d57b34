/*
 * crypto: random, hash, seal, compare, and the type for secrets. A leaf: any room may include it, it includes GLib alone.
 *
 * Nothing here fails for want of randomness or memory: such a process cannot go on and ends with a log line.
 */
#ifndef CA_CRYPTO_H
#define CA_CRYPTO_H

#include <glib.h>

/* Once a process, and again in a child after fork() (memory locks are not inherited): makes the locked heap in which secrets
   and OpenSSL's private numbers live, and forbids core dumps of it. Without it secrets have locked pages of their own. */
void crypto_start(void);

#define CRYPTO_ERROR (crypto_error_quark())
GQuark crypto_error_quark(void);
enum crypto_error {
    CRYPTO_ERROR_FILE,   /* a file cannot be read or is too open, or a keyring's line is wrong (file and line in the message) */
    CRYPTO_ERROR_KEY,    /* sealed under a key that the keyring no longer has */
    CRYPTO_ERROR_SEALED, /* not what crypto_seal made, changed since, or for another purpose */
};

/* --- Secrets: fixed size, in locked memory, never moved, wiped by secret_free --------------------------------------------- */

typedef struct secret Secret;

Secret *secret_new(size_t size) G_GNUC_WARN_UNUSED_RESULT;                     /* zeroes */
Secret *secret_from(const void *bytes, size_t size) G_GNUC_WARN_UNUSED_RESULT; /* a copy; BYTES is the caller's to wipe */
Secret *secret_from_text(const char *text) G_GNUC_WARN_UNUSED_RESULT;
Secret *secret_copy(const Secret *secret) G_GNUC_WARN_UNUSED_RESULT;
unsigned char *secret_bytes(const Secret *secret);                             /* borrowed; a byte of zero follows the last */
size_t secret_size(const Secret *secret);
const char *secret_text(const Secret *secret);                                 /* borrowed; NUL-terminated */
void secret_free(Secret *secret);                                              /* takes NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Secret, secret_free)

/* Wipes memory that a Secret cannot hold (a form field that another library made). Takes NULL. */
void crypto_wipe(void *memory, size_t size);
void crypto_wipe_text(char *text); /* up to its NUL; does not free */

/* FILE's bytes, at most LONGEST; refuses one that others can read. Errors: CRYPTO_ERROR_FILE with the file's name. A line end
   is kept: secret_chomp takes trailing CR and LF off a passphrase. */
Secret *crypto_read_secret_file(const char *file, size_t longest, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void secret_chomp(Secret *secret);

/* --- Random --------------------------------------------------------------------------------------------------------------- */

void crypto_random(void *buffer, size_t size);
/* 256 bits as base64url, 43 characters: for URLs and cookies. */
Secret *crypto_token(void) G_GNUC_WARN_UNUSED_RESULT;
/* 16 characters of A-Z a-z 0-9, each equally likely: 95 bits. */
Secret *crypto_pin(void) G_GNUC_WARN_UNUSED_RESULT;

/* --- Hash, compare, text forms (results are the caller's) ----------------------------------------------------------------- */

GBytes *crypto_sha256(const void *data, size_t size) G_GNUC_WARN_UNUSED_RESULT;
/* HMAC-SHA256 under KEY over PURPOSE (a constant, other words give unrelated results), a zero byte and DATA. */
GBytes *crypto_hmac(const Secret *key, const char *purpose, const void *data, size_t size) G_GNUC_WARN_UNUSED_RESULT;
/* In constant time; FALSE where the lengths differ or one is NULL. */
gboolean crypto_equal(GBytes *a, GBytes *b) G_GNUC_WARN_UNUSED_RESULT;
/* Hash of a PIN under SALT (16 random bytes). One HMAC is enough: a PIN of ours has 95 bits, nobody can list them. */
GBytes *crypto_pin_hash(const char *pin, GBytes *salt) G_GNUC_WARN_UNUSED_RESULT;

char *crypto_hex(GBytes *bytes) G_GNUC_WARN_UNUSED_RESULT;         /* lower case */
GBytes *crypto_unhex(const char *hex) G_GNUC_WARN_UNUSED_RESULT;   /* strict, either case; NULL if bad */
char *crypto_base64url(GBytes *bytes) G_GNUC_WARN_UNUSED_RESULT;   /* without padding */
GBytes *crypto_unbase64url(const char *text) G_GNUC_WARN_UNUSED_RESULT; /* strict and canonical; NULL if bad */

/* --- The service secret: a file of keys ----------------------------------------------------------------------------------- */

typedef struct crypto_keyring Keyring;

/*
 * FILE: lines of `ID HEX`: ID is 1 to 32 of a-z 0-9 -, HEX 64 hexadecimal digits; `#` comments and empty lines. The first key
 * seals, all open: a rollover puts a new line on top and takes the old one away when nothing needs it. Refuses a file that
 * others can read.
 */
Keyring *keyring_load(const char *file, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void keyring_free(Keyring *keyring);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Keyring, keyring_free)
/* A new line for that file, random, its ID the day (YYYY-MM-DD of NOW, Unix seconds) and a few random letters; with line end.
   A secret's text: give it to the file and free it. */
Secret *keyring_new_line(gint64 now) G_GNUC_WARN_UNUSED_RESULT;

/* AES-256-GCM under a key derived for ASSOCIATED, which is authenticated too ("pickup:7:1": whose value it is, so that a value
   moved to another row does not open). The result names its key. */
GBytes *crypto_seal(const Keyring *keyring, const char *associated, const void *data, size_t size) G_GNUC_WARN_UNUSED_RESULT;
Secret *crypto_open(const Keyring *keyring, const char *associated, GBytes *sealed, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* HMAC-SHA256 under the first key, for values that go out and come back (cookies, form tokens); _ok: made under any of them. */
GBytes *crypto_mac(const Keyring *keyring, const char *purpose, const void *data, size_t size) G_GNUC_WARN_UNUSED_RESULT;
gboolean crypto_mac_ok(const Keyring *keyring, const char *purpose, const void *data, size_t size, GBytes *mac)
    G_GNUC_WARN_UNUSED_RESULT;

#endif
