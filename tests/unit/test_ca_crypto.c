/* Secrets, random, seals: ca/crypto.h. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ca/crypto.h"
#include "tests/unit/run.h"

static void secret_holds_what_it_was_given(void)
{
    g_autoptr(Secret) secret = secret_from_text("a PIN");
    g_autoptr(Secret) copy = secret_copy(secret);
    g_autoptr(Secret) empty = secret_new(0);

    g_assert_cmpstr(secret_text(secret), ==, "a PIN");
    g_assert_cmpuint(secret_size(copy), ==, 5);
    g_assert_true(secret_bytes(copy) != secret_bytes(secret));
    g_assert_cmpstr(secret_text(empty), ==, "");
}

static void chomp_takes_line_ends_and_no_more(void)
{
    g_autoptr(Secret) secret = secret_from_text("pass phrase \r\n");

    secret_chomp(secret);
    g_assert_cmpstr(secret_text(secret), ==, "pass phrase ");
    g_assert_cmpuint(secret_size(secret), ==, 12);
}

/* Do the pages at P have these flags in smaps? " lo" locked, " dd" not dumped. */
static gboolean has_flag(const void *p, const char *flag)
{
    g_autofree char *smaps = NULL;
    g_auto(GStrv) lines = NULL;
    gboolean here = FALSE;

    g_assert_true(g_file_get_contents("/proc/self/smaps", &smaps, NULL, NULL));
    lines = g_strsplit(smaps, "\n", -1);
    for (char **line = lines; *line; line++) {
        char *end;
        guint64 from = g_ascii_strtoull(*line, &end, 16), to = *end == '-' ? g_ascii_strtoull(end + 1, NULL, 16) : 0;
        if (to > from)
            here = (guintptr)p >= from && (guintptr)p < to;
        else if (here && g_str_has_prefix(*line, "VmFlags:"))
            return strstr(*line, flag) != NULL;
    }
    return FALSE;
}

static gboolean is_locked(const void *p)
{
    return has_flag(p, " lo") && has_flag(p, " dd");
}

/* A container may allow 64 KiB and no more, and AddressSanitizer turns mlock off: then there is nothing to see here. */
static gboolean may_lock(void)
{
    enum { ENOUGH = 4 << 20 };
    void *pages = mmap(NULL, ENOUGH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    gboolean may = mlock(pages, ENOUGH) == 0 && has_flag(pages, " lo");

    munmap(pages, ENOUGH);
    if (!may)
        g_test_skip("this user may not lock memory");
    return may;
}

static void secrets_are_locked_and_not_dumped(void)
{
    if (!may_lock())
        return;
    g_autoptr(Secret) secret = secret_from_text("locked");

    g_assert_true(is_locked(secret_bytes(secret)));
}

static void a_child_has_locked_memory_of_its_own(void)
{
    g_autoptr(Secret) parents = secret_from_text("of the parent");
    pid_t child;
    int status;

    if (!may_lock())
        return;
    child = fork();
    if (child == 0) {
        crypto_start();
        g_autoptr(Secret) secret = secret_from_text("of the child");
        _exit(is_locked(secret_bytes(secret)) && strcmp(secret_text(parents), "of the parent") == 0 ? 0 : 1);
    }
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_cmpint(status, ==, 0);
}

static void many_secrets_outgrow_the_heap_and_stay_right(void)
{
    Secret *secrets[600];

    for (size_t i = 0; i < G_N_ELEMENTS(secrets); i++) {
        secrets[i] = secret_new(4000);
        memset(secret_bytes(secrets[i]), (int)(i & 0xff), 4000);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(secrets); i++) {
        g_assert_cmpuint(secret_bytes(secrets[i])[0], ==, i & 0xff);
        g_assert_cmpuint(secret_bytes(secrets[i])[3999], ==, i & 0xff);
        secret_free(secrets[i]);
    }
}

static void tokens_are_43_characters_for_urls(void)
{
    g_autoptr(Secret) a = crypto_token(), b = crypto_token();
    g_autoptr(GBytes) raw = crypto_unbase64url(secret_text(a));

    g_assert_cmpuint(strlen(secret_text(a)), ==, 43);
    g_assert_cmpuint(g_bytes_get_size(raw), ==, 32);
    g_assert_cmpstr(secret_text(a), !=, secret_text(b));
}

static void pins_use_all_letters_alike(void)
{
    enum { PINS = 3000 };
    unsigned seen[256] = { 0 };
    double square = 0, expected = PINS * 16 / 62.0;

    for (int i = 0; i < PINS; i++) {
        g_autoptr(Secret) pin = crypto_pin();
        g_assert_cmpuint(strlen(secret_text(pin)), ==, 16);
        for (int k = 0; k < 16; k++) {
            g_assert_true(g_ascii_isalnum(secret_text(pin)[k]));
            seen[secret_bytes(pin)[k]]++;
        }
    }
    for (int c = 0; c < 256; c++)
        if (g_ascii_isalnum((char)c))
            square += (seen[c] - expected) * (seen[c] - expected) / expected;
    g_assert_cmpfloat(square, <, 140); /* chi square, 61 degrees of freedom: above once in ten million runs */
}

static void hashes_are_the_standards(void)
{
    g_autoptr(GBytes) hash = crypto_sha256("abc", 3);
    g_autofree char *hex = crypto_hex(hash);
    g_autoptr(Secret) key = secret_from_text("key");
    g_autoptr(GBytes) a = crypto_hmac(key, "one", "data", 4), b = crypto_hmac(key, "two", "data", 4);
    g_autofree char *expected =
        g_compute_hmac_for_data(G_CHECKSUM_SHA256, (const guchar *)"key", 3, (const guchar *)"one\0data", 8);
    g_autofree char *seen = crypto_hex(a);

    g_assert_cmpstr(hex, ==, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    g_assert_cmpstr(seen, ==, expected);
    g_assert_false(crypto_equal(a, b));
}

static void comparing_takes_length_and_null(void)
{
    g_autoptr(GBytes) a = g_bytes_new("abc", 3), b = g_bytes_new("abd", 3), c = g_bytes_new("ab", 2),
                      same = g_bytes_new("abc", 3);

    g_assert_true(crypto_equal(a, same));
    g_assert_false(crypto_equal(a, b));
    g_assert_false(crypto_equal(a, c));
    g_assert_false(crypto_equal(a, NULL));
    g_assert_false(crypto_equal(NULL, NULL));
}

static void pin_hash_depends_on_pin_and_salt(void)
{
    g_autoptr(GBytes) salt = g_bytes_new("0123456789abcdef", 16), other = g_bytes_new("0123456789abcdeX", 16);
    g_autoptr(GBytes) a = crypto_pin_hash("PIN", salt), again = crypto_pin_hash("PIN", salt), b = crypto_pin_hash("PIN", other),
                      c = crypto_pin_hash("PIM", salt);

    g_assert_true(crypto_equal(a, again));
    g_assert_false(crypto_equal(a, b));
    g_assert_false(crypto_equal(a, c));
}

static void text_forms_go_there_and_back(void)
{
    for (gsize n = 0; n < 70; n++) {
        unsigned char bytes[70];
        g_autoptr(GBytes) raw = NULL, from_hex = NULL, from_base64 = NULL;
        g_autofree char *hex = NULL, *base64 = NULL;

        crypto_random(bytes, sizeof bytes);
        raw = g_bytes_new(bytes, n);
        hex = crypto_hex(raw);
        base64 = crypto_base64url(raw);
        from_hex = crypto_unhex(hex);
        from_base64 = crypto_unbase64url(base64);
        g_assert_true(g_bytes_equal(raw, from_hex));
        g_assert_true(g_bytes_equal(raw, from_base64));
    }
}

static void bad_text_forms_are_refused(void)
{
    static const char *const base64[] = { "A", "AAAAA", "AB", "AAB", "AA==", "A+AA", "A/AA", "AA A", "\xc3\xa4" };
    static const char *const hex[] = { "1", "0g", "0x", "12 4", "+1" };

    for (size_t i = 0; i < G_N_ELEMENTS(base64); i++)
        g_assert_null(crypto_unbase64url(base64[i]));
    for (size_t i = 0; i < G_N_ELEMENTS(hex); i++)
        g_assert_null(crypto_unhex(hex[i]));
}

/* --- Keyring -------------------------------------------------------------------------------------------------------------- */

#define KEY_A "old 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
#define KEY_B "new 202122232425262728292a2b2c2d2e2f303132333435363738393A3B3C3D3E3F\n"

static char *write_file(const char *text, int mode)
{
    g_autofree char *name = NULL;
    int fd = g_file_open_tmp("inkan-ring-XXXXXX", &name, NULL);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, text, strlen(text)), ==, (gssize)strlen(text));
    g_assert_cmpint(fchmod(fd, (mode_t)mode), ==, 0);
    close(fd);
    return g_steal_pointer(&name);
}

static Keyring *ring(const char *text, GError **error)
{
    g_autofree char *name = write_file(text, 0600);
    Keyring *keyring = keyring_load(name, error);

    g_unlink(name);
    return keyring;
}

static void sealed_opens_with_its_purpose_only(void)
{
    g_autoptr(Keyring) keyring = ring(KEY_A, NULL);
    g_autoptr(GBytes) sealed = crypto_seal(keyring, "pickup:7:1", "the PIN", 7),
                      again = crypto_seal(keyring, "pickup:7:1", "the PIN", 7);
    g_autoptr(Secret) open = crypto_open(keyring, "pickup:7:1", sealed, NULL);
    g_autoptr(GError) error = NULL;

    g_assert_cmpstr(secret_text(open), ==, "the PIN");
    g_assert_false(g_bytes_equal(sealed, again));
    g_assert_null(crypto_open(keyring, "pickup:7:2", sealed, &error));
    g_assert_error(error, CRYPTO_ERROR, CRYPTO_ERROR_SEALED);
}

static void nothing_sealed_is_an_empty_secret(void)
{
    g_autoptr(Keyring) keyring = ring(KEY_A, NULL);
    g_autoptr(GBytes) sealed = crypto_seal(keyring, "x", "", 0);
    g_autoptr(Secret) open = crypto_open(keyring, "x", sealed, NULL);

    g_assert_cmpuint(secret_size(open), ==, 0);
}

static void every_changed_byte_of_a_seal_is_noticed(void)
{
    g_autoptr(Keyring) keyring = ring(KEY_A, NULL);
    g_autoptr(GBytes) sealed = crypto_seal(keyring, "x", "twelve bytes", 12);
    gsize n;
    const unsigned char *p = g_bytes_get_data(sealed, &n);

    for (gsize i = 0; i < n; i++) {
        g_autofree unsigned char *changed = g_memdup2(p, n);
        g_autoptr(GBytes) bytes = NULL, shorter = g_bytes_new(p, i);
        changed[i] ^= 0x20;
        bytes = g_bytes_new(changed, n);
        g_assert_null(crypto_open(keyring, "x", bytes, NULL));
        g_assert_null(crypto_open(keyring, "x", shorter, NULL));
    }
}

static void a_rollover_keeps_old_seals_and_macs(void)
{
    g_autoptr(Keyring) old = ring(KEY_A, NULL), both = ring("# rolled over\n\n" KEY_B KEY_A, NULL), new = ring(KEY_B, NULL);
    g_autoptr(GBytes) sealed = crypto_seal(old, "x", "data", 4), mac = crypto_mac(old, "cookie", "data", 4);
    g_autoptr(GBytes) fresh = crypto_seal(both, "x", "data", 4), hostile = crypto_mac(old, "other", "data", 4);
    g_autoptr(Secret) by_both = crypto_open(both, "x", sealed, NULL), by_new = crypto_open(new, "x", fresh, NULL);
    g_autoptr(GError) error = NULL;

    g_assert_cmpstr(secret_text(by_both), ==, "data");
    g_assert_cmpstr(secret_text(by_new), ==, "data");
    g_assert_true(crypto_mac_ok(both, "cookie", "data", 4, mac));
    g_assert_false(crypto_mac_ok(both, "cookie", "datb", 4, mac));
    g_assert_false(crypto_mac_ok(both, "cookie", "data", 4, hostile));
    g_assert_false(crypto_mac_ok(new, "cookie", "data", 4, mac));
    g_assert_null(crypto_open(new, "x", sealed, &error));
    g_assert_error(error, CRYPTO_ERROR, CRYPTO_ERROR_KEY);
}

static void wrong_keyrings_name_file_and_line(void)
{
    static const char *const wrong[] = {
        "",
        "# nothing\n",
        "id\n",
        "id 1234\n",
        "ID "
        "00"
        "\n",
        "a "
        "zz0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
        KEY_A KEY_A,
        "old 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f extra\n",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(ring(wrong[i], &error));
        g_assert_error(error, CRYPTO_ERROR, CRYPTO_ERROR_FILE);
        g_assert_nonnull(strstr(error->message, "inkan-ring-"));
    }
}

static void a_keyring_that_others_can_read_is_refused(void)
{
    g_autofree char *name = write_file(KEY_A, 0644);
    g_autoptr(GError) error = NULL;

    g_assert_null(keyring_load(name, &error));
    g_assert_error(error, CRYPTO_ERROR, CRYPTO_ERROR_FILE);
    g_assert_nonnull(strstr(error->message, name));
    g_clear_error(&error);
    g_unlink(name);
    g_assert_null(keyring_load(name, &error));
    g_assert_error(error, CRYPTO_ERROR, CRYPTO_ERROR_FILE);
}

static void a_new_line_is_a_keyring(void)
{
    g_autoptr(Secret) line = keyring_new_line(1795507200);
    g_autoptr(GError) error = NULL;
    g_autoptr(Keyring) keyring = ring(secret_text(line), &error);

    g_assert_no_error(error);
    g_assert_nonnull(keyring);
    g_assert_true(g_str_has_prefix(secret_text(line), "2026-11-24-"));
}

static const struct unit_test tests[] = {
    { "/crypto/a secret holds what it was given", secret_holds_what_it_was_given },
    { "/crypto/chomp takes line ends and no more", chomp_takes_line_ends_and_no_more },
    { "/crypto/secrets are locked and not dumped", secrets_are_locked_and_not_dumped },
    { "/crypto/a child has locked memory of its own", a_child_has_locked_memory_of_its_own },
    { "/crypto/many secrets outgrow the heap and stay right", many_secrets_outgrow_the_heap_and_stay_right },
    { "/crypto/tokens are 43 characters for URLs", tokens_are_43_characters_for_urls },
    { "/crypto/PINs use all letters alike", pins_use_all_letters_alike },
    { "/crypto/hashes are the standard's", hashes_are_the_standards },
    { "/crypto/comparing takes length and NULL", comparing_takes_length_and_null },
    { "/crypto/a PIN's hash depends on PIN and salt", pin_hash_depends_on_pin_and_salt },
    { "/crypto/text forms go there and back", text_forms_go_there_and_back },
    { "/crypto/bad text forms are refused", bad_text_forms_are_refused },
    { "/crypto/sealed opens with its purpose only", sealed_opens_with_its_purpose_only },
    { "/crypto/nothing sealed is an empty secret", nothing_sealed_is_an_empty_secret },
    { "/crypto/every changed byte of a seal is noticed", every_changed_byte_of_a_seal_is_noticed },
    { "/crypto/a rollover keeps old seals and macs", a_rollover_keeps_old_seals_and_macs },
    { "/crypto/wrong keyrings name file and line", wrong_keyrings_name_file_and_line },
    { "/crypto/a keyring that others can read is refused", a_keyring_that_others_can_read_is_refused },
    { "/crypto/a new line is a keyring", a_new_line_is_a_keyring },
};

int main(int argc, char **argv)
{
    return run_tests(argc, argv, tests, G_N_ELEMENTS(tests), NULL, NULL);
}
