/*
 * text: lays out what a mail template made as plain text.
 *
 *   <subject>  one line          <p>     a paragraph, wrapped            <url>   alone on its line, never wrapped
 *   <code>     alone, indented   <fact>  a line of its own, no gap between two   <li>    a list entry, wrapped
 *   <quote>    somebody else's words: each line begins with "> ", so that none can pass for one of ours
 *
 * Lines have at most 72 columns where words allow; a Japanese character counts two and a line never begins with 、。）」.
 */
#ifndef WEB_TEXT_H
#define WEB_TEXT_H

#include <glib.h>
#include <libxml/tree.h>

#define TEXT_COLUMNS 72
/* The last line of a paragraph may be that much longer, where otherwise one or two characters would stand alone. */
#define TEXT_OVERHANG 4

/* Appends TEXT wrapped; the first line begins with FIRST, the others with REST. */
void text_wrap(GString *out, const char *text, const char *first, const char *rest);

/* The <subject> of ROOT, the caller's; NULL when there is none. */
char *text_subject(const xmlNode *root) G_GNUC_WARN_UNUSED_RESULT;
/* Appends all else of ROOT. */
void text_body(GString *out, const xmlNode *root);

#endif
