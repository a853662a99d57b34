/* ra_letter_compose: whatever words come, the text has no header that was not meant, and short lines. */
#include <stdint.h>
#include <string.h>

#include "ra/letter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *words = g_strndup((const char *)data, size);
    const struct ra_letter letter = { .from = "a@b.example",
                                      .from_name = words,
                                      .to = size % 2 ? "c@d.example" : words,
                                      .subject = words,
                                      .body = words,
                                      .message_id = "1@b.example",
                                      .event = "ready",
                                      .date = 1795508141 };
    g_autofree char *text = ra_letter_compose(&letter, NULL);
    if (!text)
        return 0;
    const char *end = strstr(text, "\r\n\r\n");
    g_assert(end);
    int headers = 0;
    for (const char *line = text; line < end + 2; line = strstr(line, "\r\n") + 2) {
        headers += *line != ' ';
        g_assert(*line != '\n');
    }
    g_assert(headers == 11);
    for (const char *c = text; *c; c++)
        g_assert((*c != '\n' || (c > text && c[-1] == '\r')) && (*c != '\r' || c[1] == '\n'));
    return 0;
}
