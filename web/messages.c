#include "web/messages.h"

#include <libxml/parser.h>
#include <string.h>

#include "web/error.h"

struct messages {
    xmlDoc *document;
    GHashTable *nodes; /* key → xmlNode of document */
    GHashTable *texts; /* key → text */
};

void messages_free(Messages *messages)
{
    if (messages == NULL)
        return;
    g_clear_pointer(&messages->nodes, g_hash_table_unref);
    g_clear_pointer(&messages->texts, g_hash_table_unref);
    if (messages->document != NULL)
        xmlFreeDoc(messages->document);
    g_free(messages);
}

static gboolean is_blank(gunichar c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* One run of white space becomes a space, or nothing where it holds a line break beside a Japanese character. */
static char *with_spaces_in_order(const char *text)
{
    GString *out = g_string_new(NULL);
    gunichar before = 0;
    for (const char *c = text; *c != 0;) {
        gunichar u = g_utf8_get_char(c);
        if (!is_blank(u)) {
            g_string_append_unichar(out, u);
            before = u;
            c = g_utf8_next_char(c);
            continue;
        }
        gboolean broken = FALSE;
        for (; is_blank(g_utf8_get_char(c)); c++)
            broken = broken || *c == '\n';
        gunichar after = g_utf8_get_char(c);
        if (!broken || !((before != 0 && g_unichar_iswide(before)) || (after != 0 && g_unichar_iswide(after))))
            g_string_append_c(out, ' ');
    }
    return g_string_free(out, FALSE);
}

static void put_spaces_in_order(xmlNode *node)
{
    for (xmlNode *child = node->children, *next; child != NULL; child = next) {
        next = child->next;
        if (child->type == XML_ELEMENT_NODE)
            put_spaces_in_order(child);
        if (child->type != XML_TEXT_NODE)
            continue;
        g_autofree char *text = with_spaces_in_order((const char *)child->content);
        if (child == node->children && node->name[0] == 'm' && node->name[1] == 0)
            g_strchug(text);
        if (next == NULL && node->name[0] == 'm' && node->name[1] == 0)
            g_strchomp(text);
        xmlFreeNode(xmlReplaceNode(child, xmlNewDocText(node->doc, BAD_CAST text)));
    }
}

static gboolean add(Messages *messages, xmlNode *node, const char *file, GError **error)
{
    xmlChar *key = xmlGetNoNsProp(node, BAD_CAST "key");
    gboolean good = key != NULL && key[0] != 0 && g_hash_table_lookup(messages->nodes, key) == NULL;
    if (!good) {
        g_set_error(error, WEB_ERROR, WEB_ERROR_INPUT, "%s:%ld: %s", file, xmlGetLineNo(node),
                    key == NULL ? "a message without key" : "a key that is empty or was used before");
    } else {
        put_spaces_in_order(node);
        xmlChar *text = xmlNodeGetContent(node);
        g_hash_table_insert(messages->nodes, g_strdup((const char *)key), node);
        g_hash_table_insert(messages->texts, g_strdup((const char *)key), g_strdup((const char *)text));
        xmlFree(text);
    }
    xmlFree(key);
    return good;
}

Messages *messages_load(const char *file, GError **error)
{
    g_autoptr(Messages) messages = g_new0(Messages, 1);
    messages->nodes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    messages->texts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    messages->document = xmlReadFile(file, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (messages->document == NULL) {
        const xmlError *why = xmlGetLastError();
        g_set_error(error, WEB_ERROR, WEB_ERROR_INPUT, "%s:%d: %s", file, why != NULL ? why->line : 0,
                    why != NULL && why->message != NULL ? why->message : "cannot be read");
        return NULL;
    }
    xmlNode *root = xmlDocGetRootElement(messages->document);
    for (xmlNode *node = xmlFirstElementChild(root); node != NULL; node = xmlNextElementSibling(node))
        if (!add(messages, node, file, error))
            return NULL;
    return g_steal_pointer(&messages);
}

xmlNode *messages_node(const Messages *messages, const char *key)
{
    return g_hash_table_lookup(messages->nodes, key);
}

const char *messages_text(const Messages *messages, const char *key)
{
    return g_hash_table_lookup(messages->texts, key);
}

static int by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *messages_keys(const Messages *messages)
{
    GPtrArray *keys = g_ptr_array_new();
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, messages->texts);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        g_ptr_array_add(keys, key);
    g_ptr_array_sort(keys, by_text);
    return keys;
}
