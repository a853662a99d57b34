#include "ra/audit.h"

#include <string.h>

#include "ca/crypto.h"
#include "ca/head.h"
#include "ca/signer_log.h"
#include "db/audit.h"
#include "db/issuer.h"
#include "ra/error.h"
#include "web/tsv.h"

#define PAGE 1000
#define LATE 600 /* seconds that a transaction may have begun before the head that others got meanwhile */

/* A walk along chain and heads at once. */
struct walk {
    Db *db;
    struct ra_audit_check *check;
    CaHeadTrust *trust;
    GBytes *before;         /* hash of the link before */
    GPtrArray *heads;       /* the page of them that is being used up */
    guint head;
    gint64 head_seq, signed_at; /* of the last one used */
    GHashTable *logged;     /* seq → hash (hex), of the logs; what fits is taken out */
};

static void G_GNUC_PRINTF(2, 3)
broken(struct ra_audit_check *check, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    check->broken++;
    if (check->say)
        check->say(what, check->data);
}

static char *
name_of(const DbLink *link)
{
    g_autoptr(GDateTime) at = g_date_time_new_from_unix_utc(link->at);
    g_autofree char *when = g_date_time_format(at, "%Y-%m-%dT%H:%M:%SZ");
    g_autofree char *request = link->request ? g_strdup_printf(" of request %" G_GINT64_FORMAT, link->request) : g_strdup("");
    return g_strdup_printf("link %" G_GINT64_FORMAT ", event %" G_GINT64_FORMAT " (%s, %s%s)", link->seq, link->event, when,
                           link->what ? link->what : "", request);
}

/* --- links ---------------------------------------------------------------------------------------------------------------- */

static GBytes *
hash_over(GBytes *before, const char *text)
{
    gsize n;
    const void *first = g_bytes_get_data(before, &n);
    g_autoptr(GByteArray) all = g_byte_array_new();
    g_byte_array_append(all, first, (guint)n);
    g_byte_array_append(all, (const guint8 *)text, (guint)strlen(text));
    return crypto_sha256(all->data, all->len);
}

static void
look_at_link(struct walk *walk, const DbLink *link)
{
    struct ra_audit_check *check = walk->check;
    g_autofree char *name = link->text ? name_of(link) : NULL;
    if (link->seq != check->seq + 1)
        broken(check, "link %" G_GINT64_FORMAT " is missing (the next is %" G_GINT64_FORMAT ")", check->seq + 1, link->seq);
    if (!link->text) {
        broken(check, "link %" G_GINT64_FORMAT ": its event %" G_GINT64_FORMAT " is gone", link->seq, link->event);
    } else {
        g_autoptr(GBytes) hash = hash_over(walk->before, link->text);
        if (!crypto_equal(hash, link->hash))
            broken(check, "%s: not as it was written, or not in its place", name);
        if (link->at < walk->signed_at - LATE)
            broken(check, "%s: written later than it says, a head before it is of a later time", name);
    }
    g_bytes_unref(walk->before);
    walk->before = g_bytes_ref(link->hash);
    check->seq = link->seq;
    check->links++;
}

/* --- heads ---------------------------------------------------------------------------------------------------------------- */

static const DbHead *
next_head(struct walk *walk, GError **error)
{
    if (walk->heads && walk->head < walk->heads->len)
        return walk->heads->pdata[walk->head];
    g_clear_pointer(&walk->heads, g_ptr_array_unref);
    walk->heads = db_audit_heads(walk->db, walk->head_seq, PAGE, error);
    walk->head = 0;
    return walk->heads && walk->heads->len > 0 ? walk->heads->pdata[0] : NULL;
}

/* LINK: where the head belongs; NULL: the chain has no such link. */
static void
look_at_head(struct walk *walk, const DbHead *head, const DbLink *link)
{
    g_autoptr(GError) why = NULL;
    g_autofree char *text = ca_head_text(head->seq, head->hash, head->at);
    if (!ca_head_verify(walk->trust, head->cms, text, head->at, &why))
        broken(walk->check, "head at link %" G_GINT64_FORMAT ": %s", head->seq, why->message);
    else if (!link)
        broken(walk->check, "link %" G_GINT64_FORMAT " is missing, its head is there", head->seq);
    else if (!crypto_equal(head->hash, link->hash))
        broken(walk->check, "links %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT ": made anew, their head is of another chain",
               walk->head_seq + 1, head->seq);
    walk->head_seq = head->seq;
    walk->signed_at = MAX(walk->signed_at, head->at);
    walk->head++;
    walk->check->heads++;
}

/* Of the heads up to LINK (NULL: all that are left). */
static gboolean
use_heads(struct walk *walk, const DbLink *link, GError **error)
{
    GError *why = NULL;
    const DbHead *head;
    while ((head = next_head(walk, &why)) && (!link || head->seq <= link->seq))
        look_at_head(walk, head, link && head->seq == link->seq ? link : NULL);
    if (why)
        g_propagate_error(error, why);
    return why == NULL;
}

/* --- logs ----------------------------------------------------------------------------------------------------------------- */

static void
remember(const char *file, gint64 seq, const char *hash, gpointer data)
{
    struct walk *walk = data;
    const char *other = g_hash_table_lookup(walk->logged, &seq);
    if (other && strcmp(other, hash) != 0)
        broken(walk->check, "link %" G_GINT64_FORMAT ": %s shows another hash than a log before", seq, file);
    g_hash_table_replace(walk->logged, g_memdup2(&seq, sizeof seq), g_strdup(hash));
    walk->check->logged++;
}

static void
compare_logged(struct walk *walk, const DbLink *link)
{
    const char *logged = g_hash_table_lookup(walk->logged, &link->seq);
    if (!logged)
        return;
    g_autofree char *hex = crypto_hex(link->hash);
    if (strcmp(hex, logged) != 0)
        broken(walk->check, "links up to %" G_GINT64_FORMAT ": made anew, the signer's log shows another chain", link->seq);
    g_hash_table_remove(walk->logged, &link->seq);
}

/* Heads whose link is not there. */
static void
name_cut_off(struct walk *walk)
{
    gint64 first = G_MAXINT64;
    GHashTableIter iter;
    gpointer seq;
    g_hash_table_iter_init(&iter, walk->logged);
    while (g_hash_table_iter_next(&iter, &seq, NULL))
        first = MIN(first, *(gint64 *)seq);
    if (first == G_MAXINT64)
        return;
    /* A gap was named already. */
    if (first > walk->check->seq)
        broken(walk->check, "links %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT " are missing, the signer's log shows them",
               walk->check->seq + 1, first);
}

/* --- all ------------------------------------------------------------------------------------------------------------------ */

static gboolean
walk_along(struct walk *walk, GError **error)
{
    for (;;) {
        g_autoptr(GPtrArray) links = db_audit_links(walk->db, walk->check->seq, PAGE, error);
        if (!links)
            return FALSE;
        for (guint i = 0; i < links->len; i++) {
            look_at_link(walk, links->pdata[i]);
            compare_logged(walk, links->pdata[i]);
            if (!use_heads(walk, links->pdata[i], error))
                return FALSE;
        }
        if (links->len == 0)
            return use_heads(walk, NULL, error);
    }
}

static gboolean
look_beside(struct walk *walk, GError **error)
{
    gint64 id = 0;
    for (;;) {
        g_autofree char *what = NULL;
        if (!db_audit_unlinked(walk->db, &id, &what, error))
            return FALSE;
        if (id == 0)
            break;
        broken(walk->check, "event %" G_GINT64_FORMAT " (%s) is not in the chain", id, what);
    }
    walk->check->waiting = db_audit_waiting(walk->db, error);
    return walk->check->waiting >= 0;
}

static GPtrArray *
issuers_of(Db *db, GError **error)
{
    g_autoptr(GPtrArray) rows = db_issuer_list(db, error);
    GPtrArray *ders = rows ? g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref) : NULL;
    for (guint i = 0; rows && i < rows->len; i++)
        g_ptr_array_add(ders, g_bytes_ref(((const DbIssuer *)rows->pdata[i])->certificate));
    return ders;
}

static gboolean
read_logs(struct walk *walk, GError **error)
{
    for (const char *const *log = walk->check->logs; log && *log; log++)
        if (!signer_log_each_head(*log, remember, walk, error))
            return FALSE;
    return TRUE;
}

static CaHeadTrust *
trust_of(Db *db, const GPtrArray *given, GError **error)
{
    g_autoptr(GPtrArray) rows = given ? NULL : issuers_of(db, error);
    return given || rows ? ca_head_trust_new(given ? given : rows, error) : NULL;
}

gboolean
ra_audit_verify(Db *db, struct ra_audit_check *check, GError **error)
{
    static const unsigned char zeroes[DB_AUDIT_HASH];
    g_autoptr(CaHeadTrust) trust = trust_of(db, check->issuers, error);
    struct walk walk = { .db = db, .check = check, .trust = trust };
    if (!trust)
        return ra_error_from(error);
    walk.before = g_bytes_new_static(zeroes, sizeof zeroes);
    walk.logged = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    gboolean ok = read_logs(&walk, error) && walk_along(&walk, error) && look_beside(&walk, error);
    if (ok)
        name_cut_off(&walk);
    check->hash = ok && check->links > 0 ? crypto_hex(walk.before) : NULL;
    g_hash_table_unref(walk.logged);
    g_clear_pointer(&walk.heads, g_ptr_array_unref);
    g_bytes_unref(walk.before);
    return ok || ra_error_from(error);
}

/* --- export --------------------------------------------------------------------------------------------------------------- */

static void
as_tsv(const DbAuditRow *row, GString *line)
{
    g_autoptr(GDateTime) at = g_date_time_new_from_unix_utc(row->at);
    g_autofree char *when = g_date_time_format(at, "%Y-%m-%dT%H:%M:%SZ"), *hash = crypto_hex(row->hash);
    web_tsv_number(line, row->seq);
    web_tsv_cell(line, when);
    web_tsv_cell(line, row->actor);
    web_tsv_cell(line, row->institution);
    if (row->request)
        web_tsv_number(line, row->request);
    else
        web_tsv_cell(line, NULL);
    const char *const rest[] = { row->what, row->address, row->log_id, row->detail, hash };
    web_tsv_row(line, rest, G_N_ELEMENTS(rest));
}

static void
as_json(const DbAuditRow *row, GString *line)
{
    g_autofree char *hash = crypto_hex(row->hash);
    g_string_append_printf(line, "{\"hash\": \"%s\", \"event\": %s}\n", hash, row->text);
}

static void
write_head(struct ra_audit_export *to, GString *line)
{
    static const char *const names[] = { "seq", "at", "actor", "institution", "request",
                                         "what", "address", "log id", "detail", "hash" };
    web_tsv_row(line, names, G_N_ELEMENTS(names));
    to->write(line->str, to->data);
}

gboolean
ra_audit_export(Db *db, struct ra_audit_export *to, GError **error)
{
    g_autoptr(GString) line = g_string_new(NULL);
    if (to->tsv)
        write_head(to, line);
    for (gint64 seq = 0;;) {
        g_autoptr(GPtrArray) rows = db_audit_export(db, seq, to->from, to->to, to->institution, PAGE, error);
        if (!rows)
            return ra_error_from(error);
        for (guint i = 0; i < rows->len; i++, to->rows++) {
            const DbAuditRow *row = rows->pdata[i];
            g_string_truncate(line, 0);
            (to->tsv ? as_tsv : as_json)(row, line);
            to->write(line->str, to->data);
            seq = row->seq;
        }
        if (rows->len == 0)
            return TRUE;
    }
}
