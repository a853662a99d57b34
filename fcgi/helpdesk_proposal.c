#include <string.h>

#include "fcgi/describe.h"
#include "fcgi/guard.h"
#include "fcgi/handlers.h"
#include "fcgi/helpdesk.h"
#include "fcgi/page.h"
#include "ra/error.h"

static char *
path_of(gint64 id)
{
    return g_strdup_printf("/helpdesk/proposals/%" G_GINT64_FORMAT, id);
}

/* --- one as an element --- */

static void
add_who(WebNode *parent, const char *name, const struct db_proposal_who *who)
{
    if (!who->actor)
        return;
    WebNode *node = web_add(parent, name);
    gboolean officer = g_str_has_prefix(who->actor, "officer");
    web_set(node, "who", officer ? "officer" : g_str_has_prefix(who->actor, "operator") ? "operator" : "service");
    if (who->name)
        page_names(node, who->name, who->name_ja);
}

void
helpdesk_proposal_facts(const Exchange *x, WebNode *parent, const char *name, const RaProposal *p)
{
    WebNode *node = web_add(parent, name);
    web_set_number(node, "id", p->id);
    web_set(node, "kind", p->kind);
    web_set(node, "state", p->state);
    web_set_number(node, "person", p->person);
    page_names(node, p->name, p->name_ja);
    if (p->request)
        web_set_number(node, "request", p->request);
    if (p->months)
        web_set_number(node, "months", p->months);
    if (p->numbers[0])
        web_set_number(node, "many", g_strv_length(p->numbers));
    page_text(node, "type", p->type);
    page_text(node, "memo", p->memo);
    page_text(node, "mail", p->mail);
    page_text(node, "reason", p->reason);
    page_text(node, "note", p->note);
    page_text(node, "decision", p->decision);
    web_set_flag(node, "mine", p->mine);
    page_time(x, node, "proposed-at", p->proposed_at);
    page_time(x, node, "ends-at", p->ends_at);
    page_time(x, node, "decided-at", p->decided_at);
    page_names(web_add(node, "institution"), p->institution_name, p->institution_name_ja);
    add_who(node, "proposer", &p->proposer);
    add_who(node, "decider", &p->decider);
}

/* --- the list --- */

static void
add_all(const Exchange *x, WebNode *root, const char *name, const GPtrArray *list)
{
    for (guint i = 0; i < list->len; i++)
        helpdesk_proposal_facts(x, root, name, list->pdata[i]);
}

void
helpdesk_proposals(Exchange *x)
{
    const RaOfficer officer = helpdesk_officer(x);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) open = ra_proposal_list(x->portal->ra, &officer, 0, TRUE, x->now, &error);
    g_autoptr(GPtrArray) past = open ? ra_proposal_list(x->portal->ra, &officer, 0, FALSE, x->now, &error) : NULL;
    if (!past) {
        page_failure(x, error, "/helpdesk");
        return;
    }
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "desk-proposals", "/helpdesk/proposals", &root);
    add_all(x, root, "proposal", open);
    add_all(x, root, "past", past);
    page_send(x, 200, document);
}

/* --- what it would do now --- */

/* What a decision stands on; all of it as of now. */
typedef struct {
    RaProposal *proposal;
    GPtrArray *rows;     /* RaDeskRow *: everything of the person */
    RaPreview *preview;  /* of an application; NULL where it would be refused, by RULE */
    char *rule;
    gint64 revoke, withdraw;
    gboolean possible;
} Outlook;

static void
outlook_clear(Outlook *o)
{
    db_proposal_free(o->proposal);
    g_clear_pointer(&o->rows, g_ptr_array_unref);
    ra_preview_free(o->preview);
    g_free(o->rule);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Outlook, outlook_clear)

static void
count_hits(Outlook *o)
{
    static const char *const waiting[] = { "applied", "approval", "ready", NULL };
    for (guint i = 0; i < o->rows->len; i++) {
        const RaDeskRow *row = o->rows->pdata[i];
        if (!ra_proposal_hits(o->proposal, row))
            continue;
        gboolean waits = g_strv_contains(waiting, row->state);
        o->withdraw += waits;
        o->revoke += !waits;
    }
    o->possible = o->revoke + o->withdraw > 0;
}

/* FALSE with ERROR where that can't be found out. */
static gboolean
preview_of(Exchange *x, Outlook *o, GError **error)
{
    const RaProposal *p = o->proposal;
    const struct ra_who whom = { .person = p->person };
    const struct ra_application wish = { .type = p->type, .months = p->months, .memo = p->memo, .mail = p->mail };
    g_autoptr(GError) why = NULL;
    o->preview = ra_request_preview(x->portal->ra, &whom, &wish, x->now, &why);
    o->possible = o->preview != NULL;
    if (why && !g_error_matches(why, RA_ERROR, RA_ERROR_REFUSED)) {
        g_propagate_error(error, g_steal_pointer(&why));
        return FALSE;
    }
    o->rule = why ? g_strdup(ra_error_rule(why)) : NULL;
    return TRUE;
}

static gboolean
look(Exchange *x, const RaOfficer *officer, Outlook *o, GError **error)
{
    RaContext *ra = x->portal->ra;
    o->proposal = ra_proposal_get(ra, officer, x->number, error);
    o->rows = o->proposal ? ra_officer_requests(ra, officer, o->proposal->person, error) : NULL;
    if (!o->rows)
        return FALSE;
    if (strcmp(o->proposal->kind, "apply") == 0)
        return preview_of(x, o, error);
    if (!o->proposal->request) {
        count_hits(o);
        return TRUE;
    }
    g_autoptr(RaRequest) r = ra_officer_request(ra, officer, o->proposal->request, error);
    o->possible = r && ra_request_may_now(ra, r, o->proposal->kind, x->now);
    return r != NULL;
}

static void
add_outlook(const Exchange *x, WebNode *root, const Outlook *o)
{
    helpdesk_proposal_facts(x, root, "proposal", o->proposal);
    for (guint i = 0; i < o->rows->len; i++)
        if (strcmp(o->proposal->state, "open") == 0 && ra_proposal_hits(o->proposal, o->rows->pdata[i]))
            helpdesk_row(x, root, o->rows->pdata[i]);
    web_set_number(root, "revoke", o->revoke);
    web_set_number(root, "withdraw", o->withdraw);
    web_set_flag(root, "possible", o->possible);
    page_text(root, "rule", o->rule);
    if (!o->preview)
        return;
    WebNode *order = web_add(root, "order");
    web_set(order, "common-name", o->preview->common_name);
    web_set(order, "subject", o->preview->subject);
    page_time(x, order, "not-after", o->preview->not_after);
}

/* --- one --- */

/* A revoker is the second officer for what a revoker may do. */
static gboolean
may_decide(const Exchange *x, const RaProposal *p)
{
    return helpdesk_may_act(x) || strcmp(p->kind, "revoke-many") == 0;
}

static void
set_key(const Exchange *x, WebNode *root, const char *attribute, const char *word)
{
    g_autofree char *act = describe_act(word, x->number);
    g_autofree char *key = guard_form_key(x, act);
    web_set(root, attribute, key);
}

void
helpdesk_proposal(Exchange *x)
{
    const RaOfficer officer = helpdesk_officer(x);
    g_autoptr(GError) error = NULL;
    g_auto(Outlook) o = { 0 };
    if (!look(x, &officer, &o, &error)) {
        page_failure(x, error, "/helpdesk/proposals");
        return;
    }
    g_autofree char *path = path_of(x->number);
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "desk-proposal", path, &root);
    web_set(root, "notice", helpdesk_done(x));
    add_outlook(x, root, &o);
    gboolean open = strcmp(o.proposal->state, "open") == 0 && o.proposal->ends_at > x->now;
    if (open && o.proposal->mine)
        set_key(x, root, "withdraw-key", "desk-withdraw");
    else if (open && may_decide(x, o.proposal)) {
        set_key(x, root, "decline-key", "desk-decline");
        if (o.possible)
            set_key(x, root, "confirm-key", "desk-confirm");
    }
    page_send(x, 200, document);
}

/* --- deciding --- */

static const char *
words_field(const char *how)
{
    return strcmp(how, "decline") == 0 ? "reason" : "note";
}

static void
ask(Exchange *x, int status, const Outlook *o, const char *how, const char *problem)
{
    g_autofree char *path = path_of(x->number);
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "desk-decide", path, &root);
    web_set(root, "act", how);
    web_set(root, "form-key", form_text(x->form, "form_key"));
    page_text(root, words_field(how), form_text(x->form, words_field(how)));
    add_outlook(x, root, o);
    if (problem)
        helpdesk_problem(root, words_field(how), strcmp(problem, "refusal-missing") == 0 ? "missing" : "long");
    page_send(x, status, document);
}

static void
decide_now(Exchange *x, const RaOfficer *officer, const Outlook *o, const char *how, GBytes *key)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *location = NULL, *path = path_of(x->number);
    g_autofree char *pattern = g_strdup_printf("/helpdesk/proposals/%%N?done=desk-%s", how);
    const struct ra_form form = { .key_hash = key, .location = pattern };
    if (ra_proposal_decide(x->portal->ra, officer, x->number, how, form_text(x->form, words_field(how)), &form, &location, &error)) {
        http_see_other(&x->out, location);
        x->answered = TRUE;
    } else if (g_error_matches(error, RA_ERROR, RA_ERROR_INPUT)) {
        ask(x, 400, o, how, ra_error_rule(error));
    } else {
        page_failure(x, error, path);
    }
}

/* Who may not do this to it, and when: the word of the page that says so; NULL: go on. */
static const char *
hindrance(const Exchange *x, const Outlook *o, const char *how)
{
    gboolean withdraw = strcmp(how, "withdraw") == 0;
    if (strcmp(o->proposal->state, "open") != 0)
        return "decided";
    if (o->proposal->ends_at <= x->now)
        return "proposal-ended";
    if (withdraw != o->proposal->mine)
        return withdraw ? "other-officer" : "same-officer";
    return strcmp(how, "confirm") == 0 && !o->possible ? "state" : NULL;
}

static void
refused(Exchange *x, const char *word)
{
    g_autofree char *path = path_of(x->number);
    gboolean conflict = !g_str_has_suffix(word, "-officer");
    g_autoptr(GError) error = g_error_new_literal(RA_ERROR, conflict ? RA_ERROR_CONFLICT : RA_ERROR_REFUSED, word);
    page_failure(x, error, path);
}

static void
decide(Exchange *x, const char *how)
{
    const RaOfficer officer = helpdesk_officer(x);
    g_autofree char *word = g_strconcat("desk-", how, NULL);
    g_autofree char *act = describe_act(word, x->number), *path = path_of(x->number);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) key = guard_form_hash(x, act);
    g_auto(Outlook) o = { 0 };
    if (!look(x, &officer, &o, &error)) {
        page_failure(x, error, "/helpdesk/proposals");
        return;
    }
    const char *why = hindrance(x, &o, how);
    if (!may_decide(x, o.proposal))
        page_error(x, 403, "forbidden", path);
    else if (!key)
        page_error(x, 403, "form", path);
    else if (strcmp(form_text(x->form, "confirm"), "1") == 0) /* also a form that was spent: it leads where it led */
        decide_now(x, &officer, &o, how, key);
    else if (why)
        refused(x, why);
    else
        ask(x, 200, &o, how, NULL);
}

void
helpdesk_confirm(Exchange *x)
{
    decide(x, "confirm");
}

void
helpdesk_decline(Exchange *x)
{
    decide(x, "decline");
}

void
helpdesk_withdraw(Exchange *x)
{
    decide(x, "withdraw");
}
