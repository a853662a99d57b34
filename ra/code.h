/*
 * code: the revocation code of a request (H2). Who has number and code revokes without a login: when the laptop is gone, the
 * mailbox is on it, the IdP is down. 100 random bits in an alphabet for the telephone (Crockford's base 32: no I, L, O, U);
 * only a hash is kept. One a request, for all its certificates and those of later renewals; a new one ends the old one.
 */
#ifndef RA_CODE_H
#define RA_CODE_H

#include "ca/crypto.h"
#include "db/code.h"
#include "ra/context.h"
#include "ra/request.h"

#define RA_CODE_SIGNS 20     /* of the alphabet */
#define RA_CODE_LONGEST 200  /* bytes that count of what was typed */

/* A new one as it is shown, "7K3D-M0QF-…": five groups of four. */
Secret *ra_code_new(void) G_GNUC_WARN_UNUSED_RESULT;
/* What was typed, as kept: 20 capital signs of the alphabet. Case, spaces and dashes of any kind, full width, O for 0, I and L
   for 1 do not matter. NULL: no code of ours. TYPED: any bytes, or NULL. */
Secret *ra_code_read(const char *typed) G_GNUC_WARN_UNUSED_RESULT;

/* When the request's code was made, 0: it has none (or that cannot be known now). */
gint64 ra_code_made(RaContext *ctx, gint64 request);

/*
 * A new code, committed before it is returned. NULL without ERROR: there is one already, and REPLACE is not set. Of the
 * pickup's holder, so the caller has checked the PIN. NULL with ERROR: CONFLICT (nothing to revoke), DOWN.
 */
Secret *ra_code_give(RaContext *ctx, const struct ra_who *who, gint64 request, gboolean replace, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* The same for the owner, who is logged in, with a form: it replaces. Where the form was spent before, *CODE is NULL and
   *LOCATION where it led. FALSE with ERROR: NOT_FOUND, CONFLICT. */
gboolean ra_code_renew(RaContext *ctx, const struct ra_who *who, gint64 request, const struct ra_form *form, Secret **code,
                       char **location, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef DbCodeTarget RaCodeTarget; /* db/code.h */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RaCodeTarget, db_code_target_free)
/* What NUMBER (as typed) and CODE open. NULL with ERROR: NOT_FOUND for every miss alike (no such request, no code, another
   code, no code at all), with the same work done. */
RaCodeTarget *ra_code_look(RaContext *ctx, const char *number, const char *code, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same for who has shown the code before. NULL with ERROR: NOT_FOUND. */
RaCodeTarget *ra_code_target(RaContext *ctx, gint64 request, GError **error) G_GNUC_WARN_UNUSED_RESULT;

enum ra_code_outcome { RA_CODE_DONE, RA_CODE_ALREADY, RA_CODE_ENDED };
/* Revokes; ALL: everything of the owner with the same memo. FALSE with ERROR: NOT_FOUND as above, INPUT "reason". */
gboolean ra_code_revoke(RaContext *ctx, const char *number, const char *code, gboolean all, const char *reason,
                        const char *address, enum ra_code_outcome *outcome, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
