#include "fcgi/discovery.h"

#include <string.h>

#include "ca/crypto.h"
#include "fcgi/cookie.h"
#include "fcgi/handlers.h"
#include "fcgi/page.h"
#include "fcgi/session.h"

#define SHOWN_MOST    100 /* IdPs on one page: more nobody reads; a search finds the others */
#define QUERY_LONGEST 100 /* characters */

/* --- to the federation's service and back --- */

/*
 * `return` is our DiscoveryResponse exactly as our metadata has it, because services compare it; and where the person wants to go
 * is nobody else's business. So that path stays here, in a cookie, which also tells that we asked: the service leads back
 * without an IdP when none was chosen.
 */
static void
remember_way(Exchange *x, const char *back)
{
    g_autofree char *name = portal_cookie(x->portal, "discovery");
    g_autofree char *marked = g_strconcat("=", back, NULL);
    g_autoptr(GBytes) sealed = crypto_seal(x->portal->ra->keyring, "discovery-cookie", marked, strlen(marked));
    g_autofree char *text = crypto_base64url(sealed);
    cookie_set(&x->out, name, text, settings_number(x->portal->settings, "portal", "login_lifetime"), COOKIE_LAX);
}

/* The remembered path; NULL where nothing is remembered. */
static char *
recall_way(const Exchange *x)
{
    g_autofree char *name = portal_cookie(x->portal, "discovery");
    g_autofree char *text = cookie_get(x->in->cookies, name);
    g_autoptr(GBytes) sealed = text ? crypto_unbase64url(text) : NULL;
    g_autoptr(Secret) marked = sealed ? crypto_open(x->portal->ra->keyring, "discovery-cookie", sealed, NULL) : NULL;
    return marked && *secret_text(marked) ? g_strdup(form_local_path(secret_text(marked) + 1)) : NULL;
}

static void
forget_way(Exchange *x)
{
    g_autofree char *name = portal_cookie(x->portal, "discovery");
    cookie_set(&x->out, name, "", 0, COOKIE_LAX);
}

static char *
service_url(const Exchange *x, const char *service)
{
    g_autofree char *us = g_uri_escape_string(sp_service_entity_id(x->portal->sp), NULL, FALSE);
    g_autofree char *login = g_strconcat(portal_setting(x->portal, "service", "url"), "/login", NULL);
    g_autofree char *back = g_uri_escape_string(login, NULL, FALSE);
    return g_strconcat(service, strchr(service, '?') ? "&" : "?", "entityID=", us, "&return=", back, "&returnIDParam=idp", NULL);
}

/* Where the language switch comes back to, and where /login leads: our page with its search. */
static char *
own_path(const char *query, const char *back, gboolean none)
{
    g_autoptr(GString) path = g_string_new("/discovery");
    const struct { const char *name, *value; } parts[] = { { "q", query }, { "return", back }, { "none", none ? "1" : "" } };
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
        if (*parts[i].value) {
            g_string_append_printf(path, "%c%s=", strchr(path->str, '?') ? '&' : '?', parts[i].name);
            g_string_append_uri_escaped(path, parts[i].value, "/", FALSE);
        }
    return g_string_free(g_steal_pointer(&path), FALSE);
}

void
discovery_begin(Exchange *x)
{
    const char *asked = form_get(x->query, "return"), *back = form_local_path(asked);
    const char *service = portal_setting(x->portal, "saml", "discovery");
    g_autofree char *way = recall_way(x);
    /* Asked, and back with empty hands: asking again would go round in circles. Our own page says so and has a list too. */
    gboolean none = *service && way && !asked;
    g_autofree char *location = *service && !none ? service_url(x, service) : own_path("", none ? way : back, none);

    if (*service && !none)
        remember_way(x, back);
    else if (way)
        forget_way(x);
    http_header(&x->out, "Cache-Control", "no-store");
    http_see_other(&x->out, location);
    x->answered = TRUE;
}

char *
discovery_way_back(Exchange *x)
{
    const char *asked = form_get(x->query, "return");
    g_autofree char *way = recall_way(x);
    if (way)
        forget_way(x);
    return g_strdup(asked ? form_local_path(asked) : way ? way : "");
}

/* --- our own page --- */

void
discovery_add_choice(WebNode *root, const char *element, const SpChoice *choice)
{
    WebNode *node = web_add(root, element);
    web_set(node, "entity", choice->entity_id);
    page_names(node, choice->name_en, choice->name_ja);
    if (*choice->picture) {
        g_autofree char *logo = g_strconcat("/logo/", choice->picture, ".png", NULL);
        web_set(node, "logo", logo);
    }
}

/* What was chosen here before: cards on top, the last one first. */
static gboolean
add_last(Exchange *x, WebNode *root, GError **error)
{
    g_auto(GStrv) last = session_last_idps(x);
    if (!last[0])
        return TRUE;
    g_autoptr(GPtrArray) choices =
        sp_choices_named(x->portal->ra->db, (const char *const *)last, x->language, x->now, error);
    for (guint i = 0; choices && i < choices->len; i++)
        discovery_add_choice(root, "last-idp", choices->pdata[i]);
    return choices != NULL;
}

static gboolean
add_found(Exchange *x, WebNode *root, const char *query, GError **error)
{
    gint64 total = 0;
    g_autoptr(GPtrArray) choices =
        sp_choices_search(x->portal->ra->db, query, x->language, SHOWN_MOST, x->now, &total, error);
    if (!choices)
        return FALSE;
    web_set_number(root, "total", total);
    if (total > choices->len)
        web_set_number(root, "more", total - choices->len);
    for (guint i = 0; i < choices->len; i++)
        discovery_add_choice(root, "idp", choices->pdata[i]);
    return TRUE;
}

void
discovery_page(Exchange *x)
{
    const char *query = form_text(x->query, "q");
    const char *back = form_local_path(form_get(x->query, "return"));
    g_autofree char *cut = g_utf8_substring(query, 0, MIN(g_utf8_strlen(query, -1), QUERY_LONGEST));
    gboolean none = strcmp(form_text(x->query, "none"), "1") == 0 && *portal_setting(x->portal, "saml", "discovery");
    g_autofree char *path = own_path(g_strstrip(cut), back, none);
    g_autoptr(GError) error = NULL;
    WebNode *root;

    g_autoptr(WebDocument) document = page_new(x, "discovery", path, &root);
    page_text(root, "query", cut);
    page_text(root, "return", back);
    if (none)
        web_set_flag(root, "none", TRUE);
    if (!add_last(x, root, &error) || !add_found(x, root, cut, &error))
        page_failure(x, error, "/");
    else
        page_send(x, 200, document);
}

/* --- logos --- */

#define NAME_LENGTH 64 /* hexadecimal digits of a picture's SHA-256 */

/* GET /logo/NAME.png: named by its content, so it never changes. */
void
logo_file(Exchange *x)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_strndup(x->name, NAME_LENGTH);
    gboolean fits = strlen(name) == NAME_LENGTH && strspn(name, "0123456789abcdef") == NAME_LENGTH &&
                    strcmp(x->name + NAME_LENGTH, ".png") == 0;
    g_autoptr(GBytes) bytes = fits ? sp_choice_logo(x->portal->ra->db, name, &error) : NULL;
    if (error)
        page_failure(x, error, NULL);
    else if (!bytes)
        page_error(x, 404, "missing", NULL);
    else {
        http_header(&x->out, "Cache-Control", "public, max-age=31536000, immutable");
        http_body_bytes(&x->out, "image/png", bytes);
        x->answered = TRUE;
    }
}
