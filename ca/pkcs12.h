/*
 * pkcs12: key, certificate and chain in one file under a password.
 */
#ifndef CA_PKCS12_H
#define CA_PKCS12_H

#include <glib.h>

#include "ca/crypto.h"
#include "ca/error.h"

enum ca_pkcs12_encoding {
    CA_PKCS12_MODERN, /* PBES2, AES-256-CBC, PBKDF2-HMAC-SHA256; MAC SHA-256 */
    CA_PKCS12_OLDER,  /* 3DES for key and certificates, MAC SHA-1: Windows Server 2016, Android 13 and older; no RC2 */
};

/* "modern", "older". */
gboolean ca_pkcs12_encoding_parse(const char *name, enum ca_pkcs12_encoding *encoding) G_GNUC_WARN_UNUSED_RESULT;

/*
 * CHAIN: GBytes * in DER, issuer first; may be NULL. FRIENDLY_NAME: UTF-8. PASSWORD: printable ASCII, 1 to 64 characters
 * (CA_ERROR_REFUSED "password": Java cannot read others). A certificate that is not of this key is CA_ERROR_BROKEN.
 */
GBytes *ca_pkcs12_build(const Secret *pkcs8, GBytes *certificate, const GPtrArray *chain, const char *friendly_name,
                        const char *password, enum ca_pkcs12_encoding encoding, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
