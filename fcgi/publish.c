#include <string.h>

#include "fcgi/handlers.h"
#include "fcgi/page.h"
#include "ra/error.h"
#include "ra/publish.h"
#include "ra/relying.h"

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

static GBytes *
text_bytes(char *text)
{
    return text ? g_bytes_new_take(text, strlen(text)) : NULL;
}

/* NULL without ERROR: a name that nothing here has. */
static GBytes *
read_chain(RaContext *ra, const char *file, const char **type, GError **error)
{
    if (strcmp(file, "chain.pem") == 0) {
        *type = "application/x-pem-file";
        return text_bytes(ra_publish_chain(ra, error));
    }
    if (strcmp(file, "chain.p7b") == 0 || strcmp(file, "chain.p7c") == 0) {
        *type = "application/pkcs7-mime";
        return ra_publish_chain_pkcs7(ra, error);
    }
    return NULL;
}

static GBytes *
read_one(RaContext *ra, const char *file, const char **type, GError **error)
{
    g_autofree char *der = without(file, ".cer"), *pem = without(file, ".pem");
    g_autoptr(RaAuthority) authority = der || pem ? ra_publish_authority(ra, der ? der : pem, error) : NULL;
    if (!authority)
        return NULL;
    *type = der ? "application/pkix-cert" : "application/x-pem-file";
    return der ? g_bytes_ref(authority->der) : g_bytes_new(authority->pem, strlen(authority->pem));
}

/* /ca/NAME.cer, /ca/NAME.pem, /ca/chain.pem, /ca/chain.p7b and .p7c */
void
publish_certificate(Exchange *x)
{
    g_autoptr(GError) error = NULL;
    const char *type = NULL;
    g_autoptr(GBytes) bytes = read_chain(x->portal->ra, x->name, &type, &error);
    if (!bytes && !error)
        bytes = read_one(x->portal->ra, x->name, &type, &error);
    if (bytes)
        send_bytes(x, type, bytes, 300);
    else if (error)
        page_failure(x, error, "/ca");
    else
        page_error(x, 404, "missing", "/ca");
}

/* --- /ca/servers: for those who run a server --- */

static gboolean
add_kits(Exchange *x, WebNode *root, GError **error)
{
    WebNode *kit = NULL;
    const char *current = "";
    for (const struct ra_relying_file *file = ra_relying_files(); file->name; file++) {
        g_autofree char *text = ra_relying_text(x->portal->ra, file->name, error);
        if (!text)
            return FALSE;
        if (strcmp(file->kit, current) != 0) {
            kit = web_add(root, "kit");
            web_set(kit, "server", file->kit);
            current = file->kit;
        }
        web_set(web_add_text(kit, "file", text), "name", file->name);
    }
    return TRUE;
}

void
publish_servers(Exchange *x)
{
    g_autoptr(GError) error = NULL;
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "servers", "/ca/servers", &root);
    if (add_kits(x, root, &error))
        page_send(x, 200, document);
    else
        page_failure(x, error, "/ca");
}

/* One file, to be fetched by the server that it is for. */
void
publish_server_file(Exchange *x)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = text_bytes(ra_relying_text(x->portal->ra, x->name, &error));
    if (bytes)
        send_bytes(x, "text/plain; charset=utf-8", bytes, 300);
    else
        page_failure(x, error, "/ca/servers");
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
    http_header_date(&x->out, "Last-Modified", crl->this_update);
    if (strcmp(x->in->if_none_match, tag) == 0) {
        x->out.status = 304;
        x->answered = TRUE;
        return;
    }
    send_bytes(x, "application/pkix-crl", crl->der, 1);
}
