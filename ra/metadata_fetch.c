#include "ra/metadata_fetch.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/log.h"
#include "db/metadata.h"
#include "ra/error.h"
#include "sp/metadata.h"

#define FETCH_SECONDS 60L
#define CONNECT_SECONDS 10L
#define REDIRECTS_MOST 3L
#define RETRY_SECONDS 300 /* after a failure, where the schedule would wait longer */

static gboolean
fail(GError **error, enum ra_error code, const char *format, const char *what)
{
    g_autofree char *message = g_strdup_printf("metadata: %s", format);
    g_autofree char *full = g_strconcat(message, what ? ": " : "", what ? what : "", NULL);
    g_set_error_literal(error, RA_ERROR, (gint)code, full);
    return FALSE;
}

/* --- a local file --------------------------------------------------------------------------------------------------------- */

static GBytes *
fetch_file(const char *url, size_t most, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autofree char *file = g_filename_from_uri(url, NULL, &why);
    struct stat about;
    char *text = NULL;
    gsize size = 0;
    if (file && stat(file, &about) == 0 && about.st_size > (off_t)most) {
        fail(error, RA_ERROR_INPUT, "the file is too large", file);
        return NULL;
    }
    if (!file || !g_file_get_contents(file, &text, &size, &why)) {
        fail(error, RA_ERROR_DOWN, "the file cannot be read", why->message);
        return NULL;
    }
    return g_bytes_new_take(text, size);
}

/* --- https ---------------------------------------------------------------------------------------------------------------- */

struct download {
    CURL *curl;
    GByteArray *bytes;
    size_t most;
    gboolean too_large;
};

static size_t
take_bytes(char *data, size_t size, size_t n, void *pointer)
{
    struct download *download = pointer;
    if (size * n > download->most - download->bytes->len) {
        download->too_large = TRUE;
        return 0;
    }
    g_byte_array_append(download->bytes, (const guint8 *)data, (guint)(size * n));
    return size * n;
}

/* Loopback, link-local, private (RFC 1918, RFC 4193) and unspecified addresses: inside this network, not the federation's. */
static gboolean
is_inside(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        guint32 ip = ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr);
        return ip >> 24 == 0 || ip >> 24 == 10 || ip >> 24 == 127 || ip >> 16 == 0xa9fe || ip >> 20 == 0xac1 ||
               ip >> 16 == 0xc0a8 || ip >> 22 == 0x191; /* 100.64/10 */
    }
    if (address->sa_family == AF_INET6) {
        const struct in6_addr *ip = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
        return IN6_IS_ADDR_LOOPBACK(ip) || IN6_IS_ADDR_UNSPECIFIED(ip) || IN6_IS_ADDR_LINKLOCAL(ip) ||
               IN6_IS_ADDR_V4MAPPED(ip) || (ip->s6_addr[0] & 0xfe) == 0xfc;
    }
    return TRUE;
}

/* The operator may name any address; where a server sends us on to, may be outside only. */
static curl_socket_t
open_socket(void *pointer, curlsocktype purpose, struct curl_sockaddr *address)
{
    const struct download *download = pointer;
    long redirects = 0;
    (void)purpose;
    curl_easy_getinfo(download->curl, CURLINFO_REDIRECT_COUNT, &redirects);
    if (redirects > 0 && is_inside(&address->addr))
        return CURL_SOCKET_BAD;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static GBytes *
fetch_https(const char *url, size_t most, GError **error)
{
    char words[CURL_ERROR_SIZE] = "";
    struct download download = { curl_easy_init(), g_byte_array_new(), most, FALSE };
    CURL *curl = download.curl;
    if (!curl)
        g_error("libcurl does not start");
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, REDIRECTS_MOST);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, FETCH_SECONDS);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* a proxy would resolve names for us, past the look at addresses */
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &download);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, &download);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_cleanup(curl);
    g_autoptr(GBytes) bytes = g_byte_array_free_to_bytes(download.bytes);
    if (code == CURLE_OK)
        return g_steal_pointer(&bytes);
    if (download.too_large)
        fail(error, RA_ERROR_INPUT, "the answer is too large", url);
    else
        fail(error, RA_ERROR_DOWN, "cannot be fetched", *words ? words : curl_easy_strerror(code));
    return NULL;
}

GBytes *
ra_metadata_fetch(const char *url, size_t most, GError **error)
{
    if (g_str_has_prefix(url, "file:"))
        return fetch_file(url, most, error);
    if (g_str_has_prefix(url, "https://"))
        return fetch_https(url, most, error);
    fail(error, RA_ERROR_INPUT, "a source is https://… or file:/…, not", url);
    return NULL;
}

/* --- the schedule --------------------------------------------------------------------------------------------------------- */

static const DbMetadataSource *
row_of(const GPtrArray *rows, const char *name)
{
    for (guint i = 0; i < rows->len; i++) {
        const DbMetadataSource *row = rows->pdata[i];
        if (strcmp(row->name, name) == 0)
            return row;
    }
    return NULL;
}

static gboolean
is_due(const DbMetadataSource *row, gint64 now, gint64 every)
{
    if (!row || now < row->refreshed_at)
        return TRUE;
    gboolean failing = row->failed_at > row->refreshed_at;
    return failing ? now - row->failed_at >= MIN(every, RETRY_SECONDS) : now - row->refreshed_at >= every;
}

static gboolean
refresh(RaContext *ctx, const char *name, const char *url, int priority, gint64 now, GError **error)
{
    const Settings *s = ctx->settings;
    g_autoptr(GError) why = NULL;
    int entities = 0;
    g_autoptr(GBytes) aggregate = ra_metadata_fetch(url, SP_METADATA_LONGEST, &why);
    if (!aggregate) {
        /* sp records what it refuses; what never came to it is recorded here. The rows stay. */
        gboolean recorded = db_metadata_failed(ctx->db, name, priority, why->message, now, error);
        if (recorded)
            g_propagate_error(error, g_steal_pointer(&why));
        return FALSE;
    }
    if (!sp_metadata_refresh(ctx->db, name, priority, aggregate, settings_text(s, "saml", "metadata_certificate"), now,
                             settings_number(s, "saml", "metadata_longest"), &entities, error))
        return FALSE;
    g_autofree char *n = g_strdup_printf("%d", entities);
    log_write(LOG_LEVEL_INFO, "metadata-refreshed", "source", name, "entities", n, NULL);
    return TRUE;
}

gboolean
ra_metadata_refresh(RaContext *ctx, gint64 now, gboolean force, GError **error)
{
    const char *const *sources = settings_list(ctx->settings, "saml", "sources");
    gint64 every = settings_number(ctx->settings, "saml", "metadata_refresh");
    g_autoptr(GPtrArray) rows = sources[0] ? db_metadata_sources(ctx->db, error) : g_ptr_array_new();
    if (!rows)
        return ra_error_from(error);
    g_autoptr(GError) last = NULL;
    for (int i = 0; sources[i]; i++) {
        g_auto(GStrv) parts = g_strsplit(sources[i], "|", 2);
        g_autoptr(GError) why = NULL;
        if (g_strv_length(parts) != 2 || !*parts[0] || strcmp(parts[0], SP_METADATA_MANUAL) == 0)
            fail(&why, RA_ERROR_BROKEN, "[saml] sources: an item is NAME|URL, its name not 'manual'", sources[i]);
        else if (force || is_due(row_of(rows, parts[0]), now, every))
            (void)refresh(ctx, parts[0], parts[1], i + 1, now, &why); /* 0 is what an operator gave by hand */
        if (why) {
            g_clear_error(&last);
            last = g_error_new(why->domain, why->code, "source %s: %s", sources[i], why->message);
        }
    }
    if (!last)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&last));
    return FALSE;
}
