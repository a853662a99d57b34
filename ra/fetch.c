#include "ra/fetch.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "ra/error.h"

#define CONNECT_SECONDS 10
#define HEADER_LONGEST 200 /* of what a server calls its copy */

/* --- addresses ------------------------------------------------------------------------------------------------------------ */

static gboolean
is_inside_v4(guint32 ip)
{
    static const struct { guint32 net; int bits; } inside[] = {
        { 0x00000000, 8 },  /* 0/8 this host */
        { 0x0a000000, 8 },  /* 10/8 private (RFC 1918) */
        { 0x64400000, 10 }, /* 100.64/10 shared (RFC 6598) */
        { 0x7f000000, 8 },  /* 127/8 loopback */
        { 0xa9fe0000, 16 }, /* 169.254/16 link-local: also the clouds' metadata service */
        { 0xac100000, 12 }, /* 172.16/12 private */
        { 0xc0000000, 24 }, /* 192.0.0/24 protocols */
        { 0xc0a80000, 16 }, /* 192.168/16 private */
        { 0xc6120000, 15 }, /* 198.18/15 benchmarks */
        { 0xe0000000, 3 },  /* 224/4 multicast, 240/4 reserved, broadcast */
    };
    for (gsize i = 0; i < G_N_ELEMENTS(inside); i++)
        if ((ip ^ inside[i].net) >> (32 - inside[i].bits) == 0)
            return TRUE;
    return FALSE;
}

static guint32
v4_at(const struct in6_addr *ip, int at)
{
    const guint8 *b = &ip->s6_addr[at];
    return (guint32)b[0] << 24 | (guint32)b[1] << 16 | (guint32)b[2] << 8 | b[3];
}

static gboolean
is_inside_v6(const struct in6_addr *ip)
{
    static const guint8 nat64[12] = { 0x00, 0x64, 0xff, 0x9b };
    if (memcmp(ip->s6_addr, nat64, sizeof nat64) == 0)
        return is_inside_v4(v4_at(ip, 12));
    if (ip->s6_addr[0] == 0x20 && ip->s6_addr[1] == 0x02) /* 6to4 */
        return is_inside_v4(v4_at(ip, 2));
    return (ip->s6_addr[0] & 0xe0) != 0x20 || /* 2000::/3 is what is given out; mapped, local, multicast are not in it */
           (ip->s6_addr[0] == 0x20 && ip->s6_addr[1] == 0x01 && ip->s6_addr[2] == 0 && ip->s6_addr[3] == 0); /* Teredo */
}

gboolean
ra_fetch_is_inside(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return is_inside_v4(ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr));
    if (address->sa_family == AF_INET6)
        return is_inside_v6(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
    return TRUE;
}

/* --- the download --------------------------------------------------------------------------------------------------------- */

struct download {
    const struct ra_fetch *what;
    CURL *curl;
    GByteArray *bytes;
    gboolean too_large, inside;
    char *etag, *modified;
    struct curl_slist *headers;
};

static size_t
take_bytes(char *data, size_t size, size_t n, void *pointer)
{
    struct download *d = pointer;
    if (size * n > d->what->most - d->bytes->len) {
        d->too_large = TRUE;
        return 0;
    }
    g_byte_array_append(d->bytes, (const guint8 *)data, (guint)(size * n));
    return size * n;
}

/* The value of header NAME (with its colon) in LINE; NULL where it is another header or nothing to send back one day. */
static char *
header_value(const char *line, const char *name)
{
    if (g_ascii_strncasecmp(line, name, strlen(name)) != 0)
        return NULL;
    char *value = g_strstrip(g_strdup(line + strlen(name)));
    for (const char *c = value; *c; c++)
        if (*c < ' ' || *c > '~' || c - value >= HEADER_LONGEST) {
            *value = '\0';
            break;
        }
    return value;
}

static size_t
take_header(char *data, size_t size, size_t n, void *pointer)
{
    struct download *d = pointer;
    g_autofree char *line = g_strndup(data, size * n);
    char *etag = header_value(line, "etag:"), *modified = header_value(line, "last-modified:");
    if (g_str_has_prefix(line, "HTTP/")) { /* those of a redirect are not its target's */
        g_clear_pointer(&d->etag, g_free);
        g_clear_pointer(&d->modified, g_free);
    }
    if (etag) {
        g_free(d->etag);
        d->etag = etag;
    }
    if (modified) {
        g_free(d->modified);
        d->modified = modified;
    }
    return size * n;
}

/* The operator may name any address; where a stranger points to, or a server sends us on to, may be outside only. */
static curl_socket_t
open_socket(void *pointer, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct download *d = pointer;
    long redirects = 0;
    (void)purpose;
    curl_easy_getinfo(d->curl, CURLINFO_REDIRECT_COUNT, &redirects);
    if ((redirects > 0 || !d->what->inside) && ra_fetch_is_inside(&address->addr)) {
        d->inside = TRUE;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void
add_header(struct download *d, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    g_autofree char *line = g_strconcat(name, ": ", value, NULL);
    d->headers = curl_slist_append(d->headers, line);
}

static void
prepare(struct download *d, char *words)
{
    CURL *curl = d->curl;
    curl_easy_setopt(curl, CURLOPT_URL, d->what->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, d->what->redirects > 0 ? 1L : 0L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)d->what->redirects);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)MIN(d->what->seconds, CONNECT_SECONDS));
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)d->what->seconds);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "Inkan/" INKAN_VERSION);
    if (d->what->ca_file && *d->what->ca_file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, d->what->ca_file);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, d);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, d);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, d);
    add_header(d, "Accept", d->what->accept);
    add_header(d, "If-None-Match", d->what->etag);
    add_header(d, "If-Modified-Since", d->what->modified);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, d->headers);
}

/* Puts into words what CODE and STATUS say; FALSE. */
static gboolean
fail(const struct download *d, CURLcode code, long status, const char *words, GError **error)
{
    const char *url = d->what->url;
    if (d->too_large)
        g_set_error(error, RA_ERROR, RA_ERROR_INPUT, "fetch: the answer is too large: %s", url);
    else if (d->inside && code == CURLE_COULDNT_CONNECT)
        g_set_error(error, RA_ERROR, RA_ERROR_INPUT, "fetch: the address is inside this network: %s", url);
    else if (status == 404 || status == 410)
        g_set_error(error, RA_ERROR, RA_ERROR_NOT_FOUND, "fetch: the server has no such thing (%ld): %s", status, url);
    else if (code == CURLE_OK)
        g_set_error(error, RA_ERROR, RA_ERROR_DOWN, "fetch: the server answers %ld: %s", status, url);
    else
        g_set_error(error, RA_ERROR, RA_ERROR_DOWN, "fetch: cannot be fetched: %s: %s", url,
                    *words ? words : curl_easy_strerror(code));
    return FALSE;
}

gboolean
ra_fetch_newer(const struct ra_fetch *what, struct ra_fetched *out, GError **error)
{
    char words[CURL_ERROR_SIZE] = "";
    *out = (struct ra_fetched){ NULL, NULL, NULL };
    if (g_ascii_strncasecmp(what->url, "https://", 8) != 0) {
        g_set_error(error, RA_ERROR, RA_ERROR_INPUT, "fetch: only https is fetched, not %s", what->url);
        return FALSE;
    }
    struct download d = { .what = what, .curl = curl_easy_init(), .bytes = g_byte_array_new() };
    if (!d.curl)
        g_error("libcurl does not start");
    prepare(&d, words);
    CURLcode code = curl_easy_perform(d.curl);
    long status = 0;
    curl_easy_getinfo(d.curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(d.curl);
    curl_slist_free_all(d.headers);
    g_autoptr(GBytes) bytes = g_byte_array_free_to_bytes(d.bytes);
    out->etag = d.etag ? d.etag : g_strdup("");
    out->modified = d.modified ? d.modified : g_strdup("");
    gboolean conditional = (what->etag && *what->etag) || (what->modified && *what->modified);
    if (code == CURLE_OK && status == 304 && conditional)
        return TRUE;
    /* Without FOLLOWLOCATION a redirect is an answer like another, and not the thing. */
    if (code != CURLE_OK || status != 200)
        return fail(&d, code, status, words, error);
    out->bytes = g_steal_pointer(&bytes);
    return TRUE;
}

void
ra_fetched_clear(struct ra_fetched *fetched)
{
    g_clear_pointer(&fetched->bytes, g_bytes_unref);
    g_clear_pointer(&fetched->etag, g_free);
    g_clear_pointer(&fetched->modified, g_free);
}

GBytes *
ra_fetch(const struct ra_fetch *what, GError **error)
{
    struct ra_fetch plain = *what;
    struct ra_fetched fetched;
    plain.etag = plain.modified = NULL;
    GBytes *bytes = ra_fetch_newer(&plain, &fetched, error) ? g_steal_pointer(&fetched.bytes) : NULL;
    ra_fetched_clear(&fetched);
    return bytes;
}
