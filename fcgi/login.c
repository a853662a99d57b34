#include <string.h>

#include "ca/crypto.h"
#include "db/log.h"
#include "fcgi/cookie.h"
#include "fcgi/handlers.h"
#include "fcgi/page.h"
#include "fcgi/session.h"
#include "ra/error.h"
#include "ra/institution.h"
#include "ra/person.h"
#include "sp/attributes.h"
#include "sp/discovery.h"
#include "sp/error.h"
#include "sp/person.h"
#include "sp/request.h"
#include "sp/response.h"

#define LOGIN_PREFIX "__Host-inkan-login-"
#define PENDING_MOST 6  /* logins that one browser may have open in its tabs */
#define KEY_SHOWN    12 /* hexadecimal digits of its key's hash, in the name of a login's cookie */
#define TOKEN_SIZE   43 /* characters, of crypto_token */

/* --- the way out: GET /login --- */

static void
to_discovery(Exchange *x, const char *back)
{
    g_autofree char *escaped = g_uri_escape_string(back, "/", FALSE);
    g_autofree char *location = *back ? g_strconcat("/discovery?return=", escaped, NULL) : g_strdup("/discovery");
    http_see_other(&x->out, location);
    x->answered = TRUE;
}

/* The cookie of a pending login is named by its RelayState's hash, so that tabs don't disturb each other. */
static char *
login_cookie(const Exchange *x, GBytes *key_hash)
{
    g_autofree char *hex = crypto_hex(key_hash);
    hex[KEY_SHOWN] = '\0';
    g_autofree char *what = g_strconcat("login-", hex, NULL);
    return portal_cookie(x->portal, what);
}

/* Is NAME the cookie of a pending login here? Another portal on the same host has another suffix. */
static gboolean
is_login_cookie(const Exchange *x, const char *name)
{
    const char *suffix = portal_setting(x->portal, "service", "cookie_suffix");
    return strlen(name) == strlen(LOGIN_PREFIX) + KEY_SHOWN + strlen(suffix) && g_str_has_suffix(name, suffix);
}

/* Forgotten logins of this browser go before there are too many cookies to send. */
static void
forget_old_logins(Exchange *x)
{
    g_auto(GStrv) names = cookie_names(x->in->cookies, LOGIN_PREFIX);
    guint pending = 0;
    for (char **name = names; *name; name++)
        pending += is_login_cookie(x, *name) ? 1 : 0;
    for (char **name = names; *name && pending >= PENDING_MOST; name++)
        if (is_login_cookie(x, *name))
            cookie_set(&x->out, *name, "", 0, COOKIE_CROSS);
}

static gboolean
remember_login(Exchange *x, const Secret *relay_state, const char *idp, const SpRequest *request, const char *back, GError **error)
{
    g_autoptr(Secret) cookie = crypto_token();
    g_autoptr(GBytes) key_hash = crypto_sha256(secret_bytes(relay_state), secret_size(relay_state));
    g_autoptr(GBytes) cookie_hash = crypto_sha256(secret_bytes(cookie), secret_size(cookie));
    gint64 lifetime = settings_number(x->portal->settings, "portal", "login_lifetime");
    const struct db_login_new login = { .key_hash = key_hash, .cookie_hash = cookie_hash, .idp = idp,
                                        .request_id = request->request_id, .saml = request->saml, .return_to = back,
                                        .expires_at = x->now + lifetime };
    if (!db_login_insert(x->portal->ra->db, &login, error))
        return FALSE;
    forget_old_logins(x);
    /* The language goes along, because the cookie of its choice does not when an IdP posts its answer. */
    g_autofree char *name = login_cookie(x, key_hash);
    g_autofree char *value = g_strconcat(secret_text(cookie), ".", x->language, NULL);
    cookie_set(&x->out, name, value, lifetime, COOKIE_CROSS);
    return TRUE;
}

static gboolean
send_to_idp(Exchange *x, const SpIdp *idp, const char *back, GError **error)
{
    g_autoptr(RaInstitution) institution = ra_institution_get(x->portal->ra, idp->institution, error);
    if (!institution)
        return FALSE;
    g_autoptr(Secret) relay_state = crypto_token();
    g_autoptr(SpRequest) request = sp_request_new(x->portal->sp, idp->entity_id, idp->xml, secret_text(relay_state),
                                                  sp_request_name_id(institution->identifier), error);
    if (!request || !remember_login(x, relay_state, idp->entity_id, request, back, error))
        return FALSE;
    session_remember_idp(x, idp->entity_id);
    http_header(&x->out, "Cache-Control", "no-store");
    http_see_other(&x->out, request->url);
    x->answered = TRUE;
    return TRUE;
}

void
login_start(Exchange *x)
{
    const char *entity = form_text(x->query, "idp");
    const char *back = form_local_path(form_get(x->query, "return"));
    g_autoptr(GError) error = NULL;

    if (!*entity) {
        to_discovery(x, back);
        return;
    }
    g_autoptr(SpIdp) idp = strlen(entity) <= 1024 ? sp_idp_get(x->portal->ra->db, entity, x->now, &error) : NULL;
    if (error)
        page_failure(x, error, "/");
    else if (!idp || !idp->institution)
        page_error(x, 404, "idp", "/discovery");
    else if (!send_to_idp(x, idp, back, &error))
        page_failure(x, error, "/discovery");
}

void
saml_metadata(Exchange *x)
{
    http_header(&x->out, "Cache-Control", "max-age=300");
    http_body_text(&x->out, "application/samlmetadata+xml", g_strdup(sp_service_metadata(x->portal->sp)));
    x->answered = TRUE;
}

/* --- the way back: POST /saml/acs --- */

/* What the answer to one login is judged by. */
struct arrival {
    GBytes *key_hash;
    DbLogin *login;
    SpIdp *idp;
    SpIdentity *identity;
    SpPerson *person;
    RaInstitution *institution;
    Secret *session; /* the new id */
};

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
                                  .saml = a->login->saml, .now = x->now, .skew = SP_SKEW };
    a->identity = sp_response_verify(x->portal->sp, response, strlen(response), &want, error);
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

static struct sp_person_rule
rule_of(const Exchange *x, const struct arrival *a)
{
    return (struct sp_person_rule){ .identifier = a->institution->identifier, .entity_id = sp_service_entity_id(x->portal->sp),
                                    .scopes = (const char *const *)a->idp->scopes,
                                    .scope_regexps = (const char *const *)a->idp->scope_regexps };
}

static const char *
role_of(const Exchange *x, const SpPerson *person)
{
    static const struct { const char *setting, *role; } roles[] = {
        { "operator_entitlement", "operator" },
        { "officer_entitlement", "officer" },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(roles); i++) {
        const char *wanted = portal_setting(x->portal, "saml", roles[i].setting);
        if (*wanted && g_strv_contains((const char *const *)person->entitlements, wanted))
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
        .id_hash = hash, .person = person, .role = role_of(x, a->person), .idp = a->identity->idp,
        .name_id = a->identity->name_id, .session_index = a->identity->session_index, .saml = a->identity->saml,
        .attributes = attributes, .context = a->identity->context, .expires_at = until };
    if (x->session_hash && !db_session_end(x->portal->ra->db, x->session_hash, error))
        return FALSE;
    return db_session_insert(x->portal->ra->db, &session, error);
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

/* One transaction: the login is spent, the assertion seen, the person known, the session begun; all or nothing. Where the
   identity names no person of ours (a->person NULL), the first two all the same. */
static gboolean
settle(Exchange *x, struct arrival *a, GError **error)
{
    Db *db = x->portal->ra->db;
    g_autoptr(GError) why = NULL;
    gboolean ok = db_begin(db, &why) && spend(x, a, &why) && (!a->person || log_in(x, a, &why)) && db_commit(db, &why);
    db_rollback(db);
    if (why)
        g_propagate_error(error, g_steal_pointer(&why));
    return ok;
}

static void
welcome(Exchange *x, const struct arrival *a)
{
    session_give(x, secret_text(a->session));
    log_write(LOG_LEVEL_INFO, "login", "idp", a->identity->idp, "assertion", a->identity->assertion_id, NULL);
    http_see_other(&x->out, *a->login->return_to ? a->login->return_to : "/certificates");
    x->answered = TRUE;
}

/* --- refusals --- */

/* One face for all that was refused before the message was verified; the log says which check. */
static void
refused_generic(Exchange *x, const GError *error)
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

static void
refused_attributes(Exchange *x, const struct arrival *a, const GError *error)
{
    const struct sp_person_rule rule = rule_of(x, a);
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

static void
refused_institution(Exchange *x, const struct arrival *a)
{
    log_write(LOG_LEVEL_WARNING, "login-refused", "check", "institution", "idp", a->idp->entity_id, NULL);
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "login-refused", "/", &root);
    web_set(root, "why", "institution");
    add_parties(x, root, a);
    page_send(x, 403, document);
}

static void
refuse_arrival(Exchange *x, const struct arrival *a, const GError *error)
{
    gboolean refused = error->domain == SP_ERROR && (error->code == SP_ERROR_REFUSED || error->code == SP_ERROR_INPUT);
    if (a->identity && g_error_matches(error, SP_ERROR, SP_ERROR_MISSING))
        refused_attributes(x, a, error);
    else if (refused)
        refused_generic(x, error);
    else if (a->identity && strcmp(ra_error_rule(error), "institution") == 0)
        refused_institution(x, a);
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
    const struct sp_person_rule rule = rule_of(x, a);
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
        refused_institution(x, &a);
    else if (!a.person)
        refuse_arrival(x, &a, missing);
    else
        welcome(x, &a);
    arrival_clear(&a);
}
