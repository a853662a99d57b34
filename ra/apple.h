/*
 * apple: a configuration profile for iPhone, iPad and Mac: the PKCS#12 and the CA certificates above it in one file that is
 * installed at once. The password of the PKCS#12 is not in it, the device asks for it.
 */
#ifndef RA_APPLE_H
#define RA_APPLE_H

#include <glib.h>

#include "db/settings.h"

#define RA_APPLE_TYPE "application/x-apple-aspen-config"

/* What a person reads while installing it, in their language; all borrowed. */
struct ra_apple_words {
    const char *service;      /* its name; the friendly name of the PKCS#12 stands behind it */
    const char *description;
    const char *organization; /* who runs the service */
};

struct ra_apple {
    const char *url;         /* of the portal: its host, turned round, begins all identifiers */
    gint64 request, cycle;
    const char *file_name;   /* of the PKCS#12 */
    const char *friendly_name;
    GBytes *pkcs12;
    const GPtrArray *chain;  /* GBytes * in DER, issuer first, root last */
    const struct ra_apple_words *words;
};

/* The profile as a property list (XML), not signed yet. The same input gives the same bytes. */
GBytes *ra_apple_list(const struct ra_apple *apple, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Is there a key to sign it with ([pickup] profile_key, profile_certificate)? Unsigned ones are not given out. */
gboolean ra_apple_offered(const Settings *settings);
/* The profile, signed at AT. BROKEN where the key or the certificate is of no use. */
GBytes *ra_apple_sign(const Settings *settings, GBytes *list, gint64 at, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
