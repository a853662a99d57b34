#include <string.h>

#include "ca/certificate.h"
#include "ca/head.h"
#include "ca/signer.h"
#include "db/audit.h"
#include "db/issuer.h"
#include "db/log.h"

#define BACKDATED 300         /* seconds: clocks differ */
#define WITNESS_LIFE (7 * 86400)

struct signer_witness {
    CaSigningKey *key;        /* in memory alone: when this process is gone nobody can sign another past */
    GBytes *certificate;
    gint64 renew_at;
    gint64 seq;               /* the last head that our log shows; 0: none */
    char *hash;
};

void
signer_witness_free(struct signer_witness *witness)
{
    if (!witness)
        return;
    g_clear_pointer(&witness->key, ca_signing_key_free);
    g_clear_pointer(&witness->certificate, g_bytes_unref);
    g_free(witness->hash);
    g_free(witness);
}

/* --- its certificate ------------------------------------------------------------------------------------------------------ */

static const char *
first_name(gpointer key, const char *than)
{
    return !than || strcmp(key, than) < 0 ? key : than;
}

/* Of the issuers whose key is loaded, the first by name. Borrowed; NULL: none is. */
static const char *
issuer_for(Signer *signer)
{
    const char *name = NULL;
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, signer->issuers);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        name = first_name(key, name);
    return name;
}

static gboolean
audited(Signer *signer, const char *issuer, const char *serial, GError **error)
{
    g_autoptr(GError) why = NULL;
    if (!signer_begin(signer, error))
        return FALSE;
    if (db_issuer_audit(signer->db, "witness", issuer, serial, log_id(), &why) && db_commit(signer->db, &why))
        return TRUE;
    db_rollback(signer->db);
    return signer_fail(why, error);
}

/* A new key and a certificate for it: audited and in the log, as all is that an issuer signs. */
static gboolean
renew(Signer *signer, const char *issuer, gint64 now, GError **error)
{
    struct signer_witness *witness = signer->witness;
    const CaIssuer *by = signer_issuer(signer, issuer, error);
    g_autoptr(Secret) pkcs8 = by ? ca_key_make(CA_KEY_P256, error) : NULL;
    g_autoptr(CaSigningKey) key = pkcs8 ? ca_signing_key_from(pkcs8, error) : NULL;
    g_autoptr(GBytes) spki = key ? ca_signing_key_public(key) : NULL;
    g_autoptr(CaCsr) own = spki ? ca_csr_from_public(spki, error) : NULL;
    if (!own)
        return FALSE;
    g_autofree char *serial = ca_serial_new();
    gint64 from = MAX(now - BACKDATED, ca_issuer_not_before(by));
    const struct ca_authority what = { .serial = serial, .not_before = from, .common_name = "Audit witness",
                                       .not_after = MIN(from + WITNESS_LIFE, ca_issuer_not_after(by)) };
    g_autoptr(GBytes) der = ca_witness_build(&what, own, by, error);
    if (!der || !audited(signer, issuer, serial, error) ||
        !signer_log_add(signer->log, now, "witness", issuer, serial, NULL, error))
        return FALSE;
    g_clear_pointer(&witness->key, ca_signing_key_free);
    g_clear_pointer(&witness->certificate, g_bytes_unref);
    witness->key = g_steal_pointer(&key);
    witness->certificate = g_steal_pointer(&der);
    witness->renew_at = now + (what.not_after - now) / 2;
    return TRUE;
}

/* --- heads ---------------------------------------------------------------------------------------------------------------- */

/* What we signed last must still be there, in this database: a chain that was made anew gets no head from us. */
static gboolean
goes_on(Signer *signer, GError **error)
{
    struct signer_witness *witness = signer->witness;
    g_autoptr(GError) why = NULL;
    signer_log_head(signer->log, &witness->seq, &witness->hash);
    if (witness->seq == 0)
        return TRUE;
    g_autoptr(GBytes) hash = db_audit_hash(signer->db, witness->seq, &why);
    if (why)
        return signer_fail(why, error);
    g_autofree char *hex = hash ? crypto_hex(hash) : NULL;
    if (g_strcmp0(hex, witness->hash) == 0)
        return TRUE;
    g_set_error(error, CA_ERROR, CA_ERROR_BROKEN,
                "audit: link %" G_GINT64_FORMAT " is not what %s shows: the audit was changed, or this is another database;"
                " see inkan audit verify", witness->seq, signer_log_file(signer->log));
    return FALSE;
}

static gboolean
sign(Signer *signer, gint64 seq, GBytes *hash, gint64 now, GError **error)
{
    g_autofree char *text = ca_head_text(seq, hash, now), *hex = crypto_hex(hash);
    g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, seq), *rest = g_strdup_printf("hash=%s", hex);
    g_autoptr(GBytes) cms = ca_head_sign(text, signer->witness->certificate, signer->witness->key, error);
    g_autoptr(GError) why = NULL;
    if (!cms || !signer_log_add(signer->log, now, "head", "audit", number, rest, error))
        return FALSE;
    return db_audit_head(signer->db, seq, hash, now, cms, &why) || signer_fail(why, error);
}

gboolean
signer_head(Signer *signer, gint64 now, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(GBytes) hash = NULL;
    gint64 seq, head;
    if (!signer->witness)
        signer->witness = g_new0(struct signer_witness, 1);
    const char *issuer = issuer_for(signer);
    if (!issuer) /* no key is loaded yet */
        return TRUE;
    /* Before there is anything to sign: the certificate is an event itself, which wants its head too. */
    if ((!signer->witness->key || now >= signer->witness->renew_at) && !renew(signer, issuer, now, error))
        return FALSE;
    if (!db_audit_end(signer->db, &seq, &hash, &head, &why))
        return signer_fail(why, error);
    return seq <= head || (goes_on(signer, error) && sign(signer, seq, hash, now, error));
}
