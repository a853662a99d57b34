/* fuzz: sheet_read in both encodings, and every cell as each column of each kind would take it */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ra/bulk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_columns(const char *cell)
{
    g_auto(GStrv) parts = ra_bulk_subject(cell);
    if (parts && (g_strv_length(parts) < 4 || !g_str_has_prefix(parts[0], "CN=")))
        g_error("a subject that is none");
    for (gsize k = 0; k < ra_bulk_kinds_count; k++)
        for (guint c = 0; c < ra_bulk_kinds[k].n; c++) {
            g_autofree char *taken = NULL;
            const char *bad = ra_bulk_cell(&ra_bulk_kinds[k].columns[c], cell, &taken);
            if ((bad && taken) || (taken && (!*taken || !g_utf8_validate(taken, -1, NULL))))
                g_error("a cell that is none");
        }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int shift_jis = 0; shift_jis < 2; shift_jis++) {
        g_autoptr(GPtrArray) lines = sheet_read((const char *)data, size, shift_jis, 100);
        if (lines->len > 101)
            g_error("too many lines");
        for (guint i = 0; i < lines->len; i++) {
            const SheetLine *line = lines->pdata[i];
            if ((line->bad == NULL) != (line->cells != NULL) || line->n > SHEET_CELLS)
                g_error("neither read nor refused");
            for (int n = 0; n < line->n; n++) {
                if (!g_utf8_validate(line->cells[n], -1, NULL) || strpbrk(line->cells[n], "\t\r\n"))
                    g_error("a cell that is no line of text");
                try_columns(line->cells[n]);
            }
        }
    }
    return 0;
}
