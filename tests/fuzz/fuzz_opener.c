/*
 * Fuzzes what goes to a confined child and what comes back, in one process and without the confinement. The first byte says
 * what the rest is:
 *
 *     the child's side   'R' 'L' 'S' 'P' 'G'  a question about a response, a logout message, a logout message's sender, an
 *                                             IdP's keys, a logo, as bytes of its record
 *                        'r'                  the XML of a response, made into a question here
 *     the asker's side   'I' 'M' 'C'          what a child that was taken over may say: an identity, a message, certificates
 *                        'F'                  frames
 *
 * A child's answer is read as its asker would. What the asker believes must be within bounds, and the same when it is written
 * and read once more.
 */
#include "tests/fuzz/saml/fixture.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sp/attributes.h"
#include "sp/carry.h"
#include "sp/confine.h"
#include "sp/logo.h"
#include "sp/opener_wire.h"
#include "sp/record.h"
#include "sp/request.h"

#define REQUEST_ID "_fuzzed-request"

static SpService *service;
static char *idp_xml, *saml;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    service = fuzz_service();
    idp_xml = fuzz_read("tests/fuzz/saml/idp.xml");
    g_autoptr(SpRequest) request = sp_request_new(service, FUZZ_IDP, idp_xml, "state", SP_NAME_ID_ANY, NULL);
    g_auto(GStrv) parts = g_strsplit(request->saml, request->request_id, -1);
    saml = g_strjoinv(REQUEST_ID, parts);
    /* Where a child writes. */
    int fd = memfd_create("answer", 0);
    if (fd < 0 || dup2(fd, SP_CONFINE_OUT) < 0) g_error("no file to write to");
    return 0;
}

/* --- the asker's side ----------------------------------------------------------------------------------------------------- */

static void text_ok(const char *text, size_t most)
{
    if (text == NULL || strlen(text) > most || !g_utf8_validate(text, -1, NULL)) g_error("a text of no use");
}

static void same(GBytes *one, GBytes *other)
{
    if (one == NULL || other == NULL || !g_bytes_equal(one, other)) g_error("another one when read again");
    g_bytes_unref(one);
    g_bytes_unref(other);
}

static void identity(const guchar *bytes, size_t n)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SpIdentity) found = sp_carry_identity_read(bytes, n, &error);
    if ((found == NULL) != (error != NULL)) g_error("neither identity nor error");
    if (found == NULL) return;
    const char *texts[] = { found->idp, found->assertion_id, found->name_id, found->name_id_format, found->name_qualifier,
                            found->sp_name_qualifier, found->session_index, found->context };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) text_ok(texts[i], 1024);
    for (guint i = 0; i < found->attributes->len; i++) {
        const SpAttribute *attribute = found->attributes->pdata[i];
        text_ok(attribute->name, SP_ATTRIBUTE_NAME_LONGEST);
        for (char **value = attribute->values; *value != NULL; value++) text_ok(*value, SP_ATTRIBUTE_VALUE_LONGEST);
    }
    g_autofree char *json = sp_identity_json(found);
    if (!g_utf8_validate(json, -1, NULL)) g_error("JSON that is not UTF-8");
    GBytes *again = sp_carry_identity(found);
    g_autoptr(SpIdentity) second = sp_carry_identity_read(g_bytes_get_data(again, NULL), g_bytes_get_size(again), NULL);
    if (second == NULL) g_error("cannot be read again");
    same(again, sp_carry_identity(second));
}

static void message(const guchar *bytes, size_t n)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SpLogoutMessage) found = sp_carry_message_read(bytes, n, &error);
    if ((found == NULL) != (error != NULL)) g_error("neither message nor error");
    if (found == NULL) return;
    if (found->request && found->name_id[0] == '\0') g_error("a request for nobody");
    GBytes *again = sp_carry_message(found);
    g_autoptr(SpLogoutMessage) second = sp_carry_message_read(g_bytes_get_data(again, NULL), g_bytes_get_size(again), NULL);
    if (second == NULL) g_error("cannot be read again");
    same(again, sp_carry_message(second));
}

static void certificates(const guchar *bytes, size_t n)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) found = sp_carry_certificates(bytes, n, &error);
    if ((found == NULL) != (error != NULL)) g_error("neither certificates nor error");
}

static void nothing(const guchar *bytes, size_t n)
{
    (void)bytes, (void)n;
}

typedef void (*Reader)(const guchar *bytes, size_t n);

/* As sp_opener_ask takes what a child says. */
static void frames(const guchar *bytes, size_t n, Reader read)
{
    for (;;) {
        const guchar *content = NULL;
        size_t content_n = 0;
        enum opener_frame frame = opener_frame(bytes, n, &content, &content_n);
        if (frame == OPENER_MORE || frame == OPENER_BAD) return;
        if (content < bytes || content_n > n || content + content_n > bytes + n) g_error("beyond the end");
        if (frame == OPENER_RECORD) read(content, content_n);
        if (frame == OPENER_REFUSED) {
            g_autoptr(GError) error = NULL;
            opener_refusal(content, content_n, &error);
            if (error == NULL || !g_utf8_validate(error->message, -1, NULL)) g_error("no refusal");
        }
        n -= (size_t)(content + content_n - bytes);
        bytes = content + content_n;
    }
}

/* --- the child's side ----------------------------------------------------------------------------------------------------- */

static void child(SpJobRun run, const void *bytes, size_t n, Reader read)
{
    const struct sp_job job = { bytes, n, service };
    g_autoptr(GError) error = NULL;
    if (ftruncate(SP_CONFINE_OUT, 0) != 0 || lseek(SP_CONFINE_OUT, 0, SEEK_SET) != 0) g_error("the file");
    gboolean good = run(&job, &error);
    if (good == (error != NULL)) g_error("neither an answer nor an error");
    if (!opener_write_end(SP_CONFINE_OUT, good, error)) g_error("the end");
    off_t length = lseek(SP_CONFINE_OUT, 0, SEEK_END);
    g_autofree guchar *said = g_malloc((size_t)length + 1);
    if (pread(SP_CONFINE_OUT, said, (size_t)length, 0) != length) g_error("the answer");
    frames(said, (size_t)length, read);
}

static void response(const char *bytes, size_t n)
{
    g_autofree char *base64 = g_base64_encode((const guchar *)bytes, n);
    const struct sp_want want = { .idp = FUZZ_IDP, .idp_xml = idp_xml, .request_id = REQUEST_ID, .saml = saml, .now = FUZZ_NOW,
                                  .skew = SP_SKEW };
    g_autoptr(GBytes) question = sp_carry_response(base64, strlen(base64), &want);
    if (question != NULL) child(sp_job_response, g_bytes_get_data(question, NULL), g_bytes_get_size(question), identity);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct { char letter; SpJobRun run; Reader read; } jobs[] = {
        { 'R', sp_job_response, identity }, { 'L', sp_job_logout, message },  { 'S', sp_job_logout_issuer, nothing },
        { 'P', sp_job_peer, certificates }, { 'G', sp_job_logo, nothing },
    };
    static const struct { char letter; Reader read; } answers[] = {
        { 'I', identity }, { 'M', message }, { 'C', certificates },
    };
    if (size == 0) return 0;
    for (size_t i = 0; i < G_N_ELEMENTS(jobs); i++)
        if (data[0] == (uint8_t)jobs[i].letter) child(jobs[i].run, data + 1, size - 1, jobs[i].read);
    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++)
        if (data[0] == (uint8_t)answers[i].letter) answers[i].read(data + 1, size - 1);
    if (data[0] == 'r') response((const char *)data + 1, size - 1);
    if (data[0] == 'F') frames(data + 1, size - 1, identity);
    return 0;
}
