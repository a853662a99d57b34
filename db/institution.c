#include "db/institution.h"

#include <string.h>

enum { GET, BY_NAME, LIST };

#define COLUMNS                                                                                                               \
    "select i.id, i.name, i.name_ja, i.country, i.locality, i.organization, i.unit, i.mail_domains, i.types, i.months,"      \
    " i.approval, i.pin_mail, coalesce(i.grace_days, -1), i.max_active, i.identifier, i.helpdesk_name, i.helpdesk_mail,"     \
    " i.helpdesk_phone, i.password_rule, i.name_form, i.two_officers,"                                                         \
    " array(select entity_id from institution_idp where institution = i.id order by entity_id)"                              \
    " from institution i "

static const DbStatement statements[] = {
    [GET] = { "institution_get", COLUMNS "where i.id = $1", "i" },
    [BY_NAME] = { "institution_by_name", COLUMNS "where i.name = $1", "s" },
    [LIST] = { "institution_list", COLUMNS "order by i.name", "" },
};
const DbGroup db_institution_group = { "institution", statements, G_N_ELEMENTS(statements), "portal worker owner" };

static const DbStatement persons = { "institution_persons", "select count(*) from person where institution = $1", "i" };
const DbGroup db_institution_owner_group = { "institution_owner", &persons, 1, "owner" };

void
db_institution_free(DbInstitution *i)
{
    if (!i)
        return;
    char **lists[] = { i->mail_domains, i->types, i->months, i->two_officers, i->idps };
    char *texts[] = { i->name, i->name_ja, i->country, i->locality, i->organization, i->unit, i->identifier,
                      i->helpdesk_name, i->helpdesk_mail, i->helpdesk_phone, i->password_rule, i->name_form };
    for (size_t n = 0; n < G_N_ELEMENTS(lists); n++)
        g_strfreev(lists[n]);
    for (size_t n = 0; n < G_N_ELEMENTS(texts); n++)
        g_free(texts[n]);
    g_free(i);
}

static DbInstitution *
read_row(const DbRows *rows, int row)
{
    DbInstitution *i = g_new0(DbInstitution, 1);
    i->id = db_rows_int(rows, row, 0);
    i->name = db_rows_dup(rows, row, 1);
    i->name_ja = db_rows_dup(rows, row, 2);
    i->country = db_rows_dup(rows, row, 3);
    i->locality = db_rows_dup(rows, row, 4);
    i->organization = db_rows_dup(rows, row, 5);
    i->unit = db_rows_dup(rows, row, 6);
    i->mail_domains = db_rows_list(rows, row, 7);
    i->types = db_rows_list(rows, row, 8);
    i->months = db_rows_list(rows, row, 9);
    i->approval = db_rows_flag(rows, row, 10);
    i->pin_mail = db_rows_flag(rows, row, 11);
    i->grace_days = db_rows_int(rows, row, 12);
    i->max_active = db_rows_int(rows, row, 13);
    i->identifier = db_rows_dup(rows, row, 14);
    i->helpdesk_name = db_rows_dup(rows, row, 15);
    i->helpdesk_mail = db_rows_dup(rows, row, 16);
    i->helpdesk_phone = db_rows_dup(rows, row, 17);
    i->password_rule = db_rows_dup(rows, row, 18);
    i->name_form = db_rows_dup(rows, row, 19);
    i->two_officers = db_rows_list(rows, row, 20);
    i->idps = db_rows_list(rows, row, 21);
    return i;
}

static DbInstitution *
first_of(DbRows *rows)
{
    g_autoptr(DbRows) mine = rows;
    return mine && db_rows_count(mine) > 0 ? read_row(mine, 0) : NULL;
}

DbInstitution *
db_institution_get(Db *db, gint64 id, GError **error)
{
    return first_of(db_run(db, &statements[GET], error, id));
}

DbInstitution *
db_institution_by_name(Db *db, const char *name, GError **error)
{
    return first_of(db_run(db, &statements[BY_NAME], error, name));
}

GPtrArray *
db_institution_list(Db *db, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[LIST], error);
    if (!rows)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)db_institution_free);
    for (int row = 0; row < db_rows_count(rows); row++)
        g_ptr_array_add(list, read_row(rows, row));
    return list;
}

gint64
db_institution_persons(Db *db, gint64 institution, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &persons, error, institution);
    return rows ? db_rows_int(rows, 0, 0) : -1;
}

gboolean
db_mail_domain_allowed(const char *mail, char *const *domains)
{
    const char *at = strchr(mail, '@');
    g_autofree char *host = at ? g_ascii_strdown(at + 1, -1) : NULL;
    for (; host && *domains; domains++)
        if (strcmp(host, *domains) == 0 || (**domains == '.' && g_str_has_suffix(host, *domains)))
            return TRUE;
    return FALSE;
}
