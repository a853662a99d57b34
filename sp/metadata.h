/*
 * sp/metadata: the federation's signed aggregate, from bytes to rows (tables metadata_source and idp). Fetching the bytes is
 * the caller's (ra's worker). sp_start() first.
 */
#ifndef SP_METADATA_H
#define SP_METADATA_H

#include <glib.h>
#include "db/db.h"
#include "sp/error.h"

#define SP_METADATA_LONGEST (128 * 1024 * 1024) /* bytes of an aggregate */
#define SP_METADATA_MANUAL "manual"             /* the source of IdPs given by hand; priority 0, before all others */

/*
 * Verifies the aggregate (an EntitiesDescriptor or a single EntityDescriptor) and replaces what SOURCE had, in one transaction;
 * other sources are not touched. Verified means: one signature, a child of the root, by the key of a certificate in
 * CERTIFICATE_FILE (PEM, one or more, pinned: no CA and no date counts), over exactly the root, SHA-256 or better; validUntil
 * on the root, later than NOW and not later than NOW + LONGEST seconds.
 * Kept are IdPs that speak SAML 2.0 with a signing certificate and HTTP-Redirect single sign-on over https; ENTITIES (may be
 * NULL): how many.
 * On failure the rows stay as they were, and metadata_source says why (error, failed_at); FALSE with SP_ERROR_REFUSED,
 * SP_ERROR_INPUT (the certificate file) or DB_ERROR.
 */
gboolean sp_metadata_refresh(Db *db, const char *source, int priority, GBytes *aggregate, const char *certificate_file,
                             gint64 now, gint64 longest, int *entities, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * One IdP from its EntityDescriptor, given by an operator who is trusted (no signature is asked for). Adds or replaces its row
 * in source 'manual', valid until its validUntil or ten years from NOW. ENTITY_ID (may be NULL) is the caller's.
 * SP_ERROR_INPUT: what is wrong with the file, in words for the operator.
 */
gboolean sp_metadata_import(Db *db, GBytes *descriptor, gint64 now, char **entity_id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * The halves without a database: arrays of DbIdp * (db/metadata.h), freed with the array, source and institution not set.
 * CERTIFICATES_PEM: text of the pinned certificates; VALID_UNTIL: of the whole.
 */
GPtrArray *sp_metadata_read(GBytes *aggregate, const char *certificates_pem, gint64 now, gint64 longest, gint64 *valid_until,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
GPtrArray *sp_metadata_read_one(GBytes *descriptor, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
