/*
 * proposal: acts that wait for a second officer. Every statement has the officer's institution as its first parameter and keeps to it;
 * 0 is an operator, who sees all of them. That nobody is the second officer of the own proposal is the table's constraint.
 */
#ifndef DB_PROPOSAL_H
#define DB_PROPOSAL_H

#include "db/db.h"

/* Somebody of ours by name; NULL names where it is nobody who has logged in. */
struct db_proposal_who { char *actor, *name, *name_ja; };

/* Times are seconds since 1970. */
typedef struct db_proposal {
    gint64 id, institution, person, request, months, proposed_at, ends_at, decided_at; /* request, months, decided_at: 0 for none */
    gboolean mine;            /* proposed by who asks, in whatever role */
    char *kind;               /* "revoke-many", "approve", "new-pin", "apply", "renew" */
    char *state;              /* "open", "done", "declined", "withdrawn", "ended" */
    char *note, *decision;    /* the words of the first officer and of the second; "" for none */
    char *identifier, *name, *name_ja, *institution_name, *institution_name_ja; /* of the person whom it is about */
    char *reason;             /* revoke-many; NULL */
    char **numbers;           /* revoke-many: decimal text; empty: everything of the person */
    char *type, *memo, *mail; /* apply; of the request where there is one */
    struct db_proposal_who proposer, decider;
} DbProposal;
void db_proposal_free(DbProposal *proposal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbProposal, db_proposal_free)

/* DbProposal *. OPEN: what waits, the oldest first; otherwise what was decided after SINCE, the last first. ACTOR: who asks. */
GPtrArray *db_proposal_list(Db *db, gint64 institution, const char *actor, gboolean open, gint64 since, int limit, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* NULL without ERROR: there is none, or it is another institution's. */
DbProposal *db_proposal_get(Db *db, gint64 institution, const char *actor, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* An officer applies for PERSON. *NUMBER: of the request; where the institution wants two officers 0, and *PROPOSAL is set. */
struct db_desk_apply {
    gint64 institution, person, months, days;
    const char *type, *memo, *mail, *note, *actor, *address, *log_id;
};
gboolean db_proposal_apply(Db *db, const struct db_desk_apply *what, gint64 *number, gint64 *proposal, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* What a second officer, or the first, says to it. REFUSED "same-officer", "other-officer", "decided", "proposal-ended", and what the act itself
   refuses. */
struct db_decision { gint64 institution, id; const char *words, *actor, *address, *log_id; };
/* Carries it out in the same transaction. */
gboolean db_proposal_confirm(Db *db, const struct db_decision *decision, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean db_proposal_decline(Db *db, const struct db_decision *decision, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* By its proposer. */
gboolean db_proposal_withdraw(Db *db, const struct db_decision *decision, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Ends what nobody has decided until NOW, at most MOST; how many, or -1 with ERROR. */
gint64 db_proposal_end(Db *db, gint64 now, int most, GError **error) G_GNUC_WARN_UNUSED_RESULT;

extern const DbGroup db_proposal_group, db_proposal_worker_group;

#endif
