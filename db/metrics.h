/*
 * metrics: figures for monitoring, each of them cheap at any size of the tables (partial indexes, single rows).
 */
#ifndef DB_METRICS_H
#define DB_METRICS_H

#include "db/db.h"

extern const DbGroup db_metrics_group;

typedef struct {
    char *name;  /* of a metric, with its label: "inkan_crl_seconds_left{issuer=\"client\",shard=\"0\"}" */
    gint64 value;
} DbMetric;

/* DbMetric *, freed with the array. NOW in Unix seconds. */
GPtrArray *db_metrics(Db *db, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
