/*
 * officer: what the officers of an institution, and operators, find and do. Every function answers NOT_FOUND alike for what is
 * missing and what is another institution's; the statements keep to the officer's institution by themselves. What comes back is
 * the caller's; arrays free what is in them.
 */
#ifndef RA_OFFICER_H
#define RA_OFFICER_H

#include "db/officer.h"
#include "ra/request.h"
#include "ra/term.h"

typedef struct ra_officer {
    gint64 person;       /* the officer's own */
    gint64 institution;  /* what is in reach; 0: every institution (operators) */
    const char *role;    /* "revoker", "officer", "operator"; "person": an owner who has lost a device, and may revoke the own ones */
    const char *address;
    GBytes *session;     /* the hash of its id, for functions that ask for it; NULL: none */
    gint64 request;      /* who came by a certificate: of which request that is; otherwise 0 */
} RaOfficer;

typedef DbDeskRow RaDeskRow;       /* db/officer.h */
typedef DbDeskPerson RaDeskPerson;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RaDeskPerson, db_desk_person_free)

/* "officer:7", "operator:7", "person:7": the actor of audit rows; "officer-certificate:31", "operator-certificate:31" by the request of
   the certificate by which somebody came. */
char *ra_officer_actor(const RaOfficer *officer) G_GNUC_WARN_UNUSED_RESULT;
/* An officer comes ("officer-login") or goes ("officer-logout"): an audit row, in the caller's transaction where there is one.
   Nothing where the role is a person's. INSTITUTION: the officer's own. */
gboolean ra_officer_audit(RaContext *ctx, const RaOfficer *officer, gint64 institution, const char *what, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* --- finding ---------------------------------------------------------------------------------------------------------- */

#define RA_DESK_PAGE 20
#define RA_DESK_TSV 10000      /* rows of one table */
#define RA_DESK_REQUESTS 1000  /* of one person on a page */

/* What is asked for. Everything may be empty. */
struct ra_desk_query {
    const char *text;
    const char *state, *type;  /* "" for any; what is no state or type of ours is refused (INPUT) */
    gint64 from, until;        /* ends between these; 0: open */
    gint64 institution;        /* an operator's choice; 0: all */
    const char *key;           /* where the page begins, as ra_desk_found says */
    gint64 after, end;
};

/* Words without state, type and dates: people by the words, and requests by what the words can be. With them, or with
   nothing at all: requests. Where there is a next page, next_after is not 0 (people) or next_number is not 0 (requests). */
typedef struct ra_desk_found {
    GPtrArray *people, *requests; /* RaDeskPerson *, RaDeskRow *; never NULL */
    gboolean filtered;            /* requests is a list, not what the words hit */
    char *next_key;               /* people */
    gint64 next_after;
    gint64 next_end, next_number; /* requests */
} RaDeskFound;
void ra_desk_found_free(RaDeskFound *found);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RaDeskFound, ra_desk_found_free)
RaDeskFound *ra_officer_find(RaContext *ctx, const RaOfficer *officer, const struct ra_desk_query *query, int limit,
                             GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* RaDeskRow * with attention, at most LIMIT of each kind. INSTITUTION: an operator's choice, 0 for all. */
GPtrArray *ra_officer_attention(RaContext *ctx, const RaOfficer *officer, gint64 institution, gint64 now, int limit,
                                GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* The institutions that an operator may choose from: DbInstitution *. */
GPtrArray *ra_officer_institutions(RaContext *ctx, GError **error) G_GNUC_WARN_UNUSED_RESULT;

RaDeskPerson *ra_officer_person(RaContext *ctx, const RaOfficer *officer, gint64 person, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* RaDeskRow *: what is alive first. */
GPtrArray *ra_officer_requests(RaContext *ctx, const RaOfficer *officer, gint64 person, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* The request, with its owner's number for ra/request.h's other functions. */
RaRequest *ra_officer_request(RaContext *ctx, const RaOfficer *officer, gint64 number, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* --- acts: FORM as in ra/request.h ------------------------------------------------------------------------------------ */

#define RA_NOTE_MOST 200 /* characters of the officer's own words */
/* TEXT as one line without what surrounds it; NULL with INPUT "note". The caller's. */
char *ra_officer_note(const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What a revocation takes: everything of the person, what has that memo, or these numbers (decimal text). */
struct ra_desk_choice { gint64 person; const char *memo; const char *const *numbers; };
/* Is that row one of them, and can it be revoked or withdrawn? */
gboolean ra_desk_chosen(const struct ra_desk_choice *choice, const RaDeskRow *row);
/* Acts for which the institution wants two officers become proposals (ra/proposal.h), and the form leads to the proposal's page: of these
   "approve", "new-pin", "renew", and revoking what is not all of one device. CONFLICT "proposed" where one waits already. */

/* Certificates are revoked, requests that nobody has collected yet are withdrawn; all of it or nothing. INPUT "reason", "note";
   CONFLICT "state" where nothing is left to do. */
gboolean ra_officer_revoke(RaContext *ctx, const RaOfficer *officer, const struct ra_desk_choice *choice, const char *reason,
                           const char *note, const struct ra_form *form, char **location, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* EVENT: "approve", "refuse", "new-pin" (unlocks, too), "resend", "renew". NOTE: for officers alone, but with a refusal it is the reason, which
   the owner reads: INPUT "refusal-missing", "refusal". */
gboolean ra_officer_act(RaContext *ctx, const RaOfficer *officer, gint64 number, const char *event, const char *note,
                        const struct ra_form *form, char **location, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
