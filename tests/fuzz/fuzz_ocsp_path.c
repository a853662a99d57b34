/* fuzz: ocsp_path_decode */
#include <stddef.h>
#include <stdint.h>

#include "fcgi/ocsp_path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *rest = g_strndup((const char *)data, size);
    g_autoptr(GBytes) request = ocsp_path_decode(rest);
    if (request && (g_bytes_get_size(request) == 0 || g_bytes_get_size(request) > OCSP_REQUEST_LONGEST))
        g_error("out of bounds");
    if (!request)
        return 0;
    /* What was taken is taken again, in the plain form of RFC 4648. */
    gsize n;
    const guchar *bytes = g_bytes_get_data(request, &n);
    g_autofree char *plain = g_base64_encode(bytes, n);
    g_autoptr(GBytes) again = ocsp_path_decode(plain);
    if (!again || !g_bytes_equal(request, again))
        g_error("not the same twice");
    return 0;
}
