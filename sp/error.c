#include "sp/error.h"

#include <string.h>

G_DEFINE_QUARK(sp-error-quark, sp_error)

char *sp_error_check(const GError *error)
{
    const char *colon = strchr(error->message, ':');
    return colon != NULL ? g_strndup(error->message, (gsize)(colon - error->message)) : g_strdup(error->message);
}
