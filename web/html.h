/*
 * html: writes what a page template made as HTML. The one place where text becomes markup, so it escapes everything:
 *
 *   - text and attribute values always, in every element; there is no way to write markup from data;
 *   - the values of href, src, action and formaction begin with one of a few allowed ways to begin (a path, #, ?, http(s),
 *     mailto, a data: image), or become "#": no javascript: link, whoever chose the address;
 *   - comments and processing instructions are dropped; an element <chunk-N/> stands for a piece of template without any data
 *     that template.c has written beforehand. Data is never an element, so it cannot name one.
 *
 * Written by hand because libxml2's serializer takes twice the time of all the rest of a page (make bench-render-10).
 */
#ifndef WEB_HTML_H
#define WEB_HTML_H

#include <glib.h>
#include <libxml/tree.h>

/* Doctype and all, the caller's. CHUNKS: char *, by number. */
char *html_page(const xmlDoc *result, const GPtrArray *chunks) G_GNUC_WARN_UNUSED_RESULT;

/* The parts, for template.c: text, and an element's two ends (the second is empty for <br> and its like). */
void html_append_text(GString *out, const char *text);
void html_append_start(GString *out, const xmlNode *element);
void html_append_end(GString *out, const xmlNode *element);

#endif
