/*
 * ocsp_path: the request in GET /ocsp/BASE64 (RFC 6960 appendix A.1): base64 of the DER, URL-escaped; some clients leave '/', '+'
 * and '=' as they are, some leave the padding out.
 */
#ifndef FCGI_OCSP_PATH_H
#define FCGI_OCSP_PATH_H

#include <glib.h>

#define OCSP_REQUEST_LONGEST 4096 /* bytes; a request for one certificate with a nonce has about 120 */

/* REST: what follows /ocsp/, as it came. NULL: it is no base64 of 1 to OCSP_REQUEST_LONGEST bytes. The caller's. */
GBytes *ocsp_path_decode(const char *rest) G_GNUC_WARN_UNUSED_RESULT;

#endif
