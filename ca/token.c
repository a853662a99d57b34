#define OPENSSL_SUPPRESS_DEPRECATED /* engines are, in OpenSSL 3; Debian 12 has no PKCS#11 provider instead */
#include "ca/token.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/engine.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum {
    URI_LONGEST = 1024,
    PIN_LONGEST = 255,
    LIBP11_NO_MODULE = 1025, /* libp11's P11_R_LOAD_MODULE_ERROR */
    ENGINE_NOT_FOUND = 101,  /* the engine's own: no such token, or no such key in it */
    CKR_PIN_FIRST = 0xA0,    /* PKCS #11's CKR_PIN_INCORRECT … CKR_PIN_LOCKED */
    CKR_PIN_LAST = 0xA4,
};

/* --- the URI -------------------------------------------------------------------------------------------------------------- */

enum part { TOKEN = 1, OBJECT = 2, TYPE = 4 };

/* Of RFC 7512's attributes those that the engine compares. */
static const struct {
    const char *name;
    enum part part;
} attributes[] = {
    { "token", TOKEN }, { "serial", TOKEN }, { "model", TOKEN }, { "manufacturer", TOKEN },
    { "object", OBJECT }, { "id", OBJECT }, { "type", TYPE },
};

static int attribute_of(const char *name, size_t length)
{
    for (size_t i = 0; i < G_N_ELEMENTS(attributes); i++)
        if (strlen(attributes[i].name) == length && strncmp(attributes[i].name, name, length) == 0)
            return (int)i;
    return -1;
}

/* Bytes of an id are rarely text: they are shown as they are written. */
static gboolean describe(GString *to, const char *name, const char *value)
{
    g_autofree char *text = g_uri_unescape_string(value, NULL);

    if (!g_str_equal(name, "id") && (!text || !g_utf8_validate(text, -1, NULL)))
        return FALSE;
    g_string_append_printf(to, "%s%s '%s'", to->len ? ", " : "", name, g_str_equal(name, "id") ? value : text);
    return TRUE;
}

static gboolean plain(const char *value)
{
    for (const char *p = value; *p; p++)
        if (!g_ascii_isalnum(*p) && !strchr("-._~:[]@!$'()*+,=&", *p)
            && !(*p == '%' && g_ascii_isxdigit(p[1]) && g_ascii_isxdigit(p[2])))
            return FALSE;
    return *value != '\0';
}

/* NULL, or what is wrong. */
static const char *read_attribute(const char *text, unsigned *seen, unsigned *parts, GString *token, GString *object)
{
    const char *equals = strchr(text, '=');
    int i = equals ? attribute_of(text, (size_t)(equals - text)) : -1;

    if (i < 0)
        return "it has an attribute that is none of token, serial, model, manufacturer, object, id, type";
    if (*seen & 1U << i)
        return "it has an attribute twice";
    *seen |= 1U << i;
    *parts |= attributes[i].part;
    if (attributes[i].part == TYPE)
        return g_str_equal(equals + 1, "private") ? NULL : "its type is not private";
    if (!plain(equals + 1) || !describe(attributes[i].part == TOKEN ? token : object, attributes[i].name, equals + 1))
        return "a value is empty or not percent-encoded";
    return NULL;
}

static CaTokenUri *uri_of(const char *text, const char **wrong)
{
    g_auto(GStrv) words = g_strsplit(text + strlen("pkcs11:"), ";", -1);
    g_autoptr(GString) token = g_string_new(NULL), object = g_string_new(NULL);
    unsigned seen = 0, parts = 0;
    CaTokenUri *uri;

    for (char **word = words; *word && !*wrong; word++)
        *wrong = read_attribute(*word, &seen, &parts, token, object);
    if (!*wrong && (parts & (TOKEN | OBJECT)) != (TOKEN | OBJECT))
        *wrong = "it must name a token (token= or serial=) and a key in it (object= or id=)";
    if (*wrong)
        return NULL;
    uri = g_new0(CaTokenUri, 1);
    uri->uri = g_strconcat(text, parts & TYPE ? "" : ";type=private", NULL);
    uri->where = g_strdup_printf("key %s in %s", object->str, token->str);
    return uri;
}

CaTokenUri *ca_token_uri_read(const char *text, GError **error)
{
    const char *wrong = NULL;
    CaTokenUri *uri = NULL;

    if (!g_str_has_prefix(text, "pkcs11:") || strlen(text) > URI_LONGEST)
        wrong = "it does not begin with pkcs11:, or is too long";
    else if (strchr(text, '?'))
        wrong = "it has a query (?…): the module and the file of the PIN are in the settings, [signer] pkcs11_module and "
                "pkcs11_pin_file";
    else
        uri = uri_of(text, &wrong);
    if (wrong)
        ca_fail(error, CA_ERROR_BROKEN, "key-token", "not a PKCS#11 URI of a key: %s", wrong);
    return uri;
}

void ca_token_uri_free(CaTokenUri *uri)
{
    if (!uri)
        return;
    g_free(uri->uri);
    g_free(uri->where);
    g_free(uri);
}

/* --- the engine ----------------------------------------------------------------------------------------------------------- */

/* Why the engine failed: the oldest line of OpenSSL's queue, which is nearest to the cause. */
static gboolean explain(const char *file, const CaTokenUri *uri, const struct ca_token *token, GError **error)
{
    unsigned long code = ERR_peek_error();
    const char *library = ERR_lib_error_string(code), *why = ERR_reason_error_string(code);
    int reason = ERR_GET_REASON(code);

    library = library ? library : "";
    if (g_str_equal(library, "PKCS#11 module") && reason >= CKR_PIN_FIRST && reason <= CKR_PIN_LAST)
        return ca_fail(error, CA_ERROR_REFUSED, "token-pin", "%s: %s: the token refused the PIN of %s (%s); correct that file, and "
                       "look whether the token has locked itself, before starting again", file, uri->where, token->pin_file,
                       why ? why : "no reason");
    if (g_str_equal(library, "libp11") && reason == LIBP11_NO_MODULE)
        return ca_fail(error, CA_ERROR_BROKEN, "key-token", "%s: %s: [signer] pkcs11_module %s is no PKCS#11 module that can be "
                       "loaded", file, uri->where, token->module);
    if (g_str_equal(library, "pkcs11 engine") && reason == ENGINE_NOT_FOUND)
        return ca_fail(error, CA_ERROR_BROKEN, "key-token", "%s: there is no %s; is the token attached and may this user reach it? "
                       "`pkcs11-tool --module %s --list-token-slots` shows the tokens", file, uri->where, token->module);
    return ca_fail(error, CA_ERROR_BROKEN, "key-token", "%s: %s: %s", file, uri->where, why ? why : "the engine gave no reason");
}

/* Once in a process: libp11 keeps one module, and logs in again by itself after a fork. */
static ENGINE *engine_of(const struct ca_token *token, GError **error)
{
    static ENGINE *engine;
    ENGINE *new = engine ? NULL : ENGINE_by_id("pkcs11");

    if (engine)
        return engine;
    if (!new) {
        ca_fail(error, CA_ERROR_BROKEN, "key-token", "OpenSSL's engine pkcs11 is missing: install libengine-pkcs11-openssl");
        return NULL;
    }
    /* QUIET: what it has to say is in our error; FORCE_LOGIN: a private key is not seen without, so looking first is for nothing */
    if (ENGINE_ctrl_cmd(new, "QUIET", 0, NULL, NULL, 0) && ENGINE_ctrl_cmd_string(new, "MODULE_PATH", token->module, 0)
        && ENGINE_ctrl_cmd(new, "FORCE_LOGIN", 0, NULL, NULL, 0) && ENGINE_init(new))
        engine = new;
    else
        ca_fail_openssl(error, "key-token");
    ENGINE_free(new);
    return engine;
}

static gboolean settings_ok(const struct ca_token *token, const char *file, GError **error)
{
    if (!token || !token->module || !*token->module || !token->pin_file || !*token->pin_file)
        return ca_fail(error, CA_ERROR_BROKEN, "key-token", "%s names a key in a token, so [signer] pkcs11_module and "
                       "pkcs11_pin_file must be given", file);
    if (access(token->module, R_OK) != 0)
        return ca_fail(error, CA_ERROR_BROKEN, "key-token", "%s: [signer] pkcs11_module %s cannot be read: install the token's "
                       "software or correct the path", file, token->module);
    return TRUE;
}

static Secret *read_pin(const struct ca_token *token, GError **error)
{
    g_autoptr(GError) unread = NULL;
    g_autoptr(Secret) pin = crypto_read_secret_file(token->pin_file, PIN_LONGEST, &unread);

    if (!pin) {
        ca_fail(error, CA_ERROR_BROKEN, "key-token", "[signer] pkcs11_pin_file: %s", unread->message);
        return NULL;
    }
    secret_chomp(pin);
    if (secret_size(pin) == 0) {
        ca_fail(error, CA_ERROR_BROKEN, "key-token", "[signer] pkcs11_pin_file: %s is empty", token->pin_file);
        return NULL;
    }
    return g_steal_pointer(&pin);
}

/* One process at a time: SoftHSM's login writes a file of the token, and who reads it at that moment gets CKR_GENERAL_ERROR. The
   PIN's file is what all of them can open. -1: it cannot be locked, which is no reason not to try. */
static int wait_for_turn(const char *pin_file)
{
    int fd = open(pin_file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    while (fd >= 0 && flock(fd, LOCK_EX) != 0 && errno == EINTR)
        ;
    return fd;
}

static EVP_PKEY *load(ENGINE *engine, const Secret *pin, const CaTokenUri *uri, const struct ca_token *token)
{
    int turn = wait_for_turn(token->pin_file);
    EVP_PKEY *key = NULL;

    ERR_clear_error();
    /* The PIN anew each time: libp11 forgets one that failed, and would ask for it at the terminal. */
    if (ENGINE_ctrl_cmd_string(engine, "PIN", secret_text(pin), 0))
        key = ENGINE_load_private_key(engine, uri->uri, NULL, NULL);
    if (turn >= 0)
        close(turn);
    return key;
}

static EVP_PKEY *open_key(const char *file, const CaTokenUri *uri, const struct ca_token *token, GError **error)
{
    static gboolean refused;
    g_autoptr(Secret) pin = read_pin(token, error);
    ENGINE *engine = pin ? engine_of(token, error) : NULL;
    g_autoptr(GError) why = NULL;
    EVP_PKEY *key;

    if (!engine)
        return NULL;
    if (refused) {
        ca_fail(error, CA_ERROR_REFUSED, "token-pin", "%s: %s: the token refused the PIN before; it is not tried again until the "
                "signer is started or reloaded", file, uri->where);
        return NULL;
    }
    key = load(engine, pin, uri, token);
    if (!key)
        explain(file, uri, token, &why);
    refused = g_error_matches(why, CA_ERROR, CA_ERROR_REFUSED);
    ERR_clear_error();
    if (why)
        g_propagate_error(error, g_steal_pointer(&why));
    return key;
}

EVP_PKEY *ca_token_key(const char *file, const struct ca_token *token, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) why = NULL;
    g_autoptr(CaTokenUri) uri = NULL;

    if (!g_file_get_contents(file, &text, NULL, &why)) {
        ca_fail(error, CA_ERROR_BROKEN, "key-file", "%s", why->message);
        return NULL;
    }
    uri = ca_token_uri_read(g_strstrip(text), error);
    if (!uri) {
        g_prefix_error(error, "%s: ", file);
        return NULL;
    }
    return settings_ok(token, file, error) ? open_key(file, uri, token, error) : NULL;
}
