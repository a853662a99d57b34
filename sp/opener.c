#include "sp/opener.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/log.h"
#include "db/prefork.h"
#include "sp/carry.h"
#include "sp/confine.h"
#include "sp/logo.h"
#include "sp/metadata_job.h"
#include "sp/opener_wire.h"
#include "sp/peer.h"
#include "sp/warm.h"

#define ASKERS_MOST 800    /* below the usual limit of 1024 descriptors */
#define WAITING_MOST 800
#define CHILDREN_MOST 32   /* at once; the others wait. Enough that a few that hang for their whole time hold up nobody */
#define BACKLOG 511
#define ROUND 1000         /* ms without an event before prefork_stopping is looked at again */
#define NAME "inkan-opener" /* in ps -o comm, and its children's */
#define MB (1024 * 1024)

/* --- the jobs ------------------------------------------------------------------------------------------------------------- */

const struct opener_row opener_rows[SP_JOB_N] = {
    /* job                    name             function              peer   in      out     s     memory    cpu  ready */
    [SP_JOB_PEER] =          { "peer",          sp_job_peer,          FALSE, { 2 * MB, MB / 4, 10 }, { 128 * MB, 5 }, NULL },
    [SP_JOB_RESPONSE] =      { "response",      sp_job_response,      TRUE,  { 2 * MB, MB,     10 }, { 64 * MB, 5 }, NULL },
    [SP_JOB_LOGOUT_ISSUER] = { "logout-issuer", sp_job_logout_issuer, FALSE, { MB,     MB / 4, 10 }, { 64 * MB, 5 }, NULL },
    [SP_JOB_LOGOUT] =        { "logout",        sp_job_logout,        TRUE,  { 2 * MB, MB / 4, 10 }, { 64 * MB, 5 }, NULL },
    [SP_JOB_LOGO] =          { "logo",          sp_job_logo,          FALSE, { MB / 4, MB / 8, 10 }, { 64 * MB, 5 }, NULL },
    [SP_JOB_METADATA] =      { "metadata",      sp_metadata_job,      FALSE,
                               { SP_METADATA_INPUT, SP_METADATA_OUTPUT, SP_METADATA_SECONDS }, { SP_METADATA_MEMORY, SP_METADATA_CPU }, NULL },
};

/* --- what the opener holds ------------------------------------------------------------------------------------------------ */

/* A connection. Questions come one after another, so one task at most has it as its asker. */
struct asker {
    int fd;
};

/* One question, until its child has ended. */
struct task {
    const struct opener_row *row;
    struct asker *asker;       /* NULL: it left */
    guint32 number;            /* its own, to be repeated in the end of the job */
    const guchar *input;       /* mapped; not in other children (MADV_DONTFORK) */
    size_t n;
    int answer;                /* the asker's pipe */
    /* its child */
    pid_t pid;                 /* 0: waiting */
    int pidfd;
    gboolean asks_peer;        /* the child is a PEER one of our own, whose record comes by LEARN */
    int learn;                 /* -1 */
    GByteArray *learnt;
    gint64 deadline;
    gboolean late;             /* killed for its time */
};

struct opener {
    const struct opener_row *rows;
    SpService *service;
    SpOpenerMake make;         /* NULL: the service stays as it is */
    gpointer data;
    int listening;             /* -1: a private one, or stopping */
    GPtrArray *askers;         /* of struct asker * */
    GPtrArray *waiting;        /* of struct task *, first come first */
    GPtrArray *running;        /* likewise, with a child */
};

static void close_one(int *fd)
{
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

static void task_free(gpointer data)
{
    struct task *task = data;
    if (task->input != NULL) munmap((void *)task->input, MAX(task->n, 1));
    close_one(&task->answer);
    close_one(&task->learn);
    close_one(&task->pidfd);
    if (task->learnt != NULL) g_byte_array_unref(task->learnt);
    g_free(task);
}

static void asker_free(gpointer data)
{
    struct asker *asker = data;
    close(asker->fd);
    g_free(asker);
}

/* --- ends of jobs --------------------------------------------------------------------------------------------------------- */

/* Eight bytes into a socket whose reader waits for them: they fit, or the asker is not worth more trouble. */
static void tell(struct task *task, struct opener_end end)
{
    end.number = task->number;
    if (task->asker == NULL) return;
    ssize_t n = send(task->asker->fd, &end, sizeof end, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n != (ssize_t)sizeof end) shutdown(task->asker->fd, SHUT_RDWR);
}

static struct opener_end end_of(const struct task *task, int status)
{
    static const struct { int exit; guint32 how; } known[] = {
        { SP_CONFINE_DONE, OPENER_DONE }, { SP_CONFINE_MEMORY, OPENER_MEMORY }, { SP_CONFINE_SYSCALL, OPENER_SYSCALL },
        { SP_CONFINE_PIPE, OPENER_PIPE },
    };
    if (task->late || (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)) return (struct opener_end){ .how = OPENER_TIME };
    for (size_t i = 0; i < G_N_ELEMENTS(known) && WIFEXITED(status); i++)
        if (WEXITSTATUS(status) == known[i].exit) return (struct opener_end){ .how = known[i].how };
    int signal_ = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status) > 128 ? WEXITSTATUS(status) - 128 : 0;
    return (struct opener_end){ .how = OPENER_CRASH, .detail = (guint32)signal_ };
}

static void log_end(const struct opener *opener, const struct task *task, const struct opener_end *end)
{
    if (end->how == OPENER_DONE || end->how == OPENER_PIPE || task->asker == NULL) return;
    g_autofree char *detail = g_strdup_printf("%u", end->detail);
    log_write(LOG_LEVEL_WARNING, "opener-child", "job", (task->asks_peer ? &opener->rows[SP_JOB_PEER] : task->row)->name, "end",
              opener_end_name(end->how), "signal", end->how == OPENER_CRASH ? detail : NULL, NULL);
}

/* --- children ------------------------------------------------------------------------------------------------------------- */

static G_GNUC_NORETURN void live(const struct opener *opener, const struct task *task, const struct opener_row *row, int out)
{
    const struct sp_job job = { task->input, task->n, opener->service };
    g_autoptr(GError) error = NULL;
    sp_confine_enter(out, &row->limits);
    gboolean good = row->run(&job, &error);
    if (!opener_write_end(SP_CONFINE_OUT, good, error)) _exit(SP_CONFINE_PIPE);
    _exit(SP_CONFINE_DONE);
}

/* FALSE: no process to be had; the task waits on. */
static gboolean fork_for(struct opener *opener, struct task *task, const struct opener_row *row, int out)
{
    pid_t parent = getpid();
    madvise((void *)task->input, MAX(task->n, 1), MADV_DOFORK);
    task->pid = fork();
    if (task->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) _exit(SP_CONFINE_REFUSED_US);
        live(opener, task, row, out);
    }
    madvise((void *)task->input, MAX(task->n, 1), MADV_DONTFORK);
    if (task->pid < 0) {
        task->pid = 0;
        log_write(LOG_LEVEL_ERROR, "opener-fork", "msg", g_strerror(errno), NULL);
        return FALSE;
    }
    task->pidfd = (int)syscall(SYS_pidfd_open, task->pid, 0);
    if (task->pidfd < 0) g_error("opener: no pidfd_open in this kernel (5.3 or later is needed)");
    task->deadline = g_get_monotonic_time() + row->bounds.seconds * G_USEC_PER_SEC;
    return TRUE;
}

static gboolean knows_peer(const struct opener *opener, const struct task *task)
{
    struct sp_carry_peer peer;
    return opener->service == NULL || !sp_carry_peer(task->input, task->n, &peer)
           || sp_peer_known(opener->service, peer.idp, peer.idp_n, peer.xml, peer.xml_n);
}

/* A child of our own finds the certificates first. */
static gboolean start_learning(struct opener *opener, struct task *task)
{
    int pair[2];
    if (pipe2(pair, O_CLOEXEC) != 0) return FALSE;
    task->asks_peer = TRUE;
    gboolean good = fork_for(opener, task, &opener->rows[SP_JOB_PEER], pair[1]);
    close(pair[1]);
    task->learn = pair[0];
    if (good) task->learnt = g_byte_array_new();
    else close_one(&task->learn);
    return good;
}

static gboolean start(struct opener *opener, struct task *task)
{
    if (task->row->peer && !knows_peer(opener, task)) return start_learning(opener, task);
    task->asks_peer = FALSE;
    gboolean good = fork_for(opener, task, task->row, task->answer);
    if (good) close_one(&task->answer); /* so that its end is seen */
    return good;
}

static void start_waiting(struct opener *opener)
{
    while (opener->running->len < CHILDREN_MOST && opener->waiting->len > 0) {
        struct task *task = g_ptr_array_index(opener->waiting, 0);
        if (!start(opener, task)) return;
        g_ptr_array_add(opener->running, g_ptr_array_steal_index(opener->waiting, 0));
    }
}

/* The one record of a PEER child, if it ended well. */
static char **certificates_in(const GByteArray *said, GError **error)
{
    const guchar *content = NULL, *after = NULL;
    size_t n = 0, rest = 0;
    enum opener_frame first = opener_frame(said->data, said->len, &content, &n);
    if (first == OPENER_RECORD && opener_frame(content + n, said->len - OPENER_HEAD - n, &after, &rest) == OPENER_GOOD)
        return sp_carry_certificates(content, n, error);
    if (first == OPENER_REFUSED) opener_refusal(content, n, error);
    else g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "opener-answer: no certificates");
    return NULL;
}

/* What our own child found becomes a peer; its refusal goes on to who asked, in its frames. FALSE: the task has ended. */
static gboolean learn(struct opener *opener, struct task *task)
{
    struct sp_carry_peer peer;
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) certificates = certificates_in(task->learnt, &error);
    gboolean good = certificates != NULL && sp_carry_peer(task->input, task->n, &peer);
    if (good) {
        g_autofree char *idp = g_strndup(peer.idp, peer.idp_n), *xml = g_strndup(peer.xml, peer.xml_n);
        good = sp_peer_learn(opener->service, idp, xml, (const char *const *)certificates, &error);
        if (good) sp_warm(opener->service);
    }
    g_clear_pointer(&task->learnt, g_byte_array_unref);
    if (good) return TRUE;
    (void)opener_write_end(task->answer, FALSE, error); /* a few bytes into an empty pipe */
    return FALSE;
}

/* TRUE: on to the task's own child. */
static gboolean goes_on(struct opener *opener, struct task *task, struct opener_end *end)
{
    if (!task->asks_peer || end->how != OPENER_DONE) return FALSE;
    close_one(&task->learn);
    if (!learn(opener, task)) return FALSE;
    return start(opener, task) || (*end = (struct opener_end){ .how = OPENER_BUSY }, FALSE);
}

static void bury(struct opener *opener, struct task *task)
{
    int status = 0;
    while (waitpid(task->pid, &status, 0) < 0 && errno == EINTR) continue;
    close_one(&task->pidfd);
    task->pid = 0;
    struct opener_end end = end_of(task, status);
    log_end(opener, task, &end);
    if (goes_on(opener, task, &end)) return;
    close_one(&task->answer);
    tell(task, end);
    g_ptr_array_remove(opener->running, task);
}

static void kill_late(struct opener *opener)
{
    gint64 now = g_get_monotonic_time();
    for (guint i = 0; i < opener->running->len; i++) {
        struct task *task = g_ptr_array_index(opener->running, i);
        if (task->deadline > now) continue;
        task->late = TRUE;
        kill(task->pid, SIGKILL);
    }
}

/* What a child of our own says; more than any descriptor holds is no answer. */
static void hear(struct task *task)
{
    guchar bytes[65536];
    ssize_t n = read(task->learn, bytes, sizeof bytes);
    if (n > 0 && task->learnt->len + (size_t)n <= OPENER_LEARN_MOST) g_byte_array_append(task->learnt, bytes, (guint)n);
    else close_one(&task->learn);
}

/* --- questions ------------------------------------------------------------------------------------------------------------ */

/* A file in memory that nobody can change any more, of 1 to MOST bytes. */
static const guchar *map_sealed(int fd, size_t most, size_t *n)
{
    const int sealed = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    struct stat about;
    if (fd < 0 || (fcntl(fd, F_GET_SEALS) & sealed) != sealed || fstat(fd, &about) != 0) return NULL;
    if (about.st_size < 1 || (guint64)about.st_size > most) return NULL;
    *n = (size_t)about.st_size;
    void *bytes = mmap(NULL, *n, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED) return NULL;
    madvise(bytes, *n, MADV_DONTFORK);
    return bytes;
}

static const struct opener_row *row_of(const struct opener_row *rows, guint32 kind)
{
    return kind > 0 && kind < SP_JOB_N && rows[kind].run != NULL ? &rows[kind] : NULL;
}

static struct task *new_task(const struct opener_row *rows, struct asker *asker, const struct opener_question *question,
                             int fds[2])
{
    const struct opener_row *row = row_of(rows, question->kind);
    size_t n = 0;
    const guchar *input = row != NULL ? map_sealed(fds[0], row->bounds.input_most, &n) : NULL;
    if (input == NULL || fds[1] < 0) return NULL;
    struct task *task = g_new0(struct task, 1);
    task->row = row;
    task->asker = asker;
    task->number = question->number;
    task->input = input;
    task->n = n;
    task->answer = fds[1];
    task->pidfd = task->learn = -1;
    fds[1] = -1;
    return task;
}

/* FALSE: it left, or sent what is no question; both end the connection. */
static gboolean ask(struct opener *opener, struct asker *asker)
{
    struct opener_question question;
    int fds[2] = { -1, -1 };
    ssize_t n = opener_receive(asker->fd, &question, fds);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    struct task *task = n == (ssize_t)sizeof question ? new_task(opener->rows, asker, &question, fds) : NULL;
    close_one(&fds[0]);
    close_one(&fds[1]);
    if (task != NULL && opener->waiting->len < WAITING_MOST) {
        g_ptr_array_add(opener->waiting, task);
        return TRUE;
    }
    if (task != NULL) task_free(task);
    else if (n > 0) log_write(LOG_LEVEL_ERROR, "opener-question", "msg", "not one of ours, or its input is not sealed", NULL);
    return FALSE;
}

/* Its children end with it: nobody reads what they would say. */
static void leave(struct opener *opener, struct asker *asker)
{
    for (guint i = opener->waiting->len; i-- > 0;) {
        struct task *task = g_ptr_array_index(opener->waiting, i);
        if (task->asker == asker) g_ptr_array_remove_index(opener->waiting, i);
    }
    for (guint i = 0; i < opener->running->len; i++) {
        struct task *task = g_ptr_array_index(opener->running, i);
        if (task->asker != asker) continue;
        task->asker = NULL;
        kill(task->pid, SIGKILL);
    }
    g_ptr_array_remove(opener->askers, asker);
}

static void add_asker(struct opener *opener, int fd)
{
    struct asker *asker = g_new0(struct asker, 1);
    asker->fd = fd;
    g_ptr_array_add(opener->askers, asker);
}

static void welcome(struct opener *opener)
{
    struct ucred who = { .uid = (uid_t)-1 };
    socklen_t n = sizeof who;
    int fd = accept4(opener->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0 && who.uid == geteuid()) {
        add_asker(opener, fd);
        return;
    }
    log_write(LOG_LEVEL_ERROR, "opener-stranger", "msg", "a process of another user asked", NULL);
    close(fd);
}

/* --- the loop ------------------------------------------------------------------------------------------------------------- */

static int milliseconds_left(const struct opener *opener)
{
    gint64 least = ROUND, now = g_get_monotonic_time();
    for (guint i = 0; i < opener->running->len; i++) {
        const struct task *task = g_ptr_array_index(opener->running, i);
        if (!task->late) least = MIN(least, MAX(0, (task->deadline - now) / 1000 + 1));
    }
    return (int)least;
}

static void add_poll(GArray *fds, int fd, short events)
{
    struct pollfd one = { .fd = fd, .events = events };
    g_array_append_val(fds, one);
}

/* One for the listening socket, one for each asker, two for each child. */
static void fill_poll(const struct opener *opener, GArray *fds)
{
    g_array_set_size(fds, 0);
    add_poll(fds, opener->askers->len < ASKERS_MOST ? opener->listening : -1, POLLIN);
    for (guint i = 0; i < opener->askers->len; i++)
        add_poll(fds, ((struct asker *)g_ptr_array_index(opener->askers, i))->fd, POLLIN);
    for (guint i = 0; i < opener->running->len; i++) {
        const struct task *task = g_ptr_array_index(opener->running, i);
        add_poll(fds, task->learn, POLLIN);
        /* Its record first, then its end. */
        add_poll(fds, task->learn < 0 ? task->pidfd : -1, POLLIN);
    }
}

/* Lists change while they are walked: from the last to the first, so that what was polled keeps its place. */
static void heed_poll(struct opener *opener, const GArray *fds)
{
    const struct pollfd *all = &g_array_index(fds, struct pollfd, 0);
    const struct pollfd *askers = all + 1, *children = askers + opener->askers->len;
    for (guint i = opener->running->len; i-- > 0;) {
        struct task *task = g_ptr_array_index(opener->running, i);
        if (children[2 * i].revents != 0) hear(task);
        if (children[2 * i + 1].revents != 0) bury(opener, task);
    }
    for (guint i = opener->askers->len; i-- > 0;) {
        struct asker *asker = g_ptr_array_index(opener->askers, i);
        if (askers[i].revents != 0 && !ask(opener, asker)) leave(opener, asker);
    }
    if (all->revents != 0) welcome(opener);
}

/* Told to stop: nobody new, but whoever is here may finish (pages end on the same signal, and their connections with them). */
static gboolean over(struct opener *opener)
{
    if (!prefork_stopping()) return FALSE;
    close_one(&opener->listening);
    return opener->askers->len == 0 && opener->waiting->len == 0 && opener->running->len == 0;
}

/* Keys change while we live: a service of the files as they are now, where they are of use. */
static void follow(struct opener *opener)
{
    g_autoptr(GError) error = NULL;
    if (opener->make == NULL || !sp_service_is_stale(opener->service, g_get_real_time() / G_USEC_PER_SEC)) return;
    SpService *fresh = opener->make(opener->data, &error);
    if (fresh == NULL) {
        log_error("opener-keys", error);
        return;
    }
    sp_service_free(opener->service);
    opener->service = fresh;
    log_write(LOG_LEVEL_INFO, "opener-keys", "msg", "the files of keys have changed, and are in use now", NULL);
}

static void serve(struct opener *opener, gboolean alone)
{
    g_autoptr(GArray) fds = g_array_new(FALSE, TRUE, sizeof(struct pollfd));
    while (!over(opener) && !(alone && opener->askers->len == 0 && opener->running->len == 0)) {
        follow(opener);
        start_waiting(opener);
        fill_poll(opener, fds);
        if (poll(&g_array_index(fds, struct pollfd, 0), fds->len, milliseconds_left(opener)) > 0) heed_poll(opener, fds);
        kill_late(opener);
    }
}

static gboolean ready(const struct opener_row *rows, GError **error)
{
    if (!sp_start(error) || !sp_confine_start(error)) return FALSE;
    for (size_t i = 0; i < SP_JOB_N; i++)
        if (rows[i].ready != NULL) rows[i].ready();
    return TRUE;
}

static struct opener new_opener(const struct opener_row *rows, SpService *service, int listening)
{
    return (struct opener){ rows, service, NULL, NULL, listening, g_ptr_array_new_with_free_func(asker_free),
                            g_ptr_array_new_with_free_func(task_free), g_ptr_array_new_with_free_func(task_free) };
}

static void clear_opener(struct opener *opener)
{
    close_one(&opener->listening);
    g_ptr_array_unref(opener->askers);
    g_ptr_array_unref(opener->waiting);
    g_ptr_array_unref(opener->running);
}

/* For this user's processes only. What a killed opener left at the path goes. */
static int listen_at(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof address.sun_path) return -1;
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    unlink(path);
    mode_t before = umask(0177);
    gboolean good = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, BACKLOG) == 0;
    umask(before);
    if (!good) close_one(&fd);
    return fd;
}

int sp_opener_run(const char *socket, SpOpenerMake make, gpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SpService) service = NULL;
    prctl(PR_SET_NAME, NAME);
    sp_confine_shed(-1);
    if ((make != NULL && (service = make(data, &error)) == NULL) || !ready(opener_rows, &error)) {
        log_error("opener-start", error);
        return 1;
    }
    struct opener opener = new_opener(opener_rows, g_steal_pointer(&service), listen_at(socket));
    opener.make = make;
    opener.data = data;
    if (opener.listening < 0) log_write(LOG_LEVEL_ERROR, "opener-socket", "path", socket, "msg", g_strerror(errno), NULL);
    else serve(&opener, FALSE);
    int status = opener.listening < 0 && !prefork_stopping() ? 1 : 0;
    sp_service_free(opener.service);
    clear_opener(&opener);
    /* The path stays: after the master was killed the next opener may have taken it already. */
    return status;
}

static G_GNUC_NORETURN void live_privately(const struct opener_row *rows, SpService *service, int fd, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    signal(SIGINT, SIG_IGN); /* it ends with its parent */
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_NAME, NAME);
    sp_confine_shed(fd);
    struct opener opener = new_opener(rows, service, -1);
    add_asker(&opener, fd);
    serve(&opener, TRUE);
    _exit(0);
}

SpOpener *opener_spawn_rows(const struct opener_row *rows, SpService *service, GError **error)
{
    int pair[2];
    pid_t parent = getpid();
    if (!ready(rows, error)) return NULL;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) g_error("sp_opener_spawn: %s", g_strerror(errno));
    pid_t pid = fork();
    if (pid == 0) live_privately(rows, service, pair[1], parent);
    close(pair[1]);
    if (pid > 0) return opener_adopt(rows, pair[0], pid);
    close(pair[0]);
    g_set_error(error, SP_ERROR, SP_ERROR_AWAY, "opener: %s", g_strerror(errno));
    return NULL;
}

SpOpener *sp_opener_spawn(SpService *service, GError **error)
{
    return opener_spawn_rows(opener_rows, service, error);
}
