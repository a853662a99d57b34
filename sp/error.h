/*
 * sp: errors of this room. The message of a refusal begins with the name of the check that refused, a colon and a space
 * ("audience: we are not in it"); it is for the log, people read what web/ says. It may quote a little of the message from
 * outside (bounded, control characters replaced), never a secret.
 *
 * Functions that take a Db may also fail with DB_ERROR (db/db.h), unchanged.
 */
#ifndef SP_ERROR_H
#define SP_ERROR_H

#include <glib.h>

#define SP_ERROR (sp_error_quark())
GQuark sp_error_quark(void);
enum sp_error {
    SP_ERROR_REFUSED, /* the message from outside is not acceptable: one page for all of them, the log says which check */
    SP_ERROR_MISSING, /* verified, but an attribute that we need is missing or unusable; the message begins with its name */
    SP_ERROR_CONTEXT, /* verified, but the login is not of the kind that was asked for: "context: …" where it is another,
                         "no-context: …" where the IdP says that it cannot */
    SP_ERROR_INPUT,   /* a file or value of the operator's own is wrong: certificate, key, metadata given by hand */
    SP_ERROR_BROKEN,  /* a library failed where it should not */
    SP_ERROR_AWAY,    /* the opener is not there (sp/opener.h) */
};

/* The name of the check (the message up to the colon), for check= in the log and for tests; the caller's. */
char *sp_error_check(const GError *error) G_GNUC_WARN_UNUSED_RESULT;

#endif
