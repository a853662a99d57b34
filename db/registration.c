#include "db/registration.h"

#define EPOCH(column) "extract(epoch from " column ")::bigint"

/* The newest request is the one that counts: there is one alive at most. */
#define ROW                                                                                                                  \
    "select o.id, o.person, o.institution, " EPOCH("o.registered_at") ", " EPOCH("o.ended_at") ", r.number, "                \
    EPOCH("r.not_after") ", o.role, p.display_name, p.display_name_ja, coalesce(r.mail, p.mails[1]), i.name, i.name_ja, r.state," \
    " (select serial from certificate where request = r.number order by signed_at desc limit 1),"                            \
    " r.state in ('ready', 'renew_ready') and exists (select from pickup where request = r.number and cycle = r.cycle"       \
    " and pin_sealed is not null)"                                                                                           \
    " from officer o join person p on p.id = o.person join institution i on i.id = o.institution"                            \
    " left join lateral (select * from request where person = o.person and type = 'officer'"                                 \
    " and applied_at >= o.registered_at - interval '1 second' and (o.ended_at is null or applied_at <= o.ended_at)"          \
    " order by number desc limit 1) r on true"

enum { LIST, GET, ADD, APPLY, END, SHEET };

static const DbStatement statements[] = {
    [LIST] = { "registration_list",
            ROW " where ($1::bigint is null or o.institution = $1) and ($2::bigint is null or o.id < $2)"
            " and (o.ended_at is not null) = $4 and (desk_fold($3) = '' or position(desk_fold($3) in desk_fold(p.display_name)) > 0"
            " or position(desk_fold($3) in desk_fold(p.display_name_ja)) > 0 or position(desk_fold($3) in desk_fold(p.identifier)) > 0)"
            " order by o.id desc limit $5",
            "nnsfi" },
    [GET] = { "registration_get", ROW " where o.id = $1", "i" },
    [ADD] = { "registration_add", "select officer_register($1, $2, $3, $4, $5, $6, $7, $8, $9)", "issssbsss" },
    [APPLY] = { "registration_apply", "select officer_certify($1, $2, $3, $4, $5)", "ibsss" },
    [END] = { "registration_end", "select officer_end($1, $2, $3, $4, $5, $6)", "isbsss" },
    [SHEET] = { "registration_sheet", "select officer_sheet($1, $2, $3, $4, $5, $6)", "iibsss" },
};
const DbGroup db_registration_group = { "registration", statements, G_N_ELEMENTS(statements), "portal owner" };

enum { OF_REQUEST, RENEW, SEEN };

static const DbStatement portal[] = {
    [OF_REQUEST] = { "registration_of_request",
            ROW " join request q on q.person = o.person and q.type = 'officer' where q.number = $1 and o.ended_at is null", "i" },
    [RENEW] = { "registration_renew", "select officer_renew($1, $2, $3, $4)", "bbss" },
    [SEEN] = { "registration_seen", "update person set seen_at = now() where id = $1", "i" },
};
const DbGroup db_registration_portal_group = { "registration-portal", portal, G_N_ELEMENTS(portal), "portal" };

void
db_registration_free(DbRegistration *r)
{
    if (!r)
        return;
    char *texts[] = { r->role, r->name, r->name_ja, r->mail, r->institution_name, r->institution_name_ja, r->state, r->serial };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_free(r);
}

static DbRegistration *
read_one(const DbRows *rows, int i)
{
    DbRegistration *r = g_new0(DbRegistration, 1);
    gint64 *const numbers[] = { &r->id, &r->person, &r->institution, &r->registered_at, &r->ended_at, &r->number, &r->not_after };
    char **const texts[] = { &r->role, &r->name, &r->name_ja, &r->mail, &r->institution_name, &r->institution_name_ja, &r->state,
                             &r->serial };
    int c = 0;
    for (size_t n = 0; n < G_N_ELEMENTS(numbers); n++)
        *numbers[n] = db_rows_int(rows, i, c++);
    for (size_t n = 0; n < G_N_ELEMENTS(texts); n++)
        *texts[n] = db_rows_dup(rows, i, c++);
    r->has_pin = db_rows_flag(rows, i, c++);
    return r;
}

GPtrArray *
db_registration_list(Db *db, const struct db_registration_filter *f, int limit, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[LIST], error, f->institution, f->before, f->text, f->ended, (gint64)limit);
    if (!rows)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)db_registration_free);
    for (int i = 0; i < db_rows_count(rows); i++)
        g_ptr_array_add(list, read_one(rows, i));
    return list;
}

DbRegistration *
db_registration_get(Db *db, gint64 id, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[GET], error, id);
    return rows && db_rows_count(rows) > 0 ? read_one(rows, 0) : NULL;
}

DbRegistration *
db_registration_of_request(Db *db, gint64 number, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &portal[OF_REQUEST], error, number);
    return rows && db_rows_count(rows) > 0 ? read_one(rows, 0) : NULL;
}

gint64
db_registration_add(Db *db, const struct db_registration_new *who, const struct db_registration_by *by, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[ADD], error, who->institution, who->name, who->name_ja, who->mail, who->role,
                                    by->session, by->actor, by->address, by->log_id);
    return rows ? db_rows_int(rows, 0, 0) : 0;
}

gint64
db_registration_apply(Db *db, gint64 id, const struct db_registration_by *by, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[APPLY], error, id, by->session, by->actor, by->address, by->log_id);
    return rows ? db_rows_int(rows, 0, 0) : 0;
}

gboolean
db_registration_end(Db *db, gint64 id, const char *note, const struct db_registration_by *by, GError **error)
{
    return db_do(db, &statements[END], error, id, note, by->session, by->actor, by->address, by->log_id);
}

gboolean
db_registration_sheet(Db *db, gint64 id, gint64 number, const struct db_registration_by *by, GError **error)
{
    return db_do(db, &statements[SHEET], error, id, number, by->session, by->actor, by->address, by->log_id);
}

gint64
db_registration_renew(Db *db, GBytes *fingerprint, const struct db_registration_by *by, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &portal[RENEW], error, fingerprint, by->session, by->address, by->log_id);
    return rows ? db_rows_int(rows, 0, 0) : 0;
}

gboolean
db_registration_seen(Db *db, gint64 person, GError **error)
{
    return db_do(db, &portal[SEEN], error, person);
}
