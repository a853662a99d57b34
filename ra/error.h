/*
 * ra's errors: the code says what the caller does next, the message is for the log and begins with one word, the rule.
 * People read web's messages, chosen by that word.
 */
#ifndef RA_ERROR_H
#define RA_ERROR_H

#include <glib.h>

#define RA_ERROR (ra_error_quark())
GQuark ra_error_quark(void);
enum ra_error {
    RA_ERROR_NOT_FOUND, /* there is none, or it is another person's: 404, alike */
    RA_ERROR_REFUSED,   /* policy says no: 4xx with the reason; the word is the rule (list below) */
    RA_ERROR_CONFLICT,  /* the state does not allow it (any more): 409; look at the page again */
    RA_ERROR_INPUT,     /* what was sent is not acceptable: 400 with a sentence beside the field; the word names it */
    RA_ERROR_DOWN,      /* database, signer, responder or key maker is away: 503; nothing was lost, try again */
    RA_ERROR_BROKEN,    /* a bug or a wrong installation: 500 page, the log knows more */
};

/*
 * The words, each of them a message key for web:
 * REFUSED   institution (the IdP belongs to none), type, months, name (no name in ASCII), mail (not an address of the
 *           person), mail-domain, mail-long (for a common name), cap (too many active), cap-profile (of this profile), profile
 *           (none in force), officer-registered (the address has a registration), context and
 *           assurance (the profile asks for another kind of login, for values that the IdP does not send), login (the pickup asks for the owner's
 *           login), owner (somebody else's login); by the signer: policy, validity, issuer-end, subject; of a change of
 *           policy: idp-taken (the IdP speaks for another institution); of acts that need two officers:
 *           same-officer, other-officer, two-officers (a second officer is needed, or this one is not it)
 * CONFLICT  state, ended (the certificate has run out), pin (none to show), pickup, certificate, busy, decided, proposed and
 *           proposal-ended (ra/proposal.h), changed (somebody else changed the policy meanwhile), session (ended meanwhile)
 * INPUT     type, months, memo, mail, mail-choice (several addresses: pick one), reason, note, refusal and refusal-missing (an
 *           officer's words), password-short,
 *           password-long, password-characters, encoding, key-kind, key-weak, key-used (by another person), key-compromised, csr-… as in ca/csr.h,
 *           token, form, the name of a field of ra/policy.h
 */
/* The first word of ERROR's message, in a static buffer of the process; "" for NULL or an error of another room. */
const char *ra_error_rule(const GError *error);

/* Puts ERROR (of db or ca) in place as ra's own; a NULL or ra error stays as it is. Always FALSE, so: return
   ra_error_from(error). */
gboolean ra_error_from(GError **error);

#endif
