#include "fcgi/portal.h"

#include <string.h>

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
    return (struct ra_who){ .person = x->session ? x->session->person : 0, .address = x->in->address };
}

void
exchange_clear(Exchange *x)
{
    g_clear_pointer(&x->session, db_session_free);
    g_clear_pointer(&x->session_hash, g_bytes_unref);
    form_free(x->query);
    form_free(x->form);
    g_free((char *)x->name);
    g_free(x->guest);
    g_free(x->form_target);
    http_response_clear(&x->out);
}

/* OPENS: with the keys that decrypt, and those alone; else with those that sign. */
static SpService *
service(const Settings *settings, gboolean opens, GError **error)
{
    const char *url = settings_text(settings, "service", "url");
    g_autofree char *acs = g_strconcat(url, "/saml/acs", NULL);
    g_autofree char *slo = g_strconcat(url, "/saml/slo", NULL);
    g_autofree char *discovery = g_strconcat(url, "/login", NULL);
    g_autofree char *home = g_strconcat(url, "/", NULL);
    const struct sp_service_values values = {
        .entity_id = settings_text(settings, "saml", "entity_id"),
        .acs_url = acs,
        .slo_url = slo,
        .discovery_url = discovery,
        .home_url = home,
        .name_en = settings_text(settings, "service", "name_en"),
        .name_ja = settings_text(settings, "service", "name_ja"),
        .signing_key = opens ? NULL : settings_text(settings, "saml", "signing_key"),
        .signing_certificate = settings_text(settings, "saml", "signing_certificate"),
        .decryption_key = opens ? settings_text(settings, "saml", "decryption_key") : NULL,
        .decryption_certificate = settings_text(settings, "saml", "decryption_certificate"),
        .contact_name = settings_text(settings, "service", "helpdesk_name"),
        .contact_mail = settings_text(settings, "service", "helpdesk_mail"),
    };
    return sp_service_new(&values, error);
}

SpService *
portal_opening_service(const char *settings_file, GError **error)
{
    g_autoptr(Settings) settings = settings_load(settings_file, error);
    return settings ? service(settings, TRUE, error) : NULL;
}

/* Empty: our own page. */
static gboolean
check_discovery(const Portal *portal, const char *settings_file, GError **error)
{
    const char *url = portal_setting(portal, "saml", "discovery");
    if (!*url || (g_str_has_prefix(url, "https://") && g_uri_is_valid(url, G_URI_FLAGS_ENCODED, NULL) && !strchr(url, '#')))
        return TRUE;
    g_set_error(error, SETTINGS_ERROR, SETTINGS_ERROR_VALUE, "%s: [saml] discovery is %s; allowed: an https:// URL without #, or"
                " nothing for the portal's own page", settings_file, url);
    return FALSE;
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
    if (!check_discovery(portal, settings_file, error))
        return NULL;
    if (!publishing && (!sp_start(error) || !(portal->sp = service(portal->settings, FALSE, error))))
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
    web_free(portal->web);
    ra_context_free(portal->ra);
    settings_free(portal->settings);
    g_free(portal);
}
