/*
 * error: the kinds of failure of the ca room, named for what the caller does next.
 */
#ifndef CA_ERROR_H
#define CA_ERROR_H

#include <glib.h>

#define CA_ERROR (ca_error_quark())
GQuark ca_error_quark(void);
enum ca_error {
    CA_ERROR_REFUSED, /* a rule says no; the message begins with the rule's word, e.g. "issuer-end: …". Never ask again */
    CA_ERROR_INPUT,   /* bytes that are not what they should be (CSR, certificate, OCSP request, wrong PIN); word first too */
    CA_ERROR_DOWN,    /* the signer or another process does not answer; try again later: 503 */
    CA_ERROR_BROKEN,  /* a bug, a broken key or certificate of our own, OpenSSL failing; for the log and the operator */
};

/* The word before the colon of a message ("issuer-end"), the caller's to free; the whole message where there is no colon. */
char *ca_error_word(const GError *error) G_GNUC_WARN_UNUSED_RESULT;

#endif
