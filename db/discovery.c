#include "db/discovery.h"

#include "db/reading.h"

/* What is in force of each IdP that speaks for an institution: where several sources have it, the valid row of the lowest
   priority. A row ends by itself or with its source's copy. $1 is now, $2 the language. */
#define CHOICES                                                                                                               \
    " from institution_idp n join idp i on i.entity_id = n.entity_id join metadata_source s on s.name = i.source"            \
    " left join logo l on l.entity_id = i.entity_id and l.language = $2"                                                      \
    " where least(i.valid_until, s.valid_until) > to_timestamp($1) and not exists"                                            \
    " (select from idp o join metadata_source t on t.name = o.source where o.entity_id = i.entity_id"                        \
    " and least(o.valid_until, t.valid_until) > to_timestamp($1) and (t.priority, t.name) < (s.priority, s.name))"

enum { SEARCH, NAMED };

static const DbStatement statements[] = {
    [SEARCH] = { "discovery_search",
                 "select i.entity_id, i.name_en, i.name_ja, l.picture, count(*) over ()" CHOICES
                 " and not i.hidden and (i.search like all ($3::text[]) or i.search like all ($4::text[]))"
                 " order by case when i.search like $5 or i.search like $6 then 0"
                 " when i.search like all ($7::text[]) or i.search like all ($8::text[]) then 1 else 2 end,"
                 " case when $2 = 'ja' then i.name_ja end collate \"ja-x-icu\","
                 " case when $2 <> 'ja' then i.name_en end collate \"en-x-icu\", i.entity_id limit $9", "isaassaai" },
    [NAMED] = { "discovery_named",
                "select i.entity_id, i.name_en, i.name_ja, l.picture" CHOICES
                " and i.entity_id = any ($3::text[]) order by array_position($3::text[], i.entity_id)", "isa" },
};
const DbGroup db_discovery_group = { "discovery", statements, G_N_ELEMENTS(statements), "portal" };

void
db_choice_free(DbChoice *choice)
{
    if (choice == NULL)
        return;
    g_free(choice->entity_id);
    g_free(choice->name_en);
    g_free(choice->name_ja);
    g_free(choice->picture);
    g_free(choice);
}

static void
free_choice(gpointer choice)
{
    db_choice_free(choice);
}

static GPtrArray *
read_choices(const DbRows *rows)
{
    GPtrArray *choices = g_ptr_array_new_with_free_func(free_choice);
    for (int row = 0; row < db_rows_count(rows); row++) {
        DbChoice *choice = g_new0(DbChoice, 1);
        choice->entity_id = db_rows_dup(rows, row, 0);
        choice->name_en = db_rows_dup(rows, row, 1);
        choice->name_ja = db_rows_dup(rows, row, 2);
        choice->picture = g_strdup(db_rows_text(rows, row, 3));
        g_ptr_array_add(choices, choice);
    }
    return choices;
}

GPtrArray *
db_discovery_search(Db *db, const char *query, const char *language, int limit, gint64 now, gint64 *total, GError **error)
{
    g_auto(DbReadingQuery) q = { 0 };
    db_reading_query(query, &q);
    g_autoptr(DbRows) rows = db_run(db, &statements[SEARCH], error, now, language, q.anywhere[0], q.anywhere[1], q.name[0],
                                    q.name[1], q.starts[0], q.starts[1], (gint64)limit);
    if (rows == NULL)
        return NULL;
    if (total != NULL)
        *total = db_rows_count(rows) > 0 ? db_rows_int(rows, 0, 4) : 0;
    return read_choices(rows);
}

GPtrArray *
db_discovery_named(Db *db, const char *const *entity_ids, const char *language, gint64 now, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[NAMED], error, now, language, entity_ids);
    return rows != NULL ? read_choices(rows) : NULL;
}
