/*
 * Pickups: one for each issue or renewal, made by the worker; from the PIN being there to the last byte being erased.
 * Every change goes through a function of 0002_steps.sql.
 */
#ifndef DB_PICKUP_H
#define DB_PICKUP_H

#include "db/db.h"

typedef struct db_pickup {
    gint64 id, request, cycle, person;
    char *type, *memo, *state;          /* of the request */
    gint64 months, not_before, not_after;
    GBytes *pin_salt;
    gboolean by_desk; /* the owner cannot log in: the officers have the PIN */
    gboolean pin_mail, own_password;    /* own_password: what was collected opens with the person's own, not with the PIN */
    gint64 tries_left, locked_at, expires_at, collected_at, keep_until;
    char *ended;                        /* NULL while open */
    char *key_kind;                     /* of the kept key; NULL */
    char *content_type;                 /* of what was collected; NULL */
    char *key_origin;                   /* of what was collected: who made its key, "service", "csr" or "browser"; NULL */
    char *display_name, *display_name_ja, *common_name, *mail;
    char *institution_name, *institution_name_ja, *helpdesk_name, *helpdesk_mail, *helpdesk_phone;
    char *planned_subject;
    char *issuer;                       /* of the profile: whose chain goes along */
    char **key_kinds;                   /* of the profile: the first is made by default */
    char *password_rule;                /* of the institution (ra/password.h) */
} DbPickup;
void db_pickup_free(DbPickup *pickup);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbPickup, db_pickup_free)

/* NULL without ERROR: no such token. */
DbPickup *db_pickup_look(Db *db, GBytes *token_hash, GError **error) G_GNUC_WARN_UNUSED_RESULT;

enum db_pickup_outcome { DB_PICKUP_RIGHT, DB_PICKUP_WRONG, DB_PICKUP_LOCKED, DB_PICKUP_ENDED, DB_PICKUP_NONE };
/* One guess, counted. TRIES_LEFT may be NULL. FALSE with ERROR. */
gboolean db_pickup_try(Db *db, GBytes *token_hash, GBytes *pin_hash, const char *address, const char *log_id,
                       enum db_pickup_outcome *outcome, int *tries_left, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The locked key that is kept, NULL without ERROR: none yet. Only against the PIN's hash. */
GBytes *db_pickup_key(Db *db, gint64 pickup, GBytes *pin_hash, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Keeps KEY_LOCKED unless one is kept; the one that counts. */
GBytes *db_pickup_keep_key(Db *db, gint64 pickup, GBytes *pin_hash, const char *key_kind, GBytes *key_locked, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* What was collected, NULL without ERROR: not collected. Only against the PIN's hash. */
GBytes *db_pickup_bytes(Db *db, gint64 pickup, GBytes *pin_hash, char **content_type, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The signed configuration profile that is kept beside it, NULL without ERROR: none yet. Only against the PIN's hash. */
GBytes *db_pickup_mobileconfig(Db *db, gint64 pickup, GBytes *pin_hash, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Keeps BYTES unless one is kept; the one that counts. */
GBytes *db_pickup_keep_mobileconfig(Db *db, gint64 pickup, GBytes *pin_hash, GBytes *bytes, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* The certificate that was collected, DER; NULL without ERROR: none, or it is revoked. */
GBytes *db_pickup_certificate(Db *db, gint64 pickup, GError **error) G_GNUC_WARN_UNUSED_RESULT;

struct db_collect {
    gint64 pickup;
    GBytes *pin_hash, *bytes;
    gboolean own_password;
    const char *content_type, *key_origin, *serial, *actor, *address, *log_id;
};
/* 'Collected': the bytes that count. */
GBytes *db_pickup_collect(Db *db, const struct db_collect *collect, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean db_pickup_done(Db *db, gint64 pickup, const char *actor, const char *address, const char *log_id, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* A certificate was signed for a key that nobody holds any more: revokes it and drops the kept key, so that it starts over. */
gboolean db_pickup_reopen(Db *db, gint64 pickup, GBytes *pin_hash, const char *actor, const char *address, const char *log_id,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* WHAT: "new-pin" or "resend". */
gboolean db_pickup_ask(Db *db, gint64 request, const char *what, const char *actor, const char *address, const char *log_id,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The sealed PIN of the request's current pickup, with the cycle that its associated data names; NULL without ERROR: none to
   show. */
GBytes *db_pickup_pin(Db *db, gint64 request, gint64 person, gint64 *cycle, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- the worker's side ---------------------------------------------------------------------------------------------------- */
struct db_pickup_new {
    gint64 request, cycle;
    GBytes *token_hash, *pin_salt, *pin_hash, *pin_sealed;
    gboolean pin_mail;
    int days; /* until it lapses, counted in days of the service's time zone, to the end of the day */
};
/* 0 with ERROR, otherwise when it lapses. */
gint64 db_pickup_insert(Db *db, const struct db_pickup_new *pickup, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What the worker must know to make a PIN or a URL for a request (pickup 0: none open); FALSE without ERROR: no such request.
   Holds the request until the transaction ends. */
struct db_pickup_work { gint64 cycle, pickup, expires_at; char *state; gboolean pin_mail, new_pin_asked, resend_asked; };
void db_pickup_work_clear(struct db_pickup_work *work);
gboolean db_pickup_for_work(Db *db, gint64 request, struct db_pickup_work *work, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean db_pickup_new_pin(Db *db, gint64 pickup, GBytes *salt, GBytes *hash, GBytes *sealed, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* A new URL; the old one ends. */
gboolean db_pickup_new_token(Db *db, gint64 pickup, GBytes *token_hash, GError **error) G_GNUC_WARN_UNUSED_RESULT;

struct db_pickup_due { gint64 id, request, cycle, expires_at; };
/* Due at NOW, as struct db_pickup_due in a GArray. */
GArray *db_pickup_lapsing(Db *db, gint64 now, int limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GArray *db_pickup_erasing(Db *db, gint64 now, int limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GArray *db_pickup_ending(Db *db, gint64 now, int days, int limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* FALSE without ERROR: mailed already. */
gboolean db_pickup_mark_ending(Db *db, gint64 pickup, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What is kept goes, if its deadline has passed at NOW. */
gboolean db_pickup_erase(Db *db, gint64 request, gint64 cycle, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

extern const DbGroup db_pickup_group, db_pickup_worker_group;

#endif
