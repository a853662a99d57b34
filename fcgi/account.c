#include <string.h>

#include "fcgi/handlers.h"
#include "fcgi/page.h"
#include "ra/institution.h"
#include "ra/person.h"
#include "sp/attributes.h"
#include "sp/discovery.h"

/* What we use an attribute for, as the page says it. The institution's identifier is another column of the same table. */
static const char *
use_of(const char *name, const char *identifier)
{
    static const struct { const char *name, *use; } uses[] = {
        { "displayName", "name" },
        { "givenName", "name" },
        { "sn", "name" },
        { "jaDisplayName", "name-ja" },
        { "mail", "mail" },
        { "eduPersonScopedAffiliation", "affiliation" },
        { "eduPersonEntitlement", "entitlement" },
        { "eduPersonAssurance", "assurance" },
        { "o", "institution" },
        { "jaOrganizationName", "institution" },
    };
    if (strcmp(name, identifier) == 0)
        return "identifier";
    for (gsize i = 0; i < G_N_ELEMENTS(uses); i++)
        if (strcmp(uses[i].name, name) == 0)
            return uses[i].use;
    return NULL;
}

static void
add_attribute(WebNode *root, const char *name, const char *identifier, char **values)
{
    const struct sp_attribute_known *known = sp_attribute_find(name);
    WebNode *node = web_add(root, "attribute");
    web_set(node, "name", known ? known->name : name);
    web_set(node, "oid", known ? known->oid : name);
    web_set(node, "use", use_of(known ? known->name : name, identifier));
    for (char **value = values; value && *value; value++)
        web_add_text(node, "value", *value);
}

static gboolean
was_sent(const GPtrArray *sent, const char *name)
{
    for (guint i = 0; i < sent->len; i++)
        if (strcmp(((const DbSessionAttribute *)sent->pdata[i])->name, name) == 0)
            return TRUE;
    return FALSE;
}

/* First what we know, in the order of our table, sent or not; then the rest. */
static void
add_attributes(WebNode *root, const GPtrArray *sent, const char *identifier)
{
    for (guint i = 0; i < sent->len; i++) {
        const DbSessionAttribute *attribute = sent->pdata[i];
        add_attribute(root, attribute->name, identifier, attribute->values);
    }
    for (const struct sp_attribute_known *known = sp_attributes_known; known->name; known++)
        if (use_of(known->name, identifier) && !was_sent(sent, known->name))
            add_attribute(root, known->name, identifier, NULL);
}

static void
add_idp(WebNode *root, const DbSession *session, const SpIdp *idp)
{
    WebNode *node = web_add(root, "idp");
    web_set(node, "entity", session->idp);
    if (idp)
        page_names(node, idp->name_en, idp->name_ja);
    else
        page_names(node, session->institution_name, session->institution_name_ja);
}

void
account_page(Exchange *x)
{
    RaContext *ra = x->portal->ra;
    const DbSession *session = x->session;
    g_autoptr(GError) error = NULL;
    g_autoptr(DbPerson) person = ra_person_get(ra, session->person, &error);
    g_autoptr(RaInstitution) institution = person ? ra_institution_get(ra, session->institution, &error) : NULL;
    g_autoptr(GPtrArray) sent = institution ? db_session_attributes(ra->db, x->session_hash, &error) : NULL;
    if (!sent) {
        page_failure(x, error, "/certificates");
        return;
    }
    g_autoptr(SpIdp) idp = sp_idp_get(ra->db, session->idp, x->now, NULL);
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "account", "/account", &root);
    web_set_flag(root, "notices", person->notices);
    if (strcmp(form_text(x->query, "done"), "notices") == 0)
        web_set(root, "notice", "notices");
    add_idp(root, session, idp);
    WebNode *login = web_add(root, "login");
    page_time(x, login, "at", session->created_at);
    page_time(x, login, "until", session->expires_at);
    web_set(login, "context", session->context);
    add_attributes(root, sent, institution->identifier);
    page_send(x, 200, document);
}

void
account_notices(Exchange *x)
{
    const struct ra_who who = exchange_who(x);
    g_autoptr(GError) error = NULL;
    if (!ra_person_set_notices(x->portal->ra, &who, strcmp(form_text(x->form, "notices"), "on") == 0, &error)) {
        page_failure(x, error, "/account");
        return;
    }
    http_see_other(&x->out, "/account?done=notices");
    x->answered = TRUE;
}
