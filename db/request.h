/*
 * Requests, as their owner and the operator see them. States change only by db_request_step (the SQL function request_step).
 */
#ifndef DB_REQUEST_H
#define DB_REQUEST_H

#include "db/db.h"

/* One request with the certificate in hand and the pickup of its current cycle. Times are seconds since 1970, 0 for none. */
typedef struct db_request {
    gint64 number, person, institution;
    char *type, *memo, *mail, *state;
    gint64 months, applied_at;
    gint64 cycle, cycle_at, cycle_end;  /* 1 for the issue, one more for each renewal; notBefore and notAfter of this cycle */
    gint64 not_before, not_after;       /* of the certificate in hand; planned until one is collected */
    char *planned_subject;              /* "C=JP, L=…, …, CN=…": what the next certificate will say */
    char *common_name;
    /* The certificate in hand: the last one that was collected. NULL and 0 where none was. */
    char *issuer, *serial, *subject, *fingerprint, *reason, *key_kind, *key_origin; /* fingerprint: lower-case hex of SHA-256 */
    gint64 signed_at, revoked_at, certificate_not_after;
    gboolean published;                 /* its revocation is in a CRL */
    gint64 certificates;                /* how many were collected for it over the time */
    /* The pickup of this cycle; pickup is 0 until the worker has made it. */
    gint64 pickup, made_at, expires_at, collected_at, keep_until, locked_at, new_pin_at, resend_at;
    gboolean pin_mail;                  /* the PIN travels by mail, so the pickup asks for the owner's login */
    gboolean has_pin;                   /* the PIN can still be shown */
    char *ended;                        /* NULL, or why that pickup ended: done, erased, lapse, withdraw, revoke */
    /* The owner and the institution. */
    char *display_name, *display_name_ja, *institution_name, *institution_name_ja;
    char *helpdesk_name, *helpdesk_mail, *helpdesk_phone;
    /* The login in which this cycle was applied for: "", 0 and empty where it is not known. */
    char *context;
    gint64 authn_at;
    char **assurance;
} DbRequest;
void db_request_free(DbRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbRequest, db_request_free)

/* PERSON 0: any person's (operator, worker). NULL without ERROR: there is none, or it is another person's. */
DbRequest *db_request_get(Db *db, gint64 number, gint64 person, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A certificate of the request other than the one in hand. */
typedef struct db_previous {
    char *issuer, *serial, *reason; /* reason NULL: not revoked */
    gint64 not_before, not_after, revoked_at;
    gboolean published;
} DbPrevious;
void db_previous_free(DbPrevious *previous);
/* DbPrevious *, newest first; those that were collected. PERSON as in get. */
GPtrArray *db_request_previous(Db *db, gint64 number, gint64 person, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What somebody wants, or would want, and how this person is logged in (context NULL, authn_at 0, assurance NULL: not known);
   borrowed. */
struct db_wish {
    gint64 person, months;
    const char *type, *mail, *memo;
    const char *unit; /* NULL or "": the institution's own */
    const char *context;
    gint64 authn_at;
    const char *const *assurance;
};

/* The rule that forbids it now, as a word; NULL without ERROR: none. The insert and the step 'renew' ask the same function.
   RENEWAL: of what the person has, so the cap is not asked. */
char *db_request_refusal(Db *db, const struct db_wish *wish, gboolean renewal, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What the login lacks for the profile in force, "context" or "assurance"; NULL without ERROR: nothing. The insert asks the same
   function, and so does the step 'renew' of what its detail says. */
char *db_request_assurance(Db *db, const struct db_wish *wish, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What the certificate would say, "C=JP, …, OU=No N, CN=…", its last second if applied for at NOW, and the person's name in it (the
   caller's). NULL with ERROR. */
char *db_request_planned(Db *db, const struct db_wish *wish, gint64 now, gint64 *not_after, char **common_name, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* The new number, or 0 with ERROR; DB_ERROR_REFUSED with the rule. The audit row is the caller's, in the same transaction. */
gint64 db_request_insert(Db *db, const struct db_wish *wish, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* FALSE without ERROR: no such request of that person. */
gboolean db_request_memo(Db *db, gint64 number, gint64 person, const char *memo, GError **error) G_GNUC_WARN_UNUSED_RESULT;

struct db_step {
    gint64 number;
    const char *event, *actor, *address, *log_id;
    const char *detail;      /* JSON object, NULL for {} */
    GBytes *sealed_url, *sealed_pin; /* NULL where the step has none */
};
/* The next state, the caller's; NULL with ERROR. REFUSED "state" where the state does not allow the event. */
char *db_request_step(Db *db, const struct db_step *step, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* request_transition. */
typedef struct { char *state, *event, *next_state, *mail; char **who; } DbTransition;
/* DbTransition *; mail is NULL where the step queues none. */
GPtrArray *db_request_transitions(Db *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- a form that creates something is spent once (call inside a transaction) ---------------------------------------------- */
/* TRUE: the key is ours to spend now (waits for another transaction that holds it). FALSE without ERROR: spent before. */
gboolean db_form_spend(Db *db, GBytes *key_hash, gint64 person, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean db_form_set_location(Db *db, GBytes *key_hash, const char *location, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Where it led to; NULL without ERROR: never spent, or by another person. */
char *db_form_location(Db *db, GBytes *key_hash, gint64 person, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- for the worker's rounds: numbers as gint64 in a GArray --------------------------------------------------------------- */
/* 'revoking' requests of which no revocation waits for a CRL any more. */
GArray *db_request_published(Db *db, int limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GArray *db_request_expired(Db *db, gint64 now, int limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;
struct db_notice { gint64 number, cycle, days; }; /* cycle: of the certificate in hand */
/* Which requests are due a renewal notice, DAYS being the tightest threshold (28, 14, 7, 3, 1): struct db_notice in a
   GArray. */
GArray *db_request_notices(Db *db, gint64 now, int limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* FALSE without ERROR: recorded already (waits for another transaction). Larger thresholds are recorded along. */
gboolean db_notice_record(Db *db, const struct db_notice *notice, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Certificates that a collected renewal replaced longer than the institution's grace ago: struct db_superseded *. */
struct db_superseded { char *issuer, *serial; };
GPtrArray *db_request_superseded(Db *db, gint64 now, int limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* FALSE without ERROR: revoked already. */
gboolean db_certificate_supersede(Db *db, const struct db_superseded *which, GError **error) G_GNUC_WARN_UNUSED_RESULT;

extern const DbGroup db_request_group, db_request_portal_group, db_request_worker_group;

#endif
