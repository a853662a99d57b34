/*
 * Fuzzes what goes between the opener, its children and who asks. The first byte says what the rest is: 'R', 'L', 'S', 'P' the
 * question of a response, a logout message, a logout message's sender, an IdP's keys, as the child gets it; 'I', 'M', 'C' what
 * a child that was taken over may answer instead of an identity, a logout message, certificates; 'F' its frames.
 */
#include "tests/fuzz/saml/fixture.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "sp/attributes.h"
#include "sp/carry.h"
#include "sp/opener_wire.h"

static SpService *service;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    service = fuzz_service();
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || dup2(null, SP_CONFINE_OUT) < 0) g_error("no /dev/null");
    return 0;
}

static void is_one(gboolean good, const GError *error)
{
    if (good == (error != NULL)) g_error("neither good nor why not");
}

static void job(SpJobRun run, const uint8_t *bytes, size_t n)
{
    const struct sp_job what = { bytes, n, service };
    g_autoptr(GError) error = NULL;
    gboolean good = run(&what, &error);
    is_one(good, error);
}

static void identity(const uint8_t *bytes, size_t n)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SpIdentity) out = sp_carry_identity_read(bytes, n, &error);
    is_one(out != NULL, error);
    if (out == NULL) return;
    g_autofree char *json = sp_identity_json(out);
    if (!g_utf8_validate(json, -1, NULL)) g_error("JSON that is not UTF-8");
    g_autoptr(GBytes) again = sp_carry_identity(out);
    if (again == NULL) g_error("longer than it was");
}

static void message(const uint8_t *bytes, size_t n)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SpLogoutMessage) out = sp_carry_message_read(bytes, n, &error);
    is_one(out != NULL, error);
    if (out != NULL && out->request && out->name_id[0] == '\0') g_error("a request for nobody");
}

static void certificates(const uint8_t *bytes, size_t n)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) out = sp_carry_certificates(bytes, n, &error);
    is_one(out != NULL, error);
}

static void frames(const uint8_t *bytes, size_t n)
{
    const guchar *content = NULL;
    size_t size = 0;
    for (enum opener_frame frame; (frame = opener_frame(bytes, n, &content, &size)) != OPENER_MORE && frame != OPENER_BAD;) {
        if (content < bytes || content + size > bytes + n) g_error("a frame beyond its bytes");
        g_autoptr(GError) error = NULL;
        if (frame == OPENER_REFUSED) opener_refusal(content, size, &error);
        if (frame == OPENER_REFUSED && (error == NULL || !g_utf8_validate(error->message, -1, NULL))) g_error("no refusal");
        n -= (size_t)(content + size - bytes);
        bytes = content + size;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct { char letter; SpJobRun run; } jobs[] = {
        { 'R', sp_job_response }, { 'L', sp_job_logout }, { 'S', sp_job_logout_issuer }, { 'P', sp_job_peer },
    };
    static const struct { char letter; void (*read)(const uint8_t *, size_t); } readers[] = {
        { 'I', identity }, { 'M', message }, { 'C', certificates }, { 'F', frames },
    };
    if (size == 0) return 0;
    for (size_t i = 0; i < G_N_ELEMENTS(jobs); i++)
        if (jobs[i].letter == (char)data[0]) job(jobs[i].run, data + 1, size - 1);
    for (size_t i = 0; i < G_N_ELEMENTS(readers); i++)
        if (readers[i].letter == (char)data[0]) readers[i].read(data + 1, size - 1);
    return 0;
}
