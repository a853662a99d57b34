#include <string.h>

#include "fcgi/explain.h"
#include "fcgi/handlers.h"
#include "ra/assurance.h"
#include "ra/person.h"
#include "sp/attributes.h"
#include "sp/xml.h"

/* What came with this login, as it was verified then. */
static SpIdentity *
identity_of(const DbSession *session, const GPtrArray *sent, const RaInstitution *institution)
{
    gboolean persistent = strcmp(institution->identifier, "persistent") == 0;
    SpIdentity *identity = sp_identity_kept(session->idp, session->name_id, persistent ? SP_FORMAT_PERSISTENT : "");
    for (guint i = 0; i < sent->len; i++) {
        const DbSessionAttribute *attribute = sent->pdata[i];
        sp_identity_add(identity, attribute->name, (const char *const *)attribute->values);
    }
    return identity;
}

/* Name, mail and affiliation as they changed from one login to another. */
static void
add_changes(const Exchange *x, WebNode *root, const GPtrArray *changes)
{
    for (guint i = 0; i < changes->len; i++) {
        const RaChange *change = changes->pdata[i];
        WebNode *node = web_add(root, "change");
        page_time(x, node, "at", change->at);
        web_set(node, "field", change->field);
        web_set(node, "was", change->was);
        web_set(node, "is", change->is);
    }
}

/* Of an IdP that is not in the metadata any more. */
static void
add_idp(WebNode *root, const DbSession *session)
{
    WebNode *node = web_add(root, "idp");
    web_set(node, "entity", session->idp);
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
    g_autoptr(GPtrArray) changes = institution ? ra_person_changes(ra, session->person, &error) : NULL;
    g_autoptr(GPtrArray) sent = changes ? db_session_attributes(ra->db, x->session_hash, &error) : NULL;
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
    if (idp)
        explain_parties(x, root, idp);
    else
        add_idp(root, session);
    WebNode *login = web_add(root, "login");
    page_time(x, login, "at", session->created_at);
    page_time(x, login, "until", session->expires_at);
    page_text(login, "context", session->context);
    page_text(login, "word", ra_preset_word(ra_context_presets, session->context));
    page_time(x, login, "authn-at", session->authn_at);
    const struct sp_person_rule rule = explain_rule(x, institution, idp);
    g_autoptr(SpIdentity) identity = identity_of(session, sent, institution);
    explain_needs(root, identity, &rule, EXPLAIN_FULL);
    add_changes(x, root, changes);
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
