#include "fcgi/refusal.h"

#include <string.h>

#include "db/log.h"
#include "fcgi/page.h"
#include "sp/attributes.h"
#include "sp/error.h"

void
refusal_generic(Exchange *x, const GError *error)
{
    g_autofree char *check = error->domain == SP_ERROR ? sp_error_check(error) : NULL;
    log_write(LOG_LEVEL_WARNING, "login-refused", "check", check, "msg", error->message, NULL);
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "login-refused", "/", &root);
    web_set(root, "why", "generic");
    page_send(x, 403, document);
}

static void
add_parties(const Exchange *x, WebNode *root, const struct arrival *a)
{
    WebNode *idp = web_add(root, "idp");
    web_set(idp, "entity", a->idp->entity_id);
    page_names(idp, a->idp->name_en, a->idp->name_ja);
    if (*a->idp->contact_name)
        web_set(idp, "contact-name", a->idp->contact_name);
    if (*a->idp->contact_mail)
        web_set(idp, "contact-mail", a->idp->contact_mail);
    web_set(web_add(root, "sp"), "entity", sp_service_entity_id(x->portal->sp));
}

/* sp's word for what is wrong with a value, as the page knows it. */
static const char *
rule_word(const struct sp_need *need)
{
    if (need->state == SP_NEED_MISSING)
        return "absent";
    return strcmp(need->reason, "several") == 0 ? "many" : strcmp(need->reason, "scope") == 0 ? "scope" : "format";
}

static void
add_needs(WebNode *root, const GArray *needs)
{
    for (guint i = 0; i < needs->len; i++) {
        const struct sp_need *need = &g_array_index(needs, struct sp_need, i);
        if (need->state == SP_NEED_GOOD || !need->required)
            continue;
        WebNode *missing = web_add(root, "missing");
        web_set(missing, "name", need->name);
        web_set(missing, "oid", need->oid);
        web_set(missing, "rule", rule_word(need));
    }
}

void
refusal_attributes(Exchange *x, const struct arrival *a, const GError *error)
{
    const struct sp_person_rule rule = arrival_rule(x, a);
    log_write(LOG_LEVEL_WARNING, "login-refused", "check", "attributes", "idp", a->idp->entity_id, "msg", error->message, NULL);
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "login-refused", "/", &root);
    web_set(root, "why", "attributes");
    add_parties(x, root, a);
    g_autoptr(GArray) needs = sp_person_needs(a->identity, &rule);
    add_needs(root, needs);
    for (guint i = 0; i < a->identity->attributes->len; i++) {
        const SpAttribute *attribute = a->identity->attributes->pdata[i];
        WebNode *received = web_add(root, "received");
        web_set(received, "name", *attribute->friendly ? attribute->friendly : attribute->name);
        web_set(received, "oid", attribute->name);
    }
    page_send(x, 403, document);
}

void
refusal_institution(Exchange *x, const struct arrival *a)
{
    log_write(LOG_LEVEL_WARNING, "login-refused", "check", "institution", "idp", a->idp->entity_id, NULL);
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "login-refused", "/", &root);
    web_set(root, "why", "institution");
    add_parties(x, root, a);
    page_send(x, 403, document);
}
