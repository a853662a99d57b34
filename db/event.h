/*
 * Events: the audit rows. They are written by the functions of the database in the transaction of the act; here they are read,
 * and those that are no step are added.
 */
#ifndef DB_EVENT_H
#define DB_EVENT_H

#include "db/db.h"

typedef struct db_event {
    gint64 id, at;
    char *actor, *what, *address;
    char *from, *to;   /* states of a step; NULL for what is no step */
    char *reason;      /* of a revocation; NULL */
    char *serial;      /* NULL */
    char *key_origin;  /* of what was collected: who made its key ("service", "csr", "browser"); NULL */
    char *note;        /* an officer's own words, for officers; NULL */
    char *refusal;     /* why an officer refused, for the owner; NULL */
    gint64 days;       /* of a renewal notice; 0 */
} DbEvent;
void db_event_free(DbEvent *event);

/* DbEvent *, oldest first. PERSON 0: whoever owns the request. */
GPtrArray *db_event_of_request(Db *db, gint64 request, gint64 person, int limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What an IdP sent otherwise than at the login before (event 'person-changed', one row for each field). */
typedef struct {
    gint64 at;
    char *field;     /* display_name display_name_ja common_name mails affiliation */
    char *was, *is;  /* lists with ", " between their values; "" for nothing */
} DbChange;
/* DbChange *, newest first. */
GPtrArray *db_event_changes(Db *db, gint64 person, int limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;

struct db_audit { const char *actor, *what, *address, *log_id, *detail; gint64 institution, request; /* 0: none */ };
gboolean db_event_audit(Db *db, const struct db_audit *audit, GError **error) G_GNUC_WARN_UNUSED_RESULT;

extern const DbGroup db_event_group;

#endif
