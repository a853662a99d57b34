#include "web/document.h"

#include <string.h>

WebDocument *web_document_new(const char *page)
{
    xmlDoc *document = xmlNewDoc(BAD_CAST "1.0");
    xmlDocSetRootElement(document, xmlNewDocNode(document, NULL, BAD_CAST page, NULL));
    return document;
}

void web_document_free(WebDocument *document)
{
    if (document != NULL)
        xmlFreeDoc(document);
}

WebNode *web_document_root(WebDocument *document)
{
    return xmlDocGetRootElement(document);
}

/* XML 1.0 §2.2: of the control characters only tab, line feed and carriage return, and no U+FFFE, U+FFFF. */
static gboolean is_plain(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c != 0; c++)
        if ((*c < 0x20 && *c != '\t' && *c != '\n' && *c != '\r') || *c >= 0x7f)
            return FALSE;
    return TRUE;
}

static char *make_clean(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *clean = g_string_sized_new(strlen(valid));
    for (const char *c = valid; *c != 0; c = g_utf8_next_char(c)) {
        gunichar u = g_utf8_get_char(c);
        gboolean bad = (u < 0x20 && u != '\t' && u != '\n' && u != '\r') || (u >= 0x7f && u < 0xa0) || u == 0xfffe || u == 0xffff;
        g_string_append_unichar(clean, bad ? 0xfffd : u);
    }
    return g_string_free(clean, FALSE);
}

WebNode *web_add(WebNode *parent, const char *name)
{
    return xmlAddChild(parent, xmlNewDocNode(parent->doc, NULL, BAD_CAST name, NULL));
}

WebNode *web_add_text(WebNode *parent, const char *name, const char *text)
{
    if (text == NULL)
        return NULL;
    g_autofree char *clean = is_plain(text) ? NULL : make_clean(text);
    /* Text nodes made by hand: xmlNewDocNode's content argument would read entities in it. */
    xmlNode *node = web_add(parent, name);
    xmlAddChild(node, xmlNewDocText(parent->doc, BAD_CAST(clean != NULL ? clean : text)));
    return node;
}

void web_set(WebNode *node, const char *name, const char *value)
{
    if (value == NULL)
        return;
    g_autofree char *clean = is_plain(value) ? NULL : make_clean(value);
    xmlNewProp(node, BAD_CAST name, BAD_CAST(clean != NULL ? clean : value));
}

void web_set_number(WebNode *node, const char *name, gint64 value)
{
    char digits[24];
    g_snprintf(digits, sizeof digits, "%" G_GINT64_FORMAT, value);
    xmlNewProp(node, BAD_CAST name, BAD_CAST digits);
}

void web_set_flag(WebNode *node, const char *name, gboolean value)
{
    if (value)
        xmlNewProp(node, BAD_CAST name, BAD_CAST "1");
}

void web_set_time(WebNode *node, const char *name, gint64 seconds, GTimeZone *zone)
{
    if (seconds == 0)
        return;
    /* By the C library: GDateTime took half the time of making a document. */
    int offset = g_time_zone_get_offset(zone, g_time_zone_find_interval(zone, G_TIME_TYPE_UNIVERSAL, seconds));
    time_t local = (time_t)seconds + offset;
    struct tm at;
    char text[40];
    if (gmtime_r(&local, &at) == NULL || at.tm_year + 1900 > 9999)
        return;
    g_snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", at.tm_year + 1900, at.tm_mon + 1, at.tm_mday, at.tm_hour,
               at.tm_min, at.tm_sec, offset < 0 ? '-' : '+', ABS(offset) / 3600, ABS(offset) / 60 % 60);
    xmlNewProp(node, BAD_CAST name, BAD_CAST text);
}
