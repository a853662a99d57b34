#include "db/profile.h"

/* Infinity is 0: one that sleeps has no beginning yet. Down to the second: rounded up, what has just begun would still lie ahead. */
#define MOMENT(column) "case when isfinite(" column ") then floor(extract(epoch from " column "))::bigint end"
#define COLUMNS                                                                                                             \
    "select id, name, type, issuer, subject, months, " MOMENT("valid_from") ", " MOMENT("valid_to") ", contexts, assurance," \
    " max_active, key_usage, extended, policies, key_kinds from "

enum { NOW };
static const DbStatement statements[] = {
    [NOW] = { "profile_now", COLUMNS "profile_now($1, $2) where id is not null", "si" },
};
const DbGroup db_profile_group = { "profile", statements, G_N_ELEMENTS(statements), "portal worker owner" };

#define WHEN(parameter) \
    "case " parameter "::bigint when 0 then now() when -1 then 'infinity' else to_timestamp(" parameter "::bigint) end"

enum { LIST, ASK, ADD, BEGIN, END };
static const DbStatement owner[] = {
    [LIST] = { "profile_list",
            COLUMNS "profile where ($1::text is null or name = $1) and ($2 or valid_to is null or valid_to > now())"
            " order by type, name, valid_from",
            "sf" },
    [ASK] = { "profile_ask", "update profile set contexts = $2, assurance = $3, max_active = nullif($4, 0) where id = $1", "iaai" },
    [ADD] = { "profile_add",
            "insert into profile (name, type, issuer, subject, months, max_active, key_usage, extended, policies, key_kinds,"
            " contexts, assurance, valid_from, valid_to) values ($1, $2, $3, $4, $5, nullif($6, 0), $7, $8, $9, $10, $11, $12, "
            WHEN("$13") ", case when $14::bigint > 0 then to_timestamp($14::bigint) end) returning id",
            "ssssiiaaaaaaii" },
    [BEGIN] = { "profile_begin", "update profile set valid_from = " WHEN("$2") " where id = $1", "ii" },
    [END] = { "profile_end", "update profile set valid_to = " WHEN("$2") " where id = $1", "ii" },
};
const DbGroup db_profile_owner_group = { "profile_owner", owner, G_N_ELEMENTS(owner), "owner" };

void
db_profile_free(DbProfile *profile)
{
    if (!profile)
        return;
    g_free(profile->name);
    g_free(profile->type);
    g_free(profile->issuer);
    g_free(profile->subject);
    char **const lists[] = { profile->contexts, profile->assurance, profile->key_usage, profile->extended, profile->policies,
                             profile->key_kinds };
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
        g_strfreev(lists[i]);
    g_free(profile);
}

static DbProfile *
read_row(const DbRows *rows, int row)
{
    DbProfile *profile = g_new0(DbProfile, 1);
    profile->id = db_rows_int(rows, row, 0);
    profile->name = db_rows_dup(rows, row, 1);
    profile->type = db_rows_dup(rows, row, 2);
    profile->issuer = db_rows_dup(rows, row, 3);
    profile->subject = db_rows_dup(rows, row, 4);
    profile->months = db_rows_int(rows, row, 5);
    profile->valid_from = db_rows_int(rows, row, 6);
    profile->valid_to = db_rows_int(rows, row, 7);
    profile->contexts = db_rows_list(rows, row, 8);
    profile->assurance = db_rows_list(rows, row, 9);
    profile->max_active = db_rows_int(rows, row, 10);
    profile->key_usage = db_rows_list(rows, row, 11);
    profile->extended = db_rows_list(rows, row, 12);
    profile->policies = db_rows_list(rows, row, 13);
    profile->key_kinds = db_rows_list(rows, row, 14);
    return profile;
}

DbProfile *
db_profile_now(Db *db, const char *type, gint64 months, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[NOW], error, type, months);
    return rows && db_rows_count(rows) > 0 ? read_row(rows, 0) : NULL;
}

GPtrArray *
db_profile_list(Db *db, const char *name, gboolean ended, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &owner[LIST], error, name, ended);
    if (!rows)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)db_profile_free);
    for (int row = 0; row < db_rows_count(rows); row++)
        g_ptr_array_add(list, read_row(rows, row));
    return list;
}

gboolean
db_profile_ask(Db *db, const DbProfile *p, GError **error)
{
    return db_do(db, &owner[ASK], error, p->id, p->contexts, p->assurance, p->max_active);
}

gboolean
db_profile_add(Db *db, const DbProfile *p, gint64 at, gint64 *id, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &owner[ADD], error, p->name, p->type, p->issuer, p->subject, p->months, p->max_active,
                                    p->key_usage, p->extended, p->policies, p->key_kinds, p->contexts, p->assurance, at, p->valid_to);
    *id = rows ? db_rows_int(rows, 0, 0) : 0;
    return rows != NULL;
}

gboolean
db_profile_begin(Db *db, gint64 id, gint64 at, GError **error)
{
    return db_do(db, &owner[BEGIN], error, id, at);
}

gboolean
db_profile_end(Db *db, gint64 id, gint64 at, GError **error)
{
    return db_do(db, &owner[END], error, id, at);
}
