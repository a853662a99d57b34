/*
 * sp/descriptor: our own SAML metadata, from the values of the service.
 */
#ifndef SP_DESCRIPTOR_H
#define SP_DESCRIPTOR_H

#include "sp/service.h"

/* One EntityDescriptor as text. SIGNING and ENCRYPTION: lists of certificates, each base64 as in an X509Certificate element. */
char *sp_descriptor_new(const struct sp_service_values *values, const char *const *signing, const char *const *encryption)
    G_GNUC_WARN_UNUSED_RESULT;

#endif
