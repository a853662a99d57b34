/*
 * sp/pem: the blocks of a PEM text. A file may hold several, and explanations between them; their order counts.
 */
#ifndef SP_PEM_H
#define SP_PEM_H

#include <glib.h>

/* The next block at or after *P whose label is LABEL or ends with it ("PRIVATE KEY" also finds "RSA PRIVATE KEY"), from its
   BEGIN to its END line: borrowed from the text, *N bytes long, not ended by NUL, so that no copy of a key is made. *P moves
   behind it. NULL: there is none. */
const char *sp_pem_next(const char **p, const char *label, gsize *n);

/* The base64 text between the lines of such a block; the caller's. */
char *sp_pem_body(const char *block, gsize n) G_GNUC_WARN_UNUSED_RESULT;

#endif
