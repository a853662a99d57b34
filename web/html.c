#include "web/html.h"

#include <stdlib.h>
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

static void append_escaped(GString *out, const char *text)
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
    append_escaped(out, value);
    /* A value may be several text nodes; what follows the first cannot change how an address begins. */
    for (text = text != NULL ? text->next : NULL; text != NULL && strcmp(value, "#") != 0; text = text->next)
        if (text->content != NULL)
            append_escaped(out, (const char *)text->content);
    g_string_append_c(out, '"');
}

static void append_chunk(GString *out, const xmlNode *node, const GPtrArray *chunks)
{
    if (chunks == NULL || node->content == NULL || strcmp((const char *)node->name, "chunk") != 0)
        return;
    guint number = (guint)strtoul((const char *)node->content, NULL, 10);
    if (number < chunks->len)
        g_string_append(out, chunks->pdata[number]);
}

static void append_element(GString *out, const xmlNode *node, const GPtrArray *chunks)
{
    const char *name = (const char *)node->name;
    g_string_append_c(out, '<');
    g_string_append(out, name);
    for (const xmlAttr *attribute = node->properties; attribute != NULL; attribute = attribute->next)
        append_attribute(out, attribute);
    g_string_append_c(out, '>');
    if (node->children == NULL && is_void(name))
        return;
    for (const xmlNode *child = node->children; child != NULL; child = child->next)
        html_append(out, child, chunks);
    g_string_append_len(out, "</", 2);
    g_string_append(out, name);
    g_string_append_c(out, '>');
}

void html_append(GString *out, const xmlNode *node, const GPtrArray *chunks)
{
    if (node->type == XML_ELEMENT_NODE)
        append_element(out, node, chunks);
    else if ((node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) && node->content != NULL)
        append_escaped(out, (const char *)node->content);
    else if (node->type == XML_PI_NODE)
        append_chunk(out, node, chunks);
}

char *html_page(const xmlDoc *result, const GPtrArray *chunks)
{
    GString *out = g_string_sized_new(32 * 1024);
    g_string_append(out, "<!DOCTYPE html>\n");
    for (const xmlNode *node = result->children; node != NULL; node = node->next)
        html_append(out, node, chunks);
    g_string_append_c(out, '\n');
    return g_string_free(out, FALSE);
}
