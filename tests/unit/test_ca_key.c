/* Keys of people and of the CA: ca/key.h. */
#include <glib/gstdio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>
#include <sys/stat.h>

#include "ca/csr.h"
#include "ca/key.h"
#include "tests/unit/ca_fixture.h"
#include "tests/unit/run.h"

static EVP_PKEY *native(const Secret *pkcs8)
{
    const unsigned char *p = secret_bytes(pkcs8);

    return d2i_AutoPrivateKey(NULL, &p, (long)secret_size(pkcs8));
}

static void kinds_have_names(void)
{
    enum ca_key_kind kind;

    for (int i = 0; i < CA_KEY_KINDS; i++) {
        g_assert_true(ca_key_kind_parse(ca_key_kind_name((enum ca_key_kind)i), &kind));
        g_assert_cmpint((int)kind, ==, i);
    }
    g_assert_false(ca_key_kind_parse("rsa1024", &kind));
    g_assert_false(ca_key_kind_parse("", &kind));
}

static void each_kind_is_made_and_read_by_openssl(void)
{
    static const int bits[CA_KEY_KINDS] = { 2048, 3072, 4096, 256, 384 };

    for (int i = 0; i < CA_KEY_KINDS; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Secret) key = ca_key_make((enum ca_key_kind)i, &error);
        g_autoptr(GBytes) public = ca_key_public(key, &error);
        EVP_PKEY *seen = native(key);
        EVP_PKEY_CTX *check = EVP_PKEY_CTX_new(seen, NULL);
        unsigned char *spki = NULL;
        int n = i2d_PUBKEY(seen, &spki);
        enum ca_key_kind kind;

        g_assert_no_error(error);
        g_assert_cmpint(EVP_PKEY_get_bits(seen), ==, bits[i]);
        g_assert_cmpint(EVP_PKEY_pairwise_check(check), ==, 1);
        g_assert_true(ca_key_kind_of(key, &kind, NULL));
        g_assert_cmpint((int)kind, ==, i);
        g_assert_cmpmem(spki, n, g_bytes_get_data(public, NULL), g_bytes_get_size(public));
        OPENSSL_free(spki);
        EVP_PKEY_CTX_free(check);
        EVP_PKEY_free(seen);
    }
}

/* The hand-written PKCS#8 of an EC key against libcrypto's own encoding of it. */
static void ec_keys_are_written_as_openssl_writes_them(void)
{
    for (int i = 0; i < 40; i++) {
        g_autoptr(Secret) key = ca_key_make(i % 2 ? CA_KEY_P256 : CA_KEY_P384, NULL);
        EVP_PKEY *seen = native(key);
        PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(seen);
        unsigned char *der = NULL;
        int n = i2d_PKCS8_PRIV_KEY_INFO(info, &der);

        g_assert_cmpmem(der, n, secret_bytes(key), secret_size(key));
        OPENSSL_free(der);
        PKCS8_PRIV_KEY_INFO_free(info);
        EVP_PKEY_free(seen);
    }
}

static void a_locked_key_opens_with_its_pin_only(void)
{
    for (int i = 0; i < CA_KEY_KINDS; i += 3) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Secret) key = ca_key_make((enum ca_key_kind)i, NULL);
        g_autoptr(GBytes) locked = ca_key_lock(key, "Ab3dEf6hIj9lMn2p", &error),
                          again = ca_key_lock(key, "Ab3dEf6hIj9lMn2p", &error);
        g_autoptr(Secret) open = ca_key_unlock(locked, "Ab3dEf6hIj9lMn2p", &error);

        g_assert_no_error(error);
        g_assert_cmpmem(secret_bytes(open), secret_size(open), secret_bytes(key), secret_size(key));
        g_assert_false(g_bytes_equal(locked, again));
        for (int k = 0; k < 600; k++) { /* one wrong PIN in 256 unpads by chance */
            g_autofree char *pin = g_strdup_printf("wrong%d", k);
            g_assert_null(ca_key_unlock(locked, pin, &error));
            assert_word(&error, CA_ERROR_INPUT, "key-locked");
        }
    }
}

static void what_is_no_locked_key_is_refused(void)
{
    g_autoptr(GBytes) nothing = g_bytes_new("", 0), text = g_bytes_new("0\x82", 2),
                      big = g_bytes_new_take(g_malloc0(20000), 20000);
    g_autoptr(GError) error = NULL;

    g_assert_null(ca_key_unlock(nothing, "x", &error));
    assert_word(&error, CA_ERROR_INPUT, "key-locked");
    g_assert_null(ca_key_unlock(text, "x", &error));
    assert_word(&error, CA_ERROR_INPUT, "key-locked");
    g_assert_null(ca_key_unlock(big, "x", &error));
    assert_word(&error, CA_ERROR_INPUT, "key-locked");
}

static void a_csr_of_each_kind_proves_its_key(void)
{
    for (int i = 0; i < CA_KEY_KINDS; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Secret) key = ca_key_make((enum ca_key_kind)i, NULL);
        g_autoptr(GBytes) der = ca_csr_new(key, &error), public = ca_key_public(key, NULL);
        g_autofree char *pem = ca_csr_pem(der);
        g_autoptr(CaCsr) a = ca_csr_parse(g_bytes_get_data(der, NULL), g_bytes_get_size(der), &error);
        g_autoptr(CaCsr) b = ca_csr_parse(pem, strlen(pem), &error);

        g_assert_no_error(error);
        g_assert_cmpint((int)a->kind, ==, i);
        g_assert_true(g_bytes_equal(a->spki, public));
        g_assert_true(g_bytes_equal(a->spki_sha256, b->spki_sha256));
    }
}

/* --- Signing keys --------------------------------------------------------------------------------------------------------- */

static char *key_file(const char *text, int mode)
{
    g_autofree char *name = NULL;
    int fd = g_file_open_tmp("inkan-key-XXXXXX", &name, NULL);

    g_assert_cmpint(fd, >=, 0);
    g_close(fd, NULL);
    g_assert_true(g_file_set_contents(name, text, -1, NULL));
    g_assert_cmpint(g_chmod(name, mode), ==, 0);
    return g_steal_pointer(&name);
}

static void a_key_file_opens_with_its_passphrase_only(void)
{
    g_autoptr(Secret) key = ca_key_make(CA_KEY_P384, NULL), phrase = secret_from_text("correct horse"),
                      wrong = secret_from_text("correct house"), empty = secret_new(0);
    g_autoptr(GError) error = NULL;
    g_autofree char *pem = ca_signing_key_pem(key, phrase, &error), *name = key_file(pem, 0600);
    g_autoptr(CaSigningKey) loaded = ca_signing_key_load(name, phrase, &error);
    g_autoptr(GBytes) public = ca_key_public(key, NULL), seen = ca_signing_key_public(loaded);

    g_assert_no_error(error);
    g_assert_true(g_str_has_prefix(pem, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
    g_assert_cmpint((int)ca_signing_key_kind(loaded), ==, CA_KEY_P384);
    g_assert_true(g_bytes_equal(public, seen));
    g_assert_null(ca_signing_key_load(name, wrong, &error));
    g_assert_nonnull(strstr(error->message, name));
    g_assert_null(strstr(error->message, "house"));
    assert_word(&error, CA_ERROR_BROKEN, "key-file");
    g_assert_null(ca_signing_key_load(name, NULL, &error));
    assert_word(&error, CA_ERROR_BROKEN, "key-file");
    g_assert_null(ca_signing_key_load(name, empty, &error));
    assert_word(&error, CA_ERROR_BROKEN, "key-file");
    g_assert_null(ca_signing_key_pem(key, empty, &error));
    assert_word(&error, CA_ERROR_REFUSED, "passphrase");
    g_unlink(name);
}

static void wrong_key_files_are_named(void)
{
    static const struct { const char *text; int mode; } wrong[] = { { "", 0600 }, { "no PEM at all\n", 0600 },
        { "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", 0600 }, { "anything", 0644 } };

    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *name = key_file(wrong[i].text, wrong[i].mode);
        g_autoptr(GError) error = NULL;
        g_assert_null(ca_signing_key_load(name, NULL, &error));
        g_assert_error(error, CA_ERROR, CA_ERROR_BROKEN);
        g_assert_nonnull(strstr(error->message, name));
        g_unlink(name);
    }
}

static void keys_of_other_kinds_do_not_sign(void)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    BIO *bio = BIO_new(BIO_s_mem());
    g_autoptr(GError) error = NULL;
    g_autofree char *name = NULL, *text = NULL;
    char *data;
    long n;

    g_assert_true(PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL));
    n = BIO_get_mem_data(bio, &data);
    text = g_strndup(data, (gsize)n);
    name = key_file(text, 0600);
    g_assert_null(ca_signing_key_load(name, NULL, &error));
    assert_word(&error, CA_ERROR_BROKEN, "key-kind");
    g_unlink(name);
    BIO_free(bio);
    EVP_PKEY_free(key);
}

static const struct unit_test tests[] = {
    { "/key/kinds have names", kinds_have_names },
    { "/key/each kind is made, and read by openssl", each_kind_is_made_and_read_by_openssl },
    { "/key/EC keys are written as openssl writes them", ec_keys_are_written_as_openssl_writes_them },
    { "/key/a locked key opens with its PIN only", a_locked_key_opens_with_its_pin_only },
    { "/key/what is no locked key is refused", what_is_no_locked_key_is_refused },
    { "/key/a CSR of each kind proves its key", a_csr_of_each_kind_proves_its_key },
    { "/key/a key file opens with its passphrase only", a_key_file_opens_with_its_passphrase_only },
    { "/key/wrong key files are named", wrong_key_files_are_named },
    { "/key/keys of other kinds do not sign", keys_of_other_kinds_do_not_sign },
};

int main(int argc, char **argv)
{
    return run_tests(argc, argv, tests, G_N_ELEMENTS(tests), NULL, NULL);
}
