#include "sp/person.h"

#include <string.h>

#include "sp/attributes.h"
#include "sp/error.h"
#include "sp/xml.h"

#define NAME_LONGEST 200       /* characters of a display name */
#define COMMON_NAME_LONGEST 64 /* RFC 5280, ub-common-name */
#define MAILS_MOST 20
#define PATTERN_LONGEST 512    /* of a scope with regexp="true" */
#define MAIL_LONGEST 254        /* RFC 5321 with erratum 1690 */
#define IDENTIFIER_LONGEST 1024
#define NAME_ID "NameID (persistent)"

/* --- scopes --------------------------------------------------------------------------------------------------------------- */

/* The whole scope, not a part of it; a pattern that cannot be compiled, is very long or takes too long matches nothing: a
   federation has thousands of them, written by as many hands, and none needs more than a few hundred steps. */
static gboolean matches(const char *scope, const char *pattern)
{
    if (strlen(pattern) > PATTERN_LONGEST) return FALSE;
    /* First by itself: "x)|(.*" is a pattern only between the brackets, and would get round the anchors. */
    g_autoptr(GRegex) alone = g_regex_new(pattern, G_REGEX_CASELESS, 0, NULL);
    g_autofree char *whole = g_strconcat("(*LIMIT_MATCH=20000)(*LIMIT_DEPTH=1000)\\A(?:", pattern, ")\\z", NULL);
    g_autoptr(GRegex) regex = alone != NULL ? g_regex_new(whole, G_REGEX_CASELESS, 0, NULL) : NULL;
    return regex != NULL && g_regex_match_full(regex, scope, -1, 0, 0, NULL, NULL);
}

gboolean sp_scope_ok(const char *scope, const char *const *scopes, const char *const *scope_regexps)
{
    if (scope[0] == '\0') return FALSE;
    for (; scopes != NULL && *scopes != NULL; scopes++)
        if (g_ascii_strcasecmp(scope, *scopes) == 0) return TRUE;
    for (; scope_regexps != NULL && *scope_regexps != NULL; scope_regexps++)
        if (matches(scope, *scope_regexps)) return TRUE;
    return FALSE;
}

/* --- the values of one attribute that are usable -------------------------------------------------------------------------- */

struct found {
    GPtrArray *values;  /* owned strings, NULL-terminated */
    gboolean sent;      /* at least by its name */
    const char *reason; /* why the last one was refused: "scope" "shape" "long" "empty", "" if none was */
};

static gboolean printable_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text < 0x20 || *text > 0x7e) return FALSE;
    return TRUE;
}

/* Format characters too: they turn text round or hide it. */
static gboolean no_control(const char *text)
{
    for (; *text != '\0'; text = g_utf8_next_char(text)) {
        GUnicodeType type = g_unichar_type(g_utf8_get_char(text));
        if (type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT) return FALSE;
    }
    return TRUE;
}

gboolean sp_mail_ok(const char *mail)
{
    /* Dots in any order before the @: old addresses of Japanese mobile carriers have them. No quotes, no comments. */
    static const char local[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+/=?^_`{|}~.-";
    const char *at = strchr(mail, '@');
    if (at == NULL || at == mail || at - mail > 64 || strlen(mail) > MAIL_LONGEST) return FALSE;
    if (strspn(mail, local) != (size_t)(at - mail)) return FALSE;
    g_auto(GStrv) labels = g_strsplit(at + 1, ".", -1);
    if (g_strv_length(labels) < 2) return FALSE;
    for (char **label = labels; *label != NULL; label++) {
        size_t n = strlen(*label);
        if (n == 0 || n > 63 || (*label)[0] == '-' || (*label)[n - 1] == '-') return FALSE;
        for (size_t i = 0; i < n; i++)
            if (!g_ascii_isalnum((*label)[i]) && (*label)[i] != '-') return FALSE;
    }
    return TRUE;
}

/* The domain in lower case; the part before is the mail server's own business. */
static char *clean_mail(const char *mail)
{
    const char *at = strchr(mail, '@');
    g_autofree char *domain = g_ascii_strdown(at, -1);
    g_autofree char *local = g_strndup(mail, (gsize)(at - mail));
    return g_strconcat(local, domain, NULL);
}

/* Other services part "a@b@c" at the first @: where two read a value differently, it is nobody's. */
static const char *scope_of(const char *value)
{
    const char *at = strchr(value, '@');
    return at != NULL && at != value && strchr(at + 1, '@') == NULL ? at + 1 : NULL;
}

/* "" if VALUE of KNOWN is usable, else the reason. */
static const char *judge(const struct sp_attribute_known *known, const char *value, const struct sp_person_rule *rule)
{
    if (!no_control(value)) return "shape";
    if (strcmp(known->name, "mail") == 0) return strlen(value) > MAIL_LONGEST ? "long" : sp_mail_ok(value) ? "" : "shape";
    if (!known->scoped) return "";
    if (strlen(value) > IDENTIFIER_LONGEST) return "long";
    if (!printable_ascii(value) || strchr(value, ' ') != NULL || scope_of(value) == NULL) return "shape";
    return sp_scope_ok(scope_of(value), rule->scopes, rule->scope_regexps) ? "" : "scope";
}

static gboolean holds(const GPtrArray *values, const char *value)
{
    for (guint i = 0; i < values->len; i++)
        if (strcmp(g_ptr_array_index(values, i), value) == 0) return TRUE;
    return FALSE;
}

static struct found find(const SpIdentity *identity, const char *name, const struct sp_person_rule *rule)
{
    const struct sp_attribute_known *known = sp_attribute_find(name);
    const char *const *sent = sp_identity_values(identity, name);
    struct found found = { g_ptr_array_new_with_free_func(g_free), sp_identity_has(identity, name), "" };
    if (found.sent && *sent == NULL) found.reason = "empty";
    for (; *sent != NULL; sent++) {
        const char *reason = judge(known, *sent, rule);
        if (reason[0] != '\0') {
            found.reason = reason;
            continue;
        }
        g_autofree char *value = strcmp(name, "mail") == 0 ? clean_mail(*sent) : g_strdup(*sent);
        if (!holds(found.values, value)) g_ptr_array_add(found.values, g_steal_pointer(&value));
    }
    return found;
}

static char **as_list(struct found found, guint most)
{
    if (found.values->len > most) g_ptr_array_set_size(found.values, (gint)most);
    g_ptr_array_add(found.values, NULL);
    g_ptr_array_set_free_func(found.values, NULL);
    return (char **)g_ptr_array_free(found.values, FALSE);
}

static char **list(const SpIdentity *identity, const char *name, const struct sp_person_rule *rule, guint most)
{
    return as_list(find(identity, name, rule), most);
}

static char *first(const SpIdentity *identity, const char *name, const struct sp_person_rule *rule)
{
    g_auto(GStrv) values = list(identity, name, rule, 1);
    return g_strdup(values[0] != NULL ? values[0] : "");
}

/* --- the identifier ------------------------------------------------------------------------------------------------------- */

static char *persistent_name_id(const SpIdentity *identity, const struct sp_person_rule *rule, const char **reason)
{
    if (strcmp(identity->name_id_format, SP_FORMAT_PERSISTENT) != 0) return NULL;
    gboolean from_idp = identity->name_qualifier[0] == '\0' || strcmp(identity->name_qualifier, identity->idp) == 0;
    gboolean for_us = identity->sp_name_qualifier[0] == '\0' || strcmp(identity->sp_name_qualifier, rule->entity_id) == 0;
    gboolean shape = identity->name_id[0] != '\0' && strlen(identity->name_id) <= IDENTIFIER_LONGEST && no_control(identity->name_id);
    *reason = !from_idp || !for_us ? "scope" : !shape ? "shape" : "";
    return (*reason)[0] == '\0' ? g_strdup(identity->name_id) : NULL;
}

/* The value by which the institution's people are known; NULL with the reason ("" for: not sent). */
static char *identifier(const SpIdentity *identity, const struct sp_person_rule *rule, const char **reason)
{
    *reason = "";
    if (strcmp(rule->identifier, "persistent") == 0) return persistent_name_id(identity, rule, reason);
    const struct sp_attribute_known *known = sp_attribute_find(rule->identifier);
    if (known == NULL) g_error("sp_person: '%s' is no rule for an identifier", rule->identifier);
    struct found found = find(identity, known->name, rule);
    g_auto(GStrv) values = as_list(found, 2);
    *reason = found.reason;
    if (values[0] == NULL) return NULL;
    if (values[1] != NULL) *reason = "several";
    else if (strlen(values[0]) > IDENTIFIER_LONGEST) *reason = "long";
    else return known->scoped ? g_ascii_strdown(values[0], -1) : g_strdup(values[0]); /* scoped ones ignore case */
    return NULL;
}

/* --- names ---------------------------------------------------------------------------------------------------------------- */

/* Runs of white space become one space. */
static char *one_line(const char *text)
{
    g_auto(GStrv) words = g_strsplit_set(text, " \t", -1);
    GString *out = g_string_new(NULL);
    for (char **word = words; *word != NULL; word++)
        if (**word != '\0') g_string_append_printf(out, "%s%s", out->len > 0 ? " " : "", *word);
    if (g_utf8_strlen(out->str, -1) > NAME_LONGEST)
        g_string_truncate(out, (gsize)(g_utf8_offset_to_pointer(out->str, NAME_LONGEST) - out->str));
    return g_string_free(out, FALSE);
}

static gboolean common_name_ok(const char *name)
{
    return name[0] != '\0' && strlen(name) <= COMMON_NAME_LONGEST && printable_ascii(name);
}

struct names {
    char *display, *ja, *common;
};

static struct names names(const SpIdentity *identity, const struct sp_person_rule *rule)
{
    struct names out = { NULL, NULL, NULL };
    g_autofree char *given = first(identity, "givenName", rule), *sn = first(identity, "sn", rule);
    g_autofree char *both = g_strconcat(given, " ", sn, NULL);
    g_autofree char *whole = given[0] != '\0' && sn[0] != '\0' ? one_line(both) : g_strdup("");
    g_autofree char *ja = first(identity, "jaDisplayName", rule);
    g_auto(GStrv) display = list(identity, "displayName", rule, SP_ATTRIBUTE_VALUES_MOST);
    for (char **name = display; *name != NULL; name++) {
        g_autofree char *clean = one_line(*name);
        if (out.common == NULL && common_name_ok(clean)) out.common = g_strdup(clean);
        if (out.ja == NULL && !printable_ascii(clean)) out.ja = g_strdup(clean);
    }
    if (out.common == NULL && common_name_ok(whole)) out.common = g_strdup(whole);
    if (ja[0] != '\0') {
        g_free(out.ja);
        out.ja = one_line(ja);
    }
    g_autofree char *only = display[0] != NULL ? one_line(display[0]) : NULL;
    const char *const in_order[] = { out.common, only, whole[0] != '\0' ? whole : NULL, out.ja };
    const char *best = "";
    for (size_t i = G_N_ELEMENTS(in_order); i > 0; i--)
        if (in_order[i - 1] != NULL) best = in_order[i - 1];
    out.display = g_strdup(best);
    if (out.ja == NULL) out.ja = g_strdup("");
    return out;
}

/* --- the person ----------------------------------------------------------------------------------------------------------- */

static gboolean missing(GError **error, const char *name, const char *oid, const char *reason)
{
    static const struct { const char *reason, *words; } all[] = {
        { "", "is not sent" },
        { "scope", "is sent with the scope of another organisation" },
        { "shape", "is sent in a shape that cannot be used" },
        { "long", "is sent, but is too long" },
        { "empty", "is sent without a value that is for us" },
        { "several", "is sent with several values, one is needed" },
    };
    const char *words = "";
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        if (strcmp(all[i].reason, reason) == 0) words = all[i].words;
    g_set_error(error, SP_ERROR, SP_ERROR_MISSING, "%s: the attribute (%s) %s", name, oid, words);
    return FALSE;
}

static const char *oid_of(const char *name)
{
    const struct sp_attribute_known *known = sp_attribute_find(name);
    return known != NULL ? known->oid : SP_FORMAT_PERSISTENT;
}

static const char *rule_name(const struct sp_person_rule *rule)
{
    return strcmp(rule->identifier, "persistent") == 0 ? NAME_ID : rule->identifier;
}

static const char *reason_for(const SpIdentity *identity, const char *name, const struct sp_person_rule *rule)
{
    struct found found = find(identity, name, rule);
    g_ptr_array_unref(found.values);
    return found.reason;
}

static gboolean complete(const SpPerson *person, const SpIdentity *identity, const struct sp_person_rule *rule, const char *why,
                         GError **error)
{
    if (person->identifier == NULL) return missing(error, rule_name(rule), oid_of(rule->identifier), why);
    if (person->display_name[0] == '\0')
        return missing(error, "displayName", oid_of("displayName"), reason_for(identity, "displayName", rule));
    if (person->mails[0] == NULL) return missing(error, "mail", oid_of("mail"), reason_for(identity, "mail", rule));
    return TRUE;
}

SpPerson *sp_person_new(const SpIdentity *identity, const struct sp_person_rule *rule, GError **error)
{
    const char *why = "";
    g_autoptr(SpPerson) person = g_new0(SpPerson, 1);
    struct names name = names(identity, rule);
    person->identifier = identifier(identity, rule, &why);
    person->display_name = name.display;
    person->display_name_ja = name.ja;
    person->common_name = name.common;
    person->mails = list(identity, "mail", rule, MAILS_MOST);
    person->affiliations = list(identity, "eduPersonScopedAffiliation", rule, SP_ATTRIBUTE_VALUES_MOST);
    person->entitlements = list(identity, "eduPersonEntitlement", rule, SP_ATTRIBUTE_VALUES_MOST);
    person->assurances = list(identity, "eduPersonAssurance", rule, SP_ATTRIBUTE_VALUES_MOST);
    person->organization = first(identity, "o", rule);
    person->organization_ja = first(identity, "jaOrganizationName", rule);
    person->unit = first(identity, "ou", rule);
    person->unit_ja = first(identity, "jaOrganizationalUnitName", rule);
    return complete(person, identity, rule, why, error) ? g_steal_pointer(&person) : NULL;
}

void sp_person_free(SpPerson *person)
{
    if (person == NULL) return;
    g_free(person->identifier);
    g_free(person->display_name);
    g_free(person->display_name_ja);
    g_free(person->common_name);
    g_strfreev(person->mails);
    g_strfreev(person->affiliations);
    g_strfreev(person->entitlements);
    g_strfreev(person->assurances);
    g_free(person->organization);
    g_free(person->organization_ja);
    g_free(person->unit);
    g_free(person->unit_ja);
    g_free(person);
}

/* --- sent against needed -------------------------------------------------------------------------------------------------- */

static struct sp_need need_identifier(const SpIdentity *identity, const struct sp_person_rule *rule)
{
    const char *reason;
    g_autofree char *value = identifier(identity, rule, &reason);
    enum sp_need_state state = value != NULL ? SP_NEED_GOOD : reason[0] != '\0' ? SP_NEED_REFUSED : SP_NEED_MISSING;
    return (struct sp_need){ rule_name(rule), oid_of(rule->identifier), TRUE, state, value != NULL ? "" : reason };
}

static struct sp_need need(const SpIdentity *identity, const char *name, gboolean required, const struct sp_person_rule *rule)
{
    struct found found = find(identity, name, rule);
    enum sp_need_state state = found.values->len > 0 ? SP_NEED_GOOD : found.sent ? SP_NEED_REFUSED : SP_NEED_MISSING;
    g_ptr_array_unref(found.values);
    const char *reason = state == SP_NEED_REFUSED ? found.reason : "";
    return (struct sp_need){ sp_attribute_find(name)->name, oid_of(name), required, state, reason };
}

const char *sp_person_judge(const char *name, const char *value, const struct sp_person_rule *rule)
{
    const struct sp_attribute_known *known = sp_attribute_find(name);
    return known != NULL ? judge(known, value, rule) : "";
}

/* The first N characters of TEXT, if it has more than twice as many: of a short one nothing is left. */
static char *beginning(const char *text, glong n)
{
    return g_utf8_strlen(text, -1) > 2 * n ? g_utf8_substring(text, 0, n) : g_strdup("");
}

char *sp_person_mask(const char *name, const char *value)
{
    static const struct { const char *name; int shown; gboolean scope; } masked[] = {
        { "subject-id", 2, TRUE },           { "pairwise-id", 2, TRUE }, { "eduPersonPrincipalName", 2, TRUE },
        { "eduPersonTargetedID", 3, FALSE }, { "mail", 1, TRUE },        { NAME_ID, 3, FALSE },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(masked); i++) {
        if (strcmp(masked[i].name, name) != 0) continue;
        const char *at = masked[i].scope ? strrchr(value, '@') : NULL;
        g_autofree char *local = at != NULL ? g_strndup(value, (gsize)(at - value)) : g_strdup(value);
        g_autofree char *seen = beginning(local, masked[i].shown);
        return g_strconcat(seen, "…", at, NULL);
    }
    return NULL;
}

GArray *sp_person_needs(const SpIdentity *identity, const struct sp_person_rule *rule)
{
    static const char *const names_of[] = { "displayName", "jaDisplayName", "givenName", "sn" };
    static const char *const others[] = { "o", "jaOrganizationName", "ou", "jaOrganizationalUnitName",
                                          "eduPersonScopedAffiliation",
                                          "eduPersonEntitlement", "eduPersonAssurance" };
    GArray *all = g_array_new(FALSE, FALSE, sizeof(struct sp_need));
    struct names name = names(identity, rule);
    gboolean nameless = name.display[0] == '\0';
    g_free(name.display);
    g_free(name.ja);
    g_free(name.common);
    struct sp_need row = need_identifier(identity, rule);
    g_array_append_val(all, row);
    row = need(identity, "mail", TRUE, rule);
    g_array_append_val(all, row);
    for (size_t i = 0; i < G_N_ELEMENTS(names_of); i++) {
        row = need(identity, names_of[i], nameless, rule);
        g_array_append_val(all, row);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        row = need(identity, others[i], FALSE, rule);
        g_array_append_val(all, row);
    }
    return all;
}
