/*
 * login: the way out, GET /login. A pending login is a row (db/session.h) whose key, the RelayState, goes to the IdP and whose
 * other half is a cookie of this browser.
 */
#ifndef FCGI_LOGIN_H
#define FCGI_LOGIN_H

#include "fcgi/portal.h"

/* The name of a pending login's cookie, by its RelayState's hash, so that tabs don't disturb each other. The caller's. */
char *login_cookie(const Exchange *x, GBytes *key_hash) G_GNUC_WARN_UNUSED_RESULT;

#endif
