#include "fcgi/multipart.h"

#include <string.h>

#define TYPE "multipart/form-data"
#define BOUNDARY_LONGEST 70 /* RFC 2046 section 5.1.1 */
#define HEADERS_LONGEST 4096
#define NAME_LONGEST 255

static void
part_free(gpointer data)
{
    MultipartPart *part = data;
    g_free(part->name);
    g_free(part->file);
    g_free(part);
}

gboolean
multipart_is(const char *content_type)
{
    gsize n = strcspn(content_type, "; ");
    return n == strlen(TYPE) && g_ascii_strncasecmp(content_type, TYPE, n) == 0;
}

/* --- parameters: ; name=token or ; name="quoted" ----------------------------------------------------------------------- */

/* A quotation mark in a name comes as %22 (HTML standard). */
static char *
unescape(const char *text, gsize n)
{
    GString *out = g_string_new(NULL);
    for (gsize i = 0; i < n; i++) {
        if (i + 2 < n && g_ascii_strncasecmp(text + i, "%22", 3) == 0) {
            g_string_append_c(out, '"');
            i += 2;
        } else {
            g_string_append_c(out, text[i]);
        }
    }
    return g_string_free(out, FALSE);
}

/* The value of WHAT among parameters; NULL where there is none. *OK is FALSE where they are malformed, or it comes twice. */
static char *
parameter(const char *rest, const char *what, gboolean *ok)
{
    g_autofree char *found = NULL;
    *ok = FALSE;
    while (*(rest += strspn(rest, " \t"))) {
        if (*rest++ != ';')
            return NULL;
        rest += strspn(rest, " \t");
        gsize name = strcspn(rest, "=; \t");
        const char *value = rest + name + 1;
        if (name == 0 || rest[name] != '=')
            return NULL;
        gboolean quoted = *value == '"';
        value += quoted;
        gsize size = strcspn(value, quoted ? "\"" : "; \t\"");
        if (quoted && value[size] != '"')
            return NULL;
        if (name == strlen(what) && g_ascii_strncasecmp(rest, what, name) == 0) {
            if (found)
                return NULL;
            found = unescape(value, size);
        }
        rest = value + size + quoted;
    }
    *ok = TRUE;
    return g_steal_pointer(&found);
}

/* --- a part's headers ----------------------------------------------------------------------------------------------------- */

/* What some browsers send before the name is no business of ours. */
static char *
base_name(char *file)
{
    const char *begin = file;
    for (const char *c = file; *c; c++)
        if (*c == '/' || *c == '\\')
            begin = c + 1;
    char *name = g_strdup(begin);
    g_free(file);
    return name;
}

static gboolean
take_disposition(MultipartPart *part, const char *value)
{
    gboolean ok = FALSE, file_ok = FALSE;
    if (part->name || !g_str_has_prefix(value, "form-data"))
        return FALSE;
    value += strlen("form-data");
    part->name = parameter(value, "name", &ok);
    part->file = parameter(value, "filename", &file_ok);
    if (part->file)
        part->file = base_name(part->file);
    return ok && file_ok && part->name && strlen(part->name) <= NAME_LONGEST && g_utf8_validate(part->name, -1, NULL) &&
           (!part->file || (strlen(part->file) <= NAME_LONGEST && g_utf8_validate(part->file, -1, NULL)));
}

static gboolean
take_headers(MultipartPart *part, const char *text, gsize n)
{
    static const char disposition[] = "Content-Disposition:";
    if (n > HEADERS_LONGEST || memchr(text, '\0', n))
        return FALSE;
    g_autofree char *all = g_strndup(text, n);
    g_auto(GStrv) lines = g_strsplit(all, "\r\n", -1);
    for (char **line = lines; *line; line++) {
        if (strpbrk(*line, "\r\n") || !strchr(*line, ':'))
            return FALSE;
        if (g_ascii_strncasecmp(*line, disposition, strlen(disposition)) == 0 &&
            !take_disposition(part, g_strchug(*line + strlen(disposition))))
            return FALSE;
    }
    return part->name != NULL;
}

/* --- the body ------------------------------------------------------------------------------------------------------------- */

static const char *
find(const char *text, gsize n, const char *what, gsize size)
{
    return memmem(text, n, what, size);
}

static gboolean
take_part(GPtrArray *parts, const char *text, gsize n)
{
    const char *end = find(text, n, "\r\n\r\n", 4);
    if (!end || parts->len >= MULTIPART_MOST)
        return FALSE;
    MultipartPart *part = g_new0(MultipartPart, 1);
    g_ptr_array_add(parts, part);
    part->bytes = end + 4;
    part->size = n - (gsize)(part->bytes - text);
    return take_headers(part, text, (gsize)(end - text));
}

/* What a boundary may be made of (RFC 2046), so that it is no part of a header's syntax. */
static char *
boundary_of(const char *content_type)
{
    static const char marks[] = "'()+_,-./:=? ";
    gboolean ok = FALSE;
    if (!multipart_is(content_type))
        return NULL;
    g_autofree char *boundary = parameter(content_type + strlen(TYPE), "boundary", &ok);
    gsize n = boundary ? strlen(boundary) : 0;
    if (!ok || n == 0 || n > BOUNDARY_LONGEST || boundary[n - 1] == ' ')
        return NULL;
    for (const char *c = boundary; *c; c++)
        if (!g_ascii_isalnum(*c) && !strchr(marks, *c))
            return NULL;
    return g_strconcat("\r\n--", boundary, NULL);
}

GPtrArray *
multipart_parse(const char *content_type, const char *body, gsize n)
{
    g_autofree char *line = boundary_of(content_type);
    gsize size = line ? strlen(line) : 0;
    g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(part_free);
    /* The first boundary has no line end in front of it. */
    if (!line || n < size - 2 || memcmp(body, line + 2, size - 2) != 0)
        return NULL;
    body += size - 2;
    n -= size - 2;
    while (n >= 2 && memcmp(body, "\r\n", 2) == 0) {
        const char *next = find(body, n, line, size);
        gsize whole = next ? (gsize)(next - body) : 0;
        if (!next || whole < 2 || !take_part(parts, body + 2, whole - 2))
            return NULL;
        body += whole + size;
        n -= whole + size;
    }
    gboolean closed = n >= 2 && memcmp(body, "--", 2) == 0 && (n == 2 || (n == 4 && memcmp(body + 2, "\r\n", 2) == 0));
    return closed ? g_steal_pointer(&parts) : NULL;
}
