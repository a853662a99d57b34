/* Institutions and what they allow: operators change it group by group, officers read their own. */
#include <string.h>

#include "fcgi/describe.h"
#include "fcgi/guard.h"
#include "fcgi/handlers.h"
#include "fcgi/helpdesk.h"
#include "fcgi/page.h"
#include "ra/error.h"
#include "ra/policy.h"

#define PAST_SHOWN 30  /* fields changed last */
#define PAST_MOST 1000 /* that are looked through where somebody else came first */

static char *
path_of(const Exchange *x)
{
    return g_strdup_printf("/helpdesk/institutions/%" G_GINT64_FORMAT, x->number);
}

static gboolean
is_operator(const Exchange *x)
{
    return strcmp(x->session->role, "operator") == 0;
}

static struct ra_policy_by
author(const Exchange *x)
{
    return (struct ra_policy_by){ .session = x->session_hash, .address = x->in->address };
}

static char *
new_key(const Exchange *x)
{
    g_autofree char *act = describe_act("desk-policy", x->number);
    return guard_form_key(x, act);
}

/* --- elements --- */

static void
add_values(WebNode *node, const char *text)
{
    g_auto(GStrv) values = g_strsplit(text, "\n", -1);
    for (char **value = values; *value; value++)
        if (**value)
            web_add_text(node, "value", *value);
}

static void
add_bounds(WebNode *node, const struct ra_policy_field *field)
{
    static const char *const kinds[] = {
        [RA_POLICY_TEXT] = "text", [RA_POLICY_ASCII] = "ascii", [RA_POLICY_COUNTRY] = "country", [RA_POLICY_MAIL] = "mail",
        [RA_POLICY_WORD] = "word", [RA_POLICY_FLAG] = "flag", [RA_POLICY_NUMBER] = "number", [RA_POLICY_MAYBE] = "maybe",
        [RA_POLICY_RULE] = "rule", [RA_POLICY_WORDS] = "words", [RA_POLICY_NUMBERS] = "numbers",
        [RA_POLICY_DOMAINS] = "domains", [RA_POLICY_NAMES] = "names", [RA_POLICY_IDPS] = "idps",
    };
    web_set(node, "field", field->name);
    web_set(node, "kind", kinds[field->kind]);
    web_set_number(node, "least", field->least);
    web_set_number(node, "most", field->most);
}

static WebNode *
add_field(WebNode *parent, const struct ra_policy_field *field, const char *text)
{
    WebNode *node = web_add(parent, "field");
    add_bounds(node, field);
    add_values(node, text);
    g_auto(GStrv) words = g_strsplit(field->words ? field->words : "", " ", -1);
    for (char **word = words; *word; word++)
        web_add_text(node, "word", *word);
    return node;
}

static void
add_policy(WebNode *root, const RaPolicy *policy)
{
    WebNode *node = web_add(root, "policy");
    web_set_number(node, "id", policy->id);
    page_names(node, policy->name, policy->name_ja);
}

static WebNode *
add_group(WebNode *root, const char *name)
{
    WebNode *node = web_add(root, "group");
    web_set(node, "group", name);
    return node;
}

static void
add_past(const Exchange *x, WebNode *root, const GPtrArray *list)
{
    for (guint i = 0; i < list->len; i++) {
        const RaPolicyPast *past = list->pdata[i];
        const struct ra_policy_field *field = ra_policy_column(past->field);
        if (!field)
            continue;
        WebNode *node = web_add(root, "past");
        add_bounds(node, field);
        page_time(x, node, "at", past->at);
        if (*past->who)
            page_names(web_add(node, "who"), past->who, past->who_ja);
        add_values(web_add(node, "was"), past->was);
        add_values(web_add(node, "is"), past->is);
    }
}

static void
add_preview(WebNode *root, const RaPolicyPreview *preview)
{
    WebNode *node = web_add(root, "preview"), *type = NULL;
    const char *last = "";
    web_set(node, "subject", preview->subject_after);
    if (strcmp(preview->subject_before, preview->subject_after) != 0)
        web_set(node, "subject-before", preview->subject_before);
    for (guint i = 0; i < preview->offers->len; i++) {
        const DbPolicyOffer *offer = preview->offers->pdata[i];
        if (strcmp(last, offer->type) != 0) {
            type = web_add(node, "offer");
            web_set(type, "type", offer->type);
        }
        last = offer->type;
        WebNode *months = web_add(type, "months");
        web_set_number(months, "months", offer->months);
        page_text(months, "profile", offer->profile);
    }
    for (guint i = 0; i < preview->refused->len; i++) {
        const DbPolicyRefused *refused = preview->refused->pdata[i];
        WebNode *domain = web_add(node, "refused");
        web_set(domain, "domain", refused->domain);
        web_set_number(domain, "people", refused->people);
    }
}

/* --- the list --- */

static void
count(WebNode *node, const char *name, const char *more, gint64 n)
{
    web_set_number(node, name, MIN(n, DB_POLICY_COUNT_MOST));
    web_set_flag(node, more, n > DB_POLICY_COUNT_MOST);
}

static void
add_rows(WebNode *root, const GPtrArray *list)
{
    for (guint i = 0; i < list->len; i++) {
        const DbPolicyRow *row = list->pdata[i];
        WebNode *node = web_add(root, "institution");
        web_set_number(node, "id", row->id);
        page_names(node, row->name, row->name_ja);
        page_text(node, "domains", row->domains);
        web_set_number(node, "idps", row->idps);
        count(node, "people", "people-more", row->people);
        count(node, "active", "active-more", row->active);
    }
}

static void
send_list(Exchange *x)
{
    const char *text = form_text(x->query, "q"), *after = form_text(x->query, "after");
    gboolean more = FALSE;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) list = ra_policy_list(x->portal->ra, text, after, &more, &error);
    if (!list) {
        page_failure(x, error, "/helpdesk");
        return;
    }
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "desk-institutions", "/helpdesk/institutions", &root);
    page_text(root, "q", text);
    page_text(root, "after", after);
    if (more)
        web_set(root, "next", ((const DbPolicyRow *)list->pdata[list->len - 1])->name);
    add_rows(root, list);
    page_send(x, 200, document);
}

/* --- one institution --- */

static void
send_policy(Exchange *x, const RaPolicy *policy, const RaPolicyPreview *preview, const GPtrArray *past)
{
    g_autofree char *path = path_of(x);
    WebNode *root, *group = NULL;
    g_autoptr(WebDocument) document = page_new(x, "desk-institution", path, &root);
    web_set(root, "notice", helpdesk_done(x));
    web_set_flag(root, "edit", is_operator(x));
    add_policy(root, policy);
    for (gsize i = 0; i < ra_policy_count; i++) {
        const struct ra_policy_field *field = &ra_policy_fields[i];
        if (i == 0 || strcmp(field->group, ra_policy_fields[i - 1].group) != 0)
            group = add_group(root, field->group);
        add_field(group, field, ra_policy_value(policy, field));
    }
    add_preview(root, preview);
    add_past(x, root, past);
    page_send(x, 200, document);
}

/* The policy of x->number, where it is in reach; otherwise answers. */
static RaPolicy *
reached(Exchange *x)
{
    g_autoptr(GError) error = NULL;
    const RaOfficer officer = helpdesk_officer(x);
    gboolean mine = officer.institution == 0 || officer.institution == x->number;
    RaPolicy *policy = mine ? ra_policy_get(x->portal->ra, x->number, &error) : NULL;
    if (!mine)
        page_error(x, 404, "missing", "/helpdesk");
    else if (!policy)
        page_failure(x, error, "/helpdesk");
    return policy;
}

void
helpdesk_policy(Exchange *x)
{
    g_autoptr(RaPolicy) policy = reached(x);
    if (!policy)
        return;
    RaContext *ra = x->portal->ra;
    const struct ra_policy_by by = author(x);
    g_autoptr(GError) error = NULL;
    g_autoptr(RaPolicyPreview) preview = ra_policy_preview(ra, x->number, 0, NULL, &by, &error);
    g_autoptr(GPtrArray) past = preview ? ra_policy_past(ra, x->number, 0, PAST_SHOWN, &error) : NULL;
    if (past)
        send_policy(x, policy, preview, past);
    else
        page_failure(x, error, "/helpdesk");
}

/* An officer has one institution and no list. */
void
helpdesk_institutions(Exchange *x)
{
    if (is_operator(x)) {
        send_list(x);
        return;
    }
    x->number = x->session->institution;
    helpdesk_policy(x);
}

/* --- changing a group --- */

typedef struct edit {
    const char *group;
    RaPolicy *policy;
    RaPolicyDraft *draft;
    GPtrArray *wrong; /* const struct ra_policy_field *: what was sent for them may not stand there */
    gint64 version;   /* that the form was made from */
    char *key;        /* the form's */
} Edit;

static void
edit_clear(Edit *edit)
{
    g_clear_pointer(&edit->policy, db_policy_free);
    g_clear_pointer(&edit->draft, ra_policy_draft_free);
    g_clear_pointer(&edit->wrong, g_ptr_array_unref);
    g_free(edit->key);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Edit, edit_clear)

static gboolean
known_group(const char *name)
{
    for (gsize i = 0; i < ra_policy_count; i++)
        if (strcmp(ra_policy_fields[i].group, name) == 0)
            return TRUE;
    return FALSE;
}

/* What was sent for FIELD; of several words each has a box of its own beside it. NULL: nothing was, it stays. The caller's. */
static char *
sent(const Exchange *x, const struct ra_policy_field *field)
{
    const char *text = x->form ? form_get(x->form, field->name) : NULL;
    if (!text || field->kind != RA_POLICY_WORDS)
        return g_strdup(text);
    g_autoptr(GString) all = g_string_new(text);
    g_auto(GStrv) words = g_strsplit(field->words, " ", -1);
    for (char **word = words; *word; word++) {
        g_autofree char *box = g_strconcat(field->name, ".", *word, NULL);
        if (*form_text(x->form, box))
            g_string_append_printf(all, "\n%s", *word);
    }
    return g_strdup(all->str);
}

static void
read_form(const Exchange *x, Edit *edit)
{
    edit->version = form_number(x->form, "version");
    edit->draft = ra_policy_draft_new();
    edit->wrong = g_ptr_array_new();
    edit->key = g_strdup(form_text(x->form, "form_key"));
    for (gsize i = 0; i < ra_policy_count; i++) {
        const struct ra_policy_field *field = &ra_policy_fields[i];
        g_autofree char *text = strcmp(field->group, edit->group) == 0 ? sent(x, field) : NULL;
        if (text && !ra_policy_draft_add(edit->draft, field, text, NULL))
            g_ptr_array_add(edit->wrong, (gpointer)field);
    }
}

static void
add_problem(WebNode *root, const struct ra_policy_field *field, const char *rule)
{
    WebNode *node = web_add(root, "problem");
    add_bounds(node, field);
    web_set(node, "rule", rule);
    g_auto(GStrv) words = g_strsplit(field->words ? field->words : "", " ", -1);
    for (char **word = words; *word; word++)
        web_add_text(node, "word", *word);
}

/* What stands in the form: what was sent where it is wrong, then what is to be, then what is. */
static void
add_form_field(const Exchange *x, WebNode *group, const Edit *edit, const struct ra_policy_field *field)
{
    gboolean wrong = edit->wrong && g_ptr_array_find(edit->wrong, field, NULL);
    g_autofree char *raw = wrong ? sent(x, field) : NULL;
    const char *then = edit->draft ? ra_policy_draft_value(edit->draft, field) : NULL;
    add_field(group, field, raw ? raw : then ? then : ra_policy_value(edit->policy, field));
}

/* The form of a group. FIELD and RULE: one more thing that stands in the way, or NULL. PAST: what somebody else changed. */
static void
send_form(Exchange *x, int status, const Edit *edit, const char *field, const char *rule, const GPtrArray *past)
{
    g_autofree char *path = g_strdup_printf("/helpdesk/institutions/%" G_GINT64_FORMAT "/%s", x->number, edit->group);
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "desk-policy", path, &root);
    web_set(root, "form-key", edit->key);
    web_set_number(root, "version", edit->policy->version);
    web_set_flag(root, "changed", past != NULL);
    web_set_flag(root, "same", field == NULL && rule != NULL);
    add_policy(root, edit->policy);
    WebNode *group = add_group(root, edit->group);
    for (gsize i = 0; i < ra_policy_count; i++)
        if (strcmp(ra_policy_fields[i].group, edit->group) == 0)
            add_form_field(x, group, edit, &ra_policy_fields[i]);
    for (guint i = 0; edit->wrong && i < edit->wrong->len; i++)
        add_problem(root, edit->wrong->pdata[i], "bounds");
    if (field)
        add_problem(root, ra_policy_field(field), rule);
    if (past)
        add_past(x, root, past);
    page_send(x, status, document);
}

/* Somebody else changed the policy since the form was made: what that was, and the form again with what is so now. */
static void
send_changed(Exchange *x, Edit *edit)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(RaPolicy) now = ra_policy_get(x->portal->ra, x->number, &error);
    g_autoptr(GPtrArray) past = now ? ra_policy_past(x->portal->ra, x->number, edit->version, PAST_MOST, &error) : NULL;
    if (!past) {
        page_failure(x, error, "/helpdesk");
        return;
    }
    g_clear_pointer(&edit->policy, db_policy_free);
    edit->policy = g_steal_pointer(&now);
    ra_policy_draft_merge(edit->draft, past);
    g_free(edit->key);
    edit->key = new_key(x);
    send_form(x, 409, edit, NULL, NULL, past);
}

/* --- what it would do --- */

static void
add_effect(WebNode *root, const char *what, gint64 before, gint64 after, gint64 of)
{
    if (after <= before)
        return;
    WebNode *node = web_add(root, "effect");
    web_set(node, "what", what);
    web_set_number(node, "before", before);
    web_set_number(node, "after", after);
    web_set_number(node, "of", MIN(of, DB_POLICY_COUNT_MOST));
    web_set_flag(node, "more", of > DB_POLICY_COUNT_MOST);
}

static void
add_effects(WebNode *root, const Edit *edit, const RaPolicyPreview *preview)
{
    const struct db_policy_effect *before = &preview->before, *after = &preview->after;
    add_effect(root, "stopped", before->stopped, after->stopped, after->waiting);
    add_effect(root, "last", before->last, after->last, after->active);
    add_effect(root, "no-mail", before->no_mail, after->no_mail, after->people);
    add_effect(root, "strangers", before->strangers, after->strangers, after->people);
    if (ra_policy_draft_value(edit->draft, ra_policy_field("identifier")))
        add_effect(root, "identifier", 0, after->people, after->people);
}

static void
add_change(WebNode *root, const Edit *edit, const struct ra_policy_field *field)
{
    const char *then = ra_policy_draft_value(edit->draft, field);
    if (!then)
        return;
    WebNode *node = web_add(root, "change");
    add_bounds(node, field);
    web_set(node, "text", then);
    add_values(web_add(node, "was"), ra_policy_value(edit->policy, field));
    add_values(web_add(node, "is"), then);
}

static void
send_confirm(Exchange *x, const Edit *edit, const RaPolicyPreview *preview)
{
    g_autofree char *path = g_strdup_printf("/helpdesk/institutions/%" G_GINT64_FORMAT "/%s", x->number, edit->group);
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "desk-policy-confirm", path, &root);
    web_set(root, "form-key", edit->key);
    web_set_number(root, "version", edit->version);
    add_policy(root, edit->policy);
    add_group(root, edit->group);
    for (gsize i = 0; i < ra_policy_count; i++)
        add_change(root, edit, &ra_policy_fields[i]);
    add_effects(root, edit, preview);
    add_preview(root, preview);
    page_send(x, 200, document);
}

/* --- GET and POST --- */

/* What stands in the way of a change, told beside the form. */
static void
explain(Exchange *x, Edit *edit, const GError *error)
{
    if (strcmp(ra_error_rule(error), "changed") == 0)
        send_changed(x, edit);
    else if (strcmp(ra_error_rule(error), "idp-taken") == 0)
        send_form(x, 400, edit, "idp", "taken", NULL);
    else
        page_failure(x, error, "/helpdesk/institutions");
}

static void
do_it(Exchange *x, Edit *edit, GBytes *key)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *location = NULL;
    const RaOfficer officer = helpdesk_officer(x);
    const struct ra_policy_by by = author(x);
    const struct ra_form form = { .key_hash = key, .location = "/helpdesk/institutions/%N?done=desk-policy" };
    if (!ra_policy_change(x->portal->ra, &officer, x->number, edit->version, edit->draft, &by, &form, &location, &error)) {
        explain(x, edit, error);
        return;
    }
    http_see_other(&x->out, location);
    x->answered = TRUE;
}

static void
ask(Exchange *x, Edit *edit)
{
    g_autoptr(GError) error = NULL;
    const struct ra_policy_by by = author(x);
    if (edit->version != edit->policy->version) {
        send_changed(x, edit);
        return;
    }
    if (!ra_policy_draft_reduce(edit->draft, edit->policy)) {
        send_form(x, 400, edit, NULL, "same", NULL);
        return;
    }
    g_autoptr(RaPolicyPreview) preview = ra_policy_preview(x->portal->ra, x->number, edit->version, edit->draft, &by, &error);
    if (preview)
        send_confirm(x, edit, preview);
    else
        explain(x, edit, error);
}

static gboolean
begin_edit(Exchange *x, Edit *edit)
{
    edit->group = x->name;
    if (!known_group(x->name)) {
        page_error(x, 404, "missing", "/helpdesk");
        return FALSE;
    }
    edit->policy = reached(x);
    return edit->policy != NULL;
}

void
helpdesk_policy_form(Exchange *x)
{
    g_auto(Edit) edit = { 0 };
    if (!begin_edit(x, &edit))
        return;
    edit.key = new_key(x);
    send_form(x, 200, &edit, NULL, NULL, NULL);
}

void
helpdesk_policy_change(Exchange *x)
{
    g_auto(Edit) edit = { 0 };
    if (!begin_edit(x, &edit))
        return;
    g_autofree char *act = describe_act("desk-policy", x->number), *path = path_of(x);
    g_autoptr(GBytes) key = guard_form_hash(x, act);
    if (!key) {
        page_error(x, 403, "form", path);
        return;
    }
    read_form(x, &edit);
    if (edit.version <= 0)
        page_error(x, 400, "bad", path);
    else if (edit.wrong->len > 0)
        send_form(x, 400, &edit, NULL, NULL, NULL);
    else if (strcmp(form_text(x->form, "confirm"), "1") == 0)
        do_it(x, &edit, key);
    else
        ask(x, &edit);
}
