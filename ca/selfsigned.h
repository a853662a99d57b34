/*
 * selfsigned: keys of our own services that lie in plain PEM files, and certificates that are mere containers of their public
 * halves, as SAML's metadata wants them: nobody builds a chain to them, nobody looks at their names.
 */
#ifndef CA_SELFSIGNED_H
#define CA_SELFSIGNED_H

#include <glib.h>

#include "ca/crypto.h"
#include "ca/error.h"

/* PKCS#8 in PEM, without a passphrase. */
Secret *ca_plain_pem(const Secret *pkcs8, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* SHA-256 of the SubjectPublicKeyInfo of the private key in PEM text (the first one, of any form that OpenSSL reads): the same
   bytes as ca_certificate_read's spki_sha256. CA_ERROR_INPUT "key-form". */
GBytes *ca_plain_key_id(const Secret *pem, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A certificate of that key for COMMON_NAME, DER, self-signed with SHA-256, a random serial. */
GBytes *ca_self_signed(const Secret *pem, const char *common_name, gint64 from, gint64 until, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

#endif
