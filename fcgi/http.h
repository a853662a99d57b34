/*
 * http: one request as it came from nginx over FastCGI, and the answer to it. Everything is bounded before it is kept: the
 * path, the query, each header, the body (by the route's limit, read by http_read_body). Nothing is decoded here but lengths.
 */
#ifndef FCGI_HTTP_H
#define FCGI_HTTP_H

#include <glib.h>

/* Bytes. nginx's own limits are larger, so what is too long here is answered by a page of ours. */
#define HTTP_PATH_LONGEST   6144  /* an OCSP request of 4 KiB in base64 */
#define HTTP_QUERY_LONGEST  65536 /* a SAML logout message */
#define HTTP_HEADER_LONGEST 8192

enum http_method { HTTP_GET = 1, HTTP_POST = 2, HTTP_OTHER = 4 }; /* HEAD is GET with head set */
enum http_port { HTTP_PORT_MAIN = 1, HTTP_PORT_CLIENT = 2, HTTP_PORT_PUBLISH = 4 };

typedef struct {
    enum http_method method;
    gboolean head;
    enum http_port port;          /* which of our servers: nginx's fixed parameter INKAN_PORT */
    char *path;                   /* raw, begins with '/', without query */
    char *query;                  /* raw, "" for none */
    gint64 content_length;        /* 0 for none, -1 for one that is no number */
    char *content_type, *cookies, *accept_language, *user_agent, *referer, *if_none_match, *address; /* "" for none */
    char *client_verify, *client_certificate; /* on the client port only, otherwise "" */
    char *body;                   /* NUL-terminated; NULL before http_read_body */
    gsize body_size;
} HttpRequest;

typedef struct {
    int status;
    GString *headers; /* "Name: value\r\n" … */
    GBytes *body;     /* NULL for none */
    /* Instead of a body: writes it while it is made, however long it is. FALSE: it ends before its end, and the connection is broken
       off, so that nobody takes a part for the whole. */
    gboolean (*pour)(gboolean (*write)(const char *bytes, gsize n, gpointer out), gpointer out, gpointer data);
    gpointer pour_data;
} HttpResponse;

/* LOOK_UP gives a FastCGI parameter or NULL. FALSE: something is over its bound or malformed; the answer is 400 (or 414 by
   nginx); REQUEST is filled as far as it goes and must be cleared. */
gboolean http_request_read(HttpRequest *request, const char *(*look_up)(const char *name, gpointer data), gpointer data);
void http_request_clear(HttpRequest *request);

/* READ gives up to N bytes, fewer only at the end. FALSE: fewer came than Content-Length said (a truncated record): do nothing.
   The caller has compared content_length with its limit. */
gboolean http_read_body(HttpRequest *request, gsize (*read)(char *buffer, gsize n, gpointer data), gpointer data);

void http_response_init(HttpResponse *response);
void http_response_clear(HttpResponse *response);
/* Adds a header; a VALUE with a line end is a bug and ends the process. */
void http_header(HttpResponse *response, const char *name, const char *value);
void http_headerf(HttpResponse *response, const char *name, const char *format, ...) G_GNUC_PRINTF(3, 4);
void http_header_date(HttpResponse *response, const char *name, gint64 seconds);
/* Takes BODY over (g_free) or a reference to BYTES. */
void http_body_text(HttpResponse *response, const char *type, char *body);
void http_body_bytes(HttpResponse *response, const char *type, GBytes *bytes);
/* 303 to a local PATH or an absolute URL of our own making. */
void http_see_other(HttpResponse *response, const char *location);

/* %XX and '+' (PLUS) undone; NULL where an escape is malformed or a byte of zero comes out. The caller's. */
char *http_unescape(const char *text, gsize n, gboolean plus) G_GNUC_WARN_UNUSED_RESULT;

#endif
