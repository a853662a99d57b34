#include "ra/saml.h"

#include "db/log.h"

/* KEY of [GROUP], or what stands for it where it is empty. */
static const char *
text(const Settings *s, const char *group, const char *key, const char *fallback)
{
    const char *value = settings_text(s, group, key);
    return *value ? value : fallback;
}

static struct sp_contact
contact(const Settings *s, const char *name, const char *mail, struct sp_contact fallback)
{
    const char *address = settings_text(s, "saml", mail);
    return *address ? (struct sp_contact){ settings_text(s, "saml", name), address } : fallback;
}

static void
set_words(struct sp_service_values *v, const Settings *s)
{
    v->name_en = settings_text(s, "service", "name_en");
    v->name_ja = settings_text(s, "service", "name_ja");
    v->description_en = settings_text(s, "saml", "description_en");
    v->description_ja = settings_text(s, "saml", "description_ja");
    v->keywords_en = settings_text(s, "saml", "keywords_en");
    v->keywords_ja = settings_text(s, "saml", "keywords_ja");
    v->organization_en = settings_text(s, "saml", "organization_en");
    v->organization_ja = settings_text(s, "saml", "organization_ja");
    v->organization_url = settings_text(s, "saml", "organization_url");
    v->subject_id = settings_text(s, "saml", "subject_id");
    v->entity_categories = settings_list(s, "saml", "entity_categories");
    v->assurance_certifications = settings_list(s, "saml", "assurance_certifications");
    v->logo_width = (int)settings_number(s, "saml", "logo_width");
    v->logo_height = (int)settings_number(s, "saml", "logo_height");
}

/* Whom nobody named is the helpdesk. */
static void
set_contacts(struct sp_service_values *v, const Settings *s)
{
    v->support = (struct sp_contact){ settings_text(s, "service", "helpdesk_name"), settings_text(s, "service", "helpdesk_mail") };
    v->technical = contact(s, "technical_name", "technical_mail", v->support);
    v->security = contact(s, "security_name", "security_mail", v->technical);
}

static void
set_keys(struct sp_service_values *v, const Settings *s, int keys)
{
    v->signing_key = keys & RA_SAML_SIGN ? settings_text(s, "saml", "signing_key") : NULL;
    v->signing_certificate = keys & RA_SAML_SIGN ? settings_text(s, "saml", "signing_certificate") : NULL;
    v->decryption_key = keys & RA_SAML_DECRYPT ? settings_text(s, "saml", "decryption_key") : NULL;
    v->decryption_certificate = keys & RA_SAML_SIGN ? settings_text(s, "saml", "decryption_certificate") : NULL;
}

SpService *
ra_saml_service(const Settings *s, int keys, GError **error)
{
    const char *url = settings_text(s, "service", "url");
    g_autofree char *acs = g_strconcat(url, "/saml/acs", NULL);
    g_autofree char *slo = g_strconcat(url, "/saml/slo", NULL);
    g_autofree char *discovery = g_strconcat(url, "/login", NULL);
    g_autofree char *home = g_strconcat(url, "/", NULL);
    g_autofree char *privacy = g_strconcat(url, "/privacy", NULL);
    g_autofree char *logo = g_strconcat(url, "/logo.png", NULL);
    struct sp_service_values values = {
        .entity_id = settings_text(s, "saml", "entity_id"),
        .acs_url = acs,
        .slo_url = slo,
        .discovery_url = discovery,
        .home_url = home,
        .privacy_url = text(s, "saml", "privacy_url", privacy),
        .logo_url = text(s, "saml", "logo", logo),
    };
    set_words(&values, s);
    set_contacts(&values, s);
    set_keys(&values, s, keys);
    return sp_service_new(&values, error);
}

void
ra_saml_follow(SpService **service, const Settings *settings, int keys, gint64 now)
{
    g_autoptr(GError) error = NULL;
    if (!sp_service_is_stale(*service, now))
        return;
    SpService *fresh = ra_saml_service(settings, keys, &error);
    if (!fresh) {
        log_error("saml-keys", error);
        return;
    }
    sp_service_free(*service);
    *service = fresh;
    log_write(LOG_LEVEL_INFO, "saml-keys", "msg", "the files of keys and certificates have changed, and are in use now", NULL);
}
