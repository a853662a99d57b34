/*
 * trail: the audit's events as officers read them, newest first or oldest first, by pages. INSTITUTION 0: all, and what
 * belongs to none. Every statement keeps to the institution by itself.
 */
#ifndef DB_TRAIL_H
#define DB_TRAIL_H

#include "db/db.h"

typedef struct db_trail_row {
    gint64 id, at, request, owner, who_institution; /* request, owner (its person): 0 for none; who_institution: of WHO */
    char *actor, *who, *who_ja;         /* who: the person's name that the actor is; NULL: none */
    char *owner_name, *owner_name_ja;   /* NULL without a request */
    char *institution, *institution_ja; /* NULL: none */
    char *what, *address, *log_id;
    char *from, *to, *reason, *serial, *note, *refusal, *key_origin, *days; /* of the detail; NULL */
    char *detail, **told;               /* all of it, as JSON; as lines "key: value", of a change "key: old → new" */
} DbTrailRow;
void db_trail_row_free(DbTrailRow *row);

/* Ids from LOW to before HIGH; times from FROM to before UNTIL (0: open). At most one of actor, request, person is set. WHATS
   NULL: every kind. PERSON: what was done with the person's requests, and by the person. */
struct db_trail_filter {
    gint64 institution, low, high, from, until, request, person;
    const char *actor;
    const char *const *whats;
    gboolean rising; /* not for PERSON */
};
/* DbTrailRow * */
GPtrArray *db_trail_list(Db *db, const struct db_trail_filter *filter, int limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The ids that the times bound, with a margin for transactions that overlap. */
gboolean db_trail_bounds(Db *db, gint64 from, gint64 until, gint64 *low, gint64 *high, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* For each of IDS (decimal, NULL-terminated) the line that `inkan audit export` prints, in order of the ids; those that have
   no place in the chain yet have none. */
GPtrArray *db_trail_lines(Db *db, const char *const *ids, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* How far the chain is signed: the newest head's number and time (0: none), and the newest link. */
gboolean db_trail_head(Db *db, gint64 *head, gint64 *at, gint64 *last, GError **error) G_GNUC_WARN_UNUSED_RESULT;

extern const DbGroup db_trail_group;

#endif
