#include "ra/institution.h"

#include "ra/error.h"

static RaInstitution *
found(RaInstitution *institution, GError *why, GError **error)
{
    if (institution)
        return institution;
    g_propagate_error(error, why ? why : g_error_new_literal(RA_ERROR, RA_ERROR_NOT_FOUND, "institution"));
    ra_error_from(error);
    return NULL;
}

RaInstitution *
ra_institution_get(RaContext *ctx, gint64 id, GError **error)
{
    GError *why = NULL;
    RaInstitution *institution = db_institution_get(ctx->db, id, &why);
    return found(institution, why, error);
}
