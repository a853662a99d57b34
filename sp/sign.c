#include "sp/sign.h"

#include <libxml/parser.h>
#include <string.h>
#include <xmlsec/crypto.h>
#include <xmlsec/templates.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmlsec.h>

#include "sp/xml.h"

/* How long a reader may keep it before looking again: short enough for a change of keys to get around. */
#define CACHE_DURATION "PT6H"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlSecDSigCtx, xmlSecDSigCtxDestroy)

static void set(xmlNode *node, const char *name, const char *value)
{
    xmlNewProp(node, (const xmlChar *)name, (const xmlChar *)value);
}

/* An ID that is another one for another document; gives the reference's URI. */
static char *set_id(xmlNode *root, const char *metadata, gint64 until)
{
    g_autofree char *all = g_strdup_printf("%" G_GINT64_FORMAT " %s", until, metadata);
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, all, -1);
    g_autofree char *id = g_strdup_printf("_%.40s", sum);
    xmlAttr *attribute = xmlNewProp(root, (const xmlChar *)"ID", (const xmlChar *)id);
    xmlAddID(NULL, root->doc, (const xmlChar *)id, attribute);
    return g_strconcat("#", id, NULL);
}

static void set_validity(xmlNode *root, gint64 until)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(until);
    g_autofree char *text = g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ");
    set(root, "validUntil", text);
    set(root, "cacheDuration", CACHE_DURATION);
}

/* An empty signature of the whole document, as the schema wants it: the root's first child. */
static xmlNode *add_template(xmlNode *root, const char *uri, const char *certificate)
{
    xmlNode *signature = xmlSecTmplSignatureCreateNsPref(root->doc, xmlSecTransformExclC14NId, xmlSecTransformRsaSha256Id, NULL,
                                                         (const xmlChar *)"ds");
    xmlAddPrevSibling(root->children, signature);
    xmlNode *reference = xmlSecTmplSignatureAddReference(signature, xmlSecTransformSha256Id, NULL, (const xmlChar *)uri, NULL);
    xmlSecTmplReferenceAddTransform(reference, xmlSecTransformEnvelopedId);
    xmlSecTmplReferenceAddTransform(reference, xmlSecTransformExclC14NId);
    xmlNode *data = xmlSecTmplKeyInfoAddX509Data(xmlSecTmplSignatureEnsureKeyInfo(signature, NULL));
    xmlNewTextChild(data, data->ns, (const xmlChar *)"X509Certificate", (const xmlChar *)certificate);
    return signature;
}

static char *text_of(xmlDoc *doc)
{
    xmlChar *text = NULL;
    int n = 0;
    xmlDocDumpMemoryEnc(doc, &text, &n, "UTF-8");
    char *copy = g_strndup((const char *)text, (gsize)n);
    xmlFree(text);
    return copy;
}

char *sp_sign_metadata(const char *metadata, struct _xmlSecKey *key, const char *certificate, gint64 until, GError **error)
{
    g_autoptr(SpXml) doc = xmlReadMemory(metadata, (int)strlen(metadata), NULL, NULL, XML_PARSE_NONET);
    if (doc == NULL) g_error("sp_sign_metadata: our own metadata does not parse");
    xmlNode *root = xmlDocGetRootElement(doc);
    g_autofree char *uri = set_id(root, metadata, until);
    set_validity(root, until);
    xmlNode *signature = add_template(root, uri, certificate);
    g_autoptr(xmlSecDSigCtx) context = xmlSecDSigCtxCreate(NULL);
    if (context == NULL) g_error("xmlsec: cannot make a context");
    context->flags = XMLSEC_DSIG_FLAGS_USE_VISA3D_HACK; /* the ID is looked up, no XPointer */
    context->signKey = xmlSecKeyDuplicate(key);
    if (xmlSecDSigCtxSign(context, signature) == 0) return text_of(doc);
    g_set_error(error, SP_ERROR, SP_ERROR_BROKEN, "metadata: xmlsec cannot sign it");
    return NULL;
}
