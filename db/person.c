#include "db/person.h"

enum { LOGIN, GET, FIND, NOTICES };

#define PERSON                                                                                                               \
    "select p.id, p.institution, p.idp, p.identifier, p.display_name, p.display_name_ja, p.common_name, p.mails,"             \
    " array(select m from unnest(p.mails) with ordinality u(m, n) where mail_domain_allowed(m, i.mail_domains)"               \
    " order by n), p.affiliation, p.language, p.notices, extract(epoch from p.first_seen)::bigint,"                           \
    " extract(epoch from p.seen_at)::bigint from person p join institution i on i.id = p.institution "

static const DbStatement statements[] = {
    /* The institution comes from the IdP, never from what the IdP says. */
    [LOGIN] = { "person_login",
            "insert into person (institution, idp, identifier, display_name, display_name_ja, common_name, mails, affiliation,"
            " language)"
            " select institution, entity_id, $2, $3, $4, $5, $6, $7, $8 from institution_idp where entity_id = $1"
            " on conflict (institution, idp, identifier) do update set display_name = excluded.display_name,"
            " display_name_ja = excluded.display_name_ja, common_name = excluded.common_name, mails = excluded.mails,"
            " affiliation = excluded.affiliation, language = excluded.language, seen_at = now()"
            " returning id, institution",
            "sssssaas" },
    [GET] = { "person_get", PERSON "where p.id = $1", "i" },
    /* Whoever logs in twice at the same moment changes one after the other. */
    [FIND] = { "person_find",
            PERSON "join institution_idp d on d.institution = p.institution and d.entity_id = p.idp"
            " where p.idp = $1 and p.identifier = $2 for no key update of p",
            "ss" },
    [NOTICES] = { "person_notices", "update person set notices = $2 where id = $1", "if" },
};
const DbGroup db_person_group = { "person", statements, G_N_ELEMENTS(statements), "portal" };

void
db_person_free(DbPerson *person)
{
    if (!person)
        return;
    g_free(person->idp);
    g_free(person->identifier);
    g_free(person->display_name);
    g_free(person->display_name_ja);
    g_free(person->common_name);
    g_strfreev(person->mails);
    g_strfreev(person->mails_allowed);
    g_strfreev(person->affiliation);
    g_free(person->language);
    g_free(person);
}

gint64
db_person_login(Db *db, const struct db_person_login *login, gint64 *institution, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[LOGIN], error, login->idp, login->identifier, login->display_name,
                                    login->display_name_ja ? login->display_name_ja : "", login->common_name, login->mails,
                                    login->affiliation, login->language);
    if (!rows)
        return 0;
    if (db_rows_count(rows) == 0) {
        g_set_error_literal(error, DB_ERROR, DB_ERROR_REFUSED, "institution");
        return 0;
    }
    *institution = db_rows_int(rows, 0, 1);
    return db_rows_int(rows, 0, 0);
}

static DbPerson *
read_row(const DbRows *rows)
{
    if (db_rows_count(rows) == 0)
        return NULL;
    DbPerson *person = g_new0(DbPerson, 1);
    person->id = db_rows_int(rows, 0, 0);
    person->institution = db_rows_int(rows, 0, 1);
    person->idp = db_rows_dup(rows, 0, 2);
    person->identifier = db_rows_dup(rows, 0, 3);
    person->display_name = db_rows_dup(rows, 0, 4);
    person->display_name_ja = db_rows_dup(rows, 0, 5);
    person->common_name = db_rows_dup(rows, 0, 6);
    person->mails = db_rows_list(rows, 0, 7);
    person->mails_allowed = db_rows_list(rows, 0, 8);
    person->affiliation = db_rows_list(rows, 0, 9);
    person->language = db_rows_dup(rows, 0, 10);
    person->notices = db_rows_flag(rows, 0, 11);
    person->first_seen = db_rows_int(rows, 0, 12);
    person->seen_at = db_rows_int(rows, 0, 13);
    return person;
}

DbPerson *
db_person_get(Db *db, gint64 id, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[GET], error, id);
    return rows ? read_row(rows) : NULL;
}

DbPerson *
db_person_find(Db *db, const char *idp, const char *identifier, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[FIND], error, idp, identifier);
    return rows ? read_row(rows) : NULL;
}

gboolean
db_person_set_notices(Db *db, gint64 id, gboolean on, GError **error)
{
    return db_do(db, &statements[NOTICES], error, id, on);
}
