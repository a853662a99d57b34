/*
 * client: how other processes ask the signer and the responder. Each call is one connection, with a time limit; it blocks.
 * SOCKET: path of [signer] socket or [responder] socket. The log lines at the other end carry the caller's log_id().
 *
 * Errors: CA_ERROR_DOWN (nobody answers, or the database is away there: try again later, nothing is half done),
 * CA_ERROR_REFUSED (a rule said no, its word first; asking again is no use), CA_ERROR_INPUT (the bytes given are bad),
 * CA_ERROR_BROKEN (a bug or a broken key there; see the signer's log).
 */
#ifndef CA_CLIENT_H
#define CA_CLIENT_H

#include <glib.h>

#include "ca/error.h"

/*
 * Asks for the certificate of a pickup: TOKEN as in the URL (the database holds the SHA-256 of these 43 characters), CSR_DER a
 * PKCS#10 that proves the key. The answer (DER, the caller's) is committed in the database before it comes, and the same
 * pickup and key get the same certificate again. REFUSED with one of:
 *   "pickup"       no such request or token, or the pickup is ended, locked, collected or over
 *   "state"        the request is not waiting to be collected
 *   "policy"       type, months or mail domain are not allowed (any more)
 *   "cap"          too many active certificates
 *   "validity"     the row's days are not what the profile gives, or past the issuer's end (also "issuer-end")
 *   "other-key"    a certificate for another key was signed for this pickup: it must be revoked first
 *   "key-kind", "key-weak", "key-used" (in another person's certificate), "key-compromised", "subject", "mail"
 */
GBytes *ca_client_sign(const char *socket, gint64 request, const char *token, GBytes *csr_der, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* New CRLs of ISSUER, committed when this returns. REFUSED "issuer": the signer has no key of it (a root's CRL is made by hand). */
gboolean ca_client_publish(const char *socket, const char *issuer, gboolean all, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A delegated OCSP certificate (id-pkix-ocsp-nocheck, [responder] days) for the key in CSR. Only for the responder's user. */
GBytes *ca_client_responder_certificate(const char *socket, const char *issuer, GBytes *csr, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* SOCKET: the responder's. REQUEST_DER comes from anybody. The answer is always an OCSPResponse, if need be one that says
   malformedRequest, tryLater or unauthorized; MAX_AGE_SECONDS (may be NULL): how long it may be cached, 0 for not at all. */
GBytes *ca_client_ocsp(const char *socket, GBytes *request_der, int *max_age_seconds, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Does it answer, with its database? For signer and responder. */
gboolean ca_client_ping(const char *socket, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
