#include "fcgi/login.h"

#include <string.h>

#include "ca/crypto.h"
#include "fcgi/cookie.h"
#include "fcgi/discovery.h"
#include "fcgi/handlers.h"
#include "fcgi/page.h"
#include "fcgi/session.h"
#include "ra/request.h"
#include "sp/discovery.h"
#include "sp/request.h"

#define LOGIN_PREFIX "__Host-inkan-login-"
#define PENDING_MOST 6  /* logins that one browser may have open in its tabs */
#define KEY_SHOWN    12 /* hexadecimal digits of its key's hash, in the name of a login's cookie */

char *
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

/* What is asked of the IdP and of who comes back; contexts NULL: nothing, it is an ordinary login. */
struct asked {
    const char *back;
    char **contexts;
    gint64 person;
    GBytes *session_hash;
};

static gboolean
remember_login(Exchange *x, const Secret *relay_state, const char *idp, const SpRequest *request, const struct asked *asked,
               GError **error)
{
    g_autoptr(Secret) cookie = crypto_token();
    g_autoptr(GBytes) key_hash = crypto_sha256(secret_bytes(relay_state), secret_size(relay_state));
    g_autoptr(GBytes) cookie_hash = crypto_sha256(secret_bytes(cookie), secret_size(cookie));
    gint64 lifetime = settings_number(x->portal->settings, "portal", "login_lifetime");
    const struct db_login_new login = { .key_hash = key_hash, .cookie_hash = cookie_hash, .idp = idp,
                                        .request_id = request->request_id, .saml = request->saml,
                                        .return_to = asked->back, .expires_at = x->now + lifetime,
                                        .contexts = (const char *const *)asked->contexts, .person = asked->person,
                                        .session_hash = asked->session_hash };
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
send_to_idp(Exchange *x, const SpIdp *idp, const struct asked *asked, GError **error)
{
    g_autoptr(RaInstitution) institution = ra_institution_get(x->portal->ra, idp->institution, error);
    if (!institution)
        return FALSE;
    g_autoptr(Secret) relay_state = crypto_token();
    g_autoptr(SpRequest) request =
        sp_request_step_up(x->portal->sp, idp->entity_id, idp->xml, secret_text(relay_state),
                           sp_request_name_id(institution->identifier), (const char *const *)asked->contexts, error);
    if (!request || !remember_login(x, relay_state, idp->entity_id, request, asked, error))
        return FALSE;
    session_remember_idp(x, idp->entity_id);
    http_header(&x->out, "Cache-Control", "no-store");
    http_see_other(&x->out, request->url);
    x->answered = TRUE;
    return TRUE;
}

static void
go(Exchange *x, const char *entity, const struct asked *asked)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SpIdp) idp = strlen(entity) <= 1024 ? sp_idp_get(x->portal->ra->db, entity, x->now, &error) : NULL;
    if (error)
        page_failure(x, error, "/");
    else if (!idp || !idp->institution)
        page_error(x, 404, "idp", "/discovery");
    else if (!send_to_idp(x, idp, asked, &error))
        page_failure(x, error, "/discovery");
}

/* WHAT: TYPE-MONTHS of the profile that the login is to be good for. Which contexts that needs is the profile's business, and
   the IdP is the one of this session. */
static void
step_up(Exchange *x, const char *what, const char *back)
{
    g_auto(GStrv) parts = g_strsplit(what, "-", 2);
    gint64 months = 0;
    gboolean shaped = parts[0] && parts[1] && g_ascii_string_to_signed(parts[1], 10, 1, 1200, &months, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(RaProfile) profile = shaped ? ra_request_profile(x->portal->ra, parts[0], months, &error) : NULL;
    const struct asked asked = { .back = back, .contexts = profile ? profile->contexts : NULL,
                                 .person = x->session->person, .session_hash = x->session_hash };
    if (error)
        page_failure(x, error, "/certificates");
    else if (!profile)
        page_error(x, 404, "missing", "/certificates");
    else
        go(x, x->session->idp, &asked);
}

void
login_start(Exchange *x)
{
    const char *entity = form_text(x->query, "idp"), *what = form_text(x->query, "step-up");
    if (!*entity && (!*what || !x->session)) {
        discovery_begin(x);
        return;
    }
    g_autofree char *back = discovery_way_back(x);
    /* Whoever logs in anew leaves the session that the browser has: its cookie will not come along with the IdP's post. */
    const struct asked asked = { .back = back, .session_hash = x->session_hash };
    if (*what && x->session)
        step_up(x, what, back);
    else
        go(x, entity, &asked);
}
