/*
 * code: the revocation code on the pages that give it out. It is shown once, and only after it is kept: what is on the page
 * works.
 */
#ifndef FCGI_CODE_H
#define FCGI_CODE_H

#include "fcgi/portal.h"

/* <code> for step 3 of a pickup, whose PIN was checked: a new code where the request has none or REPLACE asks for one,
   otherwise when it was made. Nothing where none can be given. */
void code_of_pickup(const Exchange *x, WebNode *root, gint64 request, gboolean replace);
/* <code> for the owner's page: whether there is one, and the key of the form that makes a new one. */
void code_of_request(const Exchange *x, WebNode *root, gint64 request);

#endif
