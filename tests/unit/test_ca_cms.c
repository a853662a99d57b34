/* What the service itself signs: ca/cms.h, read back by openssl. */
#include <glib/gstdio.h>
#include <string.h>

#include "ca/certificate.h"
#include "ca/cms.h"
#include "ca/key.h"
#include "ca/selfsigned.h"
#include "tests/unit/run.h"

#define FROM 1790000000 /* September 2026 */
#define DAY 86400

static char *folder;

static char *in_folder(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

/* NAME.key and NAME.pem, of the kind, for a day. */
static void make(const char *name, enum ca_key_kind kind)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Secret) key = ca_key_make(kind, &error);
    g_autoptr(Secret) pem = ca_plain_pem(key, &error);
    g_autoptr(GBytes) certificate = ca_self_signed(pem, name, FROM, FROM + DAY, &error);
    g_autofree char *text = ca_certificate_pem(certificate);
    g_autofree char *a = g_strconcat(folder, "/", name, ".key", NULL), *b = g_strconcat(folder, "/", name, ".pem", NULL);

    g_assert_no_error(error);
    g_assert_true(g_file_set_contents_full(a, (const char *)secret_bytes(pem), (gssize)secret_size(pem), 0, 0600, NULL));
    g_assert_true(g_file_set_contents(b, text, -1, NULL));
}

static GBytes *sign(const char *key, const char *certificate, gint64 at, GError **error)
{
    g_autofree char *a = in_folder(key), *b = in_folder(certificate);
    g_autoptr(GBytes) content = g_bytes_new_static("what\nis signed\r\n\0here", 21);

    return ca_cms_sign(content, a, b, at, error);
}

static void openssl_finds_content_and_signer(void)
{
    static const enum ca_key_kind kinds[] = { CA_KEY_P256, CA_KEY_RSA2048 };

    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *file = in_folder("signed.der"), *command = NULL, *out = NULL, *trust = in_folder("mine.pem");
        int status = 0;
        gsize size = 0;

        make("mine", kinds[i]);
        g_autoptr(GBytes) signature = sign("mine.key", "mine.pem", FROM + 10, &error);
        g_assert_no_error(error);
        const char *bytes = g_bytes_get_data(signature, &size);
        g_assert_true(g_file_set_contents(file, bytes, (gssize)size, NULL));
        command = g_strdup_printf("sh -c 'openssl cms -verify -inform DER -binary -attime %d -purpose any -in %s -CAfile %s"
                                  " 2>/dev/null | od -An -c -w32; openssl cms -cmsout -print -inform DER -in %s'",
                                  FROM + 20, file, trust, file);
        g_assert_true(g_spawn_command_line_sync(command, &out, NULL, &status, NULL));
        g_assert_nonnull(strstr(out, "w   h   a   t  \\n"));
        g_assert_nonnull(strstr(out, "\\r  \\n  \\0   h   e   r"));
        g_assert_nonnull(strstr(out, "Sep 21 14:13:30 2026 GMT")); /* the signing time is the one that was given */
        g_assert_nonnull(strstr(out, "sha256"));
    }
}

static void what_is_of_no_use_is_named(void)
{
    static const struct { const char *key, *certificate; gint64 at; const char *said; } cases[] = {
        { "none.key", "mine.pem", FROM + 10, "none.key" },
        { "mine.key", "none.pem", FROM + 10, "none.pem: cannot be read" },
        { "mine.key", "mine.key", FROM + 10, "mine.key: no certificate in PEM" },
        { "mine.pem", "mine.pem", FROM + 10, "mine.pem: must be a file that others cannot read" },
        { "mine.key", "other.pem", FROM + 10, "other.pem: its first certificate is of another key" },
        { "mine.key", "mine.pem", FROM - 10, "mine.pem: its first certificate is not valid now" },
        { "mine.key", "mine.pem", FROM + DAY + 10, "mine.pem: its first certificate is not valid now" },
    };

    make("mine", CA_KEY_P256);
    make("other", CA_KEY_P256);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(sign(cases[i].key, cases[i].certificate, cases[i].at, &error));
        g_assert_true(g_error_matches(error, CA_ERROR, CA_ERROR_BROKEN));
        if (!strstr(error->message, cases[i].said))
            g_error("case %zu: %s", i, error->message);
    }
}

static void those_above_go_along(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *mine = in_folder("mine.pem"), *other = in_folder("other.pem"), *all = in_folder("all.pem");
    g_autofree char *a = NULL, *b = NULL, *both = NULL;

    make("mine", CA_KEY_P256);
    make("other", CA_KEY_P256);
    g_assert_true(g_file_get_contents(mine, &a, NULL, NULL) && g_file_get_contents(other, &b, NULL, NULL));
    both = g_strconcat(a, "the issuer\n", b, NULL);
    g_assert_true(g_file_set_contents(all, both, -1, NULL));
    g_autoptr(GBytes) one = sign("mine.key", "mine.pem", FROM, &error), two = sign("mine.key", "all.pem", FROM, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(g_bytes_get_size(two), >, g_bytes_get_size(one) + 250);
}

static void prepare(void)
{
    folder = g_dir_make_tmp("inkan-cms-XXXXXX", NULL);
    g_assert_nonnull(folder);
}

static void clear(void)
{
    static const char *const names[] = { "mine.key", "mine.pem", "other.key", "other.pem", "all.pem", "signed.der" };

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *file = in_folder(names[i]);
        g_unlink(file);
    }
    g_assert_cmpint(g_rmdir(folder), ==, 0);
    g_free(folder);
}

int main(int argc, char **argv)
{
    static const struct unit_test tests[] = {
        { "/cms/openssl finds content, signer and time", openssl_finds_content_and_signer },
        { "/cms/what is of no use is named", what_is_of_no_use_is_named },
        { "/cms/the certificates above go along", those_above_go_along },
    };
    return run_tests(argc, argv, tests, G_N_ELEMENTS(tests), prepare, clear);
}
