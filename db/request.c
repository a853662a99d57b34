#include "db/request.h"

/* Read by every role of ours. */
enum { GET, PREVIOUS, TRANSITIONS, STEP };

#define EPOCH(column) "extract(epoch from " column ")::bigint"

/* The certificate in hand: the last one that was collected. */
#define IN_HAND                                                                                                                \
    " left join lateral (select c.* from certificate c join pickup o on o.id = c.pickup where c.request = r.number"            \
    " and o.collected_at is not null order by o.cycle desc, c.signed_at desc limit 1) c on true"

static const DbStatement statements[] = {
    [GET] = { "request_get",
            "select r.number, r.person, r.institution, r.type, r.memo, r.mail, r.state, r.months, " EPOCH("r.applied_at") ","
            " r.cycle, " EPOCH("r.cycle_at") ", " EPOCH("r.cycle_end") ", " EPOCH("r.not_before") ", " EPOCH("r.not_after") ","
            " subject_text(f.subject, r.country, r.locality, r.organization, r.unit, r.number::text, r.common_name, r.mail),"
            " r.common_name, c.issuer, c.serial, c.subject, encode(c.fingerprint, 'hex'), c.reason, c.key_kind, c.key_origin,"
            " " EPOCH("c.signed_at") ", " EPOCH("c.revoked_at") ", " EPOCH("c.not_after") ", c.published is not null,"
            " (select count(*) from pickup where request = r.number and collected_at is not null),"
            " k.id, " EPOCH("k.made_at") ", " EPOCH("k.expires_at") ", " EPOCH("k.collected_at") ", " EPOCH("k.keep_until") ","
            " " EPOCH("k.locked_at") ", " EPOCH("k.new_pin_at") ", " EPOCH("k.resend_at") ", coalesce(k.pin_mail, i.pin_mail and r.type <> 'officer'),"
            " k.pin_sealed is not null, k.ended, p.display_name, p.display_name_ja, i.name, i.name_ja, i.helpdesk_name,"
            " i.helpdesk_mail, i.helpdesk_phone, r.context, " EPOCH("r.authn_at") ", r.assurance"
            " from request r join person p on p.id = r.person join institution i on i.id = r.institution"
            " join profile f on f.id = r.profile left join pickup k on k.request = r.number and k.cycle = r.cycle" IN_HAND
            " where r.number = $1 and ($2::bigint is null or r.person = $2)",
            "in" },
    [PREVIOUS] = { "request_previous",
            "select c.issuer, c.serial, c.reason, " EPOCH("c.not_before") ", " EPOCH("c.not_after") ","
            " " EPOCH("c.revoked_at") ", c.published is not null"
            " from request r join certificate c on c.request = r.number join pickup k on k.id = c.pickup"
            " where r.number = $1 and ($2::bigint is null or r.person = $2) and k.collected_at is not null"
            " order by k.cycle desc, c.signed_at desc offset 1 limit 100",
            "in" },
    [TRANSITIONS] = { "request_transitions",
            "select state, event, next_state, mail, who from request_transition order by 1, 2", "" },
    [STEP] = { "request_step", "select request_step($1, $2, $3, $4, $5, $6::jsonb, $7, $8)", "isssssbb" },
};
const DbGroup db_request_group = { "request", statements, G_N_ELEMENTS(statements), "portal worker owner" };

enum { REFUSAL, ASSURANCE, PLANNED, INSERT, MEMO, FORM_SPEND, FORM_PLACE, FORM_LOCATION };

static const DbStatement portal[] = {
    [REFUSAL] = { "request_refusal", "select request_refusal($1, $2, $3, $4, $5)", "isisf" },
    [ASSURANCE] = { "request_assurance", "select assurance_refusal(profile_now($1, $2), $3, $4)", "sisa" },
    [PLANNED] = { "request_planned",
            "select subject_text(f.subject, i.country, i.locality, i.organization, unit_for(i, $6, false), 'N',"
            " certificate_name(p, i.name_form), $4),"
            " " EPOCH("validity_end(to_timestamp($5), $3)") ", certificate_name(p, i.name_form)"
            " from person p join institution i on i.id = p.institution cross join profile_now($2, $3) f where p.id = $1",
            "isisis" },
    [INSERT] = { "request_insert",
            "insert into request (person, type, months, memo, mail, context, authn_at, assurance, unit_chosen)"
            " values ($1, $2, $3, $4, $5, coalesce($6, ''), to_timestamp($7), coalesce($8::text[], '{}'), nullif($9, ''))"
            " returning number",
            "isisssnas" },
    [MEMO] = { "request_memo", "update request set memo = $3 where number = $1 and person = $2 returning 1", "iis" },
    /* Waits while another transaction holds the same key: it may yet fail and leave the key to us. */
    [FORM_SPEND] = { "form_spend",
            "insert into form_used (key_hash, person) values ($1, $2) on conflict do nothing returning 1", "bi" },
    [FORM_PLACE] = { "form_place", "update form_used set location = $2 where key_hash = $1", "bs" },
    [FORM_LOCATION] = { "form_location", "select location from form_used where key_hash = $1 and person = $2", "bi" },
};
const DbGroup db_request_portal_group = { "request_portal", portal, G_N_ELEMENTS(portal), "portal" };

enum { PUBLISHED, EXPIRED, NOTICES, NOTICE, SUPERSEDED, SUPERSEDE };

static const DbStatement worker[] = {
    [PUBLISHED] = { "request_published",
            "select number from request r where state = 'revoking' and not exists (select from certificate"
            " where request = r.number and revoked_at is not null and published is null and not_after > now())"
            " order by number limit $1",
            "i" },
    [EXPIRED] = { "request_expired",
            "select number from request where state = 'collected' and not_after <= to_timestamp($1) order by not_after, number"
            " limit $2",
            "ii" },
    [NOTICES] = { "request_notices",
            "select r.number, k.cycle, t.days from request r join person p on p.id = r.person cross join service s"
            " cross join lateral (select max(cycle) as cycle from pickup where request = r.number"
            "  and collected_at is not null) k"
            " cross join lateral (select min(d) as days from unnest('{28,14,7,3,1}'::integer[]) d where d >="
            "  (r.not_after at time zone s.time_zone)::date - (to_timestamp($1) at time zone s.time_zone)::date) t"
            " where r.state in ('collected', 'renewing', 'renew_ready') and r.not_after > to_timestamp($1)"
            " and r.not_after < to_timestamp($1) + interval '30 days' and t.days is not null and k.cycle is not null"
            " and (p.notices or t.days = 1)"
            " and not exists (select from notice n where n.request = r.number and n.cycle = k.cycle and n.days <= t.days)"
            " order by r.number limit $2",
            "ii" },
    /* The tightest first: who comes second waits for its row and then adds nothing. */
    [NOTICE] = { "request_notice",
            "with mine as (insert into notice (request, cycle, days) values ($1, $2, $3) on conflict do nothing returning 1),"
            " wider as (insert into notice (request, cycle, days) select $1, $2, d from unnest('{28,14,7,3,1}'::integer[]) d"
            "  where d > $3 and exists (select from mine) on conflict do nothing)"
            " select 1 from mine",
            "iii" },
    [SUPERSEDED] = { "request_superseded",
            "select distinct c.issuer, c.serial from pickup n join request r on r.number = n.request"
            " join institution i on i.id = r.institution join pickup o on o.request = n.request and o.cycle < n.cycle"
            " join certificate c on c.pickup = o.id and c.request = o.request"
            " where n.cycle > 1 and n.collected_at <= to_timestamp($1) - make_interval(days => i.grace_days)"
            " and i.grace_days is not null and c.revoked_at is null and c.not_after > to_timestamp($1) limit $2",
            "ii" },
    [SUPERSEDE] = { "request_supersede", "select certificate_supersede($1, $2)", "ss" },
};
const DbGroup db_request_worker_group = { "request_worker", worker, G_N_ELEMENTS(worker), "worker" };

/* --- rows ----------------------------------------------------------------------------------------------------------------- */

void
db_request_free(DbRequest *r)
{
    if (!r)
        return;
    char *texts[] = { r->type, r->memo, r->mail, r->state, r->planned_subject, r->common_name, r->issuer, r->serial, r->subject,
                      r->fingerprint, r->reason, r->key_kind, r->key_origin, r->ended, r->display_name, r->display_name_ja,
                      r->institution_name, r->institution_name_ja, r->helpdesk_name, r->helpdesk_mail, r->helpdesk_phone, r->context };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_strfreev(r->assurance);
    g_free(r);
}

static void
read_request(DbRequest *r, const DbRows *rows)
{
    int c = 0;
    gint64 *const numbers_first[] = { &r->number, &r->person, &r->institution };
    char **const texts_first[] = { &r->type, &r->memo, &r->mail, &r->state };
    gint64 *const times[] = {
        &r->months, &r->applied_at, &r->cycle, &r->cycle_at, &r->cycle_end, &r->not_before, &r->not_after
    };
    char **const certificate[] = { &r->planned_subject, &r->common_name, &r->issuer, &r->serial, &r->subject, &r->fingerprint,
                                   &r->reason, &r->key_kind, &r->key_origin };
    gint64 *const pickup[] = { &r->certificates, &r->pickup, &r->made_at, &r->expires_at, &r->collected_at, &r->keep_until,
                               &r->locked_at, &r->new_pin_at, &r->resend_at };
    char **const owner[] = { &r->ended, &r->display_name, &r->display_name_ja, &r->institution_name, &r->institution_name_ja,
                             &r->helpdesk_name, &r->helpdesk_mail, &r->helpdesk_phone };

    for (size_t i = 0; i < G_N_ELEMENTS(numbers_first); i++)
        *numbers_first[i] = db_rows_int(rows, 0, c++);
    for (size_t i = 0; i < G_N_ELEMENTS(texts_first); i++)
        *texts_first[i] = db_rows_dup(rows, 0, c++);
    for (size_t i = 0; i < G_N_ELEMENTS(times); i++)
        *times[i] = db_rows_int(rows, 0, c++);
    for (size_t i = 0; i < G_N_ELEMENTS(certificate); i++)
        *certificate[i] = db_rows_dup(rows, 0, c++);
    r->signed_at = db_rows_int(rows, 0, c++);
    r->revoked_at = db_rows_int(rows, 0, c++);
    r->certificate_not_after = db_rows_int(rows, 0, c++);
    r->published = db_rows_flag(rows, 0, c++);
    for (size_t i = 0; i < G_N_ELEMENTS(pickup); i++)
        *pickup[i] = db_rows_int(rows, 0, c++);
    r->pin_mail = db_rows_flag(rows, 0, c++);
    r->has_pin = db_rows_flag(rows, 0, c++);
    for (size_t i = 0; i < G_N_ELEMENTS(owner); i++)
        *owner[i] = db_rows_dup(rows, 0, c++);
    r->context = db_rows_dup(rows, 0, c++);
    r->authn_at = db_rows_int(rows, 0, c++);
    r->assurance = db_rows_list(rows, 0, c++);
}

DbRequest *
db_request_get(Db *db, gint64 number, gint64 person, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[GET], error, number, person);
    if (!rows || db_rows_count(rows) == 0)
        return NULL;
    DbRequest *request = g_new0(DbRequest, 1);
    read_request(request, rows);
    return request;
}

void
db_previous_free(DbPrevious *previous)
{
    if (!previous)
        return;
    g_free(previous->issuer);
    g_free(previous->serial);
    g_free(previous->reason);
    g_free(previous);
}

GPtrArray *
db_request_previous(Db *db, gint64 number, gint64 person, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[PREVIOUS], error, number, person);
    if (!rows)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)db_previous_free);
    for (int i = 0; i < db_rows_count(rows); i++) {
        DbPrevious *previous = g_new0(DbPrevious, 1);
        previous->issuer = db_rows_dup(rows, i, 0);
        previous->serial = db_rows_dup(rows, i, 1);
        previous->reason = db_rows_dup(rows, i, 2);
        previous->not_before = db_rows_int(rows, i, 3);
        previous->not_after = db_rows_int(rows, i, 4);
        previous->revoked_at = db_rows_int(rows, i, 5);
        previous->published = db_rows_flag(rows, i, 6);
        g_ptr_array_add(list, previous);
    }
    return list;
}

static void
transition_free(DbTransition *t)
{
    g_free(t->state);
    g_free(t->event);
    g_free(t->next_state);
    g_free(t->mail);
    g_strfreev(t->who);
    g_free(t);
}

GPtrArray *
db_request_transitions(Db *db, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[TRANSITIONS], error);
    if (!rows)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)transition_free);
    for (int i = 0; i < db_rows_count(rows); i++) {
        DbTransition *t = g_new0(DbTransition, 1);
        t->state = db_rows_dup(rows, i, 0);
        t->event = db_rows_dup(rows, i, 1);
        t->next_state = db_rows_dup(rows, i, 2);
        t->mail = db_rows_dup(rows, i, 3);
        t->who = db_rows_list(rows, i, 4);
        g_ptr_array_add(list, t);
    }
    return list;
}

/* --- acts ----------------------------------------------------------------------------------------------------------------- */

static char *
one_text(DbRows *rows)
{
    g_autoptr(DbRows) mine = rows;
    return mine && db_rows_count(mine) > 0 ? db_rows_dup(mine, 0, 0) : NULL;
}

static gboolean
any_row(DbRows *rows)
{
    g_autoptr(DbRows) mine = rows;
    return mine && db_rows_count(mine) > 0;
}

char *
db_request_step(Db *db, const struct db_step *step, GError **error)
{
    return one_text(db_run(db, &statements[STEP], error, step->number, step->event, step->actor, step->address, step->log_id,
                           step->detail, step->sealed_url, step->sealed_pin));
}

char *
db_request_refusal(Db *db, const struct db_wish *wish, gboolean renewal, GError **error)
{
    return one_text(db_run(db, &portal[REFUSAL], error, wish->person, wish->type, wish->months, wish->mail, renewal));
}

char *
db_request_assurance(Db *db, const struct db_wish *wish, GError **error)
{
    return one_text(db_run(db, &portal[ASSURANCE], error, wish->type, wish->months, wish->context, wish->assurance));
}

char *
db_request_planned(Db *db, const struct db_wish *wish, gint64 now, gint64 *not_after, char **common_name, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &portal[PLANNED], error, wish->person, wish->type, wish->months, wish->mail, now,
                                    wish->unit);
    if (!rows)
        return NULL;
    if (db_rows_count(rows) == 0) {
        g_set_error_literal(error, DB_ERROR, DB_ERROR_REFUSED, "person");
        return NULL;
    }
    *not_after = db_rows_int(rows, 0, 1);
    *common_name = db_rows_dup(rows, 0, 2);
    return db_rows_dup(rows, 0, 0);
}

gint64
db_request_insert(Db *db, const struct db_wish *wish, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &portal[INSERT], error, wish->person, wish->type, wish->months,
                                    wish->memo ? wish->memo : "", wish->mail, wish->context, wish->authn_at, wish->assurance,
                                    wish->unit);
    return rows ? db_rows_int(rows, 0, 0) : 0;
}

gboolean
db_request_memo(Db *db, gint64 number, gint64 person, const char *memo, GError **error)
{
    return any_row(db_run(db, &portal[MEMO], error, number, person, memo));
}

gboolean
db_form_spend(Db *db, GBytes *key_hash, gint64 person, GError **error)
{
    return any_row(db_run(db, &portal[FORM_SPEND], error, key_hash, person));
}

gboolean
db_form_set_location(Db *db, GBytes *key_hash, const char *location, GError **error)
{
    return db_do(db, &portal[FORM_PLACE], error, key_hash, location);
}

char *
db_form_location(Db *db, GBytes *key_hash, gint64 person, GError **error)
{
    return one_text(db_run(db, &portal[FORM_LOCATION], error, key_hash, person));
}

/* --- the worker's rounds -------------------------------------------------------------------------------------------------- */

static GArray *
read_numbers(DbRows *rows)
{
    g_autoptr(DbRows) mine = rows;
    if (!mine)
        return NULL;
    GArray *numbers = g_array_new(FALSE, FALSE, sizeof(gint64));
    for (int i = 0; i < db_rows_count(mine); i++) {
        gint64 number = db_rows_int(mine, i, 0);
        g_array_append_val(numbers, number);
    }
    return numbers;
}

GArray *
db_request_published(Db *db, int limit, GError **error)
{
    return read_numbers(db_run(db, &worker[PUBLISHED], error, (gint64)limit));
}

GArray *
db_request_expired(Db *db, gint64 now, int limit, GError **error)
{
    return read_numbers(db_run(db, &worker[EXPIRED], error, now, (gint64)limit));
}

GArray *
db_request_notices(Db *db, gint64 now, int limit, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &worker[NOTICES], error, now, (gint64)limit);
    if (!rows)
        return NULL;
    GArray *notices = g_array_new(FALSE, FALSE, sizeof(struct db_notice));
    for (int i = 0; i < db_rows_count(rows); i++) {
        struct db_notice notice = { db_rows_int(rows, i, 0), db_rows_int(rows, i, 1), db_rows_int(rows, i, 2) };
        g_array_append_val(notices, notice);
    }
    return notices;
}

gboolean
db_notice_record(Db *db, const struct db_notice *notice, GError **error)
{
    return any_row(db_run(db, &worker[NOTICE], error, notice->number, notice->cycle, notice->days));
}

static void
superseded_free(struct db_superseded *which)
{
    g_free(which->issuer);
    g_free(which->serial);
    g_free(which);
}

GPtrArray *
db_request_superseded(Db *db, gint64 now, int limit, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &worker[SUPERSEDED], error, now, (gint64)limit);
    if (!rows)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)superseded_free);
    for (int i = 0; i < db_rows_count(rows); i++) {
        struct db_superseded *which = g_new0(struct db_superseded, 1);
        which->issuer = db_rows_dup(rows, i, 0);
        which->serial = db_rows_dup(rows, i, 1);
        g_ptr_array_add(list, which);
    }
    return list;
}

gboolean
db_certificate_supersede(Db *db, const struct db_superseded *which, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &worker[SUPERSEDE], error, which->issuer, which->serial);
    return rows && db_rows_flag(rows, 0, 0);
}
