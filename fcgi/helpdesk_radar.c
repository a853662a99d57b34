#include <string.h>

#include "fcgi/describe.h"
#include "fcgi/guard.h"
#include "fcgi/handlers.h"
#include "fcgi/helpdesk.h"
#include "fcgi/page.h"
#include "fcgi/radar.h"
#include "ra/error.h"
#include "web/tsv.h"

#define CHANGES "/helpdesk/changes"
#define ABSENT "/helpdesk/absent"
#define ABSENT_ACT "desk-absent"

static void
set_key(const Exchange *x, WebNode *node, const char *attribute, const char *act, gint64 number)
{
    g_autofree char *what = describe_act(act, number);
    g_autofree char *key = guard_form_key(x, what);
    web_set(node, attribute, key);
}

static gboolean
confirmed(const Exchange *x)
{
    return strcmp(form_text(x->form, "confirm"), "1") == 0;
}

static void
done(Exchange *x, const char *location)
{
    http_see_other(&x->out, location);
    x->answered = TRUE;
}

/* --- changes that stand --- */

static WebNode *
add_change(const Exchange *x, WebNode *root, const RaRadarChange *change)
{
    WebNode *node = radar_change(x, root, change), *person = web_add(node, "person");
    web_set_number(person, "id", change->person);
    page_names(person, change->name, change->name_ja);
    if (strcmp(x->session->role, "operator") == 0)
        page_names(web_add(node, "institution"), change->institution, change->institution_ja);
    return node;
}

static void
add_acts(const Exchange *x, WebNode *node, const RaRadarChange *change)
{
    set_key(x, node, "revoke-key", "desk-revoke", change->person);
    if (!helpdesk_may_act(x))
        return;
    set_key(x, node, "mail-key", "change-mail", change->id);
    set_key(x, node, "dismiss-key", "change-dismiss", change->id);
}

static void
send_changes(Exchange *x, GPtrArray *changes, gint64 chosen)
{
    g_autoptr(GError) error = NULL;
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "desk-changes", CHANGES, &root);
    if (!helpdesk_choices(x, root, chosen, &error)) {
        page_failure(x, error, "/helpdesk");
        return;
    }
    web_set(root, "notice", helpdesk_done(x));
    if (changes->len > RA_RADAR_PAGE) {
        const RaRadarChange *last = changes->pdata[RA_RADAR_PAGE - 1];
        g_autofree char *next = g_strdup_printf(CHANGES "?before=%" G_GINT64_FORMAT, last->id);
        g_autofree char *with = chosen ? g_strdup_printf("%s&institution=%" G_GINT64_FORMAT, next, chosen) : NULL;
        web_set(root, "next", with ? with : next);
        g_ptr_array_set_size(changes, RA_RADAR_PAGE);
    }
    for (guint i = 0; i < changes->len; i++)
        add_acts(x, add_change(x, root, changes->pdata[i]), changes->pdata[i]);
    page_send(x, 200, document);
}

void
helpdesk_changes(Exchange *x)
{
    const RaOfficer officer = helpdesk_officer(x);
    gint64 chosen = MAX(form_number(x->query, "institution"), 0), before = MAX(form_number(x->query, "before"), 0);
    g_autoptr(GError) error = NULL;
    /* One more than is shown tells whether there is a next page. */
    g_autoptr(GPtrArray) changes = ra_radar_list(x->portal->ra, &officer, chosen, before, RA_RADAR_PAGE + 1, &error);
    if (changes)
        send_changes(x, changes, chosen);
    else
        page_failure(x, error, "/helpdesk");
}

static void
ask_change(Exchange *x, int status, const RaRadarChange *change, const char *what, const char *problem)
{
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "desk-change", CHANGES, &root);
    web_set(root, "act", what);
    web_set(root, "form-key", form_text(x->form, "form_key"));
    page_text(root, "note", form_text(x->form, "note"));
    add_change(x, root, change);
    if (problem)
        helpdesk_problem(root, problem, *form_text(x->form, "note") ? "long" : "missing");
    page_send(x, status, document);
}

static void
change_act(Exchange *x, const char *what)
{
    const RaOfficer officer = helpdesk_officer(x);
    g_autofree char *word = g_strconcat("change-", what, NULL), *act = describe_act(word, x->number);
    g_autofree char *location = NULL, *pattern = g_strdup_printf(CHANGES "?done=%s", word);
    g_autoptr(GError) error = NULL, gone = NULL;
    g_autoptr(GBytes) key = guard_form_hash(x, act);
    g_autoptr(RaRadarChange) change = ra_radar_get(x->portal->ra, &officer, x->number, &gone);
    const struct ra_form form = { .key_hash = key, .location = pattern };
    if (!change && !(key && confirmed(x)))
        page_failure(x, gone, CHANGES);
    else if (!key)
        page_error(x, 403, "form", CHANGES);
    else if (!confirmed(x))
        ask_change(x, 200, change, what, NULL);
    else if (ra_radar_act(x->portal->ra, &officer, x->number, what, form_text(x->form, "note"), &form, &location, &error))
        done(x, location);
    else if (change && g_error_matches(error, RA_ERROR, RA_ERROR_INPUT))
        ask_change(x, 400, change, what, ra_error_rule(error));
    else
        page_failure(x, error, CHANGES);
}

void
helpdesk_change_mail(Exchange *x)
{
    change_act(x, "mail");
}

void
helpdesk_change_dismiss(Exchange *x)
{
    change_act(x, "dismiss");
}

/* --- whom nobody has seen --- */

static struct ra_absent_query
query_of(const Exchange *x)
{
    gint64 months = form_number(x->query, "months");
    return (struct ra_absent_query){ .months = months > 0 ? months : RA_ABSENT_MONTHS,
                                     .institution = MAX(form_number(x->query, "institution"), 0),
                                     .key = MAX(form_number(x->query, "key"), 0),
                                     .person = MAX(form_number(x->query, "after"), 0) };
}

static char *
absent_path(const char *path, const struct ra_absent_query *q)
{
    g_autofree char *institution = q->institution ? g_strdup_printf("&institution=%" G_GINT64_FORMAT, q->institution) : g_strdup("");
    return g_strdup_printf("%s?months=%" G_GINT64_FORMAT "%s", path, q->months, institution);
}

static void
add_absent(const Exchange *x, WebNode *root, const RaAbsent *absent)
{
    WebNode *node = web_add(root, "absent");
    web_set_number(node, "id", absent->id);
    page_names(node, absent->name, absent->name_ja);
    web_set_number(node, "active", absent->active);
    page_time(x, node, "seen-at", absent->seen_at);
    page_time(x, node, "asked-at", absent->asked_at);
    for (char **mail = absent->mails; *mail; mail++)
        web_add_text(node, "mail", *mail);
    if (strcmp(x->session->role, "operator") == 0)
        page_names(web_add(node, "institution"), absent->institution, absent->institution_ja);
}

static void
send_absent(Exchange *x, GPtrArray *people, const struct ra_absent_query *q)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = absent_path(ABSENT, q), *table = absent_path(ABSENT ".tsv", q);
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "desk-absent", path, &root);
    if (!helpdesk_choices(x, root, q->institution, &error)) {
        page_failure(x, error, "/helpdesk");
        return;
    }
    web_set(root, "notice", helpdesk_done(x));
    web_set_number(root, "months", q->months);
    for (const gint64 *months = ra_absent_months; *months; months++) {
        WebNode *node = web_add(root, "months");
        web_set_number(node, "n", *months);
        web_set_flag(node, "chosen", *months == q->months);
    }
    if (people->len > RA_ABSENT_PAGE) {
        const RaAbsent *last = people->pdata[RA_ABSENT_PAGE - 1];
        g_autofree char *next = g_strdup_printf("%s&key=%" G_GINT64_FORMAT "&after=%" G_GINT64_FORMAT, path, last->key, last->id);
        web_set(root, "next", next);
        g_ptr_array_set_size(people, RA_ABSENT_PAGE);
    }
    if (people->len > 0)
        web_set(root, "tsv", table);
    g_autofree char *key = guard_form_key(x, ABSENT_ACT);
    web_set(root, "form-key", key);
    web_set_flag(root, "may-ask", helpdesk_may_act(x));
    for (guint i = 0; i < people->len; i++)
        add_absent(x, root, people->pdata[i]);
    page_send(x, 200, document);
}

void
helpdesk_absent(Exchange *x)
{
    const RaOfficer officer = helpdesk_officer(x);
    const struct ra_absent_query query = query_of(x);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) people = ra_radar_absent(x->portal->ra, &officer, &query, x->now, RA_ABSENT_PAGE + 1, &error);
    if (people)
        send_absent(x, people, &query);
    else
        page_failure(x, error, "/helpdesk");
}

void
helpdesk_absent_table(Exchange *x)
{
    static const char *const heads[] = { "name", "name_ja", "identifier", "mail", "institution", "certificates", "last_login", "asked" };
    const RaOfficer officer = helpdesk_officer(x);
    const struct ra_absent_query query = query_of(x);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) people = ra_radar_absent(x->portal->ra, &officer, &query, x->now, RA_DESK_TSV, &error);
    if (!people) {
        page_failure(x, error, "/helpdesk");
        return;
    }
    GString *out = g_string_new(HELPDESK_TABLE);
    web_tsv_row(out, heads, G_N_ELEMENTS(heads));
    for (guint i = 0; i < people->len; i++) {
        const RaAbsent *absent = people->pdata[i];
        const char *const texts[] = { absent->name, absent->name_ja, absent->identifier, absent->mails[0], absent->institution };
        for (gsize n = 0; n < G_N_ELEMENTS(texts); n++)
            web_tsv_cell(out, texts[n]);
        web_tsv_number(out, absent->active);
        helpdesk_tsv_time(x, out, absent->seen_at);
        helpdesk_tsv_time(x, out, absent->asked_at);
        web_tsv_end(out);
    }
    helpdesk_send_table(x, "absent.tsv", out);
}

/* Whom the form ticked: fields p7, p12 …, at most a page of them. */
static char **
ticked(const Exchange *x)
{
    g_autoptr(GStrvBuilder) list = g_strv_builder_new();
    g_auto(GStrv) persons = g_strsplit(form_text(x->form, "persons"), " ", RA_ABSENT_PAGE + 1);
    for (gsize i = 0; i < RA_ABSENT_PAGE && persons[i]; i++) {
        g_autofree char *name = g_strconcat("p", persons[i], NULL);
        if (g_ascii_string_to_signed(persons[i], 10, 1, G_MAXINT64, NULL, NULL) && form_get(x->form, name))
            g_strv_builder_add(list, persons[i]);
    }
    return g_strv_builder_end(list);
}

/* Who they are, and what would happen to them. FALSE with ERROR: one of them is not within reach. */
static gboolean
add_ticked(Exchange *x, WebNode *root, char *const *persons, GError **error)
{
    const RaOfficer officer = helpdesk_officer(x);
    gint64 total = 0;
    for (; *persons; persons++) {
        g_autoptr(RaDeskPerson) person = ra_officer_person(x->portal->ra, &officer, g_ascii_strtoll(*persons, NULL, 10), error);
        if (!person)
            return FALSE;
        total += person->active;
        helpdesk_person_facts(x, web_add(root, "found"), person);
    }
    web_set_number(root, "active", total);
    return TRUE;
}

static void
ask_absent(Exchange *x, int status, const char *what, char *const *persons, const char *problem)
{
    g_autoptr(GError) error = NULL;
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "desk-absent-confirm", ABSENT, &root);
    if (!add_ticked(x, root, persons, &error)) {
        page_failure(x, error, ABSENT);
        return;
    }
    web_set(root, "act", what);
    web_set(root, "persons", form_text(x->form, "persons"));
    web_set(root, "form-key", form_text(x->form, "form_key"));
    web_set(root, "reason", *form_text(x->form, "reason") ? form_text(x->form, "reason") : "cessationOfOperation");
    page_text(root, "note", form_text(x->form, "note"));
    if (problem)
        helpdesk_problem(root, problem, "unknown");
    page_send(x, status, document);
}

static gboolean
act_absent(Exchange *x, const char *what, char *const *persons, GBytes *key, GError **error)
{
    const RaOfficer officer = helpdesk_officer(x);
    RaContext *ra = x->portal->ra;
    g_autofree char *location = NULL;
    const char *const *who = (const char *const *)persons;
    const struct ra_form form = { .key_hash = key,
                                  .location = strcmp(what, "ask") == 0 ? ABSENT "?done=absent-ask" : ABSENT "?done=absent-revoke" };
    gboolean ok = strcmp(what, "ask") == 0 ? ra_radar_ask(ra, &officer, who, &form, &location, error)
                                           : ra_radar_revoke(ra, &officer, who, form_text(x->form, "reason"),
                                                             form_text(x->form, "note"), &form, &location, error);
    if (ok)
        done(x, location);
    return ok;
}

void
helpdesk_absent_act(Exchange *x)
{
    const char *what = form_text(x->form, "act");
    gboolean ask = strcmp(what, "ask") == 0;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) key = guard_form_hash(x, ABSENT_ACT);
    g_auto(GStrv) persons = ticked(x);
    if (!ask && strcmp(what, "revoke") != 0)
        page_error(x, 400, "bad", ABSENT);
    else if (!key || (ask && !helpdesk_may_act(x)))
        page_error(x, 403, key ? "forbidden" : "form", ABSENT);
    else if (!persons[0])
        page_error(x, 409, "desk-none", ABSENT);
    else if (!confirmed(x))
        ask_absent(x, 200, what, persons, NULL);
    else if (act_absent(x, what, persons, key, &error))
        return;
    else if (g_error_matches(error, RA_ERROR, RA_ERROR_INPUT))
        ask_absent(x, 400, what, persons, ra_error_rule(error));
    else
        page_failure(x, error, ABSENT);
}
