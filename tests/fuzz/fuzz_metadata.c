/*
 * Fuzzes sp_metadata_split, and the rows as they come out of an opener's child (sp_metadata_row). The first byte says what the rest
 * is: 'S' a signed aggregate, 'Q' a signed answer of MDQ, 'E' an EntityDescriptor given by hand, which is read without a signature,
 * 'R' a row, which is believed in its form only.
 */
#include "tests/fuzz/saml/fixture.h"

#include <string.h>

#include "sp/metadata_job.h"
#include "sp/person.h"
#include "sp/request.h"
#include "tests/unit/metadata_fixture.h"

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

static void signed_by_the_federation(GBytes *bytes, enum sp_metadata_kind kind)
{
    g_autoptr(GError) error = NULL;
    const struct sp_metadata_want want = { .kind = kind, .certificates = pem, .entity_id = "https://idp1.example.ac.jp/idp",
                                           .now = FUZZ_NOW, .longest = 30 * 86400 };
    g_autoptr(MetadataFound) found = metadata_find(bytes, &want, &error);
    if ((found == NULL) != (error != NULL)) g_error("neither rows nor error");
    for (guint i = 0; found != NULL && i < found->idps->len; i++) {
        const DbIdp *idp = g_ptr_array_index(found->idps, i);
        row_is_whole(idp);
        if (!g_str_has_prefix(idp->entity_id, "https://idp") || strstr(idp->xml, "evil") != NULL) g_error("a forged entity");
        if (kind == SP_METADATA_ENTITY && strcmp(idp->entity_id, want.entity_id) != 0) g_error("another entity");
    }
}

static MetadataFound *read_by_hand(GBytes *bytes, GError **error)
{
    const struct sp_metadata_want want = { .kind = SP_METADATA_BY_HAND, .now = FUZZ_NOW };
    return metadata_find(bytes, &want, error);
}

/* What is kept of a descriptor can be read again, and is good for a login or says why not. */
static void by_hand(GBytes *bytes)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MetadataFound) found = read_by_hand(bytes, &error);
    if ((found == NULL) != (error != NULL)) g_error("neither row nor error");
    if (found == NULL) return;
    const DbIdp *idp = g_ptr_array_index(found->idps, 0);
    row_is_whole(idp);
    g_autoptr(GBytes) kept = g_bytes_new_static(idp->xml, strlen(idp->xml));
    g_autoptr(MetadataFound) again = read_by_hand(kept, &error);
    if (again == NULL) g_error("cannot be read again: %s", error->message);
    g_autoptr(SpRequest) request = sp_request_new(service, idp->entity_id, idp->xml, "state", SP_NAME_ID_ANY, &error);
    if ((request == NULL) != (error != NULL)) g_error("neither request nor error");
}

static void a_row(const uint8_t *data, size_t n)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = sp_metadata_row_name(data, n);
    g_autoptr(DbIdp) idp = sp_metadata_row(data, n, &error);
    if ((idp == NULL) != (error != NULL)) g_error("neither row nor error");
    if (idp == NULL) return;
    const char *texts[] = { idp->entity_id, idp->xml, idp->name_en, idp->search };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        if (texts[i] == NULL || !g_utf8_validate(texts[i], -1, NULL)) g_error("text %zu of a row", i);
    if (strcmp(name, idp->entity_id) != 0 || idp->entity_id[0] == '\0') g_error("two names of one row");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    g_autoptr(GBytes) bytes = g_bytes_new(data + 1, size - 1);
    if (data[0] == 'S') signed_by_the_federation(bytes, SP_METADATA_AGGREGATE);
    if (data[0] == 'Q') signed_by_the_federation(bytes, SP_METADATA_ENTITY);
    if (data[0] == 'E') by_hand(bytes);
    if (data[0] == 'R') a_row(data + 1, size - 1);
    return 0;
}
