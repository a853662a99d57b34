/*
 * signer: the one process that reaches a CA key. It builds what it signs from the database's rows, commits the intent, signs,
 * writes its log, commits the certificate, and only then answers; from its callers it takes a request's number, the pickup's
 * token and a proven public key, nothing else.
 *
 * signer.c is the process: keys, callers, errors. One file each for what it can be asked: signer_issue.c, signer_crl.c,
 * signer_delegate.c; signer_reconcile.c ends what broke off; signer_head.c signs the audit's heads; signer_log.[ch] is its own
 * list of what it signed. The acts are functions of their arguments and the database: the time is a parameter.
 */
#ifndef CA_SIGNER_H
#define CA_SIGNER_H

#include "ca/certificate.h"
#include "ca/issuer.h"
#include "ca/signer_log.h"
#include "ca/wire.h"
#include "db/db.h"
#include "db/settings.h"

#define SIGNER_FULL_LAG 30 /* seconds that a long full CRL may be behind the shards, which certificates name */

typedef struct signer {
    Db *db;
    const Settings *settings;
    GHashTable *issuers; /* name → CaIssuer *, those whose key is loaded */
    SignerLog *log;
    gboolean compared;   /* the log with the database, in this connection */
    gint64 load_after;   /* monotonic: keys that failed are not tried before */
    gboolean files_only; /* confined to what keys in files need: a token's module cannot be loaded any more */
    struct signer_witness *witness; /* of signer_head; NULL at first */
} Signer;

/* The certificate of a pickup. Errors as in ca/client.h. */
GBytes *signer_issue(Signer *signer, gint64 request, const char *token, GBytes *csr, gint64 now, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Ends what broke off between intent and row: signed, by the log named LOG: stored (or revoked, where nobody can have it any more);
   never signed: closed. Leaves alone what a living process works on. */
gboolean signer_reconcile(Signer *signer, const char *log, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* New CRLs of ISSUER: the shards that a revocation has changed since, that are old or are not there yet, and the full one; or ALL.
   One number for what is made together; where nothing is due, nothing is made. */
gboolean signer_publish(Signer *signer, const char *issuer, gboolean all, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A certificate for an OCSP responder's key. It has no row in `certificate`, which belongs to requests and answers OCSP: nobody
   can ask for its status (nocheck). Audited and in the signer's log. */
GBytes *signer_delegate(Signer *signer, const char *issuer, GBytes *csr, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A head over the newest link of the audit, where there is one without (ca/head.h); in the log before it is stored.
   CA_ERROR_BROKEN: the chain is not the one that the log shows, and gets no head any more. */
gboolean signer_head(Signer *signer, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void signer_witness_free(struct signer_witness *witness);

/* --- for those files ------------------------------------------------------------------------------------------------------ */

/* A database error as a CA_ERROR: away is DOWN, someone else was first is DOWN too (asking again helps). Always FALSE. */
gboolean signer_fail(GError *db_error, GError **error);
gboolean signer_refuse(GError **error, const char *rule, const char *why);
/* BEGIN; and where the connection is a new one, perhaps to another server, what the log holds must be in that database. */
gboolean signer_begin(Signer *signer, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Stores the certificate of an intent. *LIVE FALSE: as a revoked one, nobody may have it. */
gboolean signer_store(Signer *signer, gint64 intent, const CaCertificateInfo *info, gboolean *live, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Borrowed. NULL with REFUSED "issuer" or DOWN. */
const CaIssuer *signer_issuer(Signer *signer, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- the process ---------------------------------------------------------------------------------------------------------- */

struct signer_process {
    const char *settings_file; /* read again by every child, so that SIGHUP takes up changes */
    int listening;
};
/* The life of one child under prefork; DATA is a struct signer_process. */
int signer_run(gpointer data);

/* Who may ask what: user ids from [signer] *_user. */
struct signer_peers {
    unsigned portal, worker, responder;
};
/* CA_ERROR_BROKEN names the setting whose user does not exist. */
gboolean signer_peers_read(const Settings *settings, struct signer_peers *peers, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean signer_peers_may(const struct signer_peers *peers, unsigned uid, enum wire_kind kind);

#endif
