#include "db/profile.h"

/* Infinity is 0: one that sleeps has no beginning yet. */
#define MOMENT(column) "case when isfinite(" column ") then extract(epoch from " column ")::bigint end"
#define COLUMNS                                                                                                             \
    "select id, name, type, issuer, subject, months, " MOMENT("valid_from") ", " MOMENT("valid_to") ", contexts, assurance from "

enum { NOW };
static const DbStatement statements[] = {
    [NOW] = { "profile_now", COLUMNS "profile_now($1, $2) where id is not null", "si" },
};
const DbGroup db_profile_group = { "profile", statements, G_N_ELEMENTS(statements), "portal worker owner" };

enum { LIST, ASK };
static const DbStatement owner[] = {
    [LIST] = { "profile_list",
            COLUMNS "profile where $1::text is null or (name = $1 and (valid_to is null or valid_to > now()))"
            " order by type, name, valid_from",
            "s" },
    [ASK] = { "profile_ask", "update profile set contexts = $2, assurance = $3 where id = $1", "iaa" },
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
    g_strfreev(profile->contexts);
    g_strfreev(profile->assurance);
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
    return profile;
}

DbProfile *
db_profile_now(Db *db, const char *type, gint64 months, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[NOW], error, type, months);
    return rows && db_rows_count(rows) > 0 ? read_row(rows, 0) : NULL;
}

GPtrArray *
db_profile_list(Db *db, const char *name, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &owner[LIST], error, name);
    if (!rows)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)db_profile_free);
    for (int row = 0; row < db_rows_count(rows); row++)
        g_ptr_array_add(list, read_row(rows, row));
    return list;
}

gboolean
db_profile_ask(Db *db, gint64 id, const char *const *contexts, const char *const *assurance, GError **error)
{
    return db_do(db, &owner[ASK], error, id, contexts, assurance);
}
