#include "db/listing.h"

#define AT(column) "to_char(" column " at time zone s.time_zone, 'YYYY-MM-DD HH24:MI:SS')"

const char *const db_listing_columns[] = {
    "number", "type", "months", "memo", "state", "name", "name_ja", "mail", "identifier", "institution", "applied_at",
    "issuer", "serial",
    "subject", "not_before", "not_after", "key", "key_origin", "sha256", "signed_at", "revoked_at", "reason",
};
const gsize db_listing_columns_count = G_N_ELEMENTS(db_listing_columns);

enum { FREEZE, PAGE };

static const DbStatement statements[] = {
    [FREEZE] = { "listing_freeze", "set transaction isolation level repeatable read, read only", "" },
    /* The key first; a request without a certificate gives a row that has no serial. */
    [PAGE] = { "listing_page",
            "select date_part('epoch', r.not_after)::bigint, r.number, r.number, r.type, r.months, r.memo, r.state,"
            " p.display_name,"
            " p.display_name_ja, r.mail, p.identifier, i.name, " AT("r.applied_at") ", c.issuer, c.serial, c.subject,"
            " " AT("c.not_before") ", " AT("c.not_after") ", c.key_kind, c.key_origin, encode(c.fingerprint, 'hex'),"
            " " AT("c.signed_at") ", " AT("c.revoked_at") ", c.reason"
            " from service s cross join (select * from request where institution = $1"
            " and (not_after, number) > (to_timestamp($2), $3) order by not_after, number limit $4) r"
            " join person p on p.id = r.person join institution i on i.id = r.institution"
            " left join certificate c on c.request = r.number order by r.not_after, r.number, c.signed_at",
            "iiii" },
};
const DbGroup db_listing_group = { "listing", statements, G_N_ELEMENTS(statements), "portal" };

gboolean
db_listing_freeze(Db *db, GError **error)
{
    return db_do(db, &statements[FREEZE], error);
}

static const int serial_at = 12;

gboolean
db_listing_page(Db *db, gint64 institution, struct db_listing_key *key, int limit, DbListingRow each, gpointer data,
                gboolean *more,
                GError **error)
{
    g_autoptr(DbRows) rows = db_run(db, &statements[PAGE], error, institution, key->end, key->number, (gint64)limit);
    int n = rows ? db_rows_count(rows) : 0, requests = 0;
    for (int i = 0; i < n; i++) {
        const char *cells[G_N_ELEMENTS(db_listing_columns)] = { NULL };
        requests += db_rows_int(rows, i, 1) != key->number;
        key->end = db_rows_int(rows, i, 0);
        key->number = db_rows_int(rows, i, 1);
        for (gsize c = 0; c < G_N_ELEMENTS(cells); c++)
            cells[c] = db_rows_text(rows, i, (int)c + 2);
        if (*cells[serial_at])
            each(cells, data);
    }
    *more = requests == limit;
    return rows != NULL;
}
