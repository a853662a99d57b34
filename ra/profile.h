/*
 * profile: how an operator changes what will be issued: a row is added from a date on, and the one that it takes the place of
 * ends then; a row ends; what a row asks of logins changes. Each act and its audit event are one transaction. What was issued,
 * and what was applied for, keeps its row.
 */
#ifndef RA_PROFILE_H
#define RA_PROFILE_H

#include "db/profile.h"
#include "ra/context.h"

/* Why no such row may be: a sentence; NULL: it may. FROM: when it is to begin. */
char *ra_profile_wrong(RaContext *ctx, const DbProfile *profile, gint64 from, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What must be known of certificates of this type and length; NULL: nothing. Static text. */
const char *ra_profile_warning(const DbProfile *profile);

/* AT as in db/profile.h. ENDED: DbProfile *, the rows that end by it, the caller's. */
gboolean ra_profile_add(RaContext *ctx, const DbProfile *profile, gint64 at, GPtrArray **ended, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* A row that has not begun gets another beginning. */
gboolean ra_profile_begin(RaContext *ctx, const DbProfile *profile, gint64 at, GPtrArray **ended, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
gboolean ra_profile_end(RaContext *ctx, const DbProfile *profile, gint64 at, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What ROWS (DbProfile *) ask from now on. NULL, or a cap below 0: as it was; a cap of 0: none. */
struct ra_profile_change {
    char **contexts, **assurance;
    gint64 max_active;
};
gboolean ra_profile_ask(RaContext *ctx, const GPtrArray *rows, const struct ra_profile_change *change, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

#endif
