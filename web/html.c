#include "web/html.h"

#include <string.h>

/* HTML 13.1.2: elements without content and end tag. Sorted by how often pages have them. */
static const char *const voids[] = {"input", "meta", "link", "img", "br", "hr", "wbr", "col", "area", "base", "embed", "source", "track"};

static gboolean is_void(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(voids); i++)
        if (strcmp(name, voids[i]) == 0)
            return TRUE;
    return FALSE;
}

static const char *escape_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    default:
        return NULL;
    }
}

void html_append_text(GString *out, const char *text)
{
    for (;;) {
        size_t plain = strcspn(text, "&<>\"");
        g_string_append_len(out, text, (gssize)plain);
        text += plain;
        if (*text == 0)
            return;
        g_string_append(out, escape_of(*text++));
    }
}

static gboolean is_address(const char *name)
{
    return strcmp(name, "href") == 0 || strcmp(name, "src") == 0 || strcmp(name, "action") == 0 || strcmp(name, "formaction") == 0;
}

static gboolean is_safe_address(const char *value)
{
    static const char *const beginnings[] = {"/", "#", "?", "https://", "http://", "mailto:", "data:image/png;", "data:image/jpeg;"};
    for (size_t i = 0; i < G_N_ELEMENTS(beginnings); i++)
        if (g_str_has_prefix(value, beginnings[i]))
            return TRUE;
    return FALSE;
}

static void append_attribute(GString *out, const xmlAttr *attribute)
{
    const xmlNode *text = attribute->children;
    const char *value = text != NULL && text->content != NULL ? (const char *)text->content : "";
    g_string_append_c(out, ' ');
    g_string_append(out, (const char *)attribute->name);
    g_string_append_len(out, "=\"", 2);
    if (is_address((const char *)attribute->name) && !is_safe_address(value))
        value = "#";
    html_append_text(out, value);
    /* A value may be several text nodes; what follows the first cannot change how an address begins. */
    for (text = text != NULL ? text->next : NULL; text != NULL && strcmp(value, "#") != 0; text = text->next)
        if (text->content != NULL)
            html_append_text(out, (const char *)text->content);
    g_string_append_c(out, '"');
}

void html_append_start(GString *out, const xmlNode *element)
{
    g_string_append_c(out, '<');
    g_string_append(out, (const char *)element->name);
    for (const xmlAttr *attribute = element->properties; attribute != NULL; attribute = attribute->next)
        append_attribute(out, attribute);
    g_string_append_c(out, '>');
}

void html_append_end(GString *out, const xmlNode *element)
{
    if (element->children == NULL && is_void((const char *)element->name))
        return;
    g_string_append_len(out, "</", 2);
    g_string_append(out, (const char *)element->name);
    g_string_append_c(out, '>');
}

static const char *chunk_of(const xmlNode *element, const GPtrArray *chunks)
{
    static const char prefix[] = "chunk-";
    if (strncmp((const char *)element->name, prefix, strlen(prefix)) != 0)
        return NULL;
    guint64 number = g_ascii_strtoull((const char *)element->name + strlen(prefix), NULL, 10);
    return number < chunks->len ? chunks->pdata[number] : NULL;
}

static void append(GString *out, const xmlNode *node, const GPtrArray *chunks)
{
    for (; node != NULL; node = node->next) {
        if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE)
            html_append_text(out, (const char *)node->content);
        if (node->type != XML_ELEMENT_NODE)
            continue;
        const char *chunk = chunk_of(node, chunks);
        if (chunk != NULL) {
            g_string_append(out, chunk);
            continue;
        }
        html_append_start(out, node);
        append(out, node->children, chunks);
        html_append_end(out, node);
    }
}

char *html_page(const xmlDoc *result, const GPtrArray *chunks)
{
    GString *out = g_string_sized_new(32 * 1024);
    g_string_append(out, "<!DOCTYPE html>\n");
    append(out, result->children, chunks);
    g_string_append_c(out, '\n');
    return g_string_free(out, FALSE);
}
