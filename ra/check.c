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
    g_free(check->key);
    g_strfreev(check->purposes);
    g_free(check->reason);
    g_free(check->failure);
    g_clear_pointer(&check->chain, g_ptr_array_unref);
    g_free(check->type);
    g_free(check->memo);
    g_free(check->successor);
    g_free(check);
}

const char *
ra_verdict_name(enum ra_verdict verdict)
{
    switch (verdict) {
    case RA_VERDICT_NONE: return "none";
    case RA_VERDICT_FOREIGN: return "foreign";
    case RA_VERDICT_UNKNOWN: return "unknown";
    case RA_VERDICT_REVOKED: return "revoked";
    case RA_VERDICT_EARLY: return "early";
    case RA_VERDICT_EXPIRED: return "expired";
    case RA_VERDICT_PURPOSE: return "purpose";
    case RA_VERDICT_CHAIN: return "chain";
    case RA_VERDICT_VALID: return "works";
    }
    g_assert_not_reached();
}

static void
describe(RaCheck *check, const CaCertificateInfo *info, const char *verify)
{
    check->common_name = g_strdup(info->common_name);
    check->subject = g_strdup(info->subject);
    check->issuer = g_strdup(info->issuer);
    check->serial = g_strdup(info->serial);
    check->fingerprint = g_strdup(info->fingerprint);
    check->key = g_strdup(info->key);
    check->purposes = g_strdupv(info->purposes);
    check->not_before = info->not_before;
    check->not_after = info->not_after;
    if (g_strcmp0(verify, "SUCCESS") != 0)
        check->failure = g_strdup(verify && g_str_has_prefix(verify, "FAILED:") ? verify + strlen("FAILED:") : verify);
}

/* RFC 5280, 4.2.1.12: without the extension a certificate is for everything. */
static gboolean
for_logging_in(const GStrv purposes)
{
    return !*purposes || g_strv_contains((const char *const *)purposes, "clientAuth") ||
           g_strv_contains((const char *const *)purposes, "anyExtendedKeyUsage");
}

/* What the row says of a certificate that is ours. */
static enum ra_verdict
judge(RaCheck *check, const DbPublishedCertificate *row, gint64 now)
{
    check->request = row->request;
    check->type = g_strdup(row->type);
    check->memo = g_strdup(row->memo);
    check->revoked_at = row->revoked_at;
    check->reason = g_strdup(row->reason);
    check->successor = g_strdup(row->successor);
    check->renewable = g_strcmp0(row->state, "collected") == 0 && !row->successor;
    if (row->revoked_at)
        return RA_VERDICT_REVOKED;
    if (now < row->not_before)
        return RA_VERDICT_EARLY;
    if (now > row->not_after)
        return RA_VERDICT_EXPIRED;
    if (!for_logging_in(check->purposes))
        return RA_VERDICT_PURPOSE;
    return check->failure ? RA_VERDICT_CHAIN : RA_VERDICT_VALID;
}

/* Names of the authorities above, from their certificates. */
static GPtrArray *
names_of(const GPtrArray *certificates)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < certificates->len; i++) {
        gsize size;
        const void *bytes = g_bytes_get_data(certificates->pdata[i], &size);
        g_autoptr(CaCertificateInfo) info = ca_certificate_read(bytes, size, NULL);
        if (info)
            g_ptr_array_add(names, g_strdup(*info->common_name ? info->common_name : info->subject));
    }
    return names;
}

static gboolean
look_up(RaContext *ctx, RaCheck *check, const CaCertificateInfo *info, gint64 now, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(GPtrArray) chain = NULL;
    const char *issuer = ra_publish_issuer_of(ctx, info->der, &chain, &why);
    if (g_error_matches(why, RA_ERROR, RA_ERROR_NOT_FOUND)) {
        check->verdict = RA_VERDICT_FOREIGN;
        return TRUE;
    }
    g_autoptr(DbPublishedCertificate) row = issuer ? db_publish_certificate(ctx->db, issuer, info->serial, &why) : NULL;
    if (why) {
        g_propagate_error(error, g_steal_pointer(&why));
        return ra_error_from(error);
    }
    check->chain = names_of(chain);
    /* A signature by our key over something that we never stored: not valid, whatever it says. */
    check->verdict = row && g_bytes_equal(row->der, info->der) ? judge(check, row, now) : RA_VERDICT_UNKNOWN;
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
    describe(check, info, verify);
    return look_up(ctx, check, info, now, error) ? g_steal_pointer(&check) : NULL;
}
