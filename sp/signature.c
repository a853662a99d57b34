#include "sp/signature.h"

#include <string.h>
#include <xmlsec/crypto.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmlsec.h>

#include "sp/shape.h"
#include "sp/strict.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlSecDSigCtx, xmlSecDSigCtxDestroy)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlSecTransformCtx, xmlSecTransformCtxDestroy)

static gboolean refuse(GError **error, const char *why)
{
    g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "signature: %s", why);
    return FALSE;
}

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

SpXml *sp_signature_verify(xmlNode *signature, const GPtrArray *keys, GError **error)
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
    return sp_strict_parse((const char *)xmlSecBufferGetData(octets), xmlSecBufferGetSize(octets), error);
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

gboolean sp_signature_verify_bytes(const char *algorithm, const char *bytes, size_t n, const guchar *signature,
                                   size_t signature_n,
                                   const GPtrArray *keys, GError **error)
{
    xmlSecTransformId klass = find_klass(algorithm);
    if (klass == NULL) {
        g_autofree char *quoted = sp_xml_quote(algorithm);
        g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "algorithm: SignatureMethod %s", quoted);
        return FALSE;
    }
    for (guint i = 0; i < keys->len; i++)
        if (verify_bytes(klass, g_ptr_array_index(keys, i), bytes, n, signature, signature_n)) return TRUE;
    return refuse(error, "not by a key of this IdP, or the message was changed");
}
