/* Target: ca_certificate_read (anybody's certificate, as TLS clients present it), ca_crl_read. */
#include <openssl/x509.h>
#include <stdint.h>
#include <stdlib.h>

#include "ca/certificate.h"
#include "ca/crl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int yes)
{
    if (!yes)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    g_autoptr(GError) error = NULL, other = NULL;
    g_autoptr(CaCertificateInfo) info = ca_certificate_read(data, size, &error);
    struct ca_crl crl;
    size_t entries;

    must((info == NULL) == (error != NULL));
    if (info) {
        must(g_utf8_validate(info->subject, -1, NULL) && g_utf8_validate(info->common_name, -1, NULL));
        must(g_utf8_validate(info->mail, -1, NULL) && g_utf8_validate(info->issuer, -1, NULL));
        (void)!ca_certificate_issued_by(info->der, info->der);
    }
    if (ca_crl_read(bytes, &crl, &entries, &other))
        must(crl.number >= 0 && entries <= size);
    else
        must(other != NULL);
    return 0;
}
