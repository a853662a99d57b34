#include "db/metadata.h"

#define ERROR_LONGEST 500

/* The row that counts of each entity: valid, of the source with the lowest priority. $1 is now. A row ends by itself or with
   the copy that it came in (ends). */
#define WINNERS                                                                                                               \
    "(select distinct on (i.entity_id) i.*, least(i.valid_until, s.valid_until, '9999-01-01') as ends, n.institution"         \
    " from idp i join metadata_source s on s.name = i.source left join institution_idp n on n.entity_id = i.entity_id"        \
    " where least(i.valid_until, s.valid_until) > to_timestamp($1)"
#define COLUMNS                                                                                                               \
    "select source, entity_id, name_en, name_ja, keywords, logo, scopes, scope_regexps, contact_name, contact_mail, hidden,"  \
    " slo, extract(epoch from ends)::bigint, institution"

enum { GET, SOURCES, LOCK, PUT, DROP_OTHERS, DONE, COUNT, FAILED, FORGET_IDPS, FORGET_SOURCES };

static const DbStatement statements[] = {
    [GET] = { "metadata_get",
              COLUMNS ", xml from " WINNERS " and i.entity_id = $2 order by i.entity_id, s.priority, s.name) winner", "is" },
    [SOURCES] = { "metadata_sources",
                  "select name, priority, entities, extract(epoch from refreshed_at)::bigint,"
                  " extract(epoch from valid_until)::bigint, extract(epoch from failed_at)::bigint, error"
                  " from metadata_source order by priority, name", "" },
    /* Also the lock: two refreshes of one source go one after the other. */
    [LOCK] = { "metadata_lock",
               "insert into metadata_source (name, priority) values ($1, $2)"
               " on conflict (name) do update set priority = excluded.priority", "si" },
    /* Text that did not change is kept as it is stored, so that an hourly refresh does not write it again. */
    [PUT] = { "metadata_put",
              "insert into idp (source, entity_id, xml, name_en, name_ja, keywords, logo, scopes, scope_regexps, contact_name,"
              " contact_mail, hidden, slo, search, valid_until)"
              " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, to_timestamp($15))"
              " on conflict (source, entity_id) do update set"
              " xml = case when idp.xml = excluded.xml then idp.xml else excluded.xml end,"
              " name_en = excluded.name_en, name_ja = excluded.name_ja, keywords = excluded.keywords,"
              " logo = case when idp.logo = excluded.logo then idp.logo else excluded.logo end,"
              " scopes = excluded.scopes, scope_regexps = excluded.scope_regexps, contact_name = excluded.contact_name,"
              " contact_mail = excluded.contact_mail, hidden = excluded.hidden, slo = excluded.slo, search = excluded.search,"
              " valid_until = excluded.valid_until", "sssssssaassffsi" },
    [DROP_OTHERS] = { "metadata_drop_others", "delete from idp where source = $1 and entity_id <> all ($2::text[])", "sa" },
    [DONE] = { "metadata_done",
               "update metadata_source set entities = (select count(*) from idp where source = $1),"
               " refreshed_at = to_timestamp($2), valid_until = to_timestamp($3), error = '', failed_at = null"
               " where name = $1", "sii" },
    [COUNT] = { "metadata_count",
                "update metadata_source set entities = (select count(*) from idp where source = $1),"
                " refreshed_at = to_timestamp($2) where name = $1", "si" },
    [FAILED] = { "metadata_failed",
                 "insert into metadata_source (name, priority, error, failed_at) values ($1, $2, $3, to_timestamp($4))"
                 " on conflict (name) do update set priority = excluded.priority, error = excluded.error,"
                 " failed_at = excluded.failed_at", "sisi" },
    [FORGET_IDPS] = { "metadata_forget_idps", "delete from idp where source <> all ($1::text[])", "a" },
    [FORGET_SOURCES] = { "metadata_forget_sources", "delete from metadata_source where name <> all ($1::text[])", "a" },
};
/* Reading is everybody's, writing the worker's and the operator's. */
const DbGroup db_metadata_group = { "metadata", statements, LOCK, "portal worker owner" };
const DbGroup db_metadata_refresh_group = { "metadata_refresh", &statements[LOCK], G_N_ELEMENTS(statements) - LOCK, "worker owner" };

/* --- rows ----------------------------------------------------------------------------------------------------------------- */

void db_idp_free(DbIdp *idp)
{
    if (idp == NULL) return;
    char *texts[] = { idp->source, idp->entity_id, idp->xml, idp->name_en, idp->name_ja, idp->keywords, idp->logo,
                      idp->contact_name, idp->contact_mail, idp->search };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) g_free(texts[i]);
    g_strfreev(idp->scopes);
    g_strfreev(idp->scope_regexps);
    g_free(idp);
}

static DbIdp *read_idp(const DbRows *rows, int row)
{
    DbIdp *idp = g_new0(DbIdp, 1);
    idp->source = db_rows_dup(rows, row, 0);
    idp->entity_id = db_rows_dup(rows, row, 1);
    idp->name_en = db_rows_dup(rows, row, 2);
    idp->name_ja = db_rows_dup(rows, row, 3);
    idp->keywords = db_rows_dup(rows, row, 4);
    idp->logo = db_rows_dup(rows, row, 5);
    idp->scopes = db_rows_list(rows, row, 6);
    idp->scope_regexps = db_rows_list(rows, row, 7);
    idp->contact_name = db_rows_dup(rows, row, 8);
    idp->contact_mail = db_rows_dup(rows, row, 9);
    idp->hidden = db_rows_flag(rows, row, 10);
    idp->slo = db_rows_flag(rows, row, 11);
    idp->valid_until = db_rows_int(rows, row, 12);
    idp->institution = db_rows_int(rows, row, 13);
    idp->search = g_strdup("");
    return idp;
}

DbIdp *db_metadata_get(Db *db, const char *entity_id, gint64 now, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[GET], error, now, entity_id);
    if (rows == NULL || db_rows_count(rows) == 0) return NULL;
    DbIdp *idp = read_idp(rows, 0);
    idp->xml = db_rows_dup(rows, 0, 14);
    return idp;
}

/* --- sources -------------------------------------------------------------------------------------------------------------- */

void db_metadata_source_free(DbMetadataSource *source)
{
    if (source == NULL) return;
    g_free(source->name);
    g_free(source->error);
    g_free(source);
}

static void free_source(gpointer source)
{
    db_metadata_source_free(source);
}

GPtrArray *db_metadata_sources(Db *db, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[SOURCES], error);
    if (rows == NULL) return NULL;
    GPtrArray *all = g_ptr_array_new_with_free_func(free_source);
    for (int row = 0; row < db_rows_count(rows); row++) {
        DbMetadataSource *source = g_new0(DbMetadataSource, 1);
        source->name = db_rows_dup(rows, row, 0);
        source->priority = (int)db_rows_int(rows, row, 1);
        source->entities = (int)db_rows_int(rows, row, 2);
        source->refreshed_at = db_rows_int(rows, row, 3);
        source->valid_until = db_rows_int(rows, row, 4);
        source->failed_at = db_rows_int(rows, row, 5);
        source->error = db_rows_dup(rows, row, 6);
        g_ptr_array_add(all, source);
    }
    return all;
}

static gboolean put(Db *db, const char *source, const DbIdp *idp, GError **error)
{
    return db_do(db, &statements[PUT], error, source, idp->entity_id, idp->xml, idp->name_en, idp->name_ja, idp->keywords,
                 idp->logo, idp->scopes, idp->scope_regexps, idp->contact_name, idp->contact_mail, idp->hidden, idp->slo,
                 idp->search, idp->valid_until);
}

static gboolean replace(Db *db, const char *source, int priority, const GPtrArray *idps, gint64 valid_until, gint64 now,
                        GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    if (!db_do(db, &statements[LOCK], error, source, (gint64)priority)) return FALSE;
    for (guint i = 0; i < idps->len; i++) {
        const DbIdp *idp = g_ptr_array_index(idps, i);
        if (!put(db, source, idp, error)) return FALSE;
        g_ptr_array_add(names, idp->entity_id);
    }
    g_ptr_array_add(names, NULL);
    return db_do(db, &statements[DROP_OTHERS], error, source, names->pdata)
           && db_do(db, &statements[DONE], error, source, now, valid_until);
}

static gboolean put_one(Db *db, const char *source, int priority, const DbIdp *idp, gint64 now, GError **error)
{
    return db_do(db, &statements[LOCK], error, source, (gint64)priority) && put(db, source, idp, error)
           && db_do(db, &statements[COUNT], error, source, now);
}

/* Commits what DONE says was done, or undoes it. */
static gboolean finish(Db *db, gboolean done, GError **error)
{
    if (done && db_commit(db, error)) return TRUE;
    db_rollback(db);
    return FALSE;
}

gboolean db_metadata_replace(Db *db, const char *source, int priority, const GPtrArray *idps, gint64 valid_until, gint64 now,
                             GError **error)
{
    return db_begin(db, error) && finish(db, replace(db, source, priority, idps, valid_until, now, error), error);
}

gboolean db_metadata_put(Db *db, const char *source, int priority, const DbIdp *idp, gint64 now, GError **error)
{
    return db_begin(db, error) && finish(db, put_one(db, source, priority, idp, now, error), error);
}

gboolean db_metadata_failed(Db *db, const char *source, int priority, const char *message, gint64 now, GError **error)
{
    g_autofree char *some = g_strndup(message, ERROR_LONGEST);
    g_autofree char *valid = g_utf8_make_valid(some, -1);
    return db_do(db, &statements[FAILED], error, source, (gint64)priority, valid, now);
}

gboolean db_metadata_keep_only(Db *db, const char *const *sources, GError **error)
{
    return db_begin(db, error)
           && finish(db, db_do(db, &statements[FORGET_IDPS], error, sources)
                     && db_do(db, &statements[FORGET_SOURCES], error, sources),
                     error);
}
