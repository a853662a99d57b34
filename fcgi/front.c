#include <string.h>

#include "fcgi/cookie.h"
#include "fcgi/discovery.h"
#include "fcgi/handlers.h"
#include "fcgi/page.h"
#include "fcgi/session.h"

#define YEAR (365 * 86400)

static gboolean
add_last_idp(Exchange *x, WebNode *root, GError **error)
{
    g_auto(GStrv) last = session_last_idps(x);
    if (!last[0])
        return TRUE;
    g_autoptr(GPtrArray) choices =
        sp_choices_named(x->portal->ra->db, (const char *const *)last, x->language, x->now, error);
    if (choices && choices->len > 0)
        discovery_add_choice(root, "last-idp", choices->pdata[0]);
    return choices != NULL;
}

void
front_page(Exchange *x)
{
    WebNode *root;
    g_autoptr(GError) error = NULL;
    g_autoptr(WebDocument) document = page_new(x, "front", "/", &root);
    if (!add_last_idp(x, root, &error))
        page_failure(x, error, NULL);
    else
        page_send(x, 200, document);
}

/* --- language --- */

/* Back to where the switch was pressed: `return`, otherwise the path of a Referer of our own; never anywhere else. */
static const char *
come_from(const Exchange *x)
{
    const char *given = form_local_path(form_get(x->query, "return"));
    if (*given)
        return given;
    const char *url = portal_setting(x->portal, "service", "url");
    if (g_str_has_prefix(x->in->referer, url) && x->in->referer[strlen(url)] == '/')
        given = form_local_path(x->in->referer + strlen(url));
    return *given ? given : "/";
}

static void
set_language(Exchange *x, const char *language)
{
    g_autofree char *name = portal_cookie(x->portal, "language");
    cookie_set(&x->out, name, language, YEAR, COOKIE_LAX);
    http_header(&x->out, "Cache-Control", "no-store");
    http_see_other(&x->out, come_from(x));
    x->answered = TRUE;
}

void
language_ja(Exchange *x)
{
    set_language(x, "ja");
}

void
language_en(Exchange *x)
{
    set_language(x, "en");
}

/* --- static files: named by their content, so they never change --- */

void
static_file(Exchange *x)
{
    const char *type = NULL;
    g_autoptr(GBytes) bytes = web_static(x->portal->web, x->name, &type);
    if (!bytes) {
        page_error(x, 404, "missing", NULL);
        return;
    }
    http_header(&x->out, "Cache-Control", "public, max-age=31536000, immutable");
    http_body_bytes(&x->out, type, bytes);
    x->answered = TRUE;
}
