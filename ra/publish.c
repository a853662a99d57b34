#include "ra/publish.h"

#include <string.h>

#include "ca/certificate.h"
#include "ra/error.h"

RaCrl *
ra_publish_crl(RaContext *ctx, const char *issuer, int shard, GError **error)
{
    g_autoptr(GError) why = NULL;
    RaCrl *crl = db_publish_crl(ctx->db, issuer, shard, &why);
    if (crl)
        return crl;
    if (!why)
        g_set_error_literal(&why, RA_ERROR, RA_ERROR_NOT_FOUND, "crl");
    g_propagate_error(error, g_steal_pointer(&why));
    ra_error_from(error);
    return NULL;
}

void
ra_authority_free(RaAuthority *authority)
{
    if (!authority)
        return;
    g_free(authority->name);
    g_free(authority->parent);
    g_clear_pointer(&authority->der, g_bytes_unref);
    g_free(authority->pem);
    g_free(authority->subject);
    g_free(authority->common_name);
    g_free(authority->fingerprint);
    g_free(authority->fingerprint_sha1);
    g_free(authority->key_kind);
    g_free(authority);
}

static RaAuthority *
authority_new(const char *name, const char *parent, GBytes *der, GError **error)
{
    gsize size = 0;
    const void *bytes = g_bytes_get_data(der, &size);
    g_autoptr(CaCertificateInfo) info = ca_certificate_read(bytes, size, error);
    if (!info)
        return NULL;
    RaAuthority *authority = g_new0(RaAuthority, 1);
    authority->name = g_strdup(name);
    authority->parent = g_strdup(parent);
    authority->der = g_bytes_ref(der);
    authority->pem = ca_certificate_pem(der);
    authority->subject = g_strdup(info->subject);
    authority->common_name = g_strdup(info->common_name);
    authority->fingerprint = g_strdup(info->fingerprint);
    authority->fingerprint_sha1 = g_strdup(info->fingerprint_sha1);
    authority->key_kind = g_strdup(info->key);
    authority->not_before = info->not_before;
    authority->not_after = info->not_after;
    return authority;
}

static GPtrArray *
authorities_of(const GPtrArray *rows, GError **error)
{
    g_autoptr(GPtrArray) authorities = g_ptr_array_new_with_free_func((GDestroyNotify)ra_authority_free);
    for (guint i = 0; i < rows->len; i++) {
        const DbPublishedIssuer *row = rows->pdata[i];
        RaAuthority *authority = authority_new(row->name, row->parent, row->certificate, error);
        if (!authority)
            return NULL;
        g_ptr_array_add(authorities, authority);
    }
    return g_steal_pointer(&authorities);
}

static gboolean
same(const GPtrArray *authorities, const GPtrArray *rows)
{
    if (!authorities || authorities->len != rows->len)
        return FALSE;
    for (guint i = 0; i < rows->len; i++) {
        const DbPublishedIssuer *row = rows->pdata[i];
        const RaAuthority *authority = authorities->pdata[i];
        if (strcmp(authority->name, row->name) != 0 || !g_bytes_equal(authority->der, row->certificate))
            return FALSE;
    }
    return TRUE;
}

/* A ceremony adds an authority while we run, so the rows are looked at each time, and taken apart only when they are others. */
static gboolean
refresh(RaContext *ctx, GError **error)
{
    g_autoptr(GPtrArray) rows = db_publish_issuers(ctx->db, error);
    if (!rows)
        return FALSE;
    if (same(ctx->authorities, rows))
        return TRUE;
    GPtrArray *authorities = authorities_of(rows, error);
    if (!authorities)
        return FALSE;
    g_clear_pointer(&ctx->authorities, g_ptr_array_unref);
    ctx->authorities = authorities;
    return TRUE;
}

GPtrArray *
ra_publish_authorities(RaContext *ctx, GError **error)
{
    g_autoptr(GError) why = NULL;
    /* Without the database what was read before still holds: relying parties fetch it from here. */
    if (refresh(ctx, &why) || (ctx->authorities && ctx->authorities->len > 0))
        return g_ptr_array_ref(ctx->authorities);
    g_propagate_error(error, g_steal_pointer(&why));
    ra_error_from(error);
    return NULL;
}

static const RaAuthority *
named(const GPtrArray *authorities, const char *name)
{
    for (guint i = 0; i < authorities->len; i++) {
        const RaAuthority *authority = authorities->pdata[i];
        if (strcmp(authority->name, name) == 0)
            return authority;
    }
    return NULL;
}

RaAuthority *
ra_publish_authority(RaContext *ctx, const char *name, GError **error)
{
    g_autoptr(GPtrArray) authorities = ra_publish_authorities(ctx, error);
    if (!authorities)
        return NULL;
    const RaAuthority *found = named(authorities, name);
    if (!found) {
        g_set_error_literal(error, RA_ERROR, RA_ERROR_NOT_FOUND, "issuer");
        return NULL;
    }
    return authority_new(found->name, found->parent, found->der, error);
}

char *
ra_publish_chain(RaContext *ctx, GError **error)
{
    g_autoptr(GPtrArray) authorities = ra_publish_authorities(ctx, error);
    if (!authorities)
        return NULL;
    GString *text = g_string_new(NULL);
    for (guint i = authorities->len; i > 0; i--)
        g_string_append(text, ((const RaAuthority *)authorities->pdata[i - 1])->pem);
    return g_string_free(text, FALSE);
}

GBytes *
ra_publish_chain_pkcs7(RaContext *ctx, GError **error)
{
    g_autoptr(GPtrArray) authorities = ra_publish_authorities(ctx, error);
    if (!authorities)
        return NULL;
    g_autoptr(GPtrArray) certificates = g_ptr_array_new();
    for (guint i = authorities->len; i > 0; i--)
        g_ptr_array_add(certificates, ((const RaAuthority *)authorities->pdata[i - 1])->der);
    return ca_chain_pkcs7(certificates);
}

const char *
ra_publish_issuer_of(RaContext *ctx, GBytes *certificate, GPtrArray **chain, GError **error)
{
    g_autoptr(GPtrArray) authorities = ra_publish_authorities(ctx, error);
    if (!authorities)
        return NULL;
    for (guint i = 0; i < authorities->len; i++) {
        const RaAuthority *authority = authorities->pdata[i];
        if (!ca_certificate_issued_by(certificate, authority->der))
            continue;
        const char *name = authority->name;
        if (chain) {
            *chain = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
            /* The parents are of our own making, no deeper than the list is long. */
            for (guint depth = 0; authority && depth < authorities->len; depth++) {
                g_ptr_array_add(*chain, g_bytes_ref(authority->der));
                authority = authority->parent ? named(authorities, authority->parent) : NULL;
            }
        }
        return name;
    }
    g_set_error_literal(error, RA_ERROR, RA_ERROR_NOT_FOUND, "issuer");
    return NULL;
}
