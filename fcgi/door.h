/*
 * door: how officers come in on the port that asks for a certificate. Certificate, registration and session are looked at anew with
 * each request: what has ended counts no more. A session hangs on its certificate, has a cookie of its own and is none of the portal's.
 */
#ifndef FCGI_DOOR_H
#define FCGI_DOOR_H

#include "fcgi/portal.h"

/* Fills x->presented, and x->session where the certificate is an officer's and its session goes on; a session of another certificate
   ends. FALSE with ERROR where the database is away. */
gboolean door_find(Exchange *x, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Answers who is not in: which certificate was presented, and how to come in or what to do. After door_find. */
void door_show(Exchange *x);

#endif
