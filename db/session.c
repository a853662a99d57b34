#include "db/session.h"

enum { INSERT, GET, GET_BY_CERTIFICATE, TOUCH, END, END_BY_CERTIFICATE, END_SUBJECT,
       ATTRIBUTES, LOGIN_INSERT, LOGIN_GET, LOGIN_USE, LOGOUT_INSERT, LOGOUT_GET, LOGOUT_SPEND, ASSERTION, N };

#define SELECT(role) \
    "select s.person, p.institution, " role ", s.idp, s.name_id, s.context, s.saml," \
    " extract(epoch from s.created_at)::bigint, extract(epoch from s.seen_at)::bigint," \
    " extract(epoch from s.expires_at)::bigint, p.display_name, p.display_name_ja, i.name, i.name_ja," \
    " i.helpdesk_name, i.helpdesk_mail, i.helpdesk_phone, extract(epoch from s.authn_at)::bigint, s.assurance, s.request" \
    " from session s join person p on p.id = s.person join institution i on i.id = p.institution" \
    " where s.id_hash = $1 and s.expires_at > to_timestamp($2::bigint) and s.seen_at > to_timestamp($2::bigint - $3::bigint)"

static const DbStatement statements[N] = {
    [INSERT] = { "session_insert",
        "insert into session (id_hash, person, role, idp, name_id, session_index, saml, attributes, context, authn_at, assurance,"
        " expires_at, certificate, request) values ($1, $2::bigint, $3, $4, $5, $6, $7, $8::jsonb, $9, to_timestamp($10::bigint),"
        " coalesce($11::text[], '{}'), to_timestamp($12::bigint), $13, $14::bigint)", "bisssssssnaibn" },
    /* One that hangs on a certificate counts only where that is presented. */
    [GET] = { "session_get", SELECT("s.role") " and s.certificate is null", "bii" },
    [GET_BY_CERTIFICATE] = { "session_get_by_certificate",
        SELECT("(select o.role from officer o where o.person = s.person and o.ended_at is null)")
        " and s.certificate = $4 and exists (select from officer o where o.person = s.person and o.ended_at is null)", "biib" },
    [TOUCH] = { "session_touch", "update session set seen_at = to_timestamp($2::bigint) where id_hash = $1", "bi" },
    [END] = { "session_end", "delete from session where id_hash = $1", "b" },
    [END_BY_CERTIFICATE] = { "session_end_by_certificate",
        "delete from session where id_hash = $1 and certificate is not null", "b" },
    [END_SUBJECT] = { "session_end_subject",
        "with gone as (delete from session where idp = $1 and name_id = $2 and name_id <> ''"
        " and (cardinality($3::text[]) = 0 or session_index = any ($3::text[])) returning 1) select count(*) from gone", "ssa" },
    [ATTRIBUTES] = { "session_attributes",
        "select a.key, array(select jsonb_array_elements_text(a.value)) from session s, jsonb_each(s.attributes) a"
        " where s.id_hash = $1 order by a.key", "b" },
    [LOGIN_INSERT] = { "login_insert",
        "insert into login (key_hash, cookie_hash, idp, request_id, saml, return_to, contexts, person, session_hash, expires_at)"
        " values ($1, $2, $3, $4, $5, $6, coalesce($7::text[], '{}'), $8::bigint, $9, to_timestamp($10::bigint))", "bbssssanbi" },
    [LOGIN_GET] = { "login_get",
        "select idp, request_id, saml, return_to, extract(epoch from expires_at)::bigint, used_at is not null, contexts,"
        " person, session_hash from login where key_hash = $1 and cookie_hash = $2", "bb" },
    [LOGIN_USE] = { "login_use",
        "update login set used_at = to_timestamp($2::bigint) where key_hash = $1 and used_at is null returning 1", "bi" },
    [LOGOUT_INSERT] = { "logout_insert",
        "insert into login (key_hash, cookie_hash, idp, request_id, saml, expires_at)"
        " values ($1, '', $2, $3, '', to_timestamp($4::bigint))", "bssi" },
    [LOGOUT_GET] = { "logout_get",
        "select request_id from login where key_hash = $1 and cookie_hash = '' and idp = $2 and expires_at > to_timestamp($3::bigint)",
        "bsi" },
    [LOGOUT_SPEND] = { "logout_spend",
        "insert into login (key_hash, cookie_hash, idp, request_id, saml, expires_at, used_at)"
        " values ($1, '', $2, $3, '', to_timestamp($4::bigint), now()) on conflict do nothing returning 1", "bssi" },
    [ASSERTION] = { "assertion_spend",
        "insert into assertion_seen (idp, id, until) values ($1, $2, to_timestamp($3::bigint)) on conflict do nothing returning 1",
        "ssi" },
};

const DbGroup db_session_group = { "session", statements, N, "portal" };

void
db_session_free(DbSession *s)
{
    if (!s)
        return;
    char *texts[] = { s->role, s->idp, s->name_id, s->context, s->saml, s->display_name, s->display_name_ja, s->institution_name,
                      s->institution_name_ja, s->helpdesk_name, s->helpdesk_mail, s->helpdesk_phone };
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_strfreev(s->assurance);
    g_free(s);
}

gboolean
db_session_insert(Db *db, const struct db_session_new *s, GError **error)
{
    static const char *const none[] = { NULL };
    return db_do(db, &statements[INSERT], error, s->id_hash, s->person, s->role, s->idp, s->name_id, s->session_index, s->saml,
                 s->attributes, s->context, s->authn_at, s->assurance ? s->assurance : none, s->expires_at, s->certificate,
                 s->request);
}

static DbSession *
read_session(DbRows *mine)
{
    g_autoptr(DbRows) rows = mine;
    if (!rows || db_rows_count(rows) == 0)
        return NULL;
    DbSession *s = g_new0(DbSession, 1);
    int column = 0;
    s->person = db_rows_int(rows, 0, column++);
    s->institution = db_rows_int(rows, 0, column++);
    char **before[] = { &s->role, &s->idp, &s->name_id, &s->context, &s->saml };
    for (gsize i = 0; i < G_N_ELEMENTS(before); i++)
        *before[i] = g_strdup(db_rows_text(rows, 0, column++));
    s->created_at = db_rows_int(rows, 0, column++);
    s->seen_at = db_rows_int(rows, 0, column++);
    s->expires_at = db_rows_int(rows, 0, column++);
    char **after[] = { &s->display_name, &s->display_name_ja, &s->institution_name, &s->institution_name_ja, &s->helpdesk_name,
                       &s->helpdesk_mail, &s->helpdesk_phone };
    for (gsize i = 0; i < G_N_ELEMENTS(after); i++)
        *after[i] = g_strdup(db_rows_text(rows, 0, column++));
    s->authn_at = db_rows_int(rows, 0, column++);
    s->assurance = db_rows_list(rows, 0, column++);
    s->request = db_rows_int(rows, 0, column++);
    return s;
}

DbSession *
db_session_get(Db *db, GBytes *id_hash, gint64 now, gint64 idle, GError **error)
{
    return read_session(db_run(db, &statements[GET], error, id_hash, now, idle));
}

DbSession *
db_session_get_by_certificate(Db *db, GBytes *id_hash, GBytes *fingerprint, gint64 now, gint64 idle, GError **error)
{
    return read_session(db_run(db, &statements[GET_BY_CERTIFICATE], error, id_hash, now, idle, fingerprint));
}

gboolean
db_session_touch(Db *db, GBytes *id_hash, gint64 now, GError **error)
{
    return db_do(db, &statements[TOUCH], error, id_hash, now);
}

gboolean
db_session_end(Db *db, GBytes *id_hash, GError **error)
{
    return db_do(db, &statements[END], error, id_hash);
}

gboolean
db_session_end_by_certificate(Db *db, GBytes *id_hash, GError **error)
{
    return db_do(db, &statements[END_BY_CERTIFICATE], error, id_hash);
}

gint64
db_session_end_subject(Db *db, const char *idp, const char *name_id, const char *const *session_indexes, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[END_SUBJECT], error, idp, name_id, session_indexes);
    return rows ? db_rows_int(rows, 0, 0) : -1;
}

static void
attribute_free(gpointer data)
{
    DbSessionAttribute *attribute = data;
    g_free(attribute->name);
    g_strfreev(attribute->values);
    g_free(attribute);
}

GPtrArray *
db_session_attributes(Db *db, GBytes *id_hash, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[ATTRIBUTES], error, id_hash);
    if (!rows)
        return NULL;
    GPtrArray *attributes = g_ptr_array_new_with_free_func(attribute_free);
    for (int i = 0; i < db_rows_count(rows); i++) {
        DbSessionAttribute *attribute = g_new(DbSessionAttribute, 1);
        attribute->name = g_strdup(db_rows_text(rows, i, 0));
        attribute->values = db_rows_list(rows, i, 1);
        g_ptr_array_add(attributes, attribute);
    }
    return attributes;
}

void
db_login_free(DbLogin *login)
{
    if (!login)
        return;
    g_free(login->idp);
    g_free(login->request_id);
    g_free(login->saml);
    g_free(login->return_to);
    g_strfreev(login->contexts);
    g_clear_pointer(&login->session_hash, g_bytes_unref);
    g_free(login);
}

gboolean
db_login_insert(Db *db, const struct db_login_new *l, GError **error)
{
    return db_do(db, &statements[LOGIN_INSERT], error, l->key_hash, l->cookie_hash, l->idp, l->request_id, l->saml, l->return_to,
                 l->contexts, l->person, l->session_hash, l->expires_at);
}

DbLogin *
db_login_get(Db *db, GBytes *key_hash, GBytes *cookie_hash, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[LOGIN_GET], error, key_hash, cookie_hash);
    if (!rows || db_rows_count(rows) == 0)
        return NULL;
    DbLogin *login = g_new0(DbLogin, 1);
    login->idp = g_strdup(db_rows_text(rows, 0, 0));
    login->request_id = g_strdup(db_rows_text(rows, 0, 1));
    login->saml = g_strdup(db_rows_text(rows, 0, 2));
    login->return_to = g_strdup(db_rows_text(rows, 0, 3));
    login->expires_at = db_rows_int(rows, 0, 4);
    login->used = db_rows_flag(rows, 0, 5);
    login->contexts = db_rows_list(rows, 0, 6);
    login->person = db_rows_int(rows, 0, 7);
    login->session_hash = db_rows_bytes(rows, 0, 8);
    return login;
}

gboolean
db_login_use(Db *db, GBytes *key_hash, gint64 now, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[LOGIN_USE], error, key_hash, now);
    return rows && db_rows_count(rows) == 1;
}

gboolean
db_logout_insert(Db *db, GBytes *key_hash, const char *idp, const char *request_id, gint64 expires_at, GError **error)
{
    return db_do(db, &statements[LOGOUT_INSERT], error, key_hash, idp, request_id, expires_at);
}

char *
db_logout_get(Db *db, GBytes *key_hash, const char *idp, gint64 now, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[LOGOUT_GET], error, key_hash, idp, now);
    return rows && db_rows_count(rows) == 1 ? g_strdup(db_rows_text(rows, 0, 0)) : NULL;
}

gboolean
db_logout_spend(Db *db, GBytes *key_hash, const char *idp, const char *id, gint64 until, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[LOGOUT_SPEND], error, key_hash, idp, id, until);
    return rows && db_rows_count(rows) == 1;
}

gboolean
db_assertion_spend(Db *db, const char *idp, const char *id, gint64 until, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[ASSERTION], error, idp, id, until);
    return rows && db_rows_count(rows) == 1;
}
