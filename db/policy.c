#include "db/policy.h"

#include <string.h>

enum { GET, BY_NAME, CHANGE, PAST };

#define COLUMNS                                                                                                               \
    "select i.id, i.version, i.name, i.name_ja, array(select f.name from institution_field f order by f.name),"              \
    " array(select institution_value(i, f.name) from institution_field f order by f.name) from institution i "

static const DbStatement statements[] = {
    [GET] = { "policy_get", COLUMNS "where i.id = $1", "i" },
    [BY_NAME] = { "policy_by_name", COLUMNS "where i.name = $1", "s" },
    [CHANGE] = { "policy_change", "select institution_change($1, $2, $3, $4, $5, $6, $7, $8)", "inaabsss" },
    [PAST] = { "policy_past",
            "select extract(epoch from e.at)::bigint, (e.detail #>> '{version,new}')::bigint, e.actor,"
            " coalesce(p.display_name, ''), coalesce(p.display_name_ja, ''), d.key, d.value ->> 'old', d.value ->> 'new'"
            " from event e cross join lateral jsonb_each(e.detail) d"
            " left join person p on p.id = substring(e.actor from '^operator:([0-9]{1,18})$')::bigint"
            " where e.institution = $1 and e.what = 'institution-changed' and d.key <> 'version'"
            " and (e.detail #>> '{version,new}')::bigint > $2 order by e.id desc, d.key limit $3",
            "iii" },
};
const DbGroup db_policy_group = { "policy", statements, G_N_ELEMENTS(statements), "portal owner" };

static const DbStatement add = {
    "policy_add",
    "with i as (insert into institution (name, organization) values ($1, $2) returning id, name, organization)"
    " select id, audit('operator', id, null, 'institution-added', '', '',"
    " jsonb_build_object('name', name, 'organization', organization)) from i",
    "ss"
};
const DbGroup db_policy_owner_group = { "policy_owner", &add, 1, "owner" };

void
db_policy_free(DbPolicy *policy)
{
    if (!policy)
        return;
    g_free(policy->name);
    g_free(policy->name_ja);
    g_strfreev(policy->fields);
    g_strfreev(policy->values);
    g_free(policy);
}

static DbPolicy *
first_of(DbRows *all)
{
    g_autoptr(DbRows) rows = all;
    if (!rows || db_rows_count(rows) == 0)
        return NULL;
    DbPolicy *policy = g_new0(DbPolicy, 1);
    policy->id = db_rows_int(rows, 0, 0);
    policy->version = db_rows_int(rows, 0, 1);
    policy->name = db_rows_dup(rows, 0, 2);
    policy->name_ja = db_rows_dup(rows, 0, 3);
    policy->fields = db_rows_list(rows, 0, 4);
    policy->values = db_rows_list(rows, 0, 5);
    return policy;
}

DbPolicy *
db_policy_get(Db *db, gint64 institution, GError **error)
{
    return first_of(db_run(db, &statements[GET], error, institution));
}

DbPolicy *
db_policy_by_name(Db *db, const char *name, GError **error)
{
    return first_of(db_run(db, &statements[BY_NAME], error, name));
}

const char *
db_policy_value(const DbPolicy *policy, const char *field)
{
    for (gsize i = 0; policy->fields[i] && policy->values[i]; i++)
        if (strcmp(policy->fields[i], field) == 0)
            return policy->values[i];
    return "";
}

gint64
db_policy_add(Db *db, const char *name, const char *organization, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &add, error, name, organization);
    return rows && db_rows_count(rows) > 0 ? db_rows_int(rows, 0, 0) : 0;
}

gint64
db_policy_change(Db *db, const struct db_policy_change *c, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[CHANGE], error, c->institution, c->version, c->fields, c->values, c->session,
                                    c->actor, c->address, c->log_id);
    return rows && db_rows_count(rows) > 0 ? db_rows_int(rows, 0, 0) : 0;
}

/* --- what was changed ------------------------------------------------------------------------------------------------------ */

static void
past_free(gpointer data)
{
    DbPolicyPast *past = data;
    char *texts[] = { past->actor, past->who, past->who_ja, past->field, past->was, past->is };
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_free(past);
}

GPtrArray *
db_policy_past(Db *db, gint64 institution, gint64 version, int limit, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[PAST], error, institution, version, (gint64)limit);
    if (!rows)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func(past_free);
    for (int row = 0; row < db_rows_count(rows); row++) {
        DbPolicyPast *past = g_new0(DbPolicyPast, 1);
        char **texts[] = { &past->actor, &past->who, &past->who_ja, &past->field, &past->was, &past->is };
        past->at = db_rows_int(rows, row, 0);
        past->version = db_rows_int(rows, row, 1);
        for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
            *texts[i] = g_strdup(db_rows_text(rows, row, 2 + (int)i));
        g_ptr_array_add(list, past);
    }
    return list;
}
