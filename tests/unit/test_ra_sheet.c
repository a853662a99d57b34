/* A file of lines as people upload it: what is read, and what is wrong with which line. */
#include "ra/sheet.h"

#include <string.h>

static GPtrArray *
read_text(const char *text, gboolean shift_jis)
{
    return sheet_read(text, strlen(text), shift_jis, SHEET_LINES);
}

static const SheetLine *
line_of(const GPtrArray *lines, guint i)
{
    g_assert_cmpuint(i, <, lines->len);
    return lines->pdata[i];
}

static void
cells_are(const SheetLine *line, int number, const char *joined)
{
    g_assert_cmpstr(line->bad, ==, NULL);
    g_assert_cmpint(line->number, ==, number);
    g_autofree char *seen = g_strjoinv("|", line->cells);
    g_assert_cmpstr(seen, ==, joined);
    g_assert_cmpint(line->n, ==, (int)g_strv_length(line->cells));
}

static void
is_bad(const SheetLine *line, int number, const char *why, int cell)
{
    g_assert_cmpstr(line->bad, ==, why);
    g_assert_cmpint(line->number, ==, number);
    g_assert_cmpint(line->bad_cell, ==, cell);
    g_assert_null(line->cells);
}

static void
lines_and_cells_keep_their_places(void)
{
    g_autoptr(GPtrArray) lines = read_text("\xef\xbb\xbfnumber\treason\r\n\r\n 12 \t\t\n\t \n鏡 花子\tx", FALSE);
    g_assert_cmpuint(lines->len, ==, 3);
    cells_are(line_of(lines, 0), 1, "number|reason");
    cells_are(line_of(lines, 1), 3, "12||");
    cells_are(line_of(lines, 2), 5, "鏡 花子|x");
    g_autoptr(GPtrArray) nothing = read_text("\r\n\n  \n", FALSE);
    g_assert_cmpuint(nothing->len, ==, 0);
}

static void
what_cannot_be_read_is_said_with_its_line(void)
{
    g_autoptr(GPtrArray) lines = sheet_read("a\n\xff\nb\t\"q\"\nc\xc2\x85\nd\t\xe2\x80\xaex\ne\0f\ng\rh\n\xed\xa0\x80\n\xc0\xaf", 46, FALSE, 100);
    g_assert_cmpuint(lines->len, ==, 9);
    cells_are(line_of(lines, 0), 1, "a");
    is_bad(line_of(lines, 1), 2, "encoding", 0);
    is_bad(line_of(lines, 2), 3, "quote", 2);
    is_bad(line_of(lines, 3), 4, "control", 1);
    is_bad(line_of(lines, 4), 5, "control", 2);
    is_bad(line_of(lines, 5), 6, "encoding", 0);
    is_bad(line_of(lines, 6), 7, "control", 1);
    is_bad(line_of(lines, 7), 8, "encoding", 0); /* half a character of UTF-16 */
    is_bad(line_of(lines, 8), 9, "encoding", 0); /* overlong */
}

static void
bounds_are_kept(void)
{
    g_autofree char *longest = g_strnfill(SHEET_CELL_LONGEST, 'a'), *longer = g_strnfill(SHEET_CELL_LONGEST + 1, 'a');
    g_autofree char *tabs = g_strnfill(SHEET_CELLS, '\t'), *many = g_strnfill(200, '\n');
    g_autofree char *text = g_strdup_printf("%s\n%s\nx%sx\n", longest, longer, tabs);
    g_autoptr(GPtrArray) lines = read_text(text, FALSE);
    cells_are(line_of(lines, 0), 1, longest);
    is_bad(line_of(lines, 1), 2, "long", 1);
    is_bad(line_of(lines, 2), 3, "cells", 0);
    g_autoptr(GPtrArray) few = sheet_read("a\nb\nc\nd\n", 8, FALSE, 2);
    g_assert_cmpuint(few->len, ==, 3); /* one more than may be: there are too many */
    g_autoptr(GPtrArray) none = sheet_read(many, 200, FALSE, 2);
    g_assert_cmpuint(none->len, ==, 0);
}

/* "漢字" and "ｶﾅ" in Shift_JIS; 0x5c is a second byte there (ソ). */
static void
shift_jis_is_known_by_what_is_not_utf8(void)
{
    g_autoptr(GPtrArray) lines = read_text("plain\n\x8a\xbf\x8e\x9a\t\xb6\xc5\t\x83\x5c\n", TRUE);
    cells_are(line_of(lines, 0), 1, "plain");
    cells_are(line_of(lines, 1), 2, "漢字|ｶﾅ|ソ");
    g_autoptr(GPtrArray) utf8 = read_text("漢字\n\xff\xfe\n", TRUE);
    cells_are(line_of(utf8, 0), 1, "漢字");
    is_bad(line_of(utf8, 1), 2, "encoding", 0);
    g_autoptr(GPtrArray) half = read_text("\x8a\xbf\n\x8a\n\x81\x20\n\xa0\xff\n", TRUE);
    cells_are(line_of(half, 0), 1, "漢");
    for (guint i = 1; i < 4; i++)
        is_bad(line_of(half, i), (int)i + 1, "encoding", 0);
    g_autoptr(GPtrArray) marked = read_text("\xef\xbb\xbf\x8a\xbf\n", TRUE);
    is_bad(line_of(marked, 0), 1, "encoding", 0);
    g_autoptr(GPtrArray) not_asked = read_text("\x8a\xbf\x8e\x9a\n", FALSE);
    is_bad(line_of(not_asked, 0), 1, "encoding", 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sheet/lines and cells keep their places", lines_and_cells_keep_their_places);
    g_test_add_func("/sheet/what cannot be read is said with its line", what_cannot_be_read_is_said_with_its_line);
    g_test_add_func("/sheet/bounds are kept", bounds_are_kept);
    g_test_add_func("/sheet/Shift_JIS is known by what is not UTF-8", shift_jis_is_known_by_what_is_not_utf8);
    return g_test_run();
}
