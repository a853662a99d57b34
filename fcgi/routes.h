/*
 * routes: which handler answers which method and path, on which of our ports, and what is demanded before it runs: who must be
 * logged in, a CSRF token, a bound for the body. The table is the whole truth; the loop keeps it before any handler is called.
 */
#ifndef FCGI_ROUTES_H
#define FCGI_ROUTES_H

#include "fcgi/portal.h"

enum route_who {
    ROUTE_ANYBODY,
    ROUTE_PERSON,   /* logged in: a GET is led to the login and back, a POST refused */
    ROUTE_REVOKER,  /* officers of every kind, and operators; others 403 */
    ROUTE_OFFICER,  /* the same without those who may only look and revoke */
    ROUTE_OPERATOR, /* operators only; others 403 */
    ROUTE_LOOPBACK, /* requests from this machine */
};

enum route_csrf { ROUTE_NO_CSRF, ROUTE_CSRF };

/* What the body is: bytes, a form, or a form that may have a file (multipart, too). */
enum route_form { ROUTE_BYTES = FALSE, ROUTE_FORM = TRUE, ROUTE_FILE };

typedef void (*RouteHandler)(Exchange *x);

struct route {
    enum http_method method;
    const char *path;       /* segments; :n a number, :t a token, :f a file name, * the rest */
    guint ports;            /* of enum http_port, or'ed; what asks for an officer's role on the main port is on the client port too */
    enum route_who who;
    enum route_csrf csrf;
    gsize body;             /* most bytes of a POST's body */
    enum route_form form;
    RouteHandler handler;
};

extern const struct route routes[];
extern const gsize routes_count;

/* The row for METHOD and PATH on PORT; fills number and name of X. NULL: none; *ALLOWED then has the methods (or'ed) that
   the path knows, 0 for a path that is none of ours. */
const struct route *routes_find(Exchange *x, enum http_method method, const char *path, enum http_port port, guint *allowed);

/* Answers the request: finds the row, keeps its demands, runs the handler. READ as in http_read_body. OVERSIZED: the request
   itself was malformed (http_request_read). X->out is filled in any case. */
void routes_answer(Exchange *x, HttpRequest *in, gboolean malformed, gsize (*read)(char *, gsize, gpointer), gpointer data);

#endif
