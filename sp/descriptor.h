/*
 * sp/descriptor: our own SAML metadata, from the values of the service.
 */
#ifndef SP_DESCRIPTOR_H
#define SP_DESCRIPTOR_H

#include "sp/service.h"

/* One EntityDescriptor as text. SIGNING and ENCRYPTION: base64 of the certificates, as an X509Certificate element has it. */
char *sp_descriptor_new(const struct sp_service_values *values, const char *signing, const char *encryption)
    G_GNUC_WARN_UNUSED_RESULT;

#endif
