/* The builder of documents and the writer of HTML: text stays text, whatever it holds. */
#include <glib.h>
#include <libxml/parser.h>
#include <string.h>

#include "web/document.h"
#include "web/html.h"

static char *dump(WebDocument *document)
{
    xmlChar *text = NULL;
    int size = 0;
    xmlDocDumpMemory(document, &text, &size);
    char *copy = g_strndup((char *)text, (gsize)size);
    xmlFree(text);
    return copy;
}

static char *attribute_of(const char *value)
{
    g_autoptr(WebDocument) document = web_document_new("page");
    web_set(web_document_root(document), "a", value);
    xmlChar *text = xmlGetProp(web_document_root(document), BAD_CAST "a");
    char *copy = g_strdup((char *)text);
    xmlFree(text);
    return copy;
}

static void text_is_kept_as_it_is(void)
{
    static const char *const texts[] = {"plain", "<b>&amp;&lt;</b>", "\"quotes\" and 'more'", "鏡 花子", "]]>", "&unknown;", ""};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *back = attribute_of(texts[i]);
        g_assert_cmpstr(back, ==, texts[i]);
    }
}

static void what_xml_cannot_hold_is_replaced(void)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"a\x01z", "a\xef\xbf\xbdz"},         {"a\xffz", "a\xef\xbf\xbdz"},         {"\x1b[31m", "\xef\xbf\xbd[31m"},
        {"a\xc2\x85z", "a\xef\xbf\xbdz"},     {"a\xed\xa0\x80z", NULL},             {"a\xef\xbf\xbez", "a\xef\xbf\xbdz"},
        {"tab\tline\n", "tab\tline\n"},       {"a\x7fz", "a\xef\xbf\xbdz"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *back = attribute_of(rows[i].in);
        g_assert_true(g_utf8_validate(back, -1, NULL));
        if (rows[i].out != NULL)
            g_assert_cmpstr(back, ==, rows[i].out);
        g_autoptr(WebDocument) document = web_document_new("page");
        web_set(web_document_root(document), "a", rows[i].in);
        web_add_text(web_document_root(document), "t", rows[i].in);
        g_autofree char *text = dump(document);
        xmlDoc *again = xmlReadMemory(text, (int)strlen(text), NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR);
        g_assert_nonnull(again); /* well-formed */
        xmlFreeDoc(again);
    }
}

static void null_is_left_out(void)
{
    g_autoptr(WebDocument) document = web_document_new("page");
    WebNode *root = web_document_root(document);
    web_set(root, "a", NULL);
    web_set_flag(root, "b", FALSE);
    web_set_flag(root, "c", TRUE);
    web_set_number(root, "n", -12);
    g_assert_null(web_add_text(root, "t", NULL));
    g_autofree char *text = dump(document);
    g_assert_nonnull(strstr(text, "<page c=\"1\" n=\"-12\"/>"));
}

static void times_are_local_with_their_offset(void)
{
    g_autoptr(WebDocument) document = web_document_new("page");
    g_autoptr(GTimeZone) tokyo = g_time_zone_new_identifier("Asia/Tokyo"), berlin = g_time_zone_new_identifier("Europe/Berlin");
    WebNode *root = web_document_root(document);
    web_set_time(root, "a", 1795508141, tokyo);
    web_set_time(root, "b", 1795508141, berlin);
    web_set_time(root, "c", 0, tokyo);
    web_set_time(root, "d", G_MAXINT64, tokyo);
    g_autofree char *text = dump(document);
    g_assert_nonnull(strstr(text, "a=\"2026-11-24T17:15:41+09:00\" b=\"2026-11-24T09:15:41+01:00\"/>"));
}

/* --- HTML ---------------------------------------------------------------------------------------------------------------- */

static char *html_of(const char *xml)
{
    xmlDoc *document = xmlReadMemory(xml, (int)strlen(xml), NULL, NULL, XML_PARSE_NONET);
    g_autoptr(GPtrArray) chunks = g_ptr_array_new();
    g_ptr_array_add(chunks, (char *)"<hr>");
    g_assert_nonnull(document);
    char *html = html_page(document, chunks);
    xmlFreeDoc(document);
    g_assert_true(g_str_has_prefix(html, "<!DOCTYPE html>\n"));
    char *rest = g_strchomp(g_strdup(html + strlen("<!DOCTYPE html>\n")));
    g_free(html);
    return rest;
}

static void html_escapes_everything(void)
{
    static const struct {
        const char *xml, *html;
    } rows[] = {
        {"<p a='&lt;&amp;&quot;&gt;'>&lt;b&gt; &amp; \"x\"</p>", "<p a=\"&lt;&amp;&quot;&gt;\">&lt;b&gt; &amp; &quot;x&quot;</p>"},
        {"<script>&lt;/script&gt;</script>", "<script>&lt;/script&gt;</script>"},
        {"<p><!-- x --><?php y?><![CDATA[<b>]]></p>", "<p>&lt;b&gt;</p>"},
        {"<p><br/><input a=''/><b/></p>", "<p><br><input a=\"\"><b></b></p>"},
        {"<p><chunk-0/><?chunk-0?></p>", "<p><hr></p>"},
        {"<p><chunk-1/><chunk--1/></p>", "<p><chunk-1></chunk-1><chunk--1></chunk--1></p>"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *html = html_of(rows[i].xml);
        g_assert_cmpstr(html, ==, rows[i].html);
    }
}

static void only_known_addresses_are_written(void)
{
    static const char *const good[] = {"/x?a=1", "#main", "?q=", "https://a.example/", "http://a.example/", "mailto:a@b.example",
                                       "data:image/png;base64,AA"};
    static const char *const bad[] = {"javascript:alert(1)", " javascript:alert(1)", "JAVASCRIPT:x", "data:text/html,x", "vbscript:x",
                                      "data:image/svg+xml,x", "x", ""};
    static const char *const names[] = {"href", "src", "action", "formaction"};
    for (size_t n = 0; n < G_N_ELEMENTS(names); n++) {
        for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
            g_autofree char *xml = g_strdup_printf("<a %s='%s'/>", names[n], good[i]);
            g_autofree char *wanted = g_strdup_printf("<a %s=\"%s\"></a>", names[n], good[i]), *html = html_of(xml);
            g_assert_cmpstr(html, ==, wanted);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
            g_autofree char *xml = g_strdup_printf("<a %s='%s'/>", names[n], bad[i]);
            g_autofree char *wanted = g_strdup_printf("<a %s=\"#\"></a>", names[n]), *html = html_of(xml);
            g_assert_cmpstr(html, ==, wanted);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/document/text is kept as it is", text_is_kept_as_it_is);
    g_test_add_func("/document/what XML cannot hold is replaced", what_xml_cannot_hold_is_replaced);
    g_test_add_func("/document/nothing is left out", null_is_left_out);
    g_test_add_func("/document/times are local with their offset", times_are_local_with_their_offset);
    g_test_add_func("/html/everything is escaped", html_escapes_everything);
    g_test_add_func("/html/only known kinds of addresses are written", only_known_addresses_are_written);
    return g_test_run();
}
