/* What comes from outside before any handler runs: request lines, forms, cookies, return paths, languages. */
#include <glib.h>
#include <string.h>

#include "fcgi/cookie.h"
#include "fcgi/form.h"
#include "fcgi/http.h"
#include "fcgi/session.h"

/* --- requests --- */

static const char *
from_table(const char *name, gpointer data)
{
    return g_hash_table_lookup(data, name);
}

static gboolean
read_request(HttpRequest *request, const char *first, ...)
{
    g_autoptr(GHashTable) table = g_hash_table_new(g_str_hash, g_str_equal);
    va_list more;
    va_start(more, first);
    for (const char *name = first; name; name = va_arg(more, const char *))
        g_hash_table_insert(table, (gpointer)name, va_arg(more, gpointer));
    va_end(more);
    return http_request_read(request, from_table, table);
}

static void
a_request_is_taken_apart(void)
{
    HttpRequest r;
    g_assert_true(read_request(&r, "REQUEST_METHOD", "HEAD", "REQUEST_URI", "/certificates?all=1", "HTTP_COOKIE", "a=b",
                               "REMOTE_ADDR", "127.0.0.1", NULL));
    g_assert_cmpint(r.method, ==, HTTP_GET);
    g_assert_true(r.head);
    g_assert_cmpstr(r.path, ==, "/certificates");
    g_assert_cmpstr(r.query, ==, "all=1");
    g_assert_cmpint(r.content_length, ==, 0);
    http_request_clear(&r);
}

static void
a_client_certificate_counts_on_its_port_only(void)
{
    HttpRequest r;
    g_assert_true(read_request(&r, "REQUEST_URI", "/", "SSL_CLIENT_VERIFY", "SUCCESS", "SSL_CLIENT_ESCAPED_CERT", "x", NULL));
    g_assert_cmpstr(r.client_verify, ==, "");
    g_assert_cmpstr(r.client_certificate, ==, "");
    http_request_clear(&r);
    g_assert_true(read_request(&r, "REQUEST_URI", "/", "INKAN_PORT", "client", "SSL_CLIENT_VERIFY", "SUCCESS", NULL));
    g_assert_cmpstr(r.client_verify, ==, "SUCCESS");
    http_request_clear(&r);
}

static void
malformed_requests_are_refused(void)
{
    static const char *const uris[] = { NULL, "", "certificates", "/a\nb", "/a b", "/\xc3\xa9", "http://x/" };
    HttpRequest r;
    for (gsize i = 0; i < G_N_ELEMENTS(uris); i++) {
        g_assert_false(read_request(&r, "REQUEST_URI", uris[i], NULL));
        http_request_clear(&r);
    }
    static const char *const lengths[] = { "-1", "1x", "99999999999", " 1" };
    for (gsize i = 0; i < G_N_ELEMENTS(lengths); i++) {
        g_assert_false(read_request(&r, "REQUEST_URI", "/", "CONTENT_LENGTH", lengths[i], NULL));
        http_request_clear(&r);
    }
}

static void
a_path_is_bounded(void)
{
    HttpRequest r;
    g_autofree char *most = g_strnfill(HTTP_PATH_LONGEST, 'a'), *over = g_strnfill(HTTP_PATH_LONGEST + 1, 'a');
    most[0] = over[0] = '/';
    g_assert_true(read_request(&r, "REQUEST_URI", most, NULL));
    http_request_clear(&r);
    g_assert_false(read_request(&r, "REQUEST_URI", over, NULL));
    http_request_clear(&r);
}

static gsize
short_read(char *buffer, gsize n, gpointer data)
{
    gsize have = MIN(n, (gsize)GPOINTER_TO_UINT(data));
    memset(buffer, 'x', have);
    return have;
}

static void
a_truncated_body_is_noticed(void)
{
    HttpRequest r;
    g_assert_true(read_request(&r, "REQUEST_URI", "/", "CONTENT_LENGTH", "10", NULL));
    g_assert_false(http_read_body(&r, short_read, GUINT_TO_POINTER(9)));
    http_request_clear(&r);
    g_assert_true(read_request(&r, "REQUEST_URI", "/", "CONTENT_LENGTH", "10", NULL));
    g_assert_true(http_read_body(&r, short_read, GUINT_TO_POINTER(10)));
    g_assert_cmpuint(r.body_size, ==, 10);
    http_request_clear(&r);
}

/* --- forms --- */

static Form *
parse(const char *text)
{
    return form_parse(text, strlen(text));
}

static void
a_form_is_read_as_browsers_send_it(void)
{
    g_autoptr(Form) form = parse("type=client&memo=%E5%8D%B0+a%26b&empty=&months=52&bare&&");
    g_assert_nonnull(form);
    g_assert_cmpstr(form_get(form, "memo"), ==, "印 a&b");
    g_assert_cmpstr(form_get(form, "empty"), ==, "");
    g_assert_cmpstr(form_get(form, "bare"), ==, "");
    g_assert_null(form_get(form, "absent"));
    g_assert_cmpstr(form_text(form, "absent"), ==, "");
    g_assert_cmpint(form_number(form, "months"), ==, 52);
    g_assert_cmpint(form_number(form, "type"), ==, -1);
}

static void
a_hostile_form_is_refused(void)
{
    static const char *const texts[] = { "a=%00", "a=%4", "a=%zz", "a=%C3", "a=1&a=2", "%ff=1" };
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_assert_null(parse(texts[i]));
}

static void
the_number_of_fields_is_bounded(void)
{
    g_autoptr(GString) text = g_string_new("");
    for (int i = 0; i < FORM_FIELDS_MOST; i++)
        g_string_append_printf(text, "f%d=1&", i);
    g_autoptr(Form) most = parse(text->str);
    g_assert_nonnull(most);
    g_string_append(text, "over=1");
    g_assert_null(parse(text->str));
}

static void
only_local_paths_lead_back(void)
{
    static const char *const foreign[] = { "", "//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil", "evil",
                                           "/a\r\nSet-Cookie: x=y", "/a b", "/\t/evil.example" };
    for (gsize i = 0; i < G_N_ELEMENTS(foreign); i++)
        g_assert_cmpstr(form_local_path(foreign[i]), ==, "");
    g_assert_cmpstr(form_local_path(NULL), ==, "");
    g_assert_cmpstr(form_local_path("/certificates?all=1"), ==, "/certificates?all=1");
    g_autofree char *over = g_strnfill(513, '/');
    memset(over + 1, 'a', 512);
    g_assert_cmpstr(form_local_path(over), ==, "");
    over[512] = '\0';
    g_assert_cmpstr(form_local_path(over), ==, over);
}

/* --- cookies --- */

static void
a_cookie_is_found_by_its_whole_name(void)
{
    const char *header = "x=1; __Host-inkan-session=abc-_.9;__Host-inkan-session2=other; y";
    g_autofree char *value = cookie_get(header, "__Host-inkan-session");
    g_assert_cmpstr(value, ==, "abc-_.9");
    g_assert_null(cookie_get(header, "__Host-inkan-sessio"));
    g_assert_null(cookie_get("", "x"));
    g_assert_null(cookie_get("x=\"quoted\"", "x"));
}

static void
a_cookie_sent_twice_does_not_count(void)
{
    g_assert_null(cookie_get("a=1; a=1", "a"));
}

static void
every_cookie_has_all_attributes(void)
{
    HttpResponse response;
    http_response_init(&response);
    cookie_set(&response, "__Host-inkan-session", "v", 0, COOKIE_LAX);
    cookie_set(&response, "__Host-inkan-login-1", "", 60, COOKIE_CROSS);
    g_assert_cmpstr(response.headers->str, ==,
                    "Set-Cookie: __Host-inkan-session=v; Path=/; Secure; HttpOnly; SameSite=Lax\r\n"
                    "Set-Cookie: __Host-inkan-login-1=; Path=/; Secure; HttpOnly; SameSite=None; Max-Age=0\r\n");
    http_response_clear(&response);
}

static void
the_language_follows_choice_then_browser(void)
{
    static const struct { const char *cookie, *header, *language; } rows[] = {
        { NULL, "", "ja" },
        { NULL, "en-US,en;q=0.9,ja;q=0.8", "en" },
        { NULL, "ja,en-US;q=0.7", "ja" },
        { NULL, "fr", "en" },
        { NULL, "fr,ja;q=0.1", "ja" },
        { NULL, "jav;q=1, en;q=0.5", "en" },
        { NULL, "ja;q=0, en;q=0.1", "en" },
        { NULL, ";;;,,,q=", "en" },
        { "ja", "en", "ja" },
        { "en", "ja", "en" },
        { "xx", "ja", "ja" },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpstr(session_language(rows[i].cookie, rows[i].header), ==, rows[i].language);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/request/is taken apart", a_request_is_taken_apart);
    g_test_add_func("/request/a client certificate counts on its port only", a_client_certificate_counts_on_its_port_only);
    g_test_add_func("/request/malformed ones are refused", malformed_requests_are_refused);
    g_test_add_func("/request/a path is bounded", a_path_is_bounded);
    g_test_add_func("/request/a truncated body is noticed", a_truncated_body_is_noticed);
    g_test_add_func("/form/is read as browsers send it", a_form_is_read_as_browsers_send_it);
    g_test_add_func("/form/a hostile one is refused", a_hostile_form_is_refused);
    g_test_add_func("/form/the number of fields is bounded", the_number_of_fields_is_bounded);
    g_test_add_func("/form/only local paths lead back", only_local_paths_lead_back);
    g_test_add_func("/cookie/is found by its whole name", a_cookie_is_found_by_its_whole_name);
    g_test_add_func("/cookie/sent twice does not count", a_cookie_sent_twice_does_not_count);
    g_test_add_func("/cookie/every one has all attributes", every_cookie_has_all_attributes);
    g_test_add_func("/language/follows choice, then browser", the_language_follows_choice_then_browser);
    return g_test_run();
}
