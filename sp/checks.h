/*
 * sp/checks: what a verified message must say, one function per clause of the standard, in a table. Absent means refused.
 * Each row has hostile messages of its name in tests/hostile.
 */
#ifndef SP_CHECKS_H
#define SP_CHECKS_H

#include <libxml/tree.h>
#include "sp/error.h"
#include "sp/response.h"

/* What a check looks at: elements of trees that sp/response.c owns. */
struct sp_seen {
    const xmlNode *response;  /* the Response: the verified one where it is signed, else as received */
    const xmlNode *assertion; /* the Assertion, from exactly the octets that were digested */
    const char *destination;  /* ours, filled from sp_want or the service */
    const char *entity_id;    /* ours */
};

struct sp_check {
    const char *name;
    gboolean (*ok)(const struct sp_seen *seen, const struct sp_want *want, GError **error);
};
extern const struct sp_check sp_checks[]; /* ended by a row without a name */

/* All rows in order; the first that refuses puts its name in front of the message. */
gboolean sp_checks_run(const struct sp_seen *seen, const struct sp_want *want, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * A Response that brings no assertion, because the IdP cannot log in as it was asked (status NoAuthnContext). SEEN's response
 * must be verified, its assertion is NULL. Always FALSE: with SP_ERROR_CONTEXT "no-context: …" where it answers this request of
 * ours and we asked for a context, otherwise with SP_ERROR_REFUSED and the check.
 */
gboolean sp_checks_no_context(const struct sp_seen *seen, const struct sp_want *want, GError **error);

/* xs:dateTime as SAML has it (UTC, "Z", SAML core 1.3.3), seconds since 1970, fractions dropped. FALSE:
   something else. */
gboolean sp_time_parse(const char *text, gint64 *seconds);

#endif
