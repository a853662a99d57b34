#include <string.h>

#include "fcgi/describe.h"
#include "fcgi/guard.h"
#include "fcgi/handlers.h"
#include "fcgi/helpdesk.h"
#include "fcgi/page.h"
#include "ra/error.h"

static char *
path_of(gint64 person)
{
    return g_strdup_printf("/helpdesk/people/%" G_GINT64_FORMAT, person);
}

static void
set_key(const Exchange *x, WebNode *node)
{
    g_autofree char *act = g_strdup_printf("desk-revoke:%" G_GINT64_FORMAT, x->number);
    g_autofree char *key = guard_form_key(x, act);
    web_set(node, "form-key", key);
}

/* --- the page --- */

/* A device is what people call it: the certificates with one memo belong together. */
static WebNode *
device_of(const Exchange *x, WebNode *root, GHashTable *devices, const RaDeskRow *row)
{
    WebNode *device = g_hash_table_lookup(devices, row->memo);
    if (!device) {
        device = web_add(root, "device");
        web_set(device, "memo", row->memo);
        set_key(x, device);
        g_hash_table_insert(devices, row->memo, device);
    }
    return device;
}

static void
add_devices(const Exchange *x, WebNode *root, const GPtrArray *rows)
{
    static const struct ra_desk_choice everything = { 0 };
    g_autoptr(GHashTable) devices = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < rows->len; i++) {
        RaDeskRow *row = rows->pdata[i];
        gboolean alive = ra_desk_chosen(&everything, row);
        helpdesk_row(x, alive ? device_of(x, root, devices, row) : root, row);
    }
}

/* What an officer may apply for in the person's name; FALSE with ERROR. */
static gboolean
add_offers(const Exchange *x, WebNode *root, GError **error)
{
    if (!helpdesk_may_act(x))
        return TRUE;
    g_autofree char *act = describe_act("desk-apply", x->number);
    g_autoptr(RaDashboard) shown = ra_request_dashboard(x->portal->ra, x->number, FALSE, 0, 1, error);
    if (shown)
        describe_offers(x, root, shown, act);
    return shown != NULL;
}

static void
show_person(Exchange *x)
{
    const RaOfficer officer = helpdesk_officer(x);
    g_autoptr(GError) error = NULL;
    g_autoptr(RaDeskPerson) person = ra_officer_person(x->portal->ra, &officer, x->number, &error);
    g_autoptr(GPtrArray) rows = person ? ra_officer_requests(x->portal->ra, &officer, x->number, &error) : NULL;
    if (!rows) {
        page_failure(x, error, "/helpdesk");
        return;
    }
    g_autofree char *path = path_of(x->number);
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "desk-person", path, &root);
    if (!add_offers(x, root, &error)) {
        page_failure(x, error, "/helpdesk");
        return;
    }
    web_set(root, "notice", helpdesk_done(x));
    set_key(x, root);
    helpdesk_person_facts(x, web_add(root, "found"), person);
    add_devices(x, root, rows);
    page_send(x, 200, document);
}

void
helpdesk_person(Exchange *x)
{
    show_person(x);
}

/* --- revoking --- */

/* What the form chose, of the requests that there are. */
typedef struct {
    struct ra_desk_choice choice;
    char **numbers;
    gboolean known;
} Chosen;

static void
chosen_clear(Chosen *chosen)
{
    g_strfreev(chosen->numbers);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Chosen, chosen_clear)

static char **
ticked(const Exchange *x, const GPtrArray *rows)
{
    g_autoptr(GStrvBuilder) list = g_strv_builder_new();
    for (guint i = 0; i < rows->len; i++) {
        const RaDeskRow *row = rows->pdata[i];
        g_autofree char *name = g_strdup_printf("n%" G_GINT64_FORMAT, row->number);
        if (form_get(x->form, name))
            g_strv_builder_add(list, name + 1);
    }
    return g_strv_builder_end(list);
}

static void
read_choice(const Exchange *x, const GPtrArray *rows, Chosen *chosen)
{
    const char *what = form_text(x->form, "what");
    chosen->choice.person = x->number;
    chosen->known = TRUE;
    if (strcmp(what, "device") == 0) {
        chosen->choice.memo = form_text(x->form, "memo");
    } else if (strcmp(what, "selection") == 0) {
        chosen->numbers = ticked(x, rows);
        chosen->choice.numbers = (const char *const *)chosen->numbers;
    } else {
        chosen->known = strcmp(what, "all") == 0;
    }
}

/* Nobody has it yet: there is nothing to revoke, only a URL that may not be used any more. */
static gboolean
waits_for_pickup(const char *state)
{
    static const char *const states[] = { "applied", "approval", "ready", NULL };
    return g_strv_contains(states, state);
}

/* What would happen, in numbers and by name. PROBLEM: a field that must be mended, or NULL. */
static void
ask(Exchange *x, const RaOfficer *officer, int status, const RaDeskPerson *person, const GPtrArray *rows, const Chosen *chosen, const char *problem)
{
    const char *what = form_text(x->form, "what");
    g_autofree char *path = path_of(x->number);
    gint64 revoke = 0, withdraw = 0;
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "desk-confirm", path, &root);
    web_set(root, "what", what);
    page_text(root, "memo", chosen->choice.memo);
    web_set(root, "form-key", form_text(x->form, "form_key"));
    web_set(root, "reason", *form_text(x->form, "reason") ? form_text(x->form, "reason") : "keyCompromise");
    page_text(root, "note", form_text(x->form, "note"));
    helpdesk_person_facts(x, web_add(root, "found"), person);
    for (guint i = 0; i < rows->len; i++) {
        const RaDeskRow *row = rows->pdata[i];
        if (!ra_desk_chosen(&chosen->choice, row))
            continue;
        gboolean waits = waits_for_pickup(row->state);
        withdraw += waits;
        revoke += !waits;
        helpdesk_row(x, root, row);
    }
    web_set_number(root, "revoke", revoke);
    web_set_number(root, "withdraw", withdraw);
    web_set_flag(root, "two", ra_proposal_many(&chosen->choice, rows) &&
                              ra_proposal_needed(x->portal->ra, officer, x->number, "revoke-many", NULL));
    if (problem)
        helpdesk_problem(root, problem, "unknown");
    page_send(x, status, document);
}

/* TRUE: done, or what stands in the way is in ERROR. */
static gboolean
revoke_now(Exchange *x, const RaOfficer *officer, const Chosen *chosen, GBytes *key, GError **error)
{
    g_autofree char *location = NULL;
    const struct ra_form form = { .key_hash = key, .location = "/helpdesk/people/%N?done=desk-revoke" };
    if (!ra_officer_revoke(x->portal->ra, officer, &chosen->choice, form_text(x->form, "reason"), form_text(x->form, "note"),
                           &form, &location, error))
        return FALSE;
    http_see_other(&x->out, location);
    x->answered = TRUE;
    return TRUE;
}

static gboolean
any_of(const Chosen *chosen, const GPtrArray *rows)
{
    for (guint i = 0; i < rows->len; i++)
        if (ra_desk_chosen(&chosen->choice, rows->pdata[i]))
            return TRUE;
    return FALSE;
}

static void
consider(Exchange *x, const RaOfficer *officer, const RaDeskPerson *person, const GPtrArray *rows, GBytes *key)
{
    g_auto(Chosen) chosen = { 0 };
    g_autoptr(GError) error = NULL;
    gboolean confirmed = strcmp(form_text(x->form, "confirm"), "1") == 0;
    g_autofree char *path = path_of(x->number);
    read_choice(x, rows, &chosen);
    if (!chosen.known)
        page_error(x, 400, "bad", path);
    else if (confirmed && revoke_now(x, officer, &chosen, key, &error))
        return;
    else if (g_error_matches(error, RA_ERROR, RA_ERROR_INPUT))
        ask(x, officer, 400, person, rows, &chosen, ra_error_rule(error));
    else if (error)
        page_failure(x, error, path);
    else if (!any_of(&chosen, rows))
        page_error(x, 409, chosen.numbers ? "desk-none" : "conflict", path);
    else
        ask(x, officer, 200, person, rows, &chosen, NULL);
}

void
helpdesk_revoke(Exchange *x)
{
    const RaOfficer officer = helpdesk_officer(x);
    g_autofree char *act = g_strdup_printf("desk-revoke:%" G_GINT64_FORMAT, x->number);
    g_autofree char *path = path_of(x->number);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) key = guard_form_hash(x, act);
    g_autoptr(RaDeskPerson) person = ra_officer_person(x->portal->ra, &officer, x->number, &error);
    g_autoptr(GPtrArray) rows = person ? ra_officer_requests(x->portal->ra, &officer, x->number, &error) : NULL;
    if (!rows)
        page_failure(x, error, "/helpdesk");
    else if (!key)
        page_error(x, 403, "form", path);
    else
        consider(x, &officer, person, rows, key);
}
