/*
 * crl: a certificate revocation list of one issuer, full or for one distribution point (shard). Written as DER straight from
 * an array: a million entries cost little more than their hash.
 */
#ifndef CA_CRL_H
#define CA_CRL_H

#include <glib.h>

#include "ca/error.h"
#include "ca/issuer.h"

/* RFC 5280 section 5.3.1: the ones that a person or officer may give. */
enum ca_reason {
    CA_REASON_UNSPECIFIED = 0,
    CA_REASON_KEY_COMPROMISE = 1,
    CA_REASON_AFFILIATION_CHANGED = 3,
    CA_REASON_SUPERSEDED = 4,
    CA_REASON_CESSATION_OF_OPERATION = 5,
};
/* "keyCompromise" and so on, as in certificate.reason. */
gboolean ca_reason_parse(const char *name, enum ca_reason *reason) G_GNUC_WARN_UNUSED_RESULT;
const char *ca_reason_name(enum ca_reason reason);

struct ca_revoked {
    char serial[41];       /* hex, as in certificate.serial */
    unsigned char reason;  /* enum ca_reason; unspecified writes no entry extension, as RFC 5280 wants it */
    gint64 at;             /* Unix seconds */
};

struct ca_crl {
    gint64 number;
    gint64 this_update, next_update;
    const char *shard_url; /* a critical issuingDistributionPoint names it; NULL: the full CRL, which has none */
};

/* DER, the caller's. A serial that is not hex is CA_ERROR_BROKEN. REVOKED is written in the order given. */
GBytes *ca_crl_build(const CaIssuer *issuer, const struct ca_crl *what, const struct ca_revoked *revoked, size_t n,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What a CRL (DER) says of itself, for publishers that compare numbers. The signature is not checked. Texts in *WHAT that
   point to memory are NULL. CA_ERROR_INPUT "crl-form". */
gboolean ca_crl_read(GBytes *der, struct ca_crl *what, size_t *entries, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
