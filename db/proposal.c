#include "db/proposal.h"

#define EPOCH(column) "date_part('epoch', " column ")::bigint"
#define SCOPE(column) "($1::bigint is null or " column " = $1)"

/* An actor's number is a person's where there is such a person; an operator's command is nobody. */
#define ACTOR(alias, actor)                                                                                                  \
    " left join person " alias " on actor_who(" actor ") ~ '^[0-9]{1,18}$' and " alias ".id = actor_who(" actor ")::bigint"

#define COLUMNS                                                                                                              \
    "select q.id, q.institution, q.person, q.request, coalesce(r.months, (q.detail ->> 'months')::bigint),"                 \
    " " EPOCH("q.proposed_at") ", " EPOCH("q.ends_at") ", " EPOCH("q.decided_at") ","                                        \
    " actor_who(q.proposer) = actor_who($2), coalesce(array(select jsonb_array_elements_text(q.detail -> 'numbers')), '{}')," \
    " q.kind, q.state, q.note, q.decision, p.identifier, p.display_name, p.display_name_ja, i.name, i.name_ja,"              \
    " q.detail ->> 'reason', coalesce(r.type, q.detail ->> 'type'), coalesce(r.memo, q.detail ->> 'memo'),"                  \
    " coalesce(r.mail, q.detail ->> 'mail'), q.proposer, a.display_name, a.display_name_ja, q.decided_by, b.display_name,"   \
    " b.display_name_ja"
#define FROM                                                                                                                 \
    " from proposal q join person p on p.id = q.person join institution i on i.id = q.institution"                           \
    " left join request r on r.number = q.request" ACTOR("a", "q.proposer") ACTOR("b", "q.decided_by")

enum { OPEN, DECIDED, GET, APPLY, CONFIRM, DECLINE, WITHDRAW };

static const DbStatement statements[] = {
    [OPEN] = { "proposal_open", COLUMNS FROM " where q.state = 'open' and " SCOPE("q.institution") " order by q.id limit $3", "nsi" },
    [DECIDED] = { "proposal_decided",
            COLUMNS FROM " where q.state <> 'open' and q.decided_at > to_timestamp($4::bigint) and " SCOPE("q.institution")
            " order by q.decided_at desc, q.id desc limit $3", "nsii" },
    [GET] = { "proposal_get", COLUMNS FROM " where q.id = $3 and " SCOPE("q.institution"), "nsi" },
    [APPLY] = { "proposal_apply", "select number, proposal from officer_apply($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            "nisissssssn" },
    [CONFIRM] = { "proposal_confirm", "select proposal_confirm($1, $2, $3, $4, $5, $6)", "nissss" },
    [DECLINE] = { "proposal_decline", "select proposal_decline($1, $2, $3, $4, $5, $6)", "nissss" },
    [WITHDRAW] = { "proposal_withdraw", "select proposal_withdraw($1, $2, $3, $4, $5)", "nisss" },
};
const DbGroup db_proposal_group = { "proposal", statements, G_N_ELEMENTS(statements), "portal" };

static const DbStatement worker[] = {
    { "proposal_end", "select proposal_end(to_timestamp($1), $2)", "ii" },
};
const DbGroup db_proposal_worker_group = { "proposal_worker", worker, G_N_ELEMENTS(worker), "worker" };

void
db_proposal_free(DbProposal *p)
{
    if (!p)
        return;
    char *texts[] = { p->kind, p->state, p->note, p->decision, p->identifier, p->name, p->name_ja, p->institution_name,
                      p->institution_name_ja, p->reason, p->type, p->memo, p->mail, p->proposer.actor, p->proposer.name,
                      p->proposer.name_ja, p->decider.actor, p->decider.name, p->decider.name_ja };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_strfreev(p->numbers);
    g_free(p);
}

static DbProposal *
read_proposal(const DbRows *rows, int row)
{
    DbProposal *p = g_new0(DbProposal, 1);
    gint64 *const numbers[] = { &p->id, &p->institution, &p->person, &p->request, &p->months, &p->proposed_at, &p->ends_at,
                                &p->decided_at };
    char **const texts[] = { &p->kind, &p->state, &p->note, &p->decision, &p->identifier, &p->name, &p->name_ja,
                             &p->institution_name, &p->institution_name_ja, &p->reason, &p->type, &p->memo, &p->mail,
                             &p->proposer.actor, &p->proposer.name, &p->proposer.name_ja, &p->decider.actor, &p->decider.name,
                             &p->decider.name_ja };
    int c = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        *numbers[i] = db_rows_int(rows, row, c++);
    p->mine = db_rows_flag(rows, row, c++);
    p->numbers = db_rows_list(rows, row, c++);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        *texts[i] = db_rows_dup(rows, row, c++);
    return p;
}

GPtrArray *
db_proposal_list(Db *db, gint64 institution, const char *actor, gboolean open, gint64 since, int limit, GError **error)
{
    g_autoptr(DbRows) rows = open ? db_run(db, &statements[OPEN], error, institution, actor, (gint64)limit)
                                  : db_run(db, &statements[DECIDED], error, institution, actor, (gint64)limit, since);
    if (!rows)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)db_proposal_free);
    for (int i = 0; i < db_rows_count(rows); i++)
        g_ptr_array_add(list, read_proposal(rows, i));
    return list;
}

DbProposal *
db_proposal_get(Db *db, gint64 institution, const char *actor, gint64 id, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[GET], error, institution, actor, id);
    return rows && db_rows_count(rows) > 0 ? read_proposal(rows, 0) : NULL;
}

gboolean
db_proposal_apply(Db *db, const struct db_desk_apply *w, gint64 *number, gint64 *proposal, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[APPLY], error, w->institution, w->person, w->type, w->months, w->memo,
                                    w->mail, w->note, w->actor, w->address, w->log_id, w->days);
    if (!rows)
        return FALSE;
    *number = db_rows_int(rows, 0, 0);
    *proposal = db_rows_int(rows, 0, 1);
    return TRUE;
}

gboolean
db_proposal_confirm(Db *db, const struct db_decision *d, GError **error)
{
    return db_do(db, &statements[CONFIRM], error, d->institution, d->id, d->words, d->actor, d->address, d->log_id);
}

gboolean
db_proposal_decline(Db *db, const struct db_decision *d, GError **error)
{
    return db_do(db, &statements[DECLINE], error, d->institution, d->id, d->words, d->actor, d->address, d->log_id);
}

gboolean
db_proposal_withdraw(Db *db, const struct db_decision *d, GError **error)
{
    return db_do(db, &statements[WITHDRAW], error, d->institution, d->id, d->actor, d->address, d->log_id);
}

gint64
db_proposal_end(Db *db, gint64 now, int most, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &worker[0], error, now, (gint64)most);
    return rows ? db_rows_int(rows, 0, 0) : -1;
}
