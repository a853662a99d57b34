/*
 * issuer: a CA certificate together with its key, read and checked once, ready to sign many times.
 */
#ifndef CA_ISSUER_H
#define CA_ISSUER_H

#include <glib.h>

#include "ca/error.h"
#include "ca/key.h"

typedef struct ca_issuer CaIssuer;

/* CERTIFICATE: DER. Refused (CA_ERROR_BROKEN) unless it is a CA's (cA, keyCertSign and cRLSign, a subject key identifier) and
   its key is KEY. Neither argument is taken over; KEY may be freed afterwards. */
CaIssuer *ca_issuer_new(GBytes *certificate, const CaSigningKey *key, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A delegated OCSP responder: a certificate with extended key usage OCSPSigning instead. Signs OCSP answers, nothing else. */
CaIssuer *ca_issuer_new_responder(GBytes *certificate, const CaSigningKey *key, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void ca_issuer_free(CaIssuer *issuer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CaIssuer, ca_issuer_free)

GBytes *ca_issuer_certificate(const CaIssuer *issuer); /* borrowed, DER */
gint64 ca_issuer_not_before(const CaIssuer *issuer);   /* Unix seconds */
gint64 ca_issuer_not_after(const CaIssuer *issuer);

#endif
