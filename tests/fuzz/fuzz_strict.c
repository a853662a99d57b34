/*
 * Fuzzes the strict look at an outsider's bytes, before any key is asked: sp_strict_parse, sp_strict_base64, sp_query_read and
 * the shapes. The first byte says what the rest is: 'X' XML, 'B' base64, 'Q' a query string.
 *
 * Whatever passes must be what was promised: nothing but elements and text, within the bounds, unique IDs; and libxml2 must
 * read what it writes of it as the same.
 */
#include "tests/fuzz/saml/fixture.h"

#include <string.h>

#include "sp/query.h"
#include "sp/shape.h"
#include "sp/strict.h"

static int depth_of(const xmlNode *node)
{
    int depth = 0;
    for (; node != NULL && node->type == XML_ELEMENT_NODE; node = node->parent) depth++;
    return depth;
}

static void element_as_promised(const xmlNode *node, GHashTable *ids)
{
    int attributes = 0;
    if (depth_of(node) > SP_STRICT_DEPTH) g_error("too deep");
    for (const xmlNs *ns = node->nsDef; ns != NULL; ns = ns->next) attributes++;
    for (const xmlAttr *one = node->properties; one != NULL; one = one->next) {
        attributes++;
        if (g_ascii_strcasecmp((const char *)one->name, "id") != 0) continue;
        xmlChar *value = xmlNodeListGetString(node->doc, one->children, 1);
        if (value == NULL || *value == '\0' || strlen((const char *)value) > SP_STRICT_ID) g_error("an ID of no use");
        if (!g_hash_table_add(ids, g_strdup((const char *)value))) g_error("an ID twice");
        xmlFree(value);
    }
    if (attributes > SP_STRICT_ATTRIBUTES) g_error("too many attributes");
    for (const xmlNode *child = node->children; child != NULL; child = child->next)
        if (child->type != XML_ELEMENT_NODE && child->type != XML_TEXT_NODE) g_error("a node of kind %d", (int)child->type);
}

static int as_promised(SpXml *doc)
{
    int elements = 0;
    xmlNode *root = xmlDocGetRootElement(doc);
    g_autoptr(GHashTable) ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (const xmlNode *node = root; node != NULL; node = sp_xml_walk(root, node)) {
        element_as_promised(node, ids);
        elements++;
    }
    if (elements > SP_STRICT_ELEMENTS) g_error("too many elements");
    return elements;
}

/* Writing may make it longer (escapes), so that it may be refused for its length; what is read has the same elements. */
static void again(SpXml *doc, int elements)
{
    xmlChar *text = NULL;
    int n = 0;
    xmlDocDumpMemoryEnc(doc, &text, &n, "UTF-8");
    g_autoptr(SpXml) second = n > 0 && n <= SP_STRICT_BYTES ? sp_strict_parse((const char *)text, (size_t)n, NULL) : NULL;
    if (second != NULL && as_promised(second) != elements) g_error("another document");
    xmlFree(text);
}

static void shapes(SpXml *doc)
{
    const char *const messages[] = { "LogoutRequest", "LogoutResponse" };
    g_autoptr(GError) error = NULL;
    if (sp_shape_response(doc, &error) == (error != NULL)) g_error("response: neither yes nor why not");
    g_clear_error(&error);
    if (sp_shape_assertion(doc, &error) == (error != NULL)) g_error("assertion: neither yes nor why not");
    for (size_t i = 0; i < G_N_ELEMENTS(messages); i++) {
        g_clear_error(&error);
        if (sp_shape_message(doc, messages[i], &error) == (error != NULL)) g_error("message: neither yes nor why not");
    }
}

static void xml(const char *bytes, size_t n)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SpXml) doc = sp_strict_parse(bytes, n, &error);
    if ((doc == NULL) != (error != NULL)) g_error("neither document nor error");
    if (doc == NULL) return;
    int elements = as_promised(doc);
    shapes(doc);
    again(doc, elements);
}

static void base64(const char *text, size_t n)
{
    size_t length = 0;
    g_autoptr(GError) error = NULL;
    g_autofree char *bytes = sp_strict_base64(text, n, SP_RESPONSE_LONGEST, &length, &error);
    if ((bytes == NULL) != (error != NULL)) g_error("neither bytes nor error");
    if (bytes != NULL && bytes[length] != '\0') g_error("no end");
}

static void query(const char *bytes, size_t n)
{
    g_autofree char *text = g_strndup(bytes, n);
    g_autoptr(GError) error = NULL;
    g_autoptr(SpQuery) read = sp_query_read(text, &error);
    if ((read == NULL) != (error != NULL)) g_error("neither query nor error");
    if (read == NULL) return;
    if (read->n > SP_STRICT_BYTES || read->xml[read->n] != '\0') g_error("more than can be");
    if ((read->algorithm == NULL) != (read->signature == NULL)) g_error("half a signature");
    if (read->algorithm != NULL && strlen(read->octets) > strlen(text)) g_error("more was signed than was sent");
    xml(read->xml, read->n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    const char *rest = (const char *)data + 1;
    if (data[0] == 'X') xml(rest, size - 1);
    if (data[0] == 'B') base64(rest, size - 1);
    if (data[0] == 'Q') query(rest, size - 1);
    return 0;
}
