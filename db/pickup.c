#include "db/pickup.h"

#include <string.h>

#define EPOCH(column) "extract(epoch from " column ")::bigint"

enum { LOOK, TRY, KEY, KEEP_KEY, BYTES, COLLECT, DONE, REOPEN, ASK, PIN, MOBILECONFIG, KEEP_MOBILECONFIG, CERTIFICATE };

static const DbStatement statements[] = {
    [LOOK] = { "pickup_look",
            "select k.id, k.request, k.cycle, r.person, r.months, " EPOCH("k.not_before") ", " EPOCH("k.not_after") ","
            " greatest(5 - k.tries, 0), " EPOCH("k.locked_at") ", " EPOCH("k.expires_at") ", " EPOCH("k.collected_at") ","
            " " EPOCH("k.keep_until") ", k.pin_mail, p.idp = '', k.own_password, k.pin_salt, r.type, r.memo, r.state, k.ended,"
            " k.key_kind, k.content_type,"
            " (select c.key_origin from certificate c where c.pickup = k.id and c.revoked_at is null),"
            " p.display_name, p.display_name_ja, coalesce(r.cycle_name, r.common_name), r.mail, i.name, i.name_ja, i.helpdesk_name, i.helpdesk_mail,"
            " i.helpdesk_phone,"
            " subject_text(f.subject, r.country, r.locality, r.organization, r.unit, r.number::text,"
            " coalesce(r.cycle_name, r.common_name), r.mail),"
            " f.issuer, i.password_rule, f.key_kinds"
            " from pickup k join request r on r.number = k.request join person p on p.id = r.person"
            " join institution i on i.id = r.institution join profile f on f.id = r.profile where k.token_hash = $1",
            "b" },
    [TRY] = { "pickup_try", "select outcome, left_ from pickup_try($1, $2, $3, $4)", "bbss" },
    [KEY] = { "pickup_key", "select key_locked from pickup where id = $1 and pin_hash = $2", "ib" },
    [KEEP_KEY] = { "pickup_keep_key", "select pickup_keep_key($1, $2, $3, $4)", "ibsb" },
    [BYTES] = { "pickup_bytes",
            "select pkcs12, content_type from pickup where id = $1 and pin_hash = $2 and ended is null and pkcs12 is not null",
            "ib" },
    [COLLECT] = { "pickup_collect", "select pickup_collect($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)", "ibbsfsssss" },
    [DONE] = { "pickup_done", "select pickup_done($1, $2, $3, $4)", "isss" },
    [REOPEN] = { "pickup_reopen", "select pickup_reopen($1, $2, $3, $4, $5)", "ibsss" },
    [ASK] = { "pickup_ask", "select pickup_ask($1, $2, $3, $4, $5)", "issss" },
    [PIN] = { "pickup_pin",
            "select k.pin_sealed, k.cycle from request r join pickup k on k.request = r.number and k.cycle = r.cycle"
            " where r.number = $1 and r.person = $2 and r.state in ('ready', 'renew_ready') and k.pin_sealed is not null",
            "ii" },
    [MOBILECONFIG] = { "pickup_mobileconfig",
            "select mobileconfig from pickup where id = $1 and pin_hash = $2 and ended is null and mobileconfig is not null", "ib" },
    [KEEP_MOBILECONFIG] = { "pickup_keep_mobileconfig", "select pickup_keep_mobileconfig($1, $2, $3)", "ibb" },
    [CERTIFICATE] = { "pickup_certificate", "select der from certificate where pickup = $1 and revoked_at is null", "i" },
};
const DbGroup db_pickup_group = { "pickup", statements, G_N_ELEMENTS(statements), "portal" };

enum { INSERT, HOLD, WORK, NEW_PIN, NEW_TOKEN, LAPSING, ERASING, ENDING, MARK_ENDING, ERASE };

#define DUE "select k.id, k.request, k.cycle, " EPOCH("k.expires_at") " from pickup k "

static const DbStatement worker[] = {
    /* The last day counts whole, but nothing is handed out past the certificate's own end. */
    [INSERT] = { "pickup_insert",
            "insert into pickup (request, cycle, not_before, not_after, token_hash, pin_salt, pin_hash, pin_sealed, pin_mail,"
            " expires_at) select r.number, r.cycle, r.cycle_at, r.cycle_end, $3, $4, $5, $6, $7,"
            " least(((((now() at time zone s.time_zone)::date + $8::integer) + time '23:59:59') at time zone s.time_zone),"
            " r.cycle_end) from request r cross join service s where r.number = $1 and r.cycle = $2"
            " returning " EPOCH("expires_at"),
            "iibbbbfi" },
    [HOLD] = { "request_hold", "select request_hold($1)", "i" },
    [WORK] = { "pickup_work",
            "select r.cycle, k.id, " EPOCH("k.expires_at") ", r.state, coalesce(k.pin_mail, i.pin_mail and p.idp <> ''"
            " and r.type <> 'officer'), k.new_pin_at is not"
            " null,"
            " k.resend_at is not null from request r join institution i on i.id = r.institution join person p on p.id = r.person"
            " left join pickup k on k.request = r.number and k.cycle = r.cycle and k.ended is null where r.number = $1",
            "i" },
    [NEW_PIN] = { "pickup_new_pin", "select pickup_new_pin($1, $2, $3, $4)", "ibbb" },
    [NEW_TOKEN] = { "pickup_new_token",
            "update pickup set token_hash = $2, resend_at = null where id = $1 and ended is null", "ib" },
    [LAPSING] = { "pickup_lapsing",
            DUE "where ended is null and collected_at is null and expires_at <= to_timestamp($1) order by expires_at limit $2",
            "ii" },
    [ERASING] = { "pickup_erasing",
            DUE "where ended is null and collected_at is not null and keep_until <= to_timestamp($1)"
            " order by keep_until limit $2",
            "ii" },
    [ENDING] = { "pickup_ending",
            DUE "where ended is null and collected_at is null and not ending_mailed and expires_at > to_timestamp($1)"
            " and expires_at <= to_timestamp($1) + make_interval(days => $2) order by expires_at limit $3",
            "iii" },
    [MARK_ENDING] = { "pickup_mark_ending",
            "update pickup set ending_mailed = true where id = $1 and not ending_mailed and ended is null"
            " and collected_at is null returning 1",
            "i" },
    [ERASE] = { "pickup_erase", "select pickup_erase($1, $2, to_timestamp($3))", "iii" },
};
const DbGroup db_pickup_worker_group = { "pickup_worker", worker, G_N_ELEMENTS(worker), "worker" };

void
db_pickup_free(DbPickup *k)
{
    if (!k)
        return;
    char *texts[] = { k->type, k->memo, k->state, k->ended, k->key_kind, k->content_type, k->key_origin, k->display_name,
                      k->display_name_ja, k->common_name, k->mail, k->institution_name, k->institution_name_ja, k->helpdesk_name,
                      k->helpdesk_mail, k->helpdesk_phone, k->planned_subject, k->issuer, k->password_rule };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_clear_pointer(&k->pin_salt, g_bytes_unref);
    g_strfreev(k->key_kinds);
    g_free(k);
}

DbPickup *
db_pickup_look(Db *db, GBytes *token_hash, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[LOOK], error, token_hash);
    if (!rows || db_rows_count(rows) == 0)
        return NULL;
    DbPickup *k = g_new0(DbPickup, 1);
    gint64 *const numbers[] = { &k->id, &k->request, &k->cycle, &k->person, &k->months, &k->not_before, &k->not_after,
                                &k->tries_left, &k->locked_at, &k->expires_at, &k->collected_at, &k->keep_until };
    char **const texts[] = { &k->type, &k->memo, &k->state, &k->ended, &k->key_kind, &k->content_type, &k->key_origin,
                             &k->display_name, &k->display_name_ja, &k->common_name, &k->mail, &k->institution_name, &k->institution_name_ja,
                             &k->helpdesk_name, &k->helpdesk_mail, &k->helpdesk_phone, &k->planned_subject, &k->issuer,
                             &k->password_rule };
    int c = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        *numbers[i] = db_rows_int(rows, 0, c++);
    k->pin_mail = db_rows_flag(rows, 0, c++);
    k->by_desk = db_rows_flag(rows, 0, c++);
    k->own_password = db_rows_flag(rows, 0, c++);
    k->pin_salt = db_rows_bytes(rows, 0, c++);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        *texts[i] = db_rows_dup(rows, 0, c++);
    k->key_kinds = db_rows_list(rows, 0, c++);
    return k;
}

static gboolean
outcome_of(const char *word, enum db_pickup_outcome *outcome)
{
    static const char *const words[] = { [DB_PICKUP_RIGHT] = "right",
                                         [DB_PICKUP_WRONG] = "wrong",
                                         [DB_PICKUP_LOCKED] = "locked",
                                         [DB_PICKUP_ENDED] = "ended",
                                         [DB_PICKUP_NONE] = "none" };
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (strcmp(words[i], word) == 0) {
            *outcome = (enum db_pickup_outcome)i;
            return TRUE;
        }
    return FALSE;
}

gboolean
db_pickup_try(Db *db, GBytes *token_hash, GBytes *pin_hash, const char *address, const char *log_id,
              enum db_pickup_outcome *outcome, int *tries_left, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[TRY], error, token_hash, pin_hash, address, log_id);
    if (!rows)
        return FALSE;
    if (!outcome_of(db_rows_text(rows, 0, 0), outcome)) {
        g_set_error(error, DB_ERROR, DB_ERROR_BROKEN, "pickup_try answered %s", db_rows_text(rows, 0, 0));
        return FALSE;
    }
    if (tries_left)
        *tries_left = (int)db_rows_int(rows, 0, 1);
    return TRUE;
}

static GBytes *
one_value(DbRows *rows)
{
    g_autoptr(DbRows) mine = rows;
    return mine && db_rows_count(mine) > 0 ? db_rows_bytes(mine, 0, 0) : NULL;
}

GBytes *
db_pickup_key(Db *db, gint64 pickup, GBytes *pin_hash, GError **error)
{
    return one_value(db_run(db, &statements[KEY], error, pickup, pin_hash));
}

GBytes *
db_pickup_keep_key(Db *db, gint64 pickup, GBytes *pin_hash, const char *key_kind, GBytes *key_locked, GError **error)
{
    return one_value(db_run(db, &statements[KEEP_KEY], error, pickup, pin_hash, key_kind, key_locked));
}

GBytes *
db_pickup_bytes(Db *db, gint64 pickup, GBytes *pin_hash, char **content_type, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[BYTES], error, pickup, pin_hash);
    if (!rows || db_rows_count(rows) == 0)
        return NULL;
    *content_type = db_rows_dup(rows, 0, 1);
    return db_rows_bytes(rows, 0, 0);
}

GBytes *
db_pickup_collect(Db *db, const struct db_collect *collect, GError **error)
{
    return one_value(db_run(db, &statements[COLLECT], error, collect->pickup, collect->pin_hash, collect->bytes,
                            collect->content_type, collect->own_password, collect->key_origin, collect->serial, collect->actor, collect->address,
                            collect->log_id));
}

GBytes *
db_pickup_mobileconfig(Db *db, gint64 pickup, GBytes *pin_hash, GError **error)
{
    return one_value(db_run(db, &statements[MOBILECONFIG], error, pickup, pin_hash));
}

GBytes *
db_pickup_keep_mobileconfig(Db *db, gint64 pickup, GBytes *pin_hash, GBytes *bytes, GError **error)
{
    return one_value(db_run(db, &statements[KEEP_MOBILECONFIG], error, pickup, pin_hash, bytes));
}

GBytes *
db_pickup_certificate(Db *db, gint64 pickup, GError **error)
{
    return one_value(db_run(db, &statements[CERTIFICATE], error, pickup));
}

gboolean
db_pickup_done(Db *db, gint64 pickup, const char *actor, const char *address, const char *log_id, GError **error)
{
    return db_do(db, &statements[DONE], error, pickup, actor, address, log_id);
}

gboolean
db_pickup_reopen(Db *db, gint64 pickup, GBytes *pin_hash, const char *actor, const char *address, const char *log_id,
                 GError **error)
{
    return db_do(db, &statements[REOPEN], error, pickup, pin_hash, actor, address, log_id);
}

gboolean
db_pickup_ask(Db *db, gint64 request, const char *what, const char *actor, const char *address, const char *log_id,
              GError **error)
{
    return db_do(db, &statements[ASK], error, request, what, actor, address, log_id);
}

GBytes *
db_pickup_pin(Db *db, gint64 request, gint64 person, gint64 *cycle, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[PIN], error, request, person);
    if (!rows || db_rows_count(rows) == 0)
        return NULL;
    *cycle = db_rows_int(rows, 0, 1);
    return db_rows_bytes(rows, 0, 0);
}

/* --- the worker's side ---------------------------------------------------------------------------------------------------- */

gint64
db_pickup_insert(Db *db, const struct db_pickup_new *k, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &worker[INSERT], error, k->request, k->cycle, k->token_hash, k->pin_salt, k->pin_hash,
                                    k->pin_sealed, k->pin_mail, (gint64)k->days);
    if (!rows)
        return 0;
    if (db_rows_count(rows) == 0) {
        g_set_error_literal(error, DB_ERROR, DB_ERROR_REFUSED, "state");
        return 0;
    }
    return db_rows_int(rows, 0, 0);
}

void
db_pickup_work_clear(struct db_pickup_work *work)
{
    g_clear_pointer(&work->state, g_free);
}

gboolean
db_pickup_for_work(Db *db, gint64 request, struct db_pickup_work *work, GError **error)
{
    if (!db_do(db, &worker[HOLD], error, request))
        return FALSE;
    g_autoptr(DbRows) rows = db_run(db, &worker[WORK], error, request);
    if (!rows || db_rows_count(rows) == 0)
        return FALSE;
    work->cycle = db_rows_int(rows, 0, 0);
    work->pickup = db_rows_int(rows, 0, 1);
    work->expires_at = db_rows_int(rows, 0, 2);
    work->state = db_rows_dup(rows, 0, 3);
    work->pin_mail = db_rows_flag(rows, 0, 4);
    work->new_pin_asked = db_rows_flag(rows, 0, 5);
    work->resend_asked = db_rows_flag(rows, 0, 6);
    return TRUE;
}

gboolean
db_pickup_new_pin(Db *db, gint64 pickup, GBytes *salt, GBytes *hash, GBytes *sealed, GError **error)
{
    return db_do(db, &worker[NEW_PIN], error, pickup, salt, hash, sealed);
}

gboolean
db_pickup_new_token(Db *db, gint64 pickup, GBytes *token_hash, GError **error)
{
    return db_do(db, &worker[NEW_TOKEN], error, pickup, token_hash);
}

static GArray *
read_due(DbRows *rows)
{
    g_autoptr(DbRows) mine = rows;
    if (!mine)
        return NULL;
    GArray *list = g_array_new(FALSE, FALSE, sizeof(struct db_pickup_due));
    for (int i = 0; i < db_rows_count(mine); i++) {
        struct db_pickup_due due = { db_rows_int(mine, i, 0), db_rows_int(mine, i, 1), db_rows_int(mine, i, 2),
                                     db_rows_int(mine, i, 3) };
        g_array_append_val(list, due);
    }
    return list;
}

GArray *
db_pickup_lapsing(Db *db, gint64 now, int limit, GError **error)
{
    return read_due(db_run(db, &worker[LAPSING], error, now, (gint64)limit));
}

GArray *
db_pickup_erasing(Db *db, gint64 now, int limit, GError **error)
{
    return read_due(db_run(db, &worker[ERASING], error, now, (gint64)limit));
}

GArray *
db_pickup_ending(Db *db, gint64 now, int days, int limit, GError **error)
{
    return read_due(db_run(db, &worker[ENDING], error, now, (gint64)days, (gint64)limit));
}

gboolean
db_pickup_mark_ending(Db *db, gint64 pickup, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &worker[MARK_ENDING], error, pickup);
    return rows && db_rows_count(rows) > 0;
}

gboolean
db_pickup_erase(Db *db, gint64 request, gint64 cycle, gint64 now, GError **error)
{
    return db_do(db, &worker[ERASE], error, request, cycle, now);
}
