#include "ra/reconcile.h"

#include <string.h>

#include "ca/certificate.h"
#include "ca/crypto.h"
#include "ca/signer_log.h"
#include "db/reconcile.h"

/* --- the logs --------------------------------------------------------------------------------------------------------------- */

/* Under "ISSUER SERIAL". */
typedef struct {
    char *sha256;
    gint64 request;
    const char *file;
    gboolean seen; /* in the table too */
} Logged;

static void
logged_free(gpointer data)
{
    g_free(((Logged *)data)->sha256);
    g_free(data);
}

static void
take_line(const char *file, const struct signer_log_line *line, gpointer data)
{
    Logged *logged = g_new0(Logged, 1);
    logged->sha256 = g_strdup(line->sha256);
    logged->request = line->request;
    logged->file = file;
    g_hash_table_insert(data, g_strdup_printf("%s %s", line->issuer, line->serial), logged);
}

/* --- one difference ----------------------------------------------------------------------------------------------------------- */

struct look {
    Db *db;
    struct ra_reconcile *run;
};

static void
tell(const struct look *look, const char *issuer, const char *serial, const char *what, gboolean mended, const char *how)
{
    g_autofree char *text = g_strdup_printf("%s%s%s", what, mended ? "; " : "", mended ? how : "");
    look->run->different++;
    look->run->mended += mended ? 1 : 0;
    look->run->say(issuer, serial, text, look->run->data);
}

/* A negative number, which no signer makes, would keep the whole CRL from being signed. */
static gboolean
can_be_listed(const char *serial)
{
    return strlen(serial) < 40 || g_ascii_xdigit_value(*serial) < 8;
}

static gboolean
revoke_row(const struct look *look, const DbIssued *row, const char *what, GError **error)
{
    gboolean mend = look->run->mend && can_be_listed(row->serial);
    if (mend && !row->revoked && !db_reconcile_revoke(look->db, row->issuer, row->serial, error))
        return FALSE;
    tell(look, row->issuer, row->serial, what, mend, "now revoked");
    return TRUE;
}

/* Signed by the CA but in no log means that a log is missing: nothing is done about that. */
static gboolean
only_in_table(const struct look *look, const DbIssued *row, GError **error)
{
    g_autoptr(GBytes) der = NULL, issuer = NULL;
    if (!db_reconcile_bytes(look->db, row->issuer, row->serial, &der, &issuer, error))
        return FALSE;
    if (!ca_certificate_issued_by(der, issuer))
        return revoke_row(look, row, "only in the table, and not signed by this CA: a forged row", error);
    tell(look, row->issuer, row->serial, "only in the table, signed by this CA: is a log missing?", FALSE, NULL);
    return TRUE;
}

/* *DONE FALSE: the log's line is an old one without the bytes, somebody else's, or its request is lost too. */
static gboolean
store(const struct look *look, const char *issuer, const char *serial, const Logged *logged, gboolean *done, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(SignerLog) log = signer_log_open(logged->file, error);
    g_autoptr(GBytes) der = log ? signer_log_find(log, 0, issuer, serial, &why) : NULL;
    g_autoptr(GBytes) authority = der ? db_reconcile_issuer(look->db, issuer, error) : NULL;
    *done = FALSE;
    if (!log)
        return FALSE;
    if (!authority || !ca_certificate_issued_by(der, authority))
        return TRUE;
    g_autoptr(CaCertificateInfo) info = ca_certificate_read(g_bytes_get_data(der, NULL), g_bytes_get_size(der), error);
    if (!info || strcmp(info->serial, serial) != 0)
        return info != NULL;
    g_autoptr(GBytes) fingerprint = crypto_unhex(info->fingerprint);
    const struct db_lost lost = { .issuer = issuer, .serial = serial, .subject = info->subject, .key_kind = info->key,
                                  .request = logged->request, .not_before = info->not_before, .not_after = info->not_after,
                                  .der = der, .spki_sha256 = info->spki_sha256, .fingerprint = fingerprint };
    return db_reconcile_store(look->db, &lost, done, error);
}

static gboolean
only_in_log(const struct look *look, const char *key, const Logged *logged, GError **error)
{
    g_auto(GStrv) words = g_strsplit(key, " ", 2);
    gboolean open, done = FALSE;
    if (!db_reconcile_is_open(look->db, words[0], words[1], &open, error))
        return FALSE;
    if (open) {
        look->run->in_work++;
        return TRUE;
    }
    if (look->run->mend && !store(look, words[0], words[1], logged, &done, error))
        return FALSE;
    tell(look, words[0], words[1], "only in the log", done, "now stored, as revoked");
    return TRUE;
}

/* --- the whole ------------------------------------------------------------------------------------------------------------------ */

static gboolean
row_against_log(const struct look *look, GHashTable *logged, const DbIssued *row, GError **error)
{
    g_autofree char *key = g_strdup_printf("%s %s", row->issuer, row->serial);
    Logged *line = g_hash_table_lookup(logged, key);
    if (!line)
        return only_in_table(look, row, error);
    line->seen = TRUE;
    if (strcmp(line->sha256, row->sha256) != 0)
        return revoke_row(look, row, "other bytes in the table than in the log", error);
    look->run->same++;
    return TRUE;
}

static gboolean
table_against_logs(const struct look *look, GHashTable *logged, gint64 before, GError **error)
{
    g_autofree char *issuer = g_strdup(""), *serial = g_strdup("");
    for (;;) {
        g_autoptr(GPtrArray) page = db_reconcile_page(look->db, issuer, serial, before, error);
        if (!page || page->len == 0)
            return page != NULL;
        for (guint i = 0; i < page->len; i++)
            if (!row_against_log(look, logged, page->pdata[i], error))
                return FALSE;
        const DbIssued *last = page->pdata[page->len - 1];
        g_free(issuer);
        g_free(serial);
        issuer = g_strdup(last->issuer);
        serial = g_strdup(last->serial);
    }
}

gboolean
ra_reconcile(Db *db, const char *const *logs, struct ra_reconcile *run, GError **error)
{
    g_autoptr(GHashTable) logged = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, logged_free);
    const struct look look = { db, run };
    GHashTableIter iter;
    gpointer key, line;
    /* A row is younger than its line: of the rows from before the logs are read, each must be there. */
    gint64 before = db_reconcile_now(db, error);
    if (before < 0)
        return FALSE;
    for (const char *const *file = logs; *file; file++)
        if (!signer_log_each(*file, take_line, logged, error))
            return FALSE;
    if (!table_against_logs(&look, logged, before, error))
        return FALSE;
    g_hash_table_iter_init(&iter, logged);
    while (g_hash_table_iter_next(&iter, &key, &line))
        if (!((Logged *)line)->seen && !only_in_log(&look, key, line, error))
            return FALSE;
    run->stuck = db_reconcile_stuck(db, error);
    return run->stuck >= 0;
}
