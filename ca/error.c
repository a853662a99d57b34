#include "ca/error.h"

#include <stdarg.h>
#include <string.h>

#include "ca/native.h"

G_DEFINE_QUARK(ca-error, ca_error)

char *ca_error_word(const GError *error)
{
    const char *colon = strchr(error->message, ':');

    return colon ? g_strndup(error->message, (gsize)(colon - error->message)) : g_strdup(error->message);
}

gboolean ca_fail(GError **error, enum ca_error code, const char *word, const char *format, ...)
{
    va_list arguments;
    g_autofree char *sentence = NULL;

    va_start(arguments, format);
    sentence = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    ERR_clear_error();
    g_set_error(error, CA_ERROR, (gint)code, "%s: %s", word, sentence);
    return FALSE;
}

gboolean ca_fail_openssl(GError **error, const char *word)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    return ca_fail(error, CA_ERROR_BROKEN, word, "%s", reason ? reason : "failed without a reason");
}

GBytes *ca_i2d_bytes(i2d_of_void *i2d, const void *object)
{
    unsigned char *der = NULL;
    int n = i2d(object, &der);
    GBytes *bytes;

    if (n <= 0)
        g_error("encoding an object of our own failed"); /* nothing but want of memory can do that */
    bytes = g_bytes_new(der, (gsize)n);
    OPENSSL_free(der);
    return bytes;
}
