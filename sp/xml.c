#include "sp/xml.h"

#include <string.h>

void sp_xml_free(SpXml *doc)
{
    if (doc != NULL) xmlFreeDoc(doc);
}

gboolean sp_xml_is(const xmlNode *node, const char *ns, const char *name)
{
    return node != NULL && node->type == XML_ELEMENT_NODE && node->ns != NULL && node->ns->href != NULL
           && strcmp((const char *)node->ns->href, ns) == 0 && strcmp((const char *)node->name, name) == 0;
}

static xmlNode *from(xmlNode *node, const char *ns, const char *name)
{
    while (node != NULL && !sp_xml_is(node, ns, name)) node = node->next;
    return node;
}

xmlNode *sp_xml_child(const xmlNode *parent, const char *ns, const char *name)
{
    return parent != NULL ? from(parent->children, ns, name) : NULL;
}

xmlNode *sp_xml_next(const xmlNode *node, const char *ns, const char *name)
{
    return from(node->next, ns, name);
}

static xmlNode *element_from(xmlNode *node)
{
    while (node != NULL && node->type != XML_ELEMENT_NODE) node = node->next;
    return node;
}

xmlNode *sp_xml_first_element(const xmlNode *parent)
{
    return parent != NULL ? element_from(parent->children) : NULL;
}

xmlNode *sp_xml_next_element(const xmlNode *node)
{
    return element_from(node->next);
}

int sp_xml_count(const xmlNode *parent, const char *ns, const char *name)
{
    int n = 0;
    SP_XML_EACH(child, parent, ns, name) n++;
    return n;
}

/* libxml2's own white space: that of XML, not of Unicode. */
static char *trimmed(xmlChar *text)
{
    char *copy = text != NULL ? g_strstrip(g_strdup((const char *)text)) : NULL;
    xmlFree(text);
    return copy;
}

char *sp_xml_text(const xmlNode *node)
{
    return node != NULL ? trimmed(xmlNodeGetContent(node)) : NULL;
}

gboolean sp_xml_text_is(const xmlNode *node, const char *text)
{
    g_autofree char *mine = sp_xml_first_element(node) == NULL ? sp_xml_text(node) : NULL;
    return mine != NULL && strcmp(mine, text) == 0;
}

char *sp_xml_attribute(const xmlNode *node, const char *name)
{
    xmlChar *value = node != NULL ? xmlGetNoNsProp(node, (const xmlChar *)name) : NULL;
    char *copy = value != NULL ? g_strdup((const char *)value) : NULL;
    xmlFree(value);
    return copy;
}

gboolean sp_xml_attribute_is(const xmlNode *node, const char *name, const char *value)
{
    g_autofree char *mine = sp_xml_attribute(node, name);
    return mine != NULL && strcmp(mine, value) == 0;
}

xmlNode *sp_xml_walk(const xmlNode *root, const xmlNode *node)
{
    xmlNode *below = sp_xml_first_element(node);
    if (below != NULL) return below;
    for (; node != NULL && node != root; node = node->parent) {
        xmlNode *beside = sp_xml_next_element(node);
        if (beside != NULL) return beside;
    }
    return NULL;
}

/* U+200C and U+200D join letters, and names in Persian or Hindi are wrong without them. */
gboolean sp_xml_hides(gunichar c)
{
    return g_unichar_iscntrl(c) || (g_unichar_type(c) == G_UNICODE_FORMAT && c != 0x200c && c != 0x200d);
}

char *sp_xml_quote(const char *text)
{
    if (text == NULL) return g_strdup("(none)");
    g_autofree char *valid = g_utf8_make_valid(text, (gssize)strnlen(text, 400));
    GString *out = g_string_new("'");
    int n = 0;
    for (const char *p = valid; *p != '\0' && n < 80; p = g_utf8_next_char(p), n++) {
        gunichar c = g_utf8_get_char(p);
        g_string_append_unichar(out, sp_xml_hides(c) ? '?' : c);
    }
    g_string_append(out, n == 80 ? "…'" : "'");
    return g_string_free(out, FALSE);
}
