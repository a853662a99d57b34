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

/* --- the root on a machine of its own, without a database (ceremony_root.c) ---------------------------------------------------

   Its folder (plan.root_keys) holds root.pem or root.pkcs11, root.crt, and root.crl: the newest CRL, of which the next one is made.
   What is carried is a text: PEM. Reports are what the operator should read and the transcript keeps. */

/* Key, certificate and first CRL. CA_ERROR_REFUSED "exists" where there is a root.crt. */
char *ceremony_root(const struct ceremony_plan *plan, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What would be signed for the request BYTES, as text; *FINGERPRINT: what the other machine showed for it. Signs nothing. */
char *ceremony_look(const struct ceremony_plan *plan, GBytes *request, char **fingerprint, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The certificate and the root's, PEM. */
char *ceremony_sign(const struct ceremony_plan *plan, GBytes *request, char **report, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The next CRL. PREVIOUS: a file of the newest one, where the folder has none or an older one; else NULL. REVOKE: a file of the
   certificate of an issuing CA, for REASON ("keyCompromise" …), or NULL. What was listed before stays listed. */
char *ceremony_sign_crl(const struct ceremony_plan *plan, GBytes *previous, GBytes *revoke, const char *reason, char **report,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- the machine that issues (ceremony_install.c) ------------------------------------------------------------------------------- */

struct ceremony_wish {
    const char *name;         /* of the issuer's row, of its key, in URLs */
    const char *type;         /* "client" or "smime" */
    const char *common_name;  /* NULL: the root's with the title of the type, and NAME's number: "Inkan Client CA 2" */
};
/* Makes the key (or takes the one that is there, in a token too) and a request, PEM, with C and O of the root. A copy stays beside the
   key until it is installed. CA_ERROR_REFUSED "exists", "root" (none installed yet), "name", "subject" (another issuer has it). */
char *ceremony_request(Db *db, const struct ceremony_plan *plan, const struct ceremony_wish *wish, char **report, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* What came back: certificates, a root's (CONFIRMED must be its SHA-256 in hex), issuing CAs'; or the root's CRLs. All is checked before a
   row is written: chain, dates, what it may sign, pointers, that the key is here; of a CRL that its number rises and that nothing
   that was revoked is missing. The report. CA_ERROR_REFUSED with the word of the check. */
char *ceremony_install(Db *db, const struct ceremony_plan *plan, GBytes *carried, const char *confirmed, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* From FROM (Unix seconds) on the issuer NAME issues what the profiles of its type say, or NAMES of them (NULL: all). The issuer before
   goes on with its CRLs and OCSP. FROM lies CEREMONY_AHEAD seconds ahead at least, so that no application falls between two rows.
   CA_ERROR_REFUSED "issuer", "from", "revoked", "profile" (nothing to change). */
#define CEREMONY_AHEAD 10
char *ceremony_issue(Db *db, const struct ceremony_plan *plan, const char *name, gint64 from, const char *const *names,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes TEXT, which is no secret, to FILE: whole and synced, or not at all. CA_ERROR_BROKEN "file". */
gboolean ceremony_put(const char *file, const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A sentence where a profile of TYPE and MONTHS deserves a warning to the operator, else NULL. Borrowed. */
const char *ceremony_warning(const char *type, int months);

#endif
