/* Every sample document, in both languages, against what pages must keep. RENDER_DIR=FOLDER also writes the pages there, for
   tests/web/shots.mjs. */
#include <glib.h>
#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "web/messages.h"
#include "web/web.h"

#define DOCUMENTS "tests/web/documents"
#define HOSTILE "<script>alert('x')</script>\"onload=\"y&amp;]]>{@csrf}"

static Web *web;

struct page {
    char *name, *language, *html;
    xmlDoc *source, *tree;
};
static GPtrArray *pages;

static void page_free(gpointer data)
{
    struct page *page = data;
    g_free(page->name);
    g_free(page->language);
    g_free(page->html);
    xmlFreeDoc(page->source);
    xmlFreeDoc(page->tree);
    g_free(page);
}

static xmlDoc *read_source(const char *name)
{
    g_autofree char *path = g_strdup_printf("%s/%s.xml", DOCUMENTS, name);
    xmlDoc *document = xmlReadFile(path, NULL, XML_PARSE_NONET);
    g_assert_nonnull(document);
    return document;
}

static xmlDoc *read_html(const char *html)
{
    xmlDoc *tree = htmlReadMemory(html, (int)strlen(html), NULL, "UTF-8",
                                  HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING);
    g_assert_nonnull(tree);
    return tree;
}

static char *render(xmlDoc *document, const char *language)
{
    g_autoptr(GError) error = NULL;
    char *html = web_page(web, document, language, &error);
    g_assert_no_error(error);
    g_assert_nonnull(html);
    return html;
}

static GPtrArray *names(const char *prefix, gboolean with)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(DOCUMENTS, 0, NULL);
    g_assert_nonnull(dir);
    for (const char *file; (file = g_dir_read_name(dir)) != NULL;)
        if (g_str_has_suffix(file, ".xml") && g_str_has_prefix(file, prefix) == with)
            g_ptr_array_add(list, g_strndup(file, strlen(file) - 4));
    g_assert_cmpuint(list->len, >, 10);
    return list;
}

static void keep(const struct page *page)
{
    const char *folder = g_getenv("RENDER_DIR");
    if (folder == NULL)
        return;
    g_autofree char *path = g_strdup_printf("%s/%s.%s.html", folder, page->name, page->language);
    g_assert_true(g_file_set_contents(path, page->html, -1, NULL));
}

static void load(void)
{
    g_autoptr(GPtrArray) list = names("mail-", FALSE);
    pages = g_ptr_array_new_with_free_func(page_free);
    for (guint i = 0; i < list->len; i++) {
        for (int l = 0; web_languages[l] != NULL; l++) {
            struct page *page = g_new0(struct page, 1);
            page->name = g_strdup(list->pdata[i]);
            page->language = g_strdup(web_languages[l]);
            page->source = read_source(page->name);
            page->html = render(page->source, page->language);
            page->tree = read_html(page->html);
            keep(page);
            g_ptr_array_add(pages, page);
        }
    }
}

/* --- looking at a page ------------------------------------------------------------------------------------------------- */

static double count(const xmlDoc *tree, const char *path)
{
    xmlXPathContext *context = xmlXPathNewContext((xmlDoc *)tree);
    g_autofree char *expression = g_strdup_printf("count(%s)", path);
    xmlXPathObject *result = xmlXPathEvalExpression(BAD_CAST expression, context);
    g_assert_nonnull(result);
    double value = result->floatval;
    xmlXPathFreeObject(result);
    xmlXPathFreeContext(context);
    return value;
}

static char *string(const xmlDoc *tree, const char *path)
{
    xmlXPathContext *context = xmlXPathNewContext((xmlDoc *)tree);
    g_autofree char *expression = g_strdup_printf("string(%s)", path);
    xmlXPathObject *result = xmlXPathEvalExpression(BAD_CAST expression, context);
    g_assert_nonnull(result);
    char *value = g_strdup((const char *)result->stringval);
    xmlXPathFreeObject(result);
    xmlXPathFreeContext(context);
    return value;
}

#define each_page(page)                                                                                                        \
    for (guint i_ = 0; i_ < pages->len; i_++)                                                                                  \
        for (const struct page *page = pages->pdata[i_]; page != NULL; page = NULL)

#define assert_count(page, path, op, n)                                                                                        \
    do {                                                                                                                       \
        double found_ = count((page)->tree, path);                                                                             \
        if (!(found_ op(n)))                                                                                                   \
            g_error("%s in %s: count(%s) is %g", (page)->name, (page)->language, path, found_);                                \
    } while (0)

/* --- tests ------------------------------------------------------------------------------------------------------------- */

static void every_page_has_title_heading_and_main(void)
{
    each_page(page)
    {
        g_autofree char *lang = string(page->tree, "/html/@lang");
        g_autofree char *title = string(page->tree, "//head/title");
        g_assert_cmpstr(lang, ==, page->language);
        g_assert_cmpuint(g_utf8_strlen(g_strstrip(title), -1), >, 6);
        assert_count(page, "//h1", ==, 1);
        assert_count(page, "//main[@id='main']", ==, 1);
        assert_count(page, "//header", >=, 1);
        assert_count(page, "//footer", ==, 1);
        assert_count(page, "//a[@href='#main']", ==, 1);
        assert_count(page, "//a[contains(@href, '/language/')]", ==, 2);
        g_assert_true(g_str_has_prefix(page->html, "<!DOCTYPE html>"));
    }
}

static void ids_are_unique_and_references_lead_somewhere(void)
{
    each_page(page)
    {
        assert_count(page, "//*[@id = (following::*/@id | descendant::*/@id)]", ==, 0);
        assert_count(page, "//label[@for][not(@for = //*/@id)]", ==, 0);
        assert_count(page, "//*[@aria-labelledby][not(@aria-labelledby = //*/@id)]", ==, 0);
        assert_count(page, "//*[local-name()='use'][not(substring(@href, 2) = //*/@id)]", ==, 0);
        assert_count(page, "//a[starts-with(@href, '#')][not(substring(@href, 2) = //*/@id)]", ==, 0);
        assert_count(page, "//input[@type='text' or @type='password' or @type='search'][not(@id = //label/@for)]", ==, 0);
        assert_count(page, "//select[not(@id = //label/@for)]", ==, 0);
    }
}

static void no_page_shows_a_raw_key(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Messages) messages = messages_load("web/messages/en.xml", &error);
    g_assert_no_error(error);
    g_autoptr(GPtrArray) keys = messages_keys(messages);
    each_page(page)
    {
        g_assert_null(strstr(page->html, "urn:inkan"));
        assert_count(page, "//*[not(self::code)][contains(text(), '{') or contains(@title, '{') or contains(@aria-label, '{')]", ==, 0);
        for (guint i = 0; i < keys->len; i++)
            if (strchr(keys->pdata[i], '.') != NULL && strstr(page->html, keys->pdata[i]) != NULL)
                g_error("%s in %s shows %s", page->name, page->language, (char *)keys->pdata[i]);
    }
}

static void both_languages_have_the_same_keys(void)
{
    g_autoptr(Messages) ja = messages_load("web/messages/ja.xml", NULL);
    g_autoptr(Messages) en = messages_load("web/messages/en.xml", NULL);
    g_assert_true(ja != NULL && en != NULL);
    g_autoptr(GPtrArray) a = messages_keys(ja), b = messages_keys(en);
    g_assert_cmpuint(a->len, ==, b->len);
    for (guint i = 0; i < a->len; i++) {
        g_assert_cmpstr(a->pdata[i], ==, b->pdata[i]);
        g_assert_cmpstr(messages_text(ja, a->pdata[i]), !=, "");
        g_assert_cmpstr(messages_text(en, a->pdata[i]), !=, "");
    }
}

static void find_templates(GPtrArray *paths, const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *file; (file = g_dir_read_name(dir)) != NULL;)
        g_ptr_array_add(paths, g_build_filename(folder, file, NULL));
}

/* Names of standards and commands are no words: they are the same in every language. */
static gboolean is_word(const char *text)
{
    static const char *const names[] = {"SHA-256", "SHA-1", "IdP:", "SP:", "ID:", "no such page",
                                        "no such mail", ".cer", ".crl", ".pem", "chain.pem", "chain.p7b", "(.cer)",
                                        "/account", "/certificates", "/helpdesk", "/language/",
                                        "?return=", "&return=", "/login?idp=", "shibmd:Scope:", "AuthnContextClassRef:"};
    g_autofree char *bare = g_strstrip(g_strdup(text));
    g_strdelimit(bare, "·", ' ');
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (strcmp(g_strstrip(bare), names[i]) == 0)
            return FALSE;
    int letters = 0;
    for (const char *c = bare; *c != 0; c = g_utf8_next_char(c))
        letters += g_unichar_isalpha(g_utf8_get_char(c));
    return letters > 1;
}

static void no_words_in_templates(void)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    find_templates(paths, "web/pages");
    find_templates(paths, "web/mails");
    for (guint i = 0; i < paths->len; i++) {
        xmlDoc *template = xmlReadFile(paths->pdata[i], NULL, XML_PARSE_NONET);
        xmlXPathContext *context = xmlXPathNewContext(template);
        xmlXPathRegisterNs(context, BAD_CAST "xsl", BAD_CAST "http://www.w3.org/1999/XSL/Transform");
        /* Values of parameters, variables and attributes are names for templates and programs, not for people. */
        xmlXPathObject *texts = xmlXPathEvalExpression(
            BAD_CAST "//text()[not(ancestor::xsl:with-param[not(*)] or ancestor::xsl:attribute or ancestor::xsl:variable"
                     " or ancestor::xsl:with-param[@name='state' or @name='class'])]", context);
        for (int t = 0; texts->nodesetval != NULL && t < texts->nodesetval->nodeNr; t++)
            if (is_word((const char *)texts->nodesetval->nodeTab[t]->content))
                g_error("%s:%ld: '%s' belongs into the messages", (char *)paths->pdata[i],
                        xmlGetLineNo(texts->nodesetval->nodeTab[t]->parent), texts->nodesetval->nodeTab[t]->content);
        xmlXPathFreeObject(texts);
        xmlXPathFreeContext(context);
        xmlFreeDoc(template);
    }
}

static void nothing_inline(void)
{
    each_page(page)
    {
        assert_count(page, "//style | //@style | //script[not(@src)] | //script[normalize-space()]", ==, 0);
        assert_count(page, "//@*[starts-with(name(), 'on')]", ==, 0);
        assert_count(page, "//@href[starts-with(normalize-space(), 'javascript:')] | //@action[contains(., 'javascript:')]", ==, 0);
        assert_count(page, "//link[@href] | //script[@src]", ==, 3);
        assert_count(page, "//@src[not(starts-with(., '/static/') or starts-with(., '/logo/'))] | //link/@href[not(starts-with(., '/static/'))]", ==, 0);
    }
}

static void every_post_carries_the_csrf_token(void)
{
    each_page(page)
    {
        g_autofree char *token = string(page->source, "/*/frame/@csrf");
        g_autofree char *path = g_strdup_printf(
            "//form[@method='post'][not(count(.//input[@type='hidden'][@name='csrf'][@value='%s']) = 1)]", token);
        gboolean leaves = g_str_has_prefix(page->name, "pass-on") || g_str_has_prefix(page->name, "logged-out-form");
        if (!leaves) /* to another site: our token must not */
            assert_count(page, path, ==, 0);
        else
            assert_count(page, "//main//form[.//input[@name='csrf']]", ==, 0);
        assert_count(page, "//form[not(@method='post' or @method='get')]", ==, 0);
    }
}

static void confirm_pages_have_one_form(void)
{
    static const char *const acts[][2] = {{"apply-confirm", "/certificates"},
                                          {"renew-confirm", "/certificates/31/renew"},
                                          {"revoke-confirm", "/certificates/31/revoke"},
                                          {"withdraw-confirm", "/certificates/31/withdraw"}};
    int seen = 0;
    each_page(page)
    {
        for (size_t a = 0; a < G_N_ELEMENTS(acts); a++) {
            if (!g_str_has_prefix(page->name, acts[a][0]))
                continue;
            g_autofree char *action = string(page->tree, "//form/@action");
            g_autofree char *key = string(page->source, "//@form-key");
            g_autofree char *given = string(page->tree, "//form//input[@name='form_key']/@value");
            assert_count(page, "//form", ==, 1);
            assert_count(page, "//form//input[@type='hidden'][@name='confirm'][@value='1']", ==, 1);
            g_assert_cmpstr(action, ==, acts[a][1]);
            g_assert_cmpstr(given, ==, key);
            seen++;
        }
    }
    g_assert_cmpint(seen, >=, 16);
}

static void detail_has_what_the_contract_names(void)
{
    static const char *const ids[] = {"state", "certificate-state", "pin", "mail", "serial", "subject", "not-before", "not-after"};
    each_page(page)
    {
        if (!g_str_has_prefix(page->name, "detail-"))
            continue;
        for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
            g_autofree char *path = g_strdup_printf("//dd[@id='%s'][normalize-space() != '']", ids[i]);
            assert_count(page, path, ==, 1);
        }
        g_autofree char *state = string(page->source, "//request/@state"), *shown = string(page->tree, "//dd[@id='state']/@data-state");
        g_autofree char *end = string(page->source, "substring(//request/@not-after, 1, 10)");
        g_autofree char *path = g_strdup_printf("//dd[@id='not-after'][contains(., '%s')]", end);
        g_autofree char *serial = string(page->source, "//certificate/@serial"), *hex = string(page->tree, "//dd[@id='serial']");
        g_autofree char *pin = string(page->source, "//pickup/@pin"), *text = string(page->tree, "//dd[@id='pin']//code");
        g_assert_cmpstr(shown, ==, state);
        assert_count(page, path, ==, 1);
        if (*serial != 0)
            g_assert_cmpstr(g_strstrip(hex), ==, serial);
        g_assert_cmpstr(text, ==, pin);
        assert_count(page, "//form[@action='/certificates/31/memo']//input[@name='memo']", ==, 1);
    }
}

static void dashboard_rows_say_number_and_state(void)
{
    each_page(page)
    {
        if (!g_str_has_prefix(page->name, "dashboard"))
            continue;
        double rows = count(page->source, "//request");
        assert_count(page, "//tr[@data-request][@data-state]", ==, rows);
        assert_count(page, "//*[@id='person'][contains(., 'Hanako Kagami')]", ==, 1);
        double offers = count(page->source, "//offer[not(@blocked)]");
        assert_count(page, "//form[@action='/certificates'][.//input[@name='type']][.//select[@name='months']][.//input[@name='form_key']]",
                     ==, offers);
    }
}

/* Puts TEXT into every attribute and text of the document that a person or an outsider can choose. */
static void poison(xmlNode *node)
{
    static const char *const chosen[] = {"name", "name-ja", "memo", "mail", "to", "error", "subject", "text", "query", "contact-name",
                                         "contact-mail", "entity", "oid", "cn", "issuer", "common-name", "phone", "logo", "search",
                                         "request-id", "pin", "file", "key", "context", "limit", "last", "value", "path", "href"};
    for (xmlNode *child = node; child != NULL; child = child->next) {
        if (child->type != XML_ELEMENT_NODE)
            continue;
        for (size_t i = 0; i < G_N_ELEMENTS(chosen); i++) {
            if (strcmp((const char *)child->name, "key") != 0 && xmlHasProp(child, BAD_CAST chosen[i]) != NULL) {
                xmlUnsetProp(child, BAD_CAST chosen[i]);
                web_set(child, chosen[i], HOSTILE);
            }
        }
        poison(child->children);
    }
}

static void hostile_text_stays_text(void)
{
    g_autoptr(GPtrArray) list = names("mail-", FALSE);
    for (guint i = 0; i < list->len; i++) {
        xmlDoc *document = read_source(list->pdata[i]);
        poison(xmlDocGetRootElement(document));
        g_autofree char *html = render(document, "en");
        xmlDoc *tree = read_html(html);
        if (strstr(html, "<script>") != NULL || strstr(html, "{@csrf}<") == strstr(html, "Q1lVx"))
            g_error("%s: hostile text is markup", (char *)list->pdata[i]);
        if (count(tree, "//script") != 1 || count(tree, "//@onload") != 0 || count(tree, "//meta[contains(@content, 'script')]") != 0)
            g_error("%s: hostile text has become an element or attribute", (char *)list->pdata[i]);
        xmlFreeDoc(tree);
        xmlFreeDoc(document);
    }
}

static void hostile_links_are_left_out(void)
{
    static const char *const cases[][2] = {{"logged-out-idp", "continue"}, {"discovery", "idp"}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        xmlDoc *document = read_source(cases[i][0]);
        for (xmlNode *node = xmlFirstElementChild(xmlDocGetRootElement(document)); node != NULL; node = xmlNextElementSibling(node))
            if (strcmp((const char *)node->name, cases[i][1]) == 0) {
                xmlSetProp(node, BAD_CAST "href", BAD_CAST "javascript:alert(1)");
                xmlSetProp(node, BAD_CAST "logo", BAD_CAST "javascript:alert(1)");
            }
        g_autofree char *html = render(document, "ja");
        g_assert_null(strstr(html, "javascript:"));
        xmlFreeDoc(document);
    }
}

static void what_nobody_knows_is_an_error(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(WebDocument) document = web_document_new("nonsense");
    web_add(web_document_root(document), "frame");
    g_assert_null(web_page(web, document, "ja", &error));
    g_assert_error(error, WEB_ERROR, WEB_ERROR_BROKEN);
    g_clear_error(&error);
    xmlDoc *detail = read_source("detail-ready");
    for (xmlNode *node = xmlFirstElementChild(xmlDocGetRootElement(detail)); node != NULL; node = xmlNextElementSibling(node))
        if (strcmp((const char *)node->name, "request") == 0)
            xmlSetProp(node, BAD_CAST "state", BAD_CAST "confused");
    g_assert_null(web_page(web, detail, "en", &error));
    g_assert_error(error, WEB_ERROR, WEB_ERROR_BROKEN);
    xmlFreeDoc(detail);
}

static void the_last_resort_is_a_whole_page(void)
{
    for (int l = 0; web_languages[l] != NULL; l++) {
        xmlDoc *tree = read_html(web_last_resort(web, web_languages[l]));
        g_assert_cmpfloat(count(tree, "//h1"), ==, 1);
        g_assert_cmpfloat(count(tree, "//form"), ==, 0);
        xmlFreeDoc(tree);
    }
}

static void the_document_stays_as_it_was(void)
{
    xmlDoc *document = read_source("dashboard");
    xmlChar *before = NULL, *after = NULL;
    int n = 0;
    xmlDocDumpMemory(document, &before, &n);
    g_autofree char *first = render(document, "ja"), *second = render(document, "ja");
    xmlDocDumpMemory(document, &after, &n);
    g_assert_cmpstr((char *)before, ==, (char *)after);
    g_assert_cmpstr(first, ==, second);
    xmlFree(before);
    xmlFree(after);
    xmlFreeDoc(document);
}

static long resident_pages(void)
{
    long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    g_assert_nonnull(file);
    g_assert_cmpint(fscanf(file, "%ld %ld", &size, &resident), ==, 2);
    fclose(file);
    return resident;
}

static void rendering_leaves_no_memory_behind(void)
{
    xmlDoc *document = read_source("dashboard");
    for (int i = 0; i < 200; i++)
        g_free(render(document, "en"));
    long before = resident_pages();
    for (int i = 0; i < 2000; i++)
        g_free(render(document, i % 2 ? "ja" : "en"));
    long grown = (resident_pages() - before) * sysconf(_SC_PAGESIZE) / 1024;
    xmlFreeDoc(document);
#if !defined(__SANITIZE_ADDRESS__) /* it keeps what was freed for a while */
    g_assert_cmpint(grown, <, 1024);
#else
    (void)grown;
#endif
}

static void static_files_have_their_hash_in_the_name(void)
{
    static const char *const files[] = {"style.css", "app.js", "seal.svg"};
    const char *type = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        const char *name = web_static_name(web, files[i]);
        g_assert_nonnull(name);
        g_assert_cmpuint(strlen(name), ==, strlen(files[i]) + 13);
        g_autoptr(GBytes) bytes = web_static(web, name, &type);
        g_assert_cmpuint(g_bytes_get_size(bytes), >, 100);
        g_assert_nonnull(type);
        g_autoptr(GBytes) none = web_static(web, files[i], &type);
        g_assert_null(none);
    }
    g_assert_null(web_static(web, "../web.c", &type));
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_test_init(&argc, &argv, NULL);
    web = web_new("web", &error);
    g_assert_no_error(error);
    load();
    g_test_add_func("/pages/every page has a title, one heading and its landmarks", every_page_has_title_heading_and_main);
    g_test_add_func("/pages/ids are unique and references lead somewhere", ids_are_unique_and_references_lead_somewhere);
    g_test_add_func("/pages/no page shows a raw key", no_page_shows_a_raw_key);
    g_test_add_func("/pages/both languages have the same keys", both_languages_have_the_same_keys);
    g_test_add_func("/pages/templates hold no words", no_words_in_templates);
    g_test_add_func("/pages/no style, script or handler stands in a page", nothing_inline);
    g_test_add_func("/pages/every form carries the csrf token", every_post_carries_the_csrf_token);
    g_test_add_func("/pages/confirm pages have one form with the same action and key", confirm_pages_have_one_form);
    g_test_add_func("/pages/the detail has what the contract names", detail_has_what_the_contract_names);
    g_test_add_func("/pages/rows of the dashboard say number and state", dashboard_rows_say_number_and_state);
    g_test_add_func("/pages/hostile text stays text", hostile_text_stays_text);
    g_test_add_func("/pages/links that are no links are left out", hostile_links_are_left_out);
    g_test_add_func("/pages/what nobody knows is an error, not an empty page", what_nobody_knows_is_an_error);
    g_test_add_func("/pages/the last resort is a whole page", the_last_resort_is_a_whole_page);
    g_test_add_func("/pages/a document stays as it was", the_document_stays_as_it_was);
    g_test_add_func("/pages/two thousand renderings leave no memory behind", rendering_leaves_no_memory_behind);
    g_test_add_func("/static/names carry a hash of the content", static_files_have_their_hash_in_the_name);
    int status = g_test_run();
    g_ptr_array_unref(pages);
    web_free(web);
    return status;
}
