/*
 * sp/attributes: the attributes we know, by OID (urn:oid:…, the only Name that counts for NameFormat uri) and friendly name
 * (for IdPs that send Name = friendly name), and reading them from a verified assertion.
 */
#ifndef SP_ATTRIBUTES_H
#define SP_ATTRIBUTES_H

#include <libxml/tree.h>
#include "sp/response.h"

/* Beyond these an assertion is refused; of an attribute that is not in sp_attributes_known the surplus is left out instead. */
#define SP_ATTRIBUTES_MOST 100       /* attributes in an assertion */
#define SP_ATTRIBUTE_VALUES_MOST 100 /* values of one */
#define SP_ATTRIBUTE_VALUE_LONGEST 4096
#define SP_ATTRIBUTE_NAME_LONGEST 512

struct sp_attribute_known {
    const char *name;  /* friendly name, the one that the program uses */
    const char *oid;   /* urn:oid:… */
    gboolean scoped;   /* value@scope: the scope must be the IdP's */
    gboolean required; /* asked for as isRequired in our metadata */
};

/* The table, ended by a row without a name. */
extern const struct sp_attribute_known sp_attributes_known[];
/* The row of a friendly name or OID; NULL if unknown. */
const struct sp_attribute_known *sp_attribute_find(const char *name_or_oid);

typedef struct {
    const struct sp_attribute_known *known; /* NULL: one that we have no use for, kept for 'what my IdP sent' */
    char *name;                             /* Name as sent */
    char *friendly;                         /* known->name, else FriendlyName as sent, else "" */
    char **values;                          /* in order, NULL-terminated; for eduPersonTargetedID the NameID's text */
} SpAttribute;

/* Reads all AttributeStatements of the verified ASSERTION: an array of SpAttribute * (freed with it), or NULL with
   SP_ERROR_REFUSED "attributes: …" (too many, too long) or "attribute-value: …" (an element in a value). Values of the same
   Name are joined, empty ones left out. An eduPersonTargetedID that is not from IDP or not for ENTITY_ID (us) has no value. */
GPtrArray *sp_attributes_read(xmlNode *assertion, const char *idp, const char *entity_id, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* A list to be filled by hand, and one more for it: which of ours it is, is looked up by NAME. All copied. */
GPtrArray *sp_attributes_list(void) G_GNUC_WARN_UNUSED_RESULT;
void sp_attributes_add(GPtrArray *list, const char *name, const char *friendly, const char *const *values);

/* The values of an attribute by its friendly name; borrowed; an empty list if it was not sent. */
const char *const *sp_identity_values(const SpIdentity *identity, const char *name);

/* Was it sent at all, if only by its name? */
gboolean sp_identity_has(const SpIdentity *identity, const char *name);

/* An identity as it was once verified, from what was kept of it: for explaining, never for a login. sp_identity_add takes an
   attribute by its friendly name, else Name as sent. */
SpIdentity *sp_identity_kept(const char *idp, const char *name_id, const char *name_id_format) G_GNUC_WARN_UNUSED_RESULT;
void sp_identity_add(SpIdentity *identity, const char *name, const char *const *values);

/* All of them as a JSON object {"mail": ["a@b"], …} by friendly name, else Name as sent: for session.attributes. */
char *sp_identity_json(const SpIdentity *identity) G_GNUC_WARN_UNUSED_RESULT;

#endif
