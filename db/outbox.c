#include "db/outbox.h"

#define EPOCH(column) "extract(epoch from " column ")::bigint"

enum { STATES };

static const DbStatement statements[] = {
    [STATES] = { "outbox_states",
            "select o.id, o.cycle, o.event, o.recipient, o.state, o.error, o.tries, " EPOCH("o.created_at") ","
            " " EPOCH("o.sent_at") ", " EPOCH("o.next_at") " from outbox o join request r on r.number = o.request"
            " where o.request = $1 and ($2::bigint is null or r.person = $2) order by o.id desc limit 200",
            "in" },
};
const DbGroup db_outbox_group = { "outbox", statements, G_N_ELEMENTS(statements), "portal owner" };

enum { CLAIM, SENT, FAILED, POSTPONE, REPLACE, LET_GO, ITEMS };

/* The claim of a row: an advisory lock of the connection. The filter stops at the first that is free, so one lock is taken. Who
   came between our look and our lock has marked the row, and the update, which looks again, finds nothing. */
#define CLASS "7310"
#define OBJECT(id) "(" id " % 2147483647)::integer"
#define UNLOCK "select pg_advisory_unlock(" CLASS ", " OBJECT("$1::bigint") ")"
/* Marks, and gives the claim back in the same round trip; whoever takes it before the mark is committed waits for the row.
   Counting makes the update come first: what a query does not read of its WITH is done after it. */
#define MARK(update)                                                                                                         \
    "with done as (" update " returning 1), first as materialized (select count(*) from done) " UNLOCK " from first"

static const DbStatement worker[] = {
    [CLAIM] = { "outbox_claim",
            "with due as materialized (select id from outbox where state = 'waiting' and next_at <= now() order by next_at, id"
            " limit 100), mine as materialized (select id from due where pg_try_advisory_lock(" CLASS ", " OBJECT("id") ")"
            " limit 1),"
            " o as (update outbox set tries = tries + 1 from mine where outbox.id = mine.id and state = 'waiting'"
            " and next_at <= now() returning outbox.*)"
            " select mine.id, o.id is null, o.request, o.cycle, o.tries, " EPOCH("o.created_at") ", r.months,"
            " " EPOCH("k.not_after") ","
            " " EPOCH("k.expires_at") ", " EPOCH("k.keep_until") ", " EPOCH("c.not_before") ", " EPOCH("c.not_after") ","
            " " EPOCH("c.revoked_at") ", o.detail ->> 'days', o.detail ->> 'since', o.detail ->> 'due',"
            " o.detail ->> 'n', o.detail ->> 'seen',"
            " o.sealed, coalesce(k.ended is not null and k.collected_at is null, false), coalesce(k.pin_mail, i.pin_mail and r.type <> 'officer'), p.idp = '',"
            " o.detail @> '{\"collected\": true}', o.detail ? 'items', o.event, o.recipient, o.message_id, o.detail ->> 'event',"
            " o.detail ->> 'refusal', r.type, r.memo,"
            " r.state, c.serial, c.subject, encode(c.fingerprint, 'hex'), c.reason, p.display_name, p.display_name_ja, i.name,"
            " i.name_ja, i.helpdesk_name, i.helpdesk_mail, i.helpdesk_phone, o.detail ->> 'kind', o.detail ->> 'old',"
            " o.detail ->> 'new', o.detail ->> 'rule', o.detail ->> 'numbers'"
            " from mine left join o on true left join request r on r.number = o.request left join person p on p.id = r.person"
            " left join institution i on i.id = coalesce(r.institution, (o.detail ->> 'institution')::bigint)"
            " left join pickup k on k.request = o.request and k.cycle = o.cycle"
            " left join lateral (select c.* from certificate c join pickup w on w.id = c.pickup where c.request = r.number"
            "  and w.collected_at is not null order by c.serial is not distinct from o.detail ->> 'serial' desc, w.cycle desc,"
            "  c.signed_at desc limit 1) c on true",
            "" },
    /* Only what is waiting: a mail that was replaced meanwhile keeps its fate. */
    [SENT] = { "outbox_sent",
            MARK("update outbox set state = 'sent', sent_at = now(), sealed = null, error = '' where id = $1 and state ="
            " 'waiting'"),
            "i" },
    [FAILED] = { "outbox_failed",
            MARK("update outbox set state = 'failed', sealed = null, error = $2 where id = $1 and state = 'waiting'"), "is" },
    [POSTPONE] = { "outbox_postpone",
            MARK("update outbox set next_at = now() + make_interval(secs => $2), error = $4,"
            " tries = case when $3 then tries else tries - 1 end where id = $1 and state = 'waiting'"),
            "iifs" },
    [ITEMS] = { "outbox_items",
            "select x.number, x.n, x.at, x.kind, x.type, x.memo, x.name, x.name_ja from outbox o cross join lateral"
            " rows from (jsonb_to_recordset(o.detail -> 'items') as (number bigint, n bigint, at bigint, kind text, type text,"
            " memo text, name text, name_ja text)) with ordinality x (number, n, at, kind, type, memo, name, name_ja, place)"
            " where o.id = $1 order by x.place",
            "i" },
    [LET_GO] = { "outbox_let_go", UNLOCK, "i" },
    [REPLACE] = { "outbox_replace",
            "update outbox set state = 'failed', sealed = null, error = $3 where request = $1 and event = $2"
            " and state = 'waiting'",
            "iss" },
};
const DbGroup db_outbox_worker_group = { "outbox_worker", worker, G_N_ELEMENTS(worker), "worker" };

void
db_mail_state_free(DbMailState *state)
{
    if (!state)
        return;
    g_free(state->event);
    g_free(state->recipient);
    g_free(state->state);
    g_free(state->error);
    g_free(state);
}

GPtrArray *
db_outbox_states(Db *db, gint64 request, gint64 person, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[STATES], error, request, person);
    if (!rows)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)db_mail_state_free);
    for (int i = 0; i < db_rows_count(rows); i++) {
        DbMailState *state = g_new0(DbMailState, 1);
        state->id = db_rows_int(rows, i, 0);
        state->cycle = db_rows_int(rows, i, 1);
        state->event = db_rows_dup(rows, i, 2);
        state->recipient = db_rows_dup(rows, i, 3);
        state->state = db_rows_dup(rows, i, 4);
        state->error = db_rows_dup(rows, i, 5);
        state->tries = db_rows_int(rows, i, 6);
        state->created_at = db_rows_int(rows, i, 7);
        state->sent_at = db_rows_int(rows, i, 8);
        state->next_at = db_rows_int(rows, i, 9);
        g_ptr_array_add(list, state);
    }
    return list;
}

void
db_mail_free(DbMail *m)
{
    if (!m)
        return;
    char *texts[] = { m->event,
                      m->recipient,
                      m->message_id,
                      m->why,
                      m->refusal,
                      m->type,
                      m->memo,
                      m->state,
                      m->serial,
                      m->subject,
                      m->fingerprint,
                      m->reason,
                      m->display_name,
                      m->display_name_ja,
                      m->institution_name,
                      m->institution_name_ja,
                      m->helpdesk_name,
                      m->helpdesk_mail,
                      m->helpdesk_phone,
                      m->kind,
                      m->was,
                      m->is,
                      m->rule,
                      m->numbers };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_clear_pointer(&m->sealed, g_bytes_unref);
    g_clear_pointer(&m->items, g_ptr_array_unref);
    g_free(m);
}

static DbMail *
read_mail(const DbRows *rows, gboolean *listing)
{
    DbMail *m = g_new0(DbMail, 1);
    gint64 *const numbers[] = { &m->request, &m->cycle, &m->tries, &m->created_at, &m->months, &m->pickup_not_after,
                                &m->expires_at, &m->keep_until, &m->not_before, &m->not_after, &m->revoked_at, &m->days,
                                &m->since, &m->due, &m->count, &m->seen };
    char **const texts[] = { &m->event, &m->recipient, &m->message_id, &m->why, &m->refusal, &m->type, &m->memo, &m->state, &m->serial,
                             &m->subject, &m->fingerprint, &m->reason, &m->display_name, &m->display_name_ja,
                             &m->institution_name, &m->institution_name_ja, &m->helpdesk_name, &m->helpdesk_mail,
                             &m->helpdesk_phone, &m->kind, &m->was, &m->is, &m->rule, &m->numbers };
    int c = 2;
    m->id = db_rows_int(rows, 0, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        *numbers[i] = db_rows_int(rows, 0, c++);
    m->sealed = db_rows_bytes(rows, 0, c++);
    m->over = db_rows_flag(rows, 0, c++);
    m->pin_mail = db_rows_flag(rows, 0, c++);
    m->by_desk = db_rows_flag(rows, 0, c++);
    m->repeat = db_rows_flag(rows, 0, c++);
    *listing = db_rows_flag(rows, 0, c++);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        *texts[i] = db_rows_dup(rows, 0, c++);
    return m;
}

static void
item_free(DbMailItem *item)
{
    char *texts[] = { item->kind, item->type, item->memo, item->name, item->name_ja };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_free(item);
}

/* What it lists, by a second look: most mails list nothing. */
static gboolean
read_items(Db *db, DbMail *m, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &worker[ITEMS], error, m->id);
    m->items = g_ptr_array_new_with_free_func((GDestroyNotify)item_free);
    for (int i = 0; rows && i < db_rows_count(rows); i++) {
        DbMailItem *item = g_new0(DbMailItem, 1);
        char **const texts[] = { &item->kind, &item->type, &item->memo, &item->name, &item->name_ja };
        item->number = db_rows_int(rows, i, 0);
        item->n = db_rows_int(rows, i, 1);
        item->at = db_rows_int(rows, i, 2);
        for (int t = 0; t < (int)G_N_ELEMENTS(texts); t++)
            *texts[t] = db_rows_dup(rows, i, 3 + t);
        g_ptr_array_add(m->items, item);
    }
    return rows != NULL;
}

/* Away before the list was read: the claim ends with the connection, and the mail is claimed again. */
static DbMail *
whole_mail(Db *db, const DbRows *rows, GError **error)
{
    gboolean listing = FALSE;
    g_autoptr(DbMail) m = read_mail(rows, &listing);
    return !listing || read_items(db, m, error) ? g_steal_pointer(&m) : NULL;
}

DbMail *
db_outbox_claim(Db *db, GError **error)
{
    for (;;) {
        g_autoptr(DbRows) rows = db_run(db, &worker[CLAIM], error);
        if (!rows || db_rows_count(rows) == 0)
            return NULL;
        if (!db_rows_flag(rows, 0, 1))
            return whole_mail(db, rows, error);
        if (!db_do(db, &worker[LET_GO], error, db_rows_int(rows, 0, 0))) /* somebody was quicker: the next one */
            return NULL;
    }
}

gboolean
db_outbox_sent(Db *db, gint64 id, GError **error)
{
    return db_do(db, &worker[SENT], error, id);
}

gboolean
db_outbox_failed(Db *db, gint64 id, const char *why, GError **error)
{
    return db_do(db, &worker[FAILED], error, id, why);
}

gboolean
db_outbox_postpone(Db *db, gint64 id, gint64 seconds, gboolean counted, const char *why, GError **error)
{
    return db_do(db, &worker[POSTPONE], error, id, seconds, counted, why);
}

gboolean
db_outbox_replace(Db *db, gint64 request, const char *event, const char *why, GError **error)
{
    return db_do(db, &worker[REPLACE], error, request, event, why);
}
