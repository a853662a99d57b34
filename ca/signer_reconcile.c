#include "ca/certificate.h"
#include "ca/signer.h"
#include "db/issuer.h"
#include "db/log.h"

gboolean
signer_store(Signer *signer, gint64 intent, const CaCertificateInfo *info, gboolean *live, GError **error)
{
    g_autoptr(GBytes) fingerprint = crypto_unhex(info->fingerprint);
    g_autoptr(GError) why = NULL;
    const struct db_certificate row = { .subject = info->subject, .der = info->der, .fingerprint = fingerprint };
    if (db_intent_store(signer->db, intent, &row, log_id(), live, &why))
        return TRUE;
    /* That the intent is not there means that the database lost what it had committed: nothing is answered, as for one that is away. */
    g_set_error(error, CA_ERROR, CA_ERROR_DOWN, "not-stored: %s", why->message);
    return FALSE;
}

/* --- what broke off --------------------------------------------------------------------------------------------------------- */

/* The log shows the signature: is it that issuer's? A line that somebody else wrote gets no row. */
static gboolean
store_logged(Signer *signer, const DbOpenIntent *intent, GBytes *der, GError **error)
{
    g_autoptr(CaCertificateInfo) info = ca_certificate_read(g_bytes_get_data(der, NULL), g_bytes_get_size(der), error);
    gboolean live;
    if (!info)
        return FALSE;
    if (!ca_certificate_issued_by(der, intent->issuer_certificate)) {
        g_set_error(error, CA_ERROR, CA_ERROR_BROKEN, "signer-log: certificate %s of %s in %s is not signed by it", intent->serial,
                    intent->issuer, signer_log_file(signer->log));
        return FALSE;
    }
    if (!signer_store(signer, intent->id, info, &live, error))
        return FALSE;
    log_write(LOG_LEVEL_WARNING, "reconciled", "issuer", intent->issuer, "serial", intent->serial, "outcome",
              live ? "stored" : "revoked", NULL);
    return TRUE;
}

static gboolean
close_unsigned(Signer *signer, const DbOpenIntent *intent, GError **error)
{
    g_autoptr(GError) why = NULL;
    if (!db_intent_void(signer->db, intent->id, &why))
        return signer_fail(why, error);
    log_write(LOG_LEVEL_WARNING, "reconciled", "issuer", intent->issuer, "serial", intent->serial, "outcome", "never signed", NULL);
    return TRUE;
}

/* Held by us, so nobody works on it any more, and what the log shows is final. */
static gboolean
end(Signer *signer, const DbOpenIntent *intent, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(GBytes) der = signer_log_find(signer->log, intent->log_at, intent->issuer, intent->serial, &why);
    if (der)
        return store_logged(signer, intent, der, error);
    if (!why)
        return close_unsigned(signer, intent, error);
    g_propagate_error(error, g_steal_pointer(&why));
    return FALSE;
}

gboolean
signer_reconcile(Signer *signer, const char *log, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(GPtrArray) intents = db_intents_open(signer->db, log, &why);
    gboolean ok = TRUE;
    if (!intents)
        return signer_fail(why, error);
    for (guint i = 0; i < intents->len; i++) {
        const DbOpenIntent *intent = intents->pdata[i];
        if (!signer_log_hold(signer->log, intent->id))
            continue; /* somebody is at it */
        ok = end(signer, intent, ok ? error : NULL) && ok; /* one that cannot be ended does not keep the others */
        signer_log_let_go(signer->log, intent->id);
    }
    return ok;
}
