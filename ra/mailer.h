/*
 * mailer: hands one text to the SMTP server of the settings. TLS always (STARTTLS demanded, or smtps), the server's certificate
 * checked. The connection is kept for the next mail.
 */
#ifndef RA_MAILER_H
#define RA_MAILER_H

#include "db/settings.h"

enum ra_mail_fate {
    RA_MAIL_SENT,
    RA_MAIL_LATER,         /* the server says 4xx or breaks off: try again; after [mail] tries the mail has failed */
    RA_MAIL_NEVER,         /* it will not take this mail (5xx): failed, with the reason on the request's page */
    RA_MAIL_AWAY,          /* nobody answers: not this mail's fault, try again soon */
    RA_MAIL_MISCONFIGURED, /* certificate, login, sender: not this mail's fault; waits until an operator has mended it */
};

typedef struct ra_mailer RaMailer;
/* SETTINGS are borrowed. Fails for a password file that cannot be read. */
RaMailer *ra_mailer_new(const Settings *settings, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void ra_mailer_free(RaMailer *mailer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RaMailer, ra_mailer_free)

/* Takes 40 s at most. WHY (may be NULL; the caller's): the server's words or libcurl's, one printable line; NULL when sent. */
enum ra_mail_fate ra_mailer_send(RaMailer *mailer, const char *to, const char *text, char **why);

/* What an outcome means, for the tests of the rule: CURL is libcurl's code, REPLY the last SMTP code (0: none), STAGE libcurl's
   words ("RCPT failed: 550"). */
enum ra_mail_fate ra_mailer_judge(int curl, long reply, const char *stage);

#endif
