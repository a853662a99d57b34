#include "fcgi/portal.h"

#include "ca/crypto.h"

const char *
portal_setting(const Portal *portal, const char *group, const char *key)
{
    return settings_text(portal->settings, group, key);
}

char *
portal_cookie(const Portal *portal, const char *what)
{
    return g_strconcat("__Host-inkan-", what, portal_setting(portal, "service", "cookie_suffix"), NULL);
}

struct ra_who
exchange_who(const Exchange *x)
{
    const DbSession *s = x->session;
    struct ra_who who = { .address = x->in->address };
    if (s) {
        who.person = s->person;
        who.context = s->context;
        who.authn_at = s->authn_at;
        who.assurance = (const char *const *)s->assurance;
    }
    return who;
}

void
exchange_clear(Exchange *x)
{
    g_clear_pointer(&x->session, db_session_free);
    g_clear_pointer(&x->session_hash, g_bytes_unref);
    g_clear_pointer(&x->presented, ra_presented_free);
    form_free(x->query);
    form_free(x->form);
    g_free((char *)x->name);
    g_free(x->file.name);
    g_free(x->guest);
    g_free(x->form_target);
    g_free(x->tag);
    http_response_clear(&x->out);
}

Portal *
portal_new(const char *settings_file, gboolean publishing, GError **error)
{
    g_autoptr(Portal) portal = g_new0(Portal, 1);
    crypto_start();
    portal->settings = settings_load(settings_file, error);
    if (!portal->settings)
        return NULL;
    portal->ra = ra_context_new(portal->settings, "portal", !publishing, error);
    if (!portal->ra)
        return NULL;
    g_autofree char *folder = g_build_filename(portal_setting(portal, "service", "share"), "web", NULL);
    portal->web = web_new(folder, error);
    if (!portal->web)
        return NULL;
    portal->zone = g_time_zone_new_identifier(portal_setting(portal, "service", "time_zone"));
    if (!portal->zone) {
        g_set_error(error, SETTINGS_ERROR, SETTINGS_ERROR_VALUE, "%s: [service] time_zone is no time zone of this machine",
                    settings_file);
        return NULL;
    }
    if (!publishing && (!sp_start(error) || !(portal->sp = ra_saml_service(portal->settings, RA_SAML_SIGN, error))))
        return NULL;
    if (!publishing)
        portal->opener = sp_opener_connect(portal_setting(portal, "portal", "opener_socket"));
    return g_steal_pointer(&portal);
}

void
portal_free(Portal *portal)
{
    if (!portal)
        return;
    sp_opener_free(portal->opener);
    sp_service_free(portal->sp);
    g_clear_pointer(&portal->zone, g_time_zone_unref);
    g_free(portal->common_head);
    web_free(portal->web);
    ra_context_free(portal->ra);
    settings_free(portal->settings);
    g_free(portal);
}
