#include "web/template.h"

#include <libxml/parser.h>
#include <libxslt/xslt.h>
#include <libxslt/xsltutils.h>
#include <string.h>

#include "web/error.h"
#include "web/functions.h"
#include "web/html.h"

struct weaver {
    const Messages *messages, *other;
    const Files *files;
    xmlNs *xsl; /* of the document being woven */
    GError *error;
};

static gboolean is_ours(const xmlNs *ns)
{
    return ns != NULL && strcmp((const char *)ns->href, TEMPLATE_NAMESPACE) == 0;
}

static void complain(struct weaver *w, const xmlNode *node, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void complain(struct weaver *w, const xmlNode *node, const char *format, ...)
{
    va_list args;
    if (w->error != NULL)
        return;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    w->error = g_error_new(WEB_ERROR, WEB_ERROR_INPUT, "%s:%ld: %s", node->doc->URL != NULL ? (const char *)node->doc->URL : "",
                           xmlGetLineNo(node), what);
}

/* --- keys that depend on data: PREFIX{EXPRESSION}SUFFIX -------------------------------------------------------------------- */

typedef struct {
    char *prefix, *expression, *suffix;
} Choice;

static void choice_clear(Choice *choice)
{
    g_free(choice->prefix);
    g_free(choice->expression);
    g_free(choice->suffix);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Choice, choice_clear)

static gboolean read_choice(const char *key, Choice *c)
{
    const char *open = strchr(key, '{'), *close = open != NULL ? strchr(open, '}') : NULL;
    if (close == NULL)
        return FALSE;
    *c = (Choice){g_strndup(key, (gsize)(open - key)), g_strndup(open + 1, (gsize)(close - open - 1)), g_strdup(close + 1)};
    return TRUE;
}

/* What KEY has between prefix and suffix, the caller's; NULL when it is no key of this choice. */
static char *middle_of(const Choice *c, const char *key)
{
    if (!g_str_has_prefix(key, c->prefix) || !g_str_has_suffix(key, c->suffix) ||
        strlen(key) <= strlen(c->prefix) + strlen(c->suffix))
        return NULL;
    char *middle = g_strndup(key + strlen(c->prefix), strlen(key) - strlen(c->prefix) - strlen(c->suffix));
    if (strchr(middle, '.') != NULL)
        g_clear_pointer(&middle, g_free);
    return middle;
}

/* --- words into elements ------------------------------------------------------------------------------------------------------ */

static void add_literal(struct weaver *w, xmlNode *into, const char *text, gsize size)
{
    if (size == 0)
        return;
    xmlNode *node = xmlAddChild(into, xmlNewDocNode(into->doc, w->xsl, BAD_CAST "text", NULL));
    xmlAddChild(node, xmlNewDocTextLen(into->doc, BAD_CAST text, (int)size));
}

static xmlNode *find_with(const xmlNode *user, const char *name)
{
    for (xmlNode *child = user->children; child != NULL; child = child->next) {
        if (child->type != XML_ELEMENT_NODE || !is_ours(child->ns))
            continue;
        xmlChar *value = xmlGetNoNsProp(child, BAD_CAST "name");
        gboolean found = value != NULL && strcmp((const char *)value, name) == 0;
        xmlFree(value);
        if (found)
            return child;
    }
    return NULL;
}

/* {NAME} in a message: an attribute of the m:t that uses it, or the content of its m:with. */
static void add_placeholder(struct weaver *w, xmlNode *into, xmlNode *user, const char *name)
{
    xmlNode *with = find_with(user, name);
    xmlChar *select = xmlGetNoNsProp(user, BAD_CAST name);
    if (with != NULL) {
        for (xmlNode *child = with->children; child != NULL; child = child->next)
            xmlAddChild(into, xmlDocCopyNode(child, into->doc, 1));
    } else if (select != NULL) {
        xmlNode *node = xmlAddChild(into, xmlNewDocNode(into->doc, w->xsl, BAD_CAST "value-of", NULL));
        xmlNewProp(node, BAD_CAST "select", select);
    } else {
        xmlChar *key = xmlGetNoNsProp(user, BAD_CAST "k");
        complain(w, user, "the message '%s' wants {%s}", (const char *)key, name);
        xmlFree(key);
    }
    xmlFree(select);
}

static void pour_text(struct weaver *w, xmlNode *into, xmlNode *user, const char *text)
{
    while (*text != 0) {
        const char *open = strchr(text, '{'), *close = open != NULL ? strchr(open, '}') : NULL;
        if (close == NULL) {
            add_literal(w, into, text, strlen(text));
            return;
        }
        g_autofree char *name = g_strndup(open + 1, (gsize)(close - open - 1));
        add_literal(w, into, text, (gsize)(open - text));
        add_placeholder(w, into, user, name);
        text = close + 1;
    }
}

static void pour(struct weaver *w, xmlNode *into, xmlNode *user, const xmlNode *message)
{
    for (const xmlNode *child = message->children; child != NULL; child = child->next) {
        if (child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE)
            pour_text(w, into, user, (const char *)child->content);
        else if (child->type == XML_ELEMENT_NODE)
            pour(w, xmlAddChild(into, xmlNewDocNode(into->doc, NULL, child->name, NULL)), user, child);
    }
}

static void pour_choice(struct weaver *w, xmlNode *into, xmlNode *user, const Messages *from, const Choice *c)
{
    g_autoptr(GPtrArray) keys = messages_keys(from);
    xmlNode *choose = xmlAddChild(into, xmlNewDocNode(into->doc, w->xsl, BAD_CAST "choose", NULL));
    xmlNode *otherwise = xmlNewDocNode(into->doc, w->xsl, BAD_CAST "otherwise", NULL);
    guint found = 0;
    for (guint i = 0; i < keys->len; i++) {
        g_autofree char *middle = middle_of(c, keys->pdata[i]);
        if (middle == NULL)
            continue;
        found++;
        xmlNode *branch = otherwise;
        if (strcmp(middle, "other") != 0) {
            g_autofree char *test = g_strdup_printf("%s='%s'", c->expression, middle);
            branch = xmlAddChild(choose, xmlNewDocNode(into->doc, w->xsl, BAD_CAST "when", NULL));
            xmlNewProp(branch, BAD_CAST "test", BAD_CAST test);
        }
        pour(w, branch, user, messages_node(from, keys->pdata[i]));
    }
    if (otherwise->children == NULL) { /* what no message knows must not become an empty place */
        xmlNode *stop = xmlAddChild(otherwise, xmlNewDocNode(into->doc, w->xsl, BAD_CAST "message", NULL));
        xmlNewProp(stop, BAD_CAST "terminate", BAD_CAST "yes");
        g_autofree char *text = g_strdup_printf("no message %s…%s", c->prefix, c->suffix);
        xmlAddChild(stop, xmlNewDocText(into->doc, BAD_CAST text));
    }
    xmlAddChild(choose, otherwise);
    if (found > 0 && xmlFirstElementChild(choose) == otherwise) /* XSLT wants a 'when': this says the same */
        xmlNewProp(xmlAddPrevSibling(otherwise, xmlNewDocNode(into->doc, w->xsl, BAD_CAST "when", NULL)), BAD_CAST "test",
                   BAD_CAST "false()");
    if (found == 0)
        complain(w, user, "no message begins with '%s'", c->prefix);
}

/* Puts the words of the m:t USER in its place. */
static void expand(struct weaver *w, xmlNode *user)
{
    g_auto(Choice) c = {NULL, NULL, NULL};
    xmlChar *key = xmlGetNoNsProp(user, BAD_CAST "k");
    const Messages *from = xmlHasProp(user, BAD_CAST "in") != NULL ? w->other : w->messages;
    xmlNode *holder = xmlNewDocNode(user->doc, NULL, BAD_CAST "holder", NULL);
    const xmlNode *message = key != NULL ? messages_node(from, (const char *)key) : NULL;
    if (message != NULL)
        pour(w, holder, user, message);
    else if (key != NULL && read_choice((const char *)key, &c))
        pour_choice(w, holder, user, from, &c);
    else
        complain(w, user, "no message '%s'", key != NULL ? (const char *)key : "");
    while (holder->children != NULL)
        xmlAddPrevSibling(user, holder->children);
    xmlFreeNode(holder);
    xmlUnlinkNode(user);
    xmlFreeNode(user);
    xmlFree(key);
}

/* --- words into attributes ------------------------------------------------------------------------------------------------------ */

static char *without_templates(const char *text)
{
    GString *out = g_string_new(NULL);
    for (; *text != 0; text++) {
        if (*text == '{' || *text == '}')
            g_string_append_c(out, *text);
        g_string_append_c(out, *text);
    }
    return g_string_free(out, FALSE);
}

/* The value of a literal attribute whose words are KEY's; NULL (and a complaint) when there is none. */
static char *attribute_value(struct weaver *w, const xmlNode *node, const char *key)
{
    g_auto(Choice) c = {NULL, NULL, NULL};
    const char *text = messages_text(w->messages, key);
    if (text != NULL && strchr(text, '{') == NULL)
        return without_templates(text);
    if (text == NULL && read_choice(key, &c))
        return c.suffix[0] != 0 ? g_strdup_printf("{i:message('%s',concat(%s,'%s'))}", c.prefix, c.expression, c.suffix)
                                : g_strdup_printf("{i:message('%s',%s)}", c.prefix, c.expression);
    complain(w, node, text != NULL ? "the message '%s' has a placeholder: use xsl:attribute" : "no message '%s'", key);
    return NULL;
}

static char *file_path(struct weaver *w, const xmlNode *node, const char *file)
{
    const char *name = files_name(w->files, file);
    if (name == NULL)
        complain(w, node, "no static file '%s'", file);
    return name != NULL ? g_strconcat("/static/", name, NULL) : NULL;
}

static void weave_attributes(struct weaver *w, xmlNode *node)
{
    for (xmlAttr *a = node->properties, *next; a != NULL; a = next) {
        next = a->next;
        xmlChar *text = xmlNodeListGetString(node->doc, a->children, 1);
        const char *value = text != NULL ? (const char *)text : "";
        if (is_ours(a->ns)) {
            g_autofree char *name = g_strdup((const char *)a->name);
            g_autofree char *words = attribute_value(w, node, value);
            xmlRemoveProp(a);
            if (words != NULL)
                xmlNewProp(node, BAD_CAST name, BAD_CAST words);
        } else if (g_str_has_prefix(value, "static:")) {
            g_autofree char *path = file_path(w, node, value + strlen("static:"));
            if (path != NULL)
                xmlSetProp(node, a->name, BAD_CAST path);
        }
        xmlFree(text);
    }
}

static void weave(struct weaver *w, xmlNode *node)
{
    gboolean ours = is_ours(node->ns);
    if (!ours)
        weave_attributes(w, node);
    for (xmlNode *child = node->children, *next; child != NULL; child = next) {
        next = child->next;
        if (child->type == XML_ELEMENT_NODE)
            weave(w, child);
    }
    if (ours && strcmp((const char *)node->name, "t") == 0)
        expand(w, node);
}

/* --- what is the same in every page, written beforehand ------------------------------------------------------------------------ */

static gboolean is_xsl(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && node->ns != NULL &&
           strcmp((const char *)node->ns->href, (const char *)XSLT_NAMESPACE) == 0 &&
           (name == NULL || strcmp((const char *)node->name, name) == 0);
}

/* A template whose name or mode begins so makes the text of a variable: it is read there, not only written out. */
static gboolean makes_text(const xmlNode *template)
{
    for (const xmlAttr *a = template->properties; a != NULL; a = a->next)
        if (a->children != NULL && g_str_has_prefix((const char *)a->children->content, "text-") &&
            (strcmp((const char *)a->name, "name") == 0 || strcmp((const char *)a->name, "mode") == 0))
            return TRUE;
    return FALSE;
}

/* Are these words for templates and attributes, not for the page? */
static gboolean is_value(const xmlNode *node)
{
    static const char *const names[] = {"attribute", "variable", "param", "with-param", "message", "comment"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (is_xsl(node, names[i]))
            return TRUE;
    return is_xsl(node, "template") && makes_text(node);
}

/* May an instruction below NODE add an attribute to the element that NODE stands in, or is? */
static gboolean adds_attributes(const xmlNode *node)
{
    for (const xmlNode *child = node->children; child != NULL; child = child->next)
        if (is_xsl(child, "attribute") || (is_xsl(child, NULL) && !is_value(child) && adds_attributes(child)))
            return TRUE;
    return FALSE;
}

/* An element whose two tags are the same in every page. The root stays: a document must have one. */
static gboolean is_plain_element(const xmlNode *node)
{
    if (node->type != XML_ELEMENT_NODE || node->ns != NULL || strcmp((const char *)node->name, "html") == 0)
        return FALSE;
    for (const xmlAttr *a = node->properties; a != NULL; a = a->next)
        if (a->ns != NULL || a->children == NULL || a->children->next != NULL ||
            strpbrk((const char *)a->children->content, "{}") != NULL)
            return FALSE;
    return !adds_attributes(node);
}

static xmlNode *new_raw(xmlDoc *document, const GString *html)
{
    xmlNode *raw = xmlNewDocNode(document, NULL, BAD_CAST "raw", NULL);
    xmlAddChild(raw, xmlNewDocText(document, BAD_CAST html->str));
    return raw;
}

static gboolean is_raw(const xmlNode *node)
{
    return node->type == XML_ELEMENT_NODE && node->ns == NULL && strcmp((const char *)node->name, "raw") == 0;
}

static void replace_text(xmlNode *node)
{
    g_autoptr(GString) html = g_string_new(NULL);
    xmlChar *text = xmlNodeGetContent(node);
    html_append_text(html, (const char *)text);
    xmlFree(text);
    xmlFreeNode(xmlReplaceNode(node, new_raw(node->doc, html)));
}

/* Namespaces that copying has declared on NODE, used by what is in it, move to the root. */
static void keep_namespaces(xmlNode *node)
{
    xmlNs **last = &xmlDocGetRootElement(node->doc)->nsDef;
    while (*last != NULL)
        last = &(*last)->next;
    *last = g_steal_pointer(&node->nsDef);
}

/* NODE's tags become raw text around what was in it. */
static void unwrap(xmlNode *node)
{
    g_autoptr(GString) start = g_string_new(NULL), end = g_string_new(NULL);
    keep_namespaces(node);
    html_append_start(start, node);
    html_append_end(end, node);
    xmlAddPrevSibling(node, new_raw(node->doc, start));
    while (node->children != NULL)
        xmlAddPrevSibling(node, node->children);
    xmlFreeNode(xmlReplaceNode(node, new_raw(node->doc, end)));
}

static gboolean is_dropped(const xmlNode *node)
{
    return node->type == XML_COMMENT_NODE || (node->type == XML_TEXT_NODE && xmlIsBlankNode(node)); /* XSLT 1.0 §3.4 */
}

/* Below NODE: fixed tags and texts become <raw>HTML</raw>. */
static void flatten(xmlNode *node)
{
    for (xmlNode *child = node->children, *next; child != NULL; child = next) {
        next = child->next;
        if (is_dropped(child)) {
            xmlUnlinkNode(child);
            xmlFreeNode(child);
        } else if (child->type == XML_TEXT_NODE || is_xsl(child, "text")) {
            replace_text(child);
        } else if (child->type == XML_ELEMENT_NODE && !is_value(child)) {
            flatten(child);
            if (is_plain_element(child))
                unwrap(child);
        }
    }
}

/* Below NODE: each run of <raw> becomes one chunk. */
static void collect_chunks(xmlNode *node, GPtrArray *chunks)
{
    for (xmlNode *child = node->children; child != NULL; child = child->next) {
        if (child->type == XML_ELEMENT_NODE && !is_raw(child) && !is_value(child))
            collect_chunks(child, chunks);
        if (!is_raw(child))
            continue;
        g_autoptr(GString) html = g_string_new(NULL);
        g_autofree char *name = g_strdup_printf("chunk-%u", chunks->len);
        xmlNode *chunk = xmlNewDocNode(node->doc, NULL, BAD_CAST name, NULL);
        xmlAddPrevSibling(child, chunk);
        for (xmlNode *raw = child, *next; raw != NULL && is_raw(raw); raw = next) {
            next = raw->next;
            g_string_append(html, (const char *)raw->children->content);
            xmlUnlinkNode(raw);
            xmlFreeNode(raw);
        }
        g_ptr_array_add(chunks, g_strdup(html->str));
        child = chunk;
    }
}

/* --- files into one style sheet ----------------------------------------------------------------------------------------------- */

static GPtrArray *list(const char *folder)
{
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *file; dir != NULL && (file = g_dir_read_name(dir)) != NULL;)
        if (g_str_has_suffix(file, ".xsl"))
            g_ptr_array_add(paths, g_build_filename(folder, file, NULL));
    return paths;
}

static xmlDoc *woven(struct weaver *w, const char *file)
{
    xmlDoc *document = xmlReadFile(file, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    xmlNode *root = document != NULL ? xmlDocGetRootElement(document) : NULL;
    w->xsl = root != NULL ? xmlSearchNsByHref(document, root, XSLT_NAMESPACE) : NULL;
    if (w->xsl != NULL) {
        weave(w, root);
        return document;
    }
    const xmlError *why = xmlGetLastError();
    w->error = g_error_new(WEB_ERROR, WEB_ERROR_INPUT, "%s:%d: %s", file, why != NULL ? why->line : 0,
                           document != NULL ? "is no style sheet" : why != NULL ? why->message : "cannot be read");
    if (document != NULL)
        xmlFreeDoc(document);
    return NULL;
}

/* Moves the top-level elements of PART into WHOLE, whose root has the same namespaces. */
static void merge(xmlDoc *whole, xmlDoc *part)
{
    xmlNode *root = xmlDocGetRootElement(whole);
    for (xmlNode *child = xmlDocGetRootElement(part)->children; child != NULL; child = child->next)
        if (child->type == XML_ELEMENT_NODE)
            xmlAddChild(root, xmlDocCopyNode(child, whole, 1));
}

static void collect(void *data, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void collect(void *data, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_string_append_vprintf(data, format, args);
    va_end(args);
}

static xsltStylesheet *compile(xmlDoc *document, const char *folder, GError **error)
{
    g_autoptr(GString) said = g_string_new(NULL);
    xsltSetGenericErrorFunc(said, collect);
    xsltStylesheet *sheet = xsltParseStylesheetDoc(document);
    xsltSetGenericErrorFunc(NULL, NULL);
    if (sheet != NULL && sheet->errors == 0)
        return sheet;
    g_set_error(error, WEB_ERROR, WEB_ERROR_INPUT, "%s: %s", folder, said->len > 0 ? said->str : "cannot be compiled");
    if (sheet != NULL)
        xsltFreeStylesheet(sheet);
    else
        xmlFreeDoc(document);
    return NULL;
}

/* All templates of FOLDER, words woven in, as one document; NULL with the weaver's error. */
static xmlDoc *gather(struct weaver *w, const char *folder)
{
    g_autoptr(GPtrArray) paths = list(folder);
    xmlDoc *whole = NULL;
    for (guint i = 0; i < paths->len && w->error == NULL; i++) {
        xmlDoc *part = woven(w, paths->pdata[i]);
        if (whole == NULL) {
            whole = part;
        } else if (part != NULL) {
            merge(whole, part);
            xmlFreeDoc(part);
        }
    }
    if (w->error == NULL && whole == NULL)
        w->error = g_error_new(WEB_ERROR, WEB_ERROR_INPUT, "%s: there is no template", folder);
    if (w->error != NULL && whole != NULL)
        g_clear_pointer(&whole, xmlFreeDoc);
    return whole;
}

Template *template_load(const char *folder, const Messages *messages, const Messages *other, const Files *files, gboolean pages,
                        GError **error)
{
    struct weaver w = {.messages = messages, .other = other, .files = files};
    g_autoptr(Template) template = g_new0(Template, 1);
    template->chunks = g_ptr_array_new_with_free_func(g_free);
    xmlDoc *whole = gather(&w, folder);
    if (whole == NULL) {
        g_propagate_error(error, w.error);
        return NULL;
    }
    xmlNode *root = xmlDocGetRootElement(whole);
    for (xmlNode *top = root->children; pages && top != NULL; top = top->next)
        if (is_xsl(top, "template") && !is_value(top)) {
            flatten(top);
            collect_chunks(top, template->chunks);
        }
    template->sheet = compile(whole, folder, error);
    return template->sheet != NULL ? g_steal_pointer(&template) : NULL;
}

void template_free(Template *template)
{
    if (template == NULL)
        return;
    if (template->sheet != NULL)
        xsltFreeStylesheet(template->sheet);
    g_ptr_array_unref(template->chunks);
    g_free(template);
}
