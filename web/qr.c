#include "web/qr.h"

#include <qrencode.h>

#define QUIET 4 /* light modules around it, ISO/IEC 18004 §5.3.8 */

/* One row: runs of dark modules, each one module high. */
static void add_row(GString *path, const unsigned char *row, int width, int y)
{
    for (int x = 0; x < width; x++) {
        int run = 0;
        while (x + run < width && (row[x + run] & 1))
            run++;
        if (run > 0)
            g_string_append_printf(path, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, run, run);
        x += run;
    }
}

void web_add_qr(WebNode *parent, const char *text)
{
    /* M: 15 % may be unreadable; a screen is clean, so a smaller code with larger modules serves a phone better than more. */
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
    if (code == NULL)
        return;
    g_autoptr(GString) path = g_string_new(NULL);
    for (int y = 0; y < code->width; y++)
        add_row(path, code->data + y * code->width, code->width, y);
    WebNode *node = web_add(parent, "qr");
    web_set_number(node, "size", code->width + 2 * QUIET);
    web_set(node, "modules", path->str);
    QRcode_free(code);
}
