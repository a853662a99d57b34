/*
 * signer_log: the signer's own list of what it signed: a file that is only ever appended to, each line synced before the answer
 * leaves, a certificate's before it is stored. It is there to end what broke off between signing and storing, and to be compared
 * with the database after a failover, when a standby that lost commits may have taken over. The first line names the log.
 *
 *     2026-11-24T08:10:00Z log 7c21…
 *     2026-11-24T08:15:41Z issue client 4f… request=7 key=… certificate=… der=BASE64
 *     2026-11-24T08:15:52Z crl client 12
 *     2026-11-24T08:15:55Z head audit 3071 hash=…
 */
#ifndef CA_SIGNER_LOG_H
#define CA_SIGNER_LOG_H

#include <glib.h>

#include "ca/error.h"

typedef struct signer_log SignerLog;

/* Opens FILE, mode 0600 where it is new, and reads its end. CA_ERROR_BROKEN names it. */
SignerLog *signer_log_open(const char *file, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void signer_log_close(SignerLog *log);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SignerLog, signer_log_close)

/* Appends one line: the time NOW, WHAT ("issue", "again", "crl", "responder", "witness", "head"), ISSUER, SUBJECT (serial or number) and REST (may be
   NULL). CA_ERROR_DOWN: not written, e.g. for a full disk; nothing may be answered then. */
gboolean signer_log_add(SignerLog *log, gint64 now, const char *what, const char *issuer, const char *subject, const char *rest,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The log's name: 16 hexadecimal digits, of its first line, which is written where there is none yet. Borrowed. NULL with
   CA_ERROR_DOWN. */
const char *signer_log_name(SignerLog *log, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Bytes that the file has; -1 with ERROR. */
gint64 signer_log_size(const SignerLog *log, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The certificate, DER, of the line "issue ISSUER SERIAL" behind byte FROM. NULL without ERROR: there is no such line. */
GBytes *signer_log_find(SignerLog *log, gint64 from, const char *issuer, const char *serial, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

struct signer_log_line {
    const char *issuer, *serial, *sha256; /* of the certificate, hex */
    gint64 request;
};
/* Every whole line "issue" of FILE, which is only read. CA_ERROR_BROKEN: it cannot be. */
gboolean signer_log_each(const char *file, void (*each)(const char *file, const struct signer_log_line *line, gpointer data),
                         gpointer data, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Every whole line "head" of FILE, in its order. */
gboolean signer_log_each_head(const char *file, void (*each)(const char *file, gint64 seq, const char *hash, gpointer data),
                              gpointer data, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whoever works on intent ID holds it, among all processes that have the log open, until it lets go or dies. FALSE: another does. */
gboolean signer_log_hold(SignerLog *log, gint64 id) G_GNUC_WARN_UNUSED_RESULT;
void signer_log_let_go(SignerLog *log, gint64 id);

/* The newest certificates in the file, all processes' of this machine, as pairs ISSUER, SERIAL one after another; at most 64
   pairs. The caller's. */
GPtrArray *signer_log_newest(SignerLog *log, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The highest CRL number of ISSUER near the file's end, 0 for none. */
gint64 signer_log_crl(SignerLog *log, const char *issuer);
/* The last head near the file's end: *SEQ, and *HASH (hex), which is freed before. Untouched where there is none. */
void signer_log_head(SignerLog *log, gint64 *seq, char **hash);
const char *signer_log_file(const SignerLog *log);

#endif
