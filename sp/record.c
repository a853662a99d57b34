#include "sp/record.h"

#include <string.h>

#define NUMBER 'N'
#define TEXT   'T'
#define ABSENT '-'
#define BYTES  'B'
#define LIST   'L'

/* --- writing -------------------------------------------------------------------------------------------------------------- */

struct sp_record_writer {
    GByteArray *bytes;
    size_t most;
    gboolean over; /* more than MOST was put */
};

SpRecordWriter *sp_record_new(size_t most)
{
    SpRecordWriter *writer = g_new0(SpRecordWriter, 1);
    writer->bytes = g_byte_array_new();
    writer->most = most;
    return writer;
}

static void append(SpRecordWriter *writer, const void *bytes, size_t n)
{
    writer->over = writer->over || n > writer->most - writer->bytes->len;
    if (!writer->over && n > 0) g_byte_array_append(writer->bytes, bytes, (guint)n);
}

static void append_head(SpRecordWriter *writer, char kind, guint32 length)
{
    guint32 wire = GUINT32_TO_BE(length);
    append(writer, &kind, 1);
    append(writer, &wire, sizeof wire);
}

void sp_record_put_number(SpRecordWriter *writer, gint64 number)
{
    const char kind = NUMBER;
    guint64 wire = GUINT64_TO_BE((guint64)number);
    append(writer, &kind, 1);
    append(writer, &wire, sizeof wire);
}

static void put(SpRecordWriter *writer, char kind, const void *bytes, size_t n)
{
    if (n > G_MAXINT32) writer->over = TRUE;
    append_head(writer, kind, (guint32)n);
    append(writer, bytes, n);
}

void sp_record_put_text(SpRecordWriter *writer, const char *text)
{
    put(writer, text != NULL ? TEXT : ABSENT, text, text != NULL ? strlen(text) : 0);
}

void sp_record_put_bytes(SpRecordWriter *writer, const void *bytes, size_t n)
{
    put(writer, BYTES, bytes, n);
}

void sp_record_put_list(SpRecordWriter *writer, const char *const *list)
{
    append_head(writer, LIST, list != NULL ? g_strv_length((char **)list) : 0);
    for (; list != NULL && *list != NULL; list++) sp_record_put_text(writer, *list);
}

GBytes *sp_record_take(SpRecordWriter *writer)
{
    gboolean over = writer->over;
    GBytes *bytes = g_byte_array_free_to_bytes(writer->bytes);
    g_free(writer);
    if (over) g_clear_pointer(&bytes, g_bytes_unref);
    return bytes;
}

/* --- reading -------------------------------------------------------------------------------------------------------------- */

struct sp_record sp_record_read(const void *bytes, size_t n)
{
    return (struct sp_record){ bytes, (const guchar *)bytes + n, FALSE };
}

static void spoil(struct sp_record *record)
{
    record->bad = TRUE;
    record->at = record->end;
}

/* N bytes of the record; NULL where there are fewer. */
static const guchar *step(struct sp_record *record, size_t n)
{
    if (record->bad || (size_t)(record->end - record->at) < n) {
        spoil(record);
        return NULL;
    }
    const guchar *bytes = record->at;
    record->at += n;
    return bytes;
}

/* The length behind the letter KIND, at most MOST; 0 and spoilt where it does not fit. */
static size_t head(struct sp_record *record, char kind, size_t most)
{
    guint32 wire = 0;
    const guchar *bytes = step(record, 1 + sizeof wire);
    if (bytes == NULL) return 0;
    memcpy(&wire, bytes + 1, sizeof wire);
    size_t length = GUINT32_FROM_BE(wire);
    if (bytes[0] == (guchar)kind && length <= most) return length;
    spoil(record);
    return 0;
}

gint64 sp_record_number(struct sp_record *record, gint64 least, gint64 most)
{
    guint64 wire = 0;
    const guchar *bytes = step(record, 1 + sizeof wire);
    if (bytes == NULL) return 0;
    memcpy(&wire, bytes + 1, sizeof wire);
    gint64 number = (gint64)GUINT64_FROM_BE(wire);
    if (bytes[0] == NUMBER && number >= least && number <= most) return number;
    spoil(record);
    return 0;
}

gboolean sp_record_flag(struct sp_record *record)
{
    return sp_record_number(record, 0, 1) == 1;
}

static gboolean clean(const char *text, size_t n, gboolean lines)
{
    if (!g_utf8_validate_len(text, n, NULL)) return FALSE;
    for (size_t i = 0; i < n; i++) {
        guchar c = (guchar)text[i];
        if (c == 0x7f || (c < 0x20 && !(lines && (c == '\n' || c == '\r' || c == '\t')))) return FALSE;
    }
    return TRUE;
}

static char *text_of(struct sp_record *record, size_t most, gboolean lines)
{
    size_t n = head(record, TEXT, most);
    const char *text = (const char *)step(record, n);
    if (text != NULL && clean(text, n, lines)) return g_strndup(text, n);
    spoil(record);
    return g_strdup("");
}

char *sp_record_text(struct sp_record *record, size_t most)
{
    return text_of(record, most, FALSE);
}

char *sp_record_long_text(struct sp_record *record, size_t most)
{
    return text_of(record, most, TRUE);
}

char *sp_record_text_or_null(struct sp_record *record, size_t most)
{
    if (record->bad || record->at == record->end || *record->at != ABSENT) return text_of(record, most, FALSE);
    (void)head(record, ABSENT, 0);
    return NULL;
}

const guchar *sp_record_bytes(struct sp_record *record, size_t most, size_t *n)
{
    *n = head(record, BYTES, most);
    const guchar *bytes = step(record, *n);
    if (bytes == NULL) *n = 0;
    return bytes;
}

char **sp_record_list(struct sp_record *record, size_t items, size_t longest)
{
    size_t n = head(record, LIST, items);
    GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < n && !record->bad; i++) g_ptr_array_add(list, text_of(record, longest, TRUE));
    g_ptr_array_add(list, NULL);
    return (char **)g_ptr_array_free(list, FALSE);
}

gboolean sp_record_end(const struct sp_record *record)
{
    return !record->bad && record->at == record->end;
}
