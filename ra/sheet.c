#include "ra/sheet.h"

#include <string.h>

static void
line_free(gpointer data)
{
    SheetLine *line = data;
    g_strfreev(line->cells);
    g_free(line);
}

gboolean
sheet_control(gunichar c)
{
    GUnicodeType type = g_unichar_type(c);
    return type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT || type == G_UNICODE_LINE_SEPARATOR ||
           type == G_UNICODE_PARAGRAPH_SEPARATOR || type == G_UNICODE_SURROGATE;
}

/* --- which encoding ------------------------------------------------------------------------------------------------------- */

static gboolean
beyond_ascii(const char *text, gsize n)
{
    for (gsize i = 0; i < n; i++)
        if ((guchar)text[i] >= 0x80)
            return TRUE;
    return FALSE;
}

static gsize
line_size(const char *text, gsize n)
{
    const char *end = memchr(text, '\n', n);
    return end ? (gsize)(end - text) : n;
}

static gboolean
is_utf8(const char *text, gsize n)
{
    for (gsize size; n > 0; text += size, n -= size) {
        size = line_size(text, n);
        if (beyond_ascii(text, size) && g_utf8_validate_len(text, size, NULL))
            return TRUE;
        size += size < n;
    }
    return FALSE;
}

/* The line as UTF-8; NULL where it is not in that encoding. A byte of zero is left to the look at the cells. */
static char *
decode(const char *text, gsize n, gboolean shift_jis)
{
    if (memchr(text, '\0', n))
        return NULL;
    if (shift_jis && beyond_ascii(text, n)) {
        gsize written = 0;
        char *out = g_convert(text, (gssize)n, "UTF-8", "CP932", NULL, &written, NULL);
        if (out && (strlen(out) != written || !g_utf8_validate(out, -1, NULL)))
            g_clear_pointer(&out, g_free);
        return out;
    }
    return g_utf8_validate_len(text, n, NULL) ? g_strndup(text, n) : NULL;
}

/* --- cells ---------------------------------------------------------------------------------------------------------------- */

static const char *
wrong_with(const char *cell)
{
    if (strlen(cell) > SHEET_CELL_LONGEST)
        return "long";
    if (*cell == '"')
        return "quote";
    for (const char *c = cell; *c; c = g_utf8_next_char(c))
        if (sheet_control(g_utf8_get_char(c)))
            return "control";
    return NULL;
}

static void
spoil(SheetLine *line, const char *why, int cell)
{
    line->bad = why;
    line->bad_cell = cell;
    g_clear_pointer(&line->cells, g_strfreev);
    line->n = 0;
}

static void
part(SheetLine *line, const char *text)
{
    line->cells = g_strsplit(text, "\t", SHEET_CELLS + 1);
    line->n = (int)g_strv_length(line->cells);
    if (line->n > SHEET_CELLS) {
        spoil(line, "cells", 0);
        return;
    }
    for (int i = 0; i < line->n; i++) {
        g_strstrip(line->cells[i]);
        const char *why = wrong_with(line->cells[i]);
        if (why) {
            spoil(line, why, i + 1);
            return;
        }
    }
}

static gboolean
is_empty(const char *text, gsize n)
{
    for (gsize i = 0; i < n; i++)
        if (text[i] != ' ' && text[i] != '\t')
            return FALSE;
    return TRUE;
}

static SheetLine *
read_line(const char *text, gsize n, int number, gboolean shift_jis)
{
    SheetLine *line = g_new0(SheetLine, 1);
    line->number = number;
    g_autofree char *decoded = decode(text, n, shift_jis);
    if (decoded)
        part(line, decoded);
    else
        line->bad = "encoding";
    return line;
}

GPtrArray *
sheet_read(const char *bytes, gsize n, gboolean shift_jis, guint most)
{
    static const char mark[] = "\xef\xbb\xbf";
    GPtrArray *lines = g_ptr_array_new_with_free_func(line_free);
    gboolean marked = n >= 3 && memcmp(bytes, mark, 3) == 0;
    if (marked) {
        bytes += 3;
        n -= 3;
    }
    gboolean convert = shift_jis && !marked && !is_utf8(bytes, n);
    for (int number = 1; n > 0 && lines->len <= most; number++) {
        gsize size = line_size(bytes, n), taken = size + (size < n);
        gsize text = size > 0 && bytes[size - 1] == '\r' ? size - 1 : size;
        if (!is_empty(bytes, text))
            g_ptr_array_add(lines, read_line(bytes, text, number, convert));
        bytes += taken;
        n -= taken;
    }
    return lines;
}
