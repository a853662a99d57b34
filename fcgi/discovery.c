#include <string.h>

#include "fcgi/handlers.h"
#include "fcgi/page.h"
#include "fcgi/session.h"
#include "sp/discovery.h"

#define SHOWN_MOST    100 /* IdPs on one page: more nobody reads; a search finds the others */
#define QUERY_LONGEST 100 /* characters */

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

/* Where the language switch comes back to: this page with its search. */
static char *
own_path(const char *query, const char *back)
{
    g_autofree char *q = g_uri_escape_string(query, NULL, FALSE), *escaped = g_uri_escape_string(back, "/", FALSE);
    return g_strconcat("/discovery", *q ? "?q=" : "", q, *escaped ? (*q ? "&return=" : "?return=") : "", escaped, NULL);
}

void
discovery_page(Exchange *x)
{
    const char *query = form_text(x->query, "q");
    const char *back = form_local_path(form_get(x->query, "return"));
    g_autofree char *cut = g_utf8_substring(query, 0, MIN(g_utf8_strlen(query, -1), QUERY_LONGEST));
    g_autofree char *path = own_path(g_strstrip(cut), back);
    g_autoptr(GError) error = NULL;
    WebNode *root;

    g_autoptr(WebDocument) document = page_new(x, "discovery", path, &root);
    page_text(root, "query", cut);
    page_text(root, "return", back);
    if (!add_last(x, root, &error) || !add_found(x, root, cut, &error))
        page_failure(x, error, "/");
    else
        page_send(x, 200, document);
}
