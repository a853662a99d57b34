#include "sp/service.h"

#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <string.h>
#include <sys/stat.h>
#include <xmlsec/crypto.h>
#include <xmlsec/errors.h>
#include <xmlsec/io.h>

#include "sp/descriptor.h"
#include "sp/keys.h"
#include "sp/peer.h"
#include "sp/pem.h"
#include "sp/sign.h"
#include "sp/xml.h"

#define SIGNED_SECONDS 3600 /* after which the metadata is signed anew */

/* --- the libraries -------------------------------------------------------------------------------------------------------- */

/* xmlsec prints each step of a failure to stderr; ours is one line with the name of the check. */
static void say_nothing(const char *file, int line, const char *func, const char *object, const char *subject, int reason,
                        const char *message)
{
    (void)file, (void)line, (void)func, (void)object, (void)subject, (void)reason, (void)message;
}

/* lasso tells what it parses, element by element, and why it refuses: text from outside, which comes after our own check and
   adds nothing to it. The program's own lasso_log takes the place of the library's, which writes each line, with the local
   time, before it asks whether anyone reads it: that was half of a login's time in lasso. */
void lasso_log(GLogLevelFlags level, const char *filename, int line, const char *function, const char *format, ...)
{
    (void)level, (void)filename, (void)line, (void)function, (void)format;
}

/* Where a lasso is built so that it keeps to its own. */
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

/* Whoever signs also publishes; a service without a key to sign with only opens what others sent. */
static gboolean values_ok(const struct sp_service_values *v, GError **error)
{
    const gboolean signs = given(v->signing_key);
    const struct { const char *name, *value; gboolean wanted; } must[] = {
        { "entity_id", v->entity_id, TRUE }, { "acs_url", v->acs_url, TRUE }, { "slo_url", v->slo_url, TRUE },
        { "name_en", v->name_en, signs }, { "name_ja", v->name_ja, signs },
        { "signing_certificate", v->signing_certificate, signs },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(must); i++)
        if (must[i].wanted && !given(must[i].value)) return input(error, must[i].name, "must be given");
    return signs || given(v->decryption_key) || input(error, "signing_key", "or decryption_key must be given");
}

static char *read_file(const char *file, gsize *n, GError **error)
{
    g_autoptr(GError) inner = NULL;
    char *text = NULL;
    if (!g_file_get_contents(file, &text, n, &inner)) input(error, file, inner->message);
    return text;
}

/* The base64 bodies of the certificates in a PEM file, in order; an empty list for no file. */
static char **certificate_bodies(const char *file, GError **error)
{
    g_autoptr(GStrvBuilder) list = g_strv_builder_new();
    if (!given(file)) return g_strv_builder_end(list);
    g_autofree char *pem = read_file(file, NULL, error);
    if (pem == NULL) return NULL;
    g_autoptr(GPtrArray) keys = sp_keys_of_pem(pem, NULL);
    gsize n = 0;
    guint blocks = 0;
    for (const char *p = pem, *block; (block = sp_pem_next(&p, "CERTIFICATE", &n)) != NULL; blocks++) {
        g_autofree char *body = sp_pem_body(block, n);
        g_strv_builder_add(list, body);
    }
    if (keys != NULL && keys->len == blocks) return g_strv_builder_end(list);
    g_autofree char *why = g_strdup_printf("must hold 1 to %d certificates in PEM, all of RSA keys of %d bits or more",
                                           SP_KEYS_MOST, SP_KEYS_RSA_BITS);
    input(error, file, why);
    return NULL;
}

static void free_key(gpointer key)
{
    xmlSecKeyDestroy(key);
}

static gboolean add_private_key(GPtrArray *keys, const char *pem, gsize n)
{
    xmlSecKey *key = xmlSecCryptoAppKeyLoadMemory((const xmlSecByte *)pem, (xmlSecSize)n, xmlSecKeyDataFormatPem, "", NULL,
                                                  NULL);
    if (key == NULL) return FALSE;
    g_ptr_array_add(keys, key);
    return xmlSecKeyDataCheckId(xmlSecKeyGetValue(key), xmlSecKeyDataRsaId);
}

/* Hands each private key of PEM to USE. FALSE: there is none, too many, or USE could do nothing with one. */
static gboolean each_private_key(const char *pem, gboolean (*use)(gpointer data, const char *pem, gsize n), gpointer data)
{
    int found = 0;
    gsize n = 0;
    for (const char *p = pem, *block; (block = sp_pem_next(&p, "PRIVATE KEY", &n)) != NULL; found++)
        if (found >= SP_SERVICE_KEYS_MOST || !use(data, block, n)) return FALSE;
    return found > 0;
}

static gboolean use_to_open(gpointer data, const char *pem, gsize n)
{
    struct sp_service *service = data;
    g_autofree char *one = g_strndup(pem, n);
    gboolean ok = add_private_key(service->decryption, pem, n)
                  && lasso_server_set_encryption_private_key(service->server, one) == 0;
    explicit_bzero(one, n);
    return ok;
}

static gboolean is_usable(gpointer data, const char *pem, gsize n)
{
    return add_private_key(data, pem, n);
}

/* The first key of the file signs; that the others are of use is seen now and not when their turn comes. The key's PEM. */
static char *load_signing(SpService *service, const char *file, GError **error)
{
    gsize all = 0, n = 0;
    g_autofree char *pem = read_file(file, &all, error);
    if (pem == NULL) return NULL;
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(free_key);
    const char *p = pem, *block = sp_pem_next(&p, "PRIVATE KEY", &n);
    char *first = each_private_key(pem, is_usable, keys) ? g_strndup(block, n) : NULL;
    if (first == NULL) input(error, file, "must hold RSA keys in PEM, without a passphrase");
    else service->signing = g_ptr_array_steal_index(keys, 0);
    explicit_bzero(pem, all);
    return first;
}

/* What lasso needs to speak for us. */
static gboolean load_server(SpService *service, const char *signing_key, GError **error)
{
    g_autofree char *key = NULL;
    if (given(signing_key) && (key = load_signing(service, signing_key, error)) == NULL) return FALSE;
    /* No certificate: it would only go into KeyInfo, and lasso takes its text for a file's name at every signature. */
    service->server = lasso_server_new_from_buffers(service->metadata, key, NULL, NULL);
    if (key != NULL) explicit_bzero(key, strlen(key));
    if (service->server == NULL) return input(error, "signing_key", "lasso cannot use it, or the addresses");
    service->server->signature_method = LASSO_SIGNATURE_METHOD_RSA_SHA256; /* the default is SHA-1 */
    return TRUE;
}

static gboolean load_decryption(SpService *service, const char *file, GError **error)
{
    gsize n = 0;
    service->decryption = g_ptr_array_new_with_free_func(free_key);
    if (!given(file)) return TRUE;
    g_autofree char *pem = read_file(file, &n, error);
    if (pem == NULL) return FALSE;
    gboolean ok = each_private_key(pem, use_to_open, service);
    explicit_bzero(pem, n);
    return ok || input(error, file, "must hold RSA keys in PEM, without a passphrase");
}

/* --- the files it was made of --------------------------------------------------------------------------------------------- */

static struct sp_stamp stamp_of(const char *file)
{
    struct stat about = { 0 };
    if (file == NULL || stat(file, &about) != 0) return (struct sp_stamp){ 0 };
    return (struct sp_stamp){ NULL, about.st_dev, about.st_ino, about.st_size, about.st_mtim, about.st_ctim };
}

static gboolean same_stamp(const struct sp_stamp *a, const struct sp_stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size
           && a->modified.tv_sec == b->modified.tv_sec && a->modified.tv_nsec == b->modified.tv_nsec
           && a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

/* Before they are read: what changes in between is seen later. */
static void take_stamps(SpService *service, const struct sp_service_values *v)
{
    const char *const files[] = { v->signing_key, v->signing_certificate, v->decryption_key, v->decryption_certificate };
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        service->stamps[i] = stamp_of(given(files[i]) ? files[i] : NULL);
        service->stamps[i].file = given(files[i]) ? g_strdup(files[i]) : NULL;
    }
}

gboolean sp_service_is_stale(SpService *service, gint64 now)
{
    gboolean stale = FALSE;
    if (now == service->looked_at) return FALSE;
    service->looked_at = now;
    for (size_t i = 0; i < G_N_ELEMENTS(service->stamps); i++) {
        struct sp_stamp *old = &service->stamps[i], stamp = stamp_of(old->file);
        if (same_stamp(&stamp, old)) continue;
        stamp.file = old->file;
        *old = stamp;
        stale = TRUE;
    }
    return stale;
}

/* --- making --------------------------------------------------------------------------------------------------------------- */

SpService *sp_service_new(const struct sp_service_values *v, GError **error)
{
    if (!sp_start(error) || !values_ok(v, error)) return NULL;
    g_autoptr(SpService) service = g_new0(SpService, 1);
    service->peers = sp_peer_list();
    take_stamps(service, v);
    service->entity_id = g_strdup(v->entity_id);
    service->acs_url = g_strdup(v->acs_url);
    service->slo_url = g_strdup(v->slo_url);
    g_auto(GStrv) signing = certificate_bodies(v->signing_certificate, error);
    if (signing == NULL) return NULL;
    g_auto(GStrv) encryption = certificate_bodies(v->decryption_certificate, error);
    if (encryption == NULL) return NULL;
    service->metadata = sp_descriptor_new(v, (const char *const *)signing, (const char *const *)encryption);
    service->certificate = g_strdup(signing[0]);
    if (!load_server(service, v->signing_key, error) || !load_decryption(service, v->decryption_key, error)) return NULL;
    return g_steal_pointer(&service);
}

void sp_service_free(SpService *service)
{
    if (service == NULL) return;
    g_clear_object(&service->server);
    g_clear_pointer(&service->decryption, g_ptr_array_unref);
    g_clear_pointer(&service->signing, xmlSecKeyDestroy);
    g_free(service->certificate);
    g_free(service->signed_metadata);
    for (size_t i = 0; i < G_N_ELEMENTS(service->stamps); i++) g_free(service->stamps[i].file);
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

const char *sp_service_metadata_signed(SpService *service, gint64 now, GError **error)
{
    if (service->signing == NULL) {
        input(error, "signing_key", "is needed to sign");
        return NULL;
    }
    /* A clock that was set back counts as old, too. */
    if (service->signed_metadata != NULL && now >= service->signed_at && now - service->signed_at < SIGNED_SECONDS)
        return service->signed_metadata;
    char *text = sp_sign_metadata(service->metadata, service->signing, service->certificate,
                                  now + SP_SERVICE_SIGNED_DAYS * 86400, error);
    if (text == NULL) return NULL;
    g_free(service->signed_metadata);
    service->signed_metadata = text;
    service->signed_at = now;
    return text;
}

const char *sp_service_entity_id(const SpService *service)
{
    return service->entity_id;
}

const char *sp_service_acs_url(const SpService *service)
{
    return service->acs_url;
}
