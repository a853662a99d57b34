/*
 * sp/sign: our signature on our own metadata, for whoever takes it from us directly. (Requests and logouts are signed by lasso.)
 */
#ifndef SP_SIGN_H
#define SP_SIGN_H

#include "sp/error.h"

struct _xmlSecKey;

/*
 * METADATA (an EntityDescriptor, ours) with ID, validUntil (UNTIL, seconds since 1970), cacheDuration and an enveloped signature by
 * KEY as its first child; CERTIFICATE (base64) goes into its KeyInfo, as a hint for people: who verifies has it already. The text
 * is the caller's. SP_ERROR_BROKEN where xmlsec cannot sign.
 */
char *sp_sign_metadata(const char *metadata, struct _xmlSecKey *key, const char *certificate, gint64 until, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

#endif
