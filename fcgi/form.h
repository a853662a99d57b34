/*
 * form: names and values of application/x-www-form-urlencoded bodies and of query strings (the HTML standard's form parser,
 * bounded): at most FORM_FIELDS_MOST fields, valid UTF-8, no byte of zero. A name that comes twice is an error.
 * Values may be secrets: they are wiped when the form is freed.
 */
#ifndef FCGI_FORM_H
#define FCGI_FORM_H

#include <glib.h>

#define FORM_FIELDS_MOST 128 /* a selection from a table is one each */

typedef struct form Form;

/* NULL: malformed. The text itself is bounded by its caller. */
Form *form_parse(const char *text, gsize n) G_GNUC_WARN_UNUSED_RESULT;
/* An empty one, and a field more; FALSE where form_parse would have refused it. */
Form *form_new(void) G_GNUC_WARN_UNUSED_RESULT;
gboolean form_add(Form *form, const char *name, const char *value, gsize n) G_GNUC_WARN_UNUSED_RESULT;
void form_free(Form *form);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Form, form_free)

/* The value, borrowed; NULL where the field was not sent. */
const char *form_get(const Form *form, const char *name);
/* The same, "" where it was not sent. */
const char *form_text(const Form *form, const char *name);
/* A decimal number; -1 where it is none or was not sent. */
gint64 form_number(const Form *form, const char *name);

/* A local path to return to: begins with one '/', no second '/' or backslash after it, visible ASCII, at most 512 bytes.
   Everything else is "" (nowhere): a foreign address never becomes a redirect. */
const char *form_local_path(const char *path);

#endif
