#include "sp/strict.h"

#include <libxml/parser.h>
#include <string.h>

/* What the scanner counts, to be compared with libxml2's tree of the same bytes. */
struct seen {
    int elements;
    int attributes; /* all, namespace declarations included */
};

struct scan {
    const char *p, *end;
    int depth;
    struct seen seen;
    GError **error;
};

static gboolean refuse(struct scan *scan, const char *check, const char *why)
{
    g_set_error(scan->error, SP_ERROR, SP_ERROR_REFUSED, "%s: %s", check, why);
    return FALSE;
}

static gboolean starts(const struct scan *scan, const char *text)
{
    size_t n = strlen(text);
    return (size_t)(scan->end - scan->p) >= n && memcmp(scan->p, text, n) == 0;
}

static gboolean is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_space(struct scan *scan)
{
    while (scan->p < scan->end && is_space(*scan->p)) scan->p++;
}

/* --- the declaration: <?xml version="1.0" encoding="UTF-8" standalone="no"?>, and no other encoding ----------------------- */

static gboolean declared_value_ok(const char *name, const char *value)
{
    if (strcmp(name, "version") == 0) return strcmp(value, "1.0") == 0;
    if (strcmp(name, "encoding") == 0) return g_ascii_strcasecmp(value, "utf-8") == 0;
    return strcmp(name, "standalone") == 0 && (strcmp(value, "no") == 0 || strcmp(value, "yes") == 0);
}

/* One name="value" of the declaration into NAME and VALUE (both 16 bytes). */
static gboolean declared_pair(struct scan *scan, char *name, char *value)
{
    size_t n = 0;
    while (scan->p < scan->end && g_ascii_islower(*scan->p) && n < 15) name[n++] = *scan->p++;
    name[n] = '\0';
    skip_space(scan);
    if (scan->p >= scan->end || *scan->p++ != '=') return FALSE;
    skip_space(scan);
    if (scan->p >= scan->end || (*scan->p != '"' && *scan->p != '\'')) return FALSE;
    char quote = *scan->p++;
    for (n = 0; scan->p < scan->end && *scan->p != quote && n < 15;) value[n++] = *scan->p++;
    value[n] = '\0';
    return scan->p < scan->end && *scan->p++ == quote;
}

static gboolean declaration(struct scan *scan)
{
    if (!starts(scan, "<?xml") || scan->end - scan->p < 6 || !is_space(scan->p[5])) return TRUE;
    scan->p += 5;
    for (int pairs = 0; pairs < 4; pairs++) {
        char name[16], value[16];
        skip_space(scan);
        if (starts(scan, "?>")) {
            scan->p += 2;
            return TRUE;
        }
        if (!declared_pair(scan, name, value)) break;
        if (!declared_value_ok(name, value))
            return refuse(scan, strcmp(name, "encoding") == 0 ? "utf-8" : "xml", "the XML declaration says something else");
    }
    return refuse(scan, "xml", "a broken XML declaration");
}

/* --- text, tags ----------------------------------------------------------------------------------------------------------- */

/* At '&': one of the five names or a character's number (libxml2 judges the number). */
static gboolean reference(struct scan *scan)
{
    static const char *const names[] = { "&lt;", "&gt;", "&amp;", "&quot;", "&apos;" };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (starts(scan, names[i])) {
            scan->p += strlen(names[i]);
            return TRUE;
        }
    }
    if (!starts(scan, "&#")) return refuse(scan, "entity", "an entity of the document's own");
    scan->p += 2;
    gboolean hex = scan->p < scan->end && *scan->p == 'x';
    if (hex) scan->p++;
    int digits = 0;
    while (scan->p < scan->end && (hex ? g_ascii_isxdigit(*scan->p) : g_ascii_isdigit(*scan->p)) && digits < 8)
        scan->p++, digits++;
    if (digits == 0 || scan->p >= scan->end || *scan->p != ';') return refuse(scan, "entity", "a broken character reference");
    scan->p++;
    return TRUE;
}

static gboolean is_control(char c)
{
    return (guchar)c < 0x20 && !is_space(c);
}

static gboolean attribute_value(struct scan *scan)
{
    if (scan->p >= scan->end || (*scan->p != '"' && *scan->p != '\''))
        return refuse(scan, "xml", "an attribute without quotes");
    char quote = *scan->p++;
    while (scan->p < scan->end && *scan->p != quote) {
        if (*scan->p == '<' || is_control(*scan->p)) return refuse(scan, "xml", "a character that attributes may not have");
        if (*scan->p != '&') scan->p++;
        else if (!reference(scan)) return FALSE;
    }
    if (scan->p >= scan->end) return refuse(scan, "xml", "ends inside an attribute");
    scan->p++;
    return TRUE;
}

static gboolean is_name(char c)
{
    return g_ascii_isalnum(c) || strchr("_-.:", c) != NULL || (guchar)c >= 0x80;
}

static gboolean skip_name(struct scan *scan)
{
    const char *start = scan->p;
    while (scan->p < scan->end && *scan->p != '\0' && is_name(*scan->p)) scan->p++;
    return scan->p > start || refuse(scan, "xml", "no name where one must be");
}

static gboolean start_tag(struct scan *scan)
{
    int attributes = 0;
    scan->p++;
    if (!skip_name(scan)) return FALSE;
    if (++scan->seen.elements > SP_STRICT_ELEMENTS) return refuse(scan, "elements", "too many");
    for (;;) {
        const char *before = scan->p;
        skip_space(scan);
        if (scan->p < scan->end && *scan->p == '>') {
            scan->p++;
            return ++scan->depth <= SP_STRICT_DEPTH || refuse(scan, "depth", "elements too deep");
        }
        if (starts(scan, "/>")) {
            scan->p += 2;
            return scan->depth < SP_STRICT_DEPTH || refuse(scan, "depth", "elements too deep");
        }
        if (scan->p == before) return refuse(scan, "xml", "no space before an attribute");
        if (++attributes > SP_STRICT_ATTRIBUTES) return refuse(scan, "attributes", "too many of one element");
        scan->seen.attributes++;
        if (!skip_name(scan)) return FALSE;
        skip_space(scan);
        if (scan->p >= scan->end || *scan->p++ != '=') return refuse(scan, "xml", "an attribute without a value");
        skip_space(scan);
        if (!attribute_value(scan)) return FALSE;
    }
}

static gboolean end_tag(struct scan *scan)
{
    scan->p += 2;
    if (!skip_name(scan)) return FALSE;
    skip_space(scan);
    if (scan->p >= scan->end || *scan->p++ != '>') return refuse(scan, "xml", "a broken end tag");
    return --scan->depth >= 0 || refuse(scan, "xml", "an end without a start");
}

static gboolean markup(struct scan *scan)
{
    if (starts(scan, "<!--")) return refuse(scan, "comment", "there is one");
    if (starts(scan, "<![CDATA[")) return refuse(scan, "cdata", "there is a section");
    if (starts(scan, "<!")) return refuse(scan, "dtd", "there is a declaration");
    if (starts(scan, "<?")) return refuse(scan, "processing-instruction", "there is one");
    return starts(scan, "</") ? end_tag(scan) : start_tag(scan);
}

static gboolean scan_bytes(const char *bytes, size_t n, struct seen *seen, GError **error)
{
    struct scan scan = { bytes, bytes + n, 0, { 0, 0 }, error };
    if (n > SP_STRICT_BYTES) return refuse(&scan, "bytes", "too many");
    if (!g_utf8_validate_len(bytes, n, NULL)) return refuse(&scan, "utf-8", "not valid");
    if (!declaration(&scan)) return FALSE;
    while (scan.p < scan.end) {
        if (*scan.p == '<') {
            if (!markup(&scan)) return FALSE;
        } else if (*scan.p == '&') {
            if (!reference(&scan)) return FALSE;
        } else if (is_control(*scan.p)) {
            return refuse(&scan, "xml", "a character that XML does not have");
        } else {
            scan.p++;
        }
    }
    *seen = scan.seen;
    return TRUE;
}

/* --- libxml2's tree of the same bytes ------------------------------------------------------------------------------------- */

static gboolean refuse_tree(GError **error, const char *check, const char *why, const char *what)
{
    g_autofree char *quoted = sp_xml_quote(what);
    g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "%s: %s %s", check, why, quoted);
    return FALSE;
}

static SpXml *parse(const char *bytes, size_t n, GError **error)
{
    xmlParserCtxt *context = xmlNewParserCtxt();
    if (context == NULL) g_error("libxml2: out of memory");
    xmlDoc *doc = xmlCtxtReadMemory(context, bytes, (int)n, NULL, NULL,
                                    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    /* A prefix without a namespace leaves the document "well-formed": libraries then compare names without one. */
    gboolean good = doc != NULL && context->wellFormed && context->nsWellFormed && xmlDocGetRootElement(doc) != NULL;
    xmlFreeParserCtxt(context);
    if (good) return doc;
    sp_xml_free(doc);
    g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "xml: not well-formed");
    return NULL;
}

static gboolean id_ok(const char *id)
{
    size_t n = strlen(id);
    if (n == 0 || n > SP_STRICT_ID || !(g_ascii_isalpha(id[0]) || id[0] == '_')) return FALSE;
    return strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") == n;
}

static gboolean same_name_twice(const xmlAttr *attribute)
{
    for (const xmlAttr *other = attribute->next; other != NULL; other = other->next)
        if (xmlStrcmp(attribute->name, other->name) == 0) return TRUE;
    return FALSE;
}

/* IDs of any spelling and namespace: what one library takes for the ID another may not. */
static gboolean look_at_attributes(const xmlNode *node, GHashTable *ids, struct seen *seen, GError **error)
{
    for (const xmlNs *ns = node->nsDef; ns != NULL; ns = ns->next) seen->attributes++;
    for (const xmlAttr *attribute = node->properties; attribute != NULL; attribute = attribute->next) {
        seen->attributes++;
        if (same_name_twice(attribute))
            return refuse_tree(error, "attributes", "twice the same local name", (const char *)attribute->name);
        if (g_ascii_strcasecmp((const char *)attribute->name, "id") != 0) continue;
        xmlChar *value = xmlNodeListGetString(node->doc, attribute->children, 1);
        g_autofree char *id = g_strdup(value != NULL ? (const char *)value : "");
        xmlFree(value);
        if (!id_ok(id)) return refuse_tree(error, "duplicate-id", "not a usable ID:", id);
        if (!g_hash_table_add(ids, g_strdup(id))) return refuse_tree(error, "duplicate-id", "twice", id);
    }
    return TRUE;
}

static gboolean children_ok(const xmlNode *node)
{
    for (const xmlNode *child = node->children; child != NULL; child = child->next)
        if (child->type != XML_ELEMENT_NODE && child->type != XML_TEXT_NODE) return FALSE;
    return TRUE;
}

static gboolean look_at_tree(const xmlDoc *doc, const struct seen *scanned, GError **error)
{
    struct seen seen = { 0, 0 };
    g_autoptr(GHashTable) ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    xmlNode *root = xmlDocGetRootElement(doc);
    if (doc->intSubset != NULL || doc->extSubset != NULL) return refuse_tree(error, "dtd", "there is one", "");
    for (const xmlNode *node = root; node != NULL; node = sp_xml_walk(root, node)) {
        seen.elements++;
        if (!children_ok(node)) return refuse_tree(error, "xml", "neither element nor text in", (const char *)node->name);
        if (!look_at_attributes(node, ids, &seen, error)) return FALSE;
    }
    if (seen.elements != scanned->elements || seen.attributes != scanned->attributes)
        return refuse_tree(error, "xml", "two parsers read it differently", "");
    return TRUE;
}

SpXml *sp_strict_parse(const char *bytes, size_t n, GError **error)
{
    struct seen seen;
    if (!scan_bytes(bytes, n, &seen, error)) return NULL;
    g_autoptr(SpXml) doc = parse(bytes, n, error);
    if (doc == NULL || !look_at_tree(doc, &seen, error)) return NULL;
    return g_steal_pointer(&doc);
}

/* --- base64 --------------------------------------------------------------------------------------------------------------- */

static gboolean is_base64(char c)
{
    return g_ascii_isalnum(c) || c == '+' || c == '/';
}

char *sp_strict_base64(const char *text, size_t n, size_t most, size_t *out_n, GError **error)
{
    if (n > most) {
        g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "bytes: more than %" G_GSIZE_FORMAT, most);
        return NULL;
    }
    g_autofree char *clean = g_malloc(n + 1);
    size_t used = 0, padding = 0;
    gboolean good = TRUE;
    for (size_t i = 0; i < n && good; i++) {
        if (text[i] == '\r' || text[i] == '\n') continue;
        if (text[i] == '=') padding++;
        else good = is_base64(text[i]) && padding == 0;
        clean[used++] = text[i];
    }
    clean[used] = '\0';
    if (!good || used == 0 || used % 4 != 0 || padding > 2) {
        g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "base64: not clean");
        return NULL;
    }
    char *bytes = g_malloc(used / 4 * 3 + 1);
    gint state = 0;
    guint save = 0;
    *out_n = g_base64_decode_step(clean, used, (guchar *)bytes, &state, &save);
    bytes[*out_n] = '\0';
    return bytes;
}
