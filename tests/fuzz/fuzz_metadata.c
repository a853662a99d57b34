/*
 * Fuzzes sp_metadata_read and sp_metadata_read_one. The first byte says what the rest is: 'S' a signed aggregate, 'E' an
 * EntityDescriptor given by hand, which is read without a signature.
 */
#include "tests/fuzz/saml/fixture.h"

#include <string.h>

#include "db/metadata.h"
#include "sp/metadata.h"
#include "sp/person.h"
#include "sp/request.h"

static SpService *service;
static char *pem;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    service = fuzz_service();
    pem = fuzz_read("tests/fuzz/saml/federation.crt");
    return 0;
}

static void row_is_whole(const DbIdp *idp)
{
    const char *texts[] = { idp->entity_id, idp->xml, idp->name_en, idp->name_ja, idp->keywords, idp->logo, idp->contact_name,
                            idp->contact_mail, idp->search };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        if (texts[i] == NULL || !g_utf8_validate(texts[i], -1, NULL)) g_error("text %zu of a row", i);
    if (idp->entity_id[0] == '\0' || idp->name_en[0] == '\0' || idp->name_ja[0] == '\0') g_error("a row without a name");
    if (idp->contact_mail[0] != '\0' && !sp_mail_ok(idp->contact_mail)) g_error("a contact that nobody can write to");
    (void)!sp_scope_ok("lab.example.ac.jp", (const char *const *)idp->scopes, (const char *const *)idp->scope_regexps);
}

static void signed_aggregate(GBytes *bytes)
{
    gint64 until = 0;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) idps = sp_metadata_read(bytes, pem, FUZZ_NOW, 30 * 86400, &until, &error);
    if ((idps == NULL) != (error != NULL)) g_error("neither rows nor error");
    for (guint i = 0; idps != NULL && i < idps->len; i++) {
        const DbIdp *idp = g_ptr_array_index(idps, i);
        row_is_whole(idp);
        if (!g_str_has_prefix(idp->entity_id, "https://idp") || strstr(idp->xml, "evil") != NULL) g_error("a forged entity");
    }
}

/* What is kept of a descriptor can be read again, and is good for a login or says why not. */
static void by_hand(GBytes *bytes)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) idps = sp_metadata_read_one(bytes, FUZZ_NOW, &error);
    if ((idps == NULL) != (error != NULL)) g_error("neither row nor error");
    if (idps == NULL) return;
    const DbIdp *idp = g_ptr_array_index(idps, 0);
    row_is_whole(idp);
    g_autoptr(GBytes) kept = g_bytes_new_static(idp->xml, strlen(idp->xml));
    g_autoptr(GPtrArray) again = sp_metadata_read_one(kept, FUZZ_NOW, &error);
    if (again == NULL) g_error("cannot be read again: %s", error->message);
    g_autoptr(SpRequest) request = sp_request_new(service, idp->entity_id, idp->xml, "state", SP_NAME_ID_ANY, &error);
    if ((request == NULL) != (error != NULL)) g_error("neither request nor error");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    g_autoptr(GBytes) bytes = g_bytes_new(data + 1, size - 1);
    if (data[0] == 'S') signed_aggregate(bytes);
    if (data[0] == 'E') by_hand(bytes);
    return 0;
}
