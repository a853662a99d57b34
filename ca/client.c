#include "ca/client.h"

#include <string.h>
#include <unistd.h>

#include "ca/wire.h"
#include "db/log.h"

/* How long an answer may take. The signer waits for its database up to 5 s and for a row's lock; a page cannot. */
#define SIGN_SECONDS 20
#define PUBLISH_SECONDS 60 /* a million entries, read and hashed */
#define OCSP_SECONDS 5
#define PING_SECONDS 5

static gboolean
exchange(int fd, WireMessage *question, enum wire_kind expected, WireMessage *answer, gint64 deadline, GError **error)
{
    g_autoptr(GError) why = NULL;
    if (!wire_write(fd, question, deadline, error))
        return FALSE;
    if (!wire_read(fd, answer, deadline, &why)) {
        if (why)
            g_propagate_error(error, g_steal_pointer(&why));
        else
            g_set_error(error, CA_ERROR, CA_ERROR_DOWN, "the connection was closed without an answer");
        return FALSE;
    }
    if (answer->kind == WIRE_FAILED) {
        wire_take_failed(answer, error);
        return FALSE;
    }
    if (answer->kind == expected)
        return TRUE;
    g_set_error(error, CA_ERROR, CA_ERROR_BROKEN, "an answer of kind %d to a question of kind %d", answer->kind,
                question->kind);
    return FALSE;
}

static gboolean
ask_once(const char *socket, WireMessage *question, enum wire_kind expected, gint64 deadline, WireMessage *answer,
         gboolean *again, GError **error)
{
    *again = FALSE;
    int fd = wire_connect(socket, deadline, error);
    if (fd < 0)
        return FALSE;
    gboolean ok = exchange(fd, question, expected, answer, deadline, error);
    *again = !ok && answer->kind != WIRE_FAILED && g_get_monotonic_time() < deadline;
    close(fd);
    return ok;
}

/*
 * One connection, one question, its answer; *ANSWER is the caller's to clear in any case. A connection that breaks means that
 * the process at its end died, and its successor is there at once: every question may be asked twice, so it is.
 */
static gboolean
ask(const char *socket, WireMessage *question, enum wire_kind expected, int seconds, WireMessage *answer, GError **error)
{
    gint64 deadline = g_get_monotonic_time() + seconds * G_USEC_PER_SEC;
    const char *id = log_id();

    question->id = (char *)(strlen(id) <= WIRE_ID_LONGEST ? id : "");
    if (!wire_check(question, error))
        return FALSE;
    for (int tries = 3;; g_usleep(20000)) {
        g_autoptr(GError) why = NULL;
        gboolean again;
        if (ask_once(socket, question, expected, deadline, answer, &again, &why))
            return TRUE;
        if (again && --tries > 0 && g_error_matches(why, CA_ERROR, CA_ERROR_DOWN))
            continue;
        g_propagate_error(error, g_steal_pointer(&why));
        return FALSE;
    }
}

GBytes *
ca_client_sign(const char *socket, gint64 request, const char *token, GBytes *csr_der, GError **error)
{
    WireMessage question = { .kind = WIRE_SIGN, .number = request, .text = (char *)token, .bytes = csr_der };
    g_auto(WireMessage) answer = { 0 };
    if (!ask(socket, &question, WIRE_CERTIFICATE, SIGN_SECONDS, &answer, error))
        return NULL;
    return g_steal_pointer(&answer.bytes);
}

gboolean
ca_client_publish(const char *socket, const char *issuer, gboolean all, GError **error)
{
    WireMessage question = { .kind = WIRE_PUBLISH, .text = (char *)issuer, .number = all ? 1 : 0 };
    g_auto(WireMessage) answer = { 0 };
    return ask(socket, &question, WIRE_DONE, PUBLISH_SECONDS, &answer, error);
}

GBytes *
ca_client_responder_certificate(const char *socket, const char *issuer, GBytes *csr, GError **error)
{
    WireMessage question = { .kind = WIRE_RESPONDER, .text = (char *)issuer, .bytes = csr };
    g_auto(WireMessage) answer = { 0 };
    if (!ask(socket, &question, WIRE_CERTIFICATE, SIGN_SECONDS, &answer, error))
        return NULL;
    return g_steal_pointer(&answer.bytes);
}

GBytes *
ca_client_ocsp(const char *socket, GBytes *request_der, int *max_age_seconds, GError **error)
{
    WireMessage question = { .kind = WIRE_OCSP, .bytes = request_der };
    g_auto(WireMessage) answer = { 0 };
    if (!ask(socket, &question, WIRE_STATUS, OCSP_SECONDS, &answer, error))
        return NULL;
    if (max_age_seconds)
        *max_age_seconds = (int)answer.number;
    return g_steal_pointer(&answer.bytes);
}

gboolean
ca_client_ping(const char *socket, GError **error)
{
    WireMessage question = { .kind = WIRE_PING };
    g_auto(WireMessage) answer = { 0 };
    return ask(socket, &question, WIRE_DONE, PING_SECONDS, &answer, error);
}
