#include "fcgi/ocsp.h"

#include <string.h>

#include "ca/crypto.h"
#include "fcgi/handlers.h"
#include "fcgi/ocsp_path.h"
#include "fcgi/page.h"
#include "ra/ocsp.h"

#define MAX_AGE 1 /* second that anybody in between may keep an answer: a revocation must show within seconds */
#define TYPE "application/ocsp-response"

/*
 * RFC 5019 section 6.2: Last-Modified is thisUpdate, Expires nextUpdate; max-age, which comes first and counts where both are
 * understood, is shorter. An entity tag, so that who asks again is told in few bytes that nothing changed.
 */
static const char *
head_of(RaOcspAnswer *answer)
{
    if (answer->head)
        return answer->head;
    HttpResponse out;
    gsize size;
    const void *bytes = g_bytes_get_data(answer->der, &size);
    g_autoptr(GBytes) hash = crypto_sha256(bytes, size);
    g_autofree char *hex = crypto_hex(hash);
    http_response_init(&out);
    http_headerf(&out, "ETag", "\"%.24s\"", hex);
    http_headerf(&out, "Cache-Control", "max-age=%d, public, no-transform, must-revalidate", MAX_AGE);
    http_header_date(&out, "Last-Modified", answer->this_update);
    http_header_date(&out, "Expires", answer->next_update);
    answer->head = g_strdup(out.headers->str);
    http_response_clear(&out);
    return answer->head;
}

/* HEAD begins with the tag. */
static gboolean
is_known_already(const char *head, const char *if_none_match)
{
    const char *tag = head + strlen("ETag: ");
    return *if_none_match && g_str_has_prefix(tag, if_none_match) && tag[strlen(if_none_match)] == '\r';
}

static void
reply_with(RaOcspAnswer *answer, const char *if_none_match, struct ocsp_reply *reply)
{
    gboolean kept = answer->next_update != 0;
    reply->until = 0;
    reply->status = 200;
    reply->head = kept ? head_of(answer) : "Cache-Control: no-store\r\n";
    reply->body = answer->der;
    if (kept && is_known_already(reply->head, if_none_match)) {
        reply->status = 304;
        reply->body = NULL;
    }
}

/* --- the usual way -------------------------------------------------------------------------------------------------------- */

static void
answer_exchange(Exchange *x, GBytes *request)
{
    g_autoptr(GError) error = NULL;
    struct ocsp_reply reply;
    RaOcspAnswer *answer = ra_ocsp_answer(x->portal->ra, request, x->now, &error);
    if (!answer) {
        page_failure(x, error, NULL);
        return;
    }
    reply_with(answer, x->in->if_none_match, &reply);
    g_string_append(x->out.headers, reply.head);
    x->out.status = reply.status;
    if (reply.body)
        http_body_bytes(&x->out, TYPE, reply.body);
    x->answered = TRUE;
}

void
publish_ocsp_post(Exchange *x)
{
    g_autoptr(GBytes) request = g_bytes_new(x->in->body, x->in->body_size);
    answer_exchange(x, request);
}

void
publish_ocsp_get(Exchange *x)
{
    g_autoptr(GBytes) request = ocsp_path_decode(x->name);
    if (request)
        answer_exchange(x, request);
    else
        page_error(x, 400, "bad", NULL);
}

/* --- the quick way -------------------------------------------------------------------------------------------------------- */

/* A POST whose body fits, or a path that is base64. Anything else, an empty one too, goes the usual way. */
static GBytes *
question(const char *method, const char *path, const char *(*look_up)(const char *, gpointer),
         gsize (*read)(char *, gsize, gpointer), gpointer data)
{
    gint64 size = 0;
    const char *length = look_up("CONTENT_LENGTH", data);
    if (strcmp(method, "GET") == 0)
        return g_str_has_prefix(path, "/ocsp/") && path[6] && strlen(path) <= HTTP_PATH_LONGEST && !strchr(path, '?')
                   ? ocsp_path_decode(path + 6) : NULL;
    if (strcmp(method, "POST") != 0 || (strcmp(path, "/ocsp") != 0 && strcmp(path, "/ocsp/") != 0) ||
        !length || !g_ascii_string_to_signed(length, 10, 1, OCSP_REQUEST_LONGEST, &size, NULL))
        return NULL;
    /* What came short is no request either, and is told so. */
    char *body = g_malloc((gsize)size);
    gsize got = read(body, (gsize)size, data);
    return g_bytes_new_take(body, got);
}

/* Headers that are the same for all. */
static const char *
common_head(Portal *portal)
{
    if (!portal->common_head) {
        HttpResponse out;
        http_response_init(&out);
        http_header(&out, "Content-Type", TYPE);
        page_security_headers(&out, NULL);
        portal->common_head = g_strdup(out.headers->str);
        http_response_clear(&out);
    }
    return portal->common_head;
}

gboolean
ocsp_quick(Portal *portal, const char *(*look_up)(const char *, gpointer), gsize (*read)(char *, gsize, gpointer), gpointer data,
           gint64 now, struct ocsp_reply *reply)
{
    const char *path = look_up("REQUEST_URI", data), *method = look_up("REQUEST_METHOD", data);
    if (!path || !method || !g_str_has_prefix(path, "/ocsp"))
        return FALSE;
    g_autoptr(GBytes) request = question(method, path, look_up, read, data);
    if (!request)
        return FALSE;
    RaOcspAnswer *answer = ra_ocsp_answer(portal->ra, request, now, NULL);
    const char *if_none_match = look_up("HTTP_IF_NONE_MATCH", data);
    reply->common = common_head(portal);
    if (answer) {
        reply_with(answer, if_none_match ? if_none_match : "", reply);
        /* nginx counts in whole seconds and would make up to two of max-age's one. */
        if (*method == 'G' && answer->next_update != 0)
            reply->until = now;
        return TRUE;
    }
    reply->status = 503; /* the responder is away, and nothing is kept */
    reply->head = "Cache-Control: no-store\r\nRetry-After: 10\r\n";
    reply->body = NULL;
    reply->until = 0;
    return TRUE;
}
