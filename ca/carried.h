/*
 * carried: what goes between the machine of an offline root and the one that issues: the request of an issuing CA, and, on the way
 * back, certificates and CRLs, read by libcrypto's eyes and not by those that wrote them. No database, no files, no clock.
 */
#ifndef CA_CARRIED_H
#define CA_CARRIED_H

#include <glib.h>

#include "ca/certificate.h"
#include "ca/crl.h"

#define CA_CARRIED_LONGEST 65536 /* bytes of a file; a root's CRL has some hundred bytes and 40 for each CA that was revoked */

/* --- requests ------------------------------------------------------------------------------------------------------------- */

/* A PKCS#10 that an issuing CA signs with its own key (PEM): country, organization, common_name and extended of WHAT, CA with path
   length 0. Any CA's software reads it. */
char *ca_authority_request_pem(const struct ca_authority *what, const CaSigningKey *key, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct ca_authority_request {
    CaCsr *csr;         /* the key, proven */
    char *country, *organization, *common_name; /* "" where there is none, but for the last */
    char **extended;    /* purposes, dotted OIDs */
    char *fingerprint;  /* SHA-256 of the DER, hex: what is compared on both machines */
} CaAuthorityRequest;
/* Anybody's bytes, PEM (with text before it) or DER. Errors of ca_csr_parse, and CA_ERROR_REFUSED "request": not one for an issuing CA
   (a subject of other parts than C, O and one CN; not a CA; no purpose). */
CaAuthorityRequest *ca_authority_request_read(const void *bytes, size_t size, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void ca_authority_request_free(CaAuthorityRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CaAuthorityRequest, ca_authority_request_free)

/* --- what comes back ------------------------------------------------------------------------------------------------------ */

/* What a file holds: DER of each, in their order. CA_ERROR_INPUT "carried": neither, too long, or something else between. */
typedef struct ca_carried {
    GPtrArray *certificates, *crls; /* GBytes * */
} CaCarried;
CaCarried *ca_carried_read(const void *bytes, size_t size, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void ca_carried_free(CaCarried *carried);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CaCarried, ca_carried_free)

/* May DER be an issuing CA of ours below ROOT, made for the key SPKI, with pointers to CRL_URL and ISSUER_URL? Signature, dates within
   the root's and around NOW, CA with path length 0, usage, purposes, no extension that nobody understands. CA_ERROR_REFUSED with the word of
   the check. */
gboolean ca_authority_check(GBytes *der, GBytes *root, GBytes *spki, const char *crl_url, const char *issuer_url, gint64 now,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A self-signed CA, in force at NOW? CA_ERROR_REFUSED. */
gboolean ca_root_check(GBytes *der, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Is PURPOSE (dotted OID) among DER's extended key usages? */
gboolean ca_authority_has_purpose(GBytes *der, const char *purpose) G_GNUC_WARN_UNUSED_RESULT;

/* A CRL (DER): its entries, struct ca_revoked, and of what the distribution point it names is, NULL for the full one; the caller's.
   CA_ERROR_REFUSED "crl-signature" unless ISSUER (DER) signed it; CA_ERROR_INPUT "crl-form". */
GArray *ca_crl_entries(GBytes *crl, GBytes *issuer, char **shard_url, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* PEM of several CRLs. */
char *ca_crls_pem(const GPtrArray *crls) G_GNUC_WARN_UNUSED_RESULT;

#endif
