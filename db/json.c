#include "db/json.h"

void
db_json_text(GString *out, const char *text)
{
    g_string_append_c(out, '"');
    for (const char *p = text ? text : ""; *p; p++) {
        if (*p == '"' || *p == '\\')
            g_string_append_c(out, '\\');
        if ((guchar)*p < 0x20 || *p == 0x7f)
            g_string_append_printf(out, "\\u%04x", (guchar)*p);
        else
            g_string_append_c(out, *p);
    }
    g_string_append_c(out, '"');
}

void
db_json_list(GString *out, const char *const *values)
{
    g_string_append_c(out, '[');
    for (const char *const *value = values; value && *value; value++) {
        if (value != values)
            g_string_append_c(out, ',');
        db_json_text(out, *value);
    }
    g_string_append_c(out, ']');
}
