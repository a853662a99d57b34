#include "web/tsv.h"

#include <string.h>

static gboolean
is_number(const char *text)
{
    gsize digits = strspn(text + 1, "0123456789.");
    return *text == '-' && digits > 0 && text[1 + digits] == '\0';
}

/* White space in front does not keep a spreadsheet from it. */
static gboolean
looks_like_formula(const char *text)
{
    static const gunichar begins[] = { '=', '+', '-', '@', 0xff1d, 0xff0b, 0xff0d, 0xff20 };
    while (*text && g_unichar_isspace(g_utf8_get_char(text)))
        text = g_utf8_next_char(text);
    for (gsize i = 0; *text && i < G_N_ELEMENTS(begins); i++)
        if (g_utf8_get_char(text) == begins[i])
            return !is_number(text);
    return FALSE;
}

void
web_tsv_cell(GString *out, const char *text)
{
    static const char from[] = "\t\r\n\\", to[] = "trn\\";
    if (text && looks_like_formula(text))
        g_string_append_c(out, '\'');
    for (; text && *text; text++) {
        const char *special = strchr(from, *text);
        if (special)
            g_string_append_printf(out, "\\%c", to[special - from]);
        else if ((unsigned char)*text >= 0x20 && *text != 0x7f)
            g_string_append_c(out, *text);
    }
    g_string_append_c(out, '\t');
}

void
web_tsv_number(GString *out, gint64 number)
{
    char text[24];
    g_snprintf(text, sizeof text, "%" G_GINT64_FORMAT, number);
    web_tsv_cell(out, text);
}

void
web_tsv_end(GString *out)
{
    if (g_str_has_suffix(out->str, "\t"))
        g_string_truncate(out, out->len - 1);
    g_string_append(out, "\r\n");
}

void
web_tsv_row(GString *out, const char *const *cells, gsize n)
{
    for (gsize i = 0; i < n; i++)
        web_tsv_cell(out, cells[i]);
    web_tsv_end(out);
}
