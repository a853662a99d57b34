/*
 * ceremony_parts: what the files ceremony*.c share: keys and certificates as files, the root's CRL, rows. For them alone.
 */
#ifndef CA_CEREMONY_PARTS_H
#define CA_CEREMONY_PARTS_H

#include "ca/ceremony.h"
#include "ca/certificate.h"
#include "ca/crl.h"
#include "ca/issuer.h"

#define CEREMONY_BACKDATED 86400 /* seconds: relying parties' clocks differ, and nothing may begin before its issuer */

/* What an issuing CA of a type may be used for, and how it is called. NULL for an unknown type. */
struct ceremony_kind {
    const char *type, *title;   /* "client", "Client CA" */
    const char *const *use;     /* purposes, dotted OIDs; the first is what tells the type */
};
const struct ceremony_kind *ceremony_kind_of(const char *type);

const char *ceremony_root_folder(const struct ceremony_plan *plan);
gboolean ceremony_make_folder(const char *folder, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The key of NAME: the one whose file is there, in a token or not, or a new one, read back from its file. */
CaSigningKey *ceremony_key(const struct ceremony_plan *plan, const char *folder, const char *name, enum ca_key_kind kind,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Nothing secret: whole or not at all, over what is there, mode 0644. */
gboolean ceremony_write(const char *folder, const char *base, const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The root as PLAN says, with its key: ready to sign. */
CaIssuer *ceremony_new_root(const struct ceremony_plan *plan, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* An issuing CA's certificate by ROOT; AUTHORITY: subject and purposes. */
GBytes *ceremony_new_issuing(const struct ceremony_plan *plan, const struct ca_authority *authority, GBytes *spki,
                             const CaIssuer *root, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The full CRL and the one for the distribution point, with REVOKED (struct ca_revoked); the caller's. */
gboolean ceremony_new_crls(const struct ceremony_plan *plan, const CaIssuer *root, gint64 number, gint64 from, const GArray *revoked,
                           GBytes *crls[2], gint64 *to, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Rows; inside the caller's transaction. */
gboolean ceremony_put_issuer(Db *db, const char *name, const char *parent, GBytes *certificate, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
gboolean ceremony_put_profiles(Db *db, const struct ceremony_plan *plan, const char *type, const char *issuer, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
gboolean ceremony_put_crls(Db *db, gint64 number, gint64 from, gint64 to, GBytes *const crls[2], GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* "NAME: SUBJECT, valid until …, key …\n  SHA-256 …\n" */
gboolean ceremony_tell(GString *report, const char *name, GBytes *der, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
