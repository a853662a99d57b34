#include "ra/password.h"

#include <string.h>

#include "ra/error.h"

const char *const ra_password_kinds[] = { "upper", "lower", "digit", "sign", "space", NULL };

/* What services that hand out certificates for mobile devices by codes ask for. */
#define MOBILE "length=1-16 allow=upper,lower,digit,sign own=required advised=8"

static gboolean
refuse(GError **error, const char *word)
{
    g_set_error(error, RA_ERROR, RA_ERROR_INPUT, "password-rule: '%s' is not allowed in a rule for passwords; allowed: %s",
                word, RA_PASSWORD_RULE_WORDS);
    return FALSE;
}

static unsigned
kind_of(char c)
{
    return g_ascii_isupper(c) ? RA_PASSWORD_UPPER : g_ascii_islower(c) ? RA_PASSWORD_LOWER : g_ascii_isdigit(c) ? RA_PASSWORD_DIGIT :
           g_ascii_ispunct(c) ? RA_PASSWORD_SIGN : c == ' ' ? RA_PASSWORD_SPACE : 0;
}

/* --- a rule's words ---------------------------------------------------------------------------------------------------------- */

static gboolean
number(const char *text, int least, int most, int *value)
{
    gint64 n = 0;
    gboolean ok = g_ascii_string_to_signed(text, 10, least, most, &n, NULL);
    *value = (int)n;
    return ok;
}

static gboolean
set_length(struct ra_password_rule *rule, const char *v)
{
    g_auto(GStrv) ends = g_strsplit(v, "-", -1);
    return g_strv_length(ends) == 2 && number(ends[0], 1, RA_PASSWORD_MOST, &rule->shortest) &&
           number(ends[1], rule->shortest, RA_PASSWORD_MOST, &rule->longest);
}

static gboolean
set_advised(struct ra_password_rule *rule, const char *v)
{
    return number(v, 1, RA_PASSWORD_MOST, &rule->advised);
}

static gboolean
set_kinds_of(unsigned *kinds, const char *v)
{
    g_auto(GStrv) words = g_strsplit(v, ",", -1);
    *kinds = 0;
    for (char **word = words; *word; word++) {
        unsigned bit = 0;
        for (unsigned n = 0; ra_password_kinds[n]; n++)
            bit |= strcmp(ra_password_kinds[n], *word) == 0 ? 1U << n : 0;
        if (!bit)
            return FALSE;
        *kinds |= bit;
    }
    return *kinds != 0;
}

static gboolean
set_allow(struct ra_password_rule *rule, const char *v)
{
    return set_kinds_of(&rule->allow, v);
}

static gboolean
set_need(struct ra_password_rule *rule, const char *v)
{
    return set_kinds_of(&rule->need, v);
}

static gboolean
set_least_kinds(struct ra_password_rule *rule, const char *v)
{
    return number(v, 1, 4, &rule->kinds);
}

static gboolean
set_signs(struct ra_password_rule *rule, const char *v)
{
    size_t n = 0;
    for (const char *c = v; *c; c++)
        if (kind_of(*c) != RA_PASSWORD_SIGN)
            return FALSE;
    for (char c = '!'; c <= '~'; c++)
        if (kind_of(c) == RA_PASSWORD_SIGN && strchr(v, c))
            rule->signs[n++] = c;
    rule->signs[n] = '\0';
    return n > 0;
}

static gboolean
set_own(struct ra_password_rule *rule, const char *v)
{
    rule->required = strcmp(v, "required") == 0;
    return rule->required || strcmp(v, "optional") == 0;
}

static const struct { const char *name; gboolean (*set)(struct ra_password_rule *, const char *); } words[] = {
    { "length", set_length }, { "advised", set_advised },     { "allow", set_allow }, { "signs", set_signs },
    { "need", set_need },     { "kinds", set_least_kinds },   { "own", set_own },
};

static gboolean
read_word(struct ra_password_rule *rule, const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        size_t n = strlen(words[i].name);
        if (strncmp(word, words[i].name, n) == 0 && word[n] == '=')
            return words[i].set(rule, word + n + 1);
    }
    return strcmp(word, "default") == 0;
}

static gboolean
read_words(const char *text, struct ra_password_rule *rule, GError **error)
{
    g_auto(GStrv) list = g_strsplit(text, " ", -1);
    for (char **word = list; *word; word++) {
        if (strcmp(*word, "mobile") == 0 ? !read_words(MOBILE, rule, error) : **word && !read_word(rule, *word))
            return error && *error ? FALSE : refuse(error, *word);
    }
    return TRUE;
}

static int
count_bits(unsigned kinds)
{
    return __builtin_popcount(kinds & ~(unsigned)RA_PASSWORD_SPACE);
}

gboolean
ra_password_rule_parse(const char *text, const Settings *settings, struct ra_password_rule *rule, GError **error)
{
    *rule = (struct ra_password_rule){ .allow = RA_PASSWORD_ALL };
    rule->shortest = settings ? (int)settings_number(settings, "pickup", "password_shortest") : 8;
    rule->longest = settings ? (int)settings_number(settings, "pickup", "password_longest") : RA_PASSWORD_MOST;
    if (strlen(text) > RA_PASSWORD_RULE_MOST || !set_signs(rule, "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"))
        return refuse(error, "more than 200 characters");
    if (!read_words(text, rule, error))
        return FALSE;
    if (!(rule->allow & RA_PASSWORD_SIGN))
        rule->signs[0] = '\0';
    if (rule->need & ~rule->allow)
        return refuse(error, "need= of what allow= leaves out");
    if (rule->kinds > count_bits(rule->allow))
        return refuse(error, "kinds= of more than allow= has");
    if (rule->longest < MAX(count_bits(rule->need), rule->kinds) + (rule->need & RA_PASSWORD_SPACE ? 1 : 0))
        return refuse(error, "need= of more than fits in");
    return TRUE;
}

/* --- a password against it ---------------------------------------------------------------------------------------------------- */

static gboolean
allowed(const struct ra_password_rule *rule, char c)
{
    unsigned kind = kind_of(c);
    return (kind & rule->allow) != 0 && (kind != RA_PASSWORD_SIGN || strchr(rule->signs, c) != NULL);
}

const char *
ra_password_breaks(const struct ra_password_rule *rule, const char *password)
{
    unsigned seen = 0;
    size_t n = strlen(password);
    if (n == 0)
        return rule->required ? "missing" : NULL;
    for (size_t i = 0; i < n; i++) {
        if (!allowed(rule, password[i]))
            return "characters";
        seen |= kind_of(password[i]);
    }
    if (n < (size_t)rule->shortest)
        return "short";
    if (n > (size_t)rule->longest)
        return "long";
    for (unsigned k = 0; ra_password_kinds[k]; k++)
        if (rule->need & (1U << k) & ~seen)
            return ra_password_kinds[k];
    return count_bits(seen) < rule->kinds ? "kinds" : NULL;
}

/* --- the same as a pattern ------------------------------------------------------------------------------------------------------ */

/* The characters of KINDS that RULE allows, as a class. Signs by number: which of them a browser wants escaped depends on its age. */
static void
add_class(GString *pattern, const struct ra_password_rule *rule, unsigned kinds)
{
    static const char *const ranges[] = { "A-Z", "a-z", "0-9" };
    g_string_append_c(pattern, '[');
    for (unsigned k = 0; k < G_N_ELEMENTS(ranges); k++)
        if (kinds & rule->allow & (1U << k))
            g_string_append(pattern, ranges[k]);
    for (const char *c = rule->signs; (kinds & RA_PASSWORD_SIGN) && *c; c++)
        g_string_append_printf(pattern, "\\x%02x", (unsigned)*c);
    if (kinds & rule->allow & RA_PASSWORD_SPACE)
        g_string_append(pattern, "\\x20");
    g_string_append_c(pattern, ']');
}

/* Each of KINDS somewhere ahead. */
static void
add_each(GString *pattern, const struct ra_password_rule *rule, unsigned kinds)
{
    for (unsigned k = 0; ra_password_kinds[k]; k++)
        if (kinds & (1U << k)) {
            g_string_append(pattern, "(?=.*");
            add_class(pattern, rule, 1U << k);
            g_string_append_c(pattern, ')');
        }
}

char *
ra_password_pattern(const struct ra_password_rule *rule)
{
    GString *pattern = g_string_new(NULL);
    add_each(pattern, rule, rule->need);
    const char *between = "(?:";
    for (unsigned kinds = 0; rule->kinds > 1 && kinds < RA_PASSWORD_SPACE; kinds++)
        if (count_bits(kinds) == rule->kinds && (kinds & ~rule->allow) == 0) {
            g_string_append(pattern, between);
            add_each(pattern, rule, kinds);
            between = "|";
        }
    g_string_append(pattern, *between == '|' ? ")" : "");
    add_class(pattern, rule, rule->allow);
    g_string_append_printf(pattern, "{%d,%d}", rule->shortest, rule->longest);
    return g_string_free(pattern, FALSE);
}
