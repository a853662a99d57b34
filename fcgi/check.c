#include <string.h>

#include "db/log.h"
#include "fcgi/describe.h"
#include "fcgi/handlers.h"
#include "fcgi/page.h"
#include "ra/check.h"

/* What the page can name; others are shown as they are. */
static void
add_purposes(WebNode *node, const GStrv purposes)
{
    static const struct { const char *word, *name; } known[] = {
        { "clientAuth", "client" }, { "emailProtection", "mail" }, { "serverAuth", "server" }, { "codeSigning", "code" },
        { "anyExtendedKeyUsage", "any" },
    };
    if (!*purposes)
        web_set(web_add(node, "purpose"), "name", "any");
    for (char **purpose = purposes; *purpose; purpose++) {
        const char *name = NULL;
        for (gsize i = 0; i < G_N_ELEMENTS(known) && !name; i++)
            name = strcmp(known[i].word, *purpose) == 0 ? known[i].name : NULL;
        WebNode *one = web_add(node, "purpose");
        web_set(one, "name", name ? name : "other");
        web_set(one, "text", *purpose);
    }
}

static void
add_certificate(const Exchange *x, WebNode *root, const RaCheck *check)
{
    if (!check->subject)
        return;
    WebNode *node = web_add(root, "certificate");
    web_set(node, "cn", check->common_name && *check->common_name ? check->common_name : check->subject);
    if (check->request)
        web_set_number(node, "number", check->request);
    page_text(node, "type", check->type);
    page_text(node, "memo", check->memo);
    page_text(node, "subject", check->subject);
    page_text(node, "issuer", check->issuer);
    page_text(node, "serial", check->serial);
    page_text(node, "fingerprint", check->fingerprint);
    page_text(node, "key", check->key);
    page_time(x, node, "not-before", check->not_before);
    page_time(x, node, "not-after", check->not_after);
    page_time(x, node, "revoked-at", check->revoked_at);
    page_text(node, "reason", check->reason);
    page_text(node, "successor", check->successor);
    page_text(node, "failure", check->failure);
    add_purposes(node, check->purposes);
    for (guint i = 0; check->chain && i < check->chain->len; i++)
        web_set(web_add(node, "above"), "cn", check->chain->pdata[i]);
}

/* GET /check on the client port: whose certificate was presented, and does it work? */
void
check_page(Exchange *x)
{
    const char *escaped = x->in->client_certificate;
    g_autofree char *pem = http_unescape(escaped, strlen(escaped), FALSE);
    g_autoptr(GError) error = NULL;
    g_autoptr(RaCheck) check = ra_check_certificate(x->portal->ra, pem, x->in->client_verify, x->now, &error);
    if (!check) {
        page_failure(x, error, NULL);
        return;
    }
    const char *verdict = ra_verdict_name(check->verdict);
    log_write(LOG_LEVEL_INFO, "check", "verdict", verdict, "serial", check->serial, NULL);
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "check", "/check", &root);
    web_set(root, "verdict", verdict);
    if (check->verdict == RA_VERDICT_VALID && check->renewable && describe_ending(check->not_after, x->now))
        web_set(root, "renew", "1");
    add_certificate(x, root, check);
    page_send(x, check->verdict == RA_VERDICT_VALID ? 200 : 403, document);
}

/* The portal asks nobody for a certificate; the page is on the port that does. */
void
check_elsewhere(Exchange *x)
{
    g_autofree char *there = g_strconcat(portal_setting(x->portal, "service", "client_url"), "/check", NULL);
    http_see_other(&x->out, there);
    x->answered = TRUE;
}

/* The port has one page. */
void
check_home(Exchange *x)
{
    http_see_other(&x->out, "/check");
    x->answered = TRUE;
}
