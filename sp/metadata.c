#include "sp/metadata.h"

#include <libxml/parser.h>
#include <string.h>

#include "db/metadata.h"
#include "sp/entity.h"
#include "sp/keys.h"
#include "sp/service.h"
#include "sp/shape.h"
#include "sp/signature.h"
#include "sp/xml.h"

#define MANUAL_PRIORITY 0
#define MANUAL_SECONDS (G_GINT64_CONSTANT(3652) * 86400)
#define DEPTH_MOST 8 /* of EntitiesDescriptor in one another */

static gboolean fail(GError **error, enum sp_error code, const char *check, const char *why)
{
    g_set_error(error, SP_ERROR, (int)code, "%s: %s", check, why);
    return FALSE;
}

/* --- from bytes to a tree ------------------------------------------------------------------------------------------------- */

/* The node after NODE in document order. */
static xmlNode *after(const xmlDoc *doc, xmlNode *node)
{
    if (node->type == XML_ELEMENT_NODE && node->children != NULL) return node->children;
    for (; node != NULL && node != (const xmlNode *)doc; node = node->parent)
        if (node->next != NULL) return node->next;
    return NULL;
}

/* Comments are not covered by the signature (exclusive c14n leaves them out): they go before anybody can read around one. */
static gboolean drop_comments(xmlDoc *doc, GError **error)
{
    xmlNode *next;
    for (xmlNode *node = doc->children; node != NULL; node = next) {
        next = after(doc, node);
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

static SpXml *parse(GBytes *bytes, GError **error)
{
    gsize n = 0;
    const char *data = g_bytes_get_data(bytes, &n);
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

static gboolean signature_ok(xmlNode *root, const char *certificates_pem, GError **error)
{
    g_autoptr(GPtrArray) keys = sp_keys_of_pem(certificates_pem, error);
    if (keys == NULL) return FALSE;
    xmlNode *signature = sp_xml_child(root, SP_NS_DSIG, "Signature");
    if (signature == NULL) return fail(error, SP_ERROR_REFUSED, "unsigned", "no Signature in the root element");
    if (sp_xml_count(root, SP_NS_DSIG, "Signature") != 1) return fail(error, SP_ERROR_REFUSED, "signature", "two on the root");
    return sp_shape_signature(signature, TRUE, error) && sp_signature_covers(signature, root, keys, error);
}

static gboolean dates_ok(const xmlNode *root, gint64 now, gint64 longest, gint64 *until, GError **error)
{
    *until = G_MAXINT64;
    if (!sp_entity_valid_until(root, until)) return fail(error, SP_ERROR_REFUSED, "valid-until", "no time");
    if (*until == G_MAXINT64) return fail(error, SP_ERROR_REFUSED, "valid-until", "absent: nobody could tell an old copy");
    if (*until <= now) return fail(error, SP_ERROR_REFUSED, "valid-until", "past: an old copy");
    return *until <= now + longest || fail(error, SP_ERROR_REFUSED, "valid-until",
                                           "farther than the setting metadata_longest allows");
}

/* --- splitting ------------------------------------------------------------------------------------------------------------ */

static void free_idp(gpointer idp)
{
    db_idp_free(idp);
}

struct split {
    GPtrArray *idps;
    GHashTable *names; /* borrowed from idps: the first of a name counts */
    gint64 now;
};

static void split_entity(struct split *split, xmlNode *entity, gint64 until)
{
    const char *why;
    g_autoptr(DbIdp) idp = sp_entity_read(entity, until, split->now, &why);
    if (idp == NULL || g_hash_table_contains(split->names, idp->entity_id)) return;
    g_hash_table_add(split->names, idp->entity_id);
    g_ptr_array_add(split->idps, g_steal_pointer(&idp));
}

/* NODE ends at the latest with what it stands in. One without a readable date is left out with all that is in it. */
static void split_node(struct split *split, xmlNode *node, gint64 until, int depth)
{
    if (sp_xml_is(node, SP_NS_METADATA, "EntityDescriptor")) split_entity(split, node, until);
    if (!sp_xml_is(node, SP_NS_METADATA, "EntitiesDescriptor") || depth > DEPTH_MOST || !sp_entity_valid_until(node, &until))
        return;
    for (xmlNode *child = sp_xml_first_element(node); child != NULL; child = sp_xml_next_element(child))
        split_node(split, child, until, depth + 1);
}

GPtrArray *sp_metadata_read(GBytes *aggregate, const char *certificates_pem, gint64 now, gint64 longest, gint64 *valid_until,
                            GError **error)
{
    g_autoptr(SpXml) doc = parse(aggregate, error);
    if (doc == NULL) return NULL;
    xmlNode *root = xmlDocGetRootElement(doc);
    if (!sp_xml_is(root, SP_NS_METADATA, "EntitiesDescriptor") && !sp_xml_is(root, SP_NS_METADATA, "EntityDescriptor")) {
        fail(error, SP_ERROR_REFUSED, "structure", "not SAML metadata");
        return NULL;
    }
    if (!signature_ok(root, certificates_pem, error) || !dates_ok(root, now, longest, valid_until, error)) return NULL;
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) idps = g_ptr_array_new_with_free_func(free_idp);
    struct split split = { idps, names, now };
    split_node(&split, root, *valid_until, 0);
    return g_steal_pointer(&idps);
}

/* An operator is told what is wrong with the file, whatever it is. */
static GPtrArray *read_one(GBytes *descriptor, gint64 now, GError **error)
{
    const char *why = "the file is no EntityDescriptor";
    g_autoptr(SpXml) doc = parse(descriptor, error);
    if (doc == NULL) return NULL;
    xmlNode *root = xmlDocGetRootElement(doc);
    g_autoptr(GPtrArray) idps = g_ptr_array_new_with_free_func(free_idp);
    DbIdp *idp = NULL;
    if (sp_xml_is(root, SP_NS_METADATA, "EntityDescriptor")) idp = sp_entity_read(root, now + MANUAL_SECONDS, now, &why);
    if (idp != NULL) g_ptr_array_add(idps, idp);
    else fail(error, SP_ERROR_INPUT, "metadata", why);
    return idp != NULL ? g_steal_pointer(&idps) : NULL;
}

GPtrArray *sp_metadata_read_one(GBytes *descriptor, gint64 now, GError **error)
{
    GError *inner = NULL;
    GPtrArray *idps = read_one(descriptor, now, &inner);
    if (inner != NULL) inner->code = SP_ERROR_INPUT;
    if (inner != NULL) g_propagate_error(error, inner);
    return idps;
}

/* --- to the database ------------------------------------------------------------------------------------------------------ */

static gboolean refresh(Db *db, const char *source, int priority, GBytes *aggregate, const char *certificate_file, gint64 now,
                        gint64 longest, int *entities, GError **error)
{
    gint64 until = 0;
    g_autofree char *pem = NULL;
    g_autoptr(GError) file_error = NULL;
    if (!g_file_get_contents(certificate_file, &pem, NULL, &file_error))
        return fail(error, SP_ERROR_INPUT, "certificate", file_error->message);
    g_autoptr(GPtrArray) idps = sp_metadata_read(aggregate, pem, now, longest, &until, error);
    if (idps == NULL) return FALSE;
    if (entities != NULL) *entities = (int)idps->len;
    return db_metadata_replace(db, source, priority, idps, until, now, error);
}

gboolean sp_metadata_refresh(Db *db, const char *source, int priority, GBytes *aggregate, const char *certificate_file,
                             gint64 now, gint64 longest, int *entities, GError **error)
{
    g_autoptr(GError) inner = NULL;
    if (!sp_start(error)) return FALSE;
    if (refresh(db, source, priority, aggregate, certificate_file, now, longest, entities, &inner)) return TRUE;
    /* If even this cannot be written, the database is away and the first error says so. */
    g_autoptr(GError) ignored = NULL;
    (void)!db_metadata_failed(db, source, priority, inner->message, now, &ignored);
    g_propagate_error(error, g_steal_pointer(&inner));
    return FALSE;
}

gboolean sp_metadata_import(Db *db, GBytes *descriptor, gint64 now, char **entity_id, GError **error)
{
    if (!sp_start(error)) return FALSE;
    g_autoptr(GPtrArray) idps = sp_metadata_read_one(descriptor, now, error);
    if (idps == NULL) return FALSE;
    const DbIdp *idp = g_ptr_array_index(idps, 0);
    if (!db_metadata_put(db, SP_METADATA_MANUAL, MANUAL_PRIORITY, idp, now, error)) return FALSE;
    if (entity_id != NULL) *entity_id = g_strdup(idp->entity_id);
    return TRUE;
}
