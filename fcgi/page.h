/*
 * page: documents into answers. The frame (who is logged in, helpdesk, language switch, CSRF token) is the same for all; what
 * a page has besides stands in tests/web/documents/README.md.
 */
#ifndef FCGI_PAGE_H
#define FCGI_PAGE_H

#include "fcgi/portal.h"

/* A new document NAME with its frame; ROOT is where the page's own content goes. PATH: where the language switch comes back
   to, NULL for none. */
WebDocument *page_new(Exchange *x, const char *name, const char *path, WebNode **root) G_GNUC_WARN_UNUSED_RESULT;
/* Renders DOCUMENT as the answer with STATUS. */
void page_send(Exchange *x, int status, WebDocument *document);

/* The page 'error': WHY is one of the words of tests/web/documents/README.md; STATUS goes with it. BACK: path or NULL. */
void page_error(Exchange *x, int status, const char *why, const char *back);
/* The page for what ra or db or sp could not do, logged where it is our fault; a refusal by policy becomes the page 'refused'
   that leads BACK. */
void page_failure(Exchange *x, const GError *error, const char *back);

/*
 * For a page of a person that is worth keeping: answers 304 and returns TRUE where the browser has it already. STAMP: bytes that
 * differ with everything that the page shows of the database; session, language, address, settings, version and the time are
 * added here, the time in steps of five minutes: 'days left' change at midnight, which is such a step in every time zone. FALSE:
 * the page must be made, and page_send will say that the browser may keep it but must ask each time.
 */
gboolean page_unchanged(Exchange *x, GBytes *stamp);

/* The seconds as an attribute in the service's time zone; 0 leaves it out. */
void page_time(const Exchange *x, WebNode *node, const char *name, gint64 seconds);
/* The text as an attribute; NULL or "" leaves it out. */
void page_text(WebNode *node, const char *name, const char *value);
/* "windows", "macos", "ios", "android", "linux" by the browser's own words. */
const char *page_system(const Exchange *x);
/* A QR code that opens the page PATH on a phone, at the origin of the settings, never at what a Host header said. Nothing where the
   page is looked at with a phone. */
void page_add_qr(const Exchange *x, WebNode *node, const char *path);
/* NAME of a language other than the session's institution and so on: sets name and, if there is one, name-ja. */
void page_names(WebNode *node, const char *name, const char *name_ja);

/* Security headers; each answer has them. FORM_TARGET: an origin that the page may post to besides ours, or NULL. */
void page_security_headers(HttpResponse *out, const char *form_target);

#endif
