#include "db/metrics.h"

static const DbStatement statements[] = {
    { "metrics",
      "select 'inkan_mails{state=\"waiting\"}', count(*) from outbox where state = 'waiting'"
      " union all select 'inkan_mail_oldest_waiting_seconds', coalesce($1::bigint - extract(epoch from min(created_at))::bigint, 0)"
      " from outbox where state = 'waiting'"
      " union all select 'inkan_requests{state=\"' || s || '\"}', (select count(*) from request where state = s)"
      " from unnest('{applied,approval,renewing,revoking}'::text[]) s"
      " union all select 'inkan_crl_seconds_left{issuer=\"' || issuer || '\",shard=\"' || shard || '\"}',"
      " extract(epoch from next_update)::bigint - $1::bigint from crl"
      " union all select 'inkan_crl_age_seconds{issuer=\"' || issuer || '\",shard=\"' || shard || '\"}',"
      " $1::bigint - extract(epoch from this_update)::bigint from crl"
      " union all select 'inkan_ocsp_age_seconds{issuer=\"' || i.name || '\"}', $1::bigint - extract(epoch from o.this_update)::bigint"
      " from issuer i cross join lateral (select this_update from ocsp_response where issuer = i.name order by this_update desc limit 1) o"
      " union all select 'inkan_crl_number{issuer=\"' || issuer || '\",shard=\"' || shard || '\"}', number from crl"
      " union all select 'inkan_revocations_unpublished', count(*) from certificate where revoked_at is not null and published is null"
      " union all select 'inkan_metadata_seconds_left{source=\"' || name || '\"}', coalesce(extract(epoch from case when kind = 'mdq'"
      " then (select min(valid_until) from idp where source = name) else valid_until end)::bigint - $1::bigint, 0)"
      " from metadata_source where kind <> 'manual'"
      " union all select 'inkan_metadata_age_seconds{source=\"' || name || '\"}',"
      " coalesce($1::bigint - extract(epoch from asked_at)::bigint, -1) from metadata_source where kind <> 'manual'"
      " union all select 'inkan_metadata_failing{source=\"' || name || '\"}', (error <> '')::integer from metadata_source"
      " where kind <> 'manual'"
      " union all select 'inkan_metadata_last_failure_timestamp_seconds{source=\"' || name || '\"}',"
      " coalesce(extract(epoch from failed_at)::bigint, 0) from metadata_source where kind <> 'manual'"
      " union all select 'inkan_metadata_entities{source=\"' || name || '\"}', entities from metadata_source"
      " union all select 'inkan_metadata_skipped{source=\"' || name || '\"}', skipped from metadata_source where kind = 'aggregate'"
      " union all select 'inkan_metadata_questions_failing{source=\"' || s.name || '\"}', count(f.entity_id) from metadata_source s"
      " left join idp_fetch f on f.source = s.name and f.error <> '' where s.kind = 'mdq' group by s.name",
      "i" },
};
const DbGroup db_metrics_group = { "metrics", statements, G_N_ELEMENTS(statements), "portal" };

static void
metric_free(gpointer data)
{
    g_free(((DbMetric *)data)->name);
    g_free(data);
}

GPtrArray *
db_metrics(Db *db, gint64 now, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[0], error, now);
    if (!rows)
        return NULL;
    GPtrArray *metrics = g_ptr_array_new_with_free_func(metric_free);
    for (int i = 0; i < db_rows_count(rows); i++) {
        DbMetric *metric = g_new(DbMetric, 1);
        metric->name = g_strdup(db_rows_text(rows, i, 0));
        metric->value = db_rows_int(rows, i, 1);
        g_ptr_array_add(metrics, metric);
    }
    return metrics;
}
