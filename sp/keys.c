#include "sp/keys.h"

#include <string.h>
#include <xmlsec/crypto.h>
#include <xmlsec/keyinfo.h>
#include <xmlsec/keys.h>
#include <xmlsec/xmlsec.h>

#include "sp/pem.h"

static void free_key(gpointer key)
{
    if (key != NULL) xmlSecKeyDestroy(key);
}

static gboolean long_enough(xmlSecKey *key)
{
    xmlSecKeyDataPtr value = xmlSecKeyGetValue(key);
    if (value == NULL) return FALSE;
    if (xmlSecKeyDataCheckId(value, xmlSecKeyDataRsaId)) return xmlSecKeyDataGetSize(value) >= SP_KEYS_RSA_BITS;
    return xmlSecKeyDataCheckId(value, xmlSecKeyDataEcdsaId);
}

/* Only what verifies: with its certificate a key costs four times as much to copy, and each verification copies it. */
static xmlSecKey *bare(xmlSecKey *key)
{
    xmlSecKey *copy = xmlSecKeyCreate();
    xmlSecKeyData *value = copy != NULL ? xmlSecKeyDataDuplicate(xmlSecKeyGetValue(key)) : NULL;
    if (value == NULL || xmlSecKeySetValue(copy, value) < 0) g_error("xmlsec: cannot copy a key");
    xmlSecKeyDestroy(key);
    return copy;
}

/* The key of one certificate given as the base64 text of an X509Certificate element or the body of a PEM block. */
static gboolean add(GPtrArray *keys, const char *base64)
{
    gsize n = 0;
    g_autofree guchar *der = g_base64_decode(base64, &n);
    if (n == 0 || keys->len >= SP_KEYS_MOST) return FALSE;
    xmlSecKey *key = xmlSecCryptoAppKeyLoadMemory(der, (xmlSecSize)n, xmlSecKeyDataFormatCertDer, NULL, NULL, NULL);
    if (key == NULL || !long_enough(key)) {
        free_key(key);
        return FALSE;
    }
    g_autofree char *name = g_compute_checksum_for_data(G_CHECKSUM_SHA256, der, n);
    key = bare(key);
    if (xmlSecKeySetName(key, (const xmlChar *)name) < 0) g_error("xmlsec: cannot name a key");
    g_ptr_array_add(keys, key);
    return TRUE;
}

static gboolean is_idp_role(const xmlNode *node)
{
    if (!sp_xml_is(node, SP_NS_METADATA, "IDPSSODescriptor")) return FALSE;
    g_autofree char *protocols = sp_xml_attribute(node, "protocolSupportEnumeration");
    g_auto(GStrv) words = g_strsplit_set(protocols != NULL ? protocols : "", " \t\r\n", -1);
    return g_strv_contains((const char *const *)words, SP_NS_PROTOCOL);
}

xmlNode *sp_keys_idp_role(const xmlNode *entity)
{
    xmlNode *role = sp_xml_first_element(entity);
    while (role != NULL && !is_idp_role(role)) role = sp_xml_next_element(role);
    return role;
}

/* Without white space, so that it is nothing but base64, or it is none. */
static char *compact(const char *text)
{
    GString *out = g_string_new(NULL);
    for (; *text != '\0'; text++)
        if (!g_ascii_isspace(*text)) g_string_append_c(out, *text);
    return g_string_free(out, FALSE);
}

/* CERTIFICATES (may be NULL) gets the text of each that gave a key. */
static void add_descriptor(GPtrArray *keys, GPtrArray *certificates, const xmlNode *descriptor)
{
    g_autofree char *use = sp_xml_attribute(descriptor, "use");
    if (use != NULL && strcmp(use, "signing") != 0) return;
    const xmlNode *info = sp_xml_child(descriptor, SP_NS_DSIG, "KeyInfo");
    SP_XML_EACH(x509, info, SP_NS_DSIG, "X509Data") {
        /* Only the first certificate of an X509Data: the others, if any, are its issuers. */
        g_autofree char *text = sp_xml_text(sp_xml_child(x509, SP_NS_DSIG, "X509Certificate"));
        if (text != NULL && add(keys, text) && certificates != NULL) g_ptr_array_add(certificates, compact(text));
    }
}

/* In place of the certificate in X509 its key alone, as ds:KeyValue; xmlsec can write those of RSA only. */
static void strip(xmlNode *x509)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(free_key);
    g_autofree char *text = sp_xml_text(sp_xml_child(x509, SP_NS_DSIG, "X509Certificate"));
    if (text != NULL) add(keys, text);
    if (keys->len == 0 || !xmlSecKeyDataCheckId(xmlSecKeyGetValue(keys->pdata[0]), xmlSecKeyDataRsaId)) return;
    xmlNode *info = xmlNewDocNode(x509->doc, x509->ns, (const xmlChar *)"KeyInfo", NULL);
    xmlAddChild(info, xmlNewDocNode(x509->doc, x509->ns, (const xmlChar *)"KeyValue", NULL));
    xmlSecKeyInfoCtx *context = xmlSecKeyInfoCtxCreate(NULL);
    context->mode = xmlSecKeyInfoModeWrite;
    context->keyReq.keyType = xmlSecKeyDataTypePublic;
    gboolean written = xmlSecKeyInfoNodeWrite(info, keys->pdata[0], context) == 0;
    xmlSecKeyInfoCtxDestroy(context);
    if (written) {
        xmlReplaceNode(x509, info->children);
        xmlFreeNode(x509);
    }
    xmlFreeNode(info);
}

void sp_keys_strip(xmlNode *entity)
{
    const xmlNode *role = sp_keys_idp_role(entity);
    SP_XML_EACH(d, role, SP_NS_METADATA, "KeyDescriptor") {
        const xmlNode *info = sp_xml_child(d, SP_NS_DSIG, "KeyInfo");
        for (xmlNode *x509 = sp_xml_child(info, SP_NS_DSIG, "X509Data"), *next; x509 != NULL; x509 = next) {
            next = sp_xml_next(x509, SP_NS_DSIG, "X509Data");
            strip(x509);
        }
    }
}

static GPtrArray *unless_empty(GPtrArray *keys, const char *where, GError **error)
{
    if (keys->len > 0) return keys;
    g_ptr_array_unref(keys);
    g_set_error(error, SP_ERROR, SP_ERROR_INPUT, "key: no usable certificate in %s (RSA of %d bits or more, or EC)", where,
                SP_KEYS_RSA_BITS);
    return NULL;
}

static GPtrArray *of_idp(const xmlNode *entity, GPtrArray *certificates, GError **error)
{
    GPtrArray *keys = g_ptr_array_new_with_free_func(free_key);
    const xmlNode *role = sp_keys_idp_role(entity);
    SP_XML_EACH(d, role, SP_NS_METADATA, "KeyDescriptor")
        add_descriptor(keys, certificates, d);
    return unless_empty(keys, "the IdP's metadata", error);
}

gboolean sp_keys_idp_has_one(const xmlNode *entity)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(free_key);
    const xmlNode *role = sp_keys_idp_role(entity);
    SP_XML_EACH(d, role, SP_NS_METADATA, "KeyDescriptor") {
        add_descriptor(keys, NULL, d);
        if (keys->len > 0) break;
    }
    return keys->len > 0;
}

GPtrArray *sp_keys_of_idp(const xmlNode *entity, GError **error)
{
    return of_idp(entity, NULL, error);
}

GPtrArray *sp_keys_certificates(const xmlNode *entity, GError **error)
{
    g_autoptr(GPtrArray) certificates = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) keys = of_idp(entity, certificates, error);
    return keys != NULL ? g_steal_pointer(&certificates) : NULL;
}

GPtrArray *sp_keys_of_pem(const char *pem, GError **error)
{
    GPtrArray *keys = g_ptr_array_new_with_free_func(free_key);
    gsize n = 0;
    for (const char *p = pem, *block; (block = sp_pem_next(&p, "CERTIFICATE", &n)) != NULL;) {
        g_autofree char *body = sp_pem_body(block, n);
        add(keys, body);
    }
    return unless_empty(keys, "the PEM text", error);
}
