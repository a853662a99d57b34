/*
 * template: the *.xsl files of a folder with the words of one language woven in, compiled as one style sheet.
 *
 * Besides XSLT a template may hold, with xmlns:m="urn:inkan:messages":
 *
 *   <m:t k="front.title"/>                        the message, its markup too
 *   <m:t k="detail.until" day="i:day(@until)"/>   {day} in it is the value of that XPath
 *   <m:t k="x"><m:with name="link"><a …/></m:with></m:t>   {link} in it is that piece of template
 *   <m:t k="front.title" in="other"/>             the message of the other language (for texts given in both)
 *   <m:t k="state.{@state}"/>                     the message chosen by data; state.other where no key fits, else an error
 *   <a m:title="front.title">                     an attribute with the message's text (k may be chosen by data here too)
 *   <link href="static:style.css"/>               the path of a static file, with its hash
 *
 * In pages all that is the same in every page is written as HTML beforehand, in chunks; so a template that is called in an element
 * adds no attributes to it (xsl:attribute stands in the element itself), and words that are compared or become an attribute
 * stand in xsl:variable, xsl:param, xsl:with-param or xsl:attribute, which are left alone.
 *
 * A key, a placeholder or a file that is not there is an error of template_load: what compiles has all its words.
 */
#ifndef WEB_TEMPLATE_H
#define WEB_TEMPLATE_H

#include <glib.h>
#include <libxslt/xsltInternals.h>

#include "web/files.h"
#include "web/messages.h"

#define TEMPLATE_NAMESPACE "urn:inkan:messages"

typedef struct {
    xsltStylesheet *sheet;
    GPtrArray *chunks; /* char *: pieces of HTML without any data, which the result names as <chunk-N/> (web/html.h) */
} Template;

/* OTHER: the words of the other language. PAGES: the result is HTML, so pieces without data are written as chunks beforehand. */
Template *template_load(const char *folder, const Messages *messages, const Messages *other, const Files *files, gboolean pages,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
void template_free(Template *template);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Template, template_free)

#endif
