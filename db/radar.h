/*
 * radar: what an IdP says of people otherwise than their certificates do, and whom nobody has seen for long (H5). Where a function
 * takes an INSTITUTION, 0 is an operator, who sees all of them.
 */
#ifndef DB_RADAR_H
#define DB_RADAR_H

#include "db/db.h"

/* A change that stands. */
typedef struct db_radar_change {
    gint64 id, person, seen_at;
    gint64 due_at;      /* rule "revoke": when it is carried out; otherwise 0 */
    gint64 mails;       /* how often the owner was told */
    gint64 count;       /* certificates that it is about */
    char *kind;         /* name, mail, contact, affiliation */
    char *was, *is;     /* IS may be "": the IdP sends none any more */
    char *rule;         /* warn, re-issue, revoke */
    char **numbers;     /* of their requests, the newest first, at most 50: decimal text */
    char *name, *name_ja, *identifier, *institution, *institution_ja; /* of the person */
} DbRadarChange;
void db_radar_change_free(DbRadarChange *change);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbRadarChange, db_radar_change_free)

/* Somebody with certificates in hand who has not logged in since. */
typedef struct db_absent {
    gint64 id, seen_at, active, asked_at; /* asked_at: 0 for never */
    gint64 key;                           /* of seen_at, for the next page */
    char *identifier, *name, *name_ja, *institution, *institution_ja;
    char **mails;
} DbAbsent;
void db_absent_free(DbAbsent *absent);

/* At a login, in its transaction: holds the person's row as it is now against the certificates. AFFILIATION: what it said before. */
gboolean db_radar_compare(Db *db, gint64 person, const char *const *affiliation, const char *address, const char *log_id,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* DbRadarChange *: what the owner has not put away; all that is about the person's certificates. */
GPtrArray *db_radar_of_person(Db *db, gint64 person, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean db_radar_known(Db *db, gint64 person, gint64 change, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The name that a renewal of PERSON's certificate with NAME gives instead. NULL without ERROR: the same. */
char *db_radar_renamed(Db *db, gint64 person, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* DbRadarChange *, the newest first; below id BEFORE (0: from the newest). */
GPtrArray *db_radar_list(Db *db, gint64 institution, gint64 before, int limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* How many there are, counted up to MOST; -1 with ERROR. */
gint64 db_radar_count(Db *db, gint64 institution, int most, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* NULL without ERROR: there is none that stands, or it is another institution's. */
DbRadarChange *db_radar_get(Db *db, gint64 institution, gint64 change, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* WHAT: dismiss, mail. */
struct db_radar_act { gint64 institution, change; const char *what, *note, *actor, *address, *log_id; };
gboolean db_radar_act(Db *db, const struct db_radar_act *act, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* DbAbsent *: not seen since BEFORE, who was seen least recently first; after KEY and PERSON (0: from the start). */
GPtrArray *db_radar_absent(Db *db, gint64 institution, gint64 before, gint64 key, gint64 person, int limit, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* PERSONS (decimal text): each is asked by mail. All or nobody. */
gboolean db_radar_ask(Db *db, gint64 institution, const char *const *persons, const char *actor, const char *address,
                      const char *log_id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Worker: ids of changes that have something to be done at NOW, or are about nothing any more; gint64. */
GArray *db_radar_due(Db *db, gint64 now, int limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GArray *db_radar_over(Db *db, int limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* TRUE: something was done. FALSE without ERROR: nothing was to do. */
gboolean db_radar_run(Db *db, gint64 change, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

extern const DbGroup db_radar_group, db_radar_worker_group;

#endif
