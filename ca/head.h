/*
 * head: signed heads of the audit's chain. A head says: at this time the chain's link SEQ had this hash, so everything up to it
 * was as it is. The signature is a detached CMS (RFC 5652, DER) over the text of ca_head_text with the witness's certificate in
 * it, so that others can check it too:
 *
 *     openssl cms -verify -binary -inform DER -in HEAD.cms -content HEAD.txt -CAfile CHAIN.pem -purpose any -attime AT
 */
#ifndef CA_HEAD_H
#define CA_HEAD_H

#include <glib.h>

#include "ca/error.h"
#include "ca/key.h"

/* "inkan audit head 1\nseq SEQ\nhash HEX\nat YYYY-MM-DDTHH:MM:SSZ\n"; the caller's. */
char *ca_head_text(gint64 seq, GBytes *hash, gint64 at) G_GNUC_WARN_UNUSED_RESULT;

/* CERTIFICATE: of KEY, made by ca_witness_build (DER). */
GBytes *ca_head_sign(const char *text, GBytes *certificate, const CaSigningKey *key, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whose witnesses are believed: those of CERTIFICATES (GBytes *, DER of CAs), each of which counts by itself. */
typedef struct ca_head_trust CaHeadTrust;
CaHeadTrust *ca_head_trust_new(const GPtrArray *certificates, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void ca_head_trust_free(CaHeadTrust *trust);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CaHeadTrust, ca_head_trust_free)

/* Is CMS over TEXT by a witness whose certificate was valid at AT? CA_ERROR_INPUT "head-signature: why". */
gboolean ca_head_verify(CaHeadTrust *trust, GBytes *cms, const char *text, gint64 at, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
