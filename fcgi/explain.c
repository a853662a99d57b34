#include "fcgi/explain.h"

#include <string.h>

#include "ra/assurance.h"
#include "sp/attributes.h"
#include "sp/xml.h"

#define PERSISTENT "NameID (persistent)" /* as sp/person.h names it */

/* What we use an attribute for, and whether somebody can log in without it. */
static const struct use {
    const char *name, *use;
    const char *needed; /* "yes"; "one": one form of the name is enough; "no" */
} uses[] = {
    { "mail", "mail", "yes" },
    { "displayName", "name", "one" },
    { "jaDisplayName", "name-ja", "one" },
    { "givenName", "name", "one" },
    { "sn", "name", "one" },
    { "o", "institution", "no" },
    { "jaOrganizationName", "institution", "no" },
    { "ou", "unit", "no" },
    { "jaOrganizationalUnitName", "unit", "no" },
    { "eduPersonScopedAffiliation", "affiliation", "no" },
    { "eduPersonEntitlement", "entitlement", "no" },
    { "eduPersonAssurance", "assurance", "no" },
};

static const struct use *
use_of(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(uses); i++)
        if (strcmp(uses[i].name, name) == 0)
            return &uses[i];
    return NULL;
}

struct sp_person_rule
explain_rule(const Exchange *x, const RaInstitution *institution, const SpIdp *idp)
{
    return (struct sp_person_rule){ .identifier = institution->identifier, .entity_id = sp_service_entity_id(x->portal->sp),
                                    .scopes = idp ? (const char *const *)idp->scopes : NULL,
                                    .scope_regexps = idp ? (const char *const *)idp->scope_regexps : NULL };
}

void
explain_parties(const Exchange *x, WebNode *root, const SpIdp *idp)
{
    WebNode *node = web_add(root, "idp");
    web_set(node, "entity", idp->entity_id);
    page_names(node, idp->name_en, idp->name_ja);
    page_text(node, "contact-name", idp->contact_name);
    page_text(node, "contact-mail", idp->contact_mail);
    for (char **scope = idp->scopes; scope && *scope; scope++)
        web_add_text(node, "scope", *scope);
    web_set(web_add(root, "sp"), "entity", sp_service_entity_id(x->portal->sp));
}

/* --- sent against needed --- */

/* sp's word for what is wrong, as the pages know it; NULL: nothing is. */
static const char *
rule_word(const char *reason)
{
    static const struct { const char *reason, *word; } words[] = {
        { "scope", "scope" }, { "shape", "format" }, { "several", "many" }, { "long", "long" }, { "empty", "empty" },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (strcmp(words[i].reason, reason) == 0)
            return words[i].word;
    return NULL;
}

static const char *
word_of(const struct sp_need *need)
{
    return need->state == SP_NEED_MISSING ? "absent" : rule_word(need->reason);
}

static WebNode *
add_need(WebNode *root, const char *name, const char *oid, const struct use *use)
{
    WebNode *node = web_add(root, "need");
    web_set(node, "name", name);
    web_set(node, "oid", oid);
    web_set(node, "use", use ? use->use : "identifier");
    web_set(node, "needed", use ? use->needed : "yes");
    return node;
}

static void
add_value(WebNode *need, const char *name, const char *value, const struct sp_person_rule *rule, enum explain_values values)
{
    g_autofree char *mask = sp_person_mask(name, value);
    gboolean short_ = mask && values == EXPLAIN_MASKED;
    WebNode *node = web_add_text(need, "value", short_ ? mask : value);
    if (mask && !short_)
        web_set(node, "masked", mask);
    web_set(node, "rule", rule_word(sp_person_judge(name, value, rule)));
}

static void
add_values(WebNode *node, const SpIdentity *identity, const char *name, const struct sp_person_rule *rule,
           enum explain_values values)
{
    const char *const *sent = strcmp(name, PERSISTENT) == 0 ? NULL : sp_identity_values(identity, name);
    if (!sent && *identity->name_id && strcmp(identity->name_id_format, SP_FORMAT_PERSISTENT) == 0)
        add_value(node, name, identity->name_id, rule, values);
    for (; sent && *sent; sent++)
        add_value(node, name, *sent, rule, values);
}

static gboolean
is_needed(const GArray *needs, const SpAttribute *attribute)
{
    for (guint i = 0; attribute->known && i < needs->len; i++)
        if (strcmp(g_array_index(needs, struct sp_need, i).name, attribute->known->name) == 0)
            return TRUE;
    return FALSE;
}

void
explain_needs(WebNode *root, const SpIdentity *identity, const struct sp_person_rule *rule, enum explain_values values)
{
    static const char *const states[] = { [SP_NEED_GOOD] = "good", [SP_NEED_MISSING] = "absent", [SP_NEED_REFUSED] = "refused" };
    g_autoptr(GArray) needs = sp_person_needs(identity, rule);
    for (guint i = 0; i < needs->len; i++) {
        const struct sp_need *need = &g_array_index(needs, struct sp_need, i);
        WebNode *node = add_need(root, need->name, need->oid, i == 0 ? NULL : use_of(need->name));
        web_set(node, "state", states[need->state]);
        if (need->state != SP_NEED_GOOD)
            web_set(node, "rule", word_of(need));
        add_values(node, identity, need->name, rule, values);
    }
    for (guint i = 0; i < identity->attributes->len; i++) {
        const SpAttribute *attribute = identity->attributes->pdata[i];
        if (is_needed(needs, attribute))
            continue;
        WebNode *node = web_add(root, "other");
        web_set(node, "name", *attribute->friendly ? attribute->friendly : attribute->name);
        web_set(node, "oid", attribute->name);
        for (char **value = attribute->values; values == EXPLAIN_FULL && *value; value++)
            add_value(node, attribute->friendly, *value, rule, values);
    }
}

void
explain_missing(WebNode *root, const SpIdentity *identity, const struct sp_person_rule *rule)
{
    g_autoptr(GArray) needs = sp_person_needs(identity, rule);
    for (guint i = 0; i < needs->len; i++) {
        const struct sp_need *need = &g_array_index(needs, struct sp_need, i);
        const struct use *use = i == 0 ? NULL : use_of(need->name);
        gboolean another_form = use && strcmp(use->needed, "one") == 0 && strcmp(need->name, "displayName") != 0;
        if (need->state == SP_NEED_GOOD || !need->required || another_form)
            continue;
        WebNode *missing = web_add(root, "missing");
        web_set(missing, "name", need->name);
        web_set(missing, "oid", need->oid);
        web_set(missing, "rule", word_of(need));
    }
}

/* --- what will be asked --- */

static void
add_identifier(WebNode *root, const char *rule)
{
    const struct sp_attribute_known *known = sp_attribute_find(rule);
    (void)add_need(root, known ? known->name : PERSISTENT, known ? known->oid : SP_FORMAT_PERSISTENT, NULL);
}

void
explain_wanted(WebNode *root, const char *identifier)
{
    static const char *const all[] = { "subject-id", "pairwise-id", "eduPersonPrincipalName", "eduPersonTargetedID",
                                       "persistent" };
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
        if (!identifier || strcmp(identifier, all[i]) == 0)
            add_identifier(root, all[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(uses); i++)
        (void)add_need(root, uses[i].name, sp_attribute_find(uses[i].name)->oid, &uses[i]);
}

void
explain_contexts(WebNode *root, char **contexts)
{
    for (char **context = contexts; context && *context; context++) {
        WebNode *wanted = web_add(root, "wanted");
        web_set(wanted, "uri", *context);
        page_text(wanted, "word", ra_preset_word(ra_context_presets, *context));
    }
}
