#include "sp/signature.h"

#include <string.h>
#include <xmlsec/crypto.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmlsec.h>

#include "sp/query.h"
#include "sp/shape.h"
#include "sp/strict.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlSecDSigCtx, xmlSecDSigCtxDestroy)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlSecTransformCtx, xmlSecTransformCtxDestroy)

static gboolean refuse(GError **error, const char *why)
{
    g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "signature: %s", why);
    return FALSE;
}

/* --- proofs --------------------------------------------------------------------------------------------------------------- */

/* A tree that several proofs may share. */
struct tree {
    gatomicrefcount count;
    SpXml *doc;
};

struct sp_verified {
    struct tree *tree;
    xmlNode *node;
    char *key, *algorithm;
};

static struct tree *new_tree(SpXml *doc)
{
    struct tree *tree = g_new0(struct tree, 1);
    g_atomic_ref_count_init(&tree->count);
    tree->doc = doc;
    return tree;
}

static SpVerified *new_proof(struct tree *tree, xmlNode *node, const char *key, const char *algorithm)
{
    SpVerified *verified = g_new0(SpVerified, 1);
    verified->tree = tree;
    verified->node = node;
    verified->key = g_strdup(key);
    verified->algorithm = g_strdup(algorithm);
    return verified;
}

void sp_verified_free(SpVerified *verified)
{
    if (verified == NULL) return;
    if (g_atomic_ref_count_dec(&verified->tree->count)) {
        sp_xml_free(verified->tree->doc);
        g_free(verified->tree);
    }
    g_free(verified->key);
    g_free(verified->algorithm);
    g_free(verified);
}

xmlNode *sp_verified_node(const SpVerified *verified)
{
    return verified->node;
}

const char *sp_verified_key(const SpVerified *verified)
{
    return verified->key;
}

const char *sp_verified_algorithm(const SpVerified *verified)
{
    return verified->algorithm;
}

SpVerified *sp_verified_part(const SpVerified *whole, xmlNode *node)
{
    if (node->doc != whole->tree->doc) g_error("sp_verified_part: an element of another tree");
    g_atomic_ref_count_inc(&whole->tree->count);
    return new_proof(whole->tree, node, whole->key, whole->algorithm);
}

SpVerified *sp_verified_clear(const SpVerified *whole, SpXml *clear)
{
    return new_proof(new_tree(clear), xmlDocGetRootElement(clear), whole->key, whole->algorithm);
}

/* --- XML signatures ------------------------------------------------------------------------------------------------------- */

/* The same algorithms as in sp/shape.c, once more where they are carried out. */
static gboolean allow_algorithms(xmlSecDSigCtx *context)
{
    const xmlSecTransformId of_signature[] = {
        xmlSecTransformExclC14NId, xmlSecTransformExclC14NWithCommentsId, xmlSecTransformRsaSha256Id,
            xmlSecTransformRsaSha384Id,
        xmlSecTransformRsaSha512Id, xmlSecTransformEcdsaSha256Id, xmlSecTransformEcdsaSha384Id, xmlSecTransformEcdsaSha512Id,
    };
    const xmlSecTransformId of_reference[] = {
        xmlSecTransformEnvelopedId, xmlSecTransformExclC14NId, xmlSecTransformExclC14NWithCommentsId, xmlSecTransformSha256Id,
        xmlSecTransformSha384Id, xmlSecTransformSha512Id,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(of_signature); i++)
        if (xmlSecDSigCtxEnableSignatureTransform(context, of_signature[i]) < 0) return FALSE;
    for (size_t i = 0; i < G_N_ELEMENTS(of_reference); i++)
        if (xmlSecDSigCtxEnableReferenceTransform(context, of_reference[i]) < 0) return FALSE;
    return TRUE;
}

static xmlSecDSigCtx *new_context(xmlSecKey *key, gboolean keep_octets)
{
    xmlSecDSigCtx *context = xmlSecDSigCtxCreate(NULL);
    if (context == NULL || !allow_algorithms(context)) g_error("xmlsec: cannot make a context");
    context->enabledReferenceUris = xmlSecTransformUriTypeEmpty | xmlSecTransformUriTypeSameDocument;
    /* IDs are looked up directly, not through an XPointer expression made of an outsider's text. */
    context->flags = XMLSEC_DSIG_FLAGS_IGNORE_MANIFESTS | XMLSEC_DSIG_FLAGS_USE_VISA3D_HACK;
    if (keep_octets) context->flags |= XMLSEC_DSIG_FLAGS_STORE_SIGNEDINFO_REFERENCES;
    context->signKey = xmlSecKeyDuplicate(key);
    return context;
}

/* xmlSecDSigCtxVerify returns 0 for a bad signature too: only the statuses count. */
static xmlSecDSigReferenceCtx *the_reference(xmlSecDSigCtx *context)
{
    if (context->status != xmlSecDSigStatusSucceeded) return NULL;
    if (xmlSecPtrListGetSize(&context->signedInfoReferences) != 1 || xmlSecPtrListGetSize(&context->manifestReferences) != 0)
        return NULL;
    xmlSecDSigReferenceCtx *reference = xmlSecPtrListGetItem(&context->signedInfoReferences, 0);
    return reference != NULL && reference->status == xmlSecDSigStatusSucceeded ? reference : NULL;
}

/* Makes ROOT's ID attribute the one that "#ID" leads to. */
static gboolean register_id(xmlNode *root)
{
    xmlAttr *attribute = xmlHasNsProp(root, (const xmlChar *)"ID", NULL);
    g_autofree char *id = sp_xml_attribute(root, "ID");
    if (attribute == NULL || id == NULL) return FALSE;
    if (xmlGetID(root->doc, (const xmlChar *)id) == NULL) xmlAddID(NULL, root->doc, (const xmlChar *)id, attribute);
    return xmlGetID(root->doc, (const xmlChar *)id) == attribute;
}

/* A context in which SIGNATURE has verified, or NULL. */
static xmlSecDSigCtx *verify(xmlNode *signature, const GPtrArray *keys, gboolean keep_octets)
{
    for (guint i = 0; i < keys->len; i++) {
        g_autoptr(xmlSecDSigCtx) context = new_context(g_ptr_array_index(keys, i), keep_octets);
        if (xmlSecDSigCtxVerify(context, signature) == 0 && the_reference(context) != NULL) return g_steal_pointer(&context);
    }
    return NULL;
}

static char *algorithm_of(const xmlNode *signature)
{
    const xmlNode *info = sp_xml_child(signature, SP_NS_DSIG, "SignedInfo");
    return sp_xml_attribute(sp_xml_child(info, SP_NS_DSIG, "SignatureMethod"), "Algorithm");
}

static const char *name_of(xmlSecKey *key)
{
    const char *name = (const char *)xmlSecKeyGetName(key);
    return name != NULL ? name : "";
}

SpVerified *sp_signature_verify(xmlNode *signature, const GPtrArray *keys, GError **error)
{
    if (!register_id(signature->parent)) {
        refuse(error, "the signed element has no ID of its own");
        return NULL;
    }
    g_autoptr(xmlSecDSigCtx) context = verify(signature, keys, TRUE);
    xmlSecBuffer *octets = context != NULL ? xmlSecDSigReferenceCtxGetPreDigestBuffer(the_reference(context)) : NULL;
    if (octets == NULL || xmlSecBufferGetData(octets) == NULL) {
        refuse(error, "not by a key of this IdP, or the message was changed");
        return NULL;
    }
    SpXml *doc = sp_strict_parse((const char *)xmlSecBufferGetData(octets), xmlSecBufferGetSize(octets), error);
    if (doc == NULL) return NULL;
    g_autofree char *algorithm = algorithm_of(signature);
    return new_proof(new_tree(doc), xmlDocGetRootElement(doc), name_of(context->signKey), algorithm);
}

gboolean sp_signature_covers(xmlNode *signature, xmlNode *root, const GPtrArray *keys, GError **error)
{
    if (signature->parent != root || root != xmlDocGetRootElement(root->doc)) return refuse(error, "not on the root");
    if (xmlHasNsProp(root, (const xmlChar *)"ID", NULL) != NULL && !register_id(root))
        return refuse(error, "the root's ID is not its own");
    g_autoptr(xmlSecDSigCtx) context = verify(signature, keys, FALSE);
    if (context == NULL) return refuse(error, "not by a pinned key, or the document was changed");
    /* The shape was checked on the same tree; once more what xmlsec says it followed. */
    const char *uri = (const char *)the_reference(context)->uri;
    g_autofree char *id = sp_xml_attribute(root, "ID");
    if (uri == NULL || uri[0] == '\0' || (uri[0] == '#' && g_strcmp0(uri + 1, id) == 0)) return TRUE;
    return refuse(error, "over something else than the root");
}

/* --- signatures of query strings ------------------------------------------------------------------------------------------ */

static xmlSecTransformId find_klass(const char *uri)
{
    if (!sp_shape_algorithm(uri)) return NULL;
    return xmlSecTransformIdListFindByHref(xmlSecTransformIdsGet(), (const xmlChar *)uri, xmlSecTransformUsageSignatureMethod);
}

static gboolean verify_bytes(xmlSecTransformId klass, xmlSecKey *key, const char *bytes, size_t n, const guchar *signature,
                             size_t signature_n)
{
    g_autoptr(xmlSecTransformCtx) context = xmlSecTransformCtxCreate();
    xmlSecTransform *method = context != NULL ? xmlSecTransformCtxCreateAndAppend(context, klass) : NULL;
    if (method == NULL) g_error("xmlsec: cannot make a transform");
    method->operation = xmlSecTransformOperationVerify;
    xmlSecKeyReq wanted;
    memset(&wanted, 0, sizeof wanted);
    gboolean fits = xmlSecKeyReqInitialize(&wanted) == 0 && xmlSecTransformSetKeyReq(method, &wanted) == 0
                    && xmlSecKeyMatch(key, NULL, &wanted) == 1;
    xmlSecKeyReqFinalize(&wanted);
    if (!fits || xmlSecTransformSetKey(method, key) < 0) return FALSE;
    if (xmlSecTransformCtxBinaryExecute(context, (const xmlSecByte *)bytes, (xmlSecSize)n) < 0) return FALSE;
    if (xmlSecTransformVerify(method, signature, (xmlSecSize)signature_n, context) < 0) return FALSE;
    return method->status == xmlSecTransformStatusOk;
}

const char *sp_signature_verify_bytes(const char *algorithm, const char *bytes, size_t n, const guchar *signature,
                                      size_t signature_n, const GPtrArray *keys, GError **error)
{
    xmlSecTransformId klass = find_klass(algorithm);
    if (klass == NULL) {
        g_autofree char *quoted = sp_xml_quote(algorithm);
        g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "algorithm: SignatureMethod %s", quoted);
        return NULL;
    }
    for (guint i = 0; i < keys->len; i++)
        if (verify_bytes(klass, g_ptr_array_index(keys, i), bytes, n, signature, signature_n))
            return name_of(g_ptr_array_index(keys, i));
    refuse(error, "not by a key of this IdP, or the message was changed");
    return NULL;
}

SpVerified *sp_signature_verify_query(const struct sp_query *query, const GPtrArray *keys, GError **error)
{
    const char *key = sp_signature_verify_bytes(query->algorithm, query->octets, strlen(query->octets),
                                                (const guchar *)query->signature, query->signature_n, keys, error);
    SpXml *doc = key != NULL ? sp_strict_parse(query->xml, query->n, error) : NULL;
    return doc != NULL ? new_proof(new_tree(doc), xmlDocGetRootElement(doc), key, query->algorithm) : NULL;
}
