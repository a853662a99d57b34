/*
 * sp/request: a login's first half: the signed AuthnRequest (HTTP-Redirect, RSA-SHA256) that sends the browser to its IdP.
 */
#ifndef SP_REQUEST_H
#define SP_REQUEST_H

#include "sp/service.h"

enum sp_name_id {
    SP_NAME_ID_ANY,        /* unspecified: the IdP chooses, usually transient */
    SP_NAME_ID_PERSISTENT, /* for an institution whose people are known by their persistent NameID (rule 'persistent') */
};

typedef struct {
    char *url;        /* the IdP's address with SAMLRequest, RelayState, SigAlg, Signature: redirect the browser there (303) */
    char *request_id; /* the AuthnRequest's ID: keep it in the login's row, it is sp_want.request_id later */
    char *saml;       /* about 2 kB of text, kept in the login's row: sp_want.saml later */
} SpRequest;

/* IDP: entity id; IDP_XML: its EntityDescriptor (db/metadata.h). RELAY_STATE: a key into our own table, at most 80 bytes.
   SP_ERROR_INPUT: this IdP's metadata cannot be used (no HTTP-Redirect endpoint, no key). */
SpRequest *sp_request_new(SpService *service, const char *idp, const char *idp_xml, const char *relay_state,
                          enum sp_name_id name_id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same where the person must log in in a certain way: CONTEXTS, AuthnContextClassRefs of which any one will do and nothing
   else (Comparison exact). NULL or empty: any. */
SpRequest *sp_request_step_up(SpService *service, const char *idp, const char *idp_xml, const char *relay_state,
                              enum sp_name_id name_id, const char *const *contexts, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void sp_request_free(SpRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SpRequest, sp_request_free)

/* The NameID to ask for under an institution's identifier rule (institution.identifier). */
enum sp_name_id sp_request_name_id(const char *identifier_rule);

#endif
