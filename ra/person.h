/*
 * Persons and the policy they live under.
 */
#ifndef RA_PERSON_H
#define RA_PERSON_H

#include "db/event.h"
#include "db/person.h"
#include "ra/context.h"
#include "ra/institution.h"

typedef DbPerson RaPerson; /* fields in db/person.h; freed by ra_person_free */
#define ra_person_free db_person_free
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RaPerson, db_person_free)

/* What a login brings; borrowed. */
typedef struct db_person_login RaLogin;

/*
 * Called by the portal after an assertion was verified: makes the person or brings name, mails and affiliation up to date; what
 * changed is an audit row of its own ('person-changed'). Returns the id, or 0 with ERROR: REFUSED "institution" where the IdP belongs to no institution.
 */
gint64 ra_person_login(RaContext *ctx, const RaLogin *login, const char *address, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same inside the caller's transaction, which the caller then commits, or rolls back where this failed. */
gint64 ra_person_login_within(RaContext *ctx, const RaLogin *login, const char *address, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* The person whom a login means; 0 without ERROR: nobody yet. */
gint64 ra_person_known(RaContext *ctx, const char *idp, const char *identifier, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What the IdP sent otherwise than before: RaChange *, newest first, the last RA_PERSON_CHANGES. */
typedef DbChange RaChange; /* fields in db/event.h */
#define RA_PERSON_CHANGES 50
GPtrArray *ra_person_changes(RaContext *ctx, gint64 person, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* NULL with ERROR: NOT_FOUND, DOWN … */
RaPerson *ra_person_get(RaContext *ctx, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Renewal notices on or (all but the last) off. */
gboolean ra_person_set_notices(RaContext *ctx, const struct ra_who *who, gboolean on, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
