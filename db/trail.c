#include "db/trail.h"

#define EPOCH(column) "floor(extract(epoch from " column "))::bigint"

/* $1 institution, $2 low, $3 high, $4 from, $5 until, $6 limit, $7 kinds; $8 actor, request or person. */
#define SCOPE(column) "($1::bigint is null or " column " = $1)"
#define RANGE(t)                                                                                                             \
    t ".id >= $2 and " t ".id < $3 and " t ".at >= coalesce(to_timestamp($4::bigint), '-infinity')"                          \
    " and " t ".at < coalesce(to_timestamp($5::bigint), 'infinity')"
#define KIND(t) "($7::text[] is null or " t ".what = any ($7))"

/* Names are looked up for the rows of the page alone. An actor is a word, or a role and a person: officer:7. */
#define OF(page, order)                                                                                                      \
    "select e.id, " EPOCH("e.at") ", e.request, r.person, a.institution, e.actor, a.display_name, a.display_name_ja,"        \
    " o.display_name, o.display_name_ja, i.name, i.name_ja, e.what, e.address, e.log_id, e.detail ->> 'from',"               \
    " e.detail ->> 'to', e.detail ->> 'reason', e.detail ->> 'serial', e.detail ->> 'note', e.detail ->> 'refusal',"         \
    " e.detail ->> 'key_origin', e.detail ->> 'days', e.detail::text, array(select d.key || ': ' || case"                  \
    " when jsonb_typeof(d.value) = 'object' and d.value ? 'new' then coalesce(nullif(d.value ->> 'old', ''), '–') || ' → ' ||"  \
    " coalesce(nullif(d.value ->> 'new', ''), '–') else e.detail ->> d.key end from jsonb_each(e.detail) d order by d.key)"     \
    " from (" page ") e"                                                                                                     \
    " left join request r on r.number = e.request left join person o on o.id = r.person"                                     \
    " left join institution i on i.id = e.institution left join lateral (select * from person where id ="                    \
    " case when e.actor ~ '^(person|officer|operator):[0-9]{1,18}$' then split_part(e.actor, ':', 2)::bigint end) a on true" \
    " order by e.id " order

#define EVERY(order)                                                                                                         \
    OF("select * from event e where $1::bigint is null and " RANGE("e") " order by e.id " order " limit $6", order)
#define ALL(order)                                                                                                           \
    OF("select * from event e where e.institution = $1 and " RANGE("e") " order by e.id " order " limit $6", order)
/* Each institution by its own index, and what belongs to none. */
#define KINDS(order)                                                                                                         \
    OF("(select e.* from institution i cross join unnest($7::text[]) w (what) cross join lateral (select * from event e"     \
       " where e.institution = i.id and e.what = w.what and " RANGE("e") " order by e.id " order " limit $6) e"              \
       " where " SCOPE("i.id") " order by e.id " order " limit $6)"                                                          \
       " union all (select e.* from unnest($7::text[]) w (what) cross join lateral (select * from event e where"             \
       " $1::bigint is null and e.institution is null and e.what = w.what and " RANGE("e") " order by e.id " order           \
       " limit $6) e order by e.id " order " limit $6) order by id " order " limit $6", order)
#define ACTOR(order)                                                                                                         \
    OF("select * from event e where e.actor = $8 and " SCOPE("e.institution") " and " KIND("e") " and " RANGE("e")           \
       " order by e.id " order " limit $6", order)
#define REQUEST(order)                                                                                                       \
    OF("select * from event e where e.request = $8::bigint and " SCOPE("e.institution") " and " KIND("e") " and " RANGE("e") \
       " order by e.id " order " limit $6", order)

enum { EVERY_FALLING, EVERY_RISING, ALL_FALLING, ALL_RISING, KINDS_FALLING, KINDS_RISING, ACTOR_FALLING, ACTOR_RISING,
       REQUEST_FALLING, REQUEST_RISING, PERSON,
       BOUNDS, LINES, HEAD };
static const DbStatement statements[] = {
    [EVERY_FALLING] = { "trail_every", EVERY("desc"), "niinni" },
    [EVERY_RISING] = { "trail_every_rising", EVERY("asc"), "niinni" },
    [ALL_FALLING] = { "trail_all", ALL("desc"), "niinni" },
    [ALL_RISING] = { "trail_all_rising", ALL("asc"), "niinni" },
    [KINDS_FALLING] = { "trail_kinds", KINDS("desc"), "niinnia" },
    [KINDS_RISING] = { "trail_kinds_rising", KINDS("asc"), "niinnia" },
    [ACTOR_FALLING] = { "trail_actor", ACTOR("desc"), "niinnias" },
    [ACTOR_RISING] = { "trail_actor_rising", ACTOR("asc"), "niinnias" },
    [REQUEST_FALLING] = { "trail_request", REQUEST("desc"), "niinniai" },
    [REQUEST_RISING] = { "trail_request_rising", REQUEST("asc"), "niinniai" },
    [PERSON] = { "trail_person",
            OF("(select e.* from request r cross join lateral (select * from event e where e.request = r.number and " KIND("e")
               " and " RANGE("e") " order by e.id desc limit $6) e where r.person = $8 and " SCOPE("r.institution")
               " order by e.id desc limit $6)"
               " union all (select * from event e where e.actor = 'person:' || $8::bigint and e.request is null and "
               SCOPE("e.institution") " and " KIND("e") " and " RANGE("e") " order by e.id desc limit $6)"
               " order by id desc limit $6", "desc"),
            "niinniai" },
    /* Who began first may have ended last: ten minutes are more than any act takes. */
    [BOUNDS] = { "trail_bounds",
            "select case when $1::bigint is null then 0 else event_bound(to_timestamp($1) - interval '10 minutes') end,"
            " case when $2::bigint is null then 9223372036854775807 else event_bound(to_timestamp($2) + interval '10 minutes') end",
            "nn" },
    [LINES] = { "trail_lines",
            "select '{\"hash\": \"' || encode(c.hash, 'hex') || '\", \"event\": ' || event_text(e, c.seq) || '}'"
            " from event e join event_chain c on c.event = e.id where e.id = any ($1::text[]::bigint[]) order by e.id",
            "a" },
    [HEAD] = { "trail_head",
            "select h.seq, " EPOCH("h.at") ", c.seq from (select max(seq) as seq from event_chain) c"
            " left join (select seq, at from event_head order by seq desc limit 1) h on true",
            "" },
};
const DbGroup db_trail_group = { "trail", statements, G_N_ELEMENTS(statements), "portal" };

void
db_trail_row_free(DbTrailRow *row)
{
    if (!row)
        return;
    char *const texts[] = { row->actor, row->who, row->who_ja, row->owner_name, row->owner_name_ja, row->institution,
                            row->institution_ja, row->what, row->address, row->log_id, row->from, row->to, row->reason,
                            row->serial, row->note, row->refusal, row->key_origin, row->days, row->detail };
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_strfreev(row->told);
    g_free(row);
}

static GPtrArray *
read_rows(DbRows *rows)
{
    g_autoptr(DbRows) mine = rows;
    if (!mine)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)db_trail_row_free);
    for (int i = 0; i < db_rows_count(mine); i++) {
        DbTrailRow *row = g_new0(DbTrailRow, 1);
        gint64 *const numbers[] = { &row->id, &row->at, &row->request, &row->owner, &row->who_institution };
        char **const texts[] = { &row->actor, &row->who, &row->who_ja, &row->owner_name, &row->owner_name_ja, &row->institution,
                                 &row->institution_ja, &row->what, &row->address, &row->log_id, &row->from, &row->to,
                                 &row->reason, &row->serial, &row->note, &row->refusal, &row->key_origin, &row->days,
                                 &row->detail };
        int column = 0;
        for (gsize n = 0; n < G_N_ELEMENTS(numbers); n++)
            *numbers[n] = db_rows_int(mine, i, column++);
        for (gsize n = 0; n < G_N_ELEMENTS(texts); n++)
            *texts[n] = db_rows_dup(mine, i, column++);
        row->told = db_rows_list(mine, i, column);
        g_ptr_array_add(list, row);
    }
    return list;
}

GPtrArray *
db_trail_list(Db *db, const struct db_trail_filter *f, int limit, GError **error)
{
    gint64 most = limit;
    if (f->person)
        return read_rows(db_run(db, &statements[PERSON], error, f->institution, f->low, f->high, f->from, f->until, most,
                                f->whats, f->person));
    if (f->request)
        return read_rows(db_run(db, &statements[REQUEST_FALLING + f->rising], error, f->institution, f->low, f->high, f->from,
                                f->until, most, f->whats, f->request));
    if (f->actor)
        return read_rows(db_run(db, &statements[ACTOR_FALLING + f->rising], error, f->institution, f->low, f->high, f->from,
                                f->until, most, f->whats, f->actor));
    if (f->whats)
        return read_rows(db_run(db, &statements[KINDS_FALLING + f->rising], error, f->institution, f->low, f->high, f->from,
                                f->until, most, f->whats));
    int all = f->institution ? ALL_FALLING : EVERY_FALLING;
    return read_rows(db_run(db, &statements[all + f->rising], error, f->institution, f->low, f->high, f->from, f->until,
                            most));
}

gboolean
db_trail_bounds(Db *db, gint64 from, gint64 until, gint64 *low, gint64 *high, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[BOUNDS], error, from, until);
    if (!rows)
        return FALSE;
    *low = db_rows_int(rows, 0, 0);
    *high = db_rows_int(rows, 0, 1);
    return TRUE;
}

GPtrArray *
db_trail_lines(Db *db, const char *const *ids, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[LINES], error, ids);
    if (!rows)
        return NULL;
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < db_rows_count(rows); i++)
        g_ptr_array_add(lines, db_rows_dup(rows, i, 0));
    return lines;
}

gboolean
db_trail_head(Db *db, gint64 *head, gint64 *at, gint64 *last, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[HEAD], error);
    if (!rows)
        return FALSE;
    *head = db_rows_int(rows, 0, 0);
    *at = db_rows_int(rows, 0, 1);
    *last = db_rows_int(rows, 0, 2);
    return TRUE;
}
