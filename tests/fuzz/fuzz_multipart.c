/* fuzz: multipart_parse; what comes out lies in the body */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "fcgi/multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *body = (const char *)data;
    const char *end = memchr(body, '\n', size);
    g_autofree char *type = g_strndup(end ? body : "multipart/form-data; boundary=b",
                                      end ? (gsize)(end - body) : strlen("multipart/form-data; boundary=b"));
    gsize taken = end ? (gsize)(end - body) + 1 : 0;
    g_autoptr(GPtrArray) parts = multipart_parse(type, body + taken, size - taken);
    for (guint i = 0; parts && i < parts->len; i++) {
        const MultipartPart *part = parts->pdata[i];
        if (part->bytes < body || part->bytes + part->size > body + size)
            g_error("a part lies outside");
        gboolean named = g_utf8_validate(part->name, -1, NULL);
        gboolean tame = !part->file || (g_utf8_validate(part->file, -1, NULL) && !strpbrk(part->file, "/\\"));
        if (!named || !tame)
            g_error("a name that is none");
    }
    return 0;
}
