/*
 * sheet: a file of lines parted into cells by TAB, as people upload it: UTF-8, where the caller allows it also Shift_JIS; LF
 * or CR LF; no quotes. Bounded, and strict: what cannot be read is said with its line. No database, no clock. Knows no column.
 */
#ifndef RA_SHEET_H
#define RA_SHEET_H

#include <glib.h>

#define SHEET_BYTES (4 * 1024 * 1024)
#define SHEET_LINES 10000     /* with something in them, without the header */
#define SHEET_CELLS 40
#define SHEET_CELL_LONGEST 1024 /* bytes as UTF-8 */

typedef struct {
    int number;          /* of the line in the file, from 1 */
    const char *bad;     /* NULL, or why it cannot be read: "encoding", "control", "quote", "long", "cells"; static text */
    int bad_cell;        /* which cell that is about, from 1; 0: the line */
    char **cells;        /* trimmed, valid UTF-8; NULL where bad */
    int n;
} SheetLine;

/* Empty lines are passed over. At most MOST + 1 lines come back: one more than MOST says that there are more. With SHIFT_JIS
   the file may be that (as Windows writes it, CP932): it is UTF-8 where it has a byte order mark or any line that is UTF-8
   beyond ASCII, which no line of Japanese text in Shift_JIS is. Never NULL; SheetLine *. */
GPtrArray *sheet_read(const char *bytes, gsize n, gboolean shift_jis, guint most) G_GNUC_WARN_UNUSED_RESULT;

/* Is that a character that no cell may have: controls, line ends of Unicode, what turns the reading direction or is not seen?
   */
gboolean sheet_control(gunichar c);

#endif
