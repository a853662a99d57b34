#include "fcgi/refusal.h"

#include "db/log.h"
#include "fcgi/explain.h"
#include "fcgi/page.h"
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

/* The page of a login whose message was verified: it says what happened and who can mend it. */
static WebDocument *
explained(Exchange *x, const struct arrival *a, const char *why, WebNode **root)
{
    WebDocument *document = page_new(x, "login-refused", "/", root);
    web_set(*root, "why", why);
    explain_parties(x, *root, a->idp);
    return document;
}

void
refusal_attributes(Exchange *x, const struct arrival *a, const GError *error)
{
    log_write(LOG_LEVEL_WARNING, "login-refused", "check", "attributes", "idp", a->idp->entity_id, "msg", error->message, NULL);
    const struct sp_person_rule rule = explain_rule(x, a->institution, a->idp);
    WebNode *root;
    g_autoptr(WebDocument) document = explained(x, a, "attributes", &root);
    explain_missing(root, a->identity, &rule);
    explain_needs(root, a->identity, &rule, EXPLAIN_MASKED);
    page_send(x, 403, document);
}

void
refusal_institution(Exchange *x, const struct arrival *a)
{
    log_write(LOG_LEVEL_WARNING, "login-refused", "check", "institution", "idp", a->idp->entity_id, NULL);
    WebNode *root;
    g_autoptr(WebDocument) document = explained(x, a, "institution", &root);
    page_send(x, 403, document);
}

void
refusal_context(Exchange *x, const struct arrival *a, const GError *error)
{
    g_autofree char *check = sp_error_check(error);
    log_write(LOG_LEVEL_WARNING, "login-refused", "check", check, "idp", a->idp->entity_id, "msg", error->message, NULL);
    WebNode *root;
    g_autoptr(WebDocument) document = explained(x, a, check, &root);
    explain_contexts(root, a->login->contexts);
    page_send(x, 403, document);
}

void
refusal_person(Exchange *x, const struct arrival *a)
{
    log_write(LOG_LEVEL_WARNING, "login-refused", "check", "person", "idp", a->idp->entity_id, NULL);
    WebNode *root;
    g_autoptr(WebDocument) document = explained(x, a, "person", &root);
    page_send(x, 403, document);
}
