/* fuzz: cookie_get, cookie_names, session_language */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "fcgi/cookie.h"
#include "fcgi/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *header = g_strndup((const char *)data, size);
    g_autofree char *value = cookie_get(header, "__Host-inkan-session");
    if (value && strpbrk(value, "\r\n;,\" "))
        g_error("a value has what it must not have");
    g_auto(GStrv) names = cookie_names(header, "__Host-inkan-login-");
    for (char **name = names; *name; name++)
        if (strpbrk(*name, "\r\n;=\" "))
            g_error("a name has what it must not have");
    const char *language = session_language(NULL, header);
    if (strcmp(language, "ja") != 0 && strcmp(language, "en") != 0)
        g_error("no language");
    return 0;
}
