/*
 * tbs: writes a TBSCertificate (RFC 5280 section 4.1) from plain values and has it signed. Who may have what is decided before;
 * here every value is only put in its place. For the .c files of this folder.
 */
#ifndef CA_TBS_H
#define CA_TBS_H

#include <glib.h>

#include "ca/public.h"
#include "ca/sign.h"

enum ca_usage { /* bits of KeyUsage, section 4.2.1.3 */
    CA_USAGE_DIGITAL_SIGNATURE = 1 << 0,
    CA_USAGE_NON_REPUDIATION = 1 << 1,
    CA_USAGE_KEY_ENCIPHERMENT = 1 << 2,
    CA_USAGE_DATA_ENCIPHERMENT = 1 << 3,
    CA_USAGE_KEY_AGREEMENT = 1 << 4,
    CA_USAGE_KEY_CERT_SIGN = 1 << 5,
    CA_USAGE_CRL_SIGN = 1 << 6,
};

struct ca_tbs {
    const char *serial;
    gint64 not_before, not_after;
    GBytes *subject;                 /* DER Name, by ca_name */
    const struct ca_public *key;
    gboolean ca;
    int path_length;                 /* of a CA; -1: no limit */
    unsigned usage;
    const char *const *extended;     /* NULL or empty: the extension is left out; so for all below */
    const char *const *policies;
    const char *mail;
    const char *crl_url, *issuer_url, *ocsp_url;
    gboolean no_check;               /* id-pkix-ocsp-nocheck */
};

struct ca_name_part {
    unsigned char type;              /* last arc of 2.5.4.x */
    const char *value;               /* NULL or "": left out */
};
enum { CA_NAME_CN = 3, CA_NAME_C = 6, CA_NAME_L = 7, CA_NAME_O = 10, CA_NAME_OU = 11 };

/* Each part an RDN of its own, in the order given. CA_ERROR_REFUSED "subject" for what X.520 or RFC 5280 forbid. */
GBytes *ca_name(const struct ca_name_part *parts, size_t n, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The TBSCertificate as SIGNER will sign it, DER. */
GBytes *ca_tbs_write(const struct ca_tbs *what, const struct ca_signer *signer, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The certificate of a TBSCertificate that was written for SIGNER: signed, DER. */
GBytes *ca_tbs_finish(GBytes *tbs, const struct ca_signer *signer, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Both. */
GBytes *ca_tbs_sign(const struct ca_tbs *what, const struct ca_signer *signer, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
