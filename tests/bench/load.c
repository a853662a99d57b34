/*
 * Asks one path of a server on 127.0.0.1 again and again over a fixed number of connections and prints, for `make bench`:
 *
 *     load PORT PATH SECONDS CONNECTIONS [HEADER]...   ->   REQUESTS_PER_SECOND  P50_MS  P99_MS  OTHER_THAN_200  REQUESTS
 *
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
    gint64 asked;
    gsize wanted; /* length of the whole answer once the header is there */
};

static int port;
static GString *question;
static GArray *times; /* gint64 microseconds */
static guint64 other;

static void ask(struct connection *c) {
    if (c->fd < 0) {
        struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((guint16)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int one = 1;

        c->fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0) {
            perror("connect");
            exit(1);
        }
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    }
    g_string_truncate(c->in, 0);
    c->wanted = 0;
    c->asked = g_get_monotonic_time();
    if (write(c->fd, question->str, question->len) != (ssize_t)question->len) perror("write");
}

/* Header complete: how long is it all? Chunked answers end with an empty chunk. */
static gboolean complete(struct connection *c) {
    const char *end = strstr(c->in->str, "\r\n\r\n"), *length;

    if (end == NULL) return FALSE;
    length = g_strstr_len(c->in->str, end - c->in->str, "Content-Length: ");
    if (length != NULL) return c->in->len >= (gsize)(end + 4 - c->in->str) + strtoul(length + 16, NULL, 10);
    return g_str_has_suffix(c->in->str, "\r\n0\r\n\r\n");
}

static void answer(struct connection *c) {
    gint64 took = g_get_monotonic_time() - c->asked;
    gboolean closes = g_strstr_len(c->in->str, 2000, "Connection: close") != NULL;

    g_array_append_val(times, took);
    if (strncmp(c->in->str, "HTTP/1.1 200", 12) != 0) other++;
    if (closes) {
        close(c->fd);
        c->fd = -1;
    }
    ask(c);
}

static void readable(struct connection *c) {
    char block[65536];
    ssize_t n = read(c->fd, block, sizeof block);

    if (n <= 0) { /* the server has closed a kept connection */
        close(c->fd);
        c->fd = -1;
        ask(c);
        return;
    }
    g_string_append_len(c->in, block, n);
    if (complete(c)) answer(c);
}

static int by_size(gconstpointer a, gconstpointer b) {
    gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;

    return (x > y) - (x < y);
}

static double percentile(double part) {
    return times->len == 0 ? 0 : (double)g_array_index(times, gint64, (guint)(part * (times->len - 1))) / 1000;
}

int main(int argc, char **argv) {
    double seconds;
    int n;
    gint64 end, began;

    if (argc < 5) {
        fprintf(stderr, "%s PORT PATH SECONDS CONNECTIONS [HEADER]...\n", argv[0]);
        return 2;
    }
    port = atoi(argv[1]);
    seconds = g_ascii_strtod(argv[3], NULL);
    n = atoi(argv[4]);
    question = g_string_new(NULL);
    g_string_printf(question, "GET %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: load\r\nAccept-Language: en\r\n", argv[2]);
    for (int i = 5; i < argc; i++) g_string_append_printf(question, "%s\r\n", argv[i]);
    g_string_append(question, "\r\n");
    times = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autofree struct connection *all = g_new0(struct connection, (gsize)n);
    g_autofree struct pollfd *wait = g_new0(struct pollfd, (gsize)n);
    began = g_get_monotonic_time();
    end = began + (gint64)(seconds * 1e6);
    for (int i = 0; i < n; i++) {
        all[i].fd = -1;
        all[i].in = g_string_new(NULL);
        ask(&all[i]);
    }
    while (g_get_monotonic_time() < end) {
        for (int i = 0; i < n; i++) wait[i] = (struct pollfd){ .fd = all[i].fd, .events = POLLIN };
        if (poll(wait, (nfds_t)n, 100) <= 0) continue;
        for (int i = 0; i < n; i++)
            if (wait[i].revents != 0) readable(&all[i]);
    }
    seconds = (double)(g_get_monotonic_time() - began) / 1e6;
    g_array_sort(times, by_size);
    printf("%.1f %.3f %.3f %" G_GUINT64_FORMAT " %u\n", times->len / seconds, percentile(0.5), percentile(0.99), other, times->len);
    return 0;
}
