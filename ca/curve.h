/*
 * curve: verifies many signatures of one P-256 key, at half of what libcrypto's ECDSA takes, which treats each key as new.
 * Issuers check every signature of their own with it (ca/lint.c). For the .c files of this folder.
 */
#ifndef CA_CURVE_H
#define CA_CURVE_H

#include <glib.h>

typedef struct ca_curve CaCurve;

/* POINT: the uncompressed public key, 65 bytes. NULL if it is none, or where libcrypto cannot prepare it; 20 ms. */
CaCurve *ca_curve_new(const unsigned char *point, size_t size) G_GNUC_WARN_UNUSED_RESULT;
void ca_curve_free(CaCurve *curve);

/* HASH: 32 bytes. SIGNATURE: DER. */
gboolean ca_curve_verify(const CaCurve *curve, const unsigned char *hash, const unsigned char *signature, size_t size)
    G_GNUC_WARN_UNUSED_RESULT;

#endif
