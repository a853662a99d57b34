/*
 * Institutions as the portal needs them: whose IdP it is, which identifier tells its persons apart, what may be applied for.
 */
#ifndef RA_INSTITUTION_H
#define RA_INSTITUTION_H

#include "db/institution.h"
#include "ra/context.h"

typedef DbInstitution RaInstitution; /* fields in db/institution.h */
#define ra_institution_free db_institution_free
/* Use g_autoptr(DbInstitution), or g_autoptr(RaInstitution) by the line below. */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RaInstitution, db_institution_free)

/* NULL with ERROR; NOT_FOUND where there is none. */
RaInstitution *ra_institution_get(RaContext *ctx, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
