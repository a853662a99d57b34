/* The text of a revocation code: what is shown can be read back however a person types it, and nothing else can. */
#include <glib.h>
#include <string.h>

#include "ra/code.h"

#define SIGNS "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

static char *
read_back(const char *typed)
{
    g_autoptr(Secret) code = ra_code_read(typed);
    return code ? g_strdup(secret_text(code)) : NULL;
}

static char *
plain(const char *shown)
{
    g_auto(GStrv) groups = g_strsplit(shown, "-", -1);
    return g_strjoinv("", groups);
}

static void
a_code_is_five_groups_of_four_signs_for_the_telephone(void)
{
    guint seen[256] = { 0 };
    for (int i = 0; i < 2000; i++) {
        g_autoptr(Secret) code = ra_code_new();
        const char *text = secret_text(code);
        g_assert_cmpuint(strlen(text), ==, 24);
        for (int n = 0; n < 24; n++)
            if (n % 5 == 4)
                g_assert_cmpint(text[n], ==, '-');
            else
                seen[(guint8)text[n]]++;
    }
    /* 40,000 signs, 1,250 of each; no sign that is not of the alphabet. */
    guint total = 0;
    for (const char *c = SIGNS; *c; c++) {
        g_assert_cmpuint(seen[(guint8)*c], >, 900);
        g_assert_cmpuint(seen[(guint8)*c], <, 1600);
        total += seen[(guint8)*c];
    }
    g_assert_cmpuint(total, ==, 40000);
}

/* One of the ways in which a person writes C. */
static void
write_sign(GString *out, char c)
{
    gboolean small = g_test_rand_bit();
    char said = c == '0' && g_test_rand_bit() ? 'O' : c == '1' && g_test_rand_bit() ? "IL"[g_test_rand_int_range(0, 2)] : c;
    said = small ? g_ascii_tolower(said) : said;
    if (g_test_rand_int_range(0, 4) == 0)
        g_string_append_unichar(out, (gunichar)said + 0xfee0); /* full width */
    else
        g_string_append_c(out, said);
}

static void
however_it_is_typed_it_is_the_same_code(void)
{
    static const char *const between[] = { "", "", "", "-", " ", "  ", "\t", "\n", "‐", "–", "—", "−", "ー", "ｰ", "－", "　", "\u00a0", "\u200b", "- " };
    for (int i = 0; i < 3000; i++) {
        g_autoptr(Secret) code = ra_code_new();
        g_autofree char *wanted = plain(secret_text(code));
        g_autoptr(GString) typed = g_string_new(NULL);
        for (const char *c = wanted; *c; c++) {
            g_string_append(typed, between[g_test_rand_int_range(0, G_N_ELEMENTS(between))]);
            write_sign(typed, *c);
        }
        if (typed->len > RA_CODE_LONGEST)
            continue;
        g_autofree char *seen = read_back(typed->str);
        g_assert_cmpstr(seen, ==, wanted);
    }
}

static void
one_sign_more_less_or_other_is_no_code_or_another_one(void)
{
    for (int i = 0; i < 3000; i++) {
        g_autoptr(Secret) code = ra_code_new();
        g_autofree char *wanted = plain(secret_text(code));
        g_autoptr(GString) typed = g_string_new(wanted);
        int at = g_test_rand_int_range(0, RA_CODE_SIGNS);
        char other = SIGNS[g_test_rand_int_range(0, 32)];
        if (i % 3 == 0)
            g_string_erase(typed, at, 1);
        else if (i % 3 == 1)
            g_string_insert_c(typed, at, other);
        else
            typed->str[at] = other;
        g_autofree char *seen = read_back(typed->str);
        if (i % 3 != 2)
            g_assert_null(seen);
        else
            g_assert_cmpint(g_strcmp0(seen, wanted) == 0, ==, wanted[at] == other);
    }
}

static void
what_is_no_code_is_none(void)
{
    static const char *const texts[] = { "", " ", "-", "0000", "U0000000000000000000", "0000000000000000000\xff", "鏡0000000000000000000",
                                         "00000-00000-00000-0000!", "0000000000000000000é", "00000.00000.00000.00000" };
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_assert_null(ra_code_read(texts[i]));
    g_assert_null(ra_code_read(NULL));
    g_autofree char *spaces = g_strnfill(RA_CODE_LONGEST - 20, ' '), *many = g_strnfill(100000, '0');
    g_autofree char *fits = g_strconcat(spaces, "00000000000000000000", NULL), *long_ = g_strconcat(" ", fits, NULL);
    g_autofree char *seen = read_back(fits);
    g_assert_cmpstr(seen, ==, "00000000000000000000");
    g_assert_null(ra_code_read(long_));
    g_assert_null(ra_code_read(many));
}

int
main(int argc, char **argv)
{
    crypto_start();
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/code/a code is five groups of four signs for the telephone", a_code_is_five_groups_of_four_signs_for_the_telephone);
    g_test_add_func("/code/however it is typed it is the same code", however_it_is_typed_it_is_the_same_code);
    g_test_add_func("/code/one sign more, less or other is no code or another one", one_sign_more_less_or_other_is_no_code_or_another_one);
    g_test_add_func("/code/what is no code is none", what_is_no_code_is_none);
    return g_test_run();
}
