/* Cells of a file as each kind of column takes them, and subjects as S002's layout writes them. */
#include "ra/bulk.h"

static const struct ra_bulk_column *
column(const char *kind, const char *name)
{
    const struct ra_bulk_kind *k = ra_bulk_kind(kind);
    for (guint i = 0; k && i < k->n; i++)
        if (g_str_equal(k->columns[i].name, name))
            return &k->columns[i];
    g_error("%s has no column %s", kind, name);
}

static void
cell_is(const char *kind, const char *name, const char *cell, const char *bad, const char *taken)
{
    g_autofree char *seen = NULL;
    g_assert_cmpstr(ra_bulk_cell(column(kind, name), cell, &seen), ==, bad);
    g_assert_cmpstr(seen, ==, taken);
}

static void
cells_are_taken_by_the_form_of_their_column(void)
{
    cell_is("revoke", "number", "12", NULL, "12");
    cell_is("revoke", "number", "0", "number", NULL);
    cell_is("revoke", "number", "-1", "number", NULL);
    cell_is("revoke", "number", "99999999999999999999", "number", NULL);
    cell_is("revoke", "serial", "0A:1B:2C:3D:4E:5F:60:71:82:93:A4:B5:C6:D7:E8:F9:01:23:45:67", NULL,
            "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567");
    cell_is("revoke", "serial", "12", "serial", NULL);
    cell_is("revoke", "reason", "keyCompromise", NULL, "keyCompromise");
    cell_is("revoke", "reason", "KeyCompromise", "word", NULL);
    cell_is("revoke", "note", "", NULL, NULL);
    cell_is("issue", "months", "13", NULL, "13");
    cell_is("issue", "months", "121", "months", NULL);
    cell_is("issue", "mail", "hanako@kagami.example", NULL, "hanako@kagami.example");
    static const char *const none[] = { "hanako", "@kagami.example", "hanako@", "a b@kagami.example", "a@b@c", "\"a\"@b.example",
                                        "花子@kagami.example" };
    for (gsize i = 0; i < G_N_ELEMENTS(none); i++)
        cell_is("issue", "mail", none[i], "mail-form", NULL);
    cell_is("clients", "empty4", "x", "unused", NULL);
    cell_is("clients", "pin", "secret", NULL, NULL);
    cell_is("clients", "profile", "6", "word", NULL);
}

static void
subject_is(const char *text, const char *joined)
{
    g_auto(GStrv) parts = ra_bulk_subject(text);
    g_autofree char *seen = parts ? g_strjoinv("|", parts) : NULL;
    g_assert_cmpstr(seen, ==, joined);
}

static void
subjects_have_their_parts_in_order(void)
{
    subject_is("CN=Hanako,OU=Library,O=Kagami University,L=Academe,C=JP",
               "CN=Hanako|OU=Library|O=Kagami University|L=Academe|C=JP");
    subject_is("CN=Hanako, OU=A, OU=B, O=Kagami, Inc., L=Academe, C=JP", "CN=Hanako|OU=A|OU=B|O=Kagami, Inc.|L=Academe|C=JP");
    subject_is("CN=a=b,O=c,L=d,C=JP", "CN=a=b|O=c|L=d|C=JP");
    static const char *const none[] = {
        "", "CN=a", "O=c,CN=a,L=d,C=JP", "CN=a,O=c,L=d", "CN=a,O=c,OU=b,L=d,C=JP", "CN=a,O=c,L=d,C=JP,CN=b", "CN=,O=c,L=d,C=JP",
        "CN=a\\,b,O=c,L=d,C=JP", "CN=a+UID=b,O=c,L=d,C=JP", "CN=a ,O=c,L=d,C=JP", "cn=a,O=c,L=d,C=JP", "CN=a;O=c,L=d,C=JP",
        "CN=a,CN=b,O=c,L=d,C=JP",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(none); i++)
        subject_is(none[i], NULL);
    g_autofree char *longest = g_strnfill(64, 'a'), *fits = g_strdup_printf("CN=%s,O=c,L=d,C=JP", longest);
    g_autofree char *more = g_strdup_printf("CN=%sa,O=c,L=d,C=JP", longest);
    g_auto(GStrv) parts = ra_bulk_subject(fits);
    g_assert_nonnull(parts);
    subject_is(more, NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bulk/cells are taken by the form of their column", cells_are_taken_by_the_form_of_their_column);
    g_test_add_func("/bulk/subjects have their parts in order", subjects_have_their_parts_in_order);
    return g_test_run();
}
