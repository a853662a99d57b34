#include "fcgi/form.h"

#include <string.h>

#include "ca/crypto.h"
#include "fcgi/http.h"

struct form {
    GHashTable *fields; /* char * → char * */
};

static void
wipe(gpointer value)
{
    crypto_wipe_text(value);
    g_free(value);
}

static char *
part(const char *text, gsize n)
{
    char *value = http_unescape(text, n, TRUE);
    if (value && !g_utf8_validate(value, -1, NULL))
        g_clear_pointer(&value, wipe);
    return value;
}

/* Takes NAME and VALUE over; either may be NULL where it could not be read. */
static gboolean
keep(Form *form, char *name, char *value)
{
    if (!name || !value || g_hash_table_contains(form->fields, name) ||
        g_hash_table_size(form->fields) >= FORM_FIELDS_MOST) {
        g_free(name);
        if (value)
            wipe(value);
        return FALSE;
    }
    g_hash_table_insert(form->fields, name, value);
    return TRUE;
}

static gboolean
take_field(Form *form, const char *text, gsize n)
{
    const char *equals = memchr(text, '=', n);
    gsize name_size = equals ? (gsize)(equals - text) : n;
    char *name = part(text, name_size);
    return keep(form, name, equals ? part(equals + 1, n - name_size - 1) : g_strdup(""));
}

Form *
form_new(void)
{
    Form *form = g_new(Form, 1);
    form->fields = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, wipe);
    return form;
}

gboolean
form_add(Form *form, const char *name, const char *value, gsize n)
{
    gboolean text = !memchr(value, '\0', n) && g_utf8_validate_len(value, n, NULL);
    return keep(form, g_strdup(name), text ? g_strndup(value, n) : NULL);
}

Form *
form_parse(const char *text, gsize n)
{
    g_autoptr(Form) form = form_new();
    while (n > 0) {
        const char *end = memchr(text, '&', n);
        gsize size = end ? (gsize)(end - text) : n;
        if (size > 0 && !take_field(form, text, size))
            return NULL;
        text += size + (end ? 1 : 0);
        n -= size + (end ? 1 : 0);
    }
    return g_steal_pointer(&form);
}

void
form_free(Form *form)
{
    if (!form)
        return;
    g_hash_table_unref(form->fields);
    g_free(form);
}

const char *
form_get(const Form *form, const char *name)
{
    return form ? g_hash_table_lookup(form->fields, name) : NULL;
}

const char *
form_text(const Form *form, const char *name)
{
    const char *value = form_get(form, name);
    return value ? value : "";
}

gint64
form_number(const Form *form, const char *name)
{
    gint64 number = -1;
    return g_ascii_string_to_signed(form_text(form, name), 10, 0, G_MAXINT64, &number, NULL) ? number : -1;
}

const char *
form_local_path(const char *path)
{
    if (!path || path[0] != '/' || path[1] == '/' || strlen(path) > 512)
        return "";
    for (const char *c = path; *c; c++)
        if (!g_ascii_isgraph(*c) || *c == '\\')
            return "";
    return path;
}
