#include <string.h>

#include "ca/crl.h"
#include "ca/signer.h"
#include "db/issuer.h"
#include "db/log.h"

#define KEPT_AFTER_END 3600 /* seconds that an ended certificate stays listed: relying parties' clocks differ */
#define FULL (-1)

/* The rows of one shard, or all. */
static GArray *
entries_of(const GArray *revoked, int shard, GError **error)
{
    g_autoptr(GArray) entries = g_array_sized_new(FALSE, FALSE, sizeof(struct ca_revoked), revoked->len);
    for (guint i = 0; i < revoked->len; i++) {
        const struct db_revoked *row = &g_array_index(revoked, struct db_revoked, i);
        struct ca_revoked entry = { .at = row->at };
        enum ca_reason reason;
        if (shard != FULL && row->shard != shard)
            continue;
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
};

static gboolean
put(Signer *signer, const struct edition *edition, const GArray *revoked, int shard, GError **error)
{
    g_autoptr(GArray) entries = entries_of(revoked, shard, error);
    if (!entries)
        return FALSE;
    g_autofree char *url = g_strdup_printf("%s/crl/%s-%d.crl", settings_text(signer->settings, "service", "publish_url"),
                                           edition->name, shard);
    const struct ca_crl what = { edition->number, edition->this_update, edition->next_update, shard == FULL ? NULL : url };
    g_autoptr(GBytes) der = ca_crl_build(edition->issuer, &what, (const struct ca_revoked *)(gpointer)entries->data,
                                         entries->len, error);
    g_autoptr(GError) why = NULL;
    if (!der)
        return FALSE;
    return db_crl_put(signer->db, edition->name, shard, edition->number, edition->this_update, edition->next_update, der,
                      &why) || signer_fail(why, error);
}

/* Number and time rise whatever the clock says, above the rows and above what this machine has signed before. */
static gboolean
begin_edition(Signer *signer, struct edition *edition, gint64 now, GError **error)
{
    g_autoptr(GError) why = NULL;
    gint64 number, this_update;
    gboolean found;
    if (!db_crl_lock(signer->db, edition->name, &found, &number, &this_update, &why))
        return signer_fail(why, error);
    if (!found)
        return signer_refuse(error, "issuer", "there is none of this name");
    edition->number = MAX(number, signer_log_crl(signer->log, edition->name)) + 1;
    edition->this_update = MAX(now, this_update);
    edition->next_update = edition->this_update + settings_number(signer->settings, "ca", "crl_hours") * 3600;
    return TRUE;
}

static gboolean
make(Signer *signer, struct edition *edition, gint64 now, GError **error)
{
    g_autoptr(GError) why = NULL;
    if (!begin_edition(signer, edition, now, error))
        return FALSE;
    g_autoptr(GArray) revoked = db_crl_mark(signer->db, edition->name, edition->number, &why)
                                    ? db_crl_revoked(signer->db, edition->name, now - KEPT_AFTER_END, &why) : NULL;
    if (!revoked)
        return signer_fail(why, error);
    for (int shard = FULL; shard < SIGNER_SHARDS; shard++)
        if (!put(signer, edition, revoked, shard, error))
            return FALSE;
    return db_commit(signer->db, &why) || signer_fail(why, error);
}

gboolean
signer_publish(Signer *signer, const char *issuer, gint64 now, GError **error)
{
    struct edition edition = { .name = issuer };
    edition.issuer = signer_issuer(signer, issuer, error);
    if (!edition.issuer || !signer_begin(signer, error))
        return FALSE;
    gboolean ok = make(signer, &edition, now, error);
    db_rollback(signer->db); /* nothing after a commit */
    if (!ok)
        return FALSE;
    g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, edition.number);
    log_write(LOG_LEVEL_INFO, "crl", "issuer", issuer, "number", number, NULL);
    return signer_log_add(signer->log, now, "crl", issuer, number, NULL, error);
}
