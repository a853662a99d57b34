#include "db/code.h"

enum { KEEP, MADE, HASH, TARGET, USE };

static const DbStatement statements[] = {
    [KEEP] = { "code_keep", "select revocation_code_keep($1, $2, $3, $4, $5, $6, $7)", "inbfsss" },
    [MADE] = { "code_made", "select extract(epoch from made_at)::bigint from revocation_code where request = $1", "i" },
    [HASH] = { "code_hash",
               "select c.hash from (select $1::bigint as n) one left join revocation_code c on c.request = one.n", "i" },
    [TARGET] = { "code_target",
            "select r.number, r.months, extract(epoch from r.not_after)::bigint, (select extract(epoch from max(revoked_at))::bigint"
            " from certificate where request = r.number), (select count(*) from request o where o.person = r.person"
            " and o.number <> r.number and r.memo <> '' and o.memo = r.memo"
            " and o.state in ('applied', 'approval', 'ready', 'collected', 'renewing', 'renew_ready')),"
            " r.type, r.memo, r.state from request r where r.number = $1",
            "i" },
    [USE] = { "code_use", "select revocation_code_use($1, $2, $3, $4, $5, $6)", "ibfsss" },
};
const DbGroup db_code_group = { "code", statements, G_N_ELEMENTS(statements), "portal" };

gboolean
db_code_keep(Db *db, const struct db_code *code, gboolean *kept, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[KEEP], error, code->request, code->person, code->hash, code->replace,
                                    code->actor, code->address, code->log_id);
    *kept = rows && db_rows_flag(rows, 0, 0);
    return rows != NULL;
}

gboolean
db_code_made(Db *db, gint64 request, gint64 *at, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[MADE], error, request);
    *at = rows && db_rows_count(rows) > 0 ? db_rows_int(rows, 0, 0) : 0;
    return rows != NULL;
}

gboolean
db_code_hash(Db *db, gint64 request, GBytes **hash, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[HASH], error, request);
    *hash = rows ? db_rows_bytes(rows, 0, 0) : NULL;
    return rows != NULL;
}

void
db_code_target_free(DbCodeTarget *target)
{
    if (!target)
        return;
    g_free(target->type);
    g_free(target->memo);
    g_free(target->state);
    g_free(target);
}

DbCodeTarget *
db_code_target(Db *db, gint64 request, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[TARGET], error, request);
    if (!rows || db_rows_count(rows) == 0)
        return NULL;
    DbCodeTarget *target = g_new0(DbCodeTarget, 1);
    gint64 *const numbers[] = { &target->number, &target->months, &target->not_after, &target->revoked_at, &target->same_memo };
    char **const texts[] = { &target->type, &target->memo, &target->state };
    int column = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++)
        *numbers[i] = db_rows_int(rows, 0, column++);
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        *texts[i] = db_rows_dup(rows, 0, column++);
    return target;
}

char *
db_code_use(Db *db, const struct db_code_use *use, GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[USE], error, use->request, use->hash, use->all, use->reason, use->address,
                                    use->log_id);
    return rows ? db_rows_dup(rows, 0, 0) : NULL;
}
