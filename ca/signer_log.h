/*
 * signer_log: the signer's own list of what it signed: a file that is only ever appended to, each line synced before the answer
 * leaves. It is there to be compared with the database after a failover, when a standby that lost commits may have taken over.
 *
 *     2026-11-24T08:15:41Z issue client 4f… request=7 key=… certificate=…
 *     2026-11-24T08:15:52Z crl client 12
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

/* Appends one line: the time NOW, WHAT ("issue", "again", "crl", "responder"), ISSUER, SUBJECT (serial or number) and REST (may be
   NULL). CA_ERROR_DOWN: not written, e.g. for a full disk; nothing may be answered then. */
gboolean signer_log_add(SignerLog *log, gint64 now, const char *what, const char *issuer, const char *subject, const char *rest,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The newest certificates in the file, all processes' of this machine, as pairs ISSUER, SERIAL one after another; at most 64
   pairs. The caller's. */
GPtrArray *signer_log_newest(SignerLog *log, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The highest CRL number of ISSUER near the file's end, 0 for none. */
gint64 signer_log_crl(SignerLog *log, const char *issuer);
const char *signer_log_file(const SignerLog *log);

#endif
