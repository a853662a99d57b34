/*
 * sp/query: a SAML message as it comes in a query string (bindings 3.4, HTTP-Redirect): raw parts, the signed octets,
 * inflation.
 *
 * Refused, with the name of the check in front of the message: query (parts missing, twice, broken escapes), base64, bytes,
 * deflate.
 */
#ifndef SP_QUERY_H
#define SP_QUERY_H

#include "sp/error.h"

typedef struct sp_query {
    gboolean request;   /* SAMLRequest, else SAMLResponse */
    char *xml;          /* inflated, N bytes and a NUL; not looked at yet */
    size_t n;
    char *relay_state;  /* decoded; NULL for none */
    char *octets;       /* what the signature is over, as it was sent */
    char *algorithm;    /* SigAlg; NULL: not signed */
    char *signature;    /* bytes */
    size_t signature_n;
} SpQuery;

SpQuery *sp_query_read(const char *query, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void sp_query_free(SpQuery *query);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SpQuery, sp_query_free)

#endif
