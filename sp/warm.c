#include "sp/warm.h"

#include <string.h>

#include "sp/decrypt.h"
#include "sp/shape.h"
#include "sp/signature.h"
#include "sp/strict.h"

#define MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define AT "2026-11-24T08:00:00Z"

/* Nobody has signed it: the signature is only of the right shape. %s: who sends it, our ACS URL, our entity id. */
static const char message[] =
    "<samlp:Response xmlns:samlp=\"" SP_NS_PROTOCOL "\" xmlns:saml=\"" SP_NS_ASSERTION "\" ID=\"_r\" Version=\"2.0\""
    " IssueInstant=\"" AT "\" Destination=\"%2$s\" InResponseTo=\"_q\"><saml:Issuer>%1$s</saml:Issuer><samlp:Status>"
    "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></samlp:Status>"
    "<saml:Assertion ID=\"_a\" Version=\"2.0\" IssueInstant=\"" AT "\"><saml:Issuer>%1$s</saml:Issuer>"
    "<ds:Signature xmlns:ds=\"" SP_NS_DSIG "\"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm=\"" SP_NS_EXC_C14N "\"/>"
    "<ds:SignatureMethod Algorithm=\"" MORE "rsa-sha256\"/><ds:Reference URI=\"#_a\"><ds:Transforms>"
    "<ds:Transform Algorithm=\"" SP_NS_DSIG "enveloped-signature\"/><ds:Transform Algorithm=\"" SP_NS_EXC_C14N "\"/>"
    "</ds:Transforms><ds:DigestMethod Algorithm=\"" SP_NS_XMLENC "sha256\"/><ds:DigestValue>AAAA</ds:DigestValue>"
    "</ds:Reference></ds:SignedInfo><ds:SignatureValue>AAAA</ds:SignatureValue></ds:Signature>"
    "<saml:Subject><saml:NameID>x</saml:NameID><saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">"
    "<saml:SubjectConfirmationData NotOnOrAfter=\"" AT "\" Recipient=\"%2$s\" InResponseTo=\"_q\"/></saml:SubjectConfirmation>"
    "</saml:Subject><saml:Conditions NotBefore=\"" AT "\" NotOnOrAfter=\"" AT "\"><saml:AudienceRestriction><saml:Audience>%3$s"
    "</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant=\"" AT "\"><saml:AuthnContext>"
    "<saml:AuthnContextClassRef>x</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement>"
    "<saml:Attribute Name=\"x\"><saml:AttributeValue>x</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>"
    "</saml:Assertion></samlp:Response>";

/* The same for decryption: a key that is none. */
static const char encrypted[] =
    "<saml:EncryptedAssertion xmlns:saml=\"" SP_NS_ASSERTION "\"><xenc:EncryptedData xmlns:xenc=\"" SP_NS_XMLENC "\">"
    "<xenc:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#aes256-gcm\"/><ds:KeyInfo xmlns:ds=\"" SP_NS_DSIG "\">"
    "<xenc:EncryptedKey><xenc:EncryptionMethod Algorithm=\"" SP_NS_XMLENC "rsa-oaep-mgf1p\"/><xenc:CipherData><xenc:CipherValue>"
    "AAAA</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData><xenc:CipherValue>"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>"
    "</saml:EncryptedAssertion>";

static void warm_signature(const SpXml *doc, const struct sp_peer *peer)
{
    const xmlNode *assertion = sp_xml_child(xmlDocGetRootElement(doc), SP_NS_ASSERTION, "Assertion");
    static const guchar none[256] = { 1 };
    g_autoptr(SpVerified) verified = sp_signature_verify(sp_xml_child(assertion, SP_NS_DSIG, "Signature"), peer->keys, NULL);
    if (verified != NULL) g_error("sp_warm: a signature that nobody made has verified");
    /* xmlsec has stopped at the digest: the key itself, too. */
    if (sp_signature_verify_bytes(MORE "rsa-sha256", "x", 1, none, sizeof none, peer->keys, NULL) != NULL)
        g_error("sp_warm: a signature that nobody made has verified");
}

static void warm_decryption(const SpService *service)
{
    size_t n = 0;
    g_autoptr(SpXml) doc = sp_strict_parse(encrypted, strlen(encrypted), NULL);
    g_autofree char *bytes = sp_decrypt(xmlDocGetRootElement(doc), service->decryption, &n, NULL);
    if (bytes != NULL) g_error("sp_warm: rubbish has been decrypted");
}

static void warm_lasso(SpService *service, const char *text)
{
    g_autoptr(LassoLogin) first = lasso_login_new(service->server);
    g_autofree char *dump = lasso_login_dump(first), *base64 = g_base64_encode((const guchar *)text, strlen(text));
    g_autoptr(LassoLogin) login = lasso_login_new_from_dump(service->server, dump);
    if (lasso_login_process_authn_response_msg(login, base64) == 0) g_error("sp_warm: lasso takes what nobody has signed");
}

void sp_warm(SpService *service)
{
    const struct sp_peer *known = g_ptr_array_index(service->peers, 0);
    const struct sp_peer *peer = sp_peer_get(service, known->entity_id, known->xml, NULL);
    g_autofree char *idp = g_markup_escape_text(peer->entity_id, -1), *acs = g_markup_escape_text(service->acs_url, -1);
    g_autofree char *us = g_markup_escape_text(service->entity_id, -1);
    g_autofree char *text = g_strdup_printf(message, idp, acs, us);
    g_autoptr(SpXml) doc = sp_strict_parse(text, strlen(text), NULL);
    if (doc == NULL || !sp_shape_response(doc, NULL)) return; /* an entity id that no message can have */
    warm_signature(doc, peer);
    warm_decryption(service);
    warm_lasso(service, text);
}
