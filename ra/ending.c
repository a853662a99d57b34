#include "ra/ending.h"

#include "db/log.h"
#include "ra/act.h"
#include "ra/error.h"

void
ra_ending_free(RaEnding *ending)
{
    if (!ending)
        return;
    g_ptr_array_unref(ending->rows);
    g_free(ending->told);
    g_free(ending->notices);
    g_free(ending);
}

static char **
numbers_of(const GPtrArray *rows)
{
    g_autoptr(GStrvBuilder) list = g_strv_builder_new();
    for (guint i = 0; i < rows->len; i++) {
        g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, ((const RaDeskRow *)rows->pdata[i])->number);
        g_strv_builder_add(list, number);
    }
    return g_strv_builder_end(list);
}

/* One row more than is shown says that there is another page. */
static void
cut(RaEnding *ending, int limit)
{
    if ((int)ending->rows->len <= limit)
        return;
    g_ptr_array_set_size(ending->rows, limit);
    const RaDeskRow *last = ending->rows->pdata[limit - 1];
    ending->next_end = last->not_after;
    ending->next_number = last->number;
}

RaEnding *
ra_ending_list(RaContext *ctx, const RaOfficer *officer, const struct ra_ending_query *query, gint64 now, int limit, GError **error)
{
    gint64 institution = officer->institution ? officer->institution : query->institution;
    g_autoptr(RaEnding) ending = g_new0(RaEnding, 1);
    const struct db_desk_filter filter = { .from = now, .until = now + query->days * 86400, .end = query->end, .number = query->number };
    GPtrArray *rows = db_officer_ending(ctx->db, institution, &filter, limit + 1, error);
    ending->rows = rows ? rows : g_ptr_array_new();
    g_auto(GStrv) numbers = numbers_of(ending->rows);
    ending->told = g_new0(gint64, ending->rows->len + 1);
    ending->notices = g_new0(gboolean, ending->rows->len + 1);
    if (!rows || !db_ending_told(ctx->db, (const char *const *)numbers, ending->told, ending->notices, error)) {
        ra_error_from(error);
        return NULL;
    }
    cut(ending, limit);
    return g_steal_pointer(&ending);
}

static struct db_ending
meant(const RaContext *ctx, gint64 institution, const char *const *numbers, gint64 days)
{
    return (struct db_ending){ .institution = institution, .numbers = numbers, .days = days,
                               .pause = settings_number(ctx->settings, "mail", "remind_days") };
}

gboolean
ra_ending_count(RaContext *ctx, gint64 institution, const char *const *numbers, gint64 days, gint64 now, struct db_ending_sums *sums,
                GError **error)
{
    const struct db_ending what = meant(ctx, institution, numbers, days);
    return db_ending_count(ctx->db, &what, now, sums, error) || ra_error_from(error);
}

struct reminding { struct db_ending what; const char *actor, *address; };

static gboolean
act(RaContext *ctx, gpointer data, gint64 *number, GError **error)
{
    const struct reminding *r = data;
    (void)number;
    return db_ending_remind(ctx->db, &r->what, r->actor, r->address, log_id(), error);
}

gboolean
ra_ending_remind(RaContext *ctx, const RaOfficer *officer, gint64 institution, const char *const *numbers, gint64 days,
                 const struct ra_form *form, char **location, GError **error)
{
    g_autofree char *actor = ra_officer_actor(officer);
    struct reminding data = { meant(ctx, officer->institution ? officer->institution : institution, numbers, days), actor,
                              officer->address };
    const struct ra_who who = { .person = officer->person, .address = officer->address };
    const struct ra_deed deed = { .who = &who, .form = form, .number = data.what.institution, .act = act, .data = &data };
    return ra_act(ctx, &deed, location, error);
}
