#include "fcgi/stepup.h"

#include <string.h>

#include "ca/crypto.h"
#include "db/log.h"
#include "fcgi/cookie.h"
#include "fcgi/errors.h"
#include "fcgi/explain.h"
#include "fcgi/page.h"
#include "ra/assurance.h"
#include "ra/error.h"

#define KEPT_SECONDS 900 /* for the way to the IdP and back */

/* --- the application on its way --- */

static char *
bound_to(const Exchange *x)
{
    return g_strdup_printf("wish-cookie:%" G_GINT64_FORMAT, x->session->person);
}

void
stepup_keep(Exchange *x, const struct ra_application *wish)
{
    g_autofree char *memo = g_uri_escape_string(wish->memo ? wish->memo : "", NULL, TRUE);
    g_autofree char *mail = g_uri_escape_string(wish->mail ? wish->mail : "", NULL, FALSE);
    g_autofree char *type = g_uri_escape_string(wish->type, NULL, FALSE);
    g_autofree char *unit = g_uri_escape_string(wish->unit ? wish->unit : "", NULL, FALSE);
    g_autofree char *form =
        g_strdup_printf("type=%s&months=%" G_GINT64_FORMAT "&memo=%s&mail=%s&unit=%s", type, wish->months, memo, mail, unit);
    g_autofree char *name = portal_cookie(x->portal, "wish"), *who = bound_to(x);
    g_autoptr(GBytes) sealed = crypto_seal(x->portal->ra->keyring, who, form, strlen(form));
    g_autofree char *text = crypto_base64url(sealed);
    if (strlen(text) <= COOKIE_VALUE_LONGEST)
        cookie_set(&x->out, name, text, KEPT_SECONDS, COOKIE_LAX);
}

Form *
stepup_kept(const Exchange *x)
{
    g_autofree char *name = portal_cookie(x->portal, "wish"), *who = bound_to(x);
    g_autofree char *text = cookie_get(x->in->cookies, name);
    g_autoptr(GBytes) sealed = text ? crypto_unbase64url(text) : NULL;
    g_autoptr(Secret) form = sealed ? crypto_open(x->portal->ra->keyring, who, sealed, NULL) : NULL;
    return form ? form_parse(secret_text(form), secret_size(form)) : NULL;
}

void
stepup_forget(Exchange *x)
{
    g_autofree char *name = portal_cookie(x->portal, "wish");
    g_autofree char *text = cookie_get(x->in->cookies, name);
    if (text)
        cookie_set(&x->out, name, "", 0, COOKIE_LAX);
}

/* --- the page --- */

static void
add_way(WebNode *root, const char *type, gint64 months, const char *return_to)
{
    g_autofree char *escaped = g_uri_escape_string(return_to, "/", FALSE);
    g_autofree char *href = g_strdup_printf("/login?step-up=%s-%" G_GINT64_FORMAT "&return=%s", type, months, escaped);
    web_set(root, "href", href);
}

/* What the IdP would have to send for the profile and did not: one row for each value or its alternatives. */
static void
add_lacking(WebNode *root, const DbSession *session, char **assurance)
{
    for (char **item = assurance; *item; item++) {
        g_auto(GStrv) alternatives = g_strsplit(*item, "|", -1);
        gboolean there = FALSE;
        for (char **value = alternatives; *value; value++)
            there = there || g_strv_contains((const char *const *)session->assurance, *value);
        if (there)
            continue;
        WebNode *missing = web_add(root, "missing");
        web_set(missing, "name", "eduPersonAssurance");
        web_set(missing, "oid", "urn:oid:1.3.6.1.4.1.5923.1.1.1.11");
        web_set(missing, "rule", "value");
        for (char **value = alternatives; *value; value++)
            web_add_text(missing, "value", *value);
    }
}

static gboolean
add_details(Exchange *x, WebNode *root, const char *type, gint64 months)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(RaProfile) profile = ra_request_profile(x->portal->ra, type, months, &error);
    g_autoptr(SpIdp) idp = profile ? sp_idp_get(x->portal->ra->db, x->session->idp, x->now, &error) : NULL;
    if (error) {
        page_failure(x, error, "/certificates");
        return FALSE;
    }
    if (profile)
        explain_contexts(root, profile->contexts);
    if (profile)
        add_lacking(root, x->session, profile->assurance);
    if (idp)
        explain_parties(x, root, idp);
    WebNode *login = web_add(root, "login");
    page_text(login, "context", x->session->context);
    page_text(login, "word", ra_preset_word(ra_context_presets, x->session->context));
    return TRUE;
}

gboolean
stepup_wanted(const GError *error)
{
    const char *rule = ra_error_rule(error);
    return g_error_matches(error, RA_ERROR, RA_ERROR_REFUSED) &&
           (strcmp(rule, "context") == 0 || strcmp(rule, "assurance") == 0);
}

gboolean
stepup_answer(Exchange *x, const GError *error, const char *type, gint64 months, const char *return_to, const char *back)
{
    if (!stepup_wanted(error))
        return FALSE;
    const char *rule = ra_error_rule(error);
    log_write(LOG_LEVEL_INFO, "refused", "msg", error->message, NULL);
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "step-up", back, &root);
    web_set(root, "why", rule);
    web_set(root, "type", type);
    web_set_number(root, "months", months);
    web_set(root, "back", back);
    if (strcmp(rule, "context") == 0)
        add_way(root, type, months, return_to);
    if (add_details(x, root, type, months))
        page_send(x, errors_answer(error)->status, document);
    return TRUE;
}
