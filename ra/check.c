#include "ra/check.h"

#include <string.h>

#include "ca/certificate.h"
#include "ra/error.h"
#include "ra/publish.h"

void
ra_check_free(RaCheck *check)
{
    if (!check)
        return;
    g_free(check->common_name);
    g_free(check->subject);
    g_free(check->issuer);
    g_free(check->serial);
    g_free(check->fingerprint);
    g_free(check->reason);
    g_free(check->type);
    g_free(check->memo);
    g_free(check);
}

const char *
ra_verdict_name(enum ra_verdict verdict)
{
    switch (verdict) {
    case RA_VERDICT_NONE: return "none";
    case RA_VERDICT_VALID: return "works";
    case RA_VERDICT_REVOKED: return "revoked";
    case RA_VERDICT_EXPIRED: return "expired";
    case RA_VERDICT_FOREIGN: return "foreign";
    case RA_VERDICT_UNKNOWN: return "unknown";
    }
    g_assert_not_reached();
}

static void
describe(RaCheck *check, const CaCertificateInfo *info)
{
    check->common_name = g_strdup(info->common_name);
    check->subject = g_strdup(info->subject);
    check->issuer = g_strdup(info->issuer);
    check->serial = g_strdup(info->serial);
    check->fingerprint = g_strdup(info->fingerprint);
    check->not_before = info->not_before;
    check->not_after = info->not_after;
}

/* What the row says of a certificate that is ours. */
static enum ra_verdict
judge(RaCheck *check, const DbPublishedCertificate *row, const char *verify, gint64 now)
{
    check->request = row->request;
    check->type = g_strdup(row->type);
    check->memo = g_strdup(row->memo);
    check->revoked_at = row->revoked_at;
    check->reason = g_strdup(row->reason);
    if (row->revoked_at)
        return RA_VERDICT_REVOKED;
    if (now < row->not_before || now > row->not_after)
        return RA_VERDICT_EXPIRED;
    return g_strcmp0(verify, "SUCCESS") == 0 ? RA_VERDICT_VALID : RA_VERDICT_FOREIGN;
}

static gboolean
look_up(RaContext *ctx, RaCheck *check, const CaCertificateInfo *info, const char *verify, gint64 now, GError **error)
{
    g_autoptr(GError) why = NULL;
    const char *issuer = ra_publish_issuer_of(ctx, info->der, NULL, &why);
    if (g_error_matches(why, RA_ERROR, RA_ERROR_NOT_FOUND)) {
        check->verdict = RA_VERDICT_FOREIGN;
        return TRUE;
    }
    g_autoptr(DbPublishedCertificate) row = issuer ? db_publish_certificate(ctx->db, issuer, info->serial, &why) : NULL;
    if (why) {
        g_propagate_error(error, g_steal_pointer(&why));
        return ra_error_from(error);
    }
    /* A signature by our key over something that we never stored: not valid, whatever it says. */
    check->verdict = row && g_bytes_equal(row->der, info->der) ? judge(check, row, verify, now) : RA_VERDICT_UNKNOWN;
    return TRUE;
}

RaCheck *
ra_check_certificate(RaContext *ctx, const char *pem, const char *verify, gint64 now, GError **error)
{
    g_autoptr(RaCheck) check = g_new0(RaCheck, 1);
    if (!pem || !*pem || g_strcmp0(verify, "NONE") == 0)
        return g_steal_pointer(&check);
    g_autoptr(CaCertificateInfo) info = ca_certificate_read(pem, strlen(pem), NULL);
    if (!info) {
        check->verdict = RA_VERDICT_FOREIGN;
        return g_steal_pointer(&check);
    }
    describe(check, info);
    return look_up(ctx, check, info, verify, now, error) ? g_steal_pointer(&check) : NULL;
}
