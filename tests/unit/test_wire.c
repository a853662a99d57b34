#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ca/key.h"
#include "ca/wire.h"

static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123-_9";

static GBytes *
some(size_t size)
{
    unsigned char *data = g_malloc(size ? size : 1);
    for (size_t i = 0; i < size; i++)
        data[i] = (unsigned char)(i * 7);
    return g_bytes_new_take(data, size);
}

/* One of each kind, as long as its rule allows. */
static WireMessage
example(enum wire_kind kind)
{
    WireMessage m = { .kind = kind, .id = g_strdup("4f1c90ab") };
    g_autoptr(GBytes) key = NULL;
    switch (kind) {
    case WIRE_PING:
    case WIRE_DONE: break;
    case WIRE_SIGN: m.number = 42; m.text = g_strdup(token); m.bytes = some(16384); break;
    case WIRE_PUBLISH: m.text = g_strdup("client"); break;
    case WIRE_RESPONDER: m.text = g_strdup("a23456789012345678901234567890-"); m.bytes = some(1); break;
    case WIRE_OCSP: m.bytes = some(4096); break;
    case WIRE_TAKE: m.number = CA_KEY_P384; break;
    case WIRE_CERTIFICATE: m.bytes = some(16384); break;
    case WIRE_STATUS: m.number = 86400; m.bytes = some(5); break;
    case WIRE_KEY:
        key = some(8192);
        m.secret = secret_from(g_bytes_get_data(key, NULL), 8192);
        break;
    case WIRE_FAILED: m.number = CA_ERROR_DOWN; m.text = g_strdup("the database is away: 接続できません"); break;
    }
    return m;
}

static const enum wire_kind kinds[] = { WIRE_PING, WIRE_SIGN, WIRE_PUBLISH, WIRE_RESPONDER, WIRE_OCSP, WIRE_TAKE, WIRE_DONE,
                                        WIRE_CERTIFICATE, WIRE_STATUS, WIRE_KEY, WIRE_FAILED };

static void
assert_same(const WireMessage *a, const WireMessage *b)
{
    g_assert_cmpint(a->kind, ==, b->kind);
    g_assert_cmpint(a->number, ==, b->number);
    g_assert_cmpstr(a->id ? a->id : "", ==, b->id ? b->id : "");
    g_assert_cmpstr(a->text ? a->text : "", ==, b->text ? b->text : "");
    if (a->kind == WIRE_KEY) {
        g_assert_cmpmem(secret_bytes(a->secret), secret_size(a->secret), secret_bytes(b->secret), secret_size(b->secret));
    } else {
        size_t m = 0, n = 0;
        const void *x = a->bytes ? g_bytes_get_data(a->bytes, &m) : NULL, *y = b->bytes ? g_bytes_get_data(b->bytes, &n) : NULL;
        g_assert_cmpmem(x, m, y, n);
    }
}

static void
every_message_comes_out_as_it_went_in(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autoptr(GError) error = NULL;
        g_auto(WireMessage) m = example(kinds[i]), back = { 0 };
        g_assert_true(wire_check(&m, &error));
        size_t size = wire_size(&m), body;
        g_autofree unsigned char *frame = g_malloc(size);
        wire_fill(&m, frame);
        enum wire_kind kind;
        g_assert_true(wire_header(frame, &kind, &body, &error));
        g_assert_cmpuint(body, ==, size - WIRE_HEADER);
        g_assert_true(wire_body(kind, frame + WIRE_HEADER, body, &back, &error));
        assert_same(&m, &back);
    }
}

static void
every_message_crosses_a_socket(void)
{
    int pair[2];
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autoptr(GError) error = NULL;
        g_auto(WireMessage) m = example(kinds[i]), back = { 0 };
        gint64 deadline = g_get_monotonic_time() + 5 * G_USEC_PER_SEC;
        g_assert_true(wire_write(pair[0], &m, deadline, &error));
        g_assert_true(wire_read(pair[1], &back, deadline, &error));
        assert_same(&m, &back);
    }
    close(pair[0]);
    g_autoptr(GError) error = NULL;
    WireMessage none;
    g_assert_false(wire_read(pair[1], &none, g_get_monotonic_time() + G_USEC_PER_SEC, &error));
    g_assert_no_error(error);
    close(pair[1]);
}

static void
one_more_than_the_table_allows_is_refused(void)
{
    g_autoptr(GBytes) empty = some(0), long_csr = some(16385), long_ocsp = some(4097);
    g_autoptr(Secret) long_key = secret_new(8193);
    g_autofree char *sentence = g_strnfill(WIRE_SENTENCE_LONGEST + 1, 'x');
    g_autoptr(GBytes) one = some(1);
    const WireMessage wrong[] = {
        { .kind = (enum wire_kind)7 },
        { .kind = WIRE_PING, .number = 1 },
        { .kind = WIRE_PING, .text = (char *)"x" },
        { .kind = WIRE_PING, .bytes = one },
        { .kind = WIRE_PING, .id = (char *)"with space" },
        { .kind = WIRE_PING, .id = (char *)"123456789012345678901234567890123" },
        { .kind = WIRE_SIGN, .number = -1, .text = (char *)token, .bytes = one },
        { .kind = WIRE_SIGN, .number = 1, .text = (char *)token + 1, .bytes = one },
        { .kind = WIRE_SIGN, .number = 1, .text = (char *)"abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123-_+", .bytes = one },
        { .kind = WIRE_SIGN, .number = 1, .text = (char *)token, .bytes = empty },
        { .kind = WIRE_SIGN, .number = 1, .text = (char *)token, .bytes = long_csr },
        { .kind = WIRE_PUBLISH, .text = (char *)"" },
        { .kind = WIRE_PUBLISH, .text = (char *)"../x" },
        { .kind = WIRE_PUBLISH, .text = (char *)"a23456789012345678901234567890-2" },
        { .kind = WIRE_OCSP, .bytes = long_ocsp },
        { .kind = WIRE_TAKE, .number = CA_KEY_KINDS },
        { .kind = WIRE_STATUS, .number = 86401, .bytes = one },
        { .kind = WIRE_KEY, .secret = long_key },
        { .kind = WIRE_KEY, .bytes = one },
        { .kind = WIRE_CERTIFICATE, .secret = long_key },
        { .kind = WIRE_FAILED, .number = CA_ERROR_BROKEN + 1 },
        { .kind = WIRE_FAILED, .text = sentence },
        { .kind = WIRE_FAILED, .text = (char *)"two\nlines" },
        { .kind = WIRE_FAILED, .text = (char *)"\xff" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        if (wire_check(&wrong[i], &error))
            g_error("row %zu was let through", i);
        g_assert_error(error, CA_ERROR, CA_ERROR_INPUT);
    }
}

static void
a_body_cut_anywhere_is_refused(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_auto(WireMessage) m = example(kinds[i]);
        size_t size = wire_size(&m);
        g_autofree unsigned char *frame = g_malloc(size);
        wire_fill(&m, frame);
        /* What is left of the bytes may be a shorter message of its own; up to there every cut is seen. */
        size_t fixed = 8 + 1 + strlen(m.id) + 2 + (m.text ? strlen(m.text) : 0);
        for (size_t cut = 0; cut < fixed; cut++) {
            g_autoptr(GError) error = NULL;
            g_auto(WireMessage) back = { 0 };
            g_autofree unsigned char *exact = g_memdup2(frame + WIRE_HEADER, cut ? cut : 1);
            g_assert_false(wire_body(m.kind, exact, cut, &back, &error));
            g_assert_error(error, CA_ERROR, CA_ERROR_INPUT);
        }
    }
}

static void
a_header_beyond_the_limit_is_refused_before_the_body(void)
{
    static const unsigned char wrong[][WIRE_HEADER] = {
        { 0xff, 0xff, 0xff, 0xff, WIRE_SIGN, 0, 0, 0 }, { 0, 0, 0, 11, WIRE_PING, 1, 0, 0 }, { 0, 0, 0, 11, 0, 0, 0, 0 },
        { 0, 0, 0, 10, WIRE_PING, 0, 0, 0 },            { 0, 0, 0, 44, WIRE_PING, 0, 0, 0 }, { 0, 0, 0, 11, 64, 0, 0, 0 },
    };
    enum wire_kind kind;
    size_t size;
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(wire_header(wrong[i], &kind, &size, &error));
        g_assert_error(error, CA_ERROR, CA_ERROR_INPUT);
    }
}

static void
a_silent_peer_is_given_up_in_time(void)
{
    int pair[2];
    g_autoptr(GError) error = NULL;
    WireMessage none;
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    g_assert_cmpint(write(pair[0], "\0\0\0", 3), ==, 3);
    gint64 start = g_get_monotonic_time();
    g_assert_false(wire_read(pair[1], &none, start + 50000, &error));
    g_assert_error(error, CA_ERROR, CA_ERROR_DOWN);
    g_assert_cmpint(g_get_monotonic_time() - start, <, 5 * G_USEC_PER_SEC);
    close(pair[0]);
    close(pair[1]);
}

static void
a_peer_that_leaves_within_a_frame_is_an_error(void)
{
    int pair[2];
    g_autoptr(GError) error = NULL;
    WireMessage none;
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    g_assert_cmpint(write(pair[0], "\0\0\0\x0b\1\0\0\0", 8), ==, 8);
    close(pair[0]);
    g_assert_false(wire_read(pair[1], &none, g_get_monotonic_time() + G_USEC_PER_SEC, &error));
    g_assert_error(error, CA_ERROR, CA_ERROR_DOWN);
    close(pair[1]);
}

static void
a_failure_keeps_its_kind_and_one_clean_line(void)
{
    g_autofree char *endless = g_strnfill(1000, 'x');
    g_autoptr(GError) refused = g_error_new(CA_ERROR, CA_ERROR_REFUSED, "cap: too\nmany");
    g_autoptr(GError) foreign = g_error_new(G_FILE_ERROR, G_FILE_ERROR_NOENT, "音%s", endless);
    g_auto(WireMessage) first = { 0 }, second = { 0 };
    g_autoptr(GError) back = NULL;
    wire_failed(refused, &first);
    g_assert_true(wire_check(&first, &back));
    wire_take_failed(&first, &back);
    g_assert_error(back, CA_ERROR, CA_ERROR_REFUSED);
    g_assert_cmpstr(back->message, ==, "cap: too many");
    g_clear_error(&back);
    wire_failed(foreign, &second);
    g_assert_true(wire_check(&second, &back));
    g_assert_cmpint(second.number, ==, CA_ERROR_BROKEN);
    g_assert_cmpuint(strlen(second.text), ==, WIRE_SENTENCE_LONGEST);
}

static void
a_socket_is_made_with_its_mode_and_knows_its_peer(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("inkan-wire-XXXXXX", NULL), *path = g_build_filename(folder, "s", NULL);
    gint64 soon = g_get_monotonic_time() + G_USEC_PER_SEC;
    g_assert_cmpint(wire_connect(path, soon, &error), ==, -1);
    g_assert_error(error, CA_ERROR, CA_ERROR_DOWN);
    g_clear_error(&error);
    int listening = wire_listen(path, 0600, &error);
    g_assert_no_error(error);
    GStatBuf seen;
    g_assert_cmpint(g_stat(path, &seen), ==, 0);
    g_assert_cmpint(seen.st_mode & 0777, ==, 0600);
    int out = wire_connect(path, soon, &error), in = accept(listening, NULL, NULL);
    unsigned uid;
    g_assert_true(wire_peer(in, &uid));
    g_assert_cmpuint(uid, ==, getuid());
    close(out);
    close(in);
    close(listening);
    g_unlink(path);
    g_rmdir(folder);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wire/every message comes out as it went in", every_message_comes_out_as_it_went_in);
    g_test_add_func("/wire/every message crosses a socket", every_message_crosses_a_socket);
    g_test_add_func("/wire/one more than the table allows is refused", one_more_than_the_table_allows_is_refused);
    g_test_add_func("/wire/a body cut anywhere is refused", a_body_cut_anywhere_is_refused);
    g_test_add_func("/wire/a header beyond the limit is refused before the body", a_header_beyond_the_limit_is_refused_before_the_body);
    g_test_add_func("/wire/a silent peer is given up in time", a_silent_peer_is_given_up_in_time);
    g_test_add_func("/wire/a peer that leaves within a frame is an error", a_peer_that_leaves_within_a_frame_is_an_error);
    g_test_add_func("/wire/a failure keeps its kind and one clean line", a_failure_keeps_its_kind_and_one_clean_line);
    g_test_add_func("/wire/a socket is made with its mode and knows its peer", a_socket_is_made_with_its_mode_and_knows_its_peer);
    return g_test_run();
}
