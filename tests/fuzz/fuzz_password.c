/* fuzz: ra_password_rule_parse, ra_password_breaks, ra_password_pattern */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ra/password.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A password that keeps RULE must exist: one of each kind that there is, as far as they are needed, then the last one again. */
static void
somebody_can_keep(const struct ra_password_rule *rule)
{
    const char of[] = { 'A', 'a', '1', rule->signs[0], ' ' };
    char password[RA_PASSWORD_MOST + 1] = "";
    int n = 0, kinds = 0;
    for (int pass = 0; pass < 2; pass++)
        for (unsigned k = 0; k < G_N_ELEMENTS(of); k++) {
            gboolean needed = (rule->need & (1U << k)) != 0;
            gboolean more = !needed && k < 4 && kinds < rule->kinds && (rule->allow & (1U << k)) != 0;
            if ((pass == 0 && needed) || (pass == 1 && more)) {
                password[n++] = of[k];
                kinds += k < 4;
            }
        }
    while (n < rule->shortest || n == 0) {
        char first = 0;
        for (unsigned k = 0; k < G_N_ELEMENTS(of) && !first; k++)
            first = rule->allow & (1U << k) ? of[k] : 0;
        password[n++] = first;
    }
    if (ra_password_breaks(rule, password))
        g_error("nobody can keep this rule: '%s' breaks '%s'", password, ra_password_breaks(rule, password));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    char *end = strchr(text, '\n');
    const char *password = end ? end + 1 : "";
    if (end)
        *end = '\0';
    struct ra_password_rule rule;
    if (!ra_password_rule_parse(text, NULL, &rule, NULL))
        return 0;
    somebody_can_keep(&rule);
    /* What a page's script goes by says the same. Only without control characters: a dot stops at the end of a line. */
    g_autofree char *pattern = ra_password_pattern(&rule);
    g_autofree char *whole = g_strdup_printf("^(?:%s)$", pattern);
    gboolean plain = *password && g_utf8_validate(password, -1, NULL) && !strpbrk(password, "\n\r");
    if (plain && g_regex_match_simple(whole, password, G_REGEX_DOLLAR_ENDONLY, 0) != (ra_password_breaks(&rule, password) == NULL))
        g_error("'%s' by %s and by the rule differ", password, pattern);
    if (ra_password_breaks(&rule, password) || !*password)
        return 0;
    size_t n = strlen(password);
    if (n < (size_t)rule.shortest || n > (size_t)rule.longest || n > RA_PASSWORD_MOST)
        g_error("a length that the rule forbids");
    for (size_t i = 0; i < n; i++)
        if (!g_ascii_isprint(password[i]))
            g_error("a character that Java cannot read");
    return 0;
}
