/*
 * multipart: bodies of multipart/form-data (RFC 7578), as browsers send a form with a file. Bounded: at most MULTIPART_MOST
 * parts; strict: what is not written as RFC 2046 and the HTML standard say is malformed, nothing is guessed. Contents are
 * borrowed from the body.
 */
#ifndef FCGI_MULTIPART_H
#define FCGI_MULTIPART_H

#include <glib.h>

#define MULTIPART_MOST 32

typedef struct {
    char *name;          /* valid UTF-8, never NULL */
    char *file;          /* the file's name as the browser said it, without folders; NULL: no file */
    const char *bytes;   /* in the body */
    gsize size;
} MultipartPart;

gboolean multipart_is(const char *content_type);
/* MultipartPart *; NULL: malformed. */
GPtrArray *multipart_parse(const char *content_type, const char *body, gsize n) G_GNUC_WARN_UNUSED_RESULT;

#endif
