#include "sp/attributes.h"

#include <string.h>

#include "db/json.h"
#include "sp/error.h"
#include "sp/xml.h"

#define OID "urn:oid:"
#define EDU_PERSON OID "1.3.6.1.4.1.5923.1.1.1."
#define GAKUNIN OID "1.3.6.1.4.1.32264.1.1."

const struct sp_attribute_known sp_attributes_known[] = {
    { "subject-id", "urn:oasis:names:tc:SAML:attribute:subject-id", TRUE, FALSE },
    { "pairwise-id", "urn:oasis:names:tc:SAML:attribute:pairwise-id", TRUE, FALSE },
    { "eduPersonPrincipalName", EDU_PERSON "6", TRUE, FALSE },
    { "eduPersonTargetedID", EDU_PERSON "10", FALSE, FALSE },
    { "mail", OID "0.9.2342.19200300.100.1.3", FALSE, TRUE },
    { "displayName", OID "2.16.840.1.113730.3.1.241", FALSE, TRUE },
    { "jaDisplayName", GAKUNIN "3", FALSE, FALSE },
    { "givenName", OID "2.5.4.42", FALSE, FALSE },
    { "sn", OID "2.5.4.4", FALSE, FALSE },
    { "o", OID "2.5.4.10", FALSE, FALSE },
    { "jaOrganizationName", GAKUNIN "4", FALSE, FALSE },
    { "ou", OID "2.5.4.11", FALSE, FALSE },
    { "jaOrganizationalUnitName", GAKUNIN "5", FALSE, FALSE },
    { "eduPersonScopedAffiliation", EDU_PERSON "9", TRUE, FALSE },
    { "eduPersonEntitlement", EDU_PERSON "7", FALSE, FALSE },
    { "eduPersonAssurance", EDU_PERSON "11", FALSE, FALSE },
    { NULL, NULL, FALSE, FALSE },
};

const struct sp_attribute_known *sp_attribute_find(const char *name_or_oid)
{
    /* The first map files of the federation call the Japanese names so. */
    static const struct { const char *alias, *name; } aliases[] = {
        { "jao", "jaOrganizationName" }, { "jaou", "jaOrganizationalUnitName" },
        { "surname", "sn" }, { "organizationName", "o" }, { "organizationalUnitName", "ou" },
    };
    for (const struct sp_attribute_known *known = sp_attributes_known; known->name != NULL; known++)
        if (strcmp(known->name, name_or_oid) == 0 || strcmp(known->oid, name_or_oid) == 0) return known;
    for (size_t i = 0; i < G_N_ELEMENTS(aliases); i++)
        if (strcmp(aliases[i].alias, name_or_oid) == 0) return sp_attribute_find(aliases[i].name);
    return NULL;
}

/* --- reading -------------------------------------------------------------------------------------------------------------- */

static void attribute_free(gpointer data)
{
    SpAttribute *attribute = data;
    g_free(attribute->name);
    g_free(attribute->friendly);
    g_strfreev(attribute->values);
    g_free(attribute);
}

static gboolean refuse(GError **error, const char *check, const char *why, const char *name)
{
    g_autofree char *quoted = sp_xml_quote(name);
    g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "%s: %s %s", check, why, quoted);
    return FALSE;
}

static gboolean is_targeted_id(const struct sp_attribute_known *known)
{
    return known != NULL && strcmp(known->name, "eduPersonTargetedID") == 0;
}

/* A qualifier that is there must be the right one. */
static gboolean qualifier_ok(const xmlNode *name_id, const char *name, const char *wanted)
{
    g_autofree char *value = sp_xml_attribute(name_id, name);
    return value == NULL || strcmp(value, wanted) == 0;
}

struct reader {
    const char *idp, *entity_id;
    GError **error;
};

/* The text of one AttributeValue: NULL with *OK for one of no use to us, NULL without it for one to refuse. */
static char *read_value(const struct reader *reader, const struct sp_attribute_known *known, const xmlNode *value, gboolean *ok)
{
    const xmlNode *inside = sp_xml_first_element(value);
    *ok = TRUE;
    if (is_targeted_id(known)) {
        /* eduPersonTargetedID's value is one NameID element; the old form, scoped text, says neither IdP nor SP. */
        gboolean one = sp_xml_is(inside, SP_NS_ASSERTION, "NameID") && sp_xml_next_element(inside) == NULL
                       && sp_xml_first_element(inside) == NULL;
        *ok = one || inside == NULL;
        if (!one || !sp_xml_attribute_is(inside, "Format", SP_FORMAT_PERSISTENT)) return NULL;
        if (!qualifier_ok(inside, "NameQualifier", reader->idp) || !qualifier_ok(inside, "SPNameQualifier", reader->entity_id))
            return NULL;
        return sp_xml_text(inside);
    }
    *ok = inside == NULL;
    return inside == NULL ? sp_xml_text(value) : NULL;
}

/* Appends the values of ELEMENT, an Attribute, to VALUES. */
static gboolean read_values(const struct reader *reader, const struct sp_attribute_known *known, const char *name,
                            const xmlNode *element, GPtrArray *values)
{
    for (const xmlNode *value = sp_xml_first_element(element); value != NULL; value = sp_xml_next_element(value)) {
        gboolean ok;
        if (!sp_xml_is(value, SP_NS_ASSERTION, "AttributeValue"))
            return refuse(reader->error, "attributes", "something else than values in", name);
        g_autofree char *text = read_value(reader, known, value, &ok);
        if (!ok) return refuse(reader->error, "attribute-value", "an element in a value of", name);
        if (text == NULL || text[0] == '\0') continue;
        /* Of what nobody here reads (all groups of a person, a photograph) the first values are enough to show. */
        if (known == NULL && (strlen(text) > SP_ATTRIBUTE_VALUE_LONGEST || values->len >= SP_ATTRIBUTE_VALUES_MOST)) continue;
        if (strlen(text) > SP_ATTRIBUTE_VALUE_LONGEST) return refuse(reader->error, "attributes", "too long a value of", name);
        if (values->len >= SP_ATTRIBUTE_VALUES_MOST) return refuse(reader->error, "attributes", "too many values of", name);
        g_ptr_array_add(values, g_steal_pointer(&text));
    }
    return TRUE;
}

GPtrArray *sp_attributes_list(void)
{
    return g_ptr_array_new_with_free_func(attribute_free);
}

void sp_attributes_add(GPtrArray *list, const char *name, const char *friendly, const char *const *values)
{
    SpAttribute *attribute = g_new0(SpAttribute, 1);
    attribute->known = sp_attribute_find(name);
    attribute->name = g_strdup(name);
    attribute->friendly = g_strdup(attribute->known != NULL ? attribute->known->name : friendly);
    attribute->values = g_strdupv((char **)values);
    g_ptr_array_add(list, attribute);
}

static SpAttribute *find_or_add(GPtrArray *all, const char *name, const xmlNode *element)
{
    for (guint i = 0; i < all->len; i++) {
        SpAttribute *attribute = g_ptr_array_index(all, i);
        if (strcmp(attribute->name, name) == 0) return attribute;
    }
    if (all->len >= SP_ATTRIBUTES_MOST) return NULL;
    SpAttribute *attribute = g_new0(SpAttribute, 1);
    attribute->known = sp_attribute_find(name);
    attribute->name = g_strdup(name);
    if (attribute->known != NULL) attribute->friendly = g_strdup(attribute->known->name);
    else attribute->friendly = sp_xml_attribute(element, "FriendlyName");
    if (attribute->friendly == NULL || strlen(attribute->friendly) > 256) {
        g_free(attribute->friendly);
        attribute->friendly = g_strdup("");
    }
    attribute->values = g_new0(char *, 1);
    g_ptr_array_add(all, attribute);
    return attribute;
}

static gboolean read_attribute(const struct reader *reader, GPtrArray *all, const xmlNode *element)
{
    g_autofree char *name = sp_xml_attribute(element, "Name");
    if (!sp_xml_is(element, SP_NS_ASSERTION, "Attribute"))
        return refuse(reader->error, "attributes", "no Attribute but", (const char *)element->name);
    if (name == NULL || name[0] == '\0' || strlen(name) > SP_ATTRIBUTE_NAME_LONGEST)
        return refuse(reader->error, "attributes", "no usable Name:", name);
    SpAttribute *attribute = find_or_add(all, name, element);
    if (attribute == NULL) return refuse(reader->error, "attributes", "too many, at", name);
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
    for (char **old = attribute->values; *old != NULL; old++) g_ptr_array_add(values, g_strdup(*old));
    if (!read_values(reader, attribute->known, name, element, values)) return FALSE;
    g_ptr_array_add(values, NULL);
    g_strfreev(attribute->values);
    attribute->values = g_strdupv((char **)values->pdata);
    return TRUE;
}

GPtrArray *sp_attributes_read(xmlNode *assertion, const char *idp, const char *entity_id, GError **error)
{
    const struct reader reader = { idp, entity_id, error };
    g_autoptr(GPtrArray) all = sp_attributes_list();
    SP_XML_EACH(statement, assertion, SP_NS_ASSERTION, "AttributeStatement")
        for (const xmlNode *element = sp_xml_first_element(statement); element != NULL; element = sp_xml_next_element(element))
            if (!read_attribute(&reader, all, element)) return NULL;
    return g_steal_pointer(&all);
}

/* --- asking --------------------------------------------------------------------------------------------------------------- */

const char *const *sp_identity_values(const SpIdentity *identity, const char *name)
{
    static const char *const none[] = { NULL };
    const SpAttribute *found = NULL;
    for (guint i = 0; i < identity->attributes->len; i++) {
        const SpAttribute *attribute = g_ptr_array_index(identity->attributes, i);
        if (attribute->known == NULL || strcmp(attribute->known->name, name) != 0) continue;
        /* Sent under both names: the registered one (an OID or URN) counts. */
        if (found == NULL || strcmp(attribute->name, attribute->known->oid) == 0) found = attribute;
    }
    return found != NULL ? (const char *const *)found->values : none;
}

gboolean sp_identity_has(const SpIdentity *identity, const char *name)
{
    for (guint i = 0; i < identity->attributes->len; i++) {
        const SpAttribute *attribute = g_ptr_array_index(identity->attributes, i);
        if (attribute->known != NULL && strcmp(attribute->known->name, name) == 0) return TRUE;
    }
    return FALSE;
}

SpIdentity *sp_identity_kept(const char *idp, const char *name_id, const char *name_id_format)
{
    SpIdentity *identity = g_new0(SpIdentity, 1);
    char **const empty[] = { &identity->assertion_id, &identity->name_qualifier, &identity->sp_name_qualifier,
                             &identity->session_index, &identity->context, &identity->saml };
    for (size_t i = 0; i < G_N_ELEMENTS(empty); i++) *empty[i] = g_strdup("");
    identity->idp = g_strdup(idp);
    identity->name_id = g_strdup(name_id);
    identity->name_id_format = g_strdup(name_id_format);
    identity->attributes = g_ptr_array_new_with_free_func(attribute_free);
    return identity;
}

void sp_identity_add(SpIdentity *identity, const char *name, const char *const *values)
{
    SpAttribute *attribute = g_new0(SpAttribute, 1);
    attribute->known = sp_attribute_find(name);
    attribute->name = g_strdup(attribute->known != NULL ? attribute->known->oid : name);
    attribute->friendly = g_strdup(attribute->known != NULL ? attribute->known->name : "");
    attribute->values = g_strdupv((char **)values);
    g_ptr_array_add(identity->attributes, attribute);
}

char *sp_identity_json(const SpIdentity *identity)
{
    GString *out = g_string_new("{");
    g_autoptr(GHashTable) done = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < identity->attributes->len; i++) {
        const SpAttribute *attribute = g_ptr_array_index(identity->attributes, i);
        const char *name = attribute->known != NULL ? attribute->known->name : attribute->name;
        const char *const *values = (const char *const *)attribute->values;
        if (attribute->known != NULL) values = sp_identity_values(identity, name);
        if (!g_hash_table_add(done, (gpointer)name)) continue;
        if (out->len > 1) g_string_append_c(out, ',');
        db_json_text(out, name);
        g_string_append_c(out, ':');
        db_json_list(out, values);
    }
    g_string_append_c(out, '}');
    return g_string_free(out, FALSE);
}
