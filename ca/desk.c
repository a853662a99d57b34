#include "ca/desk.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "db/log.h"

enum turn { READING, WAITING, WRITING, LEAVING };

struct caller {
    Desk *desk;
    int fd;
    unsigned uid;
    enum turn turn;
    gint64 deadline;                  /* of reading or writing */
    unsigned char header[WIRE_HEADER];
    enum wire_kind kind;
    unsigned char *body;              /* once the header is there; wiped, because a token may be in it */
    size_t size, got;                 /* of the body; GOT counts the header too */
    unsigned char *out;               /* what could not be sent at once */
    size_t out_size, sent;
};

struct desk {
    int listening;
    const struct desk_rules *rules;
    GPtrArray *callers;
    GArray *fds; /* struct pollfd: MORE, the callers, the listening socket */
};

static void
drop_body(Caller *caller)
{
    if (caller->body)
        crypto_wipe(caller->body, caller->size);
    g_clear_pointer(&caller->body, g_free);
    caller->size = caller->got = 0;
}

static void
caller_free(gpointer data)
{
    Caller *caller = data;
    drop_body(caller);
    close(caller->fd);
    g_free(caller->out);
    g_free(caller);
}

static void
set_turn(Caller *caller, enum turn turn)
{
    caller->turn = turn;
    caller->deadline = g_get_monotonic_time() + caller->desk->rules->seconds * G_USEC_PER_SEC;
}

Desk *
desk_new(int listening, const struct desk_rules *rules)
{
    Desk *desk = g_new0(Desk, 1);
    desk->listening = listening;
    desk->rules = rules;
    desk->callers = g_ptr_array_new_with_free_func(caller_free);
    desk->fds = g_array_new(FALSE, TRUE, sizeof(struct pollfd));
    return desk;
}

void
desk_free(Desk *desk)
{
    if (!desk)
        return;
    g_ptr_array_unref(desk->callers);
    g_array_unref(desk->fds);
    g_free(desk);
}

/* --- answering ------------------------------------------------------------------------------------------------------------ */

/* TRUE: all of it went out. */
static gboolean
send_some(Caller *caller, const unsigned char *data, size_t size, size_t *sent)
{
    while (*sent < size) {
        ssize_t n = send(caller->fd, data + *sent, size - *sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0)
            *sent += (size_t)n;
        else if (errno != EINTR)
            break;
    }
    return *sent == size;
}

/* A key stays in locked memory; a socket takes far more than its 8 kB at once, so who cannot is sent away. */
static void
answer_secret(Caller *caller, const WireMessage *answer)
{
    size_t size = wire_size(answer), sent = 0;
    g_autoptr(Secret) frame = secret_new(size);
    wire_fill(answer, secret_bytes(frame));
    set_turn(caller, send_some(caller, secret_bytes(frame), size, &sent) ? READING : LEAVING);
}

void
desk_answer(Caller *caller, const WireMessage *answer)
{
    g_autoptr(GError) error = NULL;
    drop_body(caller);
    if (!wire_check(answer, &error)) {
        log_error("answer-not-allowed", error);
        caller->turn = LEAVING;
        return;
    }
    if (answer->kind == WIRE_KEY) {
        answer_secret(caller, answer);
        return;
    }
    caller->out_size = wire_size(answer);
    caller->sent = 0;
    caller->out = g_malloc(caller->out_size);
    wire_fill(answer, caller->out);
    set_turn(caller, WRITING);
    if (send_some(caller, caller->out, caller->out_size, &caller->sent)) {
        g_clear_pointer(&caller->out, g_free);
        set_turn(caller, READING);
    }
}

void
desk_answer_error(Caller *caller, const GError *error)
{
    g_auto(WireMessage) answer = { 0 };
    wire_failed(error, &answer);
    desk_answer(caller, &answer);
}

/* --- listening ------------------------------------------------------------------------------------------------------------ */

static void
send_away(Caller *caller, const char *why)
{
    g_autofree char *uid = g_strdup_printf("%u", caller->uid);
    log_write(LOG_LEVEL_WARNING, "caller-sent-away", "uid", uid, "why", why, NULL);
    caller->turn = LEAVING;
}

static gboolean
take_header(Caller *caller)
{
    const struct desk_rules *rules = caller->desk->rules;
    g_autoptr(GError) error = NULL;

    if (!wire_header(caller->header, &caller->kind, &caller->size, &error)) {
        caller->size = 0;
        send_away(caller, error->message);
        return FALSE;
    }
    if (!wire_is_question(caller->kind) || !rules->may(caller->uid, caller->kind, rules->data)) {
        caller->size = 0;
        send_away(caller, "this user may not ask that");
        return FALSE;
    }
    caller->body = g_malloc(caller->size);
    return TRUE;
}

static void
take_body(Caller *caller)
{
    const struct desk_rules *rules = caller->desk->rules;
    g_auto(WireMessage) question = { 0 };
    g_autoptr(GError) error = NULL;

    if (!wire_body(caller->kind, caller->body, caller->size, &question, &error)) {
        send_away(caller, error->message);
        return;
    }
    drop_body(caller);
    caller->turn = WAITING;
    log_set_id(question.id);
    rules->question(caller, &question, rules->data);
    log_set_id(NULL);
}

/* Reads what is there, one question at most: whoever asks without end waits for the others in between. */
static void
listen_to(Caller *caller)
{
    while (caller->turn == READING) {
        gboolean heading = caller->got < WIRE_HEADER;
        unsigned char *to = heading ? caller->header + caller->got : caller->body + (caller->got - WIRE_HEADER);
        size_t want = (heading ? WIRE_HEADER : WIRE_HEADER + caller->size) - caller->got;
        ssize_t n = recv(caller->fd, to, want, MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            caller->turn = LEAVING;
            return;
        }
        caller->got += (size_t)n;
        if (caller->got == WIRE_HEADER && !take_header(caller))
            return;
        if (caller->got > WIRE_HEADER && caller->got == WIRE_HEADER + caller->size) {
            take_body(caller);
            return;
        }
    }
}

static void
write_on(Caller *caller)
{
    if (send_some(caller, caller->out, caller->out_size, &caller->sent)) {
        g_clear_pointer(&caller->out, g_free);
        set_turn(caller, READING);
    } else if (errno != EAGAIN) {
        caller->turn = LEAVING;
    }
}

static void
serve(Caller *caller, short events)
{
    switch (caller->turn) {
    case READING: listen_to(caller); break;
    case WRITING: write_on(caller); break;
    case WAITING: /* it was asked for nothing, so an event is the end of the connection */
        if (events & (POLLHUP | POLLERR)) {
            if (caller->desk->rules->gone)
                caller->desk->rules->gone(caller, caller->desk->rules->data);
            caller->turn = LEAVING;
        }
        break;
    case LEAVING: break;
    }
}

/* One at a time: where several processes share the socket, the next goes to whoever is free. */
static void
welcome(Desk *desk)
{
    int fd = accept4(desk->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    Caller *caller = g_new0(Caller, 1);
    caller->desk = desk;
    caller->fd = fd;
    g_ptr_array_add(desk->callers, caller);
    set_turn(caller, READING);
    if (!wire_peer(fd, &caller->uid))
        caller->turn = LEAVING;
    else
        listen_to(caller); /* the question usually is there already */
}

static void
say_goodbye(Desk *desk)
{
    gint64 now = g_get_monotonic_time();
    for (guint i = desk->callers->len; i-- > 0;) {
        Caller *caller = desk->callers->pdata[i];
        gboolean timed = caller->turn == READING || caller->turn == WRITING;
        if (timed && now > caller->deadline) {
            if (caller->got || caller->turn == WRITING)
                send_away(caller, "silent in the middle of a message");
            caller->turn = LEAVING;
        }
        if (caller->turn == LEAVING)
            g_ptr_array_remove_index_fast(desk->callers, i);
    }
}

/* Until the first deadline, at most MILLISECONDS. */
static int
patience(const Desk *desk, int milliseconds)
{
    gint64 now = g_get_monotonic_time(), left = milliseconds;
    for (guint i = 0; i < desk->callers->len; i++) {
        const Caller *caller = desk->callers->pdata[i];
        if (caller->turn == READING || caller->turn == WRITING)
            left = MIN(left, (caller->deadline - now) / 1000 + 1);
    }
    return (int)MAX(left, 0);
}

static void
add_fd(Desk *desk, int fd, short events)
{
    struct pollfd one = { .fd = fd, .events = events };
    g_array_append_val(desk->fds, one);
}

void
desk_round(Desk *desk, struct pollfd *more, size_t n, int milliseconds)
{
    static const short wanted[] = { [READING] = POLLIN, [WAITING] = 0, [WRITING] = POLLOUT, [LEAVING] = 0 };
    guint callers = desk->callers->len;

    g_array_set_size(desk->fds, 0);
    g_array_append_vals(desk->fds, more, (guint)n);
    for (guint i = 0; i < callers; i++) {
        const Caller *caller = desk->callers->pdata[i];
        add_fd(desk, caller->fd, wanted[caller->turn]);
    }
    if (callers < desk->rules->most)
        add_fd(desk, desk->listening, POLLIN);

    struct pollfd *fds = (struct pollfd *)(gpointer)desk->fds->data;
    if (poll(fds, desk->fds->len, patience(desk, milliseconds)) < 0)
        for (guint i = 0; i < desk->fds->len; i++)
            fds[i].revents = 0;
    for (size_t i = 0; i < n; i++)
        more[i].revents = fds[i].revents;
    for (guint i = 0; i < callers; i++)
        if (fds[n + i].revents)
            serve(desk->callers->pdata[i], fds[n + i].revents);
    if (callers < desk->rules->most && fds[n + callers].revents)
        welcome(desk);
    say_goodbye(desk);
}
