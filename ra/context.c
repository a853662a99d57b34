#include "ra/context.h"

#include "ra/error.h"
#include "ra/ocsp.h"

RaContext *
ra_context_new(const Settings *settings, const char *role, gboolean with_secret, GError **error)
{
    g_autoptr(RaContext) ctx = g_new0(RaContext, 1);
    const char *zone = settings_text(settings, "service", "time_zone");
    ctx->settings = settings;
    ctx->zone = g_time_zone_new_identifier(zone);
    if (!ctx->zone && with_secret) {
        g_set_error(error, SETTINGS_ERROR, SETTINGS_ERROR_VALUE, "[service] time_zone = %s: no time zone of this machine", zone);
        return NULL;
    }
    if (with_secret) {
        ctx->keyring = keyring_load(settings_text(settings, "service", "secret_file"), error);
        if (!ctx->keyring)
            return NULL;
    }
    ctx->db = db_new(settings_text(settings, "database", role));
    return g_steal_pointer(&ctx);
}

void
ra_context_free(RaContext *ctx)
{
    if (!ctx)
        return;
    g_clear_pointer(&ctx->transitions, g_ptr_array_unref);
    g_clear_pointer(&ctx->authorities, g_ptr_array_unref);
    ra_ocsp_free(ctx->ocsp);
    g_clear_pointer(&ctx->zone, g_time_zone_unref);
    keyring_free(ctx->keyring);
    db_free(ctx->db);
    g_free(ctx);
}

gboolean
ra_context_alive(RaContext *ctx, GError **error)
{
    g_autoptr(GError) why = NULL;
    if (db_begin(ctx->db, &why)) {
        db_rollback(ctx->db);
        return TRUE;
    }
    g_propagate_error(error, g_steal_pointer(&why));
    return ra_error_from(error);
}
