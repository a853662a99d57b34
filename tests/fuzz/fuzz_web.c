/* Whatever a person, an IdP or a mail server can put into a page or mail: it renders, stays UTF-8 and adds no markup.
 * The bytes up to the first NUL are a memo, what follows is a name. */
#include <glib.h>
#include <stdint.h>
#include <string.h>

#include "web/web.h"

static Web *web;

static WebDocument *dashboard(const char *memo, const char *name)
{
    WebDocument *document = web_document_new("dashboard");
    WebNode *root = web_document_root(document), *frame = web_add(root, "frame");
    web_set(frame, "path", memo);
    web_set(frame, "csrf", name);
    web_set(frame, "now", memo);
    web_set(frame, "version", "1");
    web_set(frame, "request-id", "");
    web_set(web_add(frame, "service"), "name", "Inkan");
    WebNode *person = web_add(frame, "person"), *desk = web_add(frame, "helpdesk");
    web_set(person, "name", name);
    web_set(desk, "mail", memo);
    WebNode *request = web_add(root, "request");
    web_set_number(request, "number", 1);
    web_set(request, "type", "client");
    web_set(request, "months", "52");
    web_set(request, "state", "collected");
    web_set(request, "applied-at", memo);
    web_set(request, "not-before", name);
    web_set(request, "not-after", memo);
    web_set(request, "memo", memo);
    return document;
}

static WebDocument *letter(const char *memo, const char *name)
{
    WebDocument *document = web_document_new("mail");
    WebNode *root = web_document_root(document);
    web_set(root, "event", "collected");
    web_set_number(root, "number", 1);
    web_set(root, "type", "client");
    web_set(root, "months", "52");
    web_set(root, "memo", memo);
    web_set(web_add(root, "person"), "name", name);
    web_set(web_add(root, "certificate"), "subject", memo);
    return document;
}

static int count(const char *text, char c)
{
    int n = 0;
    for (; *text != 0; text++)
        n += *text == c;
    return n;
}

static void check_page(const char *memo, const char *name, int *tags, int *quotes)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(WebDocument) document = dashboard(memo, name);
    g_autofree char *html = web_page(web, document, "en", &error);
    g_assert_no_error(error);
    g_assert_true(g_utf8_validate(html, -1, NULL));
    *tags = count(html, '<');
    *quotes = count(html, '"');
    g_assert_cmpint(*tags, ==, count(html, '>'));
}

static void check_mail(const char *memo, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(WebDocument) document = letter(memo, name);
    g_autoptr(WebMail) mail = web_mail_render(web, document, &error);
    g_assert_no_error(error);
    g_assert_true(g_utf8_validate(mail->body, -1, NULL));
    g_assert_true(g_utf8_validate(mail->subject, -1, NULL));
    g_assert_null(strpbrk(mail->subject, "\r\n"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int tags, quotes;
    if (web == NULL) {
        g_autoptr(GError) error = NULL;
        web = web_new("web", &error);
        g_assert_no_error(error);
        check_page("x", "y", &tags, &quotes);
    }
    g_autofree char *memo = g_strndup((const char *)data, size), *name = NULL;
    size_t used = strlen(memo);
    name = used < size ? g_strndup((const char *)data + used + 1, size - used - 1) : g_strdup("y");
    /* What is empty is left out, so its markup is too. */
    if (*memo == 0 || *name == 0)
        return 0;
    int now_tags, now_quotes;
    check_page(memo, name, &now_tags, &now_quotes);
    g_assert_cmpint(now_tags, ==, tags);
    g_assert_cmpint(now_quotes, ==, quotes);
    check_mail(memo, name);
    return 0;
}
