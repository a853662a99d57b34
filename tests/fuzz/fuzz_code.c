/* fuzz: ra_code_read */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ra/code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(Secret) code = ra_code_read(text);
    if (!code)
        return 0;
    if (strspn(secret_text(code), "0123456789ABCDEFGHJKMNPQRSTVWXYZ") != RA_CODE_SIGNS || secret_text(code)[RA_CODE_SIGNS])
        g_error("a code that is none");
    /* What was read reads as itself. */
    g_autoptr(Secret) again = ra_code_read(secret_text(code));
    if (!again || strcmp(secret_text(again), secret_text(code)) != 0)
        g_error("a code that reads otherwise");
    return 0;
}
