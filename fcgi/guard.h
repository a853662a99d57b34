/*
 * guard: CSRF tokens and form keys, made from the service secret so that giving them out writes no row.
 *
 * A CSRF token is tied to the session; where nobody is logged in, to a random cookie of this browser (double submit, with a
 * MAC). A form key is random, tied to its person and its act, and spent by ra in the transaction of the act.
 */
#ifndef FCGI_GUARD_H
#define FCGI_GUARD_H

#include "fcgi/portal.h"

/* The token for the forms of this answer; sets the guest cookie where it is needed and not there. The caller's. */
char *guard_csrf(Exchange *x) G_GNUC_WARN_UNUSED_RESULT;
/* Does the form's `csrf` fit? Absent means no. */
gboolean guard_csrf_ok(Exchange *x);

/* A new key for ACT ("apply", "renew:31" …) of the person who is logged in. The caller's. */
char *guard_form_key(const Exchange *x, const char *act) G_GNUC_WARN_UNUSED_RESULT;
/* The hash under which the form's `form_key` is spent; NULL where it is missing, made up, another person's or for another act. */
GBytes *guard_form_hash(const Exchange *x, const char *act) G_GNUC_WARN_UNUSED_RESULT;

#endif
