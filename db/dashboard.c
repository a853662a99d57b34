#include "db/dashboard.h"

#include <string.h>

#include "db/institution.h"

#define ENDED "('revoked', 'expired', 'refused', 'lapsed')"

/* Not extract(), which goes by way of numeric. */
#define EPOCH(column) "date_part('epoch', " column ")::bigint"

#define ROW                                                                                                                  \
    "select r.number, r.type, r.months, r.memo, r.state, " EPOCH("r.applied_at") ", " EPOCH("r.not_before") ", "             \
    EPOCH("r.not_after") ", " EPOCH("k.expires_at") ", k.locked_at is not null, k.id is not null and coalesce("              \
    "(select state = 'failed' from outbox where request = r.number and cycle = r.cycle and event = 'ready'"                  \
    " order by id desc limit 1), false), r.xmin, k.xmin from request r"                                                      \
    " left join pickup k on r.state in ('ready', 'renew_ready') and k.request = r.number and k.cycle = r.cycle"              \
    " and k.ended is null "

enum { ROW_COLUMNS = 13 };
enum { NUMBER, TYPE, MONTHS, MEMO, STATE, APPLIED_AT, NOT_BEFORE, NOT_AFTER, EXPIRES_AT, LOCKED, MAIL_FAILED }; /* of ROW */
enum { NAMED = ROW_COLUMNS, MAILS, DOMAINS, TYPES, MONTHS_ALLOWED, MAX_ACTIVE, PROFILES, UNIT, UNITS,
       ACTIVE, HIDDEN, LAST, CHANGES, COLUMNS };

static const DbStatement of_all = { "dashboard_of_all",
    ROW "where ($1::text is null or r.state = $1) and ($2::bigint is null or r.number < $2) order by r.number desc limit $3",
    "sni" };
const DbGroup db_dashboard_group = { "dashboard", &of_all, 1, "owner" };

/* What concerns the person stands with each row, and alone where there is no request. */
static const DbStatement dashboard = { "dashboard_get",
    "select l.*, certificate_name(p, i.name_form) is not null, p.mails, i.mail_domains, i.types, i.months, i.max_active,"
    " array(select type || ' ' || months from profile where valid_from <= now() and (valid_to is null or valid_to > now())"
    " order by id), i.unit, case when i.unit_choice = 'person' then i.units else '{}' end, c.active, c.hidden, c.last,"
    " (select string_agg(id || ' ' || xmin, ' ' order by id) from change where person = $1 and state = 'open' and not known)"
    " from person p join institution i on i.id = p.institution"
    " cross join (select count(*) filter (where state not in ('revoking', 'revoked', 'expired', 'refused', 'lapsed'))"
    "  as active, count(*) filter (where state in " ENDED ") as hidden, max(number) as last"
    "  from request where person = $1) c"
    " left join lateral (" ROW "where r.person = $1 and ($3::bigint is null or r.number < $3) and ($2 or r.state not in"
    " " ENDED ") order by r.number desc limit $4) l on true where p.id = $1",
    "ifni" };
const DbGroup db_dashboard_portal_group = { "dashboard_portal", &dashboard, 1, "portal" };

void
db_request_row_free(DbRequestRow *row)
{
    if (!row)
        return;
    g_free(row->type);
    g_free(row->memo);
    g_free(row->state);
    g_free(row);
}

void
db_dashboard_free(DbDashboard *d)
{
    if (!d)
        return;
    char **lists[] = { d->mails, d->mails_allowed, d->types, d->months, d->profiles, d->units };
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
        g_strfreev(lists[i]);
    g_free(d->unit);
    g_clear_pointer(&d->rows, g_ptr_array_unref);
    g_clear_pointer(&d->stamp, g_bytes_unref);
    g_free(d);
}

static DbRequestRow *
read_row(const DbRows *rows, int i)
{
    DbRequestRow *row = g_new0(DbRequestRow, 1);
    row->number = db_rows_int(rows, i, NUMBER);
    row->type = db_rows_dup(rows, i, TYPE);
    row->months = db_rows_int(rows, i, MONTHS);
    row->memo = db_rows_dup(rows, i, MEMO);
    row->state = db_rows_dup(rows, i, STATE);
    row->applied_at = db_rows_int(rows, i, APPLIED_AT);
    row->not_before = db_rows_int(rows, i, NOT_BEFORE);
    row->not_after = db_rows_int(rows, i, NOT_AFTER);
    row->pickup_expires_at = db_rows_int(rows, i, EXPIRES_AT);
    row->locked = db_rows_flag(rows, i, LOCKED);
    row->mail_failed = db_rows_flag(rows, i, MAIL_FAILED);
    return row;
}

static GPtrArray *
read_rows(const DbRows *rows)
{
    GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)db_request_row_free);
    for (int i = 0; i < db_rows_count(rows); i++)
        if (!db_rows_null(rows, i, NUMBER))
            g_ptr_array_add(all, read_row(rows, i));
    return all;
}

GPtrArray *
db_dashboard_of_all(Db *db, const char *state, gint64 before, int limit, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &of_all, error, state, before, (gint64)limit);
    return rows ? read_rows(rows) : NULL;
}

/* Each value with its end, null unlike "": no two results have the same bytes. */
static GBytes *
digest(const DbRows *rows)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    for (int i = 0; i < db_rows_count(rows); i++)
        for (int column = 0; column < (i == 0 ? COLUMNS : ROW_COLUMNS); column++) {
            const char *text = db_rows_text(rows, i, column);
            g_checksum_update(sum, (const guchar *)text, (gssize)strlen(text) + 1);
            if (db_rows_null(rows, i, column))
                g_checksum_update(sum, (const guchar *)"\1", 1);
        }
    guint8 bytes[32];
    gsize size = sizeof bytes;
    g_checksum_get_digest(sum, bytes, &size);
    return g_bytes_new(bytes, size);
}

static char **
allowed(char *const *mails, char *const *domains)
{
    g_autoptr(GStrvBuilder) list = g_strv_builder_new();
    for (char *const *mail = mails; *mail; mail++)
        if (db_mail_domain_allowed(*mail, domains))
            g_strv_builder_add(list, *mail);
    return g_strv_builder_end(list);
}

DbDashboard *
db_dashboard_get(Db *db, gint64 person, gboolean all, gint64 before, int limit, GError **error)
{
    /* One more than is shown tells whether there is a next page. */
    g_autoptr(DbRows) rows = db_run(db, &dashboard, error, person, all, before, (gint64)limit + 1);
    if (!rows || db_rows_count(rows) == 0)
        return NULL;
    DbDashboard *d = g_new0(DbDashboard, 1);
    g_auto(GStrv) domains = db_rows_list(rows, 0, DOMAINS);
    d->rows = read_rows(rows);
    d->hidden = all || before ? 0 : db_rows_int(rows, 0, HIDDEN);
    d->named = db_rows_flag(rows, 0, NAMED);
    d->mails = db_rows_list(rows, 0, MAILS);
    d->mails_allowed = allowed(d->mails, domains);
    d->types = db_rows_list(rows, 0, TYPES);
    d->months = db_rows_list(rows, 0, MONTHS_ALLOWED);
    d->profiles = db_rows_list(rows, 0, PROFILES);
    d->unit = db_rows_dup(rows, 0, UNIT);
    d->units = db_rows_list(rows, 0, UNITS);
    d->active = db_rows_int(rows, 0, ACTIVE);
    d->max_active = db_rows_int(rows, 0, MAX_ACTIVE);
    d->changed = !db_rows_null(rows, 0, CHANGES);
    d->stamp = digest(rows);
    if (d->rows->len > (guint)limit) {
        g_ptr_array_set_size(d->rows, limit);
        d->next = ((const DbRequestRow *)d->rows->pdata[limit - 1])->number;
    }
    return d;
}
