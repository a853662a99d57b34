/* fuzz: ca_token_uri_read */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ca/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(CaTokenUri) uri = ca_token_uri_read(text, &error);
    if (!uri && !error)
        g_error("neither taken nor refused");
    if (!uri)
        return 0;
    /* What was taken names a private key, has no query that could carry a PIN or another module, and is taken again. */
    g_autoptr(CaTokenUri) again = ca_token_uri_read(uri->uri, NULL);
    if (!again || strcmp(again->uri, uri->uri) != 0 || strcmp(again->where, uri->where) != 0)
        g_error("not the same twice");
    if (strchr(uri->uri, '?') || !strstr(uri->uri, "type=private") || !g_utf8_validate(uri->where, -1, NULL))
        g_error("not a key of ours");
    return 0;
}
