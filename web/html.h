/*
 * html: writes what a page template made as HTML. The one place where text becomes markup, so it escapes everything:
 *
 *   - text and attribute values always, in every element; there is no way to write markup from data;
 *   - the values of href, src, action and formaction begin with one of a few allowed ways to begin (a path, #, ?, http(s),
 *     mailto, a data: image), or become "#": no javascript: link, whoever chose the address;
 *   - comments and processing instructions are dropped, but <?chunk N?>, which stands for a piece of template without any data
 *     that template.c has written beforehand.
 *
 * Written by hand because libxml2's serializer takes twice the time of all the rest of a page (make bench-render-10).
 */
#ifndef WEB_HTML_H
#define WEB_HTML_H

#include <glib.h>
#include <libxml/tree.h>

/* Doctype and all, the caller's. CHUNKS: char *, by number; only template.c's instructions name them. */
char *html_page(const xmlDoc *result, const GPtrArray *chunks) G_GNUC_WARN_UNUSED_RESULT;

/* Appends NODE with all below it. */
void html_append(GString *out, const xmlNode *node, const GPtrArray *chunks);

#endif
