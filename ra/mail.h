/*
 * Mail: words by web, headers by us, delivery by SMTP submission (STARTTLS always). At least once each, a repeat with the same
 * Message-ID.
 */
#ifndef RA_MAIL_H
#define RA_MAIL_H

#include "db/outbox.h"
#include "ra/context.h"

enum ra_mail_fate {
    RA_MAIL_SENT,
    RA_MAIL_LATER,         /* the server is away or says 4xx: try again, after [mail] tries give up */
    RA_MAIL_NEVER,         /* it will not take this mail (5xx): failed, with the reason on the request's page */
    RA_MAIL_MISCONFIGURED, /* certificate, login, sender: no mail's fault; try again until an operator has mended it */
};

/* A connection to the SMTP server, kept over mails. */
typedef struct ra_mailer RaMailer;
RaMailer *ra_mailer_new(const Settings *settings, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void ra_mailer_free(RaMailer *mailer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RaMailer, ra_mailer_free)

/* Claims the next due mail and sends it. FALSE: nothing was due. ERROR only where the database is away. */
gboolean ra_mail_send_next(RaContext *ctx, RaMailer *mailer, GError **error);

/* --- its parts, for tests --- */

struct ra_letter {
    const char *from, *from_name, *to, *subject, *body;
    const char *message_id; /* without angle brackets: id@domain */
    const char *event;
    gint64 date;
};
/* RFC 5322 text with CRLF line ends. NULL with ERROR (INPUT "mail") where a value has a line end or an address is none. */
char *ra_mail_compose(const struct ra_letter *letter, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* RFC 2047: TEXT as it stands in a header whose name takes FIRST columns; folded with CRLF and a space. */
char *ra_mail_encode(const char *text, size_t first) G_GNUC_WARN_UNUSED_RESULT;
/* Sends TEXT. WHY (may be NULL; the caller's): the server's own words or libcurl's, one line. */
enum ra_mail_fate ra_mailer_send(RaMailer *mailer, const char *to, const char *text, char **why);
/* Seconds until the next try after TRIES of them. */
gint64 ra_mail_backoff(gint64 tries, gint64 first);

#endif
