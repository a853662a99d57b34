#include "sp/decrypt.h"

#include <string.h>
#include <xmlsec/crypto.h>
#include <xmlsec/openssl/crypto.h>
#include <xmlsec/openssl/evp.h>
#include <xmlsec/xmlenc.h>
#include <xmlsec/xmlsec.h>

#include "sp/shape.h"
#include "sp/strict.h"

#define SESSION_LONGEST 32 /* AES-256 */
#define WRAPPED_LONGEST 2048 /* RSA of 16384 bits */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlSecEncCtx, xmlSecEncCtxDestroy)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlSecKey, xmlSecKeyDestroy)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY_CTX, EVP_PKEY_CTX_free)

/* One word for every way to fail: which step it was must not be learnt from outside. */
static void refuse(GError **error)
{
    g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "decryption: what was encrypted cannot be read with our keys");
}

/* --- the session key ------------------------------------------------------------------------------------------------------ */

static guchar *wrapped_key(const xmlNode *holder, size_t *n)
{
    const xmlNode *data = sp_xml_child(sp_shape_encrypted_key(holder), SP_NS_XMLENC, "CipherData");
    g_autofree char *text = sp_xml_text(sp_xml_child(data, SP_NS_XMLENC, "CipherValue"));
    return g_base64_decode(text != NULL ? text : "", n);
}

/* RSA-OAEP by OpenSSL itself: xmlsec 1.2 knows no other digest than SHA-1, and not the name of xmlenc11. SESSION gets SIZE bytes. */
static gboolean unwrap(const xmlSecKey *own, const guchar *wrapped, size_t wrapped_n, const struct sp_shape_oaep *oaep,
                       guchar *session, size_t size)
{
    EVP_PKEY *key = xmlSecOpenSSLEvpKeyDataGetEvp(xmlSecKeyGetValue((xmlSecKeyPtr)own));
    g_autoptr(EVP_PKEY_CTX) context = key != NULL ? EVP_PKEY_CTX_new(key, NULL) : NULL;
    guchar plain[WRAPPED_LONGEST];
    size_t n = sizeof plain;
    gboolean good = context != NULL && wrapped_n <= sizeof plain && EVP_PKEY_decrypt_init(context) == 1
                    && EVP_PKEY_CTX_ctrl_str(context, "rsa_padding_mode", "oaep") == 1
                    && EVP_PKEY_CTX_ctrl_str(context, "rsa_oaep_md", oaep->digest) == 1
                    && EVP_PKEY_CTX_ctrl_str(context, "rsa_mgf1_md", oaep->mgf) == 1
                    && EVP_PKEY_decrypt(context, plain, &n, wrapped, wrapped_n) == 1 && n == size;
    if (good) memcpy(session, plain, size);
    explicit_bzero(plain, sizeof plain);
    return good;
}

/* The session key, or a random one with *UNWRAPPED FALSE. */
static xmlSecKey *session_key(const xmlNode *holder, const GPtrArray *keys, gboolean *unwrapped)
{
    const struct sp_shape_oaep oaep = sp_shape_oaep(holder);
    const size_t size = sp_shape_key_size(holder);
    guchar session[SESSION_LONGEST];
    size_t n = 0;
    g_autofree guchar *wrapped = wrapped_key(holder, &n);
    *unwrapped = FALSE;
    for (guint i = 0; i < keys->len && !*unwrapped; i++)
        *unwrapped = unwrap(keys->pdata[i], wrapped, n, &oaep, session, size);
    xmlSecKey *key = *unwrapped ? xmlSecKeyReadMemory(xmlSecKeyDataAesId, session, (xmlSecSize)size)
                                : xmlSecKeyGenerate(xmlSecKeyDataAesId, (xmlSecSize)size * 8, xmlSecKeyDataTypeSession);
    explicit_bzero(session, sizeof session);
    if (key == NULL) g_error("xmlsec: cannot make a key");
    return key;
}

/* --- the data ------------------------------------------------------------------------------------------------------------- */

/* A context with KEY given (taken): KeyInfo is then not looked at. */
static xmlSecEncCtx *new_context(xmlSecKey *key)
{
    xmlSecEncCtx *context = xmlSecEncCtxCreate(NULL);
    if (context == NULL) g_error("xmlsec: cannot make a context");
    context->mode = xmlEncCtxModeEncryptedData;
    context->encKey = key;
    return context;
}

char *sp_decrypt(const xmlNode *holder, const GPtrArray *keys, size_t *n, GError **error)
{
    gboolean unwrapped = FALSE;
    g_autoptr(xmlSecEncCtx) context = new_context(session_key(holder, keys, &unwrapped));
    xmlSecBuffer *plain = xmlSecEncCtxDecryptToBuffer(context, sp_shape_encrypted_data(holder));
    gboolean good = unwrapped && plain != NULL && xmlSecBufferGetSize(plain) > 0
                    && xmlSecBufferGetSize(plain) <= SP_STRICT_BYTES;
    if (!good) {
        refuse(error);
        return NULL;
    }
    *n = xmlSecBufferGetSize(plain);
    char *bytes = g_malloc(*n + 1);
    memcpy(bytes, xmlSecBufferGetData(plain), *n);
    bytes[*n] = '\0';
    return bytes;
}

gboolean sp_decrypt_name(xmlNode *parent, const GPtrArray *keys, GError **error)
{
    xmlNode *holder = sp_xml_child(parent, SP_NS_ASSERTION, "EncryptedID");
    size_t n = 0;
    if (holder == NULL) return TRUE;
    g_autofree char *bytes = sp_decrypt(holder, keys, &n, error);
    g_autoptr(SpXml) doc = bytes != NULL ? sp_strict_parse(bytes, n, error) : NULL;
    if (doc == NULL) return FALSE;
    xmlNode *name = xmlDocGetRootElement(doc);
    if (!sp_xml_is(name, SP_NS_ASSERTION, "NameID") || sp_xml_first_element(name) != NULL) {
        g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "encryption: not a NameID inside EncryptedID");
        return FALSE;
    }
    xmlNode *copy = xmlDocCopyNode(name, parent->doc, 1);
    if (copy == NULL) g_error("libxml2: out of memory");
    xmlFreeNode(xmlReplaceNode(holder, copy));
    return TRUE;
}
