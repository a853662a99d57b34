/* fuzz: sp_logo_read, sp_logo_write */
#include <stddef.h>
#include <stdint.h>

#include "sp/error.h"
#include "sp/logo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_auto(SpPixels) pixels = { 0 };
    g_autoptr(GError) error = NULL;
    if (!sp_logo_read(data, size, &pixels, &error)) {
        if (!error || error->code != SP_ERROR_REFUSED || pixels.pixels)
            g_error("a refusal leaves nothing and says why");
        return 0;
    }
    if (pixels.width > SP_LOGO_WIDTH || pixels.height > SP_LOGO_HEIGHT)
        g_error("it is larger than its place");
    g_autoptr(GBytes) png = sp_logo_write(&pixels);
    if (!png)
        g_error("what was read can be written");
    gsize n = 0;
    const guchar *bytes = g_bytes_get_data(png, &n);
    g_auto(SpPixels) again = { 0 };
    if (!sp_logo_read(bytes, n, &again, &error) && pixels.width >= 8 && pixels.height >= 8)
        g_error("what we wrote can be read: %s", error->message);
    return 0;
}
