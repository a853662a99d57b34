/*
 * officer_deed: what the acts of officers have in common. Inside ra.
 */
#ifndef RA_OFFICER_DEED_H
#define RA_OFFICER_DEED_H

#include "ra/act.h"
#include "ra/officer.h"

/* The first member of what an act hands on as its data. */
struct ra_officer_deed {
    const RaOfficer *officer;
    const char *actor;
    struct ra_form form; /* the officer's own, whoever the act is about */
};
/* HOW gets the struct that DEED is the first member of. */
gboolean ra_officer_perform(RaContext *ctx, RaAct how, struct ra_officer_deed *deed, gint64 number, char **location,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Where the act became a PROPOSAL (0: it did not) the form leads there. Always TRUE. */
gboolean ra_officer_led(struct ra_officer_deed *deed, gint64 proposal, gint64 *number);

/* The officer's own words as one line, the caller's; NULL with INPUT, whose word is FIELD. */
char *ra_officer_words(const char *text, const char *field, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* How long a proposal waits. */
gint64 ra_proposal_days(RaContext *ctx);

#endif
