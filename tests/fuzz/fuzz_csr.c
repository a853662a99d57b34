/* Target: ca_csr_parse, ca_csr_from_public. What they accept, libcrypto must read the same way. */
#include <openssl/x509.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ca/csr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int yes)
{
    if (!yes)
        abort();
}

/* KEY (taken) is the key of SPKI. */
static void same_key(EVP_PKEY *key, GBytes *spki)
{
    unsigned char *der = NULL;
    int n;

    must(key != NULL);
    n = i2d_PUBKEY(key, &der);
    must(n == (int)g_bytes_get_size(spki) && memcmp(der, g_bytes_get_data(spki, NULL), (size_t)n) == 0);
    OPENSSL_free(der);
    EVP_PKEY_free(key);
}

static void compare_request(const CaCsr *csr, const uint8_t *data, size_t size)
{
    const unsigned char *p = data;
    X509_REQ *request;

    if (size == 0 || data[0] != 0x30) /* PEM is taken apart before */
        return;
    request = d2i_X509_REQ(NULL, &p, (long)size);
    must(request != NULL && p == data + size && X509_REQ_verify(request, X509_REQ_get0_pubkey(request)) == 1);
    same_key(X509_REQ_get_pubkey(request), csr->spki);
    X509_REQ_free(request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CaCsr) csr = ca_csr_parse(data, size, &error);
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    g_autoptr(CaCsr) public = ca_csr_from_public(bytes, NULL);
    const unsigned char *p = data;

    must((csr == NULL) == (error != NULL));
    if (csr)
        compare_request(csr, data, size);
    if (public)
        same_key(d2i_PUBKEY(NULL, &p, (long)size), public->spki);
    return 0;
}
