/*
 * What the SAML fuzz targets share: a service with a key made on the spot, and the public halves of keys that are gone
 * (tests/fuzz/saml/make.sh). Whoever gets past a signature with anything but a seed has forged it: the targets abort.
 */
#ifndef TESTS_FUZZ_SAML_FIXTURE_H
#define TESTS_FUZZ_SAML_FIXTURE_H

#include <glib.h>
#include <glib/gstdio.h>
#include <stdint.h>

#include "sp/response.h"
#include "sp/service.h"

#define FUZZ_NOW G_GINT64_CONSTANT(1795507200) /* 2026-11-24T08:00:00Z, when the seeds are valid */
#define FUZZ_IDP "https://idp.example.ac.jp/idp"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

G_GNUC_UNUSED static char *fuzz_read(const char *path)
{
    g_autoptr(GError) error = NULL;
    char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, &error)) g_error("%s", error->message);
    return text;
}

G_GNUC_UNUSED static void fuzz_make_key(const char *key, const char *certificate)
{
    const char *command[] = { "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=sp",
                              "-keyout", key, "-out", certificate, NULL };
    g_autoptr(GError) error = NULL;
    int status = 0;
    if (!g_spawn_sync(NULL, (char **)command, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL, NULL,
                      &status, &error)
        || !g_spawn_check_wait_status(status, &error))
        g_error("openssl: %s", error->message);
}

G_GNUC_UNUSED static SpService *fuzz_service(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("inkan-fuzz-XXXXXX", NULL);
    g_autofree char *key = g_build_filename(folder, "key", NULL), *certificate = g_build_filename(folder, "certificate", NULL);
    fuzz_make_key(key, certificate);
    const struct sp_service_values values = {
        .entity_id = "https://portal.example.ac.jp/saml/metadata", .acs_url = "https://portal.example.ac.jp/saml/acs",
        .slo_url = "https://portal.example.ac.jp/saml/slo", .name_en = "Inkan", .name_ja = "印鑑",
        .signing_key = key, .signing_certificate = certificate, .decryption_key = key, .decryption_certificate = certificate,
    };
    SpService *service = sp_service_new(&values, &error);
    if (service == NULL) g_error("%s", error->message);
    (void)!g_remove(key);
    (void)!g_remove(certificate);
    (void)!g_rmdir(folder);
    return service;
}

#endif
