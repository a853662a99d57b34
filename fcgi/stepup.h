/*
 * stepup: an act for which the person is not logged in as the profile asks. The page says so and leads to the IdP and back,
 * with what was filled in; what no login can mend (a value of eduPersonAssurance that is not sent) it only explains.
 */
#ifndef FCGI_STEPUP_H
#define FCGI_STEPUP_H

#include "fcgi/portal.h"
#include "ra/request.h"

/* Is ERROR about how the person is logged in? */
gboolean stepup_wanted(const GError *error);
/* Answers where ERROR is about how the person is logged in (rules 'context' and 'assurance'); FALSE: it is about something
   else. TYPE, MONTHS: the profile. RETURN_TO: local path, where the person comes back to after the login; BACK: who gives up. */
gboolean stepup_answer(Exchange *x, const GError *error, const char *type, gint64 months, const char *return_to, const char *back);

/* The application goes along in a sealed cookie of this person, never in a URL. */
void stepup_keep(Exchange *x, const struct ra_application *wish);
/* What was kept, as fields type, months, memo, mail; NULL: nothing, or another person's. */
Form *stepup_kept(const Exchange *x) G_GNUC_WARN_UNUSED_RESULT;
/* It has been applied for. */
void stepup_forget(Exchange *x);

#endif
