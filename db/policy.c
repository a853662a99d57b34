#include "db/policy.h"

#include <string.h>

enum { GET, BY_NAME, CHANGE, PAST, LIST, EFFECT, OFFERS, SUBJECT, REFUSED };

/* Statements have no parameters of their own for it. */
#define MOST "10001"
G_STATIC_ASSERT(DB_POLICY_COUNT_MOST == 10000);
#define UNDER_WAY "('applied', 'approval', 'ready', 'renewing', 'renew_ready')"
#define ALLOWED "r.type = any (i.types) and r.months = any (i.months) and mail_domain_allowed(r.mail, i.mail_domains)"

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
    /* Counted for the rows of the page only, each as far as it goes, by indexes. */
    [LIST] = { "policy_list",
            "select i.id, i.name, i.name_ja, array_to_string(i.mail_domains, ' '),"
            " (select count(*) from institution_idp d where d.institution = i.id),"
            " (select count(*) from (select from person p where p.institution = i.id limit " MOST ") x),"
            " (select count(*) from (select from request r where r.institution = i.id"
            " and r.state in ('collected', 'renewing', 'renew_ready') limit " MOST ") x)"
            " from (select * from institution where ($2 = '' or name > $2) and ($1 = '' or strpos(desk_fold(name), desk_fold($1)) > 0"
            " or strpos(desk_fold(name_ja), desk_fold($1)) > 0 or strpos(array_to_string(mail_domains, ' '), lower($1)) > 0)"
            " order by name limit $3) i order by i.name",
            "ssi" },
    [EFFECT] = { "policy_effect",
            "select a.n, a.strangers, a.no_mail, b.n, b.stopped, c.n, c.last from institution i"
            " cross join lateral (select count(*) n, count(*) filter (where not exists (select from institution_idp d"
            " where d.entity_id = p.idp and d.institution = i.id)) strangers, count(*) filter (where not exists"
            " (select from unnest(p.mails) m where mail_domain_allowed(m, i.mail_domains))) no_mail"
            " from (select idp, mails from person where institution = i.id limit " MOST ") p) a"
            " cross join lateral (select count(*) n, count(*) filter (where not (" ALLOWED ")) stopped from (select type, months, mail"
            " from request where institution = i.id and state in " UNDER_WAY " limit " MOST ") r) b"
            " cross join lateral (select count(*) n, count(*) filter (where not (" ALLOWED ")) last from (select type, months, mail"
            " from request where institution = i.id and state = 'collected' limit " MOST ") r) c"
            " where i.id = $1",
            "i" },
    [OFFERS] = { "policy_offers",
            "select t, m, (profile_now(t, m)).name from institution i, unnest(i.types) t, unnest(i.months) with ordinality x (m, n)"
            " where i.id = $1 order by t, n",
            "i" },
    [SUBJECT] = { "policy_subject",
            "select subject_text('dn', country, locality, organization, unit, 'N',"
            " case when name_form = 'native' then $3 else $2 end, '') from institution where id = $1",
            "iss" },
    [REFUSED] = { "policy_refused",
            "select split_part(m, '@', 2), count(*) from institution i cross join lateral"
            " (select mails from person where institution = i.id limit " MOST ") p cross join lateral unnest(p.mails) m"
            " where i.id = $1 and not mail_domain_allowed(m, i.mail_domains) group by 1 order by 2 desc, 1 limit $2",
            "ii" },
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

/* --- lists and previews ----------------------------------------------------------------------------------------------------- */

static void
row_free(gpointer data)
{
    DbPolicyRow *row = data;
    g_free(row->name);
    g_free(row->name_ja);
    g_free(row->domains);
    g_free(row);
}

GPtrArray *
db_policy_list(Db *db, const char *text, const char *after, int limit, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[LIST], error, text, after, (gint64)limit);
    if (!rows)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func(row_free);
    for (int i = 0; i < db_rows_count(rows); i++) {
        DbPolicyRow *row = g_new0(DbPolicyRow, 1);
        row->id = db_rows_int(rows, i, 0);
        row->name = db_rows_dup(rows, i, 1);
        row->name_ja = db_rows_dup(rows, i, 2);
        row->domains = db_rows_dup(rows, i, 3);
        row->idps = db_rows_int(rows, i, 4);
        row->people = db_rows_int(rows, i, 5);
        row->active = db_rows_int(rows, i, 6);
        g_ptr_array_add(list, row);
    }
    return list;
}

gboolean
db_policy_effect(Db *db, gint64 institution, struct db_policy_effect *effect, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[EFFECT], error, institution);
    gint64 *numbers[] = { &effect->people, &effect->strangers, &effect->no_mail, &effect->waiting, &effect->stopped,
                          &effect->active, &effect->last };
    for (gsize i = 0; rows && i < G_N_ELEMENTS(numbers); i++)
        *numbers[i] = db_rows_count(rows) > 0 ? db_rows_int(rows, 0, (int)i) : 0;
    return rows != NULL;
}

static void
offer_free(gpointer data)
{
    DbPolicyOffer *offer = data;
    g_free(offer->type);
    g_free(offer->profile);
    g_free(offer);
}

GPtrArray *
db_policy_offers(Db *db, gint64 institution, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[OFFERS], error, institution);
    if (!rows)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func(offer_free);
    for (int i = 0; i < db_rows_count(rows); i++) {
        DbPolicyOffer *offer = g_new0(DbPolicyOffer, 1);
        offer->type = db_rows_dup(rows, i, 0);
        offer->months = db_rows_int(rows, i, 1);
        offer->profile = db_rows_dup(rows, i, 2);
        g_ptr_array_add(list, offer);
    }
    return list;
}

char *
db_policy_subject(Db *db, gint64 institution, const char *name, const char *name_ja, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[SUBJECT], error, institution, name, name_ja);
    return rows && db_rows_count(rows) > 0 ? db_rows_dup(rows, 0, 0) : NULL;
}

static void
refused_free(gpointer data)
{
    DbPolicyRefused *refused = data;
    g_free(refused->domain);
    g_free(refused);
}

GPtrArray *
db_policy_refused(Db *db, gint64 institution, int limit, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[REFUSED], error, institution, (gint64)limit);
    if (!rows)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func(refused_free);
    for (int i = 0; i < db_rows_count(rows); i++) {
        DbPolicyRefused *refused = g_new0(DbPolicyRefused, 1);
        refused->domain = db_rows_dup(rows, i, 0);
        refused->people = db_rows_int(rows, i, 1);
        g_ptr_array_add(list, refused);
    }
    return list;
}
