/*
 * officer: what the helpdesk finds. Every statement has the officer's institution as its first parameter and keeps to it; 0 is
 * an operator, who sees all of them. Lists are paged by keys, so that a page stays what it was while rows come and go.
 */
#ifndef DB_OFFICER_H
#define DB_OFFICER_H

#include "db/db.h"

/* A request in a list. Times are seconds since 1970. */
typedef struct db_desk_row {
    gint64 number, person, months, applied_at, not_before, not_after;
    char *type, *memo, *state, *mail;
    char *serial;    /* of the newest certificate, NULL: none */
    char *identifier, *name, *name_ja, *institution, *institution_ja;
    char *attention; /* db_officer_attention: "locked", "mail", "approval", "ending"; otherwise NULL */
} DbDeskRow;
void db_desk_row_free(DbDeskRow *row);

typedef struct db_desk_person {
    gint64 id, institution_id, seen_at, requests, active; /* active: can still be revoked or withdrawn */
    char *identifier, *name, *name_ja, *institution, *institution_ja;
    char **mails;
    char *key;       /* what it was found by, for the next page */
} DbDeskPerson;
void db_desk_person_free(DbDeskPerson *person);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbDeskPerson, db_desk_person_free)

/* People by the beginning of a name (in any order of its words), an address, an identifier: DbDeskPerson *, after KEY and
   PERSON ("" and 0: from the start). */
GPtrArray *db_officer_people(Db *db, gint64 institution, const char *text, const char *key, gint64 person, int limit,
                             GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* What somebody can read out: a request's number (0: none), serials (lower-case hex), a SHA-256 or SHA-1 fingerprint (hex or
   NULL), the beginning of a memo. DbDeskRow *. */
struct db_desk_hint { gint64 number; const char *const *serials; const char *fingerprint, *sha1, *memo; };
GPtrArray *db_officer_hits(Db *db, gint64 institution, const struct db_desk_hint *hint, int limit, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Requests by state and type (NULL: any), the end between two moments (0: open), of people whose names begin with TEXT
   (NULL: of anybody; of many people the first 100). RISING: the next end first, otherwise the last. After END and NUMBER (0:
   from the start). DbDeskRow *. */
struct db_desk_filter { const char *state, *type, *text; gint64 from, until; gboolean rising; gint64 end, number; };
GPtrArray *db_officer_list(Db *db, gint64 institution, const struct db_desk_filter *filter, int limit, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* In use, the end between the filter's two moments, the next end first; its state and text are not looked at. DbDeskRow *. */
GPtrArray *db_officer_ending(Db *db, gint64 institution, const struct db_desk_filter *filter, int limit, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* What waits for somebody to look at it, at most LIMIT of each kind: DbDeskRow * with attention. */
GPtrArray *db_officer_attention(Db *db, gint64 institution, gint64 now, int limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* NULL without ERROR: there is none, or it is another institution's. */
DbDeskPerson *db_officer_person(Db *db, gint64 institution, gint64 person, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* DbDeskRow *, those that are alive first, then the newest. */
GPtrArray *db_officer_requests(Db *db, gint64 institution, gint64 person, int limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whose request it is; 0 without ERROR: there is none, or it is another institution's. */
gint64 db_officer_owner(Db *db, gint64 institution, gint64 number, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- acts ------------------------------------------------------------------------------------------------------------- */

/* Where the institution wants a second officer, an act becomes a proposal (db/proposal.h) that waits DAYS: its number goes to
   *PROPOSAL, 0 where the act is done. DAYS 0: nothing is proposed, the act is REFUSED "two-officers". */

/* NUMBERS (decimal text) NULL and MEMO NULL: everything of the person. */
struct db_desk_revoke {
    gint64 institution, person;
    const char *const *numbers;
    const char *memo, *reason, *note, *actor, *address, *log_id;
    gint64 days, *proposal;
};
gboolean db_officer_revoke(Db *db, const struct db_desk_revoke *what, gint64 *revoked, gint64 *withdrawn, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* EVENT: approve, refuse, new-pin, resend, renew. */
struct db_desk_act {
    gint64 institution, number;
    const char *event, *note, *actor, *address, *log_id;
    gint64 days, *proposal;
};
gboolean db_officer_act(Db *db, const struct db_desk_act *what, GError **error) G_GNUC_WARN_UNUSED_RESULT;

extern const DbGroup db_officer_group;

#endif
