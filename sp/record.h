/*
 * sp/record: flat records between the opener, its children and their callers (sp/opener.h): fields one after another, in an
 * order that both sides know. Each field is a letter for its kind (N number, T text, - no text, B bytes, L list), then eight
 * bytes of number, or four of length and the content; big endian.
 *
 * Reading believes nothing: every field is asked for with its bounds, text must be UTF-8 without control characters, and after
 * the first field that does not fit all others are empty; sp_record_end says whether all was well. So a reader reads
 * everything, asks once, and only then uses what it has.
 */
#ifndef SP_RECORD_H
#define SP_RECORD_H

#include <glib.h>

/* --- writing -------------------------------------------------------------------------------------------------------------- */

typedef struct sp_record_writer SpRecordWriter;

/* MOST: bytes of the whole. */
SpRecordWriter *sp_record_new(size_t most) G_GNUC_WARN_UNUSED_RESULT;
void sp_record_put_number(SpRecordWriter *writer, gint64 number);
void sp_record_put_text(SpRecordWriter *writer, const char *text); /* NULL: no text, which is not the same as "" */
void sp_record_put_bytes(SpRecordWriter *writer, const void *bytes, size_t n);
void sp_record_put_list(SpRecordWriter *writer, const char *const *list); /* NULL-terminated; NULL: an empty one */
/* The record, the caller's; frees WRITER. NULL: it would be longer than MOST. */
GBytes *sp_record_take(SpRecordWriter *writer) G_GNUC_WARN_UNUSED_RESULT;

/* --- reading -------------------------------------------------------------------------------------------------------------- */

/* On the stack; BYTES are borrowed while it is read. */
struct sp_record {
    const guchar *at, *end;
    gboolean bad;
};
struct sp_record sp_record_read(const void *bytes, size_t n);

/* 0 where it is not between LEAST and MOST. */
gint64 sp_record_number(struct sp_record *record, gint64 least, gint64 most);
gboolean sp_record_flag(struct sp_record *record);
/* The caller's, never NULL: "" where it is absent, longer than MOST bytes, or no text. */
char *sp_record_text(struct sp_record *record, size_t most) G_GNUC_WARN_UNUSED_RESULT;
/* The same, but NULL is a good value (written from NULL). */
char *sp_record_text_or_null(struct sp_record *record, size_t most) G_GNUC_WARN_UNUSED_RESULT;
/* The same with line ends and tabs allowed (values of attributes, XML). */
char *sp_record_long_text(struct sp_record *record, size_t most) G_GNUC_WARN_UNUSED_RESULT;
/* Borrowed from the record, *N bytes; NULL where it does not fit. */
const guchar *sp_record_bytes(struct sp_record *record, size_t most, size_t *n);
/* NULL-terminated, the caller's, never NULL; at most ITEMS, each of at most LONGEST bytes, line ends and tabs allowed. */
char **sp_record_list(struct sp_record *record, size_t items, size_t longest) G_GNUC_WARN_UNUSED_RESULT;

/* Did every field fit, and is nothing left? */
gboolean sp_record_end(const struct sp_record *record) G_GNUC_WARN_UNUSED_RESULT;

#endif
