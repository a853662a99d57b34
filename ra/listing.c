#include "ra/listing.h"

#include "db/institution.h"
#include "db/listing.h"
#include "ra/error.h"
#include "ra/institution.h"
#include "web/tsv.h"

#define PAGE 500 /* requests */

static void
add_row(const char *const *cells, gpointer data)
{
    web_tsv_row(data, cells, db_listing_columns_count);
}

/* *GOES_ON: somebody still reads. */
static gboolean
pour(RaContext *ctx, gint64 institution, RaListingWrite write, gpointer data, gboolean *goes_on, GError **error)
{
    struct db_listing_key key = { 0 };
    g_autoptr(GString) page = g_string_new(NULL);
    gboolean more = TRUE;
    while (more && *goes_on) {
        g_string_truncate(page, 0);
        if (!db_listing_page(ctx->db, institution, &key, PAGE, add_row, page, &more, error))
            return FALSE;
        *goes_on = page->len == 0 || write(page->str, page->len, data);
    }
    return TRUE;
}

static gboolean
pour_all(RaContext *ctx, const RaOfficer *officer, gint64 choice, RaListingWrite write, gpointer data, GError **error)
{
    gboolean goes_on = TRUE;
    if (officer->institution || choice)
        return pour(ctx, officer->institution ? officer->institution : choice, write, data, &goes_on, error);
    g_autoptr(GPtrArray) all = ra_officer_institutions(ctx, error);
    for (guint i = 0; all && i < all->len; i++)
        if (!pour(ctx, ((const RaInstitution *)all->pdata[i])->id, write, data, &goes_on, error))
            return FALSE;
    return all != NULL;
}

gboolean
ra_listing(RaContext *ctx, const RaOfficer *officer, gint64 institution, RaListingWrite write, gpointer data, GError **error)
{
    g_autoptr(GString) head = g_string_new("\xef\xbb\xbf");
    web_tsv_row(head, db_listing_columns, db_listing_columns_count);
    gboolean ok = db_begin(ctx->db, error) && db_listing_freeze(ctx->db, error);
    if (ok && write(head->str, head->len, data))
        ok = pour_all(ctx, officer, institution, write, data, error);
    db_rollback(ctx->db);
    return ok || ra_error_from(error);
}
