/*
 * web: turns documents (web/document.h) into what people read: HTML pages and the text of mails, in Japanese and English.
 *
 * Templates (FOLDER/pages, FOLDER/mails) are XSLT; every word is in FOLDER/messages/LANGUAGE.xml. web_new puts the words into
 * the templates and compiles one set per language, so rendering looks nothing up and opens no file. A message or static file
 * that a template names and that is not there is an error of web_new, never a raw key on a page.
 *
 * A Web is read-only after web_new: make it in the master, before fork. Not for threads.
 */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include <glib.h>

#include "web/document.h"
#include "web/error.h"

typedef struct web Web;

/* The languages, "ja" first; NULL-terminated. */
extern const char *const web_languages[];

/* Reads and compiles everything below FOLDER (share/web). WEB_ERROR_INPUT names the file and what is wrong. */
Web *web_new(const char *folder, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void web_free(Web *web);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Web, web_free)

/* The page of DOCUMENT as HTML in UTF-8, the caller's. LANGUAGE is one of web_languages. DOCUMENT stays as it was. */
char *web_page(const Web *web, WebDocument *document, const char *language, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Differs whenever words, templates or files do; borrowed. */
const char *web_digest(const Web *web);

/* A page that says 'out of order, nothing is lost', made at the start; for when web_page fails. Borrowed. */
const char *web_last_resort(const Web *web, const char *language);

struct web_mail {
    char *subject; /* UTF-8, one line, begins with [Inkan #N], or [Inkan] where it is about no request; RFC 2047 is the sender's business */
    char *body;    /* UTF-8 text/plain, lines end in \n; Japanese, a rule, English */
};
/* The mail of DOCUMENT (root <mail event="…">); freed by web_mail_free (g_autoptr(WebMail)). */
typedef struct web_mail WebMail;
WebMail *web_mail_render(const Web *web, WebDocument *document, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void web_mail_free(WebMail *mail);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WebMail, web_mail_free)

/* The text of one message without markup, borrowed; NULL when there is no such KEY. For headers and the like, not for pages. */
const char *web_message(const Web *web, const char *language, const char *key);

/* The static file behind /static/NAME, NAME with its content hash ("style-1f2e3d4c.css"), for immutable caching; TYPE gets the
   media type (borrowed). NULL: no such file (404). The bytes are the caller's reference. */
GBytes *web_static(const Web *web, const char *name, const char **type) G_GNUC_WARN_UNUSED_RESULT;
/* The hashed name of a file in FOLDER/static ("style.css" → "style-1f2e3d4c.css"), borrowed; NULL when there is none. */
const char *web_static_name(const Web *web, const char *file);

#endif
