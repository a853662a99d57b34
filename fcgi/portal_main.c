/* inkan-portal: the master of the opener, the keymaker, the page processes, the process that carries out batches, and the publishing
 * processes. */
#include <errno.h>
#include <fcgiapp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "ca/crypto.h"
#include "ca/keymaker.h"
#include "db/counter.h"
#include "db/log.h"
#include "db/prefork.h"
#include "fcgi/ocsp.h"
#include "fcgi/portal.h"
#include "fcgi/routes.h"
#include "ra/bulk.h"
#include "ra/opener.h"

#define BACKLOG 511
#define BULK_IDLE 1000 /* ms without a notification */

struct pool {
    const char *settings_file;
    int socket;
    gboolean publishing;
};

struct maker {
    char *socket;
    int pool;
};

/* --- one request --- */

static const char *
look_up(const char *name, gpointer data)
{
    return FCGX_GetParam(name, ((FCGX_Request *)data)->envp);
}

static gsize
read_body(char *buffer, gsize n, gpointer data)
{
    int got = n ? FCGX_GetStr(buffer, (int)n, ((FCGX_Request *)data)->in) : 0;
    return got > 0 ? (gsize)got : 0;
}

static const char *
reason(int status)
{
    static const struct { int status; const char *reason; } reasons[] = {
        { 200, "OK" },                 { 303, "See Other" },        { 304, "Not Modified" },     { 400, "Bad Request" },
        { 403, "Forbidden" },          { 404, "Not Found" },        { 405, "Method Not Allowed" }, { 409, "Conflict" },
        { 410, "Gone" },               { 413, "Content Too Large" }, { 500, "Internal Server Error" },
        { 503, "Service Unavailable" },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(reasons); i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Status";
}

static gboolean
write_more(const char *bytes, gsize n, gpointer out)
{
    return FCGX_PutStr(bytes, (int)n, ((FCGX_Request *)out)->out) == (int)n;
}

/* nginx breaks its answer off where we close before the end; only that tells the browser. */
static void
pour_answer(FCGX_Request *fcgi, const Exchange *x)
{
    FCGX_PutStr(x->out.headers->str, (int)x->out.headers->len, fcgi->out);
    FCGX_PutS("\r\n", fcgi->out);
    if (!x->in->head && !x->out.pour(write_more, fcgi, x->out.pour_data)) {
        FCGX_FFlush(fcgi->out);
        shutdown(fcgi->ipcFd, SHUT_RDWR);
    }
}

static void
write_answer(FCGX_Request *fcgi, const Exchange *x)
{
    gsize n = 0;
    const char *body = x->out.body ? g_bytes_get_data(x->out.body, &n) : NULL;
    FCGX_FPrintF(fcgi->out, "Status: %d %s\r\n", x->out.status, reason(x->out.status));
    if (x->out.pour) {
        pour_answer(fcgi, x);
        return;
    }
    if (x->out.status != 304)
        FCGX_FPrintF(fcgi->out, "Content-Length: %d\r\n", (int)n);
    FCGX_PutStr(x->out.headers->str, (int)x->out.headers->len, fcgi->out);
    FCGX_PutS("\r\n", fcgi->out);
    if (body && !x->in->head)
        FCGX_PutStr(body, (int)n, fcgi->out);
}

/* A pickup's path opens a door: it is never written down, not even where it was mistyped. */
static const char *
loggable(const char *path)
{
    return strstr(path, "pickup") || strchr(path, '%') ? "/pickup/(token)" : path;
}

static void
log_answer(const Exchange *x, gint64 began)
{
    g_autofree char *status = g_strdup_printf("%d", x->out.status);
    g_autofree char *took = g_strdup_printf("%.1f", (double)(g_get_monotonic_time() - began) / 1000);
    g_autofree char *person = x->session ? g_strdup_printf("%" G_GINT64_FORMAT, x->session->person) : NULL;
    const char *method = x->in->head ? "HEAD" : x->in->method == HTTP_POST ? "POST" : x->in->method == HTTP_GET ? "GET" : "OTHER";
    /* What may have changed something can be followed later; what was only looked at is in nginx's log. */
    gboolean act = x->in->method == HTTP_POST && x->portal->sp;
    log_write(act ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, "answer", "method", method, "path", loggable(x->in->path), "status", status, "ms", took,
              "person", person, NULL);
}

static void
serve(Portal *portal, FCGX_Request *fcgi)
{
    HttpRequest in;
    gint64 began = g_get_monotonic_time();
    Exchange x = { .portal = portal, .in = &in, .now = g_get_real_time() / G_USEC_PER_SEC, .language = "ja" };
    guint32 random;

    crypto_random(&random, sizeof random);
    g_snprintf(x.id, sizeof x.id, "%08x", random);
    log_set_id(x.id);
    http_response_init(&x.out);
    if (portal->sp)
        ra_saml_follow(&portal->sp, portal->settings, RA_SAML_SIGN, x.now);
    gboolean well_formed = http_request_read(&in, look_up, fcgi);
    routes_answer(&x, &in, !well_formed, read_body, fcgi);
    write_answer(fcgi, &x);
    log_answer(&x, began);
    exchange_clear(&x);
    http_request_clear(&in);
    log_set_id("");
}

static gboolean
serve_ocsp(Portal *portal, FCGX_Request *fcgi)
{
    struct ocsp_reply reply;
    gsize n = 0;
    if (!ocsp_quick(portal, look_up, read_body, fcgi, g_get_real_time() / G_USEC_PER_SEC, &reply))
        return FALSE;
    const char *body = reply.body ? g_bytes_get_data(reply.body, &n) : NULL;
    FCGX_FPrintF(fcgi->out, "Status: %d %s\r\n", reply.status, reason(reply.status));
    if (reply.status != 304)
        FCGX_FPrintF(fcgi->out, "Content-Length: %d\r\n", (int)n);
    if (reply.until)
        FCGX_FPrintF(fcgi->out, "X-Accel-Expires: @%ld\r\n", (long)reply.until);
    FCGX_PutS(reply.head, fcgi->out);
    FCGX_PutS(reply.common, fcgi->out);
    FCGX_PutS("\r\n", fcgi->out);
    if (body)
        FCGX_PutStr(body, (int)n, fcgi->out);
    return TRUE;
}

/* --- one process --- */

static int
run_pool(gpointer data)
{
    const struct pool *pool = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(Portal) portal = portal_new(pool->settings_file, pool->publishing, &error);
    if (!portal) {
        log_error("start-failed", error);
        return 1;
    }
    FCGX_Request fcgi;
    FCGX_Init();
    FCGX_InitRequest(&fcgi, pool->socket, FCGI_FAIL_ACCEPT_ON_INTR);
    prefork_on_stop(FCGX_ShutdownPending);
    while (!prefork_stopping() && FCGX_Accept_r(&fcgi) == 0) {
        if (!pool->publishing || !serve_ocsp(portal, &fcgi))
            serve(portal, &fcgi);
        FCGX_Finish_r(&fcgi);
    }
    return 0;
}

/* What officers have started by a file, line by line, beside the pages. */
static int
run_bulk(gpointer data)
{
    g_autoptr(GError) error = NULL, deaf = NULL;
    prctl(PR_SET_NAME, "inkan-bulk"); /* for ps */
    crypto_start();
    g_autoptr(Settings) settings = settings_load(data, &error);
    g_autoptr(RaContext) ctx = settings ? ra_context_new(settings, "portal", FALSE, &error) : NULL;
    if (!ctx) {
        log_error("start-failed", error);
        return 1;
    }
    if (!db_listen(ctx->db, "inkan_batch", &deaf) && !log_is_away("database"))
        log_error("listen-failed", deaf); /* asked for again with the next connection; until then the pause is the pace */
    while (!prefork_stopping()) {
        g_autoptr(GError) why = NULL;
        gboolean more = ra_bulk_carry_next(ctx, &why);
        if (why && !log_is_away("database"))
            log_error("batch-not-carried", why);
        if (!more)
            (void)db_wait(ctx->db, BULK_IDLE);
    }
    return 0;
}

static int
run_maker(gpointer data)
{
    const struct maker *maker = data;
    return ca_keymaker_run(maker->socket, maker->pool);
}

static int
run_opener(gpointer data)
{
    return ra_opener_become("portal", data);
}

/* --- the master --- */

/* nginx and nobody else: the folder's group decides who that is. */
static int
open_socket(const char *path)
{
    mode_t before = umask(0007);
    int fd = FCGX_OpenSocket(path, BACKLOG);
    umask(before);
    if (fd < 0)
        log_write(LOG_LEVEL_ERROR, "socket", "path", path, "msg", g_strerror(errno), NULL);
    return fd;
}

static enum log_level
level_of(const char *word)
{
    static const char *const words[] = { "debug", "info", "warning", "error" };
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        if (strcmp(words[i], word) == 0)
            return (enum log_level)i;
    return LOG_LEVEL_INFO;
}

static int
run_master(const char *file, const Settings *settings)
{
    struct pool pages = { file, open_socket(settings_text(settings, "portal", "socket")), FALSE };
    struct pool publishing = { file, open_socket(settings_text(settings, "portal", "publish_socket")), TRUE };
    if (pages.socket < 0 || publishing.socket < 0)
        return 1;
    counter_share();
    struct maker maker = { g_strdup(settings_text(settings, "portal", "keymaker_socket")),
                           (int)settings_number(settings, "portal", "key_pool") };
    const struct prefork_kind kinds[] = {
        { "opener", 1, run_opener, (gpointer)file },
        { "keymaker", 1, run_maker, &maker },
        { "pages", (int)settings_number(settings, "portal", "processes"), run_pool, &pages },
        { "bulk", 1, run_bulk, (gpointer)file },
        { "publishing", (int)settings_number(settings, "portal", "publish_processes"), run_pool, &publishing },
    };
    int status = prefork_run(kinds, G_N_ELEMENTS(kinds), settings_text(settings, "portal", "pid_file"),
                             (int)settings_number(settings, "portal", "drain"));
    g_free(maker.socket); /* the sockets' paths stay: another master may have taken them already */
    return status;
}

int
main(int argc, char **argv)
{
    const char *file = g_getenv("INKAN_CONFIG");
    int option;
    while ((option = getopt(argc, argv, "c:V")) != -1) {
        if (option == 'V') {
            puts("inkan-portal " INKAN_VERSION);
            return 0;
        }
        if (option != 'c') {
            fputs("usage: inkan-portal -c FILE\n", stderr);
            return 2;
        }
        file = optarg;
    }
    log_setup("inkan-portal", LOG_LEVEL_INFO);
    g_autoptr(GError) error = NULL;
    g_autoptr(Settings) settings = settings_load(file ? file : "/etc/inkan/inkan.conf", &error);
    if (!settings) {
        log_error("settings", error);
        return 1;
    }
    log_setup("inkan-portal", level_of(settings_text(settings, "service", "log_level")));
    return run_master(file ? file : "/etc/inkan/inkan.conf", settings);
}
