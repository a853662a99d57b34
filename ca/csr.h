/*
 * csr: what a certificate signing request proves: a public key, and that the sender has the private one. Its subject,
 * attributes and wished extensions are read over and never used: what a certificate says comes from our database.
 *
 * Safe for bytes from anybody: bounded before parsing, strict DER, fuzzed (tests/fuzz/fuzz_csr.c).
 */
#ifndef CA_CSR_H
#define CA_CSR_H

#include <glib.h>

#include "ca/error.h"
#include "ca/key.h"

#define CA_CSR_LONGEST 16384 /* bytes; RSA-4096 with every attribute one can think of has 3 kB in PEM */

typedef struct ca_csr {
    enum ca_key_kind kind;
    GBytes *der;         /* the request; NULL from ca_csr_from_public */
    GBytes *spki;        /* SubjectPublicKeyInfo, DER, exactly as it goes into the certificate */
    GBytes *spki_sha256; /* identifies the key: the same pickup and key get the same certificate again */
} CaCsr;

/*
 * BYTES: DER, its base64, or PEM ("CERTIFICATE REQUEST" or "NEW CERTIFICATE REQUEST"). Errors, word first:
 *   CA_ERROR_INPUT   "csr-long", "csr-private" (there is a private key among it), "csr-two" (more than one request),
 *                    "csr-form" (not a PKCS#10), "csr-proof" (the signature is not by this key)
 *   CA_ERROR_REFUSED "csr-algorithm" (signed with less than SHA-256), "key-kind" (no RSA of 2048, 3072 or 4096 bits, no P-256
 *                    or P-384 as a named curve), "key-weak" (exponent even or below 65537, a modulus as in ca/weak.h,
 *                    point not on the curve)
 */
CaCsr *ca_csr_parse(const void *bytes, size_t size, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void ca_csr_free(CaCsr *csr);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CaCsr, ca_csr_free)

/* The same checks of the key alone, for callers who have a SubjectPublicKeyInfo that proved itself another way. */
CaCsr *ca_csr_from_public(GBytes *spki, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
