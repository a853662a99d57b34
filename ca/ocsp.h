/*
 * ocsp: RFC 6960 requests read and answers written, as bytes. HTTP, database and clock are the caller's.
 *
 * Requests come from anybody: bounded before parsing, strict DER, fuzzed (tests/fuzz/fuzz_ocsp.c).
 *
 * Answers are read again by ca_ocsp_read, for who keeps them.
 *
 * Use: ca_ocsp_parse → for each single: which issuer (ca_ocsp_is_for), look the serial up → ca_ocsp_build; or ca_ocsp_error.
 */
#ifndef CA_OCSP_H
#define CA_OCSP_H

#include <glib.h>

#include "ca/crl.h"
#include "ca/error.h"
#include "ca/issuer.h"

#define CA_OCSP_LONGEST 4096 /* bytes of a request */
#define CA_OCSP_SINGLES 10   /* most certificates asked for at once */
#define CA_OCSP_GOOD_FOR 3600 /* seconds to nextUpdate: relying parties' clocks differ */
#define CA_OCSP_NONCE 32     /* longest nonce, RFC 8954 */

/* Names and keys of an issuer hashed as clients do it (SHA-1 and SHA-256), made once. */
typedef struct ca_ocsp_issuer CaOcspIssuer;
CaOcspIssuer *ca_ocsp_issuer_new(GBytes *certificate, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void ca_ocsp_issuer_free(CaOcspIssuer *issuer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CaOcspIssuer, ca_ocsp_issuer_free)

typedef struct ca_ocsp_request CaOcspRequest;
/* CA_ERROR_INPUT "ocsp-long", "ocsp-form", "ocsp-many", "ocsp-nonce": answer ca_ocsp_error(CA_OCSP_MALFORMED). A signature on a
   request is read over, as RFC 6960 allows. */
CaOcspRequest *ca_ocsp_parse(GBytes *der, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void ca_ocsp_request_free(CaOcspRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CaOcspRequest, ca_ocsp_request_free)

size_t ca_ocsp_count(const CaOcspRequest *request);                 /* 1 to CA_OCSP_SINGLES */
const char *ca_ocsp_serial(const CaOcspRequest *request, size_t i); /* lower-case hex as in certificate.serial; borrowed */
gboolean ca_ocsp_is_for(const CaOcspRequest *request, size_t i, const CaOcspIssuer *issuer);
gboolean ca_ocsp_has_nonce(const CaOcspRequest *request);           /* its answer must not be cached */

/* "sha1" or "sha256" where the question is the usual one for one certificate, whose answer (but for a nonce's echo) is the same for
   all who ask: it may be kept. NULL otherwise. */
const char *ca_ocsp_kept_as(const CaOcspRequest *request);
/* That question, DER: HASH is one of those words, SERIAL as above. NULL where one is none. */
GBytes *ca_ocsp_question(const CaOcspIssuer *issuer, const char *hash, const char *serial) G_GNUC_WARN_UNUSED_RESULT;

enum ca_ocsp_status { CA_OCSP_GOOD, CA_OCSP_REVOKED, CA_OCSP_UNKNOWN };
struct ca_ocsp_answer {
    enum ca_ocsp_status status;
    gint64 revoked_at;      /* of CA_OCSP_REVOKED */
    enum ca_reason reason;
};
struct ca_ocsp_times {
    gint64 produced_at, this_update, next_update;
};

/*
 * ANSWERS: one for each single, in order. SIGNER: the issuer itself or its delegated responder (whose certificate then goes
 * along); every single that is not CA_OCSP_UNKNOWN must be of that issuer. The nonce is echoed. DER, the caller's.
 */
GBytes *ca_ocsp_build(const CaOcspRequest *request, const struct ca_ocsp_answer *answers, const struct ca_ocsp_times *times,
                      const CaIssuer *signer, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What an answer about one certificate says; its signature is not checked. CA_ERROR_INPUT "ocsp-answer". */
struct ca_ocsp_seen {
    int refusal; /* 0, or enum ca_ocsp_refusal: then there is nothing else */
    struct ca_ocsp_answer answer;
    struct ca_ocsp_times times;
};
gboolean ca_ocsp_read(GBytes *der, struct ca_ocsp_seen *seen, GError **error) G_GNUC_WARN_UNUSED_RESULT;

enum ca_ocsp_refusal { CA_OCSP_MALFORMED = 1, CA_OCSP_INTERNAL = 2, CA_OCSP_TRY_LATER = 3, CA_OCSP_UNAUTHORIZED = 6 };
/* The unsigned answer: five bytes. */
GBytes *ca_ocsp_error(enum ca_ocsp_refusal refusal) G_GNUC_WARN_UNUSED_RESULT;

#endif
