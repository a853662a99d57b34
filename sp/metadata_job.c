#include "sp/metadata_job.h"

#include <string.h>

#include "sp/entity.h"
#include "sp/record.h"

#define ROW_MOST ((size_t)2 * 1024 * 1024)
#define SMALL_MOST 4096
#define PEM_MOST 32768
#define TEXT_MOST 262144 /* of any text of a row but the XML */
#define DIGITS_MOST ((gint64)1 << 40)

enum { HEAD = 1, ROW, SKIPPED };

static gboolean bad_answer(GError **error)
{
    g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "opener-answer: a record of metadata that does not read");
    return FALSE;
}

/* --- in: the bytes, then a record of what is wanted, then the length of that in four bytes --------------------------------- */

static void append_want(GByteArray *bytes, const struct sp_metadata_want *want)
{
    SpRecordWriter *writer = sp_record_new(PEM_MOST + SMALL_MOST);
    sp_record_put_number(writer, want->kind);
    sp_record_put_bytes(writer, want->certificates != NULL ? want->certificates : "",
                        want->certificates != NULL ? MIN(strlen(want->certificates), PEM_MOST) : 0);
    sp_record_put_text(writer, want->entity_id != NULL ? want->entity_id : "");
    sp_record_put_number(writer, want->now);
    sp_record_put_number(writer, want->longest);
    g_autoptr(GBytes) record = sp_record_take(writer);
    gsize n = 0;
    const guchar *data = record != NULL ? g_bytes_get_data(record, &n) : NULL;
    guint32 length = GUINT32_TO_BE((guint32)n);
    if (data != NULL) g_byte_array_append(bytes, data, (guint)n);
    g_byte_array_append(bytes, (const guchar *)&length, sizeof length);
}

/* N: how many bytes are metadata. */
static gboolean read_want(const struct sp_job *job, struct sp_metadata_want *want, char **certificates, char **entity_id, gsize *n)
{
    guint32 wire = 0;
    if (job->n < sizeof wire) return FALSE;
    memcpy(&wire, job->input + job->n - sizeof wire, sizeof wire);
    gsize length = GUINT32_FROM_BE(wire), pem_length = 0;
    if (length > job->n - sizeof wire) return FALSE;
    *n = job->n - sizeof wire - length;
    struct sp_record record = sp_record_read(job->input + *n, length);
    want->kind = (enum sp_metadata_kind)sp_record_number(&record, 0, SP_METADATA_KINDS - 1);
    const guchar *pem = sp_record_bytes(&record, PEM_MOST, &pem_length);
    *certificates = g_strndup((const char *)pem, pem != NULL ? pem_length : 0);
    *entity_id = sp_record_text(&record, SP_ENTITY_ID_LONGEST);
    want->certificates = *certificates;
    want->entity_id = *entity_id;
    want->now = sp_record_number(&record, 0, DIGITS_MOST);
    want->longest = sp_record_number(&record, 0, DIGITS_MOST);
    return sp_record_end(&record);
}

/* --- out ------------------------------------------------------------------------------------------------------------------ */

static gboolean send_head(const struct sp_metadata_head *head, gpointer job, GError **error)
{
    SpRecordWriter *writer = sp_record_new(SMALL_MOST);
    sp_record_put_number(writer, HEAD);
    sp_record_put_number(writer, head->valid_until);
    sp_record_put_number(writer, head->cache);
    return sp_job_send(job, sp_record_take(writer), error);
}

static gboolean send_skipped(const char *entity_id, const char *why, gpointer job, GError **error)
{
    SpRecordWriter *writer = sp_record_new(SMALL_MOST);
    sp_record_put_number(writer, SKIPPED);
    sp_record_put_text(writer, entity_id);
    sp_record_put_text(writer, why);
    return sp_job_send(job, sp_record_take(writer), error);
}

static gboolean send_row(DbIdp *taken, gpointer job, GError **error)
{
    g_autoptr(DbIdp) idp = taken;
    const char *texts[] = { idp->entity_id, idp->name_en, idp->name_ja, idp->keywords, idp->logo, idp->contact_name,
                            idp->contact_mail, idp->search };
    SpRecordWriter *writer = sp_record_new(ROW_MOST);
    sp_record_put_number(writer, ROW);
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) sp_record_put_text(writer, texts[i]);
    sp_record_put_list(writer, (const char *const *)idp->scopes);
    sp_record_put_list(writer, (const char *const *)idp->scope_regexps);
    sp_record_put_number(writer, idp->hidden);
    sp_record_put_number(writer, idp->slo);
    sp_record_put_number(writer, idp->valid_until);
    sp_record_put_bytes(writer, idp->xml, strlen(idp->xml));
    return sp_job_send(job, sp_record_take(writer), error);
}

gboolean sp_metadata_job(const struct sp_job *job, GError **error)
{
    static const struct sp_metadata_take take = { send_head, send_row, send_skipped };
    struct sp_metadata_want want = { 0 };
    g_autofree char *certificates = NULL, *entity_id = NULL;
    gsize n = 0;
    SpXml *kept = NULL; /* this process ends now; taking the tree apart would be a tenth of its time */
    if (!read_want(job, &want, &certificates, &entity_id, &n)) {
        g_set_error(error, SP_ERROR, SP_ERROR_BROKEN, "metadata: the question does not read");
        return FALSE;
    }
    return sp_metadata_split((const char *)job->input, n, &want, &take, (gpointer)job, &kept, error);
}

/* --- the caller ----------------------------------------------------------------------------------------------------------- */

struct opening {
    const struct sp_metadata_rows *rows;
    gpointer data;
    gboolean begun; /* the head is there */
};

static gboolean take_head(struct opening *opening, struct sp_record *record, GError **error)
{
    struct sp_metadata_head head;
    head.valid_until = sp_record_number(record, 0, G_MAXINT64);
    head.cache = sp_record_number(record, 0, DIGITS_MOST);
    if (opening->begun || !sp_record_end(record)) return bad_answer(error);
    opening->begun = TRUE;
    return opening->rows->head(&head, opening->data, error);
}

static gboolean take_skipped(const struct opening *opening, struct sp_record *record, GError **error)
{
    g_autofree char *entity_id = sp_record_text(record, SP_ENTITY_ID_LONGEST), *why = sp_record_text(record, 200);
    if (!sp_record_end(record)) return bad_answer(error);
    return opening->rows->skipped(entity_id, why, opening->data, error);
}

static gboolean take_record(const guchar *bytes, gsize n, gpointer data, GError **error)
{
    struct opening *opening = data;
    struct sp_record record = sp_record_read(bytes, n);
    gint64 kind = sp_record_number(&record, HEAD, SKIPPED);
    if (kind == HEAD) return take_head(opening, &record, error);
    if (!opening->begun) return bad_answer(error);
    return kind == ROW ? opening->rows->row(bytes, n, opening->data, error) : take_skipped(opening, &record, error);
}

gboolean sp_metadata_open(SpOpener *opener, GByteArray *bytes, const struct sp_metadata_want *want,
                          const struct sp_metadata_rows *rows, gpointer data, GError **error)
{
    struct opening opening = { rows, data, FALSE };
    if (bytes->len > SP_METADATA_LONGEST) {
        g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "bytes: too many");
        return FALSE;
    }
    append_want(bytes, want);
    if (!sp_opener_ask(opener, SP_JOB_METADATA, bytes->data, bytes->len, take_record, &opening, error)) return FALSE;
    return opening.begun || bad_answer(error);
}

char *sp_metadata_row_name(const guchar *row, gsize n)
{
    struct sp_record record = sp_record_read(row, n);
    (void)sp_record_number(&record, ROW, ROW);
    return sp_record_text(&record, SP_ENTITY_ID_LONGEST);
}

static char *xml_of(struct sp_record *record)
{
    gsize n = 0;
    const guchar *xml = sp_record_bytes(record, SP_ENTITY_XML_LONGEST, &n);
    if (xml == NULL || n == 0 || !g_utf8_validate_len((const char *)xml, n, NULL)) record->bad = TRUE;
    return record->bad ? g_strdup("") : g_strndup((const char *)xml, n);
}

DbIdp *sp_metadata_row(const guchar *row, gsize n, GError **error)
{
    g_autoptr(DbIdp) idp = g_new0(DbIdp, 1);
    char **texts[] = { &idp->entity_id, &idp->name_en, &idp->name_ja, &idp->keywords, &idp->logo, &idp->contact_name,
                       &idp->contact_mail, &idp->search };
    struct sp_record record = sp_record_read(row, n);
    (void)sp_record_number(&record, ROW, ROW);
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) *texts[i] = sp_record_text(&record, TEXT_MOST);
    idp->scopes = sp_record_list(&record, SP_ENTITY_SCOPES_MOST, SP_ENTITY_SCOPE_LONGEST);
    idp->scope_regexps = sp_record_list(&record, SP_ENTITY_SCOPES_MOST, SP_ENTITY_SCOPE_LONGEST);
    idp->hidden = sp_record_flag(&record);
    idp->slo = sp_record_flag(&record);
    idp->valid_until = sp_record_number(&record, 0, DIGITS_MOST);
    idp->xml = xml_of(&record);
    if (sp_record_end(&record) && idp->entity_id[0] != '\0') return g_steal_pointer(&idp);
    bad_answer(error);
    return NULL;
}
