/*
 * Logos of our institutions' IdPs: fetched where metadata points, drawn anew in a confined child (sp/logo.h), kept in the database.
 * Nobody's browser ever goes there. What cannot be had or drawn leaves a letter in its place, and is tried again ever less often.
 */
#ifndef RA_LOGO_H
#define RA_LOGO_H

#include "ra/context.h"
#include "sp/logo.h"

/* How they are fetched. */
struct ra_logo_way {
    gboolean inside;     /* may a logo lie inside this network? Never in service: metadata is written by strangers */
    const char *ca_file; /* see ra/fetch.h */
};
extern const struct ra_logo_way ra_logo_outside;

/* Looks after some of the logos that are due at NOW. *MORE: there may be others. FALSE with ERROR where the database or the opener is
   away (then the rest waits); a logo that fails is recorded, not an error. */
gboolean ra_logo_round(RaContext *ctx, SpOpener *opener, const struct ra_logo_way *way, gint64 now, gboolean *more, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

#endif
