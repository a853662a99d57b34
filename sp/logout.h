/*
 * sp/logout: single logout, started by us or by an IdP. Nothing here knows sessions: the caller finds and ends them.
 *
 * Started by us: end our session first, then sp_logout_start and send the browser to its url; the IdP's LogoutResponse comes
 * to the SLO URL.
 *
 * Whatever comes to the SLO URL: sp_logout_open (strict look, says who claims to speak) → look up that IdP's EntityDescriptor
 * (unknown: refuse) → sp_logout_verify (signature by that IdP's keys, whatever the binding; Destination, Issuer, times) → for a
 * request: end the sessions found by (idp, name_id, session_indexes), then sp_logout_answer.
 */
#ifndef SP_LOGOUT_H
#define SP_LOGOUT_H

#include "sp/service.h"

#define SP_LOGOUT_LONGEST 65536 /* of a query string or posted field */
#define SP_LOGOUT_AGE 300       /* seconds after its IssueInstant that a message is taken, besides the skew */

typedef struct {
    char *url;
    char *request_id; /* for sp_logout_want.request_id, if the caller can keep it */
} SpLogoutStart;

/* SAML: SpIdentity.saml as kept in the session. SP_ERROR_INPUT: the IdP has no HTTP-Redirect logout, or SAML is "": there is
   only the local logout then. RELAY_STATE may be NULL. */
SpLogoutStart *sp_logout_start(SpService *service, const char *idp, const char *idp_xml, const char *saml,
                               const char *relay_state, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void sp_logout_start_free(SpLogoutStart *start);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SpLogoutStart, sp_logout_start_free)

/* What arrived, borrowed for sp_logout_open only. GET: the raw query string, not decoded. POST: the decoded form fields. */
struct sp_logout_input {
    const char *query;         /* NULL for POST */
    const char *saml_request;  /* POST: one of the two */
    const char *saml_response;
    const char *relay_state;   /* POST: NULL if there was none */
};

typedef struct {
    gboolean request;       /* a LogoutRequest; else a LogoutResponse */
    gboolean post;          /* by HTTP-POST */
    char *issuer;           /* who it claims to come from: not verified before sp_logout_verify has said so */
    char *id;
    char *relay_state;      /* NULL if there was none */
    /* set by sp_logout_verify: */
    gboolean success;       /* of a LogoutResponse: the IdP says that all sessions are ended */
    char *name_id;          /* of a LogoutRequest */
    char **session_indexes; /* of a LogoutRequest: end these; empty: every session of name_id */
    struct sp_logout_private *private; /* the message itself */
} SpLogoutMessage;

SpLogoutMessage *sp_logout_open(const struct sp_logout_input *input, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void sp_logout_message_free(SpLogoutMessage *message);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SpLogoutMessage, sp_logout_message_free)

struct sp_logout_want {
    const char *idp_xml;    /* the EntityDescriptor of message->issuer */
    const char *request_id; /* of our LogoutRequest; NULL: not known any more, then any InResponseTo will do (our session has
                               ended before it was sent, so nothing hangs on the answer but a sentence on the page) */
    gint64 now;
    int skew;               /* SP_SKEW */
};

gboolean sp_logout_verify(SpService *service, SpLogoutMessage *message, const struct sp_logout_want *want, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
    char *url;   /* of a redirect (form NULL), or the form's action */
    char *form;  /* base64 value of the field SAMLResponse (with relay_state as RelayState), for an IdP without HTTP-Redirect */
    char *relay_state; /* NULL for none */
} SpLogoutAnswer;

/* The signed LogoutResponse to a verified LogoutRequest. DONE: the sessions are ended (or there were none). */
SpLogoutAnswer *sp_logout_answer(SpService *service, const SpLogoutMessage *message, const char *idp_xml, gboolean done,
                                 gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void sp_logout_answer_free(SpLogoutAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SpLogoutAnswer, sp_logout_answer_free)

#endif
