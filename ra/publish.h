/*
 * What relying parties fetch: CRLs and CA certificates (OCSP answers: ra/ocsp.h). For the publishing pool; needs no secret.
 */
#ifndef RA_PUBLISH_H
#define RA_PUBLISH_H

#include "db/publish.h"
#include "ra/context.h"

typedef DbPublishedCrl RaCrl; /* der, number, this_update, next_update */
#define ra_crl_free db_published_crl_free
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RaCrl, db_published_crl_free)
/* SHARD -1: the full CRL. NULL with ERROR: NOT_FOUND. */
RaCrl *ra_publish_crl(RaContext *ctx, const char *issuer, int shard, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct ra_authority {
    char *name, *parent;    /* parent NULL for the root */
    GBytes *der;
    char *pem;
    char *subject, *common_name; /* "C=JP, …" */
    char *fingerprint, *fingerprint_sha1; /* SHA-256 and SHA-1, lower-case hex */
    char *key_kind;
    gint64 not_before, not_after;
} RaAuthority;
void ra_authority_free(RaAuthority *authority);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RaAuthority, ra_authority_free)
/* RaAuthority *, root first; for the page /ca. */
GPtrArray *ra_publish_authorities(RaContext *ctx, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* One by name, for /ca/NAME.cer (der). NULL with ERROR: NOT_FOUND. */
RaAuthority *ra_publish_authority(RaContext *ctx, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* All CA certificates in PEM, issuing ones first, root last. */
char *ra_publish_chain(RaContext *ctx, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same as PKCS#7, DER. */
GBytes *ra_publish_chain_pkcs7(RaContext *ctx, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whose signature CERTIFICATE bears: the issuer's name, borrowed from CTX; NULL with ERROR, NOT_FOUND for a foreign one. CHAIN
   (may be NULL): the CA certificates above it as GBytes *, issuer first, root last; the caller's. */
const char *ra_publish_issuer_of(RaContext *ctx, GBytes *certificate, GPtrArray **chain, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

#endif
