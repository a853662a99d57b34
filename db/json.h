/*
 * json: the little of JSON that is written here: objects of texts and lists of texts, for jsonb columns.
 */
#ifndef DB_JSON_H
#define DB_JSON_H

#include <glib.h>

/* Appends TEXT in quotes; UTF-8 as it is, control characters escaped. NULL is "". */
void db_json_text(GString *out, const char *text);
/* Appends ["…", "…"]; NULL is []. */
void db_json_list(GString *out, const char *const *values);

#endif
