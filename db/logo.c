#include "db/logo.h"

#include <string.h>

#define ERROR_LONGEST 500

/* What is wanted: for each language the logo's URL of each IdP that speaks for an institution, by the source that counts. In
   idp.logo stand one URL, or two parted by a space, for ja and for en. $1 is now. */
#define WANTED                                                                                                                \
    "wanted as (select i.entity_id, w.language, case when w.language = 'en' and position(' ' in i.logo) > 0"                   \
    " then split_part(i.logo, ' ', 2) else split_part(i.logo, ' ', 1) end as url"                                             \
    " from institution_idp n join idp i on i.entity_id = n.entity_id join metadata_source s on s.name = i.source"            \
    " cross join (values ('ja'), ('en')) w (language)"                                                                        \
    " where i.logo <> '' and least(i.valid_until, s.valid_until) > to_timestamp($1) and not exists"                             \
    " (select from idp o join metadata_source t on t.name = o.source where o.entity_id = i.entity_id"                        \
    " and least(o.valid_until, t.valid_until) > to_timestamp($1) and (t.priority, t.name) < (s.priority, s.name)))"

enum { PICTURE, DUE, KEEP, DRAWN, FAILED, FORGET, TIDY };

static const DbStatement statements[] = {
    [PICTURE] = { "logo_picture", "select bytes from picture where name = $1", "s" },
    [DUE] = { "logo_due",
              "with " WANTED ", hashed as (select *, sha256(convert_to(url, 'UTF8')) as url_hash from wanted)"
              " select h.entity_id, array_agg(h.language), h.url, h.url_hash,"
              " max(case when l.url_hash = h.url_hash then l.failures else 0 end)"
              " from hashed h left join logo l on l.entity_id = h.entity_id and l.language = h.language"
              " where l.entity_id is null or l.url_hash <> h.url_hash or l.next_at <= to_timestamp($1)"
              " group by h.entity_id, h.url, h.url_hash order by min(l.next_at) nulls first, h.entity_id limit $2", "ii" },
    [KEEP] = { "logo_keep", "insert into picture (name, bytes) values ($1, $2) on conflict (name) do nothing", "sb" },
    [DRAWN] = { "logo_drawn",
                "insert into logo (entity_id, language, url_hash, picture, fetched_at, next_at)"
                " select $1, unnest($2::text[]), $3, $4, to_timestamp($5), to_timestamp($6)"
                " on conflict (entity_id, language) do update set url_hash = excluded.url_hash, picture = excluded.picture,"
                " fetched_at = excluded.fetched_at, next_at = excluded.next_at, failures = 0, error = ''", "sabsii" },
    [FAILED] = { "logo_failed",
                 "insert into logo (entity_id, language, url_hash, next_at, failures, error)"
                 " select $1, unnest($2::text[]), $3, to_timestamp($4), 1, $5"
                 " on conflict (entity_id, language) do update set"
                 " picture = case when logo.url_hash = excluded.url_hash then logo.picture end,"
                 " failures = case when logo.url_hash = excluded.url_hash then logo.failures + 1 else 1 end,"
                 " url_hash = excluded.url_hash, next_at = excluded.next_at, error = excluded.error", "sabis" },
    [FORGET] = { "logo_forget",
                 "with " WANTED " delete from logo l where not exists"
                 " (select from wanted w where w.entity_id = l.entity_id and w.language = l.language)", "i" },
    [TIDY] = { "logo_tidy", "delete from picture p where not exists (select from logo l where l.picture = p.name)", "" },
};
const DbGroup db_logo_group = { "logo", statements, DUE, "portal worker" };
const DbGroup db_logo_worker_group = { "logo_worker", &statements[DUE], G_N_ELEMENTS(statements) - DUE, "worker" };

GBytes *
db_logo_picture(Db *db, const char *name, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[PICTURE], error, name);
    return rows != NULL && db_rows_count(rows) > 0 ? db_rows_bytes(rows, 0, 0) : NULL;
}

void
db_logo_work_free(DbLogoWork *work)
{
    if (work == NULL)
        return;
    g_free(work->entity_id);
    g_strfreev(work->languages);
    g_free(work->url);
    g_clear_pointer(&work->url_hash, g_bytes_unref);
    g_free(work);
}

static void
free_work(gpointer work)
{
    db_logo_work_free(work);
}

GPtrArray *
db_logo_due(Db *db, int limit, gint64 now, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[DUE], error, now, (gint64)limit);
    if (rows == NULL)
        return NULL;
    GPtrArray *due = g_ptr_array_new_with_free_func(free_work);
    for (int row = 0; row < db_rows_count(rows); row++) {
        DbLogoWork *work = g_new0(DbLogoWork, 1);
        work->entity_id = db_rows_dup(rows, row, 0);
        work->languages = db_rows_list(rows, row, 1);
        work->url = db_rows_dup(rows, row, 2);
        work->url_hash = db_rows_bytes(rows, row, 3);
        work->failures = db_rows_int(rows, row, 4);
        g_ptr_array_add(due, work);
    }
    return due;
}

/* Picture and row in one: a sweep between them would take the picture away. */
gboolean
db_logo_drawn(Db *db, const DbLogoWork *work, const char *name, GBytes *png, gint64 now, gint64 next, GError **error)
{
    gboolean ok = db_begin(db, error) && db_do(db, &statements[KEEP], error, name, png) &&
                  db_do(db, &statements[DRAWN], error, work->entity_id, work->languages, work->url_hash, name, now, next) &&
                  db_commit(db, error);
    db_rollback(db);
    return ok;
}

gboolean
db_logo_failed(Db *db, const DbLogoWork *work, const char *message, gint64 next, GError **error)
{
    g_autofree char *some = g_strndup(message, ERROR_LONGEST);
    g_autofree char *valid = g_utf8_make_valid(some, -1);
    return db_do(db, &statements[FAILED], error, work->entity_id, work->languages, work->url_hash, next, valid);
}

gboolean
db_logo_sweep(Db *db, gint64 now, GError **error)
{
    return db_do(db, &statements[FORGET], error, now) && db_do(db, &statements[TIDY], error);
}
