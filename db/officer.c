#include "db/officer.h"

#define EPOCH(column) "date_part('epoch', " column ")::bigint"
#define ALIVE "('applied', 'approval', 'ready', 'collected', 'renewing', 'renew_ready')"

/* $1 is the institution in every statement; null: all of them, one after the other, each by its own index. */
#define SCOPE(column) "($1::bigint is null or " column " = $1)"

enum { NUMBER, PERSON, MONTHS, APPLIED_AT, NOT_BEFORE, NOT_AFTER, TYPE, MEMO, STATE, SERIAL, MAIL, IDENTIFIER, NAME, NAME_JA,
       INSTITUTION, INSTITUTION_JA, ATTENTION };
#define ROW                                                                                                                  \
    "select r.number, r.person, r.months, " EPOCH("r.applied_at") ", " EPOCH("r.not_before") ", " EPOCH("r.not_after") ","  \
    " r.type, r.memo, r.state, (select serial from certificate where request = r.number order by signed_at desc limit 1),"  \
    " r.mail, p.identifier, p.display_name, p.display_name_ja, i.name, i.name_ja"
#define OF_REQUEST " join person p on p.id = r.person join institution i on i.id = r.institution"

/* The keys that begin with what was typed; nothing typed finds nobody. */
#define BEGINS(key, text)                                                                                                    \
    key " >= desk_fold(" text ") and " key " < desk_fold(" text ") || chr(1114111) and desk_fold(" text ") <> ''"

/* A person that several keys find stands where the first of them does. */
#define PEOPLE                                                                                                               \
    "select p.id, p.institution, " EPOCH("p.seen_at") ", (select count(*) from request where person = p.id),"                               \
    " (select count(*) from request where person = p.id and state in " ALIVE "),"                                            \
    " p.identifier, p.display_name, p.display_name_ja, i.name, i.name_ja, p.mails"

/* The keyset as one comparison of rows, so that the index begins where the page does. */
#define BELOW(t) "(" t ".not_after, " t ".number) < (coalesce(to_timestamp($7::bigint), 'infinity')," \
    " coalesce($9::bigint, 9223372036854775807))"
#define ABOVE(t) "(" t ".not_after, " t ".number) > (coalesce(to_timestamp($7::bigint), '-infinity'), coalesce($9::bigint, 0))"

#define ENDS(t)                                                                                                              \
    t ".not_after >= coalesce(to_timestamp($4::bigint), '-infinity') and " t ".not_after <"                                  \
    " coalesce(to_timestamp($5::bigint), 'infinity')"

/* STATE: with one, the index over states gives the rows in order; a condition that may be empty could not. */
#define LISTED(state, order, past)                                                                                           \
    ROW " from institution i cross join lateral (select * from request q where q.institution = i.id and " state              \
    " and ($3::text is null or q.type = $3) and " ENDS("q") " and " past("q")                                                \
    " order by q.not_after " order ", q.number " order " limit $8) r join person p on p.id = r.person where " SCOPE("i.id") \
    " and $6::text is null order by r.not_after " order ", r.number " order " limit $8"

/* Names and the like are looked up for the rows of the page alone. */
#define OF_PEOPLE(order, past)                                                                                               \
    ROW " from (select r.* from (select distinct person from (select k.person from institution i cross join lateral"         \
    " (select key, person from person_key k where k.institution = i.id and " BEGINS("k.key", "$6")                          \
    " order by k.key, k.person limit 100) k where " SCOPE("i.id") " order by k.key, k.person limit 100) k) w"                \
    " join request r on r.person = w.person where " SCOPE("r.institution")                                                  \
    " and ($2::text is null or r.state = $2) and ($3::text is null or r.type = $3) and " ENDS("r") " and " past("r")         \
    " order by r.not_after " order ", r.number " order " limit $8) r" OF_REQUEST                                             \
    " order by r.not_after " order ", r.number " order " limit $8"

#define ANY_STATE "$2::text is null"
#define ONE_STATE "q.state = $2"
#define IN_USE "$2::text is null and q.state in ('collected', 'renewing', 'renew_ready')"

enum { PEOPLE_BY_KEY, HITS, LIST_FALLING, LIST_RISING, STATE_FALLING, STATE_RISING,
       LIST_PEOPLE_FALLING, LIST_PEOPLE_RISING, LIST_ENDING, ATTENTIONS, ONE, REQUESTS,
       OWNER, REVOKE, ACT };

static const DbStatement statements[] = {
    /* One bound below, by key and person together: of two the index may take the one from which it has to read nearly all. */
    [PEOPLE_BY_KEY] = { "officer_people",
            PEOPLE ", k.key from institution i cross join lateral (select k.key, k.person from person_key k"
            " where k.institution = i.id and k.key < desk_fold($2) || chr(1114111) and desk_fold($2) <> ''"
            " and (k.key, k.person) > (greatest(desk_fold($2) collate \"C\", $3::text collate \"C\"), $4::bigint)"
            " and not exists (select from person_key o where o.person = k.person and o.key < k.key and"
            " " BEGINS("o.key", "$2") ")"
            " order by k.key, k.person limit $5) k join person p on p.id = k.person"
            " where " SCOPE("i.id") " order by k.key, k.person limit $5",
            "nssii" },
    /* That few are meant is what the planner cannot know: it would read all people to join them with thousands. */
    [HITS] = { "officer_hits",
            ROW " from (select number from (select number from request where number = $2::bigint"
            " union select c.request from issuer s cross join unnest($3::text[]) v (serial) cross join lateral"
            "  (select request from certificate where issuer = s.name and serial = v.serial limit 1) c"
            " union select request from certificate where fingerprint = decode($4::text, 'hex')"
            " union select request from certificate_sha1 where sha1 = decode($7::text, 'hex')"
            " union select m.number from institution i cross join lateral (select q.number from request q where"
            " q.institution = i.id"
            "  and q.memo <> '' and " BEGINS("desk_fold(q.memo) collate \"C\"", "$5::text") " order by desk_fold(q.memo)"
            " collate \"C\","
            "  q.number limit $6) m where " SCOPE("i.id") ") u limit 100) n join request r on r.number = n.number" OF_REQUEST
            " where " SCOPE("r.institution") " order by r.number desc limit $6",
            "nnassis" },
    [LIST_FALLING] = { "officer_list_falling", LISTED(ANY_STATE, "desc", BELOW), "nssnnsnin" },
    [LIST_RISING] = { "officer_list_rising", LISTED(ANY_STATE, "asc", ABOVE), "nssnnsnin" },
    [STATE_FALLING] = { "officer_state_falling", LISTED(ONE_STATE, "desc", BELOW), "nssnnsnin" },
    [STATE_RISING] = { "officer_state_rising", LISTED(ONE_STATE, "asc", ABOVE), "nssnnsnin" },
    [LIST_PEOPLE_FALLING] = { "officer_list_people_falling", OF_PEOPLE("desc", BELOW), "nssnnsnin" },
    [LIST_PEOPLE_RISING] = { "officer_list_people_rising", OF_PEOPLE("asc", ABOVE), "nssnnsnin" },
    [LIST_ENDING] = { "officer_list_ending", LISTED(IN_USE, "asc", ABOVE), "nssnnsnin" },
    [ATTENTIONS] = { "officer_attention",
            ROW ", n.kind from ("
            "(select 'locked' as kind, q.number, 1 as place from pickup k join request q on q.number = k.request and"
            " q.cycle = k.cycle"
            "  where k.locked_at is not null and k.ended is null and q.state in ('ready', 'renew_ready')"
            "  and " SCOPE("q.institution")
            "  order by k.locked_at desc limit $3)"
            " union all (select 'mail', q.number, 2 from outbox o join request q on q.number = o.request and q.cycle = o.cycle"
            "  where o.state = 'failed' and o.event = 'ready' and q.state in ('ready', 'renew_ready')"
            "  and " SCOPE("q.institution")
            "  and not exists (select from outbox l where l.request = o.request and l.cycle = o.cycle and l.event = 'ready'"
            "  and l.id > o.id) order by q.number desc limit $3)"
            " union all (select 'approval', q.number, 3 from institution i cross join lateral (select number from request"
            "  where institution = i.id and state = 'approval' order by not_after, number limit $3) q where " SCOPE("i.id")
            "  order by q.number limit $3)"
            " union all (select 'ending', q.number, 4 from institution i cross join lateral (select number, not_after"
            " from request"
            "  where institution = i.id and state = 'collected' and not_after > to_timestamp($2::bigint)"
            "  and not_after < to_timestamp($2::bigint) + interval '28 days' order by not_after, number limit $3) q"
            "  where " SCOPE("i.id") " order by q.not_after, q.number limit $3)"
            ") n join request r on r.number = n.number" OF_REQUEST " order by n.place, r.not_after, r.number",
            "nii" },
    [ONE] = { "officer_person",
            PEOPLE ", '' from person p join institution i on i.id = p.institution where p.id = $2 and "
            SCOPE("p.institution"), "ni" },
    [REQUESTS] = { "officer_requests",
            ROW " from request r" OF_REQUEST " where r.person = $2 and " SCOPE("r.institution")
            " order by r.state in " ALIVE " desc, r.number desc limit $3",
            "nii" },
    [OWNER] = { "officer_owner", "select person from request r where number = $2 and " SCOPE("r.institution"), "ni" },
    [REVOKE] = { "officer_revoke",
            "select revoked, withdrawn, proposal from officer_revoke($1, $2, $3::text[]::bigint[], $4, $5, $6, $7, $8, $9, $10)",
            "niassssssn" },
    [ACT] = { "officer_act", "select officer_act($1, $2, $3, $4, $5, $6, $7, $8)", "nisssssn" },
};
const DbGroup db_officer_group = { "officer", statements, G_N_ELEMENTS(statements), "portal" };

/* --- rows ----------------------------------------------------------------------------------------------------------------- */

void
db_desk_row_free(DbDeskRow *row)
{
    if (!row)
        return;
    char *texts[] = { row->type, row->memo, row->state, row->mail, row->serial, row->identifier, row->name, row->name_ja,
                      row->institution, row->institution_ja, row->attention };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_free(row);
}

void
db_desk_person_free(DbDeskPerson *person)
{
    if (!person)
        return;
    char *texts[] = { person->identifier, person->name, person->name_ja, person->institution, person->institution_ja,
                      person->key };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_strfreev(person->mails);
    g_free(person);
}

static GPtrArray *
read_requests(DbRows *rows, gboolean attention)
{
    g_autoptr(DbRows) mine = rows;
    if (!mine)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)db_desk_row_free);
    for (int i = 0; i < db_rows_count(mine); i++) {
        DbDeskRow *row = g_new0(DbDeskRow, 1);
        gint64 *const numbers[] = { &row->number, &row->person, &row->months, &row->applied_at, &row->not_before,
                                    &row->not_after };
        char **const texts[] = { &row->type, &row->memo, &row->state, &row->serial, &row->mail, &row->identifier, &row->name,
                                 &row->name_ja, &row->institution, &row->institution_ja };
        for (int n = 0; n < (int)G_N_ELEMENTS(numbers); n++)
            *numbers[n] = db_rows_int(mine, i, n);
        for (int n = 0; n < (int)G_N_ELEMENTS(texts); n++)
            *texts[n] = db_rows_dup(mine, i, TYPE + n);
        row->attention = attention ? db_rows_dup(mine, i, ATTENTION) : NULL;
        g_ptr_array_add(list, row);
    }
    return list;
}

static DbDeskPerson *
read_person(const DbRows *rows, int i)
{
    DbDeskPerson *person = g_new0(DbDeskPerson, 1);
    gint64 *const numbers[] = { &person->id, &person->institution_id, &person->seen_at, &person->requests, &person->active };
    char **const texts[] = { &person->identifier, &person->name, &person->name_ja, &person->institution,
                             &person->institution_ja };
    int c = 0;
    for (size_t n = 0; n < G_N_ELEMENTS(numbers); n++)
        *numbers[n] = db_rows_int(rows, i, c++);
    for (size_t n = 0; n < G_N_ELEMENTS(texts); n++)
        *texts[n] = db_rows_dup(rows, i, c++);
    person->mails = db_rows_list(rows, i, c++);
    person->key = db_rows_dup(rows, i, c++);
    return person;
}

/* --- finding -------------------------------------------------------------------------------------------------------------- */

GPtrArray *
db_officer_people(Db *db, gint64 institution, const char *text, const char *key, gint64 person, int limit, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[PEOPLE_BY_KEY], error, institution, text, key, person, (gint64)limit);
    if (!rows)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)db_desk_person_free);
    for (int i = 0; i < db_rows_count(rows); i++)
        g_ptr_array_add(list, read_person(rows, i));
    return list;
}

GPtrArray *
db_officer_hits(Db *db, gint64 institution, const struct db_desk_hint *hint, int limit, GError **error)
{
    return read_requests(db_run(db, &statements[HITS], error, institution, hint->number, hint->serials, hint->fingerprint,
                                hint->memo, (gint64)limit, hint->sha1), FALSE);
}

GPtrArray *
db_officer_list(Db *db, gint64 institution, const struct db_desk_filter *f, int limit, GError **error)
{
    int which = f->text ? LIST_PEOPLE_FALLING : f->state ? STATE_FALLING : LIST_FALLING;
    const DbStatement *statement = &statements[f->rising ? which + 1 : which];
    return read_requests(db_run(db, statement, error, institution, f->state, f->type, f->from, f->until, f->text, f->end,
                                (gint64)limit, f->number), FALSE);
}

GPtrArray *
db_officer_ending(Db *db, gint64 institution, const struct db_desk_filter *f, int limit, GError **error)
{
    return read_requests(db_run(db, &statements[LIST_ENDING], error, institution, NULL, f->type, f->from, f->until, NULL, f->end,
                                (gint64)limit, f->number), FALSE);
}

GPtrArray *
db_officer_attention(Db *db, gint64 institution, gint64 now, int limit, GError **error)
{
    return read_requests(db_run(db, &statements[ATTENTIONS], error, institution, now, (gint64)limit), TRUE);
}

DbDeskPerson *
db_officer_person(Db *db, gint64 institution, gint64 person, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[ONE], error, institution, person);
    return rows && db_rows_count(rows) > 0 ? read_person(rows, 0) : NULL;
}

GPtrArray *
db_officer_requests(Db *db, gint64 institution, gint64 person, int limit, GError **error)
{
    return read_requests(db_run(db, &statements[REQUESTS], error, institution, person, (gint64)limit), FALSE);
}

gint64
db_officer_owner(Db *db, gint64 institution, gint64 number, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[OWNER], error, institution, number);
    return rows && db_rows_count(rows) > 0 ? db_rows_int(rows, 0, 0) : 0;
}

/* --- acts ------------------------------------------------------------------------------------------------------------- */

gboolean
db_officer_revoke(Db *db, const struct db_desk_revoke *w, gint64 *revoked, gint64 *withdrawn, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[REVOKE], error, w->institution, w->person, w->numbers, w->memo, w->reason,
                                    w->note, w->actor, w->address, w->log_id, w->days);
    if (!rows)
        return FALSE;
    if (w->proposal)
        *w->proposal = db_rows_int(rows, 0, 2);
    *revoked = db_rows_int(rows, 0, 0);
    *withdrawn = db_rows_int(rows, 0, 1);
    return TRUE;
}

gboolean
db_officer_act(Db *db, const struct db_desk_act *w, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[ACT], error, w->institution, w->number, w->event, w->note, w->actor,
                                    w->address, w->log_id, w->days);
    if (rows && w->proposal)
        *w->proposal = db_rows_int(rows, 0, 0);
    return rows != NULL;
}
