/*
 * token: signing keys that stay in a PKCS#11 token, reached by OpenSSL's engine of that name. For ca/key.c; its callers say
 * ca_signing_key_find.
 */
#ifndef CA_TOKEN_H
#define CA_TOKEN_H

#include "ca/native.h"

/* What NAME.pkcs11 says, RFC 7512: one line. */
typedef struct ca_token_uri {
    char *uri;   /* for the engine, with type=private */
    char *where; /* for people: "key 'client' in token 'Inkan'" */
} CaTokenUri;

/*
 * TEXT is "pkcs11:" and attributes of the path: a token (token, serial, model, manufacturer) and an object (object, id), each at
 * most once. No query: which module is asked, and with which PIN, is in the settings, so that no PIN is ever in this text; and
 * no message shows TEXT. NULL with CA_ERROR_BROKEN.
 */
CaTokenUri *ca_token_uri_read(const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void ca_token_uri_free(CaTokenUri *uri);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CaTokenUri, ca_token_uri_free)

/*
 * The key that FILE names. The first call decides on the module for this process. A PIN that the token refused is not tried
 * again by this process: tokens count, and lock themselves. CA_ERROR_REFUSED "token-pin", or CA_ERROR_BROKEN "key-token", that
 * name the file, the token and the object, and what to do; never the PIN.
 */
EVP_PKEY *ca_token_key(const char *file, const struct ca_token *token, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
