#include "sp/decrypt.h"

#include <string.h>
#include <xmlsec/crypto.h>
#include <xmlsec/xmlenc.h>
#include <xmlsec/xmlsec.h>

#include "sp/shape.h"
#include "sp/strict.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlSecEncCtx, xmlSecEncCtxDestroy)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlSecKey, xmlSecKeyDestroy)

/* One word for every way to fail: which step it was must not be learnt from outside. */
static void refuse(GError **error)
{
    g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "decryption: the assertion cannot be read with our key");
}

/* A context with KEY given: KeyInfo is then not looked at. */
static xmlSecEncCtx *new_context(const xmlSecKey *key, xmlEncCtxMode mode)
{
    xmlSecEncCtx *context = xmlSecEncCtxCreate(NULL);
    if (context == NULL) g_error("xmlsec: cannot make a context");
    context->mode = mode;
    context->encKey = xmlSecKeyDuplicate((xmlSecKeyPtr)key);
    return context;
}

static xmlSecKey *unwrap(xmlNode *encrypted_key, const xmlSecKey *own)
{
    g_autoptr(xmlSecEncCtx) context = new_context(own, xmlEncCtxModeEncryptedKey);
    xmlSecBuffer *plain = xmlSecEncCtxDecryptToBuffer(context, encrypted_key);
    if (plain == NULL || xmlSecBufferGetSize(plain) == 0) return NULL;
    xmlSecKey *key = xmlSecKeyReadMemory(xmlSecKeyDataAesId, xmlSecBufferGetData(plain), xmlSecBufferGetSize(plain));
    xmlSecBufferEmpty(plain); /* wipes */
    return key;
}

static char *decrypt_by(xmlNode *encrypted_assertion, const xmlSecKey *key, size_t *n)
{
    g_autoptr(xmlSecKey) session = unwrap(sp_shape_encrypted_key(encrypted_assertion), key);
    if (session == NULL) return NULL;
    g_autoptr(xmlSecEncCtx) context = new_context(session, xmlEncCtxModeEncryptedData);
    xmlSecBuffer *plain = xmlSecEncCtxDecryptToBuffer(context, sp_shape_encrypted_data(encrypted_assertion));
    if (plain == NULL || xmlSecBufferGetSize(plain) == 0 || xmlSecBufferGetSize(plain) > SP_STRICT_BYTES) return NULL;
    *n = xmlSecBufferGetSize(plain);
    char *bytes = g_malloc(*n + 1);
    memcpy(bytes, xmlSecBufferGetData(plain), *n);
    bytes[*n] = '\0';
    return bytes;
}

char *sp_decrypt(xmlNode *encrypted_assertion, const GPtrArray *keys, size_t *n, GError **error)
{
    char *bytes = NULL;
    for (guint i = 0; i < keys->len && bytes == NULL; i++) bytes = decrypt_by(encrypted_assertion, keys->pdata[i], n);
    if (bytes == NULL) refuse(error);
    return bytes;
}
