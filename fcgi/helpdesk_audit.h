/*
 * helpdesk_audit: what happened, on the officers' pages: of one request, of a person, of the institution.
 */
#ifndef FCGI_HELPDESK_AUDIT_H
#define FCGI_HELPDESK_AUDIT_H

#include "fcgi/helpdesk.h"
#include "ra/trail.h"

/* The events of REQUEST, oldest first, as <event>. FALSE with ERROR. */
gboolean helpdesk_request_trail(Exchange *x, WebNode *root, gint64 request, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
