/*
 * ceremony: how the authority comes into being (`inkan ca init`). Makes a root and the issuing CAs `client` and `smime`: keys as
 * files locked by the passphrase, certificates as rows of `issuer`, the default rows of `profile`, the root's CRL.
 *
 * May be killed at any moment and started again: a key file that is there already is used, if the passphrase opens it, and the
 * rows come in one transaction at the end. Belongs to the signer's side: uses the database as owner.
 */
#ifndef CA_CEREMONY_H
#define CA_CEREMONY_H

#include <glib.h>

#include "ca/key.h"
#include "db/db.h"

struct ceremony_plan {
    const char *keys;            /* [signer] keys: folder, made with mode 0700 if missing; files NAME.pem, mode 0600 */
    const char *root_keys;       /* folder for root.pem, e.g. of a medium that is taken away; NULL: the same */
    const Secret *passphrase;    /* locks the files; at least 8 characters */
    struct ca_token token;       /* of a key whose NAME.pkcs11 is in its folder already: it is taken, none is made */
    const char *publish_url;     /* [service] publish_url: goes into the certificates */
    const char *time_zone;       /* [service] time_zone */
    const char *country;         /* subject of the CAs: two letters, may be NULL */
    const char *organization;    /* may be NULL */
    const char *name;            /* common names are NAME "Root CA", NAME "Client CA", NAME "S/MIME CA"; at most 50 characters */
    enum ca_key_kind root_kind;  /* usually CA_KEY_P384 */
    enum ca_key_kind issuing_kind; /* usually CA_KEY_P256: signs 18 times as fast as RSA-2048 */
    int root_years, issuing_years; /* e.g. 25 and 15; issuing not beyond root (CA_ERROR_INPUT) */
    const char *const *client_policies; /* certificate policies of the profiles, dotted OIDs; NULL: none */
    const char *const *smime_policies;
    gint64 now;                  /* Unix seconds */
};

/* Values to start from: 25 and 15 years, P-384 and P-256, name "Inkan". */
void ceremony_defaults(struct ceremony_plan *plan);

/*
 * Does it. DB as role owner, with the migrations applied and the row of `service` there. The report is what the operator should
 * read, one sentence a line: fingerprints, where the keys are, and that S/MIME for 52 months is for a private CA (public S/MIME
 * may run 825 days at most). NULL with ERROR: CA_ERROR_REFUSED "exists" where there are issuers already; CA_ERROR_INPUT for the
 * plan; CA_ERROR_BROKEN for files (named); DB_ERROR.
 */
char *ceremony_init(Db *db, const struct ceremony_plan *plan, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A new CRL of the root, good for a year from NOW, nothing revoked: to be made before the old one ends (root key needed).
   Uses keys, root_keys, passphrase, publish_url and now of PLAN. */
gboolean ceremony_root_crl(Db *db, const struct ceremony_plan *plan, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A sentence where a profile of TYPE and MONTHS deserves a warning to the operator, else NULL. Borrowed. */
const char *ceremony_warning(const char *type, int months);

#endif
