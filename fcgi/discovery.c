#include <string.h>

#include "fcgi/handlers.h"
#include "fcgi/page.h"
#include "fcgi/session.h"
#include "sp/discovery.h"

#define SHOWN_MOST    200 /* IdPs on one page; a search finds the others */
#define QUERY_LONGEST 200

static void
add_idp(WebNode *root, const char *element, const SpIdp *idp)
{
    WebNode *node = web_add(root, element);
    web_set(node, "entity", idp->entity_id);
    page_names(node, idp->name_en, idp->name_ja);
    /* Pictures on other hosts would tell them who looks at this page. */
    if (g_str_has_prefix(idp->logo, "data:image/"))
        web_set(node, "logo", idp->logo);
    if (*idp->search)
        web_set(node, "search", idp->search);
}

void
discovery_page(Exchange *x)
{
    const char *query = form_text(x->query, "q");
    const char *back = form_local_path(form_get(x->query, "return"));
    g_autofree char *last = session_last_idp(x);
    g_autoptr(GError) error = NULL;
    g_autofree char *cut = g_utf8_substring(query, 0, MIN(g_utf8_strlen(query, -1), QUERY_LONGEST));

    g_autoptr(GPtrArray) idps = sp_idp_search(x->portal->ra->db, cut, x->language, TRUE, SHOWN_MOST + 1, x->now, &error);
    if (!idps) {
        page_failure(x, error, "/");
        return;
    }
    WebNode *root;
    g_autofree char *escaped = g_uri_escape_string(back, "/", FALSE);
    g_autofree char *path = *back ? g_strconcat("/discovery?return=", escaped, NULL) : g_strdup("/discovery");
    g_autoptr(WebDocument) document = page_new(x, "discovery", path, &root);
    if (*cut)
        web_set(root, "query", cut);
    if (*back)
        web_set(root, "return", back);
    if (idps->len > SHOWN_MOST)
        web_set_flag(root, "more", TRUE);
    for (guint i = 0; last && i < idps->len; i++)
        if (strcmp(((const SpIdp *)idps->pdata[i])->entity_id, last) == 0)
            add_idp(root, "last-idp", idps->pdata[i]);
    for (guint i = 0; i < MIN(idps->len, SHOWN_MOST); i++)
        add_idp(root, "idp", idps->pdata[i]);
    page_send(x, 200, document);
}
