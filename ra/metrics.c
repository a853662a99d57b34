#include "ra/metrics.h"

#include "db/counter.h"
#include "db/metrics.h"
#include "ra/error.h"

char *
ra_metrics_text(RaContext *ctx, gint64 now, GError **error)
{
    g_autoptr(GPtrArray) metrics = db_metrics(ctx->db, now, error);
    if (!metrics) {
        ra_error_from(error);
        return NULL;
    }
    GString *text = g_string_new("inkan_up 1\n");
    for (guint i = 0; i < metrics->len; i++) {
        const DbMetric *metric = metrics->pdata[i];
        g_string_append_printf(text, "%s %" G_GINT64_FORMAT "\n", metric->name, metric->value);
    }
    for (int i = 0; i < COUNTERS; i++)
        g_string_append_printf(text, "%s %" G_GINT64_FORMAT "\n", counter_name((enum counter)i), counter_get((enum counter)i));
    return g_string_free(text, FALSE);
}
