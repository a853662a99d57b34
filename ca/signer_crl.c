#include <string.h>

#include "ca/crl.h"
#include "ca/signer.h"
#include "db/issuer.h"
#include "db/log.h"

#define KEPT_AFTER_END 3600 /* seconds that an ended certificate stays listed: relying parties' clocks differ */
#define FULL (-1)
#define LONG (4 * 1024 * 1024) /* bytes of a full CRL, 80,000 entries: it is not made anew for each revocation */

static GArray *
entries_of(const GArray *revoked, GError **error)
{
    g_autoptr(GArray) entries = g_array_sized_new(FALSE, FALSE, sizeof(struct ca_revoked), revoked->len);
    for (guint i = 0; i < revoked->len; i++) {
        const struct db_revoked *row = &g_array_index(revoked, struct db_revoked, i);
        struct ca_revoked entry = { .at = row->at };
        enum ca_reason reason;
        if (!ca_reason_parse(row->reason, &reason)) {
            g_set_error(error, CA_ERROR, CA_ERROR_BROKEN, "crl: '%s' is no reason", row->reason);
            return NULL;
        }
        entry.reason = (unsigned char)reason;
        g_strlcpy(entry.serial, row->serial, sizeof entry.serial);
        g_array_append_val(entries, entry);
    }
    return g_steal_pointer(&entries);
}

struct edition {
    const char *name;
    const CaIssuer *issuer;
    gint64 number, this_update, next_update;
    gboolean all;         /* also what nothing has changed in */
    gint64 now;
};

static gboolean
put(Signer *signer, const struct edition *edition, gint64 shard, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(GArray) revoked = db_crl_revoked(signer->db, edition->name, shard, edition->now - KEPT_AFTER_END, &why);
    if (!revoked)
        return signer_fail(why, error);
    g_autoptr(GArray) entries = entries_of(revoked, error);
    if (!entries)
        return FALSE;
    g_autofree char *url = g_strdup_printf("%s/crl/%s-%" G_GINT64_FORMAT ".crl", settings_text(signer->settings, "service", "publish_url"),
                                           edition->name, shard);
    const struct ca_crl what = { edition->number, edition->this_update, edition->next_update, shard == FULL ? NULL : url };
    g_autoptr(GBytes) der = ca_crl_build(edition->issuer, &what, (const struct ca_revoked *)(gpointer)entries->data,
                                         entries->len, error);
    if (!der)
        return FALSE;
    return db_crl_put(signer->db, edition->name, shard, edition->number, edition->this_update, edition->next_update, der,
                      &why) || signer_fail(why, error);
}

/* Number and time rise whatever the clock says, above the rows and above what this machine has signed before. */
static gboolean
begin_edition(Signer *signer, struct edition *edition, GError **error)
{
    g_autoptr(GError) why = NULL;
    gint64 number, this_update;
    gboolean found;
    if (!db_crl_lock(signer->db, edition->name, &found, &number, &this_update, &why))
        return signer_fail(why, error);
    if (!found)
        return signer_refuse(error, "issuer", "there is none of this name");
    edition->number = MAX(number, signer_log_crl(signer->log, edition->name)) + 1;
    edition->this_update = MAX(edition->now, this_update);
    edition->next_update = edition->this_update + settings_number(signer->settings, "ca", "crl_hours") * 3600;
    return TRUE;
}

/* --- which of them ---------------------------------------------------------------------------------------------------------- */

static const struct db_crl_row *
row_of(const GArray *rows, gint64 shard)
{
    for (guint i = 0; i < rows->len; i++)
        if (g_array_index(rows, struct db_crl_row, i).shard == shard)
            return &g_array_index(rows, struct db_crl_row, i);
    return NULL;
}

static gboolean
is_among(const GArray *shards, gint64 shard)
{
    for (guint i = 0; i < shards->len; i++)
        if (g_array_index(shards, gint64, i) == shard)
            return TRUE;
    return FALSE;
}

/* Half of the time after which it is asked for: all of them then come in one edition. */
static gboolean
is_old(const Signer *signer, const struct edition *edition, const struct db_crl_row *row)
{
    return row->this_update <= edition->now - settings_number(signer->settings, "ca", "crl_refresh") / 2;
}

/* The full one has whatever any shard has; a long one lags behind a little, and is then asked for by the worker's round. */
static gboolean
is_full_due(const struct edition *edition, const GArray *rows, const GArray *dirty)
{
    const struct db_crl_row *full = row_of(rows, FULL);
    gboolean behind = dirty->len > 0;
    for (guint i = 0; full && i < rows->len; i++)
        behind = behind || g_array_index(rows, struct db_crl_row, i).number > full->number;
    return full && behind && (full->size < LONG || full->this_update <= edition->now - SIGNER_FULL_LAG);
}

static gboolean
is_due(const Signer *signer, const struct edition *edition, const GArray *rows, const GArray *dirty, gint64 shard)
{
    const struct db_crl_row *row = row_of(rows, shard);
    if (edition->all || !row || is_old(signer, edition, row))
        return TRUE;
    return shard == FULL ? is_full_due(edition, rows, dirty) : is_among(dirty, shard);
}

/* Those that the setting asks for, and for ever those that certificates name. */
static gint64
shards_of(const Signer *signer, const GArray *rows, const GArray *dirty)
{
    gint64 n = settings_number(signer->settings, "ca", "crl_shards");
    for (guint i = 0; i < rows->len; i++)
        n = MAX(n, g_array_index(rows, struct db_crl_row, i).shard + 1);
    for (guint i = 0; i < dirty->len; i++)
        n = MAX(n, g_array_index(dirty, gint64, i) + 1);
    return n;
}

static gboolean
make(Signer *signer, struct edition *edition, guint *made, GError **error)
{
    g_autoptr(GError) why = NULL;
    if (!begin_edition(signer, edition, error))
        return FALSE;
    g_autoptr(GArray) rows = db_crl_rows(signer->db, edition->name, &why);
    g_autoptr(GArray) dirty = rows ? db_crl_mark(signer->db, edition->name, edition->number, &why) : NULL;
    if (!dirty)
        return signer_fail(why, error);
    for (gint64 shard = shards_of(signer, rows, dirty) - 1; shard >= FULL; shard--)
        if (is_due(signer, edition, rows, dirty, shard)) {
            if (!put(signer, edition, shard, error))
                return FALSE;
            (*made)++;
        }
    if (*made == 0) /* another process was first: no number is spent */
        return TRUE;
    return db_commit(signer->db, &why) || signer_fail(why, error);
}

gboolean
signer_publish(Signer *signer, const char *issuer, gboolean all, gint64 now, GError **error)
{
    struct edition edition = { .name = issuer, .all = all, .now = now };
    guint made = 0;
    edition.issuer = signer_issuer(signer, issuer, error);
    if (!edition.issuer || !signer_begin(signer, error))
        return FALSE;
    gboolean ok = make(signer, &edition, &made, error);
    db_rollback(signer->db); /* nothing after a commit */
    if (!ok || made == 0)
        return ok;
    g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, edition.number), *lists = g_strdup_printf("%u", made);
    log_write(LOG_LEVEL_INFO, "crl", "issuer", issuer, "number", number, "lists", lists, NULL);
    return signer_log_add(signer->log, now, "crl", issuer, number, NULL, error);
}
