#include "fcgi/cookie.h"

#include <string.h>

static gboolean
our_characters(const char *text, gsize n)
{
    for (gsize i = 0; i < n; i++)
        if (!g_ascii_isalnum(text[i]) && !strchr("-_.", text[i]))
            return FALSE;
    return n <= COOKIE_VALUE_LONGEST;
}

/* The next "name=value" of a Cookie header; moves *HEADER on; FALSE at the end. */
static gboolean
next_pair(const char **header, const char **name, gsize *name_size, const char **value, gsize *value_size)
{
    const char *c = *header + strspn(*header, "; \t");
    if (*c == '\0')
        return FALSE;
    gsize n = strcspn(c, ";");
    const char *equals = memchr(c, '=', n);
    *name = c;
    *name_size = equals ? (gsize)(equals - c) : n;
    *value = equals ? equals + 1 : c + n;
    *value_size = n - (gsize)(*value - c);
    *header = c + n;
    return TRUE;
}

char *
cookie_get(const char *header, const char *wanted)
{
    g_autofree char *found = NULL;
    const char *name, *value;
    gsize name_size, value_size;

    while (next_pair(&header, &name, &name_size, &value, &value_size)) {
        if (name_size != strlen(wanted) || memcmp(name, wanted, name_size) != 0)
            continue;
        if (found || !our_characters(value, value_size))
            return NULL;
        found = g_strndup(value, value_size);
    }
    return g_steal_pointer(&found);
}

char **
cookie_names(const char *header, const char *prefix)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    const char *name, *value;
    gsize name_size, value_size;

    for (int n = 0; n < 50 && next_pair(&header, &name, &name_size, &value, &value_size);) {
        g_autofree char *text = g_strndup(name, name_size);
        if (!g_str_has_prefix(text, prefix) || !our_characters(text, name_size))
            continue;
        g_strv_builder_add(names, text);
        n++;
    }
    return g_strv_builder_end(names);
}

void
cookie_set(HttpResponse *response, const char *name, const char *value, gint64 seconds, enum cookie_kind kind)
{
    g_autofree char *age = seconds > 0 && *value ? g_strdup_printf("; Max-Age=%" G_GINT64_FORMAT, seconds)
                           : *value              ? g_strdup("")
                                                 : g_strdup("; Max-Age=0");
    http_headerf(response, "Set-Cookie", "%s=%s; Path=/; Secure; HttpOnly; SameSite=%s%s", name, value,
                 kind == COOKIE_CROSS ? "None" : "Lax", age);
}
