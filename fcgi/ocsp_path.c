#include "fcgi/ocsp_path.h"

#include <string.h>

#include "fcgi/http.h"

#define ALPHABET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

/* g_base64_decode skips what it does not know: so the text is looked at first. */
static gboolean
is_base64(const char *text, gsize n)
{
    gsize digits = strspn(text, ALPHABET), padding = strspn(text + digits, "=");
    gboolean padded = padding > 0;
    return digits > 0 && digits + padding == n && digits % 4 != 1 && padding <= 2 && (!padded || n % 4 == 0);
}

GBytes *
ocsp_path_decode(const char *rest)
{
    g_autofree char *text = http_unescape(rest, strlen(rest), FALSE);
    gsize n = text ? strlen(text) : 0, size = 0;
    if (!text || n > (OCSP_REQUEST_LONGEST + 2) / 3 * 4 || !is_base64(text, n))
        return NULL;
    g_autofree char *whole = g_strconcat(text, n % 4 == 2 ? "==" : n % 4 == 3 ? "=" : "", NULL);
    g_autofree guchar *der = g_base64_decode(whole, &size);
    return size > 0 && size <= OCSP_REQUEST_LONGEST ? g_bytes_new_take(g_steal_pointer(&der), size) : NULL;
}
