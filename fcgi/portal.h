/*
 * portal: what one portal process has (Portal), and one request on its way through it (Exchange). A handler reads the
 * exchange, calls one function of ra, fills a document and sends it (fcgi/page.h).
 */
#ifndef FCGI_PORTAL_H
#define FCGI_PORTAL_H

#include "db/session.h"
#include "db/settings.h"
#include "fcgi/form.h"
#include "fcgi/http.h"
#include "ra/context.h"
#include "ra/registration.h"
#include "ra/saml.h"
#include "sp/opener.h"
#include "sp/service.h"
#include "web/web.h"

/* Made in each child process after fork. */
typedef struct portal {
    Settings *settings;
    RaContext *ra;
    Web *web;
    SpService *sp;   /* signs; decrypts nothing. NULL in the publishing pool */
    SpOpener *opener; /* opens what others sent. NULL likewise */
    GTimeZone *zone; /* of the service */
    char *common_head; /* of OCSP answers; made at the first */
} Portal;

/* PUBLISHING: the pool of CRL, OCSP and issuers, which needs neither the service secret nor SAML. */
Portal *portal_new(const char *settings_file, gboolean publishing, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void portal_free(Portal *portal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Portal, portal_free)

typedef struct exchange {
    Portal *portal;
    const HttpRequest *in;
    HttpResponse out;
    gint64 now;            /* seconds since 1970, once for the whole request */
    char id[9];            /* in each log line and on error pages */
    const char *language;  /* "ja" or "en" */
    gint64 number;         /* of the path: /certificates/N */
    const char *name;      /* of the path: a pickup's token, a file's name, the rest of /ocsp/… */
    Form *query;           /* never NULL in a handler */
    Form *form;            /* of a POST with a form, otherwise NULL */
    struct upload { char *name; const char *bytes; gsize size; } file; /* of a form with one; name NULL: none was sent */
    DbSession *session;    /* NULL: nobody is logged in */
    GBytes *session_hash;  /* of its id */
    RaPresented *presented; /* on the client port, at the helpdesk's paths; otherwise NULL */
    char *guest;           /* the cookie that CSRF tokens hang on where nobody is logged in; NULL before it is needed */
    char *form_target;     /* an origin that this page's form may go to besides ours (CSP); NULL */
    char *tag;             /* of a page that the browser may keep (page_unchanged); NULL: it may not */
    gboolean answered;
} Exchange;

/* Reads settings: "service", "url" and the like. Borrowed. */
const char *portal_setting(const Portal *portal, const char *group, const char *key);
/* The name of our cookie WHAT on this host, "__Host-inkan-WHAT" and the suffix. The caller's. */
char *portal_cookie(const Portal *portal, const char *what) G_GNUC_WARN_UNUSED_RESULT;
/* The person who is logged in, for ra's functions. */
struct ra_who exchange_who(const Exchange *x);
/* Frees what X holds, not X itself. */
void exchange_clear(Exchange *x);

#endif
