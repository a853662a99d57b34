#include "sp/query.h"

#include <string.h>
#include <zlib.h>

#include "sp/logout.h"
#include "sp/strict.h"

#define RELAY_STATE_LONGEST 1024 /* SAML says 80; some IdPs put a URL there */

enum { REQUEST, RESPONSE, RELAY_STATE, SIG_ALG, SIGNATURE, ENCODING, N_PARTS };
static const char *const names[N_PARTS] = { "SAMLRequest", "SAMLResponse", "RelayState", "SigAlg", "Signature",
                                            "SAMLEncoding" };

static gboolean refuse(GError **error, const char *check, const char *why)
{
    g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "%s: %s", check, why);
    return FALSE;
}

/* The raw (still escaped) values of the names that we know, borrowed from PIECES; a name twice is refused: who signs and who
   reads could mean different ones. */
static gboolean find_parts(char **pieces, const char **parts, GError **error)
{
    for (char **piece = pieces; *piece != NULL; piece++) {
        for (int i = 0; i < N_PARTS; i++) {
            size_t n = strlen(names[i]);
            if (strncmp(*piece, names[i], n) != 0 || (*piece)[n] != '=') continue;
            if (parts[i] != NULL) return refuse(error, "query", "a parameter twice");
            parts[i] = *piece + n + 1;
        }
    }
    if ((parts[REQUEST] == NULL) == (parts[RESPONSE] == NULL)) return refuse(error, "query", "not one message");
    if ((parts[SIG_ALG] == NULL) != (parts[SIGNATURE] == NULL)) return refuse(error, "query", "half a signature");
    return TRUE;
}

/* '+' is a space in a query string. */
static char *unescape(const char *raw, GError **error)
{
    g_autofree char *spaced = g_strdelimit(g_strdup(raw), "+", ' ');
    char *text = g_uri_unescape_string(spaced, NULL);
    if (text == NULL) refuse(error, "query", "a broken escape");
    return text;
}

static char *unescape_base64(const char *raw, size_t *n, GError **error)
{
    g_autofree char *text = unescape(raw, error);
    return text != NULL ? sp_strict_base64(text, strlen(text), SP_LOGOUT_LONGEST, n, error) : NULL;
}

/* Raw deflate (RFC 1951) into a buffer that cannot grow: a bomb ends at its edge. */
static char *unpack(const char *bytes, size_t n, size_t *out_n, GError **error)
{
    g_autofree char *out = g_malloc(SP_STRICT_BYTES + 2);
    z_stream stream = { .next_in = (Bytef *)bytes, .avail_in = (uInt)n, .next_out = (Bytef *)out,
                        .avail_out = SP_STRICT_BYTES + 1 };
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) g_error("zlib: cannot be initialized");
    int rc = inflate(&stream, Z_FINISH);
    size_t filled = stream.total_out;
    inflateEnd(&stream);
    if (filled > SP_STRICT_BYTES) {
        refuse(error, "bytes", "too many");
        return NULL;
    }
    if (rc != Z_STREAM_END) {
        refuse(error, "deflate", "broken");
        return NULL;
    }
    out[filled] = '\0';
    *out_n = filled;
    return g_realloc(g_steal_pointer(&out), filled + 1);
}

/* Bindings 3.4.4.1: these parts in this order, escaped as the sender had them. */
static char *signed_octets(const char *const *parts)
{
    int message = parts[REQUEST] != NULL ? REQUEST : RESPONSE;
    GString *out = g_string_new(NULL);
    g_string_append_printf(out, "%s=%s", names[message], parts[message]);
    if (parts[RELAY_STATE] != NULL) g_string_append_printf(out, "&%s=%s", names[RELAY_STATE], parts[RELAY_STATE]);
    g_string_append_printf(out, "&%s=%s", names[SIG_ALG], parts[SIG_ALG]);
    return g_string_free(out, FALSE);
}

static gboolean read_message(SpQuery *out, const char *const *parts, GError **error)
{
    static const char deflate[] = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE";
    size_t n = 0;
    if (parts[ENCODING] != NULL) {
        g_autofree char *encoding = unescape(parts[ENCODING], error);
        if (encoding == NULL) return FALSE;
        if (strcmp(encoding, deflate) != 0) return refuse(error, "query", "another encoding than DEFLATE");
    }
    g_autofree char *packed = unescape_base64(out->request ? parts[REQUEST] : parts[RESPONSE], &n, error);
    if (packed == NULL) return FALSE;
    out->xml = unpack(packed, n, &out->n, error);
    if (out->xml == NULL || parts[RELAY_STATE] == NULL) return out->xml != NULL;
    out->relay_state = unescape(parts[RELAY_STATE], error);
    if (out->relay_state == NULL) return FALSE;
    return strlen(out->relay_state) <= RELAY_STATE_LONGEST || refuse(error, "query", "RelayState is too long");
}

static gboolean read_signature(SpQuery *out, const char *const *parts, GError **error)
{
    if (parts[SIGNATURE] == NULL) return TRUE;
    out->octets = signed_octets(parts);
    out->algorithm = unescape(parts[SIG_ALG], error);
    out->signature = unescape_base64(parts[SIGNATURE], &out->signature_n, error);
    return out->algorithm != NULL && out->signature != NULL;
}

SpQuery *sp_query_read(const char *query, GError **error)
{
    const char *parts[N_PARTS] = { NULL };
    if (strlen(query) > SP_LOGOUT_LONGEST) {
        refuse(error, "bytes", "too many");
        return NULL;
    }
    g_auto(GStrv) pieces = g_strsplit(query, "&", -1);
    if (!find_parts(pieces, parts, error)) return NULL;
    g_autoptr(SpQuery) out = g_new0(SpQuery, 1);
    out->request = parts[REQUEST] != NULL;
    return read_message(out, parts, error) && read_signature(out, parts, error) ? g_steal_pointer(&out) : NULL;
}

void sp_query_free(SpQuery *query)
{
    if (query == NULL) return;
    g_free(query->xml);
    g_free(query->relay_state);
    g_free(query->octets);
    g_free(query->algorithm);
    g_free(query->signature);
    g_free(query);
}
