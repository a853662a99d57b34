#include "db/log.h"
#include "fcgi/handlers.h"
#include "fcgi/helpdesk.h"
#include "fcgi/page.h"
#include "ra/listing.h"

static gboolean
pour(gboolean (*write)(const char *bytes, gsize n, gpointer out), gpointer out, gpointer data)
{
    const Exchange *x = data;
    const RaOfficer officer = helpdesk_officer(x);
    g_autoptr(GError) error = NULL;
    if (ra_listing(x->portal->ra, &officer, MAX(form_number(x->query, "institution"), 0), write, out, &error))
        return TRUE;
    log_error("listing-broken-off", error);
    return FALSE;
}

void
helpdesk_everything(Exchange *x)
{
    g_autoptr(GError) error = NULL;
    if (!ra_context_alive(x->portal->ra, &error)) { /* once it has begun, nothing can be said about it any more */
        page_failure(x, error, "/helpdesk");
        return;
    }
    http_header(&x->out, "Content-Disposition", "attachment; filename=\"certificates.tsv\"");
    http_header(&x->out, "Cache-Control", "no-store");
    http_header(&x->out, "Content-Type", "text/tab-separated-values; charset=utf-8");
    x->out.pour = pour;
    x->out.pour_data = x;
    x->answered = TRUE;
}
