#include "ca/keymaker.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ca/confine.h"
#include "ca/desk.h"
#include "db/log.h"
#include "db/prefork.h"

#define NICENESS 10
#define MAKERS 2            /* one fills the pool; the other stays free for who waits for a key */
#define LONGEST_MAKING 120  /* seconds; RSA-4096 on a busy, niced processor takes up to 20 */
#define TAKE_SECONDS 30
#define AWAY_SECONDS 2
#define MOST_CALLERS 800    /* below the usual limit of 1024 descriptors */
#define MAKER_FILES 16
#define SILENT_SECONDS 5
#define FIRST_FD 3          /* after the standard ones */

/* A child that makes keys; its end of the pair carries WIRE_TAKE there and WIRE_KEY back. */
struct maker {
    pid_t pid;
    int fd;
    gboolean busy;
    enum ca_key_kind kind;
    Caller *caller; /* who waits for it; NULL: the pool, or nobody any more */
};

struct waiting {
    Caller *caller;
    enum ca_key_kind kind;
};

struct keymaker {
    size_t pool_size;
    GPtrArray *pool;   /* Secret *, RSA-2048 */
    GArray *queue;     /* struct waiting, in order of arrival */
    struct maker makers[MAKERS];
};

/* --- the child that makes ------------------------------------------------------------------------------------------------- */

static int
make_keys(int fd)
{
    for (;;) {
        gint64 forever = g_get_monotonic_time() + G_GINT64_CONSTANT(3600) * 24 * 365 * G_USEC_PER_SEC;
        g_auto(WireMessage) order = { 0 }, key = { .kind = WIRE_KEY };
        g_autoptr(GError) error = NULL;
        if (!wire_read(fd, &order, forever, &error))
            return error ? 1 : 0;
        key.secret = ca_key_make((enum ca_key_kind)order.number, &error);
        if (!key.secret || !wire_write(fd, &key, g_get_monotonic_time() + LONGEST_MAKING * G_USEC_PER_SEC, &error)) {
            log_error("key-not-made", error);
            return 1;
        }
    }
}

static gboolean
start_maker(struct keymaker *keymaker, struct maker *maker)
{
    int pair[2];
    pid_t parent = getpid();

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return FALSE;
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
        signal(SIGTERM, SIG_DFL);
        /* What was copied by fork is wiped at once: the ready keys are nobody's business here. */
        g_ptr_array_set_size(keymaker->pool, 0);
        crypto_start();
        /* Nor are the callers' connections, which would not end while a copy is open here. */
        if (dup2(pair[1], FIRST_FD) < 0 || close_range(FIRST_FD + 1, UINT_MAX, 0) != 0)
            _exit(1);
        if (!ca_confine_strict("inkan-portal", MAKER_FILES, FALSE, NULL))
            _exit(1);
        _exit(make_keys(FIRST_FD));
    }
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return FALSE;
    }
    *maker = (struct maker){ .pid = pid, .fd = pair[0] };
    return TRUE;
}

static void
end_maker(struct maker *maker)
{
    if (maker->pid <= 0)
        return;
    kill(maker->pid, SIGKILL);
    waitpid(maker->pid, NULL, 0);
    close(maker->fd);
    *maker = (struct maker){ .fd = -1 };
}

/* --- orders --------------------------------------------------------------------------------------------------------------- */

static void
hand_out(Caller *caller, Secret *key)
{
    WireMessage answer = { .kind = WIRE_KEY, .secret = key };
    desk_answer(caller, &answer);
}

static gboolean
order(struct keymaker *keymaker, struct maker *maker, enum ca_key_kind kind, Caller *caller)
{
    WireMessage message = { .kind = WIRE_TAKE, .number = kind };
    g_autoptr(GError) error = NULL;

    if (maker->pid <= 0 && !start_maker(keymaker, maker)) {
        log_write(LOG_LEVEL_ERROR, "keymaker-fork", "msg", g_strerror(errno), NULL);
        return FALSE;
    }
    if (!wire_write(maker->fd, &message, g_get_monotonic_time() + G_USEC_PER_SEC, &error)) {
        log_error("keymaker-order", error);
        end_maker(maker);
        return FALSE;
    }
    maker->busy = TRUE;
    maker->kind = kind;
    maker->caller = caller;
    return TRUE;
}

/* Who waits comes first, with any free maker; the pool is filled by the first maker alone. */
static void
give_orders(struct keymaker *keymaker)
{
    for (int i = 0; i < MAKERS; i++) {
        struct maker *maker = &keymaker->makers[i];
        if (maker->busy)
            continue;
        if (keymaker->queue->len) {
            struct waiting first = g_array_index(keymaker->queue, struct waiting, 0);
            if (order(keymaker, maker, first.kind, first.caller))
                g_array_remove_index(keymaker->queue, 0);
        } else if (i == 0 && keymaker->pool->len < keymaker->pool_size) {
            (void)order(keymaker, maker, CA_KEY_RSA2048, NULL);
        }
    }
}

/* The first in the queue who can use a key of KIND, taken out of it. */
static Caller *
next_for(struct keymaker *keymaker, enum ca_key_kind kind)
{
    for (guint i = 0; i < keymaker->queue->len; i++) {
        struct waiting *waiting = &g_array_index(keymaker->queue, struct waiting, i);
        if (waiting->kind == kind) {
            Caller *caller = waiting->caller;
            g_array_remove_index(keymaker->queue, i);
            return caller;
        }
    }
    return NULL;
}

/* A key is ready, or its maker died: then the order is given again. */
static void
take_delivery(struct keymaker *keymaker, struct maker *maker)
{
    g_auto(WireMessage) key = { 0 };
    g_autoptr(GError) error = NULL;

    if (!wire_read(maker->fd, &key, g_get_monotonic_time() + G_USEC_PER_SEC, &error) || key.kind != WIRE_KEY) {
        log_write(LOG_LEVEL_ERROR, "keymaker-child-gone", "msg", error ? error->message : "it ended", NULL);
        struct waiting again = { maker->caller, maker->kind };
        if (again.caller)
            g_array_prepend_val(keymaker->queue, again);
        end_maker(maker);
        return;
    }
    Caller *caller = maker->caller ? maker->caller : next_for(keymaker, maker->kind);
    if (caller)
        hand_out(caller, key.secret);
    else if (maker->kind == CA_KEY_RSA2048 && keymaker->pool->len < keymaker->pool_size)
        g_ptr_array_add(keymaker->pool, g_steal_pointer(&key.secret));
    maker->busy = FALSE;
    maker->caller = NULL;
}

/* --- callers -------------------------------------------------------------------------------------------------------------- */

static gboolean
may(unsigned uid, enum wire_kind kind, gpointer data)
{
    (void)data;
    return uid == geteuid() && (kind == WIRE_TAKE || kind == WIRE_PING);
}

static void
make_now(Caller *caller, enum ca_key_kind kind)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Secret) key = ca_key_make(kind, &error);
    if (key)
        hand_out(caller, key);
    else
        desk_answer_error(caller, error);
}

static void
asked(Caller *caller, const WireMessage *question, gpointer data)
{
    struct keymaker *keymaker = data;
    enum ca_key_kind kind = (enum ca_key_kind)question->number;
    WireMessage done = { .kind = WIRE_DONE };

    if (question->kind == WIRE_PING) {
        desk_answer(caller, &done);
    } else if (!ca_key_kind_is_rsa(kind)) {
        make_now(caller, kind); /* far below a millisecond */
    } else if (kind == CA_KEY_RSA2048 && keymaker->pool->len) {
        g_autoptr(Secret) key = g_ptr_array_steal_index(keymaker->pool, 0);
        hand_out(caller, key);
    } else {
        struct waiting waiting = { caller, kind };
        g_array_append_val(keymaker->queue, waiting);
    }
}

static void
left(Caller *caller, gpointer data)
{
    struct keymaker *keymaker = data;
    for (int i = 0; i < MAKERS; i++)
        if (keymaker->makers[i].caller == caller)
            keymaker->makers[i].caller = NULL;
    for (guint i = keymaker->queue->len; i-- > 0;)
        if (g_array_index(keymaker->queue, struct waiting, i).caller == caller)
            g_array_remove_index(keymaker->queue, i);
}

/* --- the process ---------------------------------------------------------------------------------------------------------- */

static void
serve(struct keymaker *keymaker, Desk *desk)
{
    while (!prefork_stopping()) {
        struct pollfd fds[MAKERS];
        give_orders(keymaker);
        for (int i = 0; i < MAKERS; i++)
            fds[i] = (struct pollfd){ .fd = keymaker->makers[i].busy ? keymaker->makers[i].fd : -1, .events = POLLIN };
        desk_round(desk, fds, MAKERS, 1000);
        for (int i = 0; i < MAKERS; i++)
            if (fds[i].revents)
                take_delivery(keymaker, &keymaker->makers[i]);
    }
}

int
ca_keymaker_run(const char *socket, int pool)
{
    g_autoptr(GError) error = NULL;
    struct keymaker keymaker = { .pool_size = (size_t)MAX(pool, 0) };
    const struct desk_rules rules = { MOST_CALLERS, SILENT_SECONDS, may, asked, left, &keymaker };

    ca_confine_start();
    crypto_start();
    if (!ca_confine_wide("inkan-portal", &error)) {
        log_error("keymaker-not-confined", error);
        return 1;
    }
    if (setpriority(PRIO_PROCESS, 0, NICENESS) != 0)
        log_write(LOG_LEVEL_WARNING, "keymaker-not-niced", "msg", g_strerror(errno), NULL);
    int listening = wire_listen(socket, 0600, &error);
    if (listening < 0) {
        log_error("keymaker-socket", error);
        return 1;
    }
    keymaker.pool = g_ptr_array_new_with_free_func((GDestroyNotify)secret_free);
    keymaker.queue = g_array_new(FALSE, FALSE, sizeof(struct waiting));
    for (int i = 0; i < MAKERS; i++)
        keymaker.makers[i].fd = -1;

    Desk *desk = desk_new(listening, &rules);
    serve(&keymaker, desk);
    desk_free(desk);
    for (int i = 0; i < MAKERS; i++)
        end_maker(&keymaker.makers[i]);
    g_ptr_array_unref(keymaker.pool);
    g_array_unref(keymaker.queue);
    close(listening);
    /* The path stays: after the master was killed the next keymaker may have taken it already. */
    return 0;
}

/* --- the client ----------------------------------------------------------------------------------------------------------- */

static Secret *
take_once(const char *socket, enum ca_key_kind kind, gint64 deadline, GError **error)
{
    WireMessage question = { .kind = WIRE_TAKE, .number = kind };
    g_auto(WireMessage) answer = { 0 };
    g_autoptr(GError) why = NULL;

    int fd = wire_connect(socket, deadline, error);
    if (fd < 0)
        return NULL;
    gboolean ok = wire_write(fd, &question, deadline, &why) && wire_read(fd, &answer, deadline, &why);
    close(fd);
    if (ok && answer.kind == WIRE_KEY)
        return g_steal_pointer(&answer.secret);
    if (ok && answer.kind == WIRE_FAILED)
        wire_take_failed(&answer, error);
    else if (why)
        g_propagate_error(error, g_steal_pointer(&why));
    else
        g_set_error(error, CA_ERROR, CA_ERROR_DOWN, "the keymaker closed the connection");
    return NULL;
}

Secret *
ca_keymaker_take(const char *socket, enum ca_key_kind kind, GError **error)
{
    gint64 start = g_get_monotonic_time(), give_up = start + AWAY_SECONDS * G_USEC_PER_SEC;
    for (;;) {
        g_autoptr(GError) why = NULL;
        Secret *key = take_once(socket, kind, start + TAKE_SECONDS * G_USEC_PER_SEC, &why);
        if (key)
            return key;
        if (!g_error_matches(why, CA_ERROR, CA_ERROR_DOWN) || g_get_monotonic_time() >= give_up) {
            g_propagate_error(error, g_steal_pointer(&why));
            return NULL;
        }
        g_usleep(50000);
    }
}
