#include "web/tsv.h"

static void
row_is(const char *const *cells, gsize n, const char *expected)
{
    g_autoptr(GString) out = g_string_new(NULL);
    web_tsv_row(out, cells, n);
    g_assert_cmpstr(out->str, ==, expected);
}

static void
cells_stay_in_their_places(void)
{
    row_is((const char *[]){ NULL, "", "laptop" }, 3, "\t\tlaptop\r\n");
    row_is((const char *[]){ "laptop", "", NULL }, 3, "laptop\t\t\r\n");
    row_is((const char *[]){ "a\tb", "c\r\nd", "e\\f" }, 3, "a\\tb\tc\\r\\nd\te\\\\f\r\n");
    row_is((const char *[]){ "bell\a\x7f", "鏡 花子" }, 2, "bell\t鏡 花子\r\n");
    g_autoptr(GString) out = g_string_new(NULL);
    web_tsv_cell(out, "first");
    web_tsv_end(out);
    web_tsv_number(out, -12);
    web_tsv_cell(out, "x");
    web_tsv_end(out);
    g_assert_cmpstr(out->str, ==, "first\r\n-12\tx\r\n");
}

static void
no_cell_becomes_a_formula(void)
{
    static const char *const formulas[] = { "=1+1", "+1", "-1+cmd", "@SUM(A1)", "  =1", "\xe3\x80\x80=1", "＝1", "＋1", "－1", "＠x", "-" };
    for (gsize i = 0; i < G_N_ELEMENTS(formulas); i++) {
        g_autofree char *expected = g_strdup_printf("'%s\r\n", formulas[i]);
        row_is(&formulas[i], 1, expected);
    }
    row_is((const char *[]){ "\t=1" }, 1, "'\\t=1\r\n");
    static const char *const plain[] = { "-12", "-1.5", "1-2", "a=b", "hanako@kagami.example", "" };
    for (gsize i = 0; i < G_N_ELEMENTS(plain); i++) {
        g_autofree char *expected = g_strdup_printf("%s\r\n", plain[i]);
        row_is(&plain[i], 1, expected);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tsv/cells stay in their places", cells_stay_in_their_places);
    g_test_add_func("/tsv/no cell becomes a formula", no_cell_becomes_a_formula);
    return g_test_run();
}
