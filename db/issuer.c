#include "db/issuer.h"

#include <string.h>

enum { LIST };
enum { SIGNING, LOCK_KEY, KEY_USE, OF_PICKUP, INTEND, STORE, VOID_INTENT, INTENTS, EXISTS, AUDIT, CRL_LOCK, CRL_LAST, CRL_ROWS, CRL_MARK,
       CRL_NUMBER, CRL_REVOKED, CRL_SHARD, CRL_PUT };
enum { STATUS, KEEP, DUE, SWEEP };
enum { ISSUER_INSERT, PROFILE_INSERT, CRL_GET, PROFILES_OF, REISSUE, USE, IN_FORCE };

/* Infinity is null. */
#define MOMENT(column) "case when isfinite(" column ") then " EPOCH(column) " end"
#define EPOCH(column) "extract(epoch from " column ")::bigint"

static const DbStatement shared[] = {
    [LIST] = { "issuer_list", "select name, parent, key_name, certificate from issuer order by name", "" },
};
const DbGroup db_issuer_group = { "issuer", shared, G_N_ELEMENTS(shared), "signer responder owner" };

static const DbStatement signer[] = {
    [SIGNING] = { "signing_get",
                  "select r.number, r.person, r.institution, r.cycle, r.state, r.type, r.mail, r.months,"
                  " r.country, r.locality, r.organization, r.unit, coalesce(r.cycle_name, r.common_name),"
                  " k.id, k.cycle, " EPOCH("k.not_before") ", " EPOCH("k.not_after") ","
                  " k.ended is null and k.locked_at is null and k.collected_at is null and k.expires_at > now()"
                  " and k.cycle = r.cycle,"
                  " " EPOCH("r.cycle_at") ", " EPOCH("r.cycle_end") ","
                  " case r.type when 'officer' then o.live else r.type = any (i.types) and not o.ever end,"
                  " r.type = 'officer' or r.months = any (i.months),"
                  " p.institution = r.institution and mail_domain_allowed(r.mail, i.mail_domains),"
                  " f.type = r.type and f.months = r.months and date_trunc('second', f.valid_from) <= r.cycle_at"
                  " and (f.valid_to is null or f.valid_to > r.cycle_at),"
                  " case when r.cycle = 1 then (select count(*) from request o where o.person = r.person"
                  " and o.state not in ('revoking', 'revoked', 'expired', 'refused', 'lapsed')) else 0 end, i.max_active,"
                  " case when r.cycle = 1 and f.max_active is not null then (select count(*) from request o join profile q on"
                  " q.id = o.profile where o.person = r.person and q.name = f.name"
                  " and o.state not in ('revoking', 'revoked', 'expired', 'refused', 'lapsed')) <= f.max_active else true end,"
                  " s.time_zone, f.issuer, f.subject, f.key_usage, f.extended, f.policies, f.key_kinds,"
                  " (select c.serial from certificate c join pickup q on q.id = c.pickup where c.request = r.number"
                  " and q.cycle < r.cycle and q.collected_at is not null and c.revoked_at is null order by q.cycle desc limit 1),"
                  " exists (select from intent n where n.pickup = k.id and n.log = $3 and n.state = 'intended'),"
                  " (select count(*) from crl where issuer = f.issuer and shard >= 0)"
                  " from request r join pickup k on k.request = r.number join person p on p.id = r.person"
                  " join institution i on i.id = r.institution join profile f on f.id = r.profile cross join service s"
                  " cross join lateral (select coalesce(bool_or(ended_at is null and institution = r.institution), false) as live,"
                  " count(*) > 0 as ever from officer where person = r.person) o"
                  " where r.number = $1 and k.token_hash = $2",
                  "ibs" },
    [LOCK_KEY] = { "certificate_lock_key", "select pg_advisory_xact_lock(hashtextextended(encode($1::bytea, 'hex'), 0))", "b" },
    [KEY_USE] = { "certificate_key_use",
                  "select coalesce(bool_or(r.person <> $2), false) or exists (select from intent n join request q on q.number = n.request"
                  " where n.spki_sha256 = $1 and n.state = 'intended' and q.person <> $2),"
                  " exists (select from blocked_key where spki_sha256 = $1)"
                  " from certificate c join request r on r.number = c.request where c.spki_sha256 = $1",
                  "bi" },
    [OF_PICKUP] = { "certificate_of_pickup",
                    "select der, spki_sha256 from certificate where pickup = $1 and revoked_at is null", "i" },
    [INTEND] = { "intent_begin", "select intent_begin($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)", "ssiisibbssi" },
    [STORE] = { "intent_store", "select intent_store($1, $2, $3, $4, $5)", "ibsbs" },
    [VOID_INTENT] = { "intent_void", "select intent_void($1)", "i" },
    [INTENTS] = { "intents",
                  "select n.id, n.request, n.issuer, n.serial, n.log_at, i.certificate from intent n join issuer i on i.name = n.issuer"
                  " where n.state = 'intended' and n.log = $1 order by n.id limit 100",
                  "s" },
    [EXISTS] = { "certificate_exists", "select exists (select from certificate where issuer = $1 and serial = $2)"
                 " or exists (select from intent where issuer = $1 and serial = $2)",
                 "ss" },
    [AUDIT] = { "issuer_audit",
                "select audit('signer', null, null, $1, '', $2, jsonb_build_object('issuer', $3::text, 'serial', $4::text))",
                "ssss" },
    /* Not for update: a new certificate, which refers to this row, need not wait. */
    [CRL_LOCK] = { "crl_lock", "select from issuer where name = $1 for no key update", "s" },
    [CRL_ROWS] = { "crl_rows", "select shard, number, " EPOCH("this_update") ", octet_length(der) from crl where issuer = $1", "s" },
    [CRL_LAST] = { "crl_last",
                   "select greatest(i.crl_number, (select max(number) from crl where issuer = $1)),"
                   " (select ceil(extract(epoch from max(this_update)))::bigint from crl where issuer = $1) from issuer i"
                   " where i.name = $1",
                   "s" },
    [CRL_MARK] = { "crl_mark",
                   "with marked as (update certificate set published = $2 where issuer = $1 and revoked_at is not null and published is null"
                   " returning shard) select distinct shard from marked",
                   "si" },
    [CRL_NUMBER] = { "crl_number", "update issuer set crl_number = $2 where name = $1", "si" },
    [CRL_REVOKED] = { "crl_revoked",
                      "select serial, reason, " EPOCH("revoked_at") " from certificate"
                      " where issuer = $1 and revoked_at is not null and published is not null and not_after > to_timestamp($2)",
                      "si" },
    [CRL_SHARD] = { "crl_shard",
                    "select serial, reason, " EPOCH("revoked_at") " from certificate"
                    " where issuer = $1 and shard = $3 and revoked_at is not null and published is not null and not_after > to_timestamp($2)",
                    "sii" },
    [CRL_PUT] = { "crl_put",
                  "insert into crl (issuer, shard, number, this_update, next_update, der)"
                  " values ($1, $2, $3, to_timestamp($4), to_timestamp($5), $6) on conflict (issuer, shard) do update"
                  " set number = excluded.number, this_update = excluded.this_update, next_update = excluded.next_update,"
                  " der = excluded.der",
                  "siiiib" },
};
const DbGroup db_issuer_signer_group = { "issuer-signer", signer, G_N_ELEMENTS(signer), "signer owner" };

static const DbStatement responder[] = {
    [STATUS] = { "certificate_status",
                 "select " EPOCH("revoked_at") ", reason from certificate where issuer = $1 and serial = $2", "ss" },
    [KEEP] = { "ocsp_keep", "select ocsp_keep($1, $2, $3, $4, $5, $6, $7)", "sssfiib" },
    [DUE] = { "ocsp_due",
              "select o.issuer, o.serial, o.hash from ocsp_response o join certificate c on c.issuer = o.issuer and c.serial = o.serial"
              " where o.next_update > to_timestamp($1) and o.next_update <= to_timestamp($2) and c.not_after > to_timestamp($3)"
              " order by o.next_update limit $4",
              "iiii" },
    [SWEEP] = { "ocsp_sweep",
                "delete from ocsp_response where ctid = any (array(select ctid from ocsp_response where next_update < to_timestamp($1)"
                " limit 1000))",
                "i" },
};
const DbGroup db_issuer_responder_group = { "issuer-responder", responder, G_N_ELEMENTS(responder), "responder" };

static const DbStatement owner[] = {
    [ISSUER_INSERT] = { "issuer_insert", "insert into issuer (name, parent, certificate, key_name) values ($1, $2, $3, $4)", "ssbs" },
    [PROFILE_INSERT] = { "profile_insert",
                         "insert into profile (name, type, months, issuer, subject, key_usage, extended, policies, key_kinds, valid_from)"
                         " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, case when $10 then 'infinity' else now() end)",
                         "ssissaaaaf" },
    [CRL_GET] = { "crl_get", "select der from crl where issuer = $1 and shard = $2", "si" },
    [PROFILES_OF] = { "profiles_of_type", "select exists (select from profile where type = $1)", "s" },
    /* What is in force until then ends then, and begins anew as a copy with the other issuer; what begins later has it from its
       beginning. A copy by way of JSON has every column that the table has. */
    [REISSUE] = { "profile_reissue",
                  "with chosen as (select * from profile where (type = $2 or $2 = 'client' and type = 'officer')"
                  " and issuer <> $1 and (valid_to is null or valid_to > to_timestamp($3))"
                  " and (cardinality($4::text[]) = 0 or name = any ($4)) for update),"
                  " later as (update profile p set issuer = $1 from chosen c where c.id = p.id and c.valid_from >= to_timestamp($3)),"
                  " copies as (insert into profile overriding system value select (jsonb_populate_record(p, jsonb_build_object("
                  " 'id', nextval(pg_get_serial_sequence('profile', 'id')), 'issuer', $1::text, 'valid_from', to_timestamp($3)))).*"
                  " from profile p join chosen c on c.id = p.id where c.valid_from < to_timestamp($3)),"
                  " ended as (update profile p set valid_to = to_timestamp($3) from chosen c"
                  " where c.id = p.id and c.valid_from < to_timestamp($3))"
                  " select name, issuer from chosen order by name, valid_from",
                  "ssia" },
    [USE] = { "issuer_use",
              "select p.name, p.type, p.months, " MOMENT("p.valid_from") ", " MOMENT("p.valid_to") ", p.valid_from <= now(),"
              " p.valid_to is null or p.valid_to > now() from profile p where p.issuer = $1 order by p.type, p.name, p.valid_from",
              "s" },
    [IN_FORCE] = { "issuer_in_force",
                   "select count(*), " EPOCH("max(not_after)") " from certificate where issuer = $1 and not_after > now() and revoked_at is null",
                   "s" },
};
const DbGroup db_issuer_owner_group = { "issuer-owner", owner, G_N_ELEMENTS(owner), "owner" };

/* --- issuers, profiles ---------------------------------------------------------------------------------------------------- */

void
db_issuer_free(DbIssuer *issuer)
{
    if (!issuer)
        return;
    g_free(issuer->name);
    g_free(issuer->key_name);
    g_free(issuer->parent);
    g_clear_pointer(&issuer->certificate, g_bytes_unref);
    g_free(issuer);
}

GPtrArray *
db_issuer_list(Db *db, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &shared[LIST], error);
    if (!rows)
        return NULL;
    GPtrArray *issuers = g_ptr_array_new_with_free_func((GDestroyNotify)db_issuer_free);
    for (int row = 0; row < db_rows_count(rows); row++) {
        DbIssuer *issuer = g_new0(DbIssuer, 1);
        issuer->name = db_rows_dup(rows, row, 0);
        issuer->parent = db_rows_dup(rows, row, 1);
        issuer->key_name = db_rows_dup(rows, row, 2);
        issuer->certificate = db_rows_bytes(rows, row, 3);
        g_ptr_array_add(issuers, issuer);
    }
    return issuers;
}

gboolean
db_issuer_insert(Db *db, const DbIssuer *issuer, GError **error)
{
    return db_do(db, &owner[ISSUER_INSERT], error, issuer->name, issuer->parent, issuer->certificate, issuer->key_name);
}

gboolean
db_profile_insert(Db *db, const struct db_profile *profile, GError **error)
{
    static const char *const none[] = { NULL };
    return db_do(db, &owner[PROFILE_INSERT], error, profile->name, profile->type, profile->months, profile->issuer,
                 profile->subject, profile->key_usage, profile->extended, profile->policies ? profile->policies : none, profile->key_kinds,
                 profile->dormant);
}

GBytes *
db_crl_get(Db *db, const char *issuer, gint64 shard, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &owner[CRL_GET], error, issuer, shard);
    return rows && db_rows_count(rows) > 0 ? db_rows_bytes(rows, 0, 0) : NULL;
}

gboolean
db_profile_any(Db *db, const char *type, gboolean *any, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &owner[PROFILES_OF], error, type);
    *any = rows && db_rows_flag(rows, 0, 0);
    return rows != NULL;
}

char **
db_profile_reissue(Db *db, const char *issuer, const char *type, gint64 from, const char *const *names, GError **error)
{
    static const char *const all[] = { NULL };
    g_autoptr(DbRows) rows = db_run(db, &owner[REISSUE], error, issuer, type, from, names ? names : all);
    if (!rows)
        return NULL;
    g_autoptr(GStrvBuilder) changed = g_strv_builder_new();
    for (int row = 0; row < db_rows_count(rows); row++)
        g_strv_builder_add(changed, db_rows_text(rows, row, 0));
    return g_strv_builder_end(changed);
}

GArray *
db_issuer_use(Db *db, const char *issuer, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &owner[USE], error, issuer);
    if (!rows)
        return NULL;
    GArray *uses = g_array_new(FALSE, TRUE, sizeof(struct db_issuer_use));
    for (int row = 0; row < db_rows_count(rows); row++) {
        struct db_issuer_use use = { .months = db_rows_int(rows, row, 2), .from = db_rows_int(rows, row, 3),
                                     .to = db_rows_int(rows, row, 4), .begun = db_rows_flag(rows, row, 5),
                                     .goes_on = db_rows_flag(rows, row, 6) };
        g_strlcpy(use.profile, db_rows_text(rows, row, 0), sizeof use.profile);
        g_strlcpy(use.type, db_rows_text(rows, row, 1), sizeof use.type);
        g_array_append_val(uses, use);
    }
    return uses;
}

gboolean
db_issuer_in_force(Db *db, const char *issuer, gint64 *count, gint64 *last, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &owner[IN_FORCE], error, issuer);
    *count = rows ? db_rows_int(rows, 0, 0) : 0;
    *last = *count > 0 ? db_rows_int(rows, 0, 1) : 0;
    return rows != NULL;
}

/* --- signing -------------------------------------------------------------------------------------------------------------- */

void
db_signing_free(DbSigning *signing)
{
    if (!signing)
        return;
    char *const texts[] = { signing->state, signing->type, signing->mail, signing->country, signing->locality,
                            signing->organization, signing->unit, signing->common_name, signing->time_zone, signing->issuer,
                            signing->subject_kind, signing->predecessor };
    char **const lists[] = { signing->key_usage, signing->extended, signing->policies, signing->key_kinds };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
        g_strfreev(lists[i]);
    g_free(signing);
}

/* In the order of the statement's columns. */
static DbSigning *
read_signing(const DbRows *rows)
{
    DbSigning *s = g_new0(DbSigning, 1);
    int c = 0;
    s->request = db_rows_int(rows, 0, c++);
    s->person = db_rows_int(rows, 0, c++);
    s->institution = db_rows_int(rows, 0, c++);
    s->cycle = db_rows_int(rows, 0, c++);
    s->state = db_rows_dup(rows, 0, c++);
    s->type = db_rows_dup(rows, 0, c++);
    s->mail = db_rows_dup(rows, 0, c++);
    s->months = db_rows_int(rows, 0, c++);
    s->country = db_rows_dup(rows, 0, c++);
    s->locality = db_rows_dup(rows, 0, c++);
    s->organization = db_rows_dup(rows, 0, c++);
    s->unit = db_rows_dup(rows, 0, c++);
    s->common_name = db_rows_dup(rows, 0, c++);
    s->pickup = db_rows_int(rows, 0, c++);
    s->pickup_cycle = db_rows_int(rows, 0, c++);
    s->not_before = db_rows_int(rows, 0, c++);
    s->not_after = db_rows_int(rows, 0, c++);
    s->open = db_rows_flag(rows, 0, c++);
    s->cycle_at = db_rows_int(rows, 0, c++);
    s->cycle_end = db_rows_int(rows, 0, c++);
    s->type_allowed = db_rows_flag(rows, 0, c++);
    s->months_allowed = db_rows_flag(rows, 0, c++);
    s->domain_allowed = db_rows_flag(rows, 0, c++);
    s->profile_fits = db_rows_flag(rows, 0, c++);
    s->active = db_rows_int(rows, 0, c++);
    s->max_active = db_rows_int(rows, 0, c++);
    s->profile_has_room = db_rows_flag(rows, 0, c++);
    s->time_zone = db_rows_dup(rows, 0, c++);
    s->issuer = db_rows_dup(rows, 0, c++);
    s->subject_kind = db_rows_dup(rows, 0, c++);
    s->key_usage = db_rows_list(rows, 0, c++);
    s->extended = db_rows_list(rows, 0, c++);
    s->policies = db_rows_list(rows, 0, c++);
    s->key_kinds = db_rows_list(rows, 0, c++);
    s->predecessor = db_rows_dup(rows, 0, c++);
    s->half_done = db_rows_flag(rows, 0, c++);
    s->shards = db_rows_int(rows, 0, c++);
    return s;
}

DbSigning *
db_signing_get(Db *db, gint64 request, GBytes *token_hash, const char *log, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &signer[SIGNING], error, request, token_hash, log);
    return rows && db_rows_count(rows) ? read_signing(rows) : NULL;
}

gboolean
db_certificate_lock_key(Db *db, GBytes *spki_sha256, GError **error)
{
    return db_do(db, &signer[LOCK_KEY], error, spki_sha256);
}

gboolean
db_certificate_key_use(Db *db, GBytes *spki_sha256, gint64 person, gboolean *of_another, gboolean *compromised, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &signer[KEY_USE], error, spki_sha256, person);
    if (!rows)
        return FALSE;
    *of_another = db_rows_flag(rows, 0, 0);
    *compromised = db_rows_flag(rows, 0, 1);
    return TRUE;
}

GBytes *
db_certificate_of_pickup(Db *db, gint64 pickup, GBytes **spki_sha256, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &signer[OF_PICKUP], error, pickup);
    if (!rows || !db_rows_count(rows))
        return NULL;
    *spki_sha256 = db_rows_bytes(rows, 0, 1);
    return db_rows_bytes(rows, 0, 0);
}

gboolean
db_intent_begin(Db *db, const struct db_intent *n, gint64 *id, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &signer[INTEND], error, n->issuer, n->serial, n->request, n->pickup, n->log, n->log_at, n->tbs,
                                    n->spki_sha256, n->key_kind, n->predecessor, n->shard);
    *id = rows ? db_rows_int(rows, 0, 0) : 0;
    return rows != NULL;
}

gboolean
db_intent_store(Db *db, gint64 id, const struct db_certificate *c, const char *log_id, gboolean *live, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &signer[STORE], error, id, c->der, c->subject, c->fingerprint, log_id);
    *live = rows && strcmp(db_rows_text(rows, 0, 0), "stored") == 0;
    return rows != NULL;
}

gboolean
db_intent_void(Db *db, gint64 id, GError **error)
{
    return db_do(db, &signer[VOID_INTENT], error, id);
}

static void
open_intent_free(gpointer data)
{
    DbOpenIntent *intent = data;
    g_free(intent->issuer);
    g_free(intent->serial);
    g_bytes_unref(intent->issuer_certificate);
    g_free(intent);
}

GPtrArray *
db_intents_open(Db *db, const char *log, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &signer[INTENTS], error, log);
    if (!rows)
        return NULL;
    GPtrArray *intents = g_ptr_array_new_with_free_func(open_intent_free);
    for (int row = 0; row < db_rows_count(rows); row++) {
        DbOpenIntent *intent = g_new0(DbOpenIntent, 1);
        intent->id = db_rows_int(rows, row, 0);
        intent->request = db_rows_int(rows, row, 1);
        intent->issuer = db_rows_dup(rows, row, 2);
        intent->serial = db_rows_dup(rows, row, 3);
        intent->log_at = db_rows_int(rows, row, 4);
        intent->issuer_certificate = db_rows_bytes(rows, row, 5);
        g_ptr_array_add(intents, intent);
    }
    return intents;
}

gboolean
db_certificate_exists(Db *db, const char *issuer, const char *serial, gboolean *exists, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &signer[EXISTS], error, issuer, serial);
    if (!rows)
        return FALSE;
    *exists = db_rows_flag(rows, 0, 0);
    return TRUE;
}

gboolean
db_issuer_audit(Db *db, const char *what, const char *issuer, const char *serial, const char *log_id, GError **error)
{
    return db_do(db, &signer[AUDIT], error, what, log_id, issuer, serial);
}

/* --- CRLs ----------------------------------------------------------------------------------------------------------------- */

/* Two statements: what is read must be seen after the wait for the lock. */
gboolean
db_crl_lock(Db *db, const char *issuer, gboolean *found, gint64 *number, gint64 *this_update, GError **error)
{
    g_autoptr(DbRows) locked = db_run(db, &signer[CRL_LOCK], error, issuer);
    if (!locked)
        return FALSE;
    *found = db_rows_count(locked) > 0;
    *number = *this_update = 0;
    if (!*found)
        return TRUE;
    g_autoptr(DbRows) rows = db_run(db, &signer[CRL_LAST], error, issuer);
    if (!rows)
        return FALSE;
    *number = db_rows_int(rows, 0, 0);
    *this_update = db_rows_int(rows, 0, 1);
    return TRUE;
}

GArray *
db_crl_rows(Db *db, const char *issuer, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &signer[CRL_ROWS], error, issuer);
    if (!rows)
        return NULL;
    GArray *list = g_array_new(FALSE, TRUE, sizeof(struct db_crl_row));
    for (int row = 0; row < db_rows_count(rows); row++) {
        struct db_crl_row one = { db_rows_int(rows, row, 0), db_rows_int(rows, row, 1), db_rows_int(rows, row, 2), db_rows_int(rows, row, 3) };
        g_array_append_val(list, one);
    }
    return list;
}

GArray *
db_crl_mark(Db *db, const char *issuer, gint64 number, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &signer[CRL_MARK], error, issuer, number);
    if (!rows || !db_do(db, &signer[CRL_NUMBER], error, issuer, number))
        return NULL;
    GArray *shards = g_array_new(FALSE, TRUE, sizeof(gint64));
    for (int row = 0; row < db_rows_count(rows); row++) {
        gint64 shard = db_rows_int(rows, row, 0);
        g_array_append_val(shards, shard);
    }
    return shards;
}

GArray *
db_crl_revoked(Db *db, const char *issuer, gint64 shard, gint64 ends_after, GError **error)
{
    g_autoptr(DbRows) rows = shard < 0 ? db_run(db, &signer[CRL_REVOKED], error, issuer, ends_after)
                                       : db_run(db, &signer[CRL_SHARD], error, issuer, ends_after, shard);
    if (!rows)
        return NULL;
    GArray *revoked = g_array_sized_new(FALSE, TRUE, sizeof(struct db_revoked), (guint)db_rows_count(rows));
    for (int row = 0; row < db_rows_count(rows); row++) {
        struct db_revoked one = { .at = db_rows_int(rows, row, 2) };
        g_strlcpy(one.serial, db_rows_text(rows, row, 0), sizeof one.serial);
        g_strlcpy(one.reason, db_rows_text(rows, row, 1), sizeof one.reason);
        g_array_append_val(revoked, one);
    }
    return revoked;
}

gboolean
db_crl_put(Db *db, const char *issuer, gint64 shard, gint64 number, gint64 this_update, gint64 next_update, GBytes *der,
           GError **error)
{
    return db_do(db, &signer[CRL_PUT], error, issuer, shard, number, this_update, next_update, der);
}

/* --- the responder -------------------------------------------------------------------------------------------------------- */

gboolean
db_certificate_status(Db *db, const char *issuer, const char *serial, struct db_status *status, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &responder[STATUS], error, issuer, serial);
    if (!rows)
        return FALSE;
    *status = (struct db_status){ .known = db_rows_count(rows) > 0 };
    if (status->known && !db_rows_null(rows, 0, 0)) {
        status->revoked = TRUE;
        status->revoked_at = db_rows_int(rows, 0, 0);
        g_strlcpy(status->reason, db_rows_text(rows, 0, 1), sizeof status->reason);
    }
    return TRUE;
}

gboolean
db_ocsp_keep(Db *db, const struct db_ocsp *answer, gboolean *kept, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &responder[KEEP], error, answer->issuer, answer->serial, answer->hash, answer->revoked,
                                    answer->this_update, answer->next_update, answer->der);
    *kept = rows && db_rows_flag(rows, 0, 0);
    return rows != NULL;
}

static void
due_free(gpointer data)
{
    DbOcspDue *due = data;
    g_free(due->issuer);
    g_free(due->serial);
    g_free(due->hash);
    g_free(due);
}

GPtrArray *
db_ocsp_due(Db *db, gint64 after, gint64 before, gint64 now, gint64 most, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &responder[DUE], error, after, before, now, most);
    if (!rows)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func(due_free);
    for (int row = 0; row < db_rows_count(rows); row++) {
        DbOcspDue *due = g_new0(DbOcspDue, 1);
        due->issuer = db_rows_dup(rows, row, 0);
        due->serial = db_rows_dup(rows, row, 1);
        due->hash = db_rows_dup(rows, row, 2);
        g_ptr_array_add(list, due);
    }
    return list;
}

gboolean
db_ocsp_sweep(Db *db, gint64 ended_before, GError **error)
{
    return db_do(db, &responder[SWEEP], error, ended_before);
}
