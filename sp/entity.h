/*
 * sp/entity: one EntityDescriptor of an IdP, from tree to row. The tree has been verified, or given by a trusted operator.
 */
#ifndef SP_ENTITY_H
#define SP_ENTITY_H

#include "db/metadata.h"
#include "sp/xml.h"

#define SP_ENTITY_LOGO_LONGEST 65536 /* of a data: URL */
#define SP_ENTITY_XML_LONGEST 1048576
#define SP_ENTITY_ID_LONGEST 1024
#define SP_ENTITY_SCOPES_MOST 100
#define SP_ENTITY_SCOPE_LONGEST 256

/* LATEST: when what it stands in ends. NULL with WHY, a fixed sentence: it is no IdP for us, or it is over at NOW.
   Adds namespace declarations to ENTITY, so that its text stands alone. */
DbIdp *sp_entity_read(xmlNode *entity, gint64 latest, gint64 now, const char **why) G_GNUC_WARN_UNUSED_RESULT;

/* Has ENTITY an IDPSSODescriptor, of whatever protocol? (A service has none and is nothing to us.) */
gboolean sp_entity_is_idp(const xmlNode *entity);

/* NODE's validUntil, if it is earlier than *UNTIL, replaces it. FALSE: it is there, but no time. */
gboolean sp_entity_valid_until(const xmlNode *node, gint64 *until);

#endif
