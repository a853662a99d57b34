/*
 * lint: the rules that every certificate keeps before it is signed, as a list that can be read beside the standards. Their checks
 * are ca_certificate_lint and its halves (ca/certificate.h); what it says is "lint: ID: CLAUSE: what the rule wants".
 * tests/certificates breaks each of them, and compares with what other people's parsers see.
 */
#ifndef CA_LINT_H
#define CA_LINT_H

#include <glib.h>

struct ca_lint_rule {
    const char *id;     /* "serial-size" */
    const char *clause; /* of RFC 5280 unless it says otherwise; BR: CA/Browser Forum, S/MIME Baseline Requirements */
    const char *wants;
};
/* N of them, static. */
const struct ca_lint_rule *ca_lint_rules(size_t *n);

/* Is SPKI (DER) an RSA key of 2048, 3072 or 4096 bits with a fit exponent, or a point on P-256 or P-384? Reads the bytes anew. */
gboolean ca_lint_key(const unsigned char *spki, size_t size);

#endif
