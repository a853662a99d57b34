#include "ca/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "ca/key.h"

#define FIXED (8 + 1 + 2) /* number, length of id, length of text: in every body */
#define MOST_ERRORS CA_ERROR_BROKEN

enum words { NO_TEXT, TOKEN, ISSUER, SENTENCE };

/*
 * What each kind may carry. The sizes: a CSR of RSA-4096 has 1.3 kB, and 16 kB is the bound of ca/csr.h; an OCSP request is
 * bounded by ca/ocsp.h at 4 kB, its answer of ten singles with a delegate's certificate stays below 8 kB; a certificate with
 * every text at its longest stays below 4 kB; RSA-4096 in PKCS#8 has 2.4 kB.
 */
static const struct rule {
    enum wire_kind kind;
    const char *name;
    gint64 most;               /* of number */
    enum words words;
    size_t text_least, text_most;
    size_t bytes_least, bytes_most;
} rules[] = {
    { WIRE_PING, "ping", 0, NO_TEXT, 0, 0, 0, 0 },
    { WIRE_SIGN, "sign", G_MAXINT64, TOKEN, WIRE_TOKEN, WIRE_TOKEN, 1, 16384 },
    { WIRE_PUBLISH, "publish", 1, ISSUER, 1, WIRE_ISSUER_LONGEST, 0, 0 },
    { WIRE_RESPONDER, "responder", 0, ISSUER, 1, WIRE_ISSUER_LONGEST, 1, 16384 },
    { WIRE_OCSP, "ocsp", 0, NO_TEXT, 0, 0, 0, 4096 },
    { WIRE_TAKE, "take", CA_KEY_KINDS - 1, NO_TEXT, 0, 0, 0, 0 },
    { WIRE_DONE, "done", 0, NO_TEXT, 0, 0, 0, 0 },
    { WIRE_CERTIFICATE, "certificate", 0, NO_TEXT, 0, 0, 1, 16384 },
    { WIRE_STATUS, "status", 86400, NO_TEXT, 0, 0, 1, 16384 },
    { WIRE_KEY, "key", 0, NO_TEXT, 0, 0, 1, 8192 },
    { WIRE_FAILED, "failed", MOST_ERRORS, SENTENCE, 0, WIRE_SENTENCE_LONGEST, 0, 0 },
};

static const struct rule *
rule_of(enum wire_kind kind)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++)
        if (rules[i].kind == kind)
            return &rules[i];
    return NULL;
}

gboolean
wire_is_question(enum wire_kind kind)
{
    return kind < WIRE_DONE;
}

static gboolean
bad(GError **error, const char *name, const char *what)
{
    g_set_error(error, CA_ERROR, CA_ERROR_INPUT, "wire: %s: %s", name, what);
    return FALSE;
}

void
wire_clear(WireMessage *message)
{
    crypto_wipe_text(message->text);
    g_clear_pointer(&message->text, g_free);
    g_clear_pointer(&message->id, g_free);
    g_clear_pointer(&message->bytes, g_bytes_unref);
    g_clear_pointer(&message->secret, secret_free);
    message->number = 0;
}

/* --- the table applied ---------------------------------------------------------------------------------------------------- */

static gboolean
id_ok(const char *id, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!g_ascii_isalnum(id[i]) && id[i] != '-')
            return FALSE;
    return size <= WIRE_ID_LONGEST;
}

static gboolean
text_ok(enum words words, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        gboolean small = g_ascii_islower(text[i]) || g_ascii_isdigit(text[i]) || text[i] == '-';
        switch (words) {
        case NO_TEXT: return FALSE;
        case ISSUER:
            if (!small)
                return FALSE;
            break;
        case TOKEN:
            if (!small && !g_ascii_isupper(text[i]) && text[i] != '_')
                return FALSE;
            break;
        case SENTENCE:
            if (g_ascii_iscntrl(text[i]))
                return FALSE;
            break;
        }
    }
    return words != SENTENCE || g_utf8_validate(text, (gssize)size, NULL);
}

/* The one place that compares a message's parts with its rule, for both directions. */
static gboolean
parts_ok(const struct rule *rule, gint64 number, const char *id, size_t id_size, const char *text, size_t text_size,
         size_t size, GError **error)
{
    if (number < 0 || number > rule->most)
        return bad(error, rule->name, "number");
    if (!id_ok(id, id_size))
        return bad(error, rule->name, "id");
    if (text_size < rule->text_least || text_size > rule->text_most || !text_ok(rule->words, text, text_size))
        return bad(error, rule->name, "text");
    if (size < rule->bytes_least || size > rule->bytes_most)
        return bad(error, rule->name, "bytes");
    return TRUE;
}

static const void *
payload(const WireMessage *message, size_t *size)
{
    *size = 0;
    if (message->kind != WIRE_KEY)
        return message->bytes ? g_bytes_get_data(message->bytes, size) : NULL;
    if (!message->secret)
        return NULL;
    *size = secret_size(message->secret);
    return secret_bytes(message->secret);
}

gboolean
wire_check(const WireMessage *message, GError **error)
{
    const struct rule *rule = rule_of(message->kind);
    const char *id = message->id ? message->id : "", *text = message->text ? message->text : "";
    size_t size;

    if (!rule)
        return bad(error, "?", "kind");
    if (message->kind == WIRE_KEY ? message->bytes != NULL : message->secret != NULL)
        return bad(error, rule->name, "secret");
    payload(message, &size);
    return parts_ok(rule, message->number, id, strlen(id), text, strlen(text), size, error);
}

/* --- bytes ---------------------------------------------------------------------------------------------------------------- */

static unsigned char *
put_number(unsigned char *p, guint64 value, int size)
{
    for (int i = size - 1; i >= 0; i--, value >>= 8)
        p[i] = (unsigned char)value;
    return p + size;
}

static guint64
number_at(const unsigned char *p, int size)
{
    guint64 value = 0;
    for (int i = 0; i < size; i++)
        value = value << 8 | p[i];
    return value;
}

static unsigned char *
put(unsigned char *p, const void *data, size_t size)
{
    if (size)
        memcpy(p, data, size);
    return p + size;
}

size_t
wire_size(const WireMessage *message)
{
    size_t size;
    payload(message, &size);
    return WIRE_HEADER + FIXED + (message->id ? strlen(message->id) : 0) + (message->text ? strlen(message->text) : 0) + size;
}

void
wire_fill(const WireMessage *message, unsigned char *buffer)
{
    size_t id = message->id ? strlen(message->id) : 0, text = message->text ? strlen(message->text) : 0, size;
    const void *data = payload(message, &size);
    unsigned char *p = put_number(buffer, wire_size(message) - WIRE_HEADER, 4);

    p = put_number(p, (guint64)message->kind << 24, 4);
    p = put_number(p, (guint64)message->number, 8);
    p = put_number(p, id, 1);
    p = put(p, message->id, id);
    p = put_number(p, text, 2);
    p = put(p, message->text, text);
    put(p, data, size);
}

gboolean
wire_header(const unsigned char header[WIRE_HEADER], enum wire_kind *kind, size_t *size, GError **error)
{
    const struct rule *rule = rule_of((enum wire_kind)header[4]);

    if (!rule || header[5] || header[6] || header[7])
        return bad(error, "?", "kind");
    *kind = rule->kind;
    *size = number_at(header, 4);
    if (*size < FIXED + rule->text_least + rule->bytes_least ||
        *size > FIXED + WIRE_ID_LONGEST + rule->text_most + rule->bytes_most)
        return bad(error, rule->name, "size");
    return TRUE;
}

gboolean
wire_body(enum wire_kind kind, const unsigned char *body, size_t size, WireMessage *message, GError **error)
{
    const struct rule *rule = rule_of(kind);

    if (!rule)
        return bad(error, "?", "kind");
    if (size < FIXED)
        return bad(error, rule->name, "size");
    guint64 number = number_at(body, 8);
    size_t id_size = body[8];
    if (size < FIXED + id_size)
        return bad(error, rule->name, "id");
    const char *id = (const char *)body + 9;
    size_t text_size = number_at(body + 9 + id_size, 2);
    if (size < FIXED + id_size + text_size)
        return bad(error, rule->name, "text");
    const char *text = id + id_size + 2;
    size_t rest = size - FIXED - id_size - text_size;
    if (!parts_ok(rule, number > G_MAXINT64 ? -1 : (gint64)number, id, id_size, text, text_size, rest, error))
        return FALSE;

    *message = (WireMessage){ .kind = kind, .number = (gint64)number, .id = g_strndup(id, id_size),
                              .text = g_strndup(text, text_size) };
    if (kind == WIRE_KEY)
        message->secret = secret_from(text + text_size, rest);
    else
        message->bytes = g_bytes_new(text + text_size, rest);
    return TRUE;
}

/* --- failures ------------------------------------------------------------------------------------------------------------- */

void
wire_failed(const GError *error, WireMessage *message)
{
    g_autofree char *text = g_utf8_make_valid(error->message, -1);
    for (char *c = text; *c; c++)
        if (g_ascii_iscntrl(*c))
            *c = ' ';
    char *end = text;
    for (char *next = end; *next && next - text <= WIRE_SENTENCE_LONGEST; next = g_utf8_next_char(next))
        if (g_utf8_next_char(next) - text <= WIRE_SENTENCE_LONGEST)
            end = g_utf8_next_char(next);
    *end = '\0';
    gboolean ours = error->domain == CA_ERROR && error->code >= 0 && error->code <= MOST_ERRORS;
    *message = (WireMessage){ .kind = WIRE_FAILED, .number = ours ? error->code : CA_ERROR_BROKEN,
                              .text = g_steal_pointer(&text) };
}

void
wire_take_failed(const WireMessage *message, GError **error)
{
    g_set_error_literal(error, CA_ERROR, (gint)message->number, message->text ? message->text : "");
}

/* --- sockets -------------------------------------------------------------------------------------------------------------- */

static gboolean
gone(GError **error, const char *what)
{
    g_set_error(error, CA_ERROR, CA_ERROR_DOWN, "wire: %s", what);
    return FALSE;
}

/* Waits until FD is ready for EVENTS. */
static gboolean
wait_for(int fd, short events, gint64 deadline, GError **error)
{
    for (;;) {
        gint64 left = (deadline - g_get_monotonic_time() + 999) / 1000;
        struct pollfd wait = { .fd = fd, .events = events };
        if (left <= 0)
            return gone(error, "no answer in time");
        int n = poll(&wait, 1, (int)MIN(left, 3600000));
        if (n > 0)
            return TRUE;
        if (n < 0 && errno != EINTR)
            return gone(error, g_strerror(errno));
    }
}

static gboolean
write_all(int fd, const unsigned char *data, size_t size, gint64 deadline, GError **error)
{
    while (size) {
        ssize_t n = send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0) {
            data += n;
            size -= (size_t)n;
        } else if (errno == EAGAIN) {
            if (!wait_for(fd, POLLOUT, deadline, error))
                return FALSE;
        } else if (errno != EINTR) {
            return gone(error, g_strerror(errno));
        }
    }
    return TRUE;
}

/* FALSE without ERROR: closed before the first byte. */
static gboolean
read_all(int fd, unsigned char *data, size_t size, gint64 deadline, GError **error)
{
    for (size_t got = 0; got < size;) {
        ssize_t n = recv(fd, data + got, size - got, MSG_DONTWAIT);
        if (n > 0)
            got += (size_t)n;
        else if (n == 0)
            return got ? gone(error, "the other side closed the connection") : FALSE;
        else if (errno == EAGAIN) {
            if (!wait_for(fd, POLLIN, deadline, error))
                return FALSE;
        } else if (errno != EINTR) {
            return gone(error, g_strerror(errno));
        }
    }
    return TRUE;
}

/* Frames that carry a token or a key are built and read in locked memory. */
static gboolean
is_secret(enum wire_kind kind)
{
    return kind == WIRE_SIGN || kind == WIRE_KEY;
}

gboolean
wire_write(int fd, const WireMessage *message, gint64 deadline, GError **error)
{
    if (!wire_check(message, error))
        return FALSE;
    size_t size = wire_size(message);
    if (is_secret(message->kind)) {
        g_autoptr(Secret) frame = secret_new(size);
        wire_fill(message, secret_bytes(frame));
        return write_all(fd, secret_bytes(frame), size, deadline, error);
    }
    g_autofree unsigned char *frame = g_malloc(size);
    wire_fill(message, frame);
    return write_all(fd, frame, size, deadline, error);
}

static gboolean
read_body(int fd, unsigned char *body, size_t size, gint64 deadline, GError **error)
{
    g_autoptr(GError) why = NULL;
    if (read_all(fd, body, size, deadline, &why))
        return TRUE;
    if (!why)
        return gone(error, "the other side closed the connection");
    g_propagate_error(error, g_steal_pointer(&why));
    return FALSE;
}

gboolean
wire_read(int fd, WireMessage *message, gint64 deadline, GError **error)
{
    unsigned char header[WIRE_HEADER];
    enum wire_kind kind;
    size_t size;

    if (!read_all(fd, header, sizeof header, deadline, error) || !wire_header(header, &kind, &size, error))
        return FALSE;
    if (is_secret(kind)) {
        g_autoptr(Secret) body = secret_new(size);
        return read_body(fd, secret_bytes(body), size, deadline, error) &&
               wire_body(kind, secret_bytes(body), size, message, error);
    }
    g_autofree unsigned char *body = g_malloc(size);
    return read_body(fd, body, size, deadline, error) && wire_body(kind, body, size, message, error);
}

static gboolean
address_of(const char *path, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    return g_strlcpy(address->sun_path, path, sizeof address->sun_path) < sizeof address->sun_path;
}

int
wire_listen(const char *path, unsigned mode, GError **error)
{
    struct sockaddr_un address;
    if (!address_of(path, &address)) {
        g_set_error(error, CA_ERROR, CA_ERROR_BROKEN, "socket %s: the path is too long", path);
        return -1;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    g_unlink(path);
    mode_t before = umask(~(mode_t)mode & 0777); /* so that it is never open wider, not even for a moment */
    gboolean ok = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 512) == 0;
    int why = errno;
    umask(before);
    if (ok)
        return fd;
    g_set_error(error, CA_ERROR, CA_ERROR_BROKEN, "socket %s: %s", path, g_strerror(why));
    if (fd >= 0)
        close(fd);
    return -1;
}

int
wire_connect(const char *path, gint64 deadline, GError **error)
{
    struct sockaddr_un address;
    if (!address_of(path, &address)) {
        g_set_error(error, CA_ERROR, CA_ERROR_BROKEN, "socket %s: the path is too long", path);
        return -1;
    }
    for (;;) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
            return fd;
        int why = errno;
        if (fd >= 0)
            close(fd);
        /* EAGAIN: its queue is full. Everything else: nobody is there. */
        if ((why != EAGAIN && why != EINTR) || g_get_monotonic_time() >= deadline) {
            g_set_error(error, CA_ERROR, CA_ERROR_DOWN, "nobody answers at socket %s: %s", path, g_strerror(why));
            return -1;
        }
        g_usleep(5000);
    }
}

gboolean
wire_peer(int fd, unsigned *uid)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return FALSE;
    *uid = peer.uid;
    return TRUE;
}
