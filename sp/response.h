/*
 * sp/response: the one judge of a login's second half. Pure: bytes, keys, wanted values and the time go in, a flat identity
 * comes out; no database, no clock, no network, no file. So it can be fuzzed; and the portal never calls it: it asks the
 * opener (sp/opener.h), which calls it in a confined child.
 *
 * Order: bound the bytes, strict base64 → strict look at the XML as received (sp/strict.h) → the response's signature, by the
 * keys of IDP_XML → decryption, where the assertion is encrypted, and the same strict look at what came out → the assertion's
 * signature → decryption of the NameID, where it is encrypted → the checks of sp/checks.h on exactly the octets that were
 * digested (an SpVerified, sp/signature.h) → lasso's own opinion of the same message → values read from those octets.
 * Either the assertion or the response around it must be signed; whatever is signed must be right.
 *
 * lasso is asked last and only whether it agrees. It knows no ECDSA, no RSA-OAEP but MGF1P with SHA-1: such messages stand on
 * our checks alone.
 */
#ifndef SP_RESPONSE_H
#define SP_RESPONSE_H

#include "sp/service.h"

#define SP_RESPONSE_LONGEST 262144 /* of the base64 text, as posted */
#define SP_SKEW 60                 /* seconds that clocks may differ */

/* What a response must fit; all borrowed for the call. Everything must be given but destination and contexts. */
struct sp_want {
    const char *idp;         /* entity id of the IdP that was asked (login.idp) */
    const char *idp_xml;     /* its EntityDescriptor, from db/metadata.h, now */
    const char *request_id;  /* login.request_id */
    const char *saml;        /* login.saml */
    const char *destination; /* NULL: the service's ACS URL */
    gint64 now;              /* seconds since 1970 */
    int skew;                /* SP_SKEW */
    const char *const *contexts; /* login.contexts: the AuthnContextClassRefs that were asked for; NULL or empty: any will do */
};

/* Who came. Everything was inside the verified signature. No field is NULL where it does not say so. */
typedef struct {
    char *idp;
    char *assertion_id;       /* to be spent once by the caller together with the login row: assertion_seen (idp, id, until) */
    gint64 assertion_until;   /* the assertion cannot be used any more after this time (skew included) */
    char *name_id;            /* "" where the IdP sends none: no single logout then */
    char *name_id_format;     /* "" for none */
    char *name_qualifier;     /* "" for none */
    char *sp_name_qualifier;  /* "" for none */
    char *session_index;      /* "" for none */
    gint64 session_until;     /* SessionNotOnOrAfter; 0 for none: end our session then at the latest */
    gint64 authn_instant;
    char *context;            /* AuthnContextClassRef; "" for none */
    char *key;                /* SHA-256 of the certificate in metadata whose key verified, hexadecimal: for the log */
    char *algorithm;          /* of that signature, a URI: likewise */
    GPtrArray *attributes;    /* of SpAttribute *, sp/attributes.h */
    char *saml;               /* a line of text for sp_logout_start; "" where there is no NameID */
} SpIdentity;

/*
 * BASE64: the posted SAMLResponse, N bytes (line ends allowed, nothing else that is not base64).
 * NULL with SP_ERROR_REFUSED and the name of the check in front of the message, or SP_ERROR_INPUT where IDP_XML itself is of
 * no use. The caller shows one and the same page for all of them and logs the message. Only SP_ERROR_CONTEXT, which says that
 * everything was right but the kind of login, is explained to people.
 * A response is one-use: the caller spends login row and assertion id in one transaction before it believes the identity.
 */
SpIdentity *sp_response_verify(SpService *service, const char *base64, size_t n, const struct sp_want *want, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
void sp_identity_free(SpIdentity *identity);
/* Sets identity->saml from the other fields. */
void sp_identity_keep(SpIdentity *identity);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SpIdentity, sp_identity_free)

#endif
