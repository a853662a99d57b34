/*
 * certificate: building, checking, reading. Times are Unix seconds, serials lower-case hex; the caller gives time, serial and
 * every value, nothing here looks at a clock.
 */
#ifndef CA_CERTIFICATE_H
#define CA_CERTIFICATE_H

#include <glib.h>

#include "ca/csr.h"
#include "ca/error.h"
#include "ca/issuer.h"
#include "ca/profile.h"

/* --- A person's certificate ----------------------------------------------------------------------------------------------- */

/* Everything that a certificate says. All borrowed. Texts are UTF-8; X.520 bounds are checked (CN, O, OU, L 64 characters). */
struct ca_order {
    const struct ca_profile *profile;
    const CaCsr *csr;         /* the key */
    const char *serial;       /* ca_serial_new() */
    gint64 not_before;
    gint64 not_after;         /* past the issuer's own end: CA_ERROR_REFUSED "issuer-end" */
    const char *country;      /* two letters */
    const char *locality;
    const char *organization;
    const char *unit;         /* NULL or "": none */
    gint64 number;            /* the request's: OU `No N` */
    const char *common_name;
    const char *mail;         /* ASCII; needed where the profile uses it */
    const char *crl_url;      /* of the shard */
    const char *issuer_url;   /* AIA caIssuers */
    const char *ocsp_url;     /* AIA OCSP */
};

/*
 * The to-be-signed bytes (TBSCertificate, DER) of ORDER, linted before anything is signed; the caller's.
 * CA_ERROR_REFUSED: "issuer-end", "validity" (end before beginning), "subject" (missing, too
 * long, not UTF-8), "mail", "key-kind" (the profile does not allow it). CA_ERROR_BROKEN: "lint: ID: …" of the rule (ca/lint.h), others.
 */
GBytes *ca_certificate_prepare(const struct ca_order *order, const CaIssuer *issuer, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Signs what ca_certificate_prepare made with the same ISSUER, and verifies the signature: a fault of memory or key shows here. DER.
   CA_ERROR_BROKEN "lint: signature", others. */
GBytes *ca_certificate_sign(GBytes *tbs, const CaIssuer *issuer, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Both at once. */
GBytes *ca_certificate_build(const struct ca_order *order, const CaIssuer *issuer, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads DER again, by other code than what wrote it, and compares field by field with ORDER: nothing missing, nothing more,
   the signature by ISSUER's key. CA_ERROR_BROKEN "lint: ID: …" of the first rule (ca/lint.h) that is broken. */
gboolean ca_certificate_lint(GBytes *der, const struct ca_order *order, const CaIssuer *issuer, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Its halves: the fields before the signature is made; afterwards, that TBS is what was signed, by ISSUER's key. */
gboolean ca_certificate_lint_tbs(GBytes *tbs, const struct ca_order *order, const CaIssuer *issuer, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
gboolean ca_certificate_lint_signature(GBytes *der, GBytes *tbs, const CaIssuer *issuer, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* 20 random bytes, the first bit clear, never twice a zero byte in front, as hex: 40 digits, 38 if the first byte is zero. */
char *ca_serial_new(void) G_GNUC_WARN_UNUSED_RESULT;

/* 23:59:59 in TIME_ZONE of the day of FROM there plus MONTHS by calendar (31 January and 13 months: the last of February).
   The database's validity_end() gives the same. 0 for an unknown zone or months outside 1 to 1200. */
gint64 ca_validity_end(gint64 from, int months, const char *time_zone);

/* --- Certificates of the authority itself --------------------------------------------------------------------------------- */

struct ca_authority {
    const char *serial;
    gint64 not_before, not_after;
    const char *country, *organization, *common_name; /* the subject; country and organization may be NULL */
    int path_length;                                  /* root: at least 1; issuing: 0 whatever is said here */
    const char *const *policies;                      /* NULL: none (root: must be none) */
    const char *const *extended;                      /* limits what may be issued below; NULL: no limit */
    const char *crl_url, *issuer_url, *ocsp_url;      /* of the parent; NULL or "" leaves out */
};

/* Self-signed. */
GBytes *ca_root_build(const struct ca_authority *what, const CaSigningKey *key, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* SPKI: the issuing CA's public key (ca_signing_key_public). */
GBytes *ca_issuing_build(const struct ca_authority *what, GBytes *spki, const CaIssuer *root, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* A delegated OCSP responder: OCSPSigning, id-pkix-ocsp-nocheck. Not past the issuer's end, and 30 days at most ("validity").
   CRL and AIA pointers are left out: nobody is to check it. */
GBytes *ca_responder_build(const struct ca_authority *what, const CaCsr *csr, const CaIssuer *issuer, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Whoever signs the audit's heads (ca/head.h): timeStamping, so that it is good for nothing that people's certificates are good
   for. Otherwise as a responder's. */
GBytes *ca_witness_build(const struct ca_authority *what, const CaCsr *csr, const CaIssuer *issuer, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* --- Reading -------------------------------------------------------------------------------------------------------------- */

typedef struct ca_certificate_info {
    GBytes *der;
    char *serial;           /* lower-case hex, without the zero byte that DER may put in front */
    char *subject;          /* "C=JP, L=Academe, O=…, OU=No 7, CN=…": in the certificate's order, UTF-8 */
    char *common_name;      /* "" if none */
    char *mail;             /* first rfc822Name, else ""; never from the subject */
    char *issuer;           /* like subject */
    char *key_id;           /* hex, "" if none */
    char *issuer_key_id;    /* hex, "" if none */
    gint64 not_before, not_after;
    char *fingerprint;      /* SHA-256 of der, hex */
    char *fingerprint_sha1; /* hex, because people's systems still show it */
    GBytes *spki_sha256;
    char *key;              /* a kind's name, or what OpenSSL calls it */
    GStrv purposes;         /* extended key usages: "clientAuth", "emailProtection", …, else the OID; empty: no such extension */
    gboolean is_ca;
} CaCertificateInfo;

/* BYTES: DER or PEM, up to 64 KiB; anybody's certificate. CA_ERROR_INPUT "certificate-form". */
CaCertificateInfo *ca_certificate_read(const void *bytes, size_t size, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void ca_certificate_info_free(CaCertificateInfo *info);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CaCertificateInfo, ca_certificate_info_free)

/* Is DER signed by the key in ISSUER (DER), with matching names and key identifiers? Says nothing of dates or revocation. */
gboolean ca_certificate_issued_by(GBytes *der, GBytes *issuer) G_GNUC_WARN_UNUSED_RESULT;

char *ca_certificate_pem(GBytes *der) G_GNUC_WARN_UNUSED_RESULT;
/* Several in one text, in the order given (GBytes *). */
char *ca_chain_pem(const GPtrArray *certificates) G_GNUC_WARN_UNUSED_RESULT;
/* Several as PKCS#7 without content or signers (RFC 5652, certs-only), DER: what Windows and Java take as one file. */
GBytes *ca_chain_pkcs7(const GPtrArray *certificates) G_GNUC_WARN_UNUSED_RESULT;

#endif
