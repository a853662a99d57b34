/*
 * ocsp: OCSP over HTTP (RFC 6960 appendix A, RFC 5019): POST /ocsp and GET /ocsp/BASE64. The publishing processes take a question
 * before it becomes an exchange: no page, session or language belongs to it, and most answers lie ready.
 */
#ifndef FCGI_OCSP_H
#define FCGI_OCSP_H

#include "fcgi/portal.h"

/* What is sent: STATUS, the headers (all, as "Name: value\r\n" …) in two parts, the body (NULL for none). Borrowed from PORTAL, until
   the next call. */
struct ocsp_reply {
    int status;
    const char *head, *common;
    GBytes *body;
    gint64 until; /* the second up to whose end nginx may keep it (X-Accel-Expires), 0: not at all */
};

/* LOOK_UP and READ as in http.h. FALSE: not a question of OCSP by GET or POST as it should be; nothing was read: it goes the usual
   way, also to be refused. */
gboolean ocsp_quick(Portal *portal, const char *(*look_up)(const char *, gpointer), gsize (*read)(char *, gsize, gpointer),
                    gpointer data, gint64 now, struct ocsp_reply *reply);

#endif
