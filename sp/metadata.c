#include "sp/metadata.h"

#include <libxml/parser.h>
#include <string.h>

#include "sp/entity.h"
#include "sp/keys.h"
#include "sp/shape.h"
#include "sp/signature.h"

#define GROUPS_MOST 8  /* EntitiesDescriptor in one another */
#define DEPTH_MOST 64  /* elements in one another: libxml2's canonical form calls itself for each */
#define NAME_LONGEST 1024

static gboolean fail(GError **error, enum sp_error code, const char *check, const char *why)
{
    g_set_error(error, SP_ERROR, (int)code, "%s: %s", check, why);
    return FALSE;
}

/* --- from bytes to a tree ------------------------------------------------------------------------------------------------- */

/* The node after NODE in document order; DEPTH is moved along. */
static xmlNode *after(const xmlDoc *doc, xmlNode *node, int *depth)
{
    if (node->type == XML_ELEMENT_NODE && node->children != NULL) {
        ++*depth;
        return node->children;
    }
    for (; node != NULL && node != (const xmlNode *)doc; node = node->parent, --*depth)
        if (node->next != NULL) return node->next;
    return NULL;
}

/* Comments are not covered by the signature (exclusive c14n leaves them out): they go before anybody can read around one. */
static gboolean drop_comments(xmlDoc *doc, GError **error)
{
    xmlNode *next;
    int depth = 0;
    for (xmlNode *node = doc->children; node != NULL; node = next) {
        next = after(doc, node, &depth);
        if (depth > DEPTH_MOST) return fail(error, SP_ERROR_REFUSED, "depth", "elements too deep in one another");
        const gboolean beside_root = node->parent == (xmlNode *)doc;
        if (node->type == XML_COMMENT_NODE) {
            xmlUnlinkNode(node);
            xmlFreeNode(node);
        } else if (node->type != XML_ELEMENT_NODE && node->type != XML_TEXT_NODE && !beside_root) {
            return fail(error, SP_ERROR_REFUSED, "xml", "neither element nor text");
        }
    }
    return TRUE;
}

/* Large files need XML_PARSE_HUGE, which takes away libxml2's guard against entities that grow: so none may be declared at
   all, and the bytes are read as UTF-8 whatever they say, so that nothing can hide from this look. */
static gboolean bytes_ok(const char *data, gsize n, GError **error)
{
    if (n == 0 || n > SP_METADATA_LONGEST) return fail(error, SP_ERROR_REFUSED, "bytes", n == 0 ? "none" : "too many");
    if (!g_utf8_validate_len(data, n, NULL)) return fail(error, SP_ERROR_REFUSED, "utf-8", "not valid");
    return memmem(data, n, "<!DOCTYPE", 9) == NULL || fail(error, SP_ERROR_REFUSED, "dtd", "there is one");
}

static SpXml *parse(const char *data, gsize n, GError **error)
{
    if (!bytes_ok(data, n, error)) return NULL;
    xmlParserCtxt *context = xmlNewParserCtxt();
    if (context == NULL) g_error("libxml2: out of memory");
    g_autoptr(SpXml) doc = xmlCtxtReadMemory(context, data, (int)n, NULL, "UTF-8", XML_PARSE_NONET | XML_PARSE_NOERROR
                                             | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA | XML_PARSE_HUGE);
    gboolean good = doc != NULL && context->wellFormed && context->nsWellFormed && xmlDocGetRootElement(doc) != NULL;
    xmlFreeParserCtxt(context);
    if (!good) fail(error, SP_ERROR_REFUSED, "xml", "not well-formed");
    return good && drop_comments(doc, error) ? g_steal_pointer(&doc) : NULL;
}

/* --- the signature and the dates of the whole ----------------------------------------------------------------------------- */

static gboolean signature_ok(xmlNode *root, const char *certificates, GError **error)
{
    g_autoptr(GPtrArray) keys = sp_keys_of_pem(certificates, error);
    if (keys == NULL) return FALSE;
    xmlNode *signature = sp_xml_child(root, SP_NS_DSIG, "Signature");
    if (signature == NULL) return fail(error, SP_ERROR_REFUSED, "unsigned", "no Signature in the root element");
    if (sp_xml_count(root, SP_NS_DSIG, "Signature") != 1) return fail(error, SP_ERROR_REFUSED, "signature", "two on the root");
    return sp_shape_signature(signature, TRUE, error) && sp_signature_covers(signature, root, keys, error);
}

static gboolean dates_ok(gint64 until, const struct sp_metadata_want *want, GError **error)
{
    if (until == G_MAXINT64) return fail(error, SP_ERROR_REFUSED, "valid-until", "absent: nobody could tell an old copy");
    if (until <= want->now) return fail(error, SP_ERROR_REFUSED, "valid-until", "past: an old copy");
    return until <= want->now + want->longest || fail(error, SP_ERROR_REFUSED, "valid-until",
                                                      "farther than the setting metadata_longest allows");
}

static gboolean structure_ok(const xmlNode *root, const struct sp_metadata_want *want, GError **error)
{
    if (sp_xml_is(root, SP_NS_METADATA, "EntityDescriptor")) {
        if (want->kind != SP_METADATA_ENTITY || sp_xml_attribute_is(root, "entityID", want->entity_id)) return TRUE;
        return fail(error, SP_ERROR_REFUSED, "entity", "not the one that was asked for");
    }
    if (want->kind == SP_METADATA_BY_HAND) return fail(error, SP_ERROR_INPUT, "metadata", "the file is no EntityDescriptor");
    if (want->kind == SP_METADATA_ENTITY) return fail(error, SP_ERROR_REFUSED, "structure", "not one EntityDescriptor");
    return sp_xml_is(root, SP_NS_METADATA, "EntitiesDescriptor")
           || fail(error, SP_ERROR_REFUSED, "structure", "not SAML metadata");
}

/* --- splitting ------------------------------------------------------------------------------------------------------------ */

struct split {
    const struct sp_metadata_want *want;
    const struct sp_metadata_take *take;
    gpointer data;
    GHashTable *names; /* the first of a name counts */
    gint64 until;      /* of the whole */
    GError **error;
};

/* NAME as one line of a log. */
static char *one_line(const char *name)
{
    g_autofree char *some = g_strndup(name, NAME_LONGEST - 8);
    char *valid = g_utf8_make_valid(some, -1);
    for (char *c = valid; *c != '\0'; c++)
        if (g_ascii_iscntrl(*c)) *c = '?';
    return valid;
}

/* Of the one that was asked for, why it is not for us is the error. */
static gboolean skip(struct split *split, const char *name, const char *why)
{
    if (split->want->kind == SP_METADATA_BY_HAND) return fail(split->error, SP_ERROR_INPUT, "metadata", why);
    if (split->want->kind == SP_METADATA_ENTITY) return fail(split->error, SP_ERROR_REFUSED, "entity", why);
    g_autofree char *some = name != NULL ? one_line(name) : g_strdup("(without a name)");
    return split->take->skipped(some, why, split->data, split->error);
}

static gboolean split_entity(struct split *split, xmlNode *entity, gint64 until)
{
    const char *why = NULL;
    g_autofree char *name = sp_xml_attribute(entity, "entityID");
    if (split->want->kind == SP_METADATA_AGGREGATE && !sp_entity_is_idp(entity)) return TRUE;
    g_autoptr(DbIdp) idp = sp_entity_read(entity, until, split->want->now, &why);
    if (idp == NULL) return skip(split, name, why);
    if (!g_hash_table_add(split->names, g_strdup(idp->entity_id)))
        return skip(split, name, "there is another of this name before it in the same metadata");
    if (idp->valid_until == split->until) idp->valid_until = 0;
    return split->take->idp(g_steal_pointer(&idp), split->data, split->error);
}

/* NODE ends at the latest with what it stands in. A group without a readable date is left out with all that is in it. */
static gboolean split_node(struct split *split, xmlNode *node, gint64 until, int depth)
{
    if (sp_xml_is(node, SP_NS_METADATA, "EntityDescriptor")) return split_entity(split, node, until);
    if (!sp_xml_is(node, SP_NS_METADATA, "EntitiesDescriptor")) return TRUE;
    g_autofree char *name = sp_xml_attribute(node, "Name");
    if (depth > GROUPS_MOST) return skip(split, name, "a group too deep in other groups");
    if (!sp_entity_valid_until(node, &until)) return skip(split, name, "a group whose validUntil is no time");
    for (xmlNode *child = sp_xml_first_element(node); child != NULL; child = sp_xml_next_element(child))
        if (!split_node(split, child, until, depth + 1)) return FALSE;
    return TRUE;
}

/* --- all of it ------------------------------------------------------------------------------------------------------------ */

/* xs:duration in seconds, years and months as the calendar has them on average; 0: none that can be read, or a negative one. */
static gint64 duration(const char *text)
{
    static const char order[] = "YMDTHMS";
    static const gint64 seconds[] = { 31556952, 2629746, 86400, 0, 3600, 60, 1 };
    gint64 all = 0;
    const char *next = order;
    if (*text++ != 'P') return 0;
    while (*text != '\0') {
        char *end = NULL;
        gint64 n = g_ascii_isdigit(*text) ? (gint64)MIN(g_ascii_strtoull(text, &end, 10), 100000) : 0;
        text = end != NULL ? end : text;
        if (*text == '.') text += 1 + strspn(text + 1, "0123456789");
        const char *unit = strchr(next, *text);
        /* A number has a unit, 'T' has none before it and is passed before hours, minutes and seconds. */
        if (unit == NULL || *unit == '\0' || (end == NULL) != (*unit == 'T')) return 0;
        if (next <= order + 3 && unit > order + 3) return 0;
        all += n * seconds[unit - order];
        next = unit + 1;
        text++;
    }
    return all;
}

static gint64 cache_of(const xmlNode *root)
{
    g_autofree char *text = sp_xml_attribute(root, "cacheDuration");
    return text != NULL ? duration(text) : 0;
}

static gboolean read_all(xmlNode *root, const struct sp_metadata_want *want, const struct sp_metadata_take *take, gpointer data,
                         GError **error)
{
    const gboolean by_hand = want->kind == SP_METADATA_BY_HAND;
    struct sp_metadata_head head = { .valid_until = G_MAXINT64 };
    if (!structure_ok(root, want, error) || (!by_hand && !signature_ok(root, want->certificates, error))) return FALSE;
    if (!sp_entity_valid_until(root, &head.valid_until)) return fail(error, SP_ERROR_REFUSED, "valid-until", "no time");
    if (!by_hand && !dates_ok(head.valid_until, want, error)) return FALSE;
    head.cache = cache_of(root);
    if (!take->head(&head, data, error)) return FALSE;
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct split split = { want, take, data, names, head.valid_until, error };
    return split_node(&split, root, head.valid_until, 0);
}

gboolean sp_metadata_split(const char *bytes, gsize n, const struct sp_metadata_want *want, const struct sp_metadata_take *take,
                           gpointer data, SpXml **kept, GError **error)
{
    GError *why = NULL;
    g_autoptr(SpXml) doc = parse(bytes, n, &why);
    gboolean done = doc != NULL && read_all(xmlDocGetRootElement(doc), want, take, data, &why);
    if (kept != NULL) *kept = g_steal_pointer(&doc);
    if (done) return TRUE;
    /* An operator is told what is wrong with the file, whatever it is. */
    if (want->kind == SP_METADATA_BY_HAND && why->domain == SP_ERROR) why->code = SP_ERROR_INPUT;
    g_propagate_error(error, why);
    return FALSE;
}
