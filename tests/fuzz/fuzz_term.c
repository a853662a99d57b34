/* fuzz: ra_term_read */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ra/term.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(RaTerm) term = ra_term_read(text);
    if (!g_utf8_validate(term->text, -1, NULL) || term->number < 0 || g_strv_length(term->serials) > 2)
        g_error("a term that is none");
    for (char **serial = term->serials; *serial; serial++)
        if (strlen(*serial) % 2 || strlen(*serial) > 40 || strspn(*serial, "0123456789abcdef") != strlen(*serial))
            g_error("a serial that is none: %s", *serial);
    if (term->fingerprint && strlen(term->fingerprint) != 64)
        g_error("a fingerprint that is none");
    if (term->sha1 && (strlen(term->sha1) != 40 || term->words))
        g_error("a SHA-1 that is none");
    return 0;
}
