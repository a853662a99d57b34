/*
 * responder: answers OCSP. `inkan-signer --responder`: one process, many callers at once, no CA key. For each issuing CA it makes
 * a P-256 key in memory and has the signer certify it; at half of its life there is a new one. A certificate's status is read from
 * the database for each answer: "good" only for what is stored there. What it does not know, or whose issuer it does not serve,
 * gets an unsigned "unauthorized"; while a delegate's certificate or the database is missing, "tryLater".
 *
 * Ahead it signs one answer for each new or revoked certificate, as nearly all clients ask (SHA-1, no nonce), keeps it as a row
 * (ocsp_response) that the publishing processes of all nodes hand out, and signs it again at half of its life. A revocation takes
 * the row away in its own transaction. Whatever else is asked for is signed at the question; questions write nothing.
 */
#ifndef CA_RESPONDER_H
#define CA_RESPONDER_H

#include "db/db.h"
#include "db/settings.h"

typedef struct responder Responder;

Responder *responder_new(const Settings *settings) G_GNUC_WARN_UNUSED_RESULT; /* SETTINGS is borrowed */
void responder_free(Responder *responder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Responder, responder_free)

/* The OCSPResponse to REQUEST (DER, from anybody) at NOW. *MAX_AGE: seconds that it may be cached, 0 for not at all. */
GBytes *responder_answer(Responder *responder, GBytes *request, gint64 now, int *max_age) G_GNUC_WARN_UNUSED_RESULT;

/* The chores between the answers at NOW: new issuing CAs noticed, certificates asked for where there is none yet or half of a
   life is over, and taken when the signer has answered. Never waits. */
void responder_tend(Responder *responder, gint64 now);

struct responder_process {
    const char *settings_file;
    int listening;
};
/* Its life under prefork (count 1); DATA is a struct responder_process. */
int responder_run(gpointer data);

#endif
