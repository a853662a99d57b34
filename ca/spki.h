/*
 * spki: whose key is in a file, for the operator's command: weak and foreign keys too, which ca/csr.h refuses.
 */
#ifndef CA_SPKI_H
#define CA_SPKI_H

#include <glib.h>

#include "ca/error.h"

/* SHA-256 of the SubjectPublicKeyInfo in BYTES: a certificate, a CSR, a public key or an unencrypted private one, PEM or DER. The
   caller's. CA_ERROR_INPUT "key-form". */
GBytes *ca_spki_hash(const void *bytes, size_t size, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
