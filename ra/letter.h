/*
 * letter: the text of a mail as RFC 5322 has it. Pure; what comes in may be anybody's words.
 */
#ifndef RA_LETTER_H
#define RA_LETTER_H

#include <glib.h>

struct ra_letter {
    const char *from, *from_name, *to, *subject; /* one line each, UTF-8 */
    const char *body;                            /* UTF-8, lines end in \n */
    const char *message_id;                      /* without angle brackets: id@domain */
    const char *event;
    gint64 date;
    const char *calendar;                        /* text/calendar to attach, CRLF line ends; NULL: none */
    const char *sign_key, *sign_certificate;     /* files, see ca/cms.h; NULL or "": not signed */
    gint64 sign_at;                              /* the signing time */
};

/*
 * The whole text with CRLF line ends, or NULL with ERROR (RA_ERROR_INPUT "letter: …") where a value has a line end or is not
 * UTF-8, or an address is none; CA_ERROR_BROKEN where it cannot be signed. text/plain alone, with a calendar multipart/mixed, signed
 * multipart/signed around either (RFC 8551). The result may hold a secret: wipe it (crypto_wipe_text) before it is freed; it was never moved
 * while it was made.
 */
char *ra_letter_compose(const struct ra_letter *letter, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* TEXT as it stands in a header of which FIRST columns are taken: as it is where it may be, otherwise RFC 2047 encoded-words;
   folded with CRLF and a space. */
char *ra_letter_encode(const char *text, size_t first) G_GNUC_WARN_UNUSED_RESULT;

/* May mail be sent to ADDRESS: local part and domain in printable ASCII without what SMTP and headers would misread? */
gboolean ra_letter_address_ok(const char *address) G_GNUC_WARN_UNUSED_RESULT;

#endif
