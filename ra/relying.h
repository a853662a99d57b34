/*
 * relying: the kit for servers that check our certificates by themselves (share/relying), with this installation's addresses
 * and authorities filled in.
 */
#ifndef RA_RELYING_H
#define RA_RELYING_H

#include "ra/context.h"

struct ra_relying_file {
    const char *name; /* of the file */
    const char *kit;  /* "nginx", "apache", "freeradius", "crl": what it belongs to; files of a kit follow each other */
};
/* In the order in which they are shown; ends with a NULL name. */
const struct ra_relying_file *ra_relying_files(void);

/* The text of file NAME, the caller's. NULL with ERROR: NOT_FOUND; BROKEN where the installation lacks it. */
char *ra_relying_text(RaContext *ctx, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
