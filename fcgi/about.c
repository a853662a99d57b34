#include <string.h>

#include "fcgi/handlers.h"
#include "fcgi/page.h"

/* ?signed=1: for whoever takes it from here and not from a federation. */
void
saml_metadata(Exchange *x)
{
    g_autoptr(GError) error = NULL;
    const gboolean sign = strcmp(form_text(x->query, "signed"), "1") == 0;
    const char *text = sign ? sp_service_metadata_signed(x->portal->sp, x->now, &error) : sp_service_metadata(x->portal->sp);
    if (!text) {
        page_failure(x, error, NULL);
        return;
    }
    http_header(&x->out, "Cache-Control", "max-age=300");
    http_body_text(&x->out, "application/samlmetadata+xml", g_strdup(text));
    x->answered = TRUE;
}

/* By a name that stays: IdPs and discovery services keep the URL, not the picture. */
void
own_logo(Exchange *x)
{
    const char *name = web_static_name(x->portal->web, "logo.png"), *type = NULL;
    g_autoptr(GBytes) bytes = name ? web_static(x->portal->web, name, &type) : NULL;
    if (!bytes) {
        page_error(x, 404, "missing", NULL);
        return;
    }
    http_header(&x->out, "Cache-Control", "public, max-age=86400");
    http_body_bytes(&x->out, type, bytes);
    x->answered = TRUE;
}

static const char *
or_else(const char *text, const char *fallback)
{
    return *text ? text : fallback;
}

/* An operator's own statement stands in for ours. */
void
privacy_page(Exchange *x)
{
    const Portal *portal = x->portal;
    const char *elsewhere = portal_setting(portal, "saml", "privacy_url");
    if (*elsewhere) {
        http_see_other(&x->out, elsewhere);
        x->answered = TRUE;
        return;
    }
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "privacy", "/privacy", &root);
    WebNode *operator = web_add(root, "operator");
    page_names(operator, or_else(portal_setting(portal, "saml", "organization_en"), portal_setting(portal, "service", "name_en")),
               or_else(portal_setting(portal, "saml", "organization_ja"), portal_setting(portal, "service", "name_ja")));
    page_text(operator, "href", portal_setting(portal, "saml", "organization_url"));
    page_send(x, 200, document);
}
