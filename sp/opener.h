/*
 * sp/opener: XML and pictures from outsiders are opened by a child that can do nothing else (sp/confine.h). One process, the
 * opener, forks such a child for each message, gives it a wall-clock limit, and passes its records on to who asked; the child
 * leaves by _exit. So a hole in libxml2, xmlsec, lasso or a picture library costs that one message.
 *
 * The opener holds what a child must know and nothing else: our names and the SAML decryption keys in the portal, nothing in
 * the worker; no database, no signing key, no socket but its own. It parses nothing that an outsider wrote, and of metadata
 * (rows that were verified, or given by an operator) only the certificates that a child found in an EntityDescriptor: a hostile
 * descriptor of a verified aggregate meets its parser in a child too.
 *
 * Jobs are rows of the table in opener.c. A job's function runs in the child: bytes in, records out (sp/record.h), nothing
 * opened, nothing kept. Whoever adds one writes the function and its codec in the room's own file, the row, and warms up in
 * `ready` (before the fork) whatever would open a file or be made anew each time.
 *
 * What goes wrong with a child is that message's refusal alone, SP_ERROR_REFUSED with one of these in front:
 *     opener-crash (a signal, an exit nobody knows) · opener-time (wall clock or processor) · opener-memory · opener-flood
 *     (more than the row allows) · opener-syscall (not on the list) · opener-answer (records that do not read)
 * SP_ERROR_AWAY: there is no opener (tried for 2 s, because it may just be starting again), or it is overrun or stopped (nothing
 * from it for 10 s longer than the job may take).
 */
#ifndef SP_OPENER_H
#define SP_OPENER_H

#include "sp/logout.h"
#include "sp/response.h"
#include "sp/service.h"

/* --- the process ---------------------------------------------------------------------------------------------------------- */

/*
 * The life of one process under prefork (count 1): listens at SOCKET with mode 0600, answers only processes of its own user,
 * any number of them at once, until prefork_stopping(); then finishes what is under way. Returns an exit status.
 * SERVICE: what its children know, made by MAKE in this process after it has closed what it inherited and emptied its
 * environment (NULL: nothing, as in the worker). It is made anew when one
 * of its files has changed; while that fails the old one serves.
 */
typedef SpService *(*SpOpenerMake)(gpointer data, GError **error);
int sp_opener_run(const char *socket, SpOpenerMake make, gpointer data);

/* --- who asks ------------------------------------------------------------------------------------------------------------- */

typedef struct sp_opener SpOpener;

/* Connects at the first question, and again when the opener has been started anew (a question that was under way is asked once
   more: opening a message changes nothing). One question at a time; not for threads, made after fork. */
SpOpener *sp_opener_connect(const char *socket) G_GNUC_WARN_UNUSED_RESULT;

/* A private opener, a child of this process over a socket pair, for commands and tests; ends with sp_opener_free. SERVICE (may
   be NULL) is borrowed for the call; it goes over by fork. */
SpOpener *sp_opener_spawn(SpService *service, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void sp_opener_free(SpOpener *opener);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SpOpener, sp_opener_free)

/* As sp_response_verify, with the opener's service: same values, same result, same refusals, besides those above. */
SpIdentity *sp_opener_response(SpOpener *opener, const char *base64, size_t n, const struct sp_want *want, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* As sp_logout_issuer and sp_logout_verify (sp/logout.h). */
char *sp_opener_logout_issuer(SpOpener *opener, const struct sp_logout_input *input, GError **error) G_GNUC_WARN_UNUSED_RESULT;
SpLogoutMessage *sp_opener_logout(SpOpener *opener, const struct sp_logout_input *input, const struct sp_logout_want *want,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- for those who write jobs --------------------------------------------------------------------------------------------- */

enum sp_job_kind {
    SP_JOB_PEER = 1,      /* certificates of an EntityDescriptor; asked by the opener itself, before RESPONSE and LOGOUT */
    SP_JOB_RESPONSE,
    SP_JOB_LOGOUT_ISSUER,
    SP_JOB_LOGOUT,
    SP_JOB_METADATA,
    SP_JOB_LOGO,
    SP_JOB_N
};

/* In the child. */
struct sp_job {
    const guchar *input; /* what the caller sent, N bytes */
    size_t n;
    SpService *service;  /* NULL in an opener without one */
};
typedef gboolean (*SpJobRun)(const struct sp_job *job, GError **error); /* FALSE: ERROR goes to the caller, domain SP_ERROR */

/* Sends one record to the caller, who gets it while the job runs on. Takes RECORD; NULL (it was too long) is SP_ERROR_REFUSED
   "opener-flood". Ends the child where nobody listens any more. */
gboolean sp_job_send(const struct sp_job *job, GBytes *record, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* For the caller: RECORD is one that the child sent, to be read with sp/record.h and believed in nothing else. FALSE ends the
   job (the child is killed) and ERROR is what sp_opener_ask returns. */
typedef gboolean (*SpOpenerTake)(const guchar *record, size_t n, gpointer data, GError **error);

/* Asks one question: INPUT (up to the row's bound; it travels as a sealed memfd, so large ones cost one copy) → any number of
   records to TAKE → TRUE, or the child's refusal, or its end. */
gboolean sp_opener_ask(SpOpener *opener, enum sp_job_kind kind, const void *input, size_t n, SpOpenerTake take, gpointer data,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
