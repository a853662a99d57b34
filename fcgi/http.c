#include "fcgi/http.h"

#include <string.h>

#include "ca/crypto.h"

static gboolean
take(char **out, const char *value, gsize longest)
{
    gsize n = value ? strlen(value) : 0;
    gboolean fits = n <= longest;
    *out = g_strndup(value ? value : "", fits ? n : longest);
    return fits;
}

static enum http_method
method_of(const char *word, gboolean *head)
{
    *head = g_strcmp0(word, "HEAD") == 0;
    if (*head || g_strcmp0(word, "GET") == 0)
        return HTTP_GET;
    return g_strcmp0(word, "POST") == 0 ? HTTP_POST : HTTP_OTHER;
}

static enum http_port
port_of(const char *word)
{
    if (g_strcmp0(word, "client") == 0)
        return HTTP_PORT_CLIENT;
    return g_strcmp0(word, "publish") == 0 ? HTTP_PORT_PUBLISH : HTTP_PORT_MAIN;
}

static gint64
length_of(const char *text)
{
    gint64 length = 0;
    if (!text || !*text)
        return 0;
    return g_ascii_string_to_signed(text, 10, 0, G_MAXINT32, &length, NULL) ? length : -1;
}

/* A visible ASCII path; anything else has no page of ours and must not reach a log or a header. */
static gboolean
take_target(HttpRequest *r, const char *uri)
{
    if (!uri || *uri != '/')
        return FALSE;
    const char *mark = strchr(uri, '?');
    gsize path = mark ? (gsize)(mark - uri) : strlen(uri);
    if (path > HTTP_PATH_LONGEST || (mark && strlen(mark + 1) > HTTP_QUERY_LONGEST))
        return FALSE;
    for (const char *c = uri; *c; c++)
        if (!g_ascii_isgraph(*c))
            return FALSE;
    r->path = g_strndup(uri, path);
    r->query = g_strdup(mark ? mark + 1 : "");
    return TRUE;
}

gboolean
http_request_read(HttpRequest *r, const char *(*look_up)(const char *, gpointer), gpointer data)
{
    memset(r, 0, sizeof *r);
    r->method = method_of(look_up("REQUEST_METHOD", data), &r->head);
    r->port = port_of(look_up("INKAN_PORT", data));
    r->content_length = length_of(look_up("CONTENT_LENGTH", data));

    gboolean client = r->port == HTTP_PORT_CLIENT;
    const struct { char **out; const char *name; gsize longest; gboolean wanted; } headers[] = {
        { &r->content_type, "CONTENT_TYPE", 256, TRUE },
        { &r->cookies, "HTTP_COOKIE", HTTP_HEADER_LONGEST, TRUE },
        { &r->accept_language, "HTTP_ACCEPT_LANGUAGE", 512, TRUE },
        { &r->user_agent, "HTTP_USER_AGENT", 1024, TRUE },
        { &r->referer, "HTTP_REFERER", 2048, TRUE },
        { &r->if_none_match, "HTTP_IF_NONE_MATCH", 256, TRUE },
        { &r->address, "REMOTE_ADDR", 64, TRUE },
        { &r->client_verify, "SSL_CLIENT_VERIFY", 256, client },
        { &r->client_certificate, "SSL_CLIENT_ESCAPED_CERT", 65536, client },
    };
    /* Too long a header is cut, not refused: each is a hint only, but the cookies, whose remains then do not fit. */
    for (gsize i = 0; i < G_N_ELEMENTS(headers); i++)
        (void)take(headers[i].out, headers[i].wanted ? look_up(headers[i].name, data) : NULL, headers[i].longest);
    gboolean ok = take_target(r, look_up("REQUEST_URI", data));
    if (!r->path) {
        r->path = g_strdup("/");
        r->query = g_strdup("");
    }
    return ok && r->content_length >= 0;
}

void
http_request_clear(HttpRequest *r)
{
    char **texts[] = { &r->path, &r->query, &r->content_type, &r->cookies, &r->accept_language, &r->user_agent, &r->referer,
                       &r->if_none_match, &r->address, &r->client_verify, &r->client_certificate };
    /* Cookies, PINs and passwords were in these. */
    crypto_wipe_text(r->cookies);
    crypto_wipe(r->body, r->body_size);
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_clear_pointer(texts[i], g_free);
    g_clear_pointer(&r->body, g_free);
    r->body_size = 0;
}

gboolean
http_read_body(HttpRequest *r, gsize (*read)(char *, gsize, gpointer), gpointer data)
{
    gsize want = (gsize)r->content_length;
    r->body = g_malloc0(want + 1);
    r->body_size = want;
    return read(r->body, want, data) == want;
}

void
http_response_init(HttpResponse *response)
{
    response->status = 200;
    response->headers = g_string_sized_new(1024);
    response->body = NULL;
    response->pour = NULL;
    response->pour_data = NULL;
}

void
http_response_clear(HttpResponse *response)
{
    g_string_free(response->headers, TRUE);
    g_clear_pointer(&response->body, g_bytes_unref);
}

void
http_header(HttpResponse *response, const char *name, const char *value)
{
    if (strpbrk(value, "\r\n"))
        g_error("header %s has a line end", name);
    g_string_append_printf(response->headers, "%s: %s\r\n", name, value);
}

void
http_headerf(HttpResponse *response, const char *name, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *value = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    http_header(response, name, value);
}

void
http_header_date(HttpResponse *response, const char *name, gint64 seconds)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(seconds);
    g_autofree char *text = g_date_time_format(time, "%a, %d %b %Y %H:%M:%S GMT");
    http_header(response, name, text);
}

void
http_body_bytes(HttpResponse *response, const char *type, GBytes *bytes)
{
    g_clear_pointer(&response->body, g_bytes_unref);
    response->body = g_bytes_ref(bytes);
    http_header(response, "Content-Type", type);
}

void
http_body_text(HttpResponse *response, const char *type, char *body)
{
    g_autoptr(GBytes) bytes = g_bytes_new_take(body, strlen(body));
    http_body_bytes(response, type, bytes);
}

void
http_see_other(HttpResponse *response, const char *location)
{
    response->status = 303;
    http_header(response, "Location", location);
}

char *
http_unescape(const char *text, gsize n, gboolean plus)
{
    g_autofree char *out = g_malloc(n + 1);
    gsize o = 0;
    for (gsize i = 0; i < n; i++) {
        char c = text[i];
        if (c == '+' && plus) {
            c = ' ';
        } else if (c == '%') {
            if (i + 2 >= n || !g_ascii_isxdigit(text[i + 1]) || !g_ascii_isxdigit(text[i + 2]))
                return NULL;
            c = (char)(g_ascii_xdigit_value(text[i + 1]) * 16 + g_ascii_xdigit_value(text[i + 2]));
            i += 2;
        }
        if (c == '\0')
            return NULL;
        out[o++] = c;
    }
    out[o] = '\0';
    return g_steal_pointer(&out);
}
