/* fuzz: ca_authority_request_read, ca_carried_read, ca_authority_check, ca_root_check, ca_crl_entries */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ca/carried.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
look_at_request(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CaAuthorityRequest) request = ca_authority_request_read(data, size, &error);
    if (!request && !error)
        g_error("neither taken nor refused");
    if (request && (!*request->common_name || !*request->extended || strlen(request->fingerprint) != 64 ||
                    !g_utf8_validate(request->common_name, -1, NULL)))
        g_error("not what a request promises");
}

/* Each certificate as its own root, and as a CA below it. */
static void
look_at_certificate(GBytes *der)
{
    g_autoptr(GBytes) spki = g_bytes_new("key", 3);
    gboolean root = ca_root_check(der, 1800000000, NULL);
    if (ca_authority_check(der, der, spki, "http://pki.example/crl/root-0.crl", "http://pki.example/ca/root.cer", 1800000000, NULL))
        g_error("a CA for a key that is none");
    if (root && !ca_certificate_issued_by(der, der))
        g_error("a root that did not sign itself");
    (void)!ca_authority_has_purpose(der, CA_OID_CLIENT_AUTH);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    look_at_request(data, size);
    g_autoptr(CaCarried) carried = ca_carried_read(data, size, &error);
    if (!carried && !error)
        g_error("neither taken nor refused");
    for (guint i = 0; carried && i < carried->certificates->len; i++)
        look_at_certificate(carried->certificates->pdata[i]);
    for (guint i = 0; carried && i < carried->crls->len; i++)
        for (guint j = 0; j < carried->certificates->len; j++) {
            g_autofree char *shard = NULL;
            g_autoptr(GArray) entries = ca_crl_entries(carried->crls->pdata[i], carried->certificates->pdata[j], &shard, NULL);
            for (guint k = 0; entries && k < entries->len; k++)
                if (strlen(g_array_index(entries, struct ca_revoked, k).serial) > 40)
                    g_error("a serial of more than 20 bytes");
        }
    return 0;
}
