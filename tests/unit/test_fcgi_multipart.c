/* Forms with a file, as browsers send them, and what is none. */
#include "fcgi/multipart.h"

#include <string.h>

#define TYPE "multipart/form-data; boundary=b1"
#define FIELD(name, value) "--b1\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"

static GPtrArray *
parse(const char *type, const char *body)
{
    return multipart_parse(type, body, strlen(body));
}

static void
part_is(const GPtrArray *parts, guint i, const char *name, const char *file, const char *bytes)
{
    const MultipartPart *part = parts->pdata[i];
    g_autofree char *seen = g_strndup(part->bytes, part->size);
    g_assert_cmpstr(part->name, ==, name);
    g_assert_cmpstr(part->file, ==, file);
    g_assert_cmpstr(seen, ==, bytes);
}

static void
fields_and_a_file_come_out(void)
{
    g_autoptr(GPtrArray) parts = parse(TYPE, FIELD("kind", "revoke") FIELD("empty", "")
        "--b1\r\nContent-Type: text/plain\r\ncontent-disposition: form-data; name=\"file\"; filename=\"C:\\x\\a%22b.tsv\"\r\n\r\na\r\n--b\r\n\n--b1x\r\n"
        "--b1--\r\n");
    g_assert_nonnull(parts);
    g_assert_cmpuint(parts->len, ==, 3);
    part_is(parts, 0, "kind", NULL, "revoke");
    part_is(parts, 1, "empty", NULL, "");
    part_is(parts, 2, "file", "a\"b.tsv", "a\r\n--b\r\n\n--b1x");
    g_autoptr(GPtrArray) none = parse(TYPE, "--b1--");
    g_assert_cmpuint(none->len, ==, 0);
    g_autoptr(GPtrArray) quoted = parse("Multipart/Form-Data; charset=utf-8; boundary=\"b1\"", FIELD("a", "b") "--b1--\r\n");
    part_is(quoted, 0, "a", NULL, "b");
}

static void
what_is_not_written_so_is_malformed(void)
{
    static const char *const bodies[] = {
        "", "x", "--b1", "--b1\r\n", "--b2--\r\n", "\r\n--b1--\r\n", "--b1--x", "--b1\n--b1--\r\n", FIELD("a", "b"),
            FIELD("a", "b") "--b1",
        FIELD("a", "b") "--b1-", "--b1\r\n\r\nx\r\n--b1--\r\n", "--b1\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b1--\r\n",
        "--b1\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nx\r\n--b1--\r\n",
        "--b1\r\nContent-Disposition: form-data; name=\"a\r\n\r\nx\r\n--b1--\r\n",
        "--b1\r\nContent-Disposition: form-data; name=\"a\"; name=\"b\"\r\n\r\nx\r\n--b1--\r\n",
        "--b1\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\nx\r\n--b1--\r\n",
        "--b1\r\nContent-Disposition: form-data; name=\"\xff\"\r\n\r\nx\r\n--b1--\r\n", "--b1\r\nnonsense\r\n\r\nx\r\n--b1--\r\n",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(bodies); i++)
        if (parse(TYPE, bodies[i]))
            g_error("was taken: %s", bodies[i]);
    static const char *const types[] = { "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\"b1",
                                         "multipart/form-data; boundary=b1; boundary=b1", "multipart/form-data boundary=b1",
                                         "multipart/form-data; boundary=b\"1", "text/plain; boundary=b1" };
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
        if (parse(types[i], FIELD("a", "b") "--b1--\r\n"))
            g_error("was taken: %s", types[i]);
}

static void
bounds_are_kept(void)
{
    GString *body = g_string_new(NULL);
    for (int i = 0; i < MULTIPART_MOST; i++)
        g_string_append(body, FIELD("a", "b"));
    g_autofree char *most = g_strconcat(body->str, "--b1--\r\n", NULL);
    g_autofree char *more = g_strconcat(body->str, FIELD("a", "b") "--b1--\r\n", NULL);
    g_string_free(body, TRUE);
    g_autoptr(GPtrArray) parts = parse(TYPE, most);
    g_assert_cmpuint(parts->len, ==, MULTIPART_MOST);
    g_assert_null(parse(TYPE, more));
    g_autofree char *boundary = g_strnfill(71, 'b'), *type = g_strconcat("multipart/form-data; boundary=", boundary, NULL);
    g_autofree char *end = g_strconcat("--", boundary, "--\r\n", NULL);
    g_assert_null(parse(type, end));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/multipart/fields and a file come out", fields_and_a_file_come_out);
    g_test_add_func("/multipart/what is not written so is malformed", what_is_not_written_so_is_malformed);
    g_test_add_func("/multipart/bounds are kept", bounds_are_kept);
    return g_test_run();
}
