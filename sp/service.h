/*
 * sp/service: ourselves as a SAML service provider: names, addresses, keys. One object a process, read-only for its users
 * (inside it keeps a small bounded cache of IdPs' keys). Not for threads; may be carried over fork().
 */
#ifndef SP_SERVICE_H
#define SP_SERVICE_H

#include <glib.h>

/*
 * Readies libxml2, xmlsec and lasso, once a process, before anything else of this room and before threads: no network, no
 * file opened by a URI, no system CA store (libraries would trust every CA in it, and load it for each key). Sets
 * SSL_CERT_FILE and SSL_CERT_DIR to /dev/null in this process's environment: a program that also speaks TLS as a client gives
 * its CA file explicitly. Calling it again is harmless.
 */
gboolean sp_start(GError **error) G_GNUC_WARN_UNUSED_RESULT;

#define SP_SERVICE_KEYS_MOST 8 /* in one file */

/* A contact; no mail, no contact. */
struct sp_contact {
    const char *name, *mail;
};

/*
 * What a service is made of; all borrowed for the call only. NULL or "" where it says optional.
 *
 * Key files hold private keys in PEM (RSA, no passphrase), certificate files certificates, several while keys change:
 * - signing_key: the first one signs. NULL: a service that signs nothing and only opens what others sent (the confined
 *   opener); of the rest it then needs entity_id, acs_url, slo_url and decryption_key alone.
 * - signing_certificate: all are published.
 * - decryption_key: all are tried in order. NULL: a service that can open nothing encrypted (a page, which asks the opener).
 * - decryption_certificate: all are published, so each one's key must be with whoever decrypts. NULL: nothing encrypted wanted.
 */
struct sp_service_values {
    const char *entity_id;
    const char *acs_url;        /* AssertionConsumerService, HTTP-POST */
    const char *slo_url;        /* SingleLogoutService, HTTP-Redirect and HTTP-POST */
    const char *discovery_url;  /* where a discovery service returns to (DiscoveryResponse); optional */
    const char *signing_key, *signing_certificate;       /* files, see above */
    const char *decryption_key, *decryption_certificate; /* likewise */

    /* What the metadata tells people and IdPs; all but the names optional. A text of two languages is there in both or none. */
    const char *name_en, *name_ja;
    const char *description_en, *description_ja;
    const char *keywords_en, *keywords_ja;         /* words with spaces between; a '+' stands for a space in one */
    const char *home_url;                          /* the page about the service */
    const char *privacy_url;                       /* and about what becomes of people's data */
    const char *logo_url;                          /* https; with its width and height in pixels */
    int logo_width, logo_height;
    const char *organization_en, *organization_ja; /* NULL: the service's names */
    const char *organization_url;                  /* NULL: home_url */
    struct sp_contact support, technical, security;
    const char *subject_id;                        /* "subject-id", "pairwise-id", "any" or "none" */
    const char *const *entity_categories;          /* URIs that the federation has granted */
    const char *const *assurance_certifications;   /* URIs, of Sirtfi for instance */
};

typedef struct sp_service SpService;

/* Loads the keys. Fails with SP_ERROR_INPUT naming the value or file. */
SpService *sp_service_new(const struct sp_service_values *values, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void sp_service_free(SpService *service);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SpService, sp_service_free)

/* Has one of the files changed? Looks once a second at most (NOW: seconds since 1970), and says so once for each change: whoever
   holds the service makes a new one then, and goes on with the old one where that fails. */
gboolean sp_service_is_stale(SpService *service, gint64 now);

/* Our metadata, one EntityDescriptor as XML text with declaration (/saml/metadata, application/samlmetadata+xml); borrowed. */
const char *sp_service_metadata(const SpService *service);

/* The same signed by our signing key, valid from NOW for SP_SERVICE_SIGNED_DAYS (validUntil): enveloped, RSA-SHA256, exclusive
   c14n. Borrowed until the next call: it is kept and made anew when it is an hour old, so that asking costs nothing. NULL with
   SP_ERROR_INPUT where there is no key to sign with. */
#define SP_SERVICE_SIGNED_DAYS 14
const char *sp_service_metadata_signed(SpService *service, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

const char *sp_service_entity_id(const SpService *service);
const char *sp_service_acs_url(const SpService *service);

#endif
