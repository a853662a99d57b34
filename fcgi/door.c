#include "fcgi/door.h"

#include <string.h>

#include "ca/crypto.h"
#include "db/log.h"
#include "fcgi/cookie.h"
#include "fcgi/handlers.h"
#include "fcgi/helpdesk.h"
#include "fcgi/page.h"
#include "ra/error.h"
#include "ra/registration.h"

#define ID_SIZE 43      /* characters, of crypto_token */
#define TOUCH_AFTER 60  /* seconds, as fcgi/session.c */

static void
give(Exchange *x, const char *id)
{
    g_autofree char *name = portal_cookie(x->portal, "officer");
    cookie_set(&x->out, name, id, 0, COOKIE_LAX);
}

static gboolean
is_good(const Exchange *x)
{
    return strcmp(x->presented->verdict, "works") == 0;
}

/* --- at each request --- */

/* The session of HASH, if it is this certificate's. FALSE with ERROR. */
static gboolean
take_up(Exchange *x, GBytes *hash, GError **error)
{
    Db *db = x->portal->ra->db;
    g_autoptr(GError) why = NULL;
    g_autoptr(GBytes) fingerprint = crypto_unhex(x->presented->check->fingerprint);
    gint64 idle = settings_number(x->portal->settings, "portal", "session_idle");
    x->session = db_session_get_by_certificate(db, hash, fingerprint, x->now, idle, &why);
    if (x->session) {
        x->session_hash = g_bytes_ref(hash);
        if (x->now - x->session->seen_at > TOUCH_AFTER && !db_session_touch(db, hash, x->now, &why))
            g_clear_pointer(&x->session, db_session_free);
    }
    if (why)
        g_propagate_error(error, g_steal_pointer(&why));
    return error == NULL || *error == NULL;
}

gboolean
door_find(Exchange *x, GError **error)
{
    const char *escaped = x->in->client_certificate;
    g_autofree char *pem = http_unescape(escaped, strlen(escaped), FALSE);
    x->presented = ra_registration_presented(x->portal->ra, pem, x->in->client_verify, x->now, error);
    if (!x->presented)
        return FALSE;
    g_autofree char *name = portal_cookie(x->portal, "officer");
    g_autofree char *id = cookie_get(x->in->cookies, name);
    if (!id || strlen(id) != ID_SIZE)
        return TRUE;
    g_autoptr(GBytes) hash = crypto_sha256(id, strlen(id));
    crypto_wipe_text(id);
    if (is_good(x) && !take_up(x, hash, error))
        return FALSE;
    if (x->session)
        return TRUE;
    /* Another certificate, or one that is good no more: its session is over, also for who presents the first one again. */
    give(x, "");
    return db_session_end_by_certificate(x->portal->ra->db, hash, error);
}

/* --- the page of who is not in --- */

static void
add_certificate(const Exchange *x, WebNode *root, const RaCheck *check)
{
    if (!check->subject)
        return;
    WebNode *node = web_add(root, "certificate");
    web_set(node, "cn", check->common_name && *check->common_name ? check->common_name : check->subject);
    page_text(node, "type", check->type);
    page_text(node, "subject", check->subject);
    page_text(node, "issuer", check->issuer);
    page_text(node, "serial", check->serial);
    page_text(node, "reason", check->reason);
    page_text(node, "failure", check->failure);
    page_time(x, node, "not-before", check->not_before);
    page_time(x, node, "not-after", check->not_after);
    page_time(x, node, "revoked-at", check->revoked_at);
}

void
door_show(Exchange *x)
{
    const RaPresented *presented = x->presented;
    gboolean get = x->in->method == HTTP_GET, good = is_good(x);
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "desk-door", get ? x->in->path : "/helpdesk", &root);
    web_set(root, "verdict", presented->verdict);
    web_set_flag(root, "out", strcmp(form_text(x->query, "done"), "officer-logout") == 0);
    add_certificate(x, root, presented->check);
    if (good) {
        const RaRegistration *r = presented->registration;
        g_autofree char *there = *x->in->query ? g_strconcat(x->in->path, "?", x->in->query, NULL) : g_strdup(x->in->path);
        WebNode *node = web_add(root, "officer");
        web_set(node, "role", r->role);
        page_names(node, r->name, r->name_ja);
        page_names(web_add(node, "institution"), r->institution_name, r->institution_name_ja);
        if (get)
            page_text(root, "return", form_local_path(there));
    }
    log_write(LOG_LEVEL_INFO, "door", "verdict", presented->verdict, "serial", presented->check->serial, NULL);
    page_send(x, good && get ? 200 : 403, document);
}

/* --- in and out --- */

static gboolean
begin(Exchange *x, const Secret *id, GError **error)
{
    const RaRegistration *r = x->presented->registration;
    RaContext *ra = x->portal->ra;
    g_autoptr(GBytes) hash = crypto_sha256(secret_bytes(id), secret_size(id));
    g_autoptr(GBytes) fingerprint = crypto_unhex(x->presented->check->fingerprint);
    const struct db_session_new session = {
        .id_hash = hash, .person = r->person, .role = r->role, .idp = "urn:inkan:officer", .name_id = "", .session_index = "",
        .saml = "", .attributes = "{}", .context = "", .certificate = fingerprint, .request = x->presented->check->request,
        .expires_at = x->now + settings_number(x->portal->settings, "portal", "session_longest") };
    const RaOfficer officer = { .person = r->person, .role = r->role, .address = x->in->address, .request = session.request };
    gboolean ok = db_begin(ra->db, error) && db_session_insert(ra->db, &session, error) &&
                  ra_registration_seen(ra, r, error) &&
                  ra_officer_audit(ra, &officer, r->institution, "officer-login", error) && db_commit(ra->db, error);
    db_rollback(ra->db);
    return ok;
}

static const char *
way_back(const Exchange *x)
{
    const char *path = form_local_path(form_text(x->form, "return"));
    return g_str_has_prefix(path, "/helpdesk") && !g_str_has_prefix(path, "/helpdesk/login") ? path : "/helpdesk";
}

void
door_login(Exchange *x)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Secret) id = crypto_token();
    if (!x->session && !is_good(x)) {
        door_show(x);
        return;
    }
    if (!x->session && !begin(x, id, &error)) {
        page_failure(x, error, "/helpdesk");
        return;
    }
    if (!x->session) {
        give(x, secret_text(id));
        log_write(LOG_LEVEL_INFO, "officer-login", "serial", x->presented->check->serial, NULL);
    }
    http_see_other(&x->out, way_back(x));
    x->answered = TRUE;
}

static gboolean
leave(Exchange *x, GError **error)
{
    Db *db = x->portal->ra->db;
    const RaOfficer officer = helpdesk_officer(x);
    gboolean ok = db_begin(db, error) &&
                  ra_officer_audit(x->portal->ra, &officer, x->session->institution, "officer-logout", error) &&
                  db_session_end_by_certificate(db, x->session_hash, error) && db_commit(db, error);
    db_rollback(db);
    return ok;
}

void
door_logout(Exchange *x)
{
    g_autoptr(GError) error = NULL;
    if (x->session && !leave(x, &error)) {
        page_failure(x, error, "/helpdesk");
        return;
    }
    give(x, "");
    http_header(&x->out, "Clear-Site-Data", "\"cache\"");
    http_see_other(&x->out, "/helpdesk?done=officer-logout");
    x->answered = TRUE;
}
