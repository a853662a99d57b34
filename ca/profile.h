/*
 * profile: what a certificate of one kind looks like, as data (the row of table `profile`). Borrowed texts: whoever fills it
 * keeps them.
 */
#ifndef CA_PROFILE_H
#define CA_PROFILE_H

#include <glib.h>

#define CA_OID_CLIENT_AUTH "1.3.6.1.5.5.7.3.2"
#define CA_OID_EMAIL_PROTECTION "1.3.6.1.5.5.7.3.4"
#define CA_OID_OCSP_SIGNING "1.3.6.1.5.5.7.3.9"
#define CA_OID_TIME_STAMPING "1.3.6.1.5.5.7.3.8"

struct ca_profile {
    /* C, L, O, OU, OU 'No N', CN; or the CN alone, which is then the mail address (profile.subject 'mail'). */
    gboolean subject_is_mail;
    /* The mail address as SAN rfc822Name. S/MIME always; for others as the caller likes. */
    gboolean mail_in_san;
    /* RFC 5280 names: digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment, keyAgreement. For an EC key
       keyEncipherment and dataEncipherment become keyAgreement (RFC 5480 section 3); for RSA keyAgreement is left out. */
    const char *const *key_usage; /* NULL-terminated, at least one */
    const char *const *extended;  /* NULL-terminated dotted OIDs, may be NULL or empty */
    const char *const *policies;  /* the same */
    const char *const *key_kinds; /* names of allowed kinds; NULL or empty: all */
};

#endif
