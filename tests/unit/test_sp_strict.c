/*
 * The strict look: limits at the limit and one beyond, base64, times, and that what is let through is one and the same to both
 * parsers. (Attacks by name are in test_sp_hostile.c.)
 */
#include <glib.h>
#include <string.h>

#include "sp/checks.h"
#include "sp/response.h"
#include "sp/service.h"
#include "sp/strict.h"

static void judged(const char *bytes, size_t n, const char *check)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SpXml) doc = sp_strict_parse(bytes, n, &error);
    if (check == NULL) {
        g_assert_no_error(error);
        g_assert_nonnull(doc);
        return;
    }
    g_assert_null(doc);
    g_assert_error(error, SP_ERROR, SP_ERROR_REFUSED);
    g_autofree char *name = sp_error_check(error);
    g_assert_cmpstr(name, ==, check);
}

static void judged_text(const char *text, const char *check)
{
    judged(text, strlen(text), check);
}

static char *repeat(const char *text, int n)
{
    GString *out = g_string_new(NULL);
    for (int i = 0; i < n; i++) g_string_append(out, text);
    return g_string_free(out, FALSE);
}

static void depth_is_bounded(void)
{
    for (int n = SP_STRICT_DEPTH; n <= SP_STRICT_DEPTH + 1; n++) {
        g_autofree char *open = repeat("<a>", n), *close = repeat("</a>", n), *text = g_strconcat(open, close, NULL);
        judged_text(text, n > SP_STRICT_DEPTH ? "depth" : NULL);
        g_autofree char *outer = repeat("<a>", n - 1), *end = repeat("</a>", n - 1),
            *leaf = g_strconcat(outer, "<b/>", end, NULL);
        judged_text(leaf, n > SP_STRICT_DEPTH ? "depth" : NULL);
    }
}

static void elements_are_bounded(void)
{
    for (int n = SP_STRICT_ELEMENTS; n <= SP_STRICT_ELEMENTS + 1; n++) {
        g_autofree char *inside = repeat("<a/>", n - 1), *text = g_strconcat("<r>", inside, "</r>", NULL);
        judged_text(text, n > SP_STRICT_ELEMENTS ? "elements" : NULL);
    }
}

static void attributes_of_one_element_are_bounded(void)
{
    for (int n = SP_STRICT_ATTRIBUTES; n <= SP_STRICT_ATTRIBUTES + 1; n++) {
        g_autoptr(GString) text = g_string_new("<r");
        for (int i = 0; i < n; i++) g_string_append_printf(text, i % 2 ? " a%d='x'" : " xmlns:n%d=\"u:x\"", i);
        g_string_append(text, "/>");
        judged_text(text->str, n > SP_STRICT_ATTRIBUTES ? "attributes" : NULL);
    }
}

static void bytes_are_bounded(void)
{
    for (size_t n = SP_STRICT_BYTES; n <= SP_STRICT_BYTES + 1; n++) {
        g_autofree char *text = g_malloc(n);
        memset(text, ' ', n);
        memcpy(text, "<r>", 3);
        memcpy(text + n - 4, "</r>", 4);
        judged(text, n, n > SP_STRICT_BYTES ? "bytes" : NULL);
    }
}

static void an_id_has_its_length(void)
{
    for (int n = SP_STRICT_ID; n <= SP_STRICT_ID + 1; n++) {
        g_autofree char *id = repeat("a", n), *text = g_strdup_printf("<r ID='%s'/>", id);
        judged_text(text, n > SP_STRICT_ID ? "duplicate-id" : NULL);
    }
}

static void ordinary_documents_pass(void)
{
    static const char *const good[] = {
        "<r/>", "<r></r>", "<?xml version=\"1.0\"?><r/>", "<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\r\n<r/>\n",
        "<r a='\"' b=\"'\" c = 'x' >&lt;&amp;&#x65E5;&#26085;&apos;</r >", "<p:r xmlns:p='u:p'><p:a xmlns='u:q'/></p:r>",
        "<r a=\"x>y\">a > b</r>", "<\xe6\x97\xa5 \xe6\x9c\xac='\xe8\xaa\x9e'/>", "<r xml:lang='ja'/>", "<r>]] ></r>",
            "<r a='&#10;&#9;'/>",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) judged_text(good[i], NULL);
}

static void odd_documents_are_named(void)
{
    static const struct { const char *text, *check; } bad[] = {
        { "", "xml" }, { " ", "xml" }, { "x", "xml" }, { "<", "xml" }, { "<r", "xml" }, { "<r ", "xml" }, { "<r a", "xml" },
        { "<r a=", "xml" }, { "<r a='", "xml" }, { "<r a='x", "xml" }, { "<r a='x'", "xml" }, { "<r a='x'b='y'/>", "xml" },
        { "<r a=x/>", "xml" }, { "<r a='<'/>", "xml" }, { "<r>", "xml" }, { "</r>", "xml" }, { "<r></s>", "xml" },
            { "<r/><r/>", "xml" },
        { "<r>]]></r>", "xml" }, { "< r/>", "xml" }, { "<r/ >", "xml" }, { "<1/>", "xml" }, { "<r a='1' a='2'/>", "xml" },
        { "<r>&#x0;</r>", "xml" }, { "<r>&#xD800;</r>", "xml" }, { "<r>&#xFFFFFFFF;</r>", "xml" },
            { "<r>&#x110000;</r>", "xml" },
        { "<r>&#xFFFFFFFFF;</r>", "entity" }, { "<r>&#;</r>", "entity" }, { "<r>&#x;</r>", "entity" }, { "<r>&</r>", "entity" },
        { "<r>&lt</r>", "entity" }, { "<r>&LT;</r>", "entity" }, { "<r>&#12a;</r>", "entity" }, { "<r a='&x;'/>", "entity" },
        { "<r><!-- --></r>", "comment" }, { "<r/><!---->", "comment" }, { "<r><![CDATA[]]></r>", "cdata" },
            { "<!DOCTYPE r><r/>", "dtd" },
        { "<r><!X></r>", "dtd" }, { "<?p?><r/>", "processing-instruction" },
            { "<r><?xml version='1.0'?></r>", "processing-instruction" },
        { "<?xml version='1.0' encoding='utf-16'?><r/>", "utf-8" }, { "<?xml version='1.0' encoding=utf-8?><r/>", "xml" },
        { "<?xml version='1.0' encoding='utf-8'", "xml" }, { "<?xml version='2.0'?><r/>", "xml" },
            { " <?xml version='1.0'?><r/>", "processing-instruction" },
        { "\xef\xbb\xbf<r/>", NULL }, { "<r>\xed\xa0\x80</r>", "utf-8" }, { "<r>\xff</r>", "utf-8" }, { "<p:r/>", "xml" },
        { "<r xmlns:p='u:p' p:a='1' a='2'/>", "attributes" }, { "<r><a ID='x'/><b id='x'/></r>", "duplicate-id" },
        { "<r><a xml:id='x'/><b iD='x'/></r>", "duplicate-id" }, { "<r ID='1x'/>", "duplicate-id" },
            { "<r ID='x y'/>", "duplicate-id" },
        { "<r ID='\xe6\x97\xa5'/>", "duplicate-id" }, { "<r xmlns:p='u:p' p:ID='x'><a ID='x'/></r>", "duplicate-id" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_test_message("%s", bad[i].text);
        judged_text(bad[i].text, bad[i].check);
    }
    judged("<r>\0</r>", 8, "utf-8");
}

static void base64_is_strict(void)
{
    static const struct { const char *text, *bytes; } cases[] = {
        { "QUJD", "ABC" }, { "QUI=", "AB" }, { "QQ==", "A" }, { "QU\r\nJD\n", "ABC" }, { "+/+/", "\xfb\xff\xbf" },
        { "", NULL }, { "QUJ", NULL }, { "QUJDR", NULL }, { "QU=D", NULL }, { "Q===", NULL }, { "====", NULL },
            { "QU JD", NULL },
        { "QU\tJD", NULL }, { "QUJ-", NULL }, { "QUI=QUI=", NULL }, { "\xef\xbc\xa1UJD", NULL }, { "\r\n", NULL },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        size_t n = 0;
        g_autoptr(GError) error = NULL;
        g_autofree char *bytes = sp_strict_base64(cases[i].text, strlen(cases[i].text), 1000, &n, &error);
        g_assert_cmpstr(bytes, ==, cases[i].bytes);
        g_assert_true((bytes == NULL) == (error != NULL));
        if (bytes != NULL) g_assert_cmpint(n, ==, strlen(cases[i].bytes));
    }
}

static void base64_is_bounded(void)
{
    for (size_t n = SP_RESPONSE_LONGEST; n <= SP_RESPONSE_LONGEST + 4; n += 4) {
        size_t out = 0;
        g_autoptr(GError) error = NULL;
        g_autofree char *text = g_malloc(n);
        memset(text, 'A', n);
        g_autofree char *bytes = sp_strict_base64(text, n, SP_RESPONSE_LONGEST, &out, &error);
        g_assert_true((bytes != NULL) == (n == SP_RESPONSE_LONGEST));
        g_assert_true(bytes == NULL || out == SP_STRICT_BYTES);
    }
}

static void times_are_utc(void)
{
    static const struct { const char *text; gint64 seconds; } cases[] = {
        { "1970-01-01T00:00:00Z", 0 }, { "2026-11-24T08:00:00Z", 1795507200 }, { "2026-11-24T08:00:00.5Z", 1795507200 },
        { "2026-11-24T08:00:00.123456789012Z", 1795507200 }, { "2024-02-29T23:59:59Z", 1709251199 },
        { "2026-11-24T08:00:00", -1 }, { "2026-11-24T08:00:00+00:00", -1 }, { "2026-11-24 08:00:00Z", -1 },
            { "2026-02-29T00:00:00Z", -1 },
        { "2026-13-01T00:00:00Z", -1 }, { "2026-11-24T24:00:00Z", -1 }, { "2026-11-24T08:60:00Z", -1 },
            { "2026-11-24T08:00:00.Z", -1 },
        { "26-11-24T08:00:00Z", -1 }, { "12026-11-24T08:00:00Z", -1 }, { "2026-11-24T08:00:00ZZ", -1 }, { "", -1 }, { "Z", -1 },
        { "-026-11-24T08:00:00Z", -1 }, { "2026-11-24T08:00:0", -1 }, { "2026-11-24t08:00:00z", -1 },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        gint64 seconds = -1;
        gboolean good = sp_time_parse(cases[i].text, &seconds);
        g_assert_true(good == (cases[i].seconds >= 0));
        if (good) g_assert_cmpint(seconds, ==, cases[i].seconds);
    }
}

/* A log line shows a little of a hostile value, on one line. */
static void quoted_text_is_tame(void)
{
    g_autofree char *longer = repeat("\xe6\x97\xa5", 500);
    const char *const cases[] = { "a\nb\x1b[31m", "\xff\xfe", longer, NULL, "" };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *quoted = sp_xml_quote(cases[i]);
        g_assert_true(g_utf8_validate(quoted, -1, NULL));
        g_assert_cmpint(g_utf8_strlen(quoted, -1), <, 90);
        g_assert_null(strpbrk(quoted, "\n\x1b"));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(sp_start(NULL));
    g_test_add_func("/strict/depth is bounded", depth_is_bounded);
    g_test_add_func("/strict/elements are bounded", elements_are_bounded);
    g_test_add_func("/strict/attributes of one element are bounded", attributes_of_one_element_are_bounded);
    g_test_add_func("/strict/bytes are bounded", bytes_are_bounded);
    g_test_add_func("/strict/an ID has its length", an_id_has_its_length);
    g_test_add_func("/strict/ordinary documents pass", ordinary_documents_pass);
    g_test_add_func("/strict/odd documents are named", odd_documents_are_named);
    g_test_add_func("/strict/base64 is strict", base64_is_strict);
    g_test_add_func("/strict/base64 is bounded", base64_is_bounded);
    g_test_add_func("/strict/times are UTC", times_are_utc);
    g_test_add_func("/strict/quoted text is tame", quoted_text_is_tame);
    return g_test_run();
}
