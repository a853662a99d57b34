/*
 * Outbox: mails to be sent, at least once each. A row is claimed by an advisory lock of the connection, so no transaction is
 * open while it is sent; who claimed it sends it and marks it, and where that process dies the server sees its connection end
 * and the row is free again at once. The secret inside is gone with the mark.
 */
#ifndef DB_OUTBOX_H
#define DB_OUTBOX_H

#include "db/db.h"

/* For the request's page. */
typedef struct db_mail_state {
    gint64 id, cycle;
    char *event, *recipient, *state, *error; /* waiting, sent, failed; error is "" or a reason */
    gint64 tries, created_at, sent_at, next_at;
} DbMailState;
void db_mail_state_free(DbMailState *state);

/* DbMailState *, newest first. */
GPtrArray *db_outbox_states(Db *db, gint64 request, gint64 person, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One line of a mail that lists things. */
typedef struct db_mail_item {
    char *kind, *type, *memo, *name, *name_ja;
    gint64 number, n, at; /* n: how many there are of its kind */
} DbMailItem;

/* A claimed mail with everything that its words need. REQUEST is 0 where it is about an institution. */
typedef struct db_mail {
    gint64 id, request, cycle, tries, created_at;
    char *event, *recipient, *message_id;
    GBytes *sealed;                                /* NULL where the mail has no secret */
    char *type, *memo, *state;
    gint64 months;
    gint64 pickup_not_after, expires_at, keep_until; /* of the pickup of that cycle; 0 without one */
    gboolean over;                                 /* that pickup ended uncollected: its URL and PIN are of no use */
    gboolean by_desk; /* its owner cannot log in: the officers look after it */
    gboolean pin_mail;
    /* The certificate that the mail speaks of: the one that its detail names, otherwise the one in hand. NULL, 0: none. */
    char *serial, *subject, *fingerprint, *reason;
    gint64 not_before, not_after, revoked_at;
    char *display_name, *display_name_ja, *institution_name, *institution_name_ja;
    char *helpdesk_name, *helpdesk_mail, *helpdesk_phone;
    /* From detail. */
    char *why;                                     /* the step that queued it ("lapse", "withdraw", "resend" …); NULL */
    char *refusal;                                 /* why an officer refused, in the own words; NULL */
    gint64 days;                                   /* of a notice */
    gint64 since;                                  /* digest: of the one before */
    GPtrArray *items;                              /* DbMailItem *; NULL: the mail lists nothing */
    /* change, in-use: what changed and what is about to happen; of how many certificates, whose newest requests are NUMBERS. */
    char *kind, *was, *is, *rule, *numbers;
    gint64 due, count, seen;
    gboolean repeat;                               /* pickup-locked: it was collected before */
} DbMail;
void db_mail_free(DbMail *mail);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbMail, db_mail_free)

/* Claims the next due mail and counts a try. NULL without ERROR: none is due that nobody else has. */
DbMail *db_outbox_claim(Db *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What became of it; the claim ends. A mail that was replaced meanwhile keeps its fate. */
gboolean db_outbox_sent(Db *db, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean db_outbox_failed(Db *db, gint64 id, const char *why, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Try again in SECONDS. COUNTED FALSE: the try was not the mail's fault and is not held against it. */
gboolean db_outbox_postpone(Db *db, gint64 id, gint64 seconds, gboolean counted, const char *why, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Waiting mails of the request with EVENT carry a secret that is dead now: they end as failed, WHY. */
gboolean db_outbox_replace(Db *db, gint64 request, const char *event, const char *why, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

extern const DbGroup db_outbox_group, db_outbox_worker_group;

#endif
