/*
 * proposal: what one officer has proposed and a second one decides, where the institution wants two; and applying on behalf of a
 * person. Everything that a proposal will do is done in the transaction of its confirmation, or not at all.
 */
#ifndef RA_PROPOSAL_H
#define RA_PROPOSAL_H

#include "db/proposal.h"
#include "ra/officer.h"

typedef DbProposal RaProposal; /* fields in db/proposal.h */

#define RA_PROPOSAL_MOST 200          /* of a list */
#define RA_PROPOSAL_PAST (30 * 86400) /* seconds that a decided one stays in the list */

/* RaProposal *: what waits, the oldest first (OPEN), or what was decided lately. INSTITUTION: an operator's choice, 0 for all. */
GPtrArray *ra_proposal_list(RaContext *ctx, const RaOfficer *officer, gint64 institution, gboolean open, gint64 now, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
RaProposal *ra_proposal_get(RaContext *ctx, const RaOfficer *officer, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Of ROWS, which are everything of the person (ra_officer_requests), is ROW one that PROPOSAL would end? */
gboolean ra_proposal_hits(const RaProposal *proposal, const RaDeskRow *row);

/* Does the institution of PERSON want two officers for ACT ("revoke-many", "approve", "new-pin", "apply")? FALSE with ERROR also where
   that can't be read. */
gboolean ra_proposal_needed(RaContext *ctx, const RaOfficer *officer, gint64 person, const char *act, GError **error);
/* Would revoking CHOICE of ROWS need a second officer where the institution wants two for that? Not for what is all of one device. */
gboolean ra_proposal_many(const struct ra_desk_choice *choice, const GPtrArray *rows);

/* HOW: "confirm", "decline" (WORDS say why), "withdraw" (the proposer alone). REFUSED "same-officer", "other-officer"; CONFLICT
   "decided", "proposal-ended", and what the act itself meets; INPUT "note", "refusal-missing". */
gboolean ra_proposal_decide(RaContext *ctx, const RaOfficer *officer, gint64 id, const char *how, const char *words,
                            const struct ra_form *form, char **location, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* An officer applies for PERSON, by the same rules as the person; the form's %N is the request. NOTE as in ra_officer_act. */
gboolean ra_proposal_apply(RaContext *ctx, const RaOfficer *officer, gint64 person, const struct ra_application *application,
                           const char *note, const struct ra_form *form, char **location, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* The worker's round: ends what nobody has decided in time. */
gboolean ra_proposal_sweep(RaContext *ctx, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
