/*
 * /check: was the presented certificate issued here, and does it work? nginx has checked the chain only; whether it is revoked
 * is looked up in the database, byte for byte the same certificate.
 */
#ifndef RA_CHECK_H
#define RA_CHECK_H

#include "ra/context.h"

/* In the order in which they are looked for: the first that holds is told. */
enum ra_verdict {
    RA_VERDICT_NONE,    /* no certificate was presented */
    RA_VERDICT_FOREIGN, /* not issued here, or no certificate at all */
    RA_VERDICT_UNKNOWN, /* signed with our key, but no certificate that we know: the operator must look into it */
    RA_VERDICT_REVOKED,
    RA_VERDICT_EARLY,   /* not valid yet */
    RA_VERDICT_EXPIRED,
    RA_VERDICT_PURPOSE, /* ours and good, but not made for logging in to servers */
    RA_VERDICT_CHAIN,   /* ours and good, but the server in front could not check its chain: see failure */
    RA_VERDICT_VALID,
};

typedef struct ra_check {
    enum ra_verdict verdict;
    char *common_name, *subject, *issuer, *serial; /* of the presented certificate; NULL where it can't be read */
    char *fingerprint, *key;                       /* SHA-256, hex; the key's kind */
    GStrv purposes;                                /* see ca/certificate.h */
    gint64 not_before, not_after, revoked_at;
    char *reason;                                  /* why it was revoked; NULL */
    char *failure;                                 /* the server's words where it did not verify; NULL where it did */
    GPtrArray *chain;                              /* char *: names of the authorities above it, its issuer first; NULL: not ours */
    gint64 request;                                /* 0 where it is not ours */
    char *type, *memo;
    char *successor;                               /* serial of a newer certificate of the same request; NULL */
    gboolean renewable;                            /* the request can be renewed now */
} RaCheck;
void ra_check_free(RaCheck *check);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RaCheck, ra_check_free)

/* The page's words: "works", "none", "foreign", … as the enum's names. */
const char *ra_verdict_name(enum ra_verdict verdict);

/* PEM: nginx's $ssl_client_escaped_cert, unescaped ("" or NULL: none); VERIFY: its $ssl_client_verify ("SUCCESS", "NONE",
   "FAILED:…"). NULL with ERROR only where the database is away. */
RaCheck *ra_check_certificate(RaContext *ctx, const char *pem, const char *verify, gint64 now, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

#endif
