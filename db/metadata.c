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

enum { GET, EVERYWHERE, LIST, SOURCES, DECLARE, FAILED, UNCHANGED, HASHES, PUT, DROP, SKIPPED, UNSKIP, SKIP, WHY_NOT, DONE, COUNT, FORGET_FETCHES,
       FORGET_SKIPPED, FORGET_IDPS, FORGET_SOURCES };

static const DbStatement statements[] = {
    [GET] = { "metadata_get",
              COLUMNS ", xml from " WINNERS " and i.entity_id = $2 order by i.entity_id, s.priority, s.name) winner", "is" },
    [EVERYWHERE] = { "metadata_everywhere",
                     COLUMNS " from (select i.*, least(i.valid_until, s.valid_until, '9999-01-01') as ends, n.institution, s.priority"
                     " from idp i join metadata_source s on s.name = i.source left join institution_idp n on n.entity_id = i.entity_id"
                     " where i.entity_id = $1) found order by priority, source", "s" },
    [LIST] = { "metadata_list",
               COLUMNS " from " WINNERS " and ($2 = '' or position(lower($2) in lower(i.entity_id || ' ' || i.name_en || ' '"
               " || i.name_ja || ' ' || array_to_string(i.scopes, ' '))) > 0)"
               " order by i.entity_id, s.priority, s.name limit $3) winner", "isi" },
    [SOURCES] = { "metadata_sources",
                  "select name, kind, location, priority, entities, skipped, changed, extract(epoch from refreshed_at)::bigint,"
                  " extract(epoch from asked_at)::bigint, extract(epoch from case when kind = 'mdq'"
                  " then (select min(valid_until) from idp where source = name) else valid_until end)::bigint,"
                  " extract(epoch from failed_at)::bigint, error, encode(pin, 'hex'), etag, modified"
                  " from metadata_source order by priority, name", "" },
    /* The rows of another kind of source of that name are none of this one's: their end was not theirs. */
    [DECLARE] = { "metadata_declare",
                  "with others as (delete from idp i using metadata_source s where s.name = $1 and s.kind <> $2 and i.source = s.name)"
                  " insert into metadata_source as s (name, kind, location, priority) values ($1, $2, $3, $4) on conflict (name)"
                  " do update set kind = excluded.kind, location = excluded.location, priority = excluded.priority,"
                  " valid_until = case when s.kind = excluded.kind then s.valid_until end"
                  " where (s.kind, s.location, s.priority) is distinct from (excluded.kind, excluded.location, excluded.priority)",
                  "sssi" },
    [FAILED] = { "metadata_failed",
                 "update metadata_source set error = $2, failed_at = to_timestamp($3) where name = $1", "ssi" },
    [UNCHANGED] = { "metadata_unchanged",
                    "update metadata_source set error = '', asked_at = to_timestamp($2) where name = $1", "si" },
    [HASHES] = { "metadata_hashes", "select entity_id, encode(hash, 'hex') from idp where source = $1", "s" },
    [PUT] = { "metadata_put",
              "insert into idp (source, entity_id, xml, name_en, name_ja, keywords, logo, scopes, scope_regexps, contact_name,"
              " contact_mail, hidden, slo, search, valid_until, hash)"
              " select $1, entity_id, xml, name_en, name_ja, keywords, logo, string_to_array(scopes, e'\\n'),"
              " string_to_array(scope_regexps, e'\\n'), contact_name, contact_mail, hidden::boolean, slo::boolean, search,"
              " coalesce(to_timestamp(nullif(valid_until::bigint, 0)), 'infinity'), decode(hash, 'hex')"
              " from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],"
              " $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[])"
              " r (entity_id, xml, name_en, name_ja, keywords, logo, scopes, scope_regexps, contact_name, contact_mail, hidden,"
              " slo, search, valid_until, hash)"
              " on conflict (source, entity_id) do update set xml = excluded.xml, name_en = excluded.name_en,"
              " name_ja = excluded.name_ja, keywords = excluded.keywords, logo = excluded.logo, scopes = excluded.scopes,"
              " scope_regexps = excluded.scope_regexps, contact_name = excluded.contact_name,"
              " contact_mail = excluded.contact_mail, hidden = excluded.hidden, slo = excluded.slo, search = excluded.search,"
              " valid_until = excluded.valid_until, hash = excluded.hash", "saaaaaaaaaaaaaaa" },
    [DROP] = { "metadata_drop", "delete from idp where source = $1 and entity_id = any ($2::text[])", "sa" },
    [SKIPPED] = { "metadata_skipped", "select entity_id, why from metadata_skipped where source = $1", "s" },
    [UNSKIP] = { "metadata_unskip", "delete from metadata_skipped where source = $1", "s" },
    [SKIP] = { "metadata_skip",
               "insert into metadata_skipped (source, entity_id, why) select $1, * from unnest($2::text[], $3::text[])", "saa" },
    [WHY_NOT] = { "metadata_why_not",
                  "select k.source || ': ' || k.why from metadata_skipped k join metadata_source s on s.name = k.source"
                  " where k.entity_id = $1 order by s.priority limit 1", "s" },
    [DONE] = { "metadata_done",
               "update metadata_source set entities = $2, skipped = $3, changed = $4, refreshed_at = to_timestamp($5),"
               " asked_at = to_timestamp($5), valid_until = to_timestamp($6), pin = decode($7, 'hex'), etag = $8, modified = $9,"
               " error = '' where name = $1", "siiiiisss" },
    [COUNT] = { "metadata_count",
                "update metadata_source set entities = (select count(*) from idp where source = $1),"
                " refreshed_at = to_timestamp($2), asked_at = to_timestamp($2), error = '' where name = $1", "si" },
    [FORGET_FETCHES] = { "metadata_forget_fetches", "delete from idp_fetch where source <> all ($1::text[])", "a" },
    [FORGET_SKIPPED] = { "metadata_forget_skipped", "delete from metadata_skipped where source <> all ($1::text[])", "a" },
    [FORGET_IDPS] = { "metadata_forget_idps", "delete from idp where source <> all ($1::text[])", "a" },
    [FORGET_SOURCES] = { "metadata_forget_sources", "delete from metadata_source where name <> all ($1::text[])", "a" },
};
/* Reading is everybody's, writing the worker's and the operator's. */
const DbGroup db_metadata_group = { "metadata", statements, DECLARE, "portal worker owner" };
const DbGroup db_metadata_refresh_group = { "metadata_refresh", &statements[DECLARE], G_N_ELEMENTS(statements) - DECLARE,
                                            "worker owner" };

/* --- rows ----------------------------------------------------------------------------------------------------------------- */

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

static void free_idp(gpointer idp)
{
    db_idp_free(idp);
}

static GPtrArray *read_idps(const DbRows *rows)
{
    GPtrArray *all = g_ptr_array_new_with_free_func(free_idp);
    for (int row = 0; row < db_rows_count(rows); row++) g_ptr_array_add(all, read_idp(rows, row));
    return all;
}

GPtrArray *db_metadata_everywhere(Db *db, const char *entity_id, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[EVERYWHERE], error, entity_id);
    return rows != NULL ? read_idps(rows) : NULL;
}

GPtrArray *db_metadata_list(Db *db, const char *query, gint64 now, int limit, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[LIST], error, now, query, (gint64)limit);
    return rows != NULL ? read_idps(rows) : NULL;
}

/* --- sources -------------------------------------------------------------------------------------------------------------- */

void db_metadata_source_free(DbMetadataSource *source)
{
    if (source == NULL) return;
    char *texts[] = { source->name, source->kind, source->location, source->error, source->pin, source->etag, source->modified };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) g_free(texts[i]);
    g_free(source);
}

static void free_source(gpointer source)
{
    db_metadata_source_free(source);
}

static DbMetadataSource *read_source(const DbRows *rows, int row)
{
    DbMetadataSource *source = g_new0(DbMetadataSource, 1);
    int column = 0;
    source->name = db_rows_dup(rows, row, column++);
    source->kind = db_rows_dup(rows, row, column++);
    source->location = db_rows_dup(rows, row, column++);
    source->priority = (int)db_rows_int(rows, row, column++);
    source->entities = (int)db_rows_int(rows, row, column++);
    source->skipped = (int)db_rows_int(rows, row, column++);
    source->changed = (int)db_rows_int(rows, row, column++);
    source->refreshed_at = db_rows_int(rows, row, column++);
    source->asked_at = db_rows_int(rows, row, column++);
    source->valid_until = db_rows_int(rows, row, column++);
    source->failed_at = db_rows_int(rows, row, column++);
    source->error = db_rows_dup(rows, row, column++);
    source->pin = db_rows_dup(rows, row, column++);
    source->etag = db_rows_dup(rows, row, column++);
    source->modified = db_rows_dup(rows, row, column);
    return source;
}

GPtrArray *db_metadata_sources(Db *db, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[SOURCES], error);
    if (rows == NULL) return NULL;
    GPtrArray *all = g_ptr_array_new_with_free_func(free_source);
    for (int row = 0; row < db_rows_count(rows); row++) g_ptr_array_add(all, read_source(rows, row));
    return all;
}

gboolean db_metadata_declare(Db *db, const DbMetadataSource *source, GError **error)
{
    return db_do(db, &statements[DECLARE], error, source->name, source->kind, source->location, (gint64)source->priority);
}

gboolean db_metadata_failed(Db *db, const DbMetadataSource *source, const char *message, gint64 now, GError **error)
{
    g_autofree char *some = g_strndup(message, ERROR_LONGEST);
    g_autofree char *valid = g_utf8_make_valid(some, -1);
    return db_metadata_declare(db, source, error) && db_do(db, &statements[FAILED], error, source->name, valid, now);
}

gboolean db_metadata_unchanged(Db *db, const DbMetadataSource *source, gint64 now, GError **error)
{
    return db_metadata_declare(db, source, error) && db_do(db, &statements[UNCHANGED], error, source->name, now);
}

gboolean db_metadata_keep_only(Db *db, const char *const *sources, GError **error)
{
    gboolean done = db_begin(db, error);
    for (int i = FORGET_FETCHES; i <= FORGET_SOURCES && done; i++) done = db_do(db, &statements[i], error, sources);
    done = done && db_commit(db, error);
    db_rollback(db);
    return done;
}

/* --- storing -------------------------------------------------------------------------------------------------------------- */

static GHashTable *table_of(Db *db, const DbStatement *statement, const char *source, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, statement, error, source);
    if (rows == NULL) return NULL;
    GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (int row = 0; row < db_rows_count(rows); row++)
        g_hash_table_insert(table, db_rows_dup(rows, row, 0), db_rows_dup(rows, row, 1));
    return table;
}

GHashTable *db_metadata_hashes(Db *db, const char *source, GError **error)
{
    return table_of(db, &statements[HASHES], source, error);
}

GHashTable *db_metadata_skipped(Db *db, const char *source, GError **error)
{
    return table_of(db, &statements[SKIPPED], source, error);
}

/* The rows as columns, each an array of text: one statement then carries them all. */
enum { ENTITY_ID, XML, NAME_EN, NAME_JA, KEYWORDS, LOGO, SCOPES, REGEXPS, CONTACT_NAME, CONTACT_MAIL, HIDDEN, SLO, SEARCH, UNTIL,
       HASH, COLUMNS_N };

static void fill_columns(const char **columns[COLUMNS_N], guint row, const DbIdp *idp, GPtrArray *made)
{
    const char *texts[COLUMNS_N] = {
        [ENTITY_ID] = idp->entity_id, [XML] = idp->xml, [NAME_EN] = idp->name_en, [NAME_JA] = idp->name_ja,
        [KEYWORDS] = idp->keywords, [LOGO] = idp->logo, [SCOPES] = g_strjoinv("\n", idp->scopes),
        [REGEXPS] = g_strjoinv("\n", idp->scope_regexps), [CONTACT_NAME] = idp->contact_name,
        [CONTACT_MAIL] = idp->contact_mail, [HIDDEN] = idp->hidden ? "t" : "f", [SLO] = idp->slo ? "t" : "f",
        [SEARCH] = idp->search, [UNTIL] = g_strdup_printf("%" G_GINT64_FORMAT, idp->valid_until),
        [HASH] = idp->hash != NULL ? idp->hash : "",
    };
    static const int ours[] = { SCOPES, REGEXPS, UNTIL };
    for (size_t i = 0; i < G_N_ELEMENTS(ours); i++) g_ptr_array_add(made, (gpointer)texts[ours[i]]);
    for (int c = 0; c < COLUMNS_N; c++) columns[c][row] = texts[c];
}

gboolean db_metadata_put(Db *db, const char *source, const GPtrArray *idps, GError **error)
{
    g_autoptr(GPtrArray) made = g_ptr_array_new_with_free_func(g_free);
    const char **c[COLUMNS_N];
    for (int i = 0; i < COLUMNS_N; i++) g_ptr_array_add(made, c[i] = g_new0(const char *, idps->len + 1));
    for (guint row = 0; row < idps->len; row++) fill_columns(c, row, g_ptr_array_index(idps, row), made);
    return db_do(db, &statements[PUT], error, source, c[ENTITY_ID], c[XML], c[NAME_EN], c[NAME_JA], c[KEYWORDS], c[LOGO], c[SCOPES],
                 c[REGEXPS], c[CONTACT_NAME], c[CONTACT_MAIL], c[HIDDEN], c[SLO], c[SEARCH], c[UNTIL], c[HASH]);
}

gboolean db_metadata_drop(Db *db, const char *source, const char *const *entity_ids, GError **error)
{
    return db_do(db, &statements[DROP], error, source, entity_ids);
}

gboolean db_metadata_set_skipped(Db *db, const char *source, GHashTable *skipped, GError **error)
{
    g_autoptr(GPtrArray) ids = g_ptr_array_new(), whys = g_ptr_array_new();
    GHashTableIter iter;
    gpointer id, why;
    g_hash_table_iter_init(&iter, skipped);
    while (g_hash_table_iter_next(&iter, &id, &why)) {
        g_ptr_array_add(ids, id);
        g_ptr_array_add(whys, why);
    }
    g_ptr_array_add(ids, NULL);
    g_ptr_array_add(whys, NULL);
    return db_do(db, &statements[UNSKIP], error, source)
           && db_do(db, &statements[SKIP], error, source, ids->pdata, whys->pdata);
}

char *db_metadata_why_not(Db *db, const char *entity_id, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[WHY_NOT], error, entity_id);
    return rows != NULL && db_rows_count(rows) > 0 ? db_rows_dup(rows, 0, 0) : NULL;
}

gboolean db_metadata_done(Db *db, const DbMetadataSource *copy, GError **error)
{
    return db_do(db, &statements[DONE], error, copy->name, (gint64)copy->entities, (gint64)copy->skipped, (gint64)copy->changed,
                 copy->refreshed_at, copy->valid_until, copy->pin, copy->etag, copy->modified);
}

gboolean db_metadata_count(Db *db, const char *source, gint64 now, GError **error)
{
    return db_do(db, &statements[COUNT], error, source, now);
}
