#include "fcgi/arrival.h"

#include <string.h>

#include "ca/crypto.h"
#include "db/log.h"
#include "fcgi/cookie.h"
#include "fcgi/explain.h"
#include "fcgi/handlers.h"
#include "fcgi/login.h"
#include "fcgi/page.h"
#include "fcgi/refusal.h"
#include "fcgi/session.h"
#include "ra/error.h"
#include "ra/officer.h"
#include "ra/person.h"
#include "sp/attributes.h"
#include "sp/error.h"
#include "sp/opener.h"

#define TOKEN_SIZE 43 /* characters, of crypto_token */

static void
arrival_clear(struct arrival *a)
{
    g_clear_pointer(&a->key_hash, g_bytes_unref);
    g_clear_pointer(&a->login, db_login_free);
    g_clear_pointer(&a->idp, db_idp_free);
    g_clear_pointer(&a->identity, sp_identity_free);
    g_clear_pointer(&a->person, sp_person_free);
    g_clear_pointer(&a->institution, ra_institution_free);
    g_clear_pointer(&a->session, secret_free);
}

static gboolean
refuse(GError **error, const char *check, const char *why)
{
    g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "%s: %s", check, why);
    return FALSE;
}

/* COOKIE is TOKEN.LANGUAGE; afterwards it is the token alone. */
static void
take_language(Exchange *x, char *cookie)
{
    char *dot = strchr(cookie, '.');
    if (!dot)
        return;
    x->language = session_language(dot + 1, x->in->accept_language);
    *dot = '\0';
}

/* The row of the login that this answers, by RelayState and this browser's cookie. */
static gboolean
find_login(Exchange *x, struct arrival *a, GError **error)
{
    const char *relay_state = form_text(x->form, "RelayState");
    if (strlen(relay_state) != TOKEN_SIZE)
        return refuse(error, "relay-state", "the answer names no login of ours (unsolicited answers are not taken)");
    a->key_hash = crypto_sha256(relay_state, strlen(relay_state));
    g_autofree char *name = login_cookie(x, a->key_hash);
    g_autofree char *cookie = cookie_get(x->in->cookies, name);
    if (!cookie)
        return refuse(error, "login-cookie", "the browser that answers is not the one that asked");
    take_language(x, cookie);
    g_autoptr(GBytes) cookie_hash = crypto_sha256(cookie, strlen(cookie));
    g_autoptr(GError) why = NULL;
    a->login = db_login_get(x->portal->ra->db, a->key_hash, cookie_hash, &why);
    if (why) {
        g_propagate_error(error, g_steal_pointer(&why));
        return FALSE;
    }
    if (!a->login)
        return refuse(error, "login-cookie", "no pending login fits RelayState and cookie");
    if (a->login->used)
        return refuse(error, "login-used", "this login has been answered before");
    if (a->login->expires_at <= x->now)
        return refuse(error, "login-expired", "the answer came too late");
    cookie_set(&x->out, name, "", 0, COOKIE_CROSS);
    return TRUE;
}

static gboolean
verify(Exchange *x, struct arrival *a, GError **error)
{
    g_autoptr(GError) why = NULL;
    a->idp = sp_idp_get(x->portal->ra->db, a->login->idp, x->now, &why);
    if (why) {
        g_propagate_error(error, g_steal_pointer(&why));
        return FALSE;
    }
    if (!a->idp)
        return refuse(error, "idp", "the IdP is not in the metadata any more");
    const char *response = form_text(x->form, "SAMLResponse");
    const struct sp_want want = { .idp = a->login->idp, .idp_xml = a->idp->xml, .request_id = a->login->request_id,
                                  .saml = a->login->saml, .now = x->now, .skew = SP_SKEW,
                                  .contexts = (const char *const *)a->login->contexts };
    a->identity = sp_opener_response(x->portal->opener, response, strlen(response), &want, error);
    return a->identity != NULL;
}

/* Login row and assertion: each counts once, over all nodes and restarts. Inside the transaction of settle. */
static gboolean
spend(Exchange *x, struct arrival *a, GError **error)
{
    Db *db = x->portal->ra->db;
    g_autoptr(GError) why = NULL;
    if (!db_login_use(db, a->key_hash, x->now, &why)) {
        if (!why)
            return refuse(error, "login-used", "this login has been answered before");
    } else if (!db_assertion_spend(db, a->identity->idp, a->identity->assertion_id, a->identity->assertion_until, &why)) {
        if (!why)
            return refuse(error, "replay", "this assertion has been used before");
    }
    if (!why)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&why));
    return FALSE;
}

/* What an IdP says of its own people may concern its own institution; an operator sees all of them, so only the IdPs that are
   named for it (NULL: any) make one. */
static gboolean
is_heard(const Exchange *x, const char *idps, const char *idp)
{
    return !idps || g_strv_contains(settings_list(x->portal->settings, "saml", idps), idp);
}

static const char *
role_of(const Exchange *x, const SpPerson *person, const char *idp)
{
    static const struct { const char *setting, *role, *idps; } roles[] = {
        { "operator_entitlement", "operator", "operator_idps" },
        { "officer_entitlement", "officer", NULL },
        { "revoker_entitlement", "revoker", NULL },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(roles); i++) {
        const char *wanted = portal_setting(x->portal, "saml", roles[i].setting);
        if (*wanted && g_strv_contains((const char *const *)person->entitlements, wanted) && is_heard(x, roles[i].idps, idp))
            return roles[i].role;
    }
    return "person";
}

/* A new session with a new id, whatever the browser had before. */
static gboolean
begin_session(Exchange *x, struct arrival *a, gint64 person, GError **error)
{
    a->session = crypto_token();
    g_autoptr(GBytes) hash = crypto_sha256(secret_bytes(a->session), secret_size(a->session));
    g_autofree char *attributes = sp_identity_json(a->identity);
    gint64 until = x->now + settings_number(x->portal->settings, "portal", "session_longest");
    if (a->identity->session_until)
        until = MIN(until, a->identity->session_until);
    const struct db_session_new session = {
        .id_hash = hash, .person = person, .role = role_of(x, a->person, a->identity->idp), .idp = a->identity->idp,
        .name_id = a->identity->name_id, .session_index = a->identity->session_index, .saml = a->identity->saml,
        .attributes = attributes, .context = a->identity->context, .authn_at = a->identity->authn_instant,
        .assurance = (const char *const *)a->person->assurances, .expires_at = until };
    /* The browser's own cookie does not come along with an IdP's post, so the login has kept whose place it takes. */
    GBytes *const before[] = { x->session_hash, a->login->session_hash };
    for (gsize i = 0; i < G_N_ELEMENTS(before); i++)
        if (before[i] && !db_session_end(x->portal->ra->db, before[i], error))
            return FALSE;
    const RaOfficer officer = { .person = person, .role = session.role, .address = x->in->address };
    return db_session_insert(x->portal->ra->db, &session, error) &&
           ra_officer_audit(x->portal->ra, &officer, a->institution->id, "officer-login", error);
}

static gboolean
log_in(Exchange *x, struct arrival *a, GError **error)
{
    const RaLogin login = { .idp = a->identity->idp, .identifier = a->person->identifier,
                            .display_name = a->person->display_name, .display_name_ja = a->person->display_name_ja,
                            .common_name = a->person->common_name, .mails = (const char *const *)a->person->mails,
                            .affiliation = (const char *const *)a->person->affiliations, .language = x->language };
    gint64 person = ra_person_login_within(x->portal->ra, &login, x->in->address, error);
    return person != 0 && begin_session(x, a, person, error);
}

/* A login that steps up must bring the same person back: another one is not logged in by it. */
static gboolean
same_person(Exchange *x, struct arrival *a, GError **error)
{
    g_autoptr(GError) why = NULL;
    if (!a->person || !a->login->person)
        return TRUE;
    gint64 who = ra_person_known(x->portal->ra, a->identity->idp, a->person->identifier, &why);
    a->another = !why && who != a->login->person;
    if (a->another)
        g_clear_pointer(&a->person, sp_person_free);
    if (!why)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&why));
    return FALSE;
}

/* One transaction: the login is spent, the assertion seen, the person known, the session begun; all or nothing. Where the
   identity names no person of ours (a->person NULL), the first two all the same. */
static gboolean
settle(Exchange *x, struct arrival *a, GError **error)
{
    Db *db = x->portal->ra->db;
    g_autoptr(GError) why = NULL;
    gboolean ok = db_begin(db, &why) && spend(x, a, &why) && same_person(x, a, &why) && (!a->person || log_in(x, a, &why)) &&
                  db_commit(db, &why);
    db_rollback(db);
    if (why)
        g_propagate_error(error, g_steal_pointer(&why));
    return ok;
}

static void
welcome(Exchange *x, const struct arrival *a)
{
    session_give(x, secret_text(a->session));
    log_write(LOG_LEVEL_INFO, "login", "idp", a->identity->idp, "assertion", a->identity->assertion_id, "key", a->identity->key, NULL);
    http_see_other(&x->out, *a->login->return_to ? a->login->return_to : "/certificates");
    x->answered = TRUE;
}

static void
refuse_arrival(Exchange *x, const struct arrival *a, const GError *error)
{
    gboolean refused = error->domain == SP_ERROR && (error->code == SP_ERROR_REFUSED || error->code == SP_ERROR_INPUT);
    if (a->identity && g_error_matches(error, SP_ERROR, SP_ERROR_MISSING))
        refusal_attributes(x, a, error);
    else if (g_error_matches(error, SP_ERROR, SP_ERROR_CONTEXT))
        refusal_context(x, a, error);
    else if (refused)
        refusal_generic(x, error);
    else if (a->identity && strcmp(ra_error_rule(error), "institution") == 0)
        refusal_institution(x, a);
    else
        page_failure(x, error, "/");
}

/* Who came, by the rule of the institution; of an IdP that left its institution meanwhile nobody comes in. */
static gboolean
identify(Exchange *x, struct arrival *a, GError **missing, GError **error)
{
    if (!a->idp->institution)
        return TRUE;
    a->institution = ra_institution_get(x->portal->ra, a->idp->institution, error);
    if (!a->institution)
        return FALSE;
    const struct sp_person_rule rule = explain_rule(x, a->institution, a->idp);
    a->person = sp_person_new(a->identity, &rule, missing);
    return TRUE;
}

void
saml_acs(Exchange *x)
{
    struct arrival a = { 0 };
    g_autoptr(GError) error = NULL, missing = NULL;
    if (!find_login(x, &a, &error) || !verify(x, &a, &error) || !identify(x, &a, &missing, &error) || !settle(x, &a, &error))
        refuse_arrival(x, &a, error);
    else if (!a.institution)
        refusal_institution(x, &a);
    else if (a.another)
        refusal_person(x, &a);
    else if (!a.person)
        refuse_arrival(x, &a, missing);
    else
        welcome(x, &a);
    arrival_clear(&a);
}
