#include <string.h>

#include "fcgi/handlers.h"
#include "fcgi/ocsp_path.h"
#include "fcgi/page.h"
#include "ra/error.h"
#include "ra/publish.h"

/* --- /ca --- */

static void
add_issuer(const Exchange *x, WebNode *root, const RaAuthority *authority)
{
    WebNode *node = web_add(root, "issuer");
    web_set(node, "name", authority->name);
    web_set(node, "cn", authority->common_name ? authority->common_name : authority->subject);
    web_set(node, "parent", authority->parent);
    web_set(node, "subject", authority->subject);
    web_set(node, "key", authority->key_kind);
    web_set(node, "sha256", authority->fingerprint);
    /* Some older tools show the SHA-1 fingerprint only; it is a name here, not a proof. */
    web_set(node, "sha1", authority->fingerprint_sha1);
    page_time(x, node, "not-before", authority->not_before);
    page_time(x, node, "not-after", authority->not_after);
}

void
publish_ca(Exchange *x)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) authorities = ra_publish_authorities(x->portal->ra, &error);
    if (!authorities) {
        page_failure(x, error, "/");
        return;
    }
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "ca", "/ca", &root);
    web_set(root, "system", page_system(x));
    web_set(root, "publish", portal_setting(x->portal, "service", "publish_url"));
    for (guint i = 0; i < authorities->len; i++)
        add_issuer(x, root, authorities->pdata[i]);
    page_send(x, 200, document);
}

static void
send_bytes(Exchange *x, const char *type, GBytes *bytes, int max_age)
{
    if (max_age > 0)
        http_headerf(&x->out, "Cache-Control", "public, max-age=%d", max_age);
    else
        http_header(&x->out, "Cache-Control", "no-store");
    http_body_bytes(&x->out, type, bytes);
    x->answered = TRUE;
}

/* NAME.ENDING → the caller's NAME; NULL where it ends otherwise. */
static char *
without(const char *name, const char *ending)
{
    return g_str_has_suffix(name, ending) ? g_strndup(name, strlen(name) - strlen(ending)) : NULL;
}

/* /ca/NAME.cer, /ca/NAME.pem, /ca/chain.pem */
void
publish_certificate(Exchange *x)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *der = without(x->name, ".cer"), *pem = without(x->name, ".pem");
    if (pem && strcmp(pem, "chain") == 0) {
        g_autofree char *chain = ra_publish_chain(x->portal->ra, &error);
        g_autoptr(GBytes) bytes = chain ? g_bytes_new(chain, strlen(chain)) : NULL;
        if (bytes)
            send_bytes(x, "application/x-pem-file", bytes, 300);
    } else if (der || pem) {
        g_autoptr(RaAuthority) authority = ra_publish_authority(x->portal->ra, der ? der : pem, &error);
        g_autoptr(GBytes) text = authority && pem ? g_bytes_new(authority->pem, strlen(authority->pem)) : NULL;
        if (authority)
            send_bytes(x, pem ? "application/x-pem-file" : "application/pkix-cert", pem ? text : authority->der, 300);
    }
    if (error)
        page_failure(x, error, "/ca");
    else if (!x->answered)
        page_error(x, 404, "missing", "/ca");
}

/* --- CRLs --- */

/* NAME.crl is the full one, NAME-K.crl shard K. NAME itself may have hyphens, so the last one counts, if digits follow it. */
static char *
split_shard(const char *name, int *shard)
{
    char *issuer = without(name, ".crl");
    char *hyphen = issuer ? strrchr(issuer, '-') : NULL;
    gint64 number = 0;
    *shard = -1;
    if (hyphen && g_ascii_string_to_signed(hyphen + 1, 10, 0, 999999, &number, NULL)) {
        *hyphen = '\0';
        *shard = (int)number;
    }
    return issuer;
}

static void
set_http_date(Exchange *x, const char *name, gint64 seconds)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(seconds);
    g_autofree char *text = g_date_time_format(time, "%a, %d %b %Y %H:%M:%S GMT");
    http_header(&x->out, name, text);
}

void
publish_crl(Exchange *x)
{
    int shard;
    g_autofree char *issuer = split_shard(x->name, &shard);
    g_autoptr(GError) error = NULL;
    g_autoptr(RaCrl) crl = issuer ? ra_publish_crl(x->portal->ra, issuer, shard, &error) : NULL;
    if (error) {
        page_failure(x, error, "/ca");
        return;
    }
    if (!crl) {
        page_error(x, 404, "missing", "/ca");
        return;
    }
    g_autofree char *tag = g_strdup_printf("\"%s-%d-%" G_GINT64_FORMAT "\"", issuer, shard, crl->number);
    http_header(&x->out, "ETag", tag);
    set_http_date(x, "Last-Modified", crl->this_update);
    if (strcmp(x->in->if_none_match, tag) == 0) {
        x->out.status = 304;
        x->answered = TRUE;
        return;
    }
    send_bytes(x, "application/pkix-crl", crl->der, 1);
}

/* --- OCSP (RFC 6960 appendix A) --- */

static void
answer_ocsp(Exchange *x, GBytes *request)
{
    g_autoptr(GError) error = NULL;
    int max_age = 0;
    g_autoptr(GBytes) response = ra_publish_ocsp(x->portal->ra, request, &max_age, &error);
    if (response)
        send_bytes(x, "application/ocsp-response", response, max_age);
    else
        page_failure(x, error, NULL);
}

void
publish_ocsp_post(Exchange *x)
{
    g_autoptr(GBytes) request = g_bytes_new(x->in->body, x->in->body_size);
    answer_ocsp(x, request);
}

void
publish_ocsp_get(Exchange *x)
{
    g_autoptr(GBytes) request = ocsp_path_decode(x->name);
    if (request)
        answer_ocsp(x, request);
    else
        page_error(x, 400, "bad", NULL);
}
