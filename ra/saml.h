/*
 * saml: ourselves as a SAML service provider, from the settings.
 */
#ifndef RA_SAML_H
#define RA_SAML_H

#include "db/settings.h"
#include "sp/service.h"

/* Which keys a process holds. */
enum ra_saml_keys {
    RA_SAML_SIGN = 1,    /* the signing key: pages, which send requests and publish the metadata */
    RA_SAML_DECRYPT = 2, /* the decryption keys: whoever opens what arrives */
};

/* A service with the keys of KEYS (their sum). SP_ERROR_INPUT names the file or value. */
SpService *ra_saml_service(const Settings *settings, int keys, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * For a process that lives long: looks at the files (once a second at most) and puts a new service in *SERVICE's place when one
 * has changed, so that a change of keys needs no restart. Where the new files are of no use the old service goes on, and the
 * log says why.
 */
void ra_saml_follow(SpService **service, const Settings *settings, int keys, gint64 now);

#endif
