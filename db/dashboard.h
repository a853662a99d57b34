/*
 * dashboard: what a person's first page shows, in one statement: the newest requests, how many more there are, and what can be
 * applied for.
 */
#ifndef DB_DASHBOARD_H
#define DB_DASHBOARD_H

#include "db/db.h"

/* A row of the list. */
typedef struct db_request_row {
    gint64 number;
    char *type;   /* client, smime */
    gint64 months;
    char *memo;   /* may be "" */
    char *state;  /* applied, approval, ready, collected, renewing, renew_ready, revoking, revoked, expired, refused, lapsed */
    gint64 applied_at, not_before, not_after; /* of the certificate in hand; planned where there is none yet */
    gint64 pickup_expires_at; /* 0, or while a pickup waits to be collected: until when */
    gboolean locked;          /* that pickup is locked by wrong PINs */
    gboolean mail_failed;     /* the last mail with its URL could not be delivered */
} DbRequestRow;
void db_request_row_free(DbRequestRow *row);

typedef struct db_dashboard {
    GPtrArray *rows;       /* DbRequestRow *, newest first */
    gint64 next;           /* hand it in as BEFORE for the next page; 0: this is the last one */
    gint64 hidden;         /* first page without ALL: how many more ALL would show */
    /* The person, and what the institution allows. */
    gboolean named;        /* has a name for certificates */
    char **mails, **mails_allowed; /* the person's addresses; those within the institution's domains */
    char **types, **months; /* in the order the forms show them; months as decimal text */
    char *unit, **units;   /* the OU of its certificates, NULL: none; those that the person may choose instead */
    char **profiles;       /* "client 52": those there are today */
    gboolean changed;      /* there are changes that the person should know, db/radar.h */
    gint64 active, max_active; /* certificates and applications of this person */
    /* 32 bytes that differ from those before whenever anything above does, or anything was done to one of the requests, so that
       a form that was spent is never given out again. Not by itself different at another time of day. */
    GBytes *stamp;
} DbDashboard;
void db_dashboard_free(DbDashboard *dashboard);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbDashboard, db_dashboard_free)

/* At most LIMIT requests of PERSON with numbers below BEFORE (0: from the newest). ALL: revoked, expired, refused and lapsed ones
   too. NULL without ERROR: there is no such person. */
DbDashboard *db_dashboard_get(Db *db, gint64 person, gboolean all, gint64 before, int limit, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* The operator's list, DbRequestRow *: anybody's, STATE or NULL for every state. */
GPtrArray *db_dashboard_of_all(Db *db, const char *state, gint64 before, int limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;

extern const DbGroup db_dashboard_group, db_dashboard_portal_group;

#endif
