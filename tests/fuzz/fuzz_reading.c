/* fuzz: db_reading_fold, db_reading_roman, db_reading_text, db_reading_query */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "db/reading.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autofree char *folded = db_reading_fold(text), *again = db_reading_fold(folded), *roman = db_reading_roman(folded);
    const char *const names[] = { text, folded, NULL };
    if (!g_utf8_validate(folded, -1, NULL) || !g_utf8_validate(roman, -1, NULL))
        g_error("what is folded is no UTF-8");
    if (strpbrk(folded, "|;%_\\") || strstr(folded, "  ") || g_str_has_prefix(folded, " ") || g_str_has_suffix(folded, " "))
        g_error("'%s' would be read as something else", folded);
    g_autofree char *escaped = g_strescape(folded, NULL);
    if (g_utf8_strlen(again, -1) > g_utf8_strlen(folded, -1))
        g_error("what is folded grows when it is folded again: %s", escaped);
    g_autofree char *searched = db_reading_text(names, text);
    g_auto(DbReadingQuery) query = { 0 };
    db_reading_query(text, &query);
    if (!g_utf8_validate(searched, -1, NULL) || g_strv_length(query.anywhere[0]) > 8 ||
        g_strv_length(query.anywhere[0]) != g_strv_length(query.starts[1]))
        g_error("a query has as many patterns as words");
    return 0;
}
