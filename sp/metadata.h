/*
 * sp/metadata: federation metadata from bytes to rows: an aggregate, one entity by MDQ, or a file given by an operator. This is
 * the half that reads what others wrote, so it runs in a confined child (sp/metadata_job.h); here is no database, no network, no
 * clock. sp_start() first.
 */
#ifndef SP_METADATA_H
#define SP_METADATA_H

#include "db/metadata.h"
#include "sp/error.h"
#include "sp/xml.h"

#define SP_METADATA_LONGEST (256 * 1024 * 1024) /* bytes of an aggregate; eduGAIN's has about 120 MB */
#define SP_METADATA_MANUAL "manual"             /* the source of IdPs given by hand; priority 0, before all others */
/* Counts up when rows are read in another way, so that an unchanged copy is read once more. */
#define SP_METADATA_FORM 1

enum sp_metadata_kind {
    SP_METADATA_AGGREGATE, /* signed; an EntitiesDescriptor or a single EntityDescriptor */
    SP_METADATA_ENTITY,    /* signed; the EntityDescriptor of ENTITY_ID (MDQ) */
    SP_METADATA_BY_HAND,   /* an EntityDescriptor from a trusted operator: no signature is asked for */
    SP_METADATA_KINDS
};

struct sp_metadata_want {
    enum sp_metadata_kind kind;
    const char *certificates; /* PEM text, one or more, pinned: no CA and no date counts; not for BY_HAND */
    const char *entity_id;    /* of ENTITY */
    gint64 now;
    gint64 longest;           /* seconds that validUntil may lie ahead; not for BY_HAND */
};

struct sp_metadata_head {
    gint64 valid_until; /* of the whole, G_MAXINT64 for a file by hand without one */
    gint64 cache;       /* seconds of the root's cacheDuration; 0: it has none that can be read */
};

/* What comes out. FALSE of any of them ends it, with ERROR. */
struct sp_metadata_take {
    gboolean (*head)(const struct sp_metadata_head *head, gpointer data, GError **error); /* once, when all is verified */
    /* An IdP for us. The row is the receiver's, its valid_until 0 where the entity and the groups that it stands in name no end
       earlier than the whole has. */
    gboolean (*idp)(DbIdp *idp, gpointer data, GError **error);
    /* An IdP that we cannot use. Its id (up to 1024 bytes) or what there was of one, and WHY, a fixed sentence. */
    gboolean (*skipped)(const char *entity_id, const char *why, gpointer data, GError **error);
};

/*
 * Verified means: one signature, a child of the root, by a pinned key, over exactly the root, SHA-256 or better; validUntil on
 * the root, later than NOW and not later than NOW + LONGEST seconds. What comes out was read from that very tree.
 * An IdP for us speaks SAML 2.0, has a certificate for signing and HTTP-Redirect single sign-on over https. Of two entities of
 * one name the first counts; services are passed over in silence. Where only one entity was asked for and it is not for us, that
 * is the error.
 * FALSE with SP_ERROR_REFUSED, or SP_ERROR_INPUT where certificates or a file by hand are wrong, in words for the operator.
 * KEPT (may be NULL): the tree, for who ends anyway and saves taking it apart.
 */
gboolean sp_metadata_split(const char *bytes, gsize n, const struct sp_metadata_want *want, const struct sp_metadata_take *take,
                           gpointer data, SpXml **kept, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
