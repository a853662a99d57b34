/*
 * cookie: reading the Cookie header and writing Set-Cookie. All of ours are __Host- cookies: Secure, HttpOnly, Path=/, no
 * Domain; SameSite=Lax, but for the one that must come along when an IdP posts its answer.
 */
#ifndef FCGI_COOKIE_H
#define FCGI_COOKIE_H

#include <glib.h>

#include "fcgi/http.h"

#define COOKIE_VALUE_LONGEST 2048 /* an application on its way: a memo of 200 characters and an address, sealed */

/* The value of NAME in a Cookie header; NULL: not there, sent twice (somebody tries to add his own), or not of the characters
   that we use (letters, digits, - _ .). The caller's. */
char *cookie_get(const char *header, const char *name) G_GNUC_WARN_UNUSED_RESULT;
/* The names that begin with PREFIX, in order, NULL-terminated; at most 50. */
char **cookie_names(const char *header, const char *prefix) G_GNUC_WARN_UNUSED_RESULT;

enum cookie_kind {
    COOKIE_LAX,   /* SameSite=Lax */
    COOKIE_CROSS, /* SameSite=None: comes along with an IdP's POST */
};
/* SECONDS 0: until the browser ends. VALUE "" takes the cookie away. */
void cookie_set(HttpResponse *response, const char *name, const char *value, gint64 seconds, enum cookie_kind kind);

#endif
