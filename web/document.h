/*
 * document: builds the small XML document that a page or a mail is made from. Handlers say what is so, templates decide how it
 * is told. Which elements and attributes a page has stands in tests/web/documents/README.md, with a sample of each.
 *
 * All text goes in as it is and is escaped by whoever writes it out. What XML cannot hold (bytes that are no UTF-8, control
 * characters) becomes U+FFFD, so hostile input cannot break a page. A NULL value leaves the attribute or element out.
 */
#ifndef WEB_DOCUMENT_H
#define WEB_DOCUMENT_H

#include <glib.h>
#include <libxml/tree.h>

typedef xmlDoc WebDocument;
typedef xmlNode WebNode; /* belongs to its document */

/* A document with the root element PAGE ("dashboard", "mail" …). The caller's, freed by web_document_free (g_autoptr). */
WebDocument *web_document_new(const char *page) G_GNUC_WARN_UNUSED_RESULT;
void web_document_free(WebDocument *document);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WebDocument, web_document_free)

WebNode *web_document_root(WebDocument *document);

/* Adds an empty element as PARENT's last child. */
WebNode *web_add(WebNode *parent, const char *name);
/* The same with TEXT in it; NULL when TEXT is NULL, and then nothing is added. */
WebNode *web_add_text(WebNode *parent, const char *name, const char *text);

/* Sets an attribute. Each NAME once per node. */
void web_set(WebNode *node, const char *name, const char *value);
void web_set_number(WebNode *node, const char *name, gint64 value);
void web_set_flag(WebNode *node, const char *name, gboolean value); /* "1"; FALSE leaves it out */
/* SECONDS since the epoch as an ISO 8601 instant of ZONE, e.g. 2026-11-24T17:15:41+09:00; 0 leaves it out. */
void web_set_time(WebNode *node, const char *name, gint64 seconds, GTimeZone *zone);

#endif
