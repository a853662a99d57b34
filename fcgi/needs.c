#include "fcgi/explain.h"
#include "fcgi/handlers.h"
#include "fcgi/session.h"

/* The institution whose people this browser's owner probably is one of: of the session, otherwise of the IdP used last. */
static gint64
probable_institution(Exchange *x, GError **error)
{
    if (x->session)
        return x->session->institution;
    g_auto(GStrv) last = session_last_idps(x);
    g_autoptr(SpIdp) idp = last[0] ? sp_idp_get(x->portal->ra->db, last[0], x->now, error) : NULL;
    return idp ? idp->institution : 0;
}

/* GET /login/needs: what an IdP has to send, for its people and for who looks after it, before any login. */
void
needs_page(Exchange *x)
{
    g_autoptr(GError) error = NULL;
    gint64 id = probable_institution(x, &error);
    g_autoptr(RaInstitution) institution = id && !error ? ra_institution_get(x->portal->ra, id, &error) : NULL;
    if (error) {
        page_failure(x, error, "/");
        return;
    }
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "needs", "/login/needs", &root);
    WebNode *sp = web_add(root, "sp");
    web_set(sp, "entity", sp_service_entity_id(x->portal->sp));
    web_set(sp, "acs", sp_service_acs_url(x->portal->sp));
    if (institution)
        page_names(web_add(root, "institution"), institution->name, institution->name_ja);
    explain_wanted(root, institution ? institution->identifier : NULL);
    page_send(x, 200, document);
}
