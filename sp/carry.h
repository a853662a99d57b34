/*
 * sp/carry: SAML messages on their way to a confined child, and what was found in them on its way back, as flat records
 * (sp/record.h), both directions of each side by side; and the children's functions. Whoever adds a field to sp_want,
 * SpIdentity, sp_logout_want or SpLogoutMessage adds it here, or it does not arrive (tests/unit/test_sp_opener.c compares).
 *
 * What comes back is believed in no length, no encoding and no number: the bounds here are those of the checks that the child
 * claims to have made.
 */
#ifndef SP_CARRY_H
#define SP_CARRY_H

#include "sp/logout.h"
#include "sp/opener.h"
#include "sp/response.h"

/* --- to the child --------------------------------------------------------------------------------------------------------- */

GBytes *sp_carry_response(const char *base64, size_t n, const struct sp_want *want) G_GNUC_WARN_UNUSED_RESULT;
GBytes *sp_carry_logout(const struct sp_logout_input *input, const struct sp_logout_want *want) G_GNUC_WARN_UNUSED_RESULT;
GBytes *sp_carry_logout_input(const struct sp_logout_input *input) G_GNUC_WARN_UNUSED_RESULT;

/* What RESPONSE and LOGOUT begin with: the IdP and its EntityDescriptor, borrowed, not NUL-terminated. */
struct sp_carry_peer {
    const char *idp, *xml;
    size_t idp_n, xml_n;
};
gboolean sp_carry_peer(const guchar *input, size_t n, struct sp_carry_peer *peer) G_GNUC_WARN_UNUSED_RESULT;

/* The children's functions. */
gboolean sp_job_peer(const struct sp_job *job, GError **error);
gboolean sp_job_response(const struct sp_job *job, GError **error);
gboolean sp_job_logout_issuer(const struct sp_job *job, GError **error);
gboolean sp_job_logout(const struct sp_job *job, GError **error);

/* --- and back: NULL with SP_ERROR_REFUSED "opener-answer: …" --------------------------------------------------------------- */

GBytes *sp_carry_identity(const SpIdentity *identity) G_GNUC_WARN_UNUSED_RESULT;
SpIdentity *sp_carry_identity_read(const guchar *record, size_t n, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *sp_carry_message(const SpLogoutMessage *message) G_GNUC_WARN_UNUSED_RESULT;
SpLogoutMessage *sp_carry_message_read(const guchar *record, size_t n, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Base64 texts. */
char **sp_carry_certificates(const guchar *record, size_t n, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
