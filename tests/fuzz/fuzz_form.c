/* fuzz: form_parse, form_local_path, http_unescape */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "fcgi/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Form) form = form_parse((const char *)data, size);
    if (!form)
        return 0;
    const char *value = form_text(form, "return");
    const char *path = form_local_path(value);
    if (*path && (path[0] != '/' || path[1] == '/' || strchr(path, '\\') || strchr(path, '\n')))
        g_error("a foreign path came through");
    if (!g_utf8_validate(value, -1, NULL))
        g_error("a value is no UTF-8");
    (void)form_number(form, "months");
    return 0;
}
