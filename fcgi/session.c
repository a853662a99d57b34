#include "fcgi/session.h"

#include <string.h>

#include "ca/crypto.h"
#include "fcgi/cookie.h"

#define TOUCH_AFTER 60     /* seconds: a page a second need not be a write a second */
#define YEAR (365 * 86400)

gboolean
session_find(Exchange *x, GError **error)
{
    g_autofree char *name = portal_cookie(x->portal, "session");
    g_autofree char *id = cookie_get(x->in->cookies, name);
    if (!id || strlen(id) != 43)
        return TRUE;
    g_autoptr(GBytes) hash = crypto_sha256(id, strlen(id));
    crypto_wipe_text(id);
    g_autoptr(GError) why = NULL;
    gint64 idle = settings_number(x->portal->settings, "portal", "session_idle");
    x->session = db_session_get(x->portal->ra->db, hash, x->now, idle, &why);
    if (x->session) {
        x->session_hash = g_steal_pointer(&hash);
        if (x->now - x->session->seen_at > TOUCH_AFTER &&
            !db_session_touch(x->portal->ra->db, x->session_hash, x->now, &why))
            g_clear_pointer(&x->session, db_session_free);
    }
    if (why)
        g_propagate_error(error, g_steal_pointer(&why));
    return error == NULL || *error == NULL;
}

void
session_give(Exchange *x, const char *id)
{
    g_autofree char *name = portal_cookie(x->portal, "session");
    cookie_set(&x->out, name, id, 0, COOKIE_LAX);
}

gboolean
session_end(Exchange *x, GError **error)
{
    if (x->session_hash && !db_session_end(x->portal->ra->db, x->session_hash, error))
        return FALSE;
    session_give(x, "");
    http_header(&x->out, "Clear-Site-Data", "\"cache\""); /* the pages that the browser was let keep */
    g_clear_pointer(&x->session, db_session_free);
    g_clear_pointer(&x->session_hash, g_bytes_unref);
    return TRUE;
}

/* --- language --- */

/* The weight of LANGUAGE in an Accept-Language header, in thousandths; 0 where it is not asked for. */
static int
weight(const char *header, const char *language)
{
    int best = 0;
    g_auto(GStrv) ranges = g_strsplit(header, ",", 32);
    for (char **range = ranges; *range; range++) {
        g_auto(GStrv) parts = g_strsplit(*range, ";", 3);
        if (!parts[0])
            continue;
        const char *tag = g_strstrip(parts[0]);
        if (g_ascii_strncasecmp(tag, language, 2) != 0 || (tag[2] != '\0' && tag[2] != '-'))
            continue;
        double q = 1;
        if (parts[1] && g_str_has_prefix(g_strstrip(parts[1]), "q="))
            q = g_ascii_strtod(parts[1] + 2, NULL);
        best = MAX(best, (int)(CLAMP(q, 0, 1) * 1000));
    }
    return best;
}

const char *
session_language(const char *cookie, const char *accept_language)
{
    if (g_strcmp0(cookie, "ja") == 0 || g_strcmp0(cookie, "en") == 0)
        return *cookie == 'j' ? "ja" : "en";
    if (!accept_language || !*accept_language)
        return "ja";
    int ja = weight(accept_language, "ja"), en = weight(accept_language, "en");
    return ja > 0 && ja >= en ? "ja" : "en";
}

/* --- the last IdPs --- */

#define IDPS_MOST 3

/* The cookie's value is base64url of the entity ids, parted by spaces, which an entity id can't have. */
char **
session_last_idps(const Exchange *x)
{
    g_autofree char *name = portal_cookie(x->portal, "idp");
    g_autofree char *text = cookie_get(x->in->cookies, name);
    g_autoptr(GBytes) bytes = text ? crypto_unbase64url(text) : NULL;
    gsize n = 0;
    const char *data = bytes ? g_bytes_get_data(bytes, &n) : NULL;
    g_autofree char *list = n > 0 && g_utf8_validate(data, (gssize)n, NULL) ? g_strndup(data, n) : g_strdup("");
    g_autoptr(GStrvBuilder) kept = g_strv_builder_new();
    g_auto(GStrv) all = g_strsplit(list, " ", IDPS_MOST + 1);
    for (int i = 0; i < IDPS_MOST && all[i]; i++)
        if (*all[i])
            g_strv_builder_add(kept, all[i]);
    return g_strv_builder_end(kept);
}

void
session_remember_idp(Exchange *x, const char *entity_id)
{
    g_autofree char *name = portal_cookie(x->portal, "idp");
    g_auto(GStrv) before = session_last_idps(x);
    g_autoptr(GString) list = g_string_new(entity_id);
    int kept = 1;
    for (char **one = before; *one && kept < IDPS_MOST; one++)
        /* Base64 takes four characters for three. */
        if (strcmp(*one, entity_id) != 0 && (list->len + 1 + strlen(*one)) * 4 / 3 + 4 <= COOKIE_VALUE_LONGEST) {
            g_string_append_printf(list, " %s", *one);
            kept++;
        }
    g_autoptr(GBytes) bytes = g_bytes_new(list->str, list->len);
    g_autofree char *text = crypto_base64url(bytes);
    if (strlen(text) <= COOKIE_VALUE_LONGEST)
        cookie_set(&x->out, name, text, YEAR, COOKIE_LAX);
}
