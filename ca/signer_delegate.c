#include "ca/certificate.h"
#include "ca/signer.h"
#include "db/issuer.h"
#include "db/log.h"

#define BACKDATED 300 /* seconds: relying parties' clocks differ */

static gboolean
audited(Signer *signer, const char *issuer, const char *serial, GError **error)
{
    g_autoptr(GError) why = NULL;
    if (!signer_begin(signer, error))
        return FALSE;
    if (db_issuer_audit(signer->db, "responder", issuer, serial, log_id(), &why) && db_commit(signer->db, &why))
        return TRUE;
    db_rollback(signer->db);
    return signer_fail(why, error);
}

GBytes *
signer_delegate(Signer *signer, const char *issuer, GBytes *csr, gint64 now, GError **error)
{
    g_autoptr(CaCsr) proven = ca_csr_parse(g_bytes_get_data(csr, NULL), g_bytes_get_size(csr), error);
    const CaIssuer *by = proven ? signer_issuer(signer, issuer, error) : NULL;
    if (!by)
        return NULL;
    g_autofree char *serial = ca_serial_new();
    g_autofree char *name = g_strdup_printf("OCSP responder %s", issuer);
    gint64 from = MAX(now - BACKDATED, ca_issuer_not_before(by));
    gint64 to = from + settings_number(signer->settings, "responder", "days") * 86400;
    const struct ca_authority what = { .serial = serial, .not_before = from, .not_after = MIN(to, ca_issuer_not_after(by)),
                                       .common_name = name };
    g_autoptr(GBytes) der = ca_responder_build(&what, proven, by, error);
    if (!der || !audited(signer, issuer, serial, error) ||
        !signer_log_add(signer->log, now, "responder", issuer, serial, NULL, error))
        return NULL;
    log_write(LOG_LEVEL_INFO, "responder", "issuer", issuer, "serial", serial, NULL);
    return g_steal_pointer(&der);
}
