/*
 * session: who is logged in, by the session cookie; the language; the last IdP.
 */
#ifndef FCGI_SESSION_H
#define FCGI_SESSION_H

#include "fcgi/portal.h"

/* Fills x->session from the cookie, if there is one that counts; FALSE with ERROR where the database is away. */
gboolean session_find(Exchange *x, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Sets the cookie of a session just made. ID: 43 characters. */
void session_give(Exchange *x, const char *id);
/* Takes session and cookie away, in the database too. */
gboolean session_end(Exchange *x, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* "ja" or "en": the cookie's choice, otherwise the browser's; ja for one that says nothing, en for one that asks for neither. */
const char *session_language(const char *cookie, const char *accept_language);

/* The entity ids of the IdPs that were used in this browser, the last one first, at most three; possibly none. The caller's. */
char **session_last_idps(const Exchange *x) G_GNUC_WARN_UNUSED_RESULT;
/* ENTITY_ID is now the last one. */
void session_remember_idp(Exchange *x, const char *entity_id);

#endif
