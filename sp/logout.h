/*
 * sp/logout: single logout, started by us or by an IdP. Nothing here knows sessions: the caller finds and ends them.
 *
 * Started by us: end our session first, then sp_logout_start and send the browser to its url (or let it post its form there);
 * the IdP's LogoutResponse comes to the SLO URL, with the RelayState under which the caller keeps the request's id.
 *
 * Whatever comes to the SLO URL is opened in a confined child: sp_opener_logout_issuer (strict look, says who claims to
 * speak) → look up that IdP's EntityDescriptor (unknown: refuse) → sp_opener_logout (signature by that IdP's keys, whatever the
 * binding; Destination, Issuer, times) → for a request: spend its id (it counts once), end the sessions found by (idp, name_id,
 * session_indexes), then sp_logout_answer, made of the flat record and never of what was sent.
 */
#ifndef SP_LOGOUT_H
#define SP_LOGOUT_H

#include "sp/service.h"

#define SP_LOGOUT_LONGEST 65536 /* of a query string or posted field */
#define SP_LOGOUT_AGE 300       /* seconds after its IssueInstant that a message is taken, besides the skew */
#define SP_LOGOUT_INDEXES_MOST 100
#define SP_LOGOUT_RELAY_STATE_LONGEST 1024 /* SAML says 80; some IdPs need more for theirs, which we only give back */

/* --- sent by us (sp/logout_send.c) ---------------------------------------------------------------------------------------- */

/* A signed message for the browser to carry. */
typedef struct {
    char *url;   /* of a redirect (form NULL), or the form's action */
    char *field; /* the form's field, "SAMLRequest" or "SAMLResponse"; NULL for a redirect */
    char *form;  /* its value, base64, for an IdP without HTTP-Redirect */
    char *relay_state; /* of the form's RelayState; NULL for none */
    char *request_id;  /* of a LogoutRequest: for sp_logout_want.request_id; NULL of an answer */
} SpLogoutSend;
void sp_logout_send_free(SpLogoutSend *send);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SpLogoutSend, sp_logout_send_free)

/* The signed LogoutRequest. SAML: SpIdentity.saml as kept in the session. SP_ERROR_INPUT: the IdP has no logout by Redirect or
   POST, or SAML is "" or of no use: there is only the local logout then. RELAY_STATE may be NULL. */
SpLogoutSend *sp_logout_start(SpService *service, const char *idp, const char *idp_xml, const char *saml,
                              const char *relay_state, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- what arrived (sp/logout.c) -------------------------------------------------------------------------------------------- */

/* Borrowed for the call. GET: the raw query string, not decoded. POST: the decoded form fields. */
struct sp_logout_input {
    const char *query;         /* NULL for POST */
    const char *saml_request;  /* POST: one of the two */
    const char *saml_response;
    const char *relay_state;   /* POST: NULL if there was none */
};

/* A verified message. No field is NULL where it does not say so. */
typedef struct {
    gboolean request;       /* a LogoutRequest; else a LogoutResponse */
    gboolean post;          /* by HTTP-POST */
    char *issuer;
    char *id;               /* of a LogoutRequest: to be spent once by the caller */
    char *relay_state;      /* NULL if there was none */
    gint64 until;           /* the message cannot be used any more after this time (skew included) */
    gboolean success;       /* of a LogoutResponse: the IdP says that all sessions are ended */
    char *name_id;          /* of a LogoutRequest; else "" */
    char *name_id_format, *name_qualifier, *sp_name_qualifier; /* "" for none */
    char **session_indexes; /* of a LogoutRequest: end these; empty: every session of name_id */
    char *key, *algorithm;  /* as SpIdentity's */
} SpLogoutMessage;
void sp_logout_message_free(SpLogoutMessage *message);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SpLogoutMessage, sp_logout_message_free)

/* Who claims to have sent it: only good for looking up whose keys to try. */
char *sp_logout_issuer(const struct sp_logout_input *input, GError **error) G_GNUC_WARN_UNUSED_RESULT;

struct sp_logout_want {
    const char *idp;        /* by sp_logout_issuer */
    const char *idp_xml;    /* its EntityDescriptor */
    const char *request_id; /* of our LogoutRequest, found by RelayState; NULL: none is known, so a LogoutResponse is refused */
    gint64 now;
    int skew;               /* SP_SKEW */
};

/* As sp_response_verify: pure, and called by the opener's children only. */
SpLogoutMessage *sp_logout_verify(SpService *service, const struct sp_logout_input *input, const struct sp_logout_want *want,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The signed LogoutResponse to a verified LogoutRequest. DONE: the sessions are ended (or there were none). */
SpLogoutSend *sp_logout_answer(SpService *service, const SpLogoutMessage *message, const char *idp_xml, gboolean done,
                               gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
