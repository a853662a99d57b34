/*
 * The bytes of metadata, from https or a file of this machine: bounded, and only where they are newer than what we have.
 */
#ifndef RA_METADATA_FETCH_H
#define RA_METADATA_FETCH_H

#include "ra/fetch.h"

/* As ra_fetch_newer. WHAT->url: https://… or file:/… (its etag is made of number, size and time of the file). INPUT, DOWN or
   NOT_FOUND, the message begins with "metadata: ". */
gboolean ra_metadata_fetch(const struct ra_fetch *what, struct ra_fetched *out, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
