#include <string.h>

#include "fcgi/handlers.h"
#include "fcgi/helpdesk.h"
#include "fcgi/page.h"
#include "ra/statistics.h"
#include "web/tsv.h"

#define FISCAL_YEARS 5 /* to choose from */

struct asked {
    const char *word;      /* the range; as ra_months_read knows it */
    struct ra_months range;
    gint64 institution;    /* an operator's choice; 0: all */
};

/* A range that is none is the last twelve months. */
static struct asked
asked_of(const Exchange *x)
{
    struct asked asked = { .word = form_text(x->query, "range"), .institution = MAX(form_number(x->query, "institution"), 0) };
    if (!ra_months_read(asked.word, x->now, x->portal->zone, &asked.range))
        asked.word = "12";
    return asked;
}

static char *
path_of(const Exchange *x, const char *path, const struct asked *asked)
{
    gboolean chosen = asked->institution != 0 && strcmp(x->session->role, "operator") == 0;
    g_autofree char *institution = chosen ? g_strdup_printf("&institution=%" G_GINT64_FORMAT, asked->institution) : g_strdup("");
    return g_strdup_printf("%s?range=%s%s", path, asked->word, institution);
}

/* --- the page --- */

/* The axis of a chart ends at 2, 4, 6, 8 or 10 times a power of ten, so that its middle is a whole number. */
static gint64
top_of(gint64 most)
{
    for (gint64 power = 1;; power *= 10)
        for (gint64 times = 2; times <= 10; times += 2)
            if (times * power >= most)
                return times * power;
}

static void
set_month(const Exchange *x, WebNode *node, gint64 month)
{
    web_set_number(node, "year", month / 12);
    web_set_number(node, "month", month % 12 + 1);
    page_time(x, node, "at", ra_month_begins(month, x->portal->zone));
}

static void
add_series(const Exchange *x, WebNode *root, const GArray *months, enum ra_statistic what)
{
    WebNode *series = web_add(root, "series");
    gint64 client = 0, smime = 0, most = 0;
    for (guint i = 0; i < months->len; i++) {
        const struct ra_month *month = &g_array_index(months, struct ra_month, i);
        const gint64 *n = month->n[what];
        WebNode *node = web_add(series, "month");
        set_month(x, node, month->month);
        web_set_number(node, "client", n[RA_CLIENT]);
        web_set_number(node, "smime", n[RA_SMIME]);
        web_set_number(node, "n", n[RA_CLIENT] + n[RA_SMIME]);
        client += n[RA_CLIENT];
        smime += n[RA_SMIME];
        most = MAX(most, n[RA_CLIENT] + n[RA_SMIME]);
    }
    web_set(series, "what", ra_statistic_words[what]);
    web_set_number(series, "client", client);
    web_set_number(series, "smime", smime);
    web_set_number(series, "n", client + smime);
    web_set_number(series, "most", most);
    web_set_number(series, "top", top_of(most));
    web_set_number(series, "months", months->len);
}

static void
add_range(WebNode *root, const char *word, gint64 year, const struct asked *asked)
{
    WebNode *node = web_add(root, "range");
    web_set(node, "word", word);
    if (year)
        web_set_number(node, "year", year);
    web_set_flag(node, "chosen", strcmp(word, asked->word) == 0);
}

static void
add_ranges(const Exchange *x, WebNode *root, const struct asked *asked)
{
    static const char *const words[] = { "12", "24", "36" };
    gint64 year = ra_fiscal_year(x->now, x->portal->zone);
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        add_range(root, words[i], 0, asked);
    for (gint64 back = 0; back < FISCAL_YEARS; back++) {
        g_autofree char *word = g_strdup_printf("fy%" G_GINT64_FORMAT, year - back);
        add_range(root, word, year - back, asked);
    }
}

static void
add_figures(WebNode *root, const RaStatistics *statistics)
{
    const struct ra_month *now = &statistics->now;
    static const struct { const char *name; enum ra_statistic what; } words[] = {
        { "collected", RA_COLLECTED }, { "renewed", RA_RENEWED }, { "revoked", RA_REVOKED },
    };
    WebNode *node = web_add(root, "figures");
    web_set_number(node, "active", statistics->active);
    web_set_number(node, "soon", statistics->soon);
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        web_set_number(node, words[i].name, now->n[words[i].what][RA_CLIENT] + now->n[words[i].what][RA_SMIME]);
}

static gint64
sum(const GArray *months, enum ra_statistic what)
{
    gint64 all = 0;
    for (guint i = 0; i < months->len; i++)
        all += g_array_index(months, struct ra_month, i).n[what][RA_CLIENT] + g_array_index(months, struct ra_month, i).n[what][RA_SMIME];
    return all;
}

/* The institutions, where an operator looks at all of them. */
static gboolean
add_sums(Exchange *x, WebNode *root, const RaOfficer *officer, const struct asked *asked, GError **error)
{
    if (officer->institution || asked->institution)
        return TRUE;
    g_autoptr(GArray) sums = ra_statistics_sums(x->portal->ra, officer, 0, &asked->range, error);
    g_autoptr(GPtrArray) all = sums ? ra_officer_institutions(x->portal->ra, error) : NULL;
    for (guint i = 0; all && i < all->len; i++) {
        const RaInstitution *institution = all->pdata[i];
        for (guint n = 0; n < sums->len; n++) {
            const struct ra_institution_month *row = &g_array_index(sums, struct ra_institution_month, n);
            if (row->institution != institution->id)
                continue;
            WebNode *node = web_add(root, "institution");
            struct asked one = { asked->word, asked->range, institution->id };
            g_autofree char *path = path_of(x, "/helpdesk/statistics", &one);
            web_set(node, "href", path);
            page_names(node, institution->name, institution->name_ja);
            for (int what = 0; what < RA_STATISTICS; what++)
                web_set_number(node, ra_statistic_words[what], row->counts.n[what][RA_CLIENT] + row->counts.n[what][RA_SMIME]);
        }
    }
    return all != NULL;
}

static void
add_statistics(const Exchange *x, WebNode *root, const RaStatistics *statistics, const struct asked *asked)
{
    g_autofree char *table = path_of(x, "/helpdesk/statistics.tsv", asked);
    web_set(root, "tsv", table);
    add_ranges(x, root, asked);
    add_figures(root, statistics);
    for (int what = RA_APPLIED; what < RA_ACTIVE; what++)
        if (what != RA_REPLACED || sum(statistics->months, RA_REPLACED) > 0)
            add_series(x, root, statistics->months, (enum ra_statistic)what);
    add_series(x, root, statistics->ending, RA_ACTIVE);
}

void
helpdesk_statistics(Exchange *x)
{
    const RaOfficer officer = helpdesk_officer(x);
    const struct asked asked = asked_of(x);
    g_autoptr(GError) error = NULL;
    g_autoptr(RaStatistics) statistics =
        ra_statistics_read(x->portal->ra, &officer, asked.institution, &asked.range, x->now, &error);
    g_autofree char *path = path_of(x, "/helpdesk/statistics", &asked);
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "desk-statistics", path, &root);
    if (!statistics || !helpdesk_choices(x, root, asked.institution, &error) || !add_sums(x, root, &officer, &asked, &error)) {
        page_failure(x, error, "/helpdesk");
        return;
    }
    add_statistics(x, root, statistics, &asked);
    page_send(x, 200, document);
}

/* --- the numbers as a table --- */

static const char *
name_of(const GPtrArray *institutions, gint64 id)
{
    for (guint i = 0; i < institutions->len; i++)
        if (((const RaInstitution *)institutions->pdata[i])->id == id)
            return ((const RaInstitution *)institutions->pdata[i])->name;
    return "";
}

static void
table_row(GString *out, const char *institution, const struct ra_month *month, int type)
{
    static const char *const types[RA_TYPES] = { "client", "smime" };
    g_autofree char *when = g_strdup_printf("%04d-%02d", (int)(month->month / 12), (int)(month->month % 12) + 1);
    gint64 any = 0;
    for (int what = 0; what < RA_STATISTICS; what++)
        any |= month->n[what][type];
    if (!any)
        return;
    web_tsv_cell(out, institution);
    web_tsv_cell(out, when);
    web_tsv_cell(out, types[type]);
    for (int what = 0; what < RA_STATISTICS; what++)
        web_tsv_number(out, month->n[what][type]);
    web_tsv_end(out);
}

void
helpdesk_statistics_table(Exchange *x)
{
    static const char *const heads[] = { "institution", "month", "type", "applied", "collected", "renewed", "revoked", "replaced",
                                         "ending" };
    const RaOfficer officer = helpdesk_officer(x);
    const struct asked asked = asked_of(x);
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) rows = ra_statistics_table(x->portal->ra, &officer, asked.institution, &asked.range, x->now, &error);
    g_autoptr(GPtrArray) institutions = rows ? ra_officer_institutions(x->portal->ra, &error) : NULL;
    if (!institutions) {
        page_failure(x, error, "/helpdesk/statistics");
        return;
    }
    GString *out = g_string_new(HELPDESK_TABLE);
    web_tsv_row(out, heads, G_N_ELEMENTS(heads));
    for (guint i = 0; i < rows->len; i++) {
        const struct ra_institution_month *row = &g_array_index(rows, struct ra_institution_month, i);
        for (int type = 0; type < RA_TYPES; type++)
            table_row(out, name_of(institutions, row->institution), &row->counts, type);
    }
    helpdesk_send_table(x, "statistics.tsv", out);
}
