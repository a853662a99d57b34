/*
 * tsv: tables as text, for spreadsheets and scripts: UTF-8, cells parted by TAB, rows by CR LF (IANA text/tab-separated-values
 * has no quoting, so what would part cells is written as \t, \r, \n, and a backslash as \\). No cell can become a formula: one that
 * begins with = + - @ or their full-width forms gets an apostrophe in front, but a plain number stays a number.
 */
#ifndef WEB_TSV_H
#define WEB_TSV_H

#include <glib.h>

/* Appends one cell of the row that web_tsv_end ends. TEXT: UTF-8; NULL is empty. */
void web_tsv_cell(GString *out, const char *text);
void web_tsv_number(GString *out, gint64 number);
void web_tsv_end(GString *out);
/* A whole row of N cells. */
void web_tsv_row(GString *out, const char *const *cells, gsize n);

#endif
