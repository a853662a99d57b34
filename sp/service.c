#include "sp/service.h"

#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <string.h>
#include <xmlsec/crypto.h>
#include <xmlsec/errors.h>
#include <xmlsec/io.h>

#include "sp/descriptor.h"
#include "sp/keys.h"
#include "sp/peer.h"
#include "sp/xml.h"

/* --- the libraries -------------------------------------------------------------------------------------------------------- */

/* xmlsec prints each step of a failure to stderr; ours is one line with the name of the check. */
static void say_nothing(const char *file, int line, const char *func, const char *object, const char *subject, int reason,
                        const char *message)
{
    (void)file, (void)line, (void)func, (void)object, (void)subject, (void)reason, (void)message;
}

/* lasso tells by g_log what it parses, element by element, and why it refuses: text from outside, which comes after our own
   check and adds nothing to it. */
static void drop(const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
    (void)domain, (void)level, (void)message, (void)data;
}

gboolean sp_start(GError **error)
{
    static gboolean started = FALSE;
    if (started) return TRUE;
    /* Before any key is read: each key that lasso reads makes a key manager that loads the system's CA file, which costs
       200 ms and would make every CA in it a judge of metadata. */
    g_setenv("SSL_CERT_FILE", "/dev/null", TRUE);
    g_setenv("SSL_CERT_DIR", "/dev/null", TRUE);
    g_unsetenv("LASSO_FLAG"); /* could say "don't verify signatures" */
    g_log_set_handler("Lasso", G_LOG_LEVEL_MASK, drop, NULL);
    LIBXML_TEST_VERSION
    xmlSetExternalEntityLoader(xmlNoNetExternalEntityLoader);
    if (lasso_init() != 0) {
        g_set_error(error, SP_ERROR, SP_ERROR_BROKEN, "lasso: cannot be initialized");
        return FALSE;
    }
    xmlSetStructuredErrorFunc(NULL, NULL); /* lasso takes all of libxml2's errors, those of other rooms too */
    xmlSecErrorsSetCallback(say_nothing);
    /* xmlsec opens URIs (files, http) by callbacks of its own: without them no reference leads out of the document. */
    xmlSecIOCleanupCallbacks();
    started = TRUE;
    return TRUE;
}

/* --- the service ---------------------------------------------------------------------------------------------------------- */

static gboolean given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static gboolean input(GError **error, const char *what, const char *why)
{
    g_set_error(error, SP_ERROR, SP_ERROR_INPUT, "%s: %s", what, why);
    return FALSE;
}

static gboolean values_ok(const struct sp_service_values *v, GError **error)
{
    const struct { const char *name, *value; } must[] = {
        { "entity_id", v->entity_id }, { "acs_url", v->acs_url }, { "slo_url", v->slo_url }, { "name_en", v->name_en },
        { "name_ja", v->name_ja }, { "signing_key", v->signing_key }, { "signing_certificate", v->signing_certificate },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(must); i++)
        if (!given(must[i].value)) return input(error, must[i].name, "must be given");
    return given(v->decryption_key) == given(v->decryption_certificate)
           || input(error, "decryption_key", "and decryption_certificate must be given together");
}

static char *read_file(const char *file, gsize *n, GError **error)
{
    g_autoptr(GError) inner = NULL;
    char *text = NULL;
    if (!g_file_get_contents(file, &text, n, &inner)) input(error, file, inner->message);
    return text;
}

/* The base64 body of the first certificate of a PEM file. */
static char *certificate_body(const char *file, GError **error)
{
    g_autofree char *pem = read_file(file, NULL, error);
    if (pem == NULL) return NULL;
    g_autoptr(GPtrArray) keys = sp_keys_of_pem(pem, NULL);
    char *begin = strstr(pem, "-----BEGIN CERTIFICATE-----"), *end = strstr(pem, "-----END CERTIFICATE-----");
    if (keys == NULL || begin == NULL || end == NULL || end < begin) {
        input(error, file, "holds no certificate in PEM of an RSA key of 2048 bits or more");
        return NULL;
    }
    begin += strlen("-----BEGIN CERTIFICATE-----");
    return g_strstrip(g_strndup(begin, (gsize)(end - begin)));
}

static xmlSecKey *load_key(const char *file, GError **error)
{
    gsize n = 0;
    g_autofree char *pem = read_file(file, &n, error);
    if (pem == NULL) return NULL;
    xmlSecKey *key = xmlSecCryptoAppKeyLoadMemory((const xmlSecByte *)pem, (xmlSecSize)n, xmlSecKeyDataFormatPem, "", NULL,
                                                  NULL);
    explicit_bzero(pem, n);
    if (key != NULL && xmlSecKeyDataCheckId(xmlSecKeyGetValue(key), xmlSecKeyDataRsaId)) return key;
    if (key != NULL) xmlSecKeyDestroy(key);
    input(error, file, "holds no RSA key in PEM without a passphrase");
    return NULL;
}

static LassoServer *new_server(const char *metadata, const struct sp_service_values *v, GError **error)
{
    gsize n = 0;
    g_autofree char *key = read_file(v->signing_key, &n, error);
    if (key == NULL) return NULL;
    /* No certificate: it would only go into KeyInfo, and lasso takes its text for a file's name at every signature. */
    g_autoptr(LassoServer) server = lasso_server_new_from_buffers(metadata, key, NULL, NULL);
    explicit_bzero(key, n);
    if (server == NULL) {
        input(error, v->signing_key, "lasso cannot use this key, or the addresses");
        return NULL;
    }
    server->signature_method = LASSO_SIGNATURE_METHOD_RSA_SHA256; /* the default is SHA-1 */
    if (given(v->decryption_key) && lasso_server_set_encryption_private_key(server, v->decryption_key) != 0) {
        input(error, v->decryption_key, "lasso cannot use this key");
        return NULL;
    }
    return g_steal_pointer(&server);
}

SpService *sp_service_new(const struct sp_service_values *v, GError **error)
{
    if (!sp_start(error) || !values_ok(v, error)) return NULL;
    const gboolean two = given(v->decryption_key);
    g_autoptr(SpService) service = g_new0(SpService, 1);
    service->peers = sp_peer_list();
    service->entity_id = g_strdup(v->entity_id);
    service->acs_url = g_strdup(v->acs_url);
    service->slo_url = g_strdup(v->slo_url);
    g_autofree char *signing = certificate_body(v->signing_certificate, error);
    if (signing == NULL) return NULL;
    g_autofree char *encryption = certificate_body(two ? v->decryption_certificate : v->signing_certificate, error);
    if (encryption == NULL) return NULL;
    service->metadata = sp_descriptor_new(v, signing, encryption);
    service->decryption = load_key(two ? v->decryption_key : v->signing_key, error);
    if (service->decryption == NULL) return NULL;
    service->server = new_server(service->metadata, v, error);
    return service->server != NULL ? g_steal_pointer(&service) : NULL;
}

void sp_service_free(SpService *service)
{
    if (service == NULL) return;
    g_clear_object(&service->server);
    if (service->decryption != NULL) xmlSecKeyDestroy(service->decryption);
    g_ptr_array_unref(service->peers);
    g_free(service->entity_id);
    g_free(service->acs_url);
    g_free(service->slo_url);
    g_free(service->metadata);
    g_free(service);
}

const char *sp_service_metadata(const SpService *service)
{
    return service->metadata;
}

const char *sp_service_entity_id(const SpService *service)
{
    return service->entity_id;
}

const char *sp_service_acs_url(const SpService *service)
{
    return service->acs_url;
}

const char *sp_service_slo_url(const SpService *service)
{
    return service->slo_url;
}
