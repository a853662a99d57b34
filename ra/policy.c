#include "ra/policy.h"

#include <string.h>

#include "db/log.h"
#include "ra/act.h"
#include "ra/error.h"
#include "ra/letter.h"
#include "ra/password.h"

#define RULES "nothing warn re-issue revoke"

const struct ra_policy_field ra_policy_fields[] = {
    { "idp", "idps", "people", RA_POLICY_IDPS, 0, 1024, NULL, "an IdP that speaks for it; may repeat", "ENTITYID" },
    { "identifier", "identifier", "people", RA_POLICY_WORD, 0, 0,
      "subject-id pairwise-id eduPersonPrincipalName eduPersonTargetedID persistent", "what tells persons apart", "WORD" },

    { "name-ja", "name_ja", "names", RA_POLICY_TEXT, 0, 200, NULL, "name on Japanese pages", "TEXT" },
    { "country", "country", "names", RA_POLICY_COUNTRY, 2, 2, NULL, "C of its certificates", "CC" },
    { "locality", "locality", "names", RA_POLICY_ASCII, 1, 64, NULL, "L of its certificates", "TEXT" },
    { "organization", "organization", "names", RA_POLICY_ASCII, 1, 64, NULL, "O of its certificates (default: NAME in ASCII)",
      "TEXT" },
    { "unit", "unit", "names", RA_POLICY_ASCII, 0, 64, NULL, "OU of its certificates; empty for none", "TEXT" },
    { "allowed-unit", "units", "names", RA_POLICY_NAMES, 1, 64, NULL,
      "OU that may stand in its place; may repeat, replaces those before; empty for none", "TEXT" },
    { "unit-choice", "unit_choice", "names", RA_POLICY_WORD, 0, 0, "officer person",
      "who may choose one of those: officers in their files only, or people too when they apply", "WORD" },
    { "name-form", "name_form", "names", RA_POLICY_WORD, 0, 0, "ascii native",
      "people's names in certificates: in ASCII, or in their own script where the IdP sends it", "WORD" },
    { "mail-domain", "mail_domains", "names", RA_POLICY_DOMAINS, 0, 254, NULL,
      "domain of its addresses, .DOMAIN for all below; may repeat, replaces those before", "DOMAIN" },

    { "types", "types", "offers", RA_POLICY_WORDS, 0, 2, "client smime", "what may be applied for; empty: nothing", "LIST" },
    { "months", "months", "offers", RA_POLICY_NUMBERS, 1, 120, NULL, "validities, such as 52,25,13; the first is preselected", "LIST" },
    { "max-active", "max_active", "offers", RA_POLICY_NUMBER, 1, 1000000, NULL, "active requests of one person", "N" },

    { "approval", "approval", "steps", RA_POLICY_FLAG, 0, 0, NULL, "an officer approves each request", "YES|NO" },
    { "two-officers", "two_officers", "steps", RA_POLICY_WORDS, 0, 4, "revoke-many approve new-pin apply",
      "acts that a second officer must confirm; empty: none", "LIST" },
    { "pin-mail", "pin_mail", "steps", RA_POLICY_FLAG, 0, 0, NULL,
      "the PIN comes by mail too, and the pickup asks for login", "YES|NO" },
    { "password-rule", "password_rule", "steps", RA_POLICY_RULE, 0, RA_PASSWORD_RULE_MOST, NULL,
      "what an own password for a certificate file must be", "RULE" },
    { "grace-days", "grace_days", "steps", RA_POLICY_MAYBE, 0, 3650, NULL,
      "days after which a renewed certificate is revoked; none: it runs out", "N" },

    { "on-name-change", "on_name_change", "changes", RA_POLICY_WORD, 0, 0, RULES,
      "when the IdP sends another name than a certificate has", "WORD" },
    { "on-mail-change", "on_mail_change", "changes", RA_POLICY_WORD, 0, 0, RULES,
      "when it no longer sends a certificate's address", "WORD" },
    { "on-affiliation-change", "on_affiliation_change", "changes", RA_POLICY_WORD, 0, 0, RULES,
      "when it no longer sends an affiliation that it sent at the login before", "WORD" },
    { "change-days", "change_days", "changes", RA_POLICY_NUMBER, 0, 365, NULL,
      "days until what those rules revoke is revoked", "N" },

    { "helpdesk-name", "helpdesk_name", "contact", RA_POLICY_TEXT, 0, 200, NULL, "whom its people ask", "TEXT" },
    { "helpdesk-mail", "helpdesk_mail", "contact", RA_POLICY_MAIL, 0, 254, NULL, "that helpdesk's address", "ADDRESS" },
    { "helpdesk-phone", "helpdesk_phone", "contact", RA_POLICY_TEXT, 0, 100, NULL, "that helpdesk's telephone", "TEXT" },
    { "digest", "digest", "contact", RA_POLICY_WORD, 0, 0, "off daily weekly",
      "how often that address gets a mail about what waits, was revoked, ends soon", "WORD" },
};
const gsize ra_policy_count = G_N_ELEMENTS(ra_policy_fields);

const struct ra_policy_field *
ra_policy_field(const char *name)
{
    for (gsize i = 0; i < ra_policy_count; i++)
        if (strcmp(ra_policy_fields[i].name, name) == 0)
            return &ra_policy_fields[i];
    return NULL;
}

const struct ra_policy_field *
ra_policy_column(const char *column)
{
    for (gsize i = 0; i < ra_policy_count; i++)
        if (strcmp(ra_policy_fields[i].column, column) == 0)
            return &ra_policy_fields[i];
    return NULL;
}

gboolean
ra_policy_is_list(const struct ra_policy_field *field)
{
    return field->kind >= RA_POLICY_WORDS;
}

/* --- one value of each kind: TRUE where it may stand there; it is put into its one way of writing in place ------------------ */

typedef gboolean (*Judge)(const struct ra_policy_field *field, char *text);

/* Neither control characters nor what turns the reading direction, which pages and certificates would show as something else. */
static gboolean
plain(const char *text)
{
    for (const char *c = text; *c; c = g_utf8_next_char(c)) {
        gunichar u = g_utf8_get_char(c);
        if (g_unichar_iscntrl(u) || u == 0x61c || u == 0x200e || u == 0x200f || (u >= 0x2028 && u <= 0x202e) ||
            (u >= 0x2066 && u <= 0x2069))
            return FALSE;
    }
    return TRUE;
}

static gboolean
is_text(const struct ra_policy_field *field, char *text)
{
    return plain(text) && g_utf8_strlen(text, -1) >= field->least && g_utf8_strlen(text, -1) <= field->most;
}

static gboolean
is_ascii(const struct ra_policy_field *field, char *text)
{
    return g_str_is_ascii(text) && is_text(field, text);
}

static gboolean
is_country(const struct ra_policy_field *field, char *text)
{
    return (int)strlen(text) == field->most && g_ascii_isupper(text[0]) && g_ascii_isupper(text[1]);
}

static gboolean
is_mail(const struct ra_policy_field *field, char *text)
{
    return !*text || ((int)strlen(text) <= field->most && ra_letter_address_ok(text));
}

static gboolean
is_word(const struct ra_policy_field *field, char *text)
{
    g_auto(GStrv) words = g_strsplit(field->words ? field->words : "yes no", " ", -1);
    return g_strv_contains((const char *const *)words, text);
}

static gboolean
is_number(const struct ra_policy_field *field, char *text)
{
    guint64 number;
    if (!g_ascii_string_to_unsigned(text, 10, (guint64)field->least, (guint64)field->most, &number, NULL))
        return FALSE;
    g_autofree char *plainly = g_strdup_printf("%" G_GUINT64_FORMAT, number); /* 013 is 13; never longer than what was written */
    memcpy(text, plainly, strlen(plainly) + 1);
    return TRUE;
}

static gboolean
is_maybe(const struct ra_policy_field *field, char *text)
{
    if (strcmp(text, "none") == 0)
        *text = '\0';
    return !*text || is_number(field, text);
}

static gboolean
is_rule(const struct ra_policy_field *field, char *text)
{
    struct ra_password_rule rule;
    if (strcmp(text, "default") == 0)
        *text = '\0';
    return (int)strlen(text) <= field->most && ra_password_rule_parse(text, NULL, &rule, NULL);
}

/* Labels of letters, digits and hyphens inside; a leading dot stands for all below. */
static gboolean
is_domain(const struct ra_policy_field *field, char *text)
{
    const char *name = *text == '.' ? text + 1 : text;
    if ((int)strlen(text) > field->most)
        return FALSE;
    g_auto(GStrv) labels = g_strsplit(name, ".", -1);
    for (char **label = labels; *label; label++) {
        gsize n = strlen(*label);
        if (n == 0 || n > 63 || (*label)[0] == '-' || (*label)[n - 1] == '-')
            return FALSE;
        for (const char *c = *label; *c; c++)
            if (!g_ascii_isalnum(*c) && *c != '-')
                return FALSE;
    }
    for (char *c = text; *c; c++)
        *c = g_ascii_tolower(*c);
    return *labels != NULL;
}

/* An entity id is a URI that is compared as it is written. */
static gboolean
is_entity(const struct ra_policy_field *field, char *text)
{
    gsize n = strlen(text);
    if (n < 3 || n > (gsize)field->most || !strchr(text, ':'))
        return FALSE;
    for (const char *c = text; *c; c++)
        if (*c <= ' ' || *c > '~' || strchr("\"<>\\", *c))
            return FALSE;
    return TRUE;
}

static const struct { Judge judge; const char *between; } kinds[] = {
    [RA_POLICY_TEXT] = { is_text, NULL },         [RA_POLICY_ASCII] = { is_ascii, NULL },
    [RA_POLICY_COUNTRY] = { is_country, NULL },   [RA_POLICY_MAIL] = { is_mail, NULL },
    [RA_POLICY_WORD] = { is_word, NULL },         [RA_POLICY_FLAG] = { is_word, NULL },
    [RA_POLICY_NUMBER] = { is_number, NULL },     [RA_POLICY_MAYBE] = { is_maybe, NULL },
    [RA_POLICY_RULE] = { is_rule, NULL },         [RA_POLICY_WORDS] = { is_word, ", \r\n\t" },
    [RA_POLICY_NUMBERS] = { is_number, ", \r\n\t" }, [RA_POLICY_DOMAINS] = { is_domain, ", \r\n\t" },
    [RA_POLICY_NAMES] = { is_text, "\r\n" },      [RA_POLICY_IDPS] = { is_entity, " \r\n\t" },
};

char *
ra_policy_allowed(const struct ra_policy_field *field)
{
    g_auto(GStrv) words = g_strsplit(field->words ? field->words : "", " ", -1);
    g_autofree char *list = g_strjoinv(", ", words);
    switch (field->kind) {
    case RA_POLICY_TEXT: return g_strdup_printf("up to %d characters", field->most);
    case RA_POLICY_ASCII: return g_strdup_printf("%d to %d ASCII characters", field->least, field->most);
    case RA_POLICY_COUNTRY: return g_strdup("two capital letters");
    case RA_POLICY_MAIL: return g_strdup("a mail address, or nothing");
    case RA_POLICY_WORD: return g_strdup_printf("one of %s", list);
    case RA_POLICY_FLAG: return g_strdup("yes or no");
    case RA_POLICY_NUMBER: return g_strdup_printf("a number from %d to %d", field->least, field->most);
    case RA_POLICY_MAYBE: return g_strdup_printf("a number from %d to %d, or none", field->least, field->most);
    case RA_POLICY_RULE: return g_strdup(RA_PASSWORD_RULE_WORDS);
    case RA_POLICY_WORDS: return g_strdup_printf("%s, or several with commas", list);
    case RA_POLICY_NUMBERS: return g_strdup_printf("numbers from %d to %d with commas", field->least, field->most);
    case RA_POLICY_DOMAINS: return g_strdup("a domain such as example.ac.jp, or .example.ac.jp for all below it");
    case RA_POLICY_NAMES: return g_strdup_printf("a name of %d to %d characters", field->least, field->most);
    case RA_POLICY_IDPS: return g_strdup("an entity id such as https://idp.example.ac.jp/idp/shibboleth");
    }
    g_assert_not_reached();
}

static int
by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The values in TEXT, each once, in their order; IdPs have none, so they are sorted as the database does. */
static char *
read_list(const struct ra_policy_field *field, const char *text)
{
    g_auto(GStrv) pieces = g_strsplit_set(text, kinds[field->kind].between, -1);
    g_autoptr(GPtrArray) values = g_ptr_array_new();
    for (char **piece = pieces; *piece; piece++) {
        if (!*g_strstrip(*piece))
            continue;
        if (!kinds[field->kind].judge(field, *piece))
            return NULL;
        if (!g_ptr_array_find_with_equal_func(values, *piece, g_str_equal, NULL))
            g_ptr_array_add(values, *piece);
    }
    gsize least = field->kind == RA_POLICY_NUMBERS ? 1 : 0, most = field->kind == RA_POLICY_NUMBERS ? 20 : RA_POLICY_LIST_MOST;
    if (values->len < least || values->len > most)
        return NULL;
    if (field->kind == RA_POLICY_IDPS)
        g_ptr_array_sort(values, by_text);
    g_ptr_array_add(values, NULL);
    return g_strjoinv("\n", (char **)values->pdata);
}

static char *
read_one(const struct ra_policy_field *field, const char *text)
{
    g_autofree char *value = g_strstrip(g_strdup(text));
    return kinds[field->kind].judge(field, value) ? g_steal_pointer(&value) : NULL;
}

char *
ra_policy_read(const struct ra_policy_field *field, const char *text, GError **error)
{
    gboolean readable = g_utf8_validate(text, -1, NULL);
    char *value = !readable ? NULL : ra_policy_is_list(field) ? read_list(field, text) : read_one(field, text);
    if (value)
        return value;
    g_autofree char *allowed = ra_policy_allowed(field);
    g_set_error(error, RA_ERROR, RA_ERROR_INPUT, "%s: allowed: %s", field->name, allowed);
    return NULL;
}

/* --- what there is ---------------------------------------------------------------------------------------------------------- */

RaPolicy *
ra_policy_get(RaContext *ctx, gint64 institution, GError **error)
{
    g_autoptr(GError) why = NULL;
    RaPolicy *policy = db_policy_get(ctx->db, institution, &why);
    if (policy)
        return policy;
    if (!why)
        why = g_error_new_literal(RA_ERROR, RA_ERROR_NOT_FOUND, "institution");
    g_propagate_error(error, g_steal_pointer(&why));
    ra_error_from(error);
    return NULL;
}

const char *
ra_policy_value(const RaPolicy *policy, const struct ra_policy_field *field)
{
    return db_policy_value(policy, field->column);
}

/* --- what is to be changed ------------------------------------------------------------------------------------------------- */

struct ra_policy_draft { GPtrArray *fields, *values; /* names of columns, borrowed; texts */ };

RaPolicyDraft *
ra_policy_draft_new(void)
{
    RaPolicyDraft *draft = g_new0(RaPolicyDraft, 1);
    draft->fields = g_ptr_array_new();
    draft->values = g_ptr_array_new_with_free_func(g_free);
    return draft;
}

void
ra_policy_draft_free(RaPolicyDraft *draft)
{
    if (!draft)
        return;
    g_ptr_array_unref(draft->fields);
    g_ptr_array_unref(draft->values);
    g_free(draft);
}

static gboolean
find(const RaPolicyDraft *draft, const struct ra_policy_field *field, guint *at)
{
    return g_ptr_array_find(draft->fields, field->column, at);
}

static void
take_out(RaPolicyDraft *draft, guint at)
{
    g_ptr_array_remove_index(draft->fields, at);
    g_ptr_array_remove_index(draft->values, at);
}

gboolean
ra_policy_draft_add(RaPolicyDraft *draft, const struct ra_policy_field *field, const char *text, GError **error)
{
    guint at;
    char *value = ra_policy_read(field, text, error);
    if (!value)
        return FALSE;
    if (find(draft, field, &at))
        take_out(draft, at);
    g_ptr_array_add(draft->fields, (gpointer)field->column);
    g_ptr_array_add(draft->values, value);
    return TRUE;
}

const char *
ra_policy_draft_value(const RaPolicyDraft *draft, const struct ra_policy_field *field)
{
    guint at;
    return find(draft, field, &at) ? draft->values->pdata[at] : NULL;
}

gboolean
ra_policy_draft_reduce(RaPolicyDraft *draft, const RaPolicy *policy)
{
    for (guint i = draft->fields->len; i > 0; i--)
        if (strcmp(draft->values->pdata[i - 1], db_policy_value(policy, draft->fields->pdata[i - 1])) == 0)
            take_out(draft, i - 1);
    return draft->fields->len > 0;
}

/* The texts of LIST as a vector that ends with NULL; they stay LIST's. */
static const char **
vector(const GPtrArray *list)
{
    const char **texts = g_new0(const char *, list->len + 1);
    for (guint i = 0; i < list->len; i++)
        texts[i] = list->pdata[i];
    return texts;
}

gboolean
ra_policy_apply(RaContext *ctx, gint64 institution, gint64 version, const RaPolicyDraft *draft, const struct ra_policy_by *by,
                GError **error)
{
    g_autofree const char **fields = vector(draft->fields), **values = vector(draft->values);
    const struct db_policy_change change = { .institution = institution, .version = version, .fields = fields, .values = values,
                                             .session = by->session, .actor = "operator", .address = by->address,
                                             .log_id = log_id() };
    g_autoptr(GError) why = NULL;
    if (db_policy_change(ctx->db, &change, &why) > 0)
        return TRUE;
    ra_error_from(&why);
    if (strcmp(ra_error_rule(why), "idp-taken") == 0)
        g_set_error_literal(error, RA_ERROR, RA_ERROR_REFUSED, "idp-taken: one of these IdPs speaks for another institution");
    else
        g_propagate_error(error, g_steal_pointer(&why));
    return FALSE;
}

/* --- by a form -------------------------------------------------------------------------------------------------------------- */

struct change { gint64 institution, version; const RaPolicyDraft *draft; const struct ra_policy_by *by; };

static gboolean
do_change(RaContext *ctx, gpointer data, G_GNUC_UNUSED gint64 *number, GError **error)
{
    const struct change *c = data;
    return ra_policy_apply(ctx, c->institution, c->version, c->draft, c->by, error);
}

gboolean
ra_policy_change(RaContext *ctx, const RaOfficer *operator, gint64 institution, gint64 version, const RaPolicyDraft *draft,
                 const struct ra_policy_by *by, const struct ra_form *form, char **location, GError **error)
{
    struct change change = { .institution = institution, .version = version, .draft = draft, .by = by };
    const struct ra_who who = { .person = operator->person, .address = operator->address };
    const struct ra_deed deed = { .who = &who, .form = form, .number = institution, .act = do_change, .data = &change };
    return ra_act(ctx, &deed, location, error);
}

/* --- what it would do ------------------------------------------------------------------------------------------------------- */

#define EXAMPLE "Hanako Yamada"
#define EXAMPLE_JA "山田 花子"
#define REFUSED_MOST 5

void
ra_policy_preview_free(RaPolicyPreview *preview)
{
    if (!preview)
        return;
    g_free(preview->subject_before);
    g_free(preview->subject_after);
    g_clear_pointer(&preview->offers, g_ptr_array_unref);
    g_clear_pointer(&preview->refused, g_ptr_array_unref);
    g_free(preview);
}

static gboolean
try_out(RaContext *ctx, const struct change *c, RaPolicyPreview *preview, GError **error)
{
    Db *db = ctx->db;
    gint64 id = c->institution;
    preview->subject_before = db_policy_subject(db, id, EXAMPLE, EXAMPLE_JA, error);
    if (!preview->subject_before)
        return FALSE;
    if (c->draft && !(db_policy_effect(db, id, &preview->before, error) && ra_policy_apply(ctx, id, c->version, c->draft, c->by, error) &&
                      db_policy_effect(db, id, &preview->after, error)))
        return FALSE;
    return (preview->subject_after = db_policy_subject(db, id, EXAMPLE, EXAMPLE_JA, error)) != NULL &&
           (preview->offers = db_policy_offers(db, id, error)) != NULL &&
           (preview->refused = db_policy_refused(db, id, REFUSED_MOST, error)) != NULL;
}

RaPolicyPreview *
ra_policy_preview(RaContext *ctx, gint64 institution, gint64 version, const RaPolicyDraft *draft, const struct ra_policy_by *by,
                  GError **error)
{
    const struct change change = { .institution = institution, .version = version, .draft = draft, .by = by };
    g_autoptr(RaPolicyPreview) preview = g_new0(RaPolicyPreview, 1);
    gboolean ok = db_begin(ctx->db, error) && try_out(ctx, &change, preview, error);
    db_rollback(ctx->db);
    if (ok)
        return g_steal_pointer(&preview);
    ra_error_from(error);
    return NULL;
}

GPtrArray *
ra_policy_list(RaContext *ctx, const char *text, const char *after, gboolean *more, GError **error)
{
    GPtrArray *list = db_policy_list(ctx->db, text, after, RA_POLICY_PAGE + 1, error);
    *more = list && list->len > RA_POLICY_PAGE;
    if (*more)
        g_ptr_array_set_size(list, RA_POLICY_PAGE);
    if (!list)
        ra_error_from(error);
    return list;
}

GPtrArray *
ra_policy_past(RaContext *ctx, gint64 institution, gint64 version, int limit, GError **error)
{
    GPtrArray *list = db_policy_past(ctx->db, institution, version, limit, error);
    if (!list)
        ra_error_from(error);
    return list;
}

void
ra_policy_draft_merge(RaPolicyDraft *draft, const GPtrArray *past)
{
    for (guint i = draft->fields->len; i > 0; i--) {
        const char *base = NULL;
        for (guint k = 0; k < past->len; k++) { /* newest first: the last one that fits has what was there in the beginning */
            const RaPolicyPast *p = past->pdata[k];
            if (strcmp(p->field, draft->fields->pdata[i - 1]) == 0)
                base = p->was;
        }
        if (base && strcmp(base, draft->values->pdata[i - 1]) == 0)
            take_out(draft, i - 1);
    }
}
