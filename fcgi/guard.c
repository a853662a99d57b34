#include "fcgi/guard.h"

#include <string.h>

#include "ca/crypto.h"
#include "fcgi/cookie.h"

#define KEY_RANDOM 16 /* bytes before the MAC in a form key */

/* --- CSRF --- */

static const char *
guest_of(Exchange *x)
{
    if (!x->guest) {
        g_autofree char *name = portal_cookie(x->portal, "guest");
        x->guest = cookie_get(x->in->cookies, name);
        if (!x->guest || strlen(x->guest) != 43) {
            g_autoptr(Secret) token = crypto_token();
            g_free(x->guest);
            x->guest = g_strdup(secret_text(token));
            cookie_set(&x->out, name, x->guest, 0, COOKIE_LAX);
        }
    }
    return x->guest;
}

/* What the token is a MAC of, and for which purpose; borrowed from X. */
static const void *
tied_to(Exchange *x, const char **purpose, gsize *n)
{
    if (x->session) {
        *purpose = "csrf-session";
        return g_bytes_get_data(x->session_hash, n);
    }
    *purpose = "csrf-guest";
    const char *guest = guest_of(x);
    *n = strlen(guest);
    return guest;
}

char *
guard_csrf(Exchange *x)
{
    const char *purpose;
    gsize n;
    const void *data = tied_to(x, &purpose, &n);
    g_autoptr(GBytes) mac = crypto_mac(x->portal->ra->keyring, purpose, data, n);
    return crypto_base64url(mac);
}

gboolean
guard_csrf_ok(Exchange *x)
{
    const char *purpose;
    gsize n;
    g_autoptr(GBytes) mac = crypto_unbase64url(form_text(x->form, "csrf"));
    const void *data = tied_to(x, &purpose, &n);
    return mac && crypto_mac_ok(x->portal->ra->keyring, purpose, data, n, mac);
}

/* --- form keys --- */

static char *
tie(const Exchange *x, const char *act, const guint8 *random)
{
    g_autoptr(GBytes) bytes = g_bytes_new(random, KEY_RANDOM);
    g_autofree char *hex = crypto_hex(bytes);
    return g_strdup_printf("%s|%" G_GINT64_FORMAT "|%s", hex, x->session->person, act);
}

char *
guard_form_key(const Exchange *x, const char *act)
{
    guint8 random[KEY_RANDOM];
    crypto_random(random, sizeof random);
    g_autofree char *tied = tie(x, act, random);
    g_autoptr(GBytes) mac = crypto_mac(x->portal->ra->keyring, "form-key", tied, strlen(tied));
    g_autoptr(GByteArray) key = g_byte_array_new();
    g_byte_array_append(key, random, sizeof random);
    g_byte_array_append(key, g_bytes_get_data(mac, NULL), (guint)g_bytes_get_size(mac));
    g_autoptr(GBytes) bytes = g_bytes_new(key->data, key->len);
    return crypto_base64url(bytes);
}

GBytes *
guard_form_hash(const Exchange *x, const char *act)
{
    const char *text = form_text(x->form, "form_key");
    g_autoptr(GBytes) key = crypto_unbase64url(text);
    if (!key || !x->session || g_bytes_get_size(key) <= KEY_RANDOM)
        return NULL;
    const guint8 *random = g_bytes_get_data(key, NULL);
    g_autofree char *tied = tie(x, act, random);
    g_autoptr(GBytes) mac = g_bytes_new_from_bytes(key, KEY_RANDOM, g_bytes_get_size(key) - KEY_RANDOM);
    if (!crypto_mac_ok(x->portal->ra->keyring, "form-key", tied, strlen(tied), mac))
        return NULL;
    return crypto_sha256(text, strlen(text));
}
