/*
 * saml_file: a PEM file of several keys or certificates, as `inkan saml rollover` keeps them. On the line in front of each stands
 * what it is there for and since when:
 *
 *     # in use since 2026-11-24T08:00:00Z
 *     -----BEGIN CERTIFICATE-----
 *
 * Everybody else skips such lines. A file that somebody wrote by hand has none of them.
 */
#ifndef RA_SAML_FILE_H
#define RA_SAML_FILE_H

#include "ca/certificate.h"
#include "ca/crypto.h"

enum ra_saml_mark {
    RA_SAML_NO_MARK,
    RA_SAML_IN_USE,
    RA_SAML_NEXT,   /* made, its turn comes */
    RA_SAML_BEFORE, /* was in use */
};

typedef struct {
    enum ra_saml_mark mark;
    gint64 since;            /* seconds since 1970; 0: not said */
    Secret *pem;             /* the block, with its BEGIN and END lines */
    GBytes *key_id;          /* SHA-256 of the public key: the same for a key and its certificate */
    CaCertificateInfo *info; /* NULL for a key */
} RaSamlEntry;

void ra_saml_entry_free(gpointer entry);
/* "in use", "next", "before"; "" for no mark. */
const char *ra_saml_mark_name(enum ra_saml_mark mark);

/* Of RaSamlEntry *, in the file's order, at least one. RA_ERROR_INPUT with the file's name. */
GPtrArray *ra_saml_file_keys(const char *file, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GPtrArray *ra_saml_file_certificates(const char *file, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Puts ENTRIES in the place of FILE, which must be there: written aside, synced, renamed, with owner, group and mode of the file
 * before. So who reads sees the old file or the new one, whenever we are killed. A symbolic link is refused: the folder may
 * belong to a process that must not choose where root writes. RA_ERROR_BROKEN with the file's name.
 */
gboolean ra_saml_file_write(const char *file, const GPtrArray *entries, GError **error);

#endif
