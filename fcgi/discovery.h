/*
 * discovery: which IdP it shall be. Chosen on our own page, /discovery, or at the federation's discovery service where the setting
 * [saml] discovery names one (OASIS Identity Provider Discovery Service Protocol and Profile): GET /login without idp leads
 * there, it leads back to /login?idp=ENTITYID.
 */
#ifndef FCGI_DISCOVERY_H
#define FCGI_DISCOVERY_H

#include "fcgi/portal.h"
#include "sp/discovery.h"

/* Answers GET /login where it names no IdP. */
void discovery_begin(Exchange *x);

/* Where the person wanted to go: this request's `return`, else what was on its way by discovery_begin, in this browser's cookie,
   which is used up; "" for nowhere in particular. The caller's. */
char *discovery_way_back(Exchange *x) G_GNUC_WARN_UNUSED_RESULT;

/* Tells a page of an IdP with its logo, as ELEMENT. */
void discovery_add_choice(WebNode *root, const char *element, const SpChoice *choice);

#endif
