/*
 * print: certificates get the SHA-1 that a helpdesk finds them by.
 */
#ifndef RA_PRINT_H
#define RA_PRINT_H

#include "ra/context.h"

/* A round of the worker: all new ones, and some of those that were there before there was such a thing. */
gboolean ra_print_run(RaContext *ctx, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
