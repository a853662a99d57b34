/*
 * Asks a server on 127.0.0.1 over a fixed number of connections and prints, for `make bench`:
 *
 *     load PORT PATH SECONDS CONNECTIONS [HEADER]...   ->   REQUESTS_PER_SECOND  P50_MS  P99_MS  OTHER_THAN_200  REQUESTS
 *     (with a header If-None-Match OTHER counts answers that are not 304)
 *     load --once FILE PORT SECONDS CONNECTIONS MARK   ->   the same, but OTHER counts answers without MARK in their header
 *
 * The first asks for the same path again and again. The second sends whole requests that were made ready before, each once:
 * FILE holds, for each, a line with its length and then as many bytes; it ends when all are answered or the time is over.
 * Plain HTTP/1.1 with kept connections; one thread with poll, so that it takes little of the machine that it measures.
 */
#include <arpa/inet.h>
#include <glib.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct connection {
    int fd;
    GString *in;
    GBytes *question; /* what waits for an answer; NULL: nothing any more */
    gint64 asked;
};

static int port;
static GPtrArray *questions; /* GBytes * */
static gboolean once;        /* each question once */
static guint next;
static const char *mark;
static GArray *times; /* gint64 microseconds */
static guint64 other;

static GBytes *next_question(void) {
    if (!once) return g_ptr_array_index(questions, 0);
    return next < questions->len ? g_ptr_array_index(questions, next++) : NULL;
}

static void dial(struct connection *c) {
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((guint16)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int one = 1;

    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0) {
        perror("connect");
        exit(1);
    }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

/* A question is smaller than the kernel's buffer: it goes out at once. */
static void send_question(struct connection *c) {
    gsize n = 0;
    const char *bytes = g_bytes_get_data(c->question, &n);

    if (c->fd < 0) dial(c);
    g_string_truncate(c->in, 0);
    c->asked = g_get_monotonic_time();
    if (write(c->fd, bytes, n) != (ssize_t)n) perror("write");
}

static void ask(struct connection *c) {
    c->question = next_question();
    if (c->question != NULL) send_question(c);
}

static void hang_up(struct connection *c) {
    close(c->fd);
    c->fd = -1;
}

/* Header complete: how long is it all? Chunked answers end with an empty chunk. */
static gboolean complete(struct connection *c) {
    const char *end = strstr(c->in->str, "\r\n\r\n"), *length;

    if (end == NULL) return FALSE;
    if (g_str_has_prefix(c->in->str, "HTTP/1.1 304")) return TRUE;
    length = g_strstr_len(c->in->str, end - c->in->str, "Content-Length: ");
    if (length != NULL) return c->in->len >= (gsize)(end + 4 - c->in->str) + strtoul(length + 16, NULL, 10);
    return g_str_has_suffix(c->in->str, "\r\n0\r\n\r\n");
}

static void answer(struct connection *c) {
    gint64 took = g_get_monotonic_time() - c->asked;
    gssize header = strstr(c->in->str, "\r\n\r\n") - c->in->str;

    g_array_append_val(times, took);
    if (g_strstr_len(c->in->str, header, mark) == NULL && other++ == 0 && once)
        fprintf(stderr, "the first answer that was not wanted:\n%.1500s\n", c->in->str);
    if (g_str_has_prefix(c->in->str, "HTTP/1.0") || g_strstr_len(c->in->str, header, "Connection: close") != NULL) hang_up(c);
    ask(c);
}

static void readable(struct connection *c) {
    char block[65536];
    ssize_t n = read(c->fd, block, sizeof block);

    if (n <= 0) { /* the server has closed a kept connection */
        hang_up(c);
        if (c->question != NULL) send_question(c);
        return;
    }
    g_string_append_len(c->in, block, n);
    if (complete(c)) answer(c);
}

/* Until END or nothing is waited for. */
static void converse(struct connection *all, int n, gint64 end) {
    g_autofree struct pollfd *wait = g_new0(struct pollfd, (gsize)n);

    for (;;) {
        int waiting = 0;
        for (int i = 0; i < n; i++) {
            wait[i] = (struct pollfd){ .fd = all[i].question != NULL ? all[i].fd : -1, .events = POLLIN };
            waiting += all[i].question != NULL;
        }
        if (waiting == 0 || g_get_monotonic_time() >= end) return;
        if (poll(wait, (nfds_t)n, 100) <= 0) continue;
        for (int i = 0; i < n; i++)
            if (wait[i].revents != 0) readable(&all[i]);
    }
}

static int by_size(gconstpointer a, gconstpointer b) {
    gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;

    return (x > y) - (x < y);
}

static double percentile(double part) {
    return times->len == 0 ? 0 : (double)g_array_index(times, gint64, (guint)(part * (times->len - 1))) / 1000;
}

static void read_questions(const char *file) {
    g_autoptr(GError) error = NULL;
    char *text = NULL, *p;
    gsize size = 0, n;

    if (!g_file_get_contents(file, &text, &size, &error)) {
        fprintf(stderr, "load: %s\n", error->message);
        exit(1);
    }
    for (p = text; p < text + size; p += n) {
        n = strtoul(p, &p, 10);
        p++;
        g_ptr_array_add(questions, g_bytes_new_static(p, n));
    }
}

static gboolean is_conditional(char **headers, int n) {
    for (int i = 0; i < n; i++)
        if (g_str_has_prefix(headers[i], "If-None-Match:")) return TRUE;
    return FALSE;
}

static void make_question(const char *path, char **headers, int n) {
    GString *question = g_string_new(NULL);

    g_string_printf(question, "GET %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: load\r\nAccept-Language: en\r\n", path);
    for (int i = 0; i < n; i++) g_string_append_printf(question, "%s\r\n", headers[i]);
    g_string_append(question, "\r\n");
    g_ptr_array_add(questions, g_string_free_to_bytes(question));
}

int main(int argc, char **argv) {
    double seconds;
    int n;
    gint64 began;

    once = argc == 7 && g_str_equal(argv[1], "--once");
    if (argc < 5) {
        fprintf(stderr, "%s PORT PATH SECONDS CONNECTIONS [HEADER]...\n%s --once FILE PORT SECONDS CONNECTIONS MARK\n", argv[0], argv[0]);
        return 2;
    }
    questions = g_ptr_array_new();
    port = atoi(argv[once ? 3 : 1]);
    seconds = g_ascii_strtod(argv[once ? 4 : 3], NULL);
    n = atoi(argv[once ? 5 : 4]);
    mark = once ? argv[6] : is_conditional(argv + 5, argc - 5) ? "HTTP/1.1 304" : "HTTP/1.1 200";
    if (once) read_questions(argv[2]);
    else make_question(argv[2], argv + 5, argc - 5);
    times = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autofree struct connection *all = g_new0(struct connection, (gsize)n);
    began = g_get_monotonic_time();
    for (int i = 0; i < n; i++) {
        all[i].fd = -1;
        all[i].in = g_string_new(NULL);
        ask(&all[i]);
    }
    converse(all, n, began + (gint64)(seconds * 1e6));
    seconds = (double)(g_get_monotonic_time() - began) / 1e6;
    g_array_sort(times, by_size);
    printf("%.1f %.3f %.3f %" G_GUINT64_FORMAT " %u\n", times->len / seconds, percentile(0.5), percentile(0.99), other, times->len);
    return 0;
}
