/*
 * mail: from a row of the outbox to a sent mail: words by web, headers by ra/letter.h, delivery by ra/mailer.h. At least once
 * each; a repeat has the same Message-ID and the same text.
 */
#ifndef RA_MAIL_H
#define RA_MAIL_H

#include "db/outbox.h"
#include "ra/context.h"
#include "ra/mailer.h"

/* Claims the next due mail, sends it and marks it. FALSE: nothing was due, or ERROR (the database is away). */
gboolean ra_mail_send_next(RaContext *ctx, RaMailer *mailer, gint64 now, GError **error);

/* The document that web makes MAIL's words from (tests/web/documents/README.md). SECRET: the URL's token or the PIN, NULL where
   the mail has none. */
WebDocument *ra_mail_document(const RaContext *ctx, const DbMail *mail, const Secret *secret) G_GNUC_WARN_UNUSED_RESULT;

/* Seconds until the next try after TRIES of them: FIRST, doubling, an hour at most. */
gint64 ra_mail_pause(gint64 tries, gint64 first);

#endif
