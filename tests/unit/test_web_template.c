/* Words woven into templates: what is missing or wrong is found when the program starts, and named. */
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "web/messages.h"
#include "web/web.h"

#define HEAD                                                                                                                   \
    "<xsl:stylesheet version='1.0' xmlns:xsl='http://www.w3.org/1999/XSL/Transform' xmlns:m='urn:inkan:messages'"              \
    " xmlns:i='urn:inkan:functions' exclude-result-prefixes='m i'>"
#define FORMATS                                                                                                                \
    "<m key='frame.product'>P</m><m key='format.day'>{day}.{month}.{year}</m><m key='format.moment'>{date} {time} {zone}</m>"   \
    "<m key='format.zone.other'>UTC{offset}</m><m key='format.month.1'>1</m><m key='format.month.2'>2</m>"                      \
    "<m key='format.month.3'>3</m><m key='format.month.4'>4</m><m key='format.month.5'>5</m><m key='format.month.6'>6</m>"      \
    "<m key='format.month.7'>7</m><m key='format.month.8'>8</m><m key='format.month.9'>9</m><m key='format.month.10'>10</m>"    \
    "<m key='format.month.11'>11</m><m key='format.month.12'>12</m>"
#define MORE                                                                                                                   \
    "<m key='plain'>a {b} &lt;c&gt;</m><m key='bold'>x <b>y {v}</b></m><m key='s.on'>lit</m><m key='s.off'>dark</m>"            \
    "<m key='t.other'>else</m><m key='lines'>one\n   two</m><m key='kana'>あ\n   い</m>"

struct share {
    char *folder;
};

static void put(const struct share *share, const char *file, const char *text)
{
    g_autofree char *path = g_build_filename(share->folder, file, NULL), *dir = g_path_get_dirname(path);
    g_assert_cmpint(g_mkdir_with_parents(dir, 0700), ==, 0);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void put_page(const struct share *share, const char *template)
{
    g_autofree char *text = g_strconcat(HEAD, "<xsl:template match='/error'><html/></xsl:template>", template, "</xsl:stylesheet>", NULL);
    put(share, "pages/p.xsl", text);
}

static void set_up(struct share *share, gconstpointer data)
{
    (void)data;
    share->folder = g_dir_make_tmp("web-XXXXXX", NULL);
    g_assert_nonnull(share->folder);
    put(share, "messages/ja.xml", "<messages>" FORMATS MORE "</messages>");
    put(share, "messages/en.xml", "<messages>" FORMATS MORE "</messages>");
    put(share, "static/a.css", "a{}");
    put(share, "mails/m.xsl", HEAD "</xsl:stylesheet>");
    put_page(share, "");
}

static void tear_down(struct share *share, gconstpointer data)
{
    static const char *const files[] = {"messages/ja.xml", "messages/en.xml", "static/a.css", "mails/m.xsl", "pages/p.xsl",
                                        "messages", "static", "mails", "pages", ""};
    (void)data;
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(share->folder, files[i], NULL);
        g_remove(path);
    }
    g_free(share->folder);
}

static void assert_fails(const struct share *share, const char *file, const char *what)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(web_new(share->folder, &error));
    g_assert_error(error, WEB_ERROR, WEB_ERROR_INPUT);
    if (strstr(error->message, file) == NULL || strstr(error->message, what) == NULL)
        g_error("'%s' names not both '%s' and '%s'", error->message, file, what);
}

/* The page that TEMPLATE, a template's content, makes of <p v="&lt;V&gt;" s=STATE at="…"/>. */
static char *page_of(struct share *share, const char *template, const char *state, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autofree char *text = g_strconcat("<xsl:template match='/p'>", template, "</xsl:template>", NULL);
    put_page(share, text);
    g_autoptr(Web) web = web_new(share->folder, &why);
    g_assert_no_error(why);
    g_autoptr(WebDocument) document = web_document_new("p");
    web_set(web_document_root(document), "v", "<V>");
    web_set(web_document_root(document), "s", state);
    web_set(web_document_root(document), "at", "2026-11-04T07:05:09+01:00");
    char *html = web_page(web, document, "en", error);
    if (html != NULL) { /* without the doctype */
        char *line = g_strchomp(g_strdup(strchr(html, '\n') + 1));
        g_free(html);
        return line;
    }
    return NULL;
}

static void assert_page(struct share *share, const char *template, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *html = page_of(share, template, "on", &error);
    g_assert_no_error(error);
    g_assert_cmpstr(html, ==, expected);
}

static void missing_things_are_named(struct share *share, gconstpointer data)
{
    (void)data;
    put_page(share, "<xsl:template match='/p'><m:t k='nothing'/></xsl:template>");
    assert_fails(share, "p.xsl:1", "no message 'nothing'");
    put_page(share, "<xsl:template match='/p'><m:t k='nothing.{@s}'/></xsl:template>");
    assert_fails(share, "p.xsl:1", "'nothing.'");
    put_page(share, "<xsl:template match='/p'><m:t k='plain'/></xsl:template>");
    assert_fails(share, "p.xsl:1", "{b}");
    put_page(share, "<xsl:template match='/p'><p m:title='plain'/></xsl:template>");
    assert_fails(share, "p.xsl:1", "xsl:attribute");
    put_page(share, "<xsl:template match='/p'><p m:title='nothing'/></xsl:template>");
    assert_fails(share, "p.xsl:1", "'nothing'");
    put_page(share, "<xsl:template match='/p'><img src='static:b.css'/></xsl:template>");
    assert_fails(share, "p.xsl:1", "'b.css'");
    put_page(share, "<xsl:template match='/p['/>");
    assert_fails(share, "pages", "p[");
    put_page(share, "<broken>");
    assert_fails(share, "p.xsl:1", "tag");
}

static void wrong_messages_are_named(struct share *share, gconstpointer data)
{
    (void)data;
    put(share, "messages/en.xml", "<messages>" FORMATS "<m key='x'>1</m><m key='x'>2</m></messages>");
    assert_fails(share, "en.xml:1", "used before");
    put(share, "messages/en.xml", "<messages>" FORMATS "<m>1</m></messages>");
    assert_fails(share, "en.xml:1", "without key");
    put(share, "messages/en.xml", "<messages><m key='x'>1</m></messages>");
    assert_fails(share, "en.xml", "'format.day'");
    put(share, "messages/en.xml", "<messages>");
    assert_fails(share, "en.xml:1", "messages");
    g_autofree char *path = g_build_filename(share->folder, "messages/en.xml", NULL);
    g_remove(path);
    assert_fails(share, "en.xml", "");
}

static void words_are_woven_in(struct share *share, gconstpointer data)
{
    (void)data;
    assert_page(share, "<p><m:t k='plain' b='@v'/></p>", "<p>a &lt;V&gt; &lt;c&gt;</p>");
    assert_page(share, "<p><m:t k='bold'><m:with name='v'><i><xsl:value-of select='@v'/></i></m:with></m:t></p>",
                "<p>x <b>y <i>&lt;V&gt;</i></b></p>");
    assert_page(share, "<p><m:t k='s.{@s}'/><m:t k='t.{@s}'/></p>", "<p>litelse</p>");
    assert_page(share, "<p m:title='s.{@s}' m:lang='s.off'/>", "<p title=\"lit\" lang=\"dark\"></p>");
    assert_page(share, "<p><m:t k='lines'/><m:t k='kana'/></p>", "<p>one twoあい</p>");
    assert_page(share, "<p><xsl:value-of select=\"i:message('s.', @s)\"/></p>", "<p>lit</p>");
    assert_page(share, "<p><img src='static:a.css'/> <b> x </b></p>", "<p><img src=\"/static/a-5f546eb4606b.css\"><b> x </b></p>");
}

static void functions_format(struct share *share, gconstpointer data)
{
    (void)data;
    assert_page(share, "<p><xsl:value-of select='i:day(@at)'/></p>", "<p>4.11.2026</p>");
    assert_page(share, "<p><xsl:value-of select='i:moment(@at)'/></p>", "<p>4.11.2026 07:05 UTC+01:00</p>");
    assert_page(share, "<p><xsl:value-of select='i:clock(@at)'/></p>", "<p>07:05:09</p>");
    assert_page(share, "<p><xsl:value-of select='i:day(@v)'/>|<xsl:value-of select='i:days(@v, @at)'/></p>", "<p>|0</p>");
    assert_page(share, "<p><xsl:value-of select=\"i:days(@at, '2027-03-01T00:00:00+01:00')\"/></p>", "<p>117</p>");
    assert_page(share, "<p><xsl:value-of select=\"i:days(@at, '2026-11-03T23:59:59+01:00')\"/></p>", "<p>-1</p>");
    assert_page(share, "<p><xsl:value-of select=\"i:life('2026-11-04T00:00:00+01:00', '2026-11-04T20:00:00+01:00', '2026-11-04T08:00:00Z')\"/></p>",
                "<p>45</p>");
    assert_page(share, "<p><xsl:value-of select=\"i:life(@at, @at, @at)\"/></p>", "<p>0</p>");
    assert_page(share, "<p><xsl:value-of select=\"i:pairs('0a1b2c')\"/>|<xsl:value-of select=\"i:groups('鏡abcde', 4)\"/></p>", "<p>0A:1B:2C|鏡abc de</p>");
    assert_page(share, "<p><xsl:value-of select=\"i:query('a&amp;b=/ 鏡')\"/>|<xsl:value-of select=\"i:initial('éa')\"/></p>",
                "<p>a%26b%3D%2F%20%E9%8F%A1|É</p>");
}

static void data_that_no_message_knows_ends_the_rendering(struct share *share, gconstpointer data)
{
    static const char *const templates[] = {"<p><m:t k='s.{@s}'/></p>", "<p m:title='s.{@s}'/>",
                                            "<p><xsl:value-of select=\"i:message('s.', @s)\"/></p>"};
    (void)data;
    for (size_t i = 0; i < G_N_ELEMENTS(templates); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(page_of(share, templates[i], "sideways", &error));
        g_assert_error(error, WEB_ERROR, WEB_ERROR_BROKEN);
    }
}

static void a_template_reads_and_writes_no_file(struct share *share, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    g_autofree char *html = page_of(share, "<p><xsl:value-of select=\"document('/etc/hostname')\"/></p>", "on", &error);
    g_assert_null(html);
    g_assert_error(error, WEB_ERROR, WEB_ERROR_BROKEN);
}

#define add(name, function) g_test_add(name, struct share, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/template/what is missing is named with its file and line", missing_things_are_named);
    add("/template/wrong messages are named with their file", wrong_messages_are_named);
    add("/template/words are woven in", words_are_woven_in);
    add("/template/functions format dates, lives and codes", functions_format);
    add("/template/data that no message knows ends the rendering", data_that_no_message_knows_ends_the_rendering);
    add("/template/a template reads and writes no file", a_template_reads_and_writes_no_file);
    return g_test_run();
}
