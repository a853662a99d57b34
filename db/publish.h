/*
 * What is published, as the portal's role reads it: issuers, CRLs, and a certificate by issuer and serial.
 */
#ifndef DB_PUBLISH_H
#define DB_PUBLISH_H

#include "db/db.h"

typedef struct db_published_issuer {
    char *name, *parent; /* parent NULL for a root */
    GBytes *certificate; /* DER */
} DbPublishedIssuer;
void db_published_issuer_free(DbPublishedIssuer *issuer);

/* DbPublishedIssuer *, roots first, then by name. */
GPtrArray *db_publish_issuers(Db *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct db_published_crl {
    GBytes *der;
    gint64 number, this_update, next_update;
} DbPublishedCrl;
void db_published_crl_free(DbPublishedCrl *crl);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbPublishedCrl, db_published_crl_free)
/* SHARD -1: the full one. NULL without ERROR: there is none. */
DbPublishedCrl *db_publish_crl(Db *db, const char *issuer, int shard, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The answer that is kept for a certificate, as asked for by HASH ("sha1", "sha256"), and not over at NOW. */
struct db_published_ocsp {
    gboolean known;      /* there is such a certificate */
    GBytes *der;         /* the caller's; NULL: none is kept */
    gint64 this_update, next_update;
};
gboolean db_publish_ocsp(Db *db, const char *issuer, const char *serial, const char *hash, gint64 now, struct db_published_ocsp *answer,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* One round trip: what was said before it has been heard after it. */
gboolean db_publish_alive(Db *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct db_published_certificate {
    gint64 request, not_before, not_after, revoked_at; /* revoked_at 0: not */
    GBytes *der;
    char *reason, *subject, *type, *memo;
    char *state;         /* of the request */
    char *successor;     /* serial of the newest certificate of the same request that is newer and not revoked; NULL */
} DbPublishedCertificate;
void db_published_certificate_free(DbPublishedCertificate *certificate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbPublishedCertificate, db_published_certificate_free)
DbPublishedCertificate *db_publish_certificate(Db *db, const char *issuer, const char *serial, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

extern const DbGroup db_publish_group;

#endif
