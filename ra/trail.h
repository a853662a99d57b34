/*
 * trail: what happened, as officers read it: of a request, of a person, of an institution. Whoever adds an event adds its word
 * to the table in ra/trail.c, and to the messages history.WORD and trail.means.WORD; without them it is shown, but not
 * explained.
 */
#ifndef RA_TRAIL_H
#define RA_TRAIL_H

#include "db/trail.h"
#include "ra/context.h"
#include "ra/officer.h"

typedef DbTrailRow RaTrailRow; /* db/trail.h */

#define RA_TRAIL_PAGE 50
#define RA_TRAIL_REQUEST 1000  /* of one request on its page */
#define RA_TRAIL_EXPORT 50000  /* in one file */

/* Kinds that belong together, each with its words, NULL-terminated; the last has the name NULL. */
struct ra_trail_kind { const char *name; const char *const *whats; };
extern const struct ra_trail_kind ra_trail_kinds[];

/* What is asked for; everything may be 0 or "". KIND: a name or a word of ra_trail_kinds (INPUT otherwise). ACTOR: as in the
   rows. The service's own processes are no ACTOR to ask for (INPUT): they did most of everything, so that a rare kind of theirs
   would be sought among millions. BEFORE: the id that the page begins behind. PERSON, REQUEST: of theirs. */
struct ra_trail_query {
    const char *kind, *actor;
    gint64 from, until, institution, request, person, before;
};

/* RaTrailRow *, newest first; *NEXT: BEFORE of the next page, 0: there is none. NOT_FOUND where the person or request is not
   in the officer's reach. */
GPtrArray *ra_trail_find(RaContext *ctx, const RaOfficer *officer, const struct ra_trail_query *query, int limit, gint64 *next,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* All that is asked for, oldest first, by pieces to EACH with its line of `inkan audit export` or, without JSON, the row.
   FALSE with ERROR; CONFLICT "many" after RA_TRAIL_EXPORT rows. */
typedef void (*RaTrailEach)(const RaTrailRow *row, const char *line, gpointer data);
gboolean ra_trail_export(RaContext *ctx, const RaOfficer *officer, const struct ra_trail_query *query, gboolean json,
                         RaTrailEach each, gpointer data, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* "me", "owner", "officer", "operator", "service", "code", "outsider"; by which the name of who it was is shown or not. */
const char *ra_trail_who(const RaOfficer *officer, const RaTrailRow *row);
/* May it be asked what that one did? */
gboolean ra_trail_asked(const char *actor);
/* The name may be shown to the officer: of people of the own institution. */
gboolean ra_trail_named(const RaOfficer *officer, const RaTrailRow *row);

/* How far the chain is signed; 0: not yet. */
gboolean ra_trail_head(RaContext *ctx, gint64 *head, gint64 *at, gint64 *last, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
