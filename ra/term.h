/*
 * term: what somebody at the telephone may have read out, by its looks alone. No database, no clock.
 */
#ifndef RA_TERM_H
#define RA_TERM_H

#include <glib.h>

#define RA_TERM_LONGEST 200 /* bytes that count */

/* Several may be meant at once: 40 digits can be a serial in hexadecimal or in decimal. */
typedef struct ra_term {
    char *text;         /* trimmed, full-width forms as ASCII; valid UTF-8, never NULL */
    gint64 number;      /* of a request: 12, #12, No 12, 申請12; 0: none */
    char **serials;     /* lower-case hex as certificates have it, from hex in any notation or decimal; possibly none */
    char *fingerprint;  /* SHA-256 in lower-case hex; NULL: none */
    char *sha1;         /* SHA-1 in lower-case hex, which a serial may look like too; NULL: none */
    gboolean words;     /* may be a name, an address, an identifier, a memo */
} RaTerm;

/* TEXT: any bytes, NULL is "". */
RaTerm *ra_term_read(const char *text) G_GNUC_WARN_UNUSED_RESULT;
void ra_term_free(RaTerm *term);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RaTerm, ra_term_free)

#endif
