/*
 * What the tests of sp/ share: a folder with fresh keys and metadata (tests/hostile/make.py), and a service made of them.
 * Programs run in the project's root.
 */
#ifndef TESTS_UNIT_SP_FIXTURE_H
#define TESTS_UNIT_SP_FIXTURE_H

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "sp/response.h"
#include "sp/service.h"

#define FIXTURE_NOW G_GINT64_CONSTANT(1795507200) /* 2026-11-24T08:00:00Z, make.py's NOW */
#define FIXTURE_IDP "https://idp.example.ac.jp/idp"
#define FIXTURE_IDP2 "https://idp2.example.ac.jp/idp"
#define FIXTURE_SP "https://portal.example.ac.jp/saml/metadata"
#define FIXTURE_ACS "https://portal.example.ac.jp/saml/acs"
#define FIXTURE_SLO "https://portal.example.ac.jp/saml/slo"

G_GNUC_UNUSED static char *fixture_folder;

/* A path in the folder; the caller's. */
G_GNUC_UNUSED static char *fixture_path(const char *name)
{
    return g_build_filename(fixture_folder, name, NULL);
}

G_GNUC_UNUSED static char *fixture_read(const char *name, size_t *n)
{
    g_autofree char *path = fixture_path(name);
    g_autoptr(GError) error = NULL;
    char *text = NULL;
    g_file_get_contents(path, &text, n, &error);
    g_assert_no_error(error);
    return text;
}

G_GNUC_UNUSED static void fixture_run(const char *const *command)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *wrong = NULL;
    int status = 0;
    g_spawn_sync(NULL, (char **)command, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, &wrong, &status, &error);
    g_assert_no_error(error);
    if (!g_spawn_check_wait_status(status, &error)) g_error("%s: %s", command[0], wrong);
}

G_GNUC_UNUSED static void fixture_make(const char *what, const char *request_id)
{
    const char *command[] = { "/usr/bin/python3", "tests/hostile/make.py", what, fixture_folder, request_id, NULL };
    fixture_run(command);
}

/* lasso complains by g_critical and g_warning about hostile messages; that is not a failed test. */
G_GNUC_UNUSED static void fixture_start(int *argc, char ***argv)
{
    g_test_init(argc, argv, NULL);
    g_log_set_always_fatal(G_LOG_FATAL_MASK);
    fixture_folder = g_dir_make_tmp("inkan-sp-XXXXXX", NULL);
    g_assert_nonnull(fixture_folder);
    fixture_make("keys", NULL);
}

G_GNUC_UNUSED static int fixture_end(int status)
{
    const char *command[] = { "rm", "-rf", fixture_folder, NULL };
    fixture_run(command);
    g_clear_pointer(&fixture_folder, g_free);
    return status;
}

G_GNUC_UNUSED static SpService *fixture_service(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *signing_key = fixture_path("sp-signing.key"), *signing_certificate = fixture_path("sp-signing.crt");
    g_autofree char *decryption_key = fixture_path("sp-decryption.key"),
        *decryption_certificate = fixture_path("sp-decryption.crt");
    const struct sp_service_values values = {
        .entity_id = FIXTURE_SP, .acs_url = FIXTURE_ACS, .slo_url = FIXTURE_SLO,
        .discovery_url = "https://portal.example.ac.jp/login", .home_url = "https://portal.example.ac.jp/",
        .name_en = "Inkan", .name_ja = "印鑑", .support = { "Helpdesk & Co", "help@example.ac.jp" },
        .technical = { "Technicians", "tech@example.ac.jp" }, .security = { "", "security@example.ac.jp" },
        .description_en = "Certificates & more", .description_ja = "証明書", .keywords_en = "certificate S/MIME",
        .keywords_ja = "証明書", .privacy_url = "https://portal.example.ac.jp/privacy",
        .logo_url = "https://portal.example.ac.jp/logo.png", .logo_width = 128, .logo_height = 96, .subject_id = "any",
        .signing_key = signing_key, .signing_certificate = signing_certificate,
        .decryption_key = decryption_key, .decryption_certificate = decryption_certificate,
    };
    SpService *service = sp_service_new(&values, &error);
    g_assert_no_error(error);
    return service;
}

#endif
