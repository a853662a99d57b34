/*
 * cms: what the service itself signs (RFC 5652), with a key and a certificate that the installation gives it: not a CA's key.
 */
#ifndef CA_CMS_H
#define CA_CMS_H

#include <glib.h>

#include "ca/error.h"

/*
 * CONTENT in a SignedData with the content inside, DER. KEY_FILE: a private key in PEM without a passphrase. CERTIFICATE_FILE: PEM,
 * its certificate first, then those above it, which go along. Both are read anew each time, so a certificate that was renewed
 * under the same name (ACME) counts at once. AT: the signing time. CA_ERROR_BROKEN names the file: missing, no key or certificate
 * in it, of another key, not valid at AT.
 */
GBytes *ca_cms_sign(GBytes *content, const char *key_file, const char *certificate_file, gint64 at, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* The same without the content: what S/MIME puts beside it (RFC 8551, multipart/signed; the digest is SHA-256). CONTENT is not
   copied. */
GBytes *ca_cms_sign_beside(GBytes *content, const char *key_file, const char *certificate_file, gint64 at, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

#endif
