/*
 * /check: was the presented certificate issued here, and does it work? nginx has checked the chain only; whether it is revoked
 * is looked up in the database, byte for byte the same certificate.
 */
#ifndef RA_CHECK_H
#define RA_CHECK_H

#include "ra/context.h"

enum ra_verdict {
    RA_VERDICT_NONE,    /* no certificate was presented */
    RA_VERDICT_VALID,
    RA_VERDICT_REVOKED,
    RA_VERDICT_EXPIRED, /* or not valid yet */
    RA_VERDICT_FOREIGN, /* not issued here, or the handshake did not verify */
    RA_VERDICT_UNKNOWN, /* signed with our key, but no certificate that we know: the operator must look into it */
};

typedef struct ra_check {
    enum ra_verdict verdict;
    char *common_name, *subject, *issuer, *serial; /* of the presented certificate; NULL where it can't be read */
    char *fingerprint;
    gint64 not_before, not_after, revoked_at;
    char *reason;                                  /* why it was revoked; NULL */
    gint64 request;                                /* 0 where it is not ours */
    char *type, *memo;
} RaCheck;
void ra_check_free(RaCheck *check);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RaCheck, ra_check_free)

/* The page's words: "none", "works", "revoked", "expired", "foreign", "unknown". */
const char *ra_verdict_name(enum ra_verdict verdict);

/* PEM: nginx's $ssl_client_escaped_cert, unescaped ("" or NULL: none); VERIFY: its $ssl_client_verify ("SUCCESS", "NONE",
   "FAILED:…"). NULL with ERROR only where the database is away. */
RaCheck *ra_check_certificate(RaContext *ctx, const char *pem, const char *verify, gint64 now, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

#endif
